"""What is left of a defect: a file for whoever mends it, without what others must not read."""

from __future__ import annotations

import os
import re
import traceback
from pathlib import Path

from imagechat_tui.tui.clock import Clock
from imagechat_tui.words import Words, defect_words

_QUERY = re.compile(r"\?[^\s'\"<>]+")
_AUTHORIZATION = re.compile(
    r"(?i)\b(authorization|cookie|set-cookie|sso|token|secret|api[-_]?key)\b(\s*[:=]\s*)\S.*"
)
_BLOB = re.compile(r'(^ *File "[^"\n]+", line \d+.*)|[A-Za-z0-9+/_=-]{40,}', re.MULTILINE)
"""A long word of a token's letters; not the name of a source file, which is one as soon as it lies deep enough."""


def safe_to_share(text: str) -> str:
    """``text`` without query strings, credentials and anything that looks like a token, of whatever server."""
    text = _QUERY.sub("?[cut]", text)
    text = _AUTHORIZATION.sub(r"\1\2[cut]", text)
    return _BLOB.sub(lambda found: found[1] or "[cut]", text)


def write_crash_file(error: BaseException, folder: Path, *, now_ms: int) -> Path | None:
    """Write the traceback, without local variables, to a new file that only its owner can read.

    Returns:
        The file; None if none could be written.
    """
    text = safe_to_share("".join(traceback.format_exception(error)))
    path = folder / f"crash-{now_ms}-{os.getpid()}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return None
    return path


class CrashReports:
    """Leaves the traceback of a defect in a folder, and says where it is.

    Args:
        folder: takes the files; None: they are not written.
        clock: names them.
    """

    def __init__(self, folder: Path | None, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def _write(self, error: BaseException | None) -> Path | None:
        if error is None or self._folder is None:
            return None
        return write_crash_file(error, self._folder, now_ms=self._clock.wall_ms())

    def words(self, error: Exception) -> Words:
        """Words for a defect that ends nothing."""
        path = self._write(error)
        return defect_words(str(path) if path is not None else "")

    def notice(self, error: BaseException | None) -> str:
        """What a defect that ends the program leaves on the terminal."""
        path = self._write(error)
        kind = type(error).__name__ if error is not None else "defect"
        where = (
            f"Details, without your data, are in {path}"
            if path is not None
            else "No details could be written."
        )
        return f"imagechat: a defect ended the program ({kind}). What you typed is kept. {where}"
