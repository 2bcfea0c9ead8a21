"""What goes over the line, in a real pseudo terminal: little, and always enough."""

from __future__ import annotations

import os
import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyte
import pytest
from rich.console import Console
from rich.segment import Segment
from textual.strip import Strip

from imagechat_tui.raster.graphics import ALIVE
from imagechat_tui.raster.kitty import PLACEHOLDER, marks
from imagechat_tui.tui.textual_internals.tight_update import TightUpdate
from tests.terminal import Terminal
from tests.tui.picture_app import NOTES_GO, REST

pytestmark = pytest.mark.pty

COLUMNS, ROWS = 120, 40
PICTURE_COLUMNS = 77
"""The sidebar's rule begins here."""
PICTURE_ROWS = range(1, ROWS - 1)
"""Between header and status line."""

REPLY_BYTES = 2000
"""Going to a marker's thread to write an answer."""
STEP_BYTES = 150
"""A step of the crosshair, with its figures in the status line."""
WORD_BYTES = 60
"""A word of the status line that is another one now."""
WIDE_CELLS = 120 * 37
"""Cells of a wide view, for which these are meant:"""
ZOOM_BYTES = 45_000
"""A step closer where the terminal has the picture in pixels."""
TYPED_BYTES = 250
"""A letter of a text, also where it fills a line."""
ENTER_BYTES = 4000
"""Enter behind it: the text goes, the thread comes."""
CHIP_BYTES = 500
"""A marker that comes, moves or changes, in the picture."""

_HANDED = re.compile(rb"\x1b_Ga=p,U=1,i=(\d+),p=1,c=(\d+),r=(\d+)")
_RESTS = re.compile(rb"\x1b\]2;at rest\x07")
_MOVE = re.compile(rb"\x1b\[(\d+);(\d+)H")

Start = Callable[..., Terminal]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the app on a busy picture; ``R`` brings the named states, one after the other."""
    opened: list[Terminal] = []

    def begin(*states: str, markers: int = 3, pixels: bool = False) -> Terminal:
        env = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("TEXTUAL", "COV", "NO_COLOR"))
        }
        env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        program = [sys.executable, "-m", "tests.tui.picture_app", ",".join(states) or "none", str(markers)]
        program += ["pixels"] if pixels else []
        root = Path(__file__).parents[2]
        terminal = Terminal(program, env=env, columns=COLUMNS, rows=ROWS, cwd=root, fork=True)
        opened.append(terminal)
        terminal.shows(f"▐{markers}▌", "LIVE", "1200×800")
        rest(terminal)
        return terminal

    yield begin
    for terminal in opened:
        terminal.close()


def rest(terminal: Terminal) -> None:
    """Wait until all keys were taken, and all that they changed has come.

    That nothing comes for a while does not say so: on a busy machine a single key may take longer.
    """
    before = len(terminal.raw)
    terminal.press(REST)
    terminal.wait_for(lambda: _RESTS.search(terminal.raw, before) is not None, what="the app to come to rest")


def sent(terminal: Terminal, *keys: str) -> bytes:
    """What the keys, which change something, bring to the terminal, without its being asked how far that has come."""
    before = len(terminal.raw)
    terminal.press(*keys)
    rest(terminal)
    data = _RESTS.sub(b"", bytes(terminal.raw[before:]).replace(ALIVE.encode(), b""))
    assert data, f"no answer to {keys}"
    return data


def pieces(data: bytes) -> list[tuple[int, int, int]]:
    """Where the cursor goes, by column and row, and how many bytes come before it goes elsewhere."""
    data = data.replace(ALIVE.encode(), b"")
    moves = [*_MOVE.finditer(data)]
    ends = [move.start() for move in moves[1:]] + [len(data)]
    return [
        (int(move[2]) - 1, int(move[1]) - 1, end - move.end()) for move, end in zip(moves, ends, strict=True)
    ]


def in_picture(data: bytes) -> int:
    """How many of the bytes went to cells of the picture, the moves there included."""
    return sum(
        size + len(f"\x1b[{row + 1};{column + 1}H")
        for column, row, size in pieces(data)
        if row in PICTURE_ROWS and column < PICTURE_COLUMNS
    )


class Counting(pyte.Screen):
    """Counts how often each cell is written with something to see."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, ROWS)
        self.written: dict[tuple[int, int], int] = {}

    def draw(self, data: str) -> None:
        for sign in data:
            if sign != " ":
                cell = (self.cursor.x, self.cursor.y)
                self.written[cell] = self.written.get(cell, 0) + 1
            super().draw(sign)


def test_the_picture_is_painted_once_at_the_start(start: Start) -> None:
    terminal = start()
    screen = Counting()
    pyte.ByteStream(screen).feed(bytes(terminal.raw))
    counts = [
        screen.written.get((column, row), 0)
        for row in range(12, 28)  # without the notice and the letterbox
        for column in range(PICTURE_COLUMNS)
    ]
    assert sum(count > 0 for count in counts) > 0.95 * len(counts)
    # A toast or the notice may have been where the picture is now; the picture itself came once.
    assert sum(count > 1 for count in counts) < 0.03 * len(counts)


def test_a_start_brings_the_picture_once_and_blanks_before_it(start: Start) -> None:
    terminal = start()
    begun = len(terminal.raw)
    picture = in_picture(sent(terminal, "ctrl+l"))
    painted = in_picture(bytes(terminal.raw[:begun]))
    blank = 2 * PICTURE_COLUMNS * len(PICTURE_ROWS)
    assert picture <= painted <= picture + blank


def test_a_whole_screen_anew_brings_each_cell_once(start: Start) -> None:
    terminal = start()
    screen = Counting()
    pyte.ByteStream(screen).feed(sent(terminal, "ctrl+l"))
    twice = sum(count > 1 for count in screen.written.values())
    assert twice <= COLUMNS, twice  # a crosshair, a chip


def test_an_answer_to_a_marker_costs_what_is_not_shown_yet(start: Start) -> None:
    terminal = start()
    sent(terminal, "]")
    for key in ("c", "esc", "c", "esc", "enter", "esc"):
        data = sent(terminal, key)
        assert len(data) <= REPLY_BYTES, key
        assert in_picture(data) <= CHIP_BYTES, key


def test_a_step_of_the_crosshair_costs_next_to_nothing(start: Start) -> None:
    terminal = start()
    steps = [sent(terminal, key) for key in "lljjhkll"]
    assert all(0 < in_picture(step) <= 110 for step in steps)
    assert all(len(step) <= STEP_BYTES for step in steps), [len(step) for step in steps]


def test_a_step_onto_a_marker_or_off_it_costs_a_word_more(start: Start) -> None:
    terminal = start()
    sent(terminal, "]")
    steps = [sent(terminal, key) for key in "hhhhllll"]
    assert sum(b"mark" in step or b"open" in step for step in steps) == 2
    assert all(len(step) <= STEP_BYTES + WORD_BYTES for step in steps), [len(step) for step in steps]


def test_a_marker_that_comes_moves_or_changes_costs_its_cells(start: Start) -> None:
    terminal = start("added", "moved", "resolved", "pointed")
    for what in ("added", "moved", "resolved", "pointed"):
        assert 0 < in_picture(sent(terminal, "R")) <= CHIP_BYTES, what
    assert 0 < in_picture(sent(terminal, "]")) <= CHIP_BYTES


def test_what_changes_beside_the_picture_writes_nothing_into_it(start: Start) -> None:
    terminal = start("commented", "left")
    for _ in range(2):
        news = sent(terminal, "R")
        assert len(news) > 0
        assert in_picture(news) == 0
    for keys in (["tab"], ["j"], ["tab"], ["c"], ["esc"]):
        data = sent(terminal, *keys)
        assert len(data) > 0
        assert in_picture(data) <= CHIP_BYTES, keys


def test_a_typed_key_costs_its_letter_and_enter_what_it_changes(start: Start) -> None:
    terminal = start()
    sent(terminal, "c")
    keys = [sent(terminal, key) for key in "It is too dark, and"]
    assert all(len(key) <= TYPED_BYTES for key in keys), [len(key) for key in keys]
    assert len(sent(terminal, "enter")) <= ENTER_BYTES
    assert not differing(terminal)


def test_a_loupe_costs_its_own_cells(start: Start) -> None:
    terminal = start()
    whole = in_picture(sent(terminal, "ctrl+l"))
    assert 0 < in_picture(sent(terminal, "z")) < whole / 2
    assert 0 < in_picture(sent(terminal, "l")) <= 120
    assert 0 < in_picture(sent(terminal, "esc")) < whole * 0.6


def cells(terminal: Terminal) -> list[list[Any]]:
    """Every cell of the screen as it looks; a blank one has no foreground."""
    found = []
    for row in range(ROWS):
        line = terminal.screen.buffer[row]
        found.append(
            [
                (cell.data, cell.bg, cell.reverse, None if cell.data == " " else (cell.fg, cell.bold))
                for cell in (line[column] for column in range(COLUMNS))
            ]
        )
    return found


def differing(terminal: Terminal) -> list[tuple[int, int]]:
    """The cells that look different when the screen is painted anew, by column and row."""
    partly = cells(terminal)
    sent(terminal, "ctrl+l")
    anew = cells(terminal)
    return [
        (column, row)
        for row in range(ROWS)
        for column in range(COLUMNS)
        if partly[row][column] != anew[row][column]
    ]


BOX = range(24, 96)
"""The columns of a dialog."""
DIALOGS = {"?": "Help", "i": "Details", "d": "Delete marker", "@": "Here now"}


@pytest.mark.parametrize("key", DIALOGS)
def test_a_dialog_costs_its_own_place_when_it_comes_and_when_it_goes(start: Start, key: str) -> None:
    terminal = start("added")
    terminal.press("]")
    rest(terminal)
    for pressed in (key, "esc"):
        before = len(terminal.raw)
        terminal.press(pressed)
        terminal.wait_for(lambda: (DIALOGS[key] in terminal.text) == (pressed == key), what="the dialog")  # noqa: B023
        terminal.quiet()
        starts = [column for column, _, size in pieces(bytes(terminal.raw[before:])) if size > 0]
        assert starts
        assert all(column in BOX for column in starts)
        assert not differing(terminal)


def test_a_line_that_is_no_more_is_not_written() -> None:
    row: dict[int, Strip | None] = {0: Strip([Segment("abc")])}
    update = TightUpdate([row], [(0, 1, 2), (1, 0, 3)], [[3]])
    assert update.render_segments(Console()) == "\x1b[1;2Hb"


@pytest.mark.parametrize("key", ["", "?"])
def test_a_terminal_takes_any_size_at_any_time(start: Start, key: str) -> None:
    terminal = start("added", markers=40)
    terminal.press("]", *key)
    rest(terminal)
    for size in [(121, 40), (60, 20), (1, 1), (140, 50), (120, 40)]:
        terminal.resize(*size)
        terminal.quiet()
    terminal.press("esc", "R")
    terminal.shows("41 markers")
    rest(terminal)
    assert not differing(terminal)


@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_partial_updates_the_screen_is_as_one_painted_anew(start: Start, seed: int) -> None:
    states = ["added", "moved", "resolved", "pointed", "commented"]
    draws = random.Random(seed)
    draws.shuffle(states)
    terminal = start(*states, markers=40)
    keys = [*"hjklHJKL+-0zfaZt[]", "tab", "tab", "enter", "esc", "esc", NOTES_GO, NOTES_GO]
    pressed = []
    for _ in states:
        some = [draws.choice(keys) for _ in range(7)] + ["R"]
        pressed += some
        terminal.press(*some)
        rest(terminal)
        assert not differing(terminal), pressed


def pixel_cells(terminal: Terminal) -> tuple[dict[tuple[int, int], tuple[int, int]], set[str]]:
    """The part of the picture in each cell that shows one, and the foregrounds of these cells."""
    number = {mark: place for place, mark in enumerate(marks())}
    found, colors = {}, set()
    for row in range(ROWS):
        for column in range(COLUMNS):
            cell = terminal.screen.buffer[row][column]
            if cell.data.startswith(PLACEHOLDER):
                found[column, row] = (number[cell.data[1]], number[cell.data[2]])
                colors.add(cell.fg)
    return found, colors


def test_pixels_show_under_markers_and_come_back_after_dialogs(start: Start) -> None:
    terminal = start("added", markers=3, pixels=True)

    def shown() -> int:
        """How many parts are seen; each is in its place, of the picture handed over last."""
        found, colors = pixel_cells(terminal)
        (image,) = colors
        handed = [match for match in _HANDED.finditer(bytes(terminal.raw)) if f"{int(match[1]):06x}" == image]
        columns, rows = int(handed[-1][2]), int(handed[-1][3])
        if found:
            assert len({(column - part[1], row - part[0]) for (column, row), part in found.items()}) == 1
            assert max(part for _, part in found.values()) <= columns - 1
            assert max(part for part, _ in found.values()) <= rows - 1
        return columns * rows - len(found)

    hidden = shown()
    assert 9 <= hidden <= 12  # three chips and a crosshair
    assert len(sent(terminal, "l")) <= STEP_BYTES + len(";48;2;255;255;255")
    assert shown() == hidden
    sent(terminal, "R")
    assert shown() == hidden + 3
    terminal.press("?")
    terminal.shows("Help")
    rest(terminal)
    beside = pixel_cells(terminal)[0]
    assert beside
    assert all(column not in BOX for column, row in beside if 4 <= row < ROWS - 4)
    terminal.press("esc")
    terminal.wait_for(lambda: "Help" not in terminal.text, what="the dialog to go")
    rest(terminal)
    assert shown() == hidden + 3
    # Closer: one command, and what each cell shows. Elsewhere: that alone.
    closer = sent(terminal, "+")
    assert b"a=t" not in closer
    assert len(_HANDED.findall(closer)) == 1
    cells_seen = PICTURE_COLUMNS * len(PICTURE_ROWS)
    assert len(closer) <= ZOOM_BYTES * cells_seen / WIDE_CELLS
    elsewhere = sent(terminal, *"J" * 9)
    assert b"\x1b_G" not in elsewhere
    assert pixel_cells(terminal)[0]
    terminal.press("ctrl+q")
    terminal.exit_code()
    assert b"\x1b_Ga=d,d=I," in bytes(terminal.raw)
