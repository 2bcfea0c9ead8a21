"""Two versions, one laid on the other."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.compare import Box, Differences, differences
from imagechat_tui.raster.comparison import Comparison, Laid, laid_before_compared
from imagechat_tui.raster.image import Picture, Plane
from imagechat_tui.raster.render import RenderOptions, as_pixels, render
from imagechat_tui.raster.viewport import Viewport
from tests.raster.pictures import flat, page, picture

PAGE = page(400, 300, seed=6)


def comparison(old: Picture, new: Picture) -> Comparison:
    mask = np.zeros(new.pixels.shape[:2], dtype=np.uint8)
    return Comparison(old, new, differences(old.pixels, new.pixels, mask=mask), Plane(mask, 1))


Ints = NDArray[np.int32]


def channels(colors: Ints) -> Ints:
    """Red, green and blue of each, last."""
    return np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=-1)


@pytest.mark.parametrize("zoom", [1.0, 2.7, 9.0])
@pytest.mark.parametrize("shift", [(0, 0), (0, 40), (-60, 0)])
def test_what_was_shifted_is_drawn_in_the_same_cells(zoom: float, shift: tuple[int, int]) -> None:
    right, down = shift
    large = page(600, 500, seed=3)
    old = picture(large[100:400, 100:500])
    new = picture(large[100 - down : 400 - down, 100 - right : 500 - right])
    found = comparison(old, new)
    assert found.found.shift == shift
    view = Viewport(400, 300, 60, 20).with_margin(found.margin).zoomed(zoom, Point(50, 50))
    before = render(old, found.laid.view(view), RenderOptions(), ground=0)
    now = render(new, view, RenderOptions(), ground=0)
    middle = slice(5, 15), slice(20, 40)
    assert np.array_equal(before.glyphs[middle], now.glyphs[middle])
    # A colour may be kept from a cell on the left that shows something else in the two.
    off = np.abs(channels(before.bg[middle]) - channels(now.bg[middle]))
    assert off.max() <= 8
    assert (off == 0).mean() > 0.95


def test_one_twice_as_large_is_drawn_in_the_same_cells() -> None:
    twice = picture(np.repeat(np.repeat(PAGE, 2, axis=0), 2, axis=1))
    laid = laid_before_compared(twice, picture(PAGE))
    assert laid.factor == 2.0
    view = Viewport(400, 300, 60, 20, zoom=2.0, center=Point(40, 40))
    before = as_pixels(twice, laid.view(view), (4, 8), ground=0)
    now = as_pixels(picture(PAGE), view, (4, 8), ground=0)
    assert np.abs(before.astype(int) - now).mean() < 6
    assert np.abs(before[:, 4:].astype(int) - now[:, :-4]).mean() > 20


def test_beside_the_old_version_there_is_ground() -> None:
    view = Viewport(400, 300, 40, 15)
    grid = render(
        flat(200, 300, 9, 9, 9), Laid(flat(200, 300, 9, 9, 9)).view(view), RenderOptions(), ground=0xFF0000
    )
    assert (grid.bg[:, 21:] == 0xFF0000).all()
    assert (grid.bg[:, :19] == 0x090909).all()


def test_where_nothing_of_the_old_version_is_seen_there_is_ground_alone() -> None:
    old = flat(40, 30, 9, 9, 9)
    view = Viewport(400, 300, 40, 15, zoom=8.0, center=Point(90, 90))
    assert (render(old, Laid(old).view(view), RenderOptions(), ground=0xFF0000).bg == 0xFF0000).all()


def test_what_is_gone_can_be_seen_in_the_margin_of_the_view() -> None:
    old, new = picture(np.concatenate([page(400, 56, seed=9), PAGE])), picture(PAGE)
    found = comparison(old, new)
    assert found.margin == (0, 56, 0, 0)
    view = Viewport(400, 300, 80, 10).with_margin(found.margin).zoomed(8.0, Point(50, 0))
    seen = view.centered(Point(50, -9))
    assert seen.top < 0
    assert found.laid.view(seen).top == pytest.approx(seen.top + 56)
    assert view.centered(Point(50, -500)).top == -56


@pytest.mark.parametrize("zoom", [1.0, 3.0])
def test_a_margin_that_comes_moves_nothing_that_is_seen_closer(zoom: float) -> None:
    view = Viewport(400, 300, 40, 15).zoomed(zoom, Point(30, 30))
    wider = view.with_margin((0, 0, 50, 700))
    if zoom == 1:
        assert wider.height / wider.fit_scale < view.height / view.fit_scale
    else:
        assert (wider.left, wider.top, wider.scale) == pytest.approx((view.left, view.top, view.scale))
    assert wider.with_margin((0, 0, 0, 0)).scale == pytest.approx(view.scale if zoom > 1 else view.fit_scale)


def test_what_differs_is_red_and_the_rest_is_pale_and_grey() -> None:
    new = PAGE.copy()
    new[100:140, 100:200] = (0, 0, 250)
    found = comparison(picture(PAGE), picture(new))
    seen = found.difference.samples((0.0, 0.0, 400.0, 300.0), 400, 300)
    differs = (new != PAGE).any(axis=2)
    red = seen[..., 0].astype(int) - seen[..., 1]
    assert (red[differs] >= 100).all()
    assert (red[~differs] == 0).all()
    assert (seen[~differs] >= 96).all()


def test_a_single_pixel_is_seen_among_many() -> None:
    new = PAGE.copy()
    new[101, 101] ^= 128
    found = comparison(picture(PAGE), picture(new))
    seen = found.difference.samples((0.0, 0.0, 400.0, 300.0), 50, 50).astype(int)
    assert (seen[..., 0] - seen[..., 1] > 20).sum() in range(1, 5)


def test_the_same_box_of_a_picture_that_is_enlarged() -> None:
    found = Differences((Box(1, 2, 3, 4),), (0, -2), 12, 0.5, (Box(0, -2, 9, 2),)).enlarged(4)
    assert found == Differences((Box(4, 8, 12, 16),), (0, -8), 192, 0.5, (Box(0, -8, 36, 8),))
