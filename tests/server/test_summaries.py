"""How it stands with several images, asked of a running server (PROTOCOL 9.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagechat_tui.protocol.routes import MAX_SUMMARIES
from tests.server.house import IMAGE, House, Json, Person, part, running_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path) as house:
        yield house


def path(person: Person) -> str:
    return f"/comment-image-chats/{person.tenant}/summary"


async def told(person: Person, *url_ids: str) -> Json:
    answer = await person.gets("POST", path(person), {"urlIds": list(url_ids)}, v="2")
    summaries = answer["summaries"]
    assert isinstance(summaries, dict)
    return summaries


async def test_what_others_wrote_since_one_has_read_is_counted(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    await anna.gets("PUT", f"/comment-image-chats/{anna.tenant}/read-state", {}, urlId=IMAGE, v="2")
    chat = str((await ben.marks())["createdChatId"])
    read_state = f"/comment-image-chats/{anna.tenant}/read-state"
    await anna.gets("PUT", read_state, {}, urlId=IMAGE, v="2")
    await ben.writes("more", "b2")
    assert await told(anna, IMAGE, "nowhere") == {
        IMAGE: {"open": 1, "unread": 1},
        "nowhere": {"open": 0, "unread": 0},
    }
    await anna.gets("PUT", read_state, {"read": {chat: 2}}, urlId=IMAGE, v="2")
    assert await told(anna, IMAGE) == {IMAGE: {"open": 1, "unread": 0}}
    await ben.gets("PATCH", f"/comment-image-chats/demo/{chat}", {"broadcastId": "p1", "resolved": True})
    assert await told(ben, IMAGE) == {IMAGE: {"open": 0, "unread": 0}}


@pytest.mark.security
async def test_a_place_tells_of_its_image_and_never_of_another_tenants(house: House) -> None:
    place = {"kind": "path", "project": "host/acme/web", "value": "a.png"}
    for tenant in ("demo", "other"):
        anna = house.person("anna", tenant=tenant)
        nobody = await anna.gets("POST", path(anna), {"places": [place]}, v="2")
        assert (nobody["summaries"], nobody["places"]) == ({}, [""])
        opened = await anna.gets(
            "POST",
            f"/comment-image-chats/{tenant}/images",
            {"name": "a.png", "places": [place], "bind": "new", "broadcastId": "i1"},
            v="2",
        )
        image = opened["image"]
        assert isinstance(image, dict)
        found = await anna.gets("POST", path(anna), {"places": [place, place | {"value": "b.png"}]}, v="2")
        assert found["summaries"] == {image["urlId"]: {"open": 0, "unread": 0}}
        assert found["places"] == [image["urlId"], ""]


async def test_who_does_not_say_v2_finds_no_such_path(house: House) -> None:
    anna = house.person("anna")
    answer = await anna.asks("POST", path(anna), {"urlIds": [IMAGE]})
    assert answer[0] == 404


async def test_too_many_at_once_are_refused(house: House) -> None:
    anna = house.person("anna")
    many = [str(number) for number in range(MAX_SUMMARIES + 1)]
    answer = await anna.asks("POST", path(anna), {"urlIds": many}, v="2")
    assert answer[0] == 400


async def begins(person: Person, **more: object) -> tuple[object, int]:
    """What is unread on the image for somebody who begins to read it, and when that was asked."""
    body = {"urlIds": [IMAGE], "begins": True} | more
    answer = await person.gets("POST", path(person), body, v="2")
    return part(part(answer, "summaries"), IMAGE)["unread"], int(str(answer["serverTime"]))


async def test_what_is_said_where_one_has_not_been_yet_is_unread_once_one_has_asked(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    await ben.marks()
    house.clock.ms += 1
    assert (await told(anna, IMAGE))[IMAGE] == {"open": 1, "unread": 0}
    house.clock.ms += 1
    await ben.writes("who only asks has not begun", "b2")
    house.clock.ms += 1
    assert (await begins(anna))[0] == 0, "all that was there is taken as read"
    house.clock.ms += 1
    await ben.writes("@anna look", "b3")
    assert (await begins(anna))[0] == 1, "and it begins once"
    assert (await told(anna, IMAGE))[IMAGE] == {"open": 1, "unread": 1}
    assert (await begins(ben))[0] == 0, "nobody has their own words unread"
    state = await anna.gets("GET", "/comment-image-chats/demo/read-state", urlId=IMAGE, v="2")
    assert state["revision"] == 1
    assert list(part(state, "read").values()) == [2]


async def test_a_picture_of_which_the_server_hears_only_later_has_nothing_read(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    unread, since = await begins(anna)
    assert unread == 0
    house.clock.ms += 1
    await ben.marks()
    assert (await begins(anna, since=since))[0] == 1


@pytest.mark.security
async def test_for_people_without_sign_in_nothing_is_begun(house: House) -> None:
    guest, ben = house.person("", tenant="open"), house.person("ben", tenant="open")
    await ben.marks()
    assert (await begins(guest))[0] is None
