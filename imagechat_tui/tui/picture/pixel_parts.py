"""Which cells of a view show parts of pictures that the terminal has in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from imagechat_tui.raster.sheets import Part, Sheet, whole_part, window_part
from imagechat_tui.tui.picture.canvas import IMAGE, PART
from imagechat_tui.tui.picture.uploads import IDS, Uploads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imagechat_tui.tui.picture.frame import Corner, Frame, Wish

WHOLE, WINDOW, LENS = range(3)


class Shown(NamedTuple):
    """What a frame shows in pixels."""

    image: int
    """``WHOLE``, ``WINDOW`` or ``LENS``."""
    part: Part


class PixelParts:
    """The three pictures of one view, as far as the terminal has them.

    Args:
        uploads: brings them there.
        ids: what the terminal calls them.
    """

    def __init__(self, uploads: Uploads | None = None, ids: tuple[int, int, int] = IDS) -> None:
        self._uploads = uploads
        self.ids = ids
        self._windows: dict[int, Sheet] = {}
        """What was last wanted as window and lens."""

    def follow(self, wish: Wish) -> list[Shown]:
        """Have the terminal get what a wish needs; returns what it has of that."""
        uploads, cell = self._uploads, wish.options.pixels
        if uploads is None:
            return []
        if cell is None:
            self.close()
            return []
        lens = wish.scene.lens
        picture, view = wish.seen(wish.scene.view)
        whole = whole_part(picture, view, cell, coarse=True)
        wanted: list[Part | None] = [whole, None, None]
        if whole is None or whole_part(picture, view, cell) is None:
            wanted[WINDOW] = window_part(picture, view, cell, wish.ground, self._windows.get(WINDOW))
        if lens is not None:
            before = self._windows.get(LENS)
            wanted[LENS] = window_part(*wish.seen(lens.view), cell, wish.ground, before, margin=0)
        for image, part in enumerate(wanted):
            uploads.want(self.ids[image], part)
            if part is not None and image != WHOLE:
                self._windows[image] = part.sheet
        there = [
            Shown(image, part)
            for image, part in enumerate(wanted)
            if part is not None and uploads.shows(self.ids[image], part)
        ]
        has_window = any(shown.image == WINDOW for shown in there)
        return [shown for shown in there if shown.image != WHOLE or not has_window]

    def rest(self) -> None:
        """Nothing is seen for now; what is on its way need not come."""
        if self._uploads is not None:
            for image_id in self.ids:
                self._uploads.want(image_id, None)

    def close(self) -> None:
        """Have the terminal forget them."""
        if self._uploads is not None:
            self._uploads.remove(self.ids)


def part_numbers(frame: Frame, corner: Corner, there: Sequence[Shown]) -> NDArray[np.int32]:
    """For each cell of a frame the number of the part that it shows (see ``Canvas``); -1 for plain cells."""
    import numpy as np

    lens, minimap = frame.scene.lens, frame.minimap_at(corner)
    columns, rows = frame.view.size
    numbers = np.full((rows, columns), -1, dtype=np.int32)
    for image, part in there:
        if image != LENS:
            _, view = frame.wish.seen(frame.scene.view)
            x1, y1, x2, y2 = view.area
            numbers[y1:y2, x1:x2] = _numbered(image, part, x2 - x1, y2 - y1)
    if frame.lined is not None:
        numbers[frame.lined] = -1
    if minimap is not None:
        numbers[minimap[1] : minimap[3], minimap[0] : minimap[2]] = -1
    if lens is not None:
        low, right = lens.row + lens.view.rows, lens.column + lens.view.columns
        numbers[lens.row - 1 : low + 1, lens.column - 1 : right + 1] = -1
        for image, part in there:
            if image == LENS:
                _, view = frame.wish.seen(lens.view)
                x1, y1, x2, y2 = view.area
                inside = slice(lens.row + y1, lens.row + y2), slice(lens.column + x1, lens.column + x2)
                numbers[inside] = _numbered(image, part, x2 - x1, y2 - y1)
    return numbers


def _numbered(image: int, part: Part, columns: int, rows: int) -> NDArray[np.int32]:
    import numpy as np

    column, row = part.at
    numbers = (np.arange(row, row + rows)[:, None]) * PART + np.arange(column, column + columns)
    return (numbers + image * IMAGE).astype(np.int32)
