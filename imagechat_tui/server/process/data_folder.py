"""The data folder of a server: who holds it, and what lies in it."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from imagechat_tui.clock import wall_ms
from imagechat_tui.owned import check_file, check_folder, open_file, try_lock
from imagechat_tui.server.guard.seal import Sealer

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


def is_disk_full(error: BaseException | None) -> bool:
    """Whether there was no room left, as the system or the store says it."""
    from imagechat_tui.server.storage import StoreError

    match error:
        case OSError(errno=errno.ENOSPC | errno.EDQUOT) | StoreError(disk_full=True):
            return True
        case _:
            return False


def make_data_folder(data_dir: Path) -> None:
    """Make it, private, unless it exists.

    Raises:
        NotOurs: It exists, and others can write to it, or it is somebody else's.
        OSError: It cannot be made.
    """
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        data_dir.mkdir(mode=0o700)
    check_folder(data_dir)


@contextlib.contextmanager
def held_folder(data_dir: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the folder's lock. It lies beside the database and not in the runtime directory, which vanishes
    at logout while the server lives.

    Args:
        data_dir: The folder.
        wait_s: How long to wait for one that is just leaving.

    Raises:
        DataInUse: Another process holds it.
        NotOurs: Others can write to the folder, or its lock is none.
        OSError: The folder cannot be written to.
    """
    check_folder(data_dir)
    path = data_dir / LOCK_NAME
    deadline = time.monotonic() + wait_s
    while (lock := try_lock(path)) is None:
        if time.monotonic() >= deadline:
            raise DataInUse(data_dir, _pid_in(path))
        time.sleep(_POLL_S)
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(lock)


@contextlib.asynccontextmanager
async def opened_store(data_dir: Path) -> AsyncIterator[tuple[Store, Sealer]]:
    """The store of a folder that is held, and the sealer of its secrets.

    Raises:
        NotOurs: A file of the database is none of ours.
        StoreError: It is no database that can be used.
    """
    from imagechat_tui.server.storage.sqlite import SqliteStore

    database = data_dir / DATABASE_NAME
    # SQLite gives its other files the rights of the first, opens all by name, and follows links.
    os.close(open_file(database, os.O_RDWR | os.O_CREAT))
    for ending in ("-wal", "-shm", "-journal"):
        check_file(data_dir / f"{DATABASE_NAME}{ending}")
    store = await SqliteStore.open(database, now_ms=wall_ms)
    try:
        yield store, Sealer(data_dir / KEY_FILE_NAME)
    finally:
        await store.close()


def _pid_in(path: Path) -> int | None:
    with contextlib.suppress(OSError):
        lock = open_file(path, os.O_RDONLY)
        try:
            written = os.pread(lock, 32, 0)
        finally:
            os.close(lock)
        if written.isdigit():
            return int(written)
    return None
