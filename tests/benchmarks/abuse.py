"""What a stranger, or one bad member, can do to another tenant's people.

    python -m tests.benchmarks.abuse [--seconds 10] [--only NAME] [--source DIR]

A real ``imagechat serve`` and two tenants. Each attack runs from one address for some seconds, in a process of
its own; meanwhile a member of the other tenant, from another address, lists an image's markers twenty times a
second. Printed in ms: median and 99th percentile of those lists before and during the attack, and how many
failed. ``--source`` takes the program from another checkout, to compare.
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
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from imagechat_tui.protocol import sso

ATTACKER, VICTIM, HOME = "127.0.0.1", "127.0.0.2", "127.0.0.1"
LIST_EVERY_S = 0.05
MARKERS = 20
ROOT = Path(__file__).parents[2]


class Target(NamedTuple):
    """What an attacker knows."""

    port: int
    secret: str
    """Of the tenant that the attacker is a member of; strangers do not use it."""
    seconds: float

    def connect(self) -> socket.socket:
        """A connection from the attacker's address."""
        return socket.create_connection((HOME, self.port), 5, (ATTACKER, 0))


def request(method: str, path: str, body: bytes = b"", **query: str) -> bytes:
    """The bytes of a request."""
    target = f"{path}?{urlencode(query)}" if query else path
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def handshake(target: Target) -> socket.socket:
    """A socket to a public room, without sign-in."""
    link = target.connect()
    ids = urlencode({"urlId": "page", "userIdWS": "nobody", "tenantIdWS": "bad", "v": "1"})
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
        target, itertools.repeat(request("POST", "/comments/good", body, urlId="page", broadcastId="b"))
    )


def bad_tokens(target: Target) -> None:
    token = sso.mint(
        {"id": "x", "email": "x@example.com", "username": "x"}, b"wrong", int(time.time() * 1000)
    )
    asked_again_and_again(
        target, itertools.repeat(request("GET", "/comment-image-chats/good", urlId="page", sso=token))
    )


def unknown_paths(target: Target) -> None:
    asked_again_and_again(target, itertools.repeat(request("GET", "/nothing")), links=64)


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
    """Twenty members who write what is costly to read."""
    costly = ("![" + "[![" * 700)[:2_000]
    now_ms = int(time.time() * 1000)
    tokens = [
        sso.mint(
            {"id": f"m{n}", "email": f"m{n}@example.com", "username": f"m{n}"}, target.secret.encode(), now_ms
        )
        for n in range(20)
    ]

    def asks() -> Iterator[bytes]:
        for n in itertools.count():
            query = {"urlId": "thread", "broadcastId": f"md{os.getpid()}-{n}", "sso": tokens[n % 20]}
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


def guests_writes(target: Target) -> None:
    """Markers and comments of people without a token where they may write, each a new person."""

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
            query = {"urlId": "page", "broadcastId": f"g{os.getpid()}-{n}"}
            yield request("POST", path, json.dumps(body).encode(), **query)

    asked_again_and_again(target, asks())


ATTACKS: dict[str, Callable[[Target], None]] = {
    attack.__name__: attack
    for attack in (
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
        guests_writes,
    )
}


class Served(NamedTuple):
    """A running server and the secrets of its tenants."""

    port: int
    secrets: dict[str, str]


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


class Victim:
    """Members of the tenant ``good``, who take turns on a connection that stays: one alone may list twice a
    second."""

    def __init__(self, served: Served) -> None:
        names = [f"ann{n}" for n in range(12)]
        users = [{"id": name, "email": f"{name}@example.com", "username": name} for name in names]
        now_ms, secret = int(time.time() * 1000), served.secrets["good"].encode()
        self._tokens = itertools.cycle([sso.mint(user, secret, now_ms) for user in users])
        self._link = http.client.HTTPConnection(HOME, served.port, 10, (VICTIM, 0))

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
            while self.asks("POST", "/comment-image-chats/good", body) != 200:
                time.sleep(0.3)

    def lists(self, seconds: float) -> tuple[list[float], int]:
        """How long lists take, in ms, and how many failed."""
        took, failed = [], 0
        until = time.monotonic() + seconds
        while (began := time.monotonic()) < until:
            status = self.asks("GET", "/comment-image-chats/good", urlId="page", v="2")
            if status == 200:
                took.append((time.monotonic() - began) * 1000)
            else:
                failed += 1
            time.sleep(max(0.0, began + LIST_EVERY_S - time.monotonic()))
        return took, failed


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def main() -> None:
    """Run the attacks and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--only", choices=ATTACKS)
    parser.add_argument("--source", type=Path, default=ROOT)
    given = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    print(f"{'attack':16}{'calm p50':>10}{'p99':>8}{'attacked p50':>14}{'p99':>9}{'failed':>8}{'ratio':>8}")
    for name in [given.only] if given.only else ATTACKS:
        with server(given.source) as served:
            victim = Victim(served)
            victim.settle()
            victim.lists(1)
            calm, _ = victim.lists(given.seconds / 2)
            target = Target(served.port, served.secrets["bad"], given.seconds)
            attacker = spawn.Process(target=ATTACKS[name], args=(target,))
            attacker.start()
            time.sleep(1)
            attacked, failed = victim.lists(given.seconds - 1)
            attacker.join(given.seconds)
            attacker.kill()
            attacker.join()
        before, during = statistics.median(calm), statistics.median(attacked) if attacked else float("nan")
        print(
            f"{name:16}{before:10.1f}{percentile(calm, 0.99):8.1f}{during:14.1f}"
            f"{percentile(attacked, 0.99):9.1f}{failed:8}{during / before:8.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
