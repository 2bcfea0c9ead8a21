"""What a process knows of the others, from what they say; pure, with the time as an argument.

Each numbers its words. After a gap, or of one that was not heard before, what it has is asked for; what it tells then
replaces what was known, and the difference is told as if it had just happened. One that is silent has died.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct, field

from imagechat_tui.server.broker import Seat, Viewer
from imagechat_tui.server.broker.envelopes import Envelope, Gone, Seated, Told, Used, Whole
from imagechat_tui.server.broker.messages import Joined, Left, LooksAt, Message
from imagechat_tui.server.broker.shared_counts import SharedCounts
from imagechat_tui.server.storage import RoomKey

DEAD_S = 5.0
"""A process that was not heard for so long has died."""
ASK_AGAIN_S = 1.0


class ViewersBook:
    """Who is in which room at one process, once per socket."""

    def __init__(self) -> None:
        self._rooms: dict[RoomKey, Counter[Viewer]] = {}

    def apply(self, message: Message) -> bool:
        """Note what a message says; False if it is about a socket that is not there."""
        match message:
            case Joined(room, user_id):
                self._count(room, Viewer(user_id, None), 1)
            case LooksAt(room, user_id, before, version):
                if not self._has(room, Viewer(user_id, before)):
                    return False
                self._count(room, Viewer(user_id, before), -1)
                self._count(room, Viewer(user_id, version), 1)
            case Left(room, user_id, version):
                if not self._has(room, Viewer(user_id, version)):
                    return False
                self._count(room, Viewer(user_id, version), -1)
        return True

    def of(self, room: RoomKey) -> Iterator[Viewer]:
        """Who is in a room."""
        return self._rooms.get(room, Counter()).elements()

    def put(self, room: RoomKey, viewer: Viewer, sockets: int) -> None:
        """Note somebody's sockets in a room."""
        self._count(room, viewer, sockets)

    def items(self) -> list[tuple[RoomKey, Viewer, int]]:
        """All rooms, who is in them, and by how many sockets."""
        return [(room, *one) for room, viewers in self._rooms.items() for one in viewers.items()]

    def turned_into(self, other: ViewersBook) -> list[Message]:
        """What has to be told for this book to become another: who is new first, so that nobody is away in between."""
        steps: list[Message] = []
        rooms = self._rooms.keys() | other._rooms.keys()
        nobody: Counter[Viewer] = Counter()
        for room in rooms:
            for user_id, version in (
                other._rooms.get(room, nobody) - self._rooms.get(room, nobody)
            ).elements():
                steps.append(Joined(room, user_id))
                if version is not None:
                    steps.append(LooksAt(room, user_id, None, version))
        for room in rooms:
            for user_id, version in (
                self._rooms.get(room, nobody) - other._rooms.get(room, nobody)
            ).elements():
                steps.append(Left(room, user_id, version))
        return steps

    def _has(self, room: RoomKey, viewer: Viewer) -> bool:
        return room in self._rooms and self._rooms[room][viewer] > 0

    def _count(self, room: RoomKey, viewer: Viewer, step: int) -> None:
        here = self._rooms.setdefault(room, Counter())
        here[viewer] += step
        if not here[viewer]:
            del here[viewer]
        if not here:
            del self._rooms[room]


class _Neighbour(Struct, eq=False):
    heard_at: float
    number: int = 0
    """Of its last word."""
    viewers: ViewersBook = field(default_factory=ViewersBook)
    seats: Counter[Seat] = field(default_factory=Counter)
    parts: list[Whole] = field(default_factory=list)
    unsure: bool = False
    asked_at: float = float("-inf")


class Neighbours:
    """All other processes.

    Args:
        counts: Where what they count is counted.
        hear: Is given their messages in order, and those that make the balance good.
        missed: Called when hints may have been lost.
    """

    def __init__(
        self, counts: SharedCounts, hear: Callable[[Message], None], missed: Callable[[], None]
    ) -> None:
        self._counts = counts
        self._hear = hear
        self._missed = missed
        self._known: dict[str, _Neighbour] = {}

    def heard(self, envelope: Envelope, now: float) -> bool:
        """Take in one word of another process; False if it was heard before."""
        known = self._known.get(envelope.process)
        if known is None:
            known = self._known[envelope.process] = _Neighbour(now)
        if envelope.number <= known.number:
            return False
        if envelope.number != known.number + 1:
            known.unsure = True
            known.parts.clear()
            self._missed()
        known.number, known.heard_at = envelope.number, now
        match envelope.content:
            case Told(message):
                if known.viewers.apply(message):
                    self._hear(message)
                else:
                    known.unsure = True
            case Used(uses):
                self._counts.used_elsewhere(uses)
            case Seated(seats):
                for seat, taken in seats:
                    self._seat(known, seat, taken)
            case Whole() as whole:
                self._part(known, whole)
            case Gone():
                self._forget(envelope.process)
        return True

    def to_ask(self, now: float) -> Sequence[str]:
        """Those of whom it is not known what they have, unless they were asked a moment ago."""
        asked = [
            name
            for name, known in self._known.items()
            if known.unsure and not known.parts and now - known.asked_at >= ASK_AGAIN_S
        ]
        for name in asked:
            self._known[name].asked_at = now
        return asked

    def elsewhere(self, room: RoomKey) -> list[Viewer]:
        """Who is in a room by them."""
        return [viewer for known in self._known.values() for viewer in known.viewers.of(room)]

    def heard_nothing(self, now: float) -> None:
        """Nobody could be heard up to now: nobody has died of that."""
        for known in self._known.values():
            known.heard_at = now

    def forget_dead(self, now: float) -> None:
        """Take away what those had who have died."""
        for name in [name for name, known in self._known.items() if now - known.heard_at > DEAD_S]:
            self._forget(name)

    def _forget(self, name: str) -> None:
        known = self._known.pop(name)
        self._become(known, ViewersBook())
        for seat in list(known.seats):
            self._seat(known, seat, 0)

    def _part(self, known: _Neighbour, whole: Whole) -> None:
        if whole.part != len(known.parts):
            known.parts.clear()
            return
        known.parts.append(whole)
        if len(known.parts) < whole.parts:
            return
        viewers, seats = ViewersBook(), Counter[Seat]()
        for part in known.parts:
            for room, user_id, version, sockets in part.viewers:
                viewers.put(room, Viewer(user_id, version), sockets)
            seats.update(dict(part.seats))
        known.parts.clear()
        known.unsure = False
        for seat in known.seats.keys() | seats.keys():
            self._seat(known, seat, seats[seat])
        self._become(known, viewers)

    def _become(self, known: _Neighbour, viewers: ViewersBook) -> None:
        steps = known.viewers.turned_into(viewers)
        known.viewers = viewers
        for step in steps:
            self._hear(step)

    def _seat(self, known: _Neighbour, seat: Seat, taken: int) -> None:
        self._counts.taken_elsewhere(seat, taken - known.seats[seat])
        known.seats[seat] = taken
        if not taken:
            del known.seats[seat]
