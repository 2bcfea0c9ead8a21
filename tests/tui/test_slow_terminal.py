"""The app in a terminal that says late, or never, that it has taken in what was drawn."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from imagechat_tui.raster.graphics import ALIVE
from tests.terminal import Terminal
from tests.tui.test_bytes import differing, rest

pytestmark = pytest.mark.pty

COLUMNS, ROWS = 120, 40
ANSWER = "\x1b[0n"


@contextmanager
def started(answers: dict[bytes, str]) -> Iterator[Terminal]:
    """The app on a busy picture, at rest."""
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("TEXTUAL", "COV", "NO_COLOR"))
    }
    env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    program = [sys.executable, "-m", "tests.tui.picture_app", "none", "3"]
    with Terminal(
        program, env=env, columns=COLUMNS, rows=ROWS, cwd=Path(__file__).parents[2], fork=True
    ) as terminal:
        terminal.answers = answers
        terminal.shows("▐3▌", "LIVE", "1200×800")
        rest(terminal)
        yield terminal


def asked(terminal: Terminal, since: int) -> int:
    return terminal.raw.count(ALIVE.encode(), since)


def test_while_an_answer_is_owed_dialogs_come_and_frames_do_not() -> None:
    with started({ALIVE.encode(): ANSWER}) as terminal:
        since = len(terminal.raw)
        terminal.press("+")
        rest(terminal)
        frame = len(terminal.raw) - since
        terminal.answers = {}
        since = len(terminal.raw)
        terminal.press("+")
        terminal.wait_for(lambda: asked(terminal, since) > 0, what="a question behind the first frame")
        terminal.quiet()
        since = len(terminal.raw)
        terminal.press("-", "+", "-", "+", "?")
        terminal.shows("Help")
        terminal.press("esc", "c")
        terminal.shows("WRITING")
        terminal.press(*"in order")
        terminal.answers = {ALIVE.encode(): ANSWER}
        terminal.send(ANSWER * asked(terminal, 0))
        terminal.shows("in order")
        rest(terminal)
        assert len(terminal.raw) - since < 4 * frame  # with all five frames, and a dialog, it is six
        assert not differing(terminal)


def test_who_never_answers_sees_every_frame_and_is_asked_once() -> None:
    with started({}) as terminal:
        for key in "++--+":
            terminal.press(key)
            rest(terminal)
        assert not differing(terminal)
        assert asked(terminal, 0) == 1
        terminal.press("ctrl+q")
        assert terminal.exit_code() == 0
