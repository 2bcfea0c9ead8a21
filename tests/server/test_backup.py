"""Backups of a server's data, made while it runs and not, and put back (PROMISES D22)."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from imagechat_tui import problems
from imagechat_tui.problems import AdminRefused, DataFault, ServeError
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.routes import Tenant
from imagechat_tui.server.process import admin
from imagechat_tui.server.process.admin import create_tenant, list_tenants, tenant_secret
from imagechat_tui.server.process.backup import MANIFEST_NAME, RESTORING_NAME, back_up, restore, take_over
from imagechat_tui.server.process.checkup import Checked, check
from imagechat_tui.server.process.data_folder import (
    DATABASE_NAME,
    KEY_FILE_NAME,
    PICTURES_NAME,
    held_folder,
)
from imagechat_tui.server.storage.migrations import steps
from imagechat_tui.server.storage.pictures import place_of_picture
from tests.server.house import items
from tests.server.test_crash import Write, connected, log_of
from tests.server.test_run import running

DEMO = Tenant(TenantId("demo"))
PICTURE = b"\x89PNG\r\n\x1a\n and so on"
SHA256 = hashlib.sha256(PICTURE).hexdigest()
PLACE = place_of_picture(Path(PICTURES_NAME), DEMO.id, SHA256)


def nobody(done: int, expected: int) -> None:
    """Nobody is told how far it has come."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a tenant, its key, a comment and a picture, and no server."""
    data = tmp_path / "data"
    create_tenant(data, DEMO)
    with changed(data) as database:
        columns = {
            str(row[1]): row[2]
            for row in database.execute("PRAGMA table_info(comment)")
            if row[3] and not row[4]
        }
        values = [
            "demo" if name == "tenant_id" else 1 if kind == "INTEGER" else "x"
            for name, kind in columns.items()
        ]
        marks = ", ".join("?" * len(columns))
        database.execute(f"INSERT INTO comment ({', '.join(columns)}) VALUES ({marks})", values)
    (data / PLACE).parent.mkdir(parents=True)
    (data / PLACE).write_bytes(PICTURE)
    return data


@contextlib.contextmanager
def changed(data: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(data / DATABASE_NAME)) as database:
        yield database
        database.commit()


def all_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# A backup, and back


def test_what_is_backed_up_can_be_restored(data: Path, tmp_path: Path) -> None:
    file, other = tmp_path / "all.tar", tmp_path / "new" / "data"
    made = back_up(data, file, nobody)
    assert made.left_out == ()
    assert (made.manifest.tenants, made.manifest.comments, made.manifest.pictures) == (1, 1, 1)
    assert made.bytes == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    assert restore(file, other, nobody) == Checked(1, 1, 1, ())
    assert list_tenants(other) == (DEMO,)
    assert tenant_secret(other, DEMO.id) == tenant_secret(data, DEMO.id)
    assert (other / PLACE).read_bytes() == PICTURE
    files = [path for path in other.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o077 for path in (other, *files)} == {0}
    assert not (other / RESTORING_NAME).exists()


def test_tar_can_read_it(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "all.tar", nobody)
    with tarfile.open(tmp_path / "all.tar") as archive:
        assert archive.getnames() == [
            DATABASE_NAME, KEY_FILE_NAME, f"{PICTURES_NAME}/demo/{SHA256}", MANIFEST_NAME,
        ]  # fmt: skip


@pytest.mark.reliability
@pytest.mark.e2e
async def test_what_was_answered_before_is_in_it_while_people_go_on_writing(
    tmp_path: Path, runtime: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    numbers, answered, rounds = itertools.count(), set[str](), 4
    end = asyncio.Event()

    async def work(client: aiohttp.ClientSession) -> None:
        while not end.is_set():
            write = Write(next(numbers))
            await write.send(client)
            answered.add(write.text)

    before = []
    with running(data_dir=data, runtime_dir=runtime, local=True) as server:
        server.ready()
        async with connected(runtime) as client, asyncio.TaskGroup() as tasks:
            for write in map(Write, itertools.islice(numbers, 3)):
                await write.send(client)
                answered.add(write.text)
            for _ in range(4):
                tasks.create_task(work(client))
            for number in range(rounds):
                before.append(set(answered))
                await asyncio.to_thread(back_up, data, tmp_path / f"{number}.tar", nobody)
            end.set()
        server.process.kill()
    assert len(before[-1]) > len(before[0])
    for number in range(rounds):
        restored = tmp_path / f"restored {number}"
        assert restore(tmp_path / f"{number}.tar", restored, nobody).faults == ()
        with running(data_dir=restored, runtime_dir=runtime, local=True) as server:
            server.ready()
            async with connected(runtime) as client:
                listed, events = await log_of(client)
        there = [str(one["comment"]) for one in items(listed, "comments")]
        assert before[number] <= set(there)
        assert (
            len(there)
            == len(set(there))
            == sum(int(str(one["commentCount"])) for one in items(listed, "conversations"))
        ), "nothing is half there"
        assert sum(Write(int(text.split()[1])).events for text in there) == len(events)


def test_what_a_killed_server_has_left_in_its_log_is_backed_up(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with running(data_dir=data, port=0) as server:
        server.ready()
        secret = create_tenant(data, DEMO)
        server.process.kill()
        server.ended()
    log = (data / f"{DATABASE_NAME}-wal").read_bytes()
    assert log
    back_up(data, tmp_path / "all.tar", nobody)
    assert check(data) == Checked(1, 0, 0, ())
    assert (data / f"{DATABASE_NAME}-wal").read_bytes() == log
    restore(tmp_path / "all.tar", tmp_path / "restored", nobody)
    assert tenant_secret(tmp_path / "restored", DEMO.id) == secret


@pytest.mark.security
def test_deleted_words_are_in_no_backup(data: Path, tmp_path: Path) -> None:
    canary = b"the plum tree " * 1000
    with changed(data) as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("INSERT INTO installation VALUES ('canary', ?)", [canary])
        database.commit()
        database.execute("DELETE FROM installation WHERE name = 'canary'")
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"plum" in (data / DATABASE_NAME).read_bytes()
    back_up(data, tmp_path / "all.tar", nobody)
    assert b"plum" not in (tmp_path / "all.tar").read_bytes()


def test_a_database_that_an_older_version_has_left_is_backed_up_as_it_is(data: Path, tmp_path: Path) -> None:
    with changed(data) as database:
        database.execute("PRAGMA user_version = 17")
    assert back_up(data, tmp_path / "all.tar", nobody).manifest.steps == 17
    with changed(data) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (17,)


# A backup that does not come to its end

KILLED = """
import sys
from pathlib import Path
from imagechat_tui.server.process import backup
from imagechat_tui.server.storage import sqlite_file
sqlite_file._TELL_EVERY = 20
def told(done, expected):
    print(done, flush=True)
    sys.stdin.readline()
backup.back_up(Path(sys.argv[1]), Path(sys.argv[2]), told)
"""


@pytest.mark.reliability
def test_a_backup_that_is_killed_leaves_nothing_under_its_name_and_the_next_one_clears_up(
    data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "backups" / "all.tar"
    file.parent.mkdir()
    times = 0
    while not killed_after(times * times, data, file):
        assert not file.exists()
        times += 1
    assert times > 3
    assert [path.name for path in file.parent.iterdir()] == ["all.tar"]
    assert restore(file, tmp_path / "restored", nobody).faults == ()


def killed_after(steps: int, data: Path, file: Path) -> bool:
    """Kill a backup when it has told so often how far it is. Returns whether it had come to its end."""
    command = [sys.executable, "-c", KILLED, str(data), str(file)]
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        for _ in range(steps):
            if not program.stdout.readline():
                return program.wait() == 0
            assert not file.exists()
            program.stdin.write("\n")
            program.stdin.flush()
        program.kill()
        return False


def test_a_file_that_is_there_stays(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.tar"
    file.symlink_to(tmp_path / "nowhere")
    with pytest.raises(AdminRefused) as refused:
        back_up(data, file, nobody)
    assert refused.value.problem == problems.FileThere(str(file))
    file.unlink()

    def came_first(done: int, expected: int) -> None:
        file.write_text("another's")

    with pytest.raises(AdminRefused) as refused:
        back_up(data, file, came_first)
    assert refused.value.problem == problems.FileThere(str(file))
    assert file.read_text() == "another's"
    assert {path.name for path in tmp_path.iterdir()} == {"data", "all.tar"}


def test_two_backups_to_one_file_do_not_mix(data: Path, tmp_path: Path) -> None:
    file, refused = tmp_path / "all.tar", []

    def second(done: int, expected: int) -> None:
        with pytest.raises(AdminRefused) as met:
            back_up(data, file, nobody)
        refused.append(met.value.problem)

    back_up(data, file, second)
    assert set(refused) == {problems.FileThere(str(file))}
    assert restore(file, tmp_path / "restored", nobody).faults == ()


def test_where_files_have_one_name_only_it_is_written_all_the_same(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*paths: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuses)
    back_up(data, tmp_path / "all.tar", nobody)
    assert restore(tmp_path / "all.tar", tmp_path / "restored", nobody).faults == ()


def test_without_a_database_there_is_nothing_to_back_up_or_check(tmp_path: Path) -> None:
    for attempt in (lambda: back_up(tmp_path, tmp_path / "all.tar", nobody), lambda: check(tmp_path)):
        with pytest.raises(AdminRefused) as refused:
            attempt()
        assert refused.value.problem == problems.NoDatabase(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_picture_is_left_out_and_told(data: Path, tmp_path: Path) -> None:
    (data / PLACE).write_bytes(PICTURE[:-1])
    made = back_up(data, tmp_path / "all.tar", nobody)
    assert made.left_out == (str(PLACE),)
    assert restore(tmp_path / "all.tar", tmp_path / "restored", nobody) == Checked(1, 1, 0, ())


# Restoring


def packed(*members: tuple[tarfile.TarInfo, bytes], ending: bytes = bytes(1024)) -> bytes:
    written = io.BytesIO()
    for info, content in members:
        info.size = len(content)
        written.write(info.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512))
    return written.getvalue() + ending


def members_of(whole: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        found = []
        for info in archive:
            content = archive.extractfile(info)
            assert content is not None
            found.append((info, content.read()))
        return found


def named(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


Forgery = Callable[[list[tuple[tarfile.TarInfo, bytes]]], bytes]
CUT, CHANGED, FOREIGN = "cut-off", "changed", "foreign"


def with_manifest(members: list[tuple[tarfile.TarInfo, bytes]], **said: object) -> bytes:
    told = json.loads(members[-1][1]) | said
    return packed(*members[:-1], (members[-1][0], json.dumps(told).encode()))


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


FORGERIES: dict[str, tuple[problems.NotABackupWhy, Forgery]] = {
    "empty": ("foreign", lambda members: b""),
    "text": ("foreign", lambda members: b"hello " * 200),
    "another tar": ("foreign", lambda members: packed((named("notes.txt"), b"hello"))),
    "nothing in it": ("foreign", lambda members: packed()),
    "without its end": ("cut-off", lambda members: packed(*members)[:-1024]),
    "without manifest": ("foreign", lambda members: packed(*members[:-1])),
    "a byte of the database": (
        "changed", lambda members: packed((members[0][0], flipped(members[0][1])), *members[1:]),
    ),
    "a byte of the key": (
        "changed", lambda members: packed(members[0], (members[1][0], flipped(members[1][1])), *members[2:]),
    ),
    "a byte of a picture": (
        "changed", lambda members: packed(*members[:2], (members[2][0], flipped(members[2][1])), members[3]),
    ),
    "a byte of a header": (
        "changed", lambda members: packed(*members).replace(b"seal.key", b"seal.kez"),
    ),
    "no key": ("changed", lambda members: packed(members[0], *members[2:])),
    "no database": ("changed", lambda members: packed(*members[1:])),
    "no picture": ("changed", lambda members: packed(*members[:2], members[3])),
    "twice": ("foreign", lambda members: packed(members[0], *members)),
    "more behind the manifest": ("foreign", lambda members: packed(*members, members[2])),
    "a manifest that is none": ("changed", lambda members: packed(*members[:-1], (members[-1][0], b"[]"))),
    "a huge manifest": (
        "foreign", lambda members: packed(*members[:-1], (members[-1][0], members[-1][1] + b" " * 70_000)),
    ),
    "a huge key": ("foreign", lambda members: packed(members[0], (members[1][0], bytes(33)), *members[2:])),
    "a way out": ("foreign", lambda members: packed((named("../seal.key"), b"x"), *members)),
    "a way out of pictures": (
        "foreign", lambda members: packed((named(f"pictures/../{SHA256}"), PICTURE), *members),
    ),
    "a line behind a name": (
        "foreign", lambda members: packed((named(f"pictures/demo/{SHA256}\n"), PICTURE), *members),
    ),
    "from the root": ("foreign", lambda members: packed((named("/etc/cron.d/x"), b"x"), *members)),
    "a folder": ("foreign", lambda members: packed((named("pictures", tarfile.DIRTYPE), b""), *members)),
    "a link": (
        "foreign", lambda members: packed(
            members[0], (named(KEY_FILE_NAME, tarfile.SYMTYPE, "/etc/shadow"), members[1][1]), *members[2:],
        ),
    ),
    "a hard link": (
        "foreign", lambda members: packed(
            members[0], (named(KEY_FILE_NAME, tarfile.LNKTYPE, "/etc/shadow"), members[1][1]), *members[2:],
        ),
    ),
    "a device": ("foreign", lambda members: packed(
            members[0], (named(KEY_FILE_NAME, tarfile.CHRTYPE), members[1][1]), *members[2:],
        )),
    "a long name": (
        "foreign", lambda members: packed((named("././@LongLink", tarfile.GNUTYPE_LONGNAME), b"seal.key"), *members),
    ),
}  # fmt: skip


@pytest.mark.security
@pytest.mark.parametrize("how", FORGERIES)
def test_what_is_no_whole_backup_writes_nothing(data: Path, tmp_path: Path, how: str) -> None:
    file, other = tmp_path / "all.tar", tmp_path / "new"
    back_up(data, file, nobody)
    why, forge = FORGERIES[how]
    file.write_bytes(forge(members_of(file.read_bytes())))
    with pytest.raises(AdminRefused) as refused:
        restore(file, other, nobody)
    assert refused.value.problem == problems.NotABackup(str(file), why)
    assert not other.exists()


@pytest.mark.security
def test_whatever_is_cut_off_writes_nothing(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.tar"
    back_up(data, file, nobody)
    whole = file.read_bytes()
    for length in [*range(0, len(whole) - 1024, 4999), 1, 511, 512, 513, len(whole) - 1024]:
        file.write_bytes(whole[:length])
        with pytest.raises(AdminRefused) as refused:
            restore(file, tmp_path / "new", nobody)
        assert isinstance(refused.value.problem, problems.NotABackup)
        assert not (tmp_path / "new").exists()


@pytest.mark.security
def test_a_file_that_changes_under_its_reader_leaves_nothing(data: Path, tmp_path: Path) -> None:
    """It is looked at, then read once more; what is not what was looked at goes again."""
    file, other = tmp_path / "all.tar", tmp_path / "new"
    back_up(data, file, nobody)
    whole = file.read_bytes()
    begin, end = whole.index(PICTURE), whole.index(PICTURE) + len(PICTURE)

    def changes(done: int, expected: int) -> None:
        if done >= end:
            file.write_bytes(whole[:begin] + flipped(PICTURE) + whole[end:])

    with pytest.raises(AdminRefused) as refused:
        restore(file, other, changes)
    assert refused.value.problem == problems.NotABackup(str(file), "changed")
    assert set(all_in(other)) <= {"server.lock"}


@pytest.mark.parametrize("said", [{"format": 2}, {"steps": 9999}])
def test_a_backup_of_a_newer_version_writes_nothing(data: Path, tmp_path: Path, said: dict[str, int]) -> None:
    file = tmp_path / "all.tar"
    back_up(data, file, nobody)
    file.write_bytes(with_manifest(members_of(file.read_bytes()), **said))
    with pytest.raises(AdminRefused) as refused:
        restore(file, tmp_path / "new", nobody)
    assert refused.value.problem == problems.BackupNewer(str(file))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", [DATABASE_NAME, f"{DATABASE_NAME}-wal", KEY_FILE_NAME, PICTURES_NAME])
def test_data_is_never_replaced(data: Path, tmp_path: Path, name: str) -> None:
    file, other = tmp_path / "all.tar", tmp_path / "other"
    back_up(data, file, nobody)
    other.mkdir()
    (other / name).write_text("another's")
    with pytest.raises(AdminRefused) as refused:
        restore(file, other, nobody)
    assert refused.value.problem == problems.DataThere(str(other / name))
    assert all_in(other) == {name: b"another's"}


def test_nothing_is_restored_into_a_folder_that_a_server_has(data: Path, tmp_path: Path) -> None:
    file, other = tmp_path / "all.tar", tmp_path / "other"
    back_up(data, file, nobody)
    other.mkdir()
    with held_folder(other, "server"), pytest.raises(ServeError) as refused:
        restore(file, other, nobody)
    assert refused.value.problem == problems.DataInUse(str(other), os.getpid(), "server")
    assert set(all_in(other)) == {"server.lock"}


def test_a_restore_that_was_cut_short_is_repeated(data: Path, tmp_path: Path) -> None:
    file, other = tmp_path / "all.tar", tmp_path / "other"
    back_up(data, file, nobody)
    half = file.stat().st_size

    def ends(done: int, expected: int) -> None:
        if done > half:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        restore(file, other, ends)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert not (other / DATABASE_NAME).exists()
    assert (other / RESTORING_NAME).exists()
    assert restore(file, other, nobody) == Checked(1, 1, 1, ())
    assert not (other / RESTORING_NAME).exists()


# Looking whether all is whole


def lost_rows(data: Path) -> None:
    with changed(data) as database:
        database.execute("DELETE FROM tenant")


def newer(data: Path) -> None:
    with changed(data) as database:
        database.execute("PRAGMA user_version = 9999")


def damaged_page(data: Path) -> None:
    with changed(data) as database:
        database.execute("CREATE TABLE ballast (x TEXT)")
        database.execute("INSERT INTO ballast VALUES ('ballast')")
        page = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'ballast'").fetchone()[0]
        size = database.execute("PRAGMA page_size").fetchone()[0]
    with changed(data) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (data / DATABASE_NAME).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


FAULTS: dict[str, tuple[Callable[[Path], object], type[DataFault]]] = {
    "a page": (damaged_page, problems.DatabaseDamaged),
    "rows": (lost_rows, problems.RowsLost),
    "a newer version": (newer, problems.StepsUnknown),
    "no key": (lambda data: (data / KEY_FILE_NAME).unlink(), problems.SecretLocked),
    "another key": (lambda data: (data / KEY_FILE_NAME).write_bytes(bytes(32)), problems.SecretLocked),
    "an open key": (lambda data: (data / KEY_FILE_NAME).chmod(0o640), problems.KeyExposed),
    "a picture": (lambda data: (data / PLACE).write_bytes(PICTURE + b"."), problems.PictureDamaged),
}


@pytest.mark.parametrize("what", FAULTS)
def test_what_is_wrong_is_found_and_nothing_is_changed(data: Path, what: str) -> None:
    spoil, kind = FAULTS[what]
    assert check(data) == Checked(1, 1, 1, ())
    spoil(data)
    before = all_in(data)
    faults = check(data).faults
    assert faults
    assert {type(fault) for fault in faults} == {kind}
    after = {name: content for name, content in all_in(data).items() if not name.endswith(("-wal", "-shm"))}
    assert after == {name: content for name, content in before.items() if name in after}


def test_a_database_that_cannot_be_read_at_all_is_told(data: Path, tmp_path: Path) -> None:
    (data / DATABASE_NAME).write_bytes(b"no database" * 1000)
    for attempt in (lambda: back_up(data, tmp_path / "all.tar", nobody), lambda: check(data)):
        with pytest.raises(AdminRefused) as refused:
            attempt()
        assert refused.value.problem == problems.DataBroken(str(data))
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


def test_a_running_server_is_checked_and_backed_up(data: Path, tmp_path: Path) -> None:
    with running(data_dir=data, port=0) as server:
        server.ready()
        second = create_tenant(data, Tenant(TenantId("second")))
        assert check(data) == Checked(2, 1, 1, ())
        assert back_up(data, tmp_path / "all.tar", nobody).manifest.steps == len(steps("sqlite"))
        assert create_tenant(data, Tenant(TenantId("third")))
    restore(tmp_path / "all.tar", tmp_path / "restored", nobody)
    assert tenant_secret(tmp_path / "restored", TenantId("second")) == second


# Of another user's server, asked by root


def test_root_is_given_a_backup_by_the_server_itself(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root looks at nothing in a folder of somebody else; any user is asked to believe it here."""
    file = tmp_path / "all.tar"
    left = data / "backup-killed" / "all.tar"
    left.parent.mkdir()
    left.write_text("words")
    monkeypatch.setattr(admin, "_is_anothers", lambda data_dir: True)
    for attempt in (lambda: admin.back_up(data, file, nobody), lambda: admin.check(data)):
        with pytest.raises(AdminRefused) as refused:
            attempt()
        assert refused.value.problem == problems.DataDenied(str(data))
    with running(data_dir=data, port=0) as server:
        server.ready()
        assert not left.parent.exists()
        made = admin.back_up(data, file, nobody)
        assert made.bytes == file.stat().st_size
        assert made.manifest.comments == 1
        with pytest.raises(AdminRefused) as refused:
            admin.back_up(data, file, nobody)
        assert refused.value.problem == problems.FileThere(str(file))
        assert admin.check(data) == Checked(1, 1, 1, ())
        (data / KEY_FILE_NAME).chmod(0o644)
        assert [type(fault) for fault in admin.check(data).faults] == [problems.KeyExposed]
        server.process.send_signal(signal.SIGTERM)
        server.ended()
    assert not list(data.glob("backup-*"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert restore(file, tmp_path / "restored", nobody) == Checked(1, 1, 1, ())


@pytest.mark.security
def test_nothing_but_a_file_of_the_servers_is_taken_over(tmp_path: Path) -> None:
    made, file = tmp_path / "made", tmp_path / "all.tar"
    made.write_text("a backup")
    (tmp_path / "link").symlink_to(made)
    os.mkfifo(tmp_path / "fifo")
    for place, owner in (("made", os.geteuid() + 1), ("link", os.geteuid()), ("fifo", os.geteuid())):
        with pytest.raises(OSError):
            take_over(tmp_path / place, owner, file, lambda done: None)
        assert {path.name for path in tmp_path.iterdir()} == {"made", "link", "fifo"}
    take_over(made, os.geteuid(), file, lambda done: None)
    assert file.read_text() == "a backup"
