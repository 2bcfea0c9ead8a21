from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from imagechat_tui.server.process.listeners import (
    TCP_USER_TIMEOUT_MS,
    DirectoryUnsafe,
    short_path,
    tcp_listeners,
    unix_listener,
)


@pytest.fixture
def private() -> Iterator[Path]:
    with TemporaryDirectory(prefix="ic") as directory:
        yield Path(directory)


def _reaches(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True


def test_a_visible_socket_listens_and_is_private(private: Path) -> None:
    path = private / "run" / "server.sock"
    with unix_listener(path, group=False):
        assert _reaches(path)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert [entry.name for entry in path.parent.iterdir()] == ["server.sock"]


def test_a_stale_socket_is_replaced(private: Path) -> None:
    path = private / "server.sock"
    unix_listener(path, group=False).close()
    assert not _reaches(path)
    with unix_listener(path, group=False):
        assert _reaches(path)


@pytest.mark.security
@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701, 0o1777])
def test_a_directory_open_to_others_is_refused(private: Path, mode: int) -> None:
    private.chmod(mode)
    with pytest.raises(DirectoryUnsafe):
        unix_listener(private / "server.sock", group=False)
    assert list(private.iterdir()) == []


@pytest.mark.security
def test_a_link_in_place_of_the_directory_is_refused(private: Path) -> None:
    (private / "real").mkdir(mode=0o700)
    (private / "link").symlink_to(private / "real")
    with pytest.raises(DirectoryUnsafe):
        unix_listener(private / "link" / "server.sock", group=False)


@pytest.mark.security
def test_a_group_may_come_to_the_socket_and_not_replace_it(private: Path) -> None:
    path = private / "server.sock"
    for mode in (0o700, 0o770, 0o2770, 0o2777, 0o757, 0o3770):
        private.chmod(mode)
        with pytest.raises(DirectoryUnsafe):
            unix_listener(path, group=True)
    for mode in (0o750, 0o2750, 0o710):
        private.chmod(mode)
        with unix_listener(path, group=True):
            assert path.stat().st_mode & 0o777 == 0o660


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_socket_is_for_the_group_of_its_directory(private: Path) -> None:
    os.chown(private, -1, 61_010)
    private.chmod(0o750)
    with unix_listener(private / "server.sock", group=True):
        assert (private / "server.sock").stat().st_gid == 61_010


@pytest.mark.security
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_somebody_elses_directory_is_refused(private: Path) -> None:
    private.chmod(0o750)
    os.chown(private, 61_001, -1)
    for group in (True, False):
        with pytest.raises(DirectoryUnsafe):
            unix_listener(private / "server.sock", group=group)


def test_a_long_directory_still_gets_a_socket(private: Path) -> None:
    deep = private / ("d" * 100)
    deep.mkdir(mode=0o700)
    with short_path(deep / "s") as short, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(short)
        assert (deep / "s").is_socket()


def test_port_zero_is_one_port_on_every_address() -> None:
    listeners = tcp_listeners("localhost", 0)
    try:
        assert len({listener.getsockname()[1] for listener in listeners}) == 1
        assert listeners[0].getsockname()[1] != 0
    finally:
        for listener in listeners:
            listener.close()


def test_a_taken_port_is_refused() -> None:
    (taken,) = tcp_listeners("127.0.0.1", 0)
    with taken, pytest.raises(OSError, match=os.strerror(errno.EADDRINUSE)):
        tcp_listeners("127.0.0.1", taken.getsockname()[1])


@pytest.mark.reliability
def test_accepted_connections_inherit_the_user_timeout() -> None:
    (listener,) = tcp_listeners("127.0.0.1", 0)
    with listener, socket.create_connection(listener.getsockname()[:2]):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == TCP_USER_TIMEOUT_MS
