"""Who looks at one room: a pure book of sockets that says when which ``p-u`` frame is due (PROTOCOL 6.3).

- A join is announced 250 ms after it, together with all others of that time.
- A leave is announced 2 s after the user's last socket closed; who is back by then never left.
- One id never stands in both lists of a frame: a user is either announced or not, and a frame only ever
  turns one into the other.
- At most two frames a second per room. A count of sockets that changed without a person coming or going
  (a second terminal) is told with the same delays.
"""

from __future__ import annotations

from itertools import islice

from imagechat_tui.protocol.events import PresenceUpdate
from imagechat_tui.protocol.ids import UserId

JOIN_DELAY_S = 0.25
LEAVE_DELAY_S = 2.0
FRAME_INTERVAL_S = 0.5
MAX_IDS_PER_FRAME = 500
"""The rest follows in the next frame: a room full of long ids must not make one huge frame."""


class PresenceBook:
    """The book of one room. ``now`` is in seconds of any clock that does not go back."""

    def __init__(self) -> None:
        self._sockets: dict[UserId, int] = {}
        """Sockets by user; 0 while the leave is not announced yet."""
        self._total = 0
        self._announced: set[UserId] = set()
        self._joining: dict[UserId, float] = {}
        """When the join is due; in that order, since every join waits equally long."""
        self._leaving: dict[UserId, float] = {}
        self._told_total = 0
        self._count_due: float | None = None
        self._last_frame = float("-inf")

    @property
    def sockets(self) -> int:
        """Sockets in the room."""
        return self._total

    @property
    def wake_at(self) -> float | None:
        """When ``due`` should be asked again; None if nothing is waiting."""
        waiting = [next(iter(book.values())) for book in (self._joining, self._leaving) if book]
        if self._count_due is not None:
            waiting.append(self._count_due)
        return max(min(waiting), self._last_frame + FRAME_INTERVAL_S) if waiting else None

    def joined(self, user: UserId, now: float) -> None:
        """One more socket of ``user``."""
        self._sockets[user] = self._sockets.get(user, 0) + 1
        self._total += 1
        self._leaving.pop(user, None)
        if user not in self._announced:
            self._joining.setdefault(user, now + JOIN_DELAY_S)
        self._count_changed(now + JOIN_DELAY_S)

    def left(self, user: UserId, now: float) -> None:
        """One socket of ``user`` less.

        Raises:
            KeyError: The user has no socket here.
        """
        remaining = self._sockets[user] - 1
        if remaining < 0:
            raise KeyError(user)
        self._total -= 1
        self._sockets[user] = remaining
        if remaining == 0:
            self._joining.pop(user, None)
            if user in self._announced:
                self._leaving[user] = now + LEAVE_DELAY_S
            else:
                del self._sockets[user]
        self._count_changed(now + LEAVE_DELAY_S)

    def due(self, now: float) -> tuple[PresenceUpdate, ...]:
        """The frames to send now, each at most once (``ts_ms`` is left to the sender)."""
        if self.wake_at is None or now < self.wake_at:
            return ()
        joined = tuple(islice(self._joining, MAX_IDS_PER_FRAME))  # the fresh ones save a frame of their own
        left = tuple(islice((user for user, due in self._leaving.items() if due <= now), MAX_IDS_PER_FRAME))
        for user in joined:
            del self._joining[user]
            self._announced.add(user)
        for user in left:
            del self._leaving[user]
            del self._sockets[user]
            self._announced.remove(user)
        if not (joined or left) and self._total == self._told_total:
            self._count_due = None  # whoever changed the count has changed it back
            return ()
        self._last_frame = now
        self._told_total = self._total
        self._count_due = None
        return (PresenceUpdate(joined=joined, left=left, sockets=self._total),)

    def online(self) -> tuple[UserId, ...]:
        """Everybody here, in order of arrival; who left less than 2 s ago still counts."""
        return tuple(self._sockets)

    def has_socket(self, user: UserId) -> bool:
        """Whether ``user`` has a socket here now."""
        return self._sockets.get(user, 0) > 0

    def _count_changed(self, due: float) -> None:
        if self._total == self._told_total:
            self._count_due = None
        elif self._count_due is None or due < self._count_due:
            self._count_due = due
