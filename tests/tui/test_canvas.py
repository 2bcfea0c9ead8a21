"""The canvas: whatever lies over what, the regions it names are all that looks different, and no more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from imagechat_tui.raster.chips import Ink
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.kitty import PLACEHOLDER, marks
from imagechat_tui.raster.render import Grid
from imagechat_tui.tui.picture.canvas import IMAGE, NEAR, PART, Canvas
from imagechat_tui.tui.textual_internals import strips
from imagechat_tui.tui.textual_internals.strips import CellStrip, Row, cell_strip, pixel_strip, side_by_side

COLUMNS, ROWS = 40, 5


def grid(seed: int) -> Grid:
    """Few colours and glyphs, so that neighbours and successors are often alike."""
    draws = np.random.default_rng(seed)
    shape = (ROWS, COLUMNS)
    return Grid(
        draws.choice(np.array([0x20, 0x2580], dtype=np.uint32), shape),
        draws.integers(0, 3, shape, dtype=np.int32),
        draws.integers(0, 3, shape, dtype=np.int32),
        ColorDepth.TRUECOLOR,
    )


def shown(canvas: Canvas) -> list[list[tuple[str, int | None, int]]]:
    """Every cell of a canvas as it looks; a blank one has no foreground."""
    return [
        [
            (glyph, None if glyph == " " else fg, bg)
            for glyph, fg, bg in zip(strip._glyphs, strip._fg, strip._bg, strict=True)
        ]
        for strip in (cells_of(canvas, row) for row in range(ROWS))
    ]


def cells_of(canvas: Canvas, row: int) -> CellStrip:
    strip = canvas.row(row)
    assert isinstance(strip, CellStrip)
    return strip


inks = st.builds(Ink, st.sampled_from(" 1"), st.integers(0, 2), st.integers(0, 2))
columns = st.integers(0, COLUMNS - 1)
rows = st.integers(0, ROWS - 1)
Step = Callable[[Canvas], None]


def showing(seed: int) -> Step:
    return lambda canvas: canvas.show(grid(seed))


def marking(row: int, cells: dict[int, Ink]) -> Step:
    return lambda canvas: canvas.mark(row, cells)


def laying(over: dict[tuple[int, int], Ink]) -> Step:
    return lambda canvas: canvas.lay(over)


steps = st.lists(
    st.one_of(
        st.builds(showing, st.integers(0, 3)),
        st.builds(marking, rows, st.dictionaries(columns, inks, max_size=4)),
        st.builds(laying, st.dictionaries(st.tuples(columns, rows), inks, max_size=4)),
    ),
    max_size=12,
)


@given(steps)
def test_a_screen_that_draws_the_changes_alone_is_as_one_drawn_wholly(steps: list[Step]) -> None:
    canvas = Canvas(grid(0))
    screen = shown(canvas)
    anew = Canvas(grid(0))
    for step in steps:
        step(canvas)
        step(anew)
        for region in canvas.changes():
            old, new = screen[region.y], shown(canvas)[region.y]
            if region.width < COLUMNS:
                assert old[region.x] != new[region.x]
                assert old[region.right - 1] != new[region.right - 1]
            old[region.x : region.right] = new[region.x : region.right]
    anew.changes()
    assert screen == shown(canvas) == shown(anew)


def test_a_single_cell_is_a_region_of_one_cell() -> None:
    canvas = Canvas(grid(1))
    canvas.lay({(7, 2): Ink("+", 9, 9)})
    assert [tuple(region) for region in canvas.changes()] == [(7, 2, 1, 1)]
    canvas.lay({(8, 2): Ink("+", 9, 9)})
    assert [tuple(region) for region in canvas.changes()] == [(7, 2, 2, 1)]
    assert canvas.changes() == []


def test_changes_far_apart_are_sent_apart() -> None:
    canvas = Canvas(grid(1))
    canvas.mark(0, {0: Ink("1", 9, 9), NEAR + 1: Ink("1", 9, 9)})
    assert [region.width for region in canvas.changes()] == [1, 1]
    canvas.mark(1, {0: Ink("1", 9, 9), NEAR: Ink("1", 9, 9)})
    assert [region.width for region in canvas.changes()] == [NEAR + 1]


def test_a_row_that_changes_for_the_most_part_is_sent_whole_and_one_that_does_not_is_not() -> None:
    canvas = Canvas(grid(1))
    canvas.mark(0, {column: Ink("1", 9, 9) for column in range(2, COLUMNS)})
    canvas.mark(1, {column: Ink("1", 9, 9) for column in range(COLUMNS // 2)})
    assert [(region.y, region.width) for region in canvas.changes()] == [(0, COLUMNS), (1, COLUMNS // 2)]


def test_rows_rendered_together_are_the_bytes_of_each() -> None:
    canvas = Canvas(grid(1))
    canvas.show(grid(2))
    canvas.changes()
    for row in range(ROWS):
        strip = cells_of(canvas, row)
        alone = CellStrip(strip._glyphs, strip._fg, strip._bg, ColorDepth.TRUECOLOR)
        assert strip.render(Console()) == alone.render(Console())


def test_marks_hide_the_picture_and_single_cells_hide_marks() -> None:
    canvas = Canvas(grid(1))
    canvas.mark(0, {3: Ink("1", 8, 9)})
    assert canvas.beneath(3, 0) == (Ink("1", 8, 9), True)
    canvas.lay({(3, 0): Ink("+", 7, 7)})
    canvas.changes()
    assert canvas.row(0).text[3] == "+"
    canvas.lay({})
    canvas.changes()
    assert canvas.row(0).text[3] == "1"
    canvas.mark(0, {})
    canvas.changes()
    ink, is_mark = canvas.beneath(3, 0)
    assert not is_mark
    assert canvas.row(0).text[3] == ink.glyph


def test_a_mark_wider_than_the_picture_is_cut() -> None:
    canvas = Canvas(grid(1))
    canvas.mark(2, {COLUMNS - 1: Ink("a", 1, 2), COLUMNS: Ink("s", 1, 2)})
    canvas.changes()
    assert canvas.row(2).text.endswith("a")
    assert canvas.row(2).cell_length == COLUMNS


def test_a_strip_of_cells_cuts_and_joins_like_any_other() -> None:
    strip = CellStrip("abcd", [1, 1, 2, 2], [3, 3, 3, 4], ColorDepth.TRUECOLOR)
    assert [piece.text for piece in strip.divide([1, 3, 4])] == ["a", "bc", "d"]
    assert strip.crop(1, 3).text == "bc"
    assert [segment.text for segment in strip] == ["ab", "c", "d"]


def test_a_strip_names_a_colour_only_where_it_changes() -> None:
    strip = CellStrip("aab", [1, 1, 1], [2, 2, 3], ColorDepth.PALETTE)
    assert strip.render(Console()) == "\x1b[38;5;1;48;5;2maa\x1b[48;5;3mb\x1b[0m"


def test_without_textuals_private_names_a_row_is_a_plain_strip_of_the_same_cells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cells = cell_strip("aab", [1, 1, 1], [2, 2, 3], ColorDepth.TRUECOLOR)
    row = side_by_side([cells, Strip([Segment("c")])])
    monkeypatch.setattr(strips, "LAZY", False)
    plain = cell_strip("aab", [1, 1, 1], [2, 2, 3], ColorDepth.TRUECOLOR)
    assert type(plain) is Strip
    assert [*plain] == [*cells]
    assert [*side_by_side([plain, Strip([Segment("c")])])] == [*row]


def test_where_nothing_of_ours_can_be_written_a_picture_in_pixels_is_cells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = [(1, 0, 0), (1, 0, 1), None]
    monkeypatch.setattr(strips, "IN_PIXELS", False)
    shown = pixel_strip("aab", [1, 1, 1], [2, 2, 3], ColorDepth.TRUECOLOR, parts=parts, ground=0)
    assert [*shown] == [*CellStrip("aab", [1, 1, 1], [2, 2, 3], ColorDepth.TRUECOLOR)]
    assert PLACEHOLDER not in shown.render(Console())


def part_numbers() -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """All cells but the first row and column show the part of their place."""
    parts = np.arange(ROWS)[:, None] * PART + np.arange(COLUMNS)
    parts[0], parts[:, 0] = -1, -1
    return parts.astype(np.int32)


def placeholders(text: str) -> list[tuple[int, int]]:
    """Row and column of each placeholder."""
    number = {mark: place for place, mark in enumerate(marks())}
    return [
        (number[text[place + 1]], number[text[place + 2]])
        for place, sign in enumerate(text)
        if sign == PLACEHOLDER
    ]


def test_where_the_terminal_has_pixels_another_view_changes_no_cell_of_theirs() -> None:
    parts = part_numbers()
    canvas = Canvas(grid(1), parts, image_ids=(7, 8))
    canvas.show(grid(2), parts)
    changed = {(x, region.y) for region in canvas.changes() for x in range(region.x, region.right)}
    beside = {(0, row) for row in range(ROWS)} | {(column, 0) for column in range(COLUMNS)}
    assert changed
    assert changed <= beside


def test_a_mark_hides_one_part_and_gives_it_back() -> None:
    canvas = Canvas(grid(1), part_numbers(), image_ids=(7, 8))
    whole = canvas.row(2).render(Console())
    assert placeholders(whole) == [(2, column) for column in range(1, COLUMNS)]
    canvas.mark(2, {5: Ink("1", 8, 9)})
    canvas.lay({(6, 2): Ink("+", 8, 9)})
    assert [tuple(region) for region in canvas.changes()] == [(5, 2, 2, 1)]
    text = canvas.row(2).render(Console())
    assert placeholders(text) == [(2, column) for column in range(1, COLUMNS) if column not in (5, 6)]
    assert placeholders(canvas.row(2).crop(4, 9).render(Console())) == [(2, 4), (2, 7), (2, 8)]
    canvas.mark(2, {})
    canvas.lay({})
    assert [tuple(region) for region in canvas.changes()] == [(5, 2, 2, 1)]
    assert canvas.row(2).render(Console()) == whole


def test_pictures_side_by_side_keep_their_own_parts_and_one_that_is_another_now_is_sent_again() -> None:
    parts = part_numbers()
    parts[2, 4:7] += IMAGE
    canvas = Canvas(grid(1), parts, image_ids=(7, 8))
    canvas.changes()
    text = canvas.row(2).render(Console())
    assert placeholders(text) == [(2, column) for column in range(1, COLUMNS)]
    assert [text.count(f"38;2;0;0;{image_id};") for image_id in (7, 8)] == [2, 1]
    assert not canvas.changes()
    canvas.outdate(1)
    assert [tuple(region) for region in canvas.changes()] == [(4, 2, 3, 1)]
    canvas.outdate(0)
    changed = {(x, region.y) for region in canvas.changes() for x in range(region.x, region.right)}
    assert {(column, row) for column in range(1, COLUMNS) for row in range(1, ROWS)} - changed <= {
        (4, 2), (5, 2), (6, 2),
    }  # fmt: skip


def test_whoever_takes_a_row_of_pixels_apart_finds_cells() -> None:
    canvas = Canvas(grid(1), part_numbers(), image_ids=(7, 8))
    plain = Canvas(grid(1))
    assert canvas.row(2).text == plain.row(2).text
    assert list(canvas.row(2)) == list(plain.row(2))
    canvas.show(grid(2), part_numbers())
    canvas.changes()
    plain.show(grid(2))
    plain.changes()
    assert canvas.row(2).text == plain.row(2).text


def test_a_strip_of_cells_does_all_that_any_strip_does_and_keeps_what_it_renders() -> None:
    strip = CellStrip("abcd", [1, 1, 2, 2], [3, 3, 3, 4], ColorDepth.TRUECOLOR, rendered="as it is")
    wider = strip.adjust_cell_length(6)
    assert (wider.text, wider.cell_length) == ("abcd  ", 6)
    assert strip.apply_style(Style(bold=True)).text == "abcd"
    assert strip.crop_extend(1, 5, None).text == "bcd "
    assert (strip.text, strip.cell_length) == ("abcd", 4)
    assert strip.render(Console()) == "as it is"
    with pytest.raises(AttributeError):
        _ = strip.nothing_like_that


def test_strips_side_by_side_stay_what_they_are_and_look_as_one() -> None:
    cells = CellStrip("abcd", [1, 1, 2, 2], [3, 3, 3, 4], ColorDepth.TRUECOLOR)
    row = Row([Strip([Segment("12")]), cells, Strip([Segment("3")])])
    assert (row.text, row.cell_length, bool(row)) == ("12abcd3", 7, True)
    assert [piece.text for piece in row.divide([3, 6, 7])] == ["12a", "bcd", "3"]
    assert row.crop(2, 6) is cells
    assert isinstance(row.crop(3, 5), CellStrip)
    assert row.crop(1).text == "2abcd3"
    console = Console()
    assert row.render(console) == "12" + cells.render(console) + "3"
    assert not Row([])
