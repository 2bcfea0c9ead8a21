"""Writes and drafts as values: what a write is about, what is kept on disk, and whether it happened.

A write is in one place at a time::

    typed draft --submit--> outbox: PENDING --answer or echo: saved--> acknowledged --> confirmed
                               |      |
                               |      +--answer no, or never sent--> failed draft --retry--> outbox
                               +--no answer--> CHECKING --the log says--> saved, or failed draft
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Conversation
from imagechat_tui.protocol.thread_keys import rounded, thread_key
from imagechat_tui.sync.intents import (
    BlockAuthor,
    CommentWrite,
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
    TextWrite,
    VoteComment,
    Write,
)
from imagechat_tui.sync.state import NO_COMMENTS, ChatState, Draft, OutboxEntry


def comment_step_id(broadcast_id: BroadcastId) -> BroadcastId:
    """The id under which the first comment of a hosted marker travels; the marker has the plain one."""
    return BroadcastId(f"{broadcast_id}.comment")


def same_target(one: Write, other: Write) -> bool:
    """Whether two text writes would go to the same place, whatever they say."""
    return (
        isinstance(one, TextWrite)
        and isinstance(other, TextWrite)
        and replace(one, text="") == replace(other, text="")
    )


def typed_id(write: TextWrite) -> str:
    """The id of the one typed draft for a target."""
    match write:
        case StartConversation():
            return f"new:{write.point.x:g}:{write.point.y:g}"
        case PostComment():
            return f"reply:{write.conversation_id}:{write.parent_id or ''}"
        case EditComment():
            return f"edit:{write.conversation_id}:{write.comment_id}"


def conversation_of(write: Write) -> ConversationId | None:
    """The conversation a write is about; None for a new marker."""
    return None if isinstance(write, StartConversation) else write.conversation_id


def failed_draft(entry: OutboxEntry, problem: Problem, *, at_ms: int) -> Draft:
    """What is left of a write that was not saved. A retry goes under the same id."""
    return Draft(
        id=entry.broadcast_id,
        write=entry.write,
        broadcast_id=entry.broadcast_id,
        problem=problem,
        comment_id=entry.comment_id,
        updated_at_ms=at_ms,
    )


def on_disk(state: ChatState) -> tuple[Draft, ...]:
    """What must survive a crash: the drafts, and the writes in flight as what a crash would make of them."""
    restarted = Problem(ProblemKind.RESTARTED)
    return state.mine.drafts + tuple(failed_draft(entry, restarted, at_ms=0) for entry in state.mine.outbox)


def made_comment(
    write: StartConversation | PostComment, before: ChatState, thread: tuple[Comment, ...], after: ChatState
) -> Comment | None:
    """The comment in ``thread`` that ``write`` made, judged without a log: ours, new, and of that text."""
    me = after.confirmed.me.id if after.confirmed.me is not None else None
    for comment in thread:
        home = _home_of(comment, after)
        if home is not None and comment.id in before.confirmed.comments.get(home, NO_COMMENTS):
            continue
        if me is not None and comment.author_id != me:
            continue
        if isinstance(write, PostComment) and comment.parent_id != write.parent_id:
            continue
        if says(comment, write.text):
            return comment
    return None


def _home_of(comment: Comment, state: ChatState) -> ConversationId | None:
    return next((c.id for c in state.confirmed.conversations.values() if c.url_id == comment.url_id), None)


def made_conversation(
    write: StartConversation, before: ChatState, after: ChatState, url_id_clean: UrlId
) -> Conversation | None:
    """The conversation that ``write`` made or joined, judged without a log.

    It stands at that place, and its thread holds our comment; where the thread is not known, it is new and ours.
    """
    key = thread_key(url_id_clean, after.room.src, rounded(write.point))
    me = after.confirmed.me.id if after.confirmed.me is not None else None
    for conversation in after.confirmed.conversations.values():
        if conversation.url_id != key and rounded(conversation.point) != rounded(write.point):
            continue
        thread = after.confirmed.comments.get(conversation.id)
        if thread is not None:
            if made_comment(write, before, tuple(thread.values()), after) is not None:
                return conversation
        elif conversation.id not in before.confirmed.conversations and (
            me is None or conversation.author_id in (None, me)
        ):
            return conversation
    return None


def happened(write: Write, before: ChatState, after: ChatState, url_id_clean: UrlId) -> bool:
    """Whether a write was carried out, judged by a list read after its deadline.

    Only for servers or logs that cannot say it by broadcastId. ``before`` is what was confirmed when the
    write was sent, ``after`` what is confirmed now.
    """
    match write:
        case StartConversation():
            return made_conversation(write, before, after, url_id_clean) is not None
        case DeleteConversation():
            return write.conversation_id not in after.confirmed.conversations
        case RestoreConversation():
            return write.conversation_id in after.confirmed.conversations
        case MoveConversation():
            moved = after.confirmed.conversations.get(write.conversation_id)
            return moved is not None and rounded(moved.point) == rounded(write.point)
        case ResolveConversation():
            resolved = after.confirmed.conversations.get(write.conversation_id)
            return resolved is not None and resolved.resolved == write.resolved
        case PostComment():
            thread = tuple(after.confirmed.comments.get(write.conversation_id, NO_COMMENTS).values())
            return made_comment(write, before, thread, after) is not None
        case EditComment():
            edited = after.confirmed.comments.get(write.conversation_id, NO_COMMENTS).get(write.comment_id)
            return edited is not None and says(edited, write.text)
        case DeleteComment():
            deleted = after.confirmed.comments.get(write.conversation_id, NO_COMMENTS).get(write.comment_id)
            return deleted is None or deleted.is_deleted
        case VoteComment():
            return voted(after, write.comment_id) == write.direction
        case PinComment():
            pinned = after.confirmed.comments.get(write.conversation_id, NO_COMMENTS).get(write.comment_id)
            return pinned is not None and pinned.is_pinned == write.pinned
        case LockComment():
            locked = after.confirmed.comments.get(write.conversation_id, NO_COMMENTS).get(write.comment_id)
            return locked is not None and locked.is_locked == write.locked
        case FlagComment():
            return (write.comment_id in after.confirmed.flagged) == write.flagged
        case BlockAuthor():
            author = author_of(after, write)
            return author is not None and (author in after.confirmed.blocked) == write.blocked


def voted(state: ChatState, comment_id: CommentId) -> int:
    """How the person has voted on a comment, as far as is confirmed: 1, -1, or 0 if they have not."""
    vote = state.confirmed.votes.get(comment_id)
    return 0 if vote is None else vote.direction


def author_of(state: ChatState, write: CommentWrite) -> UserId | None:
    """Who has written the comment that a write is about."""
    comment = state.confirmed.comments.get(write.conversation_id, NO_COMMENTS).get(write.comment_id)
    return None if comment is None else comment.author_id


_TAGS = re.compile(r"<[^>]*>")
_NOT_WORDS = re.compile(r"\W+")


def says(comment: Comment, text: str) -> bool:
    """Whether a comment's text is ``text``. Where only HTML is known, the words alone are compared."""
    if comment.text is not None:
        return comment.text.strip() == text.strip()
    import html

    shown = html.unescape(_TAGS.sub("", comment.html))
    return _NOT_WORDS.sub("", shown) == _NOT_WORDS.sub("", text)


def known_comment(write: Write, comment_id: CommentId | None) -> CommentId | None:
    """The id of the comment a write is about, as news tell it."""
    return write.comment_id if isinstance(write, CommentWrite) else comment_id
