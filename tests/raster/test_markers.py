"""Chips: none covers another, none is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.markers import Chip, Mark, place
from imagechat_tui.raster.viewport import Viewport

VIEW = Viewport(1000, 1000, 80, 40)
percents = st.floats(0, 100)


def chip(key: str, x: float, y: float, *, mark: Mark = Mark.OPEN, selected: bool = False) -> Chip:
    return Chip(key, key, mark, Point(x, y), selected)


@given(st.lists(st.tuples(percents, percents), max_size=60), st.floats(1, 8))
def test_no_chip_covers_another_and_none_is_lost(places: list[tuple[float, float]], factor: float) -> None:
    view = VIEW.zoomed(factor, Point(30, 60))
    placement = place([chip(str(n), x, y) for n, (x, y) in enumerate(places)], view)
    cells = [(c.row, c.column + i) for c in placement.chips for i in range(len(c.text))]
    assert len(cells) == len(set(cells))
    assert all(view.holds((column, row)) for row, column in cells)
    beyond = placement.left + placement.right + placement.above + placement.below
    assert sum(len(c.keys) for c in placement.chips) + beyond == len(places)


def test_chips_that_would_overlap_are_counted_in_one() -> None:
    placement = place([chip("1", 50, 50), chip("2", 50.1, 50), chip("3", 10, 50)], VIEW)
    assert sorted((c.text, c.keys) for c in placement.chips) == [("(2)", ("1", "2")), ("3", ("3",))]


def test_states_are_told_by_a_sign() -> None:
    placement = place([chip("7", 50, 50, mark=Mark.UNREAD, selected=True)], VIEW)
    assert placement.chips[0].text == "[●7]"


def test_a_chip_is_hit_on_each_of_its_cells_only() -> None:
    placed = place([chip("123", 50, 50)], VIEW)
    one = placed.chips[0]
    assert all(placed.at(one.column + i, one.row) is one for i in range(3))
    assert placed.at(one.column + 3, one.row) is None
    assert placed.at(one.column, one.row + 1) is None
