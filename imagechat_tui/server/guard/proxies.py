"""Proxies that are believed about whom they speak for, and what they say of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence

from imagechat_tui.server.guard.limits import address_key

MAX_HOPS = 20
"""Of a chain of proxies, counted from its near end; nobody trusts more."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TrustedProxies:
    """Networks of proxies.

    Args:
        networks: Addresses, or networks as ``10.0.0.0/8``.

    Raises:
        ValueError: One of them is none.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(ipaddress.ip_network(network, strict=False) for network in networks)

    def trusts(self, peer: str | None) -> bool:
        """Whether an address is that of a trusted proxy."""
        if not self._networks or not peer:
            return False
        address = _address(peer)
        return address is not None and self._are_home_to(address)

    def caller_key(self, peer: str | None, forwarded_for: Sequence[str], forwarded: Sequence[str]) -> str:
        """Whom a request comes from, as of ``address_key``.

        Everybody may send these headers, so only what a trusted proxy wrote at their end is believed: from right to
        left, the first address that is not a trusted proxy's. A proxy that writes one of the two headers hands
        the other on as a stranger wrote it, so where both are there and tell different callers neither is believed.

        Args:
            peer: The address that the connection comes from.
            forwarded_for: The values of ``X-Forwarded-For``, in order.
            forwarded: The values of ``Forwarded`` (RFC 7239), in order.
        """
        if not self.trusts(peer):
            return address_key(peer)
        told = {
            self._caller(peer, hops)
            for hops in (_plain_hops(forwarded_for), _named_hops(forwarded))
            if hops is not None
        }
        return told.pop() if len(told) == 1 else address_key(peer)

    def _caller(self, peer: str | None, hops: Iterable[str]) -> str:
        """The nearest address that is not a trusted proxy's, as far as the chain can be read."""
        caller = address_key(peer)
        for hop in hops:
            address = _address(_without_port(hop.strip().strip('"')))
            if address is None:
                break
            caller = address_key(str(address))
            if not self._are_home_to(address):
                break
        return caller

    def _are_home_to(self, address: _Address) -> bool:
        return any(address in network for network in self._networks)


def is_loopback(peer: str | None) -> bool:
    """Whether an address is this machine's own."""
    address = _address(peer) if peer else None
    return address is not None and address.is_loopback


def _plain_hops(values: Sequence[str]) -> Iterable[str] | None:
    """The addresses of ``X-Forwarded-For``, the nearest first; None without the header."""
    return reversed(",".join(values).split(",")[-MAX_HOPS:]) if values else None


def _named_hops(values: Sequence[str]) -> Iterable[str] | None:
    """The same of ``Forwarded``; an element that names nobody is ``""``.

    No address holds a comma: whatever quotes a stranger leaves open, what a proxy writes behind them is read.
    """
    return map(_named_for, reversed(",".join(values).split(",")[-MAX_HOPS:])) if values else None


def _named_for(element: str) -> str:
    return next(_values_of("for", element), "")


def _values_of(name: str, element: str) -> Iterator[str]:
    for pair in element.split(";"):
        key, _, value = pair.partition("=")
        if key.strip().lower() == name:
            yield value


def _without_port(hop: str) -> str:
    """``192.0.2.1:80`` and ``[2001:db8::1]:80`` without what is not the address."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _address(text: str) -> _Address | None:
    """The address; one of IPv4 that came as IPv6 is of IPv4."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
