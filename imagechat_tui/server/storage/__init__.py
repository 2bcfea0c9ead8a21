"""What the server keeps, and what a store guarantees. Implementations run the suite in tests/contracts.

Guarantees (PROMISES D1, D2, D8, D16):

- ``change`` is atomic and durable: when it returns, everything it wrote survives kill -9 and power loss;
  when it raises, nothing of it is there.
- Events of a room are numbered 1, 2, 3, … in the order of commit, without holes, with strictly rising
  timestamps; who reads an event can read all before it.
- A (tenant, actor, broadcastId) is carried out once: repeating it gives the first answer.
- Reads are consistent within one call, and see every change that returned before they began.
- Nothing of a tenant can be reached with another tenant's id.

Exceptions::

    StoreError            the store cannot be opened
    ├── StoreNewer        a newer version of this program has made it
    ├── StoreUnavailable  a call failed: disk full or broken, server gone; nothing was written
    └── OutcomeUnknown    the server went while it committed, and cannot be asked
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

from msgspec import Struct

from imagechat_tui.protocol.events import LoggedEvent
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
from imagechat_tui.protocol.models import (
    Comment,
    Conversation,
    Own,
    Place,
    Placement,
    Placements,
    Position,
    ReadState,
    Summary,
    User,
    Version,
    Vote,
)
from imagechat_tui.protocol.routes import ChangePlacements, ChangeReadState
from imagechat_tui.protocol.usage import DailyUsage, Usage, UsageQuery

MAX_REPLAY = 500
"""Events that are read from a log at once."""
MOST_OF_IMAGE = 500
"""Places of one image, and versions, that are told."""


class StoreError(Exception):
    """The store cannot be opened."""

    def __init__(self, detail: str = "", *, disk_full: bool = False) -> None:
        super().__init__(detail)
        self.disk_full = disk_full
        """There was no room left."""


class StoreInUse(StoreError):
    """Another process has the store open."""


class StoreNewer(StoreError):
    """A newer version of this program has made the store."""


class StoreUnavailable(StoreError):
    """A call failed and wrote nothing: the disk is full or broken, or the database's server is gone."""


class OutcomeUnknown(StoreError):
    """The database's server was lost while it committed, and cannot be asked: what was written may be kept."""


def ascii_lower(text: str) -> str:
    """``text`` with its ASCII letters in lower case, as SQLite makes it."""
    return text.translate({upper: upper + 32 for upper in range(65, 91)})


def by_name(users: Iterable[User], most: int) -> tuple[User, ...]:
    """So many of the users at most, in the order of their names; those who have none are left out."""
    named = (user for user in users if user.username or user.display_name)
    return tuple(sorted(named, key=lambda user: (user.name.casefold(), user.id))[:most])


class TenantRecord(Struct, frozen=True):
    """A tenant."""

    id: TenantId
    name: str
    api_secret_sealed: bytes
    allow_anon: bool
    require_sso: bool
    created_at_ms: int
    generation: int = 0
    """Counts up when its API secret changes: what was signed for sockets before holds no more."""
    disabled: bool = False
    """Nobody is let in."""


class UserRule(Struct, frozen=True):
    """What an operator has decided of a user, whatever their tokens say."""

    tenant_id: TenantId
    user_id: UserId
    banned_until_ms: int | None = None
    role: str | None = None
    """``reader``, ``member``, ``moderator`` or ``admin``; None: what the token says."""


class Rules(Struct, frozen=True):
    """All that operators have decided, read at one moment."""

    revision: bytes
    tenants: tuple[TenantRecord, ...]
    users: tuple[UserRule, ...]


class RoomKey(NamedTuple):
    """A room's event log: the tenant and the room's token (``urlIdWS``)."""

    tenant_id: TenantId
    token: str


class StoredEvent(Struct, frozen=True):
    """One entry of a room's log with its finished frames."""

    id: EventId
    seq: int
    timestamp_ms: int
    url_id: UrlId
    broadcast_id: BroadcastId
    plain: str | None
    """The frame for plain readers; None if the event is for ``v=2`` only."""
    full: str
    """The frame for ``v=2`` readers."""


class Logged(Struct, frozen=True):
    """An event that has come to a log, as its readers get it."""

    room: RoomKey
    epoch: str
    event: StoredEvent


class LogPage(Struct, frozen=True):
    """Events of a room, in order."""

    events: tuple[StoredEvent, ...]
    complete: bool
    """Whether nothing asked for was trimmed or cut off."""


class Snapshot(Struct, frozen=True):
    """An image's markers, read at one moment."""

    conversations: tuple[Conversation, ...]
    comments: tuple[Comment, ...]
    """Of all threads, oldest first; empty unless asked for."""
    position: Position
    last_timestamp_ms: int
    """Timestamp of the newest event; 0 if there is none."""


class ThreadPage(Struct, frozen=True):
    """A thread's comments, oldest first, read at one moment."""

    comments: tuple[Comment, ...]
    position: Position
    last_timestamp_ms: int
    closed: bool
    own: Own = Own()
    """Of the asking user."""
    flags: Mapping[CommentId, int] = {}
    """How many have flagged each comment, if that is asked for."""


class ImageRecord(Struct, frozen=True):
    """An image: one room, under whatever names it is met and whichever pixels it has."""

    id: ImageId
    url_id: UrlId
    """The key of its room."""
    src: str
    """The string that names it inside thread keys."""
    name: str
    project: str
    """Where it was met first, of those that are projects; empty if it was in none."""
    due_ms: int
    """When it goes, should nobody have put a marker on it by then."""


class HeldPlace(Struct, frozen=True):
    """A place and whose it is."""

    place: Place
    image_id: ImageId
    moved: bool = False
    """The file was renamed since: other pixels in this place may be another picture."""


class ImageQuery(Struct, frozen=True):
    """Which images to look for."""

    image_id: ImageId | None = None
    url_id: UrlId | None = None
    places: tuple[Place, ...] = ()
    pixels: str | None = None
    """Of which image is told whether it has had them."""
    alike: bool = False
    """Whether to look for others that have had these pixels."""
    project: str = ""
    """Whose paths are told."""


class FoundImage(Struct, frozen=True):
    """An image, as far as it matters for recognising a picture."""

    record: ImageRecord
    markers: int
    paths: tuple[str, ...]
    """Where it is met in the project asked for, but for those it has moved away from."""
    version: int | None
    """The number of the pixels asked for; None if it has not had them."""
    latest: int
    """The highest number of a version; 0 if it has none."""
    seen_elsewhere: bool = False
    """These pixels were seen in one place alone, and it is none of those asked for."""
    lone: bool = False
    """It is met in no other place than those asked for, but for those it has moved away from."""


class ImagesFound(Struct, frozen=True):
    """What an ImageQuery finds, read at one moment."""

    named: FoundImage | None = None
    """By its id, else by the key of its room."""
    at: tuple[tuple[HeldPlace, FoundImage], ...] = ()
    """The places asked for that are somebody's, in the order asked for."""
    alike: tuple[FoundImage, ...] = ()


class ImageChange(Struct, frozen=True):
    """What a change writes of an image."""

    record: ImageRecord
    places: tuple[HeldPlace, ...] = ()
    version: Version | None = None
    plain: bool = False
    """Nothing is found by the pixels of this version."""
    seen_in: Place | None = None
    """The one place where this version was seen."""
    seen_too: int | None = None
    """The number of a version that was seen in one place alone, and now in another."""
    left: tuple[HeldPlace, ...] = ()
    """Places, as they were, that are no more those of other images. If these are met elsewhere, versions that were seen
    there alone go from them, unless people marked them."""


class ImageHistory(Struct, frozen=True):
    """All that is known of an image."""

    record: ImageRecord
    places: tuple[HeldPlace, ...]
    versions: tuple[Version, ...]
    """In order of number."""


class ReaderKey(NamedTuple):
    """Somebody who reads the threads of an image."""

    tenant_id: TenantId
    image: UrlId
    """The key of its room."""
    user_id: UserId


class VersionKey(NamedTuple):
    """One version of an image."""

    tenant_id: TenantId
    image: UrlId
    """The key of its room."""
    number: int


class DeletedThread(Struct, frozen=True):
    """A marker that was deleted with its thread, and can be restored for a while."""

    conversation: Conversation
    image: UrlId
    comments: tuple[Comment, ...]
    read: tuple[tuple[UserId, int], ...] = ()
    """How far each user had read it."""
    placements: tuple[tuple[int, Placement], ...] = ()
    """Where it was on other versions, by their numbers: one that was worked out, one that a person said."""
    due_ms: int = 0
    """From then on it cannot be restored, and goes with its words."""
    votes: tuple[Vote, ...] = ()
    """On its comments."""
    flags: tuple[tuple[CommentId, UserId], ...] = ()


class Subject(Struct, frozen=True):
    """What a change is about, read in the change's own transaction."""

    now_ms: int
    conversation: Conversation | None = None
    image: UrlId | None = None
    """The image key of ``conversation``."""
    deleted: DeletedThread | None = None
    """If there is no such conversation: the one that was deleted, as long as it is not forgotten."""
    occupied: bool = False
    """Another marker, or a comment, stands where the deleted one stood."""
    comment: Comment | None = None
    vote: Vote | None = None
    """On the comment: the one that is asked for, else the actor's."""
    thread: tuple[Comment, ...] = ()
    """All comments of the conversation's (or comment's) thread, if asked for."""
    opener: Comment | None = None
    """The comment that the marker was made with, if asked for and still there."""
    thread_key: UrlId | None = None
    """The thread that is asked for; a free one in its place, where that is wanted (``Change.spare_thread``)."""
    thread_closed: bool = False
    """Its marker was deleted a moment ago."""
    closed_by_staff: bool = False
    """The thread, if its room is given (``Change.thread_room``)."""
    thread_count: int = 0
    """Approved comments in the thread; counted for a marker, or where one is to be made (``image_room``)."""
    next_number: int = 1
    """Number of the next marker on the image."""
    next_comment: int = 1
    """Number of the next comment in the thread."""
    images: ImagesFound = ImagesFound()
    version: int | None = None
    """The version asked for, of ``Change.marked``; None if there is no such one."""


class Announced(Struct, frozen=True):
    """An event to be logged. The store completes its stamp: time, position."""

    room: RoomKey
    url_id: UrlId
    event: LoggedEvent
    plain: bool = True
    """Whether plain readers get it, too."""


class Decision(Struct, frozen=True):
    """What a change writes."""

    answer: bytes
    """Body of the answer, kept for a repetition of the request."""
    quotes: CommentId | None = None
    """The comment whose words stand in the answer: a repetition has those that it has then."""
    image: UrlId | None = None
    """Image key of ``conversation``."""
    conversation: Conversation | None = None
    """Written whole, new or not."""
    comment: Comment | None = None
    read_by: ReaderKey | None = None
    """Who has read the thread as far as ``comment``, having written it."""
    removed_conversation: ConversationId | None = None
    removed_comments: tuple[CommentId, ...] = ()
    """Their words go from the log and from kept answers, too (``quotes``)."""
    restorable_until_ms: int | None = None
    """How long the removed conversation can be restored, with the removed comments; None: not at all."""
    restored: DeletedThread | None = None
    """Comes back as it was."""
    restored_room: RoomKey | None = None
    """The room of its thread, which takes comments again."""
    closed_thread: RoomKey | None = None
    """This thread takes no comments for a while."""
    removed_vote: Vote | None = None
    vote: Vote | None = None
    """On a comment that is there; its voter has no other one on it."""
    closed: bool | None = None
    """Whether the thread of ``Change.thread_room`` takes comments from now on; None leaves it as it is."""
    events: tuple[Announced, ...] = ()
    image_change: ImageChange | None = None


class Change(Struct, frozen=True):
    """A write: what to read first, and how to decide. ``decide`` may raise to refuse."""

    tenant_id: TenantId
    actor_id: UserId
    broadcast_id: BroadcastId
    request_hash: bytes
    decide: Callable[[Subject], Decision]
    """Runs inside the transaction, perhaps on another thread; does no I/O."""
    conversation_id: ConversationId | None = None
    thread: UrlId | None = None
    comment_id: CommentId | None = None
    vote_id: str | None = None
    """Which vote on the comment is meant; None is the actor's."""
    image_room: RoomKey | None = None
    """Where the next number comes from."""
    thread_room: RoomKey | None = None
    """Where the next comment's number comes from, and whether the thread is closed."""
    whole_thread: bool = False
    opener: bool = False
    """Whether the comment that the marker was made with is wanted."""
    images: ImageQuery | None = None
    spare_thread: Callable[[int], tuple[UrlId, RoomKey]] | None = None
    """If ``thread`` is taken: the next one to try, and its room, by how many were tried."""
    marked: UrlId | None = None
    """The image that a marker is made on."""
    version: int | None = None
    """Which version of it is meant; None is the newest."""
    most_comments: int | None = None
    """With how many comments of the tenant it takes no new ones; None for any number."""


class Outcome(Struct, frozen=True):
    """What came of a change."""

    answer: bytes
    logged: tuple[Logged, ...] = ()
    """What was added to logs, in order; empty for a repetition."""
    read: tuple[UrlId, Mapping[UserId, ReadState]] | None = None
    """Whose read states of an image it changed, and how."""
    placed: tuple[tuple[VersionKey, Placements], ...] = ()
    """On which versions a marker is placed again."""

    @property
    def rooms(self) -> tuple[RoomKey, ...]:
        """Rooms whose log grew."""
        return tuple(dict.fromkeys(one.room for one in self.logged))


class BroadcastIdUsed(Exception):
    """The same actor used this broadcastId for another request."""


class TenantFull(Exception):
    """The tenant has as many comments as it may."""


class Store(Protocol):
    """Everything that must outlive the process."""

    async def change(self, change: Change, told: Callable[[Outcome], None] | None = None) -> Outcome:
        """Carry out one write.

        Args:
            change: What is wanted.
            told: Called with what came of it once that is durable, behind whoever waits for it, in the order in which
                the logs grew; and even if nobody waits any more.

        Raises:
            BroadcastIdUsed: See there.
            TenantFull: See there; nothing was written.
            StoreUnavailable: Nothing was written.
            Exception: What ``decide`` raised; nothing was written.
        """

    async def conversation(self, tenant_id: TenantId, conversation_id: ConversationId) -> Conversation | None:
        """One marker."""

    async def comment(self, tenant_id: TenantId, comment_id: CommentId) -> Comment | None:
        """One comment."""

    async def snapshot(self, room: RoomKey, image: UrlId, *, comments: bool) -> Snapshot:
        """An image's markers, by creation."""

    async def rooms(self, tenant_id: TenantId, after: UrlId, most: int) -> tuple[UrlId, ...]:
        """The keys of images with markers, those after one, in the order of their bytes."""

    async def own(self, tenant_id: TenantId, image: UrlId, user_id: UserId) -> Own:
        """What of an image's threads, and of who writes there, is a user's own; votes by comment."""

    async def thread(
        self, room: RoomKey, url_id: UrlId, user_id: UserId | None = None, *, flags: bool = False
    ) -> ThreadPage:
        """All comments under a thread key, and what of them is a user's own."""

    async def flag(
        self, tenant_id: TenantId, comment_id: CommentId, user_id: UserId, *, flagged: bool
    ) -> bool:
        """Note that somebody has flagged a comment, or no more, see ``opinions``. Atomic and durable."""

    async def block(self, tenant_id: TenantId, user_id: UserId, other: UserId, *, blocked: bool) -> bool:
        """Note that somebody has blocked another one, or no more, see ``opinions``. Atomic and durable."""

    async def of_blocked(
        self, tenant_id: TenantId, user_id: UserId, comment_ids: Sequence[CommentId]
    ) -> frozenset[CommentId]:
        """Those among comments that are by somebody whom a user has blocked."""

    async def voters(
        self, tenant_id: TenantId, comment_id: CommentId, direction: int, most: int
    ) -> tuple[User, ...]:
        """The profiles of those who voted so on a comment, so many at most, in order of their votes. Who has no
        profile, or wishes to stay private, is left out."""

    async def users_named(self, tenant_id: TenantId, beginning: str, most: int) -> tuple[User, ...]:
        """Users whose username or display name begins so (ASCII letters in either case), so many at most, by name
        and id. Who wishes to stay private, or has no name, is left out."""

    async def commenters(self, tenant_id: TenantId, url_id: UrlId) -> tuple[UserId, ...]:
        """Who has written under a page: on the image's markers, or in the thread."""

    async def images(self, tenant_id: TenantId, asked: ImageQuery) -> ImagesFound:
        """Images by id, key, place and pixels."""

    async def image_history(self, tenant_id: TenantId, image_id: ImageId) -> ImageHistory | None:
        """One image with its places and its versions: of each the newest, up to ``MOST_OF_IMAGE``."""

    async def read_state(self, reader: ReaderKey) -> ReadState:
        """How far somebody has read; revision 0 if they have never been there."""

    async def change_read_state(self, reader: ReaderKey, change: ChangeReadState) -> ReadState:
        """Note how far somebody has read, see ``apply_read_change``. Atomic and durable like ``change``.

        Returns:
            The marks that changed, and the revision with them.
        """

    async def begin_reading(
        self, readers: Sequence[ReaderKey], *, since_ms: int | None
    ) -> dict[ReaderKey, ReadState]:
        """Note that people begin to read where they have never been, see ``begin_reading``. Atomic and durable.

        Returns:
            Those who begin, and what they have read by that.
        """

    async def placements(self, of: VersionKey) -> Placements:
        """Where markers are on a version; revision 0 if nobody has placed anything, or there is none."""

    async def change_placements(
        self, of: VersionKey, change: ChangePlacements, by: UserId
    ) -> tuple[Placements, ...]:
        """Note where markers are on a version, see ``apply_placements``. Atomic and durable like ``change``.

        Returns:
            What has changed on that version, and the revision with it; then the same of others where something has.
        """

    async def summaries(
        self,
        tenant_id: TenantId,
        images: Sequence[UrlId],
        user_id: UserId | None,
        *,
        since_ms: int | None = None,
    ) -> dict[UrlId, Summary]:
        """How it stands with images, each of them, known or not, all read at one moment.

        Args:
            tenant_id: Whose they are.
            images: The keys of their rooms.
            user_id: Whose unread threads are counted, where it is kept how far they have read; None for nobody's.
            since_ms: Where they have never been what was said since then counts as unread; None: nothing does.
        """

    async def add_usage(self, used: Mapping[tuple[TenantId, date], Usage]) -> None:
        """Add what tenants have used on days to what is noted of them, whoever else adds. Atomic and durable.

        Raises:
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: See there.
        """

    async def daily_usage(self, tenant_id: TenantId, asked: UsageQuery) -> tuple[DailyUsage, ...]:
        """What a tenant has used on the days that are meant, the oldest first; a day without use is not among them."""

    async def forget_deleted(self) -> bool:
        """Forget threads that can be restored no more, some of them. Atomic and durable. What was deleted by then is
        not in files of ours either, unless somebody was reading all the while: then it is the next time.

        Returns:
            Whether there may be more.
        """

    async def trim_logs(self) -> bool:
        """Forget events that are too old or too many, and answers that are too old, some of them, see ``trim_logs``.
        Atomic and durable.

        Returns:
            Whether there may be more.
        """

    async def positions(self, rooms: Sequence[RoomKey]) -> dict[RoomKey, Position]:
        """Where the logs stand; by one query, however many rooms."""

    async def events_after(
        self, room: RoomKey, seq: int, *, event_id: EventId = EventId(""), limit: int = MAX_REPLAY
    ) -> LogPage | None:
        """Events after a number. None if they cannot be told: trimmed, ahead of the log, another log."""

    async def events_since(
        self, room: RoomKey, start_ms: int, end_ms: int | None, *, limit: int = 1000
    ) -> LogPage:
        """Plain events by time, both ends included."""

    async def tenant(self, tenant_id: TenantId) -> TenantRecord | None:
        """One tenant."""

    async def create_tenant(self, record: TenantRecord) -> None:
        """Add a tenant whose id is free."""

    async def change_tenant(self, record: TenantRecord) -> None:
        """Put a record in place of the one that its tenant has."""

    async def tenants(self) -> tuple[TenantRecord, ...]:
        """All tenants, by id."""

    async def rule_user(self, rule: UserRule) -> None:
        """Decide of a user. A rule that says nothing ends the one there was."""

    async def rules(self) -> Rules:
        """What operators have decided of tenants and users. Its revision is another one after each change."""

    async def rules_revision(self) -> bytes:
        """The revision alone."""

    async def put_user(self, tenant_id: TenantId, user: User, *, verified: bool, now_ms: int) -> bool:
        """Keep a profile. False, and nothing changes, if an unverified one would replace a verified one."""

    async def users(self, tenant_id: TenantId, ids: Sequence[UserId]) -> tuple[User, ...]:
        """The known ones of these users."""

    async def secret(self, name: str) -> bytes:
        """A secret of this installation, made at the first call."""

    async def size_bytes(self) -> int:
        """What it takes of the disk.

        Raises:
            StoreUnavailable: It cannot be told.
        """

    async def vacuum(self) -> None:
        """Give back what was deleted: to the disk (SQLite), or to be used again (PostgreSQL). Nobody writes to SQLite
        meanwhile.

        Raises:
            StoreUnavailable: It failed, and all is as it was.
        """

    async def check(self) -> None:
        """Look whether a write would find what it needs, as far as that can be seen without one.

        Raises:
            StoreUnavailable: It would not, or nothing can be read.
        """

    async def watch(self) -> None:
        """Wait for as long as the store can be used, which should be for ever.

        Raises:
            StoreUnavailable: A part of it has ended by itself, and nothing will ever be written again.
        """

    async def close(self) -> None:
        """Finish what was begun and let go of the files."""
