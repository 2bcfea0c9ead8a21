"""The live rooms of this process: who listens, how far each room has been delivered, who is present.

Joining is free of races: a socket is registered first, and is told how far the room has been delivered at that
moment; everything after it comes through the room (PROMISES D4). There is no task per socket on the way of an
event: what this process has written is handed over when it is durable, one task follows the logs for all else, one
callback per turn of the loop writes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from imagechat_tui.protocol.codec import encode_event
from imagechat_tui.protocol.events import (
    CursorMoved,
    OwnChanged,
    PlacementsChanged,
    ReadElsewhere,
    ReadStateChanged,
    Reset,
    Subscribed,
)
from imagechat_tui.protocol.ids import BroadcastId, TenantId, UserId
from imagechat_tui.protocol.models import Placements, Point, Position, ReadState
from imagechat_tui.server.broker import Broker, messages
from imagechat_tui.server.live.frames import CloseCode, joined, text_frame
from imagechat_tui.server.live.log_follower import LogFollower
from imagechat_tui.server.live.meters import Meters
from imagechat_tui.server.live.presence import PresenceBook
from imagechat_tui.server.live.subscribers import Audience, Merger, Subscriber, Wire, full_frames
from imagechat_tui.server.live.viewing import ViewingBook
from imagechat_tui.server.storage import Logged, RoomKey, Store, StoredEvent

RESTART_STEP_S = 0.01
"""Pause between two sockets closed at a restart, unless the spread is shorter."""
GATHER_FROM = 32
"""An audience of so many is not written to again"""
GATHER_S = 0.005
"""for so long, or for as long as writing to it has taken."""
ANSWER_WITHIN_S = 2.0
"""How long a reader who is sent away may take to read why."""

_log = logging.getLogger(__name__)


class Counters(Struct):
    """What ``/metrics`` tells."""

    resets: int = 0
    replays: int = 0
    slow_closes: int = 0


class _Room(Struct, eq=False):
    key: RoomKey
    merger: Merger
    delivered: Position | None = None
    """How far the log was delivered; None until it was read for the first time."""
    plain: Audience = field(default_factory=Audience)
    v2: Audience = field(default_factory=Audience)
    presence: PresenceBook = field(default_factory=PresenceBook)
    viewing: ViewingBook = field(default_factory=ViewingBook)
    registered_ms: dict[UserId, int] = field(default_factory=dict)
    """When each user's newest socket was registered."""
    alarm: asyncio.TimerHandle | None = None
    joining: int = 0

    @property
    def is_live(self) -> bool:
        """Whether somebody listens, or is about to."""
        return bool(self.v2.readers or self.plain.readers or self.joining)

    def audience(self, subscriber: Subscriber) -> Audience:
        """Those who get what a subscriber gets."""
        return self.v2 if subscriber.v2 else self.plain


class Hub:
    """All live rooms. Lives on one event loop, between ``start`` and ``close``."""

    def __init__(self, store: Store, broker: Broker, meters: Meters, *, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._broker = broker
        self._meters = meters
        self._now_ms = now_ms
        self._rooms: dict[RoomKey, _Room] = {}
        self._dirty: set[Subscriber] = set()
        self._audiences: list[Audience] = []
        """For which something waits that is to be written in the next turn of the loop."""
        self._flushing = False
        self._closing = False
        self._follower = LogFollower(store, self)
        self._following: asyncio.Task[None] | None = None
        self._homes: dict[Subscriber, _Room] = {}
        self._of_user: dict[tuple[TenantId, UserId], set[Subscriber]] = {}
        """Each user's sockets in this process, in whatever room of the tenant."""
        self._dismissed: set[Subscriber] = set()
        """Sent away, and the socket is still open."""
        self._nobody_left = asyncio.Event()
        self.rules_changed = asyncio.Event()
        """Another process says that an operator has decided something."""
        self.counters = Counters()

    @property
    def sockets(self) -> int:
        """Sockets open now."""
        return len(self._homes)

    async def start(self) -> None:
        """Begin to follow the logs."""
        await self._broker.start(self._hear, self._follower.look_at_all)
        self._following = asyncio.create_task(self._follower.run(), name="log-follower")  # noqa: TID251

    async def watch(self) -> None:
        """Wait for as long as the logs are followed, which should be until ``close``.

        Raises:
            Exception: What ended it: nobody hears anything any more.
        """
        assert self._following is not None
        await asyncio.shield(self._following)

    def hand_over(self, logged: Sequence[Logged]) -> None:
        """Tell what has been added to logs, and is durable: here at once, where nothing is missing before it, and to
        other processes that their rooms' logs grew.

        Call it in the order of the commits. Whatever does not follow what a room has got is read from its log.
        """
        for room, entries in groupby(logged, key=attrgetter("room")):
            home = self._rooms.get(room)
            if home is not None:
                self._take(home, list(entries))
            self._broker.tell(messages.LogGrew(room))

    def _take(self, room: _Room, logged: Sequence[Logged]) -> None:
        at, first = room.delivered, logged[0]
        if at is None or (first.epoch, first.event.seq) != (at.epoch, at.seq + 1):
            self._follower.hint(room.key)
            return
        try:
            self.deliver(room.key, [one.event for one in logged])
        except Exception:  # a bug: what follows must be told all the same (PROMISES D14)
            _log.exception("events up to %d cannot be handed over", logged[-1].event.seq)
            self._follower.hint(room.key)

    async def close(self, spread_s: float = 0.0) -> None:
        """Send everybody away with 1012, spread over at most ``spread_s``, and stop.

        Returns once all sockets are closed, at most 2 s after the last was told.
        """
        self._closing = True
        subscribers = list(self._homes)
        step_s = min(RESTART_STEP_S, spread_s / len(subscribers)) if subscribers else 0.0
        for number, subscriber in enumerate(subscribers):
            if number:
                await asyncio.sleep(step_s)
            self.dismiss(subscriber, CloseCode.RESTART)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                while self._dismissed:
                    self._nobody_left.clear()
                    await self._nobody_left.wait()
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait((self._following,))  # whatever ended it: ``watch`` tells that
        await self._broker.close()
        for room in self._rooms.values():
            if room.alarm is not None:
                room.alarm.cancel()

    # Joining and leaving

    async def join(
        self,
        key: RoomKey,
        wire: Wire,
        user_id: UserId,
        *,
        v2: bool,
        resume: Position | None = None,
        unseen: bool = False,
        open_wire: Callable[[], Awaitable[object]] | None = None,
    ) -> Subscriber:
        """Register a socket and bring it up to where the room stands.

        It is registered before it is open: a client that reads the room as soon as it is may rely on hearing of all
        that comes after what it has read.

        Args:
            key: The room.
            wire: The socket's transport.
            user_id: Whose it is, and who is present with it.
            v2: Whether it asked for our extensions.
            resume: The last position it knows (``v2``).
            unseen: Whether nobody is to be told of it (``v2``): it hears everything, and counts for nobody.
            open_wire: Opens the transport, if it is not open yet. What it raises is raised.
        """
        room = self._rooms.get(key)
        if room is None:
            room = self._opened(key)
        room.joining += 1
        try:
            position = await self._position(room)
        except BaseException:
            room.joining -= 1
            self._tidy(room)
            raise
        room.joining -= 1
        meter = self._meters.of(key.tenant_id)
        subscriber = Subscriber(wire, user_id, meter, v2=v2, unseen=unseen)
        audience = room.audience(subscriber)
        self._give_out(audience)  # it is behind the position that the subscriber is told
        audience.readers.add(subscriber)
        self._homes[subscriber] = room
        self._of_user.setdefault((key.tenant_id, user_id), set()).add(subscriber)
        if not unseen:
            room.presence.joined(user_id, time.monotonic())
            room.registered_ms[user_id] = self._now_ms()
            self._broker.tell(messages.Joined(key, user_id))
            self._set_alarm(room)
        self._follower.hint(key)
        try:
            first = await self._greeting(key, position, resume) if v2 else []
            if open_wire is not None:
                await open_wire()
        except BaseException:
            self.leave(subscriber)
            raise
        subscriber.begin(first)
        self._touch(subscriber)
        if self._closing:  # it was on its way in when everybody was sent away
            self.dismiss(subscriber, CloseCode.RESTART)
        return subscriber

    def dismiss(self, subscriber: Subscriber, code: CloseCode) -> None:
        """End a subscription: it counts no more, and the client has 2 s to read why."""
        subscriber.end(code)
        self._depart(subscriber)
        self._dismissed.add(subscriber)
        asyncio.get_running_loop().call_later(ANSWER_WITHIN_S, subscriber.abort)

    def dismiss_all(self, tenant_id: TenantId, user_id: UserId | None) -> None:
        """End a user's subscriptions in this process, or (None) a tenant's: the right to them has to be shown anew."""
        theirs = [
            subscriber
            for subscriber, room in self._homes.items()
            if room.key.tenant_id == tenant_id and user_id in (None, subscriber.user_id)
        ]
        for subscriber in theirs:
            self.dismiss(subscriber, CloseCode.SIGN_IN)

    def tell_rules_changed(self) -> None:
        """Have the other processes read the rules."""
        self._broker.tell(messages.RulesChanged())

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a subscriber whose socket has closed. Doing it twice is once."""
        self._depart(subscriber)
        self._dismissed.discard(subscriber)
        if not self._dismissed:
            self._nobody_left.set()

    def _depart(self, subscriber: Subscriber) -> None:
        room = self._homes.pop(subscriber, None)
        if room is None:
            return
        subscriber.gone = True
        person = room.key.tenant_id, subscriber.user_id
        self._of_user[person].discard(subscriber)
        if not self._of_user[person]:
            del self._of_user[person]
        room.audience(subscriber).readers.discard(subscriber)
        if subscriber.unseen:
            self._tidy(room)
            return
        self._broker.tell(messages.Left(room.key, subscriber.user_id, subscriber.version))
        self._went(room, subscriber.user_id, subscriber.version)

    def crosshair_moved(self, subscriber: Subscriber, point: Point) -> None:
        """Show one person's crosshair to the others (``v2``); never logged."""
        room = self._homes.get(subscriber)
        if room is not None and not subscriber.unseen:
            self._show_crosshair(room, subscriber.user_id, point, mover=subscriber)
            self._broker.tell(messages.CrosshairMoved(room.key, subscriber.user_id, point))

    def looks_at(self, subscriber: Subscriber, version: int) -> None:
        """A socket shows another version of the image (``v2``); told to the others, never logged."""
        room, before = self._homes.get(subscriber), subscriber.version
        if room is None or subscriber.unseen or before == version:
            return
        subscriber.version = version
        room.viewing.changed(subscriber.user_id, before, version, time.monotonic())
        self._broker.tell(messages.LooksAt(room.key, subscriber.user_id, before, version))
        self._set_alarm(room)

    def read_on(self, key: RoomKey, changed: Mapping[UserId, ReadState]) -> None:
        """Tell each user's own sockets (``v2``), by whichever process, how far they have read now in a room.

        Those that they have in other rooms are told that it has changed, no more.
        """
        self._show_read_states(key, changed)
        for user_id, theirs in changed.items():
            self._broker.tell(messages.ReadOn(key, user_id, theirs))

    def own_changed(self, tenant_id: TenantId, user_id: UserId) -> None:
        """Tell a user's own sockets (``v2``), by whichever process, that what they have noted changed."""
        self._show_own_changed(tenant_id, user_id)
        self._broker.tell(messages.OwnChanged(tenant_id, user_id))

    def placed(self, key: RoomKey, changed: Placements) -> None:
        """Tell everybody in a room (``v2``), by whichever process, where markers are now on a version."""
        self._show_placements(key, changed)
        self._broker.tell(messages.Placed(key, changed))

    def online(self, key: RoomKey) -> tuple[UserId, ...]:
        """Who is in a room, in order of arrival."""
        return tuple(self.viewing(key))

    def viewing(self, key: RoomKey) -> Mapping[UserId, tuple[int, ...]]:
        """Who is in a room, in order of arrival, and which versions of the image they look at, the oldest first."""
        room = self._rooms.get(key)
        if room is not None:
            return {user_id: room.viewing.versions(user_id) for user_id in room.presence.online()}
        elsewhere: dict[UserId, set[int]] = {}
        for user_id, version in self._broker.elsewhere(key):
            elsewhere.setdefault(user_id, set()).update(() if version is None else (version,))
        return {user_id: tuple(sorted(versions)) for user_id, versions in elsewhere.items()}

    def registered_at_ms(self, key: RoomKey, user_id: UserId) -> int | None:
        """When the newest socket of a user in a room was registered; None if they have none."""
        room = self._rooms.get(key)
        return room.registered_ms.get(user_id) if room is not None else None

    async def _position(self, room: _Room) -> Position:
        """Where the room stands. The bus is heard before it is read: no event falls between."""
        if room.delivered is None:
            positions = await self._store.positions([room.key])
            if room.delivered is None:  # somebody else may have been faster
                room.delivered = positions[room.key]
        return room.delivered

    async def _greeting(self, key: RoomKey, delivered: Position, resume: Position | None) -> list[bytes]:
        """``subscribed``, then what the reader missed, or ``reset``."""
        head = delivered
        if resume is not None and resume.seq > delivered.seq:  # read from a log not followed here yet?
            head = (await self._store.positions([key]))[key]
        subscribed = Subscribed(head, self._now_ms())
        frames = [text_frame(encode_event(subscribed, tenant_id=key.tenant_id, v2=True))]
        if resume is None:
            return frames
        reason = "epoch" if resume.epoch != head.epoch else "ahead" if resume.seq > head.seq else ""
        if not reason:
            page = await self._store.events_after(key, resume.seq, event_id=resume.event_id)
            if page is None:
                reason = "gone"
            elif not page.complete:
                reason = "far-behind"
            else:
                self.counters.replays += 1
                return frames + full_frames(event for event in page.events if event.seq <= delivered.seq)
        self.counters.resets += 1
        return [*frames, text_frame(encode_event(Reset(reason), tenant_id=key.tenant_id, v2=True))]

    def _tidy(self, room: _Room) -> None:
        """Let go of a room that nobody listens to; it may still have a leave to remember."""
        if room.is_live:
            return
        room.delivered = None  # it is not followed now, so it must not greet the next one
        if room.presence.wake_at is None and self._rooms.get(room.key) is room:
            del self._rooms[room.key]
            if room.alarm is not None:
                room.alarm.cancel()

    def _opened(self, key: RoomKey) -> _Room:
        """A room that comes to life here: whoever is in it by other processes is in it already."""
        room = self._rooms[key] = _Room(key, Merger(key.tenant_id, _fresh_id))
        now = time.monotonic()
        for user_id, version in self._broker.elsewhere(key):
            room.presence.joined(user_id, now)
            room.viewing.changed(user_id, None, version, now)
        return room

    def _show_crosshair(
        self, room: _Room, user_id: UserId, point: Point, mover: Subscriber | None = None
    ) -> None:
        frame = text_frame(encode_event(CursorMoved(user_id, point), tenant_id=room.key.tenant_id, v2=True))
        self._push((other for other in room.v2.readers if other is not mover), [frame])

    def _show_read_states(self, key: RoomKey, changed: Mapping[UserId, ReadState]) -> None:
        room = self._rooms.get(key)
        for user_id, state in changed.items():
            theirs = [one for one in self._of_user.get((key.tenant_id, user_id), ()) if one.v2]
            for event, sockets in (
                (ReadStateChanged(state), [one for one in theirs if self._homes[one] is room]),
                (ReadElsewhere(), [one for one in theirs if self._homes[one] is not room]),
            ):
                if sockets:
                    self._push(sockets, [text_frame(encode_event(event, tenant_id=key.tenant_id, v2=True))])

    def _show_own_changed(self, tenant_id: TenantId, user_id: UserId) -> None:
        frame = text_frame(encode_event(OwnChanged(), tenant_id=tenant_id, v2=True))
        self._push([one for one in self._of_user.get((tenant_id, user_id), ()) if one.v2], [frame])

    def _show_placements(self, key: RoomKey, changed: Placements) -> None:
        room = self._rooms.get(key)
        if room is not None:
            frame = text_frame(encode_event(PlacementsChanged(changed), tenant_id=key.tenant_id, v2=True))
            self._tell(room.v2, [frame])

    # What other processes tell

    def _hear(self, message: messages.Message) -> None:
        match message:
            case messages.LogGrew(room):
                self._follower.hint(room)
            case messages.Joined(room, user_id):
                if (home := self._rooms.get(room)) is not None:
                    home.presence.joined(user_id, time.monotonic())
                    self._set_alarm(home)
            case messages.LooksAt(room, user_id, before, version):
                if (home := self._rooms.get(room)) is not None:
                    home.viewing.changed(user_id, before, version, time.monotonic())
                    self._set_alarm(home)
            case messages.Left(room, user_id, version):
                if (home := self._rooms.get(room)) is not None:
                    self._went(home, user_id, version)
            case messages.CrosshairMoved(room, user_id, point):
                if (home := self._rooms.get(room)) is not None:
                    self._show_crosshair(home, user_id, point)
            case messages.RulesChanged():
                self.rules_changed.set()
            case messages.ReadOn(room, user_id, changed):
                self._show_read_states(room, {user_id: changed})
            case messages.OwnChanged(tenant_id, user_id):
                self._show_own_changed(tenant_id, user_id)
            case messages.Placed(room, changed_placements):
                self._show_placements(room, changed_placements)
            case _:
                assert_never(message)

    def _went(self, room: _Room, user_id: UserId, version: int | None) -> None:
        """One socket of a user less, here or by another process."""
        now = time.monotonic()
        room.presence.left(user_id, now)
        room.viewing.changed(user_id, version, None, now)
        if not room.presence.has_socket(user_id):
            room.viewing.forget(user_id)
            room.registered_ms.pop(user_id, None)
        self._set_alarm(room)
        self._tidy(room)

    # What the log follower needs

    def positions(self) -> dict[RoomKey, Position]:
        """See log_follower.LiveRooms. A room that only waits to tell of a leave is not live."""
        return {
            key: room.delivered
            for key, room in self._rooms.items()
            if room.delivered is not None and room.is_live
        }

    def deliver(self, room: RoomKey, events: Iterable[StoredEvent]) -> None:
        """See log_follower.LiveRooms."""
        home = self._rooms.get(room)
        if home is None or home.delivered is None:
            return
        position = home.delivered
        fresh = [event for event in events if event.seq > position.seq]
        if not fresh:
            return
        now = time.monotonic()
        home.delivered = Position(position.epoch, fresh[-1].seq, fresh[-1].id)
        if home.v2.readers:
            self._tell(home.v2, full_frames(fresh))
        if home.plain.readers:
            plain = [
                text_frame(frame)
                for event in fresh
                if event.plain is not None
                for frame in home.merger.passed(event.plain, now)
            ]
            self._tell(home.plain, plain)
            self._set_alarm(home)

    def lost(self, room: RoomKey, position: Position) -> None:
        """See log_follower.LiveRooms."""
        home = self._rooms.get(room)
        if home is not None:
            home.delivered = position
            self.counters.resets += 1
            frame = text_frame(encode_event(Reset("gone"), tenant_id=room.tenant_id, v2=True))
            self._tell(home.v2, [frame])
            for subscriber in list(home.plain.readers):
                self.dismiss(subscriber, CloseCode.RESTART)  # knows no reset, but asks the log on its return

    # Time and bytes

    def _set_alarm(self, room: _Room) -> None:
        books = (room.presence, room.viewing, room.merger)
        due = [at for book in books if (at := book.wake_at) is not None]
        if room.alarm is not None:
            room.alarm.cancel()
            room.alarm = None
        if due:
            delay_s = max(0.0, min(due) - time.monotonic())
            room.alarm = asyncio.get_running_loop().call_later(delay_s, self._ring, room)

    def _ring(self, room: _Room) -> None:
        """Send what is due: who came and went, who looks at which version, and merged updates."""
        room.alarm = None
        now = time.monotonic()
        tenant_id: TenantId = room.key.tenant_id
        for update in room.presence.due(now):
            event = replace(update, ts_ms=self._now_ms())
            frame = text_frame(encode_event(event, tenant_id=tenant_id, v2=False))
            for audience in (room.v2, room.plain):
                self._tell(audience, [frame])
        for changed in room.viewing.due(now):
            frame = text_frame(encode_event(changed, tenant_id=tenant_id, v2=True))
            self._tell(room.v2, [frame])
        for merged in room.merger.due(now):
            self._tell(room.plain, [text_frame(merged)])
        self._set_alarm(room)
        self._tidy(room)

    def _tell(self, audience: Audience, frames: Sequence[bytes]) -> None:
        """Write to all of an audience: in the next turn of the loop, or, if it is large and was written to just now,
        after a rest. A write to each costs far more than what is written, and what comes meanwhile goes along."""
        if not frames or not audience.readers:
            return
        audience.waiting.append(joined(frames))
        if len(audience.waiting) > 1:
            return
        rest_s = audience.rests_until - time.monotonic()
        if rest_s <= 0:
            self._audiences.append(audience)
            self._flush_soon()
        else:
            asyncio.get_running_loop().call_later(rest_s, self._flush_audience, audience)

    def _push(self, subscribers: Iterable[Subscriber], frames: Sequence[bytes]) -> None:
        """Write to some, behind what waits for all of their audiences."""
        data = joined(frames)
        for subscriber in subscribers:
            self._give_out(self._homes[subscriber].audience(subscriber))
            subscriber.push(data)
            self._touch(subscriber)

    def _give_out(self, audience: Audience) -> None:
        for subscriber in audience.give_out():
            self._touch(subscriber)

    def _touch(self, subscriber: Subscriber) -> None:
        self._dirty.add(subscriber)
        self._flush_soon()

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        """One write per socket."""
        self._flushing = False
        audiences, self._audiences = self._audiences, []
        for audience in audiences:
            self._flush_audience(audience)
        dirty, self._dirty = self._dirty, set()
        self._send_away([subscriber for subscriber in dirty if not subscriber.flush()])

    def _flush_audience(self, audience: Audience) -> None:
        begun = time.monotonic()
        self._send_away(audience.flush())
        if len(audience.readers) >= GATHER_FROM:
            now = time.monotonic()
            audience.rests_until = now + max(GATHER_S, now - begun)

    def _send_away(self, slow: Iterable[Subscriber]) -> None:
        for subscriber in slow:
            self.counters.slow_closes += 1
            self.dismiss(subscriber, CloseCode.OVERLOAD)


def _fresh_id() -> BroadcastId:
    return BroadcastId(str(uuid.uuid4()))
