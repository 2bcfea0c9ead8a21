"""A picture that comes through a pipe: read once, and no more of it than a file may have."""

from __future__ import annotations

import os
import select
import stat
import sys
import time
from pathlib import Path
from typing import Final

from imagechat_tui.problems import PictureError, PipeSilent, TooManyBytes
from imagechat_tui.settings import ClientSettings, is_url, picture_path

WRITER_S: Final = 5.0
"""How long a named pipe may be without anybody who writes to it."""
SILENCE_S: Final = 120.0
"""How long whoever writes to it may do nothing: people choose a window or a corner meanwhile."""
_TURN_S: Final = 0.02
_PIECE: Final = 1 << 16


def max_bytes(settings: ClientSettings) -> int:
    """The largest file that is read."""
    return max(1, round(settings.max_file_mib * (1 << 20)))


def from_pipe(image: str, settings: ClientSettings) -> bytes | None:
    """The picture, if ``image`` is ``-`` or names a pipe, as ``<(command)`` of shells does; else None.

    Raises:
        PictureError: it is too large, or nobody writes to the pipe.
    """
    most = max_bytes(settings)
    if image == "-":
        data = sys.stdin.buffer.read(most + 1) if sys.stdin is not None else b""
    else:
        found = _pipe(image)
        if found is None:
            return None
        try:
            data = _read(found, image, most)
        finally:
            os.close(found)
    if len(data) > most:
        raise PictureError(TooManyBytes("stdin" if image == "-" else image, most))
    return data


def _pipe(image: str) -> int | None:
    """A descriptor of the pipe of this name; None if it is none, or cannot be opened."""
    if is_url(image):
        return None
    try:
        path = picture_path(image, Path())
        if not stat.S_ISFIFO(path.stat().st_mode):
            return None
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None


def _read(pipe: int, image: str, most: int) -> bytes:
    data = bytearray()
    until, written = time.monotonic() + WRITER_S, False
    while len(data) <= most:
        try:
            piece = os.read(pipe, _PIECE)
        except BlockingIOError:
            written = True
            if not select.select([pipe], [], [], SILENCE_S)[0]:
                break
            continue
        data += piece
        if piece:
            written = True
        elif written:
            return bytes(data)
        elif time.monotonic() > until:
            break
        else:
            time.sleep(_TURN_S)  # a pipe without a writer is at its end all the time, and never ready
    if len(data) > most:
        return bytes(data)
    raise PictureError(PipeSilent(image))
