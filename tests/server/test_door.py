"""The door: who is not welcome is sent away before anything is made of them, and nobody inside waits for a crowd."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.memory import MemoryCounts
from imagechat_tui.server.guard.limits import Limit, Limits
from imagechat_tui.server.guard.proxies import TrustedProxies
from imagechat_tui.server.http.connections import ConnectionRules, Connections
from imagechat_tui.server.http.door import COMES_A_TURN, Door
from tests.net.test_reasons import certificate

pytestmark = pytest.mark.security


class House:
    """A door with nothing but open connections behind it."""

    def __init__(self, limits: Limits, proxies: tuple[str, ...], tls: ssl.SSLContext | None) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.book = Connections(ConnectionRules(), limits=limits, proxies=TrustedProxies(proxies))
        self.gates = 0
        guarded = self.book.guarded(asyncio.Protocol)

        def counting() -> asyncio.Protocol:
            self.gates += 1
            return guarded()

        self.book.guarded = lambda serve: counting  # type: ignore[method-assign, assignment, return-value]
        self.door = Door(self.listener, self.book, asyncio.Protocol, tls=tls, tls_within_s=600)
        self.guests: list[socket.socket] = []

    def comes(self, by: str = "127.0.0.1") -> socket.socket:
        """Somebody at the door, whether or not it is open."""
        guest = socket.create_connection(self.listener.getsockname(), 60, (by, 0))
        guest.setblocking(False)
        self.guests.append(guest)
        return guest


@contextlib.asynccontextmanager
async def house(
    limits: Limits | None = None, *proxies: str, tls: ssl.SSLContext | None = None
) -> AsyncIterator[House]:
    there = House(limits or Limits(MemoryCounts()), proxies, tls)
    try:
        yield there
    finally:
        there.door.close()
        for guest in there.guests:
            guest.close()
        await until(there, 0)


async def until(there: House, inside: int) -> None:
    async with asyncio.timeout(60):
        while there.book.open != inside:  # noqa: ASYNC110 (the kernel closes connections; nobody tells that it did)
            await asyncio.sleep(0)


async def sent_away(guest: socket.socket) -> bool:
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(60):
            return not await asyncio.get_running_loop().sock_recv(guest, 1)
    return True


async def test_of_who_is_not_welcome_nothing_is_made() -> None:
    limits = Limits(MemoryCounts(), {Limit.CONNECTION: Rule(1e-6, 3)})
    async with house(limits) as there:
        there.door.open()
        for _ in range(3):
            there.comes()
        await until(there, 3)
        for _ in range(20):
            assert await sent_away(there.comes())
        there.comes(by="127.0.0.2")
        await until(there, 4)
        assert there.gates == 4


async def test_proxies_are_always_welcome() -> None:
    limits = Limits(MemoryCounts(), {limit: Rule(1e-6, 1) for limit in Limit})
    async with house(limits, "127.0.0.1") as there:
        there.door.open()
        for _ in range(5):
            there.comes()
        await until(there, 5)


async def test_whoever_is_inside_has_a_turn_between_those_who_come() -> None:
    async with house() as there:
        for _ in range(5 * COMES_A_TURN):
            there.comes()
        there.door.open()
        most, before = 0, 0
        async with asyncio.timeout(60):
            while there.gates < 5 * COMES_A_TURN:
                await asyncio.sleep(0)
                most, before = max(most, there.gates - before), there.gates
        assert 0 < most <= COMES_A_TURN


async def test_without_a_free_descriptor_the_door_is_shut_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Full(socket.socket):
        asked = 0

        def accept(self) -> tuple[socket.socket, object]:
            self.asked += 1
            if self.asked == 1:
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    later = list[Callable[[], object]]()
    async with house() as there:
        listener = Full(fileno=there.listener.detach())
        there.listener = listener
        there.door = Door(listener, there.book, asyncio.Protocol)
        there.door.open()
        monkeypatch.setattr(asyncio.get_running_loop(), "call_later", lambda _, does: later.append(does))
        there.comes()
        for _ in range(10):
            await asyncio.sleep(0)
        assert listener.asked == 1
        monkeypatch.undo()
        (opens,) = later
        opens()
        await until(there, 1)


async def test_behind_a_door_with_a_certificate_nothing_comes_in_plain(tmp_path: Path) -> None:
    served, asking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    file = certificate(tmp_path, begins=-1, ends=1)
    served.load_cert_chain(file)
    asking.load_verify_locations(file)
    async with house(tls=served) as there:
        there.door.open()
        plain = there.comes()
        plain.send(b"GET / HTTP/1.1\r\n\r\n")
        while not await sent_away(plain):  # an alert comes first
            pass
        assert there.book.open == 0
        guest = there.comes()
        _, writer = await asyncio.open_connection(sock=guest, ssl=asking, server_hostname="127.0.0.1")
        await until(there, 1)
        writer.transport.abort()


async def test_a_closed_door_lets_nobody_in_and_sends_nobody_out() -> None:
    async with house() as there:
        there.door.open()
        inside, address = there.comes(), there.listener.getsockname()
        await until(there, 1)
        there.door.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, 60)
        with pytest.raises(BlockingIOError):
            inside.recv(1)
        assert there.book.open == 1
