"""Where markers are on other versions of their image, asked of a running server (PROTOCOL 9.2)."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagechat_tui.protocol.ids import ConversationId, TenantId
from imagechat_tui.protocol.routes import MAX_PLACEMENTS
from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.memory import MemoryCounts
from imagechat_tui.server.guard.limits import Limit, Limits
from imagechat_tui.server.storage.migrations import steps
from imagechat_tui.server.storage.sqlite import SqliteStore
from tests.server.house import IMAGE, Clock, House, Json, K, Person, frame, items, part, running_house

OTHER_IMAGE = "gallery-43"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path) as house:
        yield house


def path(person: Person) -> str:
    return f"/comment-image-chats/{person.tenant}/placements"


async def looks(person: Person, number: int, url_id: str = IMAGE) -> int:
    """The image is opened with its n-th look; the number of that version."""
    picture = {
        "urlId": url_id,
        "places": [],
        "name": "a.png",
        "pixels": f"{number:064x}",
        "sha256": f"{number:064x}",
        "width": 100,
        "height": 100,
        "broadcastId": f"look {url_id} {number}",
    }
    opened = await person.gets("POST", f"/comment-image-chats/{person.tenant}/images", picture, v="2")
    version = part(opened, "image")["version"]
    assert isinstance(version, int)
    return version


async def marked(person: Person, broadcast_id: str = "b1", **body: object) -> str:
    """A marker on the first version of an image that has a second one since."""
    await looks(person, 1)
    made = await person.gets(
        "POST",
        f"/comment-image-chats/{person.tenant}",
        {"urlId": IMAGE, "windowUrlId": K, "src": "/img/trail.jpg", "x": 25.5, "y": 30.25, "comment": "here"}
        | {"broadcastId": broadcast_id}
        | body,
        v="2",
    )
    assert await looks(person, 2) == 2
    return str(made["createdChatId"])


def moved(chat: str, y: float = 40) -> Json:
    return {"chatId": chat, "x": 25.5, "y": y, "state": "moved", "fromX": 25.5, "fromY": 30.25, "score": 0.9}


def said(chat: str, y: float = 50) -> Json:
    return {"chatId": chat, "x": 25.5, "y": y, "state": "set"}


def body(*placements: Json, version: int = 2, unset: tuple[str, ...] = ()) -> Json:
    return {"version": version, "placements": list(placements), "unset": list(unset)}


async def places(person: Person, asked: Json, url_id: str = IMAGE) -> Json:
    answer = await person.gets("PUT", path(person), asked, urlId=url_id, v="2")
    return {key: value for key, value in answer.items() if key != "status"}


async def shown(person: Person, version: int = 2, url_id: str = IMAGE) -> Json:
    answer = await person.gets("GET", path(person), urlId=url_id, version=str(version), v="2")
    return {key: value for key, value in answer.items() if key != "status"}


def told(revision: int, *placements: Json, gone: tuple[str, ...] = ()) -> Json:
    return {"version": 2, "revision": revision, "placements": list(placements), "gone": list(gone)}


async def test_what_one_client_works_out_the_others_find(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    chat = await marked(anna)
    assert await shown(ben) == told(0)
    assert await places(anna, body(moved(chat))) == told(1, moved(chat))
    assert await shown(ben) == told(1, moved(chat))
    assert await places(ben, body(moved(chat, 45))) == told(1)
    by_ben = said(chat) | {"by": ben.id}
    assert await places(ben, body(said(chat))) == told(2, by_ben)
    assert await shown(anna) == told(2, by_ben)
    assert await places(anna, body(unset=(chat,))) == told(3, moved(chat))


async def test_a_change_is_told_to_the_sockets_of_the_room_that_ask_for_it(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    chat = await marked(anna)
    listed = await anna.list(v="2")
    hearing = [await one.sub(await one.list(v="2"), v="2") for one in (anna, ben)]
    plain = await ben.sub(await ben.list())
    for socket in hearing:
        assert (await frame(socket))["type"] == "subscribed"
    for asked in (body(moved(chat)), body(moved(chat)), body(said(chat)), body(unset=(chat,))):
        await places(anna, asked)
    changes = [
        told(1, moved(chat)),
        told(2, said(chat) | {"by": anna.id}),
        told(3, moved(chat)),
    ]
    for socket in hearing:
        assert [await frame(socket) for _ in changes] == [{"type": "placements"} | one for one in changes]
    await ben.writes("seen by all", "b2")
    assert (await frame(plain))["type"] == "image-chat-updated"
    assert (await anna.list(v="2"))["seq"] == int(str(listed["seq"])) + 1, "none of it is in the log"


async def test_a_marker_that_has_no_placement_any_more_is_told_as_gone(house: House) -> None:
    anna = house.person("anna")
    chat = await marked(anna)
    socket = await anna.sub(await anna.list(v="2"), v="2")
    await frame(socket)
    await places(anna, body(said(chat)))
    assert await places(anna, body(unset=(chat,))) == told(2, gone=(chat,))
    assert [(await frame(socket))["gone"] for _ in range(2)] == [[], [chat]]
    assert await shown(anna) == told(2)


async def test_of_two_who_work_it_out_at_once_one_is_first_for_everybody(house: House) -> None:
    people = [house.person(name) for name in ("anna", "ben", "cleo")]
    chat = await marked(people[0])
    answers = await asyncio.gather(
        *(places(one, body(moved(chat, 40 + number))) for number, one in enumerate(people * 4))
    )
    changed = [answer for answer in answers if answer["placements"]]
    assert changed == [await shown(people[0])]
    assert {str(answer["revision"]) for answer in answers} == {"1"}


async def test_a_person_goes_before_whoever_works_it_out_at_the_same_moment(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    chat = await marked(anna)
    await asyncio.gather(
        *(places(ben, body(moved(chat, 40 + number))) for number in range(5)),
        places(anna, body(said(chat))),
        *(places(ben, body(moved(chat, 50 + number))) for number in range(5)),
    )
    assert (await shown(ben))["placements"] == [said(chat) | {"by": anna.id}]


async def test_a_marker_that_was_moved_is_placed_anew(house: House) -> None:
    anna = house.person("anna")
    chat = await marked(anna)
    await places(anna, body(moved(chat)))
    to = {"broadcastId": "p1", "x": 60, "y": 70}
    await anna.gets("PATCH", f"/comment-image-chats/demo/{chat}", to)
    assert (await shown(anna))["placements"] == []
    assert (await places(anna, body(moved(chat, 41))))["placements"] == []
    again = moved(chat, 75) | {"fromX": 60, "fromY": 70}
    assert await places(anna, body(again)) == told(2, again)


async def test_a_marker_that_is_deleted_meanwhile_is_passed_over(house: House) -> None:
    anna = house.person("anna")
    chat = await marked(anna)
    await places(anna, body(moved(chat)))
    await places(anna, body(said(chat)))
    await anna.gets("DELETE", f"/comment-image-chats/demo/{chat}", broadcastId="d1")
    assert await places(anna, body(said(chat, 60))) == told(2)
    assert await places(anna, body(unset=(chat,))) == told(2)
    assert await shown(anna) == told(2)


async def test_a_marker_that_is_restored_is_where_it_was_and_who_came_meanwhile_is_told(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    chat = await marked(anna)
    await places(anna, body(moved(chat)))
    await places(anna, body(said(chat)))
    before = await shown(anna)
    await anna.gets("DELETE", f"/comment-image-chats/demo/{chat}", broadcastId="d1")
    listed = await ben.list(v="2")
    socket, plain = await ben.sub(listed, v="2"), await ben.sub(listed)
    await frame(socket)
    assert await shown(ben) == told(2)
    for _ in range(2):
        await anna.gets("POST", f"/comment-image-chats/demo/{chat}/restore", broadcastId="r1")
    by_anna = before["placements"]
    assert await shown(ben) == before | {"revision": 3}
    again: Json = {"type": "placements", "version": 2, "revision": 3, "placements": by_anna, "gone": []}
    assert await frame(socket) == again
    assert [(await frame(one))["type"] for one in (socket, plain)] == ["new-image-chat"] * 2
    assert await places(ben, body(unset=(chat,))) == told(4, moved(chat))


async def test_what_is_not_of_the_image_is_passed_over_and_the_rest_is_not(house: House) -> None:
    anna = house.person("anna")
    chat = await marked(anna)
    elsewhere = f"{OTHER_IMAGE}:/img/trail.jpg:1:1"
    other = str((await anna.marks("b2", urlId=OTHER_IMAGE, windowUrlId=elsewhere))["createdChatId"])
    own = await marked(anna, "b3", version=2)
    strangers = [said(one) for one in (other, own, "ic_0", "💥" * 500)]
    assert await places(anna, body(*strangers, said(chat))) == told(1, said(chat) | {"by": anna.id})


async def test_a_version_that_the_image_does_not_have_keeps_nothing(house: House) -> None:
    anna = house.person("anna")
    chat = await marked(anna)
    for version in (0, -1, 3, 2**53):
        nothing: Json = {"version": version, "revision": 0, "placements": [], "gone": []}
        assert await places(anna, body(said(chat), version=version)) == nothing
        assert await shown(anna, version) == nothing
    assert (await places(anna, body(said(chat)), OTHER_IMAGE))["revision"] == 0
    assert await shown(anna) == told(0)


@pytest.mark.security
async def test_nothing_of_another_tenant_is_placed_or_shown(house: House) -> None:
    anna, spy = house.person("anna"), house.person("anna", "other", isAdmin=True)
    chat = await marked(anna)
    own = await marked(spy)
    await places(anna, body(said(chat)))
    assert await places(spy, body(said(chat, 99), said(own))) == told(1, said(own) | {"by": spy.id})
    assert await places(spy, body(unset=(chat,))) == told(1)
    assert await shown(anna) == told(1, said(chat) | {"by": anna.id})
    for method, asked in (("GET", None), ("PUT", body(said(chat, 99)))):
        status, _, _ = await spy.asks(method, path(anna), asked, urlId=IMAGE, version="2", v="2")
        assert status == 401


@pytest.mark.security
async def test_who_may_not_write_places_nothing_and_may_look(house: House) -> None:
    anna, nobody = house.person("anna"), house.person("")
    chat = await marked(anna)
    status, _, _ = await nobody.asks("PUT", path(nobody), body(said(chat)), urlId=IMAGE, v="2")
    assert status == 401
    assert await shown(nobody) == told(0) == await shown(anna)


@pytest.mark.security
async def test_where_everybody_must_sign_in_nobody_learns_where_markers_are(house: House) -> None:
    stranger = house.person("", "strict")
    asked = {"urlId": IMAGE, "version": "2", "v": "2"}
    assert (await stranger.asks("GET", path(stranger), **asked))[0] == 401


async def test_who_does_not_ask_for_extensions_finds_no_path(house: House) -> None:
    anna = house.person("anna")
    for method, asked in (("GET", None), ("PUT", body())):
        status, _, _ = await anna.asks(method, path(anna), asked, urlId=IMAGE, version="2")
        assert status == 404


@pytest.mark.parametrize(
    "asked",
    [
        b'{"version":2,"placements":[{"chatId":"a","x":NaN,"y":1,"state":"set"}]}',
        b'{"version":2,"placements":[{"chatId":"a","x":1,"y":Infinity,"state":"set"}]}',
        b'{"version":2,"placements":[{"chatId":"a","x":1,"y":1e400,"state":"set"}]}',
        b'{"version":2,"placements":[{"chatId":"a","x":1,"y":1,"state":"set"}],"unset":["\\ud800"]}',
        body(said("a", -1)),
        body(said("a", 1e308)),
        body(said("a") | {"state": "unset"}),
        body(moved("a") | {"score": 1.01}),
        body(said("a"), said("a")),
        body(*(said(f"ic_{number}") for number in range(MAX_PLACEMENTS + 1))),
        {"version": "2", "placements": []},
        {"placements": []},
    ],
)
async def test_what_cannot_be_read_is_refused_and_nothing_of_it_done(house: House, asked: object) -> None:
    anna = house.person("anna")
    await marked(anna)
    status, answer, _ = await anna.asks("PUT", path(anna), asked, urlId=IMAGE, v="2")
    assert (status, answer["code"]) == (400, "invalid-input")
    assert await shown(anna) == told(0)


@pytest.mark.security
async def test_ten_thousand_placements_are_too_large_to_be_read(house: House) -> None:
    anna = house.person("anna")
    many = body(*(said(f"ic_{number}") for number in range(10_000)))
    status, answer, _ = await anna.asks("PUT", path(anna), many, urlId=IMAGE, v="2")
    assert (status, answer["code"]) == (413, "too-large")


async def test_a_page_and_a_version_have_to_be_named(house: House) -> None:
    anna = house.person("anna")
    assert (await anna.asks("PUT", path(anna), body(), v="2"))[1]["code"] == "missing-url-id"
    assert (await anna.asks("GET", path(anna), version="2", v="2"))[1]["code"] == "missing-url-id"
    assert (await anna.asks("GET", path(anna), urlId=IMAGE, v="2"))[1]["code"] == "invalid-input"


async def test_as_many_as_one_request_may_name_are_placed_and_told_in_one_frame(house: House) -> None:
    anna = house.person("a" * 900, username="a", displayName="Anna", email="a@example.com")
    await looks(anna, 1)
    chats = []
    for number in range(MAX_PLACEMENTS):
        key = f"{IMAGE}:/img/trail.jpg:{number}:1"
        chats.append(await marked(anna, f"m{number}", windowUrlId=key, version=1))
    socket = await anna.sub(await anna.list(v="2"), v="2")
    await frame(socket)
    answer = await places(anna, body(*(said(chat) for chat in chats)))
    heard = await frame(socket)
    assert len(items(answer, "placements")) == MAX_PLACEMENTS
    assert heard == {"type": "placements"} | answer
    assert len(json.dumps(heard)) < 256 * 1024


async def test_too_many_changes_are_refused_like_too_many_writes(tmp_path: Path) -> None:
    limits = Limits(MemoryCounts(), {Limit.WRITE: Rule(0.001, 2)})
    async with running_house(tmp_path, limits=limits) as house:
        anna = house.person("anna")
        answers = [await anna.asks("PUT", path(anna), body(), urlId=IMAGE, v="2") for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert answers[-1][1]["code"] == "user-rate-limited"


async def test_what_was_placed_is_there_when_the_server_comes_back(tmp_path: Path) -> None:
    async with running_house(tmp_path) as house:
        anna = house.person("anna")
        chat = await marked(anna)
        await places(anna, body(moved(chat)))
        await places(anna, body(said(chat)))
    async with running_house(tmp_path) as house:
        anna = house.person("anna")
        assert await shown(anna) == told(2, said(chat) | {"by": anna.id})
        assert await places(anna, body(unset=(chat,))) == told(3, moved(chat))


# The version of a marker


async def listed(person: Person, **query: str) -> list[Json]:
    return items(await person.list(**query), "conversations")


async def test_a_marker_says_on_which_version_it_was_made_to_who_asks(house: House) -> None:
    anna = house.person("anna")
    await looks(anna, 1)
    await looks(anna, 2)
    listing = await anna.list(v="2")
    full, plain = await anna.sub(listing, v="2"), await anna.sub(listing)
    await frame(full)
    url = f"{IMAGE}:/img/trail.jpg"
    asked: list[tuple[Json, str]] = [({"version": 1}, "2"), ({}, "2"), ({}, "1"), ({"version": 7}, "2")]
    for number, (version, v2) in enumerate(asked):
        made: Json = {"urlId": IMAGE, "windowUrlId": f"{url}:{number}:1", "src": "s", "x": number, "y": 1}
        made |= {"comment": "here", "broadcastId": f"b{number}"} | version
        answer = await anna.gets("POST", "/comment-image-chats/demo", made, v=v2)
        assert ("version" in part(answer, "conversation")) is (v2 == "2" and number != 3)
    assert [one.get("version") for one in await listed(anna, v="2")] == [1, 2, 2, None]
    assert [one for one in await listed(anna) if "version" in one] == []
    frames = [part(await frame(full), "imageChat").get("version") for _ in range(8)]
    assert frames == [1, 1, 2, 2, 2, 2, None, None]
    assert [part(await frame(plain), "imageChat") for _ in range(4)] == await listed(anna)


async def test_a_version_that_an_sdk_sends_means_nothing(house: House) -> None:
    anna = house.person("anna")
    await looks(anna, 1)
    await anna.marks("b1", version="17.3-beta")
    assert [one["version"] for one in await listed(anna, v="2")] == [1]


async def test_without_an_image_nobody_knows_the_version(house: House) -> None:
    anna = house.person("anna")
    await anna.marks("b1")
    assert "version" not in (await listed(anna, v="2"))[0]
    await looks(anna, 1)
    assert "version" not in (await listed(anna, v="2"))[0]


async def test_markers_of_an_older_database_are_of_the_version_that_was_the_newest_then(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as old:
        for script in steps("sqlite")[:5]:
            old.executescript(script)
        old.execute("PRAGMA user_version = 5")
        old.execute("INSERT INTO tenant VALUES ('demo', 'Demo', x'', 0, 0, 0)")
        old.execute("INSERT INTO image VALUES ('demo', 'im_1', 'room', 's', 'a.png', '', 0)")
        for number in (1, 2):
            version = number, f"look {number}", "file", 1, 1, 1, 0, 100 * number, "demo:anna"
            old.execute(
                "INSERT INTO image_version VALUES ('demo', 'im_1', ?, ?, ?, ?, ?, ?, ?, ?, ?)", version
            )
        for number, (made_at, room) in enumerate(((50, "room"), (150, "room"), (250, "room"), (250, "x"))):
            old.execute(
                "INSERT INTO conversation (tenant_id, id, image, url_id, x, y, commenter_name, comment_count,"
                " created_at_ms, number, resolved) VALUES ('demo', ?, ?, ?, 1, 1, '', 0, ?, ?, 0)",
                (f"ic_{number}", room, f"thread {number}", made_at, number),
            )
    old.close()
    store = await SqliteStore.open(path, now_ms=Clock())
    kept = [await store.conversation(TenantId("demo"), ConversationId(f"ic_{n}")) for n in range(4)]
    await store.close()
    assert [one and one.version for one in kept] == [None, 1, 2, None]


# The thread of a marker


async def made_at(person: Person, broadcast_id: str, v: str = "2", **body: object) -> Json:
    answer = await person.gets(
        "POST",
        f"/comment-image-chats/{person.tenant}",
        {"urlId": IMAGE, "windowUrlId": K, "src": "/img/trail.jpg", "x": 25.5, "y": 30.25}
        | {"comment": broadcast_id, "broadcastId": broadcast_id}
        | body,
        v=v,
    )
    return part(answer, "conversation")


async def test_a_new_marker_begins_a_thread_of_its_own_wherever_it_stands(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    made = [await made_at(one, f"b{number}") for number, one in enumerate([anna, ben, anna])]
    assert [one["urlId"] for one in made] == [
        f"{IMAGE}:/img/trail.jpg:{x}:30.25" for x in ("25.5", "25.51", "25.52")
    ]
    assert {(one["x"], one["y"], one["commentCount"]) for one in made} == {(25.5, 30.25, 1)}
    assert [one["number"] for one in made] == [1, 2, 3]
    for one in made:
        said = items(await anna.thread(str(one["urlId"])), "comments")
        assert len(said) == 1


async def test_a_marker_that_was_moved_away_keeps_its_thread_to_itself(house: House) -> None:
    anna = house.person("anna")
    first = await made_at(anna, "b1")
    to = {"broadcastId": "p1", "x": 60, "y": 70}
    await anna.gets("PATCH", f"/comment-image-chats/demo/{first['_id']}", to)
    assert (await made_at(anna, "b2"))["urlId"] != first["urlId"]


async def test_the_thread_of_a_deleted_marker_is_left_to_whoever_restores_it(house: House) -> None:
    anna = house.person("anna")
    first = await made_at(anna, "b1")
    await anna.gets("DELETE", f"/comment-image-chats/demo/{first['_id']}", broadcastId="d1")
    beside = await made_at(anna, "b2")
    assert beside["urlId"] != first["urlId"]
    await anna.writes("and more", "c1", str(beside["urlId"]))
    house.clock.ms += 60_001
    later = await made_at(anna, "b3")
    back = await anna.gets(
        "POST", f"/comment-image-chats/demo/{first['_id']}/restore", broadcastId="r1", v="2"
    )
    assert part(back, "conversation")["urlId"] == first["urlId"]
    assert len({first["urlId"], beside["urlId"], later["urlId"]}) == 3


async def test_comments_that_wait_for_their_marker_are_not_joined(house: House) -> None:
    """Of a client that makes a marker in two steps, the first is done."""
    anna, ben = house.person("anna"), house.person("ben")
    said = await ben.writes("first step", "s1")
    assert (await made_at(anna, "b1"))["urlId"] != K
    second = await ben.marks("s2", comment=None, createdFromCommentId=part(said, "comment")["_id"])
    assert part(second, "conversation")["urlId"] == K


async def test_who_does_not_ask_for_extensions_joins_the_marker_that_stands_there(house: House) -> None:
    anna, ben = house.person("anna"), house.person("ben")
    first = await made_at(anna, "b1", v="1")
    again = await made_at(ben, "b2", v="1")
    assert (again["_id"], again["urlId"], again["commentCount"]) == (first["_id"], K, 2)


async def test_two_at_once_get_two_threads(house: House) -> None:
    people = [house.person(name) for name in ("anna", "ben", "cleo", "dan")]
    made = await asyncio.gather(*(made_at(one, f"b {one.id}") for one in people))
    assert len({str(one["urlId"]) for one in made}) == len({str(one["_id"]) for one in made}) == 4


async def test_repeated_it_is_the_marker_that_was_made(house: House) -> None:
    anna = house.person("anna")
    first = await made_at(anna, "b1")
    assert await made_at(anna, "b1") == first


@pytest.mark.parametrize(("x", "beside"), [(0, "0.01"), (49.99, "50"), (50, "49.99"), (100, "99.99")])
async def test_the_key_beside_is_one_on_the_picture(house: House, x: float, beside: str) -> None:
    anna = house.person("anna")
    key = f"{IMAGE}:/img/trail.jpg:{x}:30.25"
    made = [await made_at(anna, f"b{number}", windowUrlId=key, x=x) for number in range(2)]
    assert made[1]["urlId"] == f"{IMAGE}:/img/trail.jpg:{beside}:30.25"


@pytest.mark.security
async def test_a_spot_that_somebody_fills_stays_quick_to_write_to(house: House) -> None:
    anna = house.person("anna")
    made = [await made_at(anna, f"b{number}") for number in range(130)]
    assert len({str(one["urlId"]) for one in made}) == 130
    assert {(one["x"], one["y"]) for one in made} == {(25.5, 30.25)}
