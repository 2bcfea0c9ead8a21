"""What an answer or an event tells of a write of ours: the marker and the comment it made."""

from __future__ import annotations

from msgspec.structs import replace

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
from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import Comment, Conversation, User
from imagechat_tui.protocol.routes import CommentReply, ConversationReply, EditReply, VoteReply
from imagechat_tui.protocol.thread_keys import rounded, thread_key
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    EditComment,
    LockComment,
    PinComment,
    PostComment,
    StartConversation,
    Write,
)
from imagechat_tui.sync.state import OutboxEntry, Room

Reply = ConversationReply | CommentReply | EditReply | VoteReply | None
"""Answer of a write; None if it says nothing but yes."""
Made = tuple[Conversation | None, Comment | None]


def told_by_answer(
    entry: OutboxEntry, reply: Reply, *, room: Room, url_id_clean: UrlId, me: User | None
) -> Made:
    """What an answer tells of the marker and of the comment.

    Args:
        entry: the write that was answered.
        reply: the answer.
        room: where it was written.
        url_id_clean: the room's key as the server cleans it.
        me: who wrote it.
    """
    write = entry.write
    match reply:
        case ConversationReply() if isinstance(write, StartConversation):
            conversation = reply.conversation or Conversation(
                id=reply.id,
                url_id=thread_key(url_id_clean, room.src, rounded(write.point)),
                point=rounded(write.point),
                src=room.src,
                created_from_comment_id=entry.comment_id,
                user_id=me.id if me is not None else None,
                commenter_name=me.name if me is not None else "",
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


def told_by_event(event: LiveEvent) -> Made:
    """What an event tells of the marker and of the comment."""
    match event:
        case NewImageChat():
            return event.conversation, None
        case ImageChatUpdated():
            return event.conversation, event.comment
        case NewComment() | UpdatedComment():
            return None, event.comment
        case _:
            return None, None


def as_event(write: Write, made: Made, reply: Reply) -> LiveEvent | None:
    """The event that a hosted server would send about an answered write. Votes are deltas: theirs is counted once."""
    conversation, comment = made
    unstamped = Stamp()
    match write:
        case StartConversation() if conversation is not None:
            return NewImageChat(unstamped, conversation)
        case PostComment() if comment is not None:
            return NewComment(unstamped, comment)
        case EditComment():
            html = reply.html if isinstance(reply, EditReply) else ""
            edited = Comment(id=write.comment_id, url_id=UrlId(""), html=html, text=write.text)
            return UpdatedComment(unstamped, edited, frozenset({"html", "text"}))
        case PinComment():
            pinned = Comment(id=write.comment_id, url_id=UrlId(""), is_pinned=write.pinned)
            return UpdatedComment(unstamped, pinned, frozenset({"is_pinned"}))
        case LockComment():
            locked = Comment(id=write.comment_id, url_id=UrlId(""), is_locked=write.locked)
            return UpdatedComment(unstamped, locked, frozenset({"is_locked"}))
        case DeleteComment():
            return DeletedComment(unstamped, write.comment_id)
        case DeleteConversation():
            return DeletedImageChat(unstamped, write.conversation_id)
        case _:
            return None
