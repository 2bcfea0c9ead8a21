"""The sockets a server listens on, bound here: with the right owner and mode, visible once they listen."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from imagechat_tui.owned import MAX_SOCKET_PATH

BACKLOG = 1024
TCP_USER_TIMEOUT_MS = 30_000
"""How long sent bytes may stay unacknowledged before the kernel drops the peer (PROMISES D11)."""

_UNAVAILABLE = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})


class DirectoryUnsafe(Exception):
    """The socket's directory is not ours alone, or not properly shared."""

    def __init__(self, directory: Path) -> None:
        super().__init__(str(directory))
        self.directory = directory


def unix_listener(path: Path, *, group: bool) -> socket.socket:
    """A listening Unix socket at ``path``, in place of whatever lay there.

    It is bound and listens under another name and is then renamed: who sees it can connect. The caller
    holds the lock that makes it the only server here, so what lay there was stale.

    Args:
        path: Where; its directory is made, private, unless it exists.
        group: Whether the directory's group may connect (mode 0660), in a directory that it may enter.

    Raises:
        DirectoryUnsafe: Others could replace the socket, or the group cannot come to it.
        OSError: It cannot be made there.
    """
    with contextlib.suppress(FileExistsError):
        path.parent.mkdir(mode=0o700, parents=True)
    check_directory(path.parent, group=group)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_path(draft) as short:
            listener.bind(short)
        if group:
            os.chown(draft, -1, path.parent.stat().st_gid)
        draft.chmod(0o660 if group else 0o600)
        listener.listen(BACKLOG)
        draft.rename(path)
    except BaseException:
        listener.close()
        draft.unlink(missing_ok=True)
        raise
    return listener


def check_directory(directory: Path, *, group: bool) -> None:
    """The directory of a Unix socket: ours, and nobody else can replace the socket.

    Args:
        directory: The directory itself, not a link to it.
        group: Whether its group is to come to the socket; else nobody but us.

    Raises:
        DirectoryUnsafe: It is not.
        OSError: It is not there.
    """
    found = directory.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if group:
        safe = found.st_mode & stat.S_IXGRP and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    else:
        safe = not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    if not ours or not safe:
        raise DirectoryUnsafe(directory)


def tcp_listeners(host: str, port: int) -> list[socket.socket]:
    """Listening sockets for every address of ``host``, all on one port.

    Args:
        host: Name or address; ``localhost`` means both loopback addresses.
        port: The port; 0 lets the kernel choose one.

    Raises:
        OSError: The name is unknown, or the port is taken or forbidden.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listeners: list[socket.socket] = []
    refusals: list[OSError] = []
    try:
        for family, kind, protocol, _name, address in dict.fromkeys(found):
            at = (address[0], port, *address[2:])
            try:
                listeners.append(_tcp_listener(family, kind, protocol, at))
            except OSError as error:
                if error.errno not in _UNAVAILABLE:
                    raise
                refusals.append(error)
                continue
            port = listeners[0].getsockname()[1]
    except BaseException:
        for listener in listeners:
            listener.close()
        raise
    if not listeners:
        raise refusals[0]
    return listeners


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name for a socket that fits into ``sun_path``, however deep its directory lies."""
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
        yield os.fspath(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def _tcp_listener(
    family: int, kind: int, protocol: int, address: tuple[str | int | bytes, ...]
) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # inherited by what it accepts
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_MS)
        listener.bind(address)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
