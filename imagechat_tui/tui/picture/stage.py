"""The picture and what lies over it, on screen: drawing off the event loop, sending only what changed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Final

from textual import work
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.chips import Ink, ascii_only, chip_cells, cross_cell
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.kitty import handover, removal
from imagechat_tui.raster.markers import Chip, Mark
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.raster.viewport import Cell, Viewport
from imagechat_tui.sync.state import Thread
from imagechat_tui.tui.picture.canvas import Canvas
from imagechat_tui.tui.picture.frame import Corner, Frame, Pixels, Wish, draw
from imagechat_tui.tui.picture.hints import Hints
from imagechat_tui.tui.picture.marker_chips import Chips, Marking
from imagechat_tui.tui.picture.scene import Scene
from imagechat_tui.tui.textual_internals import compositor
from imagechat_tui.tui.textual_internals.background import ground
from imagechat_tui.tui.textual_internals.terminal_writes import write

compositor.install()

MINIMAP_AWAY: Final = 2
"""Cells that the crosshair may come near the minimap before that goes to another corner."""

TARGET: Final = "+"

MIDDLE: Final = Point(50.0, 50.0)
"""Where the crosshair is before anybody moves it."""

IMAGE_ID: Final = 0x690000 | os.getpid() & 0xFFFF
"""By which a terminal that takes pixels knows ours; other programs in it have theirs."""


class Stage(Widget):
    """Shows ``picture`` with ``threads`` as chips and a crosshair.

    A new view is drawn in a thread, one at a time: while one is being drawn, newer wishes replace each other,
    and only the newest is drawn next. What is on screen and what lies over it always belong to one frame.
    """

    picture: reactive[Picture | None] = reactive(None, repaint=False)
    threads: reactive[tuple[Thread, ...]] = reactive((), repaint=False)
    selected: reactive[str | None] = reactive(None, repaint=False)
    crosshairs: reactive[Mapping[UserId, Point]] = reactive({}, repaint=False)
    others_shown: reactive[bool] = reactive(True, repaint=False)
    target: reactive[Point | None] = reactive(None, repaint=False)
    options: reactive[RenderOptions] = reactive(RenderOptions(), repaint=False)
    markers_shown: reactive[str] = reactive("all", repaint=False)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._crosshair = MIDDLE
        self._scene: Scene | None = None
        """What is wished for; keys and pointer act on it."""
        self._frame: Frame | None = None
        """What is on screen."""
        self._canvas: Canvas | None = None
        self._marking: Marking | None = None
        self._chips = Chips()
        self._corner = Corner()
        self._drawing = False
        self._handed_over: Pixels | None = None

    @property
    def crosshair(self) -> Point:
        """Where the crosshair points."""
        return self._crosshair

    @property
    def zoom(self) -> float:
        """How much closer than the whole picture."""
        return self._scene.view.zoom if self._scene is not None else 1.0

    @property
    def is_drawn(self) -> bool:
        """Whether what is on screen is what was wished for."""
        wish, frame = self._wish(), self._frame
        return wish is None or (frame is not None and frame.wish == wish and not frame.quick)

    # -- what comes down

    def watch_picture(self, before: Picture | None, now: Picture | None) -> None:
        """Show it; one of the same size, read anew, in the same view."""
        if before is not None and now is not None and _size(before) == _size(now):
            self._draw()
            return
        self._scene = self._frame = self._canvas = self._marking = None
        self._fit_to_size()

    def watch_options(self) -> None:
        """Draw it anew."""
        self._draw()

    def watch_threads(self) -> None:
        """Only the cells of changed chips are redrawn."""
        self._place()

    def watch_selected(self) -> None:
        """See ``watch_threads``."""
        self._place()

    def watch_markers_shown(self) -> None:
        """See ``watch_threads``."""
        self._place()

    def watch_crosshairs(self) -> None:
        """Others have moved."""
        self._lay()

    def watch_others_shown(self) -> None:
        """Others are wanted, or not."""
        self._lay()

    def watch_target(self) -> None:
        """The composer writes elsewhere."""
        self._lay()

    def on_resize(self) -> None:
        """Another size: the same view of the same place."""
        self._fit_to_size()

    def notify_style_update(self) -> None:
        """Another theme has another ground."""
        super().notify_style_update()
        self._draw()

    # -- what is wished for

    def _fit_to_size(self) -> None:
        columns, rows = self.size
        if self.picture is None or not columns or not rows:
            return
        if self._scene is None:
            view = Viewport(*_size(self.picture), columns, rows, self.options.aspect).first()
            if view.fills and self._crosshair == MIDDLE:  # of what is seen, then
                self._crosshair = view.point_of(((columns - 1) / 2, (rows - 1) / 2))
            self._show(Scene(view.showing(self._crosshair)))
        else:
            self._show(self._scene.showing(self._crosshair, self._scene.view.resized(columns, rows)))
        self._draw()

    def _show(self, scene: Scene) -> None:
        """Wish for a scene."""
        if scene != self._scene:
            self._scene = scene
            self._draw()
            self.scene_changed()

    def scene_changed(self) -> None:
        """Told when another scene is wished for."""

    def _wish(self) -> Wish | None:
        scene = self._scene
        if self.picture is None or scene is None or (scene.view.columns, scene.view.rows) != self.size:
            return None
        red, green, blue = self.background_colors[1].rgb
        return Wish(self.picture, scene, self.options, red << 16 | green << 8 | blue)

    def _draw(self) -> None:
        if not self._drawing and not self.is_drawn:
            self._drawing = True
            self._draw_newest()

    @work(name="draw", group="draw")
    async def _draw_newest(self) -> None:
        quick = False
        try:
            while (wish := self._wish()) is not None and not self.is_drawn:
                frame = await asyncio.to_thread(draw, wish, self._chips_now(), self._frame, quick=quick)
                # While the view moves on faster than it is drawn, the next one is drawn the quick way.
                quick = self._wish() != wish
                self._take(frame)
        finally:
            self._drawing = False

    def _take(self, frame: Frame) -> None:
        """Put a drawn frame on the screen, unless another picture has come or the size has changed since."""
        if frame.wish.picture is self.picture and frame.view.size == self.size:
            self._frame = frame
            self._corner = self._free_corner(frame)
            self.refresh(*self._put_together())

    # -- what is on screen

    def _chips_now(self) -> list[Chip]:
        return self._chips.of(self.threads, selected=self.selected, shown=self.markers_shown)

    def _put_together(self) -> list[Region]:
        """Put the frame and all that lies over it onto the canvas; returns what looks different."""
        frame = self._frame
        if frame is None:
            return []
        hovered, hints = (self._marking.hovered, self._marking.hints) if self._marking else (None, None)
        self._hand_over(frame)
        grid, parts = frame.grid(self._corner), frame.parts(self._corner)
        anew = self._canvas is None or not self._canvas.fits(grid, parts)
        if self._canvas is None or anew:
            self._canvas = Canvas(grid, parts, image_id=IMAGE_ID)
        else:
            self._canvas.show(grid, parts)
        self._marking = marking = Marking(frame, frame.minimap_at(self._corner))
        marking.hovered = hovered
        marking.put(self._chips_now())
        if hints is not None:
            marking.hints = Hints.on(marking.chips)
        for row in marking.rows:
            self._canvas.mark(row, marking.cells(row))
        self._canvas.lay(self._over())
        changed = self._canvas.changes()
        return [Region(0, 0, *self.size)] if anew else changed

    def _hand_over(self, frame: Frame) -> None:
        """Give the terminal the pixels of a frame, where it takes pixels."""
        pixels = frame.pixels
        if pixels is not None and pixels is not self._handed_over:
            write(self.app, handover(IMAGE_ID, pixels.data, pixels.size, pixels.cells))
        self._handed_over = pixels

    def on_unmount(self) -> None:
        """Let the terminal forget the picture."""
        if self._handed_over is not None:
            write(self.app, removal(IMAGE_ID))

    def _place(self) -> None:
        if self._marking is not None:
            self._mark(self._marking.put(self._chips_now()))

    def _mark(self, rows: set[int] | range) -> None:
        """Make these rows of marks anew."""
        if self._marking is None or self._canvas is None:
            return
        for row in rows:
            if row in self._marking.rows:
                self._canvas.mark(row, self._marking.cells(row))
        self._lay()

    def _lay(self) -> None:
        """Lay crosshairs and what else is single cells, and send all that changed."""
        frame, canvas = self._frame, self._canvas
        if frame is None or canvas is None:
            return
        corner = self._free_corner(frame)
        if corner != self._corner:
            self._corner = corner
            self.refresh(*self._put_together())
        else:
            canvas.lay(self._over())
            self.refresh(*canvas.changes())

    def _over(self) -> dict[tuple[int, int], Ink]:
        over: dict[tuple[int, int], Ink] = {}
        if self.others_shown:
            for point in self.crosshairs.values():
                self._cross(over, point, faint=True)
        cell = self._cell_of(self.target) if self.target is not None else None
        if cell is not None:
            over[cell] = chip_cells(TARGET, Mark.OPEN, self.options.colors)[0]
        self._cross(over, self._crosshair, faint=False)
        return over

    def _cross(self, over: dict[tuple[int, int], Ink], point: Point, *, faint: bool) -> None:
        cell, canvas = self._cell_of(point), self._canvas
        if cell is None or canvas is None:
            return
        under, is_mark = canvas.beneath(*cell)
        if cell in over:
            under, is_mark = over[cell], not faint
        plain = ascii_only(self.options)
        if not is_mark:
            over[cell] = cross_cell(under.bg, self.options.colors, faint=faint, ascii_only=plain)
        elif not faint:
            # A chip shows its own sign under the crosshair, the other way round; without colours that is unseen.
            turned = Ink(under.glyph, under.bg, under.fg)
            over[cell] = turned if not plain else under._replace(glyph=TARGET)

    def _cell_of(self, point: Point) -> Cell | None:
        """Where a point is on screen now."""
        return self._frame.scene.cell_of(point) if self._frame is not None else None

    def _free_corner(self, frame: Frame) -> Corner:
        """Where the minimap does not cover the crosshair: where it is, if it can stay."""
        cell = frame.scene.cell_of(self._crosshair)
        for corner in (self._corner, Corner(), Corner(right=False)):
            box = frame.minimap_at(corner)
            if box is None or cell is None:
                return corner
            across = box[0] - MINIMAP_AWAY <= cell.column < box[2] + MINIMAP_AWAY
            if not (across and box[1] - MINIMAP_AWAY // 2 <= cell.row < box[3] + MINIMAP_AWAY // 2):
                return corner
        return Corner()

    # -- lines

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Stage:
        """As any widget's, but that a picture which is there is drawn anew only where it changed.

        Textual draws a widget wholly when the focus comes or goes and on every change of style; the cells of
        the picture are the same then.
        """
        if not regions and self._canvas is not None:
            repaint = False
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def repair(self) -> None:
        """Send everything again."""
        self._handed_over = None
        if self._frame is not None:
            self._hand_over(self._frame)
        self.refresh(Region(0, 0, *self.size))

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of a region, as cells: no filter of the theme touches the picture's colours."""
        if self._canvas is None:
            return ground(self, crop)
        if self._canvas.size != self.size:
            self._draw_now()
        return [self._canvas.row(y).crop(crop.x, crop.right) for y in range(crop.y, crop.bottom)]

    def _draw_now(self) -> None:
        """Draw for a new size while it is being painted: else the old one would be painted before it."""
        self._fit_to_size()
        wish = self._wish()
        if wish is not None:
            self._frame = draw(wish, self._chips_now(), None)
            self._corner = self._free_corner(self._frame)
            self._put_together()


def _size(picture: Picture) -> tuple[int, int]:
    return picture.width, picture.height
