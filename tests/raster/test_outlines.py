"""Boxes in cells."""

from __future__ import annotations

import numpy as np
import pytest

from imagechat_tui.raster.ansi import texts
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.compare import Box
from imagechat_tui.raster.outlines import outline
from imagechat_tui.raster.render import Grid
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.tui.symbols import IN_ASCII

VIEW = Viewport(80, 80, 8, 4)
"""A cell is 10 pixels wide and 20 high."""


def blank(depth: ColorDepth = ColorDepth.TRUECOLOR) -> Grid:
    shape = (VIEW.rows, VIEW.columns)
    return Grid(
        np.full(shape, 0x20, dtype=np.uint32),
        np.zeros(shape, dtype=np.int32),
        np.zeros(shape, dtype=np.int32),
        depth,
    )


def drawn(*boxes: Box, chosen: Box | None = None, ascii_only: bool = True) -> list[str]:
    grid = blank()
    lined = outline(grid, VIEW, boxes, chosen, ascii_only=ascii_only)
    assert np.array_equal(lined, grid.glyphs != 0x20)
    return texts(grid)


def test_the_line_is_in_the_cells_round_the_box() -> None:
    assert drawn(Box(20, 20, 30, 20)) == [" +---+  ", " |   |  ", " +---+  ", "        "]
    assert drawn(Box(21, 21, 1, 1)) == [" +-+    ", " | |    ", " +-+    ", "        "]


def test_a_box_at_the_edges_of_the_view_has_its_line_inside() -> None:
    assert drawn(Box(0, 0, 80, 80)) == ["+------+", "|      |", "|      |", "+------+"]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box(-40, -60, 60, 80), ["  |     ", "--+     ", "        ", "        "]),
        (Box(-500, 20, 4000, 20), ["--------", "        ", "--------", "        "]),
        (Box(900, 900, 10, 10), [" " * 8] * 4),
        (Box(-900, -900, 10, 10), [" " * 8] * 4),
    ],
)
def test_of_a_box_that_goes_on_beyond_the_view_the_sides_there_are_not_drawn(
    box: Box, expected: list[str]
) -> None:
    assert drawn(box) == expected


def test_the_chosen_one_is_thick_and_over_the_others() -> None:
    one, other = Box(20, 20, 30, 20), Box(21, 40, 30, 1)
    assert drawn(one, other, chosen=one)[:3] == [" XXXXX  ", " X---X+ ", " XXXXX| "]
    assert drawn(chosen=one, ascii_only=False)[:3] == [" ┏━━━┓  ", " ┃   ┃  ", " ┗━━━┛  "]


@pytest.mark.parametrize("depth", ColorDepth)
def test_it_is_seen_in_every_depth_on_any_ground(depth: ColorDepth) -> None:
    grid = blank(depth)
    lined = outline(grid, VIEW, (), Box(20, 20, 30, 20), ascii_only=False)
    assert depth is ColorDepth.NONE or (grid.fg[lined] != grid.bg[lined]).all()


def test_every_sign_has_one_of_ascii_in_its_place() -> None:
    for sign in "┌─┐│└┘┏━┓┃┗┛":
        assert IN_ASCII[sign].isascii()
