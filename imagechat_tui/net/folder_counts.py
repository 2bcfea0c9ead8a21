"""Asks how it stands with all pictures of a folder, while one of them is looked at (PROTOCOL 9.3).

Only the room that one is in has a socket. Of the others two figures are asked for, of many pictures at once: every half
minute, and soon after the person has gone on, for they may have read something. What fails is asked in its turn again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from imagechat_tui.net.api import Api, ApiError
from imagechat_tui.net.endpoint import Endpoint
from imagechat_tui.problems import LocalServerFailed
from imagechat_tui.protocol.models import Place, Summary
from imagechat_tui.protocol.routes import MAX_SUMMARIES, Summarize

EVERY_S: Final = 30.0
SOON_S: Final = 2.0
"""After the person has gone on: what they have read there is told by then."""
MOST: Final = 10 * MAX_SUMMARIES
"""So many pictures around the one that is shown are asked about: ten requests."""


class FolderCounts:
    """Tells of the pictures, by their places.

    Args:
        endpoint: the server.
        before_connect: awaited before it is asked.
        count: tells how many pictures there are.
        place: tells where one is met, None of one that only its pixels tell; for a thread.
        tell: called with what is known of those that somebody knows.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        before_connect: Callable[[], Awaitable[None]] | None,
        *,
        count: Callable[[], int],
        place: Callable[[int], Place | None],
        tell: Callable[[Mapping[int, Summary]], None],
    ) -> None:
        self._endpoint = endpoint
        self._before_connect = before_connect
        self._count = count
        self._place = place
        self._tell = tell
        self._places: dict[int, Place | None] = {}
        self._shown = 0
        self._moved = asyncio.Event()

    def show(self, at: int) -> None:
        """Another one is shown."""
        if at != self._shown:
            self._shown = at
            self._moved.set()

    async def run(self) -> None:
        """Ask until cancelled, or until the server turns out to know no such question."""
        api = Api(self._endpoint)
        try:
            while await self._asked(api):
                self._moved.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(EVERY_S):
                        await self._moved.wait()
                        await asyncio.sleep(SOON_S)
        finally:
            await api.close()

    async def _asked(self, api: Api) -> bool:
        """Ask once about all; False if it makes no sense to ask again."""
        around = await asyncio.to_thread(self._around)
        try:
            if self._before_connect is not None:
                await self._before_connect()
            for start in range(0, len(around), MAX_SUMMARIES):
                part = around[start : start + MAX_SUMMARIES]
                told = await api.summaries(Summarize(places=tuple(place for _, place in part)))
                self._tell(
                    {
                        at: told.of[url_id]
                        for (at, _), url_id in zip(part, told.at, strict=False)
                        if url_id is not None
                    }
                )
        except LocalServerFailed:
            return True
        except ApiError as failure:
            return failure.status is None or failure.status in (408, 429) or failure.status >= 500
        return True

    def _around(self) -> list[tuple[int, Place]]:
        count = self._count()
        first = max(0, min(self._shown - MOST // 2, count - MOST))
        found: list[tuple[int, Place]] = []
        for at in range(first, min(count, first + MOST)):
            if at not in self._places:
                self._places[at] = self._place(at)
            place = self._places[at]
            if place is not None:
                found.append((at, place))
        return found
