"""One caller's long reads come one after the other, whatever they are; those of others do not wait for them."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from imagechat_tui.server.guard.turns import Pace, Turns
from imagechat_tui.server.storage.sqlite import SqliteStore
from tests.server.house import IMAGE, House, Json, Person

pytestmark = pytest.mark.security

LONG_READS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("GET", "/comment-image-chats/demo", {}),
    ("GET", "/comments/demo", {}),
    ("GET", "/event-log/demo", {"startTime": "0", "userIdWS": "x"}),
    ("GET", "/pages/demo/users/online", {}),
    ("GET", "/pages/demo/users/offline", {}),
    ("GET", "/pages/demo/users/info", {"ids": "demo:ann"}),
    ("GET", "/user-search/demo", {"usernameStartsWith": "a"}),
    ("POST", "/comment-image-chats/demo/summary", {"v": "2"}),
)


async def test_turns_are_each_callers_own() -> None:
    turns, order = Turns(), list[str]()

    async def does(caller: str, what: str) -> None:
        turn = await turns.take(caller)
        order.append(f"{what} begins")
        for _ in range(20):
            await asyncio.sleep(0)
        order.append(f"{what} ends")
        turn.release()

    async with asyncio.TaskGroup() as tasks:
        for caller, what in (("ann", "a1"), ("ann", "a2"), ("bob", "b1")):
            tasks.create_task(does(caller, what))
    assert order.index("a2 begins") > order.index("a1 ends")
    assert order.index("b1 begins") < order.index("a1 ends")
    assert not turns._turns


async def test_one_request_of_each_caller_begins_in_a_turn_of_the_loop() -> None:
    pace, begun, turn = Pace(), list[tuple[int, str]](), 0

    async def asks(caller: str, what: str) -> None:
        await pace.begin(caller)
        begun.append((turn, what))

    async with asyncio.TaskGroup() as tasks:
        asking = [
            tasks.create_task(asks(what[0], what)) for what in ("a1", "a2", "a3", "b1", "a4", "c1", "b2")
        ]
        given_up = asking.pop(2)
        while not all(one.done() for one in asking):
            await asyncio.sleep(0)
            given_up.cancel()
            turn += 1
    assert [what for at, what in begun if at == begun[0][0]] == ["a1", "b1", "c1"]
    assert [what for _, what in begun if what[0] == "a"] == ["a1", "a2", "a4"]
    for caller in "ab":
        turns = [at for at, what in begun if what[0] == caller]
        assert len(set(turns)) == len(turns)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not pace._lines


async def test_requests_of_one_address_begin_one_after_the_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, came = Pace.begin, list[str]()

    async def noting(pace: Pace, caller: str) -> None:
        came.append(caller)
        await begin(pace, caller)

    monkeypatch.setattr(Pace, "begin", noting)
    await asyncio.gather(*(house.person(name).list() for name in ("ann", "")))
    assert came == ["127.0.0.1"] * 2, "whoever it is"


@pytest.mark.parametrize("read", LONG_READS, ids=lambda read: read[1])
async def test_a_long_read_waits_for_those_of_its_caller_alone(
    house: House, monkeypatch: pytest.MonkeyPatch, read: tuple[str, str, dict[str, str]]
) -> None:
    method, path, query = read
    taken = Counter[str]()
    take, held = Turns.take, list[int]()

    async def noting(turns: Turns, caller: str) -> asyncio.Lock:
        turn = await take(turns, caller)
        taken[caller] += 1
        held.append(sum(lock.locked() for lock in turns._turns.values()))
        return turn

    async def asks(person: Person) -> int:
        body: Json | None = {"images": []} if method == "POST" else None
        return (await person.asks(method, path, body, urlId=IMAGE, **query))[0]

    monkeypatch.setattr(Turns, "take", noting)
    ann = house.person("ann")
    statuses = [await asks(ann) for _ in range(2)]
    assert taken.total() == 2, "the second came in, so the first has given its turn back"
    assert held == [1, 1]
    assert 500 not in statuses


async def test_nobody_waits_for_what_is_read_for_somebody_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = house.person("ann"), house.person("bob")
    read, go, bobs = SqliteStore.thread, asyncio.Event(), asyncio.Event()
    reading = Counter[str]()
    most = 0

    async def slow(store: SqliteStore, *given: Any, **named: Any) -> Any:
        nonlocal most
        who = str(given[2])
        reading[who] += 1
        most = max(most, reading[who])
        if who == bob.id:
            bobs.set()
        else:
            await go.wait()
        for _ in range(50):
            await asyncio.sleep(0)
        reading[who] -= 1
        return await read(store, *given, **named)

    monkeypatch.setattr(SqliteStore, "thread", slow)
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        for n in range(4):
            tasks.create_task(ann.thread(f"thread{n}"))
        await bob.thread()
        assert bobs.is_set() and not go.is_set()
        go.set()
    assert most == 1
