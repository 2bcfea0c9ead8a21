"""A read that is asked for again and again: one at a time, and never before the server can bear it."""

from __future__ import annotations

from math import inf

from imagechat_tui.sync.core import Core, Reader
from imagechat_tui.sync.inputs import FetchFailed

LOG_TRIES = 2
"""After so many answers of the server that it failed to read the log, the list is asked instead."""


class Read:
    """One kind of read: the one on its way, and when the next is wanted.

    A wish is for the earliest moment that was asked for. It waits while a read is on its way, while the
    last one began too short a time ago, and after a failure for the series of delays (PROMISES D12) on top
    of what the server asked for: no wish is strong enough to cut a Retry-After short.
    """

    def __init__(self, core: Core, reader: Reader) -> None:
        self._core = core
        self._reader = reader
        self._number: int | None = None
        self._due: float | None = None
        self._not_before = -inf
        self.every_s = 0.0
        """At least so long after one began the next may begin."""
        self.began_at = -inf
        """When the newest one was asked for."""
        self.heard_at = -inf
        """When the newest one was asked for, or a part of it came."""
        self.failures = 0
        """Since one was answered."""

    @property
    def running(self) -> bool:
        """Whether one is on its way."""
        return self._number is not None

    def due_at(self, wish: float | None = None) -> float | None:
        """When the next one should be asked for; None if none is wanted, or one is on its way.

        ``wish`` is a further moment from which one is wanted, known only to the caller.
        """
        wishes = [at for at in (self._due, wish) if at is not None]
        if not wishes or self._number is not None:
            return None
        return max(min(wishes), self._not_before, self.began_at + self.every_s)

    def want(self, at: float) -> None:
        """One that begins at ``at`` or later is wanted."""
        self._due = at if self._due is None else min(at, self._due)

    def forget(self) -> None:
        """None is wanted any more; the one on its way still counts."""
        self._due = None

    def abandon(self) -> None:
        """None is wanted, and the one on its way counts no more."""
        self._due = self._number = None
        self.failures = 0

    def begin(self) -> int:
        """One is asked for now: its number."""
        self._number = self._core.request(self._reader)
        self._due = None
        self.began_at = self.heard_at = self._core.now
        return self._number

    def coming(self, number: int) -> bool:
        """A part of an answer is here. False if it is not the one that is awaited."""
        if number != self._number:
            return False
        self.heard_at = self._core.now
        return True

    def loaded(self, number: int) -> bool:
        """Take note of an answer. False if it is not the one that is awaited."""
        if number != self._number:
            return False
        self._number = None
        self.failures = 0
        return True

    def failed(self, failed: FetchFailed) -> bool:
        """Take note of a failure. False if it is not of the one that is awaited."""
        if failed.request != self._number:
            return False
        self._number = None
        wait_s = self._core.delay_s(self.failures, failed.problem.retry_after_s or 0.0)
        self._not_before = max(self._not_before, self._core.now + wait_s)
        self.failures += 1
        return True
