"""Which addresses are of a private network, and which names can only mean one.

A picture's address is pasted from somewhere. If its public name leads into the network that we stand in, whoever
gave us the name would have us ask a machine that they cannot reach themselves.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PRIVATE: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network (RFC 791)
        "100.64.0.0/10",  # carriers' NAT (RFC 6598)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "240.0.0.0/4",  # reserved (RFC 1112)
        "64:ff9b:1::/48",  # NAT64 of one network (RFC 8215)
        "2001::/32",  # Teredo (RFC 4380)
        "3fff::/20",  # examples (RFC 9637)
        "5f00::/16",  # segments (RFC 9602)
        "fec0::/10",  # a site's own (RFC 3879)
    )
)
"""What the standard library of some Python takes for public."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.ip_network("::/96")

_LOCAL_SUFFIXES: Final = (".localhost", ".local", ".internal", ".home.arpa")
"""Names that nobody can have in public (RFC 6761, 6762, 8375; ICANN for .internal)."""


def is_private(address: Address) -> bool:
    """Whether an address is not of the public network, also if it is wrapped into one that is."""
    inside = _inside(address)
    if inside is not None:
        return is_private(inside)
    return (
        not address.is_global
        or address.is_multicast
        or any(address.version == network.version and address in network for network in _PRIVATE)
    )


def _inside(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a translator or a tunnel makes of an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    wrapped = address.ipv4_mapped or address.sixtofour
    if wrapped is None and (address in _NAT64 or (address in _COMPATIBLE and int(address) > 1)):
        wrapped = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return wrapped


def is_local_name(host: str) -> bool:
    """Whether a host as the person typed it can only be one of their own network: an address, or a local name."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(_LOCAL_SUFFIXES):
        return True
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        # Without a dot it is a name of the own network; digits alone are an address in disguise.
        return "." not in name and name[:1].isalpha()
    return True


def address_of(found: Sequence[tuple[Any, ...]]) -> Address:
    """The first address of what ``getaddrinfo`` found."""
    return ipaddress.ip_address(str(found[0][4][0]).split("%")[0])


def private_address_behind(url: str, *, within_s: float) -> str:
    """The private address to which a public name in a URL leads; empty if there is nothing to ask about.

    A name server that does not answer in time is not waited for: who fetches looks again.
    """
    import socket
    import threading
    from urllib.parse import urlsplit

    found: list[Address] = []

    def look() -> None:
        with suppress(OSError, ValueError):
            found.append(address_of(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)))

    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    if not host or is_local_name(host):
        return ""
    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(within_s)
    return next((str(address) for address in found if is_private(address)), "")
