"""What is on its way to the terminal, and how fast it gets there.

Behind every few kilobytes the terminal is asked for a sign of life. Its answer says that all before it was taken in: so
it is known how much is on its way, how long the way is, and how much it takes a second. What is held back for that is
never on its way, and what has become out of date meanwhile never goes.

A terminal that never answers is asked once, and held back for once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct

ASK_FROM: Final = 4096
"""Bytes behind which a sign of life is asked for."""
MOST_OWED: Final = 16
"""Answers that may be owed before no more is asked."""
HELD_S: Final = 2.0
"""How long an answer is waited for at most; who has it later knows by then how slow the way is."""
QUEUE_S: Final = 0.25
"""So much may be on its way besides what fits the way itself: what a key brings comes so much later at most."""
MOST: Final = 1 << 17
"""Bytes on the way at most, however fast it was: a frame or two."""
SLOW_S: Final = 0.25
"""What takes longer than this is slow: four frames a second are no movement."""
STALE_S: Final = 10.0
"""An answer is none to a question as old as that, where there is a newer one: that was lost."""
ANEW_S: Final = 30.0
"""How old the length of the way may be that is reckoned with."""
BARE: Final = 512
"""Bytes on the way at most with which an answer tells how long the way is."""
AT_ONCE_S: Final = 0.02
"""What goes out within so long goes at once."""
LEAST_S: Final = 0.01
"""Times below this are this: whoever measures takes as long himself."""
PLENTY: Final = 1 << 30


class _Question(Struct):
    asked_s: float
    sent: int
    """Bytes that went out before it, ever."""
    in_flight: int
    """How many of them nothing had been heard of when it was asked."""
    burst: int
    """How many of them had gone out at once just before it: they were surely on their way."""
    alive: bool
    """Whether it is for a sign of life; others are answered in the same order."""
    told: Callable[[], None] | None
    lost: bool = False
    """Whether it is waited for no more."""


class Flow:
    """The bytes that go to a terminal, counted, and its signs of life. Times are in seconds of one clock."""

    def __init__(self) -> None:
        self.rate: float | None = None
        """Bytes that it takes a second; None until that is known."""
        self.round_trip_s: float | None = None
        """How long a question and its answer take with nothing before them; None until that is known."""
        self._sent = self._asked_behind = self._taken = 0
        self._owed: deque[_Question] = deque()
        self._answers = False
        self._round_trip_at = 0.0
        self._burst, self._wrote_at = 0, 0.0
        self._learnt_at, self._learnt_behind = 0.0, 0

    def wrote(self, size: int, now: float) -> bool:
        """So many bytes went out; whether to ask for a sign of life behind them."""
        self._sent += size
        self._burst = size + (self._burst if now - self._wrote_at <= AT_ONCE_S else 0)
        self._wrote_at = now
        return self._sent - self._asked_behind >= ASK_FROM and len(self._owed) < (
            MOST_OWED if self._answers else 1
        )

    def asked(self, now: float, told: Callable[[], None] | None = None, *, alive: bool = True) -> None:
        """It is asked for, or for something else; ``told`` is called when the answer comes."""
        self._asked_behind = self._sent
        self._owed.append(_Question(now, self._sent, self._sent - self._taken, self._burst, alive, told))

    def answered(self, now: float, *, alive: bool = True) -> bool:
        """An answer has come; whether to ask once more, to learn how long the way is."""
        while len(self._owed) > 1 and now - self._owed[0].asked_s > STALE_S:
            self._lose()
        if all(question.alive != alive for question in self._owed):
            return False
        while self._owed[0].alive != alive:
            self._lose()
        question = self._owed.popleft()
        self._answers = True
        self._taken = max(self._taken, question.sent)
        self._learn(question, now - question.asked_s, now)
        if question.told is not None:
            question.told()
        old = self.round_trip_s is None or now - self._round_trip_at > ANEW_S
        return old and not self._owed and self._sent - self._taken <= BARE

    def _learn(self, question: _Question, took_s: float, now: float) -> None:
        if question.in_flight <= BARE:
            self.round_trip_s, self._round_trip_at = took_s, now
            self._learnt_at, self._learnt_behind = now, question.sent
            return
        if self.round_trip_s is not None:
            self.round_trip_s = min(self.round_trip_s, took_s)
        size, since_s = question.sent - self._learnt_behind, now - self._learnt_at
        if since_s < LEAST_S and self._owed:
            return  # two answers at once: the next one tells more
        # So long it was at work on what went out between the two.
        busy_s = min(took_s - (self.round_trip_s or 0.0), since_s)
        self._learnt_at, self._learnt_behind = now, question.sent
        if size <= 2 * question.burst:
            rate = size / max(busy_s, LEAST_S)
            self.rate = rate if self.rate is None else (2 * self.rate + rate) / 3

    def room(self, now: float, queue_s: float = QUEUE_S) -> int:
        """Bytes of what can wait that may go out now, if a key may come so much later for them."""
        for question in self._owed:
            if not question.lost and now - question.asked_s >= HELD_S:
                question.lost = True
                self._taken = max(self._taken, question.sent)
        waits = any(not question.lost for question in self._owed)
        if self.rate is None:
            return 0 if waits else PLENTY
        fits = self.rate * ((self.round_trip_s or 0.0) + queue_s)
        window = min(MOST, max(ASK_FROM, int(fits)))
        return max(0, window - (self._sent - self._taken if waits else 0))

    def answer_s(self, now: float) -> float:
        """For how long the last answer that is owed is still on its way, as far as can be told; at most ``HELD_S``."""
        if not self._owed or self.rate is None:
            return 0.0
        left = self._owed[-1].sent - self._taken
        took = (self.round_trip_s or 0.0) + left / self.rate + QUEUE_S
        return min(HELD_S, max(0.0, self._owed[-1].asked_s + took - now))

    def is_slow(self, size: int) -> bool:
        """Whether so many bytes take long."""
        return self.rate is not None and size > self.rate * SLOW_S

    def begin_anew(self) -> None:
        """What was asked is answered no more: somebody else had the terminal."""
        self._taken = self._sent
        while self._owed:
            self._lose()

    def _lose(self) -> None:
        """The oldest question is answered no more."""
        question = self._owed.popleft()
        if question.told is not None:
            question.told()
