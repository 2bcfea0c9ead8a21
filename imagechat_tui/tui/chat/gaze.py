"""Whether the end of the open thread is before the person's eyes: what is read is decided by that alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from imagechat_tui.sync.intents import Look
from imagechat_tui.tui.chat.screen_state import ScreenState
from imagechat_tui.tui.chat.selection import Selection

if TYPE_CHECKING:
    from imagechat_tui.sync.intents import Intent


class Gaze:
    """Tells the session when it begins to be so, and when it is so no more.

    A terminal that has ever told of its focus is believed. At any other only a key tells that the person is there:
    one in the thread, or the one that opened it. What one comes by on a walk through the markers is only passed,
    until a key is pressed in it.

    Args:
        state: what is shown.
        dispatch: takes what the session shall do.
        selection: which thread is open.
        in_view: whether the last line of the open thread is on screen, in the pane that has the keys, under no dialog.
        has_focus: whether the terminal has the focus, as far as it has told.
    """

    def __init__(
        self,
        state: ScreenState,
        dispatch: Callable[[Intent], object],
        *,
        selection: Selection,
        in_view: Callable[[], bool],
        has_focus: Callable[[], bool],
    ) -> None:
        self._state = state
        self._dispatch = dispatch
        self._selection = selection
        self._in_view = in_view
        self._has_focus = has_focus
        self._told = Look()
        self._passing = False
        self._focus_told = False
        """The terminal tells of its focus."""

    def pressed(self) -> None:
        """The person presses a key, wherever that goes."""
        self._passing = False
        look = self._look()
        if look.once and look.conversation_id is not None:
            self._tell(look)
        self.follow()

    def passes(self) -> None:
        """What is open now was come by on a walk."""
        self._passing = True
        self.follow()

    def focus_told(self) -> None:
        """The terminal has told that it has the focus, or has not."""
        self._focus_told = True
        self.follow()

    def follow(self) -> None:
        """Something may have changed of what is in view."""
        look = self._look()
        if look != self._told:
            self._tell(look)

    def _tell(self, look: Look) -> None:
        self._told = look
        self._dispatch(look)

    def _look(self) -> Look:
        thread = self._state.thread(self._selection.open_key)
        if thread is None or self._passing or not (self._in_view() and self._has_focus()):
            return Look()
        home = thread.conversation.id
        if home not in self._state.shown.confirmed.conversations:
            return Look()
        return Look(home, once=not self._focus_told)
