"""Durable writes a second: commits that are shared beside one for each, and PostgreSQL beside bare asyncpg.

    python -m tests.benchmarks.writes [--seconds N] [--tasks N]

Ratios of one run on one disk; the figures themselves are the machine's. "a row" is one insert, "a comment" a whole
change: stored answer, rooms, numbers, log, rules. Wants PostgreSQL as the tests do.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from unittest import mock

import asyncpg

from imagechat_tui.server.storage import writer
from imagechat_tui.server.storage.postgres import PostgresStore
from imagechat_tui.server.storage.sql_store import SqlStore
from imagechat_tui.server.storage.sqlite import SqliteStore
from tests import examples as eg
from tests.contracts.services import own_database
from tests.contracts.test_store import Clock, saying, tenant

Write = Callable[[int], Awaitable[object]]

_ROW = "INSERT INTO installation VALUES (?, ?)"
_VALUE = b"x" * 500


async def a_second(write: Write, tasks: int, seconds: float) -> float:
    """How many writes a second are acknowledged to so many at once."""
    numbers, done = itertools.count(), 0
    began = time.perf_counter()

    async def work() -> None:
        nonlocal done
        while time.perf_counter() - began < seconds:
            await write(next(numbers))
            done += 1

    await asyncio.gather(*(work() for _ in range(tasks)))
    return done / (time.perf_counter() - began)


def row(store: SqlStore) -> Write:
    """A bare insert."""

    async def write(number: int) -> object:
        values = f"row {number}", _VALUE
        return await store._engine.write((eg.TENANT,), lambda tx: tx.db.execute(_ROW, values))

    return write


def comment(store: SqlStore) -> Write:
    """A whole change."""

    async def write(number: int) -> object:
        return await store.change(saying(f"text {number}"))

    return write


async def of_sqlite(tasks: int, seconds: float) -> dict[str, float]:
    found = {}
    for each, most in ((" each", 1), ("", writer.MAX_BATCH)):
        for what, make in (("a row", row), ("a comment", comment)):
            with tempfile.TemporaryDirectory() as folder, mock.patch.object(writer, "MAX_BATCH", most):
                store = await SqliteStore.open(Path(folder) / "one.sqlite", now_ms=Clock())
                await store.create_tenant(tenant(eg.TENANT))
                found[what + each] = await a_second(make(store), tasks, seconds)
                await store.close()
    return found


async def of_postgres(tasks: int, seconds: float) -> dict[str, float]:
    found = {}
    async with own_database() as url:
        store = await PostgresStore.open(url, now_ms=Clock())
        await store.create_tenant(tenant(eg.TENANT))
        for connections in (1, 16):
            async with asyncpg.create_pool(url, min_size=connections, max_size=connections) as pool:
                found[f"bare, {connections}"] = await a_second(bare(pool, connections), tasks, seconds)
        found["a row"] = await a_second(row(store), tasks, seconds)
        found["a comment"] = await a_second(comment(store), tasks, seconds)
        await store.close()
    return found


def bare(pool: Any, connections: int) -> Write:
    """The same insert by asyncpg alone, committed by itself."""

    async def write(number: int) -> object:
        return await pool.execute(
            "INSERT INTO installation VALUES ($1, $2)", f"bare {connections} {number}", _VALUE
        )

    return write


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=3.0)
    options.add_argument("--tasks", type=int, default=64)
    given = options.parse_args()
    sqlite = asyncio.run(of_sqlite(given.tasks, given.seconds))
    postgres = asyncio.run(of_postgres(given.tasks, given.seconds))
    for what in ("a row", "a comment"):
        shared, each = sqlite[what], sqlite[f"{what} each"]
        print(
            f"SQLite, {what}: {each:.0f}/s with a commit each, {shared:.0f}/s shared: {shared / each:.1f} x"
        )
    for one in ("bare, 1", "bare, 16"):
        print(f"asyncpg, a row, a commit each: {postgres[one]:.0f}/s ({one} connections)")
    for what in ("a row", "a comment"):
        ratios = ", ".join(f"{postgres[what] / postgres[one]:.2f} x {one}" for one in ("bare, 1", "bare, 16"))
        print(f"PostgreSQL, {what}: {postgres[what]:.0f}/s: {ratios}")


if __name__ == "__main__":
    main()
