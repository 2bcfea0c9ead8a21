"""Time as the screen is given it, and how it reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Clock(Struct, frozen=True):
    """Two clocks, as arguments."""

    wall_ms: Callable[[], int]
    """Milliseconds since the epoch."""
    engine_s: Callable[[], float]
    """The clock on which ``Connection`` counts, in seconds."""

    def wall_of(self, engine_s: float) -> int:
        """The wall clock, in ms, at a moment of the engine's clock."""
        return self.wall_ms() - round((self.engine_s() - engine_s) * 1000)


def time_of_day(at_ms: int) -> str:
    """Local time as ``hh:mm:ss``."""
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%H:%M:%S")


def date_and_time(at_ms: int) -> str:
    """Local date and time in full."""
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def ago(at_ms: int | None, now_ms: int) -> str:
    """How long ago something was, as one short word; changes at most once a minute."""
    if at_ms is None:
        return ""
    past = now_ms - at_ms
    if past < MINUTE_MS:
        return "now"
    if past < HOUR_MS:
        return f"{past // MINUTE_MS} min"
    if past < DAY_MS:
        return f"{past // HOUR_MS} h"
    if past < 30 * DAY_MS:
        return f"{past // DAY_MS} d"
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d")
