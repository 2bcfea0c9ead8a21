"""How far somebody has read, asked of a running server (PROTOCOL 9.1)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagechat_tui.protocol.routes import MAX_READ_MARKS
from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.memory import MemoryCounts
from imagechat_tui.server.guard.limits import Limit, Limits
from tests.server.house import IMAGE, House, Json, K, Person, frame, read_state, running_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path) as house:
        yield house


def path(person: Person) -> str:
    return f"/comment-image-chats/{person.tenant}/read-state"


async def shown(person: Person) -> Json:
    answer = await person.gets("GET", path(person), urlId=IMAGE, v="2")
    return {key: value for key, value in answer.items() if key != "status"}


async def changes(person: Person, **change: object) -> Json:
    answer = await person.gets("PUT", path(person), change, urlId=IMAGE, v="2")
    return {key: value for key, value in answer.items() if key != "status"}


async def test_a_newcomer_has_read_all_and_learns_of_what_comes_later(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    chat = (await ben.marks())["createdChatId"]
    assert await shown(anna) == {"revision": 0, "read": {}}
    assert await changes(anna) == {"revision": 1, "read": {chat: 1}}
    await ben.writes("later", "b2")
    assert await shown(anna) == {"revision": 1, "read": {chat: 1}}
    assert await changes(anna, read={chat: 2}) == {"revision": 2, "read": {chat: 2}}


async def test_who_writes_in_a_thread_has_read_it(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    mine = await anna.sub(await anna.list(v="2"), v="2")
    chat = (await ben.marks())["createdChatId"]
    assert await shown(ben) == {"revision": 1, "read": {chat: 1}}
    await ben.writes("more", "b2")
    await anna.writes("an answer", "b3")
    assert await shown(anna) == {"revision": 1, "read": {chat: 3}}
    assert await read_state(mine) == {"type": "read-state", "revision": 1, "read": {chat: 3}}
    await ben.writes("one more", "b4")
    await anna.writes("an answer", "b3")
    assert await shown(anna) == {"revision": 1, "read": {chat: 3}}
    assert await shown(ben) == {"revision": 3, "read": {chat: 4}}


async def test_a_change_is_told_to_ones_own_sockets_alone(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    chat = (await ben.marks())["createdChatId"]
    listed = await anna.list(v="2")
    mine = [await anna.sub(listed, v="2") for _ in range(2)]
    others = [await ben.sub(await ben.list(v="2"), v="2"), await anna.sub(listed)]
    for socket in (*mine, others[0]):
        assert (await frame(socket))["type"] == "subscribed"
    await changes(anna)
    await changes(anna, unread={chat: 0})
    await changes(anna, unread={chat: 0})
    told = [{"type": "read-state", "revision": n, "read": {chat: 2 - n}} for n in (1, 2)]
    for socket in mine:
        assert [await read_state(socket), await read_state(socket)] == told
    await ben.writes("seen by all", "b2")
    for socket in others:
        assert (await frame(socket))["type"] == "image-chat-updated"


async def test_ones_sockets_in_other_rooms_are_told_that_something_was_read_elsewhere(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    await ben.marks()
    another = [
        await one.gets("GET", f"/comment-image-chats/{one.tenant}", urlId="another", v="2")
        for one in (anna, ben)
    ]
    mine, plain = await anna.sub(another[0], v="2"), await anna.sub(another[0])
    bens = await ben.sub(another[1], v="2")
    await changes(anna)
    assert await read_state(mine) == {"type": "read-elsewhere"}
    await ben.marks("b2", urlId="another", windowUrlId=K.replace(IMAGE, "another"))
    for socket in (plain, bens):
        told = [""]
        while told[-1] != "new-image-chat":
            told.append(json.loads(await socket.receive_str(timeout=60))["type"])
        assert "read-elsewhere" not in told


async def test_another_room_and_another_tenant_hear_nothing(house: House) -> None:
    anna, elsewhere = house.person("anna"), house.person("anna", "open")
    await changes(anna)
    other = await anna.gets("GET", path(anna), urlId="another", v="2")
    assert other["revision"] == 0
    assert await shown(elsewhere) == {"revision": 0, "read": {}}


async def test_who_does_not_ask_for_extensions_finds_no_path(house: House) -> None:
    anna = house.person("anna")
    for method, body in (("GET", None), ("PUT", {})):
        status, _, _ = await anna.asks(method, path(anna), body, urlId=IMAGE)
        assert status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"read": {"a": -1}},
        {"read": "all"},
        {"read": dict.fromkeys(map(str, range(MAX_READ_MARKS + 1)), 1)},
        b'{"read":{"\\ud800":1}}',
        b'{"read":{"a\\u0000b":1}}',
    ],
)
async def test_what_cannot_be_read_is_refused(house: House, body: object) -> None:
    anna = house.person("anna")
    status, answer, _ = await anna.asks("PUT", path(anna), body, urlId=IMAGE, v="2")
    assert (status, answer["code"]) == (400, "invalid-input")
    assert await shown(anna) == {"revision": 0, "read": {}}


async def test_a_page_has_to_be_named(house: House) -> None:
    anna = house.person("anna")
    status, answer, _ = await anna.asks("PUT", path(anna), {}, v="2")
    assert (status, answer["code"]) == (400, "missing-url-id")


async def test_too_many_changes_are_refused_like_too_many_reads(tmp_path: Path) -> None:
    limits = Limits(MemoryCounts(), {Limit.READ: Rule(0.001, 2)})
    async with running_house(tmp_path, limits=limits) as house:
        anna = house.person("anna")
        statuses = [(await anna.asks("PUT", path(anna), {}, urlId=IMAGE, v="2"))[0] for _ in range(3)]
    assert statuses == [200, 200, 429]
