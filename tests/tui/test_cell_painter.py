"""What is on screen of the picture, without any app: which regions a change touches, and what the terminal is given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from msgspec.structs import replace
from rich.console import Console
from textual.geometry import Region
from textual.strip import Strip

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.kitty import PIECE, PLACEHOLDER, marks
from imagechat_tui.raster.markers import Chip, Mark
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.tui.picture.cell_painter import CellPainter
from imagechat_tui.tui.picture.frame import Wish
from imagechat_tui.tui.picture.hints import Hints
from imagechat_tui.tui.picture.painter import Painter, Pointers
from imagechat_tui.tui.picture.pixel_parts import PixelParts
from imagechat_tui.tui.picture.scene import Scene
from imagechat_tui.tui.picture.uploads import Uploads

WHOLE = Region(0, 0, 80, 24)
MIDDLE = Pointers(Point(50, 50))


class Easel:
    """A painter with a picture of 800 × 480 pixels in 80 × 24 cells."""

    def __init__(self, options: RenderOptions) -> None:
        self.given: list[str] = []
        self.uploads = Uploads(self, lambda: None, lambda: None)
        self.painter: Painter = CellPainter(PixelParts(self.uploads))
        pixels = np.random.default_rng(1).integers(0, 256, (480, 800, 3), dtype=np.uint8)
        self.picture = Picture("p", 800, 480, "0" * 64, pixels)
        self.options = options
        self.view = Viewport(800, 480, 80, 24)

    def write(self, text: str) -> None:
        self.given.append(text)

    def send(self, text: str) -> None:
        self.given.append(text)
        self.uploads.arrived()

    def space(self) -> int:
        return 0

    def at_once(self) -> int:
        return PIECE

    def farewell(self, text: str) -> None:
        pass

    def show(self, *chips: Chip, view: Viewport | None = None, at: Pointers = MIDDLE) -> Sequence[Region]:
        wish = Wish(self.picture, Scene(view or self.view), self.options, 0)
        return self.painter.show(self.painter.draw(wish, chips), chips, at)

    @property
    def lines(self) -> list[str]:
        return [strip.text for strip in self.painter.strips(WHOLE)]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def easel() -> Easel:
    return Easel(RenderOptions())


def chip(label: str, x: float, y: float) -> Chip:
    return Chip(label, label, Mark.OPEN, Point(x, y))


def cells(regions: Sequence[Region]) -> int:
    return sum(region.area for region in regions)


def test_before_there_is_a_frame_nothing_changes_and_nothing_is_there(easel: Easel) -> None:
    painter = easel.painter
    assert (painter.frame, painter.size, painter.hints, [*painter.placed]) == (None, None, None, [])
    assert painter.at(3, 3) is None
    assert painter.cell_of(Point(50, 50)) is None
    changes = (
        painter.put([chip("1", 20, 20)]),
        painter.point(MIDDLE),
        painter.hover(1, 1),
        painter.label(None),
    )
    assert not any(changes)
    assert not painter.follow_pixels()
    painter.close()
    assert easel.given == []


def test_the_first_frame_touches_all_and_the_same_once_more_nothing(easel: Easel) -> None:
    assert easel.show() == [WHOLE]
    assert easel.painter.size == (80, 24)
    assert easel.show() == []


def test_a_frame_of_another_size_touches_all_of_it(easel: Easel) -> None:
    easel.show()
    assert easel.show(view=easel.view.resized(60, 20)) == [Region(0, 0, 60, 20)]


def test_what_goes_and_comes_is_what_a_step_of_the_crosshair_touches(easel: Easel) -> None:
    easel.show()
    assert "┼" in easel.text
    step = easel.view.point_of((41, 12))
    assert cells(easel.painter.point(Pointers(step))) == 2
    assert easel.painter.cell_of(step) == (41, 12)
    assert easel.painter.point(Pointers(step)) == []


def test_others_and_the_place_of_a_new_marker_are_seen_until_they_are_not_wanted(easel: Easel) -> None:
    easel.show()
    easel.painter.point(Pointers(Point(50, 50), (Point(10, 10), Point(80, 80)), Point(30, 60)))
    assert easel.text.count("┼") == 3
    cell = easel.painter.cell_of(Point(30, 60))
    assert cell is not None
    assert easel.lines[cell.row][cell.column] == "+"
    easel.painter.point(MIDDLE)
    assert easel.text.count("┼") == 1


def test_markers_are_found_where_they_are_seen_and_touch_their_cells(easel: Easel) -> None:
    easel.show(chip("7", 20, 20))
    placed = [*easel.painter.placed]
    assert [found.keys for found in placed] == [("7",)]
    assert easel.painter.at(placed[0].column, placed[0].row) == placed[0]
    assert cells(easel.painter.put([chip("7", 20, 20), chip("8", 70, 60)])) == 3
    assert "▐8▌" in easel.text


def test_a_marker_lights_up_under_the_pointer_once(easel: Easel) -> None:
    easel.show(chip("7", 20, 20))
    (placed,) = easel.painter.placed
    assert cells(easel.painter.hover(placed.column, placed.row)) == 3
    assert easel.painter.hover(placed.column + 1, placed.row) == ()
    assert cells(easel.painter.hover(-1, -1)) == 3


def test_labels_stay_over_a_new_frame_on_the_markers_that_it_shows(easel: Easel) -> None:
    easel.show(chip("7", 20, 20), chip("8", 70, 60))
    easel.painter.label(Hints.on(easel.painter.placed))
    assert ("aa" in easel.text, "as" in easel.text, "▐7▌" in easel.text) == (True, True, False)
    easel.show(chip("7", 20, 20), chip("8", 70, 60), view=easel.view.zoomed(3, Point(70, 60)))
    assert easel.painter.hints is not None
    assert [found.keys for found in easel.painter.placed] == [("8",)]
    assert "aa" in easel.text
    easel.painter.label(None)
    assert "▐8▌" in easel.text


def test_the_minimap_makes_room_for_the_crosshair(easel: Easel) -> None:
    closer = easel.view.zoomed(3, Point(50, 50))
    easel.show(view=closer)
    assert easel.lines[-1].endswith("─┘")
    easel.painter.point(Pointers(closer.point_of((78, 22))))
    assert easel.lines[-1].startswith("└─")


def test_a_cleared_screen_has_nothing_until_the_next_frame(easel: Easel) -> None:
    easel.show(chip("7", 20, 20))
    easel.painter.clear()
    assert (easel.painter.size, [*easel.painter.placed]) == (None, [])
    assert easel.show() == [WHOLE]


def parts_in(lines: Sequence[Strip]) -> list[tuple[int, int]]:
    """Row and column of each placeholder."""
    number = {mark: place for place, mark in enumerate(marks())}
    text = "".join(strip.render(Console()) for strip in lines)
    return [
        (number[text[place + 1]], number[text[place + 2]])
        for place, sign in enumerate(text)
        if sign == PLACEHOLDER
    ]


async def test_pixels_come_in_place_of_cells_when_the_terminal_has_them_and_then_by_text() -> None:
    easel = Easel(RenderOptions(pixels=(6, 12)))
    easel.view = replace(easel.view, even=True)
    easel.show()
    assert easel.given == []
    assert parts_in(easel.painter.strips(WHOLE)) == []
    await easel.uploads.run()
    assert "a=p,U=1" in easel.given[-1]
    given = len(easel.given)
    assert cells(easel.painter.follow_pixels()) == WHOLE.area
    assert len(parts_in(easel.painter.strips(WHOLE))) == WHOLE.area - 1  # the crosshair
    # A chip hides its cells; another place is text alone, another zoom one command.
    assert cells(easel.show(chip("7", 20, 20))) <= 6
    near = easel.view.zoomed(1.5, Point(50, 50))
    easel.show(view=near)
    assert [text.count("a=p") for text in easel.given[given:]] == [1]
    easel.show(view=near.panned(3, 0))
    assert len(easel.given) == given + 1
    assert parts_in(easel.painter.strips(WHOLE))
    easel.uploads.again()
    easel.painter.follow_pixels()
    assert parts_in(easel.painter.strips(WHOLE)) == []
    await easel.uploads.run()
    easel.painter.close()
    assert "a=d,d=I" in easel.given[-1]
