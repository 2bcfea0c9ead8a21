"""How soon others see it, and what doing nothing costs.

    python -m tests.benchmarks.latency [--rounds 40] [--share 0.33]

``--share`` gives each program that share of a core (tests/benchmarks/quota.py). Two terminals on one picture, one
local server. Three figures in ms (median, 95th percentile): POST answered → first bytes on the other terminal's pty;
Enter pressed → the text on the other's screen; and beside them a control in the same run: a bare Textual app with one
WebSocket that shows each frame in a Static. Then both terminals idle: share of a core and bytes written.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import select
import socket
import statistics
import string
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from tests.benchmarks.quota import confined, forget
from tests.e2e.conftest import IMAGECHAT, Desk, both, new_desk, place_marker
from tests.terminal import Terminal, pump

CONTROL = """
import asyncio, sys
from textual.app import App, ComposeResult
from textual.widgets import Static
from websockets.asyncio.client import connect
class Control(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("control stands")
    def on_mount(self) -> None:
        self.run_worker(self.listen())
    async def listen(self) -> None:
        async with connect(sys.argv[1], compression=None) as link:
            async for frame in link:
                self.query_one(Static).update(str(frame))
Control().run()
"""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("imagechat.local")
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of a host."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


SIGNS = string.ascii_letters + string.digits


class ControlServer:
    """Sends a text to whoever is connected, on request; `websockets` on a thread."""

    def __init__(self) -> None:
        from websockets.sync.server import ServerConnection, serve

        self.links: list[ServerConnection] = []
        self.there = threading.Event()

        def keep(link: ServerConnection) -> None:
            self.links.append(link)
            self.there.set()
            for _ in link:
                pass

        self._server = serve(keep, "127.0.0.1", 0, compression=None)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()


def control(desk: Desk, rounds: int, share: float) -> list[float]:
    """Frame sent → bytes on the pty of the bare app."""
    server = ControlServer()
    times = []
    argv = [*confined(share), sys.executable, "-c", CONTROL, server.url]
    with Terminal(argv, env=desk.env, cwd=desk.root) as terminal:
        terminal.shows("control stands")
        server.there.wait(10)
        terminal.quiet()
        for number in range(rounds):
            sent = time.monotonic()
            server.links[0].send(f"frame {number}")
            terminal.wait_for(lambda number=number: f"frame {number}" in terminal.text)  # type: ignore[misc]
            times.append(next(at for at, _ in terminal.arrived if at >= sent) - sent)
    server.close()
    return times


def came(terminals: Sequence[Terminal], watched: Terminal, sign: bytes) -> float:
    """When ``sign`` has come to one of the terminals, in monotonic seconds.

    Until then nothing is done with what comes to any of them but reading it: a model of a screen takes longer for
    it than the programs, which wait for who reads.
    """
    taken = {terminal.master: b"" for terminal in terminals}
    while sign not in taken[watched.master] or not taken[watched.master]:
        for master in select.select([*taken], [], [], 20.0)[0]:
            taken[master] += os.read(master, 65536)
            at = time.monotonic()
    for terminal in terminals:
        if taken[terminal.master]:
            terminal.take(taken[terminal.master])
    return at


def post_to_bytes(desk: Desk, terminals: Sequence[Terminal], watching: Terminal, rounds: int) -> list[float]:
    """POST of a comment answered → first bytes on the other terminal."""
    socket_path = next((desk.root / "run").rglob("server.sock"))
    listing = desk.json("ls", "shot.png", "--json")
    markers = listing["markers"]
    assert isinstance(markers, list)
    thread = markers[0]["urlId"]
    link = UnixConnection(socket_path)
    times = []
    for number in range(rounds):
        watching.quiet(0.1)
        query = urlencode({"urlId": thread, "broadcastId": str(uuid.uuid4())})
        body = {
            "urlId": thread,
            "url": thread,
            "commenterName": "x",
            "comment": f"round {number}",
            "productId": 2,
        }
        link.request(
            "POST", f"/comments/local?{query}", json.dumps(body), {"Content-Type": "application/json"}
        )
        answer = link.getresponse()
        answered = time.monotonic()
        assert answer.status == 200, answer.read()
        answer.read()
        times.append(max(0.0, came(terminals, watching, b"") - answered))
    return times


def enter_to_screen(writing: Terminal, watching: Terminal, rounds: int) -> list[float]:
    """Enter pressed in one terminal → the text stands on the other's screen.

    No letter of a text stands where it stood in the one before: what a cell shows already is not sent again.
    """
    times = []
    for number in range(rounds):
        text = SIGNS[number % len(SIGNS)] * 8
        writing.press("r")
        writing.quiet(0.1)
        writing.send(text)
        writing.shows(text)
        watching.quiet(0.1)
        pressed = time.monotonic()
        writing.press("enter")
        times.append(came([writing, watching], watching, text.encode()) - pressed)
        watching.shows(text)
        writing.quiet(0.1)
    return times


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(terminals: list[Terminal], server_pid: int, for_s: float) -> None:
    """Print what doing nothing costs."""
    for terminal in terminals:
        terminal.quiet(1.0)
    pids = [*(t.process.pid for t in terminals), server_pid]
    cpu, written = [cpu_seconds(pid) for pid in pids], [len(t.raw) for t in terminals]
    end = time.monotonic() + for_s
    while time.monotonic() < end:
        pump(end - time.monotonic())
    for name, pid, before in zip(("terminal 1", "terminal 2", "server"), pids, cpu, strict=True):
        print(f"idle {for_s:.0f} s, {name:12} {100 * (cpu_seconds(pid) - before) / for_s:6.2f} % of a core")
    spoken = [len(terminal.raw) - before for terminal, before in zip(terminals, written, strict=True)]
    print(f"idle {for_s:.0f} s, bytes to the terminals: {spoken}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--idle", type=float, default=30, help="seconds to sit still")
    parser.add_argument("--share", type=float, default=1.0, help="of a core, for each program")
    arguments = parser.parse_args()
    ours = (*confined(arguments.share), *IMAGECHAT)
    desk = new_desk()
    try:
        desk.command(*ours, "ls", "shot.png").exit_code()  # starts the server
        one, two = desk.command(*ours, "shot.png"), desk.command(*ours, "shot.png")
        both(one, two, show="LIVE")
        place_marker(one, "first", "l")
        both(one, two, show="first")
        for terminal in (one, two):
            terminal.press("]", "enter")
            terminal.quiet()
        rows = {
            "control: frame sent → bytes": control(desk, arguments.rounds, arguments.share),
            "POST answered → bytes": post_to_bytes(desk, [one, two], two, arguments.rounds),
            "Enter → other screen": enter_to_screen(one, two, arguments.rounds),
        }
        print(f"{'':32}{'median ms':>10}{'p95':>8}{'max':>8}")
        for name, times in rows.items():
            ordered = sorted(1000 * t for t in times)
            p95 = ordered[int(0.95 * (len(ordered) - 1))]
            print(f"{name:32}{statistics.median(ordered):10.1f}{p95:8.1f}{ordered[-1]:8.1f}")
        server = desk.server_pid
        assert server is not None
        idle([one, two], server, arguments.idle)
    finally:
        desk.close()
        forget()


if __name__ == "__main__":
    main()
