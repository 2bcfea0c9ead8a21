"""Nothing of a tenant is seen, changed or told apart from what does not exist (PROMISES D16).

Generated from the table of routes: one that is added is tried as well, or fails here for want of a path part.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from imagechat_tui.protocol.routes import SHOW_PICTURE, SUBSCRIBE, Route
from imagechat_tui.server.http import rest as handlers
from imagechat_tui.server.http import websocket as handlers_live
from tests.server.house import House, Json, Person, comment, frame, marker, part, presence, running_house

pytestmark = pytest.mark.security

ROUTES = [route for route, _ in (*handlers.ROUTES, *handlers_live.ROUTES)]
OF_NO_TENANT = {"/sub", "/user-presence-status", "/healthz", "/readyz", "/metrics", "/auth/logout"}
TENANT_ROUTES = [route for route in ROUTES if route.template not in OF_NO_TENANT]
"""Those that are about a tenant which the path names, or the query."""

CANARY = "xyzzy"
"""In everything that the victim wrote or is called, and in no request of the spy."""
SECRET_IMAGE = f"{CANARY}-plan"
SECRET_THREAD = f"{SECRET_IMAGE}:/{CANARY}.png:1:2"
PICTURE: Json = {
    "places": [{"kind": "path", "project": CANARY, "value": CANARY}],
    "name": CANARY,
    "pixels": "ab" * 32,
    "sha256": "cd" * 32,
    "width": 1,
    "height": 1,
    "bind": "new",
    "broadcastId": "opened",
}
PNG = b"\x89PNG\r\n\x1a\n and xyzzy"
SHA256 = hashlib.sha256(PNG).hexdigest()
SAME_PIXELS = PICTURE | {"places": [{"kind": "file", "value": "x"}], "name": "a.png", "broadcastId": "spy"}


@dataclass
class Case:
    """A victim with things, and the admin of another tenant who wants them."""

    house: House
    victim: Person
    spy: Person
    chat: str
    comment: str
    vote: str
    image: str
    ids: Json
    """Of the victim's room."""


@pytest.fixture
async def case(tmp_path: Path) -> AsyncIterator[Case]:
    async with running_house(tmp_path) as house:
        victim = house.person(f"{CANARY}-v")
        spy = house.person("spy", "other", isAdmin=True)
        made = await victim.gets(
            "POST",
            "/comment-image-chats/demo",
            marker(
                urlId=SECRET_IMAGE,
                windowUrlId=SECRET_THREAD,
                src=f"/{CANARY}.png",
                pageTitle=CANARY,
                comment=CANARY,
            ),
        )
        chat, first = str(made["createdChatId"]), str(part(made, "comment")["_id"])
        ballot = f"/comments/demo/{first}/vote"
        voted = await victim.gets("POST", ballot, {"voteDir": "up"}, urlId=SECRET_THREAD, broadcastId="v")
        vote = str(voted["voteId"])
        ids = await victim.gets("GET", "/comment-image-chats/demo", urlId=SECRET_IMAGE)
        opened = await victim.gets("POST", "/comment-image-chats/demo/images", PICTURE, v="2")
        await victim.gets("PUT", f"/images/demo/{SHA256}", PNG)
        yield Case(house, victim, spy, chat, first, vote, str(part(opened, "image")["id"]), ids)


async def state(case: Case) -> tuple[Json, ...]:
    """All that the victim has."""
    image = await case.victim.gets("GET", "/comment-image-chats/demo", urlId=SECRET_IMAGE, v="2")
    thread = await case.victim.gets("GET", "/comments/demo", urlId=SECRET_THREAD, v="2")
    path = f"/comment-image-chats/demo/images/{case.image}"
    return image, thread, await case.victim.gets("GET", path, v="2")


def bodies(route: Route) -> list[object]:
    """What a route may be sent: nothing, and everything it could want."""
    if route.method == "GET":
        return [None]
    written = marker(broadcastId="spy") | comment("seen") | {"resolved": True, "x": 1, "y": 2}
    written |= {"version": 1, "placements": [], "voteDir": "up"}
    return [None, written | (SAME_PIXELS if "/images" in route.template else {})]


def query(tenant: str, user_id_ws: str) -> dict[str, str]:
    """Everything that any route wants, about the page of the same name in the spy's own tenant."""
    return {
        "tenantId": tenant,
        "tenantIdWS": tenant,
        "urlId": "a-plan",
        "urlIdWS": "a-plan",
        "userIdWS": user_id_ws,
        "userIds": "demo:somebody",
        "ids": "demo:somebody",
        "startTime": "0",
        "version": "1",
        "broadcastId": "spy",
        "dir": "1",
        "isFlagged": "true",
        "commentIds": "c_0",
    }


def extended(route: Route) -> dict[str, str]:
    """What shows a route that only our own client finds."""
    return (
        {"v": "2"}
        if any(part in route.template for part in ("/images", "/read-state", "/placements", "/summary"))
        else {}
    )


def things(case: Case) -> dict[str, str]:
    """The victim's, for paths."""
    return {
        "chat_id": case.chat,
        "comment_id": case.comment,
        "vote_id": case.vote,
        "sha256": SHA256,
        "image_id": case.image,
    }


async def told(
    person: Person, route: Route, parts: Mapping[str, str], body: object, asked: Mapping[str, str]
) -> tuple[int, str]:
    """Status and body, in which what differs by nature (the room of the asked page) does not matter."""
    status, answer, _ = await person.asks(route.method, route.path(**parts), body, None, **asked)
    return status, json.dumps(answer)


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=lambda route: f"{route.method} {route.template}")
async def test_a_thing_of_another_tenant_is_a_thing_that_does_not_exist(case: Case, route: Route) -> None:
    before = await state(case)
    own = str((await case.spy.list())["userIdWS"])
    for body in bodies(route):
        for user_id_ws in (own, str(case.ids["userIdWS"])):
            asked = query("other", user_id_ws) | extended(route)
            theirs = {"tenant_id": "other"} | things(case)
            nowhere = theirs | {"chat_id": "ic_0", "comment_id": "c_0", "vote_id": "v_0", "image_id": "im_0"}
            answer = await told(case.spy, route, theirs, body, asked)
            assert answer == await told(case.spy, route, nowhere, body, asked)
            assert CANARY not in answer[1]
            if any(part in route.template for part in ("chat_id", "comment_id", "image_id")):
                assert answer[0] == 404
            if route == SHOW_PICTURE:
                assert answer[0] == 404
    assert await state(case) == before


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=lambda route: f"{route.method} {route.template}")
async def test_a_proof_for_one_tenant_opens_no_other(case: Case, route: Route) -> None:
    """The spy's token is good, and was not made with the secret of the tenant that the path names."""
    before = await state(case)
    parts = {"tenant_id": "demo"} | things(case)
    own = str((await case.spy.list())["userIdWS"])
    for body in bodies(route):
        status, answer = await told(case.spy, route, parts, body, query("demo", own) | extended(route))
        assert CANARY not in answer
        assert status == (200 if route.template.startswith("/event-log") else 401), "the log asks no sso"
    assert await state(case) == before


async def test_the_same_names_in_another_tenant_are_other_rooms(case: Case) -> None:
    """Not even who knows the room's token, the user's token and the page hears or sees anything."""
    listed = await case.spy.gets("GET", "/comment-image-chats/other", urlId=SECRET_IMAGE, v="2")
    assert listed["urlIdWS"] != case.ids["urlIdWS"]
    assert (listed["conversations"], listed["comments"], listed["seq"]) == ([], [], 0)
    sockets = [
        await case.spy.sub({"tenantIdWS": "other", "urlIdWS": room, "userIdWS": user})
        for room in (str(case.ids["urlIdWS"]), SECRET_IMAGE, f"demo%3A{SECRET_IMAGE}")
        for user in (str(case.ids["userIdWS"]), "")
    ]
    own = await case.victim.sub(case.ids)
    await case.victim.writes("more", "b2", SECRET_THREAD)
    assert (await frame(own))["type"] == "image-chat-updated"
    for socket in sockets:
        seen = await presence(socket)
        assert CANARY not in json.dumps(seen)
    online = {"tenantId": "other", "urlIdWS": str(case.ids["urlIdWS"]), "userIds": case.victim.id}
    status, answer, _ = await case.spy.asks("GET", "/user-presence-status", **online)
    assert (status, answer["userIdsOnline"]) == (200, {case.victim.id: False})
    known = await case.spy.gets("GET", "/pages/other/users/info", ids=case.victim.id)
    assert known["users"] == []


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route not in TENANT_ROUTES],
    ids=lambda route: f"{route.method} {route.template}",
)
async def test_routes_of_no_tenant_tell_of_none(case: Case, route: Route) -> None:
    own = await case.victim.sub(case.ids)
    assert (await presence(own))["sc"] == 1
    for tenant in ("other", "nobody"):
        async with case.house.client.request(
            route.method, route.template, params=query(tenant, "") | {"sso": case.spy.token}
        ) as answer:
            text = await answer.text()
        assert CANARY not in text
        if route == SUBSCRIBE:
            assert answer.status in (404, 426)
