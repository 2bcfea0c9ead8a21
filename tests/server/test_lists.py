"""Long lists: made where nobody else has to wait, and once for all who ask at one moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from imagechat_tui.protocol import codec
from imagechat_tui.protocol.codec import json_text
from imagechat_tui.protocol.models import Position
from imagechat_tui.server.storage import Snapshot
from imagechat_tui.server.storage.sqlite import SqliteStore
from imagechat_tui.server.usecases import kept_lists, queries
from imagechat_tui.server.usecases.in_flight import InFlight
from imagechat_tui.server.usecases.kept_lists import KeptLists, Listing
from imagechat_tui.server.usecases.paging import comment_page
from tests.server.house import IMAGE, House, Json, K, Person, comment, items, marker, part

pytestmark = pytest.mark.security


def noting(work: Callable[..., Any], noted: set[tuple[str, bool]]) -> Callable[..., Any]:
    """The same work, with its name and those of the threads that did it."""

    def noted_work(*given: Any, **named: Any) -> Any:
        noted.add((work.__name__, threading.current_thread().name.startswith("lists")))
        return work(*given, **named)

    return noted_work


async def logged(person: Person) -> list[Json]:
    """What happened in the room."""
    query = {"urlId": IMAGE, "startTime": "0", "userIdWS": str((await person.list())["userIdWS"])}
    return items(await person.gets("GET", "/event-log/demo", **query), "events")


@pytest.mark.parametrize(("many", "elsewhere"), [(1, True), (1_000, False)])
async def test_long_lists_keep_the_loop_free(
    house: House, monkeypatch: pytest.MonkeyPatch, many: int, elsewhere: bool
) -> None:
    ann, noted = house.person("ann"), set[tuple[str, bool]]()
    await ann.marks()
    plain, thread, log = [await ann.list(v=v) for v in "12"], await ann.thread(), await logged(ann)
    monkeypatch.setattr(queries, "MANY", many)
    encoding = ("encode_listed", "encode_comment_list", "encode_event_log")
    for work in encoding:
        monkeypatch.setattr(codec, work, noting(getattr(codec, work), noted))
    monkeypatch.setattr(f"{queries.__name__}.comment_page", noting(comment_page, noted))
    assert [await ann.list(v=v) for v in "12"] == plain
    assert items(await ann.thread(), "comments") == items(thread, "comments")
    assert await logged(ann) == log != []
    assert noted == {(work, elsewhere) for work in (*encoding, "comment_page")}


async def test_lists_are_written_thing_by_thing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = house.person("ann")
    await ann.marks()
    for n in range(3):
        await ann.writes(f"comment {n}", f"w{n}")
    write, at_once = json_text.write_json, list[object]()

    def noting_lists(value: object) -> bytes:
        at_once.extend(one for one in (value, *_held(value)) if isinstance(one, list))
        return write(value)

    monkeypatch.setattr(json_text, "write_json", noting_lists)
    listed, thread, log = await ann.list(v="2"), await ann.thread(v="2"), await logged(ann)
    assert [len(items(one, "comments")) for one in (listed, thread)] == [4, 4]
    assert len(log) == 4
    assert not at_once, "all threads wait for whatever is written at once"


def _held(value: object) -> list[object]:
    return list(value.values()) if isinstance(value, dict) else []


async def test_who_asks_at_one_moment_is_read_for_once_and_told_who_they_are(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [house.person(name) for name in ("ann", "bob", "carl", "dora", "")]
    await people[0].marks()
    read, share, begun, asked = SqliteStore.snapshot, InFlight.shared, list[object](), list[object]()
    go = asyncio.Event()

    async def waiting(store: SqliteStore, *given: Any, **named: Any) -> Snapshot:
        begun.append(given)
        await go.wait()
        return await read(store, *given, **named)

    async def sharing(flights: InFlight[Any], key: Any, work: Any) -> Any:
        asked.append(key)
        if len(asked) == len(people):
            go.set()
        return await share(flights, key, work)

    monkeypatch.setattr(SqliteStore, "snapshot", waiting)
    monkeypatch.setattr(InFlight, "shared", sharing)
    told = await asyncio.gather(*(one.list(v="2") for one in people))
    assert len(begun) == 2, "the first, and one for all who came while it ran"
    assert {str(items(one, "conversations")) for one in told} == {str(items(told[0], "conversations"))}
    assert len({str(one["userIdWS"]) for one in told}) == len(people)


async def test_a_long_list_is_read_and_written_again_once_it_has_changed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By every write there is. That they are told to whoever listens is why their list may be kept until then."""
    monkeypatch.setattr(queries, "MANY", 1)
    judge, read, reads = house.person("judge", isAdmin=True), SqliteStore.snapshot, 0

    async def counting(store: SqliteStore, *given: Any, **named: Any) -> Snapshot:
        nonlocal reads
        reads += 1
        return await read(store, *given, **named)

    monkeypatch.setattr(SqliteStore, "snapshot", counting)
    made = await judge.marks(v="2")
    chat = f"/comment-image-chats/demo/{made['createdChatId']}"
    first = part(made, "comment")["_id"]
    reply = part(await judge.writes("a reply", "w1", parentId=first), "comment")["_id"]
    one, where = f"/comments/demo/{reply}", {"urlId": K, "tenantId": "demo"}
    root, seen = f"/comments/demo/{first}", list[object]()
    for n, (method, path, body) in enumerate(
        (
            ("POST", "/comments/demo", comment("another")),
            ("POST", f"{one}/update-text", {"comment": "edited"}),
            ("POST", f"{root}/pin", None),
            ("POST", f"{root}/unpin", None),
            ("POST", f"{one}/lock", None),
            ("POST", f"{one}/unlock", None),
            ("POST", f"{one}/vote", {"voteDir": "up"}),
            ("DELETE", f"{one}/vote/own", None),
            ("PATCH", chat, {"broadcastId": "n8", "x": 1, "y": 2}),
            ("PATCH", chat, {"broadcastId": "n9", "resolved": True}),
            ("PATCH", chat, {"broadcastId": "n10", "resolved": False}),
            ("POST", "/comment-image-chats/demo", marker(broadcastId="n11", windowUrlId=f"{IMAGE}:x:3:4")),
            ("DELETE", one, None),
            ("DELETE", chat, None),
            ("POST", f"{chat}/restore", None),
        )
    ):
        await judge.gets(method, path, body, broadcastId=f"n{n}", **where, v="2")
        reads = 0
        told = [_listed(await judge.list(v="2")) for _ in range(3)]
        assert told == [told[0]] * 3
        assert reads == 1, path
        assert told[0] not in seen[-1:], path
        seen.append(told[0])


async def test_of_long_lists_few_are_kept_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_lists, "KEPT_BYTES", 25)
    due = list[Callable[[], object]]()

    def later(_: float, drop: Callable[..., object], *given: object) -> None:
        due.append(lambda: drop(*given))

    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", later)
    kept, now = KeptLists(), Position("e", 1)
    for key in "abac":
        kept.keep(key, Listing(now, 0, bytes(10)))
    assert [key in kept for key in "abc"] == [True, False, True], "what was kept first went first"
    assert kept.at("a", now) is not None
    assert kept.at("a", Position("e", 2)) is None
    assert kept.at("a", Position("f", 1)) is None
    due[0]()
    assert "a" in kept, "it was kept anew meanwhile"
    for end in due:
        end()
    assert not any(key in kept for key in "abc")
    kept.keep("d", Listing(now, 0, bytes(25)))
    assert "d" in kept, "there is room again"


def _listed(answer: Json) -> tuple[object, object]:
    return answer["conversations"], answer["comments"]
