"""Several server processes on one PostgreSQL and one Redis, and what ends their start (DESIGN 7)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import aiohttp
import pytest

from imagechat_tui import problems
from imagechat_tui.clock import wall_ms
from imagechat_tui.problems import ServeError, ServeProblem
from imagechat_tui.protocol import sso
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.routes import Tenant
from imagechat_tui.server.process.admin import (
    Banned,
    RoleGiven,
    TenantChanges,
    UserDecision,
    change_tenant,
    create_tenant,
    list_tenants,
    rule_user,
)
from imagechat_tui.server.process.data_folder import KEY_FILE_NAME, make_data_folder
from imagechat_tui.server.process.options import ServeOptions
from imagechat_tui.server.process.run import _Server
from tests.contracts.services import ask, drop_database, new_database
from tests.contracts.test_broker import until
from tests.server.house import IMAGE, House, Json, K, Person, comment
from tests.server.test_redis import RedisServer, folder, server
from tests.server.test_run import get, running

__all__ = ["folder", "server"]

DEMO = Tenant(TenantId("demo"), "Demo")


@pytest.fixture
def database() -> Iterator[str]:
    url = asyncio.run(new_database())
    yield url
    asyncio.run(drop_database(url))


@contextlib.asynccontextmanager
async def person(name: str, port: object, secret: str) -> AsyncIterator[Person]:
    """Somebody whose client goes to one of the processes."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        somebody = Person(cast(House, SimpleNamespace(client=client)), name)
        user = {"id": name, "email": f"{name}@example.com", "username": name}
        somebody.token = sso.mint(user, secret.encode(), wall_ms())
        yield somebody


async def told(socket: aiohttp.ClientWebSocketResponse, kind: str) -> Json:
    """The next frame of a type."""
    async with asyncio.timeout(20):
        while True:
            frame: Json = await socket.receive_json()
            if frame["type"] == kind:
                return frame


@pytest.mark.e2e
@pytest.mark.reliability
async def test_two_processes_are_one_server_also_while_redis_is_away(
    tmp_path: Path, server: RedisServer
) -> None:
    url = await new_database()
    here, there = tmp_path / "here", tmp_path / "there"
    secret = await asyncio.to_thread(create_tenant, here, DEMO, database_url=url)
    make_data_folder(there)
    shutil.copy(here / KEY_FILE_NAME, there)
    shared = {"port": 0, "database_url": url, "bus_url": server.url}
    with running(data_dir=here, **shared) as one, running(data_dir=there, **shared) as other:
        ports = [process.ready()["port"] for process in (one, other)]
        async with person("ann", ports[0], secret) as ann, person("bob", ports[1], secret) as bob:
            watching = await bob.sub(await bob.list(v="2"), v="2")
            await told(watching, "subscribed")
            present = await ann.sub(await ann.list(v="2"), v="2")
            await told(present, "subscribed")
            while "demo:ann" not in cast("list[str]", (await told(watching, "p-u"))["uj"]):
                pass
            await ann.marks("b1", comment="first")
            assert (await told(watching, "new-image-chat"))["broadcastId"] == "b1"

            server.kill()
            await ann.marks("b2", comment="second", windowUrlId=f"{IMAGE}:/s.png:10:20")
            assert (await told(watching, "new-image-chat"))["broadcastId"] == "b2"

            server.start()
            await present.close()
            while "demo:ann" not in cast("list[str]", (await told(watching, "p-u"))["ul"]):
                pass
        for process in (one, other):
            process.process.send_signal(signal.SIGTERM)
        assert [process.ended() for process in (one, other)] == [0, 0]
    await drop_database(url)


@pytest.mark.e2e
@pytest.mark.security
@pytest.mark.parametrize("bus", [True, False])
async def test_a_right_that_ends_ends_by_every_process(
    tmp_path: Path, database: str, server: RedisServer, bus: bool
) -> None:
    """Whoever decides it: the operator of one process, or of none on this machine."""
    here, there, desk = tmp_path / "here", tmp_path / "there", tmp_path / "desk"
    secret = await asyncio.to_thread(create_tenant, here, DEMO, database_url=database)
    for place in (there, desk):
        make_data_folder(place)
        shutil.copy(here / KEY_FILE_NAME, place)
    shared = {"port": 0, "database_url": database, "bus_url": server.url if bus else None}

    def decide(at: Path, decided: UserDecision) -> object:
        return asyncio.to_thread(rule_user, at, DEMO.id, "ann", decided, database_url=database)

    with running(data_dir=here, **shared) as one, running(data_dir=there, **shared) as other:
        ports = [process.ready()["port"] for process in (one, other)]
        async with person("ann", ports[0], secret) as ann, person("ann", ports[1], secret) as ann_too:
            for at, decided in (
                (here, RoleGiven("reader")), (desk, RoleGiven(None)), (desk, Banned(wall_ms() + 60_000)),
            ):  # fmt: skip
                sockets = [await each.sub(await each.list(v="2"), v="2") for each in (ann, ann_too)]
                for socket in sockets:
                    await told(socket, "subscribed")
                await cast("asyncio.Future[object]", decide(at, decided))
                for socket in sockets:
                    async with asyncio.timeout(20):
                        while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                            pass
                    assert socket.close_code == 4401
            for each in (ann, ann_too):
                said, refused, _ = await each.asks(
                    "POST", "/comments/demo", comment("x"), urlId=K, broadcastId="b1"
                )
                assert (said, refused["code"]) == (403, "banned")
            await asyncio.to_thread(
                change_tenant, desk, DEMO.id, TenantChanges(disabled=True), database_url=database
            )
            for each in (ann, ann_too):
                async with asyncio.timeout(20):
                    while (await each.asks("GET", "/comments/demo", urlId=K))[0] != 403:
                        pass


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@pytest.mark.e2e
def test_workers_share_a_port_are_replaced_and_end_together(
    data: Path, database: str, server: RedisServer
) -> None:
    with running(data_dir=data, port=0, database_url=database, bus_url=server.url, workers=2) as parent:
        line = parent.ready()
        assert line["pid"] == parent.process.pid
        before = children(parent.process.pid)
        assert len(before) == 2
        assert get(line["port"], "/healthz").status == 200
        create_tenant(data, DEMO)
        assert [tenant.id for tenant in list_tenants(data, database_url=database)] == ["demo"]
        os.kill(min(before), signal.SIGKILL)

        async def replaced() -> None:
            await until(lambda: len(children(parent.process.pid) - before) == 1)

        asyncio.run(replaced())
        assert get(line["port"], "/healthz").status == 200
        parent.process.send_signal(signal.SIGTERM)
        assert parent.ended() == 0
        for pid in before:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


def problem_of(**options: object) -> ServeProblem:
    """Why a server does not start."""
    with pytest.raises(ServeError) as refused:
        asyncio.run(_Server(ServeOptions(port=0, **options)).run())  # type: ignore[arg-type]
    return refused.value.problem


def test_a_database_that_is_not_there_is_named_without_its_password(data: Path) -> None:
    make_data_folder(data)
    problem = problem_of(
        data_dir=data, database_url="postgresql://me:canary@127.0.0.1:1/reviews?password=canary"
    )
    assert isinstance(problem, problems.DatabaseUnusable)
    assert problem.where == "127.0.0.1:1/reviews"
    assert "canary" not in problem.why


def test_a_database_of_a_newer_version_is_named(data: Path, database: str) -> None:
    make_data_folder(data)
    list_tenants(data, database_url=database)
    asyncio.run(ask(database, "INSERT INTO migration VALUES (9999)"))
    assert isinstance(problem_of(data_dir=data, database_url=database), problems.DatabaseNewer)


def test_what_is_no_bus_is_named_without_its_password(data: Path, database: str) -> None:
    make_data_folder(data)
    problem = problem_of(data_dir=data, database_url=database, bus_url="amqp://:canary@host:5672")
    assert problem == problems.BusUnusable("host:5672")


def test_another_key_than_that_of_the_tenants_is_told_at_the_start(
    tmp_path: Path, data: Path, database: str
) -> None:
    create_tenant(tmp_path / "other", DEMO, database_url=database)
    make_data_folder(data)
    problem = problem_of(data_dir=data, database_url=database)
    assert problem == problems.SealKeyDiffers(str(data))


def test_what_a_worker_says_why_it_does_not_start_the_server_says(data: Path) -> None:
    unreachable = "postgresql://127.0.0.1:1/reviews"
    bus = f"unix:///nowhere/{uuid.uuid4().hex}"
    with running(data_dir=data, port=0, database_url=unreachable, bus_url=bus, workers=2) as parent:
        told_last = parent.line()
        assert isinstance(told_last, dict)
        assert (told_last["problem"], told_last["where"]) == ("database", "127.0.0.1:1/reviews")
        assert parent.ended() == 70
