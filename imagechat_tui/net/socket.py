"""One WebSocket of one room: opened once, read until it ends, measured by pings. Never reopened here.

The library's reconnect loop, its keep-alive and its redirects are not used: when to try again is the
engine's business (PROMISES D12), a round trip is worth knowing (PROMISES D11), and an answer may not send us to
another host (PROMISES D19).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from msgspec import Struct

from imagechat_tui import __version__
from imagechat_tui.net.endpoint import Endpoint, tls_context
from imagechat_tui.net.exchange import quiet_loggers
from imagechat_tui.net.failures import Intercepted, Refused, TimedOut, Unreachable
from imagechat_tui.problems import Problem
from imagechat_tui.protocol import authorization, codec
from imagechat_tui.protocol.models import Point
from imagechat_tui.protocol.routes import EXTENSION_HEADER, SUBSCRIBE
from imagechat_tui.sync.effects import OpenSocket

if TYPE_CHECKING:
    import ssl

    from websockets.asyncio.client import ClientConnection, connect

MAX_FRAME_BYTES = 8 << 20
"""The largest frame taken; ours are at most 64 KiB (PROTOCOL 5)."""
_BROKEN = 1006
"""What the library calls a link that broke without a close frame."""


class SocketTimings(Struct, frozen=True):
    """Times of PROMISES D11, in seconds."""

    open_s: float = 10.0
    """For connection, TLS and handshake together."""
    ping_every_s: float = 10.0
    pong_within_s: float = 5.0
    close_s: float = 1.0
    """For the closing handshake."""


class SocketFailed(Exception):
    """A socket could not be opened, or ended."""

    def __init__(
        self,
        *,
        code: int | None = None,
        status: int | None = None,
        retry_after_s: float | None = None,
        foreign: bool = False,
        problem: Problem | None = None,
    ) -> None:
        super().__init__(code, status)
        self.code = code
        """The peer's close code; None if it never opened or just broke."""
        self.status = status
        """HTTP status of a refused handshake."""
        self.retry_after_s = retry_after_s
        self.foreign = foreign
        """The handshake was refused by no server of ours."""
        self.problem = problem
        """Why it could not be opened; None for one that ended."""


class LiveSocket:
    """An open socket. Made by ``open_socket``."""

    def __init__(self, connection: ClientConnection, timings: SocketTimings) -> None:
        self._connection = connection
        self._timings = timings
        self._sending = False

    async def frames(self) -> AsyncIterator[str | bytes]:
        """The frames as they come.

        Raises:
            SocketFailed: It ended; a socket never ends otherwise.
        """
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                yield await self._connection.recv()
        except ConnectionClosed:
            # Not str() of it: a reason is the peer's text.
            code = self._connection.close_code
            raise SocketFailed(code=None if code == _BROKEN else code) from None

    async def ping(self, within_s: float | None = None) -> float:
        """Measure a round trip, in seconds.

        Raises:
            SocketFailed: No pong in time (the link is then cut), or the socket has ended.
        """
        from websockets.exceptions import ConnectionClosed

        started = time.monotonic()
        try:
            async with asyncio.timeout(self._timings.pong_within_s if within_s is None else within_s):
                await (await self._connection.ping())
        except (TimeoutError, ConnectionClosed):
            self.abort()
            raise SocketFailed from None
        return time.monotonic() - started

    async def send_crosshair(self, point: Point) -> None:
        """Tell where the person points; dropped while an earlier one has not left yet."""
        from websockets.exceptions import ConnectionClosed

        if self._sending:
            return
        self._sending = True
        try:
            await self._connection.send(codec.encode_client_cursor(point))
        except ConnectionClosed:
            pass  # the reader learns of it as well, and tells
        finally:
            self._sending = False

    async def send_viewing(self, version: int) -> None:
        """Tell which version of the image is shown."""
        from websockets.exceptions import ConnectionClosed

        with suppress(ConnectionClosed):  # the reader learns of it as well, and tells
            await self._connection.send(codec.encode_client_viewing(version))

    async def close(self) -> None:
        """Say goodbye, and cut the link if that takes longer than ``close_s``."""
        try:
            async with asyncio.timeout(self._timings.close_s):
                await self._connection.close()
        except TimeoutError:
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Cut the link now; the reader ends."""
        self._connection.transport.abort()


async def open_socket(
    endpoint: Endpoint, wanted: OpenSocket, timings: SocketTimings = SocketTimings()
) -> LiveSocket:
    """Dial, and do the handshake.

    Raises:
        SocketFailed: Refused (``status``), or nobody there.
    """
    from_thread = await asyncio.to_thread(_load, endpoint)  # the first time it takes 0.1 s
    from websockets.exceptions import InvalidStatus, WebSocketException

    try:
        async with asyncio.timeout(timings.open_s):
            connection = await _connect(endpoint, wanted, timings, from_thread)
    except InvalidStatus as refusal:
        response = refusal.response
        headers = response.headers
        told = codec.decode_error(
            response.status_code,
            headers.get("Retry-After"),
            bytes(response.body or b""),
            date=headers.get("Date"),
        )
        foreign = EXTENSION_HEADER not in headers
        why = Intercepted(told.status, retry_after_s=told.retry_after_s) if foreign else Refused(told)
        raise SocketFailed(
            status=told.status, retry_after_s=told.retry_after_s, foreign=foreign, problem=why.problem
        ) from None
    except TimeoutError:
        raise SocketFailed(problem=TimedOut(sent=False).problem) from None
    except (OSError, WebSocketException, ValueError, EOFError) as failure:
        # ValueError: a port or an address that cannot be.
        raise SocketFailed(problem=Unreachable.because(failure, sent=False).problem) from None
    return LiveSocket(connection, timings)


def _connect(
    endpoint: Endpoint, wanted: OpenSocket, timings: SocketTimings, tls: ssl.SSLContext | None
) -> connect:
    from websockets.asyncio.client import connect

    class ConnectHere(connect):
        def process_redirect(self, exc: Exception) -> Exception | str:
            return exc

    query = codec.encode_subscribe(wanted.room, v2=wanted.v2, resume=wanted.resume, unseen=wanted.unseen)
    uri = f"{endpoint.ws_url.rstrip('/')}{SUBSCRIBE.path()}?{urlencode(query)}"
    cookie = endpoint.credentials.cookie
    headers = {} if cookie is None else {"Cookie": cookie.reveal()}
    if wanted.v2:
        headers[authorization.HEADER] = authorization.of_listener(wanted.room.user_id_ws)
    where: dict[str, Any] = {"unix": True, "path": str(endpoint.uds)} if endpoint.uds is not None else {}
    return ConnectHere(
        uri,
        additional_headers=headers,
        user_agent_header=f"imagechat-tui/{__version__}",
        compression=None,
        proxy=endpoint.proxy,
        open_timeout=None,
        ping_interval=None,
        close_timeout=timings.close_s,
        max_size=MAX_FRAME_BYTES,
        ssl=tls,
        **where,
    )


def _load(endpoint: Endpoint) -> ssl.SSLContext | None:
    import websockets.asyncio.client  # noqa: F401

    quiet_loggers()
    try:
        return tls_context(endpoint) if endpoint.ws_url.startswith("wss:") else None
    except OSError:
        raise SocketFailed from None
