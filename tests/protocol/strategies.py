"""Hypothesis strategies for everything that can be on the wire."""

from __future__ import annotations

from hypothesis import strategies as st
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
    OwnChanged,
    PlacementsChanged,
    PresenceUpdate,
    ReadElsewhere,
    ReadStateChanged,
    Reset,
    Skip,
    Stamp,
    Subscribed,
    ThreadStateChange,
    UnknownEvent,
    UpdatedComment,
    ViewingChanged,
    VoteChanged,
)
from imagechat_tui.protocol.ids import (
    BroadcastId,
    CommentId,
    ConversationId,
    EventId,
    TenantId,
    UrlId,
    UserId,
)
from imagechat_tui.protocol.models import (
    Comment,
    Conversation,
    LogEntry,
    Own,
    Placement,
    Placements,
    PlacementState,
    Point,
    Position,
    ReadMark,
    ReadState,
    User,
    Viewing,
    Vote,
)
from imagechat_tui.protocol.routes import (
    CommentList,
    CommentReply,
    ConversationList,
    ConversationReply,
    CreateComment,
    CreateConversation,
    Direction,
    EventLog,
    EventLogQuery,
    ListComments,
    RoomIds,
    UpdateConversation,
    UsersOnline,
)

COMMENT_FIELDS = frozenset(Comment.__struct_fields__)
_PROFILE = frozenset({"avatar_src", "commenter_link", "display_label"})
_ALWAYS_WRITTEN = COMMENT_FIELDS - {"anon_user_id", "edited_at_ms", "number", "page_title"} - _PROFILE


def junk(keys: st.SearchStrategy[str] = st.text(max_size=3)) -> st.SearchStrategy[object]:  # noqa: B008 (immutable)
    """Any value that JSON, or Python's idea of it, can put in the place of another."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=2),
        max_leaves=5,
    )


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
words = texts.filter(bool)
opaque = st.text("abcdefXYZ019_-", min_size=1, max_size=12)
times = st.integers(0, 253_402_300_799_999)
counts = st.integers(-5, 100_000)
points = st.builds(Point, st.floats(0, 100), st.floats(0, 100)).map(
    lambda point: Point(point.x + 0.0, point.y + 0.0)
)
user_ids = words.map(UserId)
comment_ids = opaque.map(CommentId)
conversation_ids = opaque.map(ConversationId)
url_ids = words.map(UrlId)
broadcast_ids = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40).map(
    BroadcastId
)
positions = st.builds(
    Position, epoch=opaque, seq=st.integers(0, 2**53), event_id=st.just("").map(EventId) | opaque.map(EventId)
)
stamps = st.builds(
    Stamp,
    timestamp_ms=st.none() | times,
    broadcast_id=st.none() | broadcast_ids,
    actor_id=st.none() | user_ids,
    position=positions,
)
conversations = st.builds(
    Conversation,
    id=conversation_ids,
    url_id=url_ids,
    point=points,
    src=st.none() | texts,
    created_from_comment_id=st.none() | comment_ids,
    user_id=st.none() | user_ids,
    anon_user_id=st.none() | user_ids,
    commenter_name=texts,
    comment_count=counts,
    last_comment_at_ms=st.none() | times,
    created_at_ms=st.none() | times,
    number=st.none() | counts,
    resolved=st.booleans(),
    resolved_by=st.none() | user_ids,
    resolved_at_ms=st.none() | times,
    version=st.none() | counts,
    closed=st.booleans(),
)
comments = st.builds(
    Comment,
    id=comment_ids,
    url_id=url_ids,
    user_id=st.none() | user_ids,
    anon_user_id=st.none() | user_ids,
    commenter_name=texts,
    html=texts,
    text=st.none() | texts,
    parent_id=st.none() | comment_ids,
    date_ms=st.none() | times,
    votes=counts,
    votes_up=counts,
    votes_down=counts,
    verified=st.booleans(),
    approved=st.booleans(),
    is_deleted=st.booleans(),
    is_pinned=st.booleans(),
    is_locked=st.booleans(),
    is_by_admin=st.booleans(),
    is_by_moderator=st.booleans(),
    edited_at_ms=st.none() | times,
    number=st.none() | counts,
    url=texts,
    page_title=texts,
    locale=st.none() | texts,
    avatar_src=st.none() | texts,
    commenter_link=st.none() | texts,
    display_label=texts,
)
votes = st.builds(
    Vote,
    id=opaque,
    tenant_id=opaque.map(TenantId),
    url_id=url_ids,
    comment_id=comment_ids,
    direction=st.sampled_from([1, -1]),
    created_at_ms=times,
    user_id=st.none() | user_ids,
    verification_id=st.none() | texts,
)
users = st.builds(
    User,
    id=user_ids,
    username=texts,
    display_name=texts,
    email=texts,
    avatar_src=st.none() | texts,
    authorized=st.booleans(),
    is_anonymous=st.booleans(),
    session_id=st.none() | texts,
    display_label=texts,
    website_url=st.none() | texts,
    has_blocked_users=st.none() | st.booleans(),
)
rooms = st.builds(RoomIds, opaque, opaque, opaque)
log_entries = st.builds(
    LogEntry,
    id=opaque.map(EventId),
    created_at_ms=times,
    tenant_id=opaque.map(TenantId),
    url_id=url_ids,
    broadcast_id=broadcast_ids,
    data=texts,
)


# Requests

create_conversations = st.builds(
    CreateConversation,
    url_id=url_ids,
    window_url_id=url_ids,
    page_title=texts,
    src=texts,
    point=points,
    broadcast_id=broadcast_ids,
    created_from_comment_id=st.none() | comment_ids,
    comment=st.none() | texts,
    version=st.none() | counts,
).filter(lambda create: create.created_from_comment_id is not None or create.comment is not None)
update_conversations = st.builds(
    UpdateConversation,
    broadcast_id=broadcast_ids,
    point=st.none() | points,
    resolved=st.none() | st.booleans(),
).filter(lambda update: update.point is not None or update.resolved is not None)
create_comments = st.builds(
    CreateComment,
    url_id=url_ids,
    broadcast_id=broadcast_ids,
    comment=texts,
    url=texts,
    commenter_name=texts,
    parent_id=st.none() | comment_ids,
    page_title=texts,
    date_ms=st.none() | times,
    commenter_email=st.none() | texts,
    product_id=st.none() | counts,
)


def _paged(listing: ListComments, page: int) -> ListComments:
    """By page: without skip and limit, which then have their defaults."""
    return replace(listing, page=page, skip=0, limit=30)


_flexible = st.builds(
    ListComments,
    url_id=url_ids,
    direction=st.sampled_from(Direction),
    skip=st.integers(0, 2**53),
    limit=st.integers(-1, 999_999),
    as_tree=st.booleans(),
    parent_id=st.none() | comment_ids,
    count_all=st.booleans(),
    max_tree_depth=st.none() | st.integers(0, 20),
    count_children=st.booleans(),
    limit_children=st.none() | st.integers(0, 200),
    skip_children=st.integers(0, 200),
    include_config=st.booleans(),
    page_of=st.none() | comment_ids,
    after=st.none() | comment_ids,
    before=st.none() | comment_ids,
    search_text=texts,
    hash_tags=st.lists(st.text("abc-_1é", min_size=1), max_size=3).map(tuple),
    user_id=st.none() | user_ids,
    v2=st.booleans(),
)
list_comments = _flexible | st.builds(_paged, _flexible, st.integers(-1, 100))
event_log_queries = st.builds(
    EventLogQuery,
    url_id=url_ids,
    user_id_ws=texts,
    start_time_ms=times,
    end_time_ms=st.none() | times,
    after=st.none() | positions,
)


# Answers


def _as_answered(answer: ConversationList | CommentList) -> ConversationList | CommentList:
    """With the user being staff as the answer as a whole says: only that is on the wire."""
    user = answer.user
    return replace(answer, user=user and replace(user, is_admin=answer.is_site_admin))


own_votes = st.builds(
    Vote, opaque, st.just(TenantId("")), st.just(UrlId("")), comment_ids, st.sampled_from([1, -1]), st.just(0)
)
owns = st.builds(
    Own,
    st.lists(own_votes, max_size=2).map(tuple),
    st.frozensets(comment_ids, max_size=2),
    st.frozensets(user_ids, max_size=2),
)
"""As far as a list of markers tells it."""
conversation_lists = st.builds(
    ConversationList,
    conversations=st.lists(conversations, max_size=2).map(tuple),
    url_id_clean=url_ids,
    room=st.none() | rooms,
    user=st.none() | users,
    is_site_admin=st.booleans(),
    server_time_ms=st.none() | times,
    position=st.none() | positions,
    comments=st.lists(comments, max_size=2).map(tuple),
    read_only=st.booleans(),
    banned_until_ms=st.none() | times,
    own=owns,
).map(_as_answered)
conversation_replies = st.builds(
    lambda conversation, comment: ConversationReply(conversation.id, conversation, comment),
    conversations,
    st.none() | comments,
) | st.builds(ConversationReply, id=conversation_ids, comment=st.none() | comments)
comment_lists = st.builds(
    CommentList,
    comments=st.lists(comments, max_size=3).map(tuple),
    url_id_clean=url_ids,
    room=st.none() | rooms,
    user=st.none() | users,
    page_number=counts,
    comment_count=counts,
    has_more=st.booleans(),
    is_closed=st.booleans(),
    is_site_admin=st.booleans(),
    last_gen_date_ms=st.none() | times,
    position=st.none() | positions,
).map(_as_answered)
comment_replies = st.builds(
    CommentReply, comment=comments, user=st.none() | users, user_id_ws=st.none() | opaque
)
event_logs = st.builds(EventLog, st.lists(log_entries, max_size=3).map(tuple), st.none() | st.booleans())
page_users = st.builds(User, id=user_ids, display_name=texts, avatar_src=st.none() | texts)
viewings = st.builds(
    Viewing,
    user_ids,
    st.lists(st.integers(1, 2**53), max_size=8, unique=True).map(lambda some: tuple(sorted(some))),
)
viewing = st.lists(viewings, max_size=3, unique_by=lambda one: one.user_id).map(tuple)
users_online = st.builds(UsersOnline, st.lists(page_users, max_size=3).map(tuple), counts, counts, viewing)


# Events


def _updated(stamp: Stamp, comment: Comment) -> UpdatedComment:
    """With ``present`` as decoding finds it: what the frame of a full comment holds."""
    optional = {
        "anon_user_id": comment.anon_user_id is not None,
        "edited_at_ms": comment.edited_at_ms is not None,
        "number": comment.number is not None,
        "page_title": bool(comment.page_title),
        "avatar_src": comment.avatar_src is not None,
        "commenter_link": comment.commenter_link is not None,
        "display_label": bool(comment.display_label),
    }
    present = _ALWAYS_WRITTEN | {name for name, written in optional.items() if written}
    return UpdatedComment(stamp, comment, frozenset(present))


def _deleted(stamp: Stamp, comment: Comment) -> DeletedComment:
    return DeletedComment(stamp, comment.id, comment)


image_chat_events: st.SearchStrategy[NewImageChat | ImageChatUpdated | DeletedImageChat] = st.one_of(
    st.builds(NewImageChat, stamps, conversations),
    st.builds(ImageChatUpdated, stamps, conversations, texts, st.none() | comments),
    st.builds(DeletedImageChat, stamps, conversation_ids, st.none() | url_ids),
)
comment_events: st.SearchStrategy[NewComment | UpdatedComment | DeletedComment] = st.one_of(
    st.builds(NewComment, stamps, comments),
    st.builds(_updated, stamps, comments),
    st.builds(_deleted, stamps, comments),
)
read_marks: st.SearchStrategy[tuple[ReadMark, ...]] = st.dictionaries(
    conversation_ids, st.integers(0, 2**53), max_size=4
).map(lambda numbers: tuple(ReadMark(*item) for item in numbers.items()))
read_states = st.builds(ReadState, st.integers(0, 2**53), read_marks)
placement_tuples: st.SearchStrategy[tuple[Placement, ...]] = st.lists(
    st.builds(
        Placement,
        conversation_ids,
        points,
        st.sampled_from([state for state in PlacementState if state is not PlacementState.SET]),
        origin=points,
        score=st.none() | st.floats(0, 1).map(abs),
        by=st.none() | user_ids,
    )
    | st.builds(Placement, conversation_ids, points, st.just(PlacementState.SET), by=st.none() | user_ids),
    max_size=4,
    unique_by=lambda placement: placement.conversation_id,
).map(tuple)
placements = st.builds(
    Placements,
    counts,
    st.integers(0, 2**53),
    placement_tuples,
    gone=st.lists(conversation_ids, max_size=3).map(tuple),
)
extension_events: st.SearchStrategy[LiveEvent] = st.one_of(
    st.builds(Subscribed, positions, times),
    st.builds(Reset, texts),
    st.builds(Skip, positions),
    st.builds(CursorMoved, user_ids, points),
    st.builds(ReadStateChanged, read_states),
    st.builds(ReadElsewhere),
    st.builds(OwnChanged),
    st.builds(PlacementsChanged, placements),
    st.builds(ViewingChanged, viewing),
)
events: st.SearchStrategy[LiveEvent] = st.one_of(
    image_chat_events,
    comment_events,
    extension_events,
    st.builds(
        ImageChatsStale,
        stamps,
        st.sampled_from(["new-image-chat", "image-chat-updated"]),
    ),
    st.builds(VoteChanged, stamps, votes, st.booleans()),
    st.builds(ThreadStateChange, stamps, st.booleans()),
    st.builds(
        PresenceUpdate,
        joined=st.lists(user_ids, max_size=3).map(tuple),
        left=st.lists(user_ids, max_size=3).map(tuple),
        sockets=st.none() | counts,
        ts_ms=st.none() | times,
    ),
    st.builds(UnknownEvent, words.map(lambda word: f"x-{word}"), stamps),
)
