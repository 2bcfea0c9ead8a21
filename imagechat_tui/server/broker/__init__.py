"""What the processes on one store tell each other and count together, and what a broker guarantees.

Implementations run the suite in tests/contracts. What happens in a process is applied there without asking a
broker; a broker only carries it to the others. So with one that is slow, down or forgetful each process still
serves its own people, and every event arrives, since events are in the log (PROMISES D6):

- ``tell`` reaches every other process at most once, in the order told, and never the one that tells.
- Told may be lost. If hints may have been, ``missed`` is called; if a ``Joined``, ``LooksAt`` or ``Left`` was, or a
  process has died, the broker makes the balance good by telling what is missing: the balance is how many sockets
  each user has in each room by each version shown.
- Counts are this process's own at once, those of the others as far as they have been heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.server.broker.buckets import Rule
from imagechat_tui.server.broker.messages import Message
from imagechat_tui.server.storage import RoomKey


class Use(NamedTuple):
    """One use of something that is limited by rate."""

    kind: str
    key: str
    rule: Rule


class Viewer(NamedTuple):
    """One socket of a user in a room."""

    user_id: UserId
    version: int | None
    """Which version of the image it shows; None if it has not said."""


Seat = tuple[str, ...]
"""Of whom one socket is counted: a tenant's, a user's, an address's."""


class Counts(Protocol):
    """Counters that all processes share. They answer at once, on any thread, and never by waiting for others.

    Whoever wants a counter for its own process alone puts ``Broker.process`` into the key.
    """

    def use(self, uses: Sequence[Use], now: float) -> tuple[int, float] | None:
        """Count one use of each, or of none.

        Args:
            uses: What is used.
            now: Seconds of a clock that does not go back.

        Returns:
            None if all are allowed, else the place of the first that is not and the seconds to wait for it.
        """

    def wait_s(self, use: Use, now: float) -> float | None:
        """The seconds to wait for one use, None if it is allowed; nothing is counted."""

    def take_seats(self, seats: Mapping[Seat, int]) -> bool:
        """Take one of each, none of which may have more than so many; False, and none is taken, if one has."""

    def give_back(self, seats: Iterable[Seat]) -> None:
        """Give back what was taken. The seats of a process that has died are given back by the broker."""


class Broker(Protocol):
    """One process's connection to the others. Lives on one event loop."""

    @property
    def process(self) -> str:
        """A name that no other process on the store has now."""

    @property
    def counts(self) -> Counts:
        """The shared counters; they count from the beginning, started or not."""

    async def start(self, hear: Callable[[Message], None], missed: Callable[[], None]) -> None:
        """Begin to listen.

        Args:
            hear: Called with every message of another process, on the event loop.
            missed: Called when hints may have been lost.
        """

    def tell(self, message: Message) -> None:
        """Tell all other processes. Never waits and never raises."""

    def elsewhere(self, room: RoomKey) -> Sequence[Viewer]:
        """Who is in a room by other processes, once per socket: the sum of what was heard of them.

        Answers at once: one request may ask it of hundreds of rooms.
        """

    async def close(self) -> None:
        """Stop listening. The others hear a ``Left`` for every ``Joined`` that is open."""
