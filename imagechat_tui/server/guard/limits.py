"""Rate limits and seats: what is counted, by whom, and how much of it is allowed (PROMISES 7).

The counting itself is the broker's, which shares it among processes and never waits for them to answer.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from imagechat_tui.protocol.ids import TenantId, UserId
from imagechat_tui.server.broker import Counts, Seat, Use
from imagechat_tui.server.broker.buckets import Rule


class Limit(StrEnum):
    """What is counted; the comment names the key."""

    CONNECTION = "connection"
    """By address: every new connection, not from trusted proxies."""
    NO_REQUEST = "no-request"
    """By address: connections that ended without one request, whatever came instead."""
    ADDRESS = "address"
    """By address: every request of whom nobody signed for, refused or not."""
    HANDSHAKE = "handshake"
    """By room and user, if the token is ours, else by room and address."""
    SOCKETS = "sockets"
    """By user, or by address if nobody signed in: sockets that are asked for, in whatever rooms."""
    HANDSHAKES = "handshakes"
    """By process: sockets that are let in; a restart must not become a stampede."""
    READ = "read"
    """By user, or by address if nobody signed in."""
    ATTEMPT = "attempt"
    """By user, or by address if nobody signed in: every write that is asked for, refused or not."""
    WRITE = "write"
    """By user, or by address if nobody signed in: writes that are carried out."""
    GUEST_WRITE = "guest-write"
    """By tenant: writes of people without sign-in, a share of ``TENANT_WRITE``."""
    TENANT_WRITE = "tenant-write"
    """By tenant."""
    GUEST_REQUEST = "guest-request"
    """By tenant: reads and writes of people without sign-in, a share of ``TENANT_REQUEST``."""
    TENANT_REQUEST = "tenant-request"
    """By tenant: reads and writes."""


DEFAULT_RULES: Mapping[Limit, Rule] = MappingProxyType(
    {
        Limit.CONNECTION: Rule(50, 1_000),
        Limit.NO_REQUEST: Rule(2, 100),
        Limit.ADDRESS: Rule(50, 1_000),
        Limit.HANDSHAKE: Rule(1, 60),
        Limit.SOCKETS: Rule(2, 120),
        Limit.HANDSHAKES: Rule(200, 200),
        Limit.READ: Rule(2, 120),
        Limit.ATTEMPT: Rule(10, 100),
        Limit.WRITE: Rule(5, 20),
        Limit.GUEST_WRITE: Rule(25, 100),
        Limit.TENANT_WRITE: Rule(50, 200),
        Limit.GUEST_REQUEST: Rule(25, 1_500),
        Limit.TENANT_REQUEST: Rule(50, 3_000),
    }
)
"""Limits of a team's server."""

LOCAL_RULES: Mapping[Limit, Rule] = MappingProxyType(
    {limit: Rule(rule.per_s * 20, rule.burst * 20) for limit, rule in DEFAULT_RULES.items()}
)
"""Limits of a local server: wide enough for any script of its one person, still a wall against a loop."""


class FrameRules(Struct, frozen=True):
    """What one socket may send. Beyond it the socket is closed (1008)."""

    others: Rule = Rule(1, 10)
    """Frames, control frames and fragments included, but for crosshairs and versions: 10 in 10 s."""
    crosshairs: Rule = Rule(2, 2)
    """Crosshairs; those beyond are dropped, and close nothing."""
    any: Rule = Rule(4, 100)
    """Whole messages, crosshairs included: a link that hung brings many at once."""


class Limits:
    """The rate limits, by kind and key, over counters that a broker shares among processes."""

    def __init__(self, counts: Counts, rules: Mapping[Limit, Rule] = DEFAULT_RULES) -> None:
        self._counts = counts
        self._rules = dict(DEFAULT_RULES) | dict(rules)

    def check(self, limit: Limit, key: str, now: float) -> float | None:
        """Count one use of ``limit`` by ``key``.

        Args:
            limit: What is used.
            key: Whose bucket; keep tenants apart by putting the tenant into it.
            now: Seconds of a clock that does not go back.

        Returns:
            None if it is allowed, else the seconds to wait (``Retry-After``).
        """
        refused = self._counts.use((self._use(limit, key),), now)
        return None if refused is None else refused[1]

    def allows(self, limit: Limit, key: str, now: float) -> bool:
        """Whether ``check`` would allow one use; it is not counted."""
        return self._counts.wait_s(self._use(limit, key), now) is None

    def check_all(self, uses: Sequence[tuple[Limit, str]], now: float) -> tuple[Limit, float] | None:
        """Count one use of each, or of none: what one limit refuses costs the others nothing.

        Returns:
            None if all allow it, else the first that does not and the seconds to wait for it.
        """
        refused = self._counts.use([self._use(limit, key) for limit, key in uses], now)
        if refused is None:
            return None
        place, wait_s = refused
        return uses[place][0], wait_s

    def look_at_all(self, uses: Sequence[tuple[Limit, str]], now: float) -> tuple[Limit, float] | None:
        """What ``check_all`` would return, and nothing is counted."""
        for limit, key in uses:
            wait_s = self._counts.wait_s(self._use(limit, key), now)
            if wait_s is not None:
                return limit, wait_s
        return None

    def _use(self, limit: Limit, key: str) -> Use:
        return Use(limit, key, self._rules[limit])


def tenant_requests(tenant_id: TenantId, *, guest: bool) -> tuple[tuple[Limit, str], ...]:
    """What one request uses of its tenant's allowance."""
    share = ((Limit.GUEST_REQUEST, tenant_id),) if guest else ()
    return (*share, (Limit.TENANT_REQUEST, tenant_id))


class SeatRules(Struct, frozen=True):
    """How many sockets may be open at once."""

    per_user: int = 20
    guests_per_address: int = 60
    """Sockets of people without sign-in, from one address."""
    guests_per_tenant: int = 500
    per_tenant: int = 2_000
    per_process: int = 10_000


class SeatLimit:
    """How many sockets may be open, counted by everything that could take all of them.

    Args:
        rules: How many.
        counts: The counters, shared among processes.
        process: The name of this one, whose own sockets are limited, too.
    """

    def __init__(self, rules: SeatRules, counts: Counts, process: str) -> None:
        self._rules = rules
        self._counts = counts
        self._process = process

    def take(self, tenant_id: TenantId, user_id: UserId, guest_from: str | None = None) -> bool:
        """Take a seat for one socket; False if somebody it is counted for has none left.

        Args:
            tenant_id: Whose room.
            user_id: Who sits down.
            guest_from: The address of somebody without sign-in, else None.
        """
        return self._counts.take_seats(self._counted(tenant_id, user_id, guest_from))

    def give_back(self, tenant_id: TenantId, user_id: UserId, guest_from: str | None = None) -> None:
        """Free the seat of a socket that has closed."""
        self._counts.give_back(self._counted(tenant_id, user_id, guest_from))

    def _counted(self, tenant_id: TenantId, user_id: UserId, guest_from: str | None) -> dict[Seat, int]:
        """What a seat counts for, and how many each may have."""
        rules = self._rules
        counted: dict[Seat, int] = {
            ("process", self._process): rules.per_process,
            ("tenant", tenant_id): rules.per_tenant,
            ("user", tenant_id, user_id): rules.per_user,
        }
        if guest_from is not None:
            counted["guests of", tenant_id] = rules.guests_per_tenant
            counted["guests from", guest_from] = rules.guests_per_address
        return counted


def address_key(remote: str | None) -> str:
    """The key of a peer's address: an IPv4 address whole, of an IPv6 address its /64.

    One household has 2**64 addresses of the newer kind: counting each would count nothing. Unix sockets
    have no address and share the key ``""``.
    """
    if not remote:
        return ""
    try:
        address = ipaddress.ip_address(remote.partition("%")[0])
    except ValueError:
        return remote[:64]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((address, 64), strict=False).network_address)
    return str(address)
