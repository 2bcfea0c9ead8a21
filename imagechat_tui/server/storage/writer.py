"""The one writer of a process: a thread that shares each commit among all requests that wait (PROMISES D1).

It takes what has queued up, has its database run all of it in one transaction, each request undone alone if it fails,
and commits once. Only then are they answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple, Protocol, TypeVar

from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.server.storage import OutcomeUnknown, StoreUnavailable

MAX_BATCH = 256
"""Requests that share one commit; bounds how long the first waits."""

FULL_S = 30.0
"""How long it counts that a write found no room: room may be made, and nobody write until told that there is."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Job(NamedTuple):
    """One request to write."""

    tenants: Collection[TenantId]
    """Whose data it is about."""
    work: Callable[[Any], object]
    """Is given the transaction."""
    done: Future[Any]
    alone: bool = False
    """Whether the work is given the bare connection, between two transactions."""


class Committing(Protocol):
    """A connection for writing. Lives on the writer's thread from the first batch on."""

    def commit_together(self, batch: Sequence[Job]) -> None:
        """Carry out all of them in one transaction, and settle each ``done`` that is not cancelled. Raises nothing."""

    def do_alone(self, job: Job) -> None:
        """Carry out what no transaction can hold, and settle its ``done``. Raises nothing."""

    def close(self) -> None:
        """Let go of the connection."""


class Writer:
    """The writing thread. Owns its connection from the first job to ``close``."""

    def __init__(self, connection: Committing) -> None:
        self._connection = connection
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._closed = False
        self._ended: Future[BaseException] = Future()
        """Set when the thread has ended by itself."""
        self._full_at = float("-inf")
        self._thread.start()

    @property
    def found_no_room(self) -> bool:
        """Whether a write has failed within the last 30 s because the disk is full."""
        return time.monotonic() < self._full_at + FULL_S

    async def run(self, tenants: Collection[TenantId], work: Callable[[Any], T]) -> T:
        """Run ``work`` in a transaction and return when it is on the disk.

        Raises:
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: The thread has ended over it.
        """
        done: Future[T] = Future()
        return await self._done(Job(tenants, work, done), done)

    async def run_alone(self, work: Callable[[Any], T]) -> T:
        """Run ``work`` on the connection while no transaction is open; whoever writes waits for it.

        Raises:
            StoreUnavailable: It failed.
            OutcomeUnknown: The thread has ended over it.
        """
        done: Future[T] = Future()
        return await self._done(Job((), work, done, alone=True), done)

    async def _done(self, job: Job, done: Future[T]) -> T:
        if self._closed or self._ended.done():
            raise StoreUnavailable("closed" if self._closed else "the writer has ended")
        self._jobs.put(job)
        if self._ended.done():  # between the look and the put
            self._let_go()
        try:
            return await asyncio.shield(asyncio.wrap_future(done))
        except StoreUnavailable as error:
            if error.disk_full:
                self._full_at = time.monotonic()
            raise

    async def watch(self) -> None:
        """Wait for as long as the thread does its work, which should be for ever.

        Raises:
            StoreUnavailable: It has ended by itself, so nothing can be written any more.
        """
        error = await asyncio.shield(asyncio.wrap_future(self._ended))
        raise StoreUnavailable(f"the writer has ended: {error!r}") from error

    async def close(self) -> None:
        """Finish what is queued, then close the connection."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        batch: list[Job] = []
        try:
            self._serve(batch)
        except BaseException as error:  # a bug: told, and whoever waits is let go
            _log.critical("the writer has ended", exc_info=error)
            self._ended.set_result(error)
            for job in batch:
                if not job.done.done():
                    job.done.set_exception(OutcomeUnknown("the writer has ended"))
            self._let_go()

    def _let_go(self) -> None:
        """Answer whoever still waits for a thread that has ended."""
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None:
                    job.done.set_exception(StoreUnavailable("the writer has ended"))

    def _serve(self, batch: list[Job]) -> None:
        """Work until the end. ``batch`` holds what is being worked on."""
        while (first := self._jobs.get()) is not None:
            batch[:], last = [first], False
            while len(batch) < MAX_BATCH:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    last = True
                    break
                batch.append(job)
            shared = [job for job in batch if not job.alone]
            if shared:
                self._connection.commit_together(shared)
            for job in batch:
                if job.alone:
                    self._connection.do_alone(job)
            if last:
                break
        self._connection.close()
