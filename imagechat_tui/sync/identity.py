"""Which picture it is (PROTOCOL 3.4): its project, the places it is met under, and whose room it gets.

Rooms are found by place first and by pixels last, and are never merged. Everything in here is made of texts that
others wrote (a repository's settings, addresses, a server's answer): what is odd makes no project and no place, and
fails nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from msgspec import Struct

from imagechat_tui.protocol.ids import ImageId, TenantId, UrlId
from imagechat_tui.protocol.models import OtherImage, Place, PlaceKind, Why
from imagechat_tui.protocol.routes import MAX_PLACE, MAX_PROJECT, NEW_IMAGE, ImageReply
from imagechat_tui.protocol.thread_keys import UrlTooLong, clean
from imagechat_tui.sync.state import Room

# Projects

_REMOTES: Final = ("upstream", "origin")
"""Remotes that name the project, the likelier first: a fork's origin is the fork, its upstream what all have."""
_MOST_LINES: Final = 20_000
_SECTION: Final = re.compile(r'\[\s*([-.A-Za-z0-9]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\](.*)', re.DOTALL)
_URL_KEY: Final = re.compile(r"url\s*(?:=\s*(.*))?", re.IGNORECASE | re.DOTALL)
_SCHEMES: Final = frozenset({"https", "http", "ssh", "git", "git+ssh", "ssh+git"})
_SCP: Final = re.compile(r"(?:[^@/\s]+@)?(\[[0-9A-Fa-f:.]+\]|[^:/@\s\[\]]{2,}):([^:].*)", re.DOTALL)
"""``git@host:owner/repo``. A host of one letter is the drive of another system, ``::`` runs a program."""
_HOST: Final = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\]")


def project_of_config(text: str) -> str | None:
    """The project of a clone: its remote ``upstream``, ``origin``, or the only one, as ``host/owner/repo``.

    Args:
        text: what ``.git/config`` says. Other files that it names, and ``insteadOf``, are not followed.

    Returns:
        None where that tells no remote, or one that is not on another host.
    """
    remotes: dict[str, str] = {}
    for name, url in _remotes(text):
        remotes.setdefault(name, url)
    named: str | None = next((name for name in _REMOTES if name in remotes), None)
    if named is None and len(remotes) == 1:
        (named,) = remotes
    return None if named is None else project_of_remote(remotes[named])


def project_of_remote(url: str) -> str | None:
    """The project that a remote's address names: the same whoever asks, and by which protocol."""
    if "://" in url:
        try:
            parts = urlsplit(url)
            host, path = parts.hostname or "", unquote(parts.path, errors="strict")
            _ = parts.port
        except ValueError:
            return None
        if parts.scheme.lower() not in _SCHEMES or "?" in url or "#" in url:
            return None
        host = f"[{host}]" if ":" in host else host
    else:
        found = _SCP.fullmatch(url)
        if found is None:
            return None
        host, path = found[1], found[2]
    host = host.lower().rstrip(".")
    folders = [part for part in path.split("/") if part]
    if not folders or _HOST.fullmatch(host) is None or {".", ".."} & set(folders):
        return None
    folders[-1] = re.sub(r"\.git\Z", "", folders[-1], flags=re.IGNORECASE)
    return _name("/".join([host, *filter(None, folders)]).lower()) if folders[-1] or folders[1:] else None


def project_of_settings(name: str) -> str | None:
    """The project that a settings file names."""
    return _name(name)


def _name(name: str) -> str | None:
    """A name as it is compared; None if it has none of the length and the letters that a name has."""
    name = unicodedata.normalize("NFC", name).strip()
    return name if 0 < len(name) <= MAX_PROJECT and name.isprintable() else None


def _remotes(text: str) -> Iterator[tuple[str, str]]:
    """Names and addresses of all remotes, in the order in which they are written."""
    remote: str | None = None
    for line in _lines(text):
        rest = line
        section = _SECTION.match(line)
        if section is not None:
            words, quoted, rest = section.groups()
            word, _, dotted = words.partition(".")
            name = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else dotted.lower()
            remote = name if word.lower() == "remote" and name else None
        elif line.startswith("["):
            remote = None
        setting = _URL_KEY.fullmatch(rest.strip())
        if remote is not None and setting is not None and (url := _value(setting[1] or "")):
            yield remote, url


def _lines(text: str) -> Iterator[str]:
    """Lines without surrounding space, those that a backslash ends joined with the next; no comments."""
    begun = ""
    for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]:
        line, begun = begun + line.rstrip("\r"), ""
        goes_on = (len(line) - len(line.rstrip("\\"))) % 2 == 1
        if goes_on and not line.lstrip().startswith(("#", ";")):
            begun = line[:-1]
            continue
        line = line.strip()
        if line and line[0] not in "#;":
            yield line


def _value(written: str) -> str:
    """A value as git reads it: quotes taken off, escapes resolved, and nothing of a comment after it."""
    value, quoted, kept = "", False, 0
    letters = iter(written)
    for letter in letters:
        if letter == "\\":
            value += {"n": "\n", "t": "\t", "b": "\b"}.get(after := next(letters, ""), after)
            kept = len(value)
        elif letter == '"':
            quoted = not quoted
            kept = len(value)
        elif letter in "#;" and not quoted:
            break
        else:
            value += letter
            kept = len(value) if quoted or not letter.isspace() else kept
    return value[:kept]


# Places

_SCALED: Final = re.compile(r"(.+)@([23])x(\.[^./]+)?", re.DOTALL)
_SIGNATURES: Final = frozenset(
    {"access_token", "awsaccesskeyid", "expires", "googleaccessid", "hmac", "jwt", "key-pair-id", "policy"}
    | {"sig", "signature", "token"}
)
"""Query parameters that say for whom and until when an address is good."""
_SIGNED_WITH: Final = {
    "sig": frozenset({"se", "si", "sip", "ske", "skoid", "sks", "skt", "sktid", "skv"})
    | {"sp", "spr", "sr", "srt", "ss", "st", "sv"},
    "hm": frozenset({"ex", "hm", "is"}),
}
"""Parameter that signs an address, and those that go with it: of Azure, and of Discord."""
_PORTS: Final = {"http": 80, "https": 443}


def path_place(project: str, path: str) -> Place | None:
    """The place of a file in a project.

    Args:
        project: its id.
        path: from the project's folder on, with ``/`` between folders.
    """
    path = unicodedata.normalize("NFC", path)
    return Place(PlaceKind.PATH, path, project) if 0 < len(path) <= MAX_PLACE else None


def url_place(address: str) -> Place | None:
    """The place of an address: without its user, its fragment, and what signs it or tracks people."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host:
        return None
    host = f"[{host}]" if ":" in host else host
    netloc = host if port is None or port == _PORTS.get(parts.scheme) else f"{host}:{port}"
    pairs = parts.query.split("&") if parts.query else []
    names = {_parameter(pair) for pair in pairs}
    signing = _SIGNATURES.union(*(with_it for sign, with_it in _SIGNED_WITH.items() if sign in names))
    kept = [pair for pair in pairs if not _signs(_parameter(pair), signing)]
    plain = urlunsplit((parts.scheme, netloc, parts.path or "/", "&".join(kept), ""))
    try:
        value = clean(unicodedata.normalize("NFC", plain))
    except UrlTooLong:
        return None
    return Place(PlaceKind.URL, value)


def _parameter(pair: str) -> str:
    return pair.partition("=")[0].strip().lower()


def _signs(name: str, signing: Collection[str]) -> bool:
    return name in signing or name.startswith(("x-amz-", "x-goog-"))


class Scaled(Struct, frozen=True):
    """A name that says that its picture is a larger one of another's: ``shot@2x.png``."""

    plain: str
    """The other's name."""
    scale: int
    """How many times as large: 2 or 3."""


def scaled(name: str) -> Scaled | None:
    """Whether a file's name says so."""
    found = _SCALED.fullmatch(name)
    return None if found is None else Scaled(found[1] + (found[3] or ""), int(found[2]))


def is_scaled(size: tuple[int, int], plain: tuple[int, int], scale: int) -> bool:
    """Whether one picture is so many times as wide and high as another, whose last pixel may be a part of one."""
    return all(plain and 0 <= plain * scale - own < scale for own, plain in zip(size, plain, strict=True))


class Larger(Struct, frozen=True):
    """Which picture another is a larger one of, if it is as large as its name says."""

    path: str
    """Of the other's file, from the root."""
    place: Place
    """Where the other is met."""
    scale: int


class Sighting(Struct, frozen=True):
    """A picture as somebody met it: all that can be told without its pixels."""

    name: str
    """What the file is called."""
    place: Place | None = None
    """None for what came through a pipe, and where there is nothing to keep a secret of the installation in."""
    folder: str = ""
    """Of the project: paths in it start here."""
    url_id: UrlId | None = None
    """The person named its room."""
    src: str | None = None
    """The person named the string for thread keys."""
    address: str = ""
    """As it was typed, if it is one: web widgets call the picture by it."""
    larger: Larger | None = None
    stdin: str = ""
    """sha256 of what came through a pipe, in hex."""

    @property
    def project(self) -> str:
        """Its id; empty outside of all."""
        return "" if self.place is None else self.place.project

    @property
    def drafts_key(self) -> str:
        """What is written about this picture here is kept under this name, before anybody knows its room."""
        if self.url_id is not None or self.place is None:
            return self.url_id or f"sha256:{self.stdin[:32] or self.name}"
        return f"{self.place.project}/{self.place.value}" if self.place.project else self.place.value


def room_of(met: Sighting, tenant_id: TenantId, url_id: UrlId | None = None, src: str = "") -> Room:
    """The room of a picture; its key is empty as long as nobody knows it.

    Args:
        met: the picture.
        tenant_id: whose room.
        url_id: the key that was found.
        src: the string for thread keys that belongs to it.
    """
    key = url_id or met.url_id or UrlId("")
    return Room(tenant_id, key, met.src or src or met.address or met.name, page_title=met.name, url=key)


def hosted_key(place: Place | None, pixels: str) -> UrlId:
    """The key of a room on a server that knows nothing of images: what two people can make alike without it.

    Args:
        place: where the picture was met.
        pixels: sha256 of its pixels, in hex.
    """
    match place:
        case Place(PlaceKind.URL, value):
            return UrlId(value)
        case Place(PlaceKind.PATH, value, project):
            return UrlId(f"{project}/{value}")
        case _:
            return UrlId(f"sha256:{pixels[:32]}")


# Whose room


def bound_to(reply: ImageReply, name: str, project: str, here: Collection[str]) -> ImageId:
    """Which image a picture is that was met in no known place, or that came where another had moved away.

    Args:
        reply: the server's answer, which names no image.
        name: what the file is called.
        project: ours; empty outside of all.
        here: those of the paths in it that have a file on this machine.

    Returns:
        ``NEW_IMAGE``, or the image whose room it joins.
    """
    moved = next((other for other in reply.others if other.why is Why.MOVED), None)
    if moved is not None and not here_still(moved, here):
        return moved.id
    alike = [other for other in reply.others if other.why is Why.PIXELS]
    renamed = [other for other in alike if other.paths and not here_still(other, here)]
    if len(renamed) > 1:
        renamed = [other for other in renamed if name in {path.rpartition("/")[2] for path in other.paths}]
    if len(renamed) == 1:
        return renamed[0].id
    discussed = [other for other in alike if other.markers] or alike
    if len(discussed) == 1 and not (project and discussed[0].project):
        return discussed[0].id
    return NEW_IMAGE


def here_still(other: OtherImage, here: Collection[str]) -> bool:
    """Whether a file of this image is here under one of its names."""
    return not set(here).isdisjoint(other.paths)
