"""What the screen shows: the confirmed state with our own unfinished writes laid over it (PROMISES D7).

An overlay never touches what is confirmed. A write that fails takes its overlay away, and nothing else: so
a deletion in flight still shows what it deletes (as pending), and only one that was answered hides it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from imagechat_tui.problems import Problem
from imagechat_tui.protocol.ids import CommentId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Conversation, Placement, Vote
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
    StartConversation,
    VoteComment,
    Write,
)
from imagechat_tui.sync.outbox import conversation_of
from imagechat_tui.sync.placements import guess, holds
from imagechat_tui.sync.state import (
    NO_COMMENTS,
    Acknowledged,
    ChatState,
    Comments,
    CommentView,
    Confirmed,
    Draft,
    OutboxEntry,
    Status,
    Thread,
)

NOT_INTRODUCED = "you"
"""The person's own name before a server has told it."""


class Overlay(Struct, frozen=True):
    """One write of ours as it is laid over the confirmed state."""

    key: str
    """The broadcastId it travels under, or the id of its draft."""
    write: Write
    status: Status
    acknowledged: Acknowledged | None = None
    draft_id: str | None = None
    problem: Problem | None = None


class _Shown(Struct, frozen=True):
    """A thread built earlier, and everything it was built from."""

    conversation: Conversation
    comments: Comments | None
    me: UserId | None
    votes: Mapping[CommentId, Vote]
    flagged: frozenset[CommentId]
    blocked: frozenset[UserId]
    unread: bool
    placement: Placement | None
    thread: Thread


class Views(Struct):
    """Builds what is shown; keeps the threads that a change did not touch as the objects they were."""

    _shown: dict[ConversationId, _Shown] = field(default_factory=dict)

    def threads(self, state: ChatState) -> tuple[Thread, ...]:
        """All threads: the confirmed ones in order of creation, then the new ones of ours."""
        overlays: dict[ConversationId | None, list[Overlay]] = {}
        for overlay in overlays_of(state):
            overlays.setdefault(_home(overlay), []).append(overlay)
        shown: dict[ConversationId, _Shown] = {}
        threads = []
        for place, (key, conversation) in enumerate(state.confirmed.conversations.items(), 1):
            plain = shown[key] = self._plain(state, conversation, place)
            laid = _laid(state, plain.thread, overlays[key]) if key in overlays else plain.thread
            if laid is not None:
                threads.append(laid)
        self._shown = shown
        for home, laid_here in overlays.items():
            if home is None:
                threads += [_new_thread(state, overlay) for overlay in laid_here]
            elif home not in state.confirmed.conversations and isinstance(
                laid_here[0].write, StartConversation
            ):
                # A marker of ours that was answered and is not confirmed yet, and what was written there since.
                answered = _laid(state, _new_thread(state, laid_here[0]), laid_here[1:])
                threads += [answered] if answered is not None else []
        return tuple(threads)

    def _plain(self, state: ChatState, conversation: Conversation, place: int) -> _Shown:
        known, confirmed = self._shown.get(conversation.id), state.confirmed
        comments = state.confirmed.comments.get(conversation.id)
        me = state.confirmed.me.id if state.confirmed.me is not None else None
        unread = conversation.id in state.mine.unread
        placement = placement_of(state, conversation)
        number = place if conversation.number is None else conversation.number  # hosted ones have none
        if (
            known is not None
            and known.conversation is conversation
            and known.comments is comments
            and known.me == me
            and known.votes is confirmed.votes
            and known.flagged is confirmed.flagged
            and known.blocked is confirmed.blocked
            and known.unread == unread
            and known.placement == placement
            and known.thread.number == number
        ):
            return known
        thread = Thread(
            key=conversation.id,
            conversation=conversation,
            comments=tuple(
                _comment_view(comment, confirmed) for comment in (comments or NO_COMMENTS).values()
            ),
            mine=me is not None and conversation.author_id == me,
            unread=unread,
            number=number,
            loaded=comments is not None,
            placement=placement,
        )
        if known is not None and known.thread == thread:  # the person voted or flagged elsewhere
            thread = known.thread
        return _Shown(
            conversation,
            comments,
            me,
            confirmed.votes,
            confirmed.flagged,
            confirmed.blocked,
            unread,
            placement,
            thread,
        )


def threads(state: ChatState) -> tuple[Thread, ...]:
    """All threads of one state, built from nothing; a screen that lives on keeps a `Views`."""
    return Views().threads(state)


def placement_of(state: ChatState, conversation: Conversation) -> Placement | None:
    """What holds of where a marker is on the version shown.

    What was worked out holds for as long as the marker stands where it stood then. Of one that nobody has placed it is
    a guess, unless that is being worked out.

    Returns:
        None if it was made on that version, or it is not known which version one of the two is.
    """
    placings = state.placings
    if placings.version is None or conversation.version == placings.version:
        return None
    found = placings.placements.get(conversation.id)
    if found is not None and holds(found, conversation):
        return found
    unplaced = placings.told and not placings.coming and conversation.version is not None
    return guess(conversation.id, conversation.point) if unplaced else None


def number_of(state: ChatState, conversation_id: ConversationId) -> int | None:
    """By which people call a marker: the server's number, else its place; None if it is not there."""
    conversation = state.confirmed.conversations.get(conversation_id)
    if conversation is None or conversation.number is not None:
        return None if conversation is None else conversation.number
    return next(place for place, key in enumerate(state.confirmed.conversations, 1) if key == conversation_id)


def overlays_of(state: ChatState) -> Iterator[Overlay]:
    """Our own writes that the confirmed state does not hold, the oldest first."""
    for saved in state.mine.acknowledged:
        yield Overlay(saved.broadcast_id, saved.write, Status.SAVED, acknowledged=saved)
    for entry in state.mine.outbox:
        yield Overlay(entry.broadcast_id, entry.write, _status(entry))
    for draft in state.mine.drafts:
        yield _of_draft(draft)


def _status(entry: OutboxEntry) -> Status:
    return Status(entry.status.value)


def _of_draft(draft: Draft) -> Overlay:
    status = Status.FAILED if draft.failed else Status.DRAFT
    return Overlay(draft.id, draft.write, status, draft_id=draft.id, problem=draft.problem)


def _home(overlay: Overlay) -> ConversationId | None:
    saved = overlay.acknowledged
    if isinstance(overlay.write, StartConversation):
        return saved.conversation.id if saved is not None and saved.conversation is not None else None
    return conversation_of(overlay.write)


def _comment_view(comment: Comment, confirmed: Confirmed) -> CommentView:
    vote, me = confirmed.votes.get(comment.id), confirmed.me
    return CommentView(
        comment.id,
        comment,
        mine=me is not None and comment.author_id == me.id,
        voted=0 if vote is None else vote.direction,
        flagged=comment.id in confirmed.flagged,
        blocked=comment.author_id in confirmed.blocked,
    )


def _laid(state: ChatState, thread: Thread, overlays: list[Overlay]) -> Thread | None:
    """A confirmed thread under our writes; None once its deletion was answered."""
    for overlay in overlays:
        laid = _laid_one(state, thread, overlay)
        if laid is None:
            return None
        thread = laid
    return thread


def _laid_one(state: ChatState, thread: Thread, overlay: Overlay) -> Thread | None:
    in_flight = overlay.status in (Status.PENDING, Status.CHECKING)
    done = overlay.acknowledged is not None
    write = overlay.write
    match write:
        case StartConversation():
            return _with_first_comment(state, thread, overlay)
        case PostComment() | EditComment() if overlay.status is Status.DRAFT:
            return replace(thread, has_draft=True)
        case PostComment():
            view = _new_comment(state, thread, overlay, write)
            known = any(shown.key == view.key for shown in thread.comments)
            return thread if known else replace(thread, comments=(*thread.comments, view))
        case EditComment():
            text = write.text
            return _with_comment(thread, write.comment_id, lambda view: _edited(view, overlay, text))
        case DeleteComment() if done:
            return replace(thread, comments=_remaining(thread.comments, write.comment_id))
        case DeleteComment() if in_flight:
            return _with_comment(thread, write.comment_id, lambda view: replace(view, status=overlay.status))
        case DeleteConversation() if done:
            return None
        case DeleteConversation() if in_flight:
            return replace(thread, status=overlay.status)
        case MoveConversation() if in_flight or done:
            moved = replace(thread.conversation, point=write.point)
            return replace(thread, conversation=moved, status=overlay.status)
        case ResolveConversation() if in_flight or done:
            resolved = replace(thread.conversation, resolved=write.resolved)
            return replace(thread, conversation=resolved, status=overlay.status)
        case VoteComment() if in_flight or done:
            return _with_comment(
                thread, write.comment_id, lambda view: _voted(view, overlay, write.direction)
            )
        case PinComment() if in_flight or done:
            return _changed(thread, overlay, write.comment_id, is_pinned=write.pinned)
        case LockComment() if in_flight or done:
            return _changed(thread, overlay, write.comment_id, is_locked=write.locked)
        case FlagComment() if in_flight or done:
            return _with_comment(
                thread,
                write.comment_id,
                lambda view: replace(view, flagged=write.flagged, status=overlay.status),
            )
        case BlockAuthor() if in_flight or done:
            return _with_comment(thread, write.comment_id, lambda view: replace(view, status=overlay.status))
        case _:  # something small that failed: nothing has changed
            return thread


def _with_first_comment(state: ChatState, thread: Thread, overlay: Overlay) -> Thread:
    """Between the two events of a new marker of ours its comment is known from us alone."""
    if thread.comments:
        return thread
    return replace(thread, comments=_new_thread(state, overlay).comments)


def _with_comment(
    thread: Thread, comment_id: CommentId, change: Callable[[CommentView], CommentView]
) -> Thread:
    comments = tuple(change(view) if view.key == comment_id else view for view in thread.comments)
    return replace(thread, comments=comments)


def _edited(view: CommentView, overlay: Overlay, text: str) -> CommentView:
    if overlay.status is Status.FAILED:
        return replace(view, status=Status.FAILED, draft_id=overlay.draft_id, problem=overlay.problem)
    return replace(view, comment=replace(view.comment, text=text), status=overlay.status)


def _changed(thread: Thread, overlay: Overlay, comment_id: CommentId, **changes: bool) -> Thread:
    return _with_comment(
        thread,
        comment_id,
        lambda view: replace(view, comment=replace(view.comment, **changes), status=overlay.status),
    )


def _voted(view: CommentView, overlay: Overlay, direction: int) -> CommentView:
    """With the person's vote in this direction, in the place of the one that is confirmed."""
    comment, before = view.comment, view.voted
    up = comment.votes_up - (before > 0) + (direction > 0)
    down = comment.votes_down - (before < 0) + (direction < 0)
    counted = replace(comment, votes=comment.votes - before + direction, votes_up=up, votes_down=down)
    return replace(view, comment=counted, voted=direction, status=overlay.status)


def _remaining(comments: tuple[CommentView, ...], gone: CommentId) -> tuple[CommentView, ...]:
    removed = {gone}
    while True:
        more = {view.comment.id for view in comments if view.comment.parent_id in removed} - removed
        if not more:
            return tuple(view for view in comments if view.comment.id not in removed)
        removed |= more


def _new_comment(state: ChatState, thread: Thread, overlay: Overlay, write: PostComment) -> CommentView:
    saved = overlay.acknowledged.comment if overlay.acknowledged is not None else None
    comment = saved or _typed_comment(
        state, overlay.key, thread.conversation.url_id, write.text, write.parent_id
    )
    return CommentView(
        saved.id if saved is not None else overlay.key,
        comment,
        overlay.status,
        mine=True,
        draft_id=overlay.draft_id,
        problem=overlay.problem,
    )


def _typed_comment(
    state: ChatState, key: str, url_id: UrlId, text: str, parent_id: CommentId | None = None
) -> Comment:
    me = state.confirmed.me
    return Comment(
        id=CommentId(key),
        url_id=url_id,
        user_id=me.id if me is not None else None,
        commenter_name=me.name if me is not None else NOT_INTRODUCED,
        text=text,
        parent_id=parent_id,
    )


def _new_thread(state: ChatState, overlay: Overlay) -> Thread:
    """A marker of ours that is not confirmed: in flight, answered, failed, or only typed."""
    saved, write = overlay.acknowledged, overlay.write
    assert isinstance(write, StartConversation)
    me = state.confirmed.me
    conversation = (saved.conversation if saved is not None else None) or Conversation(
        id=ConversationId(overlay.key),
        url_id=UrlId(""),
        point=write.point,
        src=state.room.src,
        user_id=me.id if me is not None else None,
        commenter_name=me.name if me is not None else NOT_INTRODUCED,
        comment_count=1,
    )
    comment = (saved.comment if saved is not None else None) or _typed_comment(
        state, overlay.key, conversation.url_id, write.text
    )
    view = CommentView(
        comment.id, comment, overlay.status, mine=True, draft_id=overlay.draft_id, problem=overlay.problem
    )
    return Thread(
        key=conversation.id,
        conversation=conversation,
        comments=(view,),
        status=overlay.status,
        mine=True,
        has_draft=overlay.status is Status.DRAFT,
        number=conversation.number,
        draft_id=overlay.draft_id,
        problem=overlay.problem,
    )
