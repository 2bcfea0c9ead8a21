"""How long writes take while a log is trimmed, beside how long they take in peace.

    python -m tests.benchmarks.trimming [--events 50000] [--tasks 8]

A store with so many events that are too old, in fifty rooms. Writers write comments to another room all the while;
printed are the median and the 99th percentile of a write in ms without and with the sweep, and how long that took.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path

from msgspec.structs import replace

from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.server.process.sweep import trim_logs
from imagechat_tui.server.storage import Announced, Decision, RoomKey
from imagechat_tui.server.storage.postgres import PostgresStore
from imagechat_tui.server.storage.sql_store import SqlStore
from imagechat_tui.server.storage.sqlite import SqliteStore
from imagechat_tui.server.storage.trim_logs import EVENTS_KEPT_MS
from tests import examples as eg
from tests.contracts.services import own_database
from tests.contracts.test_store import Clock, always, saying, tenant

ROOMS = 50
A_CHANGE = 100
"""Events that one change logs while the store is filled."""
CALM_S = 10.0


async def fill(store: SqlStore, events: int) -> None:
    """Log so many events."""
    await store.create_tenant(tenant(eg.TENANT))

    async def one_room(number: int) -> None:
        room = RoomKey(eg.TENANT, f"r1-{number}")
        told = (Announced(room, UrlId(f"page {number}"), eg.new_comment()),) * A_CHANGE
        for change in range(events // ROOMS // A_CHANGE):
            decision = Decision(b"", events=told)
            await store.change(replace(saying(f"{number} {change}"), decide=always(decision)))

    await asyncio.gather(*(one_room(number) for number in range(ROOMS)))


async def times(store: SqlStore, tasks: int, name: str, until: Awaitable[object]) -> list[float]:
    """How long each write took, in ms, until something has ended."""
    numbers, took = itertools.count(), list[float]()
    ended = asyncio.Event()

    async def wait() -> None:
        await until
        ended.set()

    async def work() -> None:
        while not ended.is_set():
            began = time.perf_counter()
            await store.change(saying(f"{name} {next(numbers)}"))
            took.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(wait(), *(work() for _ in range(tasks)))
    return took


async def measure(store: SqlStore, clock: Clock, name: str, events: int, tasks: int) -> None:
    await fill(store, events)
    clock.ms += EVENTS_KEPT_MS + 1_000_000
    calm = await times(store, tasks, "calm", asyncio.sleep(CALM_S))
    began = time.perf_counter()
    busy = await times(store, tasks, "busy", trim_logs(store))
    sweep_s = time.perf_counter() - began
    for what, took in (("in peace", calm), (f"in {sweep_s:.1f} s of trimming", busy)):
        p99 = statistics.quantiles(took, n=100)[98]
        print(
            f"{name}, {what}: median {statistics.median(took):.1f} ms, 99 % {p99:.1f} ms, {len(took)} writes"
        )
    await store.close()


async def both(events: int, tasks: int) -> None:
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        store: SqlStore = await SqliteStore.open(Path(folder) / "one.sqlite", now_ms=clock)
        await measure(store, clock, "SQLite", events, tasks)
    clock = Clock()
    async with own_database() as url:
        store = await PostgresStore.open(url, now_ms=clock)
        await measure(store, clock, "PostgreSQL", events, tasks)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=50_000)
    options.add_argument("--tasks", type=int, default=8)
    given = options.parse_args()
    asyncio.run(both(given.events, given.tasks))


if __name__ == "__main__":
    main()
