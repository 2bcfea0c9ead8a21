"""What an event of others means to the person: unread, and worth a word. Own actions are neither.

"Own" is by user, not by session: two terminals of one person show each other's changes at once, without
bell and without unread.
"""

from __future__ import annotations

from imagechat_tui.protocol.events import (
    DeletedComment,
    DeletedImageChat,
    ImageChatUpdated,
    LiveEvent,
    NewComment,
    NewImageChat,
    UpdatedComment,
    VoteChanged,
)
from imagechat_tui.protocol.ids import CommentId, ConversationId, UserId
from imagechat_tui.protocol.models import Comment, Conversation
from imagechat_tui.sync.effects import Announce, News
from imagechat_tui.sync.state import NO_COMMENTS, ChatState


def actor_of(event: LiveEvent) -> UserId | None:
    """Who caused an event, where it says so."""
    match event:
        case NewImageChat(restored=True):
            return event.stamp.actor_id
        case NewImageChat():
            return event.stamp.actor_id or event.conversation.author_id
        case NewComment():
            return event.stamp.actor_id or event.comment.author_id
        case ImageChatUpdated() if event.activity == "new-comment" and event.comment is not None:
            return event.stamp.actor_id or event.comment.author_id
        case VoteChanged():
            return event.stamp.actor_id or event.vote.author_id
        case ImageChatUpdated() | DeletedImageChat() | UpdatedComment() | DeletedComment():
            return event.stamp.actor_id
        case _:
            return None


def news_of(before: ChatState, event: LiveEvent, *, thread: ConversationId | None = None) -> Announce | None:
    """What to tell about ``event``, given the state before it; None if it is nothing new or our own."""
    by = actor_of(event)
    if before.confirmed.me is not None and by == before.confirmed.me.id:
        return None
    match event:
        case NewImageChat(restored=True):
            return Announce(News.MARKER_BACK, conversation_id=event.conversation.id, by=by)
        case NewImageChat() if event.conversation.id not in before.confirmed.conversations:
            return Announce(News.MARKER_ADDED, conversation_id=event.conversation.id, by=by)
        case ImageChatUpdated() if event.activity == "new-comment":
            home = event.conversation.id
            if event.comment is not None:
                return _comment_added(before, home, event.comment.id, by)
            # Hosted: the open thread's own room tells about its comments.
            if home != before.mine.open_thread and _grew(
                before.confirmed.conversations.get(home), event.conversation
            ):
                return Announce(News.COMMENT_ADDED, conversation_id=home, by=by)
            return None
        case NewComment() if thread is not None:
            return _comment_added(before, thread, event.comment.id, by)
        case DeletedImageChat() if event.conversation_id == before.mine.open_thread:
            return Announce(News.THREAD_GONE, conversation_id=event.conversation_id, by=by)
        case _:
            return None


def _comment_added(
    before: ChatState, home: ConversationId, comment_id: CommentId, by: UserId | None
) -> Announce | None:
    if comment_id in before.confirmed.comments.get(home, NO_COMMENTS):
        return None
    return Announce(News.COMMENT_ADDED, conversation_id=home, comment_id=comment_id, by=by)


def _grew(known: Conversation | None, now: Conversation) -> bool:
    return known is None or (now.comment_count or 0) > (known.comment_count or 0)


def news_of_list(before: ChatState, after: ChatState) -> tuple[Announce, ...]:
    """What a new list holds that the person has not seen: other people's markers and comments, in its order.

    The first list counts as seen: nothing says what was read before this session.
    """
    me = after.confirmed.me.id if after.confirmed.me is not None else None

    def new(key: ConversationId, conversation: Conversation) -> bool:
        known, old = before.confirmed.conversations.get(key), before.confirmed.comments.get(key)
        comments = after.confirmed.comments.get(key)
        if known is None:
            by_other = me is None or conversation.author_id != me
            return by_other or any(_by_other(comment, me) for comment in (comments or NO_COMMENTS).values())
        if comments is None or old is None or comments is old:  # hosted: a list brings no comments
            return _grew(known, conversation)
        return any(_by_other(comment, me) for comment in comments.values() if comment.id not in old)

    return tuple(
        Announce(News.COMMENT_ADDED, conversation_id=key)
        if key in before.confirmed.conversations
        else Announce(News.MARKER_ADDED, conversation_id=key, by=conversation.author_id)
        for key, conversation in after.confirmed.conversations.items()
        if new(key, conversation)
    )


def _by_other(comment: Comment, me: UserId | None) -> bool:
    return me is None or comment.author_id != me
