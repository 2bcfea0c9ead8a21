"""What a terminal shows of a picture that it scales itself is what the view says, cell by cell."""

from __future__ import annotations

import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.kitty import MOST_CELLS
from imagechat_tui.raster.render import as_pixels
from imagechat_tui.raster.sheets import Encoded, Part, encoded, whole_part, whole_pixels, window_part
from imagechat_tui.raster.viewport import Viewport

CELL = (7, 15)
GROUND = 0x101010


def picture(width: int, height: int, *, drawn: bool = True, opacity: int | None = None) -> Picture:
    """Blocks of a few colours, or noise."""
    draws = np.random.default_rng(width)
    if drawn:
        blocks = draws.integers(0, 256, (height // 20 + 1, width // 20 + 1, 3), dtype=np.uint8)
        pixels = np.repeat(np.repeat(blocks, 20, axis=0), 20, axis=1)[:height, :width]
    else:
        pixels = draws.integers(0, 256, (height, width, 3), dtype=np.uint8)
    cover = None if opacity is None else np.full((height, width), opacity, dtype=np.uint8)
    return Picture("p", width, height, "0" * 64, np.ascontiguousarray(pixels), opacity=cover)


def unpacked(packed: Encoded) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if packed.png:
        return np.asarray(Image.open(BytesIO(packed.data)).convert("RGB"))
    width, height = packed.size
    return np.frombuffer(zlib.decompress(packed.data), dtype=np.uint8).reshape(height, width, 3)


def laid_out(size: tuple[int, int], cells: tuple[int, int], column: int, row: int) -> tuple[float, float]:
    """The pixel of a picture at the upper left corner of a cell: it is as large as its box lets it, in its middle.

    As kitty's ``grman_put_cell_image`` and Ghostty have it.
    """
    width, height = cells[0] * CELL[0], cells[1] * CELL[1]
    scale = max(size[0] / width, size[1] / height)
    beside = (width * scale - size[0]) / 2, (height * scale - size[1]) / 2
    return column * CELL[0] * scale - beside[0], row * CELL[1] * scale - beside[1]


@given(
    st.integers(2, 3000),
    st.integers(2, 3000),
    st.integers(2, 200),
    st.integers(2, 90),
    st.floats(1, 60),
    st.builds(Point, st.floats(0, 100), st.floats(0, 100)),
)
@settings(max_examples=300, deadline=None)
def test_each_cell_shows_the_pixels_that_the_view_has_in_it(
    width: int, height: int, columns: int, rows: int, factor: float, about: Point
) -> None:
    one = Picture("p", width, height, "", np.empty((0, 0, 3), dtype=np.uint8))
    view = Viewport(width, height, columns, rows, CELL[1] / CELL[0], even=True).zoomed(factor, about)
    for seen in (view, view.panned(3, 1), view.centered(about), view.fit(), view.filled(about)):
        part = whole_part(one, seen, CELL, coarse=True)
        if part is None:
            shown = round(seen.width / seen.scale), seen.height / seen.scale / seen.aspect
            assert max(shown) > MOST_CELLS - 1
            continue
        x1, y1, x2, y2 = seen.area
        for column, row in ((x1, y1), (x2 - 1, y2 - 1)):
            at = part.at[0] + column - x1, part.at[1] + row - y1
            assert 0 <= at[0] < part.cells[0]
            assert 0 <= at[1] < part.cells[1]
            x, y = laid_out((width, height), part.cells, *at)
            assert x == pytest.approx(seen.left + column * seen.scale, abs=seen.scale / 100)
            assert y == pytest.approx(seen.top + row * seen.scale * seen.aspect, abs=seen.scale / 50)


def test_the_whole_picture_fills_the_view_and_nothing_of_it_is_cut() -> None:
    for size, columns, rows in (((1440, 900), 122, 51), ((900, 1440), 122, 51), ((640, 480), 80, 24)):
        view = Viewport(*size, columns, rows, CELL[1] / CELL[0], even=True).fit()
        part = whole_part(picture(*size), view, CELL)
        assert part is not None
        assert part.at == (0, 0)
        x1, y1, x2, y2 = view.area
        assert part.cells == (x2 - x1, y2 - y1)
        assert part.cells[0] == columns or part.cells[1] >= rows - 1


def window(one: Picture, view: Viewport, before: Part | None = None, margin: float = 0.125) -> Part:
    part = window_part(one, view, CELL, GROUND, before.sheet if before is not None else None, margin=margin)
    assert part is not None
    return part


@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("about", [Point(0, 0), Point(40, 60), Point(100, 100)])
def test_a_window_has_the_pixels_of_the_view_and_some_round_it(even: bool, about: Point) -> None:
    one = picture(800, 600)
    view = Viewport(800, 600, 60, 20, CELL[1] / CELL[0], even=even).zoomed(9, about)
    part = window(one, view)
    pixels = unpacked(part.sheet.encoded())
    assert pixels.shape[:2] == (part.cells[1] * CELL[1], part.cells[0] * CELL[0])
    x1, y1, x2, y2 = view.area
    (column, row), across, down = part.at, x2 - x1, y2 - y1
    inside = pixels[row * CELL[1] : (row + down) * CELL[1], column * CELL[0] : (column + across) * CELL[0]]
    assert np.mean(inside == as_pixels(one, view, CELL, ground=GROUND)) > 0.99
    assert part.cells != (across, down)
    assert window(one, view, margin=0).cells == (across, down)


def test_a_window_stays_while_it_has_what_is_seen() -> None:
    one = picture(800, 600)
    view = Viewport(800, 600, 60, 20, CELL[1] / CELL[0], even=True).zoomed(9, Point(50, 50))
    first = window(one, view)
    near = window(one, view.panned(5, 2), first)
    assert near.sheet is first.sheet
    assert near.at == (first.at[0] + 5, first.at[1] + 2)
    for other in (view.panned(40, 0), view.zoomed(1.5, Point(50, 50))):
        assert window(one, other, first).sheet != first.sheet
    assert window(picture(800, 600), view, first).sheet != first.sheet


def test_too_many_cells_or_none_are_no_part() -> None:
    one = picture(800, 600)
    wide = Viewport(800, 600, 900, 330, CELL[1] / CELL[0], even=True)
    assert whole_part(one, wide, CELL) is None
    assert window_part(one, wide, CELL, GROUND, None) is None
    largest = window(one, replace(wide, columns=297, rows=100).zoomed(20, Point(50, 50)))
    assert max(largest.cells) <= MOST_CELLS
    aside = Viewport(800, 600, 60, 20, floating=True, center=Point(-500, 50))
    assert window_part(one, aside, CELL, GROUND, None) is None


def test_a_large_picture_is_handed_over_smaller_and_seen_closer_by_windows() -> None:
    large = picture(3000, 2400)
    view = Viewport(3000, 2400, 122, 51, CELL[1] / CELL[0], even=True).fit()
    assert whole_part(large, view, CELL) is not None
    near = view.zoomed(2, Point(50, 50))
    assert whole_part(large, near, CELL) is None
    assert whole_part(large, near, CELL, coarse=True) is not None
    pixels = whole_pixels(large)
    assert pixels.shape == (1200, 1500, 3)
    assert np.array_equal(pixels[::10, ::10], large.pixels[::20, ::20])


def test_a_picture_that_is_seen_from_far_away_is_made_smaller_here() -> None:
    one = picture(1440, 900)
    for columns, whole in ((122, True), (60, False)):
        view = Viewport(1440, 900, columns, 51, CELL[1] / CELL[0], even=True).fit()
        assert (whole_part(one, view, CELL) is not None) == whole
        assert whole_part(one, view, CELL, coarse=True) is not None


def test_the_whole_picture_is_as_it_was_and_chequered_where_it_is_seen_through() -> None:
    one = picture(333, 227)
    assert np.array_equal(whole_pixels(one), one.pixels)
    clear = whole_pixels(
        replace(one, pixels=np.zeros_like(one.pixels), opacity=np.zeros((227, 333), np.uint8))
    )
    assert set(clear[0, :32:8, 0].tolist()) == {102, 153}


def test_256_colours_are_sent_where_they_do() -> None:
    few = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2).repeat(64, axis=1)
    assert encoded(few).png
    assert np.array_equal(unpacked(encoded(few)), few)
    noise = picture(80, 60, drawn=False).pixels
    assert not encoded(noise).png
    assert np.array_equal(unpacked(encoded(noise)), noise)
