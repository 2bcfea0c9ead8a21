"""The local server on demand: found if it runs, started if it does not, one for everybody.

Nobody is elected and nothing is polled for long; the kernel's file locks decide:

- ``spawn.lock`` is held from before the spawn until the new server listens (the server inherits the open
  file, writes its ready line into it and closes it) or is dead. So whoever gets the lock and still finds
  nobody listening may spawn, and nobody else can at that moment.
- ``server.lock``, beside the database, is held by a server for its whole life: a second one cannot start,
  even if the runtime directory was wiped at logout and made anew.

A socket file is renamed into place after ``listen``: what can be seen can be connected to. A stale one
refuses connections and is replaced.

Importing this module costs next to nothing: it runs before the screen's libraries are loaded.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from imagechat_tui import __version__

if TYPE_CHECKING:
    from imagechat_tui.net.endpoint import Endpoint

SOCKET_NAME = "server.sock"
ADMIN_SOCKET_NAME = "admin.sock"
MAX_SOCKET_PATH = 107
"""Bytes that ``sun_path`` holds before its end mark."""

START_TIMEOUT_S = 15.0
RETIRE_TIMEOUT_S = 5.0
MAX_LOG_BYTES = 1 << 20
LOG_TAIL_LINES = 12

_POLL_S = 0.01
_ENVIRONMENT = frozenset(
    {"HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONUTF8"}
    | {"SHELL", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"}
)
"""What a server started for a person gets of his environment; never a token."""

_children: list[subprocess.Popen[bytes]] = []
"""Servers that this process started: asked now and then, so that a dead one is no zombie."""


class LocalServerProblem(StrEnum):
    """Why there is no local server."""

    DIRECTORY_UNSAFE = "directory-unsafe"
    """The runtime directory is somebody else's, a link, or open to others."""
    SHARED_DIRECTORY_WRONG = "shared-directory-wrong"
    """The shared directory is missing, or lacks group rights (mode 2770)."""
    PATH_TOO_LONG = "path-too-long"
    """The socket's path does not fit into the kernel's structure."""
    NOT_WRITABLE = "not-writable"
    """A directory or file could not be made; ``path`` says which."""
    DIED = "died"
    """It was started and ended at once; the log says why."""
    NOT_READY = "not-ready"
    """It was started and did not answer in time."""


class LocalServerFailed(Exception):
    """There is no local server and none could be started."""

    def __init__(
        self, problem: LocalServerProblem, path: Path, *, log_tail: str = "", cause: str = ""
    ) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.path = path
        """The directory, socket or log that it is about."""
        self.log_tail = log_tail
        """Last lines of the server's log, as written: not yet made safe for a terminal."""
        self.cause = cause
        """The server's own word for what stopped it (``ServeProblem``), if it still had one."""


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
        return (self.shared or self.runtime_dir) / "spawn.lock"

    @property
    def log_path(self) -> Path:
        """What the server writes to."""
        return (self.shared or self.state_dir) / "server.log"

    @property
    def admin_path(self) -> Path:
        """Where the server's owner may ask it to go."""
        return (self.shared or self.data_dir) / ADMIN_SOCKET_NAME

    @property
    def command(self) -> list[str]:
        """The server's command line, but for the descriptor of the ready line.

        ``-P``: the directory that a person happens to stand in must not supply Python modules.
        """
        runtime_dir, data_dir = self.shared or self.runtime_dir, self.shared or self.data_dir
        command = [sys.executable, "-P", "-m", "imagechat_tui", "serve", "--local"]
        command += ["--runtime-dir", str(runtime_dir.absolute()), "--data-dir", str(data_dir.absolute())]
        return [*command, "--shared"] if self.shared else command


def default_runtime_dir(environ: Mapping[str, str]) -> Path:
    """The private directory for socket and lock: under ``XDG_RUNTIME_DIR``, else under the temp directory.

    Args:
        environ: The environment; ``XDG_RUNTIME_DIR`` counts if it is a directory of ours whose path leaves
            room for the socket's.
    """
    given = environ.get("XDG_RUNTIME_DIR", "")
    if given and Path(given).is_absolute() and _is_ours(Path(given)):
        chosen = Path(given) / "imagechat"
        if _fits(chosen / SOCKET_NAME):
            return chosen
    import tempfile

    fallback = Path(tempfile.gettempdir()) / f"imagechat-{os.geteuid()}"
    return fallback if _fits(fallback / SOCKET_NAME) else Path("/tmp") / fallback.name


def endpoint(spec: LocalServer) -> Endpoint:
    """How the client reaches it. The host name is for show: nothing but the socket's path is used."""
    from imagechat_tui.net.endpoint import Endpoint
    from imagechat_tui.protocol.ids import TenantId

    return Endpoint(
        base_url="http://imagechat.local",
        ws_url="ws://imagechat.local",
        tenant_id=TenantId("local"),
        uds=spec.socket_path,
    )


def spawn_early(spec: LocalServer) -> None:
    """Start the server if none listens, and wait for nothing: it comes up while the screen is loading.

    Never raises: what is wrong here is found again, and told, by ``ensure_running``.
    """
    with contextlib.suppress(OSError, LocalServerFailed):
        _prepare(spec)
        if _listens(spec):
            return
        with _opened_lock(spec) as lock:
            if _taken(lock) and not _listens(spec):
                _spawn(spec, lock)


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
        if _listens(spec) and not await _retired(spec):
            return
        await _started(spec, began_s=began_s, deadline=time.monotonic() + START_TIMEOUT_S)
    except TimeoutError as error:
        raise _failed(spec, LocalServerProblem.NOT_READY) from error
    except OSError as error:
        at = Path(os.fsdecode(error.filename)) if error.filename else spec.lock_path
        raise LocalServerFailed(LocalServerProblem.NOT_WRITABLE, at, cause=error.strerror or "") from error


async def _started(spec: LocalServer, *, began_s: float, deadline: float) -> None:
    """Get the lock or see somebody else's server come up; with the lock, spawn and wait.

    Waiting is looking: a lock and a socket of other processes send no signal.
    """
    with _opened_lock(spec) as lock:
        while not _taken(lock):
            if _listens(spec):
                return
            await _pause(deadline)
        if _listens(spec):
            return
        _raise_if_failed_since(spec, lock, began_s)
        child = _spawn(spec, lock)
        try:
            while not _listens(spec):
                if child.poll() is not None:
                    raise _failed(spec, LocalServerProblem.DIED, cause=_note_death(spec, lock))
                await _pause(deadline)
        except TimeoutError:
            child.kill()
            raise


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

    with _opened_lock(spec) as lock:
        version = _ready_line(lock).get("version", __version__)
    if version == __version__ or not _fits(spec.admin_path):
        return False
    deadline = time.monotonic() + RETIRE_TIMEOUT_S
    try:
        async with asyncio.timeout(RETIRE_TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(spec.admin_path)
            with contextlib.closing(writer):
                writer.write(b'{"op":"retire"}\n')
                answer = _parsed(await reader.readline())
        while answer.get("ok") is True and _listens(spec):
            await _pause(deadline)
    except (OSError, TimeoutError):
        pass
    return not _listens(spec)


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


def _listens(spec: LocalServer) -> bool:
    """Whether a server accepts connections. A stale socket file refuses, a missing one is missing."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(spec.socket_path))
        except BlockingIOError:
            return True  # its queue is full: it lives
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


def _prepare(spec: LocalServer) -> None:
    """Make the directories and refuse those that others could meddle with, before anything is trusted."""
    if not _fits(spec.socket_path):
        raise LocalServerFailed(LocalServerProblem.PATH_TOO_LONG, spec.socket_path)
    if spec.shared is not None:
        if not _is_groups(spec.shared):
            raise LocalServerFailed(LocalServerProblem.SHARED_DIRECTORY_WRONG, spec.shared)
        return
    for directory in (spec.runtime_dir, spec.state_dir):
        directory.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
    if not _is_ours(spec.runtime_dir, private=True):
        raise LocalServerFailed(LocalServerProblem.DIRECTORY_UNSAFE, spec.runtime_dir)


def _is_ours(directory: Path, *, private: bool = False) -> bool:
    """Whether it is a directory of this user (not a link to one), and, if asked, closed to all others."""
    try:
        found = directory.lstat()
    except OSError:
        return False
    open_to_others = found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not (private and open_to_others)


def _is_groups(directory: Path) -> bool:
    """Whether a group shares it: set-group-id and writable for the group, closed to the world."""
    try:
        found = directory.lstat()
    except OSError:
        return False
    wanted = stat.S_ISGID | stat.S_IRWXG
    return (
        stat.S_ISDIR(found.st_mode) and found.st_mode & wanted == wanted and not found.st_mode & stat.S_IWOTH
    )


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= MAX_SOCKET_PATH


@contextlib.contextmanager
def _opened_lock(spec: LocalServer) -> Iterator[int]:
    """The spawn lock, not taken yet. In a shared directory every member may take it, whatever our umask."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    lock = os.open(spec.lock_path, flags, 0o600)
    try:
        _share(spec, lock)
        yield lock
    finally:
        os.close(lock)


def _opened_log(spec: LocalServer) -> int:
    """The log, open to append; begun anew once it is large. A server without a log is better than none."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        log = os.open(spec.log_path, flags, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    _share(spec, log)
    if os.fstat(log).st_size > MAX_LOG_BYTES:
        os.ftruncate(log, 0)
    return log


def _share(spec: LocalServer, descriptor: int) -> None:
    """Give the group its right to a file of a shared directory, if it is ours to give."""
    if spec.shared is not None:
        with contextlib.suppress(PermissionError):
            os.fchmod(descriptor, 0o660)


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _raise_if_failed_since(spec: LocalServer, lock: int, began_s: float) -> None:
    """Of twenty clients that waited for a start that failed, one tried: the others believe it.

    Not who came later, when it may have been mended, nor who waited for a server with other data.
    """
    line = _ready_line(lock)
    same_data = line.get("data") == os.fspath(spec.data_dir)
    if line.get("ready") is False and same_data and os.fstat(lock).st_mtime >= began_s:
        raise _failed(spec, LocalServerProblem.DIED, cause=str(line.get("problem", "")))


def _note_death(spec: LocalServer, lock: int) -> str:
    """The dead server's own word for what stopped it, left behind for those who wait."""
    cause = str(_ready_line(lock).get("problem", ""))
    os.ftruncate(lock, 0)
    note = {"ready": False, "problem": cause, "data": os.fspath(spec.data_dir)}
    os.pwrite(lock, json.dumps(note).encode(), 0)
    return cause


def _ready_line(lock: int) -> dict[str, object]:
    return _parsed(os.pread(lock, 4096, 0))


def _parsed(line: bytes) -> dict[str, object]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _failed(spec: LocalServer, problem: LocalServerProblem, *, cause: str = "") -> LocalServerFailed:
    return LocalServerFailed(problem, spec.log_path, log_tail=_log_tail(spec), cause=cause)


def _log_tail(spec: LocalServer) -> str:
    try:
        with spec.log_path.open("rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - 8192))
            lines = log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-LOG_TAIL_LINES:])
