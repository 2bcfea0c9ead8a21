"""What a tenant uses of a server, day by day (PROTOCOL 8.6). The client knows nothing of it."""

from __future__ import annotations

from datetime import date
from operator import add
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple

MOST_DAYS: Final = 365
"""So many days are told in one answer."""

_DAY_MS: Final = 86_400_000
_EPOCH: Final = date(1970, 1, 1).toordinal()


class Usage(Struct, frozen=True):
    """What has been used. Each thing counts once: a request that is repeated counts nothing."""

    conversations: int = 0
    """Made."""
    comments: int = 0
    """Made."""
    votes: int = 0
    """Given, those among them that are turned."""
    comment_lists: int = 0
    """Answers with comments in them: a page of a thread, or all threads of an image."""
    user_searches: int = 0
    """Times that people were looked for by the beginning of their names."""
    messages: int = 0
    """Written to sockets, one for each socket that is told."""
    message_bytes: int = 0
    """Of these messages, without the heads of their frames."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(*map(add, astuple(self), astuple(other)))


class DailyUsage(Struct, frozen=True):
    """What a tenant has used on one day (UTC)."""

    day: date
    usage: Usage
    created_at_ms: int
    """When the first of it was noted down."""


class UsageQuery(Struct, frozen=True):
    """Which days are meant: those that equal all that is given, the oldest first."""

    year: int | None = None
    month: int | None = None
    """1 to 12; no day has another one."""
    day: int | None = None
    """1 to 31; no day has another one."""
    since: date | None = None
    """The first day that is meant, whatever else is."""
    skip: int = 0
    """So many are passed over."""
    most: int = MOST_DAYS

    def means(self, day: date) -> bool:
        """Whether a day is meant, not counting what is passed over."""
        asked = (self.year, day.year), (self.month, day.month), (self.day, day.day)
        return all(wanted in (None, found) for wanted, found in asked) and (
            self.since is None or day >= self.since
        )


def day_of(ms: int) -> date:
    """The day (UTC) of a time in ms since the epoch."""
    return date.fromordinal(_EPOCH + ms // _DAY_MS)


def ms_left_of_day(ms: int) -> int:
    """How long the day (UTC) of a time goes on."""
    return _DAY_MS - ms % _DAY_MS
