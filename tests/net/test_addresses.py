"""Which addresses are private, wrapped or not, and which names can only be one's own."""

from __future__ import annotations

import ipaddress
import socket
import threading

import pytest

from imagechat_tui.net.addresses import is_local_name, is_private, private_address_behind

pytestmark = pytest.mark.security


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::10.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0.0.0.0",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::c0a8:101", "64:ff9b:1::1",
        "64:ff9b:1:ffff::808:808", "100::1", "2001::1", "2001:0:808:808::1", "2001:db8::1", "2002:7f00:1::",
        "2002:a00:1::1", "2002:c0a8:101::", "2002:6440:1::", "3fff::1", "5f00::1", "fc00::1", "fd00::1",
        "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "feff::1", "ff02::1", "ff05::1:3", "ff0e::1",
    ],
)  # fmt: skip
def test_private_addresses(address: str) -> None:
    assert is_private(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1", "8.8.8.8", "93.184.215.14", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1",
        "169.253.1.1", "172.15.0.1", "172.32.0.1", "192.167.1.1", "198.20.0.1", "223.255.255.255",
        "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::808:808", "2001:4860:4860::8888", "2002:808:808::1", "2600::1",
        "2a00:1450:4001::1",
    ],
)  # fmt: skip
def test_public_addresses(address: str) -> None:
    assert not is_private(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True), ("LOCALHOST.", True), ("a.localhost", True), ("nas.local", True), ("x.internal", True),
        ("router.home.arpa", True), ("wiki", True), ("127.0.0.1", True), ("10.0.0.1", True), ("8.8.8.8", True),
        ("::1", True), ("fe80::1%eth0", True),
        ("example.org", False), ("localhost.example.org", False), ("127.0.0.1.nip.io", False), ("local.org", False),
        ("notlocal", True), ("2130706433", False), ("0x7f000001", False), ("127.1", False), ("0177.0.0.1", False),
        ("", False), ("1e100", False), ("a.b", False), ("xlocalhost.com", False),
    ],
)  # fmt: skip
def test_names_that_can_only_be_ones_own(host: str, local: bool) -> None:
    assert is_local_name(host) is local


@pytest.mark.parametrize(
    ("url", "leads_to", "behind"),
    [
        ("https://pictures.example.org/a.png", "10.0.0.5", "10.0.0.5"),
        ("https://pictures.example.org/a.png", "93.184.215.14", ""),
        ("http://nas.local/a.png", "10.0.0.5", ""),
        ("http://10.0.0.5/a.png", "10.0.0.5", ""),
        ("http://2130706433/a.png", "127.0.0.1", "127.0.0.1"),
        ("http://[::1/a.png", "10.0.0.5", ""),
        ("http:///a.png", "10.0.0.5", ""),
    ],
)
def test_the_private_address_behind_a_public_name(
    monkeypatch: pytest.MonkeyPatch, url: str, leads_to: str, behind: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (leads_to, 0))])
    assert private_address_behind(url, within_s=60) == behind


def test_a_name_server_that_is_slow_or_knows_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = threading.Event()

    def slow(*_: object, **__: object) -> list[tuple[object, ...]]:
        answer.wait()
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    assert private_address_behind("https://example.org/a.png", within_s=0) == ""
    answer.set()
    assert private_address_behind("https://example.org/a.png", within_s=60) == ""
