"""Work that many ask for at once is done once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class InFlight(Generic[T]):
    """Shares what comes of equal work.

    For each key at most one runs and one waits for it to end. Who asks gets what comes of work that began after
    they asked, never of what was under way already: so whoever has just written reads that.
    """

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Future[T]] = {}
        self._next: dict[Hashable, asyncio.Future[T]] = {}

    async def shared(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """What comes of ``work``, or of the equal work of somebody else that has not begun yet.

        Raises:
            Exception: What the work raised.
        """
        coming = self._next.get(key)
        if coming is not None:
            return await asyncio.shield(coming)
        mine = asyncio.get_running_loop().create_future()
        running = self._running.get(key)
        try:
            if running is not None:
                self._next[key] = mine
                await asyncio.wait((running,))
                del self._next[key]
            self._running[key] = mine
            result = await work()
        except BaseException as error:
            if isinstance(error, Exception):
                mine.set_exception(error)
                mine.exception()  # it is raised here in any case
            else:
                mine.cancel()
            raise
        else:
            mine.set_result(result)
            return result
        finally:
            for book in (self._running, self._next):
                if book.get(key) is mine:
                    del book[key]
