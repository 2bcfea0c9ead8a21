"""Each write of ours, from intent to verdict (PROMISES D7 to D10).

Nothing is sent twice by itself. A write leaves the outbox in one of four ways: it was answered, its event came
back, it was refused or certainly never left, or nobody knows. The last is "checking", and `Lookup` finds out.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol import codes
from imagechat_tui.protocol.ids import BroadcastId, ConversationId
from imagechat_tui.protocol.routes import CommentReply, ConversationReply
from imagechat_tui.sync.answers import Made, Reply, as_event, told_by_answer
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.due import Due
from imagechat_tui.sync.effects import News, SendRequest
from imagechat_tui.sync.facts import Facts
from imagechat_tui.sync.inputs import ReplyArrived, WriteFailed
from imagechat_tui.sync.intents import (
    CommentWrite,
    DeleteComment,
    DeleteConversation,
    EditComment,
    MoveConversation,
    Opinion,
    PostComment,
    ResolveConversation,
    RestoreConversation,
    StartConversation,
    TextWrite,
    VoteComment,
    Write,
)
from imagechat_tui.sync.lookup import TIMEOUT_S, Lookup
from imagechat_tui.sync.outbox import (
    comment_step_id,
    conversation_of,
    failed_draft,
    known_comment,
)
from imagechat_tui.sync.rooms import Rooms
from imagechat_tui.sync.state import (
    NO_COMMENTS,
    Draft,
    OutboxEntry,
    Phase,
    WriteStatus,
    locks_thread,
    read_only_problem,
)

EVENT_WITHIN_S = 1.0
"""The event of an answered write comes with the answer; after this the log is asked for it."""


OF_OURS = MoveConversation | ResolveConversation | RestoreConversation
"""What only our servers can do."""


class Writes:
    """What the person wants changed: sent, refused, answered or not."""

    def __init__(self, core: Core, facts: Facts, rooms: Rooms, lookup: Lookup) -> None:
        self._core = core
        self._facts = facts
        self._rooms = rooms
        self._lookup = lookup
        self._workspace = facts.workspace
        self._asked_for_events_at = -inf

    # What the person wants

    def submit(self, write: Write, broadcast_id: BroadcastId, at_ms: int) -> None:
        """Send a write, or refuse it at once and keep its text."""
        if isinstance(write, StartConversation) and write.version is None:
            write = replace(write, version=self._core.room.version)
        tried = self._workspace.take_out(write)
        if tried is not None and tried.broadcast_id is not None:
            broadcast_id = tried.broadcast_id  # the same text to the same place is the same write
        self._begin(write, broadcast_id, at_ms, tried)

    def retry(self, draft_id: str, broadcast_id: BroadcastId, at_ms: int) -> None:
        """Send a draft once more, under the id it was tried under."""
        draft = self._workspace.draft(draft_id)
        if draft is not None:
            self._workspace.discard(draft_id)
            self._begin(draft.write, draft.broadcast_id or broadcast_id, at_ms, draft)

    def _begin(self, write: Write, broadcast_id: BroadcastId, at_ms: int, tried: Draft | None) -> None:
        core = self._core
        comment_id = tried.comment_id if tried is not None else None
        problem = self._refusal(write)
        if problem is not None:
            draft_id = None
            if isinstance(write, TextWrite) or tried is not None:
                unsure = tried.problem if tried is not None and _unsure(tried) else None
                draft = Draft(broadcast_id, write, broadcast_id, unsure or problem, comment_id, at_ms)
                self._workspace.keep_failed(draft)
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
        server_now_ms = self._facts.server_clock.now_ms
        if self._facts.ledger.ours and server_now_ms is not None:
            entry = entry.replace(deadline_ms=server_now_ms + round(TIMEOUT_S * 1000))
        self._lookup.begin(broadcast_id, at_ms, unsure=tried is not None and _unsure(tried))
        self._workspace.begin(entry)
        self._send(entry)

    def _refusal(self, write: Write) -> Problem | None:
        """Why a write is not tried at all (PROMISES 5); nothing is asked of the server for it."""
        problem = self.refusal_of_all()
        if problem is not None:
            return problem
        home = conversation_of(write)
        there = home is None or self._facts.conversation(home) is not None
        if not there and not isinstance(write, RestoreConversation):
            return Problem(ProblemKind.GONE)
        if isinstance(write, CommentWrite) and not self._may_be_there(write):
            return Problem(ProblemKind.GONE)
        if isinstance(write, PostComment) and home is not None and self._is_closed(home):
            return Problem(ProblemKind.REFUSED, codes.THREAD_CLOSED)
        if self._is_locked(write):
            return Problem(ProblemKind.REFUSED, codes.LOCKED)
        if isinstance(write, OF_OURS) and not self._facts.ledger.ours:
            return Problem(ProblemKind.UNSUPPORTED)
        return None

    def refusal_of_all(self) -> Problem | None:
        """Why nothing at all would be tried now."""
        state = self._facts.state
        phase = state.connection.phase
        if state.read_only or phase is Phase.READ_ONLY:
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
        return None

    def _is_closed(self, home: ConversationId) -> bool:
        known = self._facts.conversation(home)
        return known is not None and known.closed

    def _is_locked(self, write: Write) -> bool:
        """Whether a moderator has locked what it would answer or change."""
        if not isinstance(write, PostComment | EditComment | DeleteComment):
            return False
        thread = self._facts.ledger.confirmed.comments.get(write.conversation_id, NO_COMMENTS)
        if isinstance(write, PostComment):
            parent = thread.get(write.parent_id) if write.parent_id is not None else None
            home = self._facts.conversation(write.conversation_id)
            opener = None if home is None else home.created_from_comment_id
            return locks_thread(thread.values(), opener) or (parent is not None and parent.is_locked)
        comment = thread.get(write.comment_id)
        return comment is not None and comment.is_locked

    def _may_be_there(self, write: CommentWrite) -> bool:
        """Whether a comment is there, as far as is known: confirmed, or made by us and answered."""
        thread = self._facts.ledger.confirmed.comments.get(write.conversation_id)
        answered = self._workspace.mine.acknowledged
        made = (saved.comment for saved in answered if saved.comment is not None)
        return thread is None or write.comment_id in thread or any(own.id == write.comment_id for own in made)

    def _send(self, entry: OutboxEntry) -> None:
        core = self._core
        two_step = not self._facts.ledger.ours
        first = two_step and isinstance(entry.write, StartConversation) and entry.comment_id is None
        home = conversation_of(entry.write)
        broadcast_id = comment_step_id(entry.broadcast_id) if first else entry.broadcast_id
        self._workspace.sends(broadcast_id)
        core.emit(
            SendRequest(
                broadcast_id=broadcast_id,
                write=entry.write,
                thread_url_id=self._facts.thread_url(home) if home is not None else None,
                two_step=two_step,
                comment_id=entry.comment_id,
                vote_id=self._vote_id(entry.write),
                timeout_s=TIMEOUT_S,
                deadline_ms=entry.deadline_ms,
            )
        )

    def _vote_id(self, write: Write) -> str | None:
        """Which vote is to be taken back, as far as is known."""
        if not isinstance(write, VoteComment):
            return None
        vote = self._facts.ledger.confirmed.votes.get(write.comment_id)
        return None if vote is None else vote.id

    # What became of it

    def replied(self, reply: ReplyArrived) -> None:
        """The server said yes."""
        facts, workspace = self._facts, self._workspace
        entry, first_step = workspace.entry(reply.broadcast_id)
        if entry is None:
            if isinstance(reply.reply, ConversationReply):
                workspace.acknowledge_comment(reply.broadcast_id, reply.reply.comment)
            return
        if first_step:
            if isinstance(reply.reply, CommentReply):
                entry = entry.replace(comment_id=reply.reply.comment.id, sent_at_s=self._core.now)
                workspace.replace_entry(entry)
                self._send(entry)
            return
        ledger = facts.ledger
        made = told_by_answer(
            entry,
            reply.reply,
            room=self._core.room,
            url_id_clean=ledger.url_id_clean,
            me=ledger.confirmed.me,
        )
        workspace.saved(entry, *made)
        if isinstance(entry.write, Opinion):
            ledger.note(entry.write)
        elif ledger.ours:
            workspace.acknowledge(entry, *made)
        else:
            self._apply_own(entry, made, reply.reply)

    def failed(self, failure: WriteFailed) -> None:
        """The server said no, or nothing."""
        entry, _ = self._workspace.entry(failure.broadcast_id)
        if entry is None:
            return
        status = failure.status
        if status == 404 and isinstance(entry.write, DeleteComment | DeleteConversation):
            self._workspace.saved(entry, None, None)  # it is gone, which is all that was wanted
            self._rooms.image.refresh()
            self._rooms.thread.want(entry.write.conversation_id)
            return
        if isinstance(entry.write, VoteComment) and _is_so_already(entry.write, failure):
            self._workspace.saved(entry, None, None)
            self._rooms.list.want_soon()  # here it was not known
            self._rooms.thread.want(entry.write.conversation_id)
            return
        if status == 408 and self._core.now < entry.sent_at_s + TIMEOUT_S:
            # Late by the server's clock and not by ours: its clock was put forward.
            self._facts.server_clock.forget()
        refused = status is not None and (300 <= status < 500 or status == 503)
        if refused or not failure.sent:
            # Our servers look for the stored answer of an earlier try before they refuse otherwise (PROMISES D8).
            answered = status is not None and 400 <= status < 500 and status not in (401, 429)
            self._not_saved(entry, failure.problem, sure=self._facts.ledger.ours and answered)
            return
        if isinstance(entry.write, Opinion):
            # Nothing that can be read in its order tells whether it happened; done again, it is done once.
            self._not_saved(entry, Problem(ProblemKind.NO_ANSWER))
            return
        self._lookup.unanswered(entry)
        if entry.status is not WriteStatus.CHECKING:
            self._workspace.replace_entry(entry.replace(status=WriteStatus.CHECKING))
            self._core.announce(
                News.CHECKING,
                broadcast_id=entry.broadcast_id,
                conversation_id=conversation_of(entry.write),
                problem=failure.problem,
                write=entry.write,
            )

    # What to do about it

    def decide(self) -> None:
        """Tell what was found out."""
        for found in self._lookup.decide():
            if found.saved:
                self._workspace.saved(found.entry, found.conversation, found.comment)
            else:
                self._not_saved(found.entry, Problem(ProblemKind.NO_ANSWER))
            home = conversation_of(found.entry.write)
            if home is not None:
                self._rooms.thread.want(home)

    def dues(self) -> Iterator[Due]:
        """Ask for events of answered writes that do not come, unless they have been asked for since."""
        dues = [saved.at_s + EVENT_WITHIN_S for saved in self._workspace.mine.acknowledged]
        due = min((due for due in dues if due > self._asked_for_events_at), default=None)
        if due is not None:
            yield Due(due, self._ask_for_events if self._facts.reachable else None)

    # Inside

    def _ask_for_events(self) -> None:
        self._asked_for_events_at = self._core.now
        self._rooms.image.refresh()

    def _not_saved(self, entry: OutboxEntry, problem: Problem, *, sure: bool = True) -> None:
        """Give a write back as a draft. Not ``sure``: this try failed, an earlier one may not have."""
        remembered = self._lookup.remembered(entry.broadcast_id)
        if remembered.unsure and not sure:
            problem = Problem(ProblemKind.RESTARTED)
        draft = failed_draft(entry, problem, at_ms=remembered.at_ms)
        self._workspace.not_saved(entry, draft, problem)

    def _apply_own(self, entry: OutboxEntry, made: Made, reply: Reply) -> None:
        """A hosted answer is applied itself: its event may never come (PROTOCOL 10)."""
        write, (conversation, comment) = entry.write, made
        event = as_event(write, made, reply)
        if event is not None:
            self._facts.apply(event, thread=conversation_of(write))
        home = conversation.id if conversation is not None else conversation_of(write)
        if home is not None:
            self._rooms.hosted.note(home)
            self._rooms.thread.want(home)
        about = known_comment(write, comment.id if comment is not None else None)
        if about is not None:
            self._rooms.thread.note(about)
        self._rooms.list.want_soon()


def _unsure(draft: Draft) -> bool:
    """Whether nobody knows what became of an earlier try."""
    return draft.problem is not None and draft.problem.kind is ProblemKind.RESTARTED


def _is_so_already(vote: VoteComment, failure: WriteFailed) -> bool:
    """Whether a vote is refused because it stands already, or there is none to take back."""
    if vote.direction == 0:
        return failure.status == 404
    return failure.status == 400 and failure.problem.code == codes.ALREADY_VOTED
