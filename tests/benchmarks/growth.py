"""What a write costs on a store that has been used for long.

    python -m tests.benchmarks.growth [--rows 50000] [--posts 300] [--source DIR]

Two real servers, one on an empty store, one whose store holds so many stored answers of one tenant, comments of
the thread that is written to, and rooms. To both the same comments are posted, in turns, to that thread while a
socket listens. Printed in ms: the median, and the processor time of the server, per POST; and their ratio.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from imagechat_tui.protocol import sso

ROOT = Path(__file__).parents[2]
THREAD = "page::1:1"
PEOPLE = 40


class Server:
    """A running server with one tenant."""

    def __init__(self, source: Path, data: Path) -> None:
        self._environment = os.environ | {"PYTHONPATH": str(source)}
        self._program = [sys.executable, "-m", "imagechat_tui"]
        self.data = data
        made = subprocess.run(
            [*self._program, "tenant", "create", "demo", "--data-dir", str(data)],
            env=self._environment, cwd=data.parent, check=True, capture_output=True, text=True,
        )  # fmt: skip
        now_ms = int(time.time() * 1000)
        self._tokens = [
            sso.mint(
                {"id": f"p{n}", "email": f"p{n}@example.com", "username": f"p{n}"},
                made.stdout.strip().encode(), now_ms,
            )
            for n in range(PEOPLE)
        ]  # fmt: skip
        self._sent = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Serve until left."""
        self.process = subprocess.Popen(
            [*self._program, "serve", "--port", "0", "--data-dir", str(self.data)],
            env=self._environment, cwd=self.data.parent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        port = json.loads(self.process.stdout.readline())["port"]
        self.link = http.client.HTTPConnection("127.0.0.1", port, 60)
        listening = [listener(port, room) for room in ("page", THREAD)]
        try:
            yield
        finally:
            self.link.close()
            for link in listening:
                link.close()
            self.process.terminate()
            self.process.wait(20)
            self.process.stdout.close()

    def asks(self, path: str, body: dict[str, object] | None = None, **query: str) -> int:
        """The status of one request of the next person."""
        self._sent += 1
        target = f"{path}?{urlencode(query | {'sso': self._tokens[self._sent % PEOPLE]})}"
        self.link.request("POST" if body else "GET", target, json.dumps(body) if body else None)
        answer = self.link.getresponse()
        answer.read()
        return answer.status

    def posts(self) -> float:
        """Post one comment. Returns how long it took, in ms."""
        body: dict[str, object] = {
            "urlId": THREAD, "url": "x", "comment": "words and words, nothing else", "commenterName": "x",
        }  # fmt: skip
        while True:
            began = time.perf_counter()
            status = self.asks("/comments/demo", body, urlId=THREAD, broadcastId=f"b{self._sent}")
            if status == 200:
                return (time.perf_counter() - began) * 1000
            time.sleep(0.2)

    def cpu_ms(self) -> float:
        """Processor time of the server so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def settle(self) -> None:
        """A marker, so that the thread is there."""
        body: dict[str, object] = {
            "urlId": "page", "windowUrlId": THREAD, "pageTitle": "", "src": "", "x": 1, "y": 1,
            "comment": "a marker", "broadcastId": "m",
        }  # fmt: skip
        assert self.asks("/comment-image-chats/demo", body) == 200

    def age(self, rows: int) -> None:
        """Put in what years of use leave. The server does not run."""
        with contextlib.closing(sqlite3.connect(self.data / "imagechat.sqlite")) as database, database:
            now_ms = int(time.time() * 1000)
            copied = {
                "room": {"token": "'r1' || n", "url_id": "'u' || n"},
                "answer": {
                    "broadcast_id": "'x' || n",
                    "actor_id": "'demo:old' || (n % 50)",
                    "at_ms": str(now_ms),
                },
                "comment": {"ordinal": "NULL", "id": "'c_x' || n"},
            }
            for table, changed in copied.items():
                columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
                chosen = ", ".join(changed.get(column, f"old.{column}") for column in columns)
                database.execute(
                    f"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})"
                    f" INSERT INTO {table} ({', '.join(columns)})"
                    f" SELECT {chosen} FROM numbers, (SELECT * FROM {table} LIMIT 1) AS old"
                )
            database.execute(
                "UPDATE conversation SET comment_count = (SELECT count(*) FROM comment WHERE url_id = ?)",
                (THREAD,),
            )


def listener(port: int, room: str) -> socket.socket:
    """A socket in a room, which is not read: what comes fits into the kernel's buffers."""
    link = socket.create_connection(("127.0.0.1", port))
    ids = urlencode({"urlId": room, "userIdWS": "nobody", "tenantIdWS": "demo"})
    link.sendall(
        f"GET /sub?{ids} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    assert b" 101 " in link.recv(4096)
    return link


def main() -> None:
    """Post to both and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--posts", type=int, default=300)
    parser.add_argument("--source", type=Path, default=ROOT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ic") as folder:
        servers = {}
        for name in ("empty", "aged"):
            home = Path(folder, name)
            home.mkdir()
            servers[name] = Server(given.source, home / "data")
            with servers[name].running():
                servers[name].settle()
        servers["aged"].age(given.rows)
        took: dict[str, list[float]] = {name: [] for name in servers}
        with servers["empty"].running(), servers["aged"].running():
            for server in servers.values():
                for _ in range(20):
                    server.posts()
            before = {name: server.cpu_ms() for name, server in servers.items()}
            for _ in range(given.posts):
                for name, server in servers.items():
                    took[name].append(server.posts())
            cpu = {name: (server.cpu_ms() - before[name]) / given.posts for name, server in servers.items()}
    median = {name: statistics.median(values) for name, values in took.items()}
    print(f"{'store':10}{'median ms':>12}{'cpu ms':>10}")
    for name in servers:
        print(f"{name:10}{median[name]:12.2f}{cpu[name]:10.2f}")
    print(f"{'ratio':10}{median['aged'] / median['empty']:12.2f}{cpu['aged'] / cpu['empty']:10.2f}")


if __name__ == "__main__":
    main()
