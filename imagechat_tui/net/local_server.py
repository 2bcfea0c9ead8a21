"""The local server on demand: found if it runs, started if it does not, one for everybody.

Nobody is elected and nothing is polled for long; the kernel's file locks decide:

- ``spawn.lock`` is held from before the spawn until the new server listens (the server inherits the open
  file, writes its ready line into it and closes it) or is dead. So whoever gets the lock and still finds
  nobody listening may spawn, and nobody else can at that moment.
- ``server.lock``, beside the database, is held by a server for its whole life: a second one cannot start,
  even if the runtime directory was wiped at logout and made anew.

A socket file is renamed into place after ``listen``: what can be seen can be connected to. A stale one
refuses connections and is replaced.

A folder that a group shares has a keeper: the person whose folder it is. Nobody else can put anything into it,
so the socket in it, and who listens there, are the keeper's. The keeper alone starts its server, and the data is
theirs alone; the others come in through the socket, and the kernel says who they are.

Importing this module costs next to nothing: it stands before the first frame does.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, ValidationError, convert, to_builtins

from imagechat_tui import __version__, problems
from imagechat_tui.owned import MAX_SOCKET_PATH, is_private, open_file, peer_uid, replaceable_at, try_lock
from imagechat_tui.problems import LocalServerFailed, ServeProblem
from imagechat_tui.protocol.local import ADMIN_SOCKET_NAME, LOCAL_TENANT, SHARED_DATA, SOCKET_NAME

if TYPE_CHECKING:
    from imagechat_tui.net.endpoint import Endpoint

START_TIMEOUT_S = 15.0
RETIRE_TIMEOUT_S = 5.0
FILE_CLOCK_S = 0.02
"""How far the clock that dates files is behind at most: it ticks a hundred times a second."""
MAX_LOG_BYTES = 1 << 20
MAX_READY_LINE = 1 << 16
"""Bytes: a path in it may be long, and each of its letters six."""

_POLL_S = 0.01
_ENVIRONMENT = frozenset(
    {"HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONUTF8"}
    | {"SHELL", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"}
)
"""What a server started for a person gets of their environment; never a token."""

_children: list[subprocess.Popen[bytes]] = []
"""Servers that this process started: asked now and then, so that a dead one is no zombie."""


class LocalServer(Struct, frozen=True):
    """Where one local server lives."""

    runtime_dir: Path
    """For socket and spawn lock: private, gone after logout."""
    data_dir: Path
    """For the database."""
    state_dir: Path
    """For the log."""
    shared: Path | None = None
    """A group's directory that takes the place of all three, so that its members meet on one server."""

    @property
    def socket_path(self) -> Path:
        """Where the server listens."""
        return (self.shared or self.runtime_dir) / SOCKET_NAME

    @property
    def lock_path(self) -> Path:
        """Held while a server starts; holds the ready line of the last one."""
        return (self._kept or self.runtime_dir) / "spawn.lock"

    @property
    def log_path(self) -> Path:
        """What the server writes to."""
        return (self._kept or self.state_dir) / "server.log"

    @property
    def admin_path(self) -> Path:
        """Where the server's owner may ask it to go."""
        return (self._kept or self.data_dir) / ADMIN_SOCKET_NAME

    @property
    def _kept(self) -> Path | None:
        return self.shared / SHARED_DATA if self.shared is not None else None

    @property
    def keeper(self) -> int:
        """The user id of the one person who may start the server, and whose process must listen.

        Raises:
            OSError: The shared directory is not there.
        """
        return self.shared.stat().st_uid if self.shared is not None else os.geteuid()

    def keeper_and_group(self) -> tuple[str, str]:
        """Names of the keeper and of the group that may come in.

        Raises:
            OSError: The directory is not there.
        """
        found = (self.shared or self.runtime_dir).stat()
        return _login(found.st_uid), _group(found.st_gid)

    @property
    def command(self) -> list[str]:
        """The server's command line, but for the descriptor of the ready line.

        ``-P``: the directory that a person happens to stand in must not supply Python modules.
        """
        command = [sys.executable, "-P", "-m", "imagechat_tui", "serve", "--local"]
        if self.shared is not None:
            return [*command, "--shared", str(self.shared.absolute())]
        runtime_dir, data_dir = self.runtime_dir.absolute(), self.data_dir.absolute()
        return [*command, "--runtime-dir", str(runtime_dir), "--data-dir", str(data_dir)]


def default_runtime_dir(environ: Mapping[str, str], state_dir: Path | None = None) -> Path:
    """The private directory for socket and lock: under ``XDG_RUNTIME_DIR``, else under the temp directory.

    Args:
        environ: The environment; ``XDG_RUNTIME_DIR`` counts if it is a directory of ours whose path leaves
            room for the socket's.
        state_dir: Where it is written down which one is taken if somebody else has the usual name; None is nowhere.
    """
    given = environ.get("XDG_RUNTIME_DIR", "")
    if given and Path(given).is_absolute() and _is_ours(Path(given)):
        chosen = Path(given) / "imagechat"
        if _fits(chosen / SOCKET_NAME):
            return chosen
    import tempfile

    fallback = Path(tempfile.gettempdir()) / f"imagechat-{os.geteuid()}"
    if not _fits(fallback.with_name(f"{fallback.name}-12345678") / SOCKET_NAME):
        fallback = Path("/tmp") / fallback.name
    if is_private(fallback) or not os.path.lexists(fallback) or state_dir is None:
        return fallback
    return _elsewhere(fallback, state_dir)


def _elsewhere(taken: Path, state_dir: Path) -> Path:
    """A directory beside the one whose name is taken, the same for every process of this user."""
    import fcntl
    import tempfile

    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        note = open_file(state_dir / "runtime-dir", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(note, fcntl.LOCK_EX)
            written = Path(os.fsdecode(os.pread(note, 4096, 0)))
            if written.name.startswith(f"{taken.name}-") and written.parent == taken.parent:
                with contextlib.suppress(FileExistsError):
                    written.mkdir(mode=0o700)
                if is_private(written):
                    return written
            made = Path(tempfile.mkdtemp(prefix=f"{taken.name}-", dir=taken.parent))
            os.ftruncate(note, 0)
            os.pwrite(note, os.fsencode(made), 0)
            return made
        finally:
            os.close(note)
    except OSError:
        return taken  # what is wrong with it is told when it is to be used


def endpoint(spec: LocalServer) -> Endpoint:
    """How the client reaches it. The host name is for show: nothing but the socket's path is used."""
    from imagechat_tui.net.endpoint import Endpoint

    return Endpoint(
        base_url="http://imagechat.local",
        ws_url="ws://imagechat.local",
        tenant_id=LOCAL_TENANT,
        uds=spec.socket_path,
    )


def spawn_early(spec: LocalServer) -> None:
    """Start the server if none listens, and wait for nothing: it comes up while more is loaded here.

    Never raises: what is wrong here is found again, and told, by ``ensure_running``.
    """
    with contextlib.suppress(OSError, LocalServerFailed):
        _prepare(spec)
        if listens(spec) or spec.keeper != os.geteuid():
            return
        lock = try_lock(spec.lock_path)
        if lock is not None:
            try:
                if not listens(spec):
                    _spawn(spec, lock)
            finally:
                os.close(lock)


async def ensure_running(spec: LocalServer) -> None:
    """Return once a server listens, starting one if need be. Cheap if one does.

    May be called by any number of tasks and processes at once. A server of another version that nobody
    else uses is replaced.

    Raises:
        LocalServerFailed: None could be started.
    """
    began_s = time.time()
    for child in [child for child in _children if child.poll() is not None]:
        _children.remove(child)
    try:
        _prepare(spec)
        ours = spec.keeper == os.geteuid()
        if listens(spec) and not (ours and await _retired(spec)):
            return
        if not ours:
            raise _keeper_away(spec)
        await _started(spec, began_s=began_s, deadline=time.monotonic() + START_TIMEOUT_S)
    except TimeoutError as error:
        not_ready = problems.ServerNotReady(str(spec.log_path), _last_line(spec))
        raise LocalServerFailed(not_ready) from error
    except OSError as error:
        at = os.fsdecode(error.filename) if error.filename else str(spec.lock_path)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        kind = problems.DiskFull if full else problems.NotWritable
        raise LocalServerFailed(kind(at, error.strerror or "")) from error


async def _started(spec: LocalServer, *, began_s: float, deadline: float) -> None:
    """Get the lock or see somebody else's server come up; with the lock, spawn and wait.

    Waiting is looking: a lock and a socket of other processes send no signal.
    """
    while (lock := try_lock(spec.lock_path)) is None:
        if listens(spec):
            return
        await _pause(deadline)
    try:
        if listens(spec):
            return
        _raise_if_failed_since(spec, lock, began_s)
        child = _spawn(spec, lock)
        try:
            while not listens(spec):
                if child.poll() is not None:
                    raise _died(spec, _note_death(spec, lock))
                await _pause(deadline)
        except TimeoutError:
            child.kill()
            raise
    finally:
        os.close(lock)


async def _pause(deadline: float) -> None:
    import asyncio

    if time.monotonic() > deadline:
        raise TimeoutError
    await asyncio.sleep(_POLL_S)


async def _retired(spec: LocalServer) -> bool:
    """Whether the running server was of another version, used by nobody, and has gone when asked to.

    Only its owner can ask. If it stays, it is used as it is: the wire is the same.
    """
    import asyncio

    try:
        lock = open_file(spec.lock_path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        version = _ready_line(lock).get("version", __version__)
    finally:
        os.close(lock)
    if version == __version__ or not _fits(spec.admin_path):
        return False
    deadline = time.monotonic() + RETIRE_TIMEOUT_S
    try:
        async with asyncio.timeout(RETIRE_TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(spec.admin_path)
            with contextlib.closing(writer):
                writer.write(b'{"op":"retire"}\n')
                answer = _parsed(await reader.readline())
        while answer.get("ok") is True and listens(spec):
            await _pause(deadline)
    except (OSError, TimeoutError):
        pass
    return not listens(spec)


def _spawn(spec: LocalServer, lock: int) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own. It inherits the lock and writes its ready line into it."""
    os.ftruncate(lock, 0)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in _ENVIRONMENT or name.startswith(("LC_", "XDG_"))
    }
    log = _opened_log(spec)
    try:
        child = subprocess.Popen(
            [*spec.command, "--ready-fd", str(lock)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock,),
            cwd="/",
            env=environment,
            start_new_session=True,
        )
    finally:
        os.close(log)
    _children.append(child)
    return child


def listens(spec: LocalServer) -> bool:
    """Whether a server accepts connections. A stale socket file refuses, a missing one is missing.

    Raises:
        LocalServerFailed: Somebody else's program listens there, or nobody may look.
    """
    path = spec.socket_path
    try:
        found = path.lstat()
        if not stat.S_ISSOCK(found.st_mode):
            return False  # a server that starts takes its place
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            try:
                probe.connect(os.fspath(path))
            except BlockingIOError:
                return True  # its queue is full: it lives
            listening = peer_uid(probe)
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except PermissionError as error:
        if spec.shared is None:
            raise
        _, group = spec.keeper_and_group()
        raise LocalServerFailed(problems.NotAMember(str(spec.shared), group)) from error
    if listening not in (None, spec.keeper):
        raise LocalServerFailed(problems.Stranger(str(path), _login(listening)))
    return True


def _login(user_id: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"user {user_id}"


def _group(group_id: int) -> str:
    import grp

    try:
        return grp.getgrgid(group_id).gr_name
    except KeyError:
        return f"group {group_id}"


def runs(spec: LocalServer) -> bool:
    """Whether a server listens. Nothing is made or started: it is for who only looks.

    Raises:
        LocalServerFailed: None could be started, or none by us.
        OSError: Nobody may look.
    """
    if not _fits(spec.socket_path):
        raise LocalServerFailed(problems.PathTooLong(str(spec.socket_path)))
    if spec.shared is not None:
        _check_shared(spec.shared)
    ours = spec.keeper == os.geteuid()
    private = spec.runtime_dir if spec.shared is None else spec.shared / SHARED_DATA
    if ours and os.path.lexists(private) and not is_private(private):
        raise LocalServerFailed(problems.DirectoryUnsafe(str(private)))
    if listens(spec):
        return True
    if not ours:
        raise _keeper_away(spec)
    return False


def _keeper_away(spec: LocalServer) -> LocalServerFailed:
    return LocalServerFailed(problems.KeeperAway(str(spec.socket_path.parent), _login(spec.keeper)))


def _prepare(spec: LocalServer) -> None:
    """Make the directories and refuse those that others could meddle with, before anything is trusted."""
    if not _fits(spec.socket_path):
        raise LocalServerFailed(problems.PathTooLong(str(spec.socket_path)))
    if spec.shared is not None:
        _check_shared(spec.shared)
        if spec.keeper == os.geteuid():
            with contextlib.suppress(FileExistsError):
                (spec.shared / SHARED_DATA).mkdir(mode=0o700)
            if not is_private(spec.shared / SHARED_DATA):
                raise LocalServerFailed(problems.DirectoryUnsafe(str(spec.shared / SHARED_DATA)))
        return
    spec.runtime_dir.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        spec.runtime_dir.mkdir(mode=0o700)
    with contextlib.suppress(OSError):  # for the log alone
        spec.state_dir.mkdir(mode=0o700, parents=True)
    if not is_private(spec.runtime_dir):
        raise LocalServerFailed(problems.DirectoryUnsafe(str(spec.runtime_dir)))


def _check_shared(directory: Path) -> None:
    """Refuse a shared directory that is not its keeper's alone to write to, or that others could replace."""
    try:
        found = directory.lstat()
        right = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_IXGRP
        if not right or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise LocalServerFailed(problems.SharedDirectoryUnfit(str(directory)))
        weak = replaceable_at(directory, {0, os.geteuid(), found.st_uid})
    except FileNotFoundError as error:
        raise LocalServerFailed(problems.SharedDirectoryMissing(str(directory))) from error
    if weak is not None:
        raise LocalServerFailed(problems.SharedReplaceable(str(weak)))


def _is_ours(directory: Path) -> bool:
    """Whether it is a directory of this user that can be written to, and not a link to one."""
    try:
        found = directory.lstat()
    except OSError:
        return False
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return ours and os.access(directory, os.W_OK | os.X_OK)


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= MAX_SOCKET_PATH


def _opened_log(spec: LocalServer) -> int:
    """The log, open to append; begun anew once it is large. A server without a log is better than none."""
    try:
        log = open_file(spec.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    if os.fstat(log).st_size > MAX_LOG_BYTES:
        os.ftruncate(log, 0)
    return log


def _raise_if_failed_since(spec: LocalServer, lock: int, began_s: float) -> None:
    """Of twenty clients that waited for a start that failed, one tried: the others believe it.

    Not who came later, when it may have been mended, nor who waited for a server with other data.
    """
    line = _ready_line(lock)
    same_data = line.get("data") == os.fspath(spec.data_dir)
    if line.get("ready") is False and same_data and os.fstat(lock).st_mtime >= began_s - FILE_CLOCK_S:
        raise _died(spec, _cause(line))


def _note_death(spec: LocalServer, lock: int) -> ServeProblem | None:
    """What the dead server told of the reason, left behind for those who wait."""
    import json

    cause = _cause(_ready_line(lock))
    os.ftruncate(lock, 0)
    note = {"ready": False, "data": os.fspath(spec.data_dir), **(to_builtins(cause) if cause else {})}
    os.pwrite(lock, json.dumps(note).encode(), 0)
    return cause


def _cause(line: dict[str, object]) -> ServeProblem | None:
    """Why a server did not start, of a line that says so; None if it does not, or not in words that we know."""
    try:
        cause: ServeProblem = convert(line, ServeProblem)
    except ValidationError:
        return None
    return cause


def _ready_line(lock: int) -> dict[str, object]:
    return _parsed(os.pread(lock, MAX_READY_LINE, 0))


def _parsed(line: bytes) -> dict[str, object]:
    import json

    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _died(spec: LocalServer, cause: ServeProblem | None) -> LocalServerFailed:
    return LocalServerFailed(problems.ServerDied(str(spec.log_path), cause, _last_line(spec)))


def _last_line(spec: LocalServer) -> str:
    """The end of the log, as it was written; empty if there is none."""
    try:
        with open(open_file(spec.log_path, os.O_RDONLY), "rb") as log:  # noqa: PTH123 (a descriptor)
            log.seek(max(0, os.fstat(log.fileno()).st_size - 8192))
            lines = log.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""
