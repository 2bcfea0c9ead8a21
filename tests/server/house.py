"""A whole server on a loopback port, with a clock in the test's hand and people who sign in."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import ClientWebSocketResponse, web
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace

from imagechat_tui.protocol import sso
from imagechat_tui.protocol.ids import TenantId, UserId
from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.memory import MemoryBroker, MemoryCounts
from imagechat_tui.server.guard.auth import Authenticator
from imagechat_tui.server.guard.limits import Limit, Limits
from imagechat_tui.server.guard.rules import RuleBook
from imagechat_tui.server.guard.seal import Sealer
from imagechat_tui.server.guard.tokens import Tokens
from imagechat_tui.server.http.app import ServerOptions, create_app
from imagechat_tui.server.http.connections import HTTP_READING, ConnectionRules, Connections
from imagechat_tui.server.http.context import SERVING
from imagechat_tui.server.storage import TenantRecord, UserRule
from imagechat_tui.server.storage.pictures import Pictures
from imagechat_tui.server.storage.sql_store import SqlStore
from imagechat_tui.server.storage.sqlite import SqliteStore

PICTURE_BYTES = 1_000_000
NOW_MS = 1_767_225_600_000
PATIENT = ConnectionRules(head_within_s=600)
"""The machine may be busy with other tests."""
WIDE = Limits(MemoryCounts(), {limit: Rule(1e6, 1e6) for limit in Limit})

IMAGE = "gallery-42"
SRC = "/img/trail.jpg"
K = "gallery-42:/img/trail.jpg:25.5:30.25"

SUB_QUERY = {"urlId": "urlIdWS", "userIdWS": "userIdWS", "tenantIdWS": "tenantIdWS"}
"""Parameter of ``/sub`` to the key of an answer that names a room."""

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
"""Headers of a request that may become a socket."""

Json = dict[str, object]


def api_secret(tenant: str) -> bytes:
    """The secret of a tenant: each has its own."""
    return f"api secret of {tenant}".encode()


class Clock:
    """The server's clock: stands still unless moved."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def __call__(self) -> int:
        return self.ms


class Person:
    """Somebody with a client. ``name`` "" is nobody in particular."""

    def __init__(self, house: House, name: str, tenant: str = "demo", **flags: object) -> None:
        self.house = house
        self.tenant = tenant
        self.id = f"{tenant}:{name}"
        user = {"id": name, "email": f"{name}@example.com", "username": name, "displayName": name.title()}
        self.token = sso.mint(user | flags, api_secret(tenant), NOW_MS) if name else ""

    async def asks(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        /,
        **query: str,
    ) -> tuple[int, Json, Mapping[str, str]]:
        """Status, body and headers of one call."""
        if self.token:
            query["sso"] = self.token
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        async with self.house.client.request(
            method, path, params=query, data=data, headers=headers
        ) as answer:
            text = await answer.text()
            return answer.status, json.loads(text), answer.headers

    async def gets(self, method: str, path: str, body: object = None, **query: str) -> Json:
        """The body of a call that succeeds."""
        status, answer, _ = await self.asks(method, path, body, **query)
        assert status == 200, answer
        return answer

    async def list(self, **query: str) -> Json:
        return await self.gets("GET", f"/comment-image-chats/{self.tenant}", urlId=IMAGE, **query)

    async def thread(self, key: str = K, **query: str) -> Json:
        asked = {"urlId": key, "direction": "OF", "skip": "0", "limit": "200", "countAll": "true"} | query
        return await self.gets("GET", f"/comments/{self.tenant}", **asked)

    async def sub(self, ids: Json, **query: str) -> ClientWebSocketResponse:
        """A socket to the room that an answer named."""
        params = {key: str(ids[name]) for key, name in SUB_QUERY.items()}
        return await self.house.client.ws_connect("/sub", params=params | query)

    async def marks(self, broadcast_id: str = "b1", **body: object) -> Json:
        """A marker with its first comment."""
        return await self.gets(
            "POST", f"/comment-image-chats/{self.tenant}", marker(broadcastId=broadcast_id, **body)
        )

    async def writes(self, text: str, broadcast_id: str, key: str = K, **body: object) -> Json:
        """A comment."""
        return await self.gets(
            "POST",
            f"/comments/{self.tenant}",
            comment(text, key, **body),
            urlId=key,
            broadcastId=broadcast_id,
        )


class _GuardedRunner(web.AppRunner):
    """Whose connections pass gates, as those of a real server do."""

    def __init__(self, app: web.Application, gates: Connections, **options: Any) -> None:
        super().__init__(app, **options)
        self._gates = gates

    @property
    def server(self) -> Any:
        """The factory of protocols, which the site listens with."""
        return None if self._server is None else self._gates.guarded(self._server)


class GuardedServer(TestServer):
    """A test server with gates before it."""

    def __init__(
        self,
        app: web.Application,
        rules: ConnectionRules = ConnectionRules(),  # noqa: B008
        limits: Limits | None = None,
    ) -> None:
        super().__init__(app)
        self._gates = Connections(rules, limits=limits or Limits(MemoryCounts()))

    async def _make_runner(self, **options: Any) -> web.AppRunner:
        return _GuardedRunner(self.app, self._gates, **HTTP_READING, **options)


class House:
    """The running server."""

    def __init__(
        self, client: TestClient[web.Request, web.Application], store: SqlStore, clock: Clock
    ) -> None:
        self.client = client
        self.store = store
        self.clock = clock

    def person(self, name: str, tenant: str = "demo", **flags: object) -> Person:
        return Person(self, name, tenant, **flags)

    async def rule(self, name: str, tenant: str = "demo", **decided: Any) -> None:
        """Decide of a user, as an operator does by the running server."""
        await self.store.rule_user(UserRule(TenantId(tenant), UserId(f"{tenant}:{name}"), **decided))
        await self.decided()

    async def change_tenant(self, name: str, **decided: Any) -> None:
        """Decide of a tenant, likewise."""
        record = await self.store.tenant(TenantId(name))
        assert record is not None
        await self.store.change_tenant(replace(record, **decided))
        await self.decided()

    async def decided(self) -> None:
        app = self.client.app
        assert app is not None
        await app[SERVING].revoking.decided()


async def in_file(folder: Path, clock: Clock) -> SqlStore:
    """The store of a house, unless it is to have another one."""
    return await SqliteStore.open(folder / "test.sqlite", now_ms=clock)


@contextlib.asynccontextmanager
async def running_house(
    folder: Path,
    *,
    limits: Limits = WIDE,
    open_store: Callable[[Path, Clock], Awaitable[SqlStore]] = in_file,
    **settings: Any,
) -> AsyncIterator[House]:
    clock = Clock()
    store = await open_store(folder, clock)
    seal = Sealer(folder / "seal.key")
    try:
        for name in ("demo", "other", "open", "strict"):
            if await store.tenant(TenantId(name)) is None:
                await store.create_tenant(
                    TenantRecord(
                        TenantId(name),
                        name,
                        seal.seal(TenantId(name), api_secret(name)),
                        allow_anon=name == "open",
                        require_sso=name == "strict",
                        created_at_ms=NOW_MS,
                    )
                )
        tokens = Tokens(await store.secret("server"))
        rules = RuleBook(store)
        await rules.refresh()
        auth = Authenticator(
            store,
            rules,
            tokens=tokens,
            seal=seal,
            peer_identity=False,
            now_ms=clock,
        )
        options = replace(ServerOptions(now_ms=clock, penalty_s=0), **settings)
        app = create_app(
            store,
            MemoryBroker(),
            tokens=tokens,
            rules=rules,
            auth=auth,
            limits=limits,
            pictures=Pictures(folder / "pictures", tenant_bytes=PICTURE_BYTES),
            settings=options,
        )
        async with TestClient(GuardedServer(app, PATIENT, limits)) as client:
            yield House(client, store, clock)
    finally:
        await store.close()


def marker(**changes: object) -> Json:
    """Body of a marker made in one POST."""
    return {
        "urlId": IMAGE,
        "windowUrlId": K,
        "pageTitle": "Gallery 42",
        "src": SRC,
        "x": 25.5,
        "y": 30.25,
        "comment": "Trail is **wet**",
        "broadcastId": "b1",
    } | changes


def comment(text: str, key: str = K, **changes: object) -> Json:
    """Body of a comment."""
    return {
        "urlId": key,
        "url": "https://example.com/gallery/42",
        "commenterName": "whoever",
        "comment": text,
        "parentId": None,
        "date": NOW_MS,
        "productId": 2,
    } | changes


async def frame(socket: ClientWebSocketResponse, *, presence: bool = False) -> Json:
    """The next frame; presence is passed over unless wanted, and how far one has read oneself."""
    while True:
        found: Json = json.loads(await socket.receive_str(timeout=60))
        if found["type"] not in ("read-state", "read-elsewhere", "own-changed") and (
            presence or found["type"] != "p-u"
        ):
            return found


async def read_state(socket: ClientWebSocketResponse) -> Json:
    """The next frame that tells how far one has read, here or elsewhere."""
    while True:
        found: Json = json.loads(await socket.receive_str(timeout=60))
        if found["type"] in ("read-state", "read-elsewhere"):
            return found


async def presence(socket: ClientWebSocketResponse) -> Json:
    """The next presence frame."""
    while True:
        found: Json = json.loads(await socket.receive_str(timeout=60))
        if found["type"] == "p-u":
            return found


def part(thing: object, key: str) -> Json:
    """An object inside an object."""
    assert isinstance(thing, dict)
    found = thing[key]
    assert isinstance(found, dict)
    return found


def items(thing: Json, key: str) -> list[Json]:
    """The objects of an array."""
    found = thing[key]
    assert isinstance(found, list)
    return found
