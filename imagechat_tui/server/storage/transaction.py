"""What the rules of a change ask of a database: some forty verbs, each a statement or two.

``apply_change`` holds the rules, once. A store brings its own Transaction, which writes SQL and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Protocol

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
    Place,
    Placement,
    Point,
    Position,
    ReadState,
    Version,
    Vote,
)
from imagechat_tui.protocol.usage import Usage
from imagechat_tui.server.storage import (
    DeletedThread,
    HeldPlace,
    ImageRecord,
    ReaderKey,
    RoomKey,
    StoredEvent,
    VersionKey,
)


class Answer(Struct, frozen=True):
    """The answer to a write, kept for its repetition."""

    tenant_id: TenantId
    actor_id: UserId
    broadcast_id: BroadcastId
    request_hash: bytes
    body: bytes
    at_ms: int
    quotes: CommentId | None
    """The comment whose words belong in it (``quotes``)."""


class Marker(Struct, frozen=True):
    """A conversation and the image that it marks."""

    conversation: Conversation
    image: UrlId


class RoomState(Struct, frozen=True):
    """Where a room's log stands."""

    url_id: UrlId
    position: Position
    """Of the newest event; number 0 if there was none yet."""
    last_timestamp_ms: int = 0
    first_seq: int = 1
    """The oldest event that has not been trimmed; the next one, if none is left."""
    last_number: int = 0
    """The highest number of a marker (in an image's room) or a comment (in a thread's)."""
    closed_until_ms: int = 0
    """Until then the thread takes no comments."""
    is_closed: bool = False
    """A moderator has closed the thread."""
    trim_due_ms: int | None = None
    """When there is something to trim; None if no event is left."""


class Transaction(Protocol):
    """One transaction, seen from inside.

    What it has written it reads. It may be one of several that share a commit, but none sees another's
    half: they come one after the other. Its verbs block, so it lives on its store's own thread. Whatever a
    verb raises ends it, and nothing of it is kept.
    """

    def answer(self, tenant_id: TenantId, actor_id: UserId, broadcast_id: BroadcastId) -> Answer | None:
        """The kept answer to a write."""

    def is_borrowed(self, tenant_id: TenantId, actor_id: UserId, broadcast_id: BroadcastId) -> bool:
        """Whether somebody else of the tenant wrote under this id, as far as answers are kept."""

    def marker(
        self,
        tenant_id: TenantId,
        *,
        conversation_id: ConversationId | None = None,
        thread: UrlId | None = None,
    ) -> Marker | None:
        """A marker, by its id or by its thread: exactly one is given."""

    def comment(self, tenant_id: TenantId, comment_id: CommentId) -> Comment | None:
        """One comment."""

    def thread(self, tenant_id: TenantId, url_id: UrlId) -> tuple[Comment, ...]:
        """All comments of a thread, in the order in which they were first put."""

    def approved_in(self, tenant_id: TenantId, url_id: UrlId) -> int:
        """How many approved comments a thread has."""

    def room(self, room: RoomKey) -> RoomState | None:
        """A room's state. Nobody else can change it before this transaction has ended."""

    def put_room(self, room: RoomKey, state: RoomState) -> None:
        """Replace a room's state, or make the room."""

    def log(self, room: RoomKey, event: StoredEvent, *, quotes: CommentId | None) -> None:
        """Append an event to the log of a room that is there.

        Args:
            room: Whose log.
            event: With its number, which no event of the room has had, and without the words of what it quotes.
            quotes: The comment whose words belong in its frames (``quotes``).
        """

    def due_logs(self, now_ms: int, most: int) -> tuple[tuple[RoomKey, RoomState], ...]:
        """Rooms of all tenants whose logs are due for trimming: so many at most, the earliest first."""

    def oldest_events(self, room: RoomKey, most: int) -> tuple[tuple[int, int], ...]:
        """Numbers and times of the first events that are left, so many at most."""

    def trim(self, room: RoomKey, up_to_seq: int) -> None:
        """Forget events up to a number."""

    def put_marker(self, tenant_id: TenantId, marker: Marker) -> None:
        """Replace a marker whole, or make it."""

    def put_comment(self, tenant_id: TenantId, comment: Comment) -> None:
        """Replace a comment whole, or make it."""

    def count_comments(self, tenant_id: TenantId, more: int) -> int:
        """Note that a tenant has so many comments more, or less. Returns how many it has."""

    def remove_marker(self, tenant_id: TenantId, conversation_id: ConversationId) -> None:
        """Remove a marker with its placements and how far it was read, not its comments."""

    def remove_comments(self, tenant_id: TenantId, comment_ids: tuple[CommentId, ...]) -> None:
        """Remove comments with their votes and flags."""

    # Votes

    def vote(
        self,
        tenant_id: TenantId,
        comment_id: CommentId,
        *,
        user_id: UserId | None = None,
        vote_id: str | None = None,
    ) -> Vote | None:
        """A vote on a comment, by its voter or by its id: exactly one is given."""

    def votes_in(self, tenant_id: TenantId, url_id: UrlId, user_id: UserId) -> tuple[Vote, ...]:
        """A user's votes in a thread, by comment."""

    def votes_on(self, tenant_id: TenantId, comment_id: CommentId) -> tuple[Vote, ...]:
        """All votes on a comment, by voter."""

    def put_vote(self, vote: Vote) -> None:
        """Add a vote on a comment that is there, of somebody who has none on it."""

    def remove_vote(self, vote: Vote) -> None:
        """Remove a vote."""

    # Flags and blocks

    def flags_on(self, tenant_id: TenantId, comment_id: CommentId) -> tuple[UserId, ...]:
        """Who has flagged a comment, by user."""

    def put_flag(self, tenant_id: TenantId, comment: Comment, user_id: UserId) -> None:
        """Note that somebody has flagged a comment that is there, perhaps once more."""

    def remove_flag(self, tenant_id: TenantId, comment_id: CommentId, user_id: UserId) -> None:
        """Forget it."""

    def blocked_by(self, tenant_id: TenantId, user_id: UserId) -> frozenset[UserId]:
        """Whom a user has blocked."""

    def put_block(self, tenant_id: TenantId, user_id: UserId, other: UserId) -> None:
        """Note that a user has blocked another one, perhaps once more."""

    def remove_block(self, tenant_id: TenantId, user_id: UserId, other: UserId) -> None:
        """Forget it."""

    # Deleted threads

    def marks(self, tenant_id: TenantId, conversation_id: ConversationId) -> tuple[tuple[UserId, int], ...]:
        """How far each user has read a thread, by user."""

    def put_marks(
        self, tenant_id: TenantId, conversation_id: ConversationId, marks: tuple[tuple[UserId, int], ...]
    ) -> None:
        """Note how far users have read a thread that is there."""

    def raise_revisions(
        self, tenant_id: TenantId, image: UrlId, conversation_id: ConversationId
    ) -> Mapping[UserId, int]:
        """Whoever has read a thread of an image has one revision more of what they have read there: which, by user."""

    def all_placements(
        self, tenant_id: TenantId, conversation_id: ConversationId
    ) -> tuple[tuple[int, Placement], ...]:
        """All placements that are kept of a marker, with the numbers of their versions: by these, and of each what
        was worked out first."""

    def deleted_thread(self, tenant_id: TenantId, conversation_id: ConversationId) -> DeletedThread | None:
        """A thread that was deleted and is not forgotten."""

    def keep_deleted_thread(self, tenant_id: TenantId, thread: DeletedThread) -> None:
        """Keep a thread that is deleted."""

    def forget_deleted_thread(self, tenant_id: TenantId, conversation_id: ConversationId) -> None:
        """Forget a deleted thread."""

    def due_deleted_threads(self, now_ms: int, most: int) -> tuple[tuple[TenantId, ConversationId], ...]:
        """Deleted threads of all tenants that are due: so many at most, the earliest first."""

    def put_answer(self, answer: Answer) -> None:
        """Keep an answer; there was none under its key."""

    def drop_answers(self, before_ms: int, most: int) -> int:
        """Forget the oldest answers of all tenants from before a time, so many at most. Returns how many."""

    # Usage

    def add_usage(self, tenant_id: TenantId, day: date, usage: Usage, now_ms: int) -> None:
        """Add to what a tenant has used on a day; if that is the first of it, note when it was."""

    # Images

    def image(
        self, tenant_id: TenantId, *, image_id: ImageId | None = None, url_id: UrlId | None = None
    ) -> ImageRecord | None:
        """An image, by its id or by the key of its room: exactly one is given."""

    def images_with(self, tenant_id: TenantId, pixels: str, most: int) -> tuple[ImageId, ...]:
        """Images that have a version of these pixels which is not plain: so many at most, by id."""

    def place(self, tenant_id: TenantId, place: Place) -> HeldPlace | None:
        """Whose a place is."""

    def places(self, tenant_id: TenantId, image_id: ImageId, most: int) -> tuple[HeldPlace, ...]:
        """Where an image is met: so many places at most, by kind, project and value."""

    def version(self, tenant_id: TenantId, image_id: ImageId, pixels: str | None) -> Version | None:
        """The version of an image that has these pixels; for None its newest."""

    def versions(self, tenant_id: TenantId, image_id: ImageId, most: int) -> tuple[Version, ...]:
        """The newest versions of an image, so many at most, in order of number."""

    def markers_on(self, tenant_id: TenantId, url_id: UrlId) -> int:
        """How many markers a room has."""

    def due_images(self, before_ms: int, most: int) -> tuple[tuple[TenantId, ImageRecord], ...]:
        """Images of all tenants that are due before a time: so many at most, the earliest first."""

    def put_image(self, tenant_id: TenantId, record: ImageRecord) -> None:
        """Replace an image whole, or make it. Its places and versions stay."""

    def put_place(self, tenant_id: TenantId, held: HeldPlace) -> None:
        """Give a place to an image that is there, whosever it was."""

    def put_version(self, tenant_id: TenantId, image_id: ImageId, version: Version, *, plain: bool) -> None:
        """Add a version to an image that is there, with a number and pixels that none of it has."""

    def seen_in(self, tenant_id: TenantId, image_id: ImageId, number: int) -> Place | None:
        """The one place where a version was seen; None if it was seen in several, or nobody knows."""

    def put_seen_in(self, tenant_id: TenantId, image_id: ImageId, number: int, place: Place | None) -> None:
        """Replace the one place where a version that is there was seen."""

    def remove_unmarked(self, tenant_id: TenantId, image_id: ImageId, seen_in: Place) -> None:
        """Remove versions that were seen in this place alone, with what was worked out for them: but none that a marker
        was made on, or on which a person has said where one is."""

    def remove_image(self, tenant_id: TenantId, image_id: ImageId) -> None:
        """Remove an image with its places, its versions, and who has been there."""

    # Reading

    def read_state(self, reader: ReaderKey) -> ReadState:
        """How far somebody has read, by marker; revision 0 if they have never been there."""

    def newest_numbers(
        self, tenant_id: TenantId, image: UrlId, before_ms: int | None = None
    ) -> Mapping[ConversationId, int]:
        """The number of the newest comment, made before a time, of every thread on an image that has one."""

    def put_read_state(self, reader: ReaderKey, changed: ReadState) -> None:
        """Replace the revision, and the marks that are given, of markers that are there."""

    # Placements

    def revision(self, of: VersionKey) -> int | None:
        """How often placements on a version have changed; None if the image has no such version."""

    def put_revision(self, of: VersionKey, revision: int) -> None:
        """Replace the revision of a version that is there."""

    def placements(self, of: VersionKey) -> Iterable[tuple[Point, tuple[Placement, ...]]]:
        """For each marker that has any on a version, by its number: where it stands on its own version, and the
        placements that are kept of it."""

    def placements_of(self, of: VersionKey, conversation_id: ConversationId) -> tuple[Placement, ...]:
        """The placements on a version that are kept of a marker: one that was worked out, one that a person said."""

    def put_placement(self, of: VersionKey, placement: Placement) -> None:
        """Replace a placement of a marker that is there, or make it: one that was worked out and one that a person
        said stand side by side."""

    def remove_placement(self, of: VersionKey, conversation_id: ConversationId, *, said: bool) -> None:
        """Remove the placement that a person said, or the one that was worked out."""
