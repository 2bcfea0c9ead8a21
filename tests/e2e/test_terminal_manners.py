"""Whatever ends the program, the terminal is handed back as it was found."""

from __future__ import annotations

import os
import signal
import sys
import termios
from pathlib import Path

import pytest

from tests.e2e.conftest import IMAGECHAT, Desk, place_marker
from tests.terminal import Terminal, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.pty]

ENTER_ALTERNATE, LEAVE_ALTERNATE = b"\x1b[?1049h", b"\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = b"\x1b[?25l", b"\x1b[?25h"
MOUSE_MODES = (b"1000", b"1002", b"1003", b"1006")


def restored(terminal: Terminal) -> bool:
    """Main screen, cursor on, mouse off, line discipline as before."""
    raw = bytes(terminal.raw)
    main_screen = raw.rfind(LEAVE_ALTERNATE) > raw.rfind(ENTER_ALTERNATE) >= 0
    cursor = raw.rfind(SHOW_CURSOR) > raw.rfind(HIDE_CURSOR)
    mouse = all(
        raw.rfind(b"\x1b[?" + mode + b"l") >= raw.rfind(b"\x1b[?" + mode + b"h") for mode in MOUSE_MODES
    )
    flags = termios.tcgetattr(terminal.master)[3]
    line_mode = bool(flags & termios.ECHO) and bool(flags & termios.ICANON)
    return main_screen and cursor and mouse and line_mode


def opened(desk: Desk) -> Terminal:
    terminal = desk.terminal("shot.png")
    terminal.shows("LIVE")
    return terminal


def test_quit_hands_the_terminal_back(desk: Desk) -> None:
    terminal = opened(desk)
    terminal.press("q")
    assert terminal.exit_code() == 0
    assert restored(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_hands_the_terminal_back_and_keeps_what_was_typed(
    desk: Desk, number: signal.Signals
) -> None:
    terminal = opened(desk)
    terminal.send("cunsent words")
    terminal.shows("unsent words")
    terminal.process.send_signal(number)
    assert terminal.exit_code(within_s=3) != 0
    assert restored(terminal)
    drafts = "".join(path.read_text() for path in (desk.root / "state").rglob("*draft*") if path.is_file())
    drafts += "".join(path.read_text() for path in (desk.root / "state").rglob("*.json"))
    assert "unsent words" in drafts
    again = opened(desk)
    again.shows("draft")


def test_a_lost_terminal_ends_the_process(desk: Desk) -> None:
    terminal = opened(desk)
    terminal.hang_up()
    wait_for(lambda: terminal.process.poll() is not None, within_s=3, what="the process to end")
    assert terminal.process.returncode == 128 + signal.SIGHUP


def test_the_terminal_goes_with_hangups_ignored(desk: Desk) -> None:
    """``nohup`` and some launchers ignore SIGHUP; a Textual app then spins for ever (measured)."""
    import sys

    ignoring = (
        "import signal, runpy, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "sys.argv = ['imagechat', 'shot.png']; runpy.run_module('imagechat_tui', run_name='__main__')"
    )
    terminal = Terminal([sys.executable, "-c", ignoring], env=desk.env, cwd=desk.root)
    with terminal:
        terminal.shows("LIVE")
        terminal.hang_up()
        wait_for(lambda: terminal.process.poll() is not None, within_s=5, what="the process to end")
        assert terminal.process.returncode == 128 + signal.SIGHUP


SHELL = """
import os, signal, sys
job = os.fork()
if not job:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]))
"""
"""What a shell does for a program: a process group of its own, in the foreground."""


def test_a_suspended_program_leaves_the_terminal_as_it_was(desk: Desk) -> None:
    terminal = desk.command(sys.executable, "-c", SHELL, *IMAGECHAT, "shot.png")
    terminal.shows("LIVE")
    shell = terminal.process.pid
    job = int(Path(f"/proc/{shell}/task/{shell}/children").read_text())
    terminal.send("ckept")
    terminal.shows("kept")
    terminal.send("\x1a")
    state = Path(f"/proc/{job}/stat")
    wait_for(lambda: state.read_text().rsplit(")", 1)[1].split()[0] == "T", within_s=10, what="it to stop")
    terminal.wait_for(lambda: restored(terminal), what="what it wrote last")
    assert termios.tcgetattr(terminal.master) == terminal.attributes
    os.kill(job, signal.SIGCONT)
    before = len(terminal.raw)
    wait_for(lambda: ENTER_ALTERNATE in terminal.raw[before:], within_s=10, what="the screen to come back")
    terminal.send(" on\r")
    terminal.shows("kept on", "1 marker")


def test_a_program_that_no_shell_could_resume_is_not_suspended(desk: Desk) -> None:
    """As behind ``ssh -t host imagechat shot.png``: it would be stopped for ever, and the terminal with it."""
    terminal = opened(desk)
    terminal.send("ckept\x1a on\r")
    terminal.shows("Not suspended", "kept on", "1 marker")
    terminal.press("ctrl+q")
    assert terminal.exit_code() == 0


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
@pytest.mark.parametrize("keys", ["", "ckept", "?"])
def test_a_program_that_goes_on_paints_its_whole_screen(
    desk: Desk, keys: str, number: signal.Signals
) -> None:
    """The terminal has an empty screen for it; which keys were pressed before does not matter."""
    terminal = opened(desk)
    terminal.send(keys)
    terminal.shows({"": "No markers yet", "ckept": "kept", "?": "Type to search"}[keys])
    terminal.quiet()
    terminal.press("ctrl+l")  # what is compared is the screen painted anew
    terminal.quiet()
    shown = terminal.lines[:-1]  # the last one has the measured round trip
    terminal.process.send_signal(number)
    state = Path(f"/proc/{terminal.process.pid}/stat")
    wait_for(lambda: state.read_text().rsplit(")", 1)[1].split()[0] == "T", within_s=10, what="it to stop")
    terminal.quiet()
    terminal.screen.reset()
    terminal.process.send_signal(signal.SIGCONT)
    wait_for(lambda: terminal.lines[:-1] == shown, within_s=10, what="the screen to be painted")
    terminal.press("esc", "q") if keys != "ckept" else terminal.press("ctrl+q")
    assert terminal.exit_code() == 0
    assert restored(terminal)


def test_text_that_was_sent_leaves_no_draft(desk: Desk) -> None:
    terminal = opened(desk)
    place_marker(terminal, "sent words", "l")
    terminal.shows("1 marker")
    terminal.press("q")
    terminal.quiet()
    if terminal.process.poll() is None:
        terminal.press("q")
    terminal.exit_code()
    again = opened(desk)
    again.shows("sent words")
    again.quiet()
    assert "draft" not in again.text
