"""The data folder of a server: who holds it, and what lies in it."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from imagechat_tui.clock import wall_ms
from imagechat_tui.owned import check_file, check_folder, open_file, try_lock
from imagechat_tui.server.guard.seal import Sealer

if TYPE_CHECKING:
    from imagechat_tui.problems import DataHolder
    from imagechat_tui.server.storage import Store

DATABASE_NAME = "imagechat.sqlite"
KEY_FILE_NAME = "seal.key"
LOCK_NAME = "server.lock"
PICTURES_NAME = "pictures"

VERB_WAIT_S = 5.0
"""A verb holds the folder no longer than it takes to write a row; so long is waited for one."""
_POLL_S = 0.02


class DataInUse(Exception):
    """Another process holds the folder."""

    def __init__(self, data_dir: Path, pid: int | None = None, holder: DataHolder | None = None) -> None:
        super().__init__(str(data_dir))
        self.data_dir = data_dir
        self.pid = pid
        """The process that holds it, if it has written its number yet."""
        self.holder = holder
        """What that process is, as far as it is known."""


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
def held_folder(data_dir: Path, holder: DataHolder, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the folder's lock. It lies beside the database and not in the runtime directory, which vanishes
    at logout while the server lives.

    Args:
        data_dir: The folder.
        holder: What holds it from now on.
        wait_s: How long to wait for a server that is just leaving; a server that begins waits for verbs longer.

    Raises:
        DataInUse: Another process holds it.
        NotOurs: Others can write to the folder, or its lock is none.
        OSError: The folder cannot be written to.
    """
    check_folder(data_dir)
    path = data_dir / LOCK_NAME
    began = time.monotonic()
    while (lock := try_lock(path)) is None:
        pid, held_by = _written_in(path)
        patience_s = max(wait_s, VERB_WAIT_S) if holder == "server" and held_by != "server" else wait_s
        if time.monotonic() - began >= patience_s:
            raise DataInUse(data_dir, pid, held_by)
        time.sleep(_POLL_S)
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()} {holder}".encode(), 0)
        yield
    finally:
        with contextlib.suppress(OSError):
            os.ftruncate(lock, 0)  # who holds it next has not written yet while somebody looks
        os.close(lock)


@contextlib.asynccontextmanager
async def opened_store(
    data_dir: Path, database_url: str | None = None
) -> AsyncIterator[tuple[Store, Sealer]]:
    """The store of a folder that is held, and the sealer of its secrets.

    Args:
        data_dir: The folder; the key of the sealer lies in it, and the database if there is no other.
        database_url: PostgreSQL, where everything else lies then.

    Raises:
        DataInUse: Somebody has it open though the folder's lock was free: the lock file was taken away.
        NotOurs: A file of the database is none of ours.
        StoreError: It is no database that can be used.
        ModuleNotFoundError: What speaks to PostgreSQL is not installed.
        SealBroken: The tenants' secrets in it are sealed with another key.
    """
    sealer = Sealer(data_dir / KEY_FILE_NAME)
    store = await (_sqlite(data_dir) if database_url is None else _postgres(database_url, sealer))
    try:
        yield store, sealer
    finally:
        await store.close()


async def _postgres(url: str, sealer: Sealer) -> Store:
    from imagechat_tui.server.storage.postgres import PostgresStore

    store = await PostgresStore.open(url, now_ms=wall_ms)
    try:
        for tenant in await store.tenants():
            if tenant.api_secret_sealed:
                sealer.open(tenant.id, tenant.api_secret_sealed)
                break
    except BaseException:
        await store.close()
        raise
    return store


async def _sqlite(data_dir: Path) -> Store:
    from imagechat_tui.server.storage import StoreInUse
    from imagechat_tui.server.storage.sqlite import SqliteStore

    database = data_dir / DATABASE_NAME
    # SQLite gives its other files the rights of the first, opens all by name, and follows links.
    os.close(open_file(database, os.O_RDWR | os.O_CREAT))
    for ending in ("-wal", "-shm", "-journal"):
        check_file(data_dir / f"{DATABASE_NAME}{ending}")
    try:
        return await SqliteStore.open(database, now_ms=wall_ms)
    except StoreInUse as error:
        raise DataInUse(data_dir) from error


def without_credentials(url: str) -> str:
    """Where a URL leads, to be told: without who signs in there, and without parameters, which may be secrets too."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}" or parts.scheme


def _written_in(path: Path) -> tuple[int | None, DataHolder | None]:
    """Which process holds the lock, and what it is; None for what it has not written yet."""
    with contextlib.suppress(OSError):
        lock = open_file(path, os.O_RDONLY)
        try:
            number, _, kind = os.pread(lock, 32, 0).partition(b" ")
        finally:
            os.close(lock)
        # What a process that was killed has left says nothing of the one that holds it now.
        if number.isdigit() and _lives(int(number)):
            return int(number), "verb" if kind == b"verb" else "server"
    return None, None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
