"""Finding out about a write that nobody answered (PROMISES D10).

Once the server's deadline for it has passed, everything the server has is read, and what is not in there did
not happen. What tells it depends on the server::

    numbered room, its event would have been seen     the room read up to now is enough
    numbered room, a snapshot took the event's place  the log is searched for its broadcastId
    the log does not go back so far                   the list, by place, author and text
    hosted                                            the list, and the write's thread: the same way
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from msgspec import Struct

from imagechat_tui.protocol.events import LiveEvent
from imagechat_tui.protocol.ids import BroadcastId, ConversationId, UrlId
from imagechat_tui.protocol.models import Comment, Conversation, Own, Position
from imagechat_tui.protocol.thread_keys import rounded, thread_key
from imagechat_tui.sync.core import Core, Reader
from imagechat_tui.sync.due import Due
from imagechat_tui.sync.effects import FetchEventLog, FetchThread
from imagechat_tui.sync.facts import Facts
from imagechat_tui.sync.inputs import EventLogLoaded, FetchFailed, ThreadLoaded
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    EditComment,
    LockComment,
    PinComment,
    PostComment,
    StartConversation,
    VoteComment,
)
from imagechat_tui.sync.news import actor_of
from imagechat_tui.sync.outbox import conversation_of, happened, made_comment, made_conversation, says
from imagechat_tui.sync.reads import Read
from imagechat_tui.sync.replay import position_of, stamp_of
from imagechat_tui.sync.rooms import Rooms
from imagechat_tui.sync.state import NO_COMMENTS, ChatState, OutboxEntry, WriteStatus

TIMEOUT_S = 10.0
"""A write has this long in all; past it the server refuses it (X-Deadline)."""
CHECK_SLACK_S = 0.5
"""Beyond the deadline before the outcome is looked up: the server's clock is known a little late."""
UNDATED_CHECK_AFTER_S = 15.0
"""A write without a deadline has been answered by then, or dropped."""


class InFlight(Struct):
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
    own: Own = Own()
    """What of that thread is the person's own."""
    thread_left_out: int = 0
    """Comments of that which could not be read."""
    list_left_out: int = 0
    """Conversations of the list that could not be read when it was sent."""


class Outcome(Struct, frozen=True):
    """What was found out about a write."""

    entry: OutboxEntry
    """With ``comment_id``, if its first step was found to be done."""
    saved: bool
    conversation: Conversation | None = None
    comment: Comment | None = None


class Lookup:
    """The writes in flight, and what must be read to know what became of those that were not answered."""

    def __init__(self, core: Core, facts: Facts, rooms: Rooms) -> None:
        self._core = core
        self._facts = facts
        self._rooms = rooms
        self._in_flight: dict[BroadcastId, InFlight] = {}
        self._searches: dict[int, BroadcastId] = {}
        """The write that a request of this part looks for."""

    # What happened

    def begin(self, broadcast_id: BroadcastId, at_ms: int, *, unsure: bool) -> None:
        """A write is being sent. ``unsure``: nobody knows what became of an earlier try."""
        state = self._facts.state
        sought = InFlight(state, at_ms, Read(self._core, Reader.LOOKUP), log_after=self._rooms.image.head)
        sought.list_left_out = self._rooms.list.left_out
        if unsure:
            sought.before, sought.unsure, sought.list_left_out = ChatState(state.room), True, 0
            position = state.confirmed.position
            if position is not None:
                sought.log_after = Position(position.epoch, 0)
        self._in_flight[broadcast_id] = sought

    def remembered(self, broadcast_id: BroadcastId) -> InFlight:
        """What is remembered of a write in flight."""
        return self._in_flight[broadcast_id]

    def unanswered(self, entry: OutboxEntry) -> None:
        """It was sent, and no answer will come: to be looked up when it cannot happen any more."""
        dated = entry.deadline_ms is not None
        after_s = TIMEOUT_S + CHECK_SLACK_S if dated else UNDATED_CHECK_AFTER_S
        self._in_flight[entry.broadcast_id].check_at = entry.sent_at_s + after_s

    def thread_loaded(self, loaded: ThreadLoaded) -> None:
        """A thread was read to look for a write."""
        _, sought = self._search_of(loaded.request)
        if sought is not None and sought.search.loaded(loaded.request):
            sought.thread, sought.thread_left_out = loaded.list.comments, loaded.list.left_out
            sought.own = loaded.list.own

    def log_loaded(self, loaded: EventLogLoaded) -> None:
        """A part of the log was read to look for a write."""
        broadcast_id, sought = self._search_of(loaded.request)
        if sought is None or not sought.search.loaded(loaded.request):
            return
        positions = [position for event in loaded.events if (position := position_of(event)) is not None]
        if any(self._names(event, broadcast_id) for event in loaded.events):
            sought.in_log = True
        elif loaded.complete is False and positions:
            sought.log_after = positions[-1]
        elif loaded.complete is False or sought.log_lost_before:
            sought.log_lost = True
        else:
            sought.in_log = False

    def read_failed(self, failed: FetchFailed) -> None:
        """A read failed."""
        _, sought = self._search_of(failed.request)
        if sought is not None and sought.search.failed(failed) and failed.status in (400, 404, 410):
            # There is no such log, or no such thread: nobody ever wrote in it.
            sought.log_lost, sought.thread = True, ()

    # What to do about it

    def decide(self) -> list[Outcome]:
        """Read what tells about the writes that were not answered; what was found out."""
        outbox = self._facts.workspace.mine.outbox
        self._in_flight = {entry.broadcast_id: self._in_flight[entry.broadcast_id] for entry in outbox}
        outcomes = [
            self._look_up(entry, sought)
            for entry, sought in self._checking()
            if self._core.now >= sought.check_at
        ]
        return [outcome for outcome in outcomes if outcome is not None]

    def dues(self) -> Iterator[Due]:
        """When a write should be looked up; then every turn does what is left to do for it."""
        for _, sought in self._checking():
            yield from (Due(at) for at in (sought.check_at, sought.search.due_at()) if at is not None)

    # Inside

    def _checking(self) -> list[tuple[OutboxEntry, InFlight]]:
        return [
            (entry, self._in_flight[entry.broadcast_id])
            for entry in self._facts.workspace.mine.outbox
            if entry.status is WriteStatus.CHECKING
        ]

    def _search_of(self, request: int) -> tuple[BroadcastId, InFlight | None]:
        """The write that a request looks for; without what is remembered of it, once its fate is known."""
        broadcast_id = self._searches.pop(request)
        return broadcast_id, self._in_flight.get(broadcast_id)

    def _begin_search(self, entry: OutboxEntry, sought: InFlight) -> int:
        request = sought.search.begin()
        self._searches[request] = entry.broadcast_id
        return request

    def _look_up(self, entry: OutboxEntry, sought: InFlight) -> Outcome | None:
        complete_at, link = self._rooms.list.complete_at, self._facts.link
        if complete_at is None or complete_at < sought.check_at:
            if self._facts.reachable and sought.asked_at < max(sought.check_at, link.opened_at):
                sought.asked_at = self._core.now
                self._rooms.image.refresh()
            return None
        if not self._search(entry, sought):
            outcome = self._judge(entry, sought)
            return outcome if self._sure(outcome, sought) else None
        return None

    def _search(self, entry: OutboxEntry, sought: InFlight) -> bool:
        """Read what else must be read, when everything that the room has is here. False if nothing."""
        core = self._core
        if not self._rooms.image.numbered:
            url_id = self._thread_to_read(entry)
            if url_id is None or sought.thread is not None:
                return False
            if self._may_read(sought):
                home = conversation_of(entry.write) or ConversationId(entry.broadcast_id)
                core.emit(FetchThread(self._begin_search(entry, sought), home, url_id))
            return True
        position, ids = self._facts.ledger.position, self._facts.ledger.ids
        known = sought.in_log is not None or sought.log_lost or not self._missed_events(entry, sought)
        if known or ids is None or sought.log_after is None or position is None:
            return False
        if sought.log_after.epoch != position.epoch:
            # The log was started anew since. What this one has, happened; what it has not, may have before.
            sought.log_after = Position(position.epoch, 0)
            sought.log_lost_before = True
        if self._may_read(sought):
            number = self._begin_search(entry, sought)
            core.emit(FetchEventLog(number, core.room.url_id, ids.user_id_ws, after=sought.log_after))
        return True

    def _may_read(self, sought: InFlight) -> bool:
        sought.search.want(self._core.now)
        at = sought.search.due_at()
        return self._facts.reachable and at is not None and self._core.now >= at

    def _missed_events(self, entry: OutboxEntry, sought: InFlight) -> bool:
        """Whether its event may have come without being seen as its own."""
        return sought.unsure or self._rooms.image.listed_since(entry.sent_at_s)

    def _names(self, event: LiveEvent, broadcast_id: BroadcastId) -> bool:
        stamp, me = stamp_of(event), self._facts.ledger.me
        return (
            stamp is not None
            and stamp.broadcast_id == broadcast_id
            and me is not None
            and actor_of(event) == me
        )

    def _thread_to_read(self, entry: OutboxEntry) -> UrlId | None:
        """The thread that tells of a comment of ours; None where the list alone tells."""
        url_id_clean = self._facts.ledger.url_id_clean
        match entry.write:
            case StartConversation() if entry.comment_id is None:
                return thread_key(url_id_clean, self._core.room.src, rounded(entry.write.point))
            case (
                PostComment() | EditComment() | DeleteComment() | VoteComment() | PinComment() | LockComment()
            ):
                return self._facts.thread_url(entry.write.conversation_id)
            case _:
                return None

    def _judge(self, entry: OutboxEntry, sought: InFlight) -> Outcome:
        """Everything that the server has is here: did it happen?"""
        state, write, url_id_clean = self._facts.state, entry.write, self._facts.ledger.url_id_clean
        if self._rooms.image.numbered and not self._missed_events(entry, sought):
            return Outcome(entry, saved=False)  # its event would have come by
        if sought.in_log is not None:
            return Outcome(entry, saved=sought.in_log)
        if sought.thread is not None and not self._rooms.image.numbered:
            return self._judge_by_thread(entry, sought, sought.thread)
        if not happened(write, sought.before, state, url_id_clean):
            return Outcome(entry, saved=False)
        conversation, comment = None, None
        if isinstance(write, StartConversation):
            conversation = made_conversation(write, sought.before, state, url_id_clean)
        elif isinstance(write, PostComment):
            thread = tuple(state.confirmed.comments.get(write.conversation_id, NO_COMMENTS).values())
            comment = made_comment(write, sought.before, thread, state)
        return Outcome(entry, True, conversation, comment)

    def _sure(self, outcome: Outcome, sought: InFlight) -> bool:
        """Whether it is more than a guess: what was not seen may be among what could not be read."""
        not_seen = outcome.saved == isinstance(outcome.entry.write, DeleteComment | DeleteConversation)
        left_out = sought.thread_left_out > 0 or self._rooms.list.left_out > sought.list_left_out
        return not (not_seen and left_out)

    def _judge_by_thread(self, entry: OutboxEntry, sought: InFlight, thread: tuple[Comment, ...]) -> Outcome:
        write, state, url_id_clean = entry.write, self._facts.state, self._facts.ledger.url_id_clean
        match write:
            case StartConversation():
                conversation = made_conversation(write, sought.before, state, url_id_clean)
                comment = made_comment(write, sought.before, thread, state)
                if conversation is not None:
                    return Outcome(entry, True, conversation, comment)
                step_done = comment.id if comment is not None else None
                return Outcome(entry.replace(comment_id=step_done), saved=False)
            case PostComment():
                comment = made_comment(write, sought.before, thread, state)
                return Outcome(entry, comment is not None, comment=comment)
            case VoteComment():
                votes = (vote.direction for vote in sought.own.votes if vote.comment_id == write.comment_id)
                return Outcome(entry, saved=next(votes, 0) == write.direction)
            case PinComment() | LockComment():
                known = next((c for c in thread if c.id == write.comment_id), None)
                if known is None:
                    return Outcome(entry, saved=False)
                if isinstance(write, PinComment):
                    return Outcome(entry, saved=known.is_pinned == write.pinned)
                return Outcome(entry, saved=known.is_locked == write.locked)
            case EditComment() | DeleteComment():
                known = next((c for c in thread if c.id == write.comment_id), None)
                gone = known is None or known.is_deleted
                if isinstance(write, DeleteComment):
                    return Outcome(entry, saved=gone)
                return Outcome(entry, saved=known is not None and says(known, write.text))
            case _:
                return Outcome(entry, saved=False)
