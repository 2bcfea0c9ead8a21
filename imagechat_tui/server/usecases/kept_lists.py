"""Long lists, kept for a moment as they were written: who asks again before anything changed gets the same bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

from msgspec import Struct

from imagechat_tui.protocol.models import Position

KEPT_S = 60.0
"""What was deleted meanwhile is not kept for longer."""
KEPT_BYTES = 32 << 20
"""Of all lists together; the one kept first goes first."""


class Listing(Struct, frozen=True):
    """The markers of an image, the same for all who ask."""

    position: Position
    """Where the room's log stands: whatever changes a list is told there (PROMISES D2)."""
    last_timestamp_ms: int
    encoded: bytes
    """An object in JSON, never empty, without its brace at the front."""


class KeptLists:
    """The last listing of each key, as far as there is room."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Listing] = {}
        self._bytes = 0

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def at(self, key: Hashable, position: Position) -> Listing | None:
        """What is kept, if it is of this position."""
        kept = self._kept.get(key)
        return kept if kept is not None and kept.position == position else None

    def keep(self, key: Hashable, listing: Listing) -> None:
        """Keep a listing for a while, in place of that of the same key."""
        self._drop(key, self._kept.get(key))
        self._kept[key] = listing
        self._bytes += len(listing.encoded)
        while self._bytes > KEPT_BYTES:
            self._drop(*next(iter(self._kept.items())))
        asyncio.get_running_loop().call_later(KEPT_S, self._drop, key, listing)

    def _drop(self, key: Hashable, listing: Listing | None) -> None:
        if listing is not None and self._kept.get(key) is listing:
            del self._kept[key]
            self._bytes -= len(listing.encoded)
