"""Chips: none covers another, none is lost, and a change costs its own row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.markers import Chip, Mark, PlacedChip, Placement, place
from imagechat_tui.raster.viewport import Viewport

VIEW = Viewport(1000, 1000, 80, 40)
percents = st.floats(0, 100)
places = st.lists(st.tuples(percents, percents, st.sampled_from(Mark), st.booleans()), max_size=60)


def chip(key: str, x: float, y: float, *, mark: Mark = Mark.OPEN, selected: bool = False) -> Chip:
    return Chip(key, key, mark, Point(x, y), selected)


def chips(found: list[tuple[float, float, Mark, bool]]) -> list[Chip]:
    return [chip(str(n), x, y, mark=mark, selected=chosen) for n, (x, y, mark, chosen) in enumerate(found)]


def all_of(placement: Placement) -> list[PlacedChip]:
    return sorted(placement.chips, key=lambda placed: (placed.row, placed.column))


@given(places, st.floats(1, 8), st.booleans())
def test_no_chip_covers_another_and_none_is_lost(
    found: list[tuple[float, float, Mark, bool]], factor: float, plain: bool
) -> None:
    view = VIEW.zoomed(factor, Point(30, 60))
    placement = place(chips(found), view, ascii_only=plain)
    placed = all_of(placement)
    cells = [(c.row, c.column + i) for c in placed for i in range(len(c.text))]
    assert len(cells) == len(set(cells))
    assert all(view.holds((column, row)) for row, column in cells)
    assert sum(len(c.keys) for c in placed) + sum(placement.beyond) == len(found)


@given(places, places, st.floats(1, 8))
def test_a_changed_placement_is_as_one_made_anew(
    before: list[tuple[float, float, Mark, bool]], after: list[tuple[float, float, Mark, bool]], factor: float
) -> None:
    view = VIEW.zoomed(factor, Point(30, 60))
    placement = place(chips(before), view)
    old = {placed.row: list(placement.row(placed.row)) for placed in placement.chips}
    touched = placement.put(chips(after))
    anew = place(chips(after), view)
    assert all_of(placement) == all_of(anew)
    assert placement.beyond == anew.beyond
    differing = {row for row in range(view.rows) if list(anew.row(row)) != old.get(row, [])}
    assert touched == differing


def test_a_marker_that_changes_touches_its_row_alone() -> None:
    some = [chip(str(n), n, n) for n in range(90)]
    placement = place(some, VIEW)
    some[50] = replace(some[50], selected=True)
    assert placement.put(some) == {20}
    assert placement.put(some) == set()


def test_chips_that_would_overlap_are_counted_in_one() -> None:
    placement = place([chip("1", 50, 50), chip("2", 50.1, 50), chip("3", 10, 50)], VIEW)
    assert [(c.text, c.keys) for c in all_of(placement)] == [("▐3▌", ("3",)), ("▐×2▌", ("1", "2"))]


def test_a_count_that_reaches_its_left_neighbour_takes_it_in() -> None:
    # Alone, 1 ends where 2 begins; 2 and 3 are one, wider by a cell, and that is the neighbour's.
    column = 100 / VIEW.columns
    some = [chip("1", 10.5 * column, 50), chip("2", 13.5 * column, 50), chip("3", 14.5 * column, 50)]
    assert [c.text for c in all_of(place(some[:2], VIEW))] == ["▐1▌", "▐2▌"]
    assert [c.text for c in all_of(place(some, VIEW))] == ["▐×3▌"]


def test_a_count_tells_the_most_urgent_state_of_those_it_stands_for() -> None:
    def together(*marks: Mark) -> str:
        placement = place([chip(str(n), 50, 50, mark=mark) for n, mark in enumerate(marks)], VIEW)
        return all_of(placement)[0].text

    assert together(Mark.RESOLVED, Mark.UNREAD, Mark.MINE) == "▐●×3▌"
    assert together(Mark.UNREAD, Mark.FAILED) == "▐!×2▌"
    assert together(Mark.RESOLVED, Mark.OPEN) == "▐×2▌"
    assert together(Mark.RESOLVED, Mark.RESOLVED) == "▐✓×2▌"


@pytest.mark.parametrize("plain", [False, True])
def test_each_state_has_a_text_of_its_own(plain: bool) -> None:
    texts = {
        all_of(place([chip("7", 50, 50, mark=mark, selected=chosen)], VIEW, ascii_only=plain))[0].text
        for mark in Mark
        for chosen in (False, True)
    }
    assert len(texts) == 2 * len(Mark)
    assert all(text.isascii() for text in texts) == plain


def test_a_long_number_keeps_its_last_digits_and_its_edges() -> None:
    def text(number: str, mark: Mark) -> str:
        return all_of(place([chip(number, 50, 50, mark=mark)], VIEW))[0].text

    assert text("123", Mark.OPEN) == "▐123▌"
    assert text("4999", Mark.UNREAD) == "▐●4999▌"
    assert text("123456", Mark.UNREAD) == "▐●3456▌"


def test_markers_out_of_view_are_counted_at_their_edge() -> None:
    view = VIEW.zoomed(4, Point(50, 50))
    placement = place([chip("1", 5, 50), chip("2", 95, 50), chip("3", 96, 50), chip("4", 50, 5)], view)
    assert placement.beyond == (1, 2, 1, 0)


def test_thousands_in_one_place_are_one_chip() -> None:
    # Laying a row out is not quadratic in what falls together: this would take minutes.
    placement = place([chip(str(n), 50, 50) for n in range(50_000)], VIEW)
    assert [c.text for c in placement.chips] == ["▐×999▌"]
    assert len(all_of(placement)[0].keys) == 50_000
