"""What every Broker promises. A further implementation adds a maker of two connected ones to ``PAIRS``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.models import Point
from imagechat_tui.server.broker import Broker, Use, Viewer
from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.memory import MemoryBroker, MemoryBus
from imagechat_tui.server.broker.messages import (
    CrosshairMoved,
    Dismissed,
    Joined,
    Left,
    LogGrew,
    LooksAt,
    Message,
)
from imagechat_tui.server.storage import RoomKey
from tests import examples as eg

ROOM, OTHER = RoomKey(eg.TENANT, "r1"), RoomKey(TenantId("other"), "r1")
MESSAGES: list[Message] = [
    LogGrew(ROOM),
    Joined(ROOM, eg.ALICE),
    CrosshairMoved(ROOM, eg.ALICE, Point(1.0, 2.0)),
    Dismissed(eg.TENANT, eg.ALICE, 4401),
    LooksAt(ROOM, eg.ALICE, None, 3),
    LooksAt(ROOM, eg.ALICE, 3, 4),
    Left(ROOM, eg.ALICE, 4),
]


def memory() -> tuple[Broker, Broker]:
    bus = MemoryBus()
    return MemoryBroker(bus), MemoryBroker(bus)


PAIRS: dict[str, Callable[[], tuple[Broker, Broker]]] = {"memory": memory}


@pytest.fixture(params=PAIRS)
def pair(request: pytest.FixtureRequest) -> tuple[Broker, Broker]:
    return PAIRS[request.param]()


def unheard() -> None:
    pytest.fail("nothing was lost")


async def heard_by(broker: Broker) -> list[Message]:
    """What a broker hears from now on."""
    heard: list[Message] = []
    await broker.start(heard.append, unheard)
    return heard


async def test_what_one_process_tells_the_others_hear_in_its_order_and_it_does_not(
    pair: tuple[Broker, Broker],
) -> None:
    here, there = pair
    own, others = await heard_by(here), await heard_by(there)
    for message in MESSAGES:
        here.tell(message)
    assert (own, others) == ([], MESSAGES)
    there.tell(LogGrew(OTHER))
    assert own == [LogGrew(OTHER)]


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
    assert elsewhere(there) == {(eg.ALICE, None): 2, (eg.BOB, None): 1}
    assert (list(here.elsewhere(ROOM)), list(there.elsewhere(OTHER))) == ([], [])
    here.tell(LooksAt(ROOM, eg.ALICE, None, 3))
    here.tell(LooksAt(ROOM, eg.BOB, None, 3))
    here.tell(LooksAt(ROOM, eg.ALICE, 3, 4))
    assert elsewhere(there) == {(eg.ALICE, None): 1, (eg.ALICE, 4): 1, (eg.BOB, 3): 1}
    here.tell(Left(ROOM, eg.ALICE, 4))
    assert elsewhere(there) == {(eg.ALICE, None): 1, (eg.BOB, 3): 1}


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
    del heard[:]
    await here.close()
    assert sorted(heard, key=repr) == sorted(
        [Left(ROOM, eg.ALICE, None), Left(ROOM, eg.ALICE, 3), Left(OTHER, eg.BOB, None)], key=repr
    )
    assert list(there.elsewhere(ROOM)) == []


def test_processes_have_names_of_their_own(pair: tuple[Broker, Broker]) -> None:
    here, there = pair
    assert here.process != there.process


def test_uses_are_counted_together_and_all_or_none(pair: tuple[Broker, Broker]) -> None:
    here, there = pair
    once, twice = Use("write", "ann", Rule(0.5, 1)), Use("write", "demo", Rule(0.5, 2))
    assert here.counts.use((once, twice), 0.0) is None
    assert there.counts.use((twice, once), 0.0) == (1, 2.0)
    assert there.counts.wait_s(twice, 0.0) is None, "what was refused has cost nothing"
    assert there.counts.use((twice,), 0.0) is None
    assert here.counts.wait_s(twice, 0.0) == 2.0
    assert here.counts.wait_s(once, 2.0) is None


def test_seats_are_counted_together_and_all_or_none(pair: tuple[Broker, Broker]) -> None:
    here, there = pair
    ann, tenant = ("user", "ann"), ("tenant", "demo")
    assert here.counts.take_seats({ann: 1, tenant: 2})
    assert not there.counts.take_seats({tenant: 2, ann: 1})
    assert there.counts.take_seats({tenant: 2})
    assert not here.counts.take_seats({tenant: 2})
    here.counts.give_back([ann, tenant])
    assert there.counts.take_seats({ann: 1, tenant: 2})
