"""The store on PostgreSQL: one writer a process with group commit, a few readers, and many processes on one database.

What is about a tenant is written by one transaction at a time, whichever process it is of: each begins by taking an
advisory lock for every tenant that it is about, in one order, so that none waits for one that waits for it. A lock is
let go when what was written can be seen. So the numbers of a room are given in the order of commit, without holes, and
who reads one has read all before it; with a sequence, a reader could miss the smaller of two numbers, committed later.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import asyncpg

from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.server.storage import OutcomeUnknown, StoreError, StoreNewer, StoreUnavailable
from imagechat_tui.server.storage.migrations import steps
from imagechat_tui.server.storage.postgres_connection import (
    CONNECT_S,
    Failures,
    PostgresConnection,
    unavailable,
)
from imagechat_tui.server.storage.postgres_transaction import PostgresTransaction, lock_key
from imagechat_tui.server.storage.sql_store import SqlStore, Work
from imagechat_tui.server.storage.writer import Job, Settled, Writer

READERS = 4
DOUBT_S = 5.0
"""How long is asked whether a commit was kept whose answer was lost: a restart of the server takes less."""
ASK_EVERY_S = 0.1
OLDEST = 13  # pg_current_xact_id
_MIGRATING = 0x696D616765636861
"""The advisory lock of whoever changes the tables."""
_INVALID_PARAMETER = "22023"

T = TypeVar("T")


class PostgresStore(SqlStore):
    """A Store in a database that many processes may have open. Open it with ``open``."""

    @classmethod
    async def open(cls, url: str, *, now_ms: Callable[[], int]) -> PostgresStore:
        """Connect, and make or complete the tables.

        Args:
            url: As libpq has it: ``postgresql://user:password@host:port/database?sslmode=verify-full``.
            now_ms: The server's clock, ms since the epoch. Those of all processes should agree.

        Raises:
            StoreError: It cannot be reached, or cannot be used.
        """
        return cls(*await asyncio.to_thread(_opened, url), now_ms)


class PostgresEngine:
    """PostgreSQL's transactions."""

    def __init__(self, url: str, installation: str) -> None:
        self._url = url
        self._installation = installation
        self._writer = Writer(_Committing(url, installation))
        self._local = threading.local()
        self._connections: list[PostgresConnection] = []
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._closed = False

    async def write(
        self, tenants: Collection[TenantId], work: Work[T], told: Callable[[T], None] | None = None
    ) -> T:
        """See Engine.

        Raises:
            OutcomeUnknown: See there.
        """
        return await self._writer.run(tenants, work, told)

    async def read(self, work: Work[T]) -> T:
        """See Engine."""
        if self._closed:
            raise StoreUnavailable("closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read_now, work)

    async def check(self) -> None:
        """See Engine. How much room the database's server has it does not tell."""
        if self._writer.found_no_room:
            raise StoreUnavailable("no room for a write", disk_full=True)
        await self.read(lambda tx: tx.db.execute("SELECT 1"))

    async def watch(self) -> None:
        """See Engine."""
        await self._writer.watch()

    async def size_bytes(self) -> int:
        """See Engine."""
        size = (
            "SELECT CAST(coalesce(sum(pg_total_relation_size(pg_class.oid)), 0) AS bigint) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = CAST(CAST(current_schema() AS text) AS regnamespace)"
        )
        return await self.read(lambda tx: int(tx.db.execute(size).fetchone()[0]))

    async def vacuum(self) -> None:
        """See Engine. By a connection of its own, as long as it takes; all others go on."""
        try:
            connection = await asyncpg.connect(self._url, timeout=CONNECT_S)
            try:
                tables = await connection.fetch(
                    "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()"
                )
                for (table,) in tables:
                    await connection.execute(f"VACUUM (ANALYZE) {table}")
            finally:
                await connection.close(timeout=CONNECT_S)
        except Failures as error:
            raise unavailable(error) from error

    async def wipe(self) -> None:
        """See Engine. What lies in its files is for the database's server to overwrite."""

    async def close(self) -> None:
        """See Engine."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        await asyncio.to_thread(self._close_readers)

    def _close_readers(self) -> None:
        self._readers.shutdown()
        for connection in self._connections:
            connection.close()

    def _read_now(self, work: Work[T]) -> T:
        connection: PostgresConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = PostgresConnection(self._url, reads_only=True)
            self._connections.append(connection)
        try:
            connection.begin("BEGIN")
            try:
                return work(PostgresTransaction(connection, self._installation))
            finally:
                if not connection.is_lost:
                    connection.run("ROLLBACK")
        except Failures as error:
            raise unavailable(error) from error


class _Committing:
    """Shares commits, by a savepoint for each request (``writer``)."""

    def __init__(self, url: str, installation: str) -> None:
        self._connection = PostgresConnection(url)
        self._installation = installation

    def commit_together(self, batch: Sequence[Job]) -> None:
        """See Committing."""
        results: list[tuple[Settled[object], object]] = []
        try:
            number = self._begin({tenant_id for job in batch for tenant_id in job.tenants})
            next_savepoint = "SAVEPOINT request"
            for job in batch:
                self._connection.run(next_savepoint)
                self._carry_out(job, results)
                next_savepoint = (
                    "RELEASE request; SAVEPOINT request"  # in one message: each costs a way there and back
                )
        except Failures as error:
            self._give_up()
            _fail(batch, unavailable(error))
            return
        try:
            self._connection.run("COMMIT")
        except Failures as error:
            kept = self._was_kept(number)
            if not kept:
                _fail(batch, unavailable(error) if kept is False else OutcomeUnknown(str(error)))
                return
        for done, result in results:
            done.set_result(result)

    def do_alone(self, job: Job) -> None:
        """See Committing."""
        try:
            self._connection.begin("SELECT 1")
            job.done.set_result(job.work(self._connection))
        except Exception as error:
            job.done.set_exception(unavailable(error) if isinstance(error, Failures) else error)

    def close(self) -> None:
        """See Committing."""
        self._connection.close()

    def _begin(self, tenants: Collection[TenantId]) -> str:
        """Begin a transaction that alone writes for these tenants. Returns its number."""
        self._connection.begin("BEGIN")
        keys = sorted(lock_key(self._installation, tenant_id) for tenant_id in tenants)
        row = self._connection.execute(
            "SELECT CAST(pg_current_xact_id() AS text), (SELECT count(*) FROM ("
            "SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(? AS BIGINT[])) AS key OFFSET 0) AS taken)",
            (keys,),
        ).fetchone()
        return str(row[0])

    def _carry_out(self, job: Job, results: list[tuple[Settled[object], object]]) -> None:
        """Do what is wanted since the savepoint, or nothing."""
        try:
            results.append((job.done, job.work(PostgresTransaction(self._connection, self._installation))))
        except Exception as error:  # the request's own refusal, or its bug: undone alone, told to it
            if self._connection.is_lost:
                raise
            self._connection.run("ROLLBACK TO request")
            job.done.set_exception(unavailable(error) if isinstance(error, Failures) else error)

    def _give_up(self) -> None:
        """Undo what is open. If even that fails, the server undoes it when it notices that nobody is there."""
        if not self._connection.is_lost:
            try:
                self._connection.run("ROLLBACK")
            except Failures:
                self._connection.drop()

    def _was_kept(self, number: str) -> bool | None:
        """Whether a transaction whose commit was not answered was committed; None if nobody can be asked."""
        self._connection.drop()
        until = time.monotonic() + DOUBT_S
        while time.monotonic() < until:
            try:
                self._connection.begin("SELECT 1")
                row = self._connection.execute(
                    "SELECT pg_xact_status(CAST(CAST(? AS text) AS xid8))", (number,)
                ).fetchone()
            except asyncpg.PostgresError as error:
                if error.sqlstate == _INVALID_PARAMETER:  # a number that was lost with all that it did
                    return False
            except Failures:
                pass
            else:
                if row[0] != "in progress":
                    return bool(row[0] == "committed")
            time.sleep(ASK_EVERY_S)
        return None


def _fail(batch: Sequence[Job], error: StoreError) -> None:
    for job in batch:
        if not job.done.done():
            job.done.set_exception(error)


def _opened(url: str) -> tuple[PostgresEngine, str]:
    """The engine of a database with all tables, and the epoch of its logs, which also names the installation."""
    connection = PostgresConnection(url)
    try:
        connection.connect()
        if connection.server_version() < OLDEST:
            raise StoreError(f"PostgreSQL {connection.server_version()} is too old")
        encoding = connection.execute("SHOW server_encoding").fetchone()[0]
        if encoding != "UTF8":
            raise StoreError(f"the encoding of the database is {encoding}, not UTF8")
        _migrate(connection)
        transaction = PostgresTransaction(connection, "")
        epoch = transaction.installed("epoch", lambda: uuid.uuid4().hex.encode()).decode()
    except (*Failures, ValueError) as error:  # a ValueError of asyncpg's is about the URL
        raise unavailable(error) from error
    finally:
        connection.close()
    return PostgresEngine(url, epoch), epoch


def _migrate(connection: PostgresConnection) -> None:
    """Apply the steps that the database lacks, all in one transaction, by one process at a time."""
    connection.run(
        "BEGIN; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0;"
        f" SELECT pg_advisory_xact_lock({_MIGRATING})"
    )
    connection.run("CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY)")
    applied = connection.execute("SELECT coalesce(max(number), 0) FROM migration").fetchone()[0]
    scripts = steps("postgres")
    if applied > len(scripts):
        raise StoreNewer
    for number, script in enumerate(scripts, start=1):
        if number > applied:
            connection.run(script)
            connection.execute("INSERT INTO migration VALUES (?)", (number,))
    connection.run("COMMIT")
