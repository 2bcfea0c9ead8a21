"""What every Broker promises. A further implementation adds a maker of two connected ones to ``PAIRS``."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest

from imagechat_tui.protocol.ids import ConversationId, TenantId
from imagechat_tui.protocol.models import Placements, Point, ReadMark, ReadState
from imagechat_tui.server.broker import Broker, Seat, Use, Viewer
from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.memory import MemoryBroker, MemoryBus
from imagechat_tui.server.broker.messages import (
    CrosshairMoved,
    Joined,
    Left,
    LogGrew,
    LooksAt,
    Message,
    OwnChanged,
    Placed,
    ReadOn,
    RulesChanged,
)
from imagechat_tui.server.storage import RoomKey
from tests import examples as eg
from tests.contracts.services import needed

ROOM, OTHER = RoomKey(eg.TENANT, "r1"), RoomKey(TenantId("other"), "r1")
MESSAGES: list[Message] = [
    LogGrew(ROOM),
    Joined(ROOM, eg.ALICE),
    CrosshairMoved(ROOM, eg.ALICE, Point(1.0, 2.0)),
    RulesChanged(),
    LooksAt(ROOM, eg.ALICE, None, 3),
    LooksAt(ROOM, eg.ALICE, 3, 4),
    Left(ROOM, eg.ALICE, 4),
    ReadOn(ROOM, eg.ALICE, ReadState(2, (ReadMark(ConversationId("ic_1"), 3),))),
    OwnChanged(eg.TENANT, eg.ALICE),
    Placed(ROOM, Placements(2, 1)),
]


def memory() -> tuple[Broker, Broker]:
    bus = MemoryBus()
    return MemoryBroker(bus), MemoryBroker(bus)


def redis() -> tuple[Broker, Broker]:
    from redis import Redis, RedisError

    from imagechat_tui.server.broker.redis import RedisBroker

    try:
        with Redis.from_url(REDIS_URL, socket_timeout=5) as there_is:
            there_is.ping()
    except RedisError as error:
        needed(f"Redis at {REDIS_URL}, or another one in IMAGECHAT_TEST_BUS_URL", error)
    key = uuid.uuid4().bytes
    return RedisBroker(REDIS_URL, key), RedisBroker(REDIS_URL, key)


REDIS_URL = os.environ.get("IMAGECHAT_TEST_BUS_URL", "redis://127.0.0.1:6379")
PAIRS: dict[str, Callable[[], tuple[Broker, Broker]]] = {"memory": memory, "redis": redis}


@pytest.fixture(params=PAIRS)
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Broker, Broker]]:
    pair = PAIRS[request.param]()
    yield pair
    for broker in pair:
        await broker.close()


async def heard_by(broker: Broker) -> list[Message]:
    """What a broker hears from now on."""
    heard: list[Message] = []
    await broker.start(heard.append, lambda: None)
    return heard


async def until(true: Callable[[], bool]) -> None:
    """Wait for what a broker brings about in its own time."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110  # a broker says nothing of what it counts
            await asyncio.sleep(0.005)


async def test_what_one_process_tells_the_others_hear_in_its_order_and_it_does_not(
    pair: tuple[Broker, Broker],
) -> None:
    here, there = pair
    own, others = await heard_by(here), await heard_by(there)
    for message in MESSAGES:
        here.tell(message)
    there.tell(LogGrew(OTHER))
    await until(lambda: len(own) > 0 and len(others) == len(MESSAGES))
    assert (own, others) == ([LogGrew(OTHER)], MESSAGES)


async def test_nobody_has_to_listen(pair: tuple[Broker, Broker]) -> None:
    here, there = pair
    here.tell(LogGrew(ROOM))
    heard = await heard_by(there)
    await there.close()
    here.tell(LogGrew(ROOM))
    assert heard == []


async def test_who_is_elsewhere_and_at_which_version_is_the_sum_of_what_was_told(
    pair: tuple[Broker, Broker],
) -> None:
    here, there = pair
    await heard_by(here)
    await heard_by(there)
    for message in (Joined(ROOM, eg.ALICE), Joined(ROOM, eg.ALICE), Joined(ROOM, eg.BOB)):
        here.tell(message)
    await until(lambda: elsewhere(there) == {(eg.ALICE, None): 2, (eg.BOB, None): 1})
    assert (list(here.elsewhere(ROOM)), list(there.elsewhere(OTHER))) == ([], [])
    here.tell(LooksAt(ROOM, eg.ALICE, None, 3))
    here.tell(LooksAt(ROOM, eg.BOB, None, 3))
    here.tell(LooksAt(ROOM, eg.ALICE, 3, 4))
    await until(lambda: elsewhere(there) == {(eg.ALICE, None): 1, (eg.ALICE, 4): 1, (eg.BOB, 3): 1})
    here.tell(Left(ROOM, eg.ALICE, 4))
    await until(lambda: elsewhere(there) == {(eg.ALICE, None): 1, (eg.BOB, 3): 1})


def elsewhere(broker: Broker) -> Counter[Viewer]:
    return Counter(broker.elsewhere(ROOM))


async def test_a_process_that_goes_takes_its_sockets_along(pair: tuple[Broker, Broker]) -> None:
    here, there = pair
    await heard_by(here)
    heard = await heard_by(there)
    for message in (
        *(Joined(ROOM, eg.ALICE), Joined(ROOM, eg.ALICE), Joined(OTHER, eg.BOB)),
        LooksAt(ROOM, eg.ALICE, None, 3),
    ):
        here.tell(message)
    await until(lambda: len(heard) == 4)
    del heard[:]
    await here.close()
    await until(lambda: len(heard) == 3)
    assert sorted(heard, key=repr) == sorted(
        [Left(ROOM, eg.ALICE, None), Left(ROOM, eg.ALICE, 3), Left(OTHER, eg.BOB, None)], key=repr
    )
    assert list(there.elsewhere(ROOM)) == []


async def test_processes_have_names_of_their_own(pair: tuple[Broker, Broker]) -> None:
    here, there = pair
    assert here.process != there.process


async def test_uses_are_counted_together_and_all_or_none(pair: tuple[Broker, Broker]) -> None:
    here, there = pair
    await heard_by(here)
    await heard_by(there)
    once, twice = Use("write", "ann", Rule(0.5, 1)), Use("write", "demo", Rule(0.5, 2))
    assert here.counts.use((once, twice), 0.0) is None
    await until(lambda: there.counts.wait_s(once, 0.0) is not None)
    assert there.counts.use((twice, once), 0.0) == (1, 2.0)
    assert there.counts.wait_s(twice, 0.0) is None, "what was refused has cost nothing"
    assert there.counts.use((twice,), 0.0) is None
    await until(lambda: here.counts.wait_s(twice, 0.0) == 2.0)
    assert here.counts.wait_s(once, 2.0) is None


def takes(broker: Broker, seats: dict[Seat, int]) -> bool:
    """Whether it takes them, which it does not keep."""
    taken = broker.counts.take_seats(seats)
    if taken:
        broker.counts.give_back(seats)
    return taken


async def test_seats_are_counted_together_and_all_or_none(pair: tuple[Broker, Broker]) -> None:
    here, there = pair
    await heard_by(here)
    await heard_by(there)
    ann, tenant = ("user", "ann"), ("tenant", "demo")
    assert here.counts.take_seats({ann: 1, tenant: 2})
    await until(lambda: not takes(there, {tenant: 2, ann: 1}))
    assert there.counts.take_seats({tenant: 2})
    await until(lambda: not takes(here, {tenant: 2}))
    here.counts.give_back([ann, tenant])
    await until(lambda: takes(there, {ann: 1, tenant: 2}))


async def test_seats_of_a_process_that_goes_are_free(pair: tuple[Broker, Broker]) -> None:
    here, there = pair
    await heard_by(here)
    await heard_by(there)
    seat = ("user", "ann")
    assert here.counts.take_seats({seat: 1})
    await until(lambda: not takes(there, {seat: 1}))
    here.counts.give_back([seat])
    await here.close()
    await until(lambda: takes(there, {seat: 1}))


async def test_a_seat_of_one_process_counts_for_it_alone(pair: tuple[Broker, Broker]) -> None:
    here, there = pair
    await heard_by(here)
    await heard_by(there)
    assert here.counts.take_seats({("process", here.process): 1, ("user", "ann"): 2})
    assert not here.counts.take_seats({("process", here.process): 1})
    assert there.counts.take_seats({("process", there.process): 1})
