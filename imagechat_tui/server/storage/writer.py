"""The one writer of a process: a thread that shares each commit among all requests that wait (PROMISES D1).

It takes what has queued up, has its database run all of it in one transaction, each request undone alone if it fails,
and commits once. Only then are they answered: all of them by one call to their loop, for waking it costs more than
most statements do. Whoever else is to hear of it (``told``) comes after all the answers, in the order of the commits,
whether or not somebody still waits for the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.server.storage import OutcomeUnknown, StoreUnavailable

MAX_BATCH = 256
"""Requests that share one commit; bounds how long the first waits."""

FULL_S = 30.0
"""How long it counts that a write found no room: room may be made, and nobody write until told that there is."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Settled(Generic[T]):
    """What comes of a request: set on the writer's thread, told to its loop when all of a batch is."""

    __slots__ = ("_error", "_loop", "_result", "_set", "_told", "_waiter")

    def __init__(self, told: Callable[[T], None] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[T] = self._loop.create_future()
        self._told = told
        self._set = False
        self._result: T
        self._error: BaseException | None = None

    def done(self) -> bool:
        """Whether it is settled."""
        return self._set

    def set_result(self, result: T) -> None:
        """It was done, and is on the disk."""
        self._result, self._set = result, True

    def set_exception(self, error: BaseException) -> None:
        """It was not done."""
        self._error, self._set = error, True

    async def wait(self) -> T:
        """What came of it. Whoever is cancelled over it does not undo it."""
        return await self._waiter

    @staticmethod
    def tell(settled: Iterable[Settled[Any]]) -> None:
        """Have those who wait go on, by one call to each loop; for any thread."""
        by_loop: dict[asyncio.AbstractEventLoop, list[Settled[Any]]] = {}
        for one in settled:
            by_loop.setdefault(one._loop, []).append(one)
        for loop, its in by_loop.items():
            with contextlib.suppress(RuntimeError):  # closed: nobody waits any more
                loop.call_soon_threadsafe(_wake, its)

    def wake(self) -> None:
        """Have the one who waits go on, unless they have given up; on the loop."""
        if not self._waiter.done():
            if self._error is not None:
                self._waiter.set_exception(self._error)
            else:
                self._waiter.set_result(self._result)

    def hand_over(self) -> None:
        """Tell who else is to hear of it; on the loop."""
        if self._told is not None and self._error is None:
            self._loop.call_soon(self._told, self._result)  # behind those who wait: they answer first


def _wake(settled: Sequence[Settled[Any]]) -> None:
    for one in settled:
        one.wake()
    for one in settled:
        one.hand_over()


class Job(NamedTuple):
    """One request to write."""

    tenants: Collection[TenantId]
    """Whose data it is about."""
    work: Callable[[Any], object]
    """Is given the transaction."""
    done: Settled[Any]
    alone: bool = False
    """Whether the work is given the bare connection, between two transactions."""


class Committing(Protocol):
    """A connection for writing. Lives on the writer's thread from the first batch on."""

    def commit_together(self, batch: Sequence[Job]) -> None:
        """Carry out all of them in one transaction, and settle each ``done``. Raises nothing."""

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

    async def run(
        self,
        tenants: Collection[TenantId],
        work: Callable[[Any], T],
        told: Callable[[T], None] | None = None,
    ) -> T:
        """Run ``work`` in a transaction and return when it is on the disk.

        Args:
            tenants: Whose data it is about.
            work: Is given the transaction.
            told: Called on the loop with what came of it, after the answer, even if nobody waits for that any more.

        Raises:
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: The thread has ended over it.
        """
        done = Settled(told)
        return await self._done(Job(tenants, work, done), done)

    async def run_alone(self, work: Callable[[Any], T]) -> T:
        """Run ``work`` on the connection while no transaction is open; whoever writes waits for it.

        Raises:
            StoreUnavailable: It failed.
            OutcomeUnknown: The thread has ended over it.
        """
        done: Settled[T] = Settled()
        return await self._done(Job((), work, done, alone=True), done)

    async def _done(self, job: Job, done: Settled[T]) -> T:
        if self._closed or self._ended.done():
            raise StoreUnavailable("closed" if self._closed else "the writer has ended")
        self._jobs.put(job)
        if self._ended.done():  # between the look and the put
            self._let_go()
        try:
            return await done.wait()
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
            left = [job.done for job in batch if not job.done.done()]
            for done in left:
                done.set_exception(OutcomeUnknown("the writer has ended"))
            Settled.tell([job.done for job in batch])
            self._let_go()

    def _let_go(self) -> None:
        """Answer whoever still waits for a thread that has ended."""
        left: list[Settled[Any]] = []
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None:
                    job.done.set_exception(StoreUnavailable("the writer has ended"))
                    left.append(job.done)
        Settled.tell(left)

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
                Settled.tell([job.done for job in shared])
            for job in batch:
                if job.alone:
                    self._connection.do_alone(job)
                    Settled.tell((job.done,))
            if last:
                break
        self._connection.close()
