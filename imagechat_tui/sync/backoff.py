"""How long to wait before the next try (PROMISES D12).

The bound doubles from 1 s to 30 s (1, 2, 4, 8, 16, 30, 30 …) and the delay is drawn evenly from zero up to
it: a thousand clients that lost one server at the same moment must not come back at the same moment. The
server of one machine has few clients, and its people can see that it runs: there the bound ends at 2 s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Uniform: TypeAlias = Callable[[float, float], float]
"""Draws evenly between two bounds. Chance is an argument, so that a test can replay it."""

BASE_S = 1.0
CAP_S = 30.0
LOCAL_CAP_S = 2.0
RESTART_CAP_S = 4.0
"""Where it ends while a server restarts that has said so. Measured with 300 clients, see PROMISES D12."""
RESET_AFTER_S = 60.0
"""The series starts anew only after the link held this long, so that a flapping link does not hammer."""


def bound_s(attempt: int, cap_s: float = CAP_S) -> float:
    """The longest delay before try number ``attempt`` (0 is the first after a loss), in seconds."""
    return min(cap_s, BASE_S * 2.0 ** min(attempt, 16))


def delay_s(attempt: int, uniform: Uniform, *, at_least_s: float = 0.0, cap_s: float = CAP_S) -> float:
    """The delay before try number ``attempt``, in seconds.

    Args:
        attempt: tries since the series began.
        uniform: source of chance.
        at_least_s: what the server asked for (Retry-After). The drawn delay comes on top of it, since
            everybody else was told the same number.
        cap_s: where the bound ends.
    """
    return at_least_s + uniform(0.0, bound_s(attempt, cap_s))
