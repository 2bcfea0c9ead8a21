from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from imagechat_tui import __version__, problems
from imagechat_tui.net import local_server
from imagechat_tui.net.local_server import (
    LocalServer,
    default_runtime_dir,
    ensure_running,
    spawn_early,
)
from imagechat_tui.owned import MAX_SOCKET_PATH
from imagechat_tui.problems import LocalServerFailed
from imagechat_tui.words import local_server_words

KEEPER = 61_001
"""A user id that nobody has."""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def home() -> Iterator[Path]:
    """A short directory: the paths of Unix sockets are."""
    with TemporaryDirectory(prefix="ic") as directory:
        yield Path(directory)


@pytest.fixture
def spec(home: Path) -> Iterator[LocalServer]:
    spec = LocalServer(home / "run", home / "data", home / "state")
    yield spec
    _end_server(spec)


@pytest.fixture
def spawns(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The process numbers of all servers started since."""
    pids: list[int] = []
    spawn = local_server._spawn

    def counted(spec: LocalServer, lock: int) -> subprocess.Popen[bytes]:
        child = spawn(spec, lock)
        pids.append(child.pid)
        return child

    monkeypatch.setattr(local_server, "_spawn", counted)
    return pids


class Instead(LocalServer, frozen=True):
    """A local server whose program is another: what it does wrong is the test's matter."""

    program: str = ""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-P", "-c", self.program]


async def test_a_server_is_started_and_then_found(spec: LocalServer) -> None:
    await ensure_running(spec)
    pid = _ready(spec)["pid"]
    await ensure_running(spec)
    spawn_early(spec)
    assert _ready(spec)["pid"] == pid
    assert spec.socket_path.stat().st_mode & 0o777 == 0o600
    assert (await _health(spec)).startswith("HTTP/1.1 200")


async def test_twenty_clients_on_nothing_end_on_one_server(spec: LocalServer, spawns: list[int]) -> None:
    await asyncio.gather(*(ensure_running(spec) for _ in range(20)))
    _ready(spec)  # one can connect a moment before it has said so
    assert len(spawns) == _starts(spec) == 1


async def test_an_early_spawn_is_waited_for_not_repeated(spec: LocalServer, spawns: list[int]) -> None:
    spawn_early(spec)
    spawn_early(spec)
    await asyncio.gather(ensure_running(spec), ensure_running(spec))
    _ready(spec)  # one can connect a moment before it has said so
    assert len(spawns) == _starts(spec) == 1


@pytest.mark.reliability
async def test_a_killed_server_comes_back_over_its_stale_socket(spec: LocalServer) -> None:
    await ensure_running(spec)
    killed = _pid(spec)
    _child(killed).kill()
    await _ended(killed)
    assert spec.socket_path.exists()
    assert not local_server.listens(spec)
    await asyncio.gather(*(ensure_running(spec) for _ in range(5)))
    assert _pid(spec) != killed
    assert _starts(spec) == 2
    assert (await _health(spec)).startswith("HTTP/1.1 200")


async def test_a_server_whose_runtime_directory_vanished_makes_way(spec: LocalServer) -> None:
    """As at the last logout and the next login: same data, new directory."""
    await ensure_running(spec)
    first = _pid(spec)
    spec.socket_path.unlink()
    spec.lock_path.unlink()
    await ensure_running(spec)
    assert _pid(spec) != first
    await _ended(first)


async def test_a_server_of_another_version_that_nobody_uses_is_replaced(
    spec: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ensure_running(spec)
    first = _pid(spec)
    monkeypatch.setattr(local_server, "__version__", "0.0.0+other")
    await ensure_running(spec)
    assert _pid(spec) != first


async def test_a_server_of_another_version_with_clients_stays(
    spec: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ensure_running(spec)
    first = _pid(spec)
    monkeypatch.setattr(local_server, "__version__", "0.0.0+other")
    with socket.socket(socket.AF_UNIX) as other_client:
        other_client.connect(str(spec.socket_path))
        other_client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.to_thread(other_client.recv, 1)
        await ensure_running(spec)
    assert _pid(spec) == first


async def test_a_server_that_dies_at_once_is_told_with_its_log(home: Path) -> None:
    spec = Instead(home / "run", home / "data", home / "state", program="raise SystemExit('no can do')")
    with pytest.raises(LocalServerFailed) as failed:
        await ensure_running(spec)
    assert failed.value.problem == problems.ServerDied(str(spec.log_path), None, "no can do")


async def test_the_servers_own_word_for_its_failure_is_passed_on(spec: LocalServer) -> None:
    spec.data_dir.mkdir(parents=True)
    (spec.data_dir / "imagechat.sqlite").write_bytes(b"this is no database at all" * 1000)
    with pytest.raises(LocalServerFailed) as failed:
        await ensure_running(spec)
    problem = failed.value.problem
    assert isinstance(problem, problems.ServerDied)
    assert isinstance(problem.cause, problems.DataBroken)
    assert problem.cause.path == str(spec.data_dir)


async def test_those_who_waited_for_a_failed_start_do_not_repeat_it(home: Path) -> None:
    gate = home / "gate"
    os.mkfifo(gate)
    program = f"import os; os.write(2, b'start\\n'); open({str(gate)!r}).read(); os._exit(1)"
    spec = Instead(home / "run", home / "data", home / "state", program=program)
    clients = asyncio.gather(*(ensure_running(spec) for _ in range(10)), return_exceptions=True)
    await asyncio.to_thread(gate.write_bytes, b"")  # it fails once all ten wait
    results = await clients
    assert {type(result) for result in results} == {LocalServerFailed}
    assert spec.log_path.read_text() == "start\n"


async def test_a_start_that_failed_before_is_tried_anew(spec: LocalServer) -> None:
    """It may have been mended, as the message advised."""
    spec.data_dir.write_text("a file where the folder should be")
    with pytest.raises(LocalServerFailed):
        await ensure_running(spec)
    spec.data_dir.unlink()
    # As if a second had passed: too little for the next start to look back over.
    before_s = spec.lock_path.stat().st_mtime - 1
    os.utime(spec.lock_path, (before_s, before_s))
    await ensure_running(spec)
    assert _ready(spec)["ready"] is True


async def test_only_those_who_wait_for_the_same_data_believe_a_failed_start(
    spec: LocalServer, home: Path
) -> None:
    spec.runtime_dir.mkdir(mode=0o700)
    note = {"ready": False, "problem": "data-folder", "data": str(home / "other")}
    spec.lock_path.write_text(json.dumps(note))
    later_s = spec.lock_path.stat().st_mtime + 60
    os.utime(spec.lock_path, (later_s, later_s))
    await ensure_running(spec)
    assert _ready(spec)["ready"] is True


async def test_a_server_that_neverlistens_is_ended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_server, "START_TIMEOUT_S", 0.2)
    program = "import os, signal; os.write(2, str(os.getpid()).encode() + b'\\n'); signal.pause()"
    spec = Instead(home / "run", home / "data", home / "state", program=program)
    with pytest.raises(LocalServerFailed) as failed:
        await ensure_running(spec)
    assert isinstance(failed.value.problem, problems.ServerNotReady)
    await _ended(int(failed.value.problem.last_line))


@pytest.mark.security
@pytest.mark.parametrize("mode", [0o755, 0o770, 0o1777])
async def test_a_runtime_directory_open_to_others_is_refused(spec: LocalServer, mode: int) -> None:
    spec.runtime_dir.mkdir()
    spec.runtime_dir.chmod(mode)
    with pytest.raises(LocalServerFailed) as failed:
        await ensure_running(spec)
    assert failed.value.problem == problems.DirectoryUnsafe(str(spec.runtime_dir))
    spawn_early(spec)
    assert list(spec.runtime_dir.iterdir()) == []


@pytest.mark.security
async def test_somebody_elses_socket_is_never_connected_to(spec: LocalServer) -> None:
    """In the temp directory anybody may have made the directory first."""
    theirs = spec.runtime_dir.with_name("theirs")
    theirs.mkdir(mode=0o700)
    spec.runtime_dir.symlink_to(theirs)
    with socket.socket(socket.AF_UNIX) as trap:
        trap.bind(str(theirs / "server.sock"))
        trap.listen()
        trap.setblocking(False)
        with pytest.raises(LocalServerFailed) as failed:
            await ensure_running(spec)
        with pytest.raises(BlockingIOError):
            trap.accept()
    assert failed.value.problem == problems.DirectoryUnsafe(str(spec.runtime_dir))


@pytest.fixture
def shared(home: Path) -> Iterator[LocalServer]:
    """Of a directory of ours that its group may enter."""
    (home / "team").mkdir()
    (home / "team").chmod(0o2750)
    spec = LocalServer(home / "run", home / "data", home / "state", shared=home / "team")
    yield spec
    _end_server(spec)


async def _refusal(spec: LocalServer) -> LocalServerFailed:
    """Why there is no server, with nothing done about it, early or late."""
    spawn_early(spec)
    with pytest.raises(LocalServerFailed) as failed:
        await ensure_running(spec)
    return failed.value


async def test_a_shared_directory_must_be_there(home: Path) -> None:
    failed = await _refusal(LocalServer(home / "run", home / "data", home / "state", shared=home / "team"))
    assert failed.problem == problems.SharedDirectoryMissing(str(home / "team"))
    assert os.listdir(home) == []  # noqa: PTH208


@pytest.mark.security
@pytest.mark.parametrize("mode", [0o2770, 0o3770, 0o2752, 0o2777, 0o1777, 0o700])
async def test_a_shared_directory_is_for_its_keeper_alone_to_write_to(
    shared: LocalServer, home: Path, mode: int
) -> None:
    team = home / "team"
    team.chmod(mode)
    assert (await _refusal(shared)).problem == problems.SharedDirectoryUnfit(str(team))
    assert list(team.iterdir()) == []
    team.chmod(0o2750)
    (home / "link").symlink_to(team)
    linked = LocalServer(home / "run", home / "data", home / "state", shared=home / "link")
    assert (await _refusal(linked)).problem == problems.SharedDirectoryUnfit(str(home / "link"))


@pytest.mark.security
async def test_a_shared_directory_that_others_could_replace_is_refused(
    shared: LocalServer, home: Path
) -> None:
    os.chmod(home, 0o757)  # noqa: PTH101 (no I/O that blocks)
    failed = await _refusal(shared)
    assert failed.problem == problems.SharedReplaceable(str(home))
    os.chmod(home, 0o1757)  # noqa: PTH101
    await ensure_running(shared)


@needs_root
@pytest.mark.security
async def test_a_server_in_somebody_elses_directory_is_theirs_to_start(
    shared: LocalServer, home: Path
) -> None:
    os.chown(home / "team", KEEPER, -1)
    failed = await _refusal(shared)
    assert failed.problem == problems.KeeperAway(str(home / "team"), f"user {KEEPER}")
    assert list((home / "team").iterdir()) == []


@needs_root
@pytest.mark.security
async def test_a_strangers_program_at_the_socket_is_sent_nothing(
    shared: LocalServer, spec: LocalServer, home: Path
) -> None:
    """We are the stranger here: the directory is said to be somebody else's."""
    with socket.socket(socket.AF_UNIX) as trap:
        trap.bind(str(shared.socket_path))
        trap.listen()
        os.chown(home / "team", KEEPER, -1)
        failed = await _refusal(shared)
        assert failed.problem == problems.Stranger(str(shared.socket_path), "root")
        link, _ = trap.accept()
        with link:
            assert link.recv(1) == b""


@pytest.mark.security
@pytest.mark.parametrize("planted", ["link", "pipe"])
async def test_what_is_planted_for_a_servers_files_serves_and_creates_nothing(
    spec: LocalServer, private: Path, planted: str
) -> None:
    """For each name in turn, in a directory that was open to others once. An empty file is a database, too."""
    spec.runtime_dir.mkdir(mode=0o700)
    spec.data_dir.mkdir(mode=0o700)
    database = spec.data_dir / "imagechat.sqlite"
    beside = [database.with_name(database.name + ending) for ending in ("-wal", "-shm", "-journal", ".lock")]
    for path in (spec.lock_path, spec.data_dir / "server.lock", database, *beside):
        _plant(path, planted, private)
        with pytest.raises(LocalServerFailed) as failed:
            await ensure_running(spec)
        assert isinstance(failed.value.problem, problems.NotWritable | problems.ServerDied)
        assert "plain file" in local_server_words(failed.value.problem).sentence
        path.unlink()
        spec.lock_path.unlink(missing_ok=True)  # what it says of the last start is believed for a while
    assert os.stat(private).st_size == 0  # noqa: PTH116
    await ensure_running(spec)


@pytest.fixture
def private(home: Path) -> Path:
    """A file of ours that nobody is to come to by another name."""
    path = home / "private"
    path.touch()
    return path


def _plant(path: Path, what: str, private: Path) -> None:
    match what:
        case "link":
            path.symlink_to(private)
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()


@pytest.mark.security
@pytest.mark.parametrize("planted", ["link", "pipe", "folder"])
def test_a_log_that_is_no_plain_file_is_not_written(home: Path, planted: str) -> None:
    spec = Instead(home / "run", home / "data", home / "state", program="print('words')")
    spec.state_dir.mkdir()
    _plant(spec.log_path, planted, home / "new")
    spawn_early(spec)
    local_server._children[-1].wait()
    assert not (home / "new").exists()


async def test_a_lock_that_was_taken_away_locks_nobody_out(spec: LocalServer, home: Path) -> None:
    """As by a cleaner of temporary files while a server starts."""
    spec.runtime_dir.mkdir(mode=0o700)
    with spec.lock_path.open("w") as gone:
        fcntl.flock(gone, fcntl.LOCK_EX)
        spec.lock_path.unlink()
        await ensure_running(spec)


@pytest.mark.security
async def test_a_shared_server_lets_the_group_in_to_its_socket_alone(shared: LocalServer, home: Path) -> None:
    old_umask = os.umask(0o002)
    try:
        await ensure_running(shared)
    finally:
        os.umask(old_umask)
    team = home / "team"
    assert {path.name: path.stat().st_mode & 0o777 for path in team.iterdir()} == {
        "server.sock": 0o660,
        "data": 0o700,
    }
    kept = {path.name: path.stat().st_mode & 0o777 for path in (team / "data").iterdir()}
    assert set(kept.values()) == {0o600}
    assert {"imagechat.sqlite", "server.lock", "spawn.lock", "server.log", "admin.sock"} <= kept.keys()


async def test_a_path_that_no_socket_can_have_is_told(home: Path) -> None:
    spec = LocalServer(home / ("d" * MAX_SOCKET_PATH), home / "data", home / "state")
    with pytest.raises(LocalServerFailed) as failed:
        await ensure_running(spec)
    assert failed.value.problem == problems.PathTooLong(str(spec.socket_path))


@pytest.mark.security
def test_the_server_inherits_no_secret(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGECHAT_SSO", "CANARY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "CANARY")
    program = "import json, os; print(json.dumps(dict(os.environ, cwd=os.getcwd())))"
    spec = Instead(home / "run", home / "data", home / "state", program=program)
    spawn_early(spec)
    (child,) = [child for child in local_server._children if child.args[2:3] == ["-c"]][-1:]  # type: ignore[index]
    child.wait()
    seen = json.loads(spec.log_path.read_text())
    assert "CANARY" not in seen.values()
    assert seen["PATH"] == os.environ["PATH"]
    assert seen["cwd"] == "/"


def test_without_a_place_for_its_log_a_server_is_started(home: Path) -> None:
    (home / "file").write_text("")
    spec = Instead(home / "run", home / "data", home / "file" / "state", program="print('new')")
    spawn_early(spec)
    assert local_server._children[-1].args[2:4] == ["-c", "print('new')"]  # type: ignore[index]
    local_server._children[-1].wait()


def test_a_large_log_is_begun_anew(home: Path) -> None:
    spec = Instead(home / "run", home / "data", home / "state", program="print('new')")
    spec.state_dir.mkdir()
    spec.log_path.write_bytes(b"old" * local_server.MAX_LOG_BYTES)
    spawn_early(spec)
    local_server._children[-1].wait()
    assert spec.log_path.read_text() == "new\n"


def test_the_runtime_directory_is_the_sessions_or_a_private_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(home / "tmp"))
    fallback = default_runtime_dir({})
    assert fallback == home / "tmp" / f"imagechat-{os.geteuid()}"
    assert default_runtime_dir({"XDG_RUNTIME_DIR": str(home)}) == home / "imagechat"
    assert default_runtime_dir({"XDG_RUNTIME_DIR": "relative"}) == fallback
    assert default_runtime_dir({"XDG_RUNTIME_DIR": str(home / "missing")}) == fallback
    long = home / ("d" * 90)
    long.mkdir()
    assert default_runtime_dir({"XDG_RUNTIME_DIR": str(long)}) == fallback
    (home / "link").symlink_to(home)
    assert default_runtime_dir({"XDG_RUNTIME_DIR": str(home / "link")}) == fallback
    monkeypatch.setattr(
        "os.access", lambda path, mode: path != home
    )  # as on a disk that is mounted read-only
    assert default_runtime_dir({"XDG_RUNTIME_DIR": str(home)}) == fallback


def _taken_by_link(fallback: Path) -> None:
    fallback.symlink_to(fallback.parent)


def _taken_by_file(fallback: Path) -> None:
    fallback.touch()


def _taken_open(fallback: Path) -> None:
    fallback.mkdir()
    fallback.chmod(0o777)


def _taken_by_somebody(fallback: Path) -> None:
    fallback.mkdir(mode=0o700)
    os.chown(fallback, KEEPER, -1)


@pytest.mark.security
@pytest.mark.parametrize(
    "taken",
    [_taken_by_link, _taken_by_file, _taken_open, pytest.param(_taken_by_somebody, marks=needs_root)],
)
def test_a_runtime_directory_that_somebody_has_taken_is_replaced_by_one_that_all_find(
    home: Path, monkeypatch: pytest.MonkeyPatch, taken: Callable[[Path], None]
) -> None:
    temporary, state = home / "tmp", home / "state"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    taken(temporary / f"imagechat-{os.geteuid()}")
    found = default_runtime_dir({}, state)
    assert found == default_runtime_dir({}, state)
    assert found.stat().st_mode & 0o777 == 0o700
    spawn_early(Instead(found, home / "data", state, program=""))
    assert (found / "spawn.lock").exists()

    found.rename(home / "away")  # as after a reboot
    assert default_runtime_dir({}, state) == found
    found.rmdir()
    found.symlink_to(home / "away")  # and somebody was there first
    another = default_runtime_dir({}, state)
    assert another not in (found, temporary / f"imagechat-{os.geteuid()}")
    assert another == default_runtime_dir({}, state)
    # Nobody is led elsewhere by what is written down.
    (state / "runtime-dir").write_text(str(home / "away"))
    assert default_runtime_dir({}, state).parent == temporary


def test_the_endpoint_is_the_socket(spec: LocalServer) -> None:
    endpoint = local_server.endpoint(spec)
    assert (endpoint.uds, endpoint.tenant_id) == (spec.socket_path, "local")


def _ready(spec: LocalServer) -> dict[str, object]:
    """The ready line. A server can be connected to a moment before it has written it and lets go of the lock."""
    with spec.lock_path.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        line = json.loads(lock.read())
    assert line["ready"] is True
    assert line["version"] == __version__
    assert line["socket"] == str(spec.socket_path)
    return dict(line)


def _pid(spec: LocalServer) -> int:
    return int(str(_ready(spec)["pid"]))


def _starts(spec: LocalServer) -> int:
    """How many servers were started: each begins its log with one line."""
    return spec.log_path.read_text().count("serving")


def _child(pid: int) -> subprocess.Popen[bytes]:
    """The server with this process number: all of them were started from here."""
    return next(child for child in local_server._children if child.pid == pid)


async def _ended(pid: int) -> None:
    """Return once the server with this process number is gone."""
    await asyncio.to_thread(_child(pid).wait, 10)


def _end_server(spec: LocalServer) -> None:
    try:
        server = _child(_pid(spec))
    except (FileNotFoundError, ValueError, AssertionError, StopIteration):
        return  # there is none
    server.terminate()
    server.wait(60)


async def _health(spec: LocalServer) -> str:
    reader, writer = await asyncio.open_unix_connection(spec.socket_path)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: imagechat.local\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode()
