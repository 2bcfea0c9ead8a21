"""What can be expected to fail, as data: every kind once, with what is known of it.

::

    Failed                   .problem says what: one of the values on the right
    ├── RequestFailed        Problem; its own tree is in net.failures
    ├── LocalServerFailed    DirectoryUnsafe  SharedDirectoryMissing  SharedDirectoryUnfit  SharedReplaceable
    │                        NotAMember  KeeperAway  Stranger  PathTooLong  DiskFull  NotWritable
    │                        ServerDied (with the ServeProblem that it told)  ServerNotReady
    ├── ServeError           DataFolderUnusable  DiskFull  DataInUse  DataBroken  DataNewer  PortInUse
                             PortDenied  HostUnknown  SocketImpossible  SocketExposed  SharedFolderUnfit
    │                        TlsUnusable  PartEnded  DatabaseUnusable  DatabaseNewer  BusUnusable
    │                        SealKeyDiffers  ExtraMissing  WorkersEnded
    ├── PictureError         PictureMissing  PictureForbidden  PictureUnreadable  NoPictureInFolder  NotAPicture
    │                        OddKind  PictureCorrupt  PictureCutOff  PictureNotWhole  TooManyPixels
    │                        TooManyBytes  TooMuchMemory  TooSlow  PictureNotFetched  PictureRefused
    │                        PictureServerFailed  AddressRefused  PrivateAddress  PictureNotTrusted  PipeSilent
    ├── SettingsError        PlainHttp  BadFlag  BadServer  NoTenant  TenantNotAllowed  SecretReadable
    │                        SecretMissing  NoHome
    ├── AdminRefused         TenantInvalid  TenantReserved  TenantExists  NoSuchTenant  NoSecret
    │                        DataDenied  DataBroken  DiskFull  StopFirst  SecretsSealed  DataUnanswered
    │                        DatabaseUnusable  ExtraMissing  NoDatabase  FileThere  NotABackup
    │                        BackupNewer  DataThere  PostgresBacksUp  PostgresRestores
    └── VerbFailed           NoPictureNamed  NoPictureToWriteOn  SeveralLookAlike  FileElsewhere
                             SchemeUnknown  NoWorkingFolder  NoTerminal  NotUtf8
                             WishesUndecided  StdinUnreadable  StdinTooLong  StdinTwice
                             TextEmpty  NotACommentName  NotAFilter  NoSuchMarker  NotRestorable  NoSuchComment
                             NobodyToAsk  NotTheAuthor  NotForYou  UserEmpty  UserWithComma  Unencrypted  NotAnAddress
                             NotALimit  ServeFileWrong  NotAnOrigin  NotAHostName  DemoServerDied  NotOnThisServer
                             NotShareable  LinkElsewhere
                             TraceNotAFile  TraceUnreadable  NotKnownIfSaved  MarkerNotSaved  MetNowhere  NoSuchRoom

``words`` makes sentences of them, and nothing else does. Paths, names and reasons are as they came: not yet
harmless on a terminal. A ``ServeProblem`` also goes from process to process, and any into traces, by their tags.

The screen loads this module at its start: a Struct costs 7 µs of that, an enum 30 times as much.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

from msgspec import Struct

from imagechat_tui.protocol import codes

NOT_SIGNED_IN = "not-signed-in"
"""Code of a READ_ONLY problem of somebody whom the server does not know."""

EXPLORING = "exploring"
"""Code of a READ_ONLY problem of somebody who wants to write nothing."""

SERVER_FAILED = "server-failed"
"""Code of a REFUSED problem where not the thing is wrong, but the server: any 5xx that says no more."""

NO_IMAGE_CHATS = "no-image-chats"
"""Code of an UNSUPPORTED problem where another kind of server answers."""

FOR_EVER_MS = 253_402_300_799_000
"""The last second of the year 9999 (UTC): a ban without an end, as other programs can write it, too."""

Unreached: TypeAlias = Literal[
    "nobody-listens",
    "system",
    "hung-up",
    "no-http",
    "no-tls",
    "tls",
    "no-name",
    "no-lookup",
    "proxy",
    "ca-file",
    "certificate",
    "certificate-expired",
    "certificate-early",
    "certificate-name",
    "intercepted",
    "web-page",
    "redirect",
]
"""Codes of an UNREACHABLE or OFFLINE problem: what was seen where the server was not reached."""

CERTIFICATES: frozenset[Unreached] = frozenset(
    {"certificate", "certificate-expired", "certificate-early", "certificate-name"}
)
"""Those of a server whose certificate is not trusted."""


class ProblemKind(StrEnum):
    """Why a request failed, or a link does not stand."""

    OFFLINE = "offline"
    NOT_CONNECTED = "not-connected"
    """Still STARTING."""
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed-out"
    NO_ANSWER = "no-answer"
    """Sent, not answered, and the log says it did not happen."""
    RESTARTED = "restarted"
    """This program ended before the answer came."""
    REFUSED = "refused"
    """The server said no; see code, reason."""
    SIGN_IN = "sign-in"
    READ_ONLY = "read-only"
    RATE_LIMITED = "rate-limited"
    GONE = "gone"
    """What it was about does not exist any more."""
    UNSUPPORTED = "unsupported"
    """This server does not have it."""
    BAD_ANSWER = "bad-answer"


class Problem(Struct, frozen=True):
    """Of a request, or of the link."""

    kind: ProblemKind
    code: str = ""
    """The server's code, where it gave one, or ours where we know better what was seen (``net.failures``)."""
    reason: str = ""
    """The server's words: outside text, goes through safetext before it is shown."""
    retry_after_s: float | None = None
    until_ms: int | None = None
    """Code ``banned``: when the ban ends, in ms since the epoch; None if nobody said, or it does not."""
    local: LocalServerProblem | None = None
    """UNREACHABLE: why there is no local server, if that is where it would be."""

    @property
    def no_tenant(self) -> bool:
        """Whether the server says that it has no tenant of the name."""
        return self.code in (codes.INVALID_TENANT, codes.INVALID_TENANT_ID)


class DiskFull(Struct, frozen=True, tag_field="problem", tag="disk-full"):
    """There is no room left for a folder, a file or the data of a server."""

    path: str
    why: str = ""
    """The system's words: it may be a quota."""


# -- why there is no local server


class DirectoryUnsafe(Struct, frozen=True, tag_field="problem", tag="directory-unsafe"):
    """A directory that must be ours alone is somebody else's, a link, or open to others."""

    path: str


class SharedDirectoryMissing(Struct, frozen=True, tag_field="problem", tag="shared-directory-missing"):
    """The directory of a group does not exist."""

    path: str


class SharedDirectoryUnfit(Struct, frozen=True, tag_field="problem", tag="shared-directory-unfit"):
    """Others than its keeper can write to the shared directory, or its group cannot enter."""

    path: str


class SharedReplaceable(Struct, frozen=True, tag_field="problem", tag="shared-replaceable"):
    """Others could put another directory in place of the shared one."""

    path: str
    """Where."""


class NotAMember(Struct, frozen=True, tag_field="problem", tag="not-a-member"):
    """The shared directory is closed to us."""

    path: str
    group: str
    """To whom it is open."""


class KeeperAway(Struct, frozen=True, tag_field="problem", tag="keeper-away"):
    """Nobody listens in the shared directory, and only its keeper may start a server there."""

    path: str
    keeper: str
    """Their login."""


class Stranger(Struct, frozen=True, tag_field="problem", tag="stranger"):
    """Another user's program listens there: nothing was sent to it."""

    path: str
    """Its socket."""
    user: str
    """Their login."""


class PathTooLong(Struct, frozen=True, tag_field="problem", tag="path-too-long"):
    """The socket's path does not fit into the kernel's structure."""

    path: str


class NotWritable(Struct, frozen=True, tag_field="problem", tag="not-writable"):
    """A directory or file could not be made."""

    path: str
    why: str
    """The system's words."""


class ServerDied(Struct, frozen=True, tag_field="problem", tag="server-died"):
    """The server was started and ended at once."""

    log: str
    """Path of its log."""
    cause: ServeProblem | None = None
    """What it told of the reason, if it still could."""
    last_line: str = ""
    """The end of its log."""


class ServerNotReady(Struct, frozen=True, tag_field="problem", tag="server-not-ready"):
    """The server was started and did not answer in time."""

    log: str
    """Path of its log."""
    last_line: str = ""
    """The end of its log."""


# -- why a server did not start


class DataFolderUnusable(Struct, frozen=True, tag_field="problem", tag="data-folder"):
    """The data folder cannot be made or written to."""

    path: str
    why: str = ""
    """The system's words."""


DataHolder: TypeAlias = Literal["server", "verb"]
"""Who may have a data folder: a server, for its whole life, or an operator's verb, for a moment."""


class DataInUse(Struct, frozen=True, tag_field="problem", tag="data-in-use"):
    """Another process works on the same data."""

    path: str
    pid: int | None = None
    """Which one, if it has written that down yet."""
    holder: DataHolder | None = None
    """What it is, as far as that is known."""


class DataBroken(Struct, frozen=True, tag_field="problem", tag="data-broken"):
    """The database cannot be opened, read or written to."""

    path: str
    """The data folder."""
    why: str = ""
    """The words of the system or the database."""


class DataNewer(Struct, frozen=True, tag_field="problem", tag="data-newer"):
    """A newer version of this program has made the database."""

    path: str
    """The data folder."""


class PortInUse(Struct, frozen=True, tag_field="problem", tag="port-in-use"):
    """Somebody else listens on the port."""

    host: str
    port: int


class PortDenied(Struct, frozen=True, tag_field="problem", tag="port-denied"):
    """The port needs rights that this user lacks."""

    host: str
    port: int


class HostUnknown(Struct, frozen=True, tag_field="problem", tag="host-unknown"):
    """The name or address to listen on does not exist here."""

    host: str
    port: int


class SocketImpossible(Struct, frozen=True, tag_field="problem", tag="socket"):
    """The Unix socket cannot be made."""

    path: str
    why: str
    """The system's words."""


class SocketExposed(Struct, frozen=True, tag_field="problem", tag="socket-exposed"):
    """The directory of the Unix socket is open to others."""

    path: str


class SharedFolderUnfit(Struct, frozen=True, tag_field="problem", tag="shared-folder"):
    """The folder for a group is not ours, others can write to it, or the group cannot enter it."""

    path: str


ServerPart: TypeAlias = Literal["writer", "log-follower"]
"""What a server cannot do without: it keeps what is written, it tells what was."""


class PartEnded(Struct, frozen=True, tag_field="problem", tag="part-ended"):
    """A part of a running server has ended by itself, and the server with it."""

    part: ServerPart


class TlsUnusable(Struct, frozen=True, tag_field="problem", tag="tls"):
    """The certificate or its key cannot be used."""

    path: str
    """The certificate."""
    why: str
    """The system's words."""


class DatabaseUnusable(Struct, frozen=True, tag_field="problem", tag="database"):
    """The PostgreSQL that was named cannot be reached, or is none that can be used."""

    where: str
    """Its address and name, without who signs in to it."""
    why: str = ""
    """The words of the system or the database."""


class DatabaseNewer(Struct, frozen=True, tag_field="problem", tag="database-newer"):
    """A newer version of this program has made the tables in it."""

    where: str


class BusUnusable(Struct, frozen=True, tag_field="problem", tag="bus"):
    """What was named is no address of a Redis."""

    where: str
    """As it was given, without who signs in to it."""


class SealKeyDiffers(Struct, frozen=True, tag_field="problem", tag="seal-key"):
    """The secrets of the tenants in the database were sealed with another key."""

    path: str
    """The data folder in which that key is to be."""


class ExtraMissing(Struct, frozen=True, tag_field="problem", tag="extra"):
    """A library that this needs is not installed."""

    extra: str
    """The extra of this package that brings it."""


class WorkersEnded(Struct, frozen=True, tag_field="problem", tag="workers"):
    """A worker ended before it was ready, and did not say why."""


# -- why a picture is not shown; ``name`` is its file or address


class PictureMissing(Struct, frozen=True):
    """There is none of this name."""

    name: str
    near: tuple[str, ...] = ()
    """Pictures beside it whose names are spelled almost like it."""
    link: bool = False
    """There is a link of this name, and nothing where it leads."""


class PictureForbidden(Struct, frozen=True):
    """We may not read it."""

    name: str


class PictureUnreadable(Struct, frozen=True):
    """The system cannot read it."""

    name: str
    why: str
    """The system's words."""


class NoPictureInFolder(Struct, frozen=True):
    """It is a folder, and there is no picture in it."""

    name: str


class NotAPicture(Struct, frozen=True):
    """It is something else."""

    name: str
    what: str = "unknown"
    """What it is, as ``net.decoder.kinds`` calls it."""


class OddKind(Struct, frozen=True):
    """Of a format that is read, written in a way that is not."""

    name: str
    form: str
    """The format and that way."""


class PictureCorrupt(Struct, frozen=True):
    """The file is damaged."""

    name: str
    form: str = ""
    """Its format, and what is wrong with it."""


class PictureCutOff(Struct, frozen=True):
    """The file ends before there is anything to be seen."""

    name: str
    form: str
    """Its format."""


class PictureNotWhole(Struct, frozen=True):
    """A part of it is missing, where a whole one is shown already."""

    name: str
    cut: bool
    """Whether the file ends too early; else it is damaged within."""


class TooManyPixels(Struct, frozen=True):
    """It is larger than is allowed."""

    name: str
    width: int
    height: int
    most: int
    """Pixels that are allowed."""


class TooManyBytes(Struct, frozen=True):
    """The file is larger than is allowed."""

    name: str
    most: int
    """Bytes that are allowed."""
    size: int | None = None
    """Its bytes, where they are known."""


class TooMuchMemory(Struct, frozen=True):
    """It needs more memory than is allowed."""

    name: str


class TooSlow(Struct, frozen=True):
    """It takes longer to decode than is allowed."""

    name: str


Unfetched: TypeAlias = Literal["nobody-answers", "took-too-long", "no-address", "broke", "too-many-redirects"]


class PictureNotFetched(Struct, frozen=True):
    """It did not come from its address."""

    name: str
    why: Unfetched


class PictureRefused(Struct, frozen=True):
    """The server of its address does not give it out."""

    name: str
    status: int


class PictureServerFailed(Struct, frozen=True):
    """The server of its address failed."""

    name: str
    status: int


Unfetchable: TypeAlias = Literal["not-http", "no-longer-https", "private"]


class AddressRefused(Struct, frozen=True):
    """Its address leads to one from which nothing is fetched."""

    name: str
    why: Unfetchable


class PrivateAddress(Struct, frozen=True):
    """The name that was typed is public and leads into a private network."""

    name: str
    address: str
    """Where it leads."""


class PictureNotTrusted(Struct, frozen=True):
    """The certificate of its server is not trusted."""

    name: str
    why: str
    """OpenSSL's words."""


class PipeSilent(Struct, frozen=True):
    """Nothing writes to the pipe of this name."""

    name: str


PictureProblem: TypeAlias = (
    PictureMissing
    | PictureForbidden
    | PictureUnreadable
    | NoPictureInFolder
    | NotAPicture
    | OddKind
    | PictureCorrupt
    | PictureCutOff
    | PictureNotWhole
    | TooManyPixels
    | TooManyBytes
    | TooMuchMemory
    | TooSlow
    | PictureNotFetched
    | PictureRefused
    | PictureServerFailed
    | AddressRefused
    | PrivateAddress
    | PictureNotTrusted
    | PipeSilent
)
"""Why a picture is not shown."""

# -- why a verb cannot do what it was asked to


class NoPictureNamed(Struct, frozen=True):
    """The name of the picture is empty."""


class NoPictureToWriteOn(Struct, frozen=True):
    """A verb that writes needs the picture, or its key."""

    why: PictureProblem | SeveralLookAlike | NoWorkingFolder


class SeveralLookAlike(Struct, frozen=True):
    """There is no picture of this name, and several whose names look the same."""

    name: str
    there: tuple[str, ...]
    """Their names, spelled out."""


class FileElsewhere(Struct, frozen=True):
    """The address is of a file on another machine."""

    address: str


class SchemeUnknown(Struct, frozen=True):
    """An address from which no picture is fetched."""

    address: str
    scheme: str


class NoWorkingFolder(Struct, frozen=True):
    """A relative name, in a folder that is no more."""

    name: str


class NoTerminal(Struct, frozen=True):
    """The screen needs one."""

    over_ssh: bool = False
    """Whether a command is run over SSH, which has none unless it is asked for."""


class NotUtf8(Struct, frozen=True):
    """The terminal does not take UTF-8, by what the environment says."""

    variable: str
    value: str
    encoding: str
    remedy: str
    """The shell's line that says UTF-8 instead."""


class WishesUndecided(Struct, frozen=True):
    """A project's file asks for something, and there is nobody to allow it."""

    file: str
    asked: tuple[tuple[str, str], ...]
    """Settings with their values."""


class StdinUnreadable(Struct, frozen=True):
    """The text was to come from there."""

    why: str
    """The system's words."""


class StdinTooLong(Struct, frozen=True):
    """The text on it has more than a million characters."""


class StdinTwice(Struct, frozen=True):
    """It was to be two of these: the picture, the one that it is compared with, the text."""


class MetNowhere(Struct, frozen=True):
    """The picture has no place that could be linked: it came through a pipe, or there is no home."""

    name: str


class NoSuchRoom(Struct, frozen=True):
    """Neither a picture nor a room is known by this name."""

    name: str
    near: tuple[str, ...] = ()
    """Pictures that are here under almost the same name."""


class TextEmpty(Struct, frozen=True):
    """There is nothing to send."""


class NotACommentName(Struct, frozen=True):
    """Comments are named by marker and place."""

    name: str


class NotAFilter(Struct, frozen=True):
    """Something in a filter that cannot be meant."""

    term: str
    takes: tuple[str, ...] = ()
    """What could stand behind its colon; empty if that is a name."""


class NoSuchMarker(Struct, frozen=True):
    """There is none of this number or id."""

    name: str


class NotRestorable(Struct, frozen=True):
    """There is no deleted marker of this id, or not any more."""

    name: str


class NoSuchComment(Struct, frozen=True):
    """There is none of this place or id in that thread."""

    name: str


class NobodyToAsk(Struct, frozen=True):
    """Whether to delete: there is no terminal."""


class NotTheAuthor(Struct, frozen=True):
    """Somebody else wrote it."""

    verb: str
    """What only its author can do."""


class NotForYou(Struct, frozen=True):
    """What only moderators may do, or nobody to what is their own."""

    verb: str
    tenant: str = ""
    """Whose moderators, on a server of ours."""
    user: str = ""
    """The id of the person who wanted to."""


class UserEmpty(Struct, frozen=True):
    """A user's id is not empty."""


class UserWithComma(Struct, frozen=True):
    """A user's id has no comma."""


class Unencrypted(Struct, frozen=True):
    """A server without TLS was to listen where others reach it."""

    host: str


class NotAnAddress(Struct, frozen=True):
    """A proxy is named by its IP address."""

    given: str


class NotALimit(Struct, frozen=True):
    """A server has no such limit, or it cannot be that."""

    given: str
    name: str
    usual: str
    """What the limit of that name is unless it is set; empty if there is none."""


class ServeFileWrong(Struct, frozen=True):
    """A server's settings file cannot be read, or something in it or in a variable cannot be meant."""

    file: str
    """Its path, or the variable."""
    line: int | None
    why: str
    """As a clause."""


class NotAnOrigin(Struct, frozen=True):
    """A web page is named by its origin: scheme, host, and port if there is one."""

    given: str


class NotAHostName(Struct, frozen=True):
    """A name by which a server is reached is that alone."""

    given: str


class DemoServerDied(Struct, frozen=True):
    """The demo has a server of its own, which did not start."""

    last_line: str
    """The end of its log."""


class NotOnThisServer(Struct, frozen=True):
    """Only imagechat's own server can do that."""


class NotShareable(Struct, frozen=True):
    """A picture cannot be handed on by a link."""

    why: Literal["local-server", "shared-folder", "address", "too-large", "too-slow"]
    """Only this person reaches the server; or only the group on this machine; it has an address already; or the file
    is larger than servers keep; or it did not arrive in time."""
    bound: int = 0
    """Bytes that they keep, where it is too large; bytes a second that it has to come in, where it is too slow."""


class LinkElsewhere(Struct, frozen=True):
    """A link is of another server, or tenant, than the one that is in use."""

    server: str
    tenant: str
    server_here: str
    """Empty: the local one."""
    tenant_here: str


class TraceNotAFile(Struct, frozen=True):
    """A trace is read from a plain file."""

    name: str


class TraceUnreadable(Struct, frozen=True):
    """A line of a trace cannot be read or replayed."""

    line: int
    why: str
    """What ``sync.trace`` or the decoder says of it."""


class NotKnownIfSaved(Struct, frozen=True):
    """A write was sent, and nobody knows what became of it."""

    why: Problem


class MarkerNotSaved(Struct, frozen=True):
    """A new marker on a hosted server is two writes: the first is done, the second is not, or nobody knows."""

    why: Problem | NotKnownIfSaved


VerbProblem: TypeAlias = (
    NoPictureNamed
    | NoPictureToWriteOn
    | SeveralLookAlike
    | FileElsewhere
    | SchemeUnknown
    | NoWorkingFolder
    | NoTerminal
    | NotUtf8
    | WishesUndecided
    | StdinUnreadable
    | StdinTooLong
    | StdinTwice
    | TextEmpty
    | NotACommentName
    | NotAFilter
    | NoSuchMarker
    | NotRestorable
    | NoSuchComment
    | NobodyToAsk
    | NotTheAuthor
    | NotForYou
    | UserEmpty
    | UserWithComma
    | Unencrypted
    | NotAnAddress
    | NotALimit
    | ServeFileWrong
    | NotAnOrigin
    | NotAHostName
    | DemoServerDied
    | NotOnThisServer
    | NotShareable
    | LinkElsewhere
    | MetNowhere
    | NoSuchRoom
    | TraceNotAFile
    | TraceUnreadable
    | NotKnownIfSaved
    | MarkerNotSaved
)
"""Why a verb cannot do what it was asked to, or does not know whether it did."""

# -- why settings cannot be used


class PlainHttp(Struct, frozen=True):
    """http:// to another machine: secrets would travel in the open."""

    server: str


class BadServer(Struct, frozen=True):
    """Not the address of a server."""

    server: str


class OneOf(Struct, frozen=True):
    """What a setting must be: one of these."""

    choices: tuple[str, ...]


class Between(Struct, frozen=True):
    """What a setting must be: a number between these, and neither of them."""

    least: float
    most: float


class BadFlag(Struct, frozen=True):
    """A flag has a value that it cannot have."""

    flag: str
    must: OneOf | Between
    value: str
    """As it is shown."""


class NoTenant(Struct, frozen=True):
    """A server is named, and no tenant on it."""


class TenantNotAllowed(Struct, frozen=True):
    """Only a project's file names a tenant, which counts once the person has allowed it."""


class SecretReadable(Struct, frozen=True):
    """The file with the token can be read by others."""

    path: str


class SecretMissing(Struct, frozen=True):
    """The file with the token is not there, or there is none in it."""

    path: str


class NoHome(Struct, frozen=True):
    """Nobody knows where the user's folders are, and one is needed."""

    variable: str
    """It would name that one."""


SettingsProblem: TypeAlias = (
    PlainHttp | BadServer | BadFlag | NoTenant | TenantNotAllowed | SecretReadable | SecretMissing | NoHome
)
"""Why settings cannot be used."""


# -- what is wrong in a settings file or a variable, and is skipped


class SettingWrong(Struct, frozen=True):
    """A setting has a value that it cannot have."""

    key: str
    must: OneOf | Between
    value: str
    """As it is shown."""


class VariableUnknown(Struct, frozen=True):
    """A variable is spelled almost like one of ours."""

    near: str
    """That one."""


class SettingUnknown(Struct, frozen=True):
    """There is no setting of this name."""

    key: str
    """As it is shown."""


class SettingMisplaced(Struct, frozen=True):
    """It may not stand in this file."""

    key: str
    """As it is shown."""


class SettingNoValue(Struct, frozen=True):
    """Its value is neither a text nor a number."""

    key: str


class SettingTooLarge(Struct, frozen=True):
    """Its value is a number of more than 64 bits."""

    key: str


class ProjectNameTooLong(Struct, frozen=True):
    """The name of a project begins the key of each of its pictures."""

    most: int
    """Characters that it may have."""


class FurtherMistakes(Struct, frozen=True):
    """There are more of this kind in the file."""

    count: int


class SettingsUnreadable(Struct, frozen=True):
    """The system cannot read the file."""

    why: str
    """The system's words."""


class SettingsMalformed(Struct, frozen=True):
    """The file is not TOML."""

    why: str
    """The parser's words."""


FileFault: TypeAlias = Literal["no-plain-file", "too-large", "no-text", "too-many-dots", "too-deep"]


class SettingsFileOdd(Struct, frozen=True):
    """The file is none that people write."""

    fault: FileFault
    most: int = 0
    """KiB or dots that it may have, where it has too many."""


class TokenWithheld(Struct, frozen=True):
    """Only the project's file names the server, so the person's token does not go there."""

    server: str


SettingsFault: TypeAlias = (
    SettingWrong
    | SettingUnknown
    | VariableUnknown
    | SettingMisplaced
    | SettingNoValue
    | SettingTooLarge
    | ProjectNameTooLong
    | FurtherMistakes
    | SettingsUnreadable
    | SettingsMalformed
    | SettingsFileOdd
    | TokenWithheld
    | PlainHttp
    | BadServer
)


class Mistake(Struct, frozen=True):
    """What is wrong in a settings file or a variable, and is skipped."""

    where: str
    """The path of the file, or the variable."""
    what: SettingsFault


# -- why an operator was refused; they travel by their tags, with the first of their fields


class TenantInvalid(Struct, frozen=True, tag_field="problem", tag="tenant-invalid"):
    """Not ``[A-Za-z0-9_-]{1,64}``."""

    tenant: str


class TenantReserved(Struct, frozen=True, tag_field="problem", tag="tenant-reserved"):
    """The name is for the server itself."""

    tenant: str


class TenantExists(Struct, frozen=True, tag_field="problem", tag="tenant-exists"):
    """There is already one of this name."""

    tenant: str


class NoSuchTenant(Struct, frozen=True, tag_field="problem", tag="no-such-tenant"):
    """There is none of this name."""

    tenant: str


class NoSecret(Struct, frozen=True, tag_field="problem", tag="no-secret"):
    """The tenant has no API secret: its users come by the kernel's word."""

    tenant: str


class StopFirst(Struct, frozen=True, tag_field="problem", tag="stop-first"):
    """The server runs, and has too much data for people to wait while it is vacuumed."""

    path: str


class DataDenied(Struct, frozen=True, tag_field="problem", tag="denied"):
    """The server, or its data, belongs to another user."""

    path: str


class SecretsSealed(Struct, frozen=True, tag_field="problem", tag="seal-broken"):
    """The key file is not the one that sealed the secrets, or others can read it."""

    path: str
    """The data folder."""


class DataUnanswered(Struct, frozen=True, tag_field="problem", tag="unavailable"):
    """A server holds the data and does not answer, or something else holds it and does not let go."""

    path: str
    pid: int | None = None
    """Which process, if that is known."""
    holder: DataHolder | None = "server"


class NoDatabase(Struct, frozen=True, tag_field="problem", tag="no-database"):
    """There is no SQLite database of a server in the folder."""

    path: str


class FileThere(Struct, frozen=True, tag_field="problem", tag="file-there"):
    """What is to be written is there already, or somebody else is writing it."""

    path: str


NotABackupWhy: TypeAlias = Literal["foreign", "cut-off", "changed"]
"""It was not made by a backup, its end is missing, or its bytes are not those that were written."""


class NotABackup(Struct, frozen=True, tag_field="problem", tag="not-a-backup"):
    """A file cannot be restored."""

    path: str
    why: NotABackupWhy = "foreign"


class BackupNewer(Struct, frozen=True, tag_field="problem", tag="backup-newer"):
    """A newer version has made the backup."""

    path: str


class DataThere(Struct, frozen=True, tag_field="problem", tag="data-there"):
    """Where a backup is to be restored there is data."""

    path: str
    """What is in the way."""


class PostgresBacksUp(Struct, frozen=True, tag_field="problem", tag="postgres-backs-up"):
    """PostgreSQL has programs of its own for that."""

    path: str
    """The server's data folder."""


class PostgresRestores(Struct, frozen=True, tag_field="problem", tag="postgres-restores"):
    """PostgreSQL has programs of its own for that."""

    path: str
    """The server's data folder."""


# -- what is found wrong with the data of a server


class DatabaseDamaged(Struct, frozen=True, tag_field="fault", tag="damage"):
    """The database's own check says so."""

    why: str


class RowsLost(Struct, frozen=True, tag_field="fault", tag="rows-lost"):
    """Rows refer to others that are not there."""

    table: str
    of: str
    """The table of those that are missing."""
    rows: int


class StepsUnknown(Struct, frozen=True, tag_field="fault", tag="newer"):
    """A newer version of this program has changed the tables."""

    steps: int
    known: int


class SecretLocked(Struct, frozen=True, tag_field="fault", tag="sealed"):
    """The key does not open the secret of a tenant."""

    tenant: str


class KeyExposed(Struct, frozen=True, tag_field="fault", tag="key-exposed"):
    """Others can read the key, or it is none."""

    path: str


class PictureDamaged(Struct, frozen=True, tag_field="fault", tag="picture"):
    """The bytes of a picture are not those that it is called by."""

    path: str


DataFault: TypeAlias = DatabaseDamaged | RowsLost | StepsUnknown | SecretLocked | KeyExposed | PictureDamaged
"""What is wrong with the data of a server."""

AdminProblem: TypeAlias = (
    TenantInvalid
    | TenantReserved
    | TenantExists
    | NoSuchTenant
    | NoSecret
    | DataDenied
    | DataBroken
    | DiskFull
    | StopFirst
    | SecretsSealed
    | DataUnanswered
    | DatabaseUnusable
    | ExtraMissing
    | NoDatabase
    | FileThere
    | NotABackup
    | BackupNewer
    | DataThere
    | PostgresBacksUp
    | PostgresRestores
)
"""Why an operator was refused."""

ServeProblem: TypeAlias = (
    DataFolderUnusable
    | DiskFull
    | DataInUse
    | DataBroken
    | DataNewer
    | PortInUse
    | PortDenied
    | HostUnknown
    | SocketImpossible
    | SocketExposed
    | SharedFolderUnfit
    | TlsUnusable
    | PartEnded
    | DatabaseUnusable
    | DatabaseNewer
    | BusUnusable
    | SealKeyDiffers
    | ExtraMissing
    | WorkersEnded
)
"""Why a server did not start."""

LocalServerProblem: TypeAlias = (
    DirectoryUnsafe
    | SharedDirectoryMissing
    | SharedDirectoryUnfit
    | SharedReplaceable
    | NotAMember
    | KeeperAway
    | Stranger
    | PathTooLong
    | DiskFull
    | NotWritable
    | ServerDied
    | ServerNotReady
)
"""Why there is no local server."""

AnyProblem: TypeAlias = (
    Problem
    | LocalServerProblem
    | ServeProblem
    | PictureProblem
    | SettingsProblem
    | AdminProblem
    | VerbProblem
)


class Failed(Exception):
    """Something that can be expected to fail has failed."""

    def __init__(self, problem: AnyProblem) -> None:
        super().__init__(type(problem).__name__)
        self.problem = problem


class RequestFailed(Failed):
    """A request was not answered with success (``net.failures`` tells them apart)."""

    problem: Problem

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)


class LocalServerFailed(Failed):
    """There is no local server and none could be started."""

    problem: LocalServerProblem

    def __init__(self, problem: LocalServerProblem) -> None:
        super().__init__(problem)


class ServeError(Failed):
    """A server did not start."""

    problem: ServeProblem

    def __init__(self, problem: ServeProblem) -> None:
        super().__init__(problem)


class PictureError(Failed):
    """A picture cannot be shown."""

    problem: PictureProblem

    def __init__(self, problem: PictureProblem) -> None:
        super().__init__(problem)


class SettingsError(Failed):
    """Settings that cannot be used."""

    problem: SettingsProblem

    def __init__(self, problem: SettingsProblem) -> None:
        super().__init__(problem)


class AdminRefused(Failed):
    """An operator's request was not carried out."""

    problem: AdminProblem

    def __init__(self, problem: AdminProblem) -> None:
        super().__init__(problem)


class VerbFailed(Failed):
    """A verb cannot do what it was asked to, or does not know whether it did."""

    problem: VerbProblem

    def __init__(self, problem: VerbProblem) -> None:
        super().__init__(problem)
