"""A server in the test's own loop that answers as it is told, and counts what really arrived."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from aiohttp import WSMsgType, web

from imagechat_tui.net.endpoint import Credentials, Endpoint
from imagechat_tui.protocol import authorization, codec
from imagechat_tui.protocol.routes import EXTENSION_HEADER
from tests import examples as eg

NOBODY = Credentials()
NO_HEADERS: Mapping[str, str] = MappingProxyType({})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def ours(obj: codec.JsonObject, status: int = 200, headers: Mapping[str, str] = NO_HEADERS) -> web.Response:
    """An answer of a server with our extensions."""
    return web.Response(
        body=codec.dump_json(obj),
        status=status,
        content_type="application/json",
        headers={EXTENSION_HEADER: "1"} | dict(headers),
    )


async def never(_: web.Request) -> web.StreamResponse:
    """Let the asking client wait."""
    await asyncio.Event().wait()
    raise AssertionError


class StubServer:
    """Rows are the bodies of the writes that arrived whole."""

    def __init__(self) -> None:
        self.port = 0
        self.path: Path | None = None
        self.requests: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        """Method, path, query, headers."""
        self.rows: list[dict[str, object]] = []
        self.arrived = asyncio.Event()
        """A write has arrived."""
        self.answer: Handler = self._well
        self.live: Handler = self._silent
        self.sockets: list[web.WebSocketResponse] = []
        self.socket_opened = asyncio.Event()

    def endpoint(self, credentials: Credentials = NOBODY, port: int | None = None) -> Endpoint:
        """How to reach it; through a proxy with that port."""
        host = f"127.0.0.1:{self.port if port is None else port}"
        uds = self.path if port is None else None
        return Endpoint(f"http://{host}", f"ws://{host}", eg.TENANT, uds=uds, credentials=credentials)

    def said(self) -> list[authorization.Proof]:
        """What the header of each request brought to show who asks."""
        return [authorization.read(headers.get("Authorization", "")) for *_, headers in self.requests]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path, dict(request.query), dict(request.headers)))
        if request.path == "/sub":
            return await self.live(request)
        if request.method != "GET":
            body = await request.read()
            self.rows.append(json.loads(body or b"{}"))
            self.arrived.set()
        return await self.answer(request)

    async def _well(self, request: web.Request) -> web.StreamResponse:
        if request.method != "GET":
            return ours({"status": "success", "createdChatId": "ic_9"})
        if request.path.startswith("/comments"):
            return ours(codec.encode_comment_list(eg.comment_list(), tenant_id=eg.TENANT, v2=True))
        return ours(codec.encode_conversation_list(eg.conversation_list(), tenant_id=eg.TENANT, v2=True))

    async def _silent(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.socket_opened.set()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.rows.append(json.loads(message.data))
                self.arrived.set()
        return socket


@asynccontextmanager
async def running(path: Path | None = None) -> AsyncIterator[StubServer]:
    """A stub server on a free port, or on a Unix socket."""
    stub = StubServer()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", stub.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.05, access_log=None)
    await runner.setup()
    site: web.BaseSite
    if path is None:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        stub.port = runner.addresses[0][1]
    else:
        site, stub.path = web.UnixSite(runner, path), path
        await site.start()
    try:
        yield stub
    finally:
        await runner.cleanup()
