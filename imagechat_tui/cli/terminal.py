"""The terminal before the screen: whether there is one, and what Textual is told about it."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from imagechat_tui import problems
from imagechat_tui.cli import flush_or_discard
from imagechat_tui.cli.charset import charset
from imagechat_tui.cli.over_ssh import over_ssh
from imagechat_tui.problems import VerbFailed
from imagechat_tui.raster.ambiguous_width import SAMPLE, Drawn, drawn_as, question_on_line
from imagechat_tui.raster.colors import ColorDepth

CONTROLLING: Final = "/dev/tty"
"""The terminal that a process is run from, wherever its streams lead."""

USUAL_ASPECT: Final = 2.0
"""Height of a cell divided by its width, where the terminal does not tell."""

USUAL_WIDTH: Final = 10
"""Pixels across a cell, where the terminal does not tell."""

ANSWER_S: Final = 0.5
"""How long an answer of the terminal is waited for."""

AFTER_S: Final = 0.05
"""How long after the last answer nothing more may come, where several terminals may be attached."""

MOST_PIXELS: Final = 40
"""Pixels across or down a cell at most: more is a mistake."""


def cell_size() -> tuple[float, float] | None:
    """Width and height of a cell of the terminal in pixels; from the kernel, which need not know."""
    for descriptor in (2, 1, 0):
        try:
            answer = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8))
        except OSError:
            continue
        rows, columns, width, height = struct.unpack("HHHH", answer)
        if rows and columns and width and height:
            return width / columns, height / rows
    return None


def cell_aspect() -> float:
    """Height of a cell of the terminal divided by its width."""
    size = cell_size()
    aspect = size[1] / size[0] if size is not None else USUAL_ASPECT
    # Some terminals tell nonsense; no font is like that.
    return aspect if 1.0 <= aspect <= 3.5 else USUAL_ASPECT


def pixels_per_cell(aspect: float) -> tuple[int, int]:
    """Pixels across and down a cell, as far as is known without asking the terminal."""
    size = cell_size()
    width = round(size[0]) if size is not None else USUAL_WIDTH
    width = min(MOST_PIXELS, max(1, width))
    return width, min(MOST_PIXELS, max(1, round(width * aspect)))


def told_colors(environ: Mapping[str, str]) -> int | None:
    """How many colours the database of terminals (terminfo) tells for TERM; 0 is none, None is not known to it."""
    try:
        import curses
    except ImportError:  # some Pythons are built without
        return None
    try:
        curses.setupterm(environ.get("TERM", ""), 2)
        ink = curses.tigetstr("setaf") or b""
        # The colours of teletext terminals are no SGR.
        return max(0, curses.tigetnum("colors")) if ink.startswith(b"\x1b[") else 0
    except (curses.error, ValueError):
        return None


def how_drawn(within_s: float = ANSWER_S) -> Drawn | None:
    """Ask the terminal how it draws characters of ambiguous width.

    None if it does not answer, or cannot be asked: somebody has typed ahead, another program has it, or it would
    take the two for other characters.
    """
    column = column_behind(SAMPLE, within_s)
    return drawn_as(column) if column is not None else None


def column_behind(sample: str, within_s: float = ANSWER_S) -> int | None:
    """In which column, from 0, the cursor is behind what is printed on an empty line; None as for `how_drawn`."""
    if not charset(os.environ).is_utf8:
        return None
    answers = answers_to(question_on_line(sample), r"\x1b\[\d+;\d+R", within_s)
    report = re.search(r"\x1b\[\d+;(\d{1,5})R", answers)
    return int(report[1]) - 1 if report is not None else None


def answers_to(question: str, last: str, within_s: float, after_s: float = 0.0) -> str:
    """What the terminal answers, up to its last answer; as much as comes in time, nothing if it cannot be asked.

    Args:
        question: what is written.
        last: what the last answer is like.
        within_s: how long it is waited for.
        after_s: how long it is waited then for others that answer too.
    """
    try:
        keys, screen = _keys_and_screen()
    except VerbFailed:
        return ""
    try:
        if os.tcgetpgrp(keys) != os.getpgrp() or select.select([keys], [], [], 0)[0]:
            return ""
        before = termios.tcgetattr(keys)
        silent = [*before[:3], before[3] & ~(termios.ICANON | termios.ECHO), *before[4:]]
        termios.tcsetattr(keys, termios.TCSANOW, silent)
        try:
            os.write(screen, question.encode())
            said = _answer(keys, last, time.monotonic() + within_s)
            return said + _answer(keys, "(?!)", time.monotonic() + after_s) if after_s and said else said
        finally:
            termios.tcsetattr(keys, termios.TCSANOW, before)
    except (OSError, termios.error):
        return ""
    finally:
        _close({keys, screen})


def _answer(keys: int, last: str, deadline: float) -> str:
    said = ""
    while select.select([keys], [], [], max(0.0, deadline - time.monotonic()))[0]:
        piece = os.read(keys, 64).decode("utf-8", "replace")
        said += piece
        if re.search(last, said) or not piece or len(said) > 512:
            break
    return said


TEXTUALS_NUMBERS: Final = (
    "TEXTUAL_FPS", "TEXTUAL_DIM_FACTOR", "TEXTUAL_SLOW_THRESHOLD", "TEXTUAL_SCREENSHOT", "ESCDELAY",
)  # fmt: skip
"""Variables of which Textual takes any whole number, and ends where one of hundreds of digits meets a fraction."""


def tell_textual(depth: ColorDepth) -> None:
    """Have Textual draw with these colours, and not meet what it cannot read: it does so when it is imported."""
    for name in TEXTUALS_NUMBERS:
        if len(os.environ.get(name, "")) > 9:
            del os.environ[name]
    if depth is ColorDepth.NONE:
        os.environ["NO_COLOR"] = "1"
        os.environ.pop("TEXTUAL_COLOR_SYSTEM", None)
    else:
        os.environ["TEXTUAL_COLOR_SYSTEM"] = "standard" if depth is ColorDepth.ANSI else depth.value


def need_terminal() -> None:
    """Make sure that there are keys and a screen, and that the screen takes what is drawn on it.

    Raises:
        VerbFailed: there is no terminal, or it is not one for UTF-8.
    """
    known = charset(os.environ)
    if not known.is_utf8:
        raise VerbFailed(problems.NotUtf8(known.variable, known.value, known.encoding, known.remedy))
    _close({*_keys_and_screen()})


def has_terminal() -> bool:
    """Whether there are keys and a screen, wherever stdin, stdout and stderr lead."""
    try:
        _close({*_keys_and_screen()})
    except VerbFailed:
        return False
    return True


@contextmanager
def on_terminal() -> Iterator[None]:
    """Have stdin, stdout and stderr be the terminal while the screen stands.

    Textual reads keys from stdin and draws on stderr; the size it takes from COLUMNS and LINES, which a shell may
    have exported long ago, then from stdout. Each of the three may lead elsewhere: to a list that a loop reads
    (which is left alone), to a file, to nothing.

    Raises:
        VerbFailed: there is no terminal.
    """
    keys, screen = _keys_and_screen()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    before = [os.dup(number) for number in range(3)]
    names = [name for stream in _STREAMS for name in (stream, f"__{stream}__")]
    streams = {name: getattr(sys, name) for name in names}
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    try:
        for number, (name, terminal) in enumerate(zip(_STREAMS, (keys, screen, screen), strict=True)):
            os.dup2(terminal, number)
            # Python's own may be None, or have the encoding of PYTHONIOENCODING.
            mode = "w" if number else "r"
            stream = open(number, mode, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            # What a terminal that is gone did not take is for nobody else.
            with suppress(OSError):
                flush_or_discard(stream)
            stream.flush()
        for number, descriptor in enumerate(before):
            os.dup2(descriptor, number)
        for name, stream in streams.items():
            setattr(sys, name, stream)
        _close({keys, screen, *before})


_STREAMS: Final = ("stdin", "stdout", "stderr")


def _keys_and_screen() -> tuple[int, int]:
    """Descriptors of where keys come from and where is drawn: stdin and stderr if they are, else the terminal.

    Those above 2 are the caller's to close.
    """
    for number in range(3):  # one that is closed would be taken by what is opened next
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    keys = 0 if os.isatty(0) else None
    screen = next((number for number in (2, 1) if os.isatty(number)), None)
    if keys is not None and screen is not None:
        return keys, screen
    terminal = _opened()
    return terminal if keys is None else keys, terminal if screen is None else screen


def _close(descriptors: set[int]) -> None:
    for descriptor in descriptors - {0, 1, 2}:
        os.close(descriptor)


def _opened() -> int:
    """The terminal itself: the controlling one, else one that any of the three leads to."""
    names = [CONTROLLING, *(os.ttyname(number) for number in range(3) if os.isatty(number))]
    for name in names:
        try:
            return os.open(name, os.O_RDWR | os.O_NOCTTY)
        except OSError:
            continue
    raise VerbFailed(problems.NoTerminal(over_ssh(os.environ)))
