"""No statement that people wait for reads more rows as the data grows: the plans of all that a server runs."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from imagechat_tui.protocol.ids import BroadcastId, ImageId, TenantId, UrlId, UserId
from imagechat_tui.server.http.context import SERVING
from imagechat_tui.server.storage import Change, Decision, ImageChange, ImageRecord, sqlite
from tests.server.house import IMAGE, House, Json, Person, api_secret, frame, marker, part, running_house

_STEP = re.compile(r"(?:SCAN|SEARCH) (?P<table>\w+)(?P<how>.*)")
_BOUNDS = re.compile(r"\((?P<bounds>[^()]*[=<>][^()]*)\)")
_SMALL = frozenset({"installation", "tenant", "user_rule", "asked"})
"""Not grown by what people write; ``asked`` is the list that was asked for."""


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that any connection of the store runs from now on, with its values in it."""
    run: list[str] = []
    connect = sqlite._connect

    def traced(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(run.append)
        return connection

    monkeypatch.setattr(sqlite, "_connect", traced)
    return run


async def test_no_statement_walks_a_table_or_all_rows_of_a_tenant(
    tmp_path: Path, statements: list[str]
) -> None:
    async with running_house(tmp_path) as house:
        await everything(house)
        asked = {
            shape(text): text
            for text in statements
            if text.startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE"))
        }
    assert len(asked) > 25
    with sqlite3.connect(tmp_path / "test.sqlite") as database:
        walks = {text: step for text in asked.values() for step in plan(database, text) if is_walk(step)}
    database.close()
    assert not walks


def shape(statement: str) -> str:
    return re.sub(r"'(?:[^']|'')*'|\b[0-9.]+\b", "?", statement)


def plan(database: sqlite3.Connection, statement: str) -> list[str]:
    return [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}")]


def is_walk(step: str) -> bool:
    """Whether a step reads a whole table, or all that one tenant has in it."""
    found = _STEP.match(step)
    if found is None or found["table"] in _SMALL or "CONSTANT ROW" in step:
        return False
    bounds = _BOUNDS.search(found["how"])
    return bounds is None or bounds["bounds"] == "tenant_id=?"


@pytest.mark.parametrize(
    ("statement", "walks"),
    [
        ("SELECT 1 FROM answer WHERE tenant_id = 'a' AND broadcast_id = 'b' AND actor_id <> 'c'", True),
        (
            "SELECT 1 FROM answer INDEXED BY answer_by_id"
            " WHERE tenant_id = 'a' AND broadcast_id = 'b' AND actor_id <> 'c'",
            False,
        ),
        ("SELECT * FROM room WHERE token = 'a'", True),
        ("SELECT count(*) FROM comment WHERE approved", True),
    ],
)
async def test_a_walk_is_recognised(tmp_path: Path, statement: str, walks: bool) -> None:
    async with running_house(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "test.sqlite") as database:
        assert any(map(is_walk, plan(database, statement))) is walks
    database.close()


async def everything(house: House) -> None:
    """Each thing that a server can be asked for, once."""
    ann, bob = house.person("ann"), house.person("bob")
    ids = await ann.list(v="2")
    made = await ann.marks("m1")
    chat, first = str(made["createdChatId"]), str(part(made, "comment")["_id"])
    reply = await bob.writes("a reply", "c1", parentId=first)
    await two_steps(ann)
    await ann.gets("POST", f"/comments/demo/{first}/update-text", {"comment": "new"}, broadcastId="e1")
    await ann.gets("GET", f"/comments/demo/{first}/text")
    judge = house.person("judge", isModerator=True)
    for verb in ("pin", "unpin", "lock", "unlock"):
        await judge.gets("POST", f"/comments/demo/{first}/{verb}", broadcastId=verb)
    for verb in ("close", "reopen"):
        path = f"/auth/my-account/moderate-comments/{verb}-thread"
        await judge.gets("PUT", path, urlId="elsewhere", tenantId="demo")
    for flagged in ("true", "false"):
        await bob.gets("POST", f"/flag-comment/{first}", tenantId="demo", isFlagged=flagged)
    for method in ("POST", "DELETE"):
        await bob.gets(method, f"/block-from-comment/{first}", {"commentIds": [first]}, tenantId="demo")
    await judge.thread(v="2")
    await judge.gets("GET", "/comment-image-chats/demo/rooms", v="2", after="a")
    await ann.gets("GET", "/user-search/demo", usernameStartsWith="a", urlId=IMAGE)
    ballot = f"/comments/demo/{first}/vote"
    await ann.gets("POST", ballot, {"voteDir": "up"}, urlId=IMAGE, broadcastId="v1")
    voted = await ann.gets("POST", ballot, {"voteDir": "down"}, urlId=IMAGE, broadcastId="v2")
    await ann.gets("DELETE", f"{ballot}/{voted['voteId']}", urlId=IMAGE, broadcastId="v3")
    await bob.gets("POST", ballot, {"voteDir": "up"}, urlId=IMAGE, broadcastId="v4")
    await ann.gets("GET", f"/comments/demo/{first}/votes", dir="1")
    await ann.gets("PATCH", f"/comment-image-chats/demo/{chat}", {"broadcastId": "p1", "x": 1, "y": 2})
    await ann.list()
    await ann.thread()
    log: dict[str, str] = {"urlId": IMAGE, "userIdWS": str(ids["userIdWS"]), "startTime": "0"}
    await ann.gets("GET", "/event-log/demo", **log)
    position = {"seq": "1", "epoch": str(ids["epoch"])}
    await ann.gets("GET", "/event-log/demo", v="2", **log, **position)
    for page in ("online", "offline"):
        await ann.gets("GET", f"/pages/demo/users/{page}", urlId=IMAGE)
    await ann.gets("GET", "/pages/demo/users/info", ids=f"{ann.id},{bob.id}")
    await pictures(ann)
    for read in ({}, {"read": {chat: 1}}):
        await ann.gets("PUT", "/comment-image-chats/demo/read-state", read, urlId=IMAGE, v="2")
        await ann.gets("GET", "/comment-image-chats/demo/read-state", urlId=IMAGE, v="2")
    where: Json = {"chatId": chat, "x": 1, "y": 2, "fromX": 1, "fromY": 2}
    for state in ("guess", "set"):
        placed = {"version": 1, "placements": [where | {"state": state}]}
        await ann.gets("PUT", "/comment-image-chats/demo/placements", placed, urlId=IMAGE, v="2")
    unset = {"version": 1, "placements": [], "unset": [chat]}
    await ann.gets("PUT", "/comment-image-chats/demo/placements", unset, urlId=IMAGE, v="2")
    await ann.gets("GET", "/comment-image-chats/demo/placements", urlId=IMAGE, version="1", v="2")
    await ann.gets("POST", "/comment-image-chats/demo", marker(broadcastId="m2", version=1), v="2")
    await ann.gets("POST", "/comment-image-chats/demo/summary", {"urlIds": [IMAGE]}, v="2")
    await house.client.get("/readyz")
    await house.client.app[SERVING].usage.note()
    asked = {"tenantId": "demo", "API_KEY": api_secret("demo").decode(), "dayNumber": "1"}
    await ann.gets("GET", "/api/v1/tenant-daily-usage", **asked)
    thread = await ann.thread(v="2")
    async with await ann.sub(ids, v="2", **position) as socket, await ann.sub(thread, v="2") as other:
        await frame(socket)
        await frame(other)
        await bob.gets("DELETE", f"/comments/demo/{part(reply, 'comment')['_id']}", broadcastId="d1")
        await frame(socket)
        await ann.gets("DELETE", f"/comment-image-chats/demo/{chat}", broadcastId="d2")


async def pictures(person: Person) -> None:
    """Opened, renamed, linked elsewhere; and one that is forgotten meanwhile."""
    path, house = "/comment-image-chats/demo/images", person.house
    place = {"kind": "path", "project": "host/acme/web", "value": "a.png"}
    picture: Json = {"name": "a.png", "sha256": "ab" * 32, "pixels": "cd" * 32, "width": 1, "height": 1}
    first = await person.gets(
        "POST", path, picture | {"places": [place], "bind": "new", "broadcastId": "i1"}, v="2"
    )
    image_id = part(first, "image")["id"]
    renamed = {"places": [place | {"value": "b.png"}], "bind": image_id, "broadcastId": "i2"}
    await person.gets("POST", path, picture | renamed, v="2")
    keyed = {"urlId": IMAGE, "places": [], "broadcastId": "i3"}
    await person.gets("POST", path, picture | keyed, v="2")
    await person.gets("GET", f"{path}/{image_id}", v="2")
    moved = picture | {"places": [place], "broadcastId": "i4"}
    await person.gets("POST", f"{path}/new/places", moved, v="2")
    await house.store.change(forgotten_at_once())


def forgotten_at_once() -> Change:
    """Makes an image that is due already."""
    record = ImageRecord(ImageId("im_1"), UrlId("img/1"), "a", "a", "", due_ms=0)
    decision = Decision(b"{}", image_change=ImageChange(record))
    return Change(TenantId("demo"), UserId("demo:ann"), BroadcastId("i5"), b"", lambda subject: decision)


async def two_steps(person: Person) -> Json:
    key = f"{IMAGE}:/img/trail.jpg:1:1"
    said = await person.writes("first", "s1", key)
    body = {"windowUrlId": key, "x": 1, "y": 1, "comment": None}
    return await person.marks("s2", createdFromCommentId=part(said, "comment")["_id"], **body)
