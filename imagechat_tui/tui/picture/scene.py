"""What shall be seen: the view of the picture, and a lens on it if one is open. Geometry only."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.viewport import Cell, Viewport

LEGIBLE: Final = 2.0
"""Pixels across a cell at which small text is read: with quadrants an OCR knew 3 words of 4, at 3 pixels 1."""

LEAST: Final = 3.0
"""How much closer a lens brings things at least."""


FRAMED: Final = 3
"""Columns and rows that the smallest lens takes, its frame among them."""


class Lens(Struct, frozen=True):
    """An inset that shows a part of the view closer; a one-cell frame is round it."""

    column: int
    """Of its upper left cell inside the frame."""
    row: int
    view: Viewport

    def covers(self, column: float, row: float) -> bool:
        """Whether a cell of the screen is the lens's or its frame's."""
        return (
            self.column - 1 <= column < self.column + self.view.columns + 1
            and self.row - 1 <= row < self.row + self.view.rows + 1
        )

    def holds(self, point: Point) -> bool:
        """Whether a point is seen in it."""
        return self.view.holds(self.view.cell_of(point))


class Scene(Struct, frozen=True):
    """A view and perhaps a lens. Screen cells are the view's; a cell under the lens is the lens's."""

    view: Viewport
    lens: Lens | None = None

    def cell_of(self, point: Point) -> Cell | None:
        """The cell of the screen that shows a point; None if none does."""
        lens = self.lens
        if lens is not None:
            column, row = lens.view.cell_of(point)
            if lens.view.holds((column, row)):
                return Cell(column + lens.column, row + lens.row)
        cell = self.view.cell_of(point)
        hidden = lens is not None and lens.covers(*cell)
        return cell if self.view.holds(cell) and not hidden else None

    def point_at(self, column: float, row: float) -> Point:
        """The point in the middle of a cell of the screen."""
        lens = self.lens
        if lens is not None and lens.covers(column, row):
            return lens.view.point_of((column - lens.column, row - lens.row))
        return self.view.point_of((column, row))

    def step(self, point: Point, columns: int, rows: int) -> Point:
        """The point so many cells further: cells of the lens if it shows the point."""
        lens = self.lens
        view = lens.view if lens is not None and lens.holds(point) else self.view
        column, row = view.cell_of(point)
        return view.point_of((column + columns, row + rows))

    def showing(self, point: Point, view: Viewport | None = None, ahead: float = 0.0) -> Scene:
        """A scene that shows a point: another view if need be, and the lens moved to it if it was left.

        Args:
            point: what is to be seen.
            view: where it is looked for; None for the view that there is.
            ahead: the share of the view that comes into it besides a point that was not in it.
        """
        seen = (view or self.view).showing(point, ahead)
        if self.lens is None:
            return Scene(seen)
        if seen == self.view and self.lens.holds(point):
            return self
        return Scene(seen).magnified(point)

    def moved_to(self, view: Viewport, point: Point) -> Scene:
        """A scene with another view; a lens stays with a point that is seen in that."""
        if view == self.view:
            return self
        lens = self.lens is not None and view.holds(view.cell_of(point))
        return Scene(view).magnified(point) if lens else Scene(view)

    def magnified(self, point: Point) -> Scene:
        """The scene with a lens round a point of its view; without one where not even its frame has room."""
        view = self.view
        if min(view.columns, view.rows) < FRAMED:
            return Scene(view)
        columns = max(1, min(view.columns - 2, max(24, view.columns * 3 // 5)))
        rows = max(1, min(view.rows - 2, max(8, view.rows // 2)))
        at = view.cell_of(point)
        column = max(1, min(at.column - columns // 2, view.columns - columns - 1))
        row = max(1, min(at.row - rows // 2, view.rows - rows - 1))
        factor = max(LEAST, view.scale / LEGIBLE)
        return Scene(view, Lens(column, row, view.lens((column, row, columns, rows), factor, point)))
