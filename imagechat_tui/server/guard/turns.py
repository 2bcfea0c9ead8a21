"""One thing at a time for each caller, so that who does many at once leaves room for others."""

from __future__ import annotations

import asyncio
from collections import deque
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


class Pace:
    """Lets one request of each caller begin in a turn of the event loop.

    Who has many connections has a request on each of them read in one turn, and would have everybody else
    wait for all of these.
    """

    def __init__(self) -> None:
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}
        """Who waits, the first first, by callers of whom one has begun in this turn."""

    async def begin(self, caller: str) -> None:
        """Return at once for the first of a turn, else in a later one: in order, one a turn."""
        line = self._lines.get(caller)
        if line is None:
            if not self._lines:
                asyncio.get_running_loop().call_soon(self._next_turn)
            self._lines[caller] = deque()
            return
        mine = asyncio.get_running_loop().create_future()
        line.append(mine)
        await mine

    def _next_turn(self) -> None:
        for caller, line in list(self._lines.items()):
            while line and line[0].done():  # who has given up
                line.popleft()
            if line:
                line.popleft().set_result(None)
            else:
                del self._lines[caller]
        if self._lines:
            asyncio.get_running_loop().call_soon(self._next_turn)
