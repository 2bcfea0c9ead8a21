"""A session whose machinery is imported only when it is needed: after the first paint (measured: 40 ms)."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING

from imagechat_tui.sync.state import ChatState, Room

if TYPE_CHECKING:
    from imagechat_tui.protocol.ids import BroadcastId
    from imagechat_tui.sync.intents import Intent
    from imagechat_tui.sync.session import OnChange, Session


class LazySession:
    """Stands for a session that is not made yet (``sync.session.Session``).

    Args:
        room: what it will look at.
        make: makes it, with all imports that this takes.
    """

    def __init__(self, room: Room, make: Callable[[], Session]) -> None:
        self._nothing_yet = ChatState(room)
        self._make = make
        self._made: Session | None = None

    @property
    def state(self) -> ChatState:
        """The newest state; that of a session which has not begun, until it has."""
        return self._nothing_yet if self._made is None else self._made.state

    async def run(self, on_change: OnChange) -> None:
        """Make the session and run it until cancelled."""
        await self._session().run(on_change)

    def dispatch(self, intent: Intent) -> BroadcastId:
        """Hand over what the person wants, at once even before ``run``."""
        return self._session().dispatch(intent)

    async def departed(self) -> None:
        """Wait until what was handed over has left; nothing was, while there is no session."""
        if self._made is not None:
            await self._made.departed()

    def _session(self) -> Session:
        if self._made is None:
            self._made = self._make()
            if not gc.isenabled():
                # Off while modules loaded (``__main__``). What is there now stays: no need to look it through again.
                gc.freeze()
                gc.enable()
        return self._made
