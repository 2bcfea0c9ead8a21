"""Frames: view, lens and minimap in one grid, and what is not drawn twice."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.colors import ColorDepth, luma
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.markers import Chip, Mark
from imagechat_tui.raster.render import Grid, RenderOptions, as_pixels, render
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.tui.picture.canvas import PART
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


def test_what_was_drawn_the_quick_way_is_drawn_again(picture: Picture) -> None:
    asked = wish(picture, Scene(NEAR))
    quick = draw(asked, CHIPS, None, quick=True)
    assert quick.quick
    best = draw(asked, CHIPS, quick)
    assert not best.quick
    assert best.view is not quick.view


def test_pixels_are_handed_over_for_the_cells_of_the_picture_alone(picture: Picture) -> None:
    look = RenderOptions(pixels=(4, 8))
    tall = Scene(Viewport(800, 600, 100, 20))
    frame = draw(Wish(picture, tall, look, GROUND), CHIPS, None)
    x1, y1, x2, y2 = tall.view.area
    assert x1 > 0
    assert frame.pixels is not None
    assert frame.pixels.size == ((x2 - x1) * 4, (y2 - y1) * 8)
    sent = zlib.decompress(frame.pixels.data)
    assert sent == as_pixels(picture, tall.view, (4, 8), ground=GROUND).tobytes()
    assert {0, 255} <= set(sent)
    parts = frame.parts(Corner())
    assert parts is not None
    assert (parts[:, :x1] == -1).all()
    assert (parts[:, x2:] == -1).all()
    assert [divmod(int(part), PART) for part in parts[3, x1 : x1 + 2]] == [(3, 0), (3, 1)]


def test_the_minimap_and_the_frame_of_the_lens_are_cells_among_pixels(picture: Picture) -> None:
    scene = Scene(NEAR).magnified(Point(12, 12))
    frame = draw(Wish(picture, scene, RenderOptions(pixels=(4, 8)), GROUND), CHIPS, None)
    parts, box, lens = frame.parts(Corner()), frame.minimap_at(Corner()), scene.lens
    assert parts is not None
    assert box is not None
    assert lens is not None
    inside = np.zeros(parts.shape, dtype=bool)
    inside[lens.row : lens.row + lens.view.rows, lens.column : lens.column + lens.view.columns] = True
    cells = {(column, row) for row, column in np.argwhere(parts < 0).tolist()}
    assert cells == {
        (column, row)
        for column in range(100)
        for row in range(36)
        if (lens.covers(column, row) and not inside[row, column])
        or (box[0] <= column < box[2] and box[1] <= row < box[3] and not lens.covers(column, row))
    }


def test_each_cell_of_the_lens_shows_its_own_pixels(picture: Picture) -> None:
    scene = Scene(VIEW).magnified(Point(50, 50))
    frame = draw(Wish(picture, scene, RenderOptions(pixels=(4, 8)), GROUND), CHIPS, None)
    parts, lens, pixels = frame.parts(Corner()), scene.lens, frame.pixels
    assert parts is not None
    assert lens is not None
    assert pixels is not None
    sent = np.frombuffer(zlib.decompress(pixels.data), dtype=np.uint8)
    sent = sent.reshape(pixels.size[1], pixels.size[0], 3)
    closer = as_pixels(picture, lens.view, (4, 8), ground=GROUND)
    x1, y1, x2, y2 = lens.view.area
    for row in range(y1, y2):
        for column in range(x1, x2):
            down, across = divmod(int(parts[row + lens.row, column + lens.column]), PART)
            place = (
                slice((row - y1) * 8, (row - y1 + 1) * 8),
                slice((column - x1) * 4, (column - x1 + 1) * 4),
            )
            assert np.array_equal(sent[down * 8 : down * 8 + 8, across * 4 : across * 4 + 4], closer[place])
    assert pixels.cells == (pixels.size[0] / 4, pixels.size[1] / 8)


def test_pixels_are_handed_over_anew_only_for_another_lens(picture: Picture) -> None:
    look = RenderOptions(pixels=(4, 8))
    plain = draw(Wish(picture, Scene(NEAR), look, GROUND), CHIPS, None)
    opened = draw(Wish(picture, Scene(NEAR).magnified(Point(12, 12)), look, GROUND), CHIPS, plain)
    assert opened.view is plain.view
    assert opened.pixels is not plain.pixels
    again = draw(opened.wish, CHIPS, opened)
    assert again.pixels is opened.pixels
    closed = draw(plain.wish, CHIPS, opened)
    assert closed.pixels is opened.pixels
    for one, other in ((closed, plain), (again, opened)):
        assert np.array_equal(one.parts(Corner()), other.parts(Corner()))  # type: ignore[arg-type]


def test_a_lens_for_which_no_rows_are_left_is_cells(picture: Picture) -> None:
    scene = Scene(replace(VIEW, columns=290, rows=250).zoomed(3, Point(50, 50))).magnified(Point(50, 50))
    lens = scene.lens
    assert lens is not None
    frame = draw(Wish(picture, scene, RenderOptions(pixels=(1, 2)), GROUND), (), None)
    assert frame.pixels is not None
    assert not frame.pixels.lens
    parts = frame.parts(Corner())
    assert parts is not None
    assert parts.max() >= 0
    assert (parts[lens.row : lens.row + lens.view.rows, lens.column : lens.column + 9] == -1).all()


def test_no_pixels_where_none_are_wished_for_or_too_many_cells_are(picture: Picture) -> None:
    assert draw(wish(picture, Scene(VIEW)), (), None).pixels is None
    assert draw(wish(picture, Scene(VIEW)), (), None).parts(Corner()) is None
    wide = Wish(picture, Scene(replace(VIEW, columns=900, rows=330)), RenderOptions(pixels=(1, 2)), GROUND)
    assert draw(wide, (), None).pixels is None
