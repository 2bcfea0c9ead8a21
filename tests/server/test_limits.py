from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol.ids import TenantId, UserId
from imagechat_tui.server.broker.buckets import Bucket, Rule
from imagechat_tui.server.broker.memory import MemoryCounts
from imagechat_tui.server.guard.limits import (
    DEFAULT_RULES,
    LOCAL_RULES,
    FrameRules,
    Limit,
    Limits,
    SeatLimit,
    SeatRules,
    address_key,
)

DEMO = TenantId("demo")


@pytest.mark.parametrize("limit", Limit)
def test_each_limit_allows_its_burst_and_not_one_more(limit: Limit) -> None:
    limits = Limits(MemoryCounts())
    rule = DEFAULT_RULES[limit]
    for _ in range(int(rule.burst)):
        assert limits.check(limit, "key", 0.0) is None
    wait = limits.check(limit, "key", 0.0)
    assert wait is not None
    assert wait == pytest.approx(1 / rule.per_s)
    assert limits.check(limit, "key", wait * 0.99) is not None
    assert limits.check(limit, "key", wait * 1.01) is None


def test_the_documented_defaults_hold() -> None:
    assert DEFAULT_RULES[Limit.WRITE] == Rule(5, 20)
    assert DEFAULT_RULES[Limit.TENANT_WRITE] == Rule(50, 200)
    assert DEFAULT_RULES[Limit.GUEST_WRITE] == Rule(25, 100)
    assert DEFAULT_RULES[Limit.CONNECTION] == Rule(50, 1_000)
    assert DEFAULT_RULES[Limit.NO_REQUEST] == Rule(2, 100)
    assert DEFAULT_RULES[Limit.HANDSHAKE] == Rule(1, 60)
    assert DEFAULT_RULES[Limit.SOCKETS] == Rule(2, 120)
    assert DEFAULT_RULES[Limit.GUEST_REQUEST] == Rule(25, 1_500)
    assert DEFAULT_RULES[Limit.HANDSHAKES] == Rule(200, 200)
    assert DEFAULT_RULES[Limit.ADDRESS] == Rule(50, 1_000)
    assert DEFAULT_RULES[Limit.ATTEMPT] == Rule(10, 100)
    assert FrameRules() == FrameRules(others=Rule(1, 10), crosshairs=Rule(2, 2), any=Rule(4, 100))
    assert SeatRules() == SeatRules(
        per_user=20, guests_per_address=60, guests_per_tenant=500, per_tenant=2_000, per_process=10_000
    )
    assert all(LOCAL_RULES[limit].burst > DEFAULT_RULES[limit].burst for limit in Limit)


def test_one_key_never_uses_up_anothers_tokens() -> None:
    limits = Limits(MemoryCounts(), {Limit.WRITE: Rule(1, 1)})
    assert limits.check(Limit.WRITE, "ann", 0.0) is None
    assert limits.check(Limit.WRITE, "ann", 0.0) is not None
    assert limits.check(Limit.WRITE, "bob", 0.0) is None
    assert limits.check(Limit.READ, "ann", 0.0) is None


def test_a_clock_that_jumps_back_gives_nothing_away() -> None:
    bucket = Bucket(Rule(1, 1), 100.0)
    assert bucket.take(100.0) is None
    assert bucket.take(50.0) is not None
    assert bucket.take(100.5) is not None
    assert bucket.take(101.0) is None


def test_memory_is_bounded_and_the_busiest_key_stays_counted() -> None:
    limits = Limits(MemoryCounts(max_keys=3), {Limit.WRITE: Rule(0.001, 1)})
    assert limits.check(Limit.WRITE, "busy", 0.0) is None
    for number in range(50):
        limits.check(Limit.WRITE, f"passer-by-{number}", float(number))
        assert limits.check(Limit.WRITE, "busy", float(number)) is not None


@given(st.lists(st.floats(0, 2), max_size=200), st.floats(0.5, 20), st.integers(1, 10))
def test_never_more_than_burst_and_rate_together(pauses: list[float], per_s: float, burst: int) -> None:
    bucket, now, allowed = Bucket(Rule(per_s, burst), 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        allowed += bucket.take(now) is None
    assert allowed <= math.floor(burst + now * per_s + 1e-6)


def test_seats_end_at_user_tenant_and_process() -> None:
    seats = SeatLimit(SeatRules(per_user=1, per_tenant=2, per_process=3), MemoryCounts(), "1")
    assert seats.take(DEMO, UserId("a"))
    assert not seats.take(DEMO, UserId("a"))
    assert seats.take(DEMO, UserId("b"))
    assert not seats.take(DEMO, UserId("c"))
    assert seats.take(TenantId("other"), UserId("a"))
    assert not seats.take(TenantId("third"), UserId("a"))
    seats.give_back(DEMO, UserId("a"))
    assert seats.take(DEMO, UserId("a"))


def test_people_without_sign_in_leave_seats_to_members_and_to_other_addresses() -> None:
    seats = SeatLimit(SeatRules(guests_per_address=2, guests_per_tenant=3), MemoryCounts(), "1")
    guests = [UserId(f"anon:{n}") for n in range(5)]
    assert seats.take(DEMO, guests[0], "192.0.2.1")
    assert seats.take(TenantId("other"), guests[1], "192.0.2.1")
    assert not seats.take(DEMO, guests[2], "192.0.2.1")
    assert seats.take(DEMO, guests[2], "192.0.2.2")
    assert seats.take(DEMO, guests[3], "192.0.2.3")
    assert not seats.take(DEMO, guests[4], "192.0.2.4")
    assert seats.take(DEMO, UserId("a"))
    seats.give_back(DEMO, guests[0], "192.0.2.1")
    assert seats.take(DEMO, guests[4], "192.0.2.1")


def test_what_one_limit_refuses_costs_the_others_nothing() -> None:
    limits = Limits(MemoryCounts(), {Limit.WRITE: Rule(0.001, 1), Limit.TENANT_WRITE: Rule(0.001, 2)})
    ann, bob, carl = (((Limit.WRITE, name), (Limit.TENANT_WRITE, "demo")) for name in ("ann", "bob", "carl"))
    assert limits.check_all(ann, 0.0) is None
    for _ in range(9):
        refused = limits.check_all(ann, 0.0)
        assert refused is not None and refused[0] is Limit.WRITE
    assert limits.check_all(bob, 0.0) is None
    for _ in range(2):
        refused = limits.check_all(carl, 0.0)
        assert refused is not None and refused[0] is Limit.TENANT_WRITE


@pytest.mark.parametrize(
    ("remote", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        (None, ""),
        ("", ""),
        ("odd", "odd"),
    ],
)
def test_an_address_is_counted_by_household(remote: str | None, key: str) -> None:
    assert address_key(remote) == key
