"""Request and reply of each REST route, with its method and path; shared by client and server."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from imagechat_tui.protocol.ids import (
    BroadcastId,
    CommentId,
    ConversationId,
    ImageId,
    TenantId,
    UrlId,
    UserId,
)
from imagechat_tui.protocol.models import (
    Comment,
    Conversation,
    LogEntry,
    OpenedImage,
    OtherImage,
    Own,
    Place,
    Placement,
    Point,
    Position,
    ReadMark,
    Summary,
    User,
    Version,
    Viewing,
)
from imagechat_tui.protocol.tagged import Tagged


class Route(Struct, frozen=True):
    """Method and path template of one route; every path is valid with and without a trailing slash."""

    method: str
    template: str

    def path(self, **parts: str) -> str:
        """The path with each part percent-encoded."""
        from urllib.parse import quote

        return self.template.format_map({name: quote(value, safe="") for name, value in parts.items()})


LIST_CONVERSATIONS = Route("GET", "/comment-image-chats/{tenant_id}")
CREATE_CONVERSATION = Route("POST", "/comment-image-chats/{tenant_id}")
UPDATE_CONVERSATION = Route("PATCH", "/comment-image-chats/{tenant_id}/{chat_id}")
DELETE_CONVERSATION = Route("DELETE", "/comment-image-chats/{tenant_id}/{chat_id}")
RESTORE_CONVERSATION = Route("POST", "/comment-image-chats/{tenant_id}/{chat_id}/restore")
OPEN_IMAGE = Route("POST", "/comment-image-chats/{tenant_id}/images")
SHOW_IMAGE = Route("GET", "/comment-image-chats/{tenant_id}/images/{image_id}")
LINK_IMAGE = Route("POST", "/comment-image-chats/{tenant_id}/images/{image_id}/places")
READ_STATE = Route("GET", "/comment-image-chats/{tenant_id}/read-state")
CHANGE_READ_STATE = Route("PUT", "/comment-image-chats/{tenant_id}/read-state")
PLACEMENTS = Route("GET", "/comment-image-chats/{tenant_id}/placements")
CHANGE_PLACEMENTS = Route("PUT", "/comment-image-chats/{tenant_id}/placements")
LIST_ROOMS = Route("GET", "/comment-image-chats/{tenant_id}/rooms")
SUMMARIZE = Route("POST", "/comment-image-chats/{tenant_id}/summary")
SHOW_PICTURE = Route("GET", "/images/{tenant_id}/{sha256}")
KEEP_PICTURE = Route("PUT", "/images/{tenant_id}/{sha256}")
LIST_COMMENTS = Route("GET", "/comments/{tenant_id}")
CREATE_COMMENT = Route("POST", "/comments/{tenant_id}")
DELETE_COMMENT = Route("DELETE", "/comments/{tenant_id}/{comment_id}")
COMMENT_TEXT = Route("GET", "/comments/{tenant_id}/{comment_id}/text")
EDIT_COMMENT = Route("POST", "/comments/{tenant_id}/{comment_id}/update-text")
PIN_COMMENT = Route("POST", "/comments/{tenant_id}/{comment_id}/pin")
UNPIN_COMMENT = Route("POST", "/comments/{tenant_id}/{comment_id}/unpin")
LOCK_COMMENT = Route("POST", "/comments/{tenant_id}/{comment_id}/lock")
UNLOCK_COMMENT = Route("POST", "/comments/{tenant_id}/{comment_id}/unlock")
CLOSE_THREAD = Route("PUT", "/auth/my-account/moderate-comments/close-thread")
REOPEN_THREAD = Route("PUT", "/auth/my-account/moderate-comments/reopen-thread")
LOGOUT = Route("PUT", "/auth/logout")
VOTE = Route("POST", "/comments/{tenant_id}/{comment_id}/vote")
UNVOTE = Route("DELETE", "/comments/{tenant_id}/{comment_id}/vote/{vote_id}")
VOTERS = Route("GET", "/comments/{tenant_id}/{comment_id}/votes")
FLAG_COMMENT = Route("POST", "/flag-comment/{comment_id}")
BLOCK_AUTHOR = Route("POST", "/block-from-comment/{comment_id}")
UNBLOCK_AUTHOR = Route("DELETE", "/block-from-comment/{comment_id}")
CHECK_BLOCKED = Route("GET", "/check-blocked-comments")
EVENT_LOG = Route("GET", "/event-log/{tenant_id}")
PRESENCE_STATUS = Route("GET", "/user-presence-status")
USERS_ONLINE = Route("GET", "/pages/{tenant_id}/users/online")
USERS_INFO = Route("GET", "/pages/{tenant_id}/users/info")
SEARCH_USERS = Route("GET", "/user-search/{tenant_id}")
DAILY_USAGE = Route("GET", "/api/v1/tenant-daily-usage")
SUBSCRIBE = Route("GET", "/sub")
HEALTH = Route("GET", "/healthz")
READY = Route("GET", "/readyz")

EXTENSION_HEADER = "X-FC-Ext"
"""On every answer of our servers; its absence makes the peer "hosted"."""
LOG_COMPLETE_HEADER = "X-FC-Event-Log-Complete"
DEADLINE_HEADER = "X-Deadline"
"""Server time in ms after which a write must not be carried out any more (408)."""


class RoomIds(Struct, frozen=True):
    """The three opaque ids that ``/sub`` wants; none may reach a log."""

    tenant_id_ws: str
    url_id_ws: str
    user_id_ws: str


class ConversationList(Struct, frozen=True):
    """Answer of LIST_CONVERSATIONS."""

    conversations: tuple[Conversation, ...]
    url_id_clean: UrlId
    room: RoomIds | None
    user: User | None = None
    is_site_admin: bool = False
    server_time_ms: int | None = None
    """Baseline for resync by time: log entries from here on are what this list lacks."""
    position: Position | None = None
    """Read in the same transaction as the list (``v=2``)."""
    comments: tuple[Comment, ...] = ()
    """All comments of all threads, oldest first (``v=2``): offline, every thread stays readable."""
    read_only: bool = False
    """This user may look and not write (``v=2``)."""
    banned_until_ms: int | None = None
    """That is so because they are banned, until then (``v=2``)."""
    own: Own = Own()
    """What of all its threads is the asking user's own (``v=2``)."""
    left_out: int = 0
    """Conversations of the answer that could not be read (servers that are not ours)."""


class CreateConversation(Struct, frozen=True):
    """Body of CREATE_CONVERSATION."""

    url_id: UrlId
    window_url_id: UrlId
    """Thread key."""
    page_title: str
    src: str
    point: Point
    broadcast_id: BroadcastId
    created_from_comment_id: CommentId | None = None
    """The first comment, posted before (hosted); else ``comment`` carries its text (ours)."""
    comment: str | None = None
    version: int | None = None
    """Of the image's versions the one that the person looked at (``v=2``); None is the latest."""


class UpdateConversation(Struct, frozen=True):
    """Body of UPDATE_CONVERSATION: what is None stays."""

    broadcast_id: BroadcastId
    point: Point | None = None
    resolved: bool | None = None


RESTORABLE_MS = 600_000
"""How long our servers can restore a deleted marker; then its words go."""


class ConversationReply(Tagged, frozen=True):
    """Answer of CREATE_CONVERSATION, UPDATE_CONVERSATION and RESTORE_CONVERSATION."""

    id: ConversationId
    conversation: Conversation | None = None
    comment: Comment | None = None
    """The first comment, when it was made in the same POST."""


NEW_IMAGE: Final = ImageId("new")
"""Stands for an image that there is not yet, where one is named."""
MAX_PICTURE_BYTES: Final = 20 << 20
"""Of a picture itself (9.5)."""
PICTURE_BYTES_PER_S: Final = 64 << 10
"""Slower than that on the whole, a picture is not waited for."""
MAX_PLACES: Final = 8
"""Places that one request may name."""
MAX_PLACE: Final = 2_000
"""Characters of a place's value."""
MAX_PROJECT: Final = 500
MAX_IMAGE_NAME: Final = 500
MAX_SIDE: Final = 1_000_000
"""Pixels of a picture, each way."""


class Pixels(Struct, frozen=True):
    """What a picture looks like, as far as a server is told."""

    pixels: str
    """sha256 of ``WxH`` and its RGBA as it is seen, in hex: the same however the file was packed."""
    sha256: str
    """Of the file, in hex."""
    width: int
    height: int
    plain: bool = False
    """Of one colour, or very small: too many pictures look so for it to tell one."""
    scale: int = 1
    """How many times as large it is as the picture whose place it takes (``shot@2x.png``)."""


class OpenImage(Struct, frozen=True):
    """Body of OPEN_IMAGE and LINK_IMAGE."""

    broadcast_id: BroadcastId
    name: str
    """What the file is called."""
    places: tuple[Place, ...] = ()
    url_id: UrlId | None = None
    """The key of its room, where that is known: it wins over all else."""
    picture: Pixels | None = None
    """None asks by the places alone."""
    bind: ImageId | None = None
    """Which image it is, if no place tells: an id, or ``NEW_IMAGE``. None only asks."""
    told: tuple[ImageId, ...] | None = None
    """The others that ``NEW_IMAGE`` was decided in view of. None holds whatever has been noted meanwhile."""


class ImageReply(Struct, frozen=True):
    """Answer of OPEN_IMAGE and LINK_IMAGE."""

    image: OpenedImage | None
    """None: no place is known, and the asking side decides whose room it gets."""
    others: tuple[OtherImage, ...] = ()
    """The likeliest first."""
    left: tuple[UrlId, ...] = ()
    """Rooms that the places were linked to before."""


class ImageDetails(Struct, frozen=True):
    """Answer of SHOW_IMAGE."""

    image: OpenedImage
    places: tuple[Place, ...]
    versions: tuple[Version, ...]


MAX_READ_MARKS: Final = 500
"""Threads that one CHANGE_READ_STATE may name."""


class ChangeReadState(Struct, frozen=True):
    """Body of CHANGE_READ_STATE. It needs no broadcastId: done twice it is done once."""

    read: tuple[ReadMark, ...] = ()
    """Read at least as far as this."""
    unread: tuple[ReadMark, ...] = ()
    """Read as far as this and no farther."""
    since_ms: int | None = None
    """For whoever has never been there: what was said before, by the server's clock, is read; None: all of it."""


MAX_ROOMS: Final = 200
"""Keys that one LIST_ROOMS tells."""


class Rooms(Struct, frozen=True):
    """Answer of LIST_ROOMS."""

    url_ids: tuple[UrlId, ...]
    """In the order of their bytes."""
    has_more: bool = False


MAX_SUMMARIES: Final = 200
"""Keys and places that one SUMMARIZE may name."""


class Summarize(Struct, frozen=True):
    """Body of SUMMARIZE."""

    url_ids: tuple[UrlId, ...] = ()
    places: tuple[Place, ...] = ()
    """Images that are known by where they are met."""
    people: bool = False
    """Whether to tell who looks at each of them, too."""
    begins: bool = False
    """Whether to note that the asking user begins to read those where they have never been."""
    since_ms: int | None = None
    """What was said there before this time of the server's clock is taken as read; None: all that is there. Without
    ``begins`` it counts as unread what was said later, and nothing is noted."""


class Summaries(Struct, frozen=True):
    """Answer of SUMMARIZE."""

    of: Mapping[UrlId, Summary]
    at: tuple[UrlId | None, ...] = ()
    """The key of the image at each place that was asked for; None where nobody knows one."""
    people: Mapping[UrlId, UsersOnline] | None = None
    """Who looks at those where somebody does; None if it was not asked for, or the server does not tell."""
    server_time_ms: int | None = None
    """When it was asked, by the server's clock; None if the server does not tell."""


MAX_PLACEMENTS: Final = 200
"""Markers that one CHANGE_PLACEMENTS may name."""


class ChangePlacements(Struct, frozen=True):
    """Body of CHANGE_PLACEMENTS. It needs no broadcastId: done twice it is done once."""

    version: int
    placements: tuple[Placement, ...] = ()
    unset: tuple[ConversationId, ...] = ()
    """Markers of which a person takes back what a person has said: what was worked out holds again."""


class Direction(StrEnum):
    """Order of a comment list."""

    MOST_RELEVANT = "MR"
    NEWEST_FIRST = "NF"
    OLDEST_FIRST = "OF"


class ListComments(Struct, frozen=True):
    """Query of LIST_COMMENTS. ``page`` None means the flexible style (skip, limit)."""

    url_id: UrlId
    direction: Direction = Direction.OLDEST_FIRST
    page: int | None = None
    skip: int = 0
    limit: int = 200
    as_tree: bool = False
    parent_id: CommentId | None = None
    count_all: bool = True
    max_tree_depth: int | None = None
    count_children: bool = False
    limit_children: int | None = None
    skip_children: int = 0
    include_config: bool = False
    page_of: CommentId | None = None
    """``fetchPageForCommentId``: the page with this comment is wanted, whichever it is."""
    after: CommentId | None = None
    """Flexible style: only what follows this comment in the order asked for."""
    before: CommentId | None = None
    """Flexible style: only what precedes this comment, the nearest of it."""
    search_text: str = ""
    """Only comments whose source has these words."""
    hash_tags: tuple[str, ...] = ()
    """Only comments with one of these, without the ``#``."""
    user_id: UserId | None = None
    """Only comments of this user."""
    v2: bool = False


class Branch(Struct, frozen=True):
    """What a tree shows below one of its comments."""

    shown: tuple[CommentId, ...]
    """Direct replies, in order."""
    has_children: bool
    """Whether there are any, shown or not."""
    count: int | None = None
    """How many direct replies there are; None if that was not asked for."""
    nested: int | None = None
    """The same of all replies below."""


class ThreadConfig(Struct, frozen=True):
    """What a server tells clients of its settings, if they ask: as far as we have what official ones know."""

    allow_anon: bool
    """People without sign-in may comment, vote and flag."""
    require_sso: bool
    max_comment_length: int
    """UTF-16 units."""


class CommentList(Struct, frozen=True):
    """Answer of LIST_COMMENTS."""

    comments: tuple[Comment, ...]
    """Depth first, whatever was asked for."""
    url_id_clean: UrlId
    room: RoomIds | None
    branches: Mapping[CommentId, Branch] | None = None
    """How the comments nest, if they are a tree. The reader, who has ``parent_id``, flattens it: None."""
    own: Own = Own()
    """What of the thread is the asking user's own."""
    flags: Mapping[CommentId, int] = {}
    """How many have flagged each comment, where anybody has: for moderators (``v=2``)."""
    config: ThreadConfig | None = None
    """It is for other clients, if they ask for it."""
    user: User | None = None
    page_number: int = 0
    comment_count: int = 0
    has_more: bool = False
    is_closed: bool = False
    is_site_admin: bool = False
    last_gen_date_ms: int | None = None
    position: Position | None = None
    left_out: int = 0
    """Comments of the answer that could not be read (servers that are not ours)."""


class CreateComment(Struct, frozen=True):
    """Query and body of CREATE_COMMENT."""

    url_id: UrlId
    broadcast_id: BroadcastId
    comment: str
    url: str
    commenter_name: str
    parent_id: CommentId | None = None
    page_title: str = ""
    date_ms: int | None = None
    commenter_email: str | None = None
    product_id: int | None = 2
    """2 is image chat."""


class CommentReply(Tagged, frozen=True):
    """Answer of CREATE_COMMENT."""

    comment: Comment
    user: User | None = None
    user_id_ws: str | None = None


class EditComment(Struct, frozen=True):
    """Query and body of EDIT_COMMENT."""

    comment_id: CommentId
    broadcast_id: BroadcastId
    comment: str


class EditReply(Tagged, frozen=True):
    """Answer of EDIT_COMMENT."""

    html: str
    approved: bool = True


OWN_VOTE: Final = "own"
"""Names in UNVOTE the vote that the asking user has given, for who does not know its id (our servers)."""


class VoteReply(Tagged, frozen=True):
    """Answer of VOTE."""

    vote_id: str
    is_pending: bool = False
    """It does not count until it is confirmed by mail (hosted servers)."""


class Voters(Struct, frozen=True):
    """Answer of VOTERS."""

    names: tuple[str, ...]
    has_more: bool


class EventLogQuery(Struct, frozen=True):
    """Query of EVENT_LOG: by time (any server), or after a position (``v=2``)."""

    url_id: UrlId
    user_id_ws: str
    start_time_ms: int = 0
    end_time_ms: int | None = None
    after: Position | None = None


class EventLog(Struct, frozen=True):
    """Answer of EVENT_LOG."""

    entries: tuple[LogEntry, ...]
    complete: bool | None = None
    """False: something after the start was discarded or cut. None: the server does not say."""


class UsersOnline(Struct, frozen=True):
    """Answer of USERS_ONLINE."""

    users: tuple[User, ...]
    anon_count: int = 0
    total_count: int = 0
    """More than the two together if there were too many to name."""
    viewing: tuple[Viewing, ...] = ()
    """Which versions of the image they look at, as far as that is known (``v=2``)."""


class ErrorReply(Struct, frozen=True):
    """Any answer that is not success. One shape, whatever the route wrote."""

    status: int
    """HTTP status."""
    code: str
    reason: str
    retry_after_s: float | None = None
    max_length: int | None = None
    """Longest comment allowed, in UTF-16 units (code ``comment-too-big``)."""
    banned_until_ms: int | None = None
    """With the code ``banned``: until when, in ms since the epoch."""
    shown: str | None = None
    """``translatedError`` or ``message``: the server's words for people."""


class Tenant(Struct, frozen=True):
    """A tenant as ``imagechat tenant`` shows it."""

    id: TenantId
    name: str = ""
    allow_anon: bool = False
    require_sso: bool = False
    disabled: bool = False
