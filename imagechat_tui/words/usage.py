"""What a tenant has used, for its operator: a line for each thing, with a bar for each day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from imagechat_tui.protocol.usage import DailyUsage, Usage
from imagechat_tui.words.parts import safe_line

DAYS_SHOWN: Final = 30

_BARS: Final = "▁▂▃▄▅▆▇█"
_BARS_IN_ASCII: Final = "_.:-=+*#"
"""The first of either is nothing at all."""
_NAMES: Final = {
    "conversations": "markers made",
    "comments": "comments made",
    "votes": "votes given",
    "comment_lists": "lists read",
    "user_searches": "people sought",
    "messages": "live messages",
    "message_bytes": "their bytes",
}
"""Markers are what people know conversations as."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def usage_words(tenant: str, days: Iterable[DailyUsage], today: date, *, utf8: bool = True) -> str:
    """The last ``DAYS_SHOWN`` days as lines of less than 80 characters.

    Args:
        tenant: Its name, raw.
        days: What was used, in any order; days that are not among them are without use.
        today: The last day that is shown (UTC).
        utf8: Whether bars may be blocks.
    """
    used = {told.day: told.usage for told in days}
    shown = [today - timedelta(days=back) for back in reversed(range(DAYS_SHOWN))]
    head = f"{safe_line(tenant)}: the last {DAYS_SHOWN} days (UTC)"
    span = f"{_short(shown[0])}{_short(today):>{DAYS_SHOWN - len(_short(shown[0]))}}"
    lines = [head, "", _line("", span, "today", f"{DAYS_SHOWN} days")]
    for field, name in _NAMES.items():
        counts = [getattr(used.get(day, Usage()), field) for day in shown]
        shorten = field == "message_bytes"
        told = [_size(count) if shorten else f"{count:,}" for count in (counts[-1], sum(counts))]
        lines.append(_line(name, _bars(counts, _BARS if utf8 else _BARS_IN_ASCII), *told))
    return "\n".join(lines)


def _line(name: str, plot: str, today: str, together: str) -> str:
    return f"{name:<13}  {plot}  {today:>11}  {together:>13}".rstrip()


def _bars(counts: Sequence[int], bars: str) -> str:
    """A bar for each count, the highest for the greatest. Whatever is not nothing is higher than nothing."""
    most, steps = max(counts), len(bars) - 1
    return "".join(bars[-(-count * steps // most) if count else 0] for count in counts)


def _size(count: int) -> str:
    """A number of bytes in three digits."""
    size, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 999.5:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "B" or size >= 99.95 else f"{size:.1f} {unit}"


def _short(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"
