"""The connections of a server: how many there are, and how long one keeps its place (PROMISES 7).

Between each transport and aiohttp's protocol stands a ``Gate``. It does what aiohttp leaves open: a request's
head must be there in time however slowly it drips, a body says how long it is, an answer must be taken, the
frames of a socket are counted before anything is made of them, an address comes only so often, and the process
never runs out of descriptors: where there are too many connections, the one that has waited longest without a
request makes room.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Any

from aiohttp import web
from msgspec import Struct

from imagechat_tui.owned import peer_uid
from imagechat_tui.server.guard.limits import Limit, Limits, address_key
from imagechat_tui.server.guard.proxies import TrustedProxies
from imagechat_tui.server.http.frame_meter import FrameMeter

RESERVED_DESCRIPTORS = 128
"""For the database, the listeners, the log, and what the libraries open."""
WANTED_DESCRIPTORS = 16_384
"""The soft limit is raised so far, where the hard one allows it."""

HTTP_READING: Mapping[str, Any] = MappingProxyType(
    {
        "auto_decompress": False,
        "max_line_size": 128 * 1024,
        "max_field_size": 128 * 1024,
        "max_headers": 64,
    }
)
"""How aiohttp reads. An SSO token, in the request line or in ``Authorization``, may carry a picture. A body
that is packed would be inflated before its size is looked at, on the event loop."""
HEAD_BYTES = 160 * 1024
"""Of a head, before it has come whole: the longest request line and all headers that are read, and some more."""
UNREAD_BYTES = 64 * 1024
"""Of a body that nobody wants any more, so much is passed over, counted from the request's start."""
KEPT_BYTES = 2 * 1024 * 1024
"""Of what came since the last answer: above the longest head that aiohttp reads, and one piece more."""
PARTING_S = 2.0
"""From the last word to the end of a connection that is not listened to any more."""
FREE_PIECES, SMALL_PIECE, SMALL_FRAME = 64, 256, 4
"""A request comes in at most 64 pieces, and one more per 256 bytes; a socket's bytes in one per 4."""

_UID = "uid "
_HEAD_END = b"\r\n\r\n"
_BEGINS = re.compile(rb"[\r\n]*(?:[A-Z]{1,20}(?: |$)|$)")
"""The first bytes of a request, as far as they have come."""
_NO_TEXT = re.compile(rb"[^\t\r\n -~\x80-\xff]")
"""What no head holds."""
_CHUNKED = b"\ntransfer-encoding"
"""The header of a body that does not say how long it is; no line of JSON begins so."""
_NO_LENGTH = b"HTTP/1.1 411 Length Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_NO_HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)


class ConnectionRules(Struct, frozen=True):
    """How many connections, and how patient one is with them."""

    total: int = 3_968
    """Connections of the process."""
    per_address: int = 992
    """From one address, or of one user on the Unix socket; not from trusted proxies."""
    unasked_per_address: int = 100
    """Of them those that have asked for nothing yet; the oldest makes room."""
    head_within_s: float = 10.0
    """From the first byte of a request (or the connection's start) to the end of its head."""
    taken_within_s: float = 30.0
    """How long somebody may take none of the bytes that wait for them."""

    @classmethod
    def of_this_process(cls) -> ConnectionRules:
        """As many as the descriptors allow, after raising the process's own limit."""
        allowed = raised_descriptors()
        total = max(allowed // 2, allowed - RESERVED_DESCRIPTORS)
        return cls(total=total, per_address=max(1, total // 4))


class _State(Enum):
    NEW = auto()
    """Nothing was asked yet: the clock of the head runs."""
    IDLE = auto()
    """Between two requests; aiohttp's keep-alive ends it."""
    HEAD = auto()
    """A request has begun to come."""
    BUSY = auto()
    """A request is being answered, or this is a socket."""
    DRAINING = auto()
    """Answered before all of its body came: some more is taken, so that the answer can be read, and no other
    request."""
    REFUSED = auto()
    """Over: what still comes is not looked at."""


_BEFORE_A_REQUEST = frozenset({_State.NEW, _State.HEAD})


class Connections:
    """All connections of one process.

    Args:
        rules: See there.
        limits: How often one address may come.
        proxies: From them many people come, each told by a header.
    """

    def __init__(
        self, rules: ConnectionRules, *, limits: Limits, proxies: TrustedProxies | None = None
    ) -> None:
        self.rules = rules
        self._limits = limits
        self._proxies = proxies or TrustedProxies()
        self._open: Counter[str] = Counter()
        self._total = 0
        self._unasked: dict[str, dict[Gate, None]] = {}
        """Those that have asked for nothing yet, by address, the oldest first."""
        self._waiting: dict[Gate, None] = {}
        """Those without a request, the longest waiting first."""

    @property
    def open(self) -> int:
        """How many connections there are now."""
        return self._total

    def guarded(self, serve: Callable[[], asyncio.Protocol]) -> Callable[[], Gate]:
        """The factory of protocols for a listener, around the one of aiohttp's server."""
        return lambda: Gate(self, serve)

    def trusts(self, transport: asyncio.BaseTransport) -> bool:
        """Whether a trusted proxy is at the other end."""
        name = transport.get_extra_info("peername")
        return isinstance(name, tuple) and self._proxies.trusts(str(name[0]))

    def welcomes(self, gate: Gate) -> bool:
        """Count one more connection of an address; False if it comes too often, or mostly for nothing."""
        if gate.of_proxy:
            return True
        now = time.monotonic()
        return (
            self._limits.allows(Limit.NO_REQUEST, gate.address, now)
            and self._limits.check(Limit.CONNECTION, gate.address, now) is None
        )

    def turns_away(self, peer: object) -> bool:
        """Whether one more connection from there would not be welcome; it is not counted.

        Args:
            peer: The other end as ``accept`` tells it; whoever comes by a Unix socket has none.
        """
        if not isinstance(peer, tuple) or self._proxies.trusts(str(peer[0])):
            return False
        address, now = address_key(str(peer[0])), time.monotonic()
        return not all(
            self._limits.allows(limit, address, now) for limit in (Limit.NO_REQUEST, Limit.CONNECTION)
        )

    def ended_without_request(self, gate: Gate) -> None:
        """It ended without a request. On the Unix socket clients look so whether anybody listens."""
        if not gate.address.startswith(_UID):
            self._limits.check(Limit.NO_REQUEST, gate.address, time.monotonic())

    def enter(self, gate: Gate) -> bool:
        """Give a place to a connection, if need be that of one that waits; False if all are in use."""
        own = self._open[gate.address] >= self.rules.per_address and not gate.of_proxy
        if own or self._total >= self.rules.total:
            longest = next((one for one in self._waiting if not own or one.address == gate.address), None)
            if longest is None:
                return False
            longest.end()
        self._open[gate.address] += 1
        self._total += 1
        if not gate.of_proxy:
            unasked = self._unasked.setdefault(gate.address, {})
            unasked[gate] = None
            if len(unasked) > self.rules.unasked_per_address:
                next(iter(unasked)).end()
        return True

    def asked(self, gate: Gate) -> None:
        """A connection has asked for something, or has ended."""
        unasked = self._unasked.get(gate.address)
        if unasked is not None:
            unasked.pop(gate, None)
            if not unasked:
                del self._unasked[gate.address]

    def leave(self, gate: Gate) -> None:
        """Take back the place of a connection that ends."""
        self.busy(gate)
        self.asked(gate)
        self._total -= 1
        self._open[gate.address] -= 1
        if not self._open[gate.address]:
            del self._open[gate.address]

    def waits(self, gate: Gate) -> None:
        """A connection waits for a request: it may have to make room, after those that wait longer."""
        self._waiting[gate] = None

    def busy(self, gate: Gate) -> None:
        """A request of a connection is being answered: it need not make room for others."""
        self._waiting.pop(gate, None)


class Gate(asyncio.Protocol):
    """One connection, from ``accept`` to its end."""

    __slots__ = (
        "_asked",
        "_book",
        "_bytes",
        "_come",
        "_head_whole",
        "_inner",
        "_made",
        "_meter",
        "_on_flood",
        "_pieces",
        "_placed",
        "_serve",
        "_state",
        "_stuck",
        "_tail",
        "_timer",
        "_transport",
        "_unsent",
        "address",
        "of_proxy",
    )

    def __init__(self, book: Connections, serve: Callable[[], asyncio.Protocol]) -> None:
        self._book = book
        self._serve = serve
        self._asked = False
        """The connection has sent a request."""
        self._head_whole = False
        """An end of a head has come since the last answer."""
        self._tail = b""
        """The end of what came last: a header's name may come in two pieces."""
        self._state = _State.NEW
        self._transport: asyncio.Transport | None = None
        self._placed = False
        """The connection has a place in the book."""
        self._made = False
        """``inner`` was told of the connection."""
        self._timer: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._unsent = 0
        self._come: list[bytes] | None = []
        """What has come since the last answer; None once that is a body."""
        self._meter: FrameMeter | None = None
        self._on_flood: Callable[[], None] | None = None
        self._pieces = self._bytes = 0
        """What has come since the last request began, or the socket was opened."""
        self.address = ""
        self.of_proxy = False
        """It comes from a trusted proxy, so it is not one person's."""

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place, or say that there is none."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.address = peer_key(transport)
        self.of_proxy = self._book.trusts(transport)
        if not self._book.welcomes(self):
            self._state = _State.REFUSED
            transport.abort()
            return
        if not self._book.enter(self):
            self._state = _State.REFUSED
            transport.write(_FULL)
            transport.close()
            return
        self._inner = self._serve()
        self._placed = self._made = True
        self._book.waits(self)
        self._inner.connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Hand on to aiohttp what it may read; end who drips or floods."""
        if self._drips(data):
            self.end()
            return
        before = self._state
        match before:
            case _State.REFUSED:
                self._pause()  # aiohttp may have gone on, when it took what it had
                return
            case _State.DRAINING if self._bytes > UNREAD_BYTES:
                self.stop_reading()
                return
            case _State.IDLE:
                self._state = _State.HEAD
                self._wait_for_head()
            case _State.BUSY if self._meter is not None:
                if not self._meter.allows(data):
                    self._flooded()
                    return
            case _:
                pass
        if self._meter is None:
            if not self._is_http(data, before):
                self._refuse(_NO_HTTP)
                return
            if self._chunked(data):
                self._refuse_chunks()
                return
            if self._state in _BEFORE_A_REQUEST and not self._head_whole and self._bytes > HEAD_BYTES:
                self._refuse(_TOO_LONG)
                return
        if self._come is not None:
            if self._bytes > KEPT_BYTES:
                self.end()
                return
            self._come.append(data)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """The other side sends nothing more."""
        return self._inner.eof_received() if self._made else None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection: it has ended."""
        self._state = _State.REFUSED
        self._transport = None
        self._let_go()
        if self._made:
            self._made = False
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The other side takes less than it gets."""
        self._inner.pause_writing()
        self._watch_unsent()

    def resume_writing(self) -> None:
        """The other side has caught up."""
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        self._inner.resume_writing()

    # What the server calls

    def request_began(self, *, with_body: bool) -> None:
        """A head is there and is being answered."""
        self._state = _State.BUSY
        if not self._asked:
            self._asked = True
            self._book.asked(self)
        if with_body:
            self._come = None
        self._pieces = self._bytes = 0
        self._book.busy(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def request_ended(self, *, unread: bool = False) -> None:
        """It has been answered; the next may come.

        Args:
            unread: Some of its body is still to come. The connection must not be kept then.
        """
        if self._state is not _State.BUSY:
            return
        if unread:
            self._state = _State.DRAINING
            return
        self._book.waits(self)
        self._meter = None
        self._head_whole = False
        if self._tail.endswith(_HEAD_END):
            self._tail = b""
        self._pieces = self._bytes = 0
        self._state = _State.IDLE
        if self._come is not None and b"".join(self._come[-4:])[-4:] != _HEAD_END:
            self._state = _State.HEAD  # it goes on behind the head that was answered
            self._wait_for_head()
        self._come = []

    def count_frames(self, meter: FrameMeter, on_flood: Callable[[], None]) -> None:
        """From now on frames come.

        Args:
            meter: Tells when they are too many.
            on_flood: Called once if so; nothing is read any more then.
        """
        self._meter, self._on_flood = meter, on_flood
        sent, self._come = b"".join(self._come or ()).partition(_HEAD_END)[2], None
        if sent and not meter.allows(sent):
            self._flooded()

    def stop_reading(self) -> None:
        """Whatever still comes stays where it is; the other side has a moment to read why."""
        self._state = _State.REFUSED
        self._pause()
        asyncio.get_running_loop().call_later(PARTING_S, self.end)

    def end(self) -> None:
        """Close the connection now, and make room at once."""
        self._state = _State.REFUSED
        self._let_go()
        if self._transport is not None:
            self._transport.abort()

    # Time

    def _drips(self, data: bytes) -> bool:
        """Whether it comes in far more pieces than any network makes of it: each piece costs like a whole."""
        self._pieces += 1
        self._bytes += len(data)
        piece = SMALL_PIECE if self._meter is None else SMALL_FRAME
        return self._pieces > FREE_PIECES + self._bytes // piece

    def _is_http(self, data: bytes, before: _State) -> bool:
        """Whether it may be of a head, if a head is what comes. aiohttp would quote in its answer all that is not."""
        if self._state not in _BEFORE_A_REQUEST or self._head_whole:
            return True
        if before is _State.NEW and self._bytes == len(data) and _BEGINS.match(data) is None:
            return False
        known = data if before is _State.IDLE else self._tail[-3:] + data  # else what ended last was a body
        end = known.find(_HEAD_END)
        return _NO_TEXT.search(known, 0, end if end >= 0 else len(known)) is None

    def _chunked(self, data: bytes) -> bool:
        """Whether a body is to come that does not say how long it is: each of its pieces costs like a whole."""
        known = self._tail + data
        self._head_whole = self._head_whole or _HEAD_END in self._tail[-3:] + data
        self._tail = known[1 - len(_CHUNKED) :]
        return _CHUNKED in known.lower()

    def _refuse_chunks(self) -> None:
        if self._state is _State.BUSY or self._transport is None:  # behind a request that is being answered
            self.end()
            return
        self._asked = True
        self._refuse(_NO_LENGTH)

    def _refuse(self, answer: bytes) -> None:
        if self._transport is not None:
            self._transport.write(answer)
        self.stop_reading()

    def _pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def _flooded(self) -> None:
        self.stop_reading()
        if self._on_flood is not None:
            self._on_flood()

    def _wait_for_head(self) -> None:
        if self._timer is None:
            within_s = self._book.rules.head_within_s
            self._timer = asyncio.get_running_loop().call_later(within_s, self._head_is_late)

    def _head_is_late(self) -> None:
        self._timer = None
        transport = self._transport
        if transport is None:
            return
        if transport.get_write_buffer_size():  # it still takes the last answer: that has a clock of its own
            self._wait_for_head()
            return
        self._state = _State.REFUSED
        transport.write(_LATE)
        transport.close()

    def _watch_unsent(self) -> None:
        if self._transport is not None and self._stuck is None:
            self._unsent = self._transport.get_write_buffer_size()
            within_s = self._book.rules.taken_within_s
            self._stuck = asyncio.get_running_loop().call_later(within_s, self._look_at_unsent)

    def _look_at_unsent(self) -> None:
        self._stuck = None
        if self._transport is None:
            return
        if self._transport.get_write_buffer_size() >= self._unsent:
            self.end()
        else:
            self._watch_unsent()

    def _let_go(self) -> None:
        if self._placed:
            self._placed = False
            self._book.leave(self)
            if not self._asked:
                self._book.ended_without_request(self)
        for timer in (self._timer, self._stuck):
            if timer is not None:
                timer.cancel()
        self._timer = self._stuck = None


def gate_of(request: web.BaseRequest) -> Gate | None:
    """The gate of a request's connection; None where a server was put together without."""
    transport = request.transport
    protocol = transport.get_protocol() if transport is not None else None
    return protocol if isinstance(protocol, Gate) else None


def peer_key(transport: asyncio.BaseTransport) -> str:
    """Who counts as one at the other end: an address, or on the Unix socket a user."""
    peer = transport.get_extra_info("socket")
    if peer is not None and peer.family == socket.AF_UNIX:
        return f"{_UID}{peer_uid(peer)}"
    name = transport.get_extra_info("peername")
    return address_key(name[0] if isinstance(name, tuple) else None)


def raised_descriptors() -> int:
    """Raise the soft limit of open files as far as it is wanted and allowed. Returns what holds now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return WANTED_DESCRIPTORS
    wanted = WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(WANTED_DESCRIPTORS, hard)
    if wanted > soft:
        with contextlib.suppress(OSError, ValueError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return min(soft, WANTED_DESCRIPTORS)
