"""Moments: done when they have come, and known for the next wake-up."""

from __future__ import annotations

from collections.abc import Iterator

from imagechat_tui.sync.due import Due, do_due, next_due


def nothing() -> None:
    """Done, and changes nothing."""


def test_what_is_due_is_done_in_order_and_the_rest_waits() -> None:
    done: list[str] = []
    dues = [
        Due(3.0, lambda: done.append("later")),
        Due(2.0, lambda: done.append("now")),
        Due(1.0, lambda: done.append("overdue")),
        Due(0.0),
    ]
    do_due(dues, 2.0)
    assert done == ["now", "overdue"]


def test_what_is_done_first_may_change_what_is_listed_after_it() -> None:
    wanted: list[float] = []
    done: list[str] = []

    def dues() -> Iterator[Due]:
        yield Due(1.0, lambda: wanted.append(1.0))
        yield from (Due(at, lambda: done.append("read")) for at in wanted)

    do_due(dues(), 1.0)
    assert done == ["read"]


def test_the_next_wake_up_is_for_the_earliest_moment() -> None:
    assert next_due([], 5.0) is None
    assert next_due([Due(9.0), Due(7.0, nothing)], 5.0) == 7.0


def test_a_moment_without_an_act_is_over_when_it_has_come() -> None:
    assert next_due([Due(5.0), Due(4.0)], 5.0) is None
    assert next_due([Due(5.0, nothing)], 5.0) == 5.0, "what is due and not done would be seen to spin"
