"""Whom a request comes from, behind proxies that are trusted and others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.server.guard.proxies import TrustedProxies

pytestmark = pytest.mark.security

PROXIES = TrustedProxies(["192.0.2.1", "192.0.2.2", "10.0.0.0/8", "2001:db8:aa::/48"])
PROXY, STRANGER = "192.0.2.1", "192.0.2.9"


@pytest.mark.parametrize(
    ("peer", "trusted"),
    [
        (PROXY, True),
        ("10.9.8.7", True),
        ("::ffff:10.9.8.7", True),
        ("2001:db8:aa:1::5", True),
        ("2001:db8:ab::5", False),
        (STRANGER, False),
        ("", False),
        (None, False),
        ("odd", False),
    ],
)
def test_a_network_of_proxies_is_trusted_whole_and_nobody_else(peer: str | None, trusted: bool) -> None:
    assert PROXIES.trusts(peer) is trusted
    assert not TrustedProxies().trusts(peer)


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "caller"),
    [
        (STRANGER, ["198.51.100.1"], STRANGER),
        (PROXY, [], PROXY),
        (PROXY, ["198.51.100.1"], "198.51.100.1"),
        (PROXY, ["198.51.100.1:4711"], "198.51.100.1"),
        (PROXY, ["203.0.113.5, 198.51.100.1"], "198.51.100.1"),
        (PROXY, ["203.0.113.5", "198.51.100.1, 192.0.2.2"], "198.51.100.1"),
        (PROXY, ["203.0.113.5, 198.51.100.1, 10.1.1.1, 192.0.2.2"], "198.51.100.1"),
        (PROXY, ["2001:db8::1:2:3:4"], "2001:db8::"),
        (PROXY, ["[2001:db8::1:2:3:4]:80"], "2001:db8::"),
        (PROXY, ["nonsense"], PROXY),
        (PROXY, ["203.0.113.5, nonsense"], PROXY),
        (PROXY, ["203.0.113.5, nonsense, 10.1.1.1"], "10.1.1.1"),
        (PROXY, ["192.0.2.2"], "192.0.2.2"),
        (PROXY, [", ".join(["203.0.113.5"] * 5_000)], "203.0.113.5"),
        (PROXY, [", ".join(["203.0.113.5", *["10.0.0.1"] * 5_000])], "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_speak_for_others(peer: str, forwarded_for: list[str], caller: str) -> None:
    assert PROXIES.caller_key(peer, forwarded_for, []) == caller


@pytest.mark.parametrize(
    ("forwarded", "caller"),
    [
        (["for=198.51.100.1"], "198.51.100.1"),
        (["For=198.51.100.1; proto=https;by=192.0.2.1"], "198.51.100.1"),
        (["proto=https;host=example.com;for=198.51.100.1"], "198.51.100.1"),
        (['for="198.51.100.1:4711"'], "198.51.100.1"),
        (['for="[2001:db8::1:2:3:4]:4711"'], "2001:db8::"),
        (["for=203.0.113.5, for=198.51.100.1"], "198.51.100.1"),
        (["for=203.0.113.5", "for=198.51.100.1, for=10.1.1.1"], "198.51.100.1"),
        (["for=203.0.113.5, for=_hidden"], PROXY),
        (["for=203.0.113.5, for=unknown"], PROXY),
        (["for=203.0.113.5, proto=https"], PROXY),
        (['by="for=203.0.113.5, for=198.51.100.1'], "198.51.100.1"),
        (['for="203.0.113.5, for=198.51.100.1'], "198.51.100.1"),
        ([""], PROXY),
    ],
)
def test_the_header_of_the_standard_is_read_too(forwarded: list[str], caller: str) -> None:
    assert PROXIES.caller_key(PROXY, [], forwarded) == caller


def test_a_header_that_the_proxy_only_handed_on_makes_nobody_else_of_a_stranger() -> None:
    def told(forwarded_for: str, forwarded: str) -> str:
        return PROXIES.caller_key(PROXY, [forwarded_for], [forwarded])

    assert told("198.51.100.1", "for=198.51.100.1") == "198.51.100.1"
    assert told("198.51.100.1", "for=203.0.113.5") == PROXY
    assert told("203.0.113.5", "for=198.51.100.1") == PROXY


@given(st.text(alphabet='for=,;"[]:.0123456789abc \\', max_size=60))
def test_whatever_a_stranger_writes_before_it_the_proxys_word_stands(before: str) -> None:
    assert PROXIES.caller_key(PROXY, [], [f"{before},for=198.51.100.1"]) == "198.51.100.1"
    assert PROXIES.caller_key(PROXY, [f"{before},198.51.100.1"], []) == "198.51.100.1"
