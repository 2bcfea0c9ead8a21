"""What it costs to bring an event to those who listen, beside servers that do nothing else.

    python -m tests.benchmarks.fanout [--rounds 3] [--only ours …] [--beside DIR] [--sockets 3000]

A real ``imagechat serve`` with SQLite, event log and synced commits on; nginx with nchan and `ws` on Node, which keep
nothing, where they are installed (nginx on the search path; NODE_PATH names the folder of `ws`). Each is asked the same
in turn, by one generator in this process: a room of a thousand at 10 events a second and flat out, 200 rooms of five
flat out, events that nobody hears, sockets that only stay, and a thousand that come at once. Printed are medians of the
rounds: CPU of the server's process in us, since it hardly depends on who else uses the machine. After every phase all
that came is compared with what was sent: nothing may be lost, doubled, in another order than the others have it, or in
another room. ``--beside`` measures the program of another checkout in the same rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import re
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from imagechat_tui.protocol import authorization, sso

HOME = "127.0.0.1"
ROOT = Path(__file__).parents[2]
FRAME_BYTES = 900
"""Of an event on the wire, everywhere."""
TEXT = "x" * 130
SAID = re.compile(rb'"comment":"r(\d+) e(\d+) ')
LONGEST_MARK = 64
WAIT_S = 30.0
BIG, MANY = 1_000, 200
FEW = 5
LIMITS = (
    *(f"{name}=1000000/s,1000000" for name in ("connection", "no-request", "address", "handshake", "handshakes")),
    *(f"{name}=1000000/s,1000000" for name in ("sockets", "attempt", "write", "tenant-write", "tenant-request")),
    *(f"{name}=1000000/s,1000000" for name in ("guest-request", "read")),
    *(f"seats-{name}=100000" for name in ("guests-per-address", "guests-per-tenant", "per-tenant", "per-process")),
    *(f"connections-{name}=16000" for name in ("total", "per-address", "unasked-per-address")),
)  # fmt: skip
NGINX = """
load_module {module}; worker_processes 1; worker_rlimit_nofile 20000; daemon off; pid {folder}/pid;
error_log /dev/null; events {{ worker_connections 16000; }}
http {{ access_log off; client_body_temp_path {folder}; keepalive_requests 10000000;
server {{ listen 127.0.0.1:{port} backlog=4096; nchan_message_buffer_length 0; nchan_store_messages off;
location ~ /pub/(\\w+)$ {{ nchan_publisher; nchan_channel_id $1; }}
location ~ /sub/(\\w+)$ {{ nchan_subscriber websocket; nchan_channel_id $1; }} }} }}
"""
NODE = """
const http = require('http'), {{ WebSocketServer }} = require('ws'), rooms = new Map();
const server = http.createServer((ask, answer) => {{
  const parts = []; ask.on('data', part => parts.push(part));
  ask.on('end', () => {{
    const text = Buffer.concat(parts).toString();
    for (const link of rooms.get(ask.url.slice(5)) ?? []) link.send(text);
    answer.writeHead(200, {{'Content-Length': 2}}); answer.end('ok'); }}); }});
const sockets = new WebSocketServer({{ noServer: true, perMessageDeflate: false }});
server.keepAliveTimeout = 600000;
server.on('upgrade', (ask, link, head) => sockets.handleUpgrade(ask, link, head, one => {{
  const name = ask.url.slice(5), all = rooms.get(name) ?? new Set(); rooms.set(name, all);
  all.add(one); one.on('close', () => all.delete(one)); }}));
server.listen({{ port: {port}, host: '127.0.0.1', backlog: 4096 }}, () => console.log('listening'));
"""


class Peer(NamedTuple):
    """A server that is measured."""

    port: int
    pid: int
    subscribe: Callable[[int], str]
    """The target of a handshake for a room."""
    publish: Callable[[int, int], bytes]
    """The request that brings an event to a room: the room, the event's number."""

    def cpu_s(self) -> float:
        """What the process has used so far, the kernel's part included."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def resident_kb(self) -> int:
        """Of memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])


class Listener:
    """A socket, and what has come to it."""

    def __init__(self, peer: Peer, room: int) -> None:
        self.room = room
        self.link = socket.create_connection((HOME, peer.port), WAIT_S)
        self.link.sendall(
            f"GET {peer.subscribe(room)} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        self.link.setblocking(False)
        self.opened = False
        self.came: list[int] = []
        self.misrouted = 0
        self._rest = b""

    def read(self) -> list[int]:
        """Take what is there; the events that are new."""
        data = self._rest + self.link.recv(1 << 18)
        if not data:
            raise ConnectionError(f"closed after {len(self.came)} events")
        if not self.opened:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return []
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                raise ConnectionError(head.decode())
            self.opened = True
        found, last = [], 0
        for mark in SAID.finditer(data):
            last = mark.end()
            self.misrouted += int(mark[1]) != self.room
            found.append(int(mark[2]))
        self._rest = data[max(last, len(data) - LONGEST_MARK) :]
        self.came += found
        return found


class Crowd:
    """Many sockets of one server."""

    def __init__(self, peer: Peer, rooms: Sequence[int]) -> None:
        self._peer = peer
        self._poll = select.epoll()
        self.listeners: dict[int, Listener] = {}
        for room in rooms:
            one = Listener(peer, room)
            self.listeners[one.link.fileno()] = one
            self._poll.register(one.link, select.EPOLLIN)
        self.read_until(lambda: all(one.opened for one in self.listeners.values()))

    def read_until(self, done: Callable[[], bool], of: Publisher | None = None) -> None:
        """Read all that comes, and have a publisher go on, until something holds."""
        until = time.monotonic() + WAIT_S
        while not done():
            if time.monotonic() > until:
                raise TimeoutError
            for fileno, _ in self._poll.poll(0.05):
                one = self.listeners.get(fileno)
                if one is not None:
                    found = one.read()
                    if of is not None and found:
                        of.heard(found)
                        until = time.monotonic() + WAIT_S
                elif of is not None:
                    of.answered(fileno)
                    until = time.monotonic() + WAIT_S

    def watch(self, link: socket.socket) -> None:
        """Tell of what comes to another socket, too."""
        self._poll.register(link, select.EPOLLIN)

    def check(self, sent: Mapping[int, Sequence[int]]) -> None:
        """Compare what came with what was sent, and begin anew.

        Args:
            sent: The numbers of the events, by room.
        """
        orders: dict[int, list[int]] = {}
        for one in self.listeners.values():
            expected = sent.get(one.room, ())
            assert not one.misrouted, f"{one.misrouted} misrouted"
            assert len(set(one.came)) == len(one.came), "doubled"
            assert set(one.came) == set(expected), f"{len(expected) - len(one.came)} lost"
            assert orders.setdefault(one.room, one.came) == one.came, "reordered"
            one.came = []

    def close(self) -> None:
        """End all of them."""
        for one in self.listeners.values():
            one.link.close()
        self._poll.close()


class Publisher:
    """Writes events over some connections, each the next when the last was answered."""

    def __init__(self, peer: Peer, crowd: Crowd, rooms: Sequence[int], links: int = 16) -> None:
        self._peer = peer
        self._crowd = crowd
        self._rooms = itertools.cycle(rooms)
        self._numbers = itertools.count()
        self._links: dict[int, socket.socket] = {}
        self._free: list[int] = []
        self._left = self._wanted = 0
        self._sizes = Counter(one.room for one in crowd.listeners.values())
        self.sent: dict[int, list[int]] = {}
        self._sent_at: dict[int, float] = {}
        self.heard_after: list[float] = []
        self.came = 0
        for _ in range(links):
            link = socket.create_connection((HOME, peer.port), WAIT_S)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._links[link.fileno()] = link
            self._free.append(link.fileno())
            crowd.watch(link)

    def heard(self, numbers: Sequence[int]) -> None:
        """Some events have come to somebody."""
        now = time.monotonic()
        self.came += len(numbers)
        self.heard_after += [now - self._sent_at[number] for number in numbers]

    def answered(self, fileno: int) -> None:
        """A write was answered: the next."""
        answer = self._links[fileno].recv(1 << 16)
        assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201", b"HTTP/1.1 202")), answer
        self._free.append(fileno)
        if self._left:
            self._left -= 1
            self.send()

    def send(self) -> None:
        """Write one event."""
        room, number, fileno = next(self._rooms), next(self._numbers), self._free.pop()
        ask = self._peer.publish(room, number)
        self._sent_at[number] = time.monotonic()
        self.sent.setdefault(room, []).append(number)
        self._wanted += self._sizes[room]
        self._links[fileno].sendall(ask)

    def flat_out(self, events: int) -> None:
        """Write so many as fast as they are answered, until all have come to all."""
        self._left = events - len(self._free)
        for _ in range(len(self._free)):
            self.send()
        self._finish()

    def steadily(self, events: int, a_second: float) -> None:
        """Write so many in even steps."""
        begun = time.monotonic()
        for number in range(events):
            at = begun + number / a_second
            self._crowd.read_until(lambda at=at: time.monotonic() >= at and bool(self._free), self)  # type: ignore[misc]
            self.send()
        self._finish()

    def _finish(self) -> None:
        self._crowd.read_until(
            lambda: not self._left and len(self._free) == len(self._links) and self.came >= self._wanted, self
        )

    def close(self) -> None:
        """End the connections; what came is checked."""
        for link in self._links.values():
            link.close()
        self._crowd.check(self.sent)


def measured(peer: Peer, sockets: int) -> dict[str, float]:
    """All figures of one server in one round."""
    found = {}
    with publishing(peer, [], range(MANY)) as (_, writes):
        writes.flat_out(200)  # to warm up
    before = peer.resident_kb()
    crowd = Crowd(peer, [number % (sockets // 15) for number in range(sockets)])
    found["kB a socket"] = (peer.resident_kb() - before) / sockets
    crowd.close()
    with publishing(peer, [], range(MANY)) as (_, writes):
        cpu = peer.cpu_s()
        writes.flat_out(1_000)
        found["us an event that nobody hears"] = 1e6 * (peer.cpu_s() - cpu) / 1_000
    begun, cpu = time.monotonic(), peer.cpu_s()
    with publishing(peer, [0] * BIG, [0]) as (_, writes):
        found["s until 1,000 that come at once are in"] = time.monotonic() - begun
        found["us a handshake"] = 1e6 * (peer.cpu_s() - cpu) / BIG
        writes.steadily(30, 10)
        ordered = sorted(writes.heard_after)
        found["ms to hear it, room of 1,000, 10 a second: median"] = 1e3 * statistics.median(ordered)
        found["the same, 99th percentile"] = 1e3 * ordered[int(0.99 * len(ordered))]
        cpu, came = peer.cpu_s(), writes.came
        writes.flat_out(200)
        found["us a delivery, room of 1,000, flat out"] = 1e6 * (peer.cpu_s() - cpu) / (writes.came - came)
    with publishing(peer, [room for room in range(MANY) for _ in range(FEW)], range(MANY)) as (_, writes):
        cpu = peer.cpu_s()
        writes.flat_out(1_000)
        found["us a delivery, 200 rooms of 5"] = 1e6 * (peer.cpu_s() - cpu) / writes.came
    return found


@contextlib.contextmanager
def publishing(
    peer: Peer, listening: Sequence[int], writing: Sequence[int]
) -> Iterator[tuple[Crowd, Publisher]]:
    """Listeners in rooms, and somebody who writes to rooms; in the end all that came is checked."""
    crowd = Crowd(peer, listening)
    try:
        writes = Publisher(peer, crowd, writing)
        yield crowd, writes
        writes.close()
    finally:
        crowd.close()


def free_port() -> int:
    """A port that nobody uses."""
    with socket.create_server((HOME, 0)) as one:
        port: int = one.getsockname()[1]
        return port


@contextlib.contextmanager
def ours(source: Path = ROOT) -> Iterator[Peer]:
    """``imagechat serve`` of a checkout."""
    with tempfile.TemporaryDirectory(prefix="ic") as folder:
        environment = os.environ | {"PYTHONPATH": str(source), "HOME": folder}
        program, data = [sys.executable, "-m", "imagechat_tui"], str(Path(folder, "data"))
        made = subprocess.run(
            [*program, "tenant", "create", "bench", "--data-dir", data],
            env=environment, cwd=folder, check=True, capture_output=True, text=True,
        )  # fmt: skip
        user = {"id": "ann", "email": "ann@example.com", "username": "ann"}
        token = authorization.of_sso(sso.mint(user, made.stdout.strip().encode(), int(time.time() * 1000)))
        limits = [part for limit in LIMITS for part in ("--limit", limit)]
        process = subprocess.Popen(
            [*program, "serve", "--host", HOME, "--port", "0", "--data-dir", data, *limits],
            env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            port = json.loads(process.stdout.readline())["port"]
            yield Peer(
                port,
                process.pid,
                lambda room: f"/sub?urlId=room{room}&tenantIdWS=bench&userIdWS=&v=2",
                partial(_comment, token),
            )
        finally:
            process.terminate()
            process.wait(20)
            process.stdout.close()


def _comment(token: str, room: int, number: int) -> bytes:
    body = json.dumps(
        {
            "urlId": f"room{room}",
            "url": f"room{room}",
            "commenterName": "ann",
            "comment": f"r{room} e{number} {TEXT}",
        }
    )
    return (
        f"POST /comments/bench?urlId=room{room}&v=2&broadcastId={uuid.uuid4()} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _bare(room: int, number: int) -> bytes:
    body = f'{{"comment":"r{room} e{number} '.ljust(FRAME_BYTES, "x")
    return f"POST /pub/room{room} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@contextlib.contextmanager
def nchan() -> Iterator[Peer]:
    """nginx with the module nchan."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "nginx.conf")
        module = next(Path("/usr").glob("lib/nginx/modules/ngx_nchan_module.so"))
        text = NGINX.format(module=module, folder=folder, port=port)
        config.write_text(text if os.getuid() else f"user root;{text}")
        process = subprocess.Popen(["nginx", "-c", str(config), "-p", folder], stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield Peer(port, int(workers[0]), lambda room: f"/sub/room{room}", _bare)
        finally:
            process.terminate()
            process.wait(20)


@contextlib.contextmanager
def ws() -> Iterator[Peer]:
    """`ws` on Node."""
    port = free_port()
    process = subprocess.Popen(["node", "-e", NODE.format(port=port)], stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield Peer(port, process.pid, lambda room: f"/sub/room{room}", _bare)
    finally:
        process.terminate()
        process.wait(20)


def wait_for(port: int) -> None:
    """Until somebody listens."""
    until = time.monotonic() + WAIT_S
    while True:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((HOME, port), WAIT_S):
            return
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.02)


def missing(name: str) -> str:
    """Why a peer cannot be measured; empty if it can."""
    if name == "nchan" and not (
        shutil.which("nginx") and any(Path("/usr").glob("lib/nginx/modules/ngx_nchan_module.so"))
    ):
        return "nginx with nchan is not installed"
    if name == "ws" and (
        not shutil.which("node")
        or subprocess.run(["node", "-e", "require('ws')"], capture_output=True, check=False).returncode
    ):
        return "node does not find ws (NODE_PATH)"
    return ""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=("ours", "nchan", "ws"), default=["ours", "nchan", "ws"])
    parser.add_argument("--beside", type=Path, help="another checkout of this program")
    parser.add_argument("--sockets", type=int, default=3_000, help="that only stay")
    given = parser.parse_args()
    peers: dict[str, Callable[[], contextlib.AbstractContextManager[Peer]]] = {
        "ours": ours,
        "nchan": nchan,
        "ws": ws,
    }
    chosen = {name: peers[name] for name in given.only}
    for name in given.only:
        if why := missing(name):
            print(f"without {name}: {why}")
            del chosen[name]
    if given.beside is not None:
        chosen["beside"] = partial(ours, given.beside.resolve())
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
    for _ in range(given.rounds):
        for name, serving in chosen.items():
            with serving() as peer:
                rounds[name].append(measured(peer, given.sockets))
    print(f"{'':52}" + "".join(f"{name:>10}" for name in chosen))
    for figure in next(iter(rounds.values()))[0]:
        medians = [statistics.median(one[figure] for one in of_one) for of_one in rounds.values()]
        print(f"{figure:52}" + "".join(f"{median:10.2f}" for median in medians))
    print("0 lost, doubled, reordered or misrouted in every phase")


if __name__ == "__main__":
    main()
