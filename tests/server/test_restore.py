"""A deleted marker comes back as it was, for ten minutes, for whoever might delete it."""

from __future__ import annotations

import pytest

from imagechat_tui.protocol.routes import RESTORABLE_MS
from tests.server.house import IMAGE, House, Json, Person, frame, items, part, read_state


async def deleted(owner: Person, *others: Person) -> str:
    """A marker with a thread, deleted by its author; its id."""
    chat = str((await owner.marks("m1"))["createdChatId"])
    for number, other in enumerate(others, 1):
        await other.writes(f"answer {number}", f"c{number}")
    await owner.gets("DELETE", f"/comment-image-chats/{owner.tenant}/{chat}", broadcastId="d1")
    return chat


def path(person: Person, chat: str) -> str:
    return f"/comment-image-chats/{person.tenant}/{chat}/restore"


async def shown(person: Person) -> tuple[object, ...]:
    listed = await person.list(v="2")
    return (*items(listed, "conversations"), *items(listed, "comments"))


async def read(person: Person) -> Json:
    return await person.gets("GET", f"/comment-image-chats/{person.tenant}/read-state", urlId=IMAGE, v="2")


async def test_it_comes_back_with_its_ids_its_numbers_and_how_far_it_was_read(house: House) -> None:
    ann, bob = house.person("ann"), house.person("bob")
    chat = str((await ann.marks("m1"))["createdChatId"])
    await bob.writes("an answer", "c1")
    first = items(await ann.list(v="2"), "comments")[0]["_id"]
    ballot = {"urlId": IMAGE, "broadcastId": "v1"}
    await bob.gets("POST", f"/comments/demo/{first}/vote", {"voteDir": "up"}, **ballot)
    before, had_read = await shown(ann), (await read(ann), await read(bob))
    await ann.gets("DELETE", f"/comment-image-chats/demo/{chat}", broadcastId="d1")
    assert await shown(ann) == ()
    back = await ann.gets("POST", path(ann, chat), {"broadcastId": "r1"}, v="2")
    assert part(back, "conversation")["_id"] == chat
    assert await shown(ann) == before
    assert [(await read(person))["read"] for person in (ann, bob)] == [state["read"] for state in had_read]
    assert [one.get("isVotedUp") for one in items(await bob.thread(), "comments")] == [True, None]
    await bob.writes("one more", "c2")
    assert [comment["number"] for comment in items(await ann.list(v="2"), "comments")] == [1, 2, 3]


async def test_everybody_sees_it_come_back_and_an_sdk_sees_a_new_marker(house: House) -> None:
    ann, bob = house.person("ann"), house.person("bob")
    chat = await deleted(ann, bob)
    listed = await bob.list(v="2")
    ours, plain = await bob.sub(listed, v="2"), await bob.sub(listed)
    assert (await frame(ours))["type"] == "subscribed"
    await ann.gets("POST", path(ann, chat), broadcastId="r1")
    told = [await frame(ours) for _ in range(3)]
    assert [(one["type"], part(one, "imageChat")["activity"]) for one in told] == [
        ("new-image-chat", "restored"),
        *[("image-chat-updated", "restored")] * 2,
    ]
    assert [part(one, "comment")["number"] for one in told[1:]] == [1, 2]
    heard = await frame(plain)
    assert (heard["type"], part(heard, "imageChat")["_id"]) == ("new-image-chat", chat)
    assert "activity" not in part(heard, "imageChat")
    await bob.writes("after it", "c9")
    assert (await frame(plain))["type"] == "image-chat-updated"


async def test_after_ten_minutes_it_is_gone_blanked_or_not(house: House) -> None:
    ann = house.person("ann")
    chat = await deleted(ann)
    house.clock.ms += RESTORABLE_MS - 1
    assert not await house.store.forget_deleted()
    await ann.gets("POST", path(ann, chat), broadcastId="r1")
    await ann.gets("DELETE", f"/comment-image-chats/demo/{chat}", broadcastId="d2")
    house.clock.ms += RESTORABLE_MS
    for _ in range(2):
        status, _, _ = await ann.asks("POST", path(ann, chat), broadcastId="r2")
        assert status == 404
        await house.store.forget_deleted()


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("member", 403), ("moderator", 200), ("nobody", 401), ("elsewhere", 404)],
)
async def test_who_might_delete_it_may_restore_it(house: House, who: str, status: int) -> None:
    ann = house.person("ann")
    chat = await deleted(ann)
    people = {
        "owner": ann,
        "member": house.person("bob"),
        "moderator": house.person("mod", isModerator=True),
        "nobody": house.person(""),
        "elsewhere": house.person("ann", "other"),
    }
    answered, _, _ = await people[who].asks("POST", path(people[who], chat), broadcastId="r1")
    assert answered == status
    assert bool(await shown(ann)) is (status == 200)


async def test_restored_twice_it_is_there_once(house: House) -> None:
    ann = house.person("ann")
    chat = await deleted(ann)
    first = await ann.gets("POST", path(ann, chat), broadcastId="r1")
    assert await ann.gets("POST", path(ann, chat), broadcastId="r1") == first
    seq = (await ann.list(v="2"))["seq"]
    await ann.gets("POST", path(ann, chat), broadcastId="r2")
    assert (await ann.list(v="2"))["seq"] == seq


async def test_where_another_marker_stands_it_does_not_come_back(house: House) -> None:
    ann = house.person("ann")
    chat = await deleted(ann)
    made = await ann.marks("m2")
    status, body, _ = await ann.asks("POST", path(ann, chat), broadcastId="r1")
    assert (status, body["code"]) == (409, "place-taken")
    assert [one["_id"] for one in items(await ann.list(v="2"), "conversations")] == [made["createdChatId"]]


async def test_who_came_while_it_was_gone_is_told_how_far_they_had_read_it(house: House) -> None:
    ann, bob = house.person("ann"), house.person("bob")
    chat = str((await ann.marks("m1"))["createdChatId"])
    await bob.writes("an answer", "c1")
    await ann.gets("DELETE", f"/comment-image-chats/demo/{chat}", broadcastId="d1")
    hears = {person: await person.sub(await person.list(v="2"), v="2") for person in (ann, bob)}
    had_read = {ann: 1, bob: 2}
    listed = {person: await read(person) for person in hears}
    await ann.gets("POST", path(ann, chat), broadcastId="r1")
    for person, socket in hears.items():
        assert (await frame(socket))["type"] == "subscribed"
        # before the marker, which is not to be unread for a moment
        told = await read_state(socket)
        assert told["read"] == {chat: had_read[person]}
        assert told["revision"] == (await read(person))["revision"] != listed[person]["revision"]
        assert (await frame(socket))["type"] == "new-image-chat"
