"""What the doctor finds in the terminal, and says of it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from msgspec.structs import replace

from imagechat_tui.cli.doctor import (
    client_finding,
    colors_finding,
    folder_findings,
    glyphs_finding,
    graphics_finding,
    kept_findings,
    server_findings,
    sign_in_finding,
    terminal_findings,
    way_finding,
    width_finding,
)
from imagechat_tui.cli.tmux_client import client_in
from imagechat_tui.net.kept_pictures import KeptPictures
from imagechat_tui.raster.ambiguous_width import Drawn
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.graphics import Graphics, begun
from imagechat_tui.settings import ClientSettings, Folders


@pytest.mark.parametrize(
    ("environ", "told", "setting", "found", "remedy"),
    [
        ({"TERM": "screen", "STY": "1", "COLORTERM": "truecolor"}, 8, "auto", "256: GNU screen", "screen 5"),
        (
            {"TERM": "screen", "STY": "1"},
            8,
            "auto",
            "256: GNU screen",
            "start screen with TERM=xterm-256color",
        ),
        ({"TERM": "screen", "STY": "1"}, 8, "truecolor", "truecolor: the setting", ""),
        ({"TERM": "vt220"}, 0, "auto", "none, by terminfo for TERM=vt220", "export TERM="),
        ({}, None, "auto", "none: TERM=(not set)", "export TERM="),
        ({"TERM": "xterm"}, 8, "auto", "16, by terminfo for TERM=xterm", "export TERM="),
        ({"TERM": "foot", "NO_COLOR": "1"}, None, "auto", "none: NO_COLOR is set", ""),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, 8, "auto", "truecolor: COLORTERM=truecolor", ""),
    ],
)
def test_the_colours_are_told_with_their_reason(
    environ: dict[str, str], told: int | None, setting: str, found: str, remedy: str
) -> None:
    finding = colors_finding(ClientSettings(colors=setting), environ, told)
    assert finding.ok
    assert found in finding.found
    assert remedy in finding.remedy if remedy else not finding.remedy


ASKED = Graphics("auto", "cells", (9, 18), "XTerm(379)", "lacking", ColorDepth.PALETTE, asks_color=True)


@pytest.mark.parametrize(
    ("graphics", "env", "found", "remedy"),
    [
        (replace(ASKED, depth=ColorDepth.TRUECOLOR, asks_color=False), {}, "truecolor: asked for a true colour", ""),
        (ASKED, {}, "256: TERM=xterm-256color; asked for true colours, the terminal does not tell of any", "--colors"),
        (ASKED, {"SSH_TTY": "/dev/pts/1"}, "does not tell of any", "AcceptEnv COLORTERM"),
        (replace(ASKED, asks_color=False), {}, "256: TERM=xterm-256color", ""),
    ],
)  # fmt: skip
def test_what_the_terminal_said_of_true_colours_is_told(
    graphics: Graphics, env: dict[str, str], found: str, remedy: str
) -> None:
    finding = colors_finding(ClientSettings(), {"TERM": "xterm-256color", **env}, 256, graphics)
    assert finding.ok
    assert found in finding.found
    assert remedy in finding.remedy if remedy else not finding.remedy
    assert ("AcceptEnv" in finding.remedy) is ("SSH_TTY" in env)


PIXELS = Graphics("auto", "pixels", (9, 18), "kitty(0.41.1)")
IN_SCREEN = Graphics("auto", "cells", (9, 18), fault="between")


@pytest.mark.parametrize(
    ("environ", "setting", "graphics", "ok", "found", "remedy"),
    [
        ({"TERM": "screen", "STY": "1"}, "truecolor", replace(IN_SCREEN, depth=ColorDepth.PALETTE), False,
         "256: GNU screen before 5.0 takes true colours for underlines", "--colors auto"),
        ({"TERM": "screen", "STY": "1"}, "truecolor", IN_SCREEN, True, "truecolor: the setting says so", ""),
        ({"TERM": "linux"}, "truecolor", IN_SCREEN, False, "truecolor: TERM=linux says", "--colors auto"),
        ({"TERM": "vt220"}, "16", replace(IN_SCREEN, depth=ColorDepth.ANSI), False, "16: TERM=vt220", "--colors auto"),
        ({"TERM": "xterm"}, "truecolor", IN_SCREEN, True, "truecolor: the setting says so", ""),
    ],
)  # fmt: skip
def test_colours_that_were_chosen_and_are_lacking_are_told(
    environ: dict[str, str], setting: str, graphics: Graphics, ok: bool, found: str, remedy: str
) -> None:
    told = 0 if environ["TERM"] == "vt220" else 8
    finding = colors_finding(ClientSettings(colors=setting), environ, told, graphics)
    assert finding.ok is ok
    assert found in finding.found
    assert remedy in finding.remedy if remedy else not finding.remedy


XTERM = Graphics("auto", "cells", (9, 18), "XTerm(379)", "lacking")
OF_XTERM = {"TERM": "xterm", "XTERM_VERSION": "XTerm(379)"}
UNASKED = begun("off", OF_XTERM, ColorDepth.PALETTE, (9, 18))
ON_CONSOLE = Graphics("auto", "cells", (9, 18), fault="plain", depth=ColorDepth.ANSI)


@pytest.mark.parametrize(
    ("environ", "setting", "graphics", "how", "ok", "found"),
    [
        ({"TERM": "xterm"}, "auto", XTERM, {}, True, "quadrant: right in every terminal tried; that XTerm(379) draws"),
        ({"TERM": "alacritty"}, "auto", None, {}, True, "quadrant: right in every terminal tried; that this one draws"),
        ({"TERM": "xterm"}, "auto", XTERM, {"signs": "wide"}, True, "ascii: signs are two cells wide"),
        ({"TERM": "xterm"}, "auto", XTERM, {"signs": "bytes"}, True, "ascii: the terminal takes no UTF-8"),
        ({"TERM": "tmux", "TMUX": "x"}, "auto", IN_SCREEN, {"signs": "bytes"}, True, "ascii: the terminal takes no"),
        ({"TERM": "tmux", "TMUX": "x"}, "auto", IN_SCREEN, {}, True, "quadrant: tmux stands between"),
        ({"TERM": "screen", "STY": "1"}, "auto", IN_SCREEN, {}, True, "quadrant: GNU screen stands between"),
        ({"TERM": "screen"}, "auto", IN_SCREEN, {}, True, "quadrant: tmux or screen stands between"),
        ({"TERM": "vt220"}, "auto", None, {}, True, "ascii: TERM=vt220 names"),
        ({"TERM": "linux"}, "auto", None, {}, True, "half: the console's fonts"),
        ({"TERM": "linux"}, "auto", ON_CONSOLE, {}, True, "half: the console's fonts"),
        ({"TERM": "foot"}, "auto", None, {}, True, "sextant: TERM=foot names"),
        ({"TERM": "xterm", "VTE_VERSION": "8001"}, "auto", None, {}, True, "octant: a variable of the terminal"),
        ({"TERM": "xterm-kitty"}, "auto", PIXELS, {}, True, "octant: kitty(0.41.1) draws them"),
        ({"TERM": "xterm"}, "octant", XTERM, {"width": 1}, False, "octant: XTerm(379) has only what its font has"),
        ({"TERM": "tmux", "TMUX": "x"}, "octant", IN_SCREEN, {"width": 0}, False, "quadrant: Here octants are not one"),
        ({"TERM": "tmux", "TMUX": "x"}, "octant", IN_SCREEN, {"width": 1}, True, "octant: the setting says so"),
        ({"TERM": "xterm-kitty"}, "octant", PIXELS, {}, True, "octant: the setting says so"),
        ({"TERM": "xterm"}, "octant", None, {}, True, "octant: the setting says so"),
        (OF_XTERM, "sextant", UNASKED, {}, False, "sextant: XTerm(379) has only what its font has"),
    ],
)  # fmt: skip
def test_the_glyphs_are_told_with_their_reason(
    environ: dict[str, str],
    setting: str,
    graphics: Graphics | None,
    how: dict[str, Any],
    ok: bool,
    found: str,
) -> None:
    finding = glyphs_finding(ClientSettings(glyphs=setting), environ, graphics, **how)
    assert finding.ok is ok
    assert found in finding.found
    assert ("--glyphs auto" in finding.remedy) is not ok


@pytest.mark.parametrize("graphics", [ASKED, None])
def test_without_a_terminal_nothing_is_wrong(graphics: Graphics | None) -> None:
    found = {item.subject: item for item in terminal_findings(ClientSettings(), {}, graphics)}
    assert found["terminal"].ok
    assert not found["terminal"].remedy
    assert ("none here" in found["terminal"].found) is (graphics is None)


@pytest.mark.parametrize(
    ("told", "ok", "found", "remedy"),
    [
        ("1 xterm-kitty 256,RGB", True, "xterm-kitty: takes UTF-8", ""),
        ("1 xterm 256,mouse", True, "fewer colours", '",xterm:RGB"'),
        ("1 xterm", True, "xterm: takes UTF-8", ""),
        ("1 xterm-kitty title /dev/pts/3\nTerminal 0: xterm-kitty for /dev/pts/3, flags=0x30:\n 223: Tc: (flag) true\n",
         True, "xterm-kitty: takes UTF-8", ""),
        ("0 xterm 256,RGB", False, "all is drawn in ASCII", "tmux -u"),
    ],
)  # fmt: skip
def test_what_tmux_says_of_the_terminal_round_it_is_told(
    told: str, ok: bool, found: str, remedy: str
) -> None:
    client = client_in(told)
    assert client is not None
    finding = client_finding(client)
    assert finding.ok is ok
    assert found in finding.found
    assert remedy in finding.remedy if remedy else not finding.remedy


@pytest.mark.parametrize(
    ("signs", "ok", "found", "remedy"),
    [
        (None, True, "does not answer", ""),
        ("narrow", True, "one cell", ""),
        ("wide", True, "two cells, so all is drawn in ASCII", "ambiguous width to narrow"),
        ("bytes", False, "takes no UTF-8", "xterm -u8"),
    ],
)
def test_how_signs_are_drawn_is_told(signs: Drawn | None, ok: bool, found: str, remedy: str) -> None:
    finding = width_finding(signs)
    assert (finding.ok, found in finding.found, remedy in finding.remedy) == (ok, True, True)


def test_the_way_to_the_terminal_is_told() -> None:
    finding = way_finding(0.2104)
    assert finding.ok
    assert finding.found == "210 ms there and back"


def test_without_a_home_both_folders_are_missed_and_the_variables_named() -> None:
    findings = list(folder_findings(Folders(None, None, None)))
    assert [item.ok for item in findings] == [False, False]
    assert "XDG_DATA_HOME" in findings[0].remedy
    assert "XDG_STATE_HOME" in findings[1].remedy


@pytest.mark.parametrize(
    ("graphics", "ok", "found", "remedy"),
    [
        (PIXELS, True, "pixels: it says of itself kitty(0.41.1), takes a picture, and has 9 × 18 pixels a cell", ""),
        (PIXELS.without("off"), True, "cells: The setting graphics says off (it was not asked)", ""),
        (replace(PIXELS, terminal="").without("colors"), True, "fewer (it was not asked)", "--colors truecolor"),
        (PIXELS.without("colors"), True, "fewer (asked for its name)", "--colors truecolor"),
        (PIXELS.without("old"), True, "cells: kitty(0.41.1) is too old for pixels (asked for its name)", ""),
        (replace(PIXELS, choice="kitty").without("between"), False, "pass pictures on (it was not asked)", "outside"),
        (PIXELS.without("doubled"), True, "cells: The terminal answers twice", "attach one alone"),
        (PIXELS.without("unknown"), True, "Nothing is known of kitty(0.41.1)", "--graphics kitty"),
        (replace(PIXELS, terminal="").without("silent"), True, "has not answered (asked for its name)", ""),
    ],
)  # fmt: skip
def test_what_the_terminal_said_of_pixels_is_told_and_what_was_chosen(
    graphics: Graphics, ok: bool, found: str, remedy: str
) -> None:
    finding = graphics_finding(graphics)
    assert finding.ok is ok
    assert found in finding.found
    assert remedy in finding.remedy if remedy else not finding.remedy


TEAM = ClientSettings(server="https://review.example", tenant="design")
SIGNED = ClientSettings(server=TEAM.server, tenant="design", sso="t0ken", sources={"sso": "IMAGECHAT_SSO"})


def test_a_ban_is_no_token_that_lets_one_read() -> None:
    finding = sign_in_finding(SIGNED, read_only=True, banned_until_ms=1_798_110_900_000)
    assert not finding.ok
    assert re.fullmatch(r"You are banned until 2026-12-2\d \d\d:\d\d; you may read on", finding.found)
    assert finding.remedy == "ask whoever runs the server"


@pytest.mark.parametrize(
    ("settings", "refused", "read_only", "ok", "said"),
    [
        (TEAM, "Who are you?", False, False, "no token, and may not even read"),
        (TEAM, "", True, False, "no token: you may only read"),
        (TEAM, "", False, True, "no token is needed"),
        (SIGNED, "Its time is over.", False, False, "(IMAGECHAT_SSO) is refused: Its time is over."),
        (SIGNED, "", True, True, "only read"),
        (SIGNED, "", False, True, "lets you read and write"),
    ],
)
def test_a_token_that_is_missing_is_missed(
    settings: ClientSettings, refused: str, read_only: bool, ok: bool, said: str
) -> None:
    finding = sign_in_finding(settings, refused=refused, read_only=read_only)
    assert finding.ok is ok
    assert said in finding.found
    assert bool(finding.remedy) is not ok
    assert "t0ken" not in f"{finding}"
    assert "imagechat token" not in finding.remedy  # that is for whoever runs the server


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short directory: the paths of Unix sockets are."""
    with TemporaryDirectory(prefix="ic") as directory:
        monkeypatch.setenv("XDG_RUNTIME_DIR", directory)
        yield Path(directory)


@pytest.mark.parametrize("shared", [True, False])
async def test_looking_starts_no_server_and_makes_no_file(home: Path, shared: bool) -> None:
    team = home / "team"
    team.mkdir()
    team.chmod(0o2750)
    settings = ClientSettings(shared=team if shared else None)
    folders = Folders(home / "config", home / "data", home / "state")
    findings = await server_findings(settings, folders)
    assert [item.subject for item in findings] == ["shared folder"] * shared + ["local server"]
    assert all(item.ok for item in findings)
    assert findings[-1].found == "not running; it is started on demand"
    assert os.listdir(home) == ["team"]  # noqa: PTH208 (no I/O that blocks)
    assert os.listdir(team) == []  # noqa: PTH208


def test_how_much_is_kept_of_pictures_is_told_and_nothing_is_made_for_it(home: Path) -> None:
    folders = Folders(home / "config", home / "data", home / "state", home / "cache")

    def found(keep: float = 500.0) -> tuple[bool, str]:
        (finding,) = kept_findings(ClientSettings(keep_pictures=keep), folders)
        return finding.ok, finding.found

    folder = home / "cache" / "pictures"
    assert found() == (True, f"0.0 of 500 MB in {folder}")
    assert not folder.parent.exists()
    KeptPictures(folder, 10_000_000).keep("1" * 64, bytes(1_500_000))
    assert found() == (True, f"1.5 of 500 MB in {folder}")
    assert found(0.0)[1].startswith("none, as keep_pictures says")
    folder.chmod(0o755)
    assert found() == (False, f"none: {folder} is no folder of yours alone")
    (homeless,) = kept_findings(ClientSettings(), Folders(None, None, None))
    assert (homeless.ok, homeless.found) == (True, "none: there is no home for them")


@pytest.mark.parametrize(
    ("spoil", "remedy"),
    [
        (lambda folder: folder.chmod(0o755), "chmod 700 '{folder}'"),
        (lambda folder: folder.rename(folder.with_name("there")) and folder.symlink_to("there"),
         "put a folder where that link is: links are not followed here"),
        (lambda folder: folder.rmdir() or folder.write_text(""), "move {folder} away"),
    ],
    ids=["open to others", "link", "file"],
)  # fmt: skip
def test_what_makes_a_folder_for_pictures_ones_own_again_is_said(
    home: Path, spoil: Callable[[Path], object], remedy: str
) -> None:
    folder = home / "a cache" / "pictures"
    folder.mkdir(parents=True, mode=0o700)
    spoil(folder)
    folders = Folders(home / "config", home / "data", home / "state", home / "a cache")
    (finding,) = kept_findings(ClientSettings(), folders)
    assert (finding.ok, finding.remedy) == (False, remedy.format(folder=folder))


async def test_a_shared_folder_that_is_not_there_is_to_be_made(home: Path) -> None:
    folders = Folders(home / "config", home / "data", home / "state")
    (finding,) = await server_findings(ClientSettings(shared=home / "nope"), folders)
    assert not finding.ok
    assert f"mkdir -m 2750 {home}/nope" in finding.remedy
    assert "chmod" not in finding.remedy
    assert os.listdir(home) == []  # noqa: PTH208


async def test_a_shared_folder_open_to_others_is_told_though_nothing_runs(home: Path) -> None:
    home.joinpath("team").mkdir()
    home.joinpath("team").chmod(0o2777)
    folders = Folders(home / "config", home / "data", home / "state")
    (finding,) = await server_findings(ClientSettings(shared=home / "team"), folders)
    assert not finding.ok
    assert f"chmod 2750 {home}/team" in finding.remedy


async def test_a_server_that_does_not_answer_may_be_one_to_be_started(home: Path) -> None:
    folders = Folders(home / "config", home / "data", home / "state")
    silent = ClientSettings(server="http://127.0.0.1:1", tenant="design")
    (finding,) = await server_findings(silent, folders)
    assert not finding.ok
    assert finding.remedy == "check the address, or start one with imagechat serve"
