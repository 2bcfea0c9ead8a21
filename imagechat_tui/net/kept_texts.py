"""Short texts that are kept between sessions, by what they are about."""

from __future__ import annotations

import hashlib
import os
import uuid
from contextlib import suppress
from pathlib import Path

from imagechat_tui.owned import open_file

MAX_BYTES = 4096
"""A file that holds more is none of ours."""


class KeptTexts:
    """A small file for each, whose name is a hash, since what they are about is nobody's business.

    Nothing here fails: what cannot be kept is as if it had never been.

    Args:
        folder: where they are kept; made when first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def text_of(self, *about: str) -> str | None:
        """What was kept about something."""
        try:
            descriptor = open_file(self._path(about), os.O_RDONLY)
            with os.fdopen(descriptor, "rb") as file:
                kept = file.read(MAX_BYTES + 1)
            return kept.decode() if 0 < len(kept) <= MAX_BYTES else None
        except (OSError, UnicodeDecodeError):
            return None

    def keep(self, text: str, *about: str) -> None:
        """Keep this about something, in place of what was kept before."""
        if self.text_of(*about) == text:
            return
        path = self._path(about)
        beside = path.with_name(uuid.uuid4().hex)
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(open_file(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                file.write(text.encode())
            beside.replace(path)

    def _path(self, about: tuple[str, ...]) -> Path:
        parts = "".join(f"{len(part)}:{part}" for part in about)
        return self._folder / hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]
