"""Subscribers, the sockets of a room: who gets which bytes, in which order (PROMISES D13).

Knows of a socket only ``write``, ``get_write_buffer_size`` and ``abort``. Frames are built once per event and
flavour, and joined once for all who get the same; what one turn of the loop brings goes out as one write per
socket. Nobody is waited for: who leaves 512 events or 1 MiB unread is closed with 1013 and comes back with their
position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from imagechat_tui.protocol.codec import MalformedMessage, decode_event, encode_event
from imagechat_tui.protocol.events import ImageChatUpdated
from imagechat_tui.protocol.ids import BroadcastId, ConversationId, TenantId, UserId
from imagechat_tui.server.live.frames import CloseCode, Frames, close_frame, joined, text_frame, together
from imagechat_tui.server.live.meters import Meter
from imagechat_tui.server.storage import StoredEvent

MAX_UNREAD_FRAMES = 512
MAX_UNREAD_BYTES = 1 << 20
MERGE_S = 1.0
"""How often a room's plain readers get ``image-chat-updated``, one per marker (PROTOCOL 6.5)."""


class Wire(Protocol):
    """A socket's transport."""

    def write(self, data: bytes) -> None:
        """Send, or keep for sending; never blocks."""

    def get_write_buffer_size(self) -> int:
        """Bytes kept for sending."""

    def abort(self) -> None:
        """Close now and forget what was kept."""

    def is_closing(self) -> bool:
        """Whether it is of no use any more."""


class Subscriber:
    """One socket of a room: what it is to be sent, gathered to one write a turn of the loop."""

    __slots__ = (
        "_farewell",
        "_held",
        "_meter",
        "_pending",
        "_unread",
        "_wire",
        "gone",
        "unseen",
        "user_id",
        "v2",
        "version",
    )

    def __init__(self, wire: Wire, user_id: UserId, meter: Meter, *, v2: bool, unseen: bool = False) -> None:
        self._wire = wire
        self._meter = meter
        self.user_id = user_id
        self.v2 = v2
        self.unseen = unseen
        """Nobody is told that it is there."""
        self.version: int | None = None
        """Which version of the image it shows, as far as it has said."""
        self.gone = False
        self._pending: list[Frames] = []
        self._unread = 0
        """Frames written since the transport was last found empty."""
        self._held: list[Frames] | None = []
        """What was pushed before it has begun."""
        self._farewell: CloseCode | None = None
        """Why it ended before it had begun."""

    def push(self, frames: Frames) -> None:
        """Add finished frames to what the next ``flush`` writes."""
        if self.gone:
            return
        (self._pending if self._held is None else self._held).append(frames)

    def begin(self, frames: Sequence[bytes] = ()) -> None:
        """Send these frames first, then what was pushed meanwhile, and from now on everything.

        Before it nothing at all is written: the handshake may be under way.
        """
        if self._farewell is not None:
            self._held = None
            self.end(self._farewell)
            return
        if frames:
            self._pending.append(joined(frames))
        held, self._held = self._held or [], None
        self._pending += held

    def flush(self) -> bool:
        """Write what has gathered, and count it; one call of ``write``. False if the reader is too slow."""
        if not self._pending or self.gone:
            return True
        if not self._written(together(self._pending)):
            return False
        self._pending.clear()
        return True

    def send(self, frames: Frames) -> bool:
        """What ``push`` and ``flush`` would do, without gathering where nothing has gathered."""
        if self._held is None and not self._pending and not self.gone:
            return self._written(frames)
        self.push(frames)
        return self.flush()

    def _written(self, frames: Frames) -> bool:
        waiting = self._wire.get_write_buffer_size()
        self._unread = (self._unread if waiting else 0) + frames.count
        if waiting and (self._unread > MAX_UNREAD_FRAMES or waiting + len(frames.data) > MAX_UNREAD_BYTES):
            return False
        if not self._wire.is_closing():
            self._wire.write(frames.data)
            self._meter.messages += frames.count
            self._meter.message_bytes += frames.payload
        return True

    def end(self, code: CloseCode) -> None:
        """Say why, as far as the reader still hears, and close without waiting."""
        self.gone = True
        self._pending.clear()
        if self._held is not None:
            self._farewell = code
        elif not self._wire.is_closing():
            self._wire.write(close_frame(code))

    def abort(self) -> None:
        """Close the socket without a word."""
        self._wire.abort()


class Audience(Struct, eq=False):
    """Those of a room who get the same, and what waits for all of them: one buffer, so that nothing overtakes."""

    readers: set[Subscriber] = field(default_factory=set)
    waiting: list[Frames] = field(default_factory=list)
    rests_until: float = float("-inf")
    """What waits goes out then; before it something went to all of them."""

    def give_out(self) -> list[Subscriber]:
        """Give what waits to each for themselves, before somebody gets what the others do not or who joins must not
        get what was there before them. Returns those who have something to be written now."""
        if not self.waiting:
            return []
        frames = together(self.waiting)
        self.waiting.clear()
        for reader in self.readers:
            reader.push(frames)
        return list(self.readers)

    def flush(self) -> list[Subscriber]:
        """Write what waits. Returns those who are too slow."""
        if not self.waiting:
            return []
        frames = together(self.waiting)
        self.waiting.clear()
        return [reader for reader in list(self.readers) if not reader.send(frames)]


class Merger:
    """Merges ``image-chat-updated`` for a room's plain readers: once a second, per marker the latest.

    Frames leave in the order of their timestamps, since a plain reader's position is the newest one they
    have seen: what another frame overtook would be missing for good if their link broke just then. So nothing
    overtakes what waits; any other frame sends it on its way first.

    A frame that stands for several changes gets a broadcastId of its own: otherwise the last writer would
    hide somebody else's change from themselves.
    """

    def __init__(self, tenant_id: TenantId, fresh_id: Callable[[], BroadcastId]) -> None:
        self._tenant_id = tenant_id
        self._fresh_id = fresh_id
        self._sent_at = float("-inf")
        self._waiting: dict[ConversationId, str] = {}
        """The frame to send, by marker; the longest unchanged first."""

    @property
    def wake_at(self) -> float | None:
        """When ``due`` should be asked; None if nothing waits."""
        return self._sent_at + MERGE_S if self._waiting else None

    def passed(self, frame: str, now: float) -> Iterator[str]:
        """The frames to send now in place of ``frame``, which was just logged."""
        event = _update_in(frame)
        if event is None:
            yield from self._released(now)
            yield frame
            return
        key = event.conversation.id
        if self._waiting.pop(key, None) is not None:
            self._waiting[key] = self._several(event)
        elif self._waiting or now < self._sent_at + MERGE_S:
            self._waiting[key] = frame
        else:
            self._sent_at = now
            yield frame

    def due(self, now: float) -> Iterator[str]:
        """The merged frames, once their time has come."""
        if now >= self._sent_at + MERGE_S:
            yield from self._released(now)

    def _released(self, now: float) -> Iterator[str]:
        if self._waiting:
            self._sent_at = now
            yield from self._waiting.values()
            self._waiting.clear()

    def _several(self, newest: ImageChatUpdated) -> str:
        stamp = replace(newest.stamp, broadcast_id=self._fresh_id())
        event = replace(newest, stamp=stamp, activity="several")
        return encode_event(event, tenant_id=self._tenant_id, v2=False)


def _update_in(frame: str) -> ImageChatUpdated | None:
    """The update that a frame tells of. None for any other, and for one that was cut to its size."""
    if not frame.startswith('{"type":"image-chat-updated"'):
        return None
    try:
        event = decode_event(frame)
    except MalformedMessage:
        return None
    return event if isinstance(event, ImageChatUpdated) else None


def full_frames(events: Iterable[StoredEvent]) -> list[bytes]:
    """The frames of logged events for ``v=2`` readers."""
    return [text_frame(event.full) for event in events]
