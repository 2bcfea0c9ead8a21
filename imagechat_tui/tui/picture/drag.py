"""The pointer's button on the picture: a click, or a hold by which the picture is moved."""

from __future__ import annotations

from imagechat_tui.protocol.models import Point


class Drag:
    """One press of the button, from down to up; the last one is known until the next."""

    def __init__(self) -> None:
        self._held: tuple[int, int] | None = None
        """The cell at which the pointer holds the picture."""
        self._pressed: Point | None = None
        self._moved = False

    def press(self, column: int, row: int, point: Point | None) -> None:
        """Take hold at a cell, which shows ``point`` of the picture; None: nothing of it."""
        self._held, self._pressed, self._moved = (column, row), point, False

    @property
    def holds(self) -> bool:
        """Whether the button is down."""
        return self._held is not None

    def move(self, column: int, row: int) -> tuple[int, int]:
        """Go on to a cell: by how many columns and rows the view has to move for the picture to follow."""
        assert self._held is not None
        columns, rows = self._held[0] - column, self._held[1] - row
        if columns or rows:
            self._held, self._moved = (column, row), True
        return columns, rows

    def release(self) -> None:
        """Let go."""
        self._held = None

    @property
    def clicked(self) -> Point | None:
        """The place that was pressed, unless the picture was moved by it."""
        return None if self._moved else self._pressed
