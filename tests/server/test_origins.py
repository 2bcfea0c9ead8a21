from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from imagechat_tui.server.http.callers import NEW_SESSION, SESSION_COOKIE
from imagechat_tui.server.http.origins import EdgeRules, guard

Client = TestClient[web.Request, web.Application]

LISTED = "https://app.example.com"
FOREIGN = "https://evil.example.net"


async def _answer(request: web.Request) -> web.Response:
    return web.json_response({"status": "success"})


async def _new_session(request: web.Request) -> web.Response:
    request[NEW_SESSION] = "s1.new.session"
    return web.json_response({}, status=int(request.query.get("status", "200")))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    for path in ("/comments/demo", "/comment-image-chats/demo", "/sub"):
        app.router.add_route("*", path, _answer)
    app.router.add_post("/session", _new_session)
    guard(app, EdgeRules(hosts=("Chat.example.com",), origins=(LISTED,)))
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.security
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("chat.example.com", 200),
        ("chat.example.com.:443", 200),
        ("evil.example.net", 421),
        ("localhost.evil.example.net", 421),
        ("chat.example.com.evil.example.net", 421),
        ("127.0.0.1.nip.io", 421),
        ("x@localhost@evil.example.net", 421),
        ("[", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
async def test_only_names_of_this_server_are_answered(client: Client, host: str, status: int) -> None:
    answer = await client.get("/comments/demo", headers={"Host": host})
    assert answer.status == status
    assert "Server" not in answer.headers


async def test_a_refusal_has_the_shape_of_its_route(client: Client) -> None:
    wrong = {"Host": "evil.example.net"}
    body = await (await client.get("/comments/demo", headers=wrong)).json()
    assert (body["status"], body["code"]) == ("failed", "host-not-allowed")
    body = await (await client.get("/comment-image-chats/demo", headers=wrong)).json()
    assert (body["status"], body["code"]) == ("error", "host-not-allowed")
    assert body["message"] == body["reason"]


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("Wiki.example.net:8787", "--allow-host wiki.example.net."),
        ("evil example", "This server has no such name."),
        ("<b>.example.net", "This server has no such name."),
        ("a" * 300, "This server has no such name."),
    ],
)
async def test_a_name_that_is_not_allowed_is_told_with_what_allows_it(
    client: Client, host: str, told: str
) -> None:
    body = await (await client.get("/comments/demo", headers={"Host": host})).json()
    assert body["reason"].endswith(told)


@pytest.mark.security
async def test_only_listed_pages_may_read_answers(client: Client) -> None:
    own = f"http://127.0.0.1:{client.port}"
    for origin, allowed in ((LISTED, True), (own, True), (FOREIGN, False), ("null", False)):
        answer = await client.get("/comments/demo", headers={"Origin": origin})
        assert answer.status == 200
        assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
        assert answer.headers.get("Access-Control-Allow-Credentials") == ("true" if allowed else None)
        assert answer.headers["Vary"] == "Origin"


async def test_a_preflight_of_a_listed_page_is_answered(client: Client) -> None:
    headers = {"Origin": LISTED, "Access-Control-Request-Method": "PATCH"}
    answer = await client.options("/comment-image-chats/demo", headers=headers)
    assert answer.status == 200
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    assert "X-FC-Event-Log-Complete" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.security
async def test_a_preflight_of_another_page_is_refused(client: Client) -> None:
    answer = await client.options("/comments/demo", headers={"Origin": FOREIGN})
    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.security
@pytest.mark.parametrize(
    ("method", "path", "origin", "cookie", "status"),
    [
        ("POST", "/comments/demo", FOREIGN, True, 403),
        ("DELETE", "/comments/demo", FOREIGN, True, 403),
        ("POST", "/comments/demo", "null", True, 403),
        ("POST", "/comments/demo", LISTED, True, 200),
        ("POST", "/comments/demo", None, True, 200),
        ("POST", "/comments/demo", FOREIGN, False, 200),
        ("POST", "/comments/demo?sso=x", FOREIGN, True, 403),
        ("GET", "/comments/demo", FOREIGN, True, 200),
        ("GET", "/sub", FOREIGN, False, 403),
        ("GET", "/sub", LISTED, True, 200),
        ("GET", "/sub", None, False, 200),
    ],
)
async def test_a_foreign_page_cannot_use_the_visitors_cookie(
    client: Client, method: str, path: str, origin: str | None, cookie: bool, status: int
) -> None:
    headers = {"Origin": origin} if origin else {}
    if cookie:
        headers["Cookie"] = f"{SESSION_COOKIE}=s1.x.y"
    assert (await client.request(method, path, headers=headers)).status == status


@pytest.mark.security
async def test_a_new_session_becomes_a_guarded_cookie(client: Client) -> None:
    answer = await client.post("/session")
    cookie = answer.cookies[SESSION_COOKIE]
    assert cookie.value == "s1.new.session"
    assert cookie["httponly"] and cookie["secure"]
    assert cookie["samesite"] == "None"
    assert SESSION_COOKIE not in (await client.post("/session?status=400")).cookies
