"""What came from outside, as the engine takes it: decoded, or named as unreadable."""

from __future__ import annotations

from contextlib import suppress

from imagechat_tui.protocol.codec import MalformedMessage, decode_event
from imagechat_tui.protocol.events import LiveEvent
from imagechat_tui.protocol.routes import EventLog
from imagechat_tui.sync.inputs import EventReceived, FrameMalformed


def received(socket: int, frame: str | bytes) -> EventReceived | FrameMalformed:
    """A frame of a socket. Servers send text only (PROTOCOL 5)."""
    if isinstance(frame, bytes):
        return FrameMalformed(socket, "a binary frame")
    try:
        return EventReceived(socket, decode_event(frame))
    except MalformedMessage as failure:
        return FrameMalformed(socket, str(failure))


def readable_events(log: EventLog) -> tuple[LiveEvent, ...]:
    """The events of a log; one that cannot be read is left out, the engine sees the hole."""
    events = []
    for entry in log.entries:
        with suppress(MalformedMessage):
            events.append(decode_event(entry.data))
    return tuple(events)
