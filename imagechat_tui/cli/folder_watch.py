"""What comes and goes in the folders that are shown."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from imagechat_tui.cli.picture_files import pictures_in

EVERY_S: Final = 2.0
"""How often it is looked."""
SETTLES: Final = 3
"""So many looks after a folder has changed its pictures are listed: a file is empty before it is a picture."""


class FolderChange(Struct, frozen=True):
    """What is another since the last look."""

    added: tuple[str, ...] = ()
    """New pictures, as people order them."""
    gone: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    """Pictures that were gone, and are there again."""


class FolderWatch:
    """Looks what is in some folders.

    Args:
        folders: the folders.
        images: the pictures of them that are known; others are let alone.
    """

    def __init__(self, folders: Sequence[str], images: Iterable[str]) -> None:
        self._changed_ns = {folder: _changed_ns(folder) for folder in folders}
        self._due = dict.fromkeys(folders, SETTLES)
        """How many times more each is to be listed: what came while the screen was being opened is new, too."""
        self._there = {image: True for image in images if os.path.dirname(image) in self._due}  # noqa: PTH120

    def look(self) -> FolderChange:
        """What has changed. Slow for large folders that did: for a thread."""
        found: dict[str, str] = {}
        listed: set[str] = set()
        for folder in self._due:
            now_ns = _changed_ns(folder)
            if now_ns != self._changed_ns[folder]:
                self._changed_ns[folder], self._due[folder] = now_ns, SETTLES
            if self._due[folder]:
                self._due[folder] -= 1
                listed.add(folder)
                found |= dict.fromkeys(_pictures(folder), folder)
        of_listed = [image for image in self._there if os.path.dirname(image) in listed]  # noqa: PTH120
        change = FolderChange(
            tuple(image for image in found if image not in self._there),
            tuple(image for image in of_listed if self._there[image] and image not in found),
            tuple(image for image in of_listed if not self._there[image] and image in found),
        )
        self._there |= dict.fromkeys((*change.added, *change.back), True) | dict.fromkeys(change.gone, False)
        return change


def _pictures(folder: str) -> list[str]:
    """Those in a folder; none, if it is gone or closed to us."""
    with suppress(OSError):
        return [os.path.join(folder, name) for name in pictures_in(Path(folder))]  # noqa: PTH118 (as they are known)
    return []


def _changed_ns(folder: str) -> int | None:
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116 (a path as it is known)
    except OSError:
        return None
