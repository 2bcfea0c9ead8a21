"""How far somebody has read, as long as the server has not confirmed it: kept on disk, and told by a later session.

One small file for one tenant of one server, shared by all sessions of this user of the machine; whose marks they are,
and in which room, stands in it, for only the same person may tell them. A session puts in what it has to tell and takes
out what was confirmed, under a lock. To tell a mark twice is to tell it once, so whoever comes first may tell those of
the others. Nobody's words are in here: what cannot be read or written is given up without a word.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import threading
import time
from pathlib import Path

from imagechat_tui.owned import open_file, try_lock
from imagechat_tui.protocol.ids import ConversationId, TenantId, UrlId, UserId
from imagechat_tui.protocol.models import ReadMark
from imagechat_tui.sync.state import UnsentMarks

VERSION = 1
MAX_FILE_BYTES = 4 << 20
"""A larger file is none of ours."""
MAX_NUMBER = 1 << 53
LOCK_TRIES = 50
LOCK_PAUSE_S = 0.02
"""Another session holds the lock for one small write; one that was stopped in there is not waited for."""

Marks = dict[ConversationId, int]
Table = dict[tuple[UserId, UrlId], tuple[Marks, Marks]]
"""By person and room: read at least so far, and unread from there on."""


def unsent_marks_path(state_dir: Path, server: str, tenant_id: TenantId) -> Path:
    """The file for one tenant of one server."""
    parts = "".join(f"{len(part)}:{part}" for part in (server, tenant_id))
    return state_dir / "reading" / hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class UnsentMarksFile:
    """The marks of one session among those of others.

    Args:
        path: As ``unsent_marks_path`` names it; made when first needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mine: UnsentMarks | None = None
        """What was put in last."""
        self._turn = threading.Lock()

    def load(self) -> tuple[UnsentMarks, ...]:
        """What is in it, of all sessions. Never raises for what is on the disk."""
        return tuple(
            UnsentMarks(user_id, url_id, _told(read), _told(unread))
            for (user_id, url_id), (read, unread) in self._read().items()
        )

    def store(self, marks: UnsentMarks) -> None:
        """Have these in it, in place of what was put in before. For any thread, one after the other."""
        with self._turn, contextlib.suppress(OSError):
            if marks == self._mine:
                return
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = self._lock()
            if lock is None:
                return
            try:
                table = self._read()
                if self._mine is not None and self._mine.place == marks.place:
                    _take_out(table, self._mine)
                _put_in(table, marks)
                self._write(table)
                self._mine = marks
            finally:
                os.close(lock)

    def _lock(self) -> int | None:
        for _ in range(LOCK_TRIES):
            lock = try_lock(self._path.with_suffix(".lock"))
            if lock is not None:
                return lock
            time.sleep(LOCK_PAUSE_S)
        return None

    def _read(self) -> Table:
        try:
            with open(open_file(self._path, os.O_RDONLY), "rb") as file:  # noqa: PTH123  a descriptor, not a path
                return _table(file.read(MAX_FILE_BYTES + 1))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return {}

    def _write(self, table: Table) -> None:
        if not table:
            self._path.unlink(missing_ok=True)
            return
        text = {
            "version": VERSION,
            "unsent": [
                {"user": user_id, "room": url_id, "read": read, "unread": unread}
                for (user_id, url_id), (read, unread) in table.items()
            ],
        }
        new = self._path.with_suffix(".new")
        with open(open_file(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w", encoding="ascii") as file:  # noqa: PTH123
            json.dump(text, file)
        new.replace(self._path)


class UnsentMarksKeeper:
    """Stores the newest marks in threads, one store after the other, while the screen goes on.

    Args:
        file: Where; None stores nothing.
    """

    def __init__(self, file: UnsentMarksFile | None) -> None:
        self._file = file
        self._newest: UnsentMarks | None = None
        self._storing = False
        self._again = False

    def load(self) -> tuple[UnsentMarks, ...]:
        """What sessions before this one have left, and what others have still to tell."""
        return self._file.load() if self._file is not None else ()

    def store(self, marks: UnsentMarks) -> None:
        """Ask for these to be stored."""
        self._newest = marks
        self._again = True
        self._go_on()

    def leave(self) -> None:
        """The last word: on return the newest marks are stored."""
        if self._file is not None and self._newest is not None:
            self._file.store(self._newest)

    def _go_on(self) -> None:
        if self._file is None or self._storing or not self._again:
            return
        self._storing, self._again = True, False
        job = asyncio.get_running_loop().run_in_executor(None, self.leave)
        job.add_done_callback(self._stored)

    def _stored(self, job: asyncio.Future[None]) -> None:
        self._storing = False
        if not job.cancelled():
            job.result()
            self._go_on()


def _table(raw: bytes) -> Table:
    """The marks of a file.

    Raises:
        ValueError, TypeError, KeyError, RecursionError: It is none of ours.
    """
    if len(raw) > MAX_FILE_BYTES:
        raise ValueError("too large")
    obj = json.loads(raw)
    if not isinstance(obj, dict) or obj["version"] != VERSION:
        raise ValueError("of another version")
    return {
        (UserId(_text(item["user"])), UrlId(_text(item["room"]))): (
            _marks(item["read"]),
            _marks(item["unread"]),
        )
        for item in obj["unsent"]
    }


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _marks(value: object) -> Marks:
    if not isinstance(value, dict):
        raise TypeError("no marks")
    for number in value.values():
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < MAX_NUMBER:
            raise ValueError("not the number of a comment")
    return {ConversationId(key): number for key, number in value.items()}


def _told(marks: Marks) -> tuple[ReadMark, ...]:
    return tuple(ReadMark(*mark) for mark in marks.items())


def _take_out(table: Table, marks: UnsentMarks) -> None:
    read, unread = table.get(marks.place, ({}, {}))
    for there, mine in ((read, marks.read), (unread, marks.unread)):
        for mark in mine:
            if there.get(mark.conversation_id) == mark.number:
                del there[mark.conversation_id]
    if not read and not unread:
        table.pop(marks.place, None)


def _put_in(table: Table, marks: UnsentMarks) -> None:
    if not marks.read and not marks.unread:
        return
    read, unread = table.setdefault(marks.place, ({}, {}))
    for mark in marks.read:
        unread.pop(mark.conversation_id, None)
        read[mark.conversation_id] = max(mark.number, read.get(mark.conversation_id, 0))
    for mark in marks.unread:
        read.pop(mark.conversation_id, None)
        unread[mark.conversation_id] = mark.number
