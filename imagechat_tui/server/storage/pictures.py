"""Pictures themselves, by what is in them: files of one folder, for a colleague who has a link and not the file.

Only who names the bytes can ask for them, and each tenant has a folder of its own: what another one has is not there. A
file is whole or it is not there: it gets its name after it is synced. Nothing is decoded here.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

from imagechat_tui.owned import check_folder, open_file
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.routes import MAX_PICTURE_BYTES
from imagechat_tui.server.storage import StoreUnavailable

_LEFT_AFTER_S: Final = 86_400
"""A part as old as that is of a process that ended."""
_KINDS: Final = (
    (b"\x89PNG\r\n\x1a\n", b"", "image/png"),
    (b"\xff\xd8\xff", b"", "image/jpeg"),
    (b"GIF8", b"", "image/gif"),
    (b"RIFF", b"WEBP", "image/webp"),
    (b"BM", b"", "image/bmp"),
)
"""How each kind begins, what it has from its ninth byte on, and what it is called."""
_BEGINNING: Final = 12


class Why(StrEnum):
    """Why a picture is not kept."""

    NO_PICTURE = "no-picture"
    """Of no kind that our client shows."""
    OTHER_BYTES = "other-bytes"
    """They are not those that were named, or not so many."""
    NO_ROOM = "no-room"
    """The tenant has too many already."""


class PictureRefused(Exception):
    """A picture that is not kept."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


class Pictures:
    """The folder.

    Args:
        folder: Where; it is made with the first picture.
        tenant_bytes: How much each tenant may keep, as far as this process has counted.
    """

    def __init__(self, folder: Path, *, tenant_bytes: int) -> None:
        self._folder = folder
        self._tenant_bytes = tenant_bytes
        self._used: dict[TenantId, int] = {}

    async def find(self, tenant_id: TenantId, sha256: str) -> tuple[Path, str] | None:
        """The file of a picture and its media type; None if there is none.

        Args:
            tenant_id: Whose.
            sha256: Of its bytes: 64 lower-case hex digits.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        try:
            return await asyncio.to_thread(self._found, tenant_id, sha256)
        except OSError as error:
            raise StoreUnavailable(str(error)) from error

    async def keep(self, tenant_id: TenantId, sha256: str, length: int, chunks: AsyncIterator[bytes]) -> None:
        """Keep a picture; one that is there stays as it is.

        Args:
            tenant_id: Whose.
            sha256: Of its bytes: 64 lower-case hex digits.
            length: How many they are.
            chunks: The bytes.

        Raises:
            PictureRefused: See there; nothing is kept.
            StoreUnavailable: The disk is full or broken; nothing is kept.
        """
        try:
            if await asyncio.to_thread(self._found, tenant_id, sha256) is not None:
                return
            if tenant_id not in self._used:
                self._used[tenant_id] = await asyncio.to_thread(self._count, tenant_id)
            if self._used[tenant_id] + length > self._tenant_bytes:
                raise PictureRefused(Why.NO_ROOM)
            self._used[tenant_id] += length
            try:
                await self._receive(self._path(tenant_id, sha256), sha256, length, chunks)
            except BaseException:
                self._used[tenant_id] -= length
                raise
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise StoreUnavailable(str(error), disk_full=full) from error

    async def _receive(self, path: Path, sha256: str, length: int, chunks: AsyncIterator[bytes]) -> None:
        part = await asyncio.to_thread(_Part.begun, path)
        try:
            async for chunk in chunks:
                if part.length + len(chunk) > length:
                    raise PictureRefused(Why.OTHER_BYTES)
                await asyncio.to_thread(part.write, chunk)
            if part.kind is None:
                raise PictureRefused(Why.NO_PICTURE)
            if (part.length, part.sha256) != (length, sha256):
                raise PictureRefused(Why.OTHER_BYTES)
            await asyncio.to_thread(part.finish, path)
        finally:
            await asyncio.to_thread(part.close)

    def _found(self, tenant_id: TenantId, sha256: str) -> tuple[Path, str] | None:
        path = self._path(tenant_id, sha256)
        try:
            with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
                kind = _kind_of(file.read(_BEGINNING))
        except FileNotFoundError:
            return None
        return None if kind is None else (path, kind)

    def _count(self, tenant_id: TenantId) -> int:
        """The bytes of a tenant's pictures. Parts that nobody finishes any more are removed."""
        used = 0
        for path in self._folder.joinpath(tenant_id).glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                found = path.lstat()
                if path.name.startswith(_PART) and found.st_mtime < time.time() - _LEFT_AFTER_S:
                    path.unlink()
                else:
                    used += found.st_size
        return used

    def _path(self, tenant_id: TenantId, sha256: str) -> Path:
        return place_of_picture(self._folder, tenant_id, sha256)


_PART: Final = "part-"
_SHA256: Final = re.compile("[0-9a-f]{64}")


def kept_pictures(folder: Path) -> Iterator[tuple[TenantId, str, Path]]:
    """Whose each picture is, how it is called, and where it lies, in order; but for those that are still coming."""
    for path in sorted(folder.glob("*/*/*")):
        if _SHA256.fullmatch(path.name):
            yield TenantId(path.parent.parent.name), path.name, path


def place_of_picture(folder: Path, tenant_id: TenantId, sha256: str) -> Path:
    """Where a picture lies, or would."""
    return folder / tenant_id / sha256[:2] / sha256


def read_picture(path: Path) -> bytes | None:
    """The bytes of a picture; None if they are not those that it is called by, or cannot be read."""
    try:
        with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
            content = file.read(MAX_PICTURE_BYTES + 1)
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == path.name else None


class _Part:
    """A file that is being written, under a name of its own.

    Who waits for a thread may give up while it works: so one thing is done at a time, and nothing after ``close``, when
    the descriptor may be another file's.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._hash = hashlib.sha256()
        self._beginning = b""
        self._lock = threading.Lock()
        self._closed = False
        self.length = 0

    @classmethod
    def begun(cls, target: Path) -> _Part:
        """A new file beside where it will be."""
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_folder(target.parent)
        path = target.with_name(f"{_PART}{uuid.uuid4().hex}")
        return cls(path, open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))

    @property
    def kind(self) -> str | None:
        """The media type, by how it begins."""
        return _kind_of(self._beginning)

    @property
    def sha256(self) -> str:
        """Of what has been written, in hex."""
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Add some bytes."""
        self._beginning = (self._beginning + chunk[:_BEGINNING])[:_BEGINNING]
        with self._lock:
            if self._closed:
                return
            self._hash.update(chunk)
            self.length += len(chunk)
            left = memoryview(chunk)
            while left:
                left = left[os.write(self._descriptor, left) :]

    def finish(self, target: Path) -> None:
        """Make it durable, then give it its name."""
        with self._lock:
            if self._closed:
                return
            os.fsync(self._descriptor)
            self._path.replace(target)
            folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def close(self) -> None:
        """Let go of it; what was not finished goes."""
        with self._lock:
            self._closed = True
            os.close(self._descriptor)
            self._path.unlink(missing_ok=True)


def _kind_of(beginning: bytes) -> str | None:
    for first, ninth, kind in _KINDS:
        if beginning.startswith(first) and beginning[8:].startswith(ninth):
            return kind
    return None
