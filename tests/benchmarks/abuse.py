"""What a stranger, or one bad member, can do to the other people of a server.

    python -m tests.benchmarks.abuse [--seconds 30] [--only NAME …] [--source DIR]

A real ``imagechat serve`` and two tenants, "good" and "bad". Each attack runs from one address for some seconds, in a
process of its own: without credentials, and where that makes a difference with those of one member of "bad".
Meanwhile members of "good", and other members of "bad", list an image's markers ten times a second, each from an
address of their own. Printed in ms: median and 99th percentile of those lists before and during the attack, how many
failed, and the ratio of the percentiles, which should be 1.5 at most for "good" and 2 for "bad"; and the load of the
machine, which is part of every figure. ``--source`` takes the program from another checkout, to compare.

An attacker would have a machine of their own: here their process gets what time the processors have left over (nice
19), so that nobody waits for a processor on which it computes. The first attack, "nothing", is such a process that
only computes: what it does to the ratio is not the server's.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import json
import multiprocessing
import os
import random
import select
import selectors
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from imagechat_tui.protocol import sso

ATTACKER, HOME = "127.0.0.1", "127.0.0.1"
ADDRESSES = {"good": "127.0.0.2", "bad": "127.0.0.3"}
AIMS = {"good": 1.5, "bad": 2.0}
"""The largest ratio of percentiles, by tenant."""
LIST_EVERY_S = 0.1
LONG_THREAD = 2_000
"""Comments on an image that the attack by large lists asks for."""
MARKERS = 20
ROOT = Path(__file__).parents[2]


class Target(NamedTuple):
    """What an attacker knows."""

    port: int
    token: str
    """Of the member of the attacked tenant that the attacker is; "" is nobody's."""
    seconds: float

    @property
    def sso(self) -> dict[str, str]:
        """The query by which the attacker signs in, if they do."""
        return {"sso": self.token} if self.token else {}

    def connect(self) -> socket.socket:
        """A connection from the attacker's address."""
        return socket.create_connection((HOME, self.port), 5, (ATTACKER, 0))


def request(method: str, path: str, body: bytes = b"", /, **query: str) -> bytes:
    """The bytes of a request."""
    target = f"{path}?{urlencode(query)}" if query else path
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def nothing(target: Target) -> None:
    """No attack at all: a core that is busy. What members notice of it is the machine's, not the server's."""
    until = time.monotonic() + target.seconds
    while time.monotonic() < until:
        pass


def handshake(target: Target, room: str = "page") -> socket.socket:
    """A socket to a public room."""
    link = target.connect()
    ids = urlencode({"urlId": room, "userIdWS": "nobody", "tenantIdWS": "bad", "v": "1"} | target.sso)
    link.sendall(
        f"GET /sub?{ids} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    link.recv(4096)
    return link


def frame(first: int, payload: bytes = b"") -> bytes:
    """A masked frame (with the mask 0)."""
    size = len(payload)
    length = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
    return struct.pack("!B", first) + length + bytes(4) + payload


def pour(target: Target, chunk: bytes, opening: bytes = b"") -> None:
    """Send the same bytes down one socket as fast as they are taken; a new socket when it is closed."""
    until = time.monotonic() + target.seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), handshake(target) as link:
            link.settimeout(0.2)
            link.sendall(opening)
            while time.monotonic() < until:
                with contextlib.suppress(TimeoutError):
                    link.send(chunk)
                link.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    if not link.recv(1 << 16):
                        break
                link.settimeout(0.2)
        time.sleep(0.01)


def pings(target: Target) -> None:
    pour(target, frame(0x89) * 10_000)


def pongs(target: Target) -> None:
    pour(target, frame(0x8A) * 10_000)


def fragments(target: Target) -> None:
    pour(target, frame(0x00) * 10_000, opening=frame(0x01))


def crosshairs(target: Target) -> None:
    pour(target, frame(0x81, b'{"type":"cursor","x":1,"y":2}') * 2_000)


def asked_again_and_again(target: Target, asks: Iterator[bytes], links: int = 16) -> None:
    """Requests over some connections that stay open, each as soon as the last was answered."""
    until = time.monotonic() + target.seconds
    with selectors.DefaultSelector() as ready:
        mine: dict[int, socket.socket] = {}
        while time.monotonic() < until:
            while len(mine) < links:
                link = target.connect()
                link.sendall(next(asks))
                ready.register(link, selectors.EVENT_READ)
                mine[link.fileno()] = link
            for key, _ in ready.select(0.1):
                link = mine[key.fd]
                try:
                    alive = bool(link.recv(1 << 20))
                    if alive:
                        link.sendall(next(asks))
                except OSError:
                    alive = False
                if not alive:
                    ready.unregister(link)
                    mine.pop(key.fd).close()
        for link in mine.values():
            link.close()


def refused_writes(target: Target) -> None:
    body = json.dumps({"urlId": "page", "comment": "x", "broadcastId": "b"}).encode()
    asked_again_and_again(
        target,
        itertools.repeat(
            request("POST", "/comments/good", body, urlId="page", broadcastId="b", **target.sso)
        ),
    )


def bad_tokens(target: Target) -> None:
    token = sso.mint(
        {"id": "x", "email": "x@example.com", "username": "x"}, b"wrong", int(time.time() * 1000)
    )
    asked_again_and_again(
        target, itertools.repeat(request("GET", "/comment-image-chats/good", urlId="page", sso=token))
    )


def unknown_paths(target: Target) -> None:
    asked_again_and_again(target, itertools.repeat(request("GET", "/nothing", **target.sso)), links=64)


def half_heads(target: Target) -> None:
    """1,100 connections that begin a request and go on by a byte now and then."""
    links: list[socket.socket] = []
    until = time.monotonic() + target.seconds
    while time.monotonic() < until:
        for _ in range(100):
            if len(links) < 1_100:
                with contextlib.suppress(OSError):
                    link = target.connect()
                    link.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Drip: ")
                    link.setblocking(False)
                    links.append(link)
        for link in list(links):
            try:
                link.send(b"x")
            except OSError:
                links.remove(link)
                link.close()
        time.sleep(0.1)


def markdown(target: Target) -> None:
    """What is costly to read, in one comment after the other."""
    costly = ("![" + "[![" * 700)[:2_000]

    def asks() -> Iterator[bytes]:
        for n in itertools.count():
            query = {"urlId": "thread", "broadcastId": f"md{os.getpid()}-{n}", **target.sso}
            body = json.dumps(
                {"comment": costly, "url": "x", "commenterName": "x", "urlId": "thread"}
            ).encode()
            yield request("POST", "/comments/bad", body, **query)

    asked_again_and_again(target, asks())


def gzip_bombs(target: Target) -> None:
    """Bodies of a few kilobytes that unpack to many megabytes."""
    packed = zlib.compressobj(9, wbits=31)
    bomb = packed.compress(bytes(50 << 20)) + packed.flush()
    head = (
        "POST /comments/bad?urlId=page&broadcastId=b HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    )
    asked_again_and_again(target, itertools.repeat(head.encode() + bomb))


def without_end(target: Target, head: bytes, more: bytes, links: int = 8) -> None:
    """Requests whose body goes on as fast as it is taken, over some connections at once."""
    until = time.monotonic() + target.seconds
    mine: dict[socket.socket, bytes] = {}
    while time.monotonic() < until:
        while len(mine) < links:
            try:
                link = target.connect()
            except OSError:
                break
            link.setblocking(False)
            mine[link] = head
        read, write, _ = select.select(mine, mine, [], 0.1)
        for link in {*read, *write}:
            try:
                if link in read and not link.recv(1 << 16):
                    raise ConnectionError
                if link in write:
                    mine[link] = mine[link][link.send(mine[link]) :] or more
            except BlockingIOError:
                pass
            except OSError:
                del mine[link]
                link.close()
    for link in mine:
        link.close()


def endless_bodies(target: Target) -> None:
    """A length that is never reached, with bytes that come as fast as they are taken."""
    head = request("POST", "/comments/bad", urlId="page", broadcastId="b")[:-2]
    without_end(target, head + b"Content-Length: 99999999999\r\n\r\n", b"x" * 65_536)


def chunked_bodies(target: Target) -> None:
    """The same in chunks of one byte: each is a turn of the parser."""
    head = request("POST", "/comments/bad", urlId="page", broadcastId="b")[:-2]
    without_end(target, head + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000)


def garbage(target: Target) -> None:
    """Bytes that are no HTTP, each time over a new connection once the last is closed."""
    noise = random.Random(1).randbytes(65_536)
    without_end(target, noise, noise, links=32)


def seats(target: Target) -> None:
    """Sockets that are opened, kept, and opened anew when they are closed, each in another room."""
    links: dict[int, socket.socket] = {}
    until = time.monotonic() + target.seconds
    for n in itertools.count():
        if time.monotonic() > until:
            break
        with contextlib.suppress(OSError):
            links[n] = handshake(target, f"page{n}")
            links[n].setblocking(False)
        if len(links) > 500:
            links.pop(next(iter(links))).close()


def comings_and_goings(target: Target) -> None:
    """Sockets in the room of the others, each gone as soon as it is there."""
    until = time.monotonic() + target.seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), handshake(target):
            pass


def large_lists(target: Target) -> None:
    """The longest list there is, as often as it is given."""
    asks = request("GET", "/comment-image-chats/bad", urlId="long", v="2", **target.sso)
    asked_again_and_again(target, itertools.repeat(asks))


def changed_lists(target: Target) -> None:
    """The same, with something new in it each time."""

    def asks() -> Iterator[bytes]:
        body = {"comment": "x", "url": "x", "commenterName": "x", "urlId": "long::1:1"}
        for n in itertools.count():
            query = {"urlId": "long::1:1", "broadcastId": f"cl{os.getpid()}-{n}", **target.sso}
            yield request("POST", "/comments/bad", json.dumps(body).encode(), **query)
            yield request("GET", "/comment-image-chats/bad", urlId="long", v="2", **target.sso)

    asked_again_and_again(target, asks())


def long_heads(target: Target) -> None:
    """Heads as long as they are read."""
    padding = "".join(f"X-{n}: {'x' * 15_000}\r\n" for n in range(50))
    head = request("GET", "/comment-image-chats/bad", urlId="page", **target.sso)[:-2]
    asked_again_and_again(target, itertools.repeat(head + padding.encode() + b"\r\n"))


def writes(target: Target) -> None:
    """Markers and comments, of people without a token each by a new one, as it is allowed in the tenant."""

    def asks() -> Iterator[bytes]:
        for n in itertools.count():
            body: dict[str, object] = {
                "urlId": "page",
                "comment": "x" * 500,
                "commenterName": f"g{n}",
                "url": "x",
            }
            if n % 2:
                body |= {
                    "windowUrlId": f"page::{n % 100}:{n // 100 % 100}", "pageTitle": "", "src": "",
                    "x": n % 100, "y": n // 100 % 100, "broadcastId": f"g{n}",
                }  # fmt: skip
            path = "/comment-image-chats/bad" if n % 2 else "/comments/bad"
            query = {"urlId": "page", "broadcastId": f"g{os.getpid()}-{n}", **target.sso}
            yield request("POST", path, json.dumps(body).encode(), **query)

    asked_again_and_again(target, asks())


ATTACKS: dict[str, Callable[[Target], None]] = {
    attack.__name__: attack
    for attack in (
        nothing,
        pings,
        pongs,
        fragments,
        crosshairs,
        refused_writes,
        bad_tokens,
        unknown_paths,
        half_heads,
        markdown,
        gzip_bombs,
        endless_bodies,
        chunked_bodies,
        garbage,
        writes,
        seats,
        comings_and_goings,
        large_lists,
        changed_lists,
        long_heads,
    )
}
BY_ADDRESS_ALONE = frozenset(
    {"nothing", "bad_tokens", "half_heads", "gzip_bombs", "endless_bodies", "chunked_bodies", "garbage"}
)
"""Credentials make no difference to them."""


class Served(NamedTuple):
    """A running server and the secrets of its tenants."""

    port: int
    secrets: dict[str, str]

    def token(self, tenant: str, name: str) -> str:
        """A token of one of its members."""
        user = {"id": name, "email": f"{name}@example.com", "username": name}
        return sso.mint(user, self.secrets[tenant].encode(), int(time.time() * 1000))


@contextlib.contextmanager
def server(source: Path) -> Iterator[Served]:
    """``imagechat serve`` of a checkout, on data of its own."""
    with tempfile.TemporaryDirectory(prefix="ic") as folder:
        environment = os.environ | {"PYTHONPATH": str(source), "HOME": folder}
        data = str(Path(folder, "data"))
        program = [sys.executable, "-m", "imagechat_tui"]
        secrets = {}
        for tenant, options in (("good", []), ("bad", ["--allow-anon"])):
            made = subprocess.run(
                [*program, "tenant", "create", tenant, *options, "--data-dir", data],
                env=environment, cwd=folder, check=True, capture_output=True, text=True,
            )  # fmt: skip
            secrets[tenant] = made.stdout.strip()
        process = subprocess.Popen(
            [*program, "serve", "--host", HOME, "--port", "0", "--data-dir", data],
            env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            yield Served(json.loads(process.stdout.readline())["port"], secrets)
        finally:
            process.terminate()
            process.wait(20)
            process.stdout.close()


class Members:
    """Members of a tenant, who take turns on a connection that stays: one alone may list twice a second."""

    def __init__(self, served: Served, tenant: str) -> None:
        self._tenant = tenant
        self._tokens = itertools.cycle([served.token(tenant, f"ann{n}") for n in range(12)])
        self._link = http.client.HTTPConnection(HOME, served.port, 10, (ADDRESSES[tenant], 0))

    def asks(self, method: str, path: str, body: object = None, **query: str) -> int:
        """The status of a request; 0 if it failed."""
        target = f"{path}?{urlencode(query | {'sso': next(self._tokens)})}"
        try:
            self._link.request(method, target, json.dumps(body) if body is not None else None)
            answer = self._link.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._link.close()
            return 0
        return answer.status

    def settle(self) -> None:
        """Markers to be listed."""
        for n in range(MARKERS):
            body = {
                "urlId": "page", "windowUrlId": f"page::{n}:1", "pageTitle": "", "src": "", "x": n, "y": 1,
                "comment": "a marker", "broadcastId": f"v{n}",
            }  # fmt: skip
            while self.asks("POST", f"/comment-image-chats/{self._tenant}", body) != 200:
                time.sleep(0.3)

    def write_much(self) -> None:
        """An image whose list is long."""
        marker = {"urlId": "long", "windowUrlId": "long::1:1", "pageTitle": "", "src": "", "x": 1, "y": 1}
        path = f"/comment-image-chats/{self._tenant}"
        while self.asks("POST", path, marker | {"comment": "first", "broadcastId": "long"}) != 200:
            time.sleep(0.3)
        for n in range(LONG_THREAD):
            said = {"comment": "word " * 40, "url": "x", "commenterName": "x", "urlId": "long::1:1"}
            query = {"urlId": "long::1:1", "broadcastId": f"l{n}"}
            while self.asks("POST", f"/comments/{self._tenant}", said, **query) != 200:
                time.sleep(0.1)

    def lists(self, seconds: float) -> tuple[list[float], int]:
        """How long lists take, in ms, and how many failed."""
        took, failed = [], 0
        until = time.monotonic() + seconds
        while (began := time.monotonic()) < until:
            status = self.asks("GET", f"/comment-image-chats/{self._tenant}", urlId="page", v="2")
            if status == 200:
                took.append((time.monotonic() - began) * 1000)
            else:
                failed += 1
            time.sleep(max(0.0, began + LIST_EVERY_S - time.monotonic()))
        return took, failed


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


class Seen(NamedTuple):
    """What the members of one tenant noticed."""

    calm: list[float]
    attacked: list[float]
    failed: int

    @property
    def ratio(self) -> float:
        """Of the 99th percentiles."""
        return percentile(self.attacked, 0.99) / percentile(self.calm, 0.99)


def attack(name: str, target: Target) -> None:
    """Attack as from another machine: with what time the processors have left over for it."""
    os.nice(19)
    ATTACKS[name](target)


def attacked(name: str, source: Path, seconds: float, *, member: bool) -> dict[str, Seen]:
    """What the members of each tenant notice of one attack, on a server of its own."""
    spawn = multiprocessing.get_context("spawn")
    with server(source) as served, ThreadPoolExecutor(len(ADDRESSES)) as threads:
        people = {tenant: Members(served, tenant) for tenant in ADDRESSES}
        for one in people.values():
            one.settle()
        if name in (large_lists.__name__, changed_lists.__name__):
            people["bad"].write_much()

        def listed(seconds: float) -> dict[str, tuple[list[float], int]]:
            going = {tenant: threads.submit(one.lists, seconds) for tenant, one in people.items()}
            return {tenant: one.result() for tenant, one in going.items()}

        listed(1)
        calm = listed(seconds / 2)
        target = Target(served.port, served.token("bad", "eve") if member else "", seconds)
        attacker = spawn.Process(target=attack, args=(name, target))
        attacker.start()
        time.sleep(1)
        during = listed(seconds - 1)
        attacker.join(seconds)
        attacker.kill()
        attacker.join()
    return {tenant: Seen(calm[tenant][0], *during[tenant]) for tenant in people}


def main() -> None:
    """Run the attacks and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--only", choices=ATTACKS, action="append")
    parser.add_argument("--source", type=Path, default=ROOT)
    given = parser.parse_args()
    print(
        f"{'attack':19}{'by':9}{'tenant':7}{'calm p50':>9}{'p99':>8}{'then p50':>10}{'p99':>8}{'failed':>8}"
        f"{'ratio':>8}{'aim':>6}{'load':>7}"
    )
    for name in given.only or ATTACKS:
        for member in (False,) if name in BY_ADDRESS_ALONE else (False, True):
            for tenant, seen in attacked(name, given.source, given.seconds, member=member).items():
                print(
                    f"{name:19}{'member' if member else 'stranger':9}{tenant:7}"
                    f"{percentile(seen.calm, 0.5):9.1f}{percentile(seen.calm, 0.99):8.1f}"
                    f"{percentile(seen.attacked, 0.5):10.1f}{percentile(seen.attacked, 0.99):8.1f}"
                    f"{seen.failed:8}{seen.ratio:8.2f}{AIMS[tenant]:6.1f}{os.getloadavg()[0]:7.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
