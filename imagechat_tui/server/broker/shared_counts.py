"""Counters of which each process keeps its own, and tells the others how they have changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from imagechat_tui.server.broker import Seat, Use
from imagechat_tui.server.broker.memory import MemoryCounts

MOST_TOLD = 1_000
"""Buckets, and seats, of which the others are told at once; attacked by more addresses, each process counts alone."""


class SharedCounts:
    """See Counts: this process's own at once, those of the others as far as they have been heard.

    Args:
        process: Whose counters these are. What is counted for it alone the others are not told.
        changed: Called when there is something to tell.
    """

    def __init__(self, process: str, changed: Callable[[], None]) -> None:
        self._process = process
        self._changed = changed
        self._own = MemoryCounts()
        self._used: Counter[Use] = Counter()
        self._turned: set[Seat] = set()
        self._elsewhere: Counter[Seat] = Counter()

    @property
    def has_news(self) -> bool:
        """Whether the others do not know all yet."""
        return bool(self._used or self._turned)

    def use(self, uses: Sequence[Use], now: float) -> tuple[int, float] | None:
        """See Counts."""
        refused = self._own.use(uses, now)
        if refused is None:
            self._used.update(use for use in uses if use.key != self._process)
            self._changed()
        return refused

    def wait_s(self, use: Use, now: float) -> float | None:
        """See Counts."""
        return self._own.wait_s(use, now)

    def take_seats(self, seats: Mapping[Seat, int]) -> bool:
        """See Counts."""
        if not self._own.take_seats({seat: most - self._elsewhere[seat] for seat, most in seats.items()}):
            return False
        self._turn(seats)
        return True

    def give_back(self, seats: Iterable[Seat]) -> None:
        """See Counts."""
        given = list(seats)
        self._own.give_back(given)
        self._turn(given)

    def _turn(self, seats: Iterable[Seat]) -> None:
        self._turned.update(seat for seat in seats if self._process not in seat)
        self._changed()

    # What is told

    def news(self) -> tuple[list[tuple[Use, int]], list[tuple[Seat, int]]]:
        """What the others do not know yet: uses, and how many of which seats are taken now."""
        used, self._used = self._used.most_common(MOST_TOLD), Counter()
        turned, self._turned = list(self._turned), set()
        return used, [(seat, self._own.seats_of(seat)) for seat in turned[:MOST_TOLD]]

    def all_seats(self) -> list[tuple[Seat, int]]:
        """All seats that are taken here, but for those that are the process's alone."""
        return [(seat, taken) for seat, taken in self._own.all_seats().items() if self._process not in seat]

    # What is heard

    def used_elsewhere(self, used: Iterable[tuple[Use, int]]) -> None:
        """Count what others have used."""
        for use, times in used:
            self._own.owe(use, times)

    def taken_elsewhere(self, seat: Seat, more: int) -> None:
        """Note that others have so many more seats, or less."""
        self._elsewhere[seat] += more
        if not self._elsewhere[seat]:
            del self._elsewhere[seat]
