"""Moments at which something is due. Each is written once: what is done then, and when to wake for it.

A part lists its moments as a generator. `do_due` goes through it and does what is due as it is told, so that
what was done first may change what is listed after it; `next_due` goes through the same list for the time of
the next wake-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple


class Due(NamedTuple):
    """A moment, on the engine's clock in seconds, and what is due then."""

    at: float
    act: Callable[[], None] | None = None
    """What is done then. None: the facts, at which every turn looks, change by time alone."""


def do_due(dues: Iterable[Due], now: float) -> None:
    """Do what is due, in the order of the list."""
    for due in dues:
        if due.act is not None and now >= due.at:
            due.act()


def next_due(dues: Iterable[Due], now: float) -> float | None:
    """The earliest moment of the list; one without an act counts only while it lies ahead."""
    return min((due.at for due in dues if due.act is not None or due.at > now), default=None)
