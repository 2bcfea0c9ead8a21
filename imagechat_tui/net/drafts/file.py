"""Typed text on disk: kept through failure, crash and quit, and never sent from here (PROMISES D10).

One folder per room; before the room of a picture is known, its place has one, from where they move then. In it one
file per running session, so that two terminals on one image cannot destroy each other's text. Who owns a file holds a
lock beside it for as long as it lives; the kernel lets go of it however the owner ends. A session that starts *adopts*
the files without a living owner: it reads them, writes what it read into its own file, and only then removes them. A
crash between these steps leaves a text twice, which the next adoption joins again, and never leaves it nowhere::

    <folder>/<token>.json   {"version": 1, "drafts": […]}   replaced whole, 0600
    <folder>/<token>.lock   held while <token> lives
    <folder>/<token>.bad    could not be read: kept for the person, touched no more

Loading is a few small reads and is done at once. Storing has two halves. ``store`` writes the text and gives it
its name: from then on a kill of the program loses nothing, since the kernel has it. ``sync`` waits until the disk
has it too, against the loss of power; that may take seconds on a busy disk, and newer texts do not wait for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from imagechat_tui.net.drafts.json import DraftsMalformed, drafts_from_text, text_from_drafts
from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, TenantId
from imagechat_tui.sync.state import Draft

MAX_FILE_BYTES = 4 << 20
"""A draft file larger than this is none of ours."""
STRAY_AGE_S = 86_400.0


class DraftsNotStored(Exception):
    """The folder cannot be written: text lives only as long as this program. Raised once per session."""

    def __init__(self, folder: Path, errno: int | None) -> None:
        super().__init__(errno)
        self.folder = folder
        self.errno = errno


def drafts_path(state_dir: Path, server: str, tenant_id: TenantId, key: str) -> Path:
    """The folder for the drafts of one image on one server.

    A hash names it: an image key is outside text, may be long, and is nobody's business in a listing.
    """
    parts = "".join(f"{len(part)}:{part}" for part in (server, tenant_id, key))
    return state_dir / "drafts" / hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class DraftFile:
    """The drafts of one session on one image.

    Args:
        path: The room's folder, as ``drafts_path`` names it; made when first needed.
        also: Another folder whose drafts are adopted: the place's, of before the room was known.
    """

    def __init__(self, path: Path, also: Path | None = None) -> None:
        self._folder = path
        self._also = also
        self._token = uuid.uuid4().hex
        self._lock_fd: int | None = None
        self._stored: tuple[Draft, ...] = ()
        self._adopted: list[tuple[Path, int]] = []
        """Files of the dead whose text is not in our own file yet, and the locks of them that we hold."""
        self._told = self._sealed = False
        self._unsynced = False
        """Something was stored since the last ``sync`` began."""
        self._turn = threading.Lock()
        self._sync_turn = threading.Lock()

    @property
    def path(self) -> Path:
        """This session's own file; it exists while there is a draft."""
        return self._folder / f"{self._token}.json"

    def load(self) -> tuple[Draft, ...]:
        """The drafts of sessions that live no more, oldest first. Never raises for what is on the disk."""
        with self._turn:
            found: list[Draft] = []
            for folder in (self._folder, self._also):
                if folder is None:
                    continue
                with contextlib.suppress(OSError):
                    for path in sorted(folder.glob("*.json")):
                        found += self._adopt(path)
                    _tidy(folder)
            return joined(found)

    def store(self, drafts: tuple[Draft, ...]) -> None:
        """Replace what is stored; on return it outlives this program. For any thread, one after the other.

        Raises:
            DraftsNotStored: It cannot be stored. Raised once; later failures are silent.
        """
        with self._turn:
            if not self._sealed:
                self._store(drafts)

    def store_last(self, drafts: tuple[Draft, ...]) -> None:
        """As ``store``, for good: an older text that is still on its way in a thread comes too late.

        Raises:
            DraftsNotStored: As ``store``.
        """
        with self._turn:
            self._sealed = True
            self._store(drafts)

    def _store(self, drafts: tuple[Draft, ...]) -> None:
        if drafts == self._stored and not self._adopted:
            return
        try:
            self._replace(drafts)
        except OSError as failure:
            self._tell(failure)
            return
        self._stored = drafts
        self._unsynced = True

    def sync(self) -> None:
        """Wait until what is stored is on the disk. For any thread, beside ``store``.

        Raises:
            DraftsNotStored: The disk does not take it. Raised once; later failures are silent.
        """
        with self._sync_turn:
            with self._turn:
                if not self._unsynced:
                    return
                self._unsynced = False
                adopted, self._adopted = self._adopted, []
            try:
                _sync(self.path)
                _sync(self._folder)
            except OSError as failure:
                with self._turn:
                    self._unsynced = True
                    self._adopted += adopted
                    self._tell(failure)
                return
            for path, fd in adopted:
                _let_go(path, fd)

    def _tell(self, failure: OSError) -> None:
        if not self._told:
            self._told = True
            raise DraftsNotStored(self._folder, failure.errno) from failure

    def close(self) -> None:
        """Give the drafts up to whoever comes next. Without drafts nothing is left behind."""
        with self._turn:
            for _, fd in self._adopted:  # not stored: they stay for the next session
                os.close(fd)
            self._adopted.clear()
            if self._lock_fd is not None:
                if not self._stored:
                    _remove(_lock_path(self.path))
                os.close(self._lock_fd)
                self._lock_fd = None

    def _adopt(self, path: Path) -> tuple[Draft, ...]:
        """The drafts of a file whose owner is dead; none if it lives."""
        if path == self.path:
            return ()
        fd = _locked(_lock_path(path))
        if fd is None:
            return ()
        try:
            drafts, whole = drafts_from_text(_read(path))
        except FileNotFoundError:  # adopted by another session a moment ago
            _remove(_lock_path(path))
            os.close(fd)
            return ()
        except OSError:
            os.close(fd)
            return ()
        except DraftsMalformed:
            drafts, whole = (), False
        if not whole:
            with contextlib.suppress(OSError):
                _copy_aside(path)
        self._adopted.append((path, fd))
        return drafts

    def _replace(self, drafts: tuple[Draft, ...]) -> None:
        if not drafts:
            if self._stored:
                _remove(self.path)
            return
        if self._lock_fd is None:
            _make_private(self._folder)
            self._lock_fd = _locked(_lock_path(self.path))
        temporary = self.path.with_suffix(".new")
        try:
            fd = os.open(
                temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
            with open(fd, "wb") as file:  # noqa: PTH123  a descriptor, not a path
                file.write(text_from_drafts(drafts).encode())
            temporary.replace(self.path)
        except OSError:
            _remove(temporary)
            raise


def joined(drafts: Iterable[Draft]) -> tuple[Draft, ...]:
    """Drafts of several sessions as one list, oldest first.

    Of two with one id and the same text one is left. Of two with one id and different texts the newer keeps
    the id; the older becomes a write that failed, under an id of its own: nobody's text is dropped.
    """
    kept: dict[str, Draft] = {}
    for draft in sorted(drafts, key=lambda draft: draft.updated_at_ms):
        older = kept.pop(draft.id, None)
        if older is not None and older.write != draft.write:
            fresh = BroadcastId(str(uuid.uuid4()))
            problem = older.problem or Problem(ProblemKind.RESTARTED)
            kept[fresh] = replace(older, id=fresh, broadcast_id=fresh, problem=problem)
        kept[draft.id] = draft
    return tuple(kept.values())


def _tidy(folder: Path) -> None:
    """Remove what a session without drafts left when it was killed."""
    for lock in folder.glob("*.lock"):
        # A young one may belong to a session that is about to take it.
        if lock.with_suffix(".json").exists() or time.time() - lock.stat().st_mtime < STRAY_AGE_S:
            continue
        fd = _locked(lock)
        if fd is not None:
            _remove(lock.with_suffix(".new"))
            _remove(lock)
            os.close(fd)


def _locked(path: Path) -> int | None:
    """A descriptor that holds the lock, or None if somebody else does (or it cannot be had)."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return None
    return fd


def _read(path: Path) -> str:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(fd, "rb") as file:  # noqa: PTH123  a descriptor, not a path
        raw = file.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        raise DraftsMalformed("too large")
    try:
        return raw.decode()
    except UnicodeDecodeError as failure:
        raise DraftsMalformed("not UTF-8") from failure


def _copy_aside(path: Path) -> None:
    """Keep a second name for a file that could not be read whole; the first one is removed later."""
    aside = path.with_suffix(".bad")
    if not aside.exists():
        aside.hardlink_to(path)


def _make_private(folder: Path) -> None:
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def _lock_path(path: Path) -> Path:
    return path.with_suffix(".lock")


def _sync(path: Path) -> None:
    """Wait until the disk has a file or a folder; one that is gone needs nothing."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _let_go(path: Path, fd: int) -> None:
    """Remove a file whose text is in ours now, and let go of its lock."""
    _remove(path)
    _remove(path.with_suffix(".new"))
    _remove(_lock_path(path))
    os.close(fd)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
