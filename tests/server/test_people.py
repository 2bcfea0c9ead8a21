"""Who looks at which picture, in the room and asked from another one (PROTOCOL 9.4)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientWebSocketResponse

from imagechat_tui.server.usecases import people
from tests.server.house import IMAGE, House, Json, Person, frame, items, part, presence, running_house

OTHER = "gallery-43"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path) as house:
        yield house


async def looks(
    person: Person, version: int | None = None, *, at: str = IMAGE, v: str = "2"
) -> ClientWebSocketResponse:
    """A socket of somebody who looks at an image."""
    listed = await person.gets("GET", f"/comment-image-chats/{person.tenant}", urlId=at, v=v)
    socket = await person.sub(listed, v=v)
    if version is not None:
        await shows(socket, version)
    return socket


async def shows(socket: ClientWebSocketResponse, version: int) -> None:
    await socket.send_str(json.dumps({"type": "viewing", "version": version}))


async def told(socket: ClientWebSocketResponse) -> Json:
    """The next frame that tells who looks at which version."""
    while True:
        found: Json = json.loads(await socket.receive_str(timeout=60))
        if found["type"] == "viewing":
            return part(found, "viewing")


async def elsewhere(person: Person, *pages: str) -> Json:
    """Who looks at some images."""
    path = f"/comment-image-chats/{person.tenant}/summary"
    return part(await person.gets("POST", path, {"urlIds": list(pages), "people": True}, v="2"), "people")


async def test_a_file_that_is_replaced_under_ones_eyes_is_told_to_the_others(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    there = await looks(ben)
    socket = await looks(anna, 3)
    assert await told(there) == {"demo:anna": [3]}
    await shows(socket, 4)
    assert await told(there) == {"demo:anna": [4]}
    online = await ben.gets("GET", "/pages/demo/users/online", urlId=IMAGE, v="2")
    assert online["viewing"] == {"demo:anna": [4]}


async def test_a_file_that_is_written_again_and_again_does_not_cost_the_socket(house: House) -> None:
    socket = await looks(house.person("anna"))
    for version in range(1, 16):
        await shows(socket, version)
    assert await told(socket) == {"demo:anna": [15]}
    assert not socket.closed


async def test_plain_readers_hear_and_read_nothing_of_it(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    plain = await looks(ben, 7, v="1")
    there = await looks(ben)
    await looks(anna, 3)
    assert await told(there) == {"demo:anna": [3]}, "and what a plain reader says of itself is not taken"
    await anna.marks()
    while (heard := json.loads(await plain.receive_str(timeout=60)))["type"] == "p-u":
        assert heard.keys() <= {"type", "ts", "uj", "ul", "sc"}
    assert heard["type"] == "new-image-chat"
    assert "viewing" not in await ben.gets("GET", "/pages/demo/users/online", urlId=IMAGE)


async def test_of_other_images_it_is_told_who_looks_at_them(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    there = await looks(ben)
    await looks(anna, 3)
    await told(there)
    found = await elsewhere(ben, IMAGE, OTHER)
    assert found.keys() == {IMAGE}, "where nobody is nothing is told"
    one = part(found, IMAGE)
    assert [(user["id"], user["displayName"]) for user in items(one, "users")] == [
        ("demo:ben", "Ben"),
        ("demo:anna", "Anna"),
    ]
    assert (one["anonCount"], one["totalCount"], one["viewing"]) == (0, 2, {"demo:anna": [3]})


async def test_it_is_told_only_to_who_asks_for_it(house: House) -> None:
    anna = house.person("anna")
    await looks(anna)
    answer = await anna.gets("POST", "/comment-image-chats/demo/summary", {"urlIds": [IMAGE]}, v="2")
    assert "people" not in answer


async def test_that_somebody_left_is_told_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagechat_tui.server.live.presence.LEAVE_DELAY_S", 0.8)
    there = await looks(house.person("ben"))
    socket = await looks(house.person("anna"), 3)
    await told(there)
    await socket.close()
    while "ul" not in (heard := json.loads(await there.receive_str(timeout=60))):
        assert heard["type"] == "p-u"


@pytest.mark.security
async def test_from_outside_one_sees_of_people_what_one_sees_in_the_room(house: House) -> None:
    """Those who wish no name, those without one, and those without sign-in: exactly as in the room."""
    await looks(house.person("quiet", isProfileActivityPrivate=True))
    await looks(house.person("nameless", username="", displayName=""))
    await looks(house.person("long", displayName="x" * 400))
    await looks(house.person(""))
    for who in (house.person("ben"), house.person("")):
        room = await who.gets("GET", "/pages/demo/users/online", urlId=IMAGE)
        outside = part(await elsewhere(who, IMAGE), IMAGE)
        assert (
            (outside["anonCount"], outside["totalCount"]) == (room["anonCount"], room["totalCount"]) == (1, 4)
        )
        cut = [
            {**user, "displayName": str(user["displayName"])[: people.MAX_NAME]}
            for user in items(room, "users")
        ]
        assert items(outside, "users") == cut
    assert "anon:" not in json.dumps(outside)


@pytest.mark.security
async def test_nobody_hears_of_another_tenants_people(house: House) -> None:
    await looks(house.person("anna"), 3)
    assert await elsewhere(house.person("eve", tenant="other"), IMAGE) == {}


@pytest.mark.security
async def test_who_may_not_read_is_told_nothing(house: House) -> None:
    await looks(house.person("anna", tenant="strict"), 3)
    path = "/comment-image-chats/strict/summary"
    answer = await house.person("", tenant="strict").asks(
        "POST", path, {"urlIds": [IMAGE], "people": True}, v="2"
    )
    assert (answer[0], "people" in answer[1]) == (401, False)


async def test_of_a_crowd_only_some_are_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MAX_NAMED_EACH", 2)
    monkeypatch.setattr(people, "MAX_NAMED", 3)
    for name in ("ann", "bob", "carl"):
        await looks(house.person(name), 1)
        await looks(house.person(name), at=OTHER)
    found = await elsewhere(house.person("ann"), IMAGE, OTHER)
    assert [
        (len(items(part(found, at), "users")), part(found, at)["totalCount"]) for at in (IMAGE, OTHER)
    ] == [
        (2, 3),
        (1, 3),
    ]


@pytest.mark.security
@pytest.mark.parametrize(
    ("asked", "present"),
    [({}, True), ({"v": "2"}, True), ({"unseen": "1"}, True), ({"v": "2", "unseen": "1"}, False)],
)
async def test_who_wants_to_be_unseen_is_seen_by_nobody(
    house: House, asked: dict[str, str], present: bool
) -> None:
    """An SDK, which does not say ``v=2``, is always there."""
    carol, bob = house.person("carol"), house.person("bob")
    await bob.marks()
    quiet = await carol.sub(await carol.list(v="2"), **asked)
    await (frame if asked.get("v") else presence)(quiet)
    await quiet.send_str('{"type":"viewing","version":1}')
    await quiet.send_str('{"type":"cursor","x":1,"y":2}')
    socket = await bob.sub(await bob.list())
    heard = await presence(socket)
    there = {carol.id, bob.id} if present else {bob.id}
    assert heard["sc"] == len(there)
    assert present or heard["uj"] == [bob.id]
    online = await bob.gets("GET", "/pages/demo/users/online", urlId=IMAGE, v="2")
    assert {user["id"] for user in items(online, "users")} == there
    assert carol.id not in part(online, "viewing") or present
    assert len(items(part(await elsewhere(bob, IMAGE), IMAGE), "users")) == len(there)
    await bob.writes("live", "b2")
    while (await frame(quiet))["type"] != "image-chat-updated":
        pass
