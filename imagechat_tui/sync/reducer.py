"""(state, change) -> state: the only builder of the next confirmed state.

Applying the same event twice is harmless, but for votes, which are deltas and are told apart before they
come here. Mappings are copied on write: a state handed out earlier never changes under its holder, and what
an event did not touch stays the same object, so that the views need not look at it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar, assert_never

from msgspec.structs import replace

from imagechat_tui.protocol.events import (
    CursorMoved,
    DeletedComment,
    DeletedImageChat,
    ImageChatsStale,
    ImageChatUpdated,
    LiveEvent,
    NewComment,
    NewImageChat,
    PresenceUpdate,
    Reset,
    Skip,
    Subscribed,
    ThreadStateChange,
    UnknownEvent,
    UpdatedComment,
    VoteChanged,
)
from imagechat_tui.protocol.ids import CommentId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Conversation, Position
from imagechat_tui.protocol.routes import ConversationList
from imagechat_tui.sync.intents import EditComment, PostComment
from imagechat_tui.sync.state import NO_COMMENTS, ChatState, Comments, Draft, Peer, Problem, ProblemKind

K = TypeVar("K")
V = TypeVar("V")
Changes = dict[str, Any]
"""Fields of ChatState that change, by name."""
_COMMENT_FIELDS = frozenset(Comment.__struct_fields__)


def with_item(mapping: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    """A copy of ``mapping`` with one item set."""
    changed = dict(mapping)
    changed[key] = value
    return MappingProxyType(changed)


def without(mapping: Mapping[K, V], key: K) -> Mapping[K, V]:
    """``mapping`` without one item; the same object if it was not there."""
    if key not in mapping:
        return mapping
    changed = dict(mapping)
    del changed[key]
    return MappingProxyType(changed)


def applied(
    state: ChatState,
    event: LiveEvent,
    *,
    thread: ConversationId | None = None,
    position: Position | None = None,
) -> ChatState:
    """``state`` after ``event``.

    Args:
        state: what was known before.
        event: what the server said.
        thread: the conversation whose room the event came from (hosted thread rooms).
        position: where the log stands after it, if it is numbered.
    """
    changes = _changes(state, event, thread)
    if position is not None:
        changes["position"] = position
    return replace(state, **changes) if changes else state


def _changes(state: ChatState, event: LiveEvent, thread: ConversationId | None) -> Changes:
    match event:
        case NewImageChat():
            return _conversation(state, event.conversation)
        case ImageChatUpdated():
            changes = _conversation(state, event.conversation)
            if event.comment is not None:
                now = replace(state, **changes)
                if event.activity == "deleted-comment":
                    changes |= _without_comment(now, event.conversation.id, event.comment.id)
                else:
                    changes |= _comment(now, event.conversation.id, event.comment)
            return changes
        case DeletedImageChat():
            return _without_conversation(state, event.conversation_id)
        case NewComment():
            return _comment(state, _thread_of(state, event.comment.url_id, thread), event.comment)
        case UpdatedComment():
            return _updated_comment(state, event, thread)
        case DeletedComment():
            home = thread
            if event.comment is not None:
                home = _thread_of(state, event.comment.url_id, thread)
            return _without_comment(state, home, event.comment_id)
        case VoteChanged():
            return _vote(state, event, thread)
        case PresenceUpdate():
            return _presence(state, event)
        case CursorMoved():
            if state.me is not None and event.user_id == state.me.id:
                return {}
            return {"crosshairs": with_item(state.crosshairs, event.user_id, event.point)}
        case ThreadStateChange() | ImageChatsStale() | Subscribed() | Reset() | Skip() | UnknownEvent():
            return {}
        case _:
            assert_never(event)


def _thread_of(state: ChatState, url_id: UrlId, thread: ConversationId | None) -> ConversationId | None:
    """The conversation that a comment belongs to: that of its room, else the one with its thread key."""
    if thread is not None:
        return thread
    return next((key for key, known in state.conversations.items() if known.url_id == url_id), None)


def _conversation(state: ChatState, conversation: Conversation) -> Changes:
    """Set a conversation whole: its values are absolute."""
    changes: Changes = {"conversations": with_item(state.conversations, conversation.id, conversation)}
    if state.peer is Peer.OURS and conversation.id not in state.comments:
        changes["comments"] = with_item(state.comments, conversation.id, NO_COMMENTS)
    return changes | _name(state, conversation.author_id, conversation.commenter_name)


def _name(state: ChatState, user_id: UserId | None, name: str) -> Changes:
    if user_id is None or not name or state.names.get(user_id) == name:
        return {}
    return {"names": with_item(state.names, user_id, name)}


def _comment(state: ChatState, thread: ConversationId | None, comment: Comment) -> Changes:
    """Set a comment whole, at the end of its thread if it is new."""
    if thread is None or thread not in state.conversations:
        return {}
    known = state.comments.get(thread)
    if known is None:  # a hosted thread that was not opened: it is read whole when it is
        return {}
    changes: Changes = {"comments": with_item(state.comments, thread, with_item(known, comment.id, comment))}
    return changes | _name(state, comment.author_id, comment.commenter_name)


def _updated_comment(state: ChatState, event: UpdatedComment, thread: ConversationId | None) -> Changes:
    """Merge the fields that the frame held into what is known."""
    home = _thread_of(state, event.comment.url_id, thread)
    known = state.comments.get(home, NO_COMMENTS).get(event.comment.id) if home is not None else None
    if known is None and state.peer is Peer.HOSTED:
        return {}  # without an order of events it may be late, and a deletion wins (PROMISES D7)
    if known is None or not event.present:
        return _comment(state, home, event.comment)
    present = {name: getattr(event.comment, name) for name in event.present & _COMMENT_FIELDS}
    return _comment(state, home, replace(known, **present))


def _vote(state: ChatState, event: VoteChanged, thread: ConversationId | None) -> Changes:
    home = _thread_of(state, event.vote.url_id, thread)
    known = state.comments.get(home, NO_COMMENTS).get(event.vote.comment_id) if home is not None else None
    if known is None:
        return {}
    step = 1 if event.added else -1
    up = event.vote.direction > 0
    return _comment(
        state,
        home,
        replace(
            known,
            votes=known.votes + (step if up else -step),
            votes_up=known.votes_up + (step if up else 0),
            votes_down=known.votes_down + (0 if up else step),
        ),
    )


def _without_comment(state: ChatState, thread: ConversationId | None, comment_id: CommentId) -> Changes:
    """Take a comment away, and everything that answers it."""
    known = state.comments.get(thread) if thread is not None else None
    if thread is None or known is None or comment_id not in known:
        return {}
    return {"comments": with_item(state.comments, thread, MappingProxyType(remaining(known, comment_id)))}


def remaining(comments: Comments, gone: CommentId) -> dict[CommentId, Comment]:
    """The comments without ``gone`` and without its descendants (which may stand in any order)."""
    removed = {gone}
    while True:
        more = {c.id for c in comments.values() if c.parent_id in removed and c.id not in removed}
        if not more:
            return {key: comment for key, comment in comments.items() if key not in removed}
        removed |= more


def _without_conversation(state: ChatState, gone: ConversationId) -> Changes:
    changes: Changes = {}
    if gone in state.conversations:
        changes["conversations"] = without(state.conversations, gone)
        changes["comments"] = without(state.comments, gone)
        changes["unread"] = state.unread - {gone}
    if state.open_thread == gone:
        changes["open_thread"] = None
    drafts = tuple(
        _homeless(draft) if getattr(draft.write, "conversation_id", None) == gone else draft
        for draft in state.drafts
    )
    if drafts != state.drafts:
        changes["drafts"] = drafts
    return changes


def _homeless(draft: Draft) -> Draft:
    """A typed draft whose thread is gone joins those that could not be saved, so that its text is found."""
    if draft.problem is not None or not isinstance(draft.write, PostComment | EditComment):
        return draft
    return replace(draft, problem=Problem(ProblemKind.GONE))


def _presence(state: ChatState, event: PresenceUpdate) -> Changes:
    """Who left first, then who came."""
    online = (state.online - frozenset(event.left)) | frozenset(event.joined)
    changes: Changes = {}
    if online != state.online:
        changes["online"] = online
    if event.sockets is not None and event.sockets != state.sockets:
        changes["sockets"] = event.sockets
    gone = frozenset(event.left) & state.crosshairs.keys()
    if gone:
        changes["crosshairs"] = MappingProxyType({k: p for k, p in state.crosshairs.items() if k not in gone})
    return changes


def with_list(
    state: ChatState, snapshot: ConversationList, *, keep: frozenset[str] = frozenset()
) -> ChatState:
    """``state`` with everything confirmed replaced by a snapshot; never the outbox, the drafts or the view.

    Args:
        state: what was known before; ``state.peer`` tells what the snapshot holds.
        snapshot: the conversation list.
        keep: conversations (ids) about which a hosted snapshot is out of date.
    """
    before = state.conversations
    conversations = {c.id: _same(before.get(c.id), c) for c in snapshot.conversations if c.id not in keep}
    kept = {key: known for key, known in before.items() if key in keep}
    conversations.update(kept)
    comments = (
        _grouped(state, conversations, snapshot.comments)
        if state.peer is Peer.OURS
        else {key: known for key, known in state.comments.items() if key in conversations}
    )
    changes: Changes = {
        "conversations": MappingProxyType(conversations),
        "comments": MappingProxyType(comments),
        "position": snapshot.position,
        "read_only": snapshot.read_only,
        "names": _names(state, conversations, comments),
    }
    if snapshot.user is not None:
        changes["me"] = snapshot.user
    own = {saved.conversation.id for saved in state.acknowledged if saved.conversation is not None}
    if state.open_thread is not None and state.open_thread not in conversations.keys() | own:
        changes["open_thread"] = None
    changes["unread"] = state.unread & conversations.keys()
    orphans = before.keys() - conversations.keys()
    changes["drafts"] = tuple(
        _homeless(draft) if getattr(draft.write, "conversation_id", None) in orphans else draft
        for draft in state.drafts
    )
    return replace(state, **changes)


def _grouped(
    state: ChatState, conversations: Mapping[ConversationId, Conversation], comments: tuple[Comment, ...]
) -> dict[ConversationId, Comments]:
    """The comments of all threads by conversation, equal ones as the objects they were."""
    homes = {conversation.url_id: key for key, conversation in conversations.items()}
    grouped: dict[ConversationId, dict[CommentId, Comment]] = {key: {} for key in conversations}
    for comment in comments:
        home = homes.get(comment.url_id)
        if home is not None:
            known = state.comments.get(home, NO_COMMENTS).get(comment.id)
            grouped[home][comment.id] = _same(known, comment)
    return {key: _same_thread(state.comments.get(key), thread) for key, thread in grouped.items()}


def _same_thread(known: Comments | None, thread: dict[CommentId, Comment]) -> Comments:
    return known if known is not None and _alike(known, thread) else MappingProxyType(thread)


def _alike(known: Comments, thread: Comments) -> bool:
    """Whether two threads hold the same objects in the same order."""
    return len(known) == len(thread) and all(
        a is b for a, b in zip(known.values(), thread.values(), strict=True)
    )


def _same(known: V | None, new: V) -> V:
    """``known`` if it equals ``new``: keeps identities, on which the views' caches stand."""
    return known if known is not None and known == new else new


def _names(
    state: ChatState,
    conversations: Mapping[ConversationId, Conversation],
    comments: Mapping[ConversationId, Comments],
) -> Mapping[UserId, str]:
    names = dict(state.names)
    for conversation in conversations.values():
        if conversation.author_id is not None and conversation.commenter_name:
            names[conversation.author_id] = conversation.commenter_name
    for thread in comments.values():
        for comment in thread.values():
            if comment.author_id is not None and comment.commenter_name:
                names[comment.author_id] = comment.commenter_name
    return state.names if names == state.names else MappingProxyType(names)


def with_thread(
    state: ChatState,
    conversation_id: ConversationId,
    comments: tuple[Comment, ...],
    *,
    keep: frozenset[str] = frozenset(),
) -> ChatState:
    """``state`` with one hosted thread replaced, in order of creation.

    ``keep`` names comments about which the list is out of date.
    """
    if conversation_id not in state.conversations:
        return state
    before = state.comments.get(conversation_id, NO_COMMENTS)
    # The wire lists a root with its replies behind it; the state is by creation. sorted() is stable.
    ordered = sorted(comments, key=lambda comment: comment.date_ms or 0)
    thread = {c.id: _same(before.get(c.id), c) for c in ordered if c.id not in keep}
    thread.update({key: known for key, known in before.items() if key in keep})
    if _alike(before, thread) and conversation_id in state.comments:
        return state
    return replace(state, comments=with_item(state.comments, conversation_id, MappingProxyType(thread)))
