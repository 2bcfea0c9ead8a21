"""What moderators do to comments and threads: pin, lock, close (PROTOCOL 4.5)."""

from __future__ import annotations

import pytest

from imagechat_tui.protocol.codec import decode_event
from imagechat_tui.protocol.events import ImageChatUpdated, UpdatedComment
from imagechat_tui.protocol.models import Neighbours
from tests.protocol.openapi import breaches
from tests.server.house import House, Json, K, Person, comment, frame, items, marker, part

MODERATE = "/auth/my-account/moderate-comments"


async def wrote(person: Person, text: str, parent: str | None = None) -> str:
    return str(part(await person.writes(text, f"w-{text}", parentId=parent), "comment")["_id"])


def judge_of(house: House, tenant: str = "demo") -> Person:
    return house.person("judge", tenant, isModerator=True)


async def does(person: Person, verb: str, comment_id: str, broadcast_id: str) -> Json:
    path = f"/comments/{person.tenant}/{comment_id}/{verb}"
    return await person.gets("POST", path, broadcastId=broadcast_id)


async def order(person: Person, **query: str) -> list[object]:
    return [one["commentHTML"] for one in items(await person.thread(**query), "comments")]


async def test_a_pinned_comment_comes_first_and_says_where_it_stands(house: House) -> None:
    alice, judge = house.person("alice"), judge_of(house)
    first, second, third = [await wrote(alice, text) for text in ("first", "second", "third")]
    socket = await alice.sub(await alice.thread())
    pinned = await does(judge, "pin", second, "p1")
    assert breaches("ChangeCommentPinStatusResponse", pinned) == []
    assert pinned["commentPositions"] == {
        "OF": {"before": None, "after": first},
        "NF": {"before": None, "after": third},
        "MR": {"before": None, "after": first},
    }
    told = await frame(socket)
    assert breaches("LiveEvent", told) == []
    assert (told["type"], told["broadcastId"]) == ("updated-comment", "p1")
    assert (part(told, "comment")["isPinned"], part(told, "comment")["isLocked"]) == (True, False)
    assert part(told, "extraInfo")["commentPositions"] == pinned["commentPositions"]
    assert await order(alice) == ["second", "first", "third"]
    assert await order(alice, direction="NF") == ["second", "third", "first"]
    unpinned = await does(judge, "unpin", second, "p2")
    assert part(unpinned, "commentPositions")["OF"] == {"before": first, "after": third}
    assert part(await frame(socket), "comment")["isPinned"] is False
    assert await order(alice) == ["first", "second", "third"]


async def test_only_a_root_is_pinned(house: House) -> None:
    alice, judge = house.person("alice"), judge_of(house)
    reply = await wrote(alice, "reply", await wrote(alice, "first"))
    status, body, _ = await judge.asks("POST", f"/comments/demo/{reply}/pin", broadcastId="p1")
    assert (status, body["code"]) == (400, "invalid-comment-id")
    await does(judge, "unpin", reply, "p2")


async def test_a_locked_comment_is_neither_answered_edited_nor_deleted(house: House) -> None:
    alice, judge = house.person("alice"), judge_of(house)
    first = await wrote(alice, "first")
    socket = await alice.sub(await alice.thread())
    locked = await does(judge, "lock", first, "l1")
    assert breaches("APIEmptyResponse", locked) == []
    told = await frame(socket)
    assert breaches("LiveEvent", told) == []
    assert (told["type"], part(told, "comment")["isLocked"], "extraInfo" in told) == (
        "updated-comment",
        True,
        False,
    )
    for person in (alice, judge):
        for method, path, body in (
            ("POST", "/comments/demo", comment("reply", parentId=first)),
            ("POST", f"/comments/demo/{first}/update-text", {"comment": "new"}),
            ("DELETE", f"/comments/demo/{first}", None),
        ):
            status, refused, _ = await person.asks(method, path, body, urlId=K, broadcastId="b1")
            assert (status, refused["code"]) == (401, "locked"), path
    await does(judge, "unlock", first, "l2")
    assert part(await frame(socket), "comment")["isLocked"] is False
    await alice.gets("DELETE", f"/comments/demo/{first}", broadcastId="d1")


async def test_the_comment_that_a_marker_was_made_with_locks_its_thread(house: House) -> None:
    alice, judge = house.person("alice"), judge_of(house)
    first = str(part(await alice.marks(), "comment")["_id"])
    second = await wrote(alice, "second")
    await does(judge, "lock", second, "l1")
    await wrote(alice, "beside it")
    await does(judge, "lock", first, "l2")
    for person in (alice, judge):
        asked = {"urlId": K, "broadcastId": f"w-{person.id}"}
        status, body, _ = await person.asks("POST", "/comments/demo", comment("no", K), **asked)
        assert (status, body["code"]) == (401, "locked")
    await does(judge, "unlock", first, "l3")
    await wrote(alice, "again")


@pytest.mark.parametrize("verb", ["pin", "lock"])
@pytest.mark.reliability
async def test_what_is_so_already_is_told_nobody(house: House, verb: str) -> None:
    alice, judge = house.person("alice"), judge_of(house)
    first = await wrote(alice, "first")
    await does(judge, verb, first, "x1")
    before = (await alice.thread(v="2"))["seq"]
    assert (await does(judge, verb, first, "x1"))["status"] == "success"
    assert (await does(judge, verb, first, "x2"))["status"] == "success"
    assert (await alice.thread(v="2"))["seq"] == before


async def test_our_readers_hear_of_it_in_the_room_of_the_image_and_plain_ones_do_not(house: House) -> None:
    alice, judge = house.person("alice"), judge_of(house)
    first = str(part(await alice.marks(), "comment")["_id"])
    listed = await alice.list(v="2")
    ours, plain = await alice.sub(listed, v="2"), await alice.sub(listed)
    assert (await frame(ours))["type"] == "subscribed"
    await does(judge, "pin", first, "p1")
    event = decode_event(await ours.receive_str(timeout=60))
    assert isinstance(event, UpdatedComment)
    assert event.comment.is_pinned
    assert event.positions["OF"] == Neighbours(None, None)
    await alice.writes("after it", "b2")
    assert (await frame(plain))["type"] == "image-chat-updated"
    assert items(await alice.list(v="2"), "comments")[0]["isPinned"] is True


async def test_a_closed_thread_takes_no_comment_and_can_be_voted_on_and_opened_again(house: House) -> None:
    alice, judge = house.person("alice"), judge_of(house)
    first = str(part(await alice.marks(), "comment")["_id"])
    socket = await alice.sub(await alice.thread())
    where = {"urlId": K, "tenantId": "demo"}
    for _ in range(2):
        closed = await judge.gets("PUT", f"{MODERATE}/close-thread", **where)
        assert breaches("APIEmptyResponse", closed) == []
    told = await frame(socket)
    assert breaches("LiveEvent", told) == []
    assert (told["type"], told["isClosed"]) == ("thread-state-change", True)
    assert (await alice.thread())["isClosed"] is True
    writes: tuple[tuple[str, Json], ...] = (
        ("/comments/demo", comment("more")),
        ("/comment-image-chats/demo", marker(comment="more", broadcastId="b9")),
    )
    for path, body in writes:
        status, refused, _ = await judge.asks("POST", path, body, urlId=K, broadcastId="b9")
        assert (status, refused["code"]) == (403, "thread-closed")
    ballot = {"urlId": K, "broadcastId": "v1"}
    await alice.gets("POST", f"/comments/demo/{first}/vote", {"voteDir": "up"}, **ballot)
    assert (await frame(socket))["type"] == "new-vote", "closed twice, told once"
    await judge.gets("PUT", f"{MODERATE}/reopen-thread", broadcastId="o1", **where)
    told = await frame(socket)
    assert (told["isClosed"], told["broadcastId"]) == (False, "o1")
    await alice.writes("more", "b9")
    assert (await alice.thread())["isClosed"] is False


async def test_who_reads_markers_alone_is_told_of_a_closed_thread_and_of_one_that_came_back(
    house: House,
) -> None:
    alice, judge = house.person("alice"), judge_of(house)
    made = await alice.marks()
    ids = await alice.list(v="2")
    ours, plain = await alice.sub(ids, v="2"), await alice.sub(ids)
    await ours.receive_str(timeout=60)  # subscribed
    where = {"urlId": str(part(made, "conversation")["urlId"]), "tenantId": "demo"}
    for verb, activity, closed in (("close-thread", "closed", True), ("reopen-thread", "opened", False)):
        await judge.gets("PUT", f"{MODERATE}/{verb}", **where)
        event = decode_event(await ours.receive_str(timeout=60))
        assert isinstance(event, ImageChatUpdated)
        assert (event.activity, event.conversation.closed) == (activity, closed)
        (listed,) = items(await alice.list(v="2"), "conversations")
        assert listed.get("isClosed", False) is closed
        (listed,) = items(await alice.list(), "conversations")
        assert "isClosed" not in listed, "official clients have the thread's own list and room"
    await judge.gets("PUT", f"{MODERATE}/close-thread", **where)
    chat = str(made["createdChatId"])
    await alice.gets("DELETE", f"/comment-image-chats/demo/{chat}", broadcastId="d1")
    await alice.gets("POST", f"/comment-image-chats/demo/{chat}/restore", broadcastId="r1", v="2")
    (listed,) = items(await alice.list(v="2"), "conversations")
    assert "isClosed" not in listed, "with its marker the closing went"
    assert (await frame(plain))["type"] == "deleted-image-chat", "of the closing it was told nothing"


async def test_a_marker_of_ours_keeps_away_from_a_closed_thread(house: House) -> None:
    alice, judge = house.person("alice"), judge_of(house)
    await judge.gets("PUT", f"{MODERATE}/close-thread", urlId=K, tenantId="demo")
    made = await alice.gets("POST", "/comment-image-chats/demo", marker(), v="2")
    assert part(made, "conversation")["urlId"] != K


async def test_logging_out_takes_the_cookie_away(house: House) -> None:
    guest = house.person("", "open")
    await guest.writes("hello", "b1")
    status, body, headers = await guest.asks("PUT", "/auth/logout")
    assert (status, breaches("APIEmptyResponse", body)) == (200, [])
    cookie = headers["Set-Cookie"]
    assert cookie.startswith('fc_sid=""; ')
    for attribute in ("Max-Age=0", "Path=/", "Secure", "HttpOnly", "SameSite=none"):
        assert attribute.lower() in cookie.lower()
