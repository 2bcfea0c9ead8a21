"""Redis may die, stand still, forget and talk rubbish: what processes know of each other comes right again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import Redis, RedisError

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.server.broker import redis
from imagechat_tui.server.broker.messages import Joined, Left, LogGrew, Message
from imagechat_tui.server.broker.redis import RedisBroker
from imagechat_tui.server.storage import RoomKey
from tests import examples as eg
from tests.contracts.services import needed
from tests.contracts.test_broker import until

pytestmark = pytest.mark.reliability

ROOM = RoomKey(eg.TENANT, "r1")
CARL = UserId("carl")


class RedisServer:
    """A Redis of our own, which is killed and stopped as one likes."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self.url = f"unix://{self._socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = [
            "--port",
            "0",
            "--unixsocket",
            str(self._socket),
            "--save",
            "",
            "--dir",
            str(self._socket.parent),
        ]
        self._process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        until_s = time.monotonic() + 20
        while True:
            try:
                with Redis.from_url(self.url) as there:
                    there.ping()
                    return
            except (RedisError, OSError):
                assert time.monotonic() < until_s
                time.sleep(0.01)

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("redis")


@pytest.fixture
def server(folder: Path) -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        needed("the program redis-server", FileNotFoundError("it is not installed"))
    server = RedisServer(folder)
    server.start()
    yield server
    server.kill()


class Process:
    """One process's end of the bus."""

    def __init__(self, url: str) -> None:
        self.broker = RedisBroker(url, b"key of the installation")
        self.heard: list[Message] = []
        self.missed = 0

    async def start(self) -> None:
        await self.broker.start(self.heard.append, self._missed)

    def viewers(self) -> Counter[UserId]:
        return Counter(viewer.user_id for viewer in self.broker.elsewhere(ROOM))

    def _missed(self) -> None:
        self.missed += 1


@pytest.fixture
async def pair(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Process, Process]]:
    monkeypatch.setattr(redis, "RETRY_S", (0.05,))
    monkeypatch.setattr(redis, "SILENT_S", 0.5)
    monkeypatch.setattr(redis, "CALL_S", 0.5)
    monkeypatch.setattr(redis, "BEAT_S", 0.1)
    here, there = Process(server.url), Process(server.url)
    await here.start()
    await there.start()
    here.broker.tell(Joined(ROOM, eg.ALICE))
    there.broker.tell(Joined(ROOM, eg.BOB))
    await until(lambda: (here.viewers(), there.viewers()) == ({eg.BOB: 1}, {eg.ALICE: 1}))
    yield here, there
    for process in (here, there):
        await process.broker.close()


async def what_happened_meanwhile_is_known(here: Process, there: Process) -> None:
    await until(lambda: there.viewers() == {CARL: 1})
    await until(lambda: here.viewers() == {eg.BOB: 1})
    assert here.missed > 0 < there.missed


def happens_meanwhile(here: Process) -> None:
    here.broker.tell(Joined(ROOM, CARL))
    here.broker.tell(Left(ROOM, eg.ALICE, None))
    here.broker.tell(LogGrew(ROOM))


async def test_after_redis_was_killed_and_started_again_all_is_known(
    server: RedisServer, pair: tuple[Process, Process]
) -> None:
    here, there = pair
    here.missed = there.missed = 0
    server.kill()
    await until(lambda: not here.broker._linked.is_set() and not there.broker._linked.is_set())
    happens_meanwhile(here)
    server.start()
    await what_happened_meanwhile_is_known(here, there)


async def test_after_redis_stood_still_all_is_known(
    server: RedisServer, pair: tuple[Process, Process]
) -> None:
    here, there = pair
    here.missed = there.missed = 0
    server.send(signal.SIGSTOP)
    await until(lambda: not here.broker._linked.is_set() and not there.broker._linked.is_set())
    happens_meanwhile(here)
    server.send(signal.SIGCONT)
    await what_happened_meanwhile_is_known(here, there)


async def test_words_that_redis_loses_are_noticed(pair: tuple[Process, Process]) -> None:
    here, there = pair
    there.missed = 0
    here.broker.tell(Joined(ROOM, CARL))
    here.broker._waiting.clear()
    await until(lambda: there.viewers() == {eg.ALICE: 1, CARL: 1})
    assert there.missed > 0


async def test_rubbish_on_the_channel_is_counted_and_hinders_nobody(
    server: RedisServer, pair: tuple[Process, Process]
) -> None:
    here, there = pair
    with contextlib.closing(Redis.from_url(server.url)) as stranger:
        for rubbish in (b"", b"rubbish", b"x" * 1_000_000, b"\x00" * 16 + b'["x", 1, {"type": "Gone"}]'):
            ignored = there.broker.ignored
            while there.broker.ignored < ignored + 25:  # some may be lost: the bus may have been, meanwhile
                await asyncio.to_thread(stranger.publish, there.broker._seal.channel, rubbish)

    def heard_when_told_again() -> bool:
        here.broker.tell(LogGrew(ROOM))
        return LogGrew(ROOM) in there.heard

    await until(heard_when_told_again)
    await until(lambda: there.viewers() == {eg.ALICE: 1})


async def test_a_process_starts_where_no_redis_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "FIRST_LINK_S", 0.1)
    alone = Process(f"unix://{folder}/nowhere.sock")
    await alone.start()
    alone.broker.tell(Joined(ROOM, eg.ALICE))
    assert list(alone.broker.elsewhere(ROOM)) == []
    assert alone.broker.counts.take_seats({("user", "ann"): 1})
    assert not alone.broker.counts.take_seats({("user", "ann"): 1})
    await alone.broker.close()


@pytest.mark.parametrize("url", ["", "http://127.0.0.1", "127.0.0.1:6379"])
def test_what_is_no_url_of_redis_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)scheme|url"):
        RedisBroker(url, b"key")
