"""Settings: flag, then ``IMAGECHAT_*``, then the project's file, then the user's file, then the default.

Read once into frozen values; below this ring everything is a plain argument. A mistake in a file or a variable
is reported and skipped: it never stops the start. (A flag does: who typed it is there to type it again. A
server that is skipped is kept as ``bad_server``, for whoever would write: to another one instead would be worse.)

A project's file comes with the pictures, often from somebody else: it may ask for a server, which counts once
the person has allowed it, and never says which secrets go there.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct

from imagechat_tui import problems
from imagechat_tui.problems import BadServer, Mistake, PlainHttp, SettingsError, SettingsFault
from imagechat_tui.words import shown_value

APP = "imagechat"
PROJECT_FILE = ".imagechat.toml"
CONFIG_FILE = "config.toml"
PREFIX = "IMAGECHAT_"
SERVE_PREFIX = "IMAGECHAT_SERVE_"
OTHER_VARIABLES = tuple(
    f"{PREFIX}{name}" for name in ("SSO", "TRACE", "API_SECRET", "METRICS_TOKEN", "DATABASE_URL", "BUS_URL")
)
"""Variables that are no settings of the client."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "glyphs": ("auto", "half", "quadrant", "sextant", "octant", "braille", "ascii"),
    "colors": ("auto", "truecolor", "256", "16", "none"),
    "renderer": ("cells", "rich-pixels"),
    "graphics": ("auto", "kitty", "off"),
    "theme": ("dark", "light"),
    "bell": ("off", "on", "mentions"),
}
"""Settings with a fixed set of values."""

TEXTS = ("server", "tenant", "shared", "max_megapixels", "max_file_mib", "keep_pictures", "cell_aspect")
"""Settings with a free text."""

NUMBERS = {
    "max_megapixels": (0.0, 1e5),
    "max_file_mib": (0.0, 1e5),
    "keep_pictures": (0.0, 1e5),
    "cell_aspect": (0.4, 6.0),
}
"""Those that are numbers, and what they lie between. (Of larger limits no system can give the memory.)"""

LIMITS = ("max_megapixels", "max_file_mib", "keep_pictures")
"""Those numbers that keep pictures from taking too much."""

MAY_BE_NONE = ("keep_pictures",)
"""Those that may be 0."""

ASKED_FIRST = ("server", "tenant", "shared")
"""Those of a project's file that count only once the person has allowed them: where words go and come from. So do
limits above the usual."""

OWN_TEXTS = ("sso_file", "ca_file")
"""Those that a project's file must not have: what is trusted, and with which secret."""

PROJECT_TEXTS = ("project",)
"""Those that only a project's file has."""


class Folders:
    """Where things of this user live (XDG).

    Who has no home may still name a server and a picture: only who asks for a folder that nobody knows is
    refused, with ``SettingsError``.
    """

    def __init__(
        self, config: Path | None, data: Path | None, state: Path | None, cache: Path | None = None
    ) -> None:
        self._places = {"config": config, "data": data, "state": state, "cache": cache}

    @classmethod
    def of_user(cls) -> Folders:
        """The folders by platformdirs: XDG where it is set."""
        import platformdirs

        def place(of_user: Callable[[str], str]) -> Path | None:
            try:
                path = Path(of_user(APP))
            except RuntimeError:  # no home, and no XDG variable in its place
                return None
            return path if path.is_absolute() else None  # one release of it does not raise

        return cls(
            config=place(platformdirs.user_config_dir),
            data=place(platformdirs.user_data_dir),
            state=place(platformdirs.user_state_dir),
            cache=place(platformdirs.user_cache_dir),
        )

    def known(self, name: str) -> Path | None:
        """The folder for "config", "data", "state" or "cache"; None if there is no home for it."""
        return self._places[name]

    def _needed(self, name: str) -> Path:
        place = self._places[name]
        if place is None:
            raise SettingsError(problems.NoHome(f"XDG_{name.upper()}_HOME"))
        return place

    @property
    def config(self) -> Path:
        """Of ``config.toml``."""
        return self._needed("config")

    @property
    def data(self) -> Path:
        """Of databases."""
        return self._needed("data")

    @property
    def state(self) -> Path:
        """Of drafts, logs and what is remembered."""
        return self._needed("state")


class Wish(Struct, frozen=True):
    """What a project's file asks for, and must not have unless the person allows it."""

    file: Path
    """The project's file, links resolved."""
    key: str
    value: str
    """Raw."""
    beside: str = ""
    """What it is asked for together with, raw: a server's tenant, or a tenant's server."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What a client goes by."""

    server: str = ""
    """Address of a server; empty is the local one."""
    tenant: str = ""
    sso: str = field(default="", repr=False)
    """A ready SSO token: a secret."""
    ca_file: Path | None = None
    shared: Path | None = None
    """A group's directory with a server of its own."""
    glyphs: str = "auto"
    colors: str = "auto"
    renderer: str = "cells"
    graphics: str = "auto"
    """Whether the terminal is handed pixels by kitty's protocol: where it is known to take them, where it says so,
    never."""
    theme: str = "dark"
    bell: str = "off"
    """Whether the terminal rings when somebody else adds something."""
    max_megapixels: float = 60.0
    """Pictures with more pixels are declined."""
    max_file_mib: float = 20.0
    """Files with more bytes are declined, in MiB."""
    keep_pictures: float = 500.0
    """So much is kept of pictures as they were, in MB."""
    cell_aspect: float | None = None
    """Height of a terminal's cell divided by its width; None goes by what the terminal says."""
    mistakes: tuple[Mistake, ...] = ()
    """What was wrong in a file or a variable and was skipped."""
    refused: tuple[Wish, ...] = ()
    """What the project's file asked for and was not allowed."""
    bad_server: PlainHttp | BadServer | None = field(default=None, compare=False)
    """Why the server that a file or a variable means was skipped; None if it was not."""
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Where each value comes from that is not the default: a flag, a variable, or a file's path, raw."""

    @property
    def is_local(self) -> bool:
        """Whether the local server is meant."""
        return not self.server


def misspelt(environ: Mapping[str, str], more: Collection[str] = ()) -> list[Mistake]:
    """Variables that are spelled almost like one of ours. What else begins like them may be somebody else's.

    Args:
        environ: the environment.
        more: variables of the verb that asks, besides those of every one.
    """
    ours = {*(f"{PREFIX}{key.upper()}" for key in OWN_KEYS), *OTHER_VARIABLES, *more}
    odd = [
        name
        for name in environ
        if name.startswith(PREFIX) and name not in ours and (more or not name.startswith(SERVE_PREFIX))
    ]
    if not odd:
        return []
    from difflib import get_close_matches

    found = []
    for name in odd:
        rest = [one.removeprefix(PREFIX) for one in ours]
        for near in get_close_matches(name.removeprefix(PREFIX), rest, n=1, cutoff=0.8):
            found.append(Mistake(name, problems.VariableUnknown(PREFIX + near)))
    return found


def load_settings(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    folders: Folders,
    cwd: Path | None,
    allowed: Callable[[Sequence[Wish]], Collection[Wish]] = lambda wishes: (),
) -> ClientSettings:
    """Put the sources together.

    Args:
        flags: what the command line said; None means "not said".
        environ: the environment.
        folders: where the user's file is.
        cwd: where the search for a project starts; None outside of any folder (it has been deleted).
        allowed: which of a project's wishes the person allows; asked only about those that would count.

    Raises:
        SettingsError: the result cannot be used, or a token has to be read and cannot.
    """
    mistakes = misspelt(environ)
    said = {key: value for key, value in flags.items() if value is not None}
    environment: Mapping[str, object] = {
        key: environ[PREFIX + key.upper()]
        for key in OWN_KEYS
        if environ.get(PREFIX + key.upper(), "").strip()
    }
    project, config = project_root(cwd) if cwd is not None else None, folders.known("config")
    project_file = project / PROJECT_FILE if project is not None else None
    user_file = config / CONFIG_FILE if config is not None else None
    of_project = _read(project_file, PROJECT_KEYS, mistakes) if project_file is not None else {}
    of_user = _read(user_file, OWN_KEYS, mistakes) if user_file is not None else {}
    no_servers: dict[str, PlainHttp | BadServer] = {}

    def usable(layer: Mapping[str, object], source: Callable[[str], str]) -> Mapping[str, object]:
        """A layer without values that break a rule, and without server and tenant if it means no usable server."""
        problem = _server_problem(str(layer.get("server", "")))
        if problem is not None:
            no_servers[source("server")] = problem
            mistakes.append(Mistake(source("server"), problem))
            layer = _without(layer, {"server"})
        broken = {key: must for key, value in layer.items() if (must := _broken_rule(key, value)) is not None}
        mistakes.extend(
            Mistake(source(key), problems.SettingWrong(key, must, shown_value(layer[key])))
            for key, must in broken.items()
        )
        return _without(layer, broken)

    def of_variable(key: str) -> str:
        return PREFIX + key.upper()

    def of_flag(key: str) -> str:
        return f"--{key.replace('_', '-')}"

    flagged = _server_problem(str(said.get("server", "")))
    if flagged is not None:
        raise SettingsError(flagged)
    for key, value in said.items():
        must = _broken_rule(key, value)
        if must is not None:
            raise SettingsError(problems.BadFlag(of_flag(key), must, shown_value(value)))
    of_user = usable(of_user, lambda key: str(user_file))
    of_project = usable(of_project, lambda key: str(project_file))
    environment = usable(environment, of_variable)
    wishes = _wishes(project_file, of_project, of_user, above=(environment, said))
    granted = allowed(wishes) if wishes else ()
    refused = tuple(wish for wish in wishes if wish not in granted)
    of_project = _without(of_project, {wish.key for wish in refused})
    merged: dict[str, object] = {}
    sources: dict[str, str] = {}
    layers: tuple[tuple[Mapping[str, object], Callable[[str], str]], ...] = (
        (of_user, lambda key: str(user_file)),
        (of_project, lambda key: str(project_file)),
        (environment, of_variable),
        (said, of_flag),
    )
    bad_server: PlainHttp | BadServer | None = None
    for layer, source in layers:
        bad_server = None if "server" in layer else no_servers.get(source("server"), bad_server)
        for key, value in layer.items():
            merged[key], sources[key] = value, source(key)
    text = {key: str(value) for key, value in merged.items()}
    server = _address(text.get("server", ""))
    own_servers = {_address(str(layer.get("server", ""))) for layer in (said, environment, of_user)}
    sso = _sso(environ, text.get("sso_file", ""), server, own_servers, mistakes)
    if sso:
        sources["sso"] = f"{PREFIX}SSO" if environ.get(f"{PREFIX}SSO", "").strip() else text["sso_file"]
    settings = ClientSettings(
        server=server,
        tenant=sayable(text.get("tenant", "")),
        sso=sso,
        ca_file=_path(text.get("ca_file")),
        shared=_path(text.get("shared")),
        glyphs=text.get("glyphs", "auto"),
        colors=text.get("colors", "auto"),
        renderer=text.get("renderer", "cells"),
        graphics=text.get("graphics", "auto"),
        theme=text.get("theme", "dark"),
        bell=text.get("bell", "off"),
        max_megapixels=float(text.get("max_megapixels", 60)),
        max_file_mib=float(text.get("max_file_mib", 20)),
        keep_pictures=float(text.get("keep_pictures", 500)),
        cell_aspect=float(text["cell_aspect"]) if "cell_aspect" in text else None,
        mistakes=tuple(mistakes),
        refused=refused,
        bad_server=bad_server,
        sources=sources,
    )
    if server and not settings.tenant:
        asked = any(wish.key == "tenant" for wish in refused)
        raise SettingsError(problems.TenantNotAllowed() if asked else problems.NoTenant())
    return settings


def _wishes(
    file: Path | None,
    of_project: Mapping[str, object],
    of_user: Mapping[str, object],
    *,
    above: Sequence[Mapping[str, object]],
) -> tuple[Wish, ...]:
    """What a project's file asks for, that the person did not choose anyway, and nothing stronger overrules."""
    usual = ClientSettings()
    of_server = [layer["server"] for layer in (*reversed(above), of_project, of_user) if "server" in layer]
    server = _address(str(of_server[0])) if of_server else ""
    tenant = str(of_project.get("tenant", ""))

    def counts(key: str) -> bool:
        if key not in of_project or any(key in layer for layer in above):
            return False
        if key in ASKED_FIRST:
            if key == "tenant" and not server:
                return False  # the local server has one of its own
            return _AS_USED[key](str(of_project[key])) != _AS_USED[key](str(of_user.get(key, "")))
        least: float = getattr(usual, key)
        return float(str(of_project[key])) > max(least, float(str(of_user.get(key, least))))

    if file is None:
        return ()
    real = Path(os.path.realpath(file))
    beside = {"server": tenant, "tenant": server}
    return tuple(
        Wish(real, key, str(of_project[key]), beside.get(key, ""))
        for key in (*ASKED_FIRST, *LIMITS)
        if counts(key)
    )


def _without(layer: Mapping[str, object], keys: Collection[str]) -> Mapping[str, object]:
    """Settings without these; a server and the tenant beside it are one place, and go together."""
    place = {"server", "tenant"}
    gone = {*keys, *place} if place & set(keys) else keys
    return {key: value for key, value in layer.items() if key not in gone}


OWN_KEYS = (*CHOICES, *TEXTS, *OWN_TEXTS)
PROJECT_KEYS = (*CHOICES, *TEXTS, *PROJECT_TEXTS)


def _address(server: str) -> str:
    return server.strip().rstrip("/")


def _path(text: str | None) -> Path | None:
    return expanded(text) if text else None


_AS_USED: Mapping[str, Callable[[str], object]] = {
    "server": _address,
    "tenant": lambda text: sayable(text),
    "shared": _path,
}
"""What becomes of a text that says where words go: two that become the same are the same."""


def expanded(text: str) -> Path:
    """The path with ``~`` replaced; one of a user who does not exist stays as it is, and is no error."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 (pathlib raises)


def _broken_rule(key: str, value: object) -> problems.OneOf | problems.Between | None:
    """What a value must be and is not; None if it will do."""
    if key in CHOICES:
        return None if str(value) in CHOICES[key] else problems.OneOf(CHOICES[key])
    if key in NUMBERS:
        least, most = NUMBERS[key]
        try:
            number = float(str(value))
            if least < number < most or (number == 0 and key in MAY_BE_NONE):
                return None
        except ValueError:
            pass
        return problems.Between(least, most)
    return None


MAX_FILE_BYTES = 64 << 10
"""Of a settings file: a longer one is none."""

MAX_PROJECT_NAME = 200
"""Characters of a project's name."""

MAX_DOTS = 500
"""In a line of it: what reads TOML takes the square of their number to follow a key."""

MAX_MISTAKES = 5
"""That are told of one file."""


class OddFile(ValueError):
    """No settings file that people write."""

    def __init__(self, fault: problems.FileFault, most: int = 0) -> None:
        super().__init__(fault)
        self.problem = problems.SettingsFileOdd(fault, most)


def plain_text(path: Path) -> str:
    """The text of a small plain file; a device or a pipe under its name is not waited for.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no plain file, too large, or no text.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with open(descriptor, "rb") as file:  # noqa: PTH123 (a descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OddFile("no-plain-file")
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise OddFile("too-large", MAX_FILE_BYTES >> 10)
    try:
        return content.decode("utf-8-sig")  # some editors begin a file with the mark
    except UnicodeDecodeError:
        raise OddFile("no-text") from None


def _table(path: Path) -> Mapping[str, object]:
    """A settings file as it is written.

    Raises:
        OSError: it cannot be read.
        ValueError: it is none.
    """
    import tomllib

    text = plain_text(path)
    if max((line.count(".") for line in text.splitlines()), default=0) > MAX_DOTS:
        raise OddFile("too-many-dots", MAX_DOTS)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise OddFile("too-deep") from None


def _read(path: Path, known: Collection[str], mistakes: list[Mistake]) -> Mapping[str, object]:
    try:
        table = _table(path)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        mistakes.append(Mistake(str(path), problems.SettingsUnreadable(error.strerror or "")))
        return {}
    except OddFile as odd:
        mistakes.append(Mistake(str(path), odd.problem))
        return {}
    except ValueError as error:
        mistakes.append(Mistake(str(path), problems.SettingsMalformed(str(error))))
        return {}
    found: dict[str, object] = {}
    wrong: list[SettingsFault] = []
    for key, value in table.items():
        if key not in known:
            elsewhere = key in OWN_KEYS or key in PROJECT_KEYS
            kind = problems.SettingMisplaced if elsewhere else problems.SettingUnknown
            wrong.append(kind(shown_value(key)))
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            wrong.append(problems.SettingNoValue(key))
        elif isinstance(value, int) and value.bit_length() > 64:
            wrong.append(problems.SettingTooLarge(key))
        elif key == "project" and len(str(value)) > MAX_PROJECT_NAME:
            wrong.append(problems.ProjectNameTooLong(MAX_PROJECT_NAME))
        else:
            found[key] = value
    mistakes += [Mistake(str(path), fault) for fault in wrong[:MAX_MISTAKES]]
    if len(wrong) > MAX_MISTAKES:
        mistakes.append(Mistake(str(path), problems.FurtherMistakes(len(wrong) - MAX_MISTAKES)))
    return found


def _sso(
    environ: Mapping[str, str], file: str, server: str, own_servers: Collection[str], mistakes: list[Mistake]
) -> str:
    """The token for this server; none for the local one, nor for one that only a project's file names."""
    given = environ.get(f"{PREFIX}SSO", "").strip()
    if not server or not (given or file):
        return ""
    if server not in own_servers:
        mistakes.append(Mistake(PROJECT_FILE, problems.TokenWithheld(server)))
        return ""
    return sayable(given) or read_secret(expanded(file))


def read_secret(path: Path) -> str:
    """A secret from a file that only its owner can read.

    Raises:
        SettingsError: others can read it, or there is none in it.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise SettingsError(problems.SecretReadable(str(path)))
        secret = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(problems.SecretMissing(str(path))) from None
    if not secret:
        raise SettingsError(problems.SecretMissing(str(path)))
    return secret


def _server_problem(server: str) -> PlainHttp | BadServer | None:
    """Why this is no server that may be used; None if it may, or if it is the local one."""
    address = _address(server)
    if not server.strip():
        return None
    from urllib.parse import urlsplit

    shown = server.rpartition("@")[2]
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return BadServer(shown)
    # A password in the address would be shown wherever the address is.
    odd = "@" in parts.netloc or " " in address or parts.query or parts.fragment or port == 0
    if not host or odd or not address.isprintable() or parts.scheme not in ("http", "https"):
        return BadServer(shown)
    if parts.scheme == "http" and not is_loopback(host):
        return PlainHttp(address)
    return None


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    import ipaddress

    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def working_folder() -> Path | None:
    """The folder that we were started in; None if it has been deleted, or is out of reach."""
    try:
        return Path.cwd()
    except OSError:
        return None


def project_root(start: Path) -> Path | None:
    """The nearest ancestor with ``.imagechat.toml``, else with ``.git``; None outside of projects.

    What somebody else put into a folder that is open to all (``/tmp``) makes no project of what is below it.
    """
    return nearest(start, PROJECT_FILE) or nearest(start, ".git")


def nearest(start: Path, marker: str) -> Path | None:
    """The nearest ancestor that has a file or folder of this name; see ``project_root``."""
    return next((folder for folder in (start, *start.parents) if _is_there(folder, marker)), None)


def _is_there(folder: Path, marker: str) -> bool:
    path = folder / marker
    try:
        strewn = path.lstat().st_uid not in (0, os.geteuid()) and folder.stat().st_mode & stat.S_IWOTH
        return path.exists() and not strewn
    except (OSError, ValueError):  # where one may not look, too
        return False


def is_url(image: str) -> bool:
    """Whether an argument names a picture by address."""
    return image[:8].lower().startswith(("http://", "https://"))


_USER = re.compile(r"(?<=://)[^/?#]*@")


def picture_address(image: str) -> str:
    """A picture's address as it is asked for and shown: without user and password, which are sent nowhere."""
    scheme, _, rest = image.partition(":")
    return _USER.sub("", f"{scheme.lower()}:{rest}", count=1)


FILE_ADDRESS = re.compile(r"file:(?://(?P<host>[^/?#]*))?(?P<path>/.*)", re.IGNORECASE | re.DOTALL)
"""``file:///a.png``, as terminals and browsers hand a file over (RFC 8089)."""


def picture_path(image: str, cwd: Path) -> Path:
    """The path that an argument means, which need not exist.

    What is there under just this name wins: a file called ``~root`` is no home. Else a ``file:`` address, as
    terminals and browsers hand it over, is what it points at, and ``~`` a home. An address of another
    machine's file stays as it is.
    """
    if os.path.lexists(cwd / image):
        return Path(image)
    address = FILE_ADDRESS.fullmatch(image)
    if address is None:
        return expanded(image)
    if not is_this_machine(address["host"] or ""):
        return Path(image)
    # A name may hold ? and # which whoever made the address did not write as %3F and %23.
    ways = [_decoded(address["path"]), _decoded(re.split("[?#]", address["path"], maxsplit=1)[0])]
    return next((way for way in ways if os.path.lexists(way)), ways[-1])


def is_this_machine(host: str) -> bool:
    """Whether the host of a ``file:`` address is the one that we run on; some programs write its name there."""
    import socket

    return host.lower() in ("", "localhost", socket.gethostname().lower())


def _decoded(path: str) -> Path:
    from urllib.parse import unquote_to_bytes

    return Path(os.fsdecode(unquote_to_bytes(os.fsencode(path))))


def title_of(image: str, cwd: Path) -> str:
    """What a picture is called on the screen.

    Args:
        image: path, address, or ``-``.
        cwd: what a relative path starts from.
    """
    if image == "-":
        return "stdin"
    if is_url(image):
        address = re.split("[?#]", image, maxsplit=1)[0]  # a query may hold a signature: not for the screen
        return sayable(address.rsplit("/", 1)[-1] or address)
    return on_disk(os.path.basename(os.path.normpath(cwd / picture_path(image, cwd))))  # noqa: PTH119


def sayable(name: str) -> str:
    """A name as the wire can carry it: bytes of the shell or of a file's name that are no UTF-8 are spelled out."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def on_disk(name: str) -> str:
    """A file's name by its bytes: whoever opens it has the same key, whatever encoding their locale takes it for."""
    try:
        return sayable(os.fsencode(name).decode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # in EUC-JP and its like some bytes make a letter that makes no bytes
        return sayable(name)


def project_name(folder: Path) -> str:
    """What the settings file of a folder calls the project; empty if it does not say."""
    return str(_read(folder / PROJECT_FILE, PROJECT_KEYS, []).get("project", ""))
