"""What can be expected to fail, as data: every kind once, with what is known of it.

::

    Failed                   .problem says what: one of the values on the right
    ├── net.failures         Problem, of a request or of the link
    ├── LocalServerFailed    DirectoryUnsafe  SharedDirectoryMissing  SharedDirectoryUnfit  SharedReplaceable
    │                        NotAMember  KeeperAway  Stranger  PathTooLong  DiskFull  NotWritable
    │                        ServerDied (with the ServeProblem that it told)  ServerNotReady
    └── ServeError           DataFolderUnusable  DiskFull  DataInUse  DataBroken  DataNewer  PortInUse
                             PortDenied  HostUnknown  SocketImpossible  SocketExposed  SharedFolderUnfit
                             TlsUnusable

``words`` makes sentences of them, and nothing else does. Paths, names and reasons are as they came: not yet
harmless on a terminal. A ``ServeProblem`` also goes from process to process, and any into traces, by their tags.

The screen loads this module at its start: a Struct costs 7 µs of that, an enum 30 times as much.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

NOT_SIGNED_IN = "not-signed-in"
"""Code of a READ_ONLY problem of somebody whom the server does not know."""


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
    local: LocalServerProblem | None = None
    """UNREACHABLE: why there is no local server, if that is where it would be."""


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


class DataInUse(Struct, frozen=True, tag_field="problem", tag="data-in-use"):
    """Another server works on the same data."""

    path: str
    pid: int | None = None
    """Its process, if it has written down the number yet."""


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


class TlsUnusable(Struct, frozen=True, tag_field="problem", tag="tls"):
    """The certificate or its key cannot be used."""

    path: str
    """The certificate."""
    why: str
    """The system's words."""


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

AnyProblem: TypeAlias = Problem | LocalServerProblem | ServeProblem


class Failed(Exception):
    """Something that can be expected to fail has failed."""

    def __init__(self, problem: AnyProblem) -> None:
        super().__init__(type(problem).__name__)
        self.problem = problem


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
