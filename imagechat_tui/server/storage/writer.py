"""SQLite's one writer: a thread that shares each commit among all requests that wait (PROMISES D1).

It takes what has queued up, runs each request in a savepoint, commits once and then answers all. A request
that fails is undone alone; a commit that fails fails them all.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from imagechat_tui.server.storage import StoreUnavailable

MAX_BATCH = 256
"""Requests that share one commit; bounds how long the first waits."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class Writer:
    """The writing thread. Owns its connection from the first job to ``close``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._jobs: queue.SimpleQueue[tuple[Work[object], Future[object]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._closed = False
        self._thread.start()

    async def run(self, work: Work[T]) -> T:
        """Run ``work`` in a transaction and return when it is on the disk.

        Raises:
            StoreUnavailable: Nothing was written.
        """
        if self._closed:
            raise StoreUnavailable("closed")
        done: Future[T] = Future()
        self._jobs.put((work, done))  # type: ignore[arg-type]  # the pair fits itself
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
            self._commit_together(batch)
            if last:
                break
        self._connection.close()

    def _commit_together(self, batch: list[tuple[Work[object], Future[object]]]) -> None:
        results: list[tuple[Future[object], object]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for work, done in batch:
                self._in_savepoint(work, done, results)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for _, done in batch:
                if not done.done():
                    done.set_exception(unavailable(error))
            return
        for done, result in results:
            done.set_result(result)

    def _in_savepoint(
        self, work: Work[object], done: Future[object], results: list[tuple[Future[object], object]]
    ) -> None:
        self._connection.execute("SAVEPOINT request")
        try:
            results.append((done, work(self._connection)))
        except sqlite3.OperationalError:
            raise  # a full or broken disk: SQLite may have undone everything already
        except Exception as error:  # the request's own refusal, or its bug: undone alone, told to it
            self._connection.execute("ROLLBACK TO request")
            done.set_exception(unavailable(error) if isinstance(error, sqlite3.Error) else error)
        self._connection.execute("RELEASE request")


def unavailable(error: sqlite3.Error) -> StoreUnavailable:
    """The driver's error in the store's words."""
    return StoreUnavailable(str(error), disk_full=is_full(error))


def is_full(error: sqlite3.Error) -> bool:
    """Whether SQLite found no room left. An error that it did not make itself has no code."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
