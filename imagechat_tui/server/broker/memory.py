"""A broker without a network: for a server that runs alone, and for several of them in one Python process."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from imagechat_tui.server.broker import Seat, Use, Viewer
from imagechat_tui.server.broker.buckets import Bucket
from imagechat_tui.server.broker.messages import Joined, Left, LooksAt, Message
from imagechat_tui.server.storage import RoomKey

MAX_KEYS = 10_000
"""Buckets per kind. Beyond it the one longest untouched is forgotten, which is the fullest one."""


class MemoryCounts:
    """Counters in bounded memory, as far as uses go; seats are bounded by sockets."""

    def __init__(self, *, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._buckets: defaultdict[str, OrderedDict[str, Bucket]] = defaultdict(OrderedDict)
        self._taken: Counter[Seat] = Counter()
        self._now = 0.0
        """The latest time that was told."""

    def use(self, uses: Sequence[Use], now: float) -> tuple[int, float] | None:
        """See Counts."""
        buckets = [self._bucket(use, now) for use in uses]
        for place, bucket in enumerate(buckets):
            wait_s = bucket.wait_s(now)
            if wait_s is not None:
                return place, wait_s
        for bucket in buckets:
            bucket.take(now)
        return None

    def wait_s(self, use: Use, now: float) -> float | None:
        """See Counts."""
        return self._bucket(use, now).wait_s(now)

    def owe(self, use: Use, times: int) -> None:
        """Count uses that were allowed elsewhere."""
        self._bucket(use, self._now).owe(times)

    def seats_of(self, seat: Seat) -> int:
        """How many are taken."""
        return self._taken[seat]

    def all_seats(self) -> Mapping[Seat, int]:
        """How many are taken of all of which one is."""
        return self._taken

    def take_seats(self, seats: Mapping[Seat, int]) -> bool:
        """See Counts."""
        if any(self._taken[seat] >= most for seat, most in seats.items()):
            return False
        self._taken.update(seats.keys())
        return True

    def give_back(self, seats: Iterable[Seat]) -> None:
        """See Counts."""
        for seat in seats:
            self._taken[seat] -= 1
            if not self._taken[seat]:
                del self._taken[seat]

    def _bucket(self, use: Use, now: float) -> Bucket:
        self._now = max(self._now, now)
        buckets = self._buckets[use.kind]
        bucket = buckets.get(use.key)
        if bucket is None:
            bucket = buckets[use.key] = Bucket(use.rule, now)
            if len(buckets) > self._max_keys:
                buckets.popitem(last=False)
        else:
            buckets.move_to_end(use.key)
        return bucket


class MemoryBus:
    """What brokers in one Python process are connected by."""

    def __init__(self) -> None:
        self.brokers: list[MemoryBroker] = []
        self.counts = MemoryCounts()


class MemoryBroker:
    """A broker on a bus; on one of its own, and so with nobody to tell, unless it is given one."""

    def __init__(self, bus: MemoryBus | None = None) -> None:
        self._bus = bus or MemoryBus()
        self._hear: Callable[[Message], None] | None = None
        self._here: dict[RoomKey, Counter[Viewer]] = {}
        """Sockets that this process has told of."""
        self.process = str(len(self._bus.brokers))
        self._bus.brokers.append(self)

    @property
    def counts(self) -> MemoryCounts:
        """See Broker."""
        return self._bus.counts

    async def start(self, hear: Callable[[Message], None], missed: Callable[[], None]) -> None:
        """See Broker. Nothing is ever lost here, so ``missed`` is never called."""
        self._hear = hear

    def tell(self, message: Message) -> None:
        """See Broker."""
        match message:
            case Joined(room, user_id):
                self._count(room, Viewer(user_id, None), 1)
            case LooksAt(room, user_id, before, version):
                self._count(room, Viewer(user_id, before), -1)
                self._count(room, Viewer(user_id, version), 1)
            case Left(room, user_id, version):
                self._count(room, Viewer(user_id, version), -1)
        for broker in self._bus.brokers:
            if broker is not self and broker._hear is not None:
                broker._hear(message)

    def elsewhere(self, room: RoomKey) -> Sequence[Viewer]:
        """See Broker."""
        others = (broker._here.get(room) for broker in self._bus.brokers if broker is not self)
        return [viewer for here in others if here is not None for viewer in here.elements()]

    async def close(self) -> None:
        """See Broker."""
        self._hear = None
        for room, here in list(self._here.items()):
            for viewer in list(here.elements()):
                self.tell(Left(room, *viewer))

    def _count(self, room: RoomKey, viewer: Viewer, step: int) -> None:
        here = self._here.setdefault(room, Counter())
        here[viewer] += step
        if not here[viewer]:
            del here[viewer]
        if not here:
            del self._here[room]
