"""Pictures as they were, on disk: what a marker was put on is looked up there when the picture has changed.

A file of its own for each picture, under the hash of its pixels, with the bytes that were read. Anybody who may write
in the folder may write what they like into it: whoever loads one looks whether it has those pixels.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from pathlib import Path
from typing import Final, NamedTuple

from imagechat_tui.owned import NotOurs, is_private, open_file

NEW: Final = ".new-"
"""Begins the name of a file that is being written."""
STRAY_AGE_S: Final = 3600.0
"""One that is older was left behind."""
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class _File(NamedTuple):
    """A picture that is kept."""

    used_ns: int
    """When it was kept or looked up last."""
    size: int
    path: Path


class KeptPictures:
    """The pictures of one user. What the disk refuses is not kept, and nobody is troubled with it.

    Args:
        folder: made when first needed, for this user alone; one that others can look into is not used.
        most_bytes: of all of them; the longest unused go first. 0 keeps none.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self.most_bytes = most_bytes

    def keep(self, pixels: str, data: bytes) -> None:
        """Keep a picture's file. For a thread.

        Args:
            pixels: hash of its pixels, in hex.
            data: the file.
        """
        if not self.most_bytes or len(data) > self.most_bytes or not _HASH.fullmatch(pixels):
            return
        with contextlib.suppress(OSError):
            self._make_folder()
            if self.find(pixels) != data:
                self._write(self.folder / pixels, data)
            self._make_room()

    def find(self, pixels: str) -> bytes | None:
        """The file of a picture that was kept, as it is found; None if there is none. For a thread."""
        if not self.most_bytes or not _HASH.fullmatch(pixels) or not is_private(self.folder):
            return None
        try:
            with open(open_file(self.folder / pixels, os.O_RDONLY), "rb") as file:  # noqa: PTH123 (a descriptor)
                data = file.read(self.most_bytes + 1)
                os.utime(file.fileno())
        except OSError:
            return None
        return data if len(data) <= self.most_bytes else None

    def has(self, pixels: str) -> bool:
        """Whether a picture is kept, as far as can be told without reading it. For a thread."""
        if not self.most_bytes or not _HASH.fullmatch(pixels) or not is_private(self.folder):
            return False
        return (self.folder / pixels).is_file()

    def forget(self, pixels: str) -> None:
        """Remove one that was not what it was kept as."""
        if _HASH.fullmatch(pixels) and is_private(self.folder):
            with contextlib.suppress(OSError):
                (self.folder / pixels).unlink()

    @property
    def used_bytes(self) -> int:
        """How much they take."""
        return sum(file.size for file in self._files())

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_private(self.folder):
            raise NotOurs(self.folder, "others can look into it")

    def _write(self, path: Path, data: bytes) -> None:
        new = self.folder / f"{NEW}{secrets.token_hex(8)}"
        try:
            with open(open_file(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:  # noqa: PTH123
                file.write(data)
            new.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                new.unlink()
            raise

    def _make_room(self) -> None:
        """Remove what is too much; other sessions may do so at the same time."""
        files = sorted(self._files(), reverse=True)
        used, stray_ns = 0, time.time_ns() - int(STRAY_AGE_S * 1e9)
        for file in files:
            used += file.size
            stray = file.path.name.startswith(NEW) and file.used_ns < stray_ns
            if used > self.most_bytes or stray:
                with contextlib.suppress(OSError):
                    file.path.unlink()

    def _files(self) -> list[_File]:
        found: list[_File] = []
        if not is_private(self.folder):
            return found
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if _HASH.fullmatch(path.name) or path.name.startswith(NEW):
                    with contextlib.suppress(OSError):
                        facts = path.lstat()
                        found.append(_File(facts.st_mtime_ns, facts.st_size, path))
        return found
