"""Which versions of the image the people of one room look at: a pure book that says whom to tell of (PROTOCOL 9.4).

What changes is told 250 ms after it, together with all else of that time, and at most twice a second: a room in which
everybody comes back at once must not hear of each from each.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice

from imagechat_tui.protocol.events import ViewingChanged
from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Viewing

TELL_DELAY_S = 0.25
FRAME_INTERVAL_S = 0.5
MAX_USERS_PER_FRAME = 500
"""The rest follows in the next frame."""


class ViewingBook:
    """The book of one room. ``now`` is in seconds of any clock that does not go back."""

    def __init__(self) -> None:
        self._sockets: dict[UserId, Counter[int]] = {}
        """By user, how many of their sockets show which version; of those that have said."""
        self._changed: dict[UserId, float] = {}
        """When a change is due to be told; in that order, since every one waits equally long."""
        self._last_frame = float("-inf")

    @property
    def wake_at(self) -> float | None:
        """When ``due`` should be asked again; None if nothing is waiting."""
        if not self._changed:
            return None
        return max(next(iter(self._changed.values())), self._last_frame + FRAME_INTERVAL_S)

    def changed(self, user: UserId, before: int | None, after: int | None, now: float) -> None:
        """A socket of ``user`` that showed one version shows another; None: none, or it has not said which."""
        if before == after:
            return
        sockets = self._sockets.setdefault(user, Counter())
        if before is not None:
            sockets[before] -= 1
        if after is not None:
            sockets[after] += 1
        self._sockets[user] = +sockets
        if not self._sockets[user]:
            del self._sockets[user]
        self._changed.setdefault(user, now + TELL_DELAY_S)

    def forget(self, user: UserId) -> None:
        """The last socket of ``user`` has gone: that they left tells the presence frame."""
        self._sockets.pop(user, None)
        self._changed.pop(user, None)

    def due(self, now: float) -> tuple[ViewingChanged, ...]:
        """The frames to send now, each at most once."""
        if self.wake_at is None or now < self.wake_at:
            return ()
        told = tuple(islice(self._changed, MAX_USERS_PER_FRAME))
        for user in told:
            del self._changed[user]
        self._last_frame = now
        return (ViewingChanged(tuple(Viewing(user, self.versions(user)) for user in told)),)

    def versions(self, user: UserId) -> tuple[int, ...]:
        """Which versions ``user`` looks at now, the oldest first."""
        return tuple(sorted(self._sockets.get(user, ())))
