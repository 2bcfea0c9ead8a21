"""What keys do to a marker's place: look for it, confirm it, take it along with the crosshair, put it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from msgspec.structs import replace

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


class Crosshair(Protocol):
    """Where the person points."""

    @property
    def crosshair(self) -> Point:
        """The place."""

    def move_to(self, point: Point, /) -> None:
        """Point there."""


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
        self._notices.notice("", f"{marker_name(thread).capitalize()} is right there.")

    def put_back(self) -> None:
        """What was said of the current marker's place holds no more; or it goes back to the percent it was made on."""
        thread = self._placeable()
        if thread is None:
            return
        placement = thread.placement
        if placement is not None and placement.state is PlacementState.SET:
            self._notices.outdate()
            self._dispatch(UnsetPlacement(thread.conversation.id))
        elif placement is not None and placement.state is PlacementState.MOVED:
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
        self._picture.move_to(thread.point)
        self._notices.outdate()
        self._held = thread.key
        self._on_change()
        return True

    def drop(self) -> bool:
        """Leave the marker where the crosshair is; False if there is none."""
        thread = self._state.thread(self._held)
        if not self.release() or thread is None:
            return False
        point = self._picture.crosshair
        if point == thread.point:
            return True
        if thread.placement is None:
            self._dispatch(MoveConversation(thread.conversation.id, point))
        else:
            self._set(thread, point)
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
        thread = self._current()
        if thread is None or self._refusals.writing() or self._refusals.unsaved(thread):
            return None
        if not self._state.shown.connection.can_write:
            self._notices.notice("Not connected", "A marker's place is said to the server. R tries again.")
            return None
        return thread

    def _set(self, thread: Thread, point: Point) -> None:
        self._notices.outdate()
        self._dispatch(SetPlacement(thread.conversation.id, point))
