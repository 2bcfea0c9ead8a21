"""Each write of ours, from intent to verdict (PROMISES D7 to D10).

Nothing is sent twice by itself. A write leaves the outbox in one of four ways: it was answered, its event came
back, it was refused or certainly never left, or nobody knows. The last is "checking", and `Lookup` finds out.
"""

from __future__ import annotations

from math import inf

from msgspec.structs import replace

from imagechat_tui.protocol.events import (
    DeletedImageChat,
    LiveEvent,
    NewImageChat,
)
from imagechat_tui.protocol.ids import BroadcastId, ConversationId
from imagechat_tui.protocol.models import Comment, Conversation
from imagechat_tui.protocol.routes import CommentReply, ConversationReply
from imagechat_tui.sync.answers import Made, Reply, as_event, told_by_answer, told_by_event
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import News, SendRequest
from imagechat_tui.sync.inputs import ReplyArrived, WriteFailed
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    EditComment,
    KeepDraft,
    MoveConversation,
    ResolveConversation,
    StartConversation,
    TextWrite,
    Write,
)
from imagechat_tui.sync.link import Link
from imagechat_tui.sync.lookup import TIMEOUT_S, Flight, Lookup
from imagechat_tui.sync.news import actor_of
from imagechat_tui.sync.numbered_room import Apply, ImageRoom
from imagechat_tui.sync.outbox import comment_step_id, conversation_of, failed_draft, known_comment, typed_id
from imagechat_tui.sync.replay import stamp_of
from imagechat_tui.sync.state import (
    Acknowledged,
    Draft,
    OutboxEntry,
    Phase,
    Problem,
    ProblemKind,
    WriteStatus,
    read_only_problem,
)
from imagechat_tui.sync.thread_room import ThreadRoom

SENT_AT_MOST = 2000
"""Ids of writes remembered."""
EVENT_WITHIN_S = 1.0
"""The event of an answered write comes with the answer; after this the log is asked for it."""


class Writes:
    """The outbox, what was answered and not yet heard, and the drafts."""

    def __init__(
        self,
        core: Core,
        link: Link,
        image_room: ImageRoom,
        thread_room: ThreadRoom,
        lookup: Lookup,
        apply: Apply,
    ) -> None:
        self._core = core
        self._link = link
        self._image_room = image_room
        self._thread_room = thread_room
        self._lookup = lookup
        self._apply = apply
        self._sent: dict[BroadcastId, None] = {}
        """The ids under which this session has sent something, the newest last."""
        self._asked_for_events_at = -inf

    # What the person wants

    def submit(self, write: Write, broadcast_id: BroadcastId, at_ms: int) -> None:
        """Send a write, or refuse it at once and keep its text."""
        state = self._core.state
        tried = next((d for d in state.mine.drafts if d.write == write and d.broadcast_id is not None), None)
        if tried is not None and tried.broadcast_id is not None:
            broadcast_id = tried.broadcast_id  # the same text to the same place is the same write
        typed = typed_id(write) if isinstance(write, TextWrite) else None
        self._core.change_mine(
            drafts=tuple(d for d in state.mine.drafts if d.id != typed and d.write != write)
        )
        self._begin(write, broadcast_id, at_ms, tried)

    def retry(self, draft_id: str, broadcast_id: BroadcastId, at_ms: int) -> None:
        """Send a draft once more, under the id it was tried under."""
        draft = next((d for d in self._core.state.mine.drafts if d.id == draft_id), None)
        if draft is not None:
            self.drop(draft_id)
            self._begin(draft.write, draft.broadcast_id or broadcast_id, at_ms, draft)

    def drop(self, draft_id: str) -> None:
        """Forget a draft."""
        self._core.change_mine(drafts=tuple(d for d in self._core.state.mine.drafts if d.id != draft_id))

    def keep(self, keep: KeepDraft, at_ms: int) -> None:
        """Keep what was typed; there is one typed draft for each target."""
        draft_id = typed_id(keep.write)
        others = tuple(d for d in self._core.state.mine.drafts if d.id != draft_id)
        typed = (Draft(draft_id, keep.write, updated_at_ms=at_ms),) if keep.write.text else ()
        self._core.change_mine(drafts=others + typed)

    def found(self, drafts: tuple[Draft, ...]) -> None:
        """Drafts of earlier sessions: shown, never sent by themselves."""
        mine = self._core.state.mine.drafts
        known = {draft.id for draft in mine}
        self._core.change_mine(drafts=tuple(d for d in drafts if d.id not in known) + mine)

    def _begin(self, write: Write, broadcast_id: BroadcastId, at_ms: int, tried: Draft | None) -> None:
        core = self._core
        comment_id = tried.comment_id if tried is not None else None
        problem = self._refusal(write)
        if problem is not None:
            draft_id = None
            if isinstance(write, TextWrite) or tried is not None:
                unsure = tried.problem if tried is not None and _unsure(tried) else None
                draft = Draft(broadcast_id, write, broadcast_id, unsure or problem, comment_id, at_ms)
                core.change_mine(drafts=(*core.state.mine.drafts, draft))
                draft_id = draft.id
            core.announce(
                News.REFUSED,
                broadcast_id=broadcast_id,
                conversation_id=conversation_of(write),
                problem=problem,
                draft_id=draft_id,
                write=write,
            )
            return
        entry = OutboxEntry(broadcast_id, write, WriteStatus.PENDING, core.now, comment_id=comment_id)
        if core.ours and core.server_now_ms is not None:
            entry = replace(entry, deadline_ms=core.server_now_ms + round(TIMEOUT_S * 1000))
        self._lookup.took_off(broadcast_id, at_ms, unsure=tried is not None and _unsure(tried))
        core.change_mine(outbox=(*core.state.mine.outbox, entry))
        self._send(entry)

    def _refusal(self, write: Write) -> Problem | None:
        """Why a write is not tried at all (PROMISES 5); nothing is asked of the server for it."""
        state = self._core.state
        phase = state.connection.phase
        if state.confirmed.read_only or phase is Phase.READ_ONLY:
            return read_only_problem(state)
        if phase is Phase.STARTING:
            known = state.connection.problem
            # It has answered: waiting does not help.
            answered = known is not None and known.kind is ProblemKind.GONE
            return known if known is not None and answered else Problem(ProblemKind.NOT_CONNECTED)
        if phase is Phase.SIGN_IN_NEEDED:
            return Problem(ProblemKind.SIGN_IN)
        if not state.connection.can_write:
            return Problem(ProblemKind.OFFLINE)
        home = conversation_of(write)
        if home is not None and self._core.conversation(home) is None:
            return Problem(ProblemKind.GONE)
        if isinstance(write, EditComment | DeleteComment) and not self._may_be_there(write):
            return Problem(ProblemKind.GONE)
        if isinstance(write, MoveConversation | ResolveConversation) and not self._core.ours:
            return Problem(ProblemKind.UNSUPPORTED)
        return None

    def _may_be_there(self, write: EditComment | DeleteComment) -> bool:
        """Whether a comment is there, as far as is known: confirmed, or made by us and answered."""
        thread = self._core.state.confirmed.comments.get(write.conversation_id)
        made = (saved.comment for saved in self._core.state.mine.acknowledged if saved.comment is not None)
        return thread is None or write.comment_id in thread or any(own.id == write.comment_id for own in made)

    def _send(self, entry: OutboxEntry) -> None:
        core = self._core
        two_step = not core.ours
        first = two_step and isinstance(entry.write, StartConversation) and entry.comment_id is None
        home = conversation_of(entry.write)
        broadcast_id = comment_step_id(entry.broadcast_id) if first else entry.broadcast_id
        self._sent[broadcast_id] = None
        if len(self._sent) > SENT_AT_MOST:
            del self._sent[next(iter(self._sent))]
        core.emit(
            SendRequest(
                broadcast_id=broadcast_id,
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
                entry = replace(entry, comment_id=reply.reply.comment.id, sent_at_s=self._core.now)
                self._replace(entry)
                self._send(entry)
            return
        made = told_by_answer(self._core, entry, reply.reply)
        self._saved(entry, *made)
        if self._core.ours:
            saved = Acknowledged(entry.broadcast_id, entry.write, self._core.now, *made)
            self._core.change_mine(acknowledged=(*self._core.state.mine.acknowledged, saved))
        else:
            self._apply_own(entry, made, reply.reply)

    def failed(self, failure: WriteFailed) -> None:
        """The server said no, or nothing."""
        entry, _ = self._entry(failure.broadcast_id)
        if entry is None:
            return
        status = failure.status
        if status == 404 and isinstance(entry.write, DeleteComment | DeleteConversation):
            self._saved(entry, None, None)  # it is gone, which is all that was wanted
            self._image_room.refresh()
            self._thread_room.want(entry.write.conversation_id)
            return
        if status == 408 and self._core.now < entry.sent_at_s + TIMEOUT_S:
            self._core.doubt_clock()  # late by the server's clock and not by ours: its clock was put forward
        refused = status is not None and (300 <= status < 500 or status == 503)
        if refused or not failure.sent:
            # Our servers look for the stored answer of an earlier try before they refuse otherwise (PROMISES D8).
            answered = status is not None and 400 <= status < 500 and status not in (401, 429)
            self._not_saved(entry, failure.problem, sure=self._core.ours and answered)
            return
        self._lookup.unanswered(entry)
        if entry.status is not WriteStatus.CHECKING:
            self._replace(replace(entry, status=WriteStatus.CHECKING))
            self._core.announce(
                News.CHECKING,
                broadcast_id=entry.broadcast_id,
                conversation_id=conversation_of(entry.write),
                problem=failure.problem,
                write=entry.write,
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
        conversation, comment = told_by_event(event)
        if first_step:
            if comment is not None:
                self._replace(replace(entry, comment_id=comment.id))
            return True
        self._saved(entry, conversation, comment)
        if isinstance(entry.write, StartConversation) and isinstance(event, NewImageChat) and core.ours:
            # Its comment comes with the next event.
            saved = Acknowledged(entry.broadcast_id, entry.write, core.now, conversation, comment)
            core.change_mine(acknowledged=(*core.state.mine.acknowledged, saved))
        return True

    def _settle_acknowledged(self, event: LiveEvent, broadcast_id: BroadcastId) -> bool:
        core = self._core
        saved = next((a for a in core.state.mine.acknowledged if a.broadcast_id == broadcast_id), None)
        if saved is None:
            return False
        if not (isinstance(saved.write, StartConversation) and isinstance(event, NewImageChat)):
            core.change_mine(acknowledged=tuple(a for a in core.state.mine.acknowledged if a is not saved))
        return True

    def _settle_draft(self, event: LiveEvent, broadcast_id: BroadcastId) -> bool:
        """A write was given up, or its program died, and yet here is its event: it is saved."""
        core = self._core
        draft = next((d for d in core.state.mine.drafts if d.failed and d.broadcast_id == broadcast_id), None)
        if draft is None:
            return False
        self.drop(draft.id)
        conversation, comment = told_by_event(event)
        self._tell_saved(broadcast_id, draft.write, conversation, comment)
        return True

    def applied(self, event: LiveEvent) -> None:
        """``event`` was applied: what was laid over a deleted conversation has nothing to lie on."""
        if isinstance(event, DeletedImageChat):
            gone = event.conversation_id
            self._core.change_mine(
                acknowledged=tuple(a for a in self._core.state.mine.acknowledged if _about(a) != gone)
            )

    # What to do about it

    def decide(self) -> None:
        """Tell what was found out; ask for events that do not come."""
        core = self._core
        for verdict in self._lookup.decide():
            if verdict.saved:
                self._saved(verdict.entry, verdict.conversation, verdict.comment)
            else:
                self._not_saved(verdict.entry, Problem(ProblemKind.NO_ANSWER))
            home = conversation_of(verdict.entry.write)
            if home is not None:
                self._thread_room.want(home)
        reachable = self._link.open or core.state.connection.phase is Phase.POLLING
        due = self._events_due()
        if due is not None and core.now >= due and reachable:
            self._asked_for_events_at = core.now
            self._image_room.refresh()

    def wake_at(self) -> float | None:
        """When time alone changes something here."""
        due = self._events_due()
        return due if due is not None and due > self._core.now else None

    def sent(self, event: LiveEvent) -> bool:
        """Whether ``event`` travels under an id of this session, and does not say whose doing it is (hosted)."""
        stamp = stamp_of(event)
        return stamp is not None and stamp.broadcast_id in self._sent and actor_of(event) is None

    def _events_due(self) -> float | None:
        """When the events of answered writes are asked for, unless they have been since."""
        dues = [saved.at_s + EVENT_WITHIN_S for saved in self._core.state.mine.acknowledged]
        return min((due for due in dues if due > self._asked_for_events_at), default=None)

    # Inside

    def _entry(self, broadcast_id: BroadcastId) -> tuple[OutboxEntry | None, bool]:
        """The entry that travels under an id, and whether the id is of its first step."""
        for entry in self._core.state.mine.outbox:
            if entry.broadcast_id == broadcast_id:
                return entry, False
            if comment_step_id(entry.broadcast_id) == broadcast_id:
                return entry, True
        return None, False

    def _replace(self, changed: OutboxEntry) -> None:
        self._core.change_mine(
            outbox=tuple(
                changed if entry.broadcast_id == changed.broadcast_id else entry
                for entry in self._core.state.mine.outbox
            )
        )

    def _leave_outbox(self, entry: OutboxEntry) -> Flight:
        self._core.change_mine(
            outbox=tuple(e for e in self._core.state.mine.outbox if e.broadcast_id != entry.broadcast_id)
        )
        return self._lookup.landed(entry.broadcast_id)

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
        self._core.change_mine(drafts=(*self._core.state.mine.drafts, draft))
        self._core.announce(
            News.NOT_SAVED,
            broadcast_id=entry.broadcast_id,
            conversation_id=conversation_of(entry.write),
            problem=problem,
            draft_id=draft.id,
            write=entry.write,
        )

    def _tell_saved_comment(self, reply: ReplyArrived) -> None:
        """The event was faster than the answer, which may tell what the event did not."""
        if not isinstance(reply.reply, ConversationReply):
            return
        told = reply.reply
        self._core.change_mine(
            acknowledged=tuple(
                replace(saved, comment=told.comment)
                if saved.broadcast_id == reply.broadcast_id and saved.comment is None
                else saved
                for saved in self._core.state.mine.acknowledged
            )
        )

    def _apply_own(self, entry: OutboxEntry, made: Made, reply: Reply) -> None:
        """A hosted answer is applied itself: its event may never come (PROTOCOL 10)."""
        write, (conversation, comment) = entry.write, made
        event = as_event(write, made, reply)
        if event is not None:
            self._apply(event, None, conversation_of(write))
        home = conversation.id if conversation is not None else conversation_of(write)
        if home is not None:
            self._image_room.note(home)
            self._thread_room.want(home)
        about = known_comment(write, comment.id if comment is not None else None)
        if about is not None:
            self._thread_room.touched.note(about, self._core.last_number)
        self._image_room.want_list_soon()


def _unsure(draft: Draft) -> bool:
    """Whether nobody knows what became of an earlier try."""
    return draft.problem is not None and draft.problem.kind is ProblemKind.RESTARTED


def _about(saved: Acknowledged) -> ConversationId | None:
    return saved.conversation.id if saved.conversation is not None else conversation_of(saved.write)
