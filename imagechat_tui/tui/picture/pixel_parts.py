"""Which cells of a view show parts of pictures that the terminal has in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from imagechat_tui.raster.sheets import Part, Sheet, whole_part, window_part
from imagechat_tui.tui.picture.canvas import IMAGE, PART
from imagechat_tui.tui.picture.uploads import IDS, Uploads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.viewport import Viewport
    from imagechat_tui.tui.picture.frame import Corner, Frame, Wish

WHOLE, WINDOW, OTHER_WINDOW, LENS = range(4)


WINDOWS: Final = (WINDOW, OTHER_WINDOW)


class Shown(NamedTuple):
    """What a frame shows in pixels."""

    image: int
    """``WHOLE``, ``WINDOW``, ``OTHER_WINDOW`` or ``LENS``."""
    part: Part


class PixelParts:
    """The pictures of one view, as far as the terminal has them.

    There are two windows: the one that is on the screen stays until the other is there.

    Args:
        uploads: brings them there.
        ids: what the terminal calls them.
    """

    def __init__(self, uploads: Uploads | None = None, ids: Sequence[int] = IDS) -> None:
        self._uploads = uploads
        self.ids = ids
        self._windows: dict[int, Sheet] = {}
        """What was last wanted as windows and lens."""
        self._there: list[Shown] = []

    def follow(self, wish: Wish) -> list[Shown]:
        """Have the terminal get what a wish needs; returns what it has of that, which is on the screen from now on."""
        wanted = self._want(wish)
        there = [shown for shown in wanted if self._has(shown)]
        if any(shown.image in WINDOWS for shown in there):
            there = [shown for shown in there if shown.image != WHOLE]
        self._there = there
        return there

    def prepare(self, wish: Wish) -> bool:
        """Have the terminal get what a wish needs; whether it has all, or is on the screen without it anyway."""
        if not self._there:
            return True
        wanted = self._want(wish)
        closer = any(shown.image in WINDOWS for shown in wanted)
        return all(self._has(shown) for shown in wanted if not (closer and shown.image == WHOLE))

    def _want(self, wish: Wish) -> list[Shown]:
        uploads, cell = self._uploads, wish.options.pixels
        if uploads is None:
            return []
        if cell is None:
            self.close()
            return []
        # In the order in which they are sent: the whole picture is mostly for what is looked at later.
        wanted: dict[int, Part | None] = dict.fromkeys((*WINDOWS, LENS, WHOLE))
        lens = wish.scene.lens
        picture, view = wish.seen(wish.scene.view)
        wanted[WHOLE] = whole_part(picture, view, cell, coarse=True)
        if wanted[WHOLE] is None or whole_part(picture, view, cell) is None:
            image = self._window_for(wish, picture, view, cell)
            wanted[image] = window_part(picture, view, cell, wish.ground, self._windows.get(image))
        if lens is not None:
            before = self._windows.get(LENS)
            wanted[LENS] = window_part(*wish.seen(lens.view), cell, wish.ground, before, margin=0)
        for image, part in wanted.items():
            uploads.want(self.ids[image], part)
            if part is not None and image != WHOLE:
                self._windows[image] = part.sheet
        return [Shown(image, part) for image, part in wanted.items() if part is not None]

    def _window_for(self, wish: Wish, picture: Picture, view: Viewport, cell: tuple[int, int]) -> int:
        """The window that has all of a view; else the one that is not on the screen."""
        for image in WINDOWS:
            before = self._windows.get(image)
            part = window_part(picture, view, cell, wish.ground, before) if before is not None else None
            if part is not None and part.sheet is before:
                return image
        seen = any(shown.image == WINDOW for shown in self._there)
        return OTHER_WINDOW if seen else WINDOW

    def _has(self, shown: Shown) -> bool:
        return self._uploads is not None and self._uploads.shows(self.ids[shown.image], shown.part)

    def rest(self) -> None:
        """Nothing is seen for now; what is on its way need not come."""
        self._there = []
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
