"""What PostgreSQL adds to the contract of a Store: many processes on one database, which may go and come back."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from imagechat_tui.server.storage import OutcomeUnknown, StoreError, StoreNewer, StoreUnavailable, postgres
from imagechat_tui.server.storage.migrations import steps
from imagechat_tui.server.storage.postgres import PostgresStore
from imagechat_tui.server.storage.postgres_connection import PostgresConnection, postgres_statement
from imagechat_tui.server.storage.postgres_tables import tables_read
from imagechat_tui.server.storage.postgres_transaction import PostgresTransaction, lock_key
from imagechat_tui.server.storage.sql_transaction import SqlTransaction
from imagechat_tui.server.storage.sqlite import SqliteStore
from tests import examples as eg
from tests.contracts.services import ask, own_database
from tests.contracts.test_store import OTHER, ROOM, Clock, log, saying, tenant


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with own_database() as url:
        yield url


async def opened(url: str) -> PostgresStore:
    return await PostgresStore.open(url, now_ms=Clock())


@pytest.fixture
async def store(url: str) -> AsyncIterator[PostgresStore]:
    store = await opened(url)
    await store.create_tenant(tenant(eg.TENANT))
    yield store
    await store.close()


def session(tx: SqlTransaction) -> int:
    number: int = tx.db.execute("SELECT pg_backend_pid()").fetchone()[0]
    return number


async def sessions(store: PostgresStore) -> list[int]:
    """The numbers of a writer's and a reader's session."""
    return [await store._engine.write((), session), await store._engine.read(session)]


async def end_sessions(url: str, numbers: list[int]) -> None:
    for number in numbers:
        await ask(url, f"SELECT pg_terminate_backend({number}, 5000)")


@pytest.mark.reliability
async def test_writers_of_two_processes_number_a_room_in_the_order_in_which_it_is_read(
    url: str, store: PostgresStore
) -> None:
    other, seen = await opened(url), [0]

    async def follow() -> None:
        while seen[-1] < 40:
            seen.extend(await log(store, seen[-1]))

    writes = [one.change(saying(f"{n} {one is store}")) for n in range(20) for one in (store, other)]
    try:
        async with asyncio.timeout(30):
            await asyncio.gather(follow(), *writes)
        page = await other.events_after(ROOM, 0)
    finally:
        await other.close()
    assert seen == list(range(41))
    assert page is not None
    times = [event.timestamp_ms for event in page.events]
    assert times == sorted(set(times))


@pytest.mark.reliability
async def test_the_same_request_by_two_processes_at_once_is_carried_out_once(
    url: str, store: PostgresStore
) -> None:
    other = await opened(url)
    try:
        outcomes = await asyncio.gather(store.change(saying("one")), other.change(saying("one")))
    finally:
        await other.close()
    assert [outcome.answer for outcome in outcomes] == [b"one", b"one"]
    assert sorted(outcome.rooms for outcome in outcomes) == [(), (ROOM,)]
    assert await log(store) == [1]


async def test_tenants_do_not_wait_for_each_other(url: str, store: PostgresStore) -> None:
    await store.create_tenant(tenant(OTHER))
    epoch = (await store.positions([ROOM]))[ROOM].epoch
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", lock_key(epoch, eg.TENANT))
            waiting = asyncio.gather(store.change(saying("waits")))
            other = await opened(url)
            await other.change(saying("does not wait", tenant_id=OTHER))
            await other.close()
            assert not waiting.done()
        await waiting
    finally:
        await connection.close()


@pytest.mark.reliability
async def test_processes_that_start_at_once_make_the_tables_once(url: str) -> None:
    stores = await asyncio.gather(*(opened(url) for _ in range(3)))
    epochs = {(await store.positions([ROOM]))[ROOM].epoch for store in stores}
    for store in stores:
        await store.close()
    assert len(epochs) == 1


@pytest.mark.reliability
async def test_a_process_that_ends_while_it_makes_the_tables_leaves_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(postgres, "steps", lambda engine: ["CREATE TABLE half (a BIGINT)", "no SQL"])
        with pytest.raises(StoreUnavailable):
            await opened(url)
    assert await ask(url, "SELECT to_regclass('half')") == [(None,)]
    await (await opened(url)).close()


async def test_a_database_of_a_newer_version_is_refused(url: str, store: PostgresStore) -> None:
    await ask(url, "INSERT INTO migration VALUES (9999)")
    with pytest.raises(StoreNewer):
        await opened(url)


@pytest.mark.parametrize(
    "wrong",
    ["postgresql://postgres@127.0.0.1:1/test", "postgresql://127.0.0.1:x/test", "mysql://127.0.0.1/test"],
)
async def test_where_no_database_is_the_store_says_so_and_not_the_password(wrong: str) -> None:
    with pytest.raises(StoreError) as refused:
        await opened(wrong.replace("//", "//somebody:canary@").replace("canary@postgres", "canary"))
    assert "canary" not in str(refused.value)


@pytest.mark.reliability
async def test_after_a_restart_of_the_database_everything_goes_on(url: str, store: PostgresStore) -> None:
    await store.change(saying("before"))
    await end_sessions(url, await sessions(store))
    assert await log(store) == [1]
    await store.change(saying("after"))
    assert await log(store) == [1, 2]


@pytest.mark.reliability
async def test_a_session_that_ends_in_the_midst_of_a_change_leaves_nothing(
    url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(self: SqlTransaction, *args: object, **kwargs: object) -> None:
        victim = PostgresConnection(url)
        victim.connect()
        victim.execute("SELECT pg_terminate_backend(?, 5000)", (session(self),))
        victim.close()

    with monkeypatch.context() as broken:
        broken.setattr(PostgresTransaction, "put_answer", ended)
        with pytest.raises(StoreUnavailable):
            await store.change(saying("lost"))
    assert await log(store) == []
    await store.change(saying("lost"))
    assert await log(store) == [1]


@pytest.mark.reliability
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("doubt_s", [5.0, 0.0])
async def test_of_a_commit_without_an_answer_is_found_out_whether_it_was_kept(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, kept: bool, doubt_s: float
) -> None:
    run = PostgresConnection.run

    def cut(self: PostgresConnection, statements: str) -> None:
        if statements == "COMMIT":
            if kept:
                run(self, statements)
            self.drop()
            raise ConnectionError
        run(self, statements)

    await store.change(saying("before"))
    monkeypatch.setattr(postgres, "DOUBT_S", doubt_s)
    with monkeypatch.context() as broken:
        broken.setattr(PostgresConnection, "run", cut)
        (outcome,) = await asyncio.gather(store.change(saying("one")), return_exceptions=True)
    if doubt_s == 0.0:
        assert isinstance(outcome, OutcomeUnknown)
    elif kept:
        assert not isinstance(outcome, BaseException)
    else:
        assert isinstance(outcome, StoreUnavailable)
    assert len(await log(store)) == 1 + kept


async def test_commits_are_synced_readers_cannot_write_and_who_stands_still_holds_nobody_up(
    store: PostgresStore,
) -> None:
    def settings(*names: str) -> list[str]:
        return [f"SELECT current_setting('{name}')" for name in names]

    def told(tx: SqlTransaction) -> list[object]:
        names = ("synchronous_commit", "transaction_read_only", "transaction_isolation")
        limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        return [tx.db.execute(one).fetchone()[0] for one in settings(*names, *limits)]

    assert await store._engine.write((), told) == ["on", "off", "read committed", "8s", "6s", "4s"]
    assert (await store._engine.read(told))[1:] == ["on", "repeatable read", "8s", "6s", "4s"]


async def test_both_databases_have_the_same_tables(url: str, store: PostgresStore, tmp_path: Path) -> None:
    await (await SqliteStore.open(tmp_path / "one.sqlite", now_ms=Clock())).close()
    with sqlite3.connect(tmp_path / "one.sqlite") as database:
        ours = database.execute(
            "SELECT tables.name, columns.name, columns.\"notnull\" OR columns.name = 'ordinal'"
            " FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns"
            " WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite%'"
        ).fetchall()
    database.close()
    theirs = await ask(
        url,
        "SELECT table_name::text, column_name::text, CAST(is_nullable = 'NO' AS int) FROM"
        " information_schema.columns WHERE table_schema = current_schema() AND table_name <> 'migration'",
    )
    assert sorted(theirs) == sorted(ours)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("SELECT a FROM b WHERE c = ? AND d = ?", "SELECT a FROM b WHERE c = $1 AND d = $2"),
        ("UPDATE b SET c = ?2 WHERE d = ?1 AND e = ?2", "UPDATE b SET c = $2 WHERE d = $1 AND e = $2"),
        ("SELECT a FROM b INDEXED BY b_c WHERE c = ?", "SELECT a FROM b WHERE c = $1"),
        ("SELECT a FROM b CROSS JOIN c ON c.d = b.d", "SELECT a FROM b JOIN c ON c.d = b.d"),
    ],
)
def test_statements_as_postgresql_takes_them(ours: str, theirs: str) -> None:
    assert postgres_statement(ours) == theirs


async def test_what_lies_in_the_tables_is_read_through_and_nothing_is_written(
    url: str, store: PostgresStore
) -> None:
    await store.change(saying("one"))
    found = await tables_read(url)
    assert found.steps == len(steps("postgres"))
    assert found.sealed == {eg.TENANT: tenant(eg.TENANT).api_secret_sealed}
    assert (found.comments, found.damage, found.orphans) == (1, (), ())
    await ask(url, "INSERT INTO migration VALUES (9999)")
    assert (await tables_read(url)).steps == 9999


async def test_a_database_without_our_tables_is_told(url: str) -> None:
    with pytest.raises(StoreError):
        await tables_read(url)
    assert await ask(url, "SELECT to_regclass('tenant')") == [(None,)]
