"""What this process has written goes to its rooms without being read back: nothing lost, doubled or out of order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.ids import EventId
from imagechat_tui.protocol.models import Point
from imagechat_tui.server.live import hub as hubs
from imagechat_tui.server.live import presence
from imagechat_tui.server.live.frames import Frames
from imagechat_tui.server.live.meters import Meter
from imagechat_tui.server.live.subscribers import Audience, Subscriber
from imagechat_tui.server.storage import LogPage, Outcome, RoomKey, StoredEvent
from imagechat_tui.server.storage.sqlite import SqliteStore
from tests import examples as eg
from tests.contracts.test_store import ROOM, saying
from tests.server.test_connections import until
from tests.server.test_subscribers import Wire
from tests.server.test_two_processes import Process, Socket, running

pytestmark = pytest.mark.reliability


class Reads:
    """How often the logs were looked at."""

    def __init__(self) -> None:
        self.rooms: list[RoomKey] = []


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    noted, after = Reads(), SqliteStore.events_after

    async def counted(
        self: SqliteStore, room: RoomKey, seq: int, *, event_id: EventId = EventId("")
    ) -> LogPage | None:
        noted.rooms.append(room)
        return await after(self, room, seq, event_id=event_id)

    monkeypatch.setattr(SqliteStore, "events_after", counted)
    return noted


@contextlib.asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[tuple[Process, Socket]]:
    async with running(folder) as (here, _):
        socket = await here.listens(eg.BOB)
        await socket.gets("subscribed")
        yield here, socket


async def said(process: Process, number: int) -> Outcome:
    return await process.store.change(saying(f"text {number}"))


async def heard(socket: Socket, count: int) -> list[object]:
    """The numbers of the events that have come, once there are so many."""
    return [one["seq"] for one in await socket.all_of("new-comment", count)]


async def test_what_follows_is_told_without_a_look_at_the_log(tmp_path: Path, reads: Reads) -> None:
    async with listening(tmp_path) as (here, socket):
        await settled(here)
        reads.rooms.clear()
        for number in range(1, 4):
            here.hub.hand_over((await said(here, number)).logged)
        assert await heard(socket, 3) == [1, 2, 3]
        assert reads.rooms == []


async def settled(process: Process) -> None:
    """Until the follower has looked after somebody has joined."""
    await until(lambda: not process.hub._follower._wake.is_set())


@pytest.mark.parametrize("order", [(2, 1, 3), (3, 2, 1), (1, 3), (2,), (1, 1, 2, 2, 3), (3, 3, 1)])
async def test_what_does_not_follow_is_read_so_nothing_is_missing_or_told_twice(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    async with listening(tmp_path) as (here, socket):
        outcomes = {number: await said(here, number) for number in range(1, 4)}
        for number in order:
            here.hub.hand_over(outcomes[number].logged)
        await said(here, 4)  # of which nobody is told: the look once a second finds it
        assert await heard(socket, 4) == [1, 2, 3, 4]


async def test_an_event_of_another_epoch_is_not_believed(tmp_path: Path) -> None:
    async with listening(tmp_path) as (here, socket):
        outcome = await said(here, 1)
        here.hub.hand_over([replace(one, epoch="before the restore") for one in outcome.logged])
        told = await socket.gets("new-comment")
        assert (told["seq"], told["epoch"]) == (1, outcome.logged[0].epoch)


async def test_what_cannot_be_told_in_one_room_silences_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(tmp_path) as (here, socket):
        deliver, broken = here.hub.deliver, RoomKey(eg.TENANT, "r1-broken")

        def fails(room: RoomKey, events: list[StoredEvent]) -> None:
            if room == broken:
                raise ValueError("a bug")
            deliver(room, events)

        monkeypatch.setattr(here.hub, "deliver", fails)
        await here.hub.join(broken, Socket(), eg.ALICE, v2=True)
        (logged,) = (await said(here, 1)).logged
        here.hub.hand_over([replace(logged, room=broken), logged])
        assert await heard(socket, 1) == [1]


async def test_it_is_told_though_nobody_waits_for_the_answer_any_more(tmp_path: Path) -> None:
    async with listening(tmp_path) as (here, socket):
        change = saying("text")
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(
                here.store.change(change, lambda outcome: here.hub.hand_over(outcome.logged))
            )
            await asyncio.sleep(0)  # it has asked
            asking.cancel()
        assert asking.cancelled()
        assert await heard(socket, 1) == [1]


async def test_who_asked_is_answered_before_others_are_told_and_those_in_the_order_of_the_log(
    tmp_path: Path,
) -> None:
    seen: list[tuple[str, int]] = []
    async with running(tmp_path) as (here, _), asyncio.TaskGroup() as tasks:

        async def ask(number: int) -> None:
            outcome = await here.store.change(
                saying(f"text {number}"),
                lambda outcome: seen.append(("told", outcome.logged[0].event.seq)),
            )
            seen.append(("answered", outcome.logged[0].event.seq))

        for number in range(40):
            tasks.create_task(ask(number))
    assert [seq for what, seq in seen if what == "told"] == [*range(1, 41)]
    for seq in range(1, 41):
        assert seen.index(("answered", seq)) < seen.index(("told", seq))


async def test_an_event_is_handed_over_as_it_is_read(tmp_path: Path) -> None:
    async with running(tmp_path) as (here, _):
        logged = (await here.store.change(saying('a "text" of 100 % \u00fc'))).logged
        page = await here.store.events_after(ROOM, 0)
        assert page is not None
        assert tuple(one.event for one in logged) == page.events


def reading(audience: Audience) -> tuple[Wire, Subscriber]:
    wire = Wire()
    reader = Subscriber(wire, eg.BOB, Meter(), v2=True)
    reader.begin()
    audience.readers.add(reader)
    return wire, reader


def test_one_persons_frame_stays_between_those_for_all() -> None:
    audience = Audience()
    (one, hers), (other, _) = reading(audience), reading(audience)
    audience.waiting.append(Frames(b"a", 1, 1))
    given = audience.give_out()
    hers.push(Frames(b"hers", 1, 1))
    audience.waiting.append(Frames(b"b", 1, 1))
    assert audience.flush() == []
    for reader in given:
        reader.flush()
    assert (one.writes, other.writes) == ([b"ahersb"], [b"ab"])


def test_who_comes_later_gets_nothing_of_what_waited() -> None:
    audience = Audience()
    first, _ = reading(audience)
    audience.waiting.append(Frames(b"before", 1, 6))
    for reader in audience.give_out():
        reader.flush()
    second, _ = reading(audience)
    audience.waiting.append(Frames(b"after", 1, 5))
    audience.flush()
    assert (first.writes, second.writes) == ([b"before", b"after"], [b"after"])


async def test_a_large_audience_is_written_to_at_once_and_then_all_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "GATHER_FROM", 1)
    monkeypatch.setattr(hubs, "GATHER_S", 2.0)
    monkeypatch.setattr(presence, "JOIN_DELAY_S", 60.0)  # who came is written, too
    async with listening(tmp_path) as (here, socket):
        await settled(here)
        for number in range(1, 6):
            here.hub.hand_over((await said(here, number)).logged)
            if number == 1:
                await heard(socket, 1)
        assert await heard(socket, 5) == [1, 2, 3, 4, 5]
        counts = [data.count(b'"new-comment"') for data in socket.writes]
        assert [count for count in counts if count] == [1, 4]


async def test_a_crosshair_does_not_overtake_what_was_said_before_it(tmp_path: Path) -> None:
    async with listening(tmp_path) as (here, socket):
        mover = await here.hub.join(ROOM, Socket(), eg.ALICE, v2=True)
        await settled(here)
        here.hub.hand_over((await said(here, 1)).logged)
        here.hub.crosshair_moved(mover, Point(1.0, 2.0))
        await socket.gets("cursor")
        kinds = [one["type"] for one in socket.frames() if one["type"] in ("new-comment", "cursor")]
        assert kinds == ["new-comment", "cursor"]
