"""Frames: view, lens and minimap in one grid, and what is not drawn twice."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.colors import ColorDepth, luma
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.markers import Chip, Mark
from imagechat_tui.raster.render import Grid, RenderOptions, render
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.tui.picture.frame import Corner, Frame, Wish, draw
from imagechat_tui.tui.picture.scene import Scene

GROUND = 0x101010
VIEW = Viewport(800, 600, 100, 36)
NEAR = VIEW.zoomed(4, Point(0, 0))
CHIPS = [Chip(str(n), str(n), Mark.OPEN, Point(n, n)) for n in range(0, 100, 9)]


@pytest.fixture(scope="module")
def picture() -> Picture:
    """White, with a black lower half."""
    pixels = np.full((600, 800, 3), 255, dtype=np.uint8)
    pixels[300:] = 0
    return Picture("p", 800, 600, "0" * 64, pixels)


def wish(picture: Picture, scene: Scene, depth: ColorDepth = ColorDepth.TRUECOLOR) -> Wish:
    return Wish(picture, scene, RenderOptions(colors=depth), GROUND)


def part(grid: Grid, box: tuple[int, int, int, int]) -> Grid:
    x1, y1, x2, y2 = box
    cut = (slice(y1, y2), slice(x1, x2))
    return Grid(grid.glyphs[cut], grid.fg[cut], grid.bg[cut], grid.depth)


def same(one: Grid, other: Grid) -> bool:
    return all(np.array_equal(getattr(one, layer), getattr(other, layer)) for layer in ("glyphs", "fg", "bg"))


def minimap(frame: Frame) -> Grid:
    box = frame.minimap_at(Corner())
    assert box is not None
    return part(frame.grid(Corner()), box)


def test_a_plain_view_is_what_the_renderer_draws(picture: Picture) -> None:
    asked = wish(picture, Scene(VIEW))
    frame = draw(asked, CHIPS, None)
    assert frame.grid(Corner()) is frame.view
    assert same(frame.view, render(picture, VIEW, asked.options, ground=GROUND))
    assert sum(len(chip.keys) for chip in frame.places.chips) == len(CHIPS)


def test_a_closer_view_has_a_small_minimap_in_its_corner(picture: Picture) -> None:
    frame = draw(wish(picture, Scene(NEAR)), CHIPS, None)
    for corner in (Corner(), Corner(right=False), Corner(low=False)):
        box = frame.minimap_at(corner)
        assert box is not None
        x1, y1, x2, y2 = box
        assert (x1, x2)[corner.right] == (0, 100)[corner.right]
        assert (y1, y2)[corner.low] == (0, 36)[corner.low]
        assert (x2 - x1) * (y2 - y1) <= 100 * 36 / 20
        assert not same(part(frame.grid(corner), box), part(frame.view, box))
        rest = frame.grid(corner)
        rest.bg[y1:y2, x1:x2] = frame.view.bg[y1:y2, x1:x2]
        assert np.array_equal(rest.bg, frame.view.bg)


def test_the_minimap_shows_what_is_seen_and_dims_the_rest(picture: Picture) -> None:
    inner = part(minimap(draw(wish(picture, Scene(NEAR)), (), None)), (1, 1, -1, -1))
    assert inner.bg[0, 0] == 0xFFFFFF
    assert inner.bg[0, -1] < 0x808080
    elsewhere = VIEW.zoomed(4, Point(100, 0))
    inner = part(minimap(draw(wish(picture, Scene(elsewhere)), (), None)), (1, 1, -1, -1))
    assert inner.bg[0, 0] < 0x808080
    assert inner.bg[0, -1] == 0xFFFFFF


@pytest.mark.parametrize(("color", "ground"), [(0x14, 0x101010), (0xFF, 0xF7F7F5)])
def test_the_minimap_of_a_picture_in_the_colour_of_the_ground_shows_what_is_seen(
    color: int, ground: int
) -> None:
    dull = Picture("p", 800, 600, "0" * 64, np.full((600, 800, 3), color, dtype=np.uint8))
    inner = part(minimap(draw(Wish(dull, Scene(NEAR), RenderOptions(), ground), (), None)), (1, 1, -1, -1))
    assert inner.bg[0, 0] == color * 0x010101
    assert abs(luma(int(inner.bg[-1, -1])) - color) > 40


def test_the_minimap_is_told_by_signs_where_there_are_no_colours(picture: Picture) -> None:
    grid = minimap(draw(wish(picture, Scene(NEAR), ColorDepth.NONE), (), None))
    text = ["".join(map(chr, row)) for row in grid.glyphs.tolist()]
    assert text[0].replace("-", "") == "++"
    assert text[1].startswith("|#")
    assert text[-2].strip("|").strip(".") == ""


@pytest.mark.parametrize("view", [VIEW, replace(NEAR, columns=30), replace(NEAR, rows=10)])
def test_there_is_no_minimap_where_all_is_seen_or_little_fits(picture: Picture, view: Viewport) -> None:
    assert draw(wish(picture, Scene(view)), (), None).minimap is None


def test_a_lens_lies_on_the_view_in_a_frame(picture: Picture) -> None:
    scene = Scene(VIEW).magnified(Point(50, 50))
    frame = draw(wish(picture, scene), CHIPS, None)
    lens = scene.lens
    assert lens is not None
    box = (lens.column, lens.row, lens.column + lens.view.columns, lens.row + lens.view.rows)
    whole = frame.grid(Corner())
    assert same(part(whole, box), render(picture, lens.view, RenderOptions(), ground=GROUND))
    assert chr(whole.glyphs[lens.row - 1, lens.column - 1]) == "┌"
    assert same(part(whole, (0, 0, 100, lens.row - 1)), part(frame.view, (0, 0, 100, lens.row - 1)))


def test_opening_a_lens_does_not_draw_the_view_again(picture: Picture) -> None:
    plain = draw(wish(picture, Scene(NEAR)), CHIPS, None)
    opened = draw(wish(picture, Scene(NEAR).magnified(Point(12, 12))), CHIPS, plain)
    assert opened.view is plain.view
    assert opened.minimap is plain.minimap
    assert draw(wish(picture, Scene(NEAR)), CHIPS, opened).view is plain.view
    other = wish(picture, Scene(NEAR), ColorDepth.PALETTE)
    assert draw(other, CHIPS, plain).view is not plain.view
