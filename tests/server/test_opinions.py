"""Flags, and whom somebody does not want to see (PROTOCOL 4.6): each user's own."""

from __future__ import annotations

import json

import pytest
from aiohttp import ClientWebSocketResponse

from imagechat_tui.server.storage import opinions
from tests.protocol.openapi import breaches
from tests.server.house import IMAGE, House, Json, Person, items, part

DEMO = {"tenantId": "demo"}


async def wrote(person: Person, text: str) -> str:
    return str(part(await person.writes(text, f"w-{text}"), "comment")["_id"])


async def seen(person: Person, key: str, **query: str) -> list[object]:
    listed = await person.thread(**query)
    assert query or breaches("GetCommentsResponseWithPresence", listed) == []
    return [one.get(key) for one in items(listed, "comments")]


async def flag(person: Person, comment_id: str, flagged: str = "true") -> tuple[int, object]:
    status, body, _ = await person.asks("POST", f"/flag-comment/{comment_id}", isFlagged=flagged, **DEMO)
    assert breaches("APIEmptyResponse" if status == 200 else "APIError", body) == []
    return status, body.get("code")


async def test_a_flag_is_ones_own_and_moderators_see_how_many_there_are(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    judge = house.person("judge", isModerator=True)
    first = await wrote(alice, "first")
    await wrote(alice, "second")
    for person in (bob, bob, judge):
        assert await flag(person, first) == (200, None)
    assert await seen(bob, "isFlagged") == [True, None]
    assert await seen(alice, "isFlagged") == [None, None]
    assert await seen(judge, "flagCount", v="2") == [2, None]
    assert await seen(bob, "flagCount", v="2") == [None, None]
    assert await flag(bob, first, "false") == (200, None)
    assert await seen(bob, "isFlagged") == [None, None]
    assert await seen(judge, "flagCount", v="2") == [1, None]


async def test_neither_ones_own_comments_nor_those_of_staff_are_flagged(house: House) -> None:
    alice, judge = house.person("alice"), house.person("judge", isModerator=True)
    mine, theirs = await wrote(alice, "mine"), await wrote(judge, "theirs")
    for person, comment_id in ((alice, mine), (alice, theirs), (house.person("chief", isAdmin=True), theirs)):
        assert await flag(person, comment_id) == (403, "unauthorized")
    assert await flag(alice, "c_0") == (404, "not-found")
    assert await flag(judge, mine, "perhaps") == (400, "invalid-input")


async def test_flags_come_back_with_a_marker_that_is_restored(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    made = await alice.marks()
    await flag(bob, str(part(made, "comment")["_id"]))
    chat = f"/comment-image-chats/demo/{made['createdChatId']}"
    await alice.gets("DELETE", chat, broadcastId="d1")
    await alice.gets("POST", f"{chat}/restore", broadcastId="r1")
    assert await seen(bob, "isFlagged") == [True]


async def block(person: Person, comment_id: str, method: str = "POST", ids: list[str] | None = None) -> Json:
    body = {"commentIds": ids}
    answer = await person.gets(method, f"/block-from-comment/{comment_id}", body, **DEMO)
    assert breaches("BlockSuccess", answer) == []
    return part(answer, "commentStatuses")


async def test_who_is_blocked_is_marked_for_whoever_blocked_them(house: House) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    first, second, mine = await wrote(alice, "first"), await wrote(alice, "second"), await wrote(bob, "mine")
    assert await block(bob, first, ids=[first, second, mine, "c_0"]) == {
        first: True,
        second: True,
        mine: False,
        "c_0": False,
    }
    assert await seen(bob, "isBlocked") == [True, True, None]
    assert await seen(alice, "isBlocked") == [None, None, None]
    for person, has_blocked in ((bob, True), (alice, False)):
        for listed in (await person.thread(), await person.list()):
            assert part(listed, "user")["hasBlockedUsers"] is has_blocked
    asked = {"commentIds": f"{first},{mine},c_0", **DEMO}
    checked = await bob.gets("GET", "/check-blocked-comments", **asked)
    assert breaches("BlockSuccess", checked) == []
    assert checked["commentStatuses"] == {first: True, mine: False, "c_0": False}
    assert await block(bob, second, "DELETE") == {second: False}
    assert await seen(bob, "isBlocked") == [None, None, None]


async def heard(socket: ClientWebSocketResponse) -> list[str]:
    """What frames come, up to the next about markers."""
    told: list[str] = []
    while not told or "image-chat" not in told[-1]:
        told.append(json.loads(await socket.receive_str(timeout=60))["type"])
    return told


@pytest.mark.parametrize("noted", ["flag", "block"])
async def test_what_one_notes_is_told_to_ones_own_sockets_alone(house: House, noted: str) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    await alice.marks()
    first = await wrote(alice, "first")
    bobs = [await bob.sub(await bob.list(v="2"), v="2") for _ in range(2)]
    others = [await bob.sub(await bob.list()), await alice.sub(await alice.list(v="2"), v="2")]
    if noted == "flag":
        assert await flag(bob, first) == (200, None)
    else:
        assert await block(bob, first) == {first: True}
    await wrote(alice, "second")
    assert [(await heard(socket)).count("own-changed") for socket in (*bobs, *others)] == [1, 1, 0, 0]


async def test_nobody_blocks_themselves_or_too_many(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = house.person("alice"), house.person("bob")
    first, mine = await wrote(alice, "first"), await wrote(bob, "mine")
    status, body, _ = await bob.asks("POST", f"/block-from-comment/{mine}", {"commentIds": None}, **DEMO)
    assert (status, body["code"]) == (403, "unauthorized")
    monkeypatch.setattr(opinions, "MAX_BLOCKED", 0)
    status, body, _ = await bob.asks("POST", f"/block-from-comment/{first}", {"commentIds": None}, **DEMO)
    assert (status, body["code"]) == (400, "invalid-input")


async def test_a_comment_of_another_tenant_is_by_nobody(house: House) -> None:
    alice, spy = house.person("alice"), house.person("spy", "other")
    first = await wrote(alice, "first")
    await spy.writes("something", "s1", IMAGE)
    checked = await spy.gets("GET", "/check-blocked-comments", tenantId="other", commentIds=f"{first},c_0")
    assert checked["commentStatuses"] == {first: False, "c_0": False}


@pytest.mark.parametrize("ids", ["", ",", "c" + ",c" * 500])
async def test_asking_about_no_comment_or_too_many_is_refused(house: House, ids: str) -> None:
    status, body, _ = await house.person("bob").asks("GET", "/check-blocked-comments", commentIds=ids, **DEMO)
    assert (status, body["code"]) == (400, "invalid-input")
