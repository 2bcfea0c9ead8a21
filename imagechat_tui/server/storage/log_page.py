"""What of a room's log can be handed out, whatever the database it was read from (PROMISES D4, D5)."""

from __future__ import annotations

from collections.abc import Sequence

from imagechat_tui.protocol.ids import EventId
from imagechat_tui.protocol.models import Position
from imagechat_tui.server.storage import LogPage, StoredEvent


def page_after(
    events: Sequence[StoredEvent], head: Position, seq: int, *, event_id: EventId, limit: int
) -> LogPage | None:
    """The events that follow a position.

    Args:
        events: In order, from number ``seq`` itself, as far as it is there, to two more than ``limit``.
        head: Where the log stands.
        seq: The number after which it goes on.
        event_id: The event that the asker knows under that number; empty if they do not say.
        limit: How many are wanted at most.

    Returns:
        None if they cannot be told: trimmed, ahead of the log, or of another log.
    """
    following = list(events)
    if seq > head.seq or (seq == head.seq and event_id and head.event_id not in ("", event_id)):
        return None
    if following and following[0].seq == seq:
        ours = following.pop(0)
        if event_id and ours.id != event_id:
            return None
    if seq < head.seq and (not following or following[0].seq != seq + 1):
        return None
    return LogPage(tuple(following[:limit]), complete=len(following) <= limit)


def page_since(
    events: Sequence[StoredEvent], start_ms: int, *, first_seq: int, first_ms: int, limit: int
) -> LogPage:
    """The events of a span of time.

    Args:
        events: In order, one more than ``limit`` if there are so many.
        start_ms: Where the span begins.
        first_seq: The oldest number that has not been trimmed.
        first_ms: The time of that event; if none is left, a moment after the newest that there was.
        limit: How many are wanted at most.
    """
    trimmed = first_seq > 1 and start_ms < first_ms
    return LogPage(tuple(events[:limit]), complete=len(events) <= limit and not trimmed)
