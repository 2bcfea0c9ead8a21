"""Rate limits and seats: token buckets by kind and key, in bounded memory (PROMISES 7).

Each process keeps its own buckets, so there is no limiter store that could fail; n processes allow n times
as much.
"""

from __future__ import annotations

import ipaddress
from collections import Counter, OrderedDict
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from imagechat_tui.protocol.ids import TenantId, UserId


class Limit(StrEnum):
    """What is counted; the comment names the key."""

    HANDSHAKE = "handshake"
    """By room and user, if the token is ours, else by room and address."""
    HANDSHAKES = "handshakes"
    """All of this process together (key ``""``): a restart must not become a stampede."""
    READ = "read"
    """By user, or by address if nobody signed in."""
    WRITE = "write"
    """By user."""
    TENANT_WRITE = "tenant-write"
    """By tenant."""
    TENANT_REQUEST = "tenant-request"
    """By tenant: reads and writes."""


class Rule(Struct, frozen=True):
    """A bucket's shape: ``burst`` at once, then ``per_s`` a second."""

    per_s: float
    burst: float


DEFAULT_RULES: Mapping[Limit, Rule] = MappingProxyType(
    {
        Limit.HANDSHAKE: Rule(1, 60),
        Limit.HANDSHAKES: Rule(200, 200),
        Limit.READ: Rule(2, 120),
        Limit.WRITE: Rule(5, 20),
        Limit.TENANT_WRITE: Rule(50, 200),
        Limit.TENANT_REQUEST: Rule(50, 3_000),
    }
)
"""Limits of a team's server."""

LOCAL_RULES: Mapping[Limit, Rule] = MappingProxyType(
    {limit: Rule(rule.per_s * 20, rule.burst * 20) for limit, rule in DEFAULT_RULES.items()}
)
"""Limits of a local server: wide enough for any script of its one person, still a wall against a loop."""

SOCKET_FRAMES = Rule(1, 10)
"""Text frames one socket may send: 10 in 10 s; beyond it the socket is closed (1008)."""
CURSOR_FRAMES = Rule(2, 2)
"""Crosshair frames one socket may send; those beyond are dropped."""

MAX_KEYS = 10_000
"""Buckets per kind. Beyond it the one longest untouched is forgotten, which is the fullest one."""


class Bucket:
    """One token bucket; born full."""

    __slots__ = ("_level", "_rule", "_stamp")

    def __init__(self, rule: Rule, now: float) -> None:
        self._rule = rule
        self._level = rule.burst
        self._stamp = now

    def take(self, now: float) -> float | None:
        """Take one token.

        Returns:
            None if there was one, else the seconds until there will be.
        """
        self._level = min(self._rule.burst, self._level + max(0.0, now - self._stamp) * self._rule.per_s)
        self._stamp = max(now, self._stamp)
        if self._level >= 1:
            self._level -= 1
            return None
        return (1 - self._level) / self._rule.per_s


class Limits:
    """All rate limits of one process."""

    def __init__(self, rules: Mapping[Limit, Rule] = DEFAULT_RULES, *, max_keys: int = MAX_KEYS) -> None:
        self._rules = dict(DEFAULT_RULES) | dict(rules)
        self._max_keys = max_keys
        self._buckets: dict[Limit, OrderedDict[str, Bucket]] = {limit: OrderedDict() for limit in Limit}

    def check(self, limit: Limit, key: str, now: float) -> float | None:
        """Count one use of ``limit`` by ``key``.

        Args:
            limit: What is used.
            key: Whose bucket; keep tenants apart by putting the tenant into it.
            now: Seconds of a clock that does not go back.

        Returns:
            None if it is allowed, else the seconds to wait (``Retry-After``).
        """
        buckets = self._buckets[limit]
        bucket = buckets.get(key)
        if bucket is None:
            bucket = buckets[key] = Bucket(self._rules[limit], now)
            if len(buckets) > self._max_keys:
                buckets.popitem(last=False)
        else:
            buckets.move_to_end(key)
        return bucket.take(now)


class SeatRules(Struct, frozen=True):
    """How many sockets may be open at once."""

    per_user: int = 20
    per_tenant: int = 2_000
    per_process: int = 10_000


class Seats:
    """The sockets of this process, counted by user and tenant."""

    def __init__(self, rules: SeatRules | None = None) -> None:
        self._rules = rules or SeatRules()
        self._tenants: Counter[TenantId] = Counter()
        self._users: Counter[tuple[TenantId, UserId]] = Counter()
        self._total = 0

    def take(self, tenant_id: TenantId, user_id: UserId) -> bool:
        """Take a seat for one socket; False if the user, the tenant or the process has none left."""
        full = (
            self._total >= self._rules.per_process
            or self._tenants[tenant_id] >= self._rules.per_tenant
            or self._users[tenant_id, user_id] >= self._rules.per_user
        )
        if not full:
            self._total += 1
            self._tenants[tenant_id] += 1
            self._users[tenant_id, user_id] += 1
        return not full

    def give_back(self, tenant_id: TenantId, user_id: UserId) -> None:
        """Free the seat of a socket that has closed."""
        self._total -= 1
        self._tenants[tenant_id] -= 1
        self._users[tenant_id, user_id] -= 1
        if not self._tenants[tenant_id]:
            del self._tenants[tenant_id]
        if not self._users[tenant_id, user_id]:
            del self._users[tenant_id, user_id]


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
