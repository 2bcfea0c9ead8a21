from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import IO

import aiohttp
import pytest
from websockets.asyncio.client import unix_connect
from websockets.exceptions import ConnectionClosed

from imagechat_tui import __version__
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.routes import Tenant
from imagechat_tui.server.process.admin import create_tenant, tenant_usage

PROGRAM = """
import gc, json, sys
from pathlib import Path
from msgspec import to_builtins
from imagechat_tui.server.live import hub
from imagechat_tui.problems import ServeError
from imagechat_tui.server.process.options import ServeOptions
from imagechat_tui.server.process.run import serve
from imagechat_tui.server.usecases import usage
gc.disable()  # as the command does for its start
given = json.loads(sys.argv[1])
hub.ANSWER_WITHIN_S = given.pop("answer_within_s", hub.ANSWER_WITHIN_S)
usage.NOTE_EVERY_S = given.pop("note_every_s", usage.NOTE_EVERY_S)

async def ends(self):
    raise RuntimeError("a bug")

match given.pop("ends", ""):
    case "writer":
        from imagechat_tui.server.storage.writer import Writer
        Writer.watch = ends
    case "log-follower":
        hub.LogFollower.run = ends
for name in ("data_dir", "runtime_dir", "tls_cert"):
    if name in given:
        given[name] = Path(given[name])
try:
    code = serve(ServeOptions(**given))
    print(json.dumps({"collects": gc.isenabled(), "gives_way": sys.getswitchinterval() < 0.001}))
    raise SystemExit(code)
except ServeError as error:
    print(json.dumps(to_builtins(error.problem)))
    raise SystemExit(70)
"""


class Server:
    """A server process under test."""

    def __init__(self, **options: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, json.dumps(options, default=str)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> object:
        """The next JSON line of its output."""
        stdout: IO[str] | None = self.process.stdout
        assert stdout is not None
        return json.loads(stdout.readline())

    def ready(self) -> dict[str, object]:
        line = self.line()
        assert isinstance(line, dict)
        assert line["ready"] is True
        return line

    def ended(self) -> int:
        """Its exit code; the wait is bounded."""
        return self.process.wait(timeout=60)


@contextlib.contextmanager
def running(**options: object) -> Iterator[Server]:
    server = Server(**options)
    with server.process:
        try:
            yield server
        finally:
            server.process.kill()


def get(port: object, target: str, **headers: str) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", int(str(port)), timeout=60)
    connection.request("GET", target, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_it_says_when_it_is_ready_and_leaves_nothing_behind(data: Path, runtime: Path) -> None:
    with running(data_dir=data, runtime_dir=runtime, port=0) as server:
        line = server.ready()
        assert line["pid"] == server.process.pid
        assert line["version"] == __version__
        assert line["socket"] == str(runtime / "server.sock")
        answer = get(line["port"], "/healthz")
        assert answer.status == 200
        assert answer.headers["Server"] is None
        server.process.send_signal(signal.SIGTERM)
        assert server.line() == {"collects": True, "gives_way": True}
        assert server.ended() == 0
    assert list(runtime.iterdir()) == []
    assert not (data / "admin.sock").exists()
    assert data.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in data.iterdir()} == {0}


SUB = "/sub?tenantIdWS=local&urlId=x&userIdWS="
TOLD_AND_GONE_S = 8
"""Long enough for any machine, and less than aiohttp's own wait for handlers, twice 5 s."""


@pytest.mark.reliability
async def test_who_answers_to_a_restart_is_let_go_at_once(data: Path, runtime: Path) -> None:
    with running(data_dir=data, runtime_dir=runtime, local=True, answer_within_s=60) as server:
        server.ready()
        path, uri = str(runtime / "server.sock"), f"ws://imagechat.local{SUB}"
        sockets = [await unix_connect(path, uri, close_timeout=60) for _ in range(3)]
        server.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.process.wait, TOLD_AND_GONE_S) == 0
        for one in sockets:
            with pytest.raises(ConnectionClosed):
                while await one.recv():
                    pass
            assert one.close_code == 1012


@pytest.mark.reliability
async def test_who_does_not_answer_to_a_restart_is_cut_off(data: Path, runtime: Path) -> None:
    with running(data_dir=data, runtime_dir=runtime, local=True, answer_within_s=0.1) as server:
        server.ready()
        link = aiohttp.UnixConnector(str(runtime / "server.sock"))
        async with aiohttp.ClientSession("http://imagechat.local", connector=link) as client:
            deaf = await client.ws_connect(SUB, autoclose=False)
            server.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(server.process.wait, TOLD_AND_GONE_S) == 0
            while (message := await deaf.receive(timeout=60)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert message.data == 1012


def test_what_is_no_http_fills_no_log(data: Path) -> None:
    with running(data_dir=data, port=0) as server:
        port = int(str(server.ready()["port"]))
        for nonsense in (b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port)) as link:
                link.sendall(nonsense)
                assert link.recv(65_536).split(b" ")[1] == b"400"
        server.process.terminate()
        _out, log = server.process.communicate(timeout=60)
    assert len(log.splitlines()) == 1


@pytest.mark.reliability
@pytest.mark.parametrize("part", ["writer", "log-follower"])
def test_a_part_that_ends_by_itself_ends_the_server_with_words(data: Path, part: str) -> None:
    with running(data_dir=data, port=0, ends=part) as server:
        server.ready()
        assert server.line() == {"problem": "part-ended", "part": part}
        assert server.ended() == 70
        _out, log = server.process.communicate()
    assert f"the {part} has ended by itself: ending" in log and "RuntimeError: a bug" in log


def test_a_second_server_on_the_same_data_is_refused_by_name(data: Path) -> None:
    with running(data_dir=data, port=0) as first:
        pid = first.ready()["pid"]
        with running(data_dir=data, port=0) as second:
            held = {"problem": "data-in-use", "path": str(data), "pid": pid, "holder": "server"}
            assert second.line() == held
            assert second.ended() == 70


def test_a_taken_port_is_refused_and_the_data_let_go(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running(data_dir=data, port=port) as server:
            assert server.line() == {"problem": "port-in-use", "host": "127.0.0.1", "port": port}
            assert server.ended() == 70
    with running(data_dir=data, port=0) as server:
        server.ready()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"host": "name.invalid"}, "host-unknown"),
        ({"host": "203.0.113.1"}, "host-unknown"),
        ({"host": "a" * 300}, "host-unknown"),
        ({"tls_cert": "/nowhere.pem"}, "tls"),
        ({"runtime_dir": "/dev/null/x"}, "socket"),
        ({"runtime_dir": "/"}, "socket-exposed"),
        ({"data_dir": "/dev/null/x"}, "data-folder"),
    ],
)
def test_what_stops_it_is_told_by_kind(data: Path, options: dict[str, str], problem: str) -> None:
    with running(**({"data_dir": data, "port": 0} | options)) as server:
        told = server.line()
        assert isinstance(told, dict)
        assert told["problem"] == problem
        assert server.ended() == 70


def test_a_broken_database_is_told(data: Path) -> None:
    data.mkdir()
    (data / "imagechat.sqlite").write_bytes(b"no database" * 1000)
    with running(data_dir=data, port=0) as server:
        told = server.line()
        assert isinstance(told, dict)
        assert (told["problem"], told["path"]) == ("data-broken", str(data))


def test_a_database_of_a_newer_version_is_left_alone(data: Path) -> None:
    with running(data_dir=data, port=0) as server:
        server.ready()
        server.process.terminate()
        assert server.ended() == 0
    with contextlib.closing(sqlite3.connect(data / "imagechat.sqlite")) as database:
        database.execute("PRAGMA user_version = 1000")
    with running(data_dir=data, port=0) as server:
        told = server.line()
        assert isinstance(told, dict)
        assert (told["problem"], told["path"]) == ("data-newer", str(data))


def test_the_ready_line_goes_to_the_given_descriptor_and_closes_it(data: Path, runtime: Path) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    program = [sys.executable, "-c", PROGRAM]
    options = json.dumps(
        {"data_dir": str(data), "runtime_dir": str(runtime), "local": True, "ready_fd": writer}
    )
    with subprocess.Popen([*program, options], pass_fds=(writer,), stderr=subprocess.PIPE) as process:
        os.close(writer)
        with os.fdopen(reader, "rb") as lines:
            assert json.loads(lines.read())["ready"] is True
        process.terminate()


def test_a_local_server_nobody_uses_ends_and_takes_its_socket_along(data: Path, runtime: Path) -> None:
    options = {"data_dir": data, "runtime_dir": runtime, "local": True, "idle_exit_s": 0.4}
    with running(**options) as server:
        server.ready()
        with socket.socket(socket.AF_UNIX) as guest:
            guest.connect(str(runtime / "server.sock"))
            with pytest.raises(subprocess.TimeoutExpired):
                server.process.wait(timeout=1)
        assert server.ended() == 0
    assert list(runtime.iterdir()) == []


def test_a_server_whose_socket_was_replaced_goes_and_leaves_the_new_one(data: Path, runtime: Path) -> None:
    with running(data_dir=data, runtime_dir=runtime, local=True, idle_exit_s=60) as server:
        server.ready()
        (runtime / "server.sock").unlink()
        (runtime / "server.sock").touch()
        assert server.ended() == 0
    assert (runtime / "server.sock").is_file()


@pytest.mark.parametrize(("length", "accepted"), [(120_000, True), (140_000, False)])
def test_a_request_target_may_be_as_long_as_a_picture(data: Path, length: int, accepted: bool) -> None:
    with running(data_dir=data, port=0) as server:
        answer = get(server.ready()["port"], "/healthz?sso=" + "x" * length)
        assert (answer.status == 200) is accepted


@pytest.mark.security
def test_a_name_that_was_not_given_is_not_answered(data: Path) -> None:
    with running(data_dir=data, port=0, hosts=["chat.example.com"]) as server:
        port = server.ready()["port"]
        assert get(port, "/healthz", Host="chat.example.com").status == 200
        assert get(port, "/healthz", Host="evil.example.net").status == 421


@pytest.mark.security
def test_secrets_in_an_address_do_not_reach_the_log(data: Path) -> None:
    with running(data_dir=data, port=0) as server:
        port = server.ready()["port"]
        for target in ("/comments/demo?urlId=x&sso=CANARY", "/sub?userIdWS=CANARY", "/nowhere?sso=CANARY"):
            get(port, target)
        with socket.create_connection(("127.0.0.1", int(str(port)))) as broken:
            broken.sendall(b"GET /x?sso=CANARY HTTP/9.9\r\n\r\n")
            broken.recv(65_536)
        server.process.terminate()
        _out, log = server.process.communicate(timeout=60)
    assert "CANARY" not in log


async def hears(port: object) -> str:
    """The first frame of a socket that somebody opens, who goes then."""
    query = {"urlId": "page", "tenantIdWS": "demo", "userIdWS": ""}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{port}/sub", params=query) as socket,
    ):
        return await socket.receive_str(timeout=60)


@pytest.mark.reliability
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_what_was_used_is_known_when_the_server_is_gone(data: Path, how: signal.Signals) -> None:
    """At the end all of it, for it is noted then; of a server that is killed what was noted until then."""
    create_tenant(data, Tenant(TenantId("demo")))
    killed = how == signal.SIGKILL
    with running(data_dir=data, port=0, note_every_s=0.01 if killed else 3_600) as server:
        heard = asyncio.run(hears(server.ready()["port"]))
        while killed and not tenant_usage(data, TenantId("demo")):
            pass
        server.process.send_signal(how)
        assert server.ended() == (-how if killed else 0)
    (told,) = tenant_usage(data, TenantId("demo"))
    assert (told.usage.messages, told.usage.message_bytes) == (1, len(heard))
