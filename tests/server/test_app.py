"""What all routes have in common: slashes, headers, the shape of a refusal, no key that nobody asked for."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from pathlib import Path

import pytest
from aiohttp import WSMsgType

from imagechat_tui.protocol.routes import EXTENSION_HEADER, Route
from imagechat_tui.server.http import rest as handlers
from imagechat_tui.server.http import websocket as handlers_live
from imagechat_tui.server.storage import sqlite
from tests.protocol.openapi import breaches
from tests.server.house import IMAGE, House, Json, K, comment, items, marker, part, running_house

ROUTES = [route for route, _ in (*handlers.ROUTES, *handlers_live.ROUTES)]
EVERY_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.template}")
PARTS = {
    "tenant_id": "demo",
    "chat_id": "ic_0",
    "comment_id": "c_0",
    "image_id": "im_0",
    "vote_id": "v_0",
    "sha256": "ab" * 32,
}
OPEN_TO_ALL = {"/healthz", "/readyz", "/metrics", "/auth/logout"}


@EVERY_ROUTE
async def test_a_path_with_a_slash_at_its_end_is_the_same_path(house: House, route: Route) -> None:
    alice = house.person("alice")
    query = {"urlId": IMAGE, "tenantId": "demo", "urlIdWS": "x", "userIds": "a", "ids": "a"}
    query |= {"sso": alice.token, "startTime": "0", "broadcastId": "b"}
    answers = []
    for path in (route.path(**PARTS), route.path(**PARTS) + "/"):
        async with house.client.request(route.method, path, params=query) as answer:
            answers.append((answer.status, await answer.text()))
            assert answer.headers[EXTENSION_HEADER] == "1"
            assert answer.headers["Cache-Control"] == "no-store"
    assert answers[0] == answers[1]
    assert answers[0][1] != '{"status":"failed","code":"not-found","reason":"Not found"}', "no such route"


@EVERY_ROUTE
async def test_every_refusal_has_the_shape_of_its_route(house: House, route: Route) -> None:
    """Malformed, too much, unknown: whatever is wrong, clients find status, code and reason."""
    if route.template in OPEN_TO_ALL:
        return
    image_chat = route.template.startswith("/comment-image-chats")
    for query in (
        {},
        {"sso": "{", "urlId": "\0"},
        {"tenantId": "nobody", "tenantIdWS": "nobody", "urlId": "x"},
    ):
        path = route.path(**PARTS | ({"tenant_id": "nobody"} if "tenantId" in query else {}))
        async with house.client.request(route.method, path, params=query) as answer:
            assert answer.status in (400, 401, 404, 422)
            body = await answer.json()
        assert body["status"] == ("error" if image_chat else "failed")
        assert body["code"] and body["reason"]
        if image_chat:
            assert body["message"]
        else:
            assert breaches("APIError", body) == []


async def test_a_method_that_a_path_lacks_is_told_with_those_it_has(house: House) -> None:
    async with house.client.put("/comments/demo") as answer:
        assert answer.status == 405
        assert {"GET", "POST"} <= set(answer.headers["Allow"].split(","))


@pytest.mark.parametrize(("size", "status"), [(65_536, 200), (65_537, 413)])
async def test_a_body_has_at_most_64_kib(house: House, size: int, status: int) -> None:
    alice = house.person("alice")
    body = json.dumps(comment("x")).encode()
    query = {"urlId": K, "broadcastId": "b1"}
    answer, _, _ = await alice.asks("POST", "/comments/demo", body.ljust(size), **query)
    assert answer == status


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with running_house(tmp_path, body_within_s=0.01) as house:
        reading, writing = await asyncio.open_connection("127.0.0.1", house.client.port)
        token = house.person("alice").token.encode().hex()
        sso = "".join(f"%{token[at : at + 2]}" for at in range(0, len(token), 2))
        head = f"POST /comments/demo?sso={sso} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{{"
        writing.write(head.encode())
        assert (await reading.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 408 ")
        writing.close()


async def test_plain_readers_get_no_key_that_the_openapi_file_lacks(house: House) -> None:
    """Strictly decoding clients fail on it. Image-chat objects are ours: the file does not know them."""
    alice = house.person("alice")
    sockets = [await alice.sub(await alice.list()), await alice.sub(await alice.thread())]
    made = await alice.marks()
    first = str(part(made, "comment")["_id"])
    said = await alice.writes("100 % sure", "b2", parentId=first)
    edited = await alice.gets(
        "POST", f"/comments/demo/{first}/update-text", {"comment": "y"}, broadcastId="b3"
    )
    text = await alice.gets("GET", f"/comments/demo/{first}/text")
    log = await alice.gets("GET", "/event-log/demo", urlId=K, userIdWS="", startTime="0")
    page = {"urlId": K, "tenantId": "demo", "urlIdWS": K, "userIds": alice.id, "ids": alice.id}
    answers: list[tuple[str, Json]] = [
        ("GetCommentsResponseWithPresence", await alice.thread()),
        ("SaveCommentsResponseWithPresence", said),
        ("PublicAPISetCommentTextResponse", edited),
        ("PublicAPIGetCommentTextResponse", text),
        ("GetEventLogResponse", log),
        ("PageUsersOnlineResponse", await alice.gets("GET", "/pages/demo/users/online", **page)),
        ("PageUsersInfoResponse", await alice.gets("GET", "/pages/demo/users/info", **page)),
        ("GetUserPresenceStatusesResponse", await alice.gets("GET", "/user-presence-status", **page)),
        (
            "PublicAPIDeleteCommentResponse",
            await alice.gets("DELETE", f"/comments/demo/{first}", broadcastId="b4"),
        ),
    ]
    await alice.gets("DELETE", f"/comment-image-chats/demo/{made['createdChatId']}", broadcastId="b5")
    for model, answer in answers:
        assert breaches(model, answer) == []
    kinds: set[str] = set()
    for socket, last in zip(sockets, ("deleted-image-chat", "thread-state-change"), strict=True):
        while last not in kinds:
            message = await socket.receive(timeout=60)
            assert message.type is WSMsgType.TEXT
            assert "%" not in message.data
            event = json.loads(message.data)
            kinds.add(event["type"])
            if "image-chat" in event["type"]:
                assert len(message.data.encode()) < 1024
                assert event.keys() == {"type", "timestamp", "broadcastId", "imageChat"}
            else:
                assert breaches("LiveEvent", event) == []
    assert {"new-comment", "updated-comment", "deleted-comment", "new-image-chat"} <= kinds
    for entry in items(log, "events"):
        assert breaches("LiveEvent", json.loads(str(entry["data"]))) == []


async def test_the_longest_marker_is_told_in_less_than_a_kilobyte(house: House) -> None:
    alice = house.person("alice")
    sockets = [await alice.sub(await alice.list(v="2"), **query) for query in ({}, {"v": "2"})]
    src = "/" + "ü" * 480
    await alice.marks(src=src, windowUrlId=f"{IMAGE}:{src}:1:2")
    for socket in sockets:
        while json.loads(frame := await socket.receive_str(timeout=60))["type"] != "new-image-chat":
            pass
        assert len(frame.encode()) < 1024


@pytest.mark.security
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "GZIP", "gzip, gzip", "new"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/comment-image-chats/open"), ("POST", "/nope"), ("GET", "/healthz")]
)
async def test_a_packed_body_is_refused_and_never_unpacked(
    house: House, monkeypatch: pytest.MonkeyPatch, method: str, path: str, coding: str
) -> None:
    """One megabyte of zeros, packed, are a thousand on the loop that serves everybody."""

    def unpacks(*args: object, **options: object) -> None:
        raise AssertionError("something was unpacked")

    body = gzip.compress(bytes(1 << 20)) if coding != "deflate" else zlib.compress(bytes(1 << 20))
    monkeypatch.setattr(zlib, "decompressobj", unpacks)
    async with house.client.request(method, path, data=body, headers={"Content-Encoding": coding}) as answer:
        assert answer.status == 415
        assert (await answer.json())["code"] == "encoded-body"


async def test_a_body_that_says_it_is_not_packed_is_read(house: House) -> None:
    status, _, _ = await house.person("ann").asks(
        "POST", "/comment-image-chats/demo", marker(), {"Content-Encoding": "identity"}
    )
    assert status == 200


@pytest.mark.reliability
async def test_a_disk_without_room_is_told_to_whoever_watches_over_the_server(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = house.person("")
    assert (await nobody.asks("GET", "/readyz"))[0] == 200
    monkeypatch.setattr(sqlite, "MIN_FREE_BYTES", 1 << 80)
    status, body, headers = await nobody.asks("GET", "/readyz")
    assert (status, body["code"], body["reason"]) == (503, "store-failed", "Its disk is full.")
    assert int(headers["Retry-After"]) > 0
    assert (await nobody.asks("GET", "/healthz"))[0] == 200


async def test_a_path_with_nul_is_refused_whatever_it_means(house: House) -> None:
    """PostgreSQL keeps no NUL, so no store gets one."""
    alice = house.person("alice")
    for path in ("/comments/demo", "/comments/de\0mo"):
        status, body, _ = await alice.asks("GET", path, urlId="a\0b")
        assert (status, body["code"]) == (400, "invalid-input")
    status, _, _ = await alice.asks("POST", "/comment-image-chats/demo", marker(src="a\0b"))
    assert status == 400


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate", "gzip"),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip"),
        ("*", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip; q=0.00", None),
        ("", None),
    ],
)
async def test_long_answers_are_compressed_for_clients_that_take_them_so(
    house: House, accepted: str, coding: str | None
) -> None:
    ann = house.person("ann")
    await ann.marks()
    for number in range(4):
        await ann.writes("wet " * 400, f"c{number}")
    query = {"urlId": IMAGE, "v": "2", "sso": ann.token}
    path, headers = "/comment-image-chats/demo", {"Accept-Encoding": accepted}
    async with house.client.get(path, params=query, headers=headers) as answer:
        body = await answer.json()
        assert answer.headers.get("Content-Encoding") == coding
        assert "Accept-Encoding" in answer.headers.getall("Vary")
        size = int(answer.headers["Content-Length"])
        assert (size < 2_000) is (coding is not None)
    assert len(body["comments"]) == 5
    async with house.client.get("/healthz", headers={"Accept-Encoding": "gzip"}) as answer:
        assert "Content-Encoding" not in answer.headers
