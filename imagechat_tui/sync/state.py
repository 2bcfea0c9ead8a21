"""What the client knows, as one frozen value that can be printed, compared and replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import TypeAlias, TypedDict, Unpack

from msgspec import Struct, field
from msgspec.structs import replace

from imagechat_tui.problems import EXPLORING, NOT_SIGNED_IN, Problem, ProblemKind
from imagechat_tui.protocol import codes
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, TenantId, UrlId, UserId
from imagechat_tui.protocol.models import (
    Comment,
    Conversation,
    OpenedImage,
    OtherImage,
    Place,
    Placement,
    PlacementState,
    Point,
    Position,
    ReadMark,
    User,
    Version,
    Vote,
)
from imagechat_tui.sync.intents import Write

Comments: TypeAlias = Mapping[CommentId, Comment]
"""The comments of one thread, in order of creation."""

NO_COMMENTS: Comments = MappingProxyType({})


class Phase(StrEnum):
    """The connection states of PROMISES 5; the value is the word on screen."""

    STARTING = "starting"
    LIVE = "live"
    CATCHING_UP = "catching up"
    RECONNECTING = "reconnecting"
    OFFLINE = "offline"
    POLLING = "live updates off"
    SIGN_IN_NEEDED = "sign-in needed"
    READ_ONLY = "read-only"


class Peer(Enum):
    """Which kind of server answers."""

    UNKNOWN = "unknown"
    OURS = "ours"
    """Has our extensions (header ``X-FC-Ext``)."""
    HOSTED = "hosted"


class Room(Struct, frozen=True):
    """What the session looks at."""

    tenant_id: TenantId
    url_id: UrlId
    """Image key."""
    src: str
    """The string that names the image inside thread keys."""
    page_title: str = ""
    url: str = ""
    """Address of the page, stored with comments."""
    image: OpenedImage | None = None
    """What a server of ours knows the picture as; None before it has said so, and where it was not asked."""
    others: tuple[OtherImage, ...] = ()
    """Images that may be the same picture."""
    explores: bool = False
    """The person only looks around: nothing is written or marked, and nothing of them is noted."""
    own: OpenedImage | None = None
    """What the picture is by its place, where the person named another room."""
    places: tuple[Place, ...] = ()
    """Where the image is met, once that was asked for."""
    versions: tuple[Version, ...] = ()
    """What it has looked like, once that was asked for; the newest last."""
    unseen: int | None = None
    """Below 0 if the picture is shown as the image has never looked to the server; another number for other pixels."""
    shown_since_ms: int | None = None
    """Since when the person has been shown the folder of the picture, by the server's clock: what was said later they
    have not read."""

    @property
    def version(self) -> int | None:
        """Which of the image's versions is shown; below 0 one that the server has not seen, None if nobody knows."""
        known = None if self.image is None else self.image.version
        return self.unseen if known is None else known


class ConnectionChanges(TypedDict, total=False):
    """What `Connection.replace` takes."""

    phase: Phase
    as_of_s: float | None
    lost_at_s: float | None
    retry_at_s: float | None
    failed_tries: int
    received_bytes: int | None
    round_trip_s: float | None
    problem: Problem | None


class Connection(Struct, frozen=True):
    """The link, as the person is told about it. Times are of the engine's clock, in seconds."""

    phase: Phase = Phase.STARTING
    as_of_s: float | None = None
    """When the confirmed state was last known to be the server's."""
    lost_at_s: float | None = None
    """When the link was lost (None while it holds)."""
    retry_at_s: float | None = None
    """When the next try is due."""
    failed_tries: int = 0
    received_bytes: int | None = None
    """So much of the list has come, while it takes long to come."""
    round_trip_s: float | None = None
    problem: Problem | None = None
    """What stands in the way, while something does."""

    @property
    def can_write(self) -> bool:
        """Whether a create is tried at all in this phase (PROMISES 5)."""
        return self.phase in (Phase.LIVE, Phase.CATCHING_UP, Phase.RECONNECTING, Phase.POLLING)

    def replace(self, **changes: Unpack[ConnectionChanges]) -> Connection:
        """A copy with some fields changed."""
        return replace(self, **changes)


class WriteStatus(StrEnum):
    """Where a write in flight stands. Saved and not saved are not here: those have left the outbox."""

    PENDING = "pending"
    CHECKING = "checking"
    """Sent, unanswered; ends in saved or not saved (PROMISES D10)."""


class OutboxEntryChanges(TypedDict, total=False):
    """What `OutboxEntry.replace` takes: what becomes known of a write on its way."""

    status: WriteStatus
    sent_at_s: float
    deadline_ms: int
    comment_id: CommentId | None


class OutboxEntry(Struct, frozen=True):
    """One of our writes in flight, laid over the confirmed state."""

    broadcast_id: BroadcastId
    write: Write
    status: WriteStatus
    sent_at_s: float
    deadline_ms: int | None = None
    """Server time after which the server refuses it."""
    comment_id: CommentId | None = None
    """Hosted, step one done: the first comment's id."""

    def replace(self, **changes: Unpack[OutboxEntryChanges]) -> OutboxEntry:
        """A copy with some fields changed."""
        return replace(self, **changes)


class Acknowledged(Struct, frozen=True):
    """A write that the server said is saved, laid over the confirmed state until the log has said so too.

    Confirmed state changes only by snapshots and events, in order (PROMISES D7); an answer has no place in that
    order. So what it told us is shown (as saved) from here, and goes when the log has caught up with it.
    """

    broadcast_id: BroadcastId
    write: Write
    at_s: float
    """When the answer came, on the engine's clock."""
    conversation: Conversation | None = None
    """What the answer told of the marker."""
    comment: Comment | None = None
    """What the answer told of the comment."""


class Draft(Struct, frozen=True):
    """A write that is not on the server: typed and not sent, or tried and not saved. Never sent by itself."""

    id: str
    write: Write
    broadcast_id: BroadcastId | None = None
    """The id it was tried under; a retry of the same text uses it again."""
    problem: Problem | None = None
    """Why it was not saved; None while it is only typed."""
    comment_id: CommentId | None = None
    """Hosted: the first comment exists already, a retry makes only the marker."""
    updated_at_ms: int = 0

    @property
    def failed(self) -> bool:
        """Whether it was tried and not saved (listed under ``!``)."""
        return self.problem is not None


class UnsentMarks(Struct, frozen=True):
    """How far somebody has read in a room, as far as the server has not confirmed it."""

    user_id: UserId
    url_id: UrlId
    """Image key."""
    read: tuple[ReadMark, ...] = ()
    """Read at least so far."""
    unread: tuple[ReadMark, ...] = ()
    """Read so far and no farther."""

    @property
    def place(self) -> tuple[UserId, UrlId]:
        """Whose they are, and where."""
        return self.user_id, self.url_id


class Status(StrEnum):
    """How a marker or comment stands to the server."""

    SAVED = "saved"
    PENDING = "pending"
    CHECKING = "checking"
    FAILED = "failed"
    DRAFT = "draft"
    """Typed and not sent: a new marker that only this person sees."""


def counts(status: Status) -> bool:
    """Whether something of this status is counted among what there is."""
    return status not in (Status.FAILED, Status.DRAFT)


class CommentView(Struct, frozen=True):
    """One comment as the screen shows it: confirmed ⊕ outbox ⊕ failed drafts."""

    key: str
    """Comment id, or the broadcastId of a write that has none yet."""
    comment: Comment
    status: Status = Status.SAVED
    mine: bool = False
    draft_id: str | None = None
    """Of a failed write: what ``Retry`` and ``DiscardDraft`` take."""
    problem: Problem | None = None
    voted: int = 0
    """How the person has voted: 1, -1, or 0 if they have not."""
    flagged: bool = False
    """The person has flagged it."""
    blocked: bool = False
    """The person has blocked its author: what it says is not shown."""


def locks_thread(comments: Iterable[Comment], opener: CommentId | None) -> bool:
    """Whether a thread takes no replies: image chat is flat, so its first comment is locked in their place.

    Args:
        comments: those of the thread, the oldest first.
        opener: the one that it began with, where that is known.
    """
    first = next((one for one in comments if opener is None or one.id == opener), None)
    return first is not None and first.is_locked


class Thread(Struct, frozen=True):
    """One marker with its thread as the screen shows it: confirmed ⊕ outbox ⊕ failed drafts."""

    key: str
    """Identity on screen: the conversation's id, or the broadcastId of a marker that has none yet."""
    conversation: Conversation
    comments: tuple[CommentView, ...] = ()
    status: Status = Status.SAVED
    mine: bool = False
    unread: bool = False
    has_draft: bool = False
    draft_id: str | None = None
    problem: Problem | None = None
    number: int | None = None
    """By which people call it: the server's, else its place among those that are saved. None until it is saved."""
    loaded: bool = True
    """Whether the comments are known (hosted: only after the thread was opened)."""
    placement: Placement | None = None
    """Where it is on the version shown; None if it was made on that, or nobody has placed it there."""

    @property
    def point(self) -> Point:
        """Where it is on the version shown: as it is placed there, else where it was made."""
        return self.conversation.point if self.placement is None else self.placement.point

    @property
    def is_locked(self) -> bool:
        """Whether it takes no replies: its first comment is locked."""
        opener = self.conversation.created_from_comment_id
        return locks_thread((view.comment for view in self.comments), opener)

    @property
    def takes_replies(self) -> bool:
        """Whether no moderator has locked or closed it."""
        return not (self.is_locked or self.conversation.closed)

    @property
    def to_check(self) -> bool:
        """Whether somebody should look where it is now."""
        return self.placement is not None and self.placement.state is PlacementState.GUESS


class ConfirmedChanges(TypedDict, total=False):
    """What `Confirmed.replace` takes: its fields by name and type, so that mypy knows a misspelt one."""

    peer: Peer
    me: User | None
    read_only: bool
    banned_until_ms: int | None
    conversations: Mapping[ConversationId, Conversation]
    comments: Mapping[ConversationId, Comments]
    names: Mapping[UserId, str]
    position: Position | None
    cannot_show: int
    votes: Mapping[CommentId, Vote]
    flagged: frozenset[CommentId]
    blocked: frozenset[UserId]


class Confirmed(Struct, frozen=True):
    """What the server said: lists and events, in the order of the log."""

    peer: Peer = Peer.UNKNOWN
    me: User | None = None
    read_only: bool = False
    banned_until_ms: int | None = None
    """The person is banned until then, as the server said with the list."""
    conversations: Mapping[ConversationId, Conversation] = field(default_factory=lambda: MappingProxyType({}))
    """In order of creation."""
    comments: Mapping[ConversationId, Comments] = field(default_factory=lambda: MappingProxyType({}))
    """Per conversation, in order of creation. A missing key: not loaded (hosted)."""
    names: Mapping[UserId, str] = field(default_factory=lambda: MappingProxyType({}))
    """Names of users seen so far."""
    position: Position | None = None
    cannot_show: int = 0
    """What was stepped over or left out because it could not be read or applied (PROMISES D14)."""
    votes: Mapping[CommentId, Vote] = field(default_factory=lambda: MappingProxyType({}))
    """The person's own votes."""
    flagged: frozenset[CommentId] = frozenset()
    """What the person has flagged."""
    blocked: frozenset[UserId] = frozenset()
    """Whom the person has blocked."""

    def replace(self, **changes: Unpack[ConfirmedChanges]) -> Confirmed:
        """A copy with some fields changed."""
        return replace(self, **changes)


class MineChanges(TypedDict, total=False):
    """What `Mine.replace` takes."""

    outbox: tuple[OutboxEntry, ...]
    acknowledged: tuple[Acknowledged, ...]
    drafts: tuple[Draft, ...]
    unread: frozenset[ConversationId]
    reads_come: bool
    open_thread: ConversationId | None


class Mine(Struct, frozen=True):
    """What is the person's own: their writes, their drafts, what they have read and have open."""

    outbox: tuple[OutboxEntry, ...] = ()
    acknowledged: tuple[Acknowledged, ...] = ()
    """Saved writes of ours whose event has not come yet."""
    drafts: tuple[Draft, ...] = ()
    unread: frozenset[ConversationId] = frozenset()
    reads_come: bool = False
    """The server has still to say how far they have read, so that more may be unread."""
    open_thread: ConversationId | None = None

    def replace(self, **changes: Unpack[MineChanges]) -> Mine:
        """A copy with some fields changed."""
        return replace(self, **changes)


class HereChanges(TypedDict, total=False):
    """What `Here.replace` takes."""

    online: frozenset[UserId]
    sockets: int
    crosshairs: Mapping[UserId, Point]
    versions: Mapping[UserId, tuple[int, ...]]


class Here(Struct, frozen=True):
    """Who looks at the image now. Never logged, so it is known only while a link stands."""

    online: frozenset[UserId] = frozenset()
    sockets: int = 0
    """Sockets in the room; several sessions of one user count each."""
    crosshairs: Mapping[UserId, Point] = field(default_factory=lambda: MappingProxyType({}))
    """Where the others point."""
    versions: Mapping[UserId, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Which versions of the image they look at, the asking person too; of those of whom it is known."""

    def replace(self, **changes: Unpack[HereChanges]) -> Here:
        """A copy with some fields changed."""
        return replace(self, **changes)


class PlacingsChanges(TypedDict, total=False):
    """What `Placings.replace` takes."""

    told: bool
    placements: Mapping[ConversationId, Placement]
    coming: int
    placed: int


class Placings(Struct, frozen=True):
    """Where markers are on the version of the image that is shown; what of it holds says `views.placement_of`."""

    version: int | None = None
    """None if nobody knows which it is: each marker is shown where it was made. Below 0: one that the server has not
    seen, and of which it is told nothing."""
    told: bool = False
    """Whether the server has told of this version, or has nothing to tell: what is not in ``placements`` has not been
    worked out."""
    placements: Mapping[ConversationId, Placement] = field(default_factory=lambda: MappingProxyType({}))
    coming: int = 0
    """So many markers are being looked for, all in all."""
    placed: int = 0
    """So many of them are done."""

    def replace(self, **changes: Unpack[PlacingsChanges]) -> Placings:
        """A copy with some fields changed."""
        return replace(self, **changes)


class ChatState(Struct, frozen=True):
    """Everything the screen may show."""

    room: Room
    confirmed: Confirmed = Confirmed()
    mine: Mine = Mine()
    here: Here = Here()
    connection: Connection = Connection()
    placings: Placings = Placings()

    @property
    def read_only(self) -> bool:
        """Whether nothing is written here, as far as is known: who only looks around knows it from the start."""
        return self.confirmed.read_only or self.room.explores

    @property
    def is_guest(self) -> bool:
        """Whether a server of ours knows that nobody is signed in: it tells guests less."""
        me = self.confirmed.me
        return self.confirmed.peer is Peer.OURS and me is not None and me.is_anonymous


def read_only_problem(state: ChatState) -> Problem:
    """Why nothing can be written here: they only look around, are banned, not signed in, or may only read."""
    if state.room.explores:
        return Problem(ProblemKind.READ_ONLY, EXPLORING)
    if state.confirmed.banned_until_ms is not None:
        return Problem(ProblemKind.READ_ONLY, codes.BANNED, until_ms=state.confirmed.banned_until_ms)
    me = state.confirmed.me
    unknown = me is None or me.is_anonymous
    return Problem(ProblemKind.READ_ONLY, NOT_SIGNED_IN if unknown else "")
