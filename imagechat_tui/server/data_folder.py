"""The data folder of a server: who holds it, and what lies in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from imagechat_tui.server.seal import Sealer

if TYPE_CHECKING:
    from imagechat_tui.server.storage import Store

DATABASE_NAME = "imagechat.sqlite"
KEY_FILE_NAME = "seal.key"
LOCK_NAME = "server.lock"

_POLL_S = 0.02


class DataInUse(Exception):
    """Another server holds the folder."""

    def __init__(self, data_dir: Path, pid: int | None) -> None:
        super().__init__(str(data_dir))
        self.data_dir = data_dir
        self.pid = pid
        """The process that holds it, if it has written its number yet."""


def wall_ms() -> int:
    """The clock of the server, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def make_data_folder(data_dir: Path) -> None:
    """Make it, private, unless it exists.

    Raises:
        OSError: It cannot be made or written to.
    """
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        data_dir.mkdir(mode=0o700)


@contextlib.contextmanager
def held_folder(data_dir: Path, *, group: bool = False, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the folder's lock. It lies beside the database and not in the runtime directory, which vanishes
    at logout while the server lives.

    Args:
        data_dir: The folder.
        group: Whether members of the folder's group may hold it in turn.
        wait_s: How long to wait for one that is just leaving.

    Raises:
        DataInUse: Another process holds it.
        OSError: The folder cannot be written to.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    lock = os.open(data_dir / LOCK_NAME, flags, 0o660 if group else 0o600)
    try:
        deadline = time.monotonic() + wait_s
        while not _taken(lock):
            if time.monotonic() >= deadline:
                raise DataInUse(data_dir, _pid_in(lock))
            time.sleep(_POLL_S)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(lock)


@contextlib.asynccontextmanager
async def opened_store(data_dir: Path, *, group: bool = False) -> AsyncIterator[tuple[Store, Sealer]]:
    """The store of a folder that is held, and the sealer of its secrets."""
    from imagechat_tui.server.storage.sqlite import SqliteStore, lock_path

    database = data_dir / DATABASE_NAME
    for path in (database, lock_path(database)):  # SQLite gives its other files the rights of the first
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660 if group else 0o600))
    store = await SqliteStore.open(database, now_ms=wall_ms)
    try:
        yield store, Sealer(data_dir / KEY_FILE_NAME, group=group)
    finally:
        await store.close()


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid_in(lock: int) -> int | None:
    written = os.pread(lock, 32, 0)
    return int(written) if written.isdigit() else None
