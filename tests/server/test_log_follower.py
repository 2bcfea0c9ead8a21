from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import cast

import pytest

from imagechat_tui.protocol.ids import BroadcastId, EventId
from imagechat_tui.protocol.models import Position
from imagechat_tui.server.live.log_follower import LogFollower
from imagechat_tui.server.storage import LogPage, RoomKey, Store, StoredEvent, StoreUnavailable
from tests import examples as eg

ROOM, OTHER = RoomKey(eg.TENANT, "r1-a"), RoomKey(eg.TENANT, "r1-b")
EPOCH = "ep"


class Log:
    """The part of a store that the follower reads, with its queries written down."""

    def __init__(self) -> None:
        self.heads = {ROOM: 0, OTHER: 0}
        self.queries: list[object] = []
        self.page = 500
        self.broken = False

    async def positions(self, rooms: Sequence[RoomKey]) -> dict[RoomKey, Position]:
        self.queries.append(sorted(rooms))
        if self.broken:
            self.broken = False
            raise StoreUnavailable("broken")
        return {room: Position(EPOCH, self.heads[room]) for room in rooms}

    async def events_after(
        self, room: RoomKey, seq: int, *, event_id: EventId = EventId(""), limit: int = 500
    ) -> LogPage | None:
        self.queries.append(room)
        last = min(self.heads[room], seq + self.page)
        events = tuple(
            StoredEvent(EventId(f"e{n}"), n, n, eg.THREAD, BroadcastId("b"), None, "{}")
            for n in range(seq + 1, last + 1)
        )
        return LogPage(events, complete=last == self.heads[room])


class NotingRooms:
    """Live rooms that note what they get."""

    def __init__(self) -> None:
        self.at = {ROOM: Position(EPOCH, 0), OTHER: Position(EPOCH, 0)}
        self.got: list[tuple[RoomKey, int]] = []
        self.resets: list[RoomKey] = []
        self.heard = asyncio.Event()

    def positions(self) -> dict[RoomKey, Position]:
        return dict(self.at)

    def deliver(self, room: RoomKey, events: Iterable[StoredEvent]) -> None:
        for event in events:
            self.got.append((room, event.seq))
            self.at[room] = Position(EPOCH, event.seq, event.id)
        self.heard.set()

    def lost(self, room: RoomKey, position: Position) -> None:
        self.resets.append(room)
        self.at[room] = position
        self.heard.set()

    async def hear(self) -> None:
        async with asyncio.timeout(60):
            await self.heard.wait()
        self.heard.clear()


@contextlib.asynccontextmanager
async def following(log: Log, rooms: NotingRooms, *, poll_s: float = 60.0) -> AsyncIterator[LogFollower]:
    follower = LogFollower(cast(Store, log), rooms, poll_s=poll_s)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(follower.run())
        yield follower
        running.cancel()


async def turns(count: int = 20) -> None:
    """Let everything run that can run without waiting."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_hint_brings_what_follows_the_rooms_own_position() -> None:
    log, rooms = Log(), NotingRooms()
    rooms.at[ROOM] = Position(EPOCH, 3)
    log.heads[ROOM] = 5
    async with following(log, rooms) as follower:
        follower.hint(ROOM)
        await rooms.hear()
    assert rooms.got == [(ROOM, 4), (ROOM, 5)]


async def test_hints_without_news_and_for_rooms_not_live_read_no_log() -> None:
    log, rooms = Log(), NotingRooms()
    del rooms.at[OTHER]
    async with following(log, rooms) as follower:
        follower.hint(OTHER)
        follower.hint(ROOM)
        follower.hint(ROOM)
        await turns()
    assert log.queries == [[ROOM]]


async def test_more_than_a_page_comes_page_by_page_in_order() -> None:
    log, rooms = Log(), NotingRooms()
    log.page, log.heads[ROOM] = 2, 5
    async with following(log, rooms) as follower:
        follower.hint(ROOM)
        await turns(40)
    assert [seq for _, seq in rooms.got] == [1, 2, 3, 4, 5]


@pytest.mark.reliability
async def test_without_any_hint_one_query_over_all_rooms_finds_what_is_new() -> None:
    log, rooms = Log(), NotingRooms()
    log.heads[OTHER] = 1
    async with following(log, rooms, poll_s=0.01):
        await rooms.hear()
    assert rooms.got == [(OTHER, 1)]
    assert log.queries[0] == [ROOM, OTHER]


async def test_nothing_is_asked_while_nobody_listens() -> None:
    log, rooms = Log(), NotingRooms()
    live, rooms.at = rooms.at, {}
    async with following(log, rooms, poll_s=0.0) as follower:
        await turns(100)
        assert log.queries == []
        rooms.at, log.heads[ROOM] = live, 1
        follower.look_at_all()
        await rooms.hear()
    assert rooms.got == [(ROOM, 1)]


async def test_a_log_of_another_epoch_starts_everybody_anew() -> None:
    log, rooms = Log(), NotingRooms()
    rooms.at[ROOM] = Position("before the restore", 9)
    async with following(log, rooms) as follower:
        follower.hint(ROOM)
        await rooms.hear()
    assert rooms.resets == [ROOM]
    assert rooms.got == []


@pytest.mark.reliability
async def test_an_event_that_cannot_be_told_is_stepped_over_in_its_room_alone() -> None:
    class Poisoned(NotingRooms):
        def deliver(self, room: RoomKey, events: Iterable[StoredEvent]) -> None:
            if room == ROOM and self.at[ROOM].seq == 0:
                raise KeyError("poison")
            super().deliver(room, events)

    log, rooms = Log(), Poisoned()
    log.heads = {ROOM: 1, OTHER: 1}
    async with following(log, rooms) as follower:
        follower.look_at_all()
        await turns()
        assert (rooms.resets, rooms.got) == ([ROOM], [(OTHER, 1)])
        log.heads[ROOM] = 2
        follower.hint(ROOM)
        await turns()
    assert rooms.got[1:] == [(ROOM, 2)]


@pytest.mark.reliability
async def test_a_store_that_fails_once_does_not_end_the_follower() -> None:
    log, rooms = Log(), NotingRooms()
    log.broken, log.heads[ROOM] = True, 1
    async with following(log, rooms, poll_s=0.01) as follower:
        follower.hint(ROOM)
        await rooms.hear()
    assert rooms.got == [(ROOM, 1)]
