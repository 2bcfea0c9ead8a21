"""Finding out about a write that nobody answered (PROMISES D10).

Once the server's deadline for it has passed, everything the server has is read, and what is not in there did
not happen. What tells it depends on the server::

    numbered room, its event would have been seen     the room read up to now is enough
    numbered room, a snapshot took the event's place  the log is searched for its broadcastId
    the log does not go back so far                   the list, by place, author and text
    hosted                                            the list, and the write's thread: the same way
"""

from __future__ import annotations

from math import inf

from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.protocol.events import LiveEvent
from imagechat_tui.protocol.ids import BroadcastId, ConversationId, UrlId
from imagechat_tui.protocol.keys import rounded, thread_key
from imagechat_tui.protocol.models import Comment, Conversation, Position
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import FetchEventLog, FetchThread
from imagechat_tui.sync.inputs import EventLogLoaded, FetchFailed, ThreadLoaded
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    EditComment,
    PostComment,
    StartConversation,
)
from imagechat_tui.sync.link import Link
from imagechat_tui.sync.news import actor_of
from imagechat_tui.sync.numbered_room import ImageRoom
from imagechat_tui.sync.outbox import conversation_of, happened, made_comment, made_conversation, says
from imagechat_tui.sync.reads import Read
from imagechat_tui.sync.replay import position_of, stamp_of
from imagechat_tui.sync.state import NO_COMMENTS, ChatState, OutboxEntry, Phase, WriteStatus

TIMEOUT_S = 10.0
"""A write has this long in all; past it the server refuses it (X-Deadline)."""
CHECK_SLACK_S = 0.5
"""Beyond the deadline before the outcome is looked up: the server's clock is known a little late."""
UNDATED_CHECK_AFTER_S = 15.0
"""A write without a deadline has been answered by then, or dropped."""


class Flight(Struct):
    """What is remembered of a write in flight besides its entry in the outbox."""

    before: ChatState
    """What was confirmed when it was sent."""
    at_ms: int
    search: Read
    """The read that looks for it: of its thread (hosted), or of the log."""
    check_at: float = inf
    """A read that begins at this time or later tells whether it happened."""
    asked_at: float = -inf
    log_after: Position | None = None
    """From where on the log may hold it; moves on as the log is read."""
    unsure: bool = False
    """It was tried before, and nobody knows what became of that: its event may have come already."""
    in_log: bool | None = None
    """Whether the log has it, where a snapshot took the place of its event; None: not known, or no log."""
    log_lost: bool = False
    """The log does not go back so far."""
    log_lost_before: bool = False
    """Nor does it tell what was before its own beginning."""
    thread: tuple[Comment, ...] | None = None
    """Its thread, read after ``check_at`` (hosted)."""
    thread_left_out: int = 0
    """Comments of that which could not be read."""
    list_left_out: int = 0
    """Conversations of the list that could not be read when it was sent."""


class Verdict(Struct, frozen=True):
    """What was found out about a write."""

    entry: OutboxEntry
    """With ``comment_id``, if its first step was found to be done."""
    saved: bool
    conversation: Conversation | None = None
    comment: Comment | None = None


class Lookup:
    """The writes in flight, and what must be read to know what became of those that were not answered."""

    def __init__(self, core: Core, link: Link, image_room: ImageRoom) -> None:
        self._core = core
        self._link = link
        self._image_room = image_room
        self._flights: dict[BroadcastId, Flight] = {}

    # What happened

    def took_off(self, broadcast_id: BroadcastId, at_ms: int, *, unsure: bool) -> None:
        """A write is being sent. ``unsure``: nobody knows what became of an earlier try."""
        core, state = self._core, self._core.state
        flight = Flight(state, at_ms, Read(core), log_after=self._image_room.head)
        flight.list_left_out = self._image_room.left_out
        if unsure:
            flight.before, flight.unsure, flight.list_left_out = ChatState(state.room), True, 0
            if state.confirmed.position is not None:
                flight.log_after = Position(state.confirmed.position.epoch, 0)
        self._flights[broadcast_id] = flight

    def landed(self, broadcast_id: BroadcastId) -> Flight:
        """Its fate is known; what was remembered of it is handed back."""
        return self._flights.pop(broadcast_id)

    def unanswered(self, entry: OutboxEntry) -> None:
        """It was sent, and no answer will come: to be looked up when it cannot happen any more."""
        dated = entry.deadline_ms is not None
        after_s = TIMEOUT_S + CHECK_SLACK_S if dated else UNDATED_CHECK_AFTER_S
        self._flights[entry.broadcast_id].check_at = entry.sent_at_s + after_s

    def thread_loaded(self, loaded: ThreadLoaded) -> bool:
        """A thread was read to look for a write. False if it was not asked for here."""
        for flight in self._flights.values():
            if flight.search.loaded(loaded.request):
                flight.thread, flight.thread_left_out = loaded.list.comments, loaded.list.left_out
                return True
        return False

    def log_loaded(self, loaded: EventLogLoaded) -> bool:
        """A part of the log was read to look for a write. False if it was not asked for here."""
        for broadcast_id, flight in self._flights.items():
            if not flight.search.loaded(loaded.request):
                continue
            positions = [position for event in loaded.events if (position := position_of(event)) is not None]
            if any(self._names(event, broadcast_id) for event in loaded.events):
                flight.in_log = True
            elif loaded.complete is False and positions:
                flight.log_after = positions[-1]
            elif loaded.complete is False or flight.log_lost_before:
                flight.log_lost = True
            else:
                flight.in_log = False
            return True
        return False

    def read_failed(self, failed: FetchFailed) -> bool:
        """A read failed. False if it was not asked for here."""
        for flight in self._flights.values():
            if flight.search.failed(failed):
                if failed.status in (400, 404, 410):
                    # There is no such log, or no such thread: nobody ever wrote in it.
                    flight.log_lost, flight.thread = True, ()
                return True
        return False

    # What to do about it

    def decide(self) -> list[Verdict]:
        """Read what tells about the writes that were not answered; the verdicts that are due."""
        core = self._core
        verdicts = []
        for entry in core.state.mine.outbox:
            flight = self._flights[entry.broadcast_id]
            if entry.status is WriteStatus.CHECKING and core.now >= flight.check_at:
                verdict = self._look_up(entry, flight)
                if verdict is not None:
                    verdicts.append(verdict)
        return verdicts

    def wake_at(self) -> float | None:
        """When time alone changes something here."""
        now = self._core.now
        checking = [
            self._flights[entry.broadcast_id]
            for entry in self._core.state.mine.outbox
            if entry.status is WriteStatus.CHECKING
        ]
        times = [flight.check_at for flight in checking] + [flight.search.wake_at() for flight in checking]
        return min((at for at in times if at is not None and at > now), default=None)

    # Inside

    def _look_up(self, entry: OutboxEntry, flight: Flight) -> Verdict | None:
        room, link, core = self._image_room, self._link, self._core
        reachable = link.open or core.state.connection.phase is Phase.POLLING
        if room.complete_at is None or room.complete_at < flight.check_at:
            if reachable and flight.asked_at < max(flight.check_at, link.opened_at):
                flight.asked_at = core.now
                room.refresh()
            return None
        if not self._search(entry, flight, reachable=reachable):
            verdict = self._judge(entry, flight)
            return verdict if self._sure(verdict, flight) else None
        return None

    def _search(self, entry: OutboxEntry, flight: Flight, *, reachable: bool) -> bool:
        """Read what else must be read, when everything that the room has is here. False if nothing."""
        core = self._core
        if not self._image_room.numbered:
            url_id = self._thread_to_read(entry)
            if url_id is None or flight.thread is not None:
                return False
            if self._may_read(flight, reachable=reachable):
                home = conversation_of(entry.write) or ConversationId(entry.broadcast_id)
                core.emit(FetchThread(flight.search.begin(), home, url_id))
            return True
        position, ids = core.state.confirmed.position, core.ids
        known = flight.in_log is not None or flight.log_lost or not self._missed_events(entry, flight)
        if known or ids is None or flight.log_after is None or position is None:
            return False
        if flight.log_after.epoch != position.epoch:
            # The log was started anew since. What this one has, happened; what it has not, may have before.
            flight.log_after = Position(position.epoch, 0)
            flight.log_lost_before = True
        if self._may_read(flight, reachable=reachable):
            number = flight.search.begin()
            core.emit(FetchEventLog(number, core.room.url_id, ids.user_id_ws, after=flight.log_after))
        return True

    def _may_read(self, flight: Flight, *, reachable: bool) -> bool:
        flight.search.want(self._core.now)
        return reachable and flight.search.due

    def _missed_events(self, entry: OutboxEntry, flight: Flight) -> bool:
        """Whether its event may have come without being seen as its own."""
        return flight.unsure or self._image_room.listed_since(entry.sent_at_s)

    def _names(self, event: LiveEvent, broadcast_id: BroadcastId) -> bool:
        stamp, me = stamp_of(event), self._core.me
        return (
            stamp is not None
            and stamp.broadcast_id == broadcast_id
            and me is not None
            and actor_of(event) == me
        )

    def _thread_to_read(self, entry: OutboxEntry) -> UrlId | None:
        """The thread that tells of a comment of ours; None where the list alone tells."""
        core = self._core
        match entry.write:
            case StartConversation() if entry.comment_id is None:
                return thread_key(core.url_id_clean, core.room.src, rounded(entry.write.point))
            case PostComment() | EditComment() | DeleteComment():
                return core.thread_url(entry.write.conversation_id)
            case _:
                return None

    def _judge(self, entry: OutboxEntry, flight: Flight) -> Verdict:
        """Everything that the server has is here: did it happen?"""
        core, state, write = self._core, self._core.state, entry.write
        if self._image_room.numbered and not self._missed_events(entry, flight):
            return Verdict(entry, saved=False)  # its event would have come by
        if flight.in_log is not None:
            return Verdict(entry, saved=flight.in_log)
        if flight.thread is not None and not self._image_room.numbered:
            return self._judge_by_thread(entry, flight, flight.thread)
        if not happened(write, flight.before, state, core.url_id_clean):
            return Verdict(entry, saved=False)
        conversation, comment = None, None
        if isinstance(write, StartConversation):
            conversation = made_conversation(write, flight.before, state, core.url_id_clean)
        elif isinstance(write, PostComment):
            thread = tuple(state.confirmed.comments.get(write.conversation_id, NO_COMMENTS).values())
            comment = made_comment(write, flight.before, thread, state)
        return Verdict(entry, True, conversation, comment)

    def _sure(self, verdict: Verdict, flight: Flight) -> bool:
        """Whether it is more than a guess: what was not seen may be among what could not be read."""
        not_seen = verdict.saved == isinstance(verdict.entry.write, DeleteComment | DeleteConversation)
        left_out = flight.thread_left_out > 0 or self._image_room.left_out > flight.list_left_out
        return not (not_seen and left_out)

    def _judge_by_thread(self, entry: OutboxEntry, flight: Flight, thread: tuple[Comment, ...]) -> Verdict:
        core, write = self._core, entry.write
        match write:
            case StartConversation():
                conversation = made_conversation(write, flight.before, core.state, core.url_id_clean)
                comment = made_comment(write, flight.before, thread, core.state)
                if conversation is not None:
                    return Verdict(entry, True, conversation, comment)
                step_done = comment.id if comment is not None else None
                return Verdict(replace(entry, comment_id=step_done), saved=False)
            case PostComment():
                comment = made_comment(write, flight.before, thread, core.state)
                return Verdict(entry, comment is not None, comment=comment)
            case EditComment() | DeleteComment():
                known = next((c for c in thread if c.id == write.comment_id), None)
                gone = known is None or known.is_deleted
                if isinstance(write, DeleteComment):
                    return Verdict(entry, saved=gone)
                return Verdict(entry, saved=known is not None and says(known, write.text))
            case _:
                return Verdict(entry, saved=False)
