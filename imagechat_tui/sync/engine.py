"""The sync engine: inputs and time in, effects out. No socket, clock, task or chance of its own.

``feed`` lets an input change the facts in one of the parts; then every part looks at the facts and asks for
what they call for. The parts: ``Link`` has or seeks the socket of the image's room; ``ImageRoom`` keeps up with
that room; ``ThreadRoom`` with the open thread of a hosted server; ``Writes`` takes each write from intent to
verdict; ``Lookup`` finds out about those that nobody answered; ``Presence`` knows who is here.

Invariants:

1. Confirmed state changes only by snapshots and events, in the order of the log.
2. What the person typed is in a draft or in the outbox until the server has it or the person drops it, and
   every change of these is stored before anything is sent.
3. A write is sent only within a ``feed`` of the person's own intent (or as step two of one), never because
   time passed or a link came back.
4. After ``feed(x, now)`` either nothing is due or ``wake_at`` is later than ``now``.
"""

from __future__ import annotations

from typing import assert_never

from imagechat_tui.protocol.events import LiveEvent, PresenceUpdate, Skip
from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Position
from imagechat_tui.sync.backoff import CAP_S, Uniform
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import Applied, Effect, News, Publish, StoreDrafts
from imagechat_tui.sync.inputs import (
    EventLogLoaded,
    EventReceived,
    FetchFailed,
    FrameMalformed,
    Input,
    Pong,
    ReplyArrived,
    SnapshotComing,
    SnapshotLoaded,
    SocketClosed,
    SocketOpened,
    Started,
    ThreadLoaded,
    Tick,
    UsersLoaded,
    Woke,
    WriteFailed,
)
from imagechat_tui.sync.intents import (
    CloseThread,
    Drop,
    KeepDraft,
    MarkRead,
    MoveCrosshair,
    OpenThread,
    Retry,
    Submitted,
    TryNow,
)
from imagechat_tui.sync.link import Link
from imagechat_tui.sync.lookup import Lookup
from imagechat_tui.sync.news import news_of
from imagechat_tui.sync.numbered_room import ImageRoom
from imagechat_tui.sync.outbox import on_disk
from imagechat_tui.sync.presence import Presence
from imagechat_tui.sync.reducer import applied
from imagechat_tui.sync.state import ChatState, ProblemKind, Room
from imagechat_tui.sync.thread_room import ThreadRoom
from imagechat_tui.sync.writes import Writes

READ_AFTER_S = 1.0
"""A thread that was open for less has not been read."""


class SyncEngine:
    """One session's brain.

    Args:
        room: what it looks at.
        uniform: source of chance for delays.
        cap_s: the longest of those, but for what the server asks for.
    """

    def __init__(self, room: Room, *, uniform: Uniform, cap_s: float = CAP_S) -> None:
        self._core = core = Core(room, uniform, cap_s)
        self._link = Link(core)
        self._image_room = ImageRoom(core, self._link, self._apply)
        self._thread_room = ThreadRoom(core, self._link, self._apply)
        self._lookup = Lookup(core, self._link, self._image_room)
        self._writes = Writes(
            core, self._link, self._image_room, self._thread_room, self._lookup, self._apply
        )
        self._presence = Presence(core, self._link)
        self._read_at: float | None = None
        """When the open thread counts as read."""

    @property
    def state(self) -> ChatState:
        """The newest state."""
        return self._core.state

    @property
    def wake_at(self) -> float | None:
        """When the engine wants a Tick, on the clock of ``now``."""
        times = [
            self._link.wake_at(),
            self._image_room.wake_at(),
            self._thread_room.wake_at(),
            self._writes.wake_at(),
            self._lookup.wake_at(),
            self._presence.wake_at(),
            self._read_at,
        ]
        return min((at for at in times if at is not None), default=None)

    def feed(self, happened: Input, now: float, /) -> tuple[Effect, ...]:
        """Take in what happened at ``now`` (seconds, never going back); tell what to do, in order."""
        core = self._core
        core.now = now
        effects: list[Effect] = []
        core.effects = effects
        before, stored = core.state, on_disk(core.state)
        self._take_in(happened)
        self._decide()
        drafts = on_disk(core.state)
        if drafts != stored:
            # First: what is sent in this turn must be found among the drafts after a crash.
            effects.insert(0, StoreDrafts(drafts))
        if core.state is not before:
            effects.append(Publish(core.state))
        return tuple(effects)

    # What happened

    def _take_in(self, happened: Input) -> None:
        match happened:
            case Submitted():
                self._wish(happened)
            case Started():
                self._writes.found(happened.drafts)
            case SocketOpened() | SocketClosed() | EventReceived() | FrameMalformed() | Pong():
                self._on_socket(happened)
            case SnapshotComing():
                if self._image_room.snapshot_coming(happened):
                    self._link.hears_rest()
            case SnapshotLoaded():
                if self._image_room.snapshot_loaded(happened):
                    self._link.answered()
            case ThreadLoaded():
                _ = self._lookup.thread_loaded(happened) or self._thread_room.list_loaded(happened)
            case EventLogLoaded():
                for part in (self._image_room, self._thread_room, self._lookup):
                    if part.log_loaded(happened):
                        break
            case UsersLoaded():
                self._presence.loaded(happened)
            case FetchFailed():
                self._read_failed(happened)
            case ReplyArrived():
                self._writes.replied(happened)
                self._link.write_answered()
            case WriteFailed():
                self._write_failed(happened)
            case Woke():
                self._link.woke()
            case Tick():
                pass
            case _:
                assert_never(happened)

    def _wish(self, submitted: Submitted) -> None:
        core, writes, at_ms = self._core, self._writes, submitted.at_ms
        match submitted.intent:
            case KeepDraft() as keep:
                writes.keep(keep, at_ms)
            case Retry(draft_id):
                writes.retry(draft_id, submitted.broadcast_id, at_ms)
            case Drop(draft_id):
                writes.drop(draft_id)
            case OpenThread(conversation_id) if core.conversation(conversation_id) is None:
                pass  # deleted meanwhile
            case OpenThread(conversation_id):
                core.change_mine(open_thread=conversation_id)
                self._read_at = core.now + READ_AFTER_S
            case CloseThread():
                core.change_mine(open_thread=None)
            case MarkRead(conversation_id):
                core.change_mine(unread=core.state.mine.unread - {conversation_id})
            case MoveCrosshair(point):
                self._presence.point(point)
            case TryNow():
                if self._link.try_now():
                    self._image_room.refresh()
                    self._thread_room.refresh()
            case write:
                writes.submit(write, submitted.broadcast_id, at_ms)

    def _on_socket(
        self, happened: SocketOpened | SocketClosed | EventReceived | FrameMalformed | Pong
    ) -> None:
        if happened.socket == self._link.socket:
            self._on_image_socket(happened)
        elif happened.socket == self._thread_room.socket:
            match happened:
                case SocketOpened():
                    self._thread_room.opened()
                case SocketClosed():
                    self._thread_room.closed(happened)
                case EventReceived():
                    self._thread_room.received(happened.event)
                case FrameMalformed():
                    self._thread_room.malformed()
                case Pong():
                    pass

    def _on_image_socket(
        self, happened: SocketOpened | SocketClosed | EventReceived | FrameMalformed | Pong
    ) -> None:
        match happened:
            case SocketOpened():
                self._link.opened()
                self._image_room.opened()
                self._presence.opened()
            case SocketClosed():
                self._link.closed(happened)
                self._image_room.lost()
                self._presence.lost()
            case EventReceived():
                self._link.heard()
                self._image_room.received(happened.event)
            case FrameMalformed():
                self._link.heard()
                self._image_room.malformed()
            case Pong():
                self._link.ponged(happened)

    def _write_failed(self, failed: WriteFailed) -> None:
        self._writes.failed(failed)
        if failed.problem.kind is ProblemKind.SIGN_IN:
            # Whether it is the credentials or only the right to write, the list tells, read with the same ones.
            self._link.wants_ids = True
            self._image_room.want_snapshot(self._core.now)
        if failed.status is not None and failed.status < 500:
            self._link.write_answered()

    def _read_failed(self, failed: FetchFailed) -> None:
        if self._image_room.snapshot_failed(failed):
            if self._link.not_answered(failed.problem, failed.status):
                self._image_room.lost()
                self._presence.lost()
            return
        if self._image_room.log_failed(failed):
            self._link.rest_failed(failed.problem, failed.status)
            return
        for part in (self._thread_room.failed, self._presence.failed, self._lookup.read_failed):
            if part(failed):
                return

    # What to do about it

    def _decide(self) -> None:
        core, link, room = self._core, self._link, self._image_room
        if self._read_at is not None and core.now >= self._read_at:
            self._read_at = None
            if core.state.mine.open_thread is not None:
                core.change_mine(unread=core.state.mine.unread - {core.state.mine.open_thread})
        if core.state.mine.open_thread is None:
            self._read_at = None
        if room.unanswered:
            link.hang_up()
            room.lost()
            self._presence.lost()
        self._settle()
        resume = core.state.confirmed.position if room.numbered and not room.repair else None
        if link.decide(resume=resume):
            room.snapshot_now()
        self._writes.decide()
        room.decide()
        self._thread_room.decide()
        self._presence.decide()
        self._settle()

    def _settle(self) -> None:
        room = self._image_room
        self._link.settle(has_data=room.loaded, caught_up=room.caught_up, complete_at=room.complete_at)

    # Applying

    def _apply(self, event: LiveEvent, position: Position | None, thread: ConversationId | None) -> None:
        """Apply one event to the confirmed state, in its turn."""
        core = self._core
        ours = self._writes.echo(event)
        before = core.state
        core.state = applied(before, event, thread=thread, position=position)
        self._writes.applied(event)
        if isinstance(event, PresenceUpdate):
            self._presence.heard(event)
        news = news_of(before, event, thread=thread) if not self._writes.sent(event) else None
        if news is not None:
            core.emit(news)
            home = news.conversation_id
            added = news.news in (News.MARKER_ADDED, News.COMMENT_ADDED)
            if added and home is not None and home != core.state.mine.open_thread:
                core.change_mine(unread=core.state.mine.unread | {home})
        if not isinstance(event, Skip):
            core.emit(Applied(event, position, ours))
