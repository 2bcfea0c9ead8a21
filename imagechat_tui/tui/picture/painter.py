"""What whoever shows the picture can do, be it with cells or with pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from textual.geometry import Region
from textual.strip import Strip

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.markers import Chip, PlacedChip
from imagechat_tui.raster.viewport import Cell
from imagechat_tui.tui.picture.frame import Frame, Wish
from imagechat_tui.tui.picture.hints import Hints


class Pointers(NamedTuple):
    """Single places that are pointed at."""

    crosshair: Point
    others: tuple[Point, ...] = ()
    """Where other people point, as far as that is wanted."""
    target: Point | None = None
    """Where the new marker will be that is being written."""


class Painter(Protocol):
    """Has a frame on screen, with markers, hint labels and pointers over it.

    Frame and what lies over it always belong together. Whatever changes something returns the regions that look
    different by it, in cells; before there is a frame, nothing does.
    """

    @property
    def frame(self) -> Frame | None:
        """What is on screen; None until something was shown."""

    @property
    def size(self) -> tuple[int, int] | None:
        """Columns and rows of what is on screen."""

    @property
    def hints(self) -> Hints | None:
        """The labels on the markers, while there are any."""

    @property
    def placed(self) -> Iterator[PlacedChip]:
        """The markers that are seen, where they are on screen."""

    def draw(self, wish: Wish, chips: Sequence[Chip], *, anew: bool = False) -> Frame:
        """Draw a wish, which is slow: it may run in a thread, and changes nothing on screen.

        Args:
            wish: what to draw.
            chips: the markers.
            anew: whether to take nothing from what is on screen.
        """

    def show(self, frame: Frame, chips: Sequence[Chip], pointers: Pointers) -> Sequence[Region]:
        """Have a drawn frame on screen, with these over it; if there are hint labels, they are given out anew."""

    def put(self, chips: Sequence[Chip]) -> Sequence[Region]:
        """Have these markers and no others."""

    def point(self, pointers: Pointers) -> Sequence[Region]:
        """Have these places pointed at and no others."""

    def hover(self, column: int, row: int) -> Sequence[Region]:
        """Have the marker in a cell light up and no other; a cell off the screen has none."""

    def label(self, hints: Hints | None) -> Sequence[Region]:
        """Have these labels in the place of the markers, or the markers again."""

    def at(self, column: int, row: int) -> PlacedChip | None:
        """The marker that covers a cell of the screen."""

    def cell_of(self, point: Point) -> Cell | None:
        """Where a point is on screen now; None if it is not seen."""

    def strips(self, crop: Region) -> list[Strip]:
        """The rows of a region; there must be a frame."""

    def prepare_pixels(self, wish: Wish) -> bool:
        """Whether a wish can be shown without cells where there were pixels; if not, what it needs is sent."""

    def follow_pixels(self) -> Sequence[Region]:
        """The terminal has other pictures than before: show what it has of them."""

    def clear(self) -> None:
        """Have nothing on screen until the next frame."""

    def close(self) -> None:
        """Take back what the terminal was given besides cells."""
