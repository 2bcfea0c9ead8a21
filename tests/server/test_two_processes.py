"""Two hubs on one store and one bus: what happens by one process is seen by the people of the other."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Placements, Point
from imagechat_tui.server.broker import Viewer
from imagechat_tui.server.broker.memory import MemoryBroker, MemoryBus
from imagechat_tui.server.guard.limits import SeatLimit, SeatRules
from imagechat_tui.server.guard.rules import RuleBook
from imagechat_tui.server.live.frames import CloseCode, close_frame
from imagechat_tui.server.live.hub import Hub
from imagechat_tui.server.live.meters import Meters
from imagechat_tui.server.storage import RoomKey, UserRule
from imagechat_tui.server.storage.sqlite import SqliteStore
from imagechat_tui.server.usecases.revoking import Revoking
from tests import examples as eg
from tests.contracts.test_store import ROOM, Clock, saying, tenant
from tests.server.test_subscribers import Wire

OTHER_PAGE = RoomKey(eg.TENANT, "r1-other")


class Socket(Wire):
    """A transport that says when something was written, and what."""

    def __init__(self) -> None:
        super().__init__()
        self._written = asyncio.Event()

    def write(self, data: bytes) -> None:
        super().write(data)
        self._written.set()

    async def gets(self, kind: str) -> dict[str, object]:
        """The first frame of a type that comes."""
        return (await self.all_of(kind, 1))[0]

    async def all_of(self, kind: str, count: int) -> list[dict[str, object]]:
        """All frames of a type, once so many have come."""
        async with asyncio.timeout(5):
            while len(found := [one for one in self.frames() if one["type"] == kind]) < count:
                self._written.clear()
                await self._written.wait()
        return found

    def frames(self) -> list[dict[str, object]]:
        """All that have come."""
        text = b"".join(self.writes).decode("utf-8", "replace")
        decoder, found, at = json.JSONDecoder(), [], text.find("{")
        while at >= 0:
            one, end = decoder.raw_decode(text, at)
            found.append(one)
            at = text.find("{", end)
        return found


class Process:
    """One server's live half: a hub that follows the shared store."""

    def __init__(self, store: SqliteStore, bus: MemoryBus, clock: Clock) -> None:
        self.store = store
        self.broker = MemoryBroker(bus)
        self.hub = Hub(store, self.broker, Meters(), now_ms=clock)

    async def listens(self, user_id: UserId, room: RoomKey = ROOM) -> Socket:
        socket = Socket()
        await self.hub.join(room, socket, user_id, v2=True)
        return socket


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Process, Process]]:
    clock, bus = Clock(), MemoryBus()
    store = await SqliteStore.open(folder / "shared.sqlite", now_ms=clock)
    await store.create_tenant(tenant(eg.TENANT))
    here, there = Process(store, bus, clock), Process(store, bus, clock)
    await here.hub.start()
    await there.hub.start()
    try:
        yield here, there
    finally:
        await there.hub.close()
        await here.hub.close()
        await store.close()


@pytest.mark.reliability
async def test_what_is_written_by_one_process_reaches_the_subscribers_of_the_other(tmp_path: Path) -> None:
    async with running(tmp_path) as (here, there):
        socket = await there.listens(eg.BOB)
        outcome = await here.store.change(saying("hello"))
        here.hub.hand_over(outcome.logged)
        assert (await socket.gets("new-comment"))["seq"] == 1


@pytest.mark.reliability
async def test_what_the_other_process_did_not_hear_of_comes_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as (here, there):
        socket = await there.listens(eg.BOB)
        monkeypatch.setattr(here.broker, "tell", lambda message: None)
        outcome = await here.store.change(saying("hello"))
        here.hub.hand_over(outcome.logged)
        assert (await socket.gets("new-comment"))["seq"] == 1


async def test_who_is_present_is_known_whichever_process_they_came_to(tmp_path: Path) -> None:
    async with running(tmp_path) as (here, there):
        ann = await here.listens(eg.ALICE)
        assert there.hub.online(ROOM) == (eg.ALICE,)
        await there.listens(eg.BOB)
        assert here.hub.online(ROOM) == (eg.ALICE, eg.BOB) == there.hub.online(ROOM)
        assert there.hub.online(OTHER_PAGE) == ()
        told = await ann.gets("p-u")
        assert (sorted(map(str, told["uj"])), told["sc"]) == (sorted([eg.ALICE, eg.BOB]), 2)  # type: ignore[call-overload]


async def test_who_leaves_one_process_leaves_both(tmp_path: Path) -> None:
    async with running(tmp_path) as (here, there):
        await here.listens(eg.ALICE)
        await there.listens(eg.BOB)
        await there.hub.close()
        assert list(here.broker.elsewhere(ROOM)) == []
        assert list(there.broker.elsewhere(ROOM)) == [Viewer(eg.ALICE, None)]


async def test_a_crosshair_is_seen_by_the_subscribers_of_the_other_process(tmp_path: Path) -> None:
    async with running(tmp_path) as (here, there):
        socket = await there.listens(eg.BOB)
        mover = await here.hub.join(ROOM, Socket(), eg.ALICE, v2=True)
        here.hub.crosshair_moved(mover, Point(25.0, 50.0))
        seen = await socket.gets("cursor")
        assert (seen["userId"], seen["x"], seen["y"]) == (eg.ALICE, 25.0, 50.0)


async def test_which_version_is_looked_at_is_known_whichever_process_they_came_to(tmp_path: Path) -> None:
    async with running(tmp_path) as (here, there):
        before = await here.hub.join(ROOM, Socket(), eg.ALICE, v2=True)
        here.hub.looks_at(before, 3)
        assert there.hub.viewing(ROOM) == {eg.ALICE: (3,)}, "though nobody has come by it"
        socket = await there.listens(eg.BOB)
        assert there.hub.viewing(ROOM) == {eg.ALICE: (3,), eg.BOB: ()}
        here.hub.looks_at(before, 4)
        assert (await socket.gets("viewing"))["viewing"] == {eg.ALICE: [4]}
        assert there.hub.viewing(ROOM) == {eg.ALICE: (4,), eg.BOB: ()} == here.hub.viewing(ROOM)
        by_other = await there.hub.join(ROOM, Socket(), eg.ALICE, v2=True)
        there.hub.looks_at(by_other, 5)
        here.hub.leave(before)
        assert here.hub.viewing(ROOM) == {eg.ALICE: (5,), eg.BOB: ()} == there.hub.viewing(ROOM)


async def test_of_a_socket_that_wants_to_be_unseen_neither_process_knows(tmp_path: Path) -> None:
    async with running(tmp_path) as (here, there):
        quiet = Socket()
        looks = await here.hub.join(ROOM, quiet, eg.ALICE, v2=True, unseen=True)
        here.hub.looks_at(looks, 3)
        assert here.hub.viewing(ROOM) == {} == there.hub.viewing(ROOM)
        seen = await here.hub.join(ROOM, Socket(), eg.ALICE, v2=True)
        mover = await there.hub.join(ROOM, Socket(), eg.BOB, v2=True)
        there.hub.crosshair_moved(mover, Point(25.0, 50.0))
        assert (await quiet.gets("cursor"))["userId"] == eg.BOB, "it hears what all hear"
        here.hub.leave(looks)
        assert set(there.hub.viewing(ROOM)) == {eg.ALICE, eg.BOB}, "and takes no other socket of theirs along"
        here.hub.leave(seen)


@pytest.mark.security
async def test_a_user_of_whom_was_decided_loses_their_sockets_by_every_process_and_nobody_else(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as (here, there):
        books = [RuleBook(process.store) for process in (here, there)]
        for book in books:
            await book.refresh()
        by_one, by_other = (
            Revoking(book, process.hub) for book, process in zip(books, (here, there), strict=True)
        )
        mine, elsewhere = await here.listens(eg.ALICE), await there.listens(eg.ALICE, OTHER_PAGE)
        bob = await there.listens(eg.BOB)
        await here.store.rule_user(UserRule(eg.TENANT, eg.ALICE, role="reader"))
        await by_one.decided()
        assert there.hub.rules_changed.is_set()
        await by_other.look()
        goodbye = close_frame(CloseCode.SIGN_IN)
        assert mine.writes[-1] == elsewhere.writes[-1] == goodbye
        assert goodbye not in bob.writes


@pytest.mark.security
def test_seats_of_a_user_are_counted_over_both_and_those_of_a_process_by_each() -> None:
    bus, rules = MemoryBus(), SeatRules(per_user=1, per_process=2)
    here, there = (
        SeatLimit(rules, one.counts, one.process) for one in (MemoryBroker(bus), MemoryBroker(bus))
    )
    assert here.take(eg.TENANT, eg.ALICE)
    assert not there.take(eg.TENANT, eg.ALICE)
    assert here.take(eg.TENANT, eg.BOB)
    assert not here.take(eg.TENANT, UserId("carl"))
    assert there.take(eg.TENANT, UserId("carl"))


async def test_where_a_marker_is_on_a_version_is_told_by_both_processes(tmp_path: Path) -> None:
    async with running(tmp_path) as (here, there):
        sockets = [await process.listens(eg.BOB) for process in (here, there)]
        here.hub.placed(ROOM, Placements(2, 7))
        for socket in sockets:
            told = await socket.gets("placements")
            assert (told["version"], told["revision"]) == (2, 7)
