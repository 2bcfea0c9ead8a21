"""Which part of the picture is seen in which cells. Pure arithmetic, no array library."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Final, NamedTuple

from imagechat_tui.protocol.models import Point

MAX_CELLS_PER_PIXEL: Final = 4.0
"""The closest zoom: so many cells across one pixel."""


class Cell(NamedTuple):
    """A cell of the view; may lie outside of it."""

    column: int
    row: int


@dataclass(frozen=True, slots=True)
class Viewport:
    """A picture of ``width`` × ``height`` pixels seen in ``columns`` × ``rows`` cells."""

    width: int
    height: int
    columns: int
    rows: int
    aspect: float = 2.0
    """Height of a cell divided by its width."""
    zoom: float = 1.0
    """1 shows the whole picture; 2 shows half of its width."""
    center: Point = Point(50.0, 50.0)  # noqa: RUF009 (frozen)
    """What is wished for in the middle; edges of the picture keep to edges of the view."""

    @property
    def fit_scale(self) -> float:
        """Pixels across one cell when the whole picture is shown."""
        return max(self.width / max(1, self.columns), self.height / (max(1, self.rows) * self.aspect))

    @property
    def max_zoom(self) -> float:
        """The largest zoom that shows more than before."""
        return max(1.0, self.fit_scale * MAX_CELLS_PER_PIXEL)

    @property
    def scale(self) -> float:
        """Pixels across one cell."""
        return self.fit_scale / self.zoom

    @property
    def left(self) -> float:
        """Pixel at the left edge of the first column; negative when there is ground beside the picture."""
        return _start(self.width, self.columns, self.scale, self.center.x)

    @property
    def top(self) -> float:
        """Pixel at the upper edge of the first row; negative when there is ground above the picture."""
        return _start(self.height, self.rows, self.scale * self.aspect, self.center.y)

    @property
    def area(self) -> tuple[int, int, int, int]:
        """First column, first row, end column, end row of the cells that show the picture."""
        x1, x2 = _span(self.left, self.width, self.scale, self.columns)
        y1, y2 = _span(self.top, self.height, self.scale * self.aspect, self.rows)
        return x1, y1, x2, y2

    def cell_of(self, point: Point) -> Cell:
        """The cell that shows a point; outside of the view if the point is not seen."""
        x = min(point.x / 100 * self.width, self.width * (1 - 1e-6))
        y = min(point.y / 100 * self.height, self.height * (1 - 1e-6))
        across, down = (x - self.left) / self.scale, (y - self.top) / (self.scale * self.aspect)
        # A point on the edge of a cell belongs to it, whatever the last bit of a float says.
        return Cell(floor(across + 1e-9), floor(down + 1e-9))

    def point_of(self, cell: tuple[float, float]) -> Point:
        """The point in the middle of a cell, or the nearest one of the picture."""
        x = (self.left + (cell[0] + 0.5) * self.scale) / self.width * 100
        y = (self.top + (cell[1] + 0.5) * self.scale * self.aspect) / self.height * 100
        return Point(min(100.0, max(0.0, x)), min(100.0, max(0.0, y)))

    def holds(self, cell: tuple[int, int]) -> bool:
        """Whether a cell is on screen."""
        return 0 <= cell[0] < self.columns and 0 <= cell[1] < self.rows

    def fit(self) -> Viewport:
        """The whole picture."""
        return replace(self, zoom=1.0, center=Point(50.0, 50.0))

    def zoomed(self, factor: float, about: Point) -> Viewport:
        """Closer or farther, with a point of the picture staying in its cell where the edges let it."""
        zoom = min(self.max_zoom, max(1.0, self.zoom * factor))
        x, y = about.x / 100 * self.width, about.y / 100 * self.height
        change = self.zoom / zoom
        left, top = x - (x - self.left) * change, y - (y - self.top) * change
        scale = self.fit_scale / zoom
        return replace(
            self,
            zoom=zoom,
            center=Point(
                (left + self.columns * scale / 2) / self.width * 100,
                (top + self.rows * scale * self.aspect / 2) / self.height * 100,
            ),
        )

    def panned(self, columns: float, rows: float) -> Viewport:
        """Move the view over the picture by cells."""
        x = self.left + (columns + self.columns / 2) * self.scale
        y = self.top + (rows + self.rows / 2) * self.scale * self.aspect
        return replace(self, center=Point(x / self.width * 100, y / self.height * 100))

    def centered(self, point: Point) -> Viewport:
        """Bring a point to the middle, as far as the edges let it."""
        return replace(self, center=point)

    def resized(self, columns: int, rows: int) -> Viewport:
        """The same view in another number of cells."""
        return replace(self, columns=columns, rows=rows)

    def showing(self, point: Point) -> Viewport:
        """Pan just so far that a point is seen."""
        column, row = self.cell_of(point)
        across = min(0, column) + max(0, column - self.columns + 1)
        down = min(0, row) + max(0, row - self.rows + 1)
        return self.panned(across, down) if across or down else self


def _start(length: int, cells: int, scale: float, center: float) -> float:
    seen = cells * scale
    if seen >= length:
        return -floor((cells - ceil(length / scale - 1e-6)) / 2) * scale
    return min(length - seen, max(0.0, center / 100 * length - seen / 2))


def _span(start: float, length: int, scale: float, cells: int) -> tuple[int, int]:
    first = max(0, round(-start / scale)) if start < 0 else 0
    return first, min(cells, ceil((length - start) / scale - 1e-6))
