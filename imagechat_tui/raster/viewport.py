"""Which part of the picture is seen in which cells. Pure arithmetic, no array library."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor, isclose
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.protocol.models import Point

NARROW: Final = 1 / 3
"""A picture that would take less of the columns is seen from its top on instead, as wide as the view."""
LOW: Final = 1 / 8
"""A picture that would take less of the rows is seen from its left on, as high as the view: people read downwards,
so this is for panoramas and not for banners."""
MAX_CELLS_PER_PIXEL: Final = 4.0
"""The closest zoom: so many cells across one pixel."""


class Cell(NamedTuple):
    """A cell of the view; may lie outside of it."""

    column: int
    row: int


class Viewport(Struct, frozen=True):
    """A picture of ``width`` × ``height`` pixels seen in ``columns`` × ``rows`` cells."""

    width: int
    height: int
    columns: int
    rows: int
    aspect: float = 2.0
    """Height of a cell divided by its width."""
    zoom: float = 1.0
    """1 shows the whole picture; 2 shows half of its width."""
    center: Point = Point(50.0, 50.0)
    """What is wished for in the middle; edges of the picture keep to edges of the view."""
    floating: bool = False
    """Whether ``center`` is in the middle whatever the edges do: for a lens, which lies on a point."""
    margin: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Pixels left, above, right and below of the picture that can be seen too: another one that lies on it is there."""
    even: bool = False
    """Whether so many cells as there are lie across the picture exactly, and its middle in the middle of those down:
    as a terminal lays out one that it scales itself. Views that float or have a margin are not."""

    @property
    def extent(self) -> tuple[int, int]:
        """Pixels across and down that can be seen."""
        left, above, right, below = self.margin
        return left + self.width + right, above + self.height + below

    @property
    def fit_scale(self) -> float:
        """Pixels across one cell when the whole picture is shown."""
        width, height = self.extent
        return max(width / max(1, self.columns), height / (max(1, self.rows) * self.aspect))

    @property
    def fill_scale(self) -> float:
        """Pixels across one cell when the picture fills the view, and its longer way goes on beyond; never enlarged."""
        width, height = self.extent
        fill = min(width / max(1, self.columns), height / (max(1, self.rows) * self.aspect))
        return min(self.fit_scale, max(1.0, fill))

    @property
    def fill_zoom(self) -> float:
        """The zoom of that: 1 where the whole picture fills the view."""
        return self.fit_scale / self.fill_scale

    @property
    def fills(self) -> bool:
        """Whether it is seen so, and not as a whole."""
        return self.zoom > 1 and isclose(self.zoom, self.fill_zoom)

    @property
    def is_tall(self) -> bool:
        """Whether the whole of it would be a narrow strip."""
        return self.extent[0] / self.fit_scale < self.columns * NARROW

    @property
    def is_wide(self) -> bool:
        """Whether the whole of it would be a low strip."""
        return self.extent[1] / self.fit_scale / self.aspect < self.rows * LOW

    @property
    def is_strip(self) -> bool:
        """Whether the whole of it would be one, so that it is usually seen filling the view."""
        return self.is_tall or self.is_wide

    @property
    def min_zoom(self) -> float:
        """The farthest: the whole picture, or one pixel across a cell where that is smaller still."""
        return min(1.0, self.fit_scale)

    @property
    def max_zoom(self) -> float:
        """The largest zoom that shows more than before."""
        return max(1.0, self.fit_scale * MAX_CELLS_PER_PIXEL)

    @property
    def scale(self) -> float:
        """Pixels across one cell."""
        scale = self.fit_scale / self.zoom
        return self.width / max(1, floor(self.width / scale + 1e-6)) if self._is_even else scale

    @property
    def _is_even(self) -> bool:
        return self.even and not self.floating and not any(self.margin)

    @property
    def left(self) -> float:
        """Pixel at the left edge of the first column; negative when there is ground beside the picture."""
        if self.floating:
            return self.center.x / 100 * self.width - self.columns * self.scale / 2
        scale = self.scale
        left = _start(self.width, self.columns, scale, self.center.x, self.margin[0], self.margin[2])
        return round(left / scale) * scale if self._is_even else left

    @property
    def top(self) -> float:
        """Pixel at the upper edge of the first row; negative when there is ground above the picture."""
        scale = self.scale * self.aspect
        if self.floating:
            return self.center.y / 100 * self.height - self.rows * scale / 2
        if not self._is_even:
            return _start(self.height, self.rows, scale, self.center.y, self.margin[1], self.margin[3])
        beside = (rows_of(self) * scale - self.height) / 2
        top = _start(self.height, self.rows, scale, self.center.y, beside, beside)
        return round((top + beside) / scale) * scale - beside

    @property
    def area(self) -> tuple[int, int, int, int]:
        """First column, first row, end column, end row of the cells that show the picture."""
        x1, x2 = _span(self.left, self.width, self.scale, self.columns)
        y1, y2 = _span(self.top, self.height, self.scale * self.aspect, self.rows)
        return x1, y1, x2, y2

    @property
    def seen(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what is seen, each as a share of the picture, 0–1."""
        across, down = self.columns * self.scale, self.rows * self.scale * self.aspect
        return (
            max(0.0, self.left / self.width),
            max(0.0, self.top / self.height),
            min(1.0, (self.left + across) / self.width),
            min(1.0, (self.top + down) / self.height),
        )

    def cell_of(self, point: Point) -> Cell:
        """The cell that shows a point; outside of the view if the point is not seen."""
        return self.locator()(point)

    def locator(self) -> Callable[[Point], Cell]:
        """`cell_of`, for many points at once: what they have in common is worked out here."""
        width, height, left, top = self.width / 100, self.height / 100, self.left, self.top
        scale = self.scale
        tall = scale * self.aspect
        # The far edge belongs to the last cell; a point on the edge of a cell belongs to it, whatever the
        # last bit of a float says.
        last_x, last_y = self.width * (1 - 1e-6), self.height * (1 - 1e-6)

        def cell_of(point: Point) -> Cell:
            return Cell(
                floor((min(point.x * width, last_x) - left) / scale + 1e-9),
                floor((min(point.y * height, last_y) - top) / tall + 1e-9),
            )

        return cell_of

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

    def filled(self, about: Point) -> Viewport:
        """As wide or high as the view, with a point as near to its middle as the edges let it."""
        return replace(self, zoom=self.fill_zoom, center=about)

    def first(self, filled: bool | None = None) -> Viewport:
        """What is seen first: the whole picture, or the beginning of one that fills the view.

        Args:
            filled: whether it fills the view; None: if it would be a mere strip.
        """
        return self.filled(Point(0.0, 0.0)) if (self.is_strip if filled is None else filled) else self.fit()

    def actual(self, about: Point) -> Viewport:
        """One pixel of the picture across one cell."""
        return self.at_scale(1.0, about)

    def at_scale(self, pixels: float, about: Point) -> Viewport:
        """So many pixels of the picture across one cell, as far as the zoom goes; a point stays as in `zoomed`."""
        return self.zoomed(self.fit_scale / pixels / self.zoom, about)

    def to_read(self, pixels: float, about: Point) -> Viewport:
        """As near as that, but never less than the whole picture, with what stands about a point on all sides of it."""
        return self.at_scale(min(pixels, self.fit_scale), about).centered(about)

    def zoomed(self, factor: float, about: Point) -> Viewport:
        """Closer or farther, with a point of the picture staying in its cell where the edges let it."""
        zoom = min(self.max_zoom, max(self.min_zoom, self.zoom * factor))
        x, y = about.x / 100 * self.width, about.y / 100 * self.height
        scale = replace(self, zoom=zoom).scale
        change = scale / self.scale
        left, top = x - (x - self.left) * change, y - (y - self.top) * change
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

    def lens(self, box: tuple[int, int, int, int], factor: float, about: Point) -> Viewport:
        """A part of this view seen closer, with a point of the picture staying on its place on the screen.

        Args:
            box: first column, first row, columns and rows of the cells that the lens covers.
            factor: how much closer.
            about: the point, which the box covers.
        """
        column, row, columns, rows = box
        scale = max(self.scale / factor, 1 / MAX_CELLS_PER_PIXEL / 2)
        x, y = about.x / 100 * self.width, about.y / 100 * self.height
        across = (x - self.left) / self.scale - column
        down = (y - self.top) / (self.scale * self.aspect) - row
        lens = replace(self, columns=columns, rows=rows, floating=True)
        return replace(
            lens,
            zoom=lens.fit_scale / scale,
            center=Point(
                (x + (columns / 2 - across) * scale) / self.width * 100,
                (y + (rows / 2 - down) * scale * self.aspect) / self.height * 100,
            ),
        )

    def centered(self, point: Point) -> Viewport:
        """Bring a point to the middle, as far as the edges let it."""
        return replace(self, center=point)

    def resized(self, columns: int, rows: int) -> Viewport:
        """The same view in another number of cells; what filled it still does, from the same edge on."""
        view = replace(self, columns=columns, rows=rows)
        if not self.fills:
            return view
        scale = view.fill_scale
        left, top = max(-self.margin[0], self.left), max(-self.margin[1], self.top)
        return view.from_corner(left, top, scale)

    def from_corner(self, left: float, top: float, scale: float) -> Viewport:
        """The view that begins at a pixel, with so many of them across one cell; edges of the picture keep to edges."""
        x, y = left + self.columns * scale / 2, top + self.rows * scale * self.aspect / 2
        center = Point(x / self.width * 100, y / self.height * 100)
        return replace(self, zoom=self.fit_scale / scale, center=center)

    def with_margin(self, margin: tuple[int, int, int, int]) -> Viewport:
        """The same view where so many pixels round the picture can be seen too; if all of it was seen, all still is."""
        view = replace(self, margin=margin)
        if self.margin == margin:
            return self
        return view.fit() if self.zoom == 1 else view.from_corner(self.left, self.top, self.scale)

    def elsewhere(self, size: tuple[int, int], corner: tuple[float, float], scale: float) -> Viewport:
        """As many cells of another picture, wherever its edges are.

        Args:
            size: its width and height.
            corner: its pixel at the upper left corner of the first cell; may be beside it.
            scale: its pixels across one cell.
        """
        view = replace(self, width=size[0], height=size[1], floating=True, margin=(0, 0, 0, 0))
        return view.from_corner(*corner, scale)

    def onto(self, width: int, height: int) -> Viewport:
        """The same share of another picture's width, with the same percent in the middle."""
        view = replace(self, width=width, height=height)
        zoom = view.fit_scale / (self.scale * width / self.width)
        return replace(view, zoom=min(view.max_zoom, max(view.min_zoom, zoom)))

    def showing(self, point: Point, ahead: float = 0.0) -> Viewport:
        """Pan just so far that a point is seen, or, if it was not, by so large a share of the view more."""
        column, row = self.cell_of(point)
        across = min(0, column) + max(0, column - self.columns + 1)
        down = min(0, row) + max(0, row - self.rows + 1)
        across += int(self.columns * ahead) * ((across > 0) - (across < 0))
        down += int(self.rows * ahead) * ((down > 0) - (down < 0))
        return self.panned(across, down) if across or down else self


def rows_of(view: Viewport) -> int:
    """Rows that the whole picture takes, at the view's scale."""
    return max(1, ceil(view.height / (view.scale * view.aspect) - 1e-6))


def _start(length: int, cells: int, scale: float, center: float, before: float, after: float) -> float:
    seen, all_ = cells * scale, before + length + after
    if seen >= all_:
        return -before - floor((cells - ceil(all_ / scale - 1e-6)) / 2) * scale
    return min(length + after - seen, max(-before, center / 100 * length - seen / 2))


def _span(start: float, length: int, scale: float, cells: int) -> tuple[int, int]:
    first = max(0, round(-start / scale)) if start < 0 else 0
    return first, min(cells, ceil((length - start) / scale - 1e-6))
