"""Every cell of the table of rights, asked of the running server (PROMISES 6)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imagechat_tui.server.guard.access import TABLE, Action, Grant, Standing
from tests.server.house import IMAGE, NOW_MS, House, Json, K, Person, comment, marker, part, running_house

pytestmark = pytest.mark.security

FRESH = f"{IMAGE}:/img/trail.jpg:9:9"
PNG = b"\x89PNG\r\n\x1a\n and more"
PICTURE: Json = {
    "places": [{"kind": "file", "value": "x"}],
    "name": "a.png",
    "broadcastId": "b1",
}


@dataclass
class Request:
    """How an action is asked for. ``{chat}``, ``{comment}`` and ``{image}`` name what it is about."""

    method: str
    path: str
    body: object = None


REQUESTS = {
    Action.READ: Request("GET", "/comment-image-chats/{tenant}"),
    Action.CREATE_MARKER: Request("POST", "/comment-image-chats/{tenant}", marker(windowUrlId=FRESH)),
    Action.COMMENT: Request("POST", "/comments/{tenant}", comment("new")),
    Action.EDIT_COMMENT: Request("POST", "/comments/{tenant}/{comment}/update-text", {"comment": "new"}),
    Action.MOVE_MARKER: Request(
        "PATCH", "/comment-image-chats/{tenant}/{chat}", {"broadcastId": "b1", "x": 1, "y": 2}
    ),
    Action.RESOLVE_MARKER: Request(
        "PATCH", "/comment-image-chats/{tenant}/{chat}", {"broadcastId": "b1", "resolved": True}
    ),
    Action.DELETE_COMMENT: Request("DELETE", "/comments/{tenant}/{comment}"),
    Action.DELETE_MARKER: Request("DELETE", "/comment-image-chats/{tenant}/{chat}"),
    Action.PIN_COMMENT: Request("POST", "/comments/{tenant}/{comment}/pin"),
    Action.LOCK_COMMENT: Request("POST", "/comments/{tenant}/{comment}/lock"),
    Action.CLOSE_THREAD: Request("PUT", "/auth/my-account/moderate-comments/close-thread"),
    Action.FLAG_COMMENT: Request("POST", "/flag-comment/{comment}"),
    Action.BLOCK_AUTHOR: Request("POST", "/block-from-comment/{comment}", {"commentIds": None}),
    Action.VOTE: Request("POST", "/comments/{tenant}/{comment}/vote", {"voteDir": "down"}),
    Action.UNVOTE: Request("DELETE", "/comments/{tenant}/{comment}/vote/{vote}"),
    Action.UPLOAD: Request("PUT", f"/images/{{tenant}}/{hashlib.sha256(PNG).hexdigest()}", PNG),
    Action.BIND_PICTURE: Request("POST", "/comment-image-chats/{tenant}/images", PICTURE | {"bind": "new"}),
    Action.LINK_PICTURE: Request("POST", "/comment-image-chats/{tenant}/images/{image}/places", PICTURE),
    Action.LIST_ROOMS: Request("GET", "/comment-image-chats/{tenant}/rooms"),
    Action.FIND_PEOPLE: Request("GET", "/user-search/{tenant}"),
    Action.KEEP_READ_STATE: Request("PUT", "/comment-image-chats/{tenant}/read-state", {"read": {}}),
    Action.PLACE_MARKER: Request(
        "PUT", "/comment-image-chats/{tenant}/placements", {"version": 1, "placements": []}
    ),
}
ABOUT_A_PAGE = frozenset(
    {Action.KEEP_READ_STATE, Action.PLACE_MARKER, Action.CLOSE_THREAD, Action.FIND_PEOPLE, Action.UPLOAD}
    | {Action.LIST_ROOMS}
)
"""A page is always there: there is nothing that is not found."""
OPINIONS = frozenset({Action.FLAG_COMMENT, Action.BLOCK_AUTHOR})
SILENT = (
    ABOUT_A_PAGE - {Action.CLOSE_THREAD} | OPINIONS | {Action.READ, Action.BIND_PICTURE, Action.LINK_PICTURE}
)
"""What no event in the log of the image tells of."""

TENANTS = {standing: "open" if standing is Standing.SESSION else "demo" for standing in Standing}
"""Where somebody of each standing is at home: a guest may own things only where guests may write."""


class Guest(Person):
    """Nobody, who comes back with the session that his first write gave him."""

    session = ""

    async def asks(self, *call: Any, **query: str) -> tuple[int, Json, Mapping[str, str]]:
        if self.session:
            query["sessionId"] = self.session
        return await super().asks(*call, **query)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """An operator has decided of two people."""
    async with running_house(tmp_path) as house:
        await house.rule("reader", role="reader")
        await house.rule("banned", banned_until_ms=NOW_MS + 1)
        yield house


async def somebody(house: House, standing: Standing) -> Person:
    match standing:
        case Standing.ANONYMOUS:
            return house.person("")
        case Standing.SESSION:
            guest = Guest(house, "", "open")
            said = await guest.writes("hello", "first", "elsewhere")
            guest.session = str(part(said, "user")["sessionId"])
            return guest
        case Standing.BANNED:
            return house.person("banned")
        case Standing.READ_ONLY:
            return house.person("reader")
        case Standing.MEMBER:
            return house.person("member")
        case Standing.STAFF:
            return house.person("judge", isModerator=True)


async def made_by(person: Person) -> dict[str, str]:
    """A marker of somebody, its first comment with their vote, and an image."""
    made = await person.marks("made")
    path, picture = f"/comment-image-chats/{person.tenant}/images", {"places": [], "broadcastId": "opened"}
    opened = await person.gets("POST", path, PICTURE | picture | {"bind": "new"}, v="2")
    first = str(part(made, "comment")["_id"])
    ballot = f"/comments/{person.tenant}/{first}/vote"
    voted = await person.gets("POST", ballot, {"voteDir": "up"}, urlId=K, broadcastId="voted")
    return {
        "tenant": person.tenant,
        "chat": str(made["createdChatId"]),
        "comment": first,
        "vote": str(voted["voteId"]),
        "image": str(part(opened, "image")["id"]),
    }


def expected(standing: Standing, grant: Grant, *, own: bool) -> int:
    """The status that a cell of the table means, where reading needs no sign-in."""
    if grant in (Grant.YES, Grant.PUBLIC) or grant is (Grant.OWN if own else Grant.OTHERS):
        return 200
    return 401 if standing is Standing.ANONYMOUS else 403


def test_every_action_is_asked_for() -> None:
    assert REQUESTS.keys() == set(Action) == TABLE.keys()


CELLS = [(action, standing, own) for action in Action for standing in Standing for own in (True, False)]


@pytest.mark.parametrize(("action", "standing", "own"), CELLS)
async def test_the_server_keeps_to_the_table(
    house: House, action: Action, standing: Standing, own: bool
) -> None:
    tenant = TENANTS[standing]
    person, other = await somebody(house, standing), house.person("other", tenant)
    own = own and TABLE[Action.CREATE_MARKER][standing] is Grant.YES
    things = await made_by(person if own else other)
    request = REQUESTS[action]
    path = request.path.format_map(things)
    query = {"broadcastId": "b1", "urlId": IMAGE if action is Action.READ else K, "v": "2"}
    query |= {"tenantId": tenant, "isFlagged": "true"}
    before = await other.list(v="2")
    status, body, _ = await person.asks(request.method, path, request.body, **query)
    assert status == expected(standing, TABLE[action][standing], own=own), body
    changed = (await other.list(v="2"))["seq"] != before["seq"]
    assert changed is (status == 200 and action not in SILENT)


LOOKING = frozenset({Action.READ, Action.BIND_PICTURE})
"""Whoever may look asks which image a picture is, too; whether it is to be bound stands in the body."""


@pytest.mark.parametrize("action", [action for action in Action if action not in LOOKING | ABOUT_A_PAGE])
async def test_a_body_that_cannot_be_read_is_told_after_the_right(house: House, action: Action) -> None:
    """Whoever may not must not learn more: 401, then 404, then 403, then 400."""
    owner, nobody, reader = house.person("owner"), house.person(""), house.person("reader")
    of_others = Grant.OTHERS in TABLE[action].values()
    things = await made_by(house.person("other") if of_others else owner)
    request = REQUESTS[action]
    there = request.path.format_map(things)
    nowhere = request.path.format(tenant="demo", chat="ic_0", comment="c_0", image="im_0", vote="v_0")
    there_for = {
        standing: 400
        if expected(standing, grant, own=standing is Standing.MEMBER and not of_others) == 200
        else 403
        for standing, grant in TABLE[action].items()
    }
    of_reader, of_owner = there_for[Standing.READ_ONLY], there_for[Standing.MEMBER]
    for person, at_it, at_nothing in ((nobody, 401, 401), (reader, of_reader, 404), (owner, of_owner, 404)):
        for path, status in {nowhere: at_nothing, there: at_it}.items():
            unreadable = b"{" if request.body else None
            answer, _, _ = await person.asks(request.method, path, unreadable, v="2", tenantId="demo")
            assert answer == status
    for path in ("/comment-image-chats/nobody", "/comments/nobody"):
        answer, body, _ = await owner.asks("POST", path, b"{")
        assert (answer, body["code"]) == (404, "invalid-tenant")


async def test_where_everybody_must_sign_in_nobody_reads(house: House) -> None:
    stranger = Person(house, "", "strict")
    member = house.person("member", "strict")
    ids = await member.list()
    query = {
        "urlId": IMAGE,
        "userIdWS": "",
        "startTime": "0",
        "tenantId": "strict",
        "ids": "x",
        "userIds": "x",
    }
    query |= {"urlIdWS": str(ids["urlIdWS"]), "tenantIdWS": "strict"}
    for path in (
        "/comment-image-chats/strict",
        "/comments/strict",
        "/event-log/strict",
        "/pages/strict/users/online",
        "/pages/strict/users/offline",
        "/pages/strict/users/info",
        "/user-presence-status",
        "/sub",
    ):
        status, body, _ = await stranger.asks("GET", path, **query)
        assert (status, body["code"]) == (401, "unauthorized"), path
        if path != "/sub":
            signed_in = query | {"userIdWS": str(ids["userIdWS"])}
            assert (await member.asks("GET", path, **signed_in))[0] == 200, path


@pytest.mark.parametrize(("action", "reader"), [(Action.KEEP_READ_STATE, 400), (Action.PLACE_MARKER, 403)])
async def test_what_is_about_a_page_is_refused_before_its_body_is_read(
    house: House, action: Action, reader: int
) -> None:
    request = REQUESTS[action]
    path = request.path.format(tenant="demo")
    for name, status in (("", 401), ("reader", reader), ("member", 400)):
        answer, _, _ = await house.person(name).asks(request.method, path, b"{", urlId=IMAGE, v="2")
        assert answer == status
