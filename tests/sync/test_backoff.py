"""The series of delays (PROMISES D12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.sync.backoff import LOCAL_CAP_S, bound_s, delay_s


def test_the_bound_doubles_up_to_half_a_minute() -> None:
    assert [bound_s(attempt) for attempt in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_on_one_machine_the_bound_ends_at_two_seconds() -> None:
    assert [bound_s(attempt, LOCAL_CAP_S) for attempt in range(4)] == [1, 2, 2, 2]
    assert delay_s(5, lambda _, most: most, at_least_s=7.0, cap_s=LOCAL_CAP_S) == 9.0


def test_a_million_failures_overflow_nothing() -> None:
    assert bound_s(1_000_000) == 30


def test_the_delay_is_drawn_evenly_from_zero_to_the_bound() -> None:
    asked: list[tuple[float, float]] = []

    def uniform(least: float, most: float) -> float:
        asked.append((least, most))
        return most / 2

    assert delay_s(3, uniform) == 4.0
    assert asked == [(0.0, 8.0)]


@given(attempt=st.integers(0, 50), drawn=st.floats(0, 1), asked_s=st.floats(0, 600))
def test_what_the_server_asked_for_is_never_cut_short(attempt: int, drawn: float, asked_s: float) -> None:
    delay = delay_s(attempt, lambda least, most: least + drawn * (most - least), at_least_s=asked_s)
    assert asked_s <= delay <= asked_s + 30
    # Everybody was told the same number: the drawn delay comes on top.
    assert delay == pytest.approx(asked_s + drawn * bound_s(attempt))
