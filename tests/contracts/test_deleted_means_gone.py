"""What was deleted stands nowhere any more: in no column of any table, nor in the bytes of SQLite's files."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from imagechat_tui.protocol.codec import dump_json, encode_comment_reply, encode_edit_reply, encode_event
from imagechat_tui.protocol.routes import RESTORABLE_MS, EditReply
from imagechat_tui.server.storage import migrations, sqlite
from imagechat_tui.server.storage.packed_frames import unpack_frames
from imagechat_tui.server.storage.postgres import PostgresStore
from imagechat_tui.server.storage.quotes import without_words
from imagechat_tui.server.storage.sql_store import SqlStore
from imagechat_tui.server.storage.sqlite import SqliteStore
from tests import examples as eg
from tests.contracts.services import ask, own_database
from tests.server.house import IMAGE, SRC, Clock, House, K, Person, in_file, part, running_house

pytestmark = pytest.mark.security

CANARY = "4f1c7e0d"
LONG = f"**{CANARY}** {'sings, and sings, ' * 100}{CANARY}"
OTHER_K = f"{IMAGE}:{SRC}:70:70"


class Kept:
    """A database, seen from outside."""

    def __init__(self, folder: Path, url: str | None) -> None:
        self.folder = folder
        self.url = url

    async def open_store(self, folder: Path, clock: Clock) -> SqlStore:
        return await (
            in_file(folder, clock) if self.url is None else PostgresStore.open(self.url, now_ms=clock)
        )

    async def quoting(self, words: str = CANARY) -> list[str]:
        """Where the words stand: columns, then files."""
        if self.url is not None:
            return await _in_postgres(self.url, words)
        with contextlib.closing(sqlite3.connect(self.folder / "test.sqlite")) as database:
            tables = [
                row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            ]
            columns = [
                f"{table}.{row[1]}"
                for table in tables
                for row in database.execute(f"PRAGMA table_info({table})")
            ]
            packed = [row[0] for row in database.execute("SELECT packed FROM event")]
            found = [
                column
                for column in columns
                if database.execute(
                    f"SELECT 1 FROM {column.partition('.')[0]} WHERE CAST({column} AS TEXT) LIKE ?",
                    [f"%{words}%"],
                ).fetchone()
            ]
        found += _in_frames(packed, words)
        return found + [path.name for path in self.files() if words.encode() in path.read_bytes()]

    def files(self) -> list[Path]:
        """The files of SQLite's database; none of PostgreSQL's."""
        return sorted(self.folder.glob("test.sqlite*")) if self.url is None else []


async def _in_postgres(url: str, words: str) -> list[str]:
    columns = await ask(
        url,
        "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns"
        " WHERE table_schema = current_schema()",
    )
    looks = []
    for table, column, kind in columns:
        text = f"encode({column}, 'escape')" if kind == "bytea" else f"{column}::text"
        looks.append(
            f"SELECT '{table}.{column}' WHERE EXISTS (SELECT 1 FROM {table} WHERE {text} LIKE '%{words}%')"
        )
    found = [str(row[0]) for row in await ask(url, " UNION ALL ".join(looks))]
    packed = await ask(url, "SELECT packed FROM event")
    return sorted(found + _in_frames([row[0] for row in packed], words))


def _in_frames(packed: list[Any], words: str) -> list[str]:
    said = [frames for one in packed if words in str(frames := unpack_frames(one))]
    return ["event.packed"] if said else []


@pytest.fixture(params=["sqlite", "postgres"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    async with contextlib.AsyncExitStack() as stack:
        url = None if request.param == "sqlite" else await stack.enter_async_context(own_database())
        yield Kept(tmp_path, url)


async def edit(person: Person, comment_id: str, text: str, broadcast_id: str = "e1") -> None:
    await person.gets(
        "POST", f"/comments/demo/{comment_id}/update-text", {"comment": text}, broadcastId=broadcast_id
    )


async def delete(person: Person, comment_id: str) -> None:
    await person.gets("DELETE", f"/comments/demo/{comment_id}", broadcastId="d1")


async def said(person: Person, broadcast_id: str = "c1", parent_id: str | None = None) -> str:
    """The id of a comment with the words."""
    return str(part(await person.writes(LONG, broadcast_id, parentId=parent_id), "comment")["_id"])


async def thread(house: House) -> str:
    """The id of a marker whose whole thread says the words: by several people, edited, answered, voted on."""
    ann, bob = house.person("ann"), house.person("bob")
    made = await ann.marks("m2", comment=LONG, windowUrlId=OTHER_K, x=70, y=70)
    top = str(part(await bob.writes(f"{CANARY}!", "c1", OTHER_K), "comment")["_id"])
    await ann.writes(LONG, "c2", OTHER_K, parentId=top)
    await edit(bob, top, f"{CANARY}, once more")
    await ann.gets("POST", f"/comments/demo/{top}/vote", {"voteDir": "up"}, urlId=OTHER_K, broadcastId="v1")
    return str(made["createdChatId"])


async def delete_marker(person: Person, chat: str, broadcast_id: str = "d1") -> None:
    await person.gets("DELETE", f"/comment-image-chats/demo/{chat}", broadcastId=broadcast_id)


async def a_comment(house: House) -> None:
    ann = house.person("ann")
    await delete(ann, await said(ann))


async def a_comment_with_replies(house: House) -> None:
    ann, bob = house.person("ann"), house.person("bob")
    top = await said(ann)
    await said(ann, "c3", await said(bob, "c2", top))
    await delete(ann, top)


async def by_a_moderator(house: House) -> None:
    top = await said(house.person("ann"))
    moderator = house.person("mod", isModerator=True)
    await moderator.gets("POST", f"/comments/demo/{top}/pin", broadcastId="p1")
    await delete(moderator, top)


async def edited_away(house: House) -> None:
    ann = house.person("ann")
    await edit(ann, await said(ann), "I did not say that")


async def edited_then_deleted(house: House) -> None:
    ann = house.person("ann")
    comment_id = await said(ann)
    await edit(ann, comment_id, f"{CANARY} again")
    await edit(ann, comment_id, LONG, "e2")
    await delete(ann, comment_id)


async def a_thread(house: House) -> None:
    await delete_marker(house.person("ann"), await thread(house))


async def a_thread_by_a_moderator(house: House) -> None:
    await delete_marker(house.person("mod", isModerator=True), await thread(house))


async def a_thread_deleted_twice(house: House) -> None:
    ann, chat = house.person("ann"), await thread(house)
    await delete_marker(ann, chat)
    await ann.gets("POST", f"/comment-image-chats/demo/{chat}/restore", broadcastId="r1")
    await delete_marker(ann, chat, "d2")


@dataclass(frozen=True)
class Way:
    """One way of deleting all that says the words."""

    delete: Callable[[House], Awaitable[None]]
    restorable: bool = False


WAYS = [
    Way(a_comment),
    Way(a_comment_with_replies),
    Way(by_a_moderator),
    Way(edited_away),
    Way(edited_then_deleted),
    Way(a_thread, restorable=True),
    Way(a_thread_by_a_moderator, restorable=True),
    Way(a_thread_deleted_twice, restorable=True),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.delete.__name__)
async def test_no_table_and_no_byte_of_a_file_has_the_words(kept: Kept, way: Way) -> None:
    async with running_house(kept.folder, open_store=kept.open_store) as house:
        await house.person("ann").marks("m1")
        await way.delete(house)
        columns = [place for place in await kept.quoting() if "." in place and "sqlite" not in place]
        assert columns == (["deleted_thread.body"] if way.restorable else [])
        if way.restorable:
            house.clock.ms += RESTORABLE_MS
        assert not await house.store.forget_deleted()
        assert await kept.quoting() == []
    assert await kept.quoting() == []


@pytest.mark.parametrize("way", [way for way in WAYS if way.restorable], ids=lambda way: way.delete.__name__)
async def test_what_became_due_while_no_server_ran_goes_with_the_next_start(kept: Kept, way: Way) -> None:
    async with running_house(kept.folder, open_store=kept.open_store) as house:
        await way.delete(house)
        clock = house.clock
    assert "deleted_thread.body" in await kept.quoting()
    clock.ms += RESTORABLE_MS
    store = await kept.open_store(kept.folder, clock)
    assert not await store.forget_deleted()
    assert await kept.quoting() == []
    await store.close()


async def test_words_are_kept_once_while_they_stand(kept: Kept) -> None:
    """The control: the search does find them."""
    async with running_house(kept.folder, open_store=kept.open_store) as house:
        await house.person("ann").marks("m1", comment=LONG)
        await house.store.forget_deleted()
        assert await kept.quoting() == [
            "comment.html",
            "comment.text",
            *(path.name for path in kept.files()[:1]),
        ]


async def test_who_is_reading_does_not_keep_words_in_the_log_for_ever(tmp_path: Path) -> None:
    """SQLite's log has pages as they were before a deletion until it is emptied, which no reader may need any more."""
    kept = Kept(tmp_path, None)
    async with running_house(tmp_path) as house:
        ann = house.person("ann")
        await ann.marks("m1")
        with contextlib.closing(sqlite3.connect(tmp_path / "test.sqlite", isolation_level=None)) as reader:
            comment_id = await said(ann)
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM comment").fetchone()
            await delete(ann, comment_id)
            await house.store.forget_deleted()
            assert await kept.quoting() != []
            reader.execute("ROLLBACK")
        await house.store.forget_deleted()
        assert await kept.quoting() == []
        assert isinstance(house.store, SqliteStore)


_EARLIER = (
    "CREATE TABLE event (comment_id TEXT, full_frame TEXT, plain TEXT)",
    "CREATE INDEX event_of_comment ON event (comment_id)",
    "CREATE TABLE answer (comment_id TEXT, body BYTEA)",
    "CREATE INDEX answer_of_comment ON answer (comment_id)",
    "CREATE TABLE deleted_thread (comment_ids TEXT, body BYTEA)",
)
"""As far as the step is about it, in both databases' words."""


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
async def test_what_an_earlier_version_kept_has_its_words_taken_out(engine: str) -> None:
    quoted = eg.comment(text=f'100 % "{CANARY}" \\ \x01\t', html=f'<p class="a">{CANARY}</p>')
    event = eg.new_comment(comment=quoted)
    full, plain = (encode_event(event, tenant_id=eg.TENANT, v2=v2) for v2 in (True, False))
    reply = dump_json(encode_comment_reply(eg.comment_reply(comment=quoted), tenant_id=eg.TENANT, v2=True))
    edited = dump_json(encode_edit_reply(EditReply(quoted.html, approved=True)))
    script = resources.files(migrations) / f"0013_words_once.{engine}.sql"
    found = await _migrated(engine, script.read_text("utf-8"), [full, plain], [reply, edited])
    assert found == [without_words(text) for text in (full, plain, reply.decode(), edited.decode())]
    assert not any(CANARY in text for text in found)


async def _migrated(engine: str, script: str, frames: list[str], answers: list[bytes]) -> list[str]:
    """Frames and answers after a step."""
    if engine == "sqlite":
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            for statement in _EARLIER:
                database.execute(statement)
            database.execute("INSERT INTO event VALUES ('c_1', ?, ?)", frames)
            database.executemany("INSERT INTO answer VALUES ('c_1', ?)", [(answer,) for answer in answers])
            database.executescript(script)
            kept = database.execute("SELECT full_frame, plain FROM event").fetchone()
            return [*kept, *(row[0].decode() for row in database.execute("SELECT body FROM answer"))]
    async with own_database() as url:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(";".join(_EARLIER))
            await connection.execute("INSERT INTO event VALUES ('c_1', $1, $2)", *frames)
            await connection.executemany("INSERT INTO answer VALUES ('c_1', $1)", [(one,) for one in answers])
            await connection.execute(script)
            kept = await connection.fetchrow("SELECT full_frame, plain FROM event")
            told = await connection.fetch("SELECT body FROM answer")
            return [*kept, *(row[0].decode() for row in told)]
        finally:
            await connection.close()


async def test_a_disk_that_is_full_hinders_no_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(connection: sqlite3.Connection, *, wait_ms: int) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async with running_house(tmp_path) as house:
        await house.person("ann").marks("m1")
        monkeypatch.setattr(sqlite, "_empty_log", full)
        assert not await house.store.forget_deleted()


async def test_a_repetition_says_what_the_comment_says_now(kept: Kept) -> None:
    async with running_house(kept.folder, open_store=kept.open_store) as house:
        ann = house.person("ann")
        await ann.marks("m1")
        first = await ann.writes('100 % "sure" \\ of\tit', "c1")
        assert await ann.writes('100 % "sure" \\ of\tit', "c1") == first
        await edit(ann, str(part(first, "comment")["_id"]), "not sure", "e1")
        again = await ann.writes('100 % "sure" \\ of\tit', "c1")
        assert part(again, "comment")["commentHTML"] == "not sure"
        assert {**part(again, "comment"), "commentHTML": part(first, "comment")["commentHTML"]} == part(
            first, "comment"
        )


async def test_the_log_says_what_a_comment_says_now(kept: Kept) -> None:
    async with running_house(kept.folder, open_store=kept.open_store) as house:
        ann = house.person("ann")
        await ann.marks("m1")
        first = await ann.writes("100 % sure", "c1")
        ids = await ann.thread(v="2")
        query = {"urlId": K, "userIdWS": str(ids["userIdWS"]), "startTime": "0"}
        log = str(await ann.gets("GET", "/event-log/demo", **query))
        assert log.count(r'"comment":"100 \\u0025 sure"') == 1
        await edit(ann, str(part(first, "comment")["_id"]), "not sure")
        log = str(await ann.gets("GET", "/event-log/demo", **query))
        assert (log.count('"comment":"not sure"'), log.count("025 sure")) == (2, 0)
