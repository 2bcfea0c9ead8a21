"""Asks how it stands with all pictures of a folder, while one of them is looked at (PROTOCOL 9.3).

Only the room that one is in has a socket. Of the others two figures are asked for, of many pictures at once: every half
minute, and soon after the person has gone on, for they may have read something. What fails is asked in its turn again.
While somebody wants to know who looks at the others (PROTOCOL 9.4) that is asked along, at once and more often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from math import ceil, inf
from typing import Final

from imagechat_tui.net.api import Api, ApiError
from imagechat_tui.net.endpoint import Endpoint
from imagechat_tui.problems import LocalServerFailed
from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import Place, RoomSummary
from imagechat_tui.protocol.routes import MAX_SUMMARIES, Summarize, UsersOnline

EVERY_S: Final = 30.0
SOON_S: Final = 2.0
"""After the person has gone on: what they have read there is told by then."""
AGAIN_S: Final = 1.0
"""Whoever wants to know it now is told again no sooner: keys repeat, and people may read twice a second."""
PEOPLE_EVERY_S: Final = 5.0
"""While it is wanted who looks at the others, for each request that it takes: people may read twice a second."""
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
        tell_people: called, while that is wanted, with who looks at those where somebody does; with None if that cannot
            be known. Of several that share a room this names one: the one that is shown, or else the first.
        since: tells since when the person has been shown one, by the server's clock, None if they never have been: what
            was said later where they have never been counts as unread; for a thread.
        begin: called with the time of that clock when they are shown them now; for a thread. None: they only look
            around, and nothing is noted.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        before_connect: Callable[[], Awaitable[None]] | None,
        *,
        count: Callable[[], int],
        place: Callable[[int], Place | None],
        tell: Callable[[Mapping[int, RoomSummary]], None],
        tell_people: Callable[[Mapping[int, UsersOnline] | None], None],
        since: Callable[[int], int | None],
        begin: Callable[[int], None] | None,
    ) -> None:
        self._endpoint = endpoint
        self._before_connect = before_connect
        self._count = count
        self._place = place
        self._tell = tell
        self._tell_people = tell_people
        self._since = since
        self._begin = begin
        self._first_ms: int | None = None
        """When it was asked first, by the server's clock: those that were never shown before are since then."""
        self._met: dict[int, tuple[Place | None, int | None]] = {}
        """Where each is met, and since when it was shown before this."""
        self._shown = 0
        self._people = False
        self._over = False
        """The server knows no such question."""
        self._due = inf
        """When to ask again, on the clock of the loop."""
        self._asked_at = -inf
        """When it was asked last, on the same clock."""
        self._waiting: list[asyncio.Future[None]] = []
        """Those who wait for the next answer."""
        self._sooner = asyncio.Event()

    @property
    def first_ms(self) -> int | None:
        """When it was asked first, by the server's clock; None before it has answered."""
        return self._first_ms

    def show(self, at: int) -> None:
        """Another one is shown."""
        if at != self._shown:
            self._shown = at
            self._ask_in(SOON_S)

    def watch_people(self, wanted: bool) -> None:
        """It is wanted who looks at the others, or no more."""
        self._people = wanted
        if wanted and self._over:
            self._tell_people(None)
        elif wanted:
            self._ask_in(0.0)

    async def recount(self) -> None:
        """Ask now; returns when it has been told, or the server does not tell."""
        if self._over:
            return
        loop = asyncio.get_running_loop()
        told = loop.create_future()
        self._waiting.append(told)
        self._ask_in(max(0.0, self._asked_at + AGAIN_S - loop.time()))
        await told

    async def run(self) -> None:
        """Ask until cancelled, or until the server turns out to know no such question."""
        api = Api(self._endpoint)
        try:
            while await self._asked(api):
                await self._rest()
            self._over = True
            if self._people:
                self._tell_people(None)
        finally:
            _end(self._waiting)
            await api.close()

    def _ask_in(self, seconds: float) -> None:
        self._due = min(self._due, asyncio.get_running_loop().time() + seconds)
        self._sooner.set()

    async def _rest(self) -> None:
        """Wait until it is time to ask again."""
        requests = max(1, ceil(min(self._count(), MOST) / MAX_SUMMARIES))
        self._ask_in(PEOPLE_EVERY_S * requests if self._people else EVERY_S)
        clock = asyncio.get_running_loop().time
        while (left_s := self._due - clock()) > 0:
            self._sooner.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._sooner.wait()

    async def _asked(self, api: Api) -> bool:
        """Ask once about all; False if it makes no sense to ask again."""
        self._due, people = inf, self._people
        self._asked_at = asyncio.get_running_loop().time()
        waiting, self._waiting = self._waiting, []
        around = await asyncio.to_thread(self._around)
        met: dict[int, UrlId] = {}
        people_in: dict[UrlId, UsersOnline] | None = {}
        makes_sense = True
        try:
            if self._before_connect is not None:
                await self._before_connect()
            for since_ms, part in _parts(around):
                places = tuple(place for _, place in part)
                told = await api.summaries(
                    Summarize(places=places, people=people, begins=self._begin is not None, since_ms=since_ms)
                )
                if self._first_ms is None and told.server_time_ms is not None:
                    self._first_ms = told.server_time_ms
                    if self._begin is not None:
                        await asyncio.to_thread(self._begin, told.server_time_ms)
                of_part = {
                    at: url_id for (at, _), url_id in zip(part, told.at, strict=False) if url_id is not None
                }
                self._tell({at: RoomSummary(url_id, told.of[url_id]) for at, url_id in of_part.items()})
                met |= of_part
                if told.people is None:
                    people_in = None
                elif people_in is not None:
                    people_in |= told.people
        except LocalServerFailed:
            people_in = None
        except ApiError as failure:
            people_in = None
            makes_sense = failure.status is None or failure.status in (408, 429) or failure.status >= 500
        finally:
            _end(waiting)
        if makes_sense and people and self._people:
            self._tell_people(None if people_in is None else self._once_each(met, people_in))
        return makes_sense

    def _once_each(
        self, met: Mapping[int, UrlId], people_in: Mapping[UrlId, UsersOnline]
    ) -> dict[int, UsersOnline]:
        one_of: dict[UrlId, int] = {}
        for at in sorted(met, key=lambda at: (at != self._shown, at)):
            one_of.setdefault(met[at], at)
        return {at: people_in[url_id] for url_id, at in one_of.items() if url_id in people_in}

    def _around(self) -> dict[int | None, list[tuple[int, Place]]]:
        """Those that are asked about, by since when they have been shown."""
        count = self._count()
        first = max(0, min(self._shown - MOST // 2, count - MOST))
        found: dict[int | None, list[tuple[int, Place]]] = {}
        for at in range(first, min(count, first + MOST)):
            if at not in self._met:
                self._met[at] = self._place(at), self._since(at)
            place, since_ms = self._met[at]
            if place is not None:
                found.setdefault(self._first_ms if since_ms is None else since_ms, []).append((at, place))
        return found


def _parts(
    around: Mapping[int | None, Sequence[tuple[int, Place]]],
) -> Iterator[tuple[int | None, Sequence[tuple[int, Place]]]]:
    for since_ms, those in around.items():
        for start in range(0, len(those), MAX_SUMMARIES):
            yield since_ms, those[start : start + MAX_SUMMARIES]


def _end(waiting: list[asyncio.Future[None]]) -> None:
    for told in waiting:
        if not told.done():
            told.set_result(None)
