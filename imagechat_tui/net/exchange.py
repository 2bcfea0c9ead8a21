"""One HTTP exchange: a request goes out, its answer comes back whole, or it fails as ours.

Reads share a pool of connections. Each write has a connection of its own that is *aborted* when it is given
up: otherwise the kernel would deliver the request when the link returns, after the person was told that it
failed (PROMISES D9). A fresh connection also tells truly whether anything was sent: one from a pool may
have been closed by the peer already, and the loss shows only after sending.

httpx is imported at the first request and in a thread: it costs 0.1 s, and the screen comes first.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from imagechat_tui import __version__
from imagechat_tui.net.departure import Departure
from imagechat_tui.net.endpoint import Endpoint, tls_context
from imagechat_tui.net.failures import BadAnswer, TimedOut, Unreachable
from imagechat_tui.problems import ProblemKind, Unreached

if TYPE_CHECKING:
    import ssl
    from http.cookiejar import CookieJar

    import httpx

READ_TIMEOUT_S = 10.0
"""A read from which nothing came for so long is given up. A slow link is none: its bytes keep coming."""
READ_AT_MOST_S = 300.0
"""For one read as a whole: somebody who sends a byte now and then does not hold us for ever."""
MAX_ANSWER_BYTES = 64 << 20
"""An answer larger than this is not held in memory, whoever sends it."""
PIECE_BYTES = 64 << 10
"""Of a body whose sender wants to know how much has gone."""
USER_TIMEOUT_MS = 10_000
"""How long the kernel may keep unacknowledged bytes of a write (TCP_USER_TIMEOUT)."""

_OF_WHO_IS_DIALLED: frozenset[Unreached] = frozenset({"nobody-listens", "system", "no-name", "no-lookup"})
_LINGER_ABORT = b"\x01\x00\x00\x00\x00\x00\x00\x00"
"""``struct linger {1, 0}``: close means abort."""


class Answer(Struct, frozen=True):
    """An answer as received."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case work, as they do in any case."""
    body: bytes


def quiet_loggers() -> None:
    """Turn down the loggers of httpx and websockets: they write whole URLs, and credentials stand in those."""
    for name in ("httpx", "httpcore", "websockets"):
        logging.getLogger(name).setLevel(logging.WARNING)


class Exchange:
    """The connections to one server. Both kinds share one cookie jar."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._reads: httpx.AsyncClient | None = None
        self._cookies: CookieJar | None = None
        self._tls: ssl.SSLContext | None = None
        """One for all connections, also where there is no TLS: httpx would make one for each."""

    async def read(
        self,
        path: str,
        query: Mapping[str, str],
        *,
        headers: Mapping[str, str],
        on_bytes: Callable[[int], None] | None = None,
    ) -> Answer:
        """GET, once. ``on_bytes`` is told how many bytes of the answer have come so far.

        Raises:
            Unreachable: No connection, or it broke.
            TimedOut: Nothing came for READ_TIMEOUT_S, or not all of it within READ_AT_MOST_S.
            BadAnswer: It cannot be unpacked, or is too large.
        """
        await self._load()
        if self._reads is None:
            self._reads = self._client(one_shot=False)
        try:
            async with asyncio.timeout(READ_AT_MOST_S):
                return await self._once(
                    self._reads,
                    "GET",
                    path,
                    query,
                    None,
                    headers,
                    timeout_s=READ_TIMEOUT_S,
                    on_bytes=on_bytes,
                )
        except TimeoutError:
            raise TimedOut(sent=True) from None

    async def write(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes | None,
        *,
        headers: Mapping[str, str],
        timeout_s: float,
        departure: Departure,
        on_sent: Callable[[int], None] | None = None,
    ) -> Answer:
        """Send a write, once, over a connection of its own; given up (or cancelled), it is aborted.

        ``departure`` is told how far it has got, ``on_sent`` how many bytes of the body each piece had that went.

        Raises:
            Unreachable: No connection (``sent`` False), or it broke.
            TimedOut: No answer within ``timeout_s``.
            BadAnswer: It cannot be unpacked, or is too large.
        """
        await self._load()
        client = self._client(one_shot=True)
        try:
            return await self._once(
                client,
                method,
                path,
                query,
                body,
                headers,
                timeout_s=timeout_s,
                departure=departure,
                on_sent=on_sent,
            )
        finally:
            await client.aclose()

    async def close(self) -> None:
        """Close what is open."""
        if self._reads is not None:
            await self._reads.aclose()
            self._reads = None

    async def _load(self) -> None:
        if self._cookies is None:
            cookies, tls = await asyncio.to_thread(_load, self._endpoint)
            if self._cookies is None:  # another request may have been first
                self._cookies, self._tls = cookies, tls

    def _client(self, *, one_shot: bool) -> httpx.AsyncClient:
        import httpx

        endpoint = self._endpoint
        transport = httpx.AsyncHTTPTransport(
            verify=self._tls if self._tls is not None else False,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0 if one_shot else 4, max_connections=8),
            proxy=httpx.Proxy(endpoint.proxy) if endpoint.proxy is not None else None,
            uds=str(endpoint.uds) if endpoint.uds is not None else None,
            retries=0,
            socket_options=_abortive(endpoint) if one_shot else None,
        )
        headers = {"User-Agent": f"imagechat-tui/{__version__}", "Accept": "application/json"}
        if endpoint.credentials.cookie is not None:
            headers["Cookie"] = endpoint.credentials.cookie.reveal()
        try:
            return httpx.AsyncClient(
                base_url=endpoint.base_url,
                transport=transport,
                trust_env=False,
                timeout=None,  # one limit around the whole exchange instead of one per step
                headers=headers,
                cookies=self._cookies,
                follow_redirects=False,
            )
        except (httpx.InvalidURL, UnicodeError):  # a host that no name can be: nobody answers there
            raise Unreachable(sent=False) from None

    async def _once(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        timeout_s: float,
        departure: Departure | None = None,
        on_bytes: Callable[[int], None] | None = None,
        on_sent: Callable[[int], None] | None = None,
    ) -> Answer:
        """One exchange. ``timeout_s`` is for a write as a whole, and for the silence of a read."""
        import httpx

        out = departure or Departure()
        now = asyncio.get_running_loop().time

        async def trace(event: str, _info: Mapping[str, Any]) -> None:
            if event.endswith("send_request_headers.started"):
                out.begin()
            elif event.endswith("send_request_body.complete"):
                out.end()

        content_type = {"Content-Type": "application/json"} if body is not None else {}
        content: bytes | AsyncIterator[bytes] | None = body
        if body is not None and on_sent is not None:
            content_type["Content-Length"] = str(len(body))
            content = _pieces(body, on_sent)
        try:
            async with (
                asyncio.timeout(timeout_s) as limit,
                client.stream(
                    method,
                    path,
                    params=dict(query),
                    content=content,
                    headers={**content_type, **headers},
                    extensions={"trace": trace},
                ) as response,
            ):
                received = bytearray()
                async for chunk in response.aiter_bytes():
                    received += chunk
                    if method == "GET":
                        limit.reschedule(now() + timeout_s)
                    if on_bytes is not None:
                        on_bytes(response.num_bytes_downloaded)
                    if len(received) > MAX_ANSWER_BYTES:
                        raise BadAnswer("answer too large", response.status_code)
                return Answer(response.status_code, response.headers, bytes(received))
        except TimeoutError:
            raise TimedOut(sent=out.begun) from None
        except httpx.DecodingError:
            raise BadAnswer("not what its Content-Encoding says") from None
        except httpx.ProxyError as failure:
            raise Unreachable(sent=False, code="proxy", reason=str(failure)) from None
        except httpx.RemoteProtocolError as failure:
            # A peer that closes without an answer is a protocol error to httpx and a lost link to us.
            hung_up = "disconnected" in str(failure) or "closed" in str(failure)
            raise Unreachable(sent=out.begun, code="hung-up" if hung_up else "no-http") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as failure:
            raise self._of_whom(Unreachable.because(failure, sent=out.begun)) from None

    def _of_whom(self, failure: Unreachable) -> Unreachable:
        """Where a proxy is dialled, it is the proxy that could not be reached."""
        problem = failure.problem
        if self._endpoint.proxy is None or failure.sent or problem.code not in _OF_WHO_IS_DIALLED:
            return failure
        reason = problem.reason or "there is no host of that name"
        return Unreachable(
            sent=False, code="proxy", reason=reason, no_route=problem.kind is ProblemKind.OFFLINE
        )


async def _pieces(body: bytes, on_sent: Callable[[int], None]) -> AsyncIterator[bytes]:
    for start in range(0, len(body), PIECE_BYTES):
        piece = body[start : start + PIECE_BYTES]
        yield piece
        on_sent(len(piece))


def _load(endpoint: Endpoint) -> tuple[CookieJar, ssl.SSLContext]:
    """Everything slow at the first request; runs in a thread."""
    import ssl
    from http.cookiejar import CookieJar
    from importlib.util import find_spec

    import httpx  # noqa: F401

    if find_spec("sniffio") is None:
        # httpcore imports it ten times in each request; what is not there, Python looks for on the whole path.
        sys.modules["sniffio"] = None  # type: ignore[assignment]
    quiet_loggers()
    try:
        return CookieJar(), tls_context(endpoint) if endpoint.is_tls else ssl.SSLContext(
            ssl.PROTOCOL_TLS_CLIENT
        )
    except OSError:
        raise Unreachable(sent=False, code="ca-file") from None


def _abortive(endpoint: Endpoint) -> list[tuple[int, int, int] | tuple[int, int, bytes]]:
    options: list[tuple[int, int, int] | tuple[int, int, bytes]] = [
        (socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ABORT)
    ]
    if endpoint.uds is None and hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS))
    return options
