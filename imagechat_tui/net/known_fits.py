"""How far pictures are to be seen when they are opened, as somebody chose it on this machine."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from imagechat_tui.owned import open_file

_SAID: Final = {b"whole": False, b"filled": True}
MOST: Final = 500
"""Pictures of which it is kept; those that were chosen for longest ago go first."""


class KnownFits:
    """A small file for each picture that is not seen as is usual, whose name is a hash. Nothing here fails.

    Args:
        folder: where they are kept; made when first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, picture: str) -> bool | None:
        """Whether a picture fills the view, by what it is met as; None: as is usual."""
        try:
            with os.fdopen(open_file(self._path(picture), os.O_RDONLY), "rb") as file:
                return _SAID.get(file.read(16))
        except OSError:
            return None

    def keep(self, picture: str, filled: bool | None) -> None:
        """Keep that it does, or does not; None: nothing, it is seen as is usual."""
        path = self._path(picture)
        with suppress(OSError):
            if filled is None:
                path.unlink(missing_ok=True)
                return
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with os.fdopen(open_file(path, flags), "wb") as file:
                file.write(next(said for said, is_filled in _SAID.items() if is_filled is filled))
            kept = sorted(self._folder.iterdir(), key=lambda file: file.lstat().st_mtime)
            for old in kept[:-MOST]:
                old.unlink(missing_ok=True)

    def _path(self, picture: str) -> Path:
        return self._folder / hashlib.sha256(picture.encode("utf-8", "surrogatepass")).hexdigest()[:32]
