"""Where settings come from, what is not believed, and how a picture is known."""

from __future__ import annotations

import os
import pwd
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from imagechat_tui import problems
from imagechat_tui.problems import SettingsError
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.settings import (
    CHOICES,
    LIMITS,
    MAX_PROJECT_NAME,
    MAY_BE_NONE,
    NUMBERS,
    OWN_KEYS,
    ClientSettings,
    Folders,
    Wish,
    is_loopback,
    is_url,
    load_settings,
    project_name,
    project_root,
    read_secret,
    working_folder,
)
from imagechat_tui.words import mistake_words

PROJECT_FILE = ".imagechat.toml"
TEAM = "https://review.example"
TOKEN = '{"simpleSSOUser":{"username":"s3cret"}}'


def said(settings: ClientSettings) -> list[str]:
    """What is told of the mistakes in them."""
    return [mistake_words(mistake) for mistake in settings.mistakes]


@dataclass
class Desk:
    """A home and a project on disk."""

    root: Path

    @property
    def project(self) -> Path:
        return self.root / "shop"

    @property
    def cwd(self) -> Path:
        return self.project / "pages"

    @property
    def folders(self) -> Folders:
        home = self.root / "home"
        return Folders(home / "config", home / "data", home / "state")

    @property
    def user_file(self) -> Path:
        return self.folders.config / "config.toml"

    @property
    def project_file(self) -> Path:
        return self.project / PROJECT_FILE

    def load(
        self,
        *,
        flags: dict[str, object] | None = None,
        env: dict[str, str] | None = None,
        allow: Sequence[str] = (),
    ) -> ClientSettings:
        """The settings here, as by somebody who allows a project these of its wishes."""

        def allowed(wishes: Sequence[Wish]) -> list[Wish]:
            return [wish for wish in wishes if wish.key in allow]

        return load_settings(flags or {}, env or {}, self.folders, self.cwd, allowed)

    def refused(self, **env: str) -> SettingsError:
        with pytest.raises(SettingsError) as caught:
            self.load(env=env)
        return caught.value

    def bad_server(self, **env: str) -> problems.PlainHttp | problems.BadServer:
        """Why the server was skipped, which is told as well."""
        settings = self.load(env=env)
        assert settings.is_local
        assert settings.bad_server is not None
        (mistake,) = said(settings)
        assert "server must be" in mistake
        return settings.bad_server

    def secret(self, text: str = TOKEN, mode: int = 0o600, name: str = "token") -> Path:
        path = self.root / name
        path.write_text(text)
        path.chmod(mode)
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.folders.config.mkdir(parents=True)
    desk.cwd.mkdir(parents=True)
    (desk.project / ".git").mkdir()
    return desk


# Precedence


def test_nothing_said_is_the_local_server_and_the_defaults(desk: Desk) -> None:
    settings = desk.load()
    assert settings == ClientSettings()
    assert settings.is_local
    assert settings.mistakes == ()


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("glyphs", ["half", "quadrant", "braille", "ascii"]),
        ("colors", ["256", "16", "none", "truecolor"]),
        ("tenant", ["of-user", "of-project", "of-environment", "of-flag"]),
        ("max_megapixels", ["10", "20", "30", "40"]),
    ],
)
def test_flag_before_environment_before_project_before_user_before_default(
    desk: Desk, key: str, values: list[str]
) -> None:
    of_user, of_project, of_environment, of_flag = values

    def found(**said: dict[str, object]) -> str:
        env = {f"IMAGECHAT_{key.upper()}": str(value) for value in said.get("env", {}).values()}
        return str(getattr(desk.load(flags=said.get("flags"), env=env), key)).removesuffix(".0")

    default = found()
    desk.user_file.write_text(f'{key} = "{of_user}"')
    assert found() == of_user != default
    desk.project_file.write_text(f'{key} = "{of_project}"')
    assert found() == of_project
    assert found(env={key: of_environment}) == of_environment
    assert found(env={key: of_environment}, flags={key: of_flag}) == of_flag
    assert found(env={key: of_environment}, flags={key: None}) == of_environment
    assert found(env={key: ""}) == of_project


def test_every_setting_can_come_from_the_environment(desk: Desk) -> None:
    said = {key: choices[-1] for key, choices in CHOICES.items()} | {
        "server": f" {TEAM}// ",
        "tenant": "design",
        "shared": "/srv/shared",
        "ca_file": "~/ca.pem",
        "sso_file": str(desk.secret()),
        "max_megapixels": "12.5",
        "max_file_mib": "0.5",
        "keep_pictures": "0",
        "cell_aspect": "2.25",
    }
    assert said.keys() == set(OWN_KEYS)
    assert desk.load(
        env={f"IMAGECHAT_{key.upper()}": value for key, value in said.items()}
    ) == ClientSettings(
        server=TEAM,
        tenant="design",
        sso=TOKEN,
        ca_file=Path("~/ca.pem").expanduser(),
        shared=Path("/srv/shared"),
        glyphs="ascii",
        colors="none",
        renderer="rich-pixels",
        graphics="off",
        theme="light",
        bell="mentions",
        max_megapixels=12.5,
        max_file_mib=0.5,
        keep_pictures=0.0,
        cell_aspect=2.25,
    )


def test_each_value_has_its_source(desk: Desk) -> None:
    desk.user_file.write_text(f'theme = "light"\nglyphs = "half"\nsso_file = "{desk.secret()}"\n')
    desk.project_file.write_text('glyphs = "ascii"\ncolors = "wrong"\n')
    settings = desk.load(flags={"cell_aspect": "2", "tenant": "t"}, env={"IMAGECHAT_SERVER": TEAM})
    assert settings.sources == {
        "theme": str(desk.user_file),
        "glyphs": str(desk.project_file),
        "cell_aspect": "--cell-aspect",
        "tenant": "--tenant",
        "server": "IMAGECHAT_SERVER",
        "sso_file": str(desk.user_file),
        "sso": str(desk.root / "token"),
    }
    given = desk.load(flags={"tenant": "t"}, env={"IMAGECHAT_SERVER": TEAM, "IMAGECHAT_SSO": TOKEN})
    assert given.sources["sso"] == "IMAGECHAT_SSO"
    assert desk.load().sources.keys() == {"theme", "glyphs", "sso_file"}


def test_a_wrong_value_is_told_with_its_source(desk: Desk) -> None:
    desk.user_file.write_text('theme = "grey"')
    settings = desk.load(env={"IMAGECHAT_GLYPHS": "sixel", "IMAGECHAT_CELL_ASPECT": "nan"})
    assert [mistake.partition(": ")[0] for mistake in said(settings)] == [
        str(desk.user_file),
        "IMAGECHAT_GLYPHS",
        "IMAGECHAT_CELL_ASPECT",
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [("cell_aspect", "nan"), ("max_megapixels", "0"), ("max_file_mib", "many"), ("keep_pictures", "-1")],
)
def test_a_wrong_flag_is_not_skipped(desk: Desk, key: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        desk.load(flags={key: value}, env={"IMAGECHAT_GLYPHS": "sixel"})
    problem = caught.value.problem
    assert isinstance(problem, problems.BadFlag)
    assert (problem.flag, problem.value) == (f"--{key.replace('_', '-')}", repr(value))
    assert isinstance(problem.must, problems.Between)


def test_a_file_that_cannot_be_read_is_told_in_words(desk: Desk) -> None:
    desk.user_file.mkdir()
    desk.project_file.write_bytes(b'theme = "\xff"')
    assert set(said(desk.load())) == {
        f"{desk.user_file}: it cannot be read (Is a directory)",
        f"{desk.project_file}: it is not UTF-8 text",
    }


def test_bytes_of_the_shell_that_are_no_text_are_spelled_out(desk: Desk) -> None:
    env = {"IMAGECHAT_SERVER": TEAM, "IMAGECHAT_TENANT": "\udcff", "IMAGECHAT_SSO": "t\udcff"}
    settings = desk.load(env=env)
    assert (settings.tenant, settings.sso) == ("\\xff", "t\\xff")


def test_numbers_in_a_file_need_no_quotes(desk: Desk) -> None:
    desk.user_file.write_text("colors = 256\nmax_megapixels = 12.5\n")
    settings = desk.load()
    assert (settings.colors, settings.max_megapixels, settings.mistakes) == ("256", 12.5, ())


def test_what_can_be_chosen_is_what_can_be_drawn() -> None:
    assert CHOICES["glyphs"] == ("auto", *GlyphSet)
    assert CHOICES["colors"] == ("auto", *ColorDepth)
    assert CHOICES["renderer"] == ("cells", "rich-pixels")


def test_half_a_megapixel_is_a_limit_too(desk: Desk) -> None:
    desk.user_file.write_text("max_megapixels = 0.5")
    assert desk.load() == ClientSettings(max_megapixels=0.5)


def test_folders_are_those_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", f"/xdg/{name.lower()}")
    there = Folders.of_user()
    for name in ("config", "data", "state"):
        assert getattr(there, name) == there.known(name) == Path(f"/xdg/{name}/imagechat")


@pytest.mark.parametrize("home", [None, "", "relative/home", "."])
def test_without_a_home_only_who_needs_a_folder_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str | None
) -> None:
    def no_account(uid: int) -> NoReturn:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", no_account)
    monkeypatch.delenv("HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("HOME", home)
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative/config")  # as the specification has it, not there
    monkeypatch.setenv("XDG_DATA_HOME", "/xdg/data")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    folders = Folders.of_user()
    assert folders.data == Path("/xdg/data/imagechat")
    for name in ("config", "state"):
        assert folders.known(name) is None
        with pytest.raises(SettingsError) as refused:
            getattr(folders, name)
        assert refused.value.problem == problems.NoHome(f"XDG_{name.upper()}_HOME")
    assert load_settings({}, {"IMAGECHAT_THEME": "light"}, folders, tmp_path) == ClientSettings(theme="light")


def test_without_a_working_folder_there_is_no_project(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = desk.root / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert working_folder() is None
    desk.user_file.write_text('theme = "light"')
    assert load_settings({}, {}, desk.folders, None) == ClientSettings(theme="light")


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_variable_that_holds_nothing_counts_as_not_set(desk: Desk, blank: str) -> None:
    desk.user_file.write_text(f'server = "{TEAM}"\ntenant = "design"')
    env = {f"IMAGECHAT_{key.upper()}": blank for key in OWN_KEYS} | {"IMAGECHAT_SSO": blank}
    assert desk.load(env=env) == desk.load()


@pytest.mark.parametrize("server", ["/", " // "])
def test_slashes_alone_are_no_server_and_not_the_local_one(desk: Desk, server: str) -> None:
    assert isinstance(desk.bad_server(IMAGECHAT_SERVER=server), problems.BadServer)
    with pytest.raises(SettingsError):
        desk.load(flags={"server": server})


# Mistakes: told, skipped, and never the end


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('glyphs = "sixel"', "glyphs must be one of auto, half"),
        ("theme = 3", "theme must be one of dark, light"),
        ("max_megapixels = 0", "max_megapixels must be a number between 0 and 100000, not 0"),
        ("max_megapixels = -1", "must be a number between 0 and 100000"),
        ('max_megapixels = "many"', "must be a number between 0 and 100000"),
        ("max_megapixels = inf", "must be a number between 0 and 100000"),
        ("max_megapixels = nan", "must be a number between 0 and 100000"),
        ("max_megapixels = 1e12", "must be a number between 0 and 100000"),
        ("max_file_mib = 1e308", "must be a number between 0 and 100000"),
        ("cell_aspect = 0.01", "cell_aspect must be a number between 0.4 and 6, not 0.01"),
        ("cell_aspect = nan", "must be a number between 0.4 and 6"),
        ("server = true", "server must be a text or a number"),
        ("server = ['a']", "server must be a text or a number"),
        ("[server]\nurl = 'x'", "server must be a text or a number"),
        ('colour = "256"', "there is no setting 'colour'"),
        ('project = "shop"', "not the place for 'project'"),
        ("glyphs = half", "config.toml:"),
        ("\x00", "config.toml:"),
    ],
)
def test_a_mistake_in_a_file_is_told_and_skipped(desk: Desk, line: str, told: str) -> None:
    desk.user_file.write_text(line)
    settings = desk.load()
    assert settings == ClientSettings(mistakes=settings.mistakes)
    (mistake,) = said(settings)
    assert told in mistake


@pytest.mark.parametrize("whose", ["project", "user"])
def test_a_settings_file_may_begin_with_the_mark_of_its_encoding(desk: Desk, whose: str) -> None:
    path = desk.project_file if whose == "project" else desk.user_file
    path.write_text('glyphs = "half"', encoding="utf-8-sig")
    assert desk.load() == ClientSettings(glyphs="half")


def test_a_mistake_harms_only_its_own_line(desk: Desk) -> None:
    desk.user_file.write_text('glyphs = "sixel"\ntheme = "light"\ncolour = 1\n')
    desk.project_file.write_text('glyphs = "wrong"\ncolors = "16"\n')
    settings = desk.load(
        env={"IMAGECHAT_RENDERER": "sixel", "IMAGECHAT_GLYPHS": "ascii", "IMAGECHAT_UNKNOWN": "x"}
    )
    assert (settings.theme, settings.colors, settings.glyphs, settings.renderer) == (
        "light",
        "16",
        "ascii",
        "cells",
    )
    assert len(settings.mistakes) == 4


def test_a_wrong_value_does_not_hide_the_right_one_below(desk: Desk) -> None:
    desk.user_file.write_text('glyphs = "half"')
    desk.project_file.write_text('glyphs = "wrong"')
    assert desk.load().glyphs == "half"


def test_a_file_that_cannot_be_read_is_told(desk: Desk) -> None:
    desk.user_file.write_bytes(b"\xff\xfe")
    desk.project_file.mkdir()
    settings = desk.load()
    assert len(settings.mistakes) == 2
    assert {mistake.where for mistake in settings.mistakes} == {str(desk.user_file), str(desk.project_file)}


def test_no_file_is_no_mistake(desk: Desk) -> None:
    desk.folders.config.rmdir()
    desk.folders.config.write_text("a file where the folder should be")
    assert desk.load().mistakes == ()


# Servers


@pytest.mark.parametrize(
    "server",
    ["https://review.example", "https://review.example:8443/", "http://localhost:8000", "http://127.0.0.1", "http://[::1]:80",
     "http://x.localhost", "http://127.8.8.8:1", "HTTPS://Review.Example"],
)  # fmt: skip
def test_servers_that_may_be_used(desk: Desk, server: str) -> None:
    settings = desk.load(env={"IMAGECHAT_SERVER": server, "IMAGECHAT_TENANT": "design"})
    assert settings.server == server.rstrip("/")
    assert not settings.is_local


@pytest.mark.parametrize(
    "server",
    ["http://review.example", "http://10.0.0.1", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
     "http://0.0.0.0", "http://[::]", "http://[fe80::1]", "http://2130706433", "http://notlocalhost"],
)  # fmt: skip
def test_plain_http_is_for_this_machine_only(desk: Desk, server: str) -> None:
    error = desk.bad_server(IMAGECHAT_SERVER=server, IMAGECHAT_TENANT="design")
    assert error == problems.PlainHttp(server)


@pytest.mark.parametrize(
    "server",
    ["review.example", "ftp://review.example", "https://", "https:///x", "https://[::1", "https://h:99999", "https://h:0",
     "https://h:x", "http://a b/", "ws://h", "wss://h", "file:///etc", "https://h?a=1", "https://h#a", "http://evil.example\\@localhost"],
)  # fmt: skip
def test_what_is_no_server_is_skipped_and_told_and_who_writes_can_know(desk: Desk, server: str) -> None:
    """To write to another one would put comments where they do not belong. A wrong flag is never skipped."""
    env = {"IMAGECHAT_SERVER": server, "IMAGECHAT_TENANT": "t"}
    assert isinstance(desk.bad_server(**env), problems.BadServer)
    for path in (desk.user_file, desk.project_file):
        path.write_text(f"server = '{server}'\ntenant = 't'")
        assert isinstance(desk.bad_server(), problems.BadServer)
        assert desk.load().tenant == ""  # it is one of that server
        path.unlink()
    with pytest.raises(SettingsError) as caught:
        desk.load(flags={"server": server, "tenant": "t"})
    assert isinstance(caught.value.problem, problems.BadServer)


def test_a_bad_server_counts_only_where_nothing_stronger_names_another(desk: Desk) -> None:
    desk.user_file.write_text(f'server = "{TEAM}"\ntenant = "design"')
    desk.project_file.write_text('server = "//"\ntenant = "other"')
    settings = desk.load()
    assert (settings.server, settings.tenant, settings.refused) == (TEAM, "design", ())
    assert settings.bad_server is not None
    assert desk.load(flags={"server": TEAM, "tenant": "t"}).bad_server is None
    assert desk.load(env={"IMAGECHAT_SERVER": TEAM}).bad_server is None
    desk.user_file.write_text('server = "//"\ntenant = "design"')
    desk.project_file.write_text(f'server = "{TEAM}"\ntenant = "design"')
    assert desk.load().bad_server is not None  # nobody allowed the other
    assert desk.load(allow=["server", "tenant"]).bad_server is None


@pytest.mark.parametrize(
    "server", ["https://u:s3cret@review.example", "http://u:s3cret@localhost", "https://u:s3cret@[x"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(desk: Desk, server: str) -> None:
    error = desk.bad_server(IMAGECHAT_SERVER=server, IMAGECHAT_TENANT="t")
    assert isinstance(error, problems.BadServer)
    assert "s3cret" not in error.server
    assert "s3cret" not in str(desk.load(env={"IMAGECHAT_SERVER": server}).mistakes)


@pytest.mark.parametrize("server", ["https://h/\udcff", "https://h\udcff", "https://h/\x01", "https://h\x7f"])
def test_what_cannot_be_printed_is_no_server(desk: Desk, server: str) -> None:
    error = desk.bad_server(IMAGECHAT_SERVER=server, IMAGECHAT_TENANT="t")
    assert isinstance(error, problems.BadServer)


def test_a_server_of_others_needs_a_tenant(desk: Desk) -> None:
    error = desk.refused(IMAGECHAT_SERVER=TEAM)
    assert error.problem == problems.NoTenant()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("a.localhost", True), ("127.0.0.1", True), ("127.1.2.3", True), ("::1", True),
     ("localhost.", False), ("example", False), ("", False), ("::ffff:10.0.0.1", False), ("128.0.0.1", False)],
)  # fmt: skip
def test_what_is_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback


# Secrets

TO_TEAM = {"IMAGECHAT_SERVER": TEAM, "IMAGECHAT_TENANT": "design"}


def test_a_token_comes_from_the_environment_else_from_a_file(desk: Desk) -> None:
    env = TO_TEAM | {"IMAGECHAT_SSO_FILE": str(desk.secret("of-file\n"))}
    assert desk.load(env=env).sso == "of-file"
    assert desk.load(env=env | {"IMAGECHAT_SSO": "of-environment"}).sso == "of-environment"


def test_a_token_is_not_printed(desk: Desk) -> None:
    settings = desk.load(env=TO_TEAM | {"IMAGECHAT_SSO": TOKEN})
    assert settings.sso == TOKEN
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o601, 0o777])
def test_a_secret_that_others_can_reach_is_refused(desk: Desk, mode: int) -> None:
    path = desk.secret(mode=mode)
    with pytest.raises(SettingsError) as caught:
        read_secret(path)
    assert caught.value.problem == problems.SecretReadable(str(path))


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_secret_of_the_owner_alone_is_read(desk: Desk, mode: int) -> None:
    assert read_secret(desk.secret(mode=mode)) == TOKEN


@pytest.mark.parametrize(
    "make",
    [
        lambda desk: desk.root / "nowhere",
        lambda desk: desk.secret(""),
        lambda desk: desk.secret(" \n"),
        lambda desk: desk.user_file / "below-a-file",
    ],
)
def test_a_secret_that_is_not_there_is_missed(desk: Desk, make: Callable[[Desk], Path]) -> None:
    desk.user_file.touch()
    path = make(desk)
    with pytest.raises(SettingsError) as caught:
        read_secret(path)
    assert caught.value.problem == problems.SecretMissing(str(path))


def test_a_secret_may_begin_with_the_mark_of_its_encoding(desk: Desk) -> None:
    path = desk.secret()
    path.write_text(f"{TOKEN}\n", encoding="utf-8-sig")
    path.chmod(0o600)
    assert read_secret(path) == TOKEN


def test_a_secret_that_is_no_text_is_missed_and_not_quoted(desk: Desk) -> None:
    path = desk.secret()
    path.write_bytes(b"s3cret\xff")
    with pytest.raises(SettingsError) as caught:
        read_secret(path)
    assert isinstance(caught.value.problem, problems.SecretMissing)
    assert caught.value.__cause__ is None


def test_no_token_is_read_for_the_local_server(desk: Desk) -> None:
    """It knows its users by the kernel's word; a missing file must not keep anybody from it."""
    desk.user_file.write_text(f'sso_file = "{desk.root}/nowhere"')
    assert desk.load(env={"IMAGECHAT_SSO": TOKEN}).sso == ""


# What a project's file may not do: it comes with pictures, often from others


def test_a_project_may_say_where_its_threads_are(desk: Desk) -> None:
    desk.project_file.write_text(f'server = "{TEAM}"\ntenant = "design"\nproject = "shop"\nglyphs = "half"')
    assert desk.load(allow=["server", "tenant"]) == ClientSettings(
        server=TEAM, tenant="design", glyphs="half"
    )


@pytest.mark.security
@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        (f'server = "{TEAM}"', "server", TEAM),
        ('shared = "/srv/evil"', "shared", "/srv/evil"),
        ("max_megapixels = 5000", "max_megapixels", "5000"),
        ("max_megapixels = 60.5", "max_megapixels", "60.5"),
        ('max_megapixels = "1e4"', "max_megapixels", "1e4"),
    ],
)
def test_what_a_project_asks_for_counts_only_once_it_is_allowed(
    desk: Desk, line: str, key: str, value: str
) -> None:
    desk.project_file.write_text(f'{line}\ntenant = "design"\nglyphs = "half"')
    settings = desk.load()
    file = desk.project_file.resolve()
    if key == "server":
        wishes = (Wish(file, key, value, "design"), Wish(file, "tenant", "design", value))
        assert settings == ClientSettings(glyphs="half", refused=wishes)
    else:
        assert settings == ClientSettings(glyphs="half", tenant="design", refused=(Wish(file, key, value),))
    assert settings.mistakes == ()
    allowed = desk.load(allow=[key, "tenant"])
    assert allowed.refused == ()
    assert allowed.sources[key] == str(desk.project_file)


@pytest.mark.parametrize("line", ["max_megapixels = 60", "max_megapixels = 1", "cell_aspect = 2.5"])
def test_what_costs_nobody_anything_is_not_asked_about(desk: Desk, line: str) -> None:
    desk.project_file.write_text(line)
    settings = desk.load()
    assert settings.refused == ()
    assert settings.sources


def test_every_limit_of_pictures_is_asked_about() -> None:
    assert set(LIMITS) == {key for key in NUMBERS if key.startswith(("max_", "keep_"))}


IMPOSSIBLE = [
    (key, value)
    for key in LIMITS
    for value in ("inf", "nan", "1e5", "1e12", "0", "-1")
    if value != "0" or key not in MAY_BE_NONE
]


@pytest.mark.parametrize(("key", "value"), IMPOSSIBLE)
def test_a_limit_that_cannot_be_is_told_and_not_asked_about(desk: Desk, key: str, value: str) -> None:
    desk.project_file.write_text(f"{key} = {value}")
    settings = desk.load()
    assert (settings.refused, len(settings.mistakes)) == ((), 1)
    assert not settings.sources


@pytest.mark.security
@pytest.mark.parametrize(("key", "value"), IMPOSSIBLE)
@pytest.mark.parametrize("whose", ["variable", "user"])
def test_a_limit_that_cannot_be_overrules_no_question_about_the_projects(
    desk: Desk, whose: str, key: str, value: str
) -> None:
    desk.project_file.write_text(f"{key} = 9000")
    if whose == "user":
        desk.user_file.write_text(f"{key} = {value}")
    settings = desk.load(env={f"IMAGECHAT_{key.upper()}": value} if whose == "variable" else {})
    assert [wish.key for wish in settings.refused] == [key]
    assert getattr(settings, key) == getattr(ClientSettings(), key)
    assert len(settings.mistakes) == 1


def test_only_what_would_count_is_asked_about(desk: Desk) -> None:
    desk.project_file.write_text(f'server = "{TEAM}/"\ntenant = "t"\nshared = "/srv/x"\nmax_megapixels = 90')
    asked: list[str] = []

    def ask(wishes: Sequence[Wish]) -> list[Wish]:
        asked.extend(wish.key for wish in wishes)
        return []

    said: dict[str, object] = {"server": "http://localhost:1", "tenant": "mine", "max_megapixels": "100"}
    load_settings(said, {"IMAGECHAT_SHARED": "/srv/y"}, desk.folders, desk.cwd, ask)
    assert asked == []
    desk.user_file.write_text(f'server = "{TEAM}"\ntenant = "t"\nshared = "/srv/x/"\nmax_megapixels = 100')
    load_settings({}, {}, desk.folders, desk.cwd, ask)
    assert asked == []
    desk.user_file.write_text('server = "https://other.example"\ntenant = "mine"\nmax_megapixels = "odd"')
    settings = load_settings({}, {}, desk.folders, desk.cwd, ask)
    assert asked == ["server", "tenant", "shared", "max_megapixels"]
    assert (settings.server, settings.tenant, settings.shared) == ("https://other.example", "mine", None)
    assert settings.max_megapixels == 60


@pytest.mark.security
@pytest.mark.parametrize("named_by", ["user", "variable", "flag"])
def test_a_project_cannot_choose_a_tenant_unasked(desk: Desk, named_by: str) -> None:
    """A tenant is where words go, on a server that the person named and that gets their token."""
    desk.user_file.write_text(f'server = "{TEAM}"\ntenant = "design"')
    desk.project_file.write_text('tenant = "other"')
    server = TEAM if named_by == "user" else "https://second.example"
    how: dict[str, dict[str, Any]] = {
        "user": {},
        "variable": {"env": {"IMAGECHAT_SERVER": server}},
        "flag": {"flags": {"server": server}},
    }
    settings = desk.load(**how[named_by])
    assert (settings.server, settings.tenant) == (server, "design")
    assert settings.refused == (Wish(desk.project_file.resolve(), "tenant", "other", server),)
    assert desk.load(**how[named_by], allow=["tenant"]).tenant == "other"
    desk.project_file.write_text('tenant = "design"')
    assert desk.load(**how[named_by]).refused == ()  # the person's own
    desk.user_file.write_text(f'server = "{TEAM}"')
    with pytest.raises(SettingsError) as caught:
        desk.load(**how[named_by])
    assert isinstance(caught.value.problem, problems.TenantNotAllowed)


@pytest.mark.security
@pytest.mark.parametrize("allow", [[], ["server"], ["tenant"]])
def test_a_server_and_its_tenant_are_one_place(desk: Desk, allow: list[str]) -> None:
    desk.user_file.write_text('server = "https://mine.example"\ntenant = "mine"')
    desk.project_file.write_text(f'server = "{TEAM}"\ntenant = "other"')
    settings = desk.load(allow=allow)
    assert (settings.server, settings.tenant) == ("https://mine.example", "mine")


@pytest.mark.security
@pytest.mark.parametrize(
    ("own", "asked_for", "same"),
    [
        ("/srv/x", "/srv/x/", True),
        ("/srv/x", " /srv/x", False),
        ("/srv/x", "/srv/x ", False),
        ("~/x", "~/./x", True),
        ("", "/", False),
    ],
)
def test_a_shared_folder_is_compared_as_it_is_used(desk: Desk, own: str, asked_for: str, same: bool) -> None:
    desk.user_file.write_text(f'shared = "{own}"')
    desk.project_file.write_text(f'shared = "{asked_for}"')
    assert (desk.load().refused == ()) is same


@pytest.mark.security
def test_a_project_cannot_send_a_team_to_the_local_server_unasked(desk: Desk) -> None:
    desk.user_file.write_text(f'server = "{TEAM}"\ntenant = "design"')
    desk.project_file.write_text('server = ""')
    assert desk.load().server == TEAM
    assert desk.load(allow=["server"]).server == ""


@pytest.mark.security
def test_what_others_strew_into_a_folder_open_to_all_is_no_project(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.project / ".git").rmdir()
    desk.project_file.write_text('glyphs = "half"')
    assert project_root(desk.cwd) == desk.project
    desk.project.chmod(0o1777)
    assert project_root(desk.cwd) == desk.project
    seen = Path.lstat
    monkeypatch.setattr(Path, "lstat", lambda path: SimpleNamespace(st_uid=seen(path).st_uid + 4711))
    assert project_root(desk.cwd) is None
    desk.project.chmod(0o775)  # a group's folder: they work there together
    assert project_root(desk.cwd) == desk.project


# Files that are none


def hostile(path: Path, kind: str) -> None:
    match kind:
        case "endless":
            path.symlink_to("/dev/zero")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "loop":
            path.symlink_to(path.name)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(path))
        case "large":
            path.write_bytes(b"# " + b"x" * (64 << 10))
        case "no text":
            path.write_bytes(b"\xff\xfe")
        case "deep":
            path.write_text("glyphs = " + "[" * 5000 + "]" * 5000)
        case "dotted":
            path.write_text("a." * 30_000 + "a = 1")
        case "digits":
            path.write_text("max_megapixels = " + "9" * 60_000)
        case "hex":
            path.write_text("max_megapixels = 0x" + "f" * 60_000)
        case "long":
            path.write_text(f'glyphs = "{"x" * 60_000}"')
        case "many":
            path.write_text("\n".join(f"a{number} = 1" for number in range(5_000)))
        case "NUL":
            path.write_bytes(b"glyphs = '\0'")


HOSTILE = ("endless", "pipe", "folder", "loop", "socket", "large", "no text", "deep", "dotted", "digits", "hex",
           "long", "many", "NUL")  # fmt: skip


@pytest.mark.security
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("whose", ["project", "user"])
def test_a_file_that_is_no_settings_file_is_told_in_few_words_and_skipped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str, whose: str
) -> None:
    path = desk.project_file if whose == "project" else desk.user_file
    monkeypatch.chdir(path.parent)  # a socket's name is short
    hostile(Path(path.name), kind)
    began = time.process_time()
    settings = desk.load(env={"IMAGECHAT_THEME": "light"})
    assert time.process_time() - began < 2
    assert settings == ClientSettings(theme="light", mistakes=settings.mistakes)
    assert (whose == "project" and kind == "loop") or 1 <= len(settings.mistakes) <= 6
    assert all(str(path) in told and len(told) < 600 for told in said(settings))
    assert project_name(desk.project) == ""


def test_a_settings_file_may_be_a_link_and_as_large_as_it_is_allowed(desk: Desk) -> None:
    real = desk.root / "dotfiles.toml"
    real.write_bytes(b'glyphs = "half"\n'.ljust(64 << 10, b"#"))
    desk.user_file.symlink_to(real)
    assert desk.load() == ClientSettings(glyphs="half")


@pytest.mark.security
@pytest.mark.parametrize("key", ["sso_file", "ca_file"])
def test_a_project_cannot_choose_secrets_or_whom_to_trust(desk: Desk, key: str) -> None:
    desk.project_file.write_text(f'server = "{TEAM}"\ntenant = "t"\n{key} = "{desk.secret()}"')
    settings = desk.load()
    assert (settings.sso, settings.ca_file) == ("", None)
    assert f"not the place for {key!r}" in said(settings)[0]


@pytest.mark.security
def test_a_token_does_not_go_where_only_a_project_sends_it(desk: Desk) -> None:
    desk.project_file.write_text('server = "https://evil.example"\ntenant = "design"')
    for env in ({"IMAGECHAT_SSO": TOKEN}, {"IMAGECHAT_SSO_FILE": str(desk.secret())}):
        settings = desk.load(env=env, allow=["server", "tenant"])
        assert (settings.server, settings.sso) == ("https://evil.example", "")
        (mistake,) = said(settings)
        assert "https://evil.example" in mistake
        assert "s3cret" not in mistake


def test_a_token_goes_to_a_server_that_the_person_named_too(desk: Desk) -> None:
    desk.project_file.write_text(f'server = "{TEAM}/"\ntenant = "design"')
    token = {"IMAGECHAT_SSO": TOKEN}
    yes = ["tenant"]
    assert desk.load(env=token | {"IMAGECHAT_SERVER": TEAM}, allow=yes).sso == TOKEN
    assert desk.load(env=token, flags={"server": TEAM}, allow=yes).sso == TOKEN
    desk.user_file.write_text(f'server = "{TEAM}"')
    assert desk.load(env=token, allow=yes) == ClientSettings(server=TEAM, tenant="design", sso=TOKEN)


def test_only_the_nearest_project_counts(desk: Desk) -> None:
    (desk.root / PROJECT_FILE).write_text('glyphs = "ascii"')
    assert desk.load().glyphs == "ascii"  # a settings file further up before a .git further down
    desk.project_file.write_text('glyphs = "half"')
    assert desk.load().glyphs == "half"


# Projects


def test_a_project_can_have_a_name_of_its_own(desk: Desk) -> None:
    desk.project_file.write_text('project = "web-shop"')
    assert project_name(desk.project) == "web-shop"
    longest = "x" * MAX_PROJECT_NAME
    desk.project_file.write_text(f'project = "{longest}"')
    assert project_name(desk.project) == longest
    desk.project_file.write_text(f'project = "{longest}x"')
    (told,) = said(desk.load())
    assert "project must be a name of at most 200 characters" in told
    for unnamed in (f'project = "{longest}x"', "", 'project = ""', "project = []", "not toml"):
        desk.project_file.write_text(unnamed)
        assert project_name(desk.project) == ""


def test_a_tilde_that_is_nobody_is_a_name(desk: Desk) -> None:
    desk.user_file.write_text('shared = "~nobody-of-this-name/x"')
    assert desk.load().shared == Path("~nobody-of-this-name/x")


@pytest.mark.parametrize(
    ("image", "address"),
    [
        ("https://e.org/a.png", True),
        ("http://e.org", True),
        ("a.png", False),
        ("ftp://e.org/a", False),
        ("-", False),
    ],
)
def test_what_is_an_address(image: str, address: bool) -> None:
    assert is_url(image) == address
