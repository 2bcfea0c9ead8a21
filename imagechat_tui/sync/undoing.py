"""What the person did last on the picture, and how it is undone: a bounded stack of what turns it back.

What they did is on the stack once the server has it. Undone is only what still stands as they left it: what somebody
changed since is theirs. An undoing is a write like any other, sent at once or not at all, and not on the stack itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias, assert_never

from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId
from imagechat_tui.protocol.models import Placement, PlacementState, Point
from imagechat_tui.protocol.thread_keys import rounded
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import Announce, News, PlacedBack, Undone
from imagechat_tui.sync.facts import Facts
from imagechat_tui.sync.intents import (
    BlockAuthor,
    DeleteComment,
    DeleteConversation,
    EditComment,
    FlagComment,
    LockComment,
    MoveConversation,
    PinComment,
    PostComment,
    ResolveConversation,
    RestoreConversation,
    StartConversation,
    VoteComment,
    Write,
)
from imagechat_tui.sync.outbox import conversation_of, says
from imagechat_tui.sync.reading import Reading
from imagechat_tui.sync.state import ChatState, CommentView, Thread
from imagechat_tui.sync.views import threads
from imagechat_tui.sync.writes import Writes

REMEMBERED: Final = 50
"""Actions that can be undone, one after the other."""


class Wrote(Struct, frozen=True):
    """Something of the person's that others see."""

    write: Write
    inverse: Write | None
    """What turns it back; None if nothing does."""
    marker: int | None
    """The number of the marker that it is about."""


class Mark(Struct, frozen=True):
    """How far a thread was read."""

    conversation_id: ConversationId
    before: int
    after: int


class MarkedRead(Struct, frozen=True):
    """Threads that the person marked read."""

    marks: tuple[Mark, ...]


class Placed(Struct, frozen=True):
    """What the person said, or took back, of a marker's place on a version that it was not made on."""

    conversation_id: ConversationId
    version: int | None
    before: Placement | None
    after: Placement | None
    marker: int | None
    """The number of the marker."""


Action: TypeAlias = Wrote | MarkedRead | Placed


class Undoing:
    """The stack of what the person has done in this session.

    Args:
        writes: takes what turns a write back.
        reading: how far the person has read.
    """

    def __init__(self, core: Core, facts: Facts, writes: Writes, reading: Reading) -> None:
        self._core = core
        self._facts = facts
        self._writes = writes
        self._reading = reading
        self._done: deque[Action] = deque(maxlen=REMEMBERED)
        self._on_way: dict[BroadcastId, Wrote | None] = {}
        """Writes in flight, in their order; None for those that are not undone by the key."""
        self._turning_back: dict[BroadcastId, Wrote] = {}
        """What is being undone, by the write that does it."""
        self._placing_back: dict[ConversationId, Placed] = {}
        """Markers that were put back, until the server has that."""

    def marks_read(self, homes: tuple[ConversationId, ...], mark_read: Callable[[], None]) -> None:
        """The person marks threads read, which ``mark_read`` does."""
        unread = [home for home in homes if home in self._facts.workspace.mine.unread]
        before = {home: self._reading.mark(home) for home in unread}
        mark_read()
        marks = tuple(Mark(home, number, self._reading.mark(home)) for home, number in before.items())
        if marks:
            self._done.append(MarkedRead(marks))

    def places(self, home: ConversationId, place: Callable[[], None]) -> None:
        """The person says where a marker is, or takes that back, which ``place`` does."""
        before = self._placement(home)
        place()
        after = self._placement(home)
        if after != before:
            thread = self._shown().get(home)
            version, number = self._facts.placing.placings.version, thread.number if thread else None
            self._done.append(Placed(home, version, before, after, number))

    def undo(self, broadcast_id: BroadcastId, at_ms: int) -> None:
        """Undo what the person did last, if it still stands as they left it."""
        if any(self._on_way.values()) or self._turning_back or self._placing_back:
            self._core.announce(News.NOT_UNDONE, problem=Problem(ProblemKind.NO_ANSWER), undone=Undone())
            return
        action = self._done[-1] if self._done else None
        match action:
            case None:
                self._core.announce(News.NOTHING_TO_UNDO)
            case MarkedRead():
                self._done.pop()
                self._mark_back(action)
            case Placed():
                self._place_back(action)
            case Wrote():
                self._turn_back(action, broadcast_id, at_ms)
            case _:
                assert_never(action)

    def decide(self) -> None:
        """Take in what was sent, and what of it is saved now."""
        self._settle_placed()
        saved = {
            effect.broadcast_id
            for effect in self._core.effects
            if isinstance(effect, Announce) and effect.news is News.SAVED
        }
        outbox = {entry.broadcast_id: entry.write for entry in self._facts.workspace.mine.outbox}
        for broadcast_id in [known for known in self._on_way if known not in outbox]:
            done = self._on_way.pop(broadcast_id)
            undone = self._turning_back.pop(broadcast_id, None)
            if broadcast_id not in saved:
                continue
            if undone is not None:
                self._tell(News.UNDONE, undone)
            elif done is not None:
                self._done.append(done)
        new = [broadcast_id for broadcast_id in outbox if broadcast_id not in self._on_way]
        before = self._shown(without=new) if new else {}
        for broadcast_id in new:
            self._on_way[broadcast_id] = self._noted(outbox[broadcast_id], before)

    # Inside

    def _settle_placed(self) -> None:
        """Tell of what was put back and is kept so by now; what is not was told as a place that is not taken."""
        refused = {
            effect.conversation_id
            for effect in self._core.effects
            if isinstance(effect, Announce) and effect.news is News.NOT_PLACED
        }
        placing = self._facts.placing
        for home, action in tuple(self._placing_back.items()):
            if home in refused:
                del self._placing_back[home]
            elif not placing.is_unconfirmed(home):
                del self._placing_back[home]
                self._tell_placed(News.UNDONE, action)

    def _shown(self, without: list[BroadcastId] | None = None) -> dict[ConversationId, Thread]:
        """What the person sees, without some of what is on its way."""
        state: ChatState = self._facts.state
        outbox = tuple(e for e in state.mine.outbox if e.broadcast_id not in (without or ()))
        seen = replace(state, mine=state.mine.replace(outbox=outbox))
        return {thread.conversation.id: thread for thread in threads(seen)}

    def _noted(self, write: Write, before: dict[ConversationId, Thread]) -> Wrote | None:
        home = conversation_of(write)
        thread = before.get(home) if home is not None else None
        if thread is None or isinstance(write, StartConversation | PostComment | RestoreConversation):
            return None
        inverse = inverse_of(write, thread)
        if isinstance(inverse, RestoreConversation) and not self._facts.ledger.ours:
            inverse = None
        return None if inverse == write else Wrote(write, inverse, thread.number)

    def _turn_back(self, action: Wrote, broadcast_id: BroadcastId, at_ms: int) -> None:
        problem = self._writes.refusal_of_all()
        if problem is None:
            self._done.pop()
            if action.inverse is None:
                problem = Problem(ProblemKind.UNSUPPORTED)
        if problem is not None or action.inverse is None:
            self._tell(News.NOT_UNDONE, action, problem)
            return
        me = self._facts.ledger.me
        shown = self._shown().get(conversation_of(action.write) or ConversationId(""))
        by_another = (
            shown is not None
            and isinstance(action.write, ResolveConversation)
            and shown.conversation.resolved_by not in (None, me)
        )
        if by_another or not stands(action.write, shown):
            self._tell(News.NOT_UNDONE, action)
            return
        known = {entry.broadcast_id for entry in self._facts.workspace.mine.outbox}
        self._writes.submit(action.inverse, broadcast_id, at_ms)
        for entry in self._facts.workspace.mine.outbox:
            if entry.broadcast_id not in known:
                self._turning_back[entry.broadcast_id] = action

    def _mark_back(self, action: MarkedRead) -> None:
        mine, homes = self._facts.workspace.mine, set()
        for mark in action.marks:
            home = mark.conversation_id
            stands = home not in mine.unread and self._reading.mark(home) == mark.after
            if stands and self._facts.conversation(home) is not None:
                homes.add(home)
                self._reading.mark_back(home, mark.before)
        if homes:
            self._facts.workspace.mark_unread(homes)
        news = News.UNDONE if homes else News.NOT_UNDONE
        self._core.announce(news, undone=Undone(threads=len(homes)))

    def _placement(self, home: ConversationId) -> Placement | None:
        return self._facts.placing.placings.placements.get(home)

    def _place_back(self, action: Placed) -> None:
        home, placing, problem = action.conversation_id, self._facts.placing, self._writes.refusal_of_all()
        if problem is None:
            self._done.pop()
            stands = placing.placings.version == action.version and self._facts.conversation(home) is not None
            if stands and said(self._placement(home)) == said(action.after):
                point = said(action.before)
                if point is None:
                    placing.unset(home)
                else:
                    placing.set(home, point)
                self._placing_back[home] = action
                return
        self._tell_placed(News.NOT_UNDONE, action, problem)

    def _tell_placed(self, news: News, action: Placed, problem: Problem | None = None) -> None:
        undone = Undone(action.marker, placed=_placed_back(action))
        self._core.announce(news, conversation_id=action.conversation_id, problem=problem, undone=undone)

    def _tell(self, news: News, action: Wrote, problem: Problem | None = None) -> None:
        self._core.announce(
            news,
            conversation_id=conversation_of(action.write),
            write=action.write,
            problem=problem,
            undone=Undone(action.marker),
        )


def _placed_back(action: Placed) -> PlacedBack:
    """What its undoing is to the person: who only confirmed a place has moved nothing."""
    before, after = action.before, action.after
    if before is None or after is None or rounded(before.point) != rounded(after.point):
        return "moved"
    return "unconfirmed" if said(after) is not None else "confirmed"


def said(placement: Placement | None) -> Point | None:
    """Where a person has said that a marker is; None if nobody has."""
    return placement.point if placement is not None and placement.state is PlacementState.SET else None


def inverse_of(write: Write, before: Thread) -> Write | None:
    """What turns a write back, of a thread as it was before it; the write itself, if it changes nothing."""
    match write:
        case ResolveConversation(home, _):
            return ResolveConversation(home, before.conversation.resolved)
        case MoveConversation(home, _):
            return MoveConversation(home, before.conversation.point)
        case EditComment(home, comment_id, _):
            texts = (view.comment.text for view in before.comments if view.comment.id == comment_id)
            text = next(texts, None)
            return None if text is None else EditComment(home, comment_id, text)
        case VoteComment(home, comment_id, _):
            seen = _comment(before, comment_id)
            return None if seen is None else VoteComment(home, comment_id, seen.voted)
        case PinComment(home, comment_id, _):
            seen = _comment(before, comment_id)
            return None if seen is None else PinComment(home, comment_id, seen.comment.is_pinned)
        case LockComment(home, comment_id, _):
            seen = _comment(before, comment_id)
            return None if seen is None else LockComment(home, comment_id, seen.comment.is_locked)
        case FlagComment(home, comment_id, _):
            seen = _comment(before, comment_id)
            return None if seen is None else FlagComment(home, comment_id, seen.flagged)
        case BlockAuthor(home, comment_id, _):
            seen = _comment(before, comment_id)
            return None if seen is None else BlockAuthor(home, comment_id, seen.blocked)
        case DeleteConversation(home):
            return RestoreConversation(home)
        case DeleteComment() | StartConversation() | PostComment() | RestoreConversation():
            return None
        case _:
            assert_never(write)


def stands(write: Write, now: Thread | None) -> bool:
    """Whether things are as a write has left them; ``now`` is its thread, if there is one."""
    match write:
        case DeleteConversation():
            return now is None
        case ResolveConversation(_, resolved):
            return now is not None and now.conversation.resolved == resolved
        case MoveConversation(_, point):
            return now is not None and rounded(now.conversation.point) == rounded(point)
        case EditComment(_, comment_id, text):
            said = (
                next((view for view in now.comments if view.comment.id == comment_id), None) if now else None
            )
            return said is not None and not said.comment.is_deleted and says(said.comment, text)
        case VoteComment(_, comment_id, direction):
            seen = _comment(now, comment_id)
            return seen is not None and seen.voted == direction
        case PinComment(_, comment_id, pinned):
            seen = _comment(now, comment_id)
            return seen is not None and seen.comment.is_pinned == pinned
        case LockComment(_, comment_id, locked):
            seen = _comment(now, comment_id)
            return seen is not None and seen.comment.is_locked == locked
        case FlagComment(_, comment_id, flagged):
            seen = _comment(now, comment_id)
            return seen is not None and seen.flagged == flagged
        case BlockAuthor(_, comment_id, blocked):
            seen = _comment(now, comment_id)
            return seen is not None and seen.blocked == blocked
        case _:
            return False


def _comment(thread: Thread | None, comment_id: CommentId) -> CommentView | None:
    comments = () if thread is None else thread.comments
    return next((view for view in comments if view.comment.id == comment_id), None)
