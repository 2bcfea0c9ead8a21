"""Boxes round parts of a picture, drawn into the cells round them."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor
from typing import TYPE_CHECKING, Final

from imagechat_tui.raster.chips import BLACK, WHITE, one_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imagechat_tui.raster.compare import Box
    from imagechat_tui.raster.render import Grid
    from imagechat_tui.raster.viewport import Viewport

LINE: Final = 0xE00000
"""Red that is seen on the pale picture of what differs."""
THIN: Final = "\u250c\u2500\u2510\u2502\u2514\u2518"  # ┌─┐│└┘
THICK: Final = "\u250f\u2501\u2513\u2503\u2517\u251b"  # ┏━┓┃┗┛
ASCII_THIN: Final = "+-+|++"
ASCII_THICK: Final = "XXXXXX"
"""No letter of the ramp that pictures are drawn with where there are no colours."""


def outline(
    grid: Grid, view: Viewport, boxes: Iterable[Box], chosen: Box | None, *, ascii_only: bool
) -> NDArray[np.bool_]:
    """Draw a line round boxes, and a thick one round the chosen one; returns which cells have a line.

    Args:
        grid: the cells of the view; changed.
        view: which part of the picture they show.
        boxes: in pixels of the picture, or beside it.
        chosen: one more box.
        ascii_only: whether to keep to signs that every terminal has.
    """
    import numpy as np

    lined = np.zeros(grid.glyphs.shape, dtype=bool)
    for box in boxes:
        if box != chosen:
            _line(grid, lined, _cells(box, view), ASCII_THIN if ascii_only else THIN)
    grid.fg[lined] = one_of(LINE, grid.depth)
    if chosen is not None:
        thick = np.zeros_like(lined)
        _line(grid, thick, _cells(chosen, view), ASCII_THICK if ascii_only else THICK)
        grid.fg[thick], grid.bg[thick] = one_of(WHITE, grid.depth), one_of(BLACK, grid.depth)
        lined |= thick
    return lined


def _cells(box: Box, view: Viewport) -> tuple[int, int, int, int]:
    """Left column, upper row, right column and lower row of the line round a box."""
    across, down = view.scale, view.scale * view.aspect
    left, right = _span((box.x - view.left) / across, (box.x + box.w - view.left) / across, view.columns)
    top, bottom = _span((box.y - view.top) / down, (box.y + box.h - view.top) / down, view.rows)
    return left, top, right, bottom


def _span(start: float, end: float, cells: int) -> tuple[int, int]:
    """The cells before and behind a stretch: inside of it at an edge of the view that it reaches and does not cross."""
    first, last = floor(start + 1e-6) - 1, ceil(end - 1e-6)
    return 0 if first == -1 else first, cells - 1 if last == cells else last


def _line(grid: Grid, lined: NDArray[np.bool_], cells: tuple[int, int, int, int], signs: str) -> None:
    left, top, right, bottom = cells
    rows, columns = lined.shape
    if left >= columns or top >= rows or right < 0 or bottom < 0:
        return
    across, down = slice(max(0, left), right + 1), slice(max(0, top), bottom + 1)
    for row in {top, bottom} & {*range(rows)}:
        grid.glyphs[row, across], lined[row, across] = ord(signs[1]), True
    for column in {left, right} & {*range(columns)}:
        grid.glyphs[down, column], lined[down, column] = ord(signs[3]), True
    for row, column, sign in ((top, left, 0), (top, right, 2), (bottom, left, 4), (bottom, right, 5)):
        if 0 <= row < rows and 0 <= column < columns:
            grid.glyphs[row, column] = ord(signs[sign])
