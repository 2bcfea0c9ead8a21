"""(part of the state, change) -> part of the state: what events and lists make of each.

Applying the same event twice is harmless, but for votes, which are deltas and are told apart before they
come here. Mappings are copied on write: a state handed out earlier never changes under its holder, and what
an event did not touch stays the same object, so that the views need not look at it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import TypeVar, assert_never

from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol import events
from imagechat_tui.protocol.ids import CommentId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Conversation, Own, Position, User
from imagechat_tui.protocol.routes import ConversationList
from imagechat_tui.sync.intents import BlockAuthor, EditComment, FlagComment, Opinion, PostComment
from imagechat_tui.sync.outbox import conversation_of
from imagechat_tui.sync.state import NO_COMMENTS, Comments, Confirmed, Draft, Here, Mine, Peer

K = TypeVar("K")
V = TypeVar("V")
NOTHING_OWN = Own()
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


def confirmed_after(
    confirmed: Confirmed,
    event: events.LiveEvent,
    *,
    thread: ConversationId | None = None,
    position: Position | None = None,
) -> Confirmed:
    """What is confirmed after ``event``; the same object, if it tells nothing.

    Args:
        confirmed: what was confirmed before.
        event: what the server said.
        thread: the conversation whose room the event came from (hosted thread rooms).
        position: where the log stands after it, if it is numbered.
    """
    after = _confirmed_after(confirmed, event, thread)
    return after if position is None else after.replace(position=position)


def _confirmed_after(
    confirmed: Confirmed, event: events.LiveEvent, thread: ConversationId | None
) -> Confirmed:
    match event:
        case events.NewImageChat(restored=True):
            return _in_order(_with_conversation(confirmed, event.conversation))
        case events.NewImageChat():
            return _with_conversation(confirmed, event.conversation)
        case events.ImageChatUpdated():
            now = _with_conversation(confirmed, event.conversation)
            if event.comment is None:
                return now
            if event.activity == "deleted-comment":
                return _without_comment(now, event.conversation.id, event.comment.id)
            return _with_comment(now, event.conversation.id, event.comment)
        case events.DeletedImageChat():
            return _without_conversation(confirmed, event.conversation_id)
        case events.NewComment():
            home = _thread_of(confirmed, event.comment.url_id, thread)
            return _with_comment(confirmed, home, event.comment)
        case events.UpdatedComment():
            return _with_updated_comment(confirmed, event, thread)
        case events.DeletedComment():
            home = thread
            if event.comment is not None:
                home = _thread_of(confirmed, event.comment.url_id, thread)
            return _without_comment(confirmed, home, event.comment_id)
        case events.VoteChanged():
            return _with_vote(confirmed, event, thread)
        case events.ThreadStateChange(is_closed=closed):
            return with_closed(confirmed, thread, closed)
        case (
            events.PresenceUpdate() | events.CursorMoved() | events.ImageChatsStale() | events.ReadStateChanged()
            | events.ReadElsewhere() | events.OwnChanged() | events.PlacementsChanged()
            | events.ViewingChanged() | events.Subscribed() | events.Reset() | events.Skip() | events.UnknownEvent()
        ):  # fmt: skip
            return confirmed
        case _:
            assert_never(event)


def with_closed(confirmed: Confirmed, home: ConversationId | None, closed: bool) -> Confirmed:
    """A hosted thread was closed or opened: its room, or its list, says so."""
    known = confirmed.conversations.get(home) if home is not None else None
    if known is None or known.closed is closed:
        return confirmed
    after = replace(known, closed=closed)
    return confirmed.replace(conversations=with_item(confirmed.conversations, known.id, after))


def _thread_of(confirmed: Confirmed, url_id: UrlId, thread: ConversationId | None) -> ConversationId | None:
    """The conversation that a comment belongs to: that of its room, else the one with its thread key."""
    if thread is not None:
        return thread
    return next((key for key, known in confirmed.conversations.items() if known.url_id == url_id), None)


def _with_conversation(confirmed: Confirmed, conversation: Conversation) -> Confirmed:
    """Set a conversation whole: its values are absolute."""
    after = confirmed.replace(conversations=with_item(confirmed.conversations, conversation.id, conversation))
    if after.peer is Peer.OURS and conversation.id not in after.comments:
        after = after.replace(comments=with_item(after.comments, conversation.id, NO_COMMENTS))
    return _with_name(after, conversation.author_id, conversation.commenter_name)


def _in_order(confirmed: Confirmed) -> Confirmed:
    """A marker that came back stands where it stood, not behind those that were made since."""
    ordered = sorted(confirmed.conversations.items(), key=lambda item: item[1].number or 0)
    return confirmed.replace(conversations=MappingProxyType(dict(ordered)))


def _with_name(confirmed: Confirmed, user_id: UserId | None, name: str) -> Confirmed:
    if user_id is None or not name or confirmed.names.get(user_id) == name:
        return confirmed
    return confirmed.replace(names=with_item(confirmed.names, user_id, name))


def _with_comment(confirmed: Confirmed, thread: ConversationId | None, comment: Comment) -> Confirmed:
    """Set a comment whole, at the end of its thread if it is new."""
    if thread is None or thread not in confirmed.conversations:
        return confirmed
    known = confirmed.comments.get(thread)
    if known is None:  # a hosted thread that was not opened: it is read whole when it is
        return confirmed
    comments = with_item(confirmed.comments, thread, with_item(known, comment.id, comment))
    return _with_name(confirmed.replace(comments=comments), comment.author_id, comment.commenter_name)


def _with_updated_comment(
    confirmed: Confirmed, event: events.UpdatedComment, thread: ConversationId | None
) -> Confirmed:
    """Merge the fields that the frame held into what is known."""
    home = _thread_of(confirmed, event.comment.url_id, thread)
    known = confirmed.comments.get(home, NO_COMMENTS).get(event.comment.id) if home is not None else None
    if known is None and confirmed.peer is Peer.HOSTED:
        return confirmed  # without an order of events it may be late, and a deletion wins (PROMISES D7)
    if known is None or not event.present:
        return _with_comment(confirmed, home, event.comment)
    present = {name: getattr(event.comment, name) for name in event.present & _COMMENT_FIELDS}
    return _with_comment(confirmed, home, replace(known, **present))


def _with_vote(confirmed: Confirmed, event: events.VoteChanged, thread: ConversationId | None) -> Confirmed:
    vote = event.vote
    home = _thread_of(confirmed, vote.url_id, thread)
    known = confirmed.comments.get(home, NO_COMMENTS).get(vote.comment_id) if home is not None else None
    if known is None:
        return confirmed
    step = 1 if event.added else -1
    up = vote.direction > 0
    return _with_comment(
        _with_own_vote(confirmed, event),
        home,
        replace(
            known,
            votes=known.votes + (step if up else -step),
            votes_up=known.votes_up + (step if up else 0),
            votes_down=known.votes_down + (0 if up else step),
        ),
    )


def _with_own_vote(confirmed: Confirmed, event: events.VoteChanged) -> Confirmed:
    """The person's own votes: absolute, so a list that was read later is not made older by it in the end."""
    vote, me = event.vote, confirmed.me
    if me is None or vote.author_id != me.id:
        return confirmed
    if event.added:
        return confirmed.replace(votes=with_item(confirmed.votes, vote.comment_id, vote))
    standing = confirmed.votes.get(vote.comment_id)
    if standing is None or standing.id != vote.id:
        return confirmed
    return confirmed.replace(votes=without(confirmed.votes, vote.comment_id))


def _with_opinions_of(confirmed: Confirmed, gone: Set[CommentId]) -> Confirmed:
    """Without what the person thought of comments that are gone."""
    if confirmed.votes.keys() & gone:
        kept = {key: vote for key, vote in confirmed.votes.items() if key not in gone}
        confirmed = confirmed.replace(votes=MappingProxyType(kept))
    return confirmed.replace(flagged=confirmed.flagged - gone) if confirmed.flagged & gone else confirmed


def confirmed_after_opinion(confirmed: Confirmed, write: Opinion) -> Confirmed:
    """What is confirmed once the server has said yes to what no event tells of."""
    match write:
        case FlagComment():
            flagged = confirmed.flagged | {write.comment_id}
            return confirmed.replace(flagged=flagged if write.flagged else flagged - {write.comment_id})
        case BlockAuthor():
            comment = confirmed.comments.get(write.conversation_id, NO_COMMENTS).get(write.comment_id)
            if comment is None or comment.author_id is None:
                return confirmed
            blocked = confirmed.blocked | {comment.author_id}
            return confirmed.replace(blocked=blocked if write.blocked else blocked - {comment.author_id})


def _without_comment(confirmed: Confirmed, thread: ConversationId | None, comment_id: CommentId) -> Confirmed:
    """Take a comment away, and everything that answers it."""
    known = confirmed.comments.get(thread) if thread is not None else None
    if thread is None or known is None or comment_id not in known:
        return confirmed
    left = MappingProxyType(remaining(known, comment_id))
    confirmed = _with_opinions_of(confirmed, known.keys() - left.keys())
    return confirmed.replace(comments=with_item(confirmed.comments, thread, left))


def remaining(comments: Comments, gone: CommentId) -> dict[CommentId, Comment]:
    """The comments without ``gone`` and without its descendants (which may stand in any order)."""
    removed = {gone}
    while True:
        more = {c.id for c in comments.values() if c.parent_id in removed and c.id not in removed}
        if not more:
            return {key: comment for key, comment in comments.items() if key not in removed}
        removed |= more


def _without_conversation(confirmed: Confirmed, gone: ConversationId) -> Confirmed:
    if gone not in confirmed.conversations:
        return confirmed
    return _with_opinions_of(confirmed, confirmed.comments.get(gone, NO_COMMENTS).keys()).replace(
        conversations=without(confirmed.conversations, gone), comments=without(confirmed.comments, gone)
    )


def mine_after(mine: Mine, event: events.LiveEvent) -> Mine:
    """What is the person's own after ``event``: of a deleted thread only the drafts are left."""
    if not isinstance(event, events.DeletedImageChat):
        return mine
    gone = event.conversation_id
    after = _with_homeless(mine, {gone}).replace(
        unread=mine.unread - {gone}, open_thread=None if mine.open_thread == gone else mine.open_thread
    )
    return mine if after == mine else after


def _with_homeless(mine: Mine, gone: Set[ConversationId]) -> Mine:
    return mine.replace(
        drafts=tuple(
            _homeless(draft) if conversation_of(draft.write) in gone else draft for draft in mine.drafts
        )
    )


def _homeless(draft: Draft) -> Draft:
    """A typed draft whose thread is gone joins those that could not be saved, so that its text is found."""
    if draft.problem is not None or not isinstance(draft.write, PostComment | EditComment):
        return draft
    return replace(draft, problem=Problem(ProblemKind.GONE))


def here_after(here: Here, event: events.LiveEvent, me: User | None) -> Here:
    """Who is here after ``event``, where they point, what they look at; the same object, if it does not tell."""
    match event:
        case events.PresenceUpdate():
            return _with_presence(here, event)
        case events.CursorMoved() if me is None or event.user_id != me.id:
            return here.replace(crosshairs=with_item(here.crosshairs, event.user_id, event.point))
        case events.ViewingChanged(now):
            return here_viewing(here, {**here.versions, **{one.user_id: one.versions for one in now}})
        case _:
            return here


def _with_presence(here: Here, event: events.PresenceUpdate) -> Here:
    """Who left first, then who came."""
    left = frozenset(event.left)
    after = here.replace(
        online=(here.online - left) | frozenset(event.joined),
        sockets=here.sockets if event.sockets is None else event.sockets,
    )
    if left & here.versions.keys():
        after = here_viewing(after, {user: told for user, told in here.versions.items() if user not in left})
    if left & here.crosshairs.keys():
        pointing = {user: point for user, point in here.crosshairs.items() if user not in left}
        return after.replace(crosshairs=MappingProxyType(pointing))
    return here if after == here else after


def here_viewing(here: Here, versions: Mapping[UserId, tuple[int, ...]]) -> Here:
    """``here`` with these versions by user; the same object, if they are what is known."""
    known = {user: told for user, told in versions.items() if told}
    return here if known == here.versions else here.replace(versions=MappingProxyType(known))


def confirmed_by_list(
    confirmed: Confirmed, snapshot: ConversationList, *, keep: frozenset[str] = frozenset()
) -> Confirmed:
    """Everything confirmed, replaced by a list.

    Args:
        confirmed: what was confirmed before; its ``peer`` tells what the list holds.
        snapshot: the conversation list.
        keep: conversations (ids) about which a hosted list is out of date.
    """
    before = confirmed.conversations
    told = snapshot.conversations
    if confirmed.peer is not Peer.OURS:  # there only the thread's own list and room tell
        told = tuple(replace(c, closed=True) if c.id in before and before[c.id].closed else c for c in told)
    conversations = {c.id: _same(before.get(c.id), c) for c in told if c.id not in keep}
    kept = {key: known for key, known in before.items() if key in keep}
    conversations.update(kept)
    comments = (
        _grouped(confirmed, conversations, snapshot.comments)
        if confirmed.peer is Peer.OURS
        else {key: known for key, known in confirmed.comments.items() if key in conversations}
    )
    own = snapshot.own
    ours = confirmed.peer is Peer.OURS
    votes = {vote.comment_id: vote for vote in own.votes} if ours else confirmed.votes
    return confirmed.replace(
        votes=confirmed.votes if votes == confirmed.votes else MappingProxyType(votes),
        flagged=_same(confirmed.flagged, own.flagged) if ours else confirmed.flagged,
        blocked=_same(confirmed.blocked, own.blocked) if ours else confirmed.blocked,
        me=confirmed.me if snapshot.user is None else snapshot.user,
        read_only=snapshot.read_only,
        banned_until_ms=snapshot.banned_until_ms,
        conversations=MappingProxyType(conversations),
        comments=MappingProxyType(comments),
        names=_names(confirmed, conversations, comments),
        position=snapshot.position,
    )


def mine_after_list(mine: Mine, *, before: Confirmed, now: Confirmed) -> Mine:
    """What is the person's own once a list has taken the place of what was confirmed."""
    own = {saved.conversation.id for saved in mine.acknowledged if saved.conversation is not None}
    closed = mine.open_thread not in now.conversations.keys() | own
    return _with_homeless(mine, before.conversations.keys() - now.conversations.keys()).replace(
        unread=frozenset(mine.unread & now.conversations.keys()),
        open_thread=None if closed else mine.open_thread,
    )


def _grouped(
    confirmed: Confirmed, conversations: Mapping[ConversationId, Conversation], comments: tuple[Comment, ...]
) -> dict[ConversationId, Comments]:
    """The comments of all threads by conversation, equal ones as the objects they were."""
    homes = {conversation.url_id: key for key, conversation in conversations.items()}
    grouped: dict[ConversationId, dict[CommentId, Comment]] = {key: {} for key in conversations}
    for comment in comments:
        home = homes.get(comment.url_id)
        if home is not None:
            known = confirmed.comments.get(home, NO_COMMENTS).get(comment.id)
            grouped[home][comment.id] = _same(known, comment)
    return {key: _same_thread(confirmed.comments.get(key), thread) for key, thread in grouped.items()}


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
    confirmed: Confirmed,
    conversations: Mapping[ConversationId, Conversation],
    comments: Mapping[ConversationId, Comments],
) -> Mapping[UserId, str]:
    names = dict(confirmed.names)
    for conversation in conversations.values():
        if conversation.author_id is not None and conversation.commenter_name:
            names[conversation.author_id] = conversation.commenter_name
    for thread in comments.values():
        for comment in thread.values():
            if comment.author_id is not None and comment.commenter_name:
                names[comment.author_id] = comment.commenter_name
    return confirmed.names if names == confirmed.names else MappingProxyType(names)


def confirmed_by_thread(
    confirmed: Confirmed,
    conversation_id: ConversationId,
    comments: tuple[Comment, ...],
    *,
    own: Own = NOTHING_OWN,
    keep: frozenset[str] = frozenset(),
) -> Confirmed:
    """``confirmed`` with one hosted thread replaced, in order of creation.

    ``own`` is what of it is the person's own. ``keep`` names comments about which the list is out of date.
    """
    if conversation_id not in confirmed.conversations:
        return confirmed
    before = confirmed.comments.get(conversation_id, NO_COMMENTS)
    # The wire lists a root with its replies behind it; the state is by creation. sorted() is stable.
    ordered = sorted(comments, key=lambda comment: comment.date_ms or 0)
    thread = {c.id: _same(before.get(c.id), c) for c in ordered if c.id not in keep}
    thread.update({key: known for key, known in before.items() if key in keep})
    confirmed = _with_own(confirmed, before.keys() | thread.keys() - keep, own)
    if _alike(before, thread) and conversation_id in confirmed.comments:
        return confirmed
    return confirmed.replace(
        comments=with_item(confirmed.comments, conversation_id, MappingProxyType(thread))
    )


def _with_own(confirmed: Confirmed, told: Set[CommentId], own: Own) -> Confirmed:
    """With what a list says that the person thinks of these comments."""
    votes = {key: vote for key, vote in confirmed.votes.items() if key not in told}
    votes |= {vote.comment_id: vote for vote in own.votes if vote.comment_id in told}
    if votes != confirmed.votes:
        confirmed = confirmed.replace(votes=MappingProxyType(votes))
    flagged = (confirmed.flagged - told) | (own.flagged & told)
    return confirmed if flagged == confirmed.flagged else confirmed.replace(flagged=flagged)
