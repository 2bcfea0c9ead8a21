"""Which cells show pixels: those of the picture, and of the loupe, that nothing of ours lies over."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace
from rich.console import Console

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.compare import Box
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.kitty import PIECE
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.tui.picture.canvas import IMAGE, PART, Canvas
from imagechat_tui.tui.picture.frame import Corner, Frame, Outlines, Wish, draw
from imagechat_tui.tui.picture.pixel_parts import (
    LENS,
    OTHER_WINDOW,
    WHOLE,
    WINDOW,
    PixelParts,
    Shown,
    part_numbers,
)
from imagechat_tui.tui.picture.scene import Scene
from imagechat_tui.tui.picture.uploads import Uploads

LOOK = RenderOptions(pixels=(8, 16))
VIEW = Viewport(800, 600, 100, 36, even=True)
NEAR = VIEW.zoomed(2, Point(0, 0))
PAN_BYTES = 39_000
"""Of 120 × 37 cells that show other parts than before."""


class Sink:
    """A terminal that takes all at once."""

    def __init__(self) -> None:
        self.uploads = Uploads(self, lambda: None, lambda: None)

    def write(self, text: str) -> None: ...

    def send(self, text: str) -> None:
        self.uploads.arrived()

    def space(self) -> int:
        return 0

    def at_once(self) -> int:
        return PIECE

    def farewell(self, text: str) -> None: ...


@pytest.fixture(scope="module")
def picture() -> Picture:
    blocks = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    return Picture("p", 800, 600, "0" * 64, np.repeat(np.repeat(blocks, 20, axis=0), 20, axis=1))


async def shown(wish: Wish) -> tuple[Frame, list[Shown]]:
    """A frame, and what is shown in pixels once the terminal has all of it."""
    sink = Sink()
    parts = PixelParts(sink.uploads)
    assert parts.follow(wish) == []
    await sink.uploads.run()
    return draw(wish, (), None), parts.follow(wish)


async def test_the_cells_of_the_picture_show_it_and_those_beside_it_do_not(picture: Picture) -> None:
    frame, there = await shown(Wish(picture, Scene(VIEW), LOOK, 0))
    assert [image for image, _ in there] == [WHOLE]
    numbers = part_numbers(frame, Corner(), there)
    x1, y1, x2, y2 = VIEW.area
    assert x1 > 0
    assert (numbers[:, :x1] == -1).all()
    assert (numbers[:, x2:] == -1).all()
    for row, column in ((y1, x1), (y2 - 1, x2 - 1)):
        assert divmod(int(numbers[row, column]), PART) == (row - y1, column - x1)


async def test_minimap_outlines_and_the_frame_of_the_loupe_are_cells_among_pixels(picture: Picture) -> None:
    scene = Scene(NEAR).magnified(Point(12, 12))
    outlines = Outlines(boxes=(Box(4, 200, 60, 60),))
    frame, there = await shown(Wish(picture, scene, LOOK, 0, outlines=outlines))
    assert [image for image, _ in there] == [LENS, WHOLE]
    numbers, box, lens = part_numbers(frame, Corner(), there), frame.minimap_at(Corner()), scene.lens
    assert box is not None
    assert lens is not None
    assert frame.lined is not None
    assert frame.lined.any()
    inside = np.zeros(numbers.shape, dtype=bool)
    inside[lens.row : lens.row + lens.view.rows, lens.column : lens.column + lens.view.columns] = True
    plain = {(column, row) for row, column in np.argwhere(numbers < 0).tolist()}
    x1, y1, x2, y2 = lens.view.area
    for row in range(36):
        for column in range(100):
            if inside[row, column]:
                at = column - lens.column, row - lens.row
                is_plain = not (x1 <= at[0] < x2 and y1 <= at[1] < y2)
                assert is_plain or numbers[row, column] // IMAGE == LENS
            else:
                mapped = box[0] <= column < box[2] and box[1] <= row < box[3]
                is_plain = bool(lens.covers(column, row) or mapped or frame.lined[row, column])
            assert ((column, row) in plain) == is_plain


async def test_what_is_seen_much_closer_is_a_window_and_comes_before_the_coarse_whole(
    picture: Picture,
) -> None:
    _, there = await shown(Wish(picture, Scene(VIEW.zoomed(9, Point(50, 50))), LOOK, 0))
    assert [image for image, _ in there] == [WINDOW]


async def test_the_window_on_the_screen_stays_until_the_next_one_is_there(picture: Picture) -> None:
    sink = Sink()
    parts = PixelParts(sink.uploads)
    near = VIEW.zoomed(9, Point(50, 50))
    first, moved, away = (
        Wish(picture, Scene(view), LOOK, 0) for view in (near, near.panned(2, 1), near.panned(60, 0))
    )
    assert parts.prepare(first)  # there are cells on the screen: nothing to wait for
    parts.follow(first)
    await sink.uploads.run()
    assert [image for image, _ in parts.follow(first)] == [WINDOW]
    assert parts.prepare(moved)
    assert [image for image, _ in parts.follow(moved)] == [WINDOW]
    assert not parts.prepare(away)
    assert [image for image, _ in parts.follow(moved)] == [WINDOW]
    assert not parts.prepare(away)
    await sink.uploads.run()
    assert parts.prepare(away)
    assert [image for image, _ in parts.follow(away)] == [OTHER_WINDOW]
    assert parts.prepare(first)  # the terminal still has it
    assert [image for image, _ in parts.follow(first)] == [WINDOW]
    parts.rest()
    assert parts.prepare(away)


def test_without_a_terminal_that_takes_them_there_are_none(picture: Picture) -> None:
    sink = Sink()
    assert PixelParts(sink.uploads).follow(Wish(picture, Scene(VIEW), RenderOptions(), 0)) == []
    assert PixelParts().follow(Wish(picture, Scene(VIEW), LOOK, 0)) == []


async def test_another_place_costs_little(picture: Picture) -> None:
    wide = replace(VIEW, columns=120, rows=37).zoomed(2, Point(50, 50))
    wish = Wish(picture, Scene(wide), LOOK, 0, minimap=False)
    frame, there = await shown(wish)
    canvas = Canvas(frame.view, part_numbers(frame, Corner(), there), image_ids=(1, 2, 3, 4))
    text = "".join(canvas.row(row).render(Console()) for row in range(37))
    assert 120 * 37 * 8 < len(text.encode()) <= PAN_BYTES + 37 * 40
