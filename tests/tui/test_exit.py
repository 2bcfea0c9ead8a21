"""Whatever ends the program: the terminal is handed back, what was typed is kept, nothing spins."""

from __future__ import annotations

import os
import signal
import stat
import sys
import termios
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from textual.app import App

from imagechat_tui.tui.exit import OrderlyExit
from tests.terminal import Terminal, wait_for

pytestmark = pytest.mark.pty

Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    opened: list[Terminal] = []

    def begin(mode: str = "", *, stands: bool = True) -> Terminal:
        env = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("TEXTUAL", "COV", "NO_COLOR"))
        }
        env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        program = [sys.executable, "-m", "tests.tui.scripted_app", str(tmp_path / "drafts"), mode]
        # Under a launcher that outlives the terminal, the kernel tells the launcher and nobody else.
        launcher = ["sh", "-c", "trap '' HUP; \"$@\"; exit $?", "sh"] if mode == "launched" else []
        terminal = Terminal(
            [*launcher, *program],
            env=env,
            cwd=Path(__file__).parents[2],
            fork=not launcher,
        )
        opened.append(terminal)
        if stands:
            terminal.shows("LIVE", "60×40")
        return terminal

    yield begin
    for terminal in opened:
        terminal.close()


def handed_back(terminal: Terminal) -> bool:
    raw = bytes(terminal.raw)
    main_screen = raw.rfind(b"\x1b[?1049l") > raw.rfind(b"\x1b[?1049h") >= 0
    cursor = raw.rfind(b"\x1b[?25h") > raw.rfind(b"\x1b[?25l")
    mouse = raw.rfind(b"\x1b[?1000l") > raw.rfind(b"\x1b[?1000h")
    return main_screen and cursor and mouse


def line_mode(terminal: Terminal) -> bool:
    flags = termios.tcgetattr(terminal.master)[3]
    return bool(flags & termios.ECHO) and bool(flags & termios.ICANON)


def notice_of_defect(terminal: Terminal) -> str:
    """What a defect that ended the program left on the terminal, which is handed back."""
    assert terminal.exit_code() == 1
    assert handed_back(terminal)
    assert line_mode(terminal)
    said = bytes(terminal.raw[terminal.raw.rfind(b"\x1b[?1049l") :]).decode()
    assert "RuntimeError" in said
    return said


def type_something(terminal: Terminal) -> None:
    terminal.press("c")
    terminal.shows("Enter send")
    terminal.send("unsent words")
    terminal.shows("unsent words")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_in_order(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    terminal = start()
    type_something(terminal)
    terminal.process.send_signal(number)
    assert terminal.exit_code(within_s=2) == 128 + number
    assert handed_back(terminal)
    assert line_mode(terminal)
    assert (tmp_path / "drafts").read_text() == "unsent words"


@pytest.mark.parametrize("behind", ["?", "R", "cx"])
def test_what_is_typed_behind_the_key_that_quits_does_nothing(start: Start, behind: str) -> None:
    terminal = start()
    terminal.send(f"q{behind}")
    assert terminal.exit_code(within_s=2) == 0
    assert handed_back(terminal)
    assert "defect" not in terminal.text


@pytest.mark.parametrize("mode", ["", "ignore-hangups", "launched"])
def test_a_terminal_that_is_gone_ends_it_in_order(start: Start, tmp_path: Path, mode: str) -> None:
    terminal = start(mode)
    type_something(terminal)
    terminal.hang_up()
    wait_for(lambda: terminal.process.poll() is not None, within_s=2.5, what="the process to end")
    assert terminal.process.returncode == 128 + signal.SIGHUP
    assert (tmp_path / "drafts").read_text() == "unsent words"
    assert not (tmp_path / "crash").exists()


def hang_up(terminal: Terminal) -> int:
    terminal.hang_up()
    wait_for(lambda: terminal.process.poll() is not None, within_s=2.5, what="the process to end")
    assert terminal.process.returncode is not None
    return terminal.process.returncode - 128


def terminate(terminal: Terminal) -> int:
    terminal.process.send_signal(signal.SIGTERM)
    code = terminal.exit_code(within_s=2.5)
    assert handed_back(terminal)
    assert line_mode(terminal)
    return code - 128


ENDINGS = pytest.mark.parametrize(
    ("end", "number"), [(hang_up, signal.SIGHUP), (terminate, signal.SIGTERM)], ids=["gone", "told"]
)


@ENDINGS
@pytest.mark.parametrize("painted", [False, True])
def test_what_ends_it_while_it_starts_finds_it_in_order(
    start: Start, tmp_path: Path, end: Callable[[Terminal], int], number: signal.Signals, painted: bool
) -> None:
    terminal = start(stands=False)
    terminal.wait_for(
        (lambda: "shot.png" in terminal.text) if painted else lambda: b"\x1b[?1049h" in terminal.raw
    )
    assert end(terminal) == number
    assert not (tmp_path / "crash").exists()


@ENDINGS
def test_a_draft_below_a_dialog_is_kept(
    start: Start, tmp_path: Path, end: Callable[[Terminal], int], number: signal.Signals
) -> None:
    terminal = start()
    type_something(terminal)
    terminal.press("esc", "?")
    terminal.shows("Enter run")
    assert end(terminal) == number
    assert (tmp_path / "drafts").read_text() == "unsent words"
    assert not (tmp_path / "crash").exists()


class EndingApp:
    """An app whose workers begin later, or never."""

    def __init__(self) -> None:
        self.workers: list[Callable[[], Awaitable[None]]] = []
        self.codes: list[int] = []

    def run_worker(self, work: Callable[[], Awaitable[None]], **_: object) -> None:
        self.workers.append(work)

    def exit(self, code: int, *, return_code: int) -> None:
        self.codes.append(code)


async def test_however_often_it_is_told_it_leaves_once() -> None:
    app, kept = EndingApp(), list[str]()
    leaving = OrderlyExit(cast("App[int]", app), keep=lambda: kept.append("typed"))
    leaving.request(143)
    leaving.terminal_gone()  # before the first has begun
    (leave,) = app.workers
    await leave()
    leaving.request(129)
    assert (len(app.workers), app.codes, kept) == (1, [143], ["typed"])


def test_the_first_reason_to_leave_counts(start: Start, tmp_path: Path) -> None:
    terminal = start("told-again")
    type_something(terminal)
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.exit_code(within_s=2) == 128 + signal.SIGTERM
    assert not (tmp_path / "crash").exists()


def test_a_signal_ends_it_even_while_its_loop_hangs(start: Start, tmp_path: Path) -> None:
    terminal = start("stuck")
    terminal.press("R")
    wait_for((tmp_path / "drafts").exists, within_s=5, what="the loop to hang")
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.exit_code(within_s=3) == 128 + signal.SIGTERM
    assert handed_back(terminal)
    assert line_mode(terminal)


def test_a_defect_leaves_a_notice_and_a_file_without_secrets(start: Start, tmp_path: Path) -> None:
    terminal = start("crash")
    terminal.press("R")
    said = notice_of_defect(terminal)
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) <= 6
    (file,) = (tmp_path / "crash").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "scripted_app.py" in text
    for secret in ("verysecret", "hunter2-in-a-local\n", "secret_of_a_local_variable = 'hunter2"):
        assert secret not in text
        assert secret not in said


def test_doing_nothing_writes_nothing(start: Start) -> None:
    terminal = start()
    terminal.quiet()
    before = len(terminal.raw)
    with pytest.raises(AssertionError):
        wait_for(lambda: len(terminal.raw) > before, within_s=1.2)


def test_a_step_of_the_crosshair_costs_little(start: Start) -> None:
    terminal = start()
    terminal.press("l")
    terminal.quiet()
    before = len(terminal.raw)
    terminal.press("l")
    terminal.quiet()
    assert 0 < len(terminal.raw) - before <= 1_000
