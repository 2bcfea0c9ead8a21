"""What every Broker promises. A further implementation adds itself to ``BROKERS``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from imagechat_tui.server.broker import Broker
from imagechat_tui.server.broker.memory import MemoryBroker
from imagechat_tui.server.storage import RoomKey
from tests import examples as eg

BROKERS: dict[str, Callable[[], Broker]] = {"memory": MemoryBroker}
ROOM = RoomKey(eg.TENANT, "r1")


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest) -> Broker:
    return BROKERS[request.param]()


async def test_a_hint_names_the_room(broker: Broker) -> None:
    heard: list[RoomKey] = []
    await broker.start(heard.append, lambda: None)
    await broker.publish(ROOM)
    assert heard == [ROOM]


async def test_nobody_has_to_listen(broker: Broker) -> None:
    heard: list[RoomKey] = []
    await broker.publish(ROOM)
    await broker.start(heard.append, lambda: None)
    await broker.close()
    await broker.publish(ROOM)
    assert heard == []
