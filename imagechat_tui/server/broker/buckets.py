"""Token buckets: so much at once, then so much a second."""

from __future__ import annotations

from msgspec import Struct


class Rule(Struct, frozen=True):
    """A bucket's shape: ``burst`` at once, then ``per_s`` a second."""

    per_s: float
    burst: float


class Bucket:
    """One token bucket; born full."""

    __slots__ = ("_level", "_rule", "_stamp")

    def __init__(self, rule: Rule, now: float) -> None:
        self._rule = rule
        self._level = rule.burst
        self._stamp = now

    def take(self, now: float) -> float | None:
        """Take one token.

        Returns:
            None if there was one, else the seconds until there will be.
        """
        wait_s = self.wait_s(now)
        if wait_s is None:
            self._level -= 1
        return wait_s

    def wait_s(self, now: float) -> float | None:
        """What ``take`` would return, and nothing is taken."""
        self._level = min(self._rule.burst, self._level + max(0.0, now - self._stamp) * self._rule.per_s)
        self._stamp = max(now, self._stamp)
        return None if self._level >= 1 else (1 - self._level) / self._rule.per_s

    def owe(self, tokens: int) -> None:
        """Take tokens that somebody else had already, as far as one burst below nothing."""
        self._level = max(self._level - tokens, -self._rule.burst)
