"""What is typed before the screen stands is kept as it was typed, and the terminal is given back as it was."""

from __future__ import annotations

import os
import signal
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagechat_tui import typed_ahead
from imagechat_tui.raster.graphics import ALIVE, ASK, ASK_COLOR, ASK_SCREEN, TRY
from imagechat_tui.typed_ahead import opens_a_screen
from tests.terminal import Terminal

PROGRAM = """
import os, signal, sys
from imagechat_tui import typed_ahead
def wait(sign):
    print(sign, flush=True)
    os.read(int(sys.argv[1]), 1)
wait("started")
typed_ahead.keep()
typed_ahead.keep()
wait("kept")
{what}
typed_ahead.give_back()
typed_ahead.give_back()
print("given back", flush=True)
"""
READS = """
data = b""
while len(data) < 8:  # what is written to a terminal comes to its other end in its own time
    data += typed_ahead.as_typed(os.read(0, 99))
print("read", data, typed_ahead.as_typed(b"\\n"), flush=True)
"""
ASKS = """
import select
select.select([0], [], [])
with typed_ahead.asking():
    wait("asking")
    print("answer", repr(input()), flush=True)
print("typed", typed_ahead.as_typed(os.read(0, 99)), flush=True)
"""
# Turning, not pausing: a signal just before a pause would never end it.
DIES = "print('asked', flush=True)\nwhile True: pass"
LOADS = """
from importlib.abc import MetaPathFinder
from imagechat_tui.__main__ import main
class Slow(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "imagechat_tui.cli":
            print("loading", flush=True)
            while True:
                pass
typed_ahead.give_back()
sys.meta_path.insert(0, Slow())
sys.argv = ["imagechat", "demo"]
main()
"""


def test_what_the_terminal_owes_is_counted_and_may_be_given_up() -> None:
    assert not typed_ahead.owes()
    typed_ahead.asked("\x1b[c")
    typed_ahead.asked("\x1b[5n")
    typed_ahead.answered("\x1b[?62;c")
    assert typed_ahead.owes()
    typed_ahead.give_up()
    typed_ahead.answered("\x1b[0n")  # one that nobody waited for
    assert not typed_ahead.owes()
    typed_ahead.asked("\x1b[c")
    assert typed_ahead.owes()
    typed_ahead.answered("\x1b[?6c")
    assert not typed_ahead.owes()
    assert not typed_ahead.ask("\x1b[c")  # while keys are not kept the answer would be seen


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        (ASK, ["\x1b[?62;c", "\x1b[6;18;9t", "\x1bP>|kitty(0.41.1)\x1b\\"]),
        (ASK_COLOR, ["\x1bP1$r0;38:2::1:2:3m\x1b\\"]),
        (ASK_SCREEN, ["\x1b[>83;40900;0c"]),
        (TRY, ["\x1b_Gi=6881281;OK\x1b\\", "\x1b[?6c"]),
        (ALIVE, ["\x1b[0n"]),
        ("\x1b[?2026$p", ["\x1b[?2026;2$y"]),
        ("\x1b[?2048$p", ["\x1b[?2048;0$y"]),
    ],
)
def test_each_answer_is_awaited_until_it_comes_or_it_is_too_late_for_it(
    question: str, answers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("imagechat_tui.typed_ahead.time.monotonic", lambda: now)
    try:
        typed_ahead.asked(question)
        for answer in answers:
            assert typed_ahead.awaits()
            typed_ahead.answered("\x1b[?25u")  # nobody asked for it
            typed_ahead.answered(answer)
        assert not typed_ahead.awaits()
        typed_ahead.asked(question)
        now += typed_ahead.LATELY_S + 0.1
        assert not typed_ahead.awaits()
    finally:
        typed_ahead.give_up()


class Stage:
    """A program on a terminal that goes on when it is told."""

    def __init__(self, what: str) -> None:
        goes, self._go = os.pipe()
        argv = [sys.executable, "-c", PROGRAM.replace("{what}", what), str(goes)]
        self.terminal = Terminal(argv, env=dict(os.environ), cwd=Path(__file__).parents[1], pass_fds=(goes,))
        os.close(goes)

    def go(self) -> None:
        os.write(self._go, b".")

    def close(self) -> None:
        os.close(self._go)
        self.terminal.close()

    @property
    def as_before(self) -> bool:
        return termios.tcgetattr(self.terminal.master) == self.terminal.attributes


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    begun = Stage(request.param)
    yield begun
    begun.close()


@pytest.mark.pty
@pytest.mark.parametrize("stage", [READS], indirect=True)
def test_enter_is_enter_whenever_it_is_typed(stage: Stage) -> None:
    stage.terminal.shows("started")
    stage.terminal.send("ab\r")
    # Shown by the terminal itself, as before any program.
    stage.terminal.wait_for(lambda: b"ab\r\n" in stage.terminal.raw)
    stage.go()
    stage.terminal.shows("kept")
    stage.terminal.send("c\x13\x7f\n\r")
    stage.go()
    stage.terminal.shows(r"read b'ab\rc\x13\x7f\n\r' b'\n'", "given back")
    assert stage.as_before


@pytest.mark.pty
@pytest.mark.parametrize("stage", [ASKS], indirect=True)
def test_a_question_is_asked_on_an_ordinary_terminal_and_nothing_typed_before_answers_it(
    stage: Stage,
) -> None:
    stage.go()
    stage.terminal.shows("kept")
    stage.terminal.send("y\r")
    stage.go()
    stage.terminal.shows("asking")
    stage.go()
    stage.terminal.send("no\r")
    stage.terminal.shows("answer 'no'")
    stage.terminal.send("k")
    stage.terminal.shows("typed b'k'", "given back")
    assert stage.as_before


@pytest.mark.pty
@pytest.mark.parametrize("stage", [DIES], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_at_the_start_gives_the_terminal_back(stage: Stage, number: signal.Signals) -> None:
    stage.go()
    stage.terminal.shows("kept")
    stage.go()
    stage.terminal.shows("asked")
    stage.terminal.process.send_signal(number)
    assert stage.terminal.exit_code() == -number
    assert stage.as_before


@pytest.mark.pty
@pytest.mark.parametrize("stage", [LOADS], indirect=True)
def test_ctrl_c_while_modules_load_ends_it_without_a_word(stage: Stage) -> None:
    stage.go()
    stage.terminal.shows("kept")
    stage.go()
    stage.terminal.shows("loading")
    stage.terminal.send("\x03")
    assert stage.terminal.exit_code() == 128 + signal.SIGINT
    assert "Traceback" not in stage.terminal.text
    assert stage.as_before


@pytest.mark.parametrize(
    ("arguments", "screen"),
    [
        (["shot.png"], True),
        (["open", "shot"], True),
        (["demo"], True),
        (["pics/shot"], True),
        (["https://host/shot"], True),
        (["--theme=dark", "shot.png"], True),
        (["-"], False),
        (["ls", "shot.png"], False),
        (["rm", "shot.png", "1"], False),
        (["--help"], False),
        ([], False),
    ],
)
def test_what_opens_a_screen_is_known_before_anything_is_imported(arguments: list[str], screen: bool) -> None:
    assert opens_a_screen(arguments) is screen
