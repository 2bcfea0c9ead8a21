"""A real server process, killed at random moments and left without a disk (PROMISES D1, D8)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from imagechat_tui.clock import wall_ms
from imagechat_tui.protocol import sso
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.routes import Tenant
from imagechat_tui.server.process.admin import create_tenant
from imagechat_tui.server.process.data_folder import DATABASE_NAME
from imagechat_tui.server.storage.packed_frames import unpack_frames
from tests.server.house import IMAGE, Json, comment, items, marker
from tests.server.test_run import Server, running

pytestmark = [pytest.mark.reliability, pytest.mark.e2e]

ROUNDS = 4
WRITERS = 8
THREADS = 3


@dataclass(frozen=True)
class Write:
    """One comment, or every tenth time a marker, under the id of its number."""

    number: int

    @property
    def text(self) -> str:
        return f"text {self.number}"

    @property
    def makes_marker(self) -> bool:
        return self.number < THREADS or self.number % 10 == 0

    @property
    def thread(self) -> str:
        number = self.number if self.makes_marker else self.number % THREADS
        return f"{IMAGE}:/s.png:{number % 100}:{number // 100}"

    @property
    def events(self) -> int:
        """How many the image's log gets."""
        return 2 if self.makes_marker else 1

    async def send(self, client: aiohttp.ClientSession) -> str:
        """The answer's body; it succeeded."""
        broadcast_id = f"b{self.number}"
        if self.makes_marker:
            path, query = "/comment-image-chats/local", {}
            body = marker(windowUrlId=self.thread, comment=self.text, broadcastId=broadcast_id)
        else:
            path, query = "/comments/local", {"urlId": self.thread, "broadcastId": broadcast_id}
            body = comment(self.text, self.thread)
        async with client.post(path, params=query, json=body) as answer:
            text = await answer.text()
            assert answer.status == 200, text
            return text


@dataclass
class Book:
    """What a crowd of writers was told."""

    answered: dict[Write, str] = field(default_factory=dict)
    unknown: set[Write] = field(default_factory=set)


@contextlib.asynccontextmanager
async def connected(runtime: Path) -> AsyncIterator[aiohttp.ClientSession]:
    link = aiohttp.UnixConnector(str(runtime / "server.sock"))
    async with aiohttp.ClientSession("http://imagechat.local", connector=link) as client:
        yield client


async def write_until_killed(
    server: Server, client: aiohttp.ClientSession, book: Book, numbers: Iterator[int], after: int
) -> None:
    """Writers at work, until the server is killed with ``after`` of their requests answered."""
    left = after

    async def work() -> None:
        nonlocal left
        while True:
            write = Write(next(numbers))
            try:
                book.answered[write] = await write.send(client)
            except aiohttp.ClientError:
                book.unknown.add(write)
                return
            left -= 1
            if left == 0:
                server.process.kill()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(WRITERS):
            tasks.create_task(work())


async def log_of(client: aiohttp.ClientSession) -> tuple[Json, list[Json]]:
    """The image's list, and its whole log by position."""
    async with client.get("/comment-image-chats/local", params={"urlId": IMAGE, "v": "2"}) as answer:
        listed: Json = await answer.json()
    events: list[Json] = []
    while len(events) < int(str(listed["seq"])):
        query = {"urlId": IMAGE, "userIdWS": "", "v": "2", "epoch": str(listed["epoch"])}
        query["seq"] = str(events[-1]["seq"] if events else 0)
        async with client.get("/event-log/local", params=query) as answer:
            page = [json.loads(str(entry["data"])) for entry in items(await answer.json(), "events")]
        assert page
        events += page
    return listed, events


async def test_what_was_answered_survives_kill_9_at_any_moment(data: Path, runtime: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    chance, numbers, book = random.Random(seed), itertools.count(), Book()
    for _ in range(ROUNDS):
        with running(data_dir=data, runtime_dir=runtime, local=True) as server:
            server.ready()
            async with connected(runtime) as client:
                if not book.answered:
                    for write in map(Write, itertools.islice(numbers, THREADS)):
                        book.answered[write] = await write.send(client)
                await write_until_killed(server, client, book, numbers, after=chance.randint(1, 40))
    with running(data_dir=data, runtime_dir=runtime, local=True) as server:
        server.ready()
        async with connected(runtime) as client:
            listed, _ = await log_of(client)
            there = [str(one["comment"]) for one in items(listed, "comments")]
            assert len(there) == len(set(there)), "nothing is doubled"
            assert {write.text for write in book.answered} <= set(there)
            assert set(there) <= {write.text for write in {*book.answered, *book.unknown}}
            for write, answer in list(book.answered.items())[-WRITERS:]:
                assert await write.send(client) == answer
            for write in book.unknown:
                book.answered[write] = await write.send(client)
            listed, events = await log_of(client)
    there = [str(one["comment"]) for one in items(listed, "comments")]
    assert sorted(there) == sorted(write.text for write in book.answered)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    times = [int(str(event["timestamp"])) for event in events]
    assert times == sorted(set(times))
    told = [event["broadcastId"] for event in events]
    assert {name: told.count(name) for name in told} == {
        f"b{write.number}": write.events for write in book.answered
    }
    assert sum(int(str(one["commentCount"])) for one in items(listed, "conversations")) == len(there)


def let_write(server: Server, anything: bool) -> None:
    """Take the disk away from a running server, or give it back: no byte can be written to any file."""
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard if anything else 0, hard))


async def test_without_a_disk_everybody_reads_and_nobody_is_told_that_he_wrote(data: Path) -> None:
    made = await asyncio.to_thread(create_tenant, data, Tenant(TenantId("demo")))
    secret = made.encode()

    def asked(name: str, **query: str) -> dict[str, str]:
        user = {"id": name, "email": f"{name}@example.com", "username": name}
        return query | {"sso": sso.mint(user, secret, wall_ms())}

    said = comment("after all")
    with running(data_dir=data, port=0) as server:
        url = f"http://127.0.0.1:{server.ready()['port']}"
        async with aiohttp.ClientSession(url) as client:
            posted = client.post("/comment-image-chats/demo", params=asked("alice"), json=marker())
            async with posted as answer:
                assert answer.status == 200
            let_write(server, False)
            query = asked("alice", urlId=str(said["urlId"]), broadcastId="b2")
            async with client.post("/comments/demo", params=query, json=said) as answer:
                assert (answer.status, (await answer.json())["code"]) == (503, "store-failed")
                assert int(answer.headers["Retry-After"]) > 0
            for name in ("alice", "somebody new"):
                reading = client.get("/comment-image-chats/demo", params=asked(name, urlId=IMAGE, v="2"))
                async with reading as answer:
                    assert answer.status == 200
                    listed = await answer.json()
                assert (len(listed["comments"]), listed["seq"]) == (1, 2)
            let_write(server, True)
            async with client.post("/comments/demo", params=query, json=said) as answer:
                assert answer.status == 200
            async with client.get("/comments/demo", params=query | {"v": "2"}) as answer:
                thread = await answer.json()
    assert [one["comment"] for one in thread["comments"]] == ["after all", "Trail is **wet**"]
    assert thread["seq"] == 2


def stands_in_a_file(folder: Path, words: str) -> bool:
    return any(words.encode() in path.read_bytes() for path in folder.iterdir() if path.is_file())


async def test_a_deleted_thread_outlives_kill_9_and_is_gone_when_it_is_due_by_the_next_start(
    data: Path, runtime: Path
) -> None:
    """The words stand in the database only as long as they can be brought back, and in one place."""
    written, store = Write(0), data / DATABASE_NAME
    with running(data_dir=data, runtime_dir=runtime, local=True) as server:
        server.ready()
        async with connected(runtime) as client:
            chat = str(json.loads(await written.send(client))["createdChatId"])
            at = f"/comment-image-chats/local/{chat}"
            async with client.delete(at, params={"broadcastId": "d1"}) as answer:
                assert answer.status == 200
        server.process.kill()
    for due in (False, True):
        if due:
            with contextlib.closing(sqlite3.connect(store)) as database:
                database.execute("UPDATE deleted_thread SET due_ms = 1")
                database.commit()
        with running(data_dir=data, runtime_dir=runtime, local=True) as server:
            server.ready()
            with contextlib.closing(sqlite3.connect(store)) as database:
                frames = [unpack_frames(row[0]) for row in database.execute("SELECT packed FROM event")]
                assert frames and written.text not in str(frames)
                tables = {"answer": "body", "deleted_thread": "body"}
                said = [
                    name
                    for name, column in tables.items()
                    if database.execute(
                        f"SELECT 1 FROM {name} WHERE CAST({column} AS TEXT) LIKE ?", [f"%{written.text}%"]
                    ).fetchone()
                ]
            assert said == ([] if due else ["deleted_thread"])
            assert await asyncio.to_thread(stands_in_a_file, data, written.text) is not due
            async with (
                connected(runtime) as client,
                client.post(f"{at}/restore", params={"broadcastId": f"r{due}"}) as answer,
            ):
                assert answer.status == (404 if due else 200)
            if not due:
                async with (
                    connected(runtime) as client,
                    client.delete(at, params={"broadcastId": "d2"}) as answer,
                ):
                    assert answer.status == 200
            server.process.kill()
