"""The one writer of a process: a thread that shares each commit among all requests that wait (PROMISES D1).

It takes what has queued up, has its database run all of it in one transaction, each request undone alone if it fails,
and commits once. Only then are they answered.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple, Protocol, TypeVar

from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.server.storage import StoreUnavailable

MAX_BATCH = 256
"""Requests that share one commit; bounds how long the first waits."""

T = TypeVar("T")


class Job(NamedTuple):
    """One request to write."""

    tenants: Collection[TenantId]
    """Whose data it is about."""
    work: Callable[[Any], object]
    """Is given the transaction."""
    done: Future[Any]


class Committing(Protocol):
    """A connection for writing. Lives on the writer's thread from the first batch on."""

    def commit_together(self, batch: Sequence[Job]) -> None:
        """Carry out all of them in one transaction, and settle each ``done`` that is not cancelled. Raises nothing."""

    def close(self) -> None:
        """Let go of the connection."""


class Writer:
    """The writing thread. Owns its connection from the first job to ``close``."""

    def __init__(self, connection: Committing) -> None:
        self._connection = connection
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._closed = False
        self._thread.start()

    async def run(self, tenants: Collection[TenantId], work: Callable[[Any], T]) -> T:
        """Run ``work`` in a transaction and return when it is on the disk.

        Raises:
            StoreUnavailable: Nothing was written.
        """
        if self._closed:
            raise StoreUnavailable("closed")
        done: Future[T] = Future()
        self._jobs.put(Job(tenants, work, done))
        return await asyncio.shield(asyncio.wrap_future(done))

    async def close(self) -> None:
        """Finish what is queued, then close the connection."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            batch, last = [first], False
            while len(batch) < MAX_BATCH:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    last = True
                    break
                batch.append(job)
            self._connection.commit_together(batch)
            if last:
                break
        self._connection.close()
