"""What part of the picture is wished for, and where the crosshair is in it. Geometry only."""

from __future__ import annotations

from math import isclose
from typing import Final

from msgspec.structs import replace

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.tui.picture.fit import Fit
from imagechat_tui.tui.picture.scene import Scene

ZOOM_STEP: Final = 1.5

MIDDLE: Final = Point(50.0, 50.0)
"""Where the crosshair is before anybody moves it."""


class Viewfinder:
    """A scene with a crosshair. Until it is fitted to a picture there is a crosshair alone, and only that moves."""

    def __init__(self) -> None:
        self.crosshair = MIDDLE
        self.scene: Scene | None = None
        self.chosen_fit = Fit()
        """How far the picture is seen first."""
        self._before_reading: Viewport | None = None
        """The view from which the person went to read."""
        self._margin = (0, 0, 0, 0)
        self._halved = False
        """Whether another version is beside it. What was chosen for the picture alone is not for half of the room."""
        self._usual: Viewport | None = None
        """The last view there that is what is usual for the shape; one that is looked at still goes with the size."""
        self._alone: Viewport | None = None
        """What was seen without the other one, if that was no part that somebody had gone to."""

    @property
    def _filled(self) -> bool | None:
        """Whether the picture fills the view at first; None: as is usual for its shape."""
        return None if self._halved else self.chosen_fit.filled

    @property
    def zoom(self) -> float:
        """How much closer than the whole picture."""
        return self.scene.view.zoom if self.scene is not None else 1.0

    def clear(self) -> None:
        """Have no picture; the crosshair stays where it is."""
        self.scene = self._before_reading = self._usual = self._alone = None

    def exchange(self, picture: tuple[int, int]) -> None:
        """See another picture as closely, about the same percent, or anew if it was not seen closer than it fits.

        Args:
            picture: pixels across and down.
        """
        view = self.scene.view if self.scene is not None else None
        self._usual = self._alone = None
        if self.scene is None or view is None or view.zoom == 1 or view.fills:
            self.scene = None
        else:
            self.scene = self.scene.moved_to(view.onto(*picture).showing(self.crosshair), self.crosshair)

    def fit_to(
        self,
        picture: tuple[int, int],
        columns: int,
        rows: int,
        aspect: float,
        even: bool = False,
        halved: bool = False,
    ) -> None:
        """See the same place in other cells; a picture that is seen for the first time, as far as it makes sense.

        Args:
            picture: pixels across and down.
            columns: cells across.
            rows: cells down.
            aspect: how much higher than wide a cell is.
            even: whether cells are whole shares of the picture, as terminals lay out those that they scale.
            halved: whether another version is beside it, or will be.
        """
        changed, self._halved = halved != self._halved, halved
        if self.scene is not None:
            before = self.scene.view
            view = replace(before, aspect=aspect, even=even)
            cells = replace(view, columns=columns, rows=rows)
            untouched = before.zoom == 1 or before.fills if changed else before == self._usual
            if halved and untouched:
                self._alone = before if changed else self._alone
                strip = cells.is_strip and view.fills
                view = view.resized(columns, rows) if strip else cells.first()
            elif changed and untouched:
                view = self._without_other(cells)
            else:
                view = view.resized(columns, rows)
            self.scene = self.scene.showing(self.crosshair, view)
            self._usual = self.scene.view if halved and untouched else None
            return
        view = Viewport(*picture, columns, rows, aspect, margin=self._margin, even=even)
        view = view.first(self._filled)
        if view.fills and self.crosshair == MIDDLE:  # of what is seen, then
            self.crosshair = view.point_of(((columns - 1) / 2, (rows - 1) / 2))
        self.scene = Scene(view.showing(self.crosshair))
        self._usual = self.scene.view if halved else None

    def _without_other(self, cells: Viewport) -> Viewport:
        """What was seen before there was another version beside it."""
        alone, self._alone = self._alone, None
        if alone is None:
            return cells.first(self._filled)
        view = replace(alone, aspect=cells.aspect, even=cells.even).with_margin(cells.margin)
        return view.resized(cells.columns, cells.rows)

    def give_margin(self, margin: tuple[int, int, int, int]) -> None:
        """Have so many pixels left, above, right and below of the picture be seen too."""
        self._margin = margin
        if self.scene is not None:
            self.look(self.scene.view.with_margin(margin))

    # -- the crosshair

    def move_to(self, point: Point, ahead: float = 0.0) -> bool:
        """Put the crosshair on a point of the picture, and the point into view; whether it was elsewhere.

        Args:
            point: where to.
            ahead: the share of the view that comes into it besides a point that was not in it.
        """
        moved = point != self.crosshair
        self.crosshair = point
        if self.scene is not None:
            self.scene = self.scene.showing(point, ahead=ahead)
        return moved

    def step(self, columns: int, rows: int) -> Point:
        """The point so many cells from the crosshair: in the loupe, of its cells."""
        return self.scene.step(self.crosshair, columns, rows) if self.scene is not None else self.crosshair

    def stride(self, columns: int, rows: int) -> Point:
        """The point so many tenths of what is seen from the crosshair."""
        if self.scene is None:
            return self.crosshair
        view = self.scene.view
        return self.step(columns * max(1, view.columns // 10), rows * max(1, view.rows // 10))

    # -- the view

    def look(self, view: Viewport) -> None:
        """Have another view; an open loupe stays with the crosshair if that is in it."""
        if self.scene is not None:
            self.scene = self.scene.moved_to(view, self.crosshair)

    def center_on(self, point: Point) -> None:
        """Bring a point to the middle of the view."""
        if self.scene is not None:
            self.look(self.scene.view.centered(point))

    def bring_into_view(self, point: Point) -> None:
        """Bring a point that is not seen to the middle; the crosshair stays on its own."""
        if self.scene is not None and self.scene.view.showing(point) != self.scene.view:
            self.center_on(point)

    def pan(self, columns: int, rows: int) -> None:
        """Move the view by so many cells."""
        if self.scene is not None:
            self.look(self.scene.view.panned(columns, rows))

    def zoom_about(self, steps: int, about: Point) -> None:
        """So many steps closer, or farther if below 0, about a point that stays where it is."""
        if self.scene is not None:
            self.look(self.scene.view.zoomed(ZOOM_STEP**steps, about))

    def actual(self) -> None:
        """One pixel of the picture across one cell."""
        if self.scene is not None:
            self.look(self.scene.view.actual(self.crosshair))

    def fit(self) -> None:
        """The whole picture; from there, as wide or high as the view, where the crosshair is."""
        if self.scene is not None:
            view = self.scene.view
            filled = view.zoom == 1
            if view.fill_zoom != 1 and not self._halved:
                self.chosen_fit.choose(filled, usual=view.is_strip)
            self.look(view.filled(self.crosshair) if filled else view.fit())

    def read(self, pixels: float) -> None:
        """So near to the crosshair that text is read; from there, back, with the crosshair in view.

        Args:
            pixels: so many of the picture across one cell.
        """
        if self.scene is None:
            return
        view, before = self.scene.view, self._before_reading
        near = view.to_read(pixels, self.crosshair)
        if not isclose(view.zoom, near.zoom):
            if view.zoom < near.zoom or before is None:
                self._before_reading = view
            self.look(near)
        elif before is not None and not isclose(before.zoom, view.zoom):
            self.look(replace(view, zoom=before.zoom, center=before.center).showing(self.crosshair))
        else:
            self.look(view.first(self._filled).showing(self.crosshair))

    # -- the loupe

    @property
    def has_loupe(self) -> bool:
        """Whether the loupe is open."""
        return self.scene is not None and self.scene.lens is not None

    def open_loupe(self) -> None:
        """Show the place of the crosshair closer."""
        if self.scene is not None:
            self.scene = self.scene.magnified(self.crosshair)

    def close_loupe(self) -> None:
        """Have the plain view."""
        if self.scene is not None:
            self.scene = Scene(self.scene.view)


def in_picture(point: Point) -> Point:
    """The point of the picture that is nearest to one that may be beside it."""
    return Point(min(100.0, max(0.0, point.x)), min(100.0, max(0.0, point.y)))
