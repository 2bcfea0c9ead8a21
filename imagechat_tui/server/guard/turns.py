"""One thing at a time for each caller."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary


class Turns:
    """Who asks for many things at once has them done one after the other.

    What reads the store, encodes and compresses is few threads for all: who fills their queues would have
    everybody else wait for the whole of it.
    """

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Of those who have one or wait for it."""

    async def take(self, caller: str) -> asyncio.Lock:
        """Wait for the caller's turn. Whoever gets it releases it."""
        turn = self._turns.get(caller)
        if turn is None:
            turn = self._turns[caller] = asyncio.Lock()
        await turn.acquire()
        return turn
