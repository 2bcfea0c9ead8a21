"""A Store in dictionaries: the second implementation, for the contract's sake.

It shows that the rules of a change need nothing but a Transaction, and is what SQLite is compared with. It has no
rules of its own but for reading, and forgets everything with the process that opened it.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import uuid4

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
    PlacementState,
    Point,
    Position,
    ReadMark,
    ReadState,
    Summary,
    User,
    Version,
    Vote,
)
from imagechat_tui.protocol.routes import ChangePlacements, ChangeReadState
from imagechat_tui.protocol.usage import DailyUsage, Usage, UsageQuery
from imagechat_tui.server.storage import (
    MAX_REPLAY,
    Change,
    DeletedThread,
    HeldPlace,
    ImageHistory,
    ImageQuery,
    ImageRecord,
    ImagesFound,
    LogPage,
    Outcome,
    ReaderKey,
    RoomKey,
    Rules,
    Snapshot,
    StoredEvent,
    StoreUnavailable,
    TenantRecord,
    ThreadPage,
    UserRule,
    VersionKey,
    ascii_lower,
    by_name,
    opinions,
)
from imagechat_tui.server.storage.apply_change import apply_change
from imagechat_tui.server.storage.apply_placements import apply_placements, placements_on
from imagechat_tui.server.storage.apply_read_change import apply_read_change, begin_reading
from imagechat_tui.server.storage.find_images import find_images, image_history
from imagechat_tui.server.storage.forget_deleted import forget_deleted
from imagechat_tui.server.storage.log_page import page_after, page_since
from imagechat_tui.server.storage.quotes import event_with_words
from imagechat_tui.server.storage.transaction import Answer, Marker, RoomState
from imagechat_tui.server.storage.trim_logs import trim_logs

Entry = tuple[StoredEvent, CommentId | None]


@dataclass
class Data:
    """All tables. Values are immutable, so that a copy is cheap and a change is undone by keeping the old one."""

    epoch: str = field(default_factory=lambda: uuid4().hex)
    secrets: dict[str, bytes] = field(default_factory=dict)
    tenants: dict[TenantId, TenantRecord] = field(default_factory=dict)
    user_rules: dict[tuple[TenantId, UserId], UserRule] = field(default_factory=dict)
    rules_changes: int = 0
    users: dict[tuple[TenantId, UserId], tuple[User, bool]] = field(default_factory=dict)
    rooms: dict[RoomKey, RoomState] = field(default_factory=dict)
    events: dict[RoomKey, tuple[Entry, ...]] = field(default_factory=dict)
    markers: dict[tuple[TenantId, ConversationId], Marker] = field(default_factory=dict)
    comments: dict[tuple[TenantId, CommentId], Comment] = field(default_factory=dict)
    comment_counts: dict[TenantId, int] = field(default_factory=dict)
    votes: dict[tuple[TenantId, CommentId, UserId], Vote] = field(default_factory=dict)
    flags: dict[tuple[TenantId, CommentId, UserId], UrlId] = field(default_factory=dict)
    blocks: dict[tuple[TenantId, UserId, UserId], None] = field(default_factory=dict)
    answers: dict[tuple[TenantId, UserId, BroadcastId], Answer] = field(default_factory=dict)
    images: dict[tuple[TenantId, ImageId], ImageRecord] = field(default_factory=dict)
    places: dict[tuple[TenantId, Place], HeldPlace] = field(default_factory=dict)
    versions: dict[tuple[TenantId, ImageId, int], tuple[Version, bool]] = field(default_factory=dict)
    seen_in: dict[tuple[TenantId, ImageId, int], Place] = field(default_factory=dict)
    readers: dict[ReaderKey, int] = field(default_factory=dict)
    marks: dict[tuple[TenantId, ConversationId, UserId], int] = field(default_factory=dict)
    revisions: dict[tuple[TenantId, ImageId, int], int] = field(default_factory=dict)
    placements: dict[tuple[TenantId, ConversationId, int, bool], Placement] = field(default_factory=dict)
    deleted: dict[tuple[TenantId, ConversationId], DeletedThread] = field(default_factory=dict)
    usage: dict[tuple[TenantId, date], DailyUsage] = field(default_factory=dict)

    def copy(self) -> Data:
        """The same data, free to be changed."""
        copied = {name: dict(table) for name, table in vars(self).items() if isinstance(table, dict)}
        return Data(**(vars(self) | copied))


class MemoryTransaction:
    """A transaction on data that is thrown away if it fails."""

    def __init__(self, data: Data) -> None:
        self._data = data

    def answer(self, tenant_id: TenantId, actor_id: UserId, broadcast_id: BroadcastId) -> Answer | None:
        return self._data.answers.get((tenant_id, actor_id, broadcast_id))

    def is_borrowed(self, tenant_id: TenantId, actor_id: UserId, broadcast_id: BroadcastId) -> bool:
        return any(
            (tenant, broadcast) == (tenant_id, broadcast_id) and actor != actor_id
            for tenant, actor, broadcast in self._data.answers
        )

    def marker(
        self,
        tenant_id: TenantId,
        *,
        conversation_id: ConversationId | None = None,
        thread: UrlId | None = None,
    ) -> Marker | None:
        if conversation_id is not None:
            return self._data.markers.get((tenant_id, conversation_id))
        of_tenant = (one for (tenant, _), one in self._data.markers.items() if tenant == tenant_id)
        return next((one for one in of_tenant if one.conversation.url_id == thread), None)

    def comment(self, tenant_id: TenantId, comment_id: CommentId) -> Comment | None:
        return self._data.comments.get((tenant_id, comment_id))

    def thread(self, tenant_id: TenantId, url_id: UrlId) -> tuple[Comment, ...]:
        return tuple(
            comment
            for (tenant, _), comment in self._data.comments.items()
            if (tenant, comment.url_id) == (tenant_id, url_id)
        )

    def approved_in(self, tenant_id: TenantId, url_id: UrlId) -> int:
        return sum(comment.approved for comment in self.thread(tenant_id, url_id))

    def room(self, room: RoomKey) -> RoomState | None:
        return self._data.rooms.get(room)

    def put_room(self, room: RoomKey, state: RoomState) -> None:
        self._data.rooms[room] = state

    def log(self, room: RoomKey, event: StoredEvent, *, quotes: CommentId | None) -> None:
        assert room in self._data.rooms
        self._data.events[room] = (*self._data.events.get(room, ()), (event, quotes))

    def due_logs(self, now_ms: int, most: int) -> tuple[tuple[RoomKey, RoomState], ...]:
        due = [
            (at_ms, room, state)
            for room, state in self._data.rooms.items()
            if (at_ms := state.trim_due_ms) is not None and at_ms <= now_ms
        ]
        return tuple((room, state) for _, room, state in sorted(due, key=lambda one: one[0])[:most])

    def oldest_events(self, room: RoomKey, most: int) -> tuple[tuple[int, int], ...]:
        return tuple((event.seq, event.timestamp_ms) for event, _ in self._data.events.get(room, ())[:most])

    def trim(self, room: RoomKey, up_to_seq: int) -> None:
        self._data.events[room] = tuple(one for one in self._data.events[room] if one[0].seq > up_to_seq)

    def put_marker(self, tenant_id: TenantId, marker: Marker) -> None:
        self._data.markers[tenant_id, marker.conversation.id] = marker

    def put_comment(self, tenant_id: TenantId, comment: Comment) -> None:
        self._data.comments[tenant_id, comment.id] = comment

    def count_comments(self, tenant_id: TenantId, more: int) -> int:
        self._data.comment_counts[tenant_id] = self._data.comment_counts.get(tenant_id, 0) + more
        return self._data.comment_counts[tenant_id]

    def remove_marker(self, tenant_id: TenantId, conversation_id: ConversationId) -> None:
        self._data.markers.pop((tenant_id, conversation_id), None)
        for key in [key for key in self._data.marks if key[:2] == (tenant_id, conversation_id)]:
            del self._data.marks[key]
        for placed in [one for one in self._data.placements if one[:2] == (tenant_id, conversation_id)]:
            del self._data.placements[placed]

    def remove_comments(self, tenant_id: TenantId, comment_ids: tuple[CommentId, ...]) -> None:
        for comment_id in comment_ids:
            self._data.comments.pop((tenant_id, comment_id), None)
            for vote in self.votes_on(tenant_id, comment_id):
                self.remove_vote(vote)
            for user_id in self.flags_on(tenant_id, comment_id):
                self.remove_flag(tenant_id, comment_id, user_id)

    def vote(
        self,
        tenant_id: TenantId,
        comment_id: CommentId,
        *,
        user_id: UserId | None = None,
        vote_id: str | None = None,
    ) -> Vote | None:
        found = self.votes_on(tenant_id, comment_id)
        return next((one for one in found if user_id == one.user_id or vote_id == one.id), None)

    def votes_in(self, tenant_id: TenantId, url_id: UrlId, user_id: UserId) -> tuple[Vote, ...]:
        found = {
            key: vote
            for key, vote in self._data.votes.items()
            if (key[0], vote.url_id, key[2]) == (tenant_id, url_id, user_id)
        }
        return tuple(found[key] for key in sorted(found))

    def votes_on(self, tenant_id: TenantId, comment_id: CommentId) -> tuple[Vote, ...]:
        found = sorted(key for key in self._data.votes if key[:2] == (tenant_id, comment_id))
        return tuple(self._data.votes[key] for key in found)

    def put_vote(self, vote: Vote) -> None:
        assert vote.user_id is not None
        assert (vote.tenant_id, vote.comment_id) in self._data.comments
        assert self.vote(vote.tenant_id, vote.comment_id, user_id=vote.user_id) is None
        self._data.votes[vote.tenant_id, vote.comment_id, vote.user_id] = vote

    def remove_vote(self, vote: Vote) -> None:
        assert vote.user_id is not None
        self._data.votes.pop((vote.tenant_id, vote.comment_id, vote.user_id), None)

    def flags_on(self, tenant_id: TenantId, comment_id: CommentId) -> tuple[UserId, ...]:
        return tuple(sorted(key[2] for key in self._data.flags if key[:2] == (tenant_id, comment_id)))

    def put_flag(self, tenant_id: TenantId, comment: Comment, user_id: UserId) -> None:
        assert (tenant_id, comment.id) in self._data.comments
        self._data.flags.setdefault((tenant_id, comment.id, user_id), comment.url_id)

    def remove_flag(self, tenant_id: TenantId, comment_id: CommentId, user_id: UserId) -> None:
        self._data.flags.pop((tenant_id, comment_id, user_id), None)

    def blocked_by(self, tenant_id: TenantId, user_id: UserId) -> frozenset[UserId]:
        return frozenset(key[2] for key in self._data.blocks if key[:2] == (tenant_id, user_id))

    def put_block(self, tenant_id: TenantId, user_id: UserId, other: UserId) -> None:
        self._data.blocks[tenant_id, user_id, other] = None

    def remove_block(self, tenant_id: TenantId, user_id: UserId, other: UserId) -> None:
        self._data.blocks.pop((tenant_id, user_id, other), None)

    def marks(self, tenant_id: TenantId, conversation_id: ConversationId) -> tuple[tuple[UserId, int], ...]:
        found = {
            user: number
            for (*home, user), number in self._data.marks.items()
            if home == [tenant_id, conversation_id]
        }
        return tuple(sorted(found.items()))

    def put_marks(
        self, tenant_id: TenantId, conversation_id: ConversationId, marks: tuple[tuple[UserId, int], ...]
    ) -> None:
        assert (tenant_id, conversation_id) in self._data.markers
        for user_id, number in marks:
            self._data.marks[tenant_id, conversation_id, user_id] = number

    def raise_revisions(
        self, tenant_id: TenantId, image: UrlId, conversation_id: ConversationId
    ) -> dict[UserId, int]:
        raised = {}
        for user_id, _ in self.marks(tenant_id, conversation_id):
            reader = ReaderKey(tenant_id, image, user_id)
            if reader in self._data.readers:
                raised[user_id] = self._data.readers[reader] = self._data.readers[reader] + 1
        return raised

    def all_placements(
        self, tenant_id: TenantId, conversation_id: ConversationId
    ) -> tuple[tuple[int, Placement], ...]:
        found = sorted(key[2:] for key in self._data.placements if key[:2] == (tenant_id, conversation_id))
        return tuple(
            (version, self._data.placements[tenant_id, conversation_id, version, by_person])
            for version, by_person in found
        )

    def deleted_thread(self, tenant_id: TenantId, conversation_id: ConversationId) -> DeletedThread | None:
        return self._data.deleted.get((tenant_id, conversation_id))

    def keep_deleted_thread(self, tenant_id: TenantId, thread: DeletedThread) -> None:
        assert (tenant_id, thread.conversation.id) not in self._data.deleted
        self._data.deleted[tenant_id, thread.conversation.id] = thread

    def forget_deleted_thread(self, tenant_id: TenantId, conversation_id: ConversationId) -> None:
        self._data.deleted.pop((tenant_id, conversation_id), None)

    def due_deleted_threads(self, now_ms: int, most: int) -> tuple[tuple[TenantId, ConversationId], ...]:
        due = [(key, thread) for key, thread in self._data.deleted.items() if thread.due_ms <= now_ms]
        due.sort(key=lambda item: (item[1].due_ms, item[0][1]))
        return tuple(key for key, _ in due[:most])

    def put_answer(self, answer: Answer) -> None:
        key = answer.tenant_id, answer.actor_id, answer.broadcast_id
        assert key not in self._data.answers
        self._data.answers[key] = answer

    def drop_answers(self, before_ms: int, most: int) -> int:
        oldest = sorted(self._data.answers.items(), key=lambda item: item[1].at_ms)
        gone = [key for key, answer in oldest[:most] if answer.at_ms < before_ms]
        for key in gone:
            del self._data.answers[key]
        return len(gone)

    def image(
        self, tenant_id: TenantId, *, image_id: ImageId | None = None, url_id: UrlId | None = None
    ) -> ImageRecord | None:
        if image_id is not None:
            return self._data.images.get((tenant_id, image_id))
        of_tenant = (one for (tenant, _), one in self._data.images.items() if tenant == tenant_id)
        return next((one for one in of_tenant if one.url_id == url_id), None)

    def images_with(self, tenant_id: TenantId, pixels: str, most: int) -> tuple[ImageId, ...]:
        having = {
            image_id
            for (tenant, image_id, _), (version, plain) in self._data.versions.items()
            if (tenant, version.pixels, plain) == (tenant_id, pixels, False)
        }
        return tuple(sorted(having)[:most])

    def place(self, tenant_id: TenantId, place: Place) -> HeldPlace | None:
        return self._data.places.get((tenant_id, place))

    def places(self, tenant_id: TenantId, image_id: ImageId, most: int) -> tuple[HeldPlace, ...]:
        found = [
            held
            for (tenant, _), held in self._data.places.items()
            if (tenant, held.image_id) == (tenant_id, image_id)
        ]
        found.sort(key=lambda held: (held.place.kind, held.place.project, held.place.value))
        return tuple(found[:most])

    def version(self, tenant_id: TenantId, image_id: ImageId, pixels: str | None) -> Version | None:
        versions = self.versions(tenant_id, image_id, len(self._data.versions))
        return next((one for one in reversed(versions) if pixels in (None, one.pixels)), None)

    def versions(self, tenant_id: TenantId, image_id: ImageId, most: int) -> tuple[Version, ...]:
        found = [
            version
            for (tenant, image, _), (version, _) in self._data.versions.items()
            if (tenant, image) == (tenant_id, image_id)
        ]
        return tuple(sorted(found, key=lambda version: version.number)[-most:])

    def markers_on(self, tenant_id: TenantId, url_id: UrlId) -> int:
        return sum(
            (tenant, marker.image) == (tenant_id, url_id)
            for (tenant, _), marker in self._data.markers.items()
        )

    def due_images(self, before_ms: int, most: int) -> tuple[tuple[TenantId, ImageRecord], ...]:
        due = [
            (tenant, record) for (tenant, _), record in self._data.images.items() if record.due_ms < before_ms
        ]
        return tuple(sorted(due, key=lambda one: (one[1].due_ms, one[1].id))[:most])

    def put_image(self, tenant_id: TenantId, record: ImageRecord) -> None:
        self._data.images[tenant_id, record.id] = record

    def put_place(self, tenant_id: TenantId, held: HeldPlace) -> None:
        assert (tenant_id, held.image_id) in self._data.images
        self._data.places[tenant_id, held.place] = held

    def put_version(self, tenant_id: TenantId, image_id: ImageId, version: Version, *, plain: bool) -> None:
        assert (tenant_id, image_id) in self._data.images
        assert (tenant_id, image_id, version.number) not in self._data.versions
        assert self.version(tenant_id, image_id, version.pixels) is None
        self._data.versions[tenant_id, image_id, version.number] = version, plain

    def remove_image(self, tenant_id: TenantId, image_id: ImageId) -> None:
        gone = self._data.images.pop((tenant_id, image_id), None)
        for reader in [one for one in self._data.readers if gone and one[:2] == (tenant_id, gone.url_id)]:
            del self._data.readers[reader]
        for held in self.places(tenant_id, image_id, len(self._data.places)):
            del self._data.places[tenant_id, held.place]
        for version in self.versions(tenant_id, image_id, len(self._data.versions)):
            del self._data.versions[tenant_id, image_id, version.number]
            self._data.revisions.pop((tenant_id, image_id, version.number), None)
            self._data.seen_in.pop((tenant_id, image_id, version.number), None)

    def seen_in(self, tenant_id: TenantId, image_id: ImageId, number: int) -> Place | None:
        return self._data.seen_in.get((tenant_id, image_id, number))

    def put_seen_in(self, tenant_id: TenantId, image_id: ImageId, number: int, place: Place | None) -> None:
        assert (tenant_id, image_id, number) in self._data.versions
        self._data.seen_in.pop((tenant_id, image_id, number), None)
        if place is not None:
            self._data.seen_in[tenant_id, image_id, number] = place

    def remove_unmarked(self, tenant_id: TenantId, image_id: ImageId, seen_in: Place) -> None:
        markers = self._conversations(tenant_id, self._data.images[tenant_id, image_id].url_id)
        homes = {one.id for one in markers}
        kept = {one.version for one in markers} | {
            version
            for tenant, home, version, by_person in self._data.placements
            if by_person and tenant == tenant_id and home in homes
        }
        for key in [key for key, place in self._data.seen_in.items() if place == seen_in]:
            if key[:2] == (tenant_id, image_id) and key[2] not in kept:
                for table in (self._data.versions, self._data.revisions, self._data.seen_in):
                    table.pop(key, None)
                for home in homes:
                    self._data.placements.pop((tenant_id, home, key[2], False), None)

    def read_state(self, reader: ReaderKey) -> ReadState:
        there = self._conversations(reader.tenant_id, reader.image)
        keys = ((reader.tenant_id, one.id, reader.user_id) for one in there)
        known = tuple(ReadMark(key[1], self._data.marks[key]) for key in keys if key in self._data.marks)
        revision = self._data.readers.get(reader, 0)
        return ReadState(revision, known if revision else ())

    def newest_numbers(
        self, tenant_id: TenantId, image: UrlId, before_ms: int | None = None
    ) -> dict[ConversationId, int]:
        return {
            one.id: max(numbers)
            for one in self._conversations(tenant_id, image)
            if (
                numbers := [
                    said.number
                    for said in self.thread(tenant_id, one.url_id)
                    if said.number and (before_ms is None or (said.date_ms or 0) < before_ms)
                ]
            )
        }

    def put_read_state(self, reader: ReaderKey, changed: ReadState) -> None:
        self._data.readers[reader] = changed.revision
        for mark in changed.marks:
            assert (reader.tenant_id, mark.conversation_id) in self._data.markers
            self._data.marks[reader.tenant_id, mark.conversation_id, reader.user_id] = mark.number

    def revision(self, of: VersionKey) -> int | None:
        image = self.image(of.tenant_id, url_id=of.image)
        if image is None or (of.tenant_id, image.id, of.number) not in self._data.versions:
            return None
        return self._data.revisions.get((of.tenant_id, image.id, of.number), 0)

    def add_usage(self, tenant_id: TenantId, day: date, usage: Usage, now_ms: int) -> None:
        known = self._data.usage.get((tenant_id, day), DailyUsage(day, Usage(), now_ms))
        self._data.usage[tenant_id, day] = DailyUsage(day, known.usage + usage, known.created_at_ms)

    def put_revision(self, of: VersionKey, revision: int) -> None:
        image = self.image(of.tenant_id, url_id=of.image)
        assert image is not None
        assert (of.tenant_id, image.id, of.number) in self._data.versions
        self._data.revisions[of.tenant_id, image.id, of.number] = revision

    def placements(self, of: VersionKey) -> Iterator[tuple[Point, tuple[Placement, ...]]]:
        for conversation in self._conversations(of.tenant_id, of.image):
            kept = self.placements_of(of, conversation.id)
            if kept:
                yield conversation.point, kept

    def placements_of(self, of: VersionKey, conversation_id: ConversationId) -> tuple[Placement, ...]:
        keys = ((of.tenant_id, conversation_id, of.number, by_person) for by_person in (False, True))
        return tuple(self._data.placements[key] for key in keys if key in self._data.placements)

    def put_placement(self, of: VersionKey, placement: Placement) -> None:
        chat_id, by_person = placement.conversation_id, placement.state is PlacementState.SET
        assert (of.tenant_id, chat_id) in self._data.markers
        self._data.placements[of.tenant_id, chat_id, of.number, by_person] = placement

    def remove_placement(self, of: VersionKey, conversation_id: ConversationId, *, said: bool) -> None:
        self._data.placements.pop((of.tenant_id, conversation_id, of.number, said), None)

    def _conversations(self, tenant_id: TenantId, image: UrlId) -> list[Conversation]:
        shown = [
            marker.conversation
            for (tenant, _), marker in self._data.markers.items()
            if (tenant, marker.image) == (tenant_id, image)
        ]
        return sorted(shown, key=lambda conversation: conversation.number or 0)


class MemoryStore:
    """A Store whose data ends with the test. What is opened at one path is one store."""

    _opened: dict[Path, Data] = {}  # noqa: RUF012

    def __init__(self, path: Path, *, now_ms: Callable[[], int]) -> None:
        self._path = path
        self._data = self._opened.get(path) or Data()
        self._now_ms = now_ms

    async def change(self, change: Change, told: Callable[[Outcome], None] | None = None) -> Outcome:
        data = self._data.copy()
        outcome = apply_change(MemoryTransaction(data), change, now_ms=self._now_ms(), epoch=self._data.epoch)
        self._data = data
        if told is not None:
            asyncio.get_running_loop().call_soon(told, outcome)
        return outcome

    async def conversation(self, tenant_id: TenantId, conversation_id: ConversationId) -> Conversation | None:
        marker = self._data.markers.get((tenant_id, conversation_id))
        return marker.conversation if marker is not None else None

    async def comment(self, tenant_id: TenantId, comment_id: CommentId) -> Comment | None:
        return self._data.comments.get((tenant_id, comment_id))

    async def rooms(self, tenant_id: TenantId, after: UrlId, most: int) -> tuple[UrlId, ...]:
        keys = {marker.image for (tenant, _), marker in self._data.markers.items() if tenant == tenant_id}
        return tuple(sorted((key for key in keys if key > after), key=str.encode)[:most])

    async def own(self, tenant_id: TenantId, image: UrlId, user_id: UserId) -> Own:
        tx, threads = MemoryTransaction(self._data), {one.url_id for one in self._markers(tenant_id, image)}
        votes = [vote for thread in threads for vote in tx.votes_in(tenant_id, thread, user_id)]
        flagged = frozenset(
            key[1]
            for key, thread in self._data.flags.items()
            if (key[0], key[2]) == (tenant_id, user_id) and thread in threads
        )
        by_comment = tuple(sorted(votes, key=lambda vote: vote.comment_id))
        return Own(by_comment, flagged, tx.blocked_by(tenant_id, user_id))

    async def snapshot(self, room: RoomKey, image: UrlId, *, comments: bool) -> Snapshot:
        shown = self._markers(room.tenant_id, image)
        threads = {conversation.url_id for conversation in shown}
        said = tuple(
            comment
            for (tenant_id, _), comment in self._data.comments.items()
            if comments and tenant_id == room.tenant_id and comment.url_id in threads
        )
        state = self._state(room)
        return Snapshot(shown, said, state.position, state.last_timestamp_ms)

    async def flag(
        self, tenant_id: TenantId, comment_id: CommentId, user_id: UserId, *, flagged: bool
    ) -> bool:
        return opinions.flag(MemoryTransaction(self._data), tenant_id, comment_id, user_id, flagged=flagged)

    async def block(self, tenant_id: TenantId, user_id: UserId, other: UserId, *, blocked: bool) -> bool:
        return opinions.block(MemoryTransaction(self._data), tenant_id, user_id, other, blocked=blocked)

    async def of_blocked(
        self, tenant_id: TenantId, user_id: UserId, comment_ids: Sequence[CommentId]
    ) -> frozenset[CommentId]:
        blocked = MemoryTransaction(self._data).blocked_by(tenant_id, user_id)
        there = [one for one in comment_ids if (tenant_id, one) in self._data.comments]
        return frozenset(one for one in there if self._data.comments[tenant_id, one].author_id in blocked)

    async def thread(
        self, room: RoomKey, url_id: UrlId, user_id: UserId | None = None, *, flags: bool = False
    ) -> ThreadPage:
        tx, state = MemoryTransaction(self._data), self._state(room)
        said = tx.thread(room.tenant_id, url_id)
        closed = state.is_closed or state.closed_until_ms > self._now_ms()
        own, page = Own(), (room.tenant_id, url_id)
        in_thread = [key for key, flagged in self._data.flags.items() if (key[0], flagged) == page]
        if user_id is not None:
            flagged = frozenset(key[1] for key in in_thread if key[2] == user_id)
            own = Own(tx.votes_in(*page, user_id), flagged, tx.blocked_by(room.tenant_id, user_id))
        counts = Counter(key[1] for key in in_thread) if flags else {}
        return ThreadPage(
            said, state.position, state.last_timestamp_ms, closed, own, dict(sorted(counts.items()))
        )

    async def voters(
        self, tenant_id: TenantId, comment_id: CommentId, direction: int, most: int
    ) -> tuple[User, ...]:
        votes = MemoryTransaction(self._data).votes_on(tenant_id, comment_id)
        voters = [
            vote.user_id
            for vote in sorted(votes, key=lambda one: one.created_at_ms)
            if vote.direction == direction and vote.user_id is not None
        ]
        known = [
            self._data.users[tenant_id, one][0] for one in voters if (tenant_id, one) in self._data.users
        ]
        return tuple([one for one in known if not one.is_private][:most])

    async def users_named(self, tenant_id: TenantId, beginning: str, most: int) -> tuple[User, ...]:
        sought = ascii_lower(beginning)
        found = [
            user
            for (tenant, _), (user, _) in self._data.users.items()
            if tenant == tenant_id
            and not user.is_private
            and any(ascii_lower(name).startswith(sought) for name in (user.username, user.display_name))
        ]
        return by_name(found, most)

    async def commenters(self, tenant_id: TenantId, url_id: UrlId) -> tuple[UserId, ...]:
        threads = {url_id} | {one.url_id for one in self._markers(tenant_id, url_id)}
        wrote = {
            comment.author_id
            for (tenant, _), comment in self._data.comments.items()
            if tenant == tenant_id and comment.url_id in threads
        }
        return tuple(sorted(one for one in wrote if one is not None))

    async def images(self, tenant_id: TenantId, asked: ImageQuery) -> ImagesFound:
        return find_images(MemoryTransaction(self._data), tenant_id, asked)

    async def image_history(self, tenant_id: TenantId, image_id: ImageId) -> ImageHistory | None:
        return image_history(MemoryTransaction(self._data), tenant_id, image_id)

    async def read_state(self, reader: ReaderKey) -> ReadState:
        return MemoryTransaction(self._data).read_state(reader)

    async def summaries(
        self,
        tenant_id: TenantId,
        images: Sequence[UrlId],
        user_id: UserId | None,
        *,
        since_ms: int | None = None,
    ) -> dict[UrlId, Summary]:
        return {image: self._summary(tenant_id, image, user_id, since_ms) for image in images}

    def _summary(
        self, tenant_id: TenantId, image: UrlId, user_id: UserId | None, since_ms: int | None
    ) -> Summary:
        there = self._markers(tenant_id, image)
        still_open = sum(not one.resolved for one in there)
        if user_id is None:
            return Summary(still_open)
        transaction = MemoryTransaction(self._data)
        state = transaction.read_state(ReaderKey(tenant_id, image, user_id))
        marks = {mark.conversation_id: mark.number for mark in state.marks}
        start_ms = 0 if state.revision else since_ms
        if start_ms is None:
            return Summary(still_open, 0)
        unread = [
            any(
                (said.date_ms or 0) >= start_ms
                and said.approved
                and said.author_id != user_id
                and (said.number or 0) > marks.get(one.id, 0)
                for said in transaction.thread(tenant_id, one.url_id)
            )
            for one in there
        ]
        return Summary(still_open, sum(unread))

    async def change_read_state(self, reader: ReaderKey, change: ChangeReadState) -> ReadState:
        data = self._data.copy()
        state = apply_read_change(MemoryTransaction(data), reader, change)
        self._data = data
        return state

    async def begin_reading(
        self, readers: Sequence[ReaderKey], *, since_ms: int | None
    ) -> dict[ReaderKey, ReadState]:
        data = self._data.copy()
        begun = begin_reading(MemoryTransaction(data), readers, since_ms)
        self._data = data
        return begun

    async def placements(self, of: VersionKey) -> Placements:
        return placements_on(MemoryTransaction(self._data), of)

    async def change_placements(
        self, of: VersionKey, change: ChangePlacements, by: UserId
    ) -> tuple[Placements, ...]:
        data = self._data.copy()
        changed = apply_placements(MemoryTransaction(data), of, change, by)
        self._data = data
        return changed

    async def add_usage(self, used: Mapping[tuple[TenantId, date], Usage]) -> None:
        data = self._data.copy()
        for (tenant_id, day), usage in used.items():
            MemoryTransaction(data).add_usage(tenant_id, day, usage, self._now_ms())
        self._data = data

    async def daily_usage(self, tenant_id: TenantId, asked: UsageQuery) -> tuple[DailyUsage, ...]:
        days = sorted(day for tenant, day in self._data.usage if tenant == tenant_id and asked.means(day))
        return tuple(self._data.usage[tenant_id, day] for day in days[asked.skip :][: asked.most])

    async def forget_deleted(self) -> bool:
        data = self._data.copy()
        more = forget_deleted(MemoryTransaction(data), self._now_ms())
        self._data = data
        return more

    async def size_bytes(self) -> int:
        return len(repr(self._data))

    async def vacuum(self) -> None:
        pass

    async def trim_logs(self) -> bool:
        data = self._data.copy()
        more = trim_logs(MemoryTransaction(data), self._now_ms())
        self._data = data
        return more

    async def positions(self, rooms: Sequence[RoomKey]) -> dict[RoomKey, Position]:
        return {room: self._state(room).position for room in rooms}

    async def events_after(
        self, room: RoomKey, seq: int, *, event_id: EventId = EventId(""), limit: int = MAX_REPLAY
    ) -> LogPage | None:
        events = [event for event in self._logged(room) if event.seq >= seq]
        head = self._state(room).position
        return page_after(events[: limit + 2], head, seq, event_id=event_id, limit=limit)

    async def events_since(
        self, room: RoomKey, start_ms: int, end_ms: int | None, *, limit: int = 1000
    ) -> LogPage:
        logged = self._logged(room)
        asked = [
            event
            for event in logged
            if event.plain is not None
            and start_ms <= event.timestamp_ms <= (end_ms if end_ms is not None else event.timestamp_ms)
        ]
        state = self._state(room)
        first_ms = logged[0].timestamp_ms if logged else state.last_timestamp_ms + 1
        return page_since(
            asked[: limit + 1], start_ms, first_seq=state.first_seq, first_ms=first_ms, limit=limit
        )

    def _logged(self, room: RoomKey) -> list[StoredEvent]:
        """The log with the words of what it quotes, as they are now."""
        logged = []
        for event, quotes in self._data.events.get(room, ()):
            said = None if quotes is None else self._data.comments.get((room.tenant_id, quotes))
            words = (None, None) if said is None else (said.text, said.html)
            logged.append(event_with_words(event, *words))
        return logged

    async def tenant(self, tenant_id: TenantId) -> TenantRecord | None:
        return self._data.tenants.get(tenant_id)

    async def create_tenant(self, record: TenantRecord) -> None:
        assert record.id not in self._data.tenants
        self._data.tenants[record.id] = record
        self._data.rules_changes += 1

    async def change_tenant(self, record: TenantRecord) -> None:
        assert record.id in self._data.tenants
        self._data.tenants[record.id] = record
        self._data.rules_changes += 1

    async def rule_user(self, rule: UserRule) -> None:
        key = rule.tenant_id, rule.user_id
        self._data.user_rules.pop(key, None)
        if rule != UserRule(*key):
            self._data.user_rules[key] = rule
        self._data.rules_changes += 1

    async def rules(self) -> Rules:
        users = tuple(rule for _, rule in sorted(self._data.user_rules.items()))
        return Rules(await self.rules_revision(), await self.tenants(), users)

    async def rules_revision(self) -> bytes:
        return str(self._data.rules_changes).encode()

    async def tenants(self) -> tuple[TenantRecord, ...]:
        return tuple(sorted(self._data.tenants.values(), key=lambda record: record.id))

    async def put_user(self, tenant_id: TenantId, user: User, *, verified: bool, now_ms: int) -> bool:
        if tenant_id not in self._data.tenants:
            raise StoreUnavailable("no such tenant")
        known = self._data.users.get((tenant_id, user.id))
        if known is not None and known[1] and not verified:
            return False
        self._data.users[tenant_id, user.id] = user, verified
        return True

    async def users(self, tenant_id: TenantId, ids: Sequence[UserId]) -> tuple[User, ...]:
        keys = ((tenant_id, user_id) for user_id in sorted(set(ids)))
        return tuple(self._data.users[key][0] for key in keys if key in self._data.users)

    async def secret(self, name: str) -> bytes:
        return self._data.secrets.setdefault(name, os.urandom(32))

    async def check(self) -> None:
        pass

    async def watch(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        self._opened[self._path] = self._data

    def _state(self, room: RoomKey) -> RoomState:
        return self._data.rooms.get(room) or RoomState(UrlId(""), Position(self._data.epoch, 0))

    def _markers(self, tenant_id: TenantId, image: UrlId) -> tuple[Conversation, ...]:
        shown = (
            marker.conversation
            for (tenant, _), marker in self._data.markers.items()
            if (tenant, marker.image) == (tenant_id, image)
        )
        return tuple(sorted(shown, key=lambda conversation: conversation.number or 0))
