"""The cells of the picture as they are on screen: what lies over what, and which cells a change touches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from textual.geometry import Region
from textual.strip import Strip

from imagechat_tui.raster.ansi import rows_text, texts
from imagechat_tui.raster.chips import Ink
from imagechat_tui.raster.render import Grid
from imagechat_tui.tui.textual_internals.strips import cell_strip, pixel_strip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.uint32]
    Ints = NDArray[np.int32]

NEAR: Final = 12
"""Unchanged cells between two changed ones that are sent along: beginning anew costs about so many."""

MOST: Final = 0.75
"""The share of changed cells from which a row is sent whole: it is rendered with others, at once."""

BLANK: Final = 0x20

PART: Final = 1 << 16
IMAGE: Final = 1 << 26
OUTDATED: Final = -2
"""The number of a part that is to be sent again."""


class Canvas:
    """Three layers, the picture at the bottom, then marks by row, then single cells such as crosshairs.

    Whoever changes a layer asks for `changes` afterwards: the regions to draw anew. A cell that looks as it
    did before is in none of them, however it came about.

    Where the terminal has pictures in pixels, ``parts`` has the number of the part that each cell shows
    (``IMAGE`` × which picture + ``PART`` × row + column), -1 for none. Such a cell looks the same whatever its glyph
    and colours are.
    """

    def __init__(
        self, grid: Grid, parts: Ints | None = None, *, image_ids: Sequence[int] = (), ground: int = 0
    ) -> None:
        """Begin with a picture and nothing over it.

        Args:
            grid: its cells.
            parts: see above.
            image_ids: what the terminal calls each picture.
            ground: ``0xRRGGBB`` behind them.
        """
        self._grid = grid
        self._image_ids = image_ids
        self._ground = ground
        self._base_parts = parts
        self._parts = parts.copy() if parts is not None else None
        self._glyphs = grid.glyphs.copy()
        self._fg = grid.fg.copy()
        self._bg = grid.bg.copy()
        self._marks: dict[int, Mapping[int, Ink]] = {}
        self._over: Mapping[tuple[int, int], Ink] = {}
        self._changed: set[int] = set()
        self._strips: dict[int, Strip] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self._grid.size

    def fits(self, grid: Grid, parts: Ints | None, ground: int = 0) -> bool:
        """Whether another picture can take the place of this one, on the same ground."""
        return grid.size == self.size and (parts is None) == (self._parts is None) and ground == self._ground

    def show(self, grid: Grid, parts: Ints | None = None) -> None:
        """Have another picture, which `fits`, at the bottom."""
        self._grid = grid
        self._base_parts = parts
        if parts is not None:
            # What is under the pixels is another picture now, though it looks the same.
            self._strips.clear()
        self._changed.update(range(grid.size[1]))

    def outdate(self, image: int) -> None:
        """What the terminal has as one of the pictures, or how it lays it out, is another now."""
        if self._parts is not None:
            rows, columns = (self._parts // IMAGE == image).nonzero()
            self._parts[rows, columns] = OUTDATED
            self._changed.update(rows.tolist())

    def mark(self, row: int, cells: Mapping[int, Ink]) -> None:
        """Have these marks, by column, in a row and no others; what is wider than the picture is cut."""
        if cells and max(cells) >= self.size[0]:
            cells = {column: ink for column, ink in cells.items() if column < self.size[0]}
        if cells != self._marks.get(row, {}):
            self._marks[row] = cells
            self._changed.add(row)

    def lay(self, over: Mapping[tuple[int, int], Ink]) -> None:
        """Have these single cells, by column and row, on top and no others."""
        before, self._over = self._over, over
        self._changed.update(
            row for column, row in before.keys() | over.keys()
            if before.get((column, row)) != over.get((column, row))
        )  # fmt: skip

    def beneath(self, column: int, row: int) -> tuple[Ink, bool]:
        """What the top layer would hide in a cell, and whether that is a mark."""
        ink = self._marks.get(row, {}).get(column)
        if ink is not None:
            return ink, True
        grid = self._grid
        glyph = chr(int(grid.glyphs[row, column]))
        return Ink(glyph, int(grid.fg[row, column]), int(grid.bg[row, column])), False

    def changes(self) -> list[Region]:
        """The regions whose cells look different since the last time."""
        rows, self._changed = sorted(self._changed), set()
        if not rows:
            return []
        glyphs, fg, bg = self._composed(rows)
        # Of a blank cell only the ground is seen.
        changed = (
            (glyphs != self._glyphs[rows])
            | (bg != self._bg[rows])
            | ((fg != self._fg[rows]) & (glyphs != BLANK))
        )  # fmt: skip
        self._glyphs[rows], self._fg[rows], self._bg[rows] = glyphs, fg, bg
        if self._parts is not None:
            parts = self._composed_parts(rows)
            changed &= (parts < 0) | (parts != self._parts[rows])
            changed |= parts != self._parts[rows]
            self._parts[rows] = parts
        regions: list[Region] = []
        anew = []
        for row, count, cells in zip(rows, changed.sum(axis=1).tolist(), changed, strict=True):
            if not count:
                continue
            self._strips.pop(row, None)
            if count > MOST * len(cells):
                anew.append(row)
                regions.append(Region(0, row, len(cells), 1))
            else:
                regions += [Region(start, row, end - start, 1) for start, end in _spans(cells)]
        if len(anew) > 1:
            self._render(anew)
        return regions

    def row(self, row: int) -> Strip:
        """A row as a strip."""
        if row not in self._strips:
            # Whoever asks for one row that is not there mostly asks for them all.
            missing = [other for other in range(self.size[1]) if other not in self._strips]
            self._render(missing if len(missing) > 1 and not self._strips else [row])
        return self._strips[row]

    def _render(self, rows: list[int]) -> None:
        """Make strips of rows."""
        if self._parts is not None:
            for row in rows:
                self._strips[row] = self._pixel_strip(row, self._parts[row].tolist())
            return
        part = Grid(self._glyphs[rows], self._fg[rows], self._bg[rows], self._grid.depth)
        rendered: list[str | None] = [*rows_text(part)] if len(rows) > 1 else [None]
        for row, glyphs, fg, bg, text in zip(
            rows, texts(part), part.fg.tolist(), part.bg.tolist(), rendered, strict=True
        ):
            self._strips[row] = cell_strip(glyphs, fg, bg, part.depth, rendered=text)

    def _pixel_strip(self, row: int, parts: list[int]) -> Strip:
        return pixel_strip(
            "".join(map(chr, self._glyphs[row].tolist())),
            self._fg[row].tolist(),
            self._bg[row].tolist(),
            self._grid.depth,
            parts=[self._shown(part) if part >= 0 else None for part in parts],
            ground=self._ground,
        )

    def _shown(self, part: int) -> tuple[int, int, int]:
        image, place = divmod(part, IMAGE)
        return self._image_ids[image], *divmod(place, PART)

    def _composed_parts(self, rows: list[int]) -> Ints:
        """The parts of rows that nothing lies over."""
        assert self._base_parts is not None
        parts: Ints = self._base_parts[rows]
        for place, row in enumerate(rows):
            parts[place, [*self._marks.get(row, {})]] = -1
            parts[place, [column for column, on_row in self._over if on_row == row]] = -1
        return parts

    def _composed(self, rows: list[int]) -> tuple[Codes, Ints, Ints]:
        """Put rows together, all layers of them."""
        grid = self._grid
        glyphs, fg, bg = grid.glyphs[rows], grid.fg[rows], grid.bg[rows]  # copies
        for place, row in enumerate(rows):
            for column, ink in self._marks.get(row, {}).items():
                glyphs[place, column], fg[place, column], bg[place, column] = ord(ink.glyph), ink.fg, ink.bg
        places = {row: place for place, row in enumerate(rows)}
        for (column, row), ink in self._over.items():
            place_of = places.get(row)
            if place_of is not None:
                glyphs[place_of, column], fg[place_of, column] = ord(ink.glyph), ink.fg
                bg[place_of, column] = ink.bg
        return glyphs, fg, bg


def _spans(changed: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and end column of each run of changed cells."""
    columns = changed.nonzero()[0].tolist()
    start = last = columns[0]
    for column in columns[1:]:
        if column - last > NEAR:
            yield start, last + 1
            start = column
        last = column
    yield start, last + 1
