"""Hints between processes: "this room's log grew" (PROMISES D6).

A broker may lose, repeat and reorder hints; events are never in them. Whoever gets a hint reads the log, and
reads it every second anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from imagechat_tui.server.storage import RoomKey


class Broker(Protocol):
    """Carries hints to every process, this one included."""

    async def start(self, on_hint: Callable[[RoomKey], None], on_gap: Callable[[], None]) -> None:
        """Begin to listen.

        Args:
            on_hint: Called with every hint, on the event loop.
            on_gap: Called when hints may have been lost.
        """

    async def publish(self, room: RoomKey) -> None:
        """Tell that a room's log grew. At most once, never waits for listeners, never raises."""

    async def close(self) -> None:
        """Stop listening."""
