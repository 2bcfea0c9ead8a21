"""Files, folders and sockets in places where others may have put something first.

A name in such a place can be a link to a private file of ours, a FIFO that never answers, or a socket of
somebody else's program. Nothing is read from, written to or created through a name before it is known to be a
plain thing of the right owner.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import stat
import struct
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol

MAX_SOCKET_PATH = 103 if sys.platform == "darwin" else 107
"""Bytes of a path that the name of a socket has room for."""
MAX_LINKS = 40
"""Symbolic links followed on one way, as the kernel has it."""

_NO_PLAIN_FILE = frozenset({errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.EOPNOTSUPP})
"""What ``open`` says of a link, a FIFO or socket, a folder."""


class NotOurs(PermissionError):
    """Something is not what it has to be: it is somebody else's, a link, or open to others.

    An OSError, so that who only tells why something did not open tells this too.
    """

    def __init__(self, path: Path | str, why: str) -> None:
        super().__init__(errno.EPERM, why, str(path))


def open_file(path: Path, flags: int, mode: int = 0o600) -> int:
    """Open a plain file of this user; the descriptor is not inherited.

    Args:
        path: The file.
        flags: As for ``os.open``. With ``O_CREAT`` nothing is created through a link.
        mode: Of a file that is created.

    Raises:
        NotOurs: It is a link, no plain file, or somebody else's.
        OSError: It cannot be opened.
    """
    try:
        # Non-blocking: to open a FIFO would wait for its other end. For a plain file it means nothing.
        opened = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    except OSError as error:
        if error.errno in _NO_PLAIN_FILE:
            raise NotOurs(path, "no plain file") from error
        raise
    try:
        _check_file(path, os.fstat(opened))
    except BaseException:
        os.close(opened)
        raise
    return opened


def check_file(path: Path) -> None:
    """As ``open_file``, of a file that somebody else opens by its name; one that is missing is right, too.

    Worth something only in a folder that nobody else can write to.

    Raises:
        NotOurs: See ``open_file``.
    """
    with contextlib.suppress(FileNotFoundError):
        _check_file(path, path.lstat())


def _check_file(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise NotOurs(path, "no plain file")
    if found.st_uid != os.geteuid():
        raise NotOurs(path, "somebody else's file")


def try_lock(path: Path) -> int | None:
    """Lock a file, made if need be. Closing the descriptor, or the end of the process, lets it go.

    Returns:
        The open file, or None while another process has it.

    Raises:
        NotOurs, OSError: See ``open_file``.
    """
    while True:
        lock = open_file(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(lock, path):
                return lock
        except BlockingIOError:
            os.close(lock)
            return None
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)  # it was taken away and made anew meanwhile: the lock on the old one locks nobody out


def _is_at(opened: int, path: Path) -> bool:
    """Whether an open file is the one that stands at a path now."""
    here = os.fstat(opened)
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def check_folder(path: Path) -> None:
    """A folder in which files are to be kept: ours, and nobody else can write to it.

    Links on the way to it may only be ours or root's: through anybody else's a server would serve another
    folder of ours than the one that was meant.

    Raises:
        NotOurs: It is not.
        OSError: It is not there.
    """
    for step, found in way_to(path):
        if stat.S_ISLNK(found.st_mode) and found.st_uid not in (0, os.geteuid()):
            raise NotOurs(step, "somebody else's link")
    found = path.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    if found.st_uid != os.geteuid():
        raise NotOurs(path, "somebody else's folder")
    if writable_for_others(found):
        raise NotOurs(path, "others can write to it")


def is_private(folder: Path) -> bool:
    """Whether it is a folder of this user (not a link to one) that is closed to all others."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    closed = not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and closed


def writable_for_others(found: os.stat_result) -> bool:
    """Whether others than the owner may add and remove names in a folder, or write to a file.

    The group of one's own that many systems give to each user is nobody else.
    """
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and not _is_group_of_one(found.st_gid, found.st_uid)


def _is_group_of_one(group_id: int, user_id: int) -> bool:
    import grp
    import pwd

    try:
        group, user = grp.getgrgid(group_id), pwd.getpwuid(user_id)
    except KeyError:
        return False
    return user.pw_gid == group_id and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def replaceable_at(path: Path, trusted: Collection[int]) -> Path | None:
    """Where on the way to a path somebody could put something else in its place.

    Args:
        path: Looked at as it is reached from the root, through all links.
        trusted: User ids that may.

    Returns:
        The first such folder or link above it; None if there is none.

    Raises:
        OSError: The way ends before.
    """
    *above, _end = way_to(path)
    for step, found in above:
        sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
        open_ = not stat.S_ISLNK(found.st_mode) and writable_for_others(found) and not sticky
        if open_ or found.st_uid not in trusted:
            return step
    return None


def way_to(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """All folders and links on the way to a path, from the root, and at last what is there.

    Raises:
        OSError: The way ends before, or goes in circles.
    """
    at, links = Path("/"), 0
    ahead = [part for part in reversed(path.absolute().parts) if part != "/"]
    yield at, at.lstat()
    while ahead:
        part = ahead.pop()
        if part == "..":
            at = at.parent
            continue
        step = at / part
        found = step.lstat()
        yield step, found
        if not stat.S_ISLNK(found.st_mode):
            at = step
            continue
        links += 1
        if links > MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        target = step.readlink()
        at = Path("/") if target.is_absolute() else at
        ahead += [part for part in reversed(target.parts) if part != "/"]


class PeerSocket(Protocol):
    """What is asked of a socket; asyncio hands out a wrapper, not the socket itself."""

    @property
    def family(self) -> int:
        """Address family."""

    def getsockopt(self, level: int, name: int, size: int, /) -> bytes:
        """An option's raw value."""


def peer_uid(peer: PeerSocket) -> int | None:
    """The user id of the process at the other end, or None for anything but a Unix socket.

    The kernel's word: of who connected, or of who listens.
    """
    if peer.family != socket.AF_UNIX:
        return None
    if sys.platform == "darwin":  # struct xucred of LOCAL_PEERCRED: version, uid, ...
        return int(struct.unpack_from("=II", peer.getsockopt(0, 1, 76))[1])
    _pid, uid, _gid = struct.unpack("=iII", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(uid)
