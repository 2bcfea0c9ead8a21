"""All data of a server in one file, and back: a tar archive, which other programs can read, too.

``imagechat.sqlite``, ``seal.key`` if there is one, ``pictures/TENANT/SHA256``, and at the end ``backup.json``, which
says what stands before it. The key is in it because without it no tenant's secret can be opened; and with the database
alone, which has a secret of its own, one could make sessions anyway. So the file is for its owner alone (0600).

The database is copied by a connection that only reads, beside the server: nobody waits for it, and the server needs
no rights where the backup is written. Pictures are read after it: they never change, so all that it tells of are there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from imagechat_tui import __version__, problems
from imagechat_tui.owned import NotOurs, is_private, open_file, try_lock
from imagechat_tui.problems import AdminRefused, ServeError
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.routes import MAX_PICTURE_BYTES
from imagechat_tui.server.guard.seal import KEY_BYTES
from imagechat_tui.server.process.checkup import Checked, check, database_in
from imagechat_tui.server.process.data_folder import (
    DATABASE_NAME,
    KEY_FILE_NAME,
    PICTURES_NAME,
    DataInUse,
    held_folder,
    make_data_folder,
)
from imagechat_tui.server.storage import StoreError
from imagechat_tui.server.storage.migrations import steps
from imagechat_tui.server.storage.pictures import kept_pictures, place_of_picture, read_picture

FORMAT: Final = 1
MANIFEST_NAME: Final = "backup.json"
RESTORING_NAME: Final = "restoring"
"""Where a backup is unpacked, in the data folder. If it is there already, a restore was cut short."""
_BLOCK: Final = 512
_CHUNK: Final = 1 << 20
_MANIFEST_BYTES: Final = 1 << 16
_PICTURE: Final = re.compile(rf"{PICTURES_NAME}/([A-Za-z0-9_-]{{1,64}})/([0-9a-f]{{64}})")

Told = Callable[[int, int], None]
"""Is told how many bytes are done, and about how many there are."""


class Manifest(Struct, frozen=True, rename="camel"):
    """What a backup has in it."""

    format: int
    version: str
    """Of the program that made it."""
    steps: int
    """Migrations of its database."""
    tenants: int
    comments: int
    pictures: int
    database: str
    """The SHA-256 of each, in hex."""
    key: str | None


class BackedUp(Struct, frozen=True):
    """A backup that is written."""

    bytes: int
    manifest: Manifest
    left_out: tuple[str, ...]
    """Pictures that are damaged."""


def back_up(data_dir: Path, file: Path, told: Told) -> BackedUp:
    """Write what is committed now, and what belongs to it, to a new file.

    Args:
        data_dir: The server's folder; whether it runs does not matter.
        file: Has its name once it is whole and synced, and not before.
        told: Called from time to time.

    Raises:
        AdminRefused: There is no data, the file exists, or the disk is full.
        OSError: Something cannot be read or written, or is somebody else's.
    """
    from imagechat_tui.server.storage.sqlite_file import copy_database, counted

    database = database_in(data_dir)
    if os.path.lexists(file):
        raise AdminRefused(problems.FileThere(str(file)))
    pictures = data_dir / PICTURES_NAME
    with _work_folder(file) as work:
        copy = work / DATABASE_NAME
        expected = 2 * database.stat().st_size + sum(
            path.stat().st_size for _tenant, _sha256, path in kept_pictures(pictures)
        )
        try:
            copy_database(database, copy, lambda: told(_size(copy), expected))
            contents = counted(copy)
        except StoreError as error:
            if error.disk_full:
                raise AdminRefused(problems.DiskFull(str(file), str(error))) from error
            raise AdminRefused(problems.DataBroken(str(data_dir))) from error
        copied = _size(copy)
        written = work / "archive"
        with os.fdopen(open_file(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as archive:
            digest = _add_file(archive, DATABASE_NAME, copy, lambda done: told(copied + done, expected))
            copy.unlink()
            key = _key(data_dir / KEY_FILE_NAME)
            if key is not None:
                _add(archive, KEY_FILE_NAME, key)
            count, left_out = 0, []
            for tenant_id, sha256, path in kept_pictures(pictures):
                content = read_picture(path)
                if content is None:
                    left_out.append(str(path.relative_to(data_dir)))
                    continue
                _add(archive, f"{PICTURES_NAME}/{tenant_id}/{sha256}", content)
                count += 1
                told(copied + archive.tell(), expected)
            manifest = Manifest(
                FORMAT,
                __version__,
                contents.steps,
                len(contents.sealed),
                contents.comments,
                count,
                database=digest,
                key=None if key is None else hashlib.sha256(key).hexdigest(),
            )
            _add(archive, MANIFEST_NAME, msgspec.json.encode(manifest))
            archive.write(bytes(2 * _BLOCK))
            archive.flush()
            os.fsync(archive.fileno())
        _name(written, file)
        return BackedUp(_size(file), manifest, tuple(left_out))


def take_over(made: Path, owner: int, file: Path, told: Callable[[int], None]) -> None:
    """Copy a backup that a server of another user has made in its folder to where it is to be: see ``back_up``.

    Raises:
        NotOurs: It is no plain file of that user: they could have put a link there to what only root can read.
    """
    if os.path.lexists(file):
        raise AdminRefused(problems.FileThere(str(file)))
    source = os.open(made, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(source, "rb") as archive, _work_folder(file) as work:
        found = os.fstat(source)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != owner:
            raise NotOurs(made, "no plain file of the server's")
        with _created(work / "archive") as written:
            while chunk := archive.read(_CHUNK):
                written.write(chunk)
                told(written.tell())
        _name(work / "archive", file)


def restore(file: Path, data_dir: Path, told: Told) -> Checked:
    """Put a backup into a folder that has no data, and look at what is there then.

    The whole file is looked at first, then unpacked beside; the database gets its name last.

    Raises:
        AdminRefused: It is no backup, or not whole, or there is data; nothing was written.
        ServeError: A server has the folder.
        OSError: Something cannot be read or written, or is somebody else's.
    """
    with _opened(file) as archive:
        whole = 2 * _size(file)
        manifest = _read_through(file, archive, None, lambda done: told(done, whole))
        if manifest.steps > len(steps("sqlite")):
            raise AdminRefused(problems.BackupNewer(str(file)))
        _refuse_data(data_dir)
        make_data_folder(data_dir)
        try:
            with held_folder(data_dir, "verb"):
                _refuse_data(data_dir)
                staged = data_dir / RESTORING_NAME
                shutil.rmtree(staged, ignore_errors=True)
                staged.mkdir(mode=0o700)
                try:
                    archive.seek(0)
                    _read_through(file, archive, staged, lambda done: told(whole // 2 + done, whole))
                    _sync_folders(staged)
                except BaseException:
                    shutil.rmtree(staged, ignore_errors=True)
                    raise
                _move_in(staged, data_dir)
        except DataInUse as error:
            raise ServeError(problems.DataInUse(str(data_dir), error.pid, error.holder)) from error
    return check(data_dir)


def _refuse_data(data_dir: Path) -> None:
    for name in (DATABASE_NAME, f"{DATABASE_NAME}-wal", KEY_FILE_NAME, PICTURES_NAME):
        if os.path.lexists(data_dir / name):
            raise AdminRefused(problems.DataThere(str(data_dir / name)))


def _move_in(staged: Path, data_dir: Path) -> None:
    """Give each part its name: the database at last, since with it there is data."""
    for name in (PICTURES_NAME, KEY_FILE_NAME, DATABASE_NAME):
        with contextlib.suppress(FileNotFoundError):
            (staged / name).rename(data_dir / name)
            _sync_folder(data_dir)
    staged.rmdir()


# -- the archive


def _add(archive: BinaryIO, name: str, content: bytes) -> None:
    archive.write(_header(name, len(content)))
    archive.write(content)
    archive.write(bytes(-len(content) % _BLOCK))


def _add_file(archive: BinaryIO, name: str, path: Path, told: Callable[[int], None]) -> str:
    """Add a file. Returns the SHA-256 of its bytes."""
    digest, length = hashlib.sha256(), _size(path)
    archive.write(_header(name, length))
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            archive.write(chunk)
            told(file.tell())
    archive.write(bytes(-length % _BLOCK))
    return digest.hexdigest()


def _header(name: str, length: int) -> bytes:
    """As POSIX has it, or for what is longer than 8 GB as GNU tar has it."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = length, 0o600
    return info.tobuf(tarfile.GNU_FORMAT if length >= 8**11 else tarfile.USTAR_FORMAT)


def _read_through(file: Path, archive: BinaryIO, into: Path | None, told: Callable[[int], None]) -> Manifest:
    """Compare everything with its checksum, and write it into a folder if there is one.

    Only names that a backup has are taken, each once; no folders, links, or anything else that tar can say.
    """
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    while (member := _next_header(file, archive)) is not None:
        name, length = member
        most = {KEY_FILE_NAME: KEY_BYTES, MANIFEST_NAME: _MANIFEST_BYTES}.get(name, MAX_PICTURE_BYTES)
        target = _target(name)
        if target is None or name in found or manifest or (name != DATABASE_NAME and length > most):
            raise _refused(file, "foreign")
        if name == MANIFEST_NAME:
            manifest = _manifest(file, b"".join(_content(file, archive, length)))
            continue
        digest = hashlib.sha256()
        with contextlib.ExitStack() as stack:
            written = None if into is None else stack.enter_context(_created(into / target))
            for chunk in _content(file, archive, length):
                digest.update(chunk)
                if written is not None:
                    written.write(chunk)
                told(archive.tell())
        found[name] = digest.hexdigest()
    if manifest is None:
        raise _refused(file, "foreign")
    expected = {DATABASE_NAME: manifest.database} | ({KEY_FILE_NAME: manifest.key} if manifest.key else {})
    pictures = [name for name in found if _PICTURE.fullmatch(name)]
    expected |= {name: name.rpartition("/")[2] for name in pictures}
    if found != expected or len(pictures) != manifest.pictures:
        raise _refused(file, "changed")
    return manifest


def _next_header(file: Path, archive: BinaryIO) -> tuple[str, int] | None:
    """Name and length of what follows; None at the end."""
    block = archive.read(_BLOCK)
    if block == bytes(_BLOCK):
        return None
    if len(block) < _BLOCK:
        raise _refused(file, "cut-off" if archive.tell() > _BLOCK else "foreign")
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, ValueError) as error:
        raise _refused(file, "foreign" if archive.tell() == _BLOCK else "changed") from error
    if info.type != tarfile.REGTYPE or info.size < 0:
        raise _refused(file, "foreign")
    if info.size > os.fstat(archive.fileno()).st_size - archive.tell():
        raise _refused(file, "cut-off")
    return info.name, info.size


def _content(file: Path, archive: BinaryIO, length: int) -> Iterator[bytes]:
    left = length
    while left:
        chunk = archive.read(min(left, _CHUNK))
        if not chunk:
            raise _refused(file, "cut-off")
        left -= len(chunk)
        yield chunk
    archive.read(-length % _BLOCK)


def _manifest(file: Path, content: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _refused(file, "changed") from error
    if manifest.format != FORMAT:
        raise AdminRefused(problems.BackupNewer(str(file)))
    return manifest


def _target(name: str) -> Path | None:
    """Where something belongs in a data folder; None for what does not."""
    if name in (DATABASE_NAME, KEY_FILE_NAME, MANIFEST_NAME):
        return Path(name)
    if picture := _PICTURE.fullmatch(name):
        return place_of_picture(Path(PICTURES_NAME), TenantId(picture[1]), picture[2])
    return None


def _refused(file: Path, why: problems.NotABackupWhy) -> AdminRefused:
    return AdminRefused(problems.NotABackup(str(file), why))


# -- files


@contextlib.contextmanager
def _work_folder(file: Path) -> Iterator[Path]:
    """A private folder beside a file that will be. What a backup that was killed has left in it goes first.

    Raises:
        AdminRefused: Another backup to the same file is being made.
    """
    work = file.with_name(f".{file.name}.unfinished")
    with contextlib.suppress(FileExistsError):
        work.mkdir(mode=0o700)
    if not is_private(work):
        raise NotOurs(work, "somebody else's, or open to others")
    lock = try_lock(work / "lock")
    if lock is None:
        raise AdminRefused(problems.FileThere(str(file)))
    try:
        for name in (DATABASE_NAME, f"{DATABASE_NAME}-journal", "archive"):
            (work / name).unlink(missing_ok=True)
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        os.close(lock)


def _name(written: Path, file: Path) -> None:
    """Give a file its name, which nothing else may have."""
    try:
        os.link(written, file)
    except FileExistsError as error:
        raise AdminRefused(problems.FileThere(str(file))) from error
    except OSError as error:  # a disk of a kind that knows no links
        if os.path.lexists(file):
            raise AdminRefused(problems.FileThere(str(file))) from error
        written.rename(file)
    _sync_folder(file.parent)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    # Non-blocking: to open a FIFO would wait for its other end.
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as archive:
        if not file.is_file():
            raise _refused(file, "foreign")
        yield archive


@contextlib.contextmanager
def _created(path: Path) -> Iterator[BinaryIO]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _key(path: Path) -> bytes | None:
    try:
        with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
            key = file.read(KEY_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(key) != KEY_BYTES:
        raise AdminRefused(problems.SecretsSealed(str(path.parent)))
    return key


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _sync_folders(folder: Path) -> None:
    for above, _folders, _files in os.walk(folder):
        _sync_folder(Path(above))


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
