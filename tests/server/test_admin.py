from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Thread

import pytest

from imagechat_tui import problems
from imagechat_tui.clock import wall_ms
from imagechat_tui.problems import AdminProblem, AdminRefused
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.local import ADMIN_SOCKET_NAME
from imagechat_tui.protocol.routes import Tenant
from imagechat_tui.protocol.usage import MOST_DAYS, DailyUsage, Usage, day_of
from imagechat_tui.server.process import admin
from imagechat_tui.server.process.admin import (
    RESERVED,
    create_tenant,
    list_tenants,
    tenant_secret,
    tenant_usage,
    vacuum,
)
from imagechat_tui.server.process.data_folder import DATABASE_NAME, KEY_FILE_NAME, held_folder
from imagechat_tui.server.storage import rows
from tests.server.test_run import running

DEMO = Tenant(TenantId("demo"), "Demo", allow_anon=True)
SECOND = Tenant(TenantId("second"), require_sso=True)


@pytest.fixture(params=["running", "stopped"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A data folder with its server running, and the same without: nobody shall notice."""
    data = tmp_path / ("deep" * 30) / "data"
    data.mkdir(parents=True)
    if request.param == "stopped":
        yield data
        return
    with running(data_dir=data, port=0) as server:
        server.ready()
        yield data


def test_tenants_are_made_and_listed(data: Path) -> None:
    assert list_tenants(data) == ()
    first, second = create_tenant(data, DEMO), create_tenant(data, SECOND)
    assert len(first) >= 43
    assert first != second
    assert list_tenants(data) == (DEMO, SECOND)
    assert tenant_secret(data, DEMO.id) == first


def test_what_a_tenant_used_is_told_with_the_server_and_without(data: Path) -> None:
    create_tenant(data, DEMO)
    assert tenant_usage(data, DEMO.id) == ()
    today = day_of(wall_ms())
    used = Usage(1, 2, 3, 4, 5, 6, 1 << 40)
    days = [today, today - timedelta(days=MOST_DAYS - 1), today - timedelta(days=MOST_DAYS + 1)]
    with sqlite3.connect(data / DATABASE_NAME) as database:
        for day in days:
            row = (DEMO.id, *rows.usage_row(day, used, 0))
            database.execute(f"INSERT INTO daily_usage VALUES ({', '.join('?' * len(row))})", row)
    database.close()
    assert tenant_usage(data, DEMO.id) == tuple(DailyUsage(day, used, 0) for day in days[1::-1])


def test_what_will_not_do_is_refused_by_kind(data: Path) -> None:
    create_tenant(data, DEMO)
    refusals: list[tuple[Callable[[], object], AdminProblem]] = [
        (partial(create_tenant, data, DEMO), problems.TenantExists(DEMO.id)),
        (partial(tenant_secret, data, TenantId("missing")), problems.NoSuchTenant("missing")),
        (partial(tenant_usage, data, TenantId("missing")), problems.NoSuchTenant("missing")),
    ]
    for name in ("", "a b", "a/b", "ä", "x" * 65, "a\n"):
        refusals.append((partial(create_tenant, data, Tenant(TenantId(name))), problems.TenantInvalid(name)))
    for name in RESERVED:
        refusals.append((partial(create_tenant, data, Tenant(TenantId(name))), problems.TenantReserved(name)))
    for attempt, problem in refusals:
        with pytest.raises(AdminRefused) as refused:
            attempt()
        assert refused.value.problem == problem
    assert list_tenants(data) == (DEMO,)


@pytest.mark.security
def test_secrets_lie_sealed_in_the_database(data: Path) -> None:
    secret = create_tenant(data, DEMO)
    for path in data.iterdir():
        if path.is_file():
            assert secret.encode() not in path.read_bytes()


def test_a_tenant_made_without_a_server_is_there_when_one_starts(tmp_path: Path) -> None:
    secret = create_tenant(tmp_path, DEMO)
    with running(data_dir=tmp_path, port=0) as server:
        server.ready()
        assert tenant_secret(tmp_path, DEMO.id) == secret


def test_before_the_first_start_the_folder_is_made_with_the_first_tenant_only(tmp_path: Path) -> None:
    data = tmp_path / "not" / "yet"
    assert list_tenants(data) == ()
    for ask in (tenant_secret, tenant_usage):
        with pytest.raises(AdminRefused):
            ask(data, DEMO.id)
    assert not data.exists()
    create_tenant(data, DEMO)
    assert list_tenants(data) == (DEMO,)
    assert data.stat().st_mode & 0o777 == 0o700


@pytest.mark.security
def test_what_is_made_without_a_server_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        create_tenant(tmp_path / "data", DEMO)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()} == {0o600}


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    create_tenant(tmp_path, DEMO)
    (tmp_path / KEY_FILE_NAME).chmod(0o640)
    with pytest.raises(AdminRefused) as refused:
        tenant_secret(tmp_path, DEMO.id)
    assert isinstance(refused.value.problem, problems.SecretsSealed)


def test_a_database_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"no database" * 1000)
    for attempt in (partial(list_tenants, tmp_path), partial(create_tenant, tmp_path, DEMO)):
        with pytest.raises(AdminRefused) as refused:
            attempt()
        assert refused.value.problem == problems.DataBroken(str(tmp_path))


@pytest.mark.parametrize("holder", ["server", "verb"])
def test_data_held_by_somebody_who_does_not_answer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holder: problems.DataHolder
) -> None:
    monkeypatch.setattr(admin, "ANSWER_TIMEOUT_S", 0.1)
    with held_folder(tmp_path, holder), pytest.raises(AdminRefused) as refused:
        list_tenants(tmp_path)
    assert refused.value.problem == problems.DataUnanswered(str(tmp_path), os.getpid(), holder)


def test_a_server_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "ANSWER_TIMEOUT_S", 0.05)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / ADMIN_SOCKET_NAME))
        listener.listen()
        with pytest.raises(AdminRefused) as refused:
            list_tenants(tmp_path)
    assert refused.value.problem == problems.DataUnanswered(str(tmp_path))


def test_a_server_that_ends_while_it_is_asked_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(data_dir: Path, request: object) -> object:
        raise ConnectionResetError

    monkeypatch.setattr(admin, "_ask_server", ended)
    with pytest.raises(AdminRefused) as refused:
        list_tenants(tmp_path)
    assert refused.value.problem == problems.DataUnanswered(str(tmp_path))


@pytest.mark.parametrize("answer", [b"", b"nonsense\n", b"[]\n", b'{"ok":true}\n'])
def test_a_nonsense_answer_is_told(tmp_path: Path, answer: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / ADMIN_SOCKET_NAME))
        listener.listen()

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        with pytest.raises(AdminRefused) as refused:
            list_tenants(tmp_path)
        thread.join()
    assert isinstance(refused.value.problem, problems.DataUnanswered)


@pytest.mark.security
def test_the_door_answers_nobody_but_its_owner(tmp_path: Path) -> None:
    with running(data_dir=tmp_path, port=0) as server:
        server.ready()
        assert (tmp_path / ADMIN_SOCKET_NAME).stat().st_mode & 0o777 == 0o600
        for line in (b"\n", b"[]\n", b'{"op":"shutdown"}\n', b"\xff\n", b'{"op":"secret","id":5}\n'):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(60)
                client.connect(str(tmp_path / ADMIN_SOCKET_NAME))
                client.sendall(line)
                answer = client.recv(4096)
            assert not answer or json.loads(answer)["ok"] is False
        assert list_tenants(tmp_path) == ()


def test_what_deleted_things_took_is_given_back(data: Path) -> None:
    create_tenant(data, DEMO)
    path = data / DATABASE_NAME
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("INSERT INTO installation VALUES ('ballast', ?)", [b"gone" * 500_000])
        database.execute("DELETE FROM installation WHERE name = 'ballast'")
        database.commit()
    before, after = vacuum(data)
    assert after < 500_000 < 2_000_000 < before
    assert path.stat().st_size <= after
    assert list_tenants(data) == (DEMO,)
    assert vacuum(data) == (after, after)


def test_a_running_server_with_much_data_is_to_be_stopped_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_tenant(tmp_path, DEMO)
    with running(data_dir=tmp_path, port=0) as server:
        server.ready()
        os.truncate(tmp_path / "imagechat.sqlite-wal", admin.VACUUMED_RUNNING_BYTES + 1)
        with pytest.raises(AdminRefused) as refused:
            vacuum(tmp_path)
        assert refused.value.problem == problems.StopFirst(str(tmp_path))


def test_where_no_server_has_been_nothing_is_vacuumed(tmp_path: Path) -> None:
    assert vacuum(tmp_path / "never") == (0, 0)
    assert not (tmp_path / "never").exists()
