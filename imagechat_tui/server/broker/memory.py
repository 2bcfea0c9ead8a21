"""The broker of a server that runs alone."""

from __future__ import annotations

from collections.abc import Callable

from imagechat_tui.server.storage import RoomKey


class MemoryBroker:
    """Hands hints to the listener of this process at once."""

    def __init__(self) -> None:
        self._on_hint: Callable[[RoomKey], None] | None = None

    async def start(self, on_hint: Callable[[RoomKey], None], on_gap: Callable[[], None]) -> None:
        """See Broker. No hint is ever lost here, so ``on_gap`` is never called."""
        self._on_hint = on_hint

    async def publish(self, room: RoomKey) -> None:
        """See Broker."""
        if self._on_hint is not None:
            self._on_hint(room)

    async def close(self) -> None:
        """See Broker."""
        self._on_hint = None
