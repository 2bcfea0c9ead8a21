"""Each write of ours, from intent to verdict (PROMISES D7 to D10 and "Echo").

Nothing is sent twice by itself. A write leaves the outbox in one of four ways: it was answered, its event came
back, it was refused or certainly never left, or nobody knows. The last is "checking": once the server's
deadline for it has passed, everything the server has is read, and what is not in there did not happen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

from imagechat_tui.protocol.events import (
    DeletedComment,
    DeletedImageChat,
    ImageChatUpdated,
    LiveEvent,
    NewComment,
    NewImageChat,
    Stamp,
    UpdatedComment,
)
from imagechat_tui.protocol.ids import BroadcastId, ConversationId, UrlId
from imagechat_tui.protocol.keys import rounded, thread_key
from imagechat_tui.protocol.models import Comment, Conversation, Position
from imagechat_tui.protocol.routes import CommentReply, ConversationReply, EditReply
from imagechat_tui.sync.backoff import delay_s
from imagechat_tui.sync.connection import Link
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import FetchEventLog, FetchThread, News, SendRequest
from imagechat_tui.sync.image_room import Apply, ImageRoom
from imagechat_tui.sync.inputs import EventLogLoaded, FetchFailed, ReplyArrived, ThreadLoaded, WriteFailed
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    EditComment,
    KeepDraft,
    MoveConversation,
    PostComment,
    ResolveConversation,
    StartConversation,
    Write,
)
from imagechat_tui.sync.news import actor_of
from imagechat_tui.sync.outbox import (
    TextWrite,
    comment_step_id,
    conversation_of,
    failed_draft,
    happened,
    known_comment,
    made_comment,
    made_conversation,
    says,
    typed_id,
)
from imagechat_tui.sync.reducer import NO_COMMENTS
from imagechat_tui.sync.replay import position_of, stamp_of
from imagechat_tui.sync.state import (
    Acknowledged,
    ChatState,
    Draft,
    OutboxEntry,
    Phase,
    Problem,
    ProblemKind,
    WriteStatus,
)
from imagechat_tui.sync.thread_room import ThreadRoom

TIMEOUT_S = 10.0
"""A write has this long in all; past it the server refuses it (X-Deadline)."""
CHECK_SLACK_S = 0.5
"""Beyond the deadline before the outcome is looked up: the server's clock is known a little late."""
HOSTED_CHECK_AFTER_S = 15.0
"""A hosted server takes no deadline: by then it has answered, or dropped, what it once accepted."""
EVENT_WITHIN_S = 1.0
"""The event of an answered write comes with the answer; after this the log is asked for it."""


@dataclass(slots=True)
class Flight:
    """What is remembered of a write in flight besides its entry in the outbox."""

    before: ChatState
    """What was confirmed when it was sent."""
    at_ms: int
    check_at: float = inf
    """A read that begins at this time or later tells whether it happened."""
    asked_at: float = -inf
    retry_at: float = -inf
    """A read in search of it failed: not before this time again."""
    request: int | None = None
    """The read on its way that looks for it: of its thread (hosted), or of the log."""
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


class Writes:
    """The outbox, what was answered and not yet heard, and the drafts."""

    def __init__(
        self, core: Core, link: Link, image_room: ImageRoom, thread_room: ThreadRoom, apply: Apply
    ) -> None:
        self._core = core
        self._link = link
        self._image_room = image_room
        self._thread_room = thread_room
        self._apply = apply
        self._flights: dict[BroadcastId, Flight] = {}
        self._asked_for_events_at = -inf

    # What the person wants

    def submit(self, write: Write, broadcast_id: BroadcastId, at_ms: int) -> None:
        """Send a write, or refuse it at once and keep its text."""
        state = self._core.state
        tried = next((d for d in state.drafts if d.write == write and d.broadcast_id is not None), None)
        if tried is not None and tried.broadcast_id is not None:
            broadcast_id = tried.broadcast_id  # the same text to the same place is the same write
        typed = typed_id(write) if isinstance(write, TextWrite) else None
        self._core.change(drafts=tuple(d for d in state.drafts if d.id != typed and d.write != write))
        self._begin(write, broadcast_id, at_ms, tried)

    def retry(self, draft_id: str, broadcast_id: BroadcastId, at_ms: int) -> None:
        """Send a draft once more, under the id it was tried under."""
        draft = next((d for d in self._core.state.drafts if d.id == draft_id), None)
        if draft is not None:
            self.drop(draft_id)
            self._begin(draft.write, draft.broadcast_id or broadcast_id, at_ms, draft)

    def drop(self, draft_id: str) -> None:
        """Forget a draft."""
        self._core.change(drafts=tuple(d for d in self._core.state.drafts if d.id != draft_id))

    def keep(self, keep: KeepDraft, at_ms: int) -> None:
        """Keep what was typed; there is one typed draft for each target."""
        draft_id = typed_id(keep.write)
        others = tuple(d for d in self._core.state.drafts if d.id != draft_id)
        typed = (Draft(draft_id, keep.write, updated_at_ms=at_ms),) if keep.write.text else ()
        self._core.change(drafts=others + typed)

    def found(self, drafts: tuple[Draft, ...]) -> None:
        """Drafts of earlier sessions: shown, never sent by themselves."""
        mine = self._core.state.drafts
        known = {draft.id for draft in mine}
        self._core.change(drafts=tuple(d for d in drafts if d.id not in known) + mine)

    def _begin(self, write: Write, broadcast_id: BroadcastId, at_ms: int, tried: Draft | None) -> None:
        core = self._core
        comment_id = tried.comment_id if tried is not None else None
        problem = self._refusal(write)
        if problem is not None:
            draft_id = None
            if isinstance(write, TextWrite) or tried is not None:
                unsure = tried.problem if tried is not None and _unsure(tried) else None
                draft = Draft(broadcast_id, write, broadcast_id, unsure or problem, comment_id, at_ms)
                core.change(drafts=(*core.state.drafts, draft))
                draft_id = draft.id
            core.announce(
                News.REFUSED,
                broadcast_id=broadcast_id,
                conversation_id=conversation_of(write),
                problem=problem,
                draft_id=draft_id,
            )
            return
        entry = OutboxEntry(broadcast_id, write, WriteStatus.PENDING, core.now, comment_id=comment_id)
        if core.ours and core.server_now_ms is not None:
            entry = replace(entry, deadline_ms=core.server_now_ms + round(TIMEOUT_S * 1000))
        self._flights[broadcast_id] = self._flight(at_ms, tried)
        core.change(outbox=(*core.state.outbox, entry))
        self._send(entry)

    def _flight(self, at_ms: int, tried: Draft | None) -> Flight:
        state = self._core.state
        if tried is None or not _unsure(tried):
            return Flight(state, at_ms, log_after=state.position)
        start = Position(state.position.epoch, 0) if state.position is not None else None
        return Flight(ChatState(state.room), at_ms, log_after=start, unsure=True)

    def _refusal(self, write: Write) -> Problem | None:
        """Why a write is not tried at all (PROMISES section 5); nothing is asked of the server for it."""
        state = self._core.state
        phase = state.connection.phase
        if state.read_only or phase is Phase.READ_ONLY:
            return Problem(ProblemKind.READ_ONLY)
        if phase is Phase.STARTING:
            return Problem(ProblemKind.NOT_CONNECTED)
        if phase is Phase.SIGN_IN_NEEDED:
            return Problem(ProblemKind.SIGN_IN)
        if not state.connection.can_write:
            return Problem(ProblemKind.OFFLINE)
        home = conversation_of(write)
        if home is not None and home not in state.conversations:
            return Problem(ProblemKind.GONE)
        if isinstance(write, EditComment | DeleteComment):
            thread = state.comments.get(write.conversation_id)
            if thread is not None and write.comment_id not in thread:
                return Problem(ProblemKind.GONE)
        if isinstance(write, MoveConversation | ResolveConversation) and not self._core.ours:
            return Problem(ProblemKind.UNSUPPORTED)
        return None

    def _send(self, entry: OutboxEntry) -> None:
        core = self._core
        two_step = not core.ours
        first = two_step and isinstance(entry.write, StartConversation) and entry.comment_id is None
        home = conversation_of(entry.write)
        core.emit(
            SendRequest(
                broadcast_id=comment_step_id(entry.broadcast_id) if first else entry.broadcast_id,
                write=entry.write,
                thread_url_id=core.thread_url(home) if home is not None else None,
                two_step=two_step,
                comment_id=entry.comment_id,
                timeout_s=TIMEOUT_S,
                deadline_ms=entry.deadline_ms,
            )
        )

    # What became of it

    def replied(self, reply: ReplyArrived) -> None:
        """The server said yes."""
        entry, first_step = self._entry(reply.broadcast_id)
        if entry is None:
            self._tell_saved_comment(reply)
            return
        if first_step:
            if isinstance(reply.reply, CommentReply):
                entry = replace(entry, comment_id=reply.reply.comment.id, status=WriteStatus.PENDING)
                self._replace(entry)
                self._send(entry)
            return
        conversation, comment = self._told(entry, reply.reply)
        self._saved(entry, conversation, comment)
        if self._core.ours:
            saved = Acknowledged(entry.broadcast_id, entry.write, self._core.now, conversation, comment)
            self._core.change(acknowledged=(*self._core.state.acknowledged, saved))
        else:
            self._apply_own(entry.write, conversation, comment, reply.reply)

    def failed(self, failure: WriteFailed) -> None:
        """The server said no, or nothing."""
        entry, _ = self._entry(failure.broadcast_id)
        if entry is None:
            return
        status = failure.status
        if status == 404 and isinstance(entry.write, DeleteComment | DeleteConversation):
            self._saved(entry, None, None)  # it is gone, which is all that was wanted
            self._image_room.refresh()
            return
        refused = status is not None and (300 <= status < 500 or status == 503)
        if refused or not failure.sent:
            self._not_saved(entry, failure.problem, sure=refused)
            return
        flight = self._flights[entry.broadcast_id]
        flight.check_at = self._check_at(entry)
        if entry.status is not WriteStatus.CHECKING:
            self._replace(replace(entry, status=WriteStatus.CHECKING))
            self._core.announce(
                News.CHECKING,
                broadcast_id=entry.broadcast_id,
                conversation_id=conversation_of(entry.write),
                problem=failure.problem,
            )

    def echo(self, event: LiveEvent) -> bool:
        """Whether ``event`` is of a write of this session; if so it is confirmed.

        Only an id that is in flight now, and only from our own user: a foreign event that reuses an id of
        ours must be shown, or anybody could hide a marker from us.
        """
        core = self._core
        stamp = stamp_of(event)
        if stamp is None or stamp.broadcast_id is None or core.me is None or actor_of(event) != core.me:
            return False
        if self._settle_acknowledged(event, stamp.broadcast_id):
            return True
        entry, first_step = self._entry(stamp.broadcast_id)
        if entry is None:
            return self._settle_draft(event, stamp.broadcast_id)
        conversation, comment = _carried(event)
        if first_step:
            if comment is not None:
                self._replace(replace(entry, comment_id=comment.id))
            return True
        self._saved(entry, conversation, comment)
        if isinstance(entry.write, StartConversation) and core.ours:
            # Its comment comes with the next event.
            saved = Acknowledged(entry.broadcast_id, entry.write, core.now, conversation, comment)
            core.change(acknowledged=(*core.state.acknowledged, saved))
        return True

    def _settle_acknowledged(self, event: LiveEvent, broadcast_id: BroadcastId) -> bool:
        core = self._core
        saved = next((a for a in core.state.acknowledged if a.broadcast_id == broadcast_id), None)
        if saved is None:
            return False
        if not (isinstance(saved.write, StartConversation) and isinstance(event, NewImageChat)):
            core.change(acknowledged=tuple(a for a in core.state.acknowledged if a is not saved))
        return True

    def _settle_draft(self, event: LiveEvent, broadcast_id: BroadcastId) -> bool:
        """A write was given up, or its program died, and yet here is its event: it is saved."""
        core = self._core
        draft = next((d for d in core.state.drafts if d.failed and d.broadcast_id == broadcast_id), None)
        if draft is None:
            return False
        self.drop(draft.id)
        conversation, comment = _carried(event)
        self._tell_saved(broadcast_id, draft.write, conversation, comment)
        return True

    def applied(self, event: LiveEvent) -> None:
        """``event`` was applied: what was laid over a deleted conversation has nothing to lie on."""
        if isinstance(event, DeletedImageChat):
            gone = event.conversation_id
            self._core.change(
                acknowledged=tuple(a for a in self._core.state.acknowledged if _about(a) != gone)
            )

    def thread_loaded(self, loaded: ThreadLoaded) -> bool:
        """A thread was read to look for a write. False if it was not asked for here."""
        for flight in self._flights.values():
            if flight.request == loaded.request:
                flight.request, flight.thread = None, loaded.list.comments
                return True
        return False

    def log_loaded(self, loaded: EventLogLoaded) -> bool:
        """A part of the log was read to look for a write. False if it was not asked for here."""
        for entry in self._core.state.outbox:
            flight = self._flights[entry.broadcast_id]
            if flight.request != loaded.request:
                continue
            flight.request = None
            positions = [position for event in loaded.events if (position := position_of(event)) is not None]
            if any(self._names(event, entry) for event in loaded.events):
                flight.in_log = True
            elif loaded.complete is False and positions:
                flight.log_after, flight.asked_at = positions[-1], -inf
            elif flight.log_lost_before:
                flight.log_lost = True
            else:
                flight.in_log = False
            return True
        return False

    def read_failed(self, failed: FetchFailed) -> bool:
        """A read failed. False if it was not asked for here."""
        for flight in self._flights.values():
            if flight.request == failed.request:
                flight.request = None
                flight.log_lost = (
                    failed.status is not None and 400 <= failed.status < 500 and failed.status != 429
                )
                flight.retry_at = self._core.now + delay_s(
                    0, self._core.uniform, at_least_s=max(1.0, failed.problem.retry_after_s or 0.0)
                )
                return True
        return False

    def _names(self, event: LiveEvent, entry: OutboxEntry) -> bool:
        stamp = stamp_of(event)
        return (
            stamp is not None
            and stamp.broadcast_id == entry.broadcast_id
            and self._core.me is not None
            and actor_of(event) == self._core.me
        )

    # What to do about it

    def decide(self) -> None:
        """Look up what nobody knows; ask for events that do not come."""
        core, room = self._core, self._image_room
        reachable = self._link.open or core.state.connection.phase is Phase.POLLING
        for entry in core.state.outbox:
            flight = self._flights[entry.broadcast_id]
            if entry.status is WriteStatus.CHECKING and core.now >= flight.check_at:
                self._look_up(entry, flight, reachable=reachable)
        due = self._events_due()
        if due is not None and core.now >= due and reachable:
            self._asked_for_events_at = core.now
            room.refresh()

    def wake_at(self) -> float | None:
        """When time alone changes something here."""
        core = self._core
        times = [
            at
            for entry in core.state.outbox
            if entry.status is WriteStatus.CHECKING
            for at in (self._flights[entry.broadcast_id].check_at, self._flights[entry.broadcast_id].retry_at)
            if at > core.now
        ]
        due = self._events_due()
        if due is not None and due > core.now:
            times.append(due)
        return min(times, default=None)

    def _events_due(self) -> float | None:
        """When the events of answered writes are asked for, unless they have been since."""
        since = max(self._asked_for_events_at, 0.0)
        dues = [saved.at_s + EVENT_WITHIN_S for saved in self._core.state.acknowledged]
        return min((due for due in dues if due > since), default=None)

    def _look_up(self, entry: OutboxEntry, flight: Flight, *, reachable: bool) -> None:
        """Read what tells whether it happened, and judge once that is here."""
        room = self._image_room
        read = room.complete_at is not None and room.complete_at >= flight.check_at
        search = self._search(entry, flight) if read else None
        if read and search is None:
            self._judge(entry, flight)
        elif reachable and search is not None:
            if flight.request is None and self._core.now >= flight.retry_at:
                flight.request = search.request
                self._core.emit(search)
        elif reachable and flight.asked_at < max(flight.check_at, self._link.opened_at):
            flight.asked_at = self._core.now
            room.refresh()

    def _search(self, entry: OutboxEntry, flight: Flight) -> FetchThread | FetchEventLog | None:
        """What else must be read, when everything that the room has is here; None if nothing."""
        core = self._core
        if not self._image_room.numbered:
            url_id = self._thread_to_read(entry)
            if url_id is None or flight.thread is not None:
                return None
            home = conversation_of(entry.write) or ConversationId(entry.broadcast_id)
            return FetchThread(core.number(), home, url_id)
        known = flight.in_log is not None or flight.log_lost or not self._missed_events(entry, flight)
        if known or core.ids is None or flight.log_after is None or core.state.position is None:
            return None
        if flight.log_after.epoch != core.state.position.epoch:
            # The log was started anew since. What this one has, happened; what it has not, may have before.
            flight.log_after = Position(core.state.position.epoch, 0)
            flight.log_lost_before = True
        return FetchEventLog(core.number(), core.room.url_id, core.ids.user_id_ws, after=flight.log_after)

    def _missed_events(self, entry: OutboxEntry, flight: Flight) -> bool:
        """Whether its event may have come without being seen as its own."""
        return flight.unsure or self._image_room.listed_since(entry.sent_at_s)

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

    def _judge(self, entry: OutboxEntry, flight: Flight) -> None:
        """Everything that the server has is here: did it happen?"""
        core, state, write = self._core, self._core.state, entry.write
        if self._image_room.numbered and not self._missed_events(entry, flight):
            self._not_saved(entry, Problem(ProblemKind.NO_ANSWER))  # its event would have come by
            return
        if flight.in_log is not None:
            if flight.in_log:
                self._saved(entry, None, None)
            else:
                self._not_saved(entry, Problem(ProblemKind.NO_ANSWER))
            return
        if flight.thread is not None:
            self._judge_by_thread(entry, flight, flight.thread)
            return
        if not happened(write, flight.before, state, core.url_id_clean):
            self._not_saved(entry, Problem(ProblemKind.NO_ANSWER))
            return
        conversation, comment = None, None
        if isinstance(write, StartConversation):
            conversation = made_conversation(write, flight.before, state, core.url_id_clean)
        elif isinstance(write, PostComment):
            thread = tuple(state.comments.get(write.conversation_id, NO_COMMENTS).values())
            comment = made_comment(write, flight.before, thread, state)
        self._saved(entry, conversation, comment)

    def _judge_by_thread(self, entry: OutboxEntry, flight: Flight, thread: tuple[Comment, ...]) -> None:
        core, write = self._core, entry.write
        no_answer = Problem(ProblemKind.NO_ANSWER)
        match write:
            case StartConversation():
                conversation = made_conversation(write, flight.before, core.state, core.url_id_clean)
                comment = made_comment(write, flight.before, thread, core.state)
                if conversation is not None:
                    self._saved(entry, conversation, comment)
                else:
                    step_done = replace(entry, comment_id=comment.id if comment is not None else None)
                    self._not_saved(step_done, no_answer)
            case PostComment():
                comment = made_comment(write, flight.before, thread, core.state)
                if comment is None:
                    self._not_saved(entry, no_answer)
                else:
                    self._saved(entry, None, comment)
            case EditComment() | DeleteComment():
                known = next((c for c in thread if c.id == write.comment_id), None)
                gone = known is None or known.is_deleted
                done = (
                    gone
                    if isinstance(write, DeleteComment)
                    else known is not None and says(known, write.text)
                )
                if done:
                    self._saved(entry, None, None)
                else:
                    self._not_saved(entry, no_answer)
            case _:
                self._not_saved(entry, no_answer)
        home = conversation_of(write)
        if home is not None:
            self._thread_room.want(home)

    def _check_at(self, entry: OutboxEntry) -> float:
        if entry.deadline_ms is None:
            return entry.sent_at_s + (TIMEOUT_S + CHECK_SLACK_S if self._core.ours else HOSTED_CHECK_AFTER_S)
        return entry.sent_at_s + TIMEOUT_S + CHECK_SLACK_S

    # Inside

    def _entry(self, broadcast_id: BroadcastId) -> tuple[OutboxEntry | None, bool]:
        """The entry that travels under an id, and whether the id is of its first step."""
        for entry in self._core.state.outbox:
            if entry.broadcast_id == broadcast_id:
                return entry, False
            if comment_step_id(entry.broadcast_id) == broadcast_id:
                return entry, True
        return None, False

    def _replace(self, changed: OutboxEntry) -> None:
        self._core.change(
            outbox=tuple(
                changed if entry.broadcast_id == changed.broadcast_id else entry
                for entry in self._core.state.outbox
            )
        )

    def _leave_outbox(self, entry: OutboxEntry) -> Flight:
        self._core.change(
            outbox=tuple(e for e in self._core.state.outbox if e.broadcast_id != entry.broadcast_id)
        )
        return self._flights.pop(entry.broadcast_id)

    def _saved(self, entry: OutboxEntry, conversation: Conversation | None, comment: Comment | None) -> None:
        self._leave_outbox(entry)
        self._tell_saved(entry.broadcast_id, entry.write, conversation, comment)

    def _tell_saved(
        self,
        broadcast_id: BroadcastId,
        write: Write,
        conversation: Conversation | None,
        comment: Comment | None,
    ) -> None:
        self._core.announce(
            News.SAVED,
            broadcast_id=broadcast_id,
            conversation_id=conversation.id if conversation is not None else conversation_of(write),
            comment_id=known_comment(write, comment.id if comment is not None else None),
        )

    def _not_saved(self, entry: OutboxEntry, problem: Problem, *, sure: bool = True) -> None:
        """Give a write back as a draft. Not ``sure``: this try failed, an earlier one may not have."""
        flight = self._leave_outbox(entry)
        if flight.unsure and not sure:
            problem = Problem(ProblemKind.RESTARTED)
        draft = failed_draft(entry, problem, at_ms=flight.at_ms)
        self._core.change(drafts=(*self._core.state.drafts, draft))
        self._core.announce(
            News.NOT_SAVED,
            broadcast_id=entry.broadcast_id,
            conversation_id=conversation_of(entry.write),
            problem=problem,
            draft_id=draft.id,
        )

    def _told(
        self, entry: OutboxEntry, reply: ConversationReply | CommentReply | EditReply | None
    ) -> tuple[Conversation | None, Comment | None]:
        """What an answer tells of the marker and of the comment."""
        core, write = self._core, entry.write
        match reply:
            case ConversationReply() if isinstance(write, StartConversation):
                conversation = reply.conversation or Conversation(
                    id=reply.id,
                    url_id=thread_key(core.url_id_clean, core.room.src, rounded(write.point)),
                    point=rounded(write.point),
                    src=core.room.src,
                    created_from_comment_id=entry.comment_id,
                    user_id=core.me,
                    commenter_name=core.state.me.name if core.state.me is not None else "",
                    comment_count=1,
                )
                return conversation, reply.comment
            case ConversationReply():
                return reply.conversation, reply.comment
            case CommentReply():
                # The answer tells no source of the text, and we know it.
                return None, replace(reply.comment, text=getattr(write, "text", None))
            case _:
                return None, None

    def _tell_saved_comment(self, reply: ReplyArrived) -> None:
        """The event was faster than the answer, which may tell what the event did not."""
        if not isinstance(reply.reply, ConversationReply):
            return
        told = reply.reply
        self._core.change(
            acknowledged=tuple(
                replace(saved, comment=told.comment)
                if saved.broadcast_id == reply.broadcast_id and saved.comment is None
                else saved
                for saved in self._core.state.acknowledged
            )
        )

    def _apply_own(
        self,
        write: Write,
        conversation: Conversation | None,
        comment: Comment | None,
        reply: ConversationReply | CommentReply | EditReply | None,
    ) -> None:
        """A hosted answer is applied itself: its event may never come (PROTOCOL 7.4)."""
        core = self._core
        for event in _as_events(write, conversation, comment, reply):
            self._apply(event, None, conversation_of(write))
        home = conversation.id if conversation is not None else conversation_of(write)
        if home is not None:
            self._image_room.note(home)
            self._thread_room.want(home)
        about = known_comment(write, comment.id if comment is not None else None)
        if about is not None:
            self._thread_room.touched.note(about, core.last_number)
        self._image_room.want_list_soon()


def _unsure(draft: Draft) -> bool:
    """Whether nobody knows what became of an earlier try."""
    return draft.problem is not None and draft.problem.kind is ProblemKind.RESTARTED


def _about(saved: Acknowledged) -> ConversationId | None:
    return saved.conversation.id if saved.conversation is not None else conversation_of(saved.write)


def _carried(event: LiveEvent) -> tuple[Conversation | None, Comment | None]:
    match event:
        case NewImageChat():
            return event.conversation, None
        case ImageChatUpdated():
            return event.conversation, event.comment
        case NewComment() | UpdatedComment():
            return None, event.comment
        case _:
            return None, None


def _as_events(
    write: Write,
    conversation: Conversation | None,
    comment: Comment | None,
    reply: ConversationReply | CommentReply | EditReply | None,
) -> list[LiveEvent]:
    """The events that a hosted server would send about an answered write."""
    unstamped = Stamp()
    match write:
        case StartConversation() if conversation is not None:
            return [NewImageChat(unstamped, conversation)]
        case PostComment() if comment is not None:
            return [NewComment(unstamped, comment)]
        case EditComment():
            html = reply.html if isinstance(reply, EditReply) else ""
            edited = Comment(id=write.comment_id, url_id=UrlId(""), html=html, text=write.text)
            return [UpdatedComment(unstamped, edited, frozenset({"html", "text"}))]
        case DeleteComment():
            return [DeletedComment(unstamped, write.comment_id)]
        case DeleteConversation():
            return [DeletedImageChat(unstamped, write.conversation_id)]
        case _:
            return []
