"""Which event comes next: order, gaps and repeats.

Servers with our extensions number the events of a room, so a position alone decides (PROMISES D4, D5).
Hosted servers give a timestamp and no number: there, repeats are known by their identity (PROTOCOL 8.3) and
what a list says is weighed against what was heard while the list was on its way.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from imagechat_tui.protocol import events
from imagechat_tui.protocol.models import Position

HELD_AT_MOST = 1000
"""Events kept while a hole before them is filled."""
SEEN_AT_MOST = 2000
"""Identities remembered per hosted room."""


class Place(Enum):
    """Where an event stands to what was applied already."""

    BEHIND = "behind"
    """Applied before, or contained in the snapshot."""
    NEXT = "next"
    AHEAD = "ahead"
    """Something before it is missing."""
    ELSEWHERE = "elsewhere"
    """Of another epoch: the log was started anew."""


def place(mine: Position | None, its: Position) -> Place:
    """Where an event at ``its`` stands to a state at ``mine``; without ``mine`` everything is ahead."""
    if mine is None:
        return Place.AHEAD
    if mine.epoch != its.epoch:
        return Place.ELSEWHERE
    if its.seq <= mine.seq:
        return Place.BEHIND
    return Place.NEXT if its.seq == mine.seq + 1 else Place.AHEAD


def restarted(mine: Position, head: Position) -> bool:
    """Whether the log whose newest event is at ``head`` is not the one that ``mine`` is a place in.

    It was started anew, or a backup was restored: it is shorter, or has another event at that number.
    """
    if mine.epoch != head.epoch or mine.seq > head.seq:
        return True
    known = bool(mine.event_id) and bool(head.event_id)
    return mine.seq == head.seq and known and mine.event_id != head.event_id


def stamp_of(event: events.LiveEvent) -> events.Stamp | None:
    """The envelope of a logged event; None for events that are never logged."""
    if isinstance(
        event,
        events.PresenceUpdate
        | events.Subscribed
        | events.Reset
        | events.Skip
        | events.CursorMoved
        | events.ReadStateChanged
        | events.ReadElsewhere
        | events.OwnChanged
        | events.PlacementsChanged
        | events.ViewingChanged,
    ):
        return None
    return event.stamp


def position_of(event: events.LiveEvent) -> Position | None:
    """The event's place in the log, if it has one."""
    if isinstance(event, events.Skip):
        return event.position
    stamp = stamp_of(event)
    return stamp.position if stamp is not None else None


class Held:
    """Numbered events that came too early, at most 1,000.

    The newest are the ones let go: what is missing behind a hole is asked for anyway.
    """

    def __init__(self) -> None:
        self._events: dict[tuple[str, int], events.LiveEvent] = {}

    def __len__(self) -> int:
        return len(self._events)

    def add(self, position: Position, event: events.LiveEvent) -> None:
        """Keep ``event`` until its turn comes."""
        if len(self._events) < HELD_AT_MOST:
            self._events[position.epoch, position.seq] = event

    def first(self) -> Position | None:
        """The earliest place held."""
        key = min(self._events, key=lambda key: key[1], default=None)
        return Position(*key) if key is not None else None

    def last(self) -> Position | None:
        """The latest place held."""
        key = max(self._events, key=lambda key: key[1], default=None)
        return Position(*key) if key is not None else None

    def between(self, mine: Position, its: Position) -> list[tuple[Position, events.LiveEvent]]:
        """What is held of the log of ``its`` up to there and was not before ``mine``, in order."""
        first = mine.seq if mine.epoch == its.epoch else 0
        return [
            (Position(*key), event)
            for key, event in sorted(self._events.items(), key=lambda item: item[0][1])
            if key[0] == its.epoch and first < key[1] <= its.seq
        ]

    def after(self, position: Position) -> Iterator[events.LiveEvent]:
        """Take out what follows ``position`` without a hole, in order."""
        seq = position.seq + 1
        while (event := self._events.pop((position.epoch, seq), None)) is not None:
            yield event
            seq += 1

    def forget(self, position: Position) -> None:
        """Drop what a state at ``position`` contains, and what belongs to another epoch."""
        self._events = {
            key: event
            for key, event in self._events.items()
            if key[0] == position.epoch and key[1] > position.seq
        }

    def clear(self) -> None:
        """Drop everything."""
        self._events.clear()


def identity(event: events.LiveEvent) -> tuple[str, int, str, str] | None:
    """What tells a repeat of an unnumbered event (PROTOCOL 8.3); None if it cannot be told."""
    stamp = stamp_of(event)
    if stamp is None or stamp.timestamp_ms is None:
        return None
    match event:
        case events.NewImageChat() | events.ImageChatUpdated():
            about: str = event.conversation.id
        case events.DeletedImageChat():
            about = event.conversation_id
        case events.NewComment() | events.UpdatedComment():
            about = event.comment.id
        case events.DeletedComment():
            about = event.comment_id
        case events.VoteChanged():
            about = f"{event.vote.id}{event.added}"
        case _:
            about = ""
    return type(event).__name__, stamp.timestamp_ms, stamp.broadcast_id or "", about


class Seen:
    """The identities of the last events of an unnumbered room, and the newest time among them."""

    def __init__(self) -> None:
        self._identities: dict[object, None] = {}
        self.newest_ms: int | None = None
        """Where a later look into the log starts: only the server's clock, never ours."""

    def baseline(self, time_ms: int | None) -> None:
        """A list was read at this server time."""
        if time_ms is not None:
            self.newest_ms = max(time_ms, self.newest_ms or 0)

    def repeated(self, event: events.LiveEvent) -> bool:
        """Note ``event``; True if it was seen before."""
        stamp = stamp_of(event)
        if stamp is not None:
            self.baseline(stamp.timestamp_ms)
        key = identity(event)
        if key is None:
            return False
        if key in self._identities:
            return True
        self._identities[key] = None
        if len(self._identities) > SEEN_AT_MOST:
            del self._identities[next(iter(self._identities))]
        return False


class Touched:
    """What was heard about single things while a list was on its way.

    A hosted list has no position: it may have been read before an event that is here already. For each
    thing that an event or an answer touched, this knows the newest request that was out by then; a list of
    that request or an earlier one says nothing about the thing.
    """

    def __init__(self) -> None:
        self._requests: dict[str, int] = {}

    def note(self, thing: str, newest_request: int) -> None:
        """``thing`` changed when ``newest_request`` was the last one sent."""
        self._requests.pop(thing, None)
        self._requests[thing] = newest_request
        if len(self._requests) > SEEN_AT_MOST:
            del self._requests[next(iter(self._requests))]

    def settle(self, request: int) -> frozenset[str]:
        """The things about which the list of ``request`` is out of date; forgets the others."""
        self._requests = {thing: number for thing, number in self._requests.items() if number >= request}
        return frozenset(self._requests)
