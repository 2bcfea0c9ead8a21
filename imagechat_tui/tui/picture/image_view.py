"""The picture with its markers, as the person handles it: crosshair, zoom, lens, pointer, hint labels."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import ClassVar, Final

from textual import events, work
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from imagechat_tui.commands import Context
from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.kitty import PIECE
from imagechat_tui.raster.markers import Chip, PlacedChip, place
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.sync.state import Thread
from imagechat_tui.tui.commands import bindings
from imagechat_tui.tui.flow import HELD_S
from imagechat_tui.tui.picture.beside_view import PLAIN, BesideView, Drawn, half_of
from imagechat_tui.tui.picture.brush import Brush
from imagechat_tui.tui.picture.cell_painter import CellPainter
from imagechat_tui.tui.picture.drag import Drag
from imagechat_tui.tui.picture.fit import Fit
from imagechat_tui.tui.picture.frame import Frame, Outlines, Wish
from imagechat_tui.tui.picture.hints import Hints
from imagechat_tui.tui.picture.marker_chips import ThreadChips, is_shown
from imagechat_tui.tui.picture.painter import Painter, Pointers
from imagechat_tui.tui.picture.pixel_parts import PixelParts
from imagechat_tui.tui.picture.scene import Scene
from imagechat_tui.tui.picture.uploads import Uploads
from imagechat_tui.tui.picture.viewfinder import Viewfinder, in_picture
from imagechat_tui.tui.textual_internals import compositor
from imagechat_tui.tui.textual_internals.background import background_lines
from imagechat_tui.tui.textual_internals.terminal import flow_of, on_leaving, room, send, write

compositor.install()

READ_SCALE: Final = 2.0
"""Pixels of a screenshot across a cell from which its body text is read, with any glyphs that have quarters of a cell
(looked at in all terminals of the README's table). Where there are real pixels, one of the picture is one of those."""
AHEAD: Final = 2 / 3
"""Of the view, what comes into it at its edge on a slow way to the terminal: a third of what was seen stays."""
KEY_LATER_S: Final = 0.08
"""So much later what a key brings may come for a picture in pixels that is on its way."""
HOLD_S: Final = 1.0
"""How long a view waits for its pixels at most, where there were pixels before."""

SMALLEST: Final = "Cannot zoom out any further."
LARGEST: Final = "Cannot zoom in any further."
READABLE: Final = "Text is as near as it need be."
WHOLE: Final = "The whole picture is already in view."


class ImageView(Widget, can_focus=True):
    """Shows ``picture`` with ``threads`` as chips and a crosshair; tells what the person points at.

    A new view is drawn in a thread, one at a time: while one is being drawn, newer wishes replace each other,
    and only the newest is drawn next. Keys and pointer act on what is wished for, be it drawn yet or not.
    """

    BINDING_GROUP_TITLE = "Picture"
    HELP = (
        "Move with hjkl or arrows, zoom with + and -, z is a loupe, b reads text. "
        "Enter opens the marker here or adds one; f puts letters on every marker."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Context.PICTURE),
        Binding("escape", "close_loupe", show=False),
    ]

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

    class Notice(Message):
        """A word about what a key did and what is not seen at once, for a corner note."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Unchanged(Message):
        """A key changed nothing, and why."""

        def __init__(self, key: str, why: str) -> None:
            super().__init__()
            self.key = key
            self.why = why

    class ViewChanged(Message):
        """Another part of the picture is seen, or closer."""

        def can_replace(self, message: Message) -> bool:
            """The newest says all."""
            return isinstance(message, ImageView.ViewChanged)

    class DrawingEnded(Message):
        """What was wished for is drawn, and painted next; or nothing is wished for any more."""

    picture: reactive[Picture | None] = reactive(None, repaint=False)
    threads: reactive[tuple[Thread, ...]] = reactive((), repaint=False)
    selected: reactive[str | None] = reactive(None, repaint=False)
    crosshairs: reactive[Mapping[UserId, Point]] = reactive({}, repaint=False)
    others_shown: reactive[bool] = reactive(True, repaint=False)
    target: reactive[Point | None] = reactive(None, repaint=False)
    options: reactive[RenderOptions] = reactive(RenderOptions(), repaint=False)
    markers_shown: reactive[str] = reactive("all", repaint=False)
    drawn: reactive[Drawn] = reactive(PLAIN, repaint=False)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self.uploads = Uploads(self, self._start_uploads, self._show_uploaded)
        """Pictures in pixels on their way to the terminal."""
        self._uploads_run = False
        self._news = asyncio.Event()
        """Something is drawn no more, or the terminal has what it was to get."""
        self._held_since: float | None = None
        """Since when what was drawn waits for that."""
        self.halved = False
        """Whether it has half of the room, for a version beside it."""
        self.beside = BesideView(self, id="before")
        """Shows the other version, while there is one to be shown beside this."""
        self._painter: Painter = CellPainter(PixelParts(self.uploads))
        self._brush = Brush(self, self._painter)
        self._finder = Viewfinder()
        """What is wished for."""
        self._thread_chips = ThreadChips()
        self._drawing = False
        self._has_shown = False
        """Whether there was a picture: the first one is never held back."""
        self._drag = Drag()
        self._before: list[partial[None]] = []
        """What was asked for before there was a picture, in order."""

    @property
    def crosshair(self) -> Point:
        """Where the crosshair points."""
        return self._finder.crosshair

    @property
    def zoom(self) -> float:
        """How much closer than the whole picture."""
        return self._finder.zoom

    @property
    def is_drawing(self) -> bool:
        """Whether something is being drawn: ``DrawingEnded`` comes."""
        return self._drawing

    @property
    def is_drawn(self) -> bool:
        """Whether what is on screen is what was wished for."""
        return self._is_newest and self._brush.is_done and self.beside.brush.is_done

    @property
    def _is_newest(self) -> bool:
        """Whether what is on screen, or waits to be painted, is what was wished for."""
        wish = self._wish()
        return wish is None or (
            _shows(self._painter, wish) and _shows(self.beside.painter, self._wish_beside(wish))
        )

    # -- what comes down

    def watch_picture(self, before: Picture | None, now: Picture | None) -> None:
        """Show it; one that was read anew, in the same view."""
        if before is not None and now is not None:
            if _size(before) == _size(now):
                self.draw()
                return
            self._finder.exchange(_size(now))
        else:
            self._finder.clear()
        self._brush.forget()
        self._painter.clear()
        self._fit_to_size()

    def watch_options(self) -> None:
        """Draw it anew, in cells of another shape if need be."""
        self._fit_to_size()

    def watch_drawn(self, before: Drawn, now: Drawn) -> None:
        """Draw it so, and with a place beside it or none."""
        if before.margin != now.margin:
            self._look(self._finder.give_margin, now.margin)
        if now.beside is None:
            self.beside.brush.forget()
            self.beside.painter.clear()
            self.beside.painter.close()
        self.draw()

    def watch_threads(self) -> None:
        """Only the cells of changed chips are redrawn."""
        self._put_chips()

    def watch_selected(self) -> None:
        """See ``watch_threads``."""
        self._put_chips()

    def watch_markers_shown(self) -> None:
        """See ``watch_threads``."""
        self._put_chips()

    def watch_crosshairs(self) -> None:
        """Others have moved."""
        self._point()

    def watch_others_shown(self) -> None:
        """Others are wanted, or not."""
        self._point()

    def watch_target(self) -> None:
        """The composer writes elsewhere."""
        self._point()

    def on_resize(self) -> None:
        """Another size: the same view of the same place."""
        self._fit_to_size()

    def notify_style_update(self) -> None:
        """Another theme has another ground."""
        super().notify_style_update()
        self.draw()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """As wide as what is beside it."""
        return half_of(container.width)

    # -- what is wished for

    def _fit_to_size(self) -> None:
        """Wish for what fits the size; do what was asked for before there was a picture."""
        columns, rows = self.size
        if self.picture is not None and columns and rows:
            even = self.options.pixels is not None
            self._look(
                self._finder.fit_to,
                _size(self.picture),
                columns,
                rows,
                self.options.aspect,
                even,
                self.halved,
            )
            self.draw()
        if self._finder.scene is not None and self._before:
            asked, self._before = self._before, []
            for act in asked:
                act()

    def _look(self, act: Callable[..., object], *arguments: object) -> None:
        """Have the viewfinder do something; if it is about another scene then, that is drawn."""
        before = self._finder.scene
        act(*arguments)
        if self._finder.scene != before:
            self.draw()
            self.post_message(self.ViewChanged())

    def _wish(self) -> Wish | None:
        scene = self._finder.scene
        if self.picture is None or scene is None or (scene.view.columns, scene.view.rows) != self.size:
            return None
        red, green, blue = self.background_colors[1].rgb
        ground, drawn = red << 16 | green << 8 | blue, self.drawn
        return Wish(self.picture, scene, self.options, ground, drawn.laid, drawn.outlines)

    def _wish_beside(self, wish: Wish) -> Wish | None:
        """What is wished for of the other version, once its place is as large as that of this one."""
        if self.drawn.beside is None or self.beside.size != self.size:
            return None
        chosen = Outlines(chosen=self.drawn.outlines.chosen)
        return wish._replace(laid=self.drawn.beside, outlines=chosen, minimap=False)

    # -- what is drawn

    def draw(self) -> None:
        """Draw what is wished for and not drawn yet."""
        if self._drawing:
            self._news.set()
        elif not self._is_newest:
            self._drawing = True
            self._draw_newest()

    @work(name="draw", group="draw")
    async def _draw_newest(self) -> None:
        try:
            while not self._is_newest:
                await self._room()
                wish = self._wish()
                if wish is None:
                    break
                frames = await asyncio.to_thread(self._draw_both, wish, self._chips())
                if await self._hold(wish):
                    self._take(*frames)
        finally:
            self._drawing = False
            self._held_since = None
            self.go_on()
            self.post_message(self.DrawingEnded())

    async def _room(self) -> None:
        """Wait until another frame may go to the terminal: what is wished for by then is what is drawn."""
        while self._has_shown and room(self.app) <= 0:
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(HELD_S):
                    await self._news.wait()

    def go_on(self) -> None:
        """There may be room for more on the way to the terminal: for what is newest, if that is just being drawn."""
        if self._drawing and self._held_since is None:
            self._news.set()
        else:
            self._brush.go_on()
            self.beside.brush.go_on()

    async def _hold(self, wish: Wish) -> bool:
        """Where pixels are on the screen, wait a moment for more: cells in between are a flash, and many bytes.

        False if something else is wished for meanwhile: this need not be shown.
        """
        loop = asyncio.get_running_loop()
        while not self._are_pixels_there(wish):
            self._held_since = self._held_since or loop.time()
            try:
                async with asyncio.timeout_at(self._held_since + HOLD_S):
                    if self._wish() == wish:
                        await self._news.wait()
                    await asyncio.sleep(0)  # it may be too late by now
            except TimeoutError:
                break
            if self._wish() != wish:
                return False
        self._held_since = None
        return True

    def _are_pixels_there(self, wish: Wish) -> bool:
        """Whether it can be shown without cells where there are pixels; else what it needs is sent."""
        self._news.clear()
        there, beside = self._painter.prepare_pixels(wish), self._wish_beside(wish)
        return there and (beside is None or self.beside.painter.prepare_pixels(beside))

    def _draw_both(self, wish: Wish, chips: Sequence[Chip]) -> tuple[Frame, Frame | None]:
        """Draw the picture, and what is beside it."""
        frame = self._painter.draw(wish, chips)
        beside = self._wish_beside(wish)
        return frame, self.beside.painter.draw(beside, ()) if beside is not None else None

    def _take(self, frame: Frame, beside: Frame | None) -> None:
        """Put drawn frames on the screen, unless another picture has come or the size has changed since."""
        if frame.wish.picture is self.picture and frame.view.size == self.size:
            regions = self._painter.show(frame, self._chips(), self._pointers())
            self._brush.paint(regions, at_once=not self._has_shown)
            self._has_shown = True
            if beside is not None and self.drawn.beside is not None and beside.view.size == self.beside.size:
                self.beside.brush.paint(self.beside.painter.show(beside, (), Pointers(self.crosshair)))

    def _draw_now(self) -> None:
        """Draw for a new size while it is being painted: else the old one would be painted before it."""
        self._fit_to_size()
        wish = self._wish()
        if wish is not None:
            chips = self._chips()
            self._painter.show(self._painter.draw(wish, chips, anew=True), chips, self._pointers())

    def shows(self, thread: Thread) -> bool:
        """Whether a thread's marker is among those that are shown, wherever it is."""
        return is_shown(thread, self.markers_shown, selected=thread.key == self.selected)

    def _chips(self) -> list[Chip]:
        shown = "none" if self.drawn.bare else self.markers_shown
        return self._thread_chips.of(self.threads, selected=self.selected, shown=shown)

    def _pointers(self) -> Pointers:
        others = tuple(self.crosshairs.values()) if self.others_shown else ()
        return Pointers(self.crosshair, others, self.target)

    def _put_chips(self) -> None:
        self._brush.paint(self._painter.put(self._chips()))

    def _point(self) -> None:
        self._brush.paint(self._painter.point(self._pointers()))
        self.beside.brush.paint(self.beside.painter.point(Pointers(self.crosshair)))

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> ImageView:
        """As any widget's, but that a picture which is there is drawn anew only where it changed.

        Textual draws a widget wholly when the focus comes or goes and on every change of style; the cells of
        the picture are the same then.
        """
        if not regions and self._painter.size is not None:
            repaint = False
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def repair(self) -> None:
        """Send everything again."""
        self.uploads.again()
        self._painter.follow_pixels()
        self._brush.forget()
        self.refresh(Region(0, 0, *self.size))
        if self.drawn.beside is not None:
            self.beside.repair()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of a region, as cells: no filter of the theme touches the picture's colours."""
        if self._painter.size is None:
            return background_lines(self, crop)
        if self._painter.size != self.size:
            self._draw_now()
        self._brush.painted()
        return self._painter.strips(crop)

    # -- pictures in pixels

    def _start_uploads(self) -> None:
        if not self._uploads_run and self.is_attached:
            self._uploads_run = True
            self._upload()

    @work(name="uploads", group="uploads")
    async def _upload(self) -> None:
        try:
            await self.uploads.run()
        finally:
            self._uploads_run = False
            self._news.set()

    def _show_uploaded(self) -> None:
        if self._held_since is not None:  # what is on the screen goes at once
            self._news.set()
            return
        self._brush.paint(self._painter.follow_pixels())
        self.beside.brush.paint(self.beside.painter.follow_pixels())

    def write(self, text: str) -> None:
        """Send to the terminal what is no cell."""
        write(self.app, text)

    def send(self, text: str) -> None:
        """Send to the terminal what it is to tell of when it has taken it in."""
        send(self.app, text, self.uploads.arrived)

    def space(self) -> int:
        """Bytes of a picture that may go to the terminal now, as far as that is known."""
        known = flow_of(self.app).rate is not None
        return room(self.app, KEY_LATER_S) if known else 0

    def at_once(self) -> int:
        """Bytes of a picture that may go to the terminal at once."""
        rate = flow_of(self.app).rate
        return PIECE if rate is None else int(rate * KEY_LATER_S)

    def farewell(self, text: str) -> None:
        """Have the terminal told this whenever the screen is left."""
        on_leaving(self.app, text)

    # -- before there is a picture

    def _put_off(self, act: Callable[..., None], *arguments: object) -> None:
        """Do it when the picture is there."""
        self._before.append(partial(act, *arguments))

    @property
    def place(self) -> Point | None:
        """Where the crosshair stands; None if moves wait for the picture, so that nobody knows where to."""
        for act in reversed(self._before):
            if act.func == self.move_to:
                point: Point = act.args[0]
                return point
            if act.func in (self.action_step, self.action_stride):
                return None
        return self.crosshair

    # -- methods for the screen

    def forget(self) -> None:
        """Have no picture, and nothing that was said or done about it. What is on the screen stays until it changes."""
        self._label(None)
        self._before.clear()
        self.picture = self.target = self.selected = None
        self.threads, self.crosshairs = (), {}
        self._finder = Viewfinder()
        self._brush.forget()
        self._painter.clear()

    def remember(self, fit: Fit) -> None:
        """See the picture that comes as far as was chosen for it, and have it known when that changes."""
        self._finder.chosen_fit = fit

    def center_on(self, point: Point) -> None:
        """Bring a point to the middle of the view."""
        self._look(self._finder.center_on, point)

    def bring_into_view(self, point: Point) -> None:
        """Bring a point that is not seen to the middle; the crosshair stays on its own."""
        self._look(self._finder.bring_into_view, point)

    def look_at(self, x: float, y: float) -> None:
        """Bring a place to the middle, in percent of the picture, and the crosshair as near to it as it can be."""
        self.move_to(Point(x, y))
        self.center_on(Point(x, y))

    @property
    def _ahead(self) -> float:
        """The share of the view that comes into it at its edge: where it takes long to come, not a row for each key."""
        flow = flow_of(self.app)
        return AHEAD if flow.rate is not None and flow.is_slow(self._brush.size) else 0.0

    def move_to(self, point: Point) -> None:
        """Put the crosshair on a point, and the point into view."""
        point = in_picture(point)
        if self._before:
            self._put_off(self.move_to, point)
            return
        moved = point != self.crosshair
        self._look(self._finder.move_to, point, self._ahead)
        self._point()
        if moved:
            self.post_message(self.CrosshairMoved(point))

    # -- keys

    def action_step(self, columns: int, rows: int) -> None:
        """Move the crosshair by one cell: in the loupe, one of its cells."""
        if self._finder.scene is None:
            self._put_off(self.action_step, columns, rows)
        else:
            self.move_to(self._finder.step(columns, rows))

    def action_stride(self, columns: int, rows: int) -> None:
        """Move the crosshair by a tenth of what is seen."""
        if self._finder.scene is None:
            self._put_off(self.action_stride, columns, rows)
        else:
            self.move_to(self._finder.stride(columns, rows))

    def action_zoom(self, direction: int) -> None:
        """Closer or farther, about the crosshair."""
        before = self._finder.scene
        if before is None:
            self._put_off(self.action_zoom, direction)
        else:
            self._look(self._finder.zoom_about, direction, self.crosshair)
            self._answer(*("plus", LARGEST) if direction > 0 else ("minus", SMALLEST), before)

    def action_actual(self) -> None:
        """One pixel of the picture across one cell."""
        if self._finder.scene is None:
            self._put_off(self.action_actual)
        else:
            self._look(self._finder.actual)

    def action_read(self) -> None:
        """So near to the crosshair that body text is read, where cells are drawn as where pixels are; or back."""
        before = self._finder.scene
        if before is None:
            self._put_off(self.action_read)
        else:
            pixels = self.options.pixels
            self._look(self._finder.read, READ_SCALE if pixels is None else pixels[0])
            self._answer("b", READABLE, before)

    def action_fit(self) -> None:
        """The whole picture; from there, as wide or high as the view, where the crosshair is."""
        before = self._finder.scene
        if before is None:
            self._put_off(self.action_fit)
        else:
            self._look(self._finder.fit)
            self._answer("0", WHOLE, before)

    def _answer(self, key: str, why: str, before: Scene) -> None:
        """Say why a key changed nothing, if it did not."""
        now = self._finder.scene
        if now is None:
            return
        old, new = before.view, now.view
        if (old.scale, old.left, old.top) == (new.scale, new.left, new.top):
            self.post_message(self.Unchanged(key, why))

    def action_loupe(self) -> None:
        """Show the place of the crosshair closer, or no longer."""
        if self._finder.scene is None:
            self._put_off(self.action_loupe)
        elif self._finder.has_loupe:
            self._look(self._finder.close_loupe)
        else:
            self._look(self._finder.open_loupe)

    def action_close_loupe(self) -> None:
        """Back to the plain view."""
        self._look(self._finder.close_loupe)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc closes the loupe; without one it is the screen's."""
        if action == "close_loupe":
            return self._finder.has_loupe
        return super().check_action(action, parameters)

    def action_others(self) -> None:
        """Show or hide where others point."""
        self.others_shown = not self.others_shown
        self.post_message(self.Notice(f"Others' crosshairs: {'shown' if self.others_shown else 'hidden'}"))

    def action_open(self) -> None:
        """Open what the crosshair is on, or say that a marker is wanted here."""
        keys = self._keys_here()
        self.post_message(self.MarkersOpened(keys) if keys else self.PointChosen(self.crosshair))

    @property
    def is_on_marker(self) -> bool:
        """Whether the crosshair is on any."""
        return bool(self._keys_here())

    def _keys_here(self) -> tuple[str, ...]:
        """The markers under the crosshair, in the view that is wished for: it may not be drawn yet."""
        chips, scene = self._chips(), self._finder.scene
        if scene is None:
            return tuple(chip.key for chip in chips if chip.point == self.place)
        if self._is_newest and self._painter.frame is not None:
            cell = self._painter.cell_of(self.crosshair)
            chip = self._painter.at(*cell) if cell is not None else None
        else:
            column, row = scene.view.cell_of(self.crosshair)
            chip = next(
                (
                    placed
                    for placed in place(chips, scene.view).row(row)
                    if placed.column <= column < placed.column + len(placed.text)
                ),
                None,
            )
        return chip.keys if chip is not None else ()

    # -- hint labels

    def show_hints(self) -> bool:
        """Put two letters on every marker in view; typing them opens it. False if there is none."""
        placed = [*self._painter.placed]
        if placed:
            self._label(Hints.on(placed))
        return bool(placed)

    def _label(self, hints: Hints | None) -> None:
        if self._painter.hints is not hints:
            self._brush.paint(self._painter.label(hints))
            self.post_message(self.ViewChanged())

    @property
    def choosing(self) -> bool:
        """Whether labels are shown, so that keys are no commands."""
        return self._painter.hints is not None

    def on_key(self, event: events.Key) -> None:
        """While labels are shown, letters choose among them and every other key takes them away."""
        hints = self._painter.hints
        if hints is None:
            return
        event.stop()
        event.prevent_default()
        left = hints.after(event.character or "\0")
        if isinstance(left, PlacedChip):
            self._label(None)
            self.post_message(self.MarkersOpened(left.keys))
        else:
            self._label(left)

    def on_blur(self) -> None:
        """Letters go elsewhere now."""
        self._label(None)

    # -- pointer

    def press(self, event: events.MouseDown) -> None:
        """The button is down, here or beside."""
        self._label(None)
        self._drag.press(event.x, event.y, self._point_under(event))

    def drag(self, event: events.MouseMove) -> bool:
        """Move the picture with the pointer; False if the button is not down."""
        if not self._drag.holds or self._finder.scene is None:
            return False
        columns, rows = self._drag.move(event.x, event.y)
        if columns or rows:
            self._look(self._finder.pan, columns, rows)
        return True

    def release(self) -> None:
        """The button is up."""
        self._drag.release()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to drag, or to click."""
        self.press(event)
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the picture, or show which marker a click would be about."""
        if not self.drag(event):
            self._hover(event.x, event.y)

    def on_mouse_up(self) -> None:
        """The drag ends."""
        self.release()
        self.release_mouse()

    def on_leave(self) -> None:
        """The pointer is elsewhere."""
        self._hover(-1, -1)

    def _hover(self, column: int, row: int) -> None:
        self._brush.paint(self._painter.hover(column, row))

    def on_click(self, event: events.Click) -> None:
        """Select what is under the pointer; a second click opens it, or writes there."""
        clicked = self._drag.clicked
        if self._painter.frame is None or clicked is None:
            return
        chip = self._painter.at(event.x, event.y)
        if chip is None:
            self.click_beside(event)
            return
        self.move_to(chip.chips[0].point)
        if len(chip.chips) > 1 or event.chain == 2:
            self.post_message(self.MarkersOpened(chip.keys))
        else:
            self.post_message(self.MarkerChosen(chip.keys[0]))

    def click_beside(self, event: events.Click) -> None:
        """A place without a marker was clicked: here, or on the other version."""
        clicked = self._drag.clicked
        if clicked is not None:
            self.move_to(clicked)
            if event.chain == 2:
                self.post_message(self.PointChosen(self.crosshair))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Closer, about the pointer."""
        self._zoom_at(1, event)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Farther, about the pointer."""
        self._zoom_at(-1, event)

    def _zoom_at(self, direction: int, event: events.MouseEvent) -> None:
        point = self._point_under(event)
        if point is not None:
            event.stop()
            self._look(self._finder.zoom_about, direction, point)

    def _point_under(self, event: events.MouseEvent) -> Point | None:
        scene = self._finder.scene
        if scene is None:
            return None
        x, y = event.pointer_x, event.pointer_y
        if x == int(x) and y == int(y):
            return scene.point_at(x, y)
        # This terminal tells pixels: the pointer is where it is, not in the middle of its cell.
        return scene.point_at(x - 0.5, y - 0.5)


def _shows(painter: Painter, wish: Wish | None) -> bool:
    """Whether what a painter has on screen is what is wished for of it."""
    frame = painter.frame
    return wish is None or (frame is not None and frame.wish == wish)


def _size(picture: Picture) -> tuple[int, int]:
    return picture.width, picture.height
