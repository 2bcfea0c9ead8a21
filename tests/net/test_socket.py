"""A socket tells how it ended, how long a round trip takes, and when nobody is there any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from imagechat_tui.net.endpoint import Credentials, Endpoint, Secret
from imagechat_tui.net.socket import LiveSocket, SocketFailed, SocketTimings, open_socket
from imagechat_tui.protocol.models import Point
from imagechat_tui.protocol.routes import EXTENSION_HEADER
from imagechat_tui.sync.effects import OpenSocket
from tests import examples as eg
from tests.fault_proxy import FaultProxy, Mode
from tests.net.stub_server import StubServer

QUICK = SocketTimings(open_s=2.0, ping_every_s=0.05, pong_within_s=0.1, close_s=0.1)
WANTED = OpenSocket(socket=1, room=eg.room_ids(), v2=True, resume=eg.position(7))


@asynccontextmanager
async def opened(endpoint: Endpoint, timings: SocketTimings = QUICK) -> AsyncIterator[LiveSocket]:
    socket = await open_socket(endpoint, WANTED, timings)
    try:
        yield socket
    finally:
        await socket.close()


async def end_of(socket: LiveSocket) -> SocketFailed:
    with pytest.raises(SocketFailed) as caught:
        async for _ in socket.frames():
            pass
    return caught.value


async def test_the_handshake_carries_ids_position_and_cookie(stub: StubServer) -> None:
    async with opened(stub.endpoint(Credentials(cookie=Secret("fc=1")))):
        (_, path, query, headers) = stub.requests[0]
        assert path == "/sub"
        assert query["urlId"] == eg.room_ids().url_id_ws
        assert (query["v"], query["seq"]) == ("2", "7")
        assert headers["Cookie"] == "fc=1"
        assert "Sec-WebSocket-Extensions" not in headers, "no compression"


async def test_frames_come_in_order_and_the_close_code_last(stub: StubServer) -> None:
    async with opened(stub.endpoint()) as socket:
        await stub.socket_opened.wait()
        await stub.sockets[0].send_str("one")
        await stub.sockets[0].send_str("x" * 2_000_000)
        frames: list[int] = []
        with pytest.raises(SocketFailed) as caught:
            async for frame in socket.frames():
                frames.append(len(frame))
                if len(frames) == 2:
                    await stub.sockets[0].close(code=1013)
        assert frames == [3, 2_000_000]
        assert caught.value.code == 1013


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503, 302])
async def test_a_refused_handshake_tells_status_and_waiting_time(stub: StubServer, status: int) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Retry-After": "4", "Location": "/elsewhere"})

    stub.live = refuse
    with pytest.raises(SocketFailed) as caught:
        await open_socket(stub.endpoint(), WANTED, QUICK)
    assert (caught.value.status, caught.value.retry_after_s) == (status, 4.0)
    assert len(stub.requests) == 1, "neither tried again nor led elsewhere"


@pytest.mark.parametrize("foreign", [True, False])
async def test_a_refusal_tells_whether_a_server_of_ours_said_it(stub: StubServer, foreign: bool) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.Response(status=403, headers={} if foreign else {EXTENSION_HEADER: "1"})

    stub.live = refuse
    with pytest.raises(SocketFailed) as caught:
        await open_socket(stub.endpoint(), WANTED, QUICK)
    assert caught.value.foreign is foreign


async def test_nobody_listening_is_no_status(unused_port: int) -> None:
    endpoint = Endpoint("", f"ws://127.0.0.1:{unused_port}", eg.TENANT)
    with pytest.raises(SocketFailed) as caught:
        await open_socket(endpoint, WANTED, QUICK)
    assert (caught.value.status, caught.value.code) == (None, None)


async def test_a_ping_measures_the_round_trip(stub: StubServer) -> None:
    async with opened(stub.endpoint()) as socket:
        assert 0 < await socket.ping() < QUICK.pong_within_s


@pytest.mark.reliability
async def test_a_black_hole_ends_the_socket_after_the_pong_time(tcp_stub: StubServer) -> None:
    async with FaultProxy(tcp_stub.port) as proxy, opened(tcp_stub.endpoint(port=proxy.port)) as socket:
        reader = asyncio.get_running_loop().create_task(end_of(socket))
        await socket.ping()
        proxy.mode = Mode.BLACK_HOLE
        started = asyncio.get_running_loop().time()
        with pytest.raises(SocketFailed):
            await socket.ping()
        assert (await reader).code is None
        assert asyncio.get_running_loop().time() - started < 3 * QUICK.pong_within_s


async def test_a_reset_is_an_end_without_code(tcp_stub: StubServer) -> None:
    async with FaultProxy(tcp_stub.port) as proxy, opened(tcp_stub.endpoint(port=proxy.port)) as socket:
        proxy.cut()
        assert (await end_of(socket)).code is None


async def test_a_handshake_into_a_black_hole_ends_in_time(tcp_stub: StubServer) -> None:
    async with FaultProxy(tcp_stub.port, mode=Mode.BLACK_HOLE) as proxy:
        with pytest.raises(SocketFailed):
            await open_socket(tcp_stub.endpoint(port=proxy.port), WANTED, SocketTimings(open_s=0.1))


async def test_leaving_a_dead_link_takes_no_longer_than_the_closing_time(tcp_stub: StubServer) -> None:
    async with FaultProxy(tcp_stub.port) as proxy:
        socket = await open_socket(tcp_stub.endpoint(port=proxy.port), WANTED, QUICK)
        proxy.mode = Mode.BLACK_HOLE
        async with asyncio.timeout(5 * QUICK.close_s):
            await socket.close()


async def test_the_crosshair_is_told(stub: StubServer) -> None:
    async with opened(stub.endpoint()) as socket:
        await socket.send_crosshair(Point(1.5, 2.0))
        await stub.arrived.wait()
        assert stub.rows == [{"type": "cursor", "x": 1.5, "y": 2}]


async def test_proxies_of_the_environment_are_ignored(
    tcp_stub: StubServer, unused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "all_proxy", "ws_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port}")
        monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{unused_port}")
    with suppress(KeyError):
        monkeypatch.delenv("NO_PROXY")
    async with opened(tcp_stub.endpoint()):
        assert len(tcp_stub.requests) == 1


@pytest.mark.security
async def test_no_id_of_the_address_reaches_a_log(stub: StubServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with opened(stub.endpoint()):
        pass
    assert eg.room_ids().user_id_ws not in caplog.text
