"""What keys do to a marker's place: look for it, confirm it, take it along with the crosshair, put it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from msgspec.structs import replace

from imagechat_tui.commands import BY_ID, Context
from imagechat_tui.protocol.models import Placement, PlacementState, Point
from imagechat_tui.sync.intents import MoveConversation, SetPlacement, UnsetPlacement
from imagechat_tui.tui.chat.notices import Notices
from imagechat_tui.tui.chat.refusals import Refusals
from imagechat_tui.tui.chat.screen_state import ScreenState
from imagechat_tui.tui.chat.selection import Selection
from imagechat_tui.tui.thread_words import marker_name

if TYPE_CHECKING:
    from imagechat_tui.sync.intents import Intent
    from imagechat_tui.sync.state import Thread

HOLDING: Final = (("hjkl", "move"), ("Enter", "drop here"), ("Esc", "put back"))
"""What the status line says while a marker goes with the crosshair."""

GO_ON: Final = frozenset({
    *("image.left", "image.down", "image.up", "image.right", "image.far-left", "image.far-down", "image.far-up"),
    *("image.far-right", "image.closer", "image.farther", "image.fit", "image.actual", "image.read", "image.loupe"),
    *("image.others", "pane.sidebar", "app.theme", "app.help", "app.palette", "app.here"),
})  # fmt: skip
"""Ids of commands that do what they always do while a marker goes with the crosshair."""
END: Final = frozenset({"image.open", "pane.back", "app.back"})
"""Those that end it: Enter drops it, the others put it back and do no more. What is in neither set is refused."""
OF_OTHERS: Final = (Context.CHAT, Context.PICTURE, Context.LIST, Context.THREADS, Context.COMMENTS)
"""Where the commands work of which some are refused."""


class Crosshair(Protocol):
    """Where the person points."""

    @property
    def crosshair(self) -> Point:
        """The place."""


class PlacementActions:
    """Acts on the place of the current marker. Each says why, if it does nothing.

    Args:
        state: what is shown.
        dispatch: takes what the session shall do.
        selection: which marker.
        picture: has the crosshair.
        notices: says why nothing was done.
        refusals: what may not be done.
        current: the current thread; if there is none, that is said.
        on_change: called when a marker is taken or let go.
    """

    def __init__(
        self,
        state: ScreenState,
        dispatch: Callable[[Intent], object],
        *,
        selection: Selection,
        picture: Crosshair,
        notices: Notices,
        refusals: Refusals,
        current: Callable[[], Thread | None],
        on_change: Callable[[], None],
    ) -> None:
        self._state = state
        self._dispatch = dispatch
        self._selection = selection
        self._picture = picture
        self._notices = notices
        self._refusals = refusals
        self._current = current
        self._on_change = on_change
        self._held: str | None = None
        """The marker that goes with the crosshair, by its key."""
        self._held_on: int | None = None
        """The version on which it was taken."""

    @property
    def holds(self) -> bool:
        """Whether a marker goes with the crosshair."""
        return self._held is not None

    def shown(self, threads: Sequence[Thread]) -> tuple[Thread, ...]:
        """The threads, with the marker that is held where the crosshair is."""
        if self._held is None:
            return tuple(threads)
        at = self._picture.crosshair
        return tuple(
            replace(thread, placement=Placement(thread.conversation.id, at, PlacementState.SET))
            if thread.key == self._held
            else thread
            for thread in threads
        )

    def follow(self) -> None:
        """Take in that another state is shown: the marker may be gone, or the picture be another version."""
        if self._held is None:
            return
        thread = self._state.thread(self._held)
        if thread is None:
            self.release()
            self._notices.notice("Marker deleted", "The marker that you were moving no longer exists.")
        elif self._state.shown.placings.version != self._held_on:
            self.lose_picture()

    def lose_picture(self) -> None:
        """The picture is another one now: the crosshair tells no place on the one before."""
        thread = self._state.thread(self._held)
        if self.release() and thread is not None:
            self._notices.notice(
                "Not moved", f"The picture is another version now, and {marker_name(thread)} is where it was."
            )

    def refuses(self, command_id: str | None) -> bool:
        """Whether a command is none for the time while a marker goes with the crosshair; then it says why."""
        thread = self._state.thread(self._held)
        if thread is None or command_id is None or command_id in GO_ON | END:
            return False
        if BY_ID[command_id].context not in OF_OTHERS:
            return False
        self._notices.notice(
            "", f"You are moving {marker_name(thread)}: Enter drops it here, Esc puts it back."
        )
        return True

    # -- looking

    def look(self, step: int) -> None:
        """Go to the next (1) or previous (-1) marker of which nobody can tell where it is; there must be one."""
        threads = self._state.found
        keys = [thread.key for thread in threads]
        selected = self._selection.selected_key
        at = keys.index(selected) if selected in keys else (-1 if step > 0 else 0)
        order = [threads[(at + step * (further + 1)) % len(threads)] for further in range(len(threads))]
        thread = next(thread for thread in order if thread.to_check)
        self._selection.look_at(thread)
        left = sum(thread.to_check for thread in threads)
        self._notices.notice(
            f"{marker_name(thread).capitalize()}: where is it now?",
            f"{left} to check. g= right here, gm move it, ) next.",
        )

    # -- saying where it is

    def confirm(self) -> None:
        """The current marker is where it is drawn."""
        thread = self._placeable()
        if thread is None:
            return
        if thread.placement is None or thread.placement.state is PlacementState.SET:
            self._notices.notice("", "Nothing to confirm: that is its place.")
            return
        self._set(thread, thread.point)
        self._selection.look_at(thread)
        self._notices.notice("", f"{marker_name(thread).capitalize()} is right there.")

    def put_back(self) -> None:
        """What was said of the current marker's place holds no more; or it goes back to the percent it was made on."""
        thread = self._placeable()
        if thread is None:
            return
        placement = thread.placement
        if placement is not None and placement.state is PlacementState.SET:
            self._notices.outdate()
            self._selection.look_at(thread)
            self._selection.expect(thread.key)
            self._dispatch(UnsetPlacement(thread.conversation.id))
        elif placement is not None and placement.state is PlacementState.MOVED:
            self._selection.look_at(thread)
            self._selection.expect(thread.key)
            self._set(thread, thread.conversation.point)
        else:
            self._notices.notice("", "Nothing to put back here.")

    # -- taking it along

    def take(self) -> bool:
        """Have the current marker go with the crosshair."""
        thread = self._placeable()
        if thread is None:
            return False
        if thread.placement is None and self._refusals.others(
            thread, "Only its author can move it on the version it was made on."
        ):
            return False
        if thread.placement is None and self._refusals.in_flight(thread):
            return False
        self._selection.look_at(thread)
        self._notices.outdate()
        self._held, self._held_on = thread.key, self._state.shown.placings.version
        self._on_change()
        return True

    def drop(self) -> bool:
        """Leave the marker where the crosshair is; False if none goes with it."""
        thread = self._state.thread(self._held)
        if not self.release():
            return False
        if thread is None:
            return True
        point = self._picture.crosshair
        self._selection.select(thread.key)
        if point == thread.point:
            return True
        if thread.placement is None:
            self._dispatch(MoveConversation(thread.conversation.id, point))
        else:
            self._set(thread, point)
        return True

    def give_up(self) -> bool:
        """As `release`, with the crosshair on it again."""
        thread = self._state.thread(self._held)
        if not self.release():
            return False
        if thread is not None:
            self._selection.look_at(thread)
        return True

    def release(self) -> bool:
        """Let the marker go back to where it was; False if there is none."""
        if self._held is None:
            return False
        self._held = None
        self._on_change()
        return True

    # -- inside

    def _placeable(self) -> Thread | None:
        thread = None if self._refusals.writing() else self._current()
        if thread is None or self._refusals.unsaved(thread):
            return None
        version = self._state.shown.placings.version
        if version is not None and version < 0:
            self._notices.notice(
                "Not one of its versions",
                "The server has not seen this picture, so that nothing is kept of where markers are on it.",
            )
            return None
        if not self._state.shown.connection.can_write:
            self._notices.notice("Not connected", "A marker's place is said to the server. R tries again.")
            return None
        return thread

    def _set(self, thread: Thread, point: Point) -> None:
        self._notices.outdate()
        self._dispatch(SetPlacement(thread.conversation.id, point))
