"""Who a person without an account is to a server: the session that it gave them, kept so that they stay the same.

A server of ours tells it with the first list, and knows them by it in every later request (PROTOCOL 2.1). Whoever
has it may edit and delete what they wrote, so the file is private. All sessions of this user with one tenant of one
server share the file: two panes are one person, and so is who comes back tomorrow.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from pathlib import Path

from imagechat_tui.net.endpoint import Secret
from imagechat_tui.owned import open_file
from imagechat_tui.protocol.ids import TenantId

MAX_SESSION_BYTES = 512
"""A longer one is none of ours."""


def guest_path(state_dir: Path, server: str, tenant_id: TenantId) -> Path:
    """The file for the session with one tenant of one server."""
    parts = "".join(f"{len(part)}:{part}" for part in (server, tenant_id))
    return state_dir / "guests" / hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Guest:
    """The session with one tenant of one server.

    Args:
        path: Its file, as ``guest_path`` names it, made when first needed; None keeps the session in memory.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._looked = False
        self._session: Secret | None = None

    @property
    def session(self) -> Secret | None:
        """What to send as ``sessionId``; None before the server gave one."""
        if not self._looked and self._path is not None:
            self._session = _found(self._path)
        self._looked = True
        return self._session

    def take(self, told: str) -> bool:
        """Keep the session that an answer told.

        Returns:
            False if another session of this user was given one meanwhile. That one is kept: ask again with it.
        """
        sent = self.session
        given = Secret(told)
        if given == sent or not told.isascii() or len(told) > MAX_SESSION_BYTES:
            return True
        kept = given if self._path is None else _kept(self._path, given, instead_of=sent)
        self._session = kept
        return kept == given


def _found(path: Path) -> Secret | None:
    try:
        fd = open_file(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        return _read(fd)
    except OSError:
        return None
    finally:
        os.close(fd)


def _kept(path: Path, given: Secret, *, instead_of: Secret | None) -> Secret:
    """Write a session down in place of the one that was sent; what is kept: another one if it is there already."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = open_file(path, os.O_RDWR | os.O_CREAT)
    except OSError:
        return given  # it lives as long as this program
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        there = _read(fd)
        if there is not None and there != instead_of:
            return there
        os.fchmod(fd, 0o600)
        os.ftruncate(fd, 0)
        os.pwrite(fd, given.reveal().encode("ascii"), 0)
    except OSError:
        pass
    finally:
        os.close(fd)
    return given


def _read(fd: int) -> Secret | None:
    """The session in an open file; None if there is none, or others could have read it or put it there."""
    if os.fstat(fd).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return None
    raw = os.pread(fd, MAX_SESSION_BYTES + 1, 0)
    if not raw or len(raw) > MAX_SESSION_BYTES or not raw.isascii():
        return None
    return Secret(raw.decode("ascii"))
