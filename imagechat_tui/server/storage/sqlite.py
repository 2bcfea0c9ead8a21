"""The store on SQLite: WAL, a synced commit before every answer, one writer, readers that cannot write.

The driver is the standard library's: per statement, a client library costs more than the statement does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import threading
import uuid
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from imagechat_tui.owned import try_lock
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.server.storage import StoreError, StoreInUse, StoreNewer, StoreUnavailable
from imagechat_tui.server.storage.migrations import steps
from imagechat_tui.server.storage.sql_store import SqlStore, Work
from imagechat_tui.server.storage.sqlite_transaction import SqliteTransaction
from imagechat_tui.server.storage.writer import Job, Settled, Writer

READERS = 2
BUSY_MS = 5_000
WIPE_MS = 100
"""How long emptying the log waits for readers, and writers for that."""
MIN_FREE_BYTES = 8 << 20
"""Below it a disk counts as full: a checkpoint needs room, too."""
_OLDEST = (3, 37, 0)  # STRICT tables; RETURNING is older

T = TypeVar("T")


class SqliteStore(SqlStore):
    """A Store in one file. Open it with ``open``, by one process at a time."""

    @classmethod
    async def open(cls, path: Path, *, now_ms: Callable[[], int]) -> SqliteStore:
        """Open or create the database.

        Args:
            path: The file; its lock file lies beside it.
            now_ms: The server's clock, ms since the epoch.

        Raises:
            StoreError: It is in use by another process, or no database of ours.
        """
        return cls(*await asyncio.to_thread(_opened, path), now_ms)


class SqliteEngine:
    """SQLite's transactions: one writer, and a few readers."""

    def __init__(self, path: Path, lock: int, writer: Writer) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._lock = lock
        self._writer = writer
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._closed = False

    async def write(
        self, tenants: Collection[TenantId], work: Work[T], told: Callable[[T], None] | None = None
    ) -> T:
        """See Engine. The writer writes for one at a time."""
        return await self._writer.run(tenants, work, told)

    async def read(self, work: Work[T]) -> T:
        """See Engine."""
        if self._closed:
            raise StoreUnavailable("closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read_now, work)

    async def check(self) -> None:
        """See Engine."""
        place = await asyncio.to_thread(os.statvfs, self._path.parent)
        if self._writer.found_no_room or place.f_bavail * place.f_frsize < MIN_FREE_BYTES:
            raise StoreUnavailable("no room for a write", disk_full=True)
        await self.read(lambda tx: tx.db.execute("SELECT 1 FROM installation LIMIT 1"))

    async def watch(self) -> None:
        """See Engine."""
        await self._writer.watch()

    async def wipe(self) -> None:
        """See Engine. The log still has the pages as they were before: it is carried over and cut to nothing, unless
        somebody reads from it for too long."""
        if await asyncio.to_thread(_size, self._log):
            with contextlib.suppress(StoreUnavailable):  # a full disk: tried again by the next sweep
                await self._writer.run_alone(partial(_empty_log, wait_ms=WIPE_MS))

    async def size_bytes(self) -> int:
        """See Engine."""
        return sum([await asyncio.to_thread(_size, path) for path in (self._path, self._log)])

    async def vacuum(self) -> None:
        """See Engine. All is written anew, into the log, and carried over from there."""
        await self._writer.run_alone(_vacuum)

    async def close(self) -> None:
        """See Engine. The writer goes last: it carries the log over into the database."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._connections:
            connection.close()
        await self._writer.close()
        os.close(self._lock)

    def _read_now(self, work: Work[T]) -> T:
        try:
            connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = _connect(self._path)
                self._connections.append(connection)
                connection.execute("PRAGMA query_only = ON")
                connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute("BEGIN")
            try:
                return work(SqliteTransaction(connection))
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise unavailable(error) from error


class _Committing:
    """Shares commits, by a savepoint for each request (``writer``)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def commit_together(self, batch: Sequence[Job]) -> None:
        """See Committing. A commit that fails fails them all."""
        results: list[tuple[Settled[object], object]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                self._in_savepoint(job, results)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for job in batch:
                if not job.done.done():
                    job.done.set_exception(unavailable(error))
            return
        for done, result in results:
            done.set_result(result)

    def do_alone(self, job: Job) -> None:
        """See Committing."""
        try:
            job.done.set_result(job.work(self._connection))
        except Exception as error:
            job.done.set_exception(unavailable(error) if isinstance(error, sqlite3.Error) else error)

    def close(self) -> None:
        """See Committing."""
        self._connection.close()

    def _in_savepoint(self, job: Job, results: list[tuple[Settled[object], object]]) -> None:
        self._connection.execute("SAVEPOINT request")
        try:
            results.append((job.done, job.work(SqliteTransaction(self._connection))))
        except sqlite3.OperationalError:
            raise  # a full or broken disk: SQLite may have undone everything already
        except Exception as error:  # the request's own refusal, or its bug: undone alone, told to it
            self._connection.execute("ROLLBACK TO request")
            job.done.set_exception(unavailable(error) if isinstance(error, sqlite3.Error) else error)
        self._connection.execute("RELEASE request")


def _opened(path: Path) -> tuple[SqliteEngine, str]:
    """The engine of a file that nobody else has open, and the epoch of its logs."""
    if sqlite3.sqlite_version_info < _OLDEST:
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old")
    lock = try_lock(lock_path(path))
    if lock is None:
        raise StoreInUse("another process uses this database")
    try:
        connection = _connect(path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            _migrate(connection)
            epoch = SqliteTransaction(connection).installed("epoch", lambda: uuid.uuid4().hex.encode())
        except BaseException:
            connection.close()
            raise
    except BaseException as error:
        os.close(lock)
        if isinstance(error, sqlite3.Error):
            raise StoreError(str(error), disk_full=is_full(error)) from error
        raise
    return SqliteEngine(path, lock, Writer(_Committing(connection))), epoch.decode()


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _vacuum(connection: sqlite3.Connection) -> None:
    connection.execute("VACUUM")
    _empty_log(connection, wait_ms=BUSY_MS)


def _empty_log(connection: sqlite3.Connection, *, wait_ms: int) -> None:
    connection.execute(f"PRAGMA busy_timeout = {wait_ms}")
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")


def lock_path(database: Path) -> Path:
    """The file whose lock says that a process has the database open."""
    return database.with_name(f"{database.name}.lock")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA mmap_size = 0")
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    """Apply the steps that the database lacks, each in a transaction with its number."""
    applied = connection.execute("PRAGMA user_version").fetchone()[0]
    scripts = steps("sqlite")
    if applied > len(scripts):
        raise StoreNewer
    for number, script in enumerate(scripts, start=1):
        if number > applied:
            with contextlib.closing(connection.cursor()) as cursor:
                cursor.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def unavailable(error: sqlite3.Error) -> StoreUnavailable:
    """The driver's error in the store's words."""
    return StoreUnavailable(str(error), disk_full=is_full(error))


def is_full(error: sqlite3.Error) -> bool:
    """Whether SQLite found no room left. An error that it did not make itself has no code."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
