"""A terminal is asked whether it takes pictures in pixels; whenever and however it answers, keys stay keys."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imagechat_tui.raster.graphics import ASK, ASK_COLOR, TRY
from imagechat_tui.raster.kitty import PLACEHOLDER
from tests.terminal import Terminal
from tests.tui.picture_app import REST

pytestmark = pytest.mark.pty

APC = b"\x1b_"
FENCE = "\x1b[?62;c"
KITTY = {
    ASK.encode(): f"\x1bP>|kitty(0.41.1)\x1b\\\x1b[6;12;6t{FENCE}",
    TRY.encode(): f"\x1b_Gi=6881281;OK\x1b\\{FENCE}",
    b"\x1b[5n": "\x1b[0n",
}

Start = Callable[..., Terminal]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the app in a terminal that answers so."""
    opened: list[Terminal] = []

    def begin(answers: dict[bytes, str], **variables: str) -> Terminal:
        env = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("TEXTUAL", "COV", "NO_COLOR", "TMUX", "STY", "ZELLIJ", "IMAGECHAT"))
        }
        env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", **variables}
        program = [sys.executable, "-m", "tests.tui.picture_app", "none", "3", "asks"]
        terminal = Terminal(program, env=env, cwd=Path(__file__).parents[2], fork=True)
        terminal.answers = answers
        opened.append(terminal)
        terminal.shows("▐3▌")
        rest(terminal)
        return terminal

    yield begin
    for terminal in opened:
        terminal.close()


def rest(terminal: Terminal) -> None:
    before = len(terminal.raw)
    terminal.press(REST)
    terminal.wait_for(lambda: terminal.raw.find(b"\x1b]2;at rest\x07", before) >= 0, what="rest")


def in_pixels(terminal: Terminal) -> bool:
    return PLACEHOLDER.encode() in terminal.raw


def test_kitty_gets_pixels_at_once_and_is_left_without_them(start: Start) -> None:
    terminal = start(KITTY)
    terminal.wait_for(lambda: in_pixels(terminal), what="pixels")
    raw = bytes(terminal.raw)
    assert raw.count(ASK.encode()) == raw.count(TRY.encode()) == 1
    first = raw.index(b"\x1b_Ga=t,")
    last = raw.index(b"m=0", first)
    assert raw.index(TRY.encode()) < first < last < raw.index(PLACEHOLDER.encode())
    terminal.press("ctrl+q")
    assert terminal.exit_code() == 0
    assert b"\x1b_Ga=d,d=I," in terminal.raw[last:]


DEPTHS = {b"8;2;": "true", b"8;5;": "256"}
UNTOLD = {"COLORTERM": "", "TEXTUAL_COLOR_SYSTEM": "truecolor"}
"""As over SSH; `cli` tells Textual of true colours where the terminal is asked for them."""


def depths(raw: bytes | bytearray) -> set[str]:
    return {depth for code, depth in DEPTHS.items() if re.search(rb"\x1b\[[0-9;]*" + code, raw)}


def test_true_colours_come_when_the_terminal_tells_of_them_while_a_comment_is_written(start: Start) -> None:
    terminal = start({}, **UNTOLD)
    first = bytes(terminal.raw).replace(ASK_COLOR.encode(), b"")
    assert len(first) < len(terminal.raw)
    assert depths(first) == {"256"}
    terminal.press("c")
    terminal.shows("WRITING")
    rest(terminal)
    before = len(terminal.raw)
    terminal.send("la\x1bP1$r0;38:")
    terminal.send("2::1:2:3m\x1b\\\x1b[?64;1;")
    terminal.send("2cte")
    terminal.wait_for(lambda: "true" in depths(terminal.raw[before:]), what="true colours")
    rest(terminal)
    assert any("late" in line for line in terminal.lines)
    before = len(terminal.raw)
    terminal.press("ctrl+l")
    rest(terminal)
    assert depths(terminal.raw[before:]) == {"true"}
    assert "Drawn in" not in terminal.text


def test_a_terminal_that_tells_of_no_true_colours_gets_256_and_that_is_said(start: Start) -> None:
    terminal = start({}, IMAGECHAT_GRAPHICS="off", **UNTOLD)
    before = len(terminal.raw)
    terminal.send(FENCE)
    terminal.shows("Drawn in 256 colours")
    terminal.press("?")
    terminal.shows("Type to search")
    rest(terminal)
    assert depths(terminal.raw[before:]) == {"256"}


def test_answers_in_the_midst_of_a_comment_are_not_typed(start: Start) -> None:
    terminal = start({})
    assert APC not in terminal.raw
    terminal.press("c")
    terminal.shows("WRITING")
    terminal.answers = {TRY.encode(): KITTY[TRY.encode()], b"\x1b[5n": "\x1b[0n"}
    late = KITTY[ASK.encode()]
    terminal.send(f"la{late[:9]}")
    terminal.send(f"{late[9:-4]}")
    terminal.send(f"{late[-4:]}te")
    terminal.wait_for(lambda: in_pixels(terminal), what="pixels")
    rest(terminal)
    assert any("late" in line for line in terminal.lines)
    assert "kitty" not in terminal.text


@pytest.mark.parametrize(
    ("says", "choice"),
    [
        (f"\x1bP>|Konsole 25.04.2\x1b\\\x1b[6;18;9t{FENCE}\x1b_Gi=6881281;OK\x1b\\", "auto"),
        ("\x1bP>|tmux 3.5a\x1b\\\x1b[?1;2;4c", "kitty"),
    ],
)
def test_who_is_not_known_to_have_placeholders_is_never_sent_graphics(
    start: Start, says: str, choice: str
) -> None:
    terminal = start({}, IMAGECHAT_GRAPHICS=choice)
    terminal.send(says)
    rest(terminal)
    terminal.press("+", "l", "ctrl+l")
    rest(terminal)
    # Who wished for pixels is told why there are none.
    if "Konsole" in says:  # and who names itself is drawn in as sharp as it draws
        assert any("\U0001fb00" <= sign <= "\U0001fb3b" for sign in terminal.text)
    assert ("tmux 3.5a has no placeholders" in " ".join(terminal.text.split())) == (choice == "kitty")
    terminal.press("ctrl+q")
    assert terminal.exit_code() == 0
    assert APC not in terminal.raw


def test_who_leaves_before_the_terminal_has_answered_finds_no_answer_in_the_shell(start: Start) -> None:
    terminal = start({})
    terminal.press("ctrl+q")
    before = len(terminal.raw)
    terminal.wait_for(lambda: b"\x1b[?1000l" in terminal.raw[before:], what="the app to leave")
    terminal.send(KITTY[ASK.encode()])
    assert terminal.exit_code() == 0
    shell = os.open(terminal.slave_name, os.O_RDWR | os.O_NOCTTY)
    try:
        waiting = fcntl.ioctl(shell, termios.FIONREAD, bytes(4))
    finally:
        os.close(shell)
    assert struct.unpack("i", waiting) == (0,)
    assert b"kitty" not in terminal.raw
    assert APC not in terminal.raw
