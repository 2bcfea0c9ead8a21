"""The picture with its markers, as the person handles it: crosshair, zoom, lens, pointer, hint labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from imagechat_tui.commands import Context
from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.markers import PlacedChip, place
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.tui.commands import bindings
from imagechat_tui.tui.picture.hints import Hints
from imagechat_tui.tui.picture.scene import Scene
from imagechat_tui.tui.picture.stage import Stage

ZOOM_STEP: Final = 1.5
SMALLEST: Final = "Cannot zoom out any further."
LARGEST: Final = "Cannot zoom in any further."
WHOLE: Final = "The whole picture is already in view."


class ImageView(Stage, can_focus=True):
    """Shows the picture; tells what the person points at."""

    BINDING_GROUP_TITLE = "Picture"
    HELP = (
        "Move with hjkl or arrows, zoom with + and -, z is a loupe. "
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

    class Told(Message):
        """Something that is not seen at once, in words."""

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

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._held: tuple[int, int] | None = None
        """The cell at which the pointer holds the picture."""
        self._dragged = False
        self._pressed: Point | None = None
        self._before: list[partial[None]] = []
        """What was asked for before there was a picture, in order."""

    def scene_changed(self) -> None:
        """Tell it."""
        self.post_message(self.ViewChanged())

    def _fit_to_size(self) -> None:
        """As any stage; and do what was asked for before there was a picture."""
        super()._fit_to_size()
        if self._scene is not None and self._before:
            asked, self._before = self._before, []
            for act in asked:
                act()

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
        return self._crosshair

    # -- methods for the screen

    def center_on(self, point: Point) -> None:
        """Bring a point to the middle of the view."""
        scene = self._scene
        if scene is not None:
            self._look(scene.view.centered(point))

    def bring_into_view(self, point: Point) -> None:
        """Bring a point that is not seen to the middle; the crosshair stays on its own."""
        if self._scene is not None and self._scene.view.showing(point) != self._scene.view:
            self.center_on(point)

    def move_to(self, point: Point) -> None:
        """Put the crosshair on a point, and the point into view."""
        point = Point(min(100.0, max(0.0, point.x)), min(100.0, max(0.0, point.y)))
        if self._before:
            self._put_off(self.move_to, point)
            return
        moved = point != self._crosshair
        self._crosshair = point
        if self._scene is not None:
            self._show(self._scene.showing(point))
            self._lay()
        if moved:
            self.post_message(self.CrosshairMoved(point))

    # -- keys

    def action_step(self, columns: int, rows: int) -> None:
        """Move the crosshair by one cell: in the loupe, one of its cells."""
        if self._scene is None:
            self._put_off(self.action_step, columns, rows)
        else:
            self.move_to(self._scene.step(self._crosshair, columns, rows))

    def action_stride(self, columns: int, rows: int) -> None:
        """Move the crosshair by a tenth of what is seen."""
        if self._scene is None:
            self._put_off(self.action_stride, columns, rows)
        else:
            view = self._scene.view
            self.action_step(columns * max(1, view.columns // 10), rows * max(1, view.rows // 10))

    def action_zoom(self, direction: int) -> None:
        """Closer or farther, about the crosshair."""
        before = self._scene
        if before is None:
            self._put_off(self.action_zoom, direction)
        else:
            self._zoom_about(direction, self._crosshair)
            self._answer(*("plus", LARGEST) if direction > 0 else ("minus", SMALLEST), before)

    def action_actual(self) -> None:
        """One pixel of the picture across one cell."""
        if self._scene is None:
            self._put_off(self.action_actual)
        else:
            self._look(self._scene.view.actual(self._crosshair))

    def action_fit(self) -> None:
        """The whole picture; from there, as wide or high as the view, where the crosshair is."""
        before = self._scene
        if before is None:
            self._put_off(self.action_fit)
        else:
            view = before.view
            self._look(view.filled(self._crosshair) if view.zoom == 1 else view.fit())
            self._answer("0", WHOLE, before)

    def _answer(self, key: str, why: str, before: Scene) -> None:
        """Say why a key changed nothing, if it did not."""
        now = self._scene
        if now is None:
            return
        old, new = before.view, now.view
        if (old.scale, old.left, old.top) == (new.scale, new.left, new.top):
            self.post_message(self.Unchanged(key, why))

    def action_loupe(self) -> None:
        """Show the place of the crosshair closer, or no longer."""
        scene = self._scene
        if scene is None:
            self._put_off(self.action_loupe)
        else:
            self._show(scene.magnified(self._crosshair) if scene.lens is None else Scene(scene.view))

    def action_close_loupe(self) -> None:
        """Back to the plain view."""
        if self._scene is not None:
            self._show(Scene(self._scene.view))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc closes the loupe; without one it is the screen's."""
        if action == "close_loupe":
            return self._scene is not None and self._scene.lens is not None
        return super().check_action(action, parameters)

    def action_others(self) -> None:
        """Show or hide where others point."""
        self.others_shown = not self.others_shown
        self.post_message(self.Told(f"Others' crosshairs: {'shown' if self.others_shown else 'hidden'}"))

    def action_open(self) -> None:
        """Open what the crosshair is on, or say that a marker is wanted here."""
        keys = self._keys_here()
        self.post_message(self.MarkersOpened(keys) if keys else self.PointChosen(self._crosshair))

    def _keys_here(self) -> tuple[str, ...]:
        """The markers under the crosshair, in the view that is wished for: it may not be drawn yet."""
        chips, scene = self._chips_now(), self._scene
        if scene is None:
            return tuple(chip.key for chip in chips if chip.point == self.place)
        if self.is_drawn and self._marking is not None:
            cell = self._cell_of(self._crosshair)
            chip = self._marking.at(*cell) if cell is not None else None
        else:
            column, row = scene.view.cell_of(self._crosshair)
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
        if self._marking is None or not any(True for _ in self._marking.chips):
            return False
        self._hint(Hints.on(self._marking.chips))
        return True

    def _hint(self, hints: Hints | None) -> None:
        if self._marking is not None and self._marking.hints is not hints:
            self._marking.hints = hints
            self._mark(self._marking.rows)
            self.post_message(self.ViewChanged())

    @property
    def choosing(self) -> bool:
        """Whether labels are shown, so that keys are no commands."""
        return self._marking is not None and self._marking.hints is not None

    def on_key(self, event: events.Key) -> None:
        """While labels are shown, letters choose among them and every other key takes them away."""
        hints = self._marking.hints if self._marking is not None else None
        if hints is None:
            return
        event.stop()
        event.prevent_default()
        left = hints.after(event.character or "\0")
        if isinstance(left, PlacedChip):
            self._hint(None)
            self.post_message(self.MarkersOpened(left.keys))
        else:
            self._hint(left)

    def on_blur(self) -> None:
        """Letters go elsewhere now."""
        self._hint(None)

    # -- pointer

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to drag, or to click."""
        self._hint(None)
        self._held, self._dragged = (event.x, event.y), False
        self._pressed = self._point_under(event)
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the picture, or show which marker a click would be about."""
        if self._held is None or self._scene is None:
            self._hover(event.x, event.y)
            return
        columns, rows = self._held[0] - event.x, self._held[1] - event.y
        if columns or rows:
            self._dragged = True
            self._held = (event.x, event.y)
            self._look(self._scene.view.panned(columns, rows))

    def on_mouse_up(self) -> None:
        """The drag ends."""
        self._held = None
        self.release_mouse()

    def on_leave(self) -> None:
        """The pointer is elsewhere."""
        self._hover(-1, -1)

    def _hover(self, column: int, row: int) -> None:
        if self._marking is None:
            return
        chip, before = self._marking.at(column, row), self._marking.hovered
        here = (chip.column, chip.row) if chip is not None else None
        if here != before:
            self._marking.hovered = here
            self._mark({cell[1] for cell in (here, before) if cell is not None})

    def on_click(self, event: events.Click) -> None:
        """Select what is under the pointer; a second click opens it, or writes there."""
        if self._marking is None or self._pressed is None or self._dragged:
            return
        chip = self._marking.at(event.x, event.y)
        if chip is None:
            self.move_to(self._pressed)
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
        point = self._point_under(event)
        if point is not None:
            event.stop()
            self._zoom_about(direction, point)

    def _point_under(self, event: events.MouseEvent) -> Point | None:
        if self._scene is None:
            return None
        x, y = event.pointer_x, event.pointer_y
        if x == int(x) and y == int(y):
            return self._scene.point_at(x, y)
        # This terminal tells pixels: the pointer is where it is, not in the middle of its cell.
        return self._scene.point_at(x - 0.5, y - 0.5)

    # -- view

    def _zoom_about(self, direction: int, about: Point) -> None:
        if self._scene is not None:
            self._look(self._scene.view.zoomed(ZOOM_STEP**direction, about))

    def _look(self, view: Viewport) -> None:
        """Have another view; an open loupe stays with the crosshair if that is in it."""
        scene = self._scene
        if scene is None or view == scene.view:
            return
        lens = scene.lens is not None and view.holds(view.cell_of(self._crosshair))
        self._show(Scene(view).magnified(self._crosshair) if lens else Scene(view))
