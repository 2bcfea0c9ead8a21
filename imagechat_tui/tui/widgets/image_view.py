"""The picture with its markers: a crosshair that moves, a view that zooms and pans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.ansi import texts
from imagechat_tui.raster.colors import luma, one, rgb_of
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.markers import Chip, Mark, PlacedChip, Placement, place
from imagechat_tui.raster.render import Grid, RenderOptions, render
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.sync.state import Status, Thread
from imagechat_tui.tui import compositor
from imagechat_tui.tui.strips import CellStrip

ZOOM_STEP: Final = 1.5
BLACK, WHITE, AMBER, RED, GREY = 0x000000, 0xFFFFFF, 0xFFB83D, 0xFF6B5E, 0xB4B8BC

compositor.install()


class Cell(NamedTuple):
    """What lies over the picture in one cell; colours as ``0xRRGGBB``."""

    glyph: str
    fg: int
    bg: int


class ImageView(Widget, can_focus=True):
    """Shows ``picture`` with ``threads`` as chips; tells what the person points at."""

    BINDING_GROUP_TITLE = "Picture"
    HELP = "Move with hjkl or arrows, zoom with + and -. Enter opens the marker here, or starts one."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "step(-1, 0)", "Left", id="image.left", show=False),
        Binding("j,down", "step(0, 1)", "Down", id="image.down", show=False),
        Binding("k,up", "step(0, -1)", "Up", id="image.up", show=False),
        Binding("l,right", "step(1, 0)", "Right", id="image.right", show=False),
        Binding("H,shift+left", "stride(-1, 0)", "Left by a tenth", id="image.far-left", show=False),
        Binding("J,shift+down", "stride(0, 1)", "Down by a tenth", id="image.far-down", show=False),
        Binding("K,shift+up", "stride(0, -1)", "Up by a tenth", id="image.far-up", show=False),
        Binding("L,shift+right", "stride(1, 0)", "Right by a tenth", id="image.far-right", show=False),
        Binding("plus", "zoom(1)", "Closer", id="image.closer", show=False),
        Binding("minus", "zoom(-1)", "Farther", id="image.farther", show=False),
        Binding("equals_sign", "actual", "One pixel per cell", id="image.actual", show=False),
        Binding("0", "fit", "The whole picture", id="image.fit", show=False),
        Binding("enter", "open", "Open the marker here, or start one", id="image.open", show=False),
    ]

    picture: reactive[Picture | None] = reactive(None, repaint=False)
    threads: reactive[tuple[Thread, ...]] = reactive((), repaint=False)
    selected: reactive[str | None] = reactive(None, repaint=False)
    crosshairs: reactive[Mapping[UserId, Point]] = reactive({}, repaint=False)
    target: reactive[Point | None] = reactive(None, repaint=False)
    options: reactive[RenderOptions] = reactive(RenderOptions(), repaint=False)
    markers_shown: reactive[str] = reactive("all", repaint=False)

    class CrosshairMoved(Message):
        """The crosshair points elsewhere."""

        def __init__(self, point: Point) -> None:
            super().__init__()
            self.point = point

    class MarkerChosen(Message):
        """A marker was selected."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class MarkersOpened(Message):
        """One marker, or several that fall together, shall be opened."""

        def __init__(self, keys: tuple[str, ...]) -> None:
            super().__init__()
            self.keys = keys

    class PointChosen(Message):
        """Something shall be said about a place without a marker."""

        def __init__(self, point: Point) -> None:
            super().__init__()
            self.point = point

    class ViewChanged(Message):
        """Another part of the picture is seen, or closer."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._crosshair = Point(50.0, 50.0)
        self._view: Viewport | None = None
        self._grid: Grid | None = None
        self._texts: list[str] = []
        self._strips: dict[int, CellStrip] = {}
        self._placement = Placement(())
        self._marks: dict[tuple[int, int], Cell] = {}
        self._over: dict[tuple[int, int], Cell] = {}
        self._dragged_from: tuple[int, int] | None = None
        self._dragged = False

    @property
    def crosshair(self) -> Point:
        """Where the crosshair points."""
        return self._crosshair

    @property
    def zoom(self) -> float:
        """How much closer than the whole picture."""
        return self._view.zoom if self._view is not None else 1.0

    # -- what comes down

    def watch_picture(self) -> None:
        """Show it."""
        self._view = None
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

    def watch_target(self) -> None:
        """The composer writes elsewhere."""
        self._lay()

    # -- methods for the screen

    def center_on(self, point: Point) -> None:
        """Bring a point to the middle of the view."""
        if self._view is not None:
            self._show(self._view.centered(point))

    def move_to(self, point: Point) -> None:
        """Put the crosshair on a point, and the point into view."""
        point = Point(min(100.0, max(0.0, point.x)), min(100.0, max(0.0, point.y)))
        moved = point != self._crosshair
        self._crosshair = point
        if self._view is not None:
            self._show(self._view.showing(point))
            self._lay()
        if moved:
            self.post_message(self.CrosshairMoved(point))

    def repair(self) -> None:
        """Send all cells again."""
        self._strips.clear()
        self.refresh()

    # -- keys

    def action_step(self, columns: int, rows: int) -> None:
        """Move the crosshair by one cell."""
        if self._view is not None:
            column, row = self._view.cell_of(self._crosshair)
            self.move_to(self._view.point_of((column + columns, row + rows)))

    def action_stride(self, columns: int, rows: int) -> None:
        """Move the crosshair by a tenth of what is seen."""
        if self._view is not None:
            self.action_step(columns * max(1, self._view.columns // 10), rows * max(1, self._view.rows // 10))

    def action_zoom(self, direction: int) -> None:
        """Closer or farther, about the crosshair."""
        self._zoom_about(direction, self._crosshair)

    def action_actual(self) -> None:
        """One pixel of the picture across one cell."""
        if self._view is not None:
            self._show(self._view.zoomed(self._view.fit_scale / self._view.zoom, self._crosshair))

    def action_fit(self) -> None:
        """The whole picture."""
        if self._view is not None:
            self._show(self._view.fit())

    def action_open(self) -> None:
        """Open what the crosshair is on, or say that a marker is wanted here."""
        if self._view is None:
            return
        chip = self._placement.at(*self._view.cell_of(self._crosshair))
        self.post_message(
            self.MarkersOpened(chip.keys) if chip is not None else self.PointChosen(self._crosshair)
        )

    # -- mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to drag, or to click."""
        self._dragged_from, self._dragged = (event.x, event.y), False
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the picture."""
        if self._dragged_from is None or self._view is None:
            return
        columns, rows = self._dragged_from[0] - event.x, self._dragged_from[1] - event.y
        if columns or rows:
            self._dragged = True
            self._dragged_from = (event.x, event.y)
            self._show(self._view.panned(columns, rows))

    def on_mouse_up(self) -> None:
        """The drag ends."""
        self._dragged_from = None
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Select what is under the pointer; a second click opens it, or writes there."""
        if self._view is None or self._dragged:
            return
        chip = self._placement.at(event.x, event.y)
        if chip is None:
            self.move_to(self._view.point_of((event.x, event.y)))
            if event.chain == 2:
                self.post_message(self.PointChosen(self._crosshair))
            return
        self.move_to(chip.chips[0].point)
        if len(chip.chips) > 1 or event.chain == 2:
            self.post_message(self.MarkersOpened(chip.keys))
        else:
            self.post_message(self.MarkerChosen(chip.keys[0]))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Closer, about the pointer."""
        self._zoom_at(1, event)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Farther, about the pointer."""
        self._zoom_at(-1, event)

    def _zoom_at(self, direction: int, event: events.MouseEvent) -> None:
        if self._view is not None:
            event.stop()
            self._zoom_about(direction, self._view.point_of((event.x, event.y)))

    def _zoom_about(self, direction: int, about: Point) -> None:
        if self._view is not None:
            self._show(self._view.zoomed(ZOOM_STEP**direction, about))

    # -- view

    def on_resize(self) -> None:
        """Another size: the same view of the same place."""
        self._fit_to_size()

    def _fit_to_size(self) -> None:
        columns, rows = self.size
        if self.picture is None or not columns or not rows:
            return
        if self._view is None:
            view = Viewport(self.picture.width, self.picture.height, columns, rows, self.options.aspect)
        else:
            view = self._view.resized(columns, rows)
        self._view = view.showing(self._crosshair)
        self._draw()
        self.post_message(self.ViewChanged())

    def _show(self, view: Viewport) -> None:
        if view != self._view:
            self._view = view
            self._draw()
            self.post_message(self.ViewChanged())

    def _draw(self) -> None:
        if self.picture is None or self._view is None:
            return
        ground = self.background_colors[1].rgb
        packed = ground[0] << 16 | ground[1] << 8 | ground[2]
        self._grid = render(self.picture, self._view, self.options, ground=packed)
        self._texts = texts(self._grid)
        self._strips.clear()
        self._place(quiet=True)
        self.refresh()

    # -- what lies over the picture

    def _place(self, *, quiet: bool = False) -> None:
        if self._view is None:
            return
        shown = () if self.markers_shown == "none" else self.threads
        chips = [
            _chip(thread, place, selected=thread.key == self.selected)
            for place, thread in enumerate(shown, 1)
            if self.markers_shown == "all" or not thread.conversation.resolved
        ]
        self._placement = place(chips, self._view)
        marks: dict[tuple[int, int], Cell] = {}
        for chip in self._placement.chips:
            fg, bg = _chip_colors(chip)
            for offset, glyph in enumerate(chip.text):
                marks[chip.column + offset, chip.row] = Cell(glyph, fg, bg)
        self._hint(marks)
        self._marks = marks
        self._lay(quiet=quiet)

    def _hint(self, marks: dict[tuple[int, int], Cell]) -> None:
        view, beyond = self._view, self._placement
        if view is None:
            return
        middle, half = view.columns // 2, view.rows // 2
        for text, column, row in (
            (f"<{beyond.left}", 0, half),
            (f"{beyond.right}>", -1, half),
            (f"^{beyond.above}", middle, 0),
            (f"v{beyond.below}", middle, view.rows - 1),
        ):
            if text.strip("<>^v") == "0":
                continue
            start = view.columns - len(text) if column < 0 else column
            for offset, glyph in enumerate(text):
                marks.setdefault((start + offset, row), Cell(glyph, AMBER, BLACK))

    def _lay(self, *, quiet: bool = False) -> None:
        view, grid = self._view, self._grid
        if view is None or grid is None:
            return
        over = dict(self._marks)
        for point in self.crosshairs.values():
            self._cross(over, view, point, faint=True)
        if self.target is not None and view.holds(cell := view.cell_of(self.target)):
            over[cell] = Cell("+", BLACK, AMBER)
        self._cross(over, view, self._crosshair, faint=False)
        changed = {cell for cell in over.keys() | self._over.keys() if over.get(cell) != self._over.get(cell)}
        self._over = over
        if quiet or not changed:
            return
        for _, row in changed:
            self._strips.pop(row, None)
        self.refresh(*(Region(column, row, 1, 1) for column, row in changed))

    def _cross(self, over: dict[tuple[int, int], Cell], view: Viewport, point: Point, *, faint: bool) -> None:
        cell = view.cell_of(point)
        if not view.holds(cell):
            return
        under = over.get(cell)
        if under is not None:
            if not faint:
                # Under the crosshair a chip shows its own sign in inverted colours.
                over[cell] = Cell(under.glyph, under.bg, under.fg)
            return
        ground = self._ground(cell)
        if faint:
            over[cell] = Cell("\u253c", GREY if luma(ground) < 128 else 0x55595E, ground)
        else:
            fg, bg = (BLACK, WHITE) if luma(ground) < 128 else (WHITE, BLACK)
            over[cell] = Cell("\u253c", fg, bg)

    def _ground(self, cell: tuple[int, int]) -> int:
        if self._grid is None:
            return BLACK
        return rgb_of(int(self._grid.bg[cell[1], cell[0]]), self._grid.depth)

    # -- lines

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of a region, as cells: no filter of the theme touches the picture's colours."""
        if self._grid is None or self._grid.size != tuple(self.size):
            return super().render_lines(crop)
        return [self._row(y).crop(crop.x, crop.right) for y in range(crop.y, crop.bottom)]

    def render_line(self, y: int) -> Strip:
        """Plain ground while there is no picture."""
        return Strip.blank(self.size.width, self.rich_style)

    def _row(self, y: int) -> CellStrip:
        known = self._strips.get(y)
        grid = self._grid
        if known is not None or grid is None:
            return known or CellStrip("", (), (), self.options.colors)
        glyphs, fg, bg = list(self._texts[y]), grid.fg[y].tolist(), grid.bg[y].tolist()
        for (column, row), cell in self._over.items():
            if row == y and column < len(glyphs):
                glyphs[column] = cell.glyph
                fg[column], bg[column] = one(cell.fg, grid.depth), one(cell.bg, grid.depth)
        self._strips[y] = strip = CellStrip("".join(glyphs), fg, bg, grid.depth)
        return strip


def _chip(thread: Thread, place_in_list: int, *, selected: bool) -> Chip:
    number = thread.conversation.number
    if thread.status is Status.FAILED:
        mark = Mark.FAILED
    elif thread.status is Status.CHECKING:
        mark = Mark.CHECKING
    elif thread.status is Status.PENDING:
        mark = Mark.PENDING
    elif thread.has_draft:
        mark = Mark.DRAFT
    elif thread.unread:
        mark = Mark.UNREAD
    elif thread.conversation.resolved:
        mark = Mark.RESOLVED
    else:
        mark = Mark.MINE if thread.mine else Mark.OPEN
    label = str(place_in_list if number is None else number)
    return Chip(thread.key, label, mark, thread.conversation.point, selected)


def _chip_colors(chip: PlacedChip) -> tuple[int, int]:
    if chip.selected:
        return BLACK, WHITE
    marks = {item.mark for item in chip.chips}
    if Mark.FAILED in marks:
        return BLACK, RED
    if marks <= {Mark.RESOLVED}:
        return BLACK, GREY
    return BLACK, AMBER
