"""The picture in cells, and in pixels where the terminal puts them into cells; what changes is all that is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from textual.geometry import Region
from textual.strip import Strip

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.chips import Ink, ascii_only, chip_cells, cross_cell
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.markers import Chip, Mark, PlacedChip
from imagechat_tui.raster.viewport import Cell
from imagechat_tui.tui.picture.canvas import Canvas
from imagechat_tui.tui.picture.frame import Corner, Frame, Wish, draw
from imagechat_tui.tui.picture.hints import Hints
from imagechat_tui.tui.picture.marker_chips import MarkerChips
from imagechat_tui.tui.picture.painter import Pointers
from imagechat_tui.tui.picture.pixel_parts import PixelParts, Shown, part_numbers
from imagechat_tui.tui.picture.viewfinder import MIDDLE

MINIMAP_AWAY: Final = 2
"""Cells that the crosshair may come near the minimap before that goes to another corner."""

TARGET: Final = "+"

CellInks = dict[tuple[int, int], Ink]
"""By column and row."""


class CellPainter:
    """A `Painter` that composes rows of cells."""

    def __init__(self, pixels: PixelParts | None = None) -> None:
        """Nothing on screen yet; ``pixels`` may be handed to the terminal, where the options say so."""
        self._pixels = pixels or PixelParts()
        self._there: list[Shown] = []
        """What is shown in pixels."""
        self._frame: Frame | None = None
        self._canvas: Canvas | None = None
        self._markers: MarkerChips | None = None
        self._corner = Corner()
        """Of the minimap."""
        self._chips: Sequence[Chip] = ()
        self._pointers = Pointers(MIDDLE)

    @property
    def frame(self) -> Frame | None:
        """See `Painter`."""
        return self._frame

    @property
    def size(self) -> tuple[int, int] | None:
        """See `Painter`."""
        return self._canvas.size if self._canvas is not None else None

    @property
    def hints(self) -> Hints | None:
        """See `Painter`."""
        return self._markers.hints if self._markers is not None else None

    @property
    def placed(self) -> Iterator[PlacedChip]:
        """See `Painter`."""
        return self._markers.placed if self._markers is not None else iter(())

    def draw(self, wish: Wish, chips: Sequence[Chip], *, anew: bool = False) -> Frame:
        """See `Painter`."""
        return draw(wish, chips, None if anew else self._frame)

    def show(self, frame: Frame, chips: Sequence[Chip], pointers: Pointers) -> Sequence[Region]:
        """See `Painter`."""
        self._frame, self._chips, self._pointers = frame, chips, pointers
        self._corner = self._free_corner(frame)
        return self._put_together(frame)

    def put(self, chips: Sequence[Chip]) -> Sequence[Region]:
        """See `Painter`."""
        self._chips = chips
        return self._mark(self._markers.put(chips)) if self._markers is not None else ()

    def point(self, pointers: Pointers) -> Sequence[Region]:
        """See `Painter`."""
        self._pointers = pointers
        return self._lay()

    def hover(self, column: int, row: int) -> Sequence[Region]:
        """See `Painter`."""
        if self._markers is None:
            return ()
        chip, before = self._markers.at(column, row), self._markers.hovered
        here = (chip.column, chip.row) if chip is not None else None
        if here == before:
            return ()
        self._markers.hovered = here
        return self._mark({cell[1] for cell in (here, before) if cell is not None})

    def label(self, hints: Hints | None) -> Sequence[Region]:
        """See `Painter`."""
        if self._markers is None or self._markers.hints is hints:
            return ()
        self._markers.hints = hints
        return self._mark(self._markers.rows)

    def at(self, column: int, row: int) -> PlacedChip | None:
        """See `Painter`."""
        return self._markers.at(column, row) if self._markers is not None else None

    def cell_of(self, point: Point) -> Cell | None:
        """See `Painter`."""
        return self._frame.scene.cell_of(point) if self._frame is not None else None

    def strips(self, crop: Region) -> list[Strip]:
        """See `Painter`."""
        assert self._canvas is not None
        return [self._canvas.row(y).crop(crop.x, crop.right) for y in range(crop.y, crop.bottom)]

    def prepare_pixels(self, wish: Wish) -> bool:
        """See `Painter`."""
        return self._pixels.prepare(wish)

    def follow_pixels(self) -> Sequence[Region]:
        """See `Painter`."""
        return self._put_together(self._frame) if self._frame is not None else ()

    def clear(self) -> None:
        """See `Painter`."""
        self._frame = self._canvas = self._markers = None
        self._pixels.rest()

    def close(self) -> None:
        """See `Painter`."""
        self._pixels.close()

    # -- from the bottom to the top

    def _put_together(self, frame: Frame) -> Sequence[Region]:
        """Put the frame and all that lies over it onto the canvas."""
        before = self._markers
        before_there, self._there = self._there, self._pixels.follow(frame.wish)
        grid, ground, parts = frame.grid(self._corner), frame.wish.ground, None
        if self._there:
            parts = part_numbers(frame, self._corner, self._there)
        anew = self._canvas is None or not self._canvas.fits(grid, parts, ground)
        if self._canvas is None or anew:
            self._canvas = Canvas(grid, parts, image_ids=self._pixels.ids, ground=ground)
        else:
            self._canvas.show(grid, parts)
            laid_out = {(image, part.sheet, part.cells) for image, part in before_there}
            for image, part in self._there:
                if (image, part.sheet, part.cells) not in laid_out:
                    self._canvas.outdate(image)
        self._markers = markers = MarkerChips(frame, frame.minimap_at(self._corner))
        markers.put(self._chips)
        if before is not None:
            markers.hovered = before.hovered
            markers.hints = Hints.on(markers.placed) if before.hints is not None else None
        for row in markers.rows:
            self._canvas.mark(row, markers.cells(row))
        self._canvas.lay(self._cells_over(frame, self._canvas))
        changed = self._canvas.changes()
        return [Region(0, 0, *frame.view.size)] if anew else changed

    def _mark(self, rows: Iterable[int]) -> Sequence[Region]:
        """Make these rows of marks anew."""
        if self._markers is None or self._canvas is None:
            return ()
        for row in rows:
            if row in self._markers.rows:
                self._canvas.mark(row, self._markers.cells(row))
        return self._lay()

    def _lay(self) -> Sequence[Region]:
        """Lay crosshairs and what else is single cells on top."""
        frame, canvas = self._frame, self._canvas
        if frame is None or canvas is None:
            return ()
        corner = self._free_corner(frame)
        if corner != self._corner:
            self._corner = corner
            return self._put_together(frame)
        canvas.lay(self._cells_over(frame, canvas))
        return canvas.changes()

    def _cells_over(self, frame: Frame, canvas: Canvas) -> CellInks:
        pointers, over = self._pointers, CellInks()
        for point in pointers.others:
            _cross(over, point, frame, canvas, faint=True)
        cell = frame.scene.cell_of(pointers.target) if pointers.target is not None else None
        if cell is not None:
            over[cell] = chip_cells(TARGET, Mark.OPEN, frame.wish.options.colors)[0]
        _cross(over, pointers.crosshair, frame, canvas, faint=False)
        return over

    def _free_corner(self, frame: Frame) -> Corner:
        """Where the minimap does not cover the crosshair: where it is, if it can stay."""
        cell = frame.scene.cell_of(self._pointers.crosshair)
        for corner in (self._corner, Corner(), Corner(right=False)):
            box = frame.minimap_at(corner)
            if box is None or cell is None:
                return corner
            across = box[0] - MINIMAP_AWAY <= cell.column < box[2] + MINIMAP_AWAY
            if not (across and box[1] - MINIMAP_AWAY // 2 <= cell.row < box[3] + MINIMAP_AWAY // 2):
                return corner
        return Corner()


def _cross(over: CellInks, point: Point, frame: Frame, canvas: Canvas, *, faint: bool) -> None:
    """Add a crosshair to what lies over the picture."""
    cell = frame.scene.cell_of(point)
    if cell is None:
        return
    under, is_mark = canvas.beneath(*cell)
    if cell in over:
        under, is_mark = over[cell], not faint
    options = frame.wish.options
    if not is_mark:
        over[cell] = cross_cell(under.bg, options.colors, faint=faint, ascii_only=ascii_only(options))
    elif not faint:
        # A chip shows its own sign under the crosshair, the other way round; without colours that is unseen.
        turned = Ink(under.glyph, under.bg, under.fg)
        over[cell] = turned if options.colors is not ColorDepth.NONE else under._replace(glyph=TARGET)
