"""What is found out about the terminal before the screen, without asking it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator

import pytest

from imagechat_tui.cli.terminal import USUAL_ASPECT, cell_aspect, pixels_per_cell

Tell = Callable[[int, int, int, int], None]


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tell]:
    """A terminal that tells its size: rows, columns, and both in pixels."""
    master, slave = pty.openpty()
    real = fcntl.ioctl
    monkeypatch.setattr(fcntl, "ioctl", lambda _, request, data: real(slave, request, data))

    def told(rows: int, columns: int, width: int, height: int) -> None:
        real(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, width, height))

    yield told
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize(
    ("size", "aspect"),
    [
        ((40, 120, 1200, 880), 2.2),
        ((40, 120, 0, 0), USUAL_ASPECT),
        ((0, 0, 0, 0), USUAL_ASPECT),
        ((40, 120, 1200, 40), USUAL_ASPECT),
    ],
)
def test_the_shape_of_a_cell_is_what_the_terminal_says_if_it_makes_sense(
    tell: Tell, size: tuple[int, int, int, int], aspect: float
) -> None:
    tell(*size)
    assert cell_aspect() == pytest.approx(aspect)


def test_the_pixels_of_a_cell_are_what_the_terminal_says(tell: Tell) -> None:
    tell(40, 120, 1080, 800)
    assert pixels_per_cell(20 / 9) == (9, 20)
    tell(40, 120, 0, 0)
    assert pixels_per_cell(2.0) == (10, 20)


@pytest.mark.parametrize(
    ("term", "told"),
    [
        ("xterm-256color", "256"),
        ("xterm", "8"),
        ("vt220", "0"),
        ("dumb", "0"),
        ("", "None"),
        ("no-such-terminal", "None"),
        ("\udcff", "None"),
        ("../xterm", "None"),
        ("x" * 5000, "None"),
    ],
)
def test_the_database_is_asked_for_the_colours_and_no_name_breaks_it(term: str, told: str) -> None:
    """In a process of its own: a second name in one process gets the first one's answer."""
    code = "import os; from imagechat_tui.cli.terminal import told_colors; print(told_colors(os.environ))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TERM": term},
        capture_output=True,
        text=True,
        check=True,
    )
    if done.stdout.strip() == "None" != told:
        pytest.skip("there is no database of terminals here, or not this one in it")
    assert done.stdout.strip() == told
    assert done.stderr == ""
