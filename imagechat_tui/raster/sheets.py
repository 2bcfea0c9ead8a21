"""Pictures as a terminal is handed them, and which part of one is in a cell.

The whole picture is handed over once, in its own pixels: the terminal scales it, so that another zoom is one command
and another place text alone. What is seen much closer, or of a picture that is too large, is handed over as a window:
the view with some more round it, in the terminal's pixels.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.raster.kitty import EFFORT, MOST_CELLS
from imagechat_tui.raster.render import as_pixels
from imagechat_tui.raster.viewport import Viewport, rows_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imagechat_tui.raster.image import Picture

    Pixels = NDArray[np.uint8]

MOST_DRAWN: Final = 4_000_000
"""Pixels of a whole picture that is drawn, as screenshots are: of 1440 × 900 with 256 colours it takes 100 kB."""
MOST_PHOTOGRAPHED: Final = 1_000_000
"""The same of a photograph, which takes two bytes a pixel."""
MARGIN: Final = 0.125
"""Share of the view that a window has beyond each side."""
MOST_LEFT_OUT: Final = 2
"""Pixels of a sheet, each way, that a terminal makes one of well: of more it leaves some out (kitty 0.41)."""
ALIKE: Final = 65025 / 10**4.8
"""The mean square of differences, of 255, up to which 256 colours do: 48 dB."""
_PATCH: Final = 8
"""Pixels across and down a chequer behind a picture that is seen through."""
_EXACT: Final = 1e-3
"""Cells by which what lies on whole cells may be beside them: floats."""


class Encoded(NamedTuple):
    """Pixels, packed."""

    data: bytes
    size: tuple[int, int]
    """Pixels across and down."""
    png: bool
    """Else they are RGB in zlib's form."""


class Sheet(Struct, frozen=True):
    """What a terminal is handed: a whole picture, or a window on one. Two are equal if they look alike."""

    picture: Picture
    window: Viewport | None = None
    """None for the whole picture."""
    cell: tuple[int, int] = (0, 0)
    """Of a window: pixels across and down a cell."""
    ground: int = 0
    """Of a window: ``0xRRGGBB`` beside the picture."""

    def encoded(self) -> Encoded:
        """Its pixels. Slow: 40 ms for a screenshot, 0.4 s for the largest."""
        if self.window is None:
            return encoded(whole_pixels(self.picture))
        return encoded(as_pixels(self.picture, self.window, self.cell, ground=self.ground))


class Part(NamedTuple):
    """A sheet, how the terminal shall lay it out, and which of its cells a view's area begins with."""

    sheet: Sheet
    cells: tuple[int, int]
    """Columns and rows that the whole sheet takes."""
    at: tuple[int, int]
    """Column and row of the sheet in the first cell of the area."""


def whole_part(
    picture: Picture, view: Viewport, cell: tuple[int, int], *, coarse: bool = False
) -> Part | None:
    """The part of the whole picture that a view shows; None if a terminal cannot lay it out so, or not well.

    Args:
        picture: what is seen.
        view: as a view of this very picture.
        cell: pixels of the terminal across and down a cell.
        coarse: whether it may be coarser than it could be, or grainy.
    """
    at = _place(view)
    shrunk = _shrunk(picture)
    blurred = shrunk > picture.reduced and view.scale < shrunk * cell[0]
    grainy = view.scale > MOST_LEFT_OUT * shrunk * cell[0]
    if at is None or ((blurred or grainy) and not coarse):
        return None
    return Part(Sheet(picture), _cells(view), at)


def window_part(
    picture: Picture,
    view: Viewport,
    cell: tuple[int, int],
    ground: int,
    before: Sheet | None,
    *,
    margin: float = MARGIN,
) -> Part | None:
    """The part of a window that a view shows: of the one before, if it has all of it. None if too many cells are seen.

    Args:
        picture, view, cell: as for `whole_part`.
        ground: ``0xRRGGBB`` beside the picture.
        before: the sheet that the terminal has.
        margin: share of the view that a new window has beyond each side.
    """
    x1, y1, x2, y2 = view.area
    if x2 <= x1 or y2 <= y1 or x2 - x1 > MOST_CELLS or y2 - y1 > MOST_CELLS:
        return None
    if (
        before is not None
        and before == Sheet(picture, before.window, cell, ground)
        and before.window is not None
    ):
        at = _place_in(before.window, view)
        if at is not None:
            return Part(before, _area(before.window), at)
    tall = view.scale * view.aspect
    left, right = _beyond(view.left + x1 * view.scale, view.left + x2 * view.scale, view.width, view.scale)
    above, below = _beyond(view.top + y1 * tall, view.top + y2 * tall, view.height, tall)
    across, down = x2 - x1, y2 - y1
    left, right = _some(left, right, across, margin)
    above, below = _some(above, below, down, margin)
    window = replace(
        view,
        columns=left + across + right,
        rows=above + down + below,
        floating=True,
        even=False,
        margin=(0, 0, 0, 0),
    )
    window = window.from_corner(
        view.left + (x1 - left) * view.scale, view.top + (y1 - above) * tall, view.scale
    )
    at = _place_in(window, view)
    return Part(Sheet(picture, window, cell, ground), _area(window), at) if at is not None else None


def whole_pixels(picture: Picture) -> Pixels:
    """The whole picture, or all of it in fewer pixels if it is too large; chequers where it is seen through."""
    step = _shrunk(picture) * _PATCH
    view = Viewport(
        picture.width, picture.height, ceil(picture.width / step), ceil(picture.height / step), 1.0
    )
    pixels = as_pixels(
        picture, replace(view, floating=True).from_corner(0, 0, step), (_PATCH, _PATCH), ground=0
    )
    rows, columns = (ceil(length / step * _PATCH) for length in (picture.height, picture.width))
    return pixels[:rows, :columns]


def encoded(pixels: Pixels) -> Encoded:
    """Pack pixels: with 256 colours where that is hardly another picture."""
    import zlib
    from io import BytesIO

    import numpy as np
    from PIL import Image

    size = pixels.shape[1], pixels.shape[0]
    few = Image.fromarray(pixels).quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    beside = np.asarray(few.convert("RGB"), dtype=np.int16) - pixels
    if float(np.mean(np.square(beside, dtype=np.float32))) > ALIKE:
        return Encoded(zlib.compress(pixels.tobytes(), EFFORT), size, png=False)
    file = BytesIO()
    few.save(file, "PNG")
    return Encoded(file.getvalue(), size, png=True)


def _shrunk(picture: Picture) -> int:
    """How many pixels of the picture, each way, one of its whole sheet stands for."""
    most = MOST_DRAWN if picture.is_drawn else MOST_PHOTOGRAPHED
    shrunk = picture.reduced
    while picture.width * picture.height > most * shrunk**2:
        shrunk *= 2
    return shrunk


def _cells(view: Viewport) -> tuple[int, int]:
    """Columns and rows of the whole picture, at the view's scale."""
    return max(1, round(view.width / view.scale)), rows_of(view)


def _place(view: Viewport) -> tuple[int, int] | None:
    """Column and row of the whole picture in the first cell of a view's area; None if they are none of whole cells."""
    columns, rows = _cells(view)
    x1, y1, _, _ = view.area
    tall = view.scale * view.aspect
    beside = (rows * tall - view.height) / 2  # the terminal has the picture in the middle
    at = _on_cells(view.left / view.scale + x1, (view.top + beside) / tall + y1, view, (columns, rows))
    return at if abs(view.width / view.scale - columns) < _EXACT else None


def _place_in(window: Viewport, view: Viewport) -> tuple[int, int] | None:
    """Column and row of a window's area in the first cell of the view's; None if it does not have all of that."""
    if abs(window.scale / view.scale - 1) > 1e-9 or window.aspect != view.aspect:
        return None
    x1, y1, _, _ = view.area
    column = (view.left - window.left) / view.scale + x1 - window.area[0]
    row = (view.top - window.top) / (view.scale * view.aspect) + y1 - window.area[1]
    return _on_cells(column, row, view, _area(window))


def _on_cells(column: float, row: float, view: Viewport, cells: tuple[int, int]) -> tuple[int, int] | None:
    """Column and row, if all of a view's area lies from there on in so many cells, and on them."""
    at = round(column), round(row)
    across, down = _area(view)
    inside = 0 <= at[0] <= cells[0] - across and 0 <= at[1] <= cells[1] - down and max(cells) <= MOST_CELLS
    return at if inside and max(abs(column - at[0]), abs(row - at[1])) < _EXACT else None


def _area(view: Viewport) -> tuple[int, int]:
    x1, y1, x2, y2 = view.area
    return x2 - x1, y2 - y1


def _beyond(start: float, end: float, length: int, scale: float) -> tuple[int, int]:
    """Whole cells of a picture before and behind a stretch of it."""
    return max(0, floor(start / scale + _EXACT)), max(0, floor((length - end) / scale + _EXACT))


def _some(before: int, behind: int, seen: int, share: float) -> tuple[int, int]:
    """As many of these cells as a window has."""
    most = min(ceil(seen * share), (MOST_CELLS - seen) // 2)
    return min(before, most), min(behind, most)
