"""The file of a trace (``sync.trace``): written by a thread of its own, so that no disk holds the session up.

A disk that is full or gone ends the trace and nothing else. Lines go to the disk as they come: after a crash all
but the last moments are there.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from contextlib import suppress
from pathlib import Path
from queue import Full, Queue
from types import TracebackType
from typing import BinaryIO, Final, Self

from imagechat_tui import __version__
from imagechat_tui.owned import NotOurs, open_file
from imagechat_tui.sync.state import Room
from imagechat_tui.sync.trace import BEGINNING, Turn, Writer

WAITING: Final = 10_000
"""Turns that may wait for the disk; if it is slower than that, the trace ends."""
GOODBYE_S: Final = 2.0
"""How long the end of the session waits for the disk."""


class TraceFile:
    """A trace that is being written, readable for its owner alone. A context, at whose end it is whole.

    Args:
        path: The file, made if need be. A trace that is there already is replaced, anything else is left alone.

    Raises:
        NotOurs: It is a link, no plain file, somebody else's, something else than a trace, or another session's.
        OSError: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _emptied(path)
        self._writer = Writer(secrets.token_bytes(32))
        self._waiting: Queue[bytes | Turn | None] = Queue(WAITING)
        self._behind = False
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._write, name="trace", daemon=True)
        self._thread.start()

    def begin(self, room: Room, cap_s: float) -> None:
        """The session begins: what its engine is made with (``sync.engine``)."""
        self._put(self._writer.head(room, cap_s=cap_s, program=__version__))

    def keep(self, turn: Turn) -> None:
        """Take a turn of the engine. Never waits, never raises."""
        self._put(turn)

    @property
    def failure(self) -> OSError | None:
        """Why the trace ends before the session did; None if it does not."""
        return self._failure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._put(None)
        self._thread.join(GOODBYE_S)

    def _put(self, item: bytes | Turn | None) -> None:
        if self._behind:
            return  # a trace with a hole in it could not be replayed
        try:
            self._waiting.put_nowait(item)
        except Full:
            self._behind = True
            self._failure = TimeoutError(None, "the disk is too slow", str(self._path))
            with suppress(Full):  # the thread may have caught up meanwhile, and wait for more
                self._waiting.put_nowait(None)

    def _write(self) -> None:
        try:
            with self._file:
                while (item := self._waiting.get()) is not None:
                    self._file.write(item if isinstance(item, bytes) else self._writer.turn(item))
                    if self._waiting.empty():
                        self._file.flush()
                        if self._behind:
                            break  # nothing comes any more
        except OSError as failure:
            self._failure = failure
            self._behind = True


def _emptied(path: Path) -> BinaryIO:
    descriptor = open_file(path, os.O_RDWR | os.O_CREAT)
    file = os.fdopen(descriptor, "r+b")
    try:
        found = file.read(len(BEGINNING))
        if found and found != BEGINNING:
            raise NotOurs(path, "it holds something else than a trace")
        _lock(descriptor, path)
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _lock(descriptor: int, path: Path) -> None:
    """Keep others out until the file is closed: two sessions in one file would be none that can be replayed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise NotOurs(path, "another session is being recorded in it") from None
