"""Gates: what a connection may do before, between and during requests."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.memory import MemoryCounts
from imagechat_tui.server.guard.limits import Limit, Limits
from imagechat_tui.server.guard.proxies import TrustedProxies
from imagechat_tui.server.http.connections import (
    FREE_PIECES,
    KEPT_BYTES,
    ConnectionRules,
    Connections,
    Gate,
    gate_of,
    raised_descriptors,
)
from tests.server.house import GuardedServer

pytestmark = pytest.mark.security

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"
GARBAGE = b"GARBAGE\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nHost: local"
QUICK = ConnectionRules(head_within_s=0.2)
PATIENT = ConnectionRules(head_within_s=600)


class Peer:
    """A plain TCP client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def sends(self, data: bytes) -> None:
        self.writer.write(data)

    async def status(self) -> int:
        """The status of the next answer, read to its end."""
        async with asyncio.timeout(30):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            length = next(line for line in head.lower().split("\r\n") if line.startswith("content-length"))
            await self.reader.readexactly(int(length.partition(":")[2]))
        return int(head.split(" ")[1])

    async def rest(self) -> bytes:
        """What comes until the server closes the connection, however it does."""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(30):
                return await self.reader.read()
        return b""


class Desk:
    """A server with gates: ``/`` answers at once, ``/slow`` when ``go`` is set, ``/large`` at length."""

    def __init__(self, server: GuardedServer, go: asyncio.Event) -> None:
        self.server = server
        self.go = go
        self.peers: list[Peer] = []

    async def peer(self, opening: bytes = b"", *, by: str = "127.0.0.1") -> Peer:
        assert self.server.port is not None
        link = await asyncio.open_connection("127.0.0.1", self.server.port, local_addr=(by, 0))
        peer = Peer(*link)
        self.peers.append(peer)
        peer.sends(opening)
        return peer

    async def waiting(self) -> Peer:
        """A connection that was answered and is kept."""
        peer = await self.peer(GET)
        assert await peer.status() == 200
        return peer


@contextlib.asynccontextmanager
async def desk(rules: ConnectionRules, limits: Limits | None = None) -> AsyncIterator[Desk]:
    go = asyncio.Event()

    @web.middleware
    async def entrance(request: web.Request, handler: Callable[[web.Request], object]) -> web.StreamResponse:
        gate = gate_of(request)
        assert gate is not None
        gate.request_began(with_body=request.body_exists)
        try:
            return await handler(request)  # type: ignore[misc, no-any-return]
        finally:
            gate.request_ended(unread=not request.content.is_eof())

    async def quick(request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def slow(request: web.Request) -> web.Response:
        await go.wait()
        return web.Response(text="ok")

    async def large(request: web.Request) -> web.Response:
        return web.Response(body=bytes(64 << 20))

    app = web.Application(middlewares=[entrance])
    app.add_routes(
        [web.get("/", quick), web.post("/", quick), web.get("/slow", slow), web.get("/large", large)]
    )
    server = GuardedServer(app, rules, limits)
    await server.start_server()
    there = Desk(server, go)
    try:
        yield there
    finally:
        go.set()
        for peer in there.peers:
            peer.writer.transport.abort()
        await server.close()


async def test_a_head_that_does_not_come_whole_is_told_so_and_let_go() -> None:
    async with desk(QUICK) as there:
        peer = await there.peer(HALF)
        assert (await peer.rest()).startswith(b"HTTP/1.1 408 ")


async def test_dripping_bytes_gains_no_time() -> None:
    async with desk(QUICK) as there:
        peer = await there.peer(HALF)

        drips = 0

        async def drip() -> None:
            nonlocal drips
            while not peer.writer.is_closing():
                peer.sends(b"x")
                drips += 1
                await asyncio.sleep(0.05)  # the pace of who drips: faster, the number of pieces would end it

        async with asyncio.TaskGroup() as tasks:
            dripping = tasks.create_task(drip())
            await peer.rest()
            dripping.cancel()
        assert drips < FREE_PIECES, "it was the clock that ended it"


async def test_who_connects_and_says_nothing_is_let_go() -> None:
    async with desk(QUICK) as there:
        assert b"408" in await (await there.peer()).rest()


async def test_between_two_requests_the_clock_of_the_head_stands_still() -> None:
    async with desk(QUICK) as there:
        peer = await there.waiting()
        late = await there.peer(HALF)
        await late.rest()  # so the clock of a head has run out meanwhile
        peer.sends(GET)
        assert await peer.status() == 200
        peer.sends(HALF)
        assert b"408" in await peer.rest()


async def test_half_a_head_behind_a_request_is_let_go_too() -> None:
    async with desk(QUICK) as there:
        together, after = await there.peer(SLOW + HALF), await there.peer(SLOW)
        await (await there.peer(HALF)).rest()  # so the request is being answered
        after.sends(HALF)
        await (await there.peer(HALF)).rest()
        there.go.set()
        for peer in (together, after):
            assert await peer.status() == 200
            assert b"408" in await peer.rest()


async def test_an_answer_may_take_longer_than_a_head() -> None:
    async with desk(QUICK) as there:
        peer = await there.peer(SLOW)
        await (await there.peer(HALF)).rest()
        there.go.set()
        assert await peer.status() == 200


async def test_the_connection_that_waits_longest_makes_room() -> None:
    async with desk(ConnectionRules(total=3, per_address=99, head_within_s=600)) as there:
        first, second = await there.waiting(), await there.waiting()
        half = await there.peer(HALF)
        first.sends(GET)
        assert await first.status() == 200
        fourth = await there.waiting()
        assert await second.rest() == b""
        for peer in (first, fourth):
            peer.sends(GET)
            assert await peer.status() == 200
        await there.waiting()
        assert await half.rest() == b""


@pytest.mark.security
async def test_of_one_address_few_may_ask_for_nothing() -> None:
    async with desk(ConnectionRules(unasked_per_address=2, head_within_s=600)) as there:
        kept = [await there.waiting() for _ in range(3)]
        elsewhere = await there.peer(by="127.0.0.2")
        first, second, third = await there.peer(HALF), await there.peer(), await there.peer(HALF)
        assert await first.rest() == b""
        second.sends(GET)
        assert await second.status() == 200
        third.sends(GET[len(HALF) :])
        assert await third.status() == 200
        elsewhere.sends(GET)
        for peer in (elsewhere, *kept):
            peer.sends(b"" if peer is elsewhere else GET)
            assert await peer.status() == 200


async def test_who_is_being_answered_makes_no_room() -> None:
    async with desk(ConnectionRules(total=2, per_address=99, head_within_s=600)) as there:
        busy = [await there.peer(SLOW), await there.peer(SLOW)]
        while True:  # until both are being answered
            answer = await (await there.peer(GET)).rest()
            if b"503" in answer:
                assert b"Retry-After" in answer
                break
            busy += [await there.peer(SLOW)]
        there.go.set()
        for peer in busy[-2:]:
            assert await peer.status() == 200


@pytest.mark.parametrize(("proxies", "room"), [((), False), (("127.0.0.1",), True)])
async def test_one_address_crowds_out_only_itself(proxies: tuple[str, ...], room: bool) -> None:
    book = Connections(
        ConnectionRules(total=10, per_address=2),
        limits=Limits(MemoryCounts()),
        proxies=TrustedProxies(proxies),
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(book.guarded(asyncio.Protocol), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    peers = [Peer(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(2)]
    other = Peer(*await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0)))
    third = Peer(*await asyncio.open_connection("127.0.0.1", port))
    await until(lambda: book.open == 3 + room)
    if not room:
        assert await peers[0].rest() == b""
    assert not other.reader.at_eof() and not third.reader.at_eof()
    server.close()
    for peer in (*peers, other, third):
        peer.writer.transport.abort()
    await until(lambda: not book.open)


@pytest.mark.security
@pytest.mark.parametrize(("fields", "status"), [(1, 200), (9, 200), (12, 431)])
async def test_a_head_that_goes_on_is_cut_short_before_it_is_read(fields: int, status: int) -> None:
    """Behind another request, too: what came of that does not count."""
    field = b"X-Long: " + b"x" * 15_000 + b"\r\n"
    async with desk(PATIENT) as there:
        for first in (b"", GET):
            peer = await there.peer(first)
            if first:
                assert await peer.status() == 200
            peer.sends(GET[:-2])
            for _ in range(fields):
                peer.sends(field)
            if status == 200:
                peer.sends(b"\r\n")
                assert await peer.status() == 200
            else:
                assert b" 431 " in await peer.rest()


async def test_a_request_in_crumbs_is_cut_short() -> None:
    async with desk(PATIENT) as there:
        peer = await there.peer(b"GET / HTTP/1.1\r\nX: ")
        with contextlib.suppress(ConnectionError):
            for _ in range(20 * FREE_PIECES):
                peer.sends(b"x")
                await peer.writer.drain()
                await asyncio.sleep(0)  # the server, on the same loop, reads what came alone
                if peer.reader.at_eof():
                    break
        assert await peer.rest() == b""


@pytest.mark.parametrize("path", ["/", "/nowhere"])
async def test_a_body_that_nobody_reads_is_not_taken_without_end(path: str) -> None:
    """It used to be kept, piece by piece, as long as it came."""
    async with desk(PATIENT) as there:
        opening = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000000\r\n\r\n"
        peer = await there.peer(opening.encode())
        head = await peer.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 ")
        sent = 0
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(30):
                while sent < 1 << 30 and not peer.writer.is_closing():
                    peer.sends(bytes(1 << 18))
                    sent += 1 << 18
                    await peer.writer.drain()
        assert sent < 1 << 26, "what fits into the kernel's buffers, and two reads"


class _Pipe(asyncio.Transport):
    """A transport with nothing at its other end."""

    def __init__(self) -> None:
        super().__init__()
        self.over = self.paused = False

    def abort(self) -> None:
        self.over = True

    def pause_reading(self) -> None:
        self.paused = True

    def write(self, data: object) -> None:
        pass


def kept(gate: Gate) -> int:
    """Bytes that a gate holds on to."""
    return sum(map(len, gate._come or ()))


async def test_what_a_gate_keeps_is_bounded_whatever_comes() -> None:
    piece = b"A " * (1 << 17)
    for states in ((), ("began",), ("began", "ended"), ("body",), ("body", "ended"), ("body", "unread")):
        gate, pipe = Gate(Connections(PATIENT, limits=Limits(MemoryCounts())), asyncio.Protocol), _Pipe()
        gate.connection_made(pipe)
        for state in states:
            if state in ("began", "body"):
                gate.request_began(with_body=state == "body")
            else:
                gate.request_ended(unread=state == "unread")
        for _ in range(64):
            gate.data_received(piece)
            assert kept(gate) <= KEPT_BYTES, states
        if "unread" in states:
            assert pipe.paused and not kept(gate)
        gate.connection_lost(None)


CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"


@pytest.mark.parametrize("cut", [0, 34, 40, 53, 60])
@pytest.mark.parametrize("head", [CHUNKED, CHUNKED.upper(), CHUNKED.replace(b"chunked", b"gzip, chunked")])
async def test_a_body_says_how_long_it_is(head: bytes, cut: int) -> None:
    async with desk(PATIENT) as there:
        peer = await there.peer(head[:cut])
        await there.waiting()
        peer.sends(head[cut:])
        assert await peer.status() == 411


async def test_a_chunked_request_behind_another_is_not_read() -> None:
    async with desk(PATIENT) as there:
        peer = await there.peer(SLOW)
        await there.waiting()
        peer.sends(CHUNKED)
        assert await peer.rest() == b""


async def test_a_text_about_chunks_is_a_text() -> None:
    async with desk(PATIENT) as there:
        text = b'{"comment": "Transfer-Encoding: chunked"}'
        head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(text)
        peer = await there.peer(head + text)
        assert await peer.status() == 200


@pytest.mark.parametrize("sent", [GARBAGE, b"GET / HTTP/1.1\r\nHost: a\r\nX\x00: b\r\n\r\n", HALF, b""])
async def test_an_address_that_comes_for_nothing_is_not_let_in_for_a_while(sent: bytes) -> None:
    async with desk(
        PATIENT, Limits(MemoryCounts(), {Limit.NO_REQUEST: Rule(1e-6, 5), Limit.CONNECTION: Rule(1e6, 1e6)})
    ) as there:
        for _ in range(5):
            peer = await there.peer(sent)
            if sent not in (HALF, b""):
                assert b" 400 " in await peer.rest()
            peer.writer.transport.abort()
        async with asyncio.timeout(30):
            while await (await there.peer(GET + GARBAGE)).rest():
                pass
        assert await (await there.peer(GET, by="127.0.0.2")).status() == 200


@pytest.mark.parametrize(
    "sent",
    [
        bytes(range(256)) * 256,
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"no request at all",
        b"\r\n\r\nGARBAGE",
        b"G" * 65_536,
        b"GET / HTTP/1.1\r\nX: \x01" + b"x" * 65_536,
    ],
)
async def test_what_is_no_http_is_told_so_in_a_word(sent: bytes) -> None:
    """aiohttp would quote it, whole, which takes ms."""
    async with desk(PATIENT) as there:
        answer = await (await there.peer(sent + b"\r\n\r\n")).rest()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert len(answer) < 100
        assert await (await there.peer(GET)).status() == 200


async def test_a_request_may_come_in_two_pieces() -> None:
    more = b"localhost\r\nX: \xc3\xa4\tb\r\nContent-Length: 2"
    posted = GET.replace(b"GET", b"POST").replace(b"localhost", more) + b"\x00\x01"
    async with desk(PATIENT) as there:
        for request in (b"\r\n" + GET, posted):
            for at in range(1, len(request)):
                peer = await there.peer(request[:at])
                await there.waiting()
                peer.sends(request[at:])
                assert await peer.status() == 200, request[:at]
        peer = await there.peer()
        for request in (posted, posted, GET):
            peer.sends(request)
            assert await peer.status() == 200, "whatever the body before it ended with"


async def test_who_asks_for_something_may_come_again() -> None:
    async with desk(PATIENT, Limits(MemoryCounts(), {Limit.NO_REQUEST: Rule(1e-6, 1)})) as there:
        for _ in range(10):
            (await there.waiting()).writer.close()


async def test_connections_of_one_address_are_counted() -> None:
    async with desk(PATIENT, Limits(MemoryCounts(), {Limit.CONNECTION: Rule(1e-6, 3)})) as there:
        first, *_ = [await there.waiting() for _ in range(3)]
        assert await (await there.peer(GET)).rest() == b""
        first.sends(GET)
        assert await first.status() == 200
        assert await (await there.peer(GET, by="127.0.0.2")).status() == 200


async def test_connections_of_a_proxy_are_not() -> None:
    limits = Limits(MemoryCounts(), {Limit.CONNECTION: Rule(1e-6, 1), Limit.NO_REQUEST: Rule(1e-6, 1)})
    book = Connections(PATIENT, limits=limits, proxies=TrustedProxies(["127.0.0.0/8"]))
    server = await asyncio.get_running_loop().create_server(book.guarded(asyncio.Protocol), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for _ in range(5):
        peer = Peer(*await asyncio.open_connection("127.0.0.1", port))
        await until(lambda: book.open == 1)
        peer.writer.transport.abort()
        await until(lambda: not book.open)
    server.close()


async def test_who_takes_nothing_of_an_answer_is_let_go() -> None:
    async with desk(ConnectionRules(taken_within_s=0.2)) as there:
        peer = await there.peer(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        runner = there.server.runner
        assert runner is not None
        await until(lambda: bool(runner._server.connections))  # type: ignore[union-attr]
        await until(lambda: not runner._server.connections)  # type: ignore[union-attr]


def test_the_connections_fit_into_the_descriptors() -> None:
    program = (
        "import resource\n"
        "from imagechat_tui.server.http.connections import ConnectionRules\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, {hard}))\n"
        "rules = ConnectionRules.of_this_process()\n"
        "print(rules.total, rules.per_address, *resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    )
    for hard, total in (("64", 32), ("1024", 896)):
        run = subprocess.run(
            [sys.executable, "-c", program.format(hard=hard)], capture_output=True, text=True, check=True
        )
        assert run.stdout.split() == [str(total), str(total // 4), hard, hard]
    assert raised_descriptors() <= resource.getrlimit(resource.RLIMIT_NOFILE)[0]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 (the kernel closes connections; nobody tells that it did)
            await asyncio.sleep(0.01)
