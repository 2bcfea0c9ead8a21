"""Keeping up with the image's room: snapshot, replay, gaps (PROMISES D4, D5, D14; PROTOCOL 8.2).

Numbered rooms (our servers): an event is applied only as the successor of the last one. What comes too early
is held, what is missing is asked from the log, and what the log no longer has comes as a snapshot. While a
snapshot is on its way everything is held, so that nothing older can overwrite anything newer. A snapshot that
is ahead of the last event waits for the events before it, which the replay or the log gives: it must not
swallow what somebody wants to hear of. Only where they cannot be had it leaps, and that is told (`Missed`).

Unnumbered rooms (hosted): every image-chat event is applied as far as it can be read and followed by a fresh
list; a list is trusted but for what was heard while it was on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from msgspec import Struct

from imagechat_tui.protocol.events import (
    DeletedImageChat,
    ImageChatsStale,
    ImageChatUpdated,
    LiveEvent,
    NewImageChat,
    Reset,
    Subscribed,
)
from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Position
from imagechat_tui.protocol.routes import ConversationList
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import FetchEventLog, FetchSnapshot, Missed, News
from imagechat_tui.sync.inputs import EventLogLoaded, FetchFailed, SnapshotComing, SnapshotLoaded
from imagechat_tui.sync.intents import DeleteConversation
from imagechat_tui.sync.link import HUNG_AFTER_S, Link
from imagechat_tui.sync.news import news_of_list
from imagechat_tui.sync.reads import Read
from imagechat_tui.sync.reducer import with_list
from imagechat_tui.sync.replay import Held, Place, Seen, Touched, place, position_of, restarted
from imagechat_tui.sync.state import ChatState, Phase, ProblemKind

Apply = Callable[[LiveEvent, Position | None, ConversationId | None], None]

SNAPSHOT_EVERY_S = 5.0
HOSTED_SNAPSHOT_EVERY_S = 0.5
DEBOUNCE_S = 0.5
DEBOUNCE_JITTER_S = 1.0
"""So that a room full of clients does not ask for the list at the same moment."""
HERD_S = 2.0
STALL_AFTER_S = 2.0
"""A promised replay that does not go on for this long is fetched from the log."""
POLL_EVERY_S = 4.0
"""Without live updates nothing on screen is older than 5 s."""
SUBSCRIBED_WITHIN_S = 10.0
LOG_TRIES = 2
"""After so many answers of the server that it failed to read the log, the snapshot is asked instead."""
LOG_TRIES_UNHEARD = 4
"""The same where nothing answered or it said "later", which tells nothing about the log."""
REPLAY_AT_MOST = 500
"""Events that a server of ours gives back one by one (PROMISES D4); who is farther behind gets the list."""
UNREADABLE_LISTS = 2
"""After so many unreadable snapshots a hole is stepped over without one."""


class Listed(Struct, frozen=True):
    """A list that is here, and waits for the events before it."""

    answer: ConversationList
    request: int
    began_at: float
    """When it was asked for."""


class ImageRoom:
    """What is known of the image's room, how far, and what must be read to know the rest."""

    def __init__(self, core: Core, link: Link, apply: Apply) -> None:
        self._core = core
        self._link = link
        self._apply = apply
        self.loaded = False
        """A snapshot has come: there is data."""
        self._listed_at: float | None = None
        self.complete_at: float | None = None
        """Everything the server had at this moment is in the confirmed state."""
        self.seen = Seen()
        self.touched = Touched()
        self._repair = False
        """The position cannot be trusted: hold everything until a snapshot came."""
        self._list = Read(core)
        self.left_out = 0
        """Conversations of the last list that could not be read (hosted)."""
        self._unreadable = 0
        """Lists in a row that could not be decoded."""
        self._log = Read(core)
        self._log_after: Position | None = None
        """Where the log on its way begins."""
        self._log_owes = 0
        """The newest number that existed when the log on its way was asked for."""
        self._stuck_at: Position | None = None
        """The log cannot give what comes after this."""
        self._waiting: Listed | None = None
        self._held = Held()
        self._target: Position | None = None
        """Where the log stood when the socket was registered."""
        self._target_at = -inf
        """When it was told."""
        self._joined = False
        """The target was reached."""
        self._progress_at = 0.0
        self._poll_at = 0.0
        self._reported: tuple[Position | None, float] | None = None

    # Facts

    @property
    def numbered(self) -> bool:
        """Whether this room's events carry positions."""
        return self._core.ours and self._core.state.confirmed.position is not None

    @property
    def repair(self) -> bool:
        """Whether the position is of no use any more."""
        return self._repair

    @property
    def head(self) -> Position | None:
        """The newest place that the log is known to have: whatever happens from now on comes after it."""
        mine, told = self._core.state.confirmed.position, self._target
        return told if mine is not None and told is not None and self._behind(told) else mine

    def listed_since(self, at: float) -> bool:
        """Whether a snapshot has come after ``at``: events before it need not have been seen one by one."""
        return self._listed_at is not None and self._listed_at >= at

    @property
    def unanswered(self) -> bool:
        """Whether the socket stands and yet does not do its work: it was not registered in time."""
        link = self._link
        waiting = link.open and self._core.ours and self._target is None
        return waiting and self._core.now >= link.opened_at + SUBSCRIBED_WITHIN_S

    @property
    def caught_up(self) -> bool:
        """Whether nothing is missing that the server had when the socket was registered."""
        if not self.loaded or self._repair or len(self._held) or self._waiting is not None:
            return False
        if not self.numbered:
            return self.complete_at is not None and self.complete_at >= self._link.opened_at
        return self._target is not None and not self._behind(self._target)

    def _behind(self, target: Position) -> bool:
        mine = self._core.state.confirmed.position
        return mine is None or mine.epoch != target.epoch or mine.seq < target.seq

    # What happened

    def opened(self) -> None:
        """The socket's handshake is done."""
        self._target = None
        self._progress_at = self._core.now
        if not self._core.ours:
            again = self.complete_at is not None and self._core.state.connection.lost_at_s is not None
            self.want_snapshot(self._core.now + (self._core.uniform(0.0, HERD_S) if again else 0.0))

    def lost(self) -> None:
        """The socket is gone: a rejoin by position brings everything again."""
        self._target = None
        self._held.clear()
        self._list.forget()
        self._log.forget()

    def received(self, event: LiveEvent) -> None:
        """An event came over the image's socket."""
        match event:
            case Subscribed():
                self._subscribed(event)
            case Reset():
                self._break()
            case _:
                position = position_of(event)
                if position is not None and self._core.ours:
                    self._offer(position, event)
                elif not self.seen.repeated(event):
                    self._unnumbered(event)

    def malformed(self) -> None:
        """A frame could not be decoded (PROMISES D14)."""
        self._cannot_show()
        self.want_snapshot(self._core.now)

    def snapshot_coming(self, coming: SnapshotComing) -> bool:
        """A part of the list is here. False if it is not the one that is awaited."""
        if not self._list.coming(coming.request):
            return False
        self._core.change_connection(received_bytes=coming.received_bytes)
        return True

    def snapshot_loaded(self, loaded: SnapshotLoaded) -> bool:
        """The list is here. False if it is not the one that is awaited."""
        if not self._list.loaded(loaded.request):
            return False
        self._core.change_connection(received_bytes=None)
        core, answer = self._core, loaded.list
        self._unreadable = self._log.failures = 0
        core.ids = answer.room or core.ids
        core.url_id_clean = answer.url_id_clean
        core.change_confirmed(peer=loaded.peer)
        self._list.every_s = SNAPSHOT_EVERY_S if core.ours else HOSTED_SNAPSHOT_EVERY_S
        if not core.ours:
            self.seen.baseline(answer.server_time_ms)
        self._waiting = Listed(answer, loaded.request, self._list.began_at)
        self._progress_at = core.now
        its = answer.position
        if its is None or not self._within_reach(its) or not self._behind(its):
            self._settle()
        else:
            self._drain()
        if self._gap() and (self._link.open or len(self._held)):
            self._log.want(core.now)
        return True

    def snapshot_failed(self, failed: FetchFailed) -> bool:
        """The list did not come. False if another one is awaited."""
        if not self._list.failed(failed):
            return False
        self._core.change_connection(received_bytes=None)
        if failed.problem.kind is ProblemKind.BAD_ANSWER:
            self._unreadable += 1
            if self._unreadable >= UNREADABLE_LISTS:
                self._step_over()
        if not self._repair:
            self._drain()  # what waited for the list goes on without it
        self._list.want(self._core.now)
        return True

    def log_loaded(self, loaded: EventLogLoaded) -> bool:
        """A part of the log is here. False if it is not the one that is awaited."""
        if not self._log.loaded(loaded.request):
            return False
        if self._repair or self._list.running:
            return True
        core, last = self._core, None
        for event in loaded.events:
            position = position_of(event)
            if position is not None:
                last = position
                self._offer(position, event)
        if self.repair:
            return True
        mine, more = core.state.confirmed.position, loaded.complete is False
        if more and mine != self._log_after:
            self._log.want(core.now)
        elif more or (mine is not None and mine.seq < self._log_owes):
            if last is not None and self._behind(last):
                self._cannot_show()  # the log goes on behind the hole: what is in it cannot be decoded
            self._leap()
        elif self._gap():
            self._log.want(core.now)  # it was learnt while the log was on its way
        else:
            self._completed(self._log.began_at)
        return True

    def log_failed(self, failed: FetchFailed) -> bool:
        """The log did not come. False if another one is awaited."""
        if not self._log.failed(failed):
            return False
        unheard = failed.status is None or failed.status == 429
        refused = failed.status is not None and 400 <= failed.status < 500 and failed.status != 429
        if refused or self._log.failures >= (LOG_TRIES_UNHEARD if unheard else LOG_TRIES):
            self._log.failures = 0
            self._leap()
        else:
            self._log.want(self._core.now)
        return True

    # What is wanted

    def want_snapshot(self, at: float) -> None:
        """A list read at ``at`` or later is wanted."""
        self._list.want(at)

    def refresh(self) -> None:
        """See to it that everything up to now is known."""
        if self.numbered and not self._repair:
            self._log.want(self._core.now)
        else:
            self.want_snapshot(self._core.now)

    def snapshot_now(self) -> None:
        """Ask for the list at once, unless it is on its way and may still come."""
        if not self._list.running or self._core.now >= self._list.heard_at + HUNG_AFTER_S:
            self._core.emit(FetchSnapshot(self._list.begin()))

    # What to do about it

    def decide(self) -> None:
        """Ask for what is missing: one snapshot and one part of the log at a time."""
        core, link = self._core, self._link
        if not self._may_read:
            return
        if self._polling and core.now >= self._poll_at:
            self._poll_at = core.now + POLL_EVERY_S
            self.refresh()
        if self._target is not None and not self._joined and not self._repair and not self._gap():
            self._joined = True
            self._completed(link.began_at)
        if self._list.due:
            self.snapshot_now()
        log_at = self._log_at()
        if log_at is not None and core.now >= log_at and core.ids is not None:
            self._log_after, self._log_owes = core.state.confirmed.position, self._newest_known()
            user = core.ids.user_id_ws
            core.emit(FetchEventLog(self._log.begin(), core.room.url_id, user, after=self._log_after))

    def wake_at(self) -> float | None:
        """When time alone changes something here."""
        link = self._link
        if not self._may_read:
            return None
        times = [self._poll_at if self._polling else None, self._list.wake_at()]
        if link.open and self._core.ours and self._target is None:
            times.append(link.opened_at + SUBSCRIBED_WITHIN_S)
        times.append(self._log_at())
        return min((at for at in times if at is not None), default=None)

    # Inside

    @property
    def _polling(self) -> bool:
        return self._core.state.connection.phase is Phase.POLLING and not self._link.open

    @property
    def _may_read(self) -> bool:
        """Whether there is a link, or REST does without one and something waits for it."""
        link = self._link
        return link.open or self._polling or (self._waiting is not None and link.rest_answers)

    def _log_at(self) -> float | None:
        """When the log should be asked for what is missing; None if it need not, or will not do."""
        may_read = self.numbered and self._core.ids is not None
        list_at = self._list.wake_at()
        soon = list_at is not None and list_at <= self._core.now + SNAPSHOT_EVERY_S
        if not may_read or self._repair or self._list.running or (soon and self._waiting is None):
            return None
        if not self._gap():
            return self._log.wake_at()
        return self._log.wake_at(self._progress_at + (0.0 if len(self._held) else STALL_AFTER_S))

    def _gap(self) -> bool:
        """Whether something is missing that the log may have."""
        return self.numbered and (
            len(self._held) > 0
            or self._waiting is not None
            or (self._target is not None and self._behind(self._target))
        )

    def _newest_known(self) -> int:
        """The highest number that is known to exist."""
        waiting = self._waiting.answer.position if self._waiting is not None else None
        known = [self._core.state.confirmed.position, self._target, waiting, self._held.last()]
        return max((position.seq for position in known if position is not None), default=0)

    def _within_reach(self, its: Position) -> bool:
        """Whether the events up to ``its`` can be had one by one, as far as is known."""
        mine = self._core.state.confirmed.position
        if mine is None or not self._core.ours or self._repair or restarted(mine, its):
            return False
        return its.seq - mine.seq <= REPLAY_AT_MOST and self._stuck_at != mine

    def _leap(self) -> None:
        """The log cannot give what comes next: a list takes its place, the one that waits or the next."""
        self._stuck_at = self._core.state.confirmed.position
        if self._waiting is not None:
            self._settle()
            if self._gap():
                self._log.want(self._core.now)
        else:
            self.want_snapshot(self._core.now)

    def _settle(self) -> None:
        """Take the list that waits; what could not be had of the events before it is told as missed."""
        core, listed, self._waiting = self._core, self._waiting, None
        assert listed is not None
        answer, mine = listed.answer, core.state.confirmed.position
        position = answer.position
        if mine is not None and position is not None:
            self._catch_up(mine, position)
        before = core.state
        self._completed(listed.began_at)
        keep = frozenset[str]() if core.ours else self.touched.settle(listed.request)
        core.state = with_list(core.state, answer, keep=keep)
        if answer.left_out > self.left_out:
            core.cannot_show(answer.left_out - self.left_out)
        self.left_out = answer.left_out
        self._after_list(before)
        self.loaded = True
        self._repair = False
        self._stuck_at = None
        if position is None:
            self._listed_at = core.now
            return
        self._held.forget(position)
        if self._target is not None and listed.began_at >= self._target_at:
            self._target = position  # the list is the truth, even if it is less than was said
        self._drain()

    def _catch_up(self, mine: Position, its: Position) -> None:
        """Before a list at ``its``: tell the events that are held, and of the others that they were missed."""
        if mine.epoch == its.epoch and mine.seq == its.seq:
            return
        core = self._core
        self._listed_at = core.now
        for position, event in self._held.between(mine, its):
            if position.epoch != mine.epoch or position.seq != mine.seq + 1:
                core.emit(Missed(mine, Position(position.epoch, position.seq - 1)))
            mine = position_of(event) or position
            self._apply(event, mine, None)
        if mine.epoch != its.epoch or mine.seq != its.seq:
            core.emit(Missed(mine, its))

    def _subscribed(self, event: Subscribed) -> None:
        core = self._core
        core.heard_clock(event.server_time_ms)
        self._target = event.position
        self._joined = False
        self._target_at = self._progress_at = core.now
        mine = core.state.confirmed.position
        if mine is None or self._repair or restarted(mine, event.position):
            self._break()

    def _break(self) -> None:
        """The position is of no use: hold everything, take a fresh snapshot."""
        self._repair = True
        self._waiting = None
        self.want_snapshot(self._core.now)

    def _offer(self, position: Position, event: LiveEvent) -> None:
        """A numbered event: apply it if it is next."""
        if self._repair or self._list.running:
            self._held.add(position, event)
            return
        match place(self._core.state.confirmed.position, position):
            case Place.BEHIND:
                pass
            case Place.NEXT:
                self._take(event, position)
                self._drain()
            case Place.AHEAD if self.numbered:
                self._held.add(position, event)
            case Place.AHEAD | Place.ELSEWHERE:
                self._held.add(position, event)
                self._break()

    def _drain(self) -> None:
        """Apply what was held and has its turn now."""
        position = self._core.state.confirmed.position
        if position is not None and len(self._held):
            for event in self._held.after(position):
                its = position_of(event)
                if its is not None:
                    self._take(event, its)
            self._held.forget(self._core.state.confirmed.position or position)

    def _take(self, event: LiveEvent, position: Position) -> None:
        self._progress_at = self._core.now
        self._apply(event, position, None)
        waiting = self._waiting.answer.position if self._waiting is not None else None
        if waiting is not None and not self._behind(waiting):
            self._settle()
        if isinstance(event, ImageChatsStale) or (
            isinstance(event, ImageChatUpdated)
            and event.comment is None
            and event.activity in _ABOUT_COMMENTS
        ):
            self.want_snapshot(self._core.now)

    def _unnumbered(self, event: LiveEvent) -> None:
        core = self._core
        if (
            isinstance(event, ImageChatUpdated)
            and event.conversation.id not in core.state.confirmed.conversations
        ):
            # It came before its marker, or after its deletion, and a deletion wins (PROMISES D7): the list knows.
            self.want_list_soon()
            return
        self._apply(event, None, None)
        if core.ours:
            return
        match event:
            case NewImageChat() | ImageChatUpdated():
                self.note(event.conversation.id)
            case DeletedImageChat():
                self.note(event.conversation_id)
            case ImageChatsStale():
                pass
            case _:
                return
        self.want_list_soon()

    def note(self, conversation_id: ConversationId) -> None:
        """A hosted conversation changed: lists that are on their way say nothing about it."""
        self.touched.note(conversation_id, self._core.last_number)

    def want_list_soon(self) -> None:
        """Follow a hosted change by a fresh list, one for a burst."""
        self.want_snapshot(self._core.now + DEBOUNCE_S + self._core.uniform(0.0, DEBOUNCE_JITTER_S))

    def _completed(self, at: float) -> None:
        """Everything that the server had at ``at`` is applied."""
        if self.complete_at is not None and at < self.complete_at:
            return
        self.complete_at = at
        self._link.known_as_of(at)
        self._core.change_mine(
            acknowledged=tuple(a for a in self._core.state.mine.acknowledged if a.at_s > at)
        )

    def _after_list(self, before: ChatState) -> None:
        core = self._core
        if self.loaded:
            fresh = news_of_list(before, core.state)
            homes = {news.conversation_id for news in fresh if news.conversation_id is not None}
            core.change_mine(unread=core.state.mine.unread | (homes - {core.state.mine.open_thread}))
            for news in fresh:
                # A hosted list only counts comments: ours of another terminal may be among them.
                if core.ours or news.news is News.MARKER_ADDED:
                    core.emit(news)
        gone = before.mine.open_thread
        ours = [entry.write for entry in before.mine.outbox] + [
            saved.write for saved in before.mine.acknowledged
        ]
        by_us = any(isinstance(w, DeleteConversation) and w.conversation_id == gone for w in ours)
        if gone is not None and core.state.mine.open_thread is None and not by_us:
            core.announce(News.THREAD_GONE, conversation_id=gone)

    def _cannot_show(self) -> None:
        """Report an item that cannot be shown, once for each place in the log."""
        core = self._core
        position = core.state.confirmed.position
        if self._reported is not None:
            where, when = self._reported
            if where == position and (position is not None or core.now < when + SNAPSHOT_EVERY_S):
                return
        self._reported = (position, core.now)
        core.cannot_show(1)

    def _step_over(self) -> None:
        """Go on behind a hole that neither log nor snapshot fills: never limp, never loop (PROMISES D14)."""
        core = self._core
        mine = core.state.confirmed.position
        behind = self._held.first() if mine is not None else None
        if mine is None or behind is None or behind.epoch != mine.epoch:
            return
        self._cannot_show()
        self._repair = False
        core.emit(Missed(mine, Position(mine.epoch, behind.seq - 1)))
        core.change_confirmed(position=Position(mine.epoch, behind.seq - 1))
        self._drain()


_ABOUT_COMMENTS = frozenset({"new-comment", "first-comment", "updated-comment", "deleted-comment", "several"})
