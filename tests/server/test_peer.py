from __future__ import annotations

import os
import pwd
import socket

import pytest

from imagechat_tui.owned import peer_uid
from imagechat_tui.server.guard.peer import kernel_user

pytestmark = pytest.mark.security


def entry(name: str, gecos: str) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", 4242, 4242, gecos, "/", "/bin/sh"))


@pytest.fixture(autouse=True)
def _forget_users() -> None:
    kernel_user.cache_clear()


def test_the_kernel_names_the_peer_of_a_unix_socket() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert peer_uid(one) == os.geteuid()


def test_a_tcp_peer_has_no_user() -> None:
    with socket.socket(socket.AF_INET) as tcp:
        assert peer_uid(tcp) is None


@pytest.mark.parametrize(
    ("login", "gecos", "user_id", "name"),
    [
        ("anna", "Anna Berg,Room 4,,", "local:anna", "Anna Berg"),
        ("anna", "", "local:anna", "anna"),
        ("anna", "& Berg", "local:anna", "Anna Berg"),
        ("a,b", "Comma", "local:uid-4242", "Comma"),
        ("DOMAIN user", "", "local:uid-4242", "uid-4242"),
        ("x\x1b[2J", "", "local:uid-4242", "uid-4242"),
        ("", "", "local:uid-4242", "uid-4242"),
        ("anna", "N" * 300, "local:anna", "N" * 200),
    ],
)
def test_a_login_becomes_a_user(
    monkeypatch: pytest.MonkeyPatch, login: str, gecos: str, user_id: str, name: str
) -> None:
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: entry(login, gecos))
    user = kernel_user(4242)
    assert (user.id, user.display_name) == (user_id, name)
    assert not user.is_admin


def test_a_user_without_an_entry_is_known_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", missing)
    assert kernel_user(4242).id == "local:uid-4242"


def test_root_is_a_user_like_any_other() -> None:
    assert kernel_user(0).id == "local:root"
    assert not kernel_user(0).is_admin
