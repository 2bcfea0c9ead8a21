"""A write on its way out of this program."""

from __future__ import annotations

import asyncio


class Departure:
    """How far a write has got on its way out: not begun, begun, over."""

    def __init__(self) -> None:
        self.begun = False
        """Whether its first byte may have left: from then on the write may happen."""
        self._over = asyncio.Event()

    def begin(self) -> None:
        """The first byte is about to leave."""
        self.begun = True

    def end(self) -> None:
        """The last byte has been handed to the system, or none will be any more."""
        self._over.set()

    async def over(self) -> None:
        """Wait until it has ended."""
        await self._over.wait()
