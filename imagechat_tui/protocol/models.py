"""The things people talk about: frozen, built from JSON in one place (codec), copied by ``replace``."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from imagechat_tui.protocol.ids import (
    BroadcastId,
    CommentId,
    ConversationId,
    EventId,
    ImageId,
    TenantId,
    UrlId,
    UserId,
)


class Point(Struct, frozen=True):
    """A place on the image, in percent of its width and height from the top left corner."""

    x: float
    """Percent of the width, 0–100."""
    y: float
    """Percent of the height, 0–100."""


class Position(Struct, frozen=True):
    """A place in a room's event log. Only servers with our extensions have it."""

    epoch: str
    """Changes when the log was started anew; positions of different epochs do not compare."""
    seq: int
    """Number of the last event seen; 0 is before the first."""
    event_id: EventId = EventId("")
    """Id of the event at ``seq`` (empty if none): detects a restored backup."""


class PlaceKind(StrEnum):
    """What sort of name a picture was met under."""

    PATH = "path"
    """A file of a project, by its path in it."""
    URL = "url"
    """An address."""
    FILE = "file"
    """Any other file, by a hash that only its own machine can make."""


class Place(Struct, frozen=True):
    """A name that a picture was met under."""

    kind: PlaceKind
    value: str
    project: str = ""
    """Scope of a path; empty for the other kinds."""


class Version(Struct, frozen=True):
    """One set of pixels that an image has had."""

    number: int
    """From 1, in the order in which they were seen first."""
    pixels: str
    """sha256 of its size and RGBA, in hex."""
    sha256: str
    """Of the first file that had them, in hex."""
    width: int
    height: int
    scale: int
    """How many times as large it is as the picture that it stands for."""
    at_ms: int
    by: UserId
    """Who opened it first."""


class Matched(StrEnum):
    """How a picture was recognised."""

    KEY = "key"
    """By its room's key."""
    PATH = "path"
    URL = "url"
    FILE = "file"
    PIXELS = "pixels"
    NEW = "new"
    """Nobody knew it."""
    LINK = "link"
    """Somebody said so."""


class Why(StrEnum):
    """Why another image is told of."""

    PIXELS = "pixels"
    """It has had the same pixels."""
    MOVED = "moved"
    """It was once met in this place, has moved to others, and has never had these pixels."""


class OpenedImage(Struct, frozen=True):
    """An image as whoever opened it sees it."""

    id: ImageId
    url_id: UrlId
    src: str
    name: str
    project: str
    """Empty if it was never met in one."""
    matched: Matched
    version: int | None = None
    """The number of the pixels that were sent; None if they were not, or could not be noted."""
    latest: int = 0
    """The highest number of a version."""


class OtherImage(Struct, frozen=True):
    """Another image that may be the same picture."""

    id: ImageId
    url_id: UrlId
    name: str
    project: str
    markers: int
    paths: tuple[str, ...]
    """Where it is met in the project that was asked from."""
    why: Why


class User(Struct, frozen=True):
    """The asking user (``UserSessionInfo``) or a user in a presence list."""

    id: UserId
    username: str = ""
    display_name: str = ""
    email: str = ""
    avatar_src: str | None = None
    authorized: bool = True
    is_anonymous: bool = False
    is_admin: bool = False
    """Admin or moderator, as ``isSiteAdmin`` says."""
    session_id: str | None = None
    """Bearer secret of an anonymous session."""
    display_label: str = ""
    """Shown beside the name, such as "Team"."""
    website_url: str | None = None
    is_private: bool = False
    """Wishes to be named nowhere but beside what they write."""
    has_blocked_users: bool | None = None
    """Whether they have blocked anybody; None where that was not looked up."""

    @property
    def name(self) -> str:
        """The name to show: display name, else user name, else the id."""
        return self.display_name or self.username or self.id


class Conversation(Struct, frozen=True):
    """A conversation as the wire knows it (ImageChat): one marker and the key of its thread."""

    id: ConversationId
    url_id: UrlId
    """Thread key; opaque."""
    point: Point
    src: str | None = None
    created_from_comment_id: CommentId | None = None
    user_id: UserId | None = None
    anon_user_id: UserId | None = None
    commenter_name: str = ""
    comment_count: int | None = None
    """Approved comments, replies included; None if the server does not tell."""
    last_comment_at_ms: int | None = None
    created_at_ms: int | None = None
    number: int | None = None
    """Stable number within the image, by creation, never reused. Our servers only."""
    resolved: bool = False
    resolved_by: UserId | None = None
    resolved_at_ms: int | None = None
    version: int | None = None
    """Of the image's versions the one that it was made on; None if nobody knows. Our servers only."""
    closed: bool = False
    """A moderator has closed its thread: it takes no comments."""

    @property
    def author_id(self) -> UserId | None:
        """Who created it, signed in or not."""
        return self.user_id or self.anon_user_id


class Comment(Struct, frozen=True, gc=False):
    """One message of a thread: the union of PublicComment and PubSubComment.

    It holds nothing that could lead back to it, and there may be many: the collector need not look at them.
    """

    id: CommentId
    url_id: UrlId
    """Key of its thread."""
    user_id: UserId | None = None
    anon_user_id: UserId | None = None
    commenter_name: str = ""
    html: str = ""
    """As sent; hostile until it went through safetext."""
    text: str | None = None
    """Raw source, where the server tells it (events, and lists of our servers)."""
    parent_id: CommentId | None = None
    date_ms: int | None = None
    votes: int = 0
    votes_up: int = 0
    votes_down: int = 0
    verified: bool = True
    approved: bool = True
    is_deleted: bool = False
    is_pinned: bool = False
    is_locked: bool = False
    is_by_admin: bool = False
    is_by_moderator: bool = False
    edited_at_ms: int | None = None
    """Time of the last edit. Our servers only."""
    number: int | None = None
    """Its place in the thread when it was made, from 1: kept when others go. Our servers only."""
    url: str = ""
    """Address of the page; mandatory in events."""
    page_title: str = ""
    locale: str | None = None
    avatar_src: str | None = None
    """Of who wrote it, as the next two: when they wrote it."""
    commenter_link: str | None = None
    display_label: str = ""

    @property
    def author_id(self) -> UserId | None:
        """Who wrote it, signed in or not."""
        return self.user_id or self.anon_user_id


class Neighbours(Struct, frozen=True):
    """Where a root of a thread stands in an order: between which two."""

    before: CommentId | None
    """None: it is the first."""
    after: CommentId | None
    """None: it is the last."""


class Vote(Struct, frozen=True):
    """One vote. Votes are deltas on the wire: each ``id`` counts once."""

    id: str
    tenant_id: TenantId
    url_id: UrlId
    comment_id: CommentId
    direction: int
    """1 or -1."""
    created_at_ms: int
    user_id: UserId | None = None
    verification_id: str | None = None

    @property
    def author_id(self) -> UserId | None:
        """Who gave it, signed in or not."""
        return self.user_id


class Own(Struct, frozen=True):
    """What of a thread, and of who writes there, is the asking user's own."""

    votes: tuple[Vote, ...] = ()
    flagged: frozenset[CommentId] = frozenset()
    """Comments that they have flagged."""
    blocked: frozenset[UserId] = frozenset()
    """Whom they have blocked, wherever these write."""


class LogEntry(Struct, frozen=True):
    """One entry of the event log as REST gives it; ``data`` is the event as a JSON text."""

    id: EventId
    created_at_ms: int
    tenant_id: TenantId
    url_id: UrlId
    broadcast_id: BroadcastId
    data: str


class ReadMark(Struct, frozen=True):
    """How far somebody has read a thread."""

    conversation_id: ConversationId
    number: int
    """Of the last comment read; 0 if none was."""


class ReadState(Struct, frozen=True):
    """How far somebody has read the threads of an image."""

    revision: int = 0
    """Grows by one with each change; 0: they have never been here."""
    marks: tuple[ReadMark, ...] = ()


class Summary(Struct, frozen=True):
    """How it stands with an image, in two figures."""

    open: int = 0
    """Markers that are not resolved."""
    unread: int | None = None
    """Threads with something unread; None where that is not kept."""


class RoomSummary(Struct, frozen=True):
    """How it stands with an image, and which room that is: several pictures may share it."""

    url_id: UrlId
    summary: Summary


class Viewing(Struct, frozen=True):
    """Which versions of an image somebody looks at."""

    user_id: UserId
    versions: tuple[int, ...]
    """By number, the oldest first: of each of their sessions that knows which one it shows. Mostly one."""


class PlacementState(StrEnum):
    """What is known of a marker on a version that it was not made on."""

    SAME = "same"
    """What it points at is there, and has not changed."""
    CHANGED = "changed"
    """It keeps its place, and the pixels under it differ."""
    MOVED = "moved"
    """What it points at has moved, and the marker with it."""
    GUESS = "guess"
    """Nobody can tell: it keeps its place, and somebody should look."""
    SET = "set"
    """A person has said where it is."""


class Placement(Struct, frozen=True):
    """Where a marker is on a version of its image that it was not made on."""

    conversation_id: ConversationId
    point: Point
    """On that version."""
    state: PlacementState
    origin: Point | None = None
    """Where the marker stood on its own version when this was worked out. It holds for as long as the marker stands
    there. None if a person has said it: that holds wherever the marker goes."""
    score: float | None = None
    """How sure it is, 0–1, where it was worked out."""
    by: UserId | None = None
    """The person who has said it; None where it was worked out, and in requests: there it is who asks."""


class Placements(Struct, frozen=True):
    """Where markers are on a version of their image: all of them, or what has changed."""

    version: int
    revision: int = 0
    """Grows by one with each change of this version's placements; 0: nobody has placed anything."""
    placements: tuple[Placement, ...] = ()
    gone: tuple[ConversationId, ...] = ()
    """Markers that have no placement any more; told in changes only."""
