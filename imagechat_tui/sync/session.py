"""What the screen is given: a running link to one image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from imagechat_tui.protocol.ids import BroadcastId
from imagechat_tui.sync.effects import Told
from imagechat_tui.sync.intents import Intent
from imagechat_tui.sync.state import ChatState

OnChange: TypeAlias = Callable[[ChatState, tuple[Told, ...]], None]
"""Called on the event loop with the newest state and the news since the last call."""


class Session(Protocol):
    """One terminal's running link to one image."""

    @property
    def state(self) -> ChatState:
        """The newest state; cheap, never blocks."""

    async def run(self, on_change: OnChange) -> None:
        """Run until cancelled. Calls ``on_change`` after every change; raises only on a defect."""

    def dispatch(self, intent: Intent) -> BroadcastId:
        """Hand over what the person wants. Returns at once, after the state has taken it in.

        The returned id names the write in later news (``Announce.broadcast_id``); other intents
        have one too, without meaning.
        """

    async def departed(self) -> None:
        """Wait until the writes that were handed over have left, or cannot, or take too long to wait for.

        Whoever is about to draw waits for this first: drawing takes the time that sending needs.
        """
