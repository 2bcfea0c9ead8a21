"""A Transaction in the SQL that the databases share; each adds what it says in its own way."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import date
from itertools import groupby
from typing import ClassVar

import msgspec

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
    Own,
    Place,
    Placement,
    Point,
    ReadMark,
    ReadState,
    Summary,
    Version,
    Vote,
)
from imagechat_tui.protocol.usage import DailyUsage, Usage, UsageQuery
from imagechat_tui.server.storage import (
    DeletedThread,
    HeldPlace,
    ImageRecord,
    ReaderKey,
    RoomKey,
    StoredEvent,
    VersionKey,
    rows,
)
from imagechat_tui.server.storage.sql import Database, Row
from imagechat_tui.server.storage.transaction import Answer, Marker, RoomState

_PUT_ROOM = (
    f"INSERT INTO room (tenant_id, token, {rows.ROOM}) VALUES (?, {rows.placeholders(rows.ROOM)})"
    f" ON CONFLICT (tenant_id, token) DO UPDATE SET {rows.assignments(rows.ROOM)}"
)
_PUT_MARKER = (
    f"INSERT INTO conversation (tenant_id, {rows.CONVERSATION})"
    f" VALUES ({rows.placeholders(rows.CONVERSATION)})"
    f" ON CONFLICT (tenant_id, id) DO UPDATE SET {rows.assignments(rows.CONVERSATION)}"
)
_PUT_COMMENT = (
    f"INSERT INTO comment (tenant_id, {rows.COMMENT}) VALUES ({rows.placeholders(rows.COMMENT)})"
    f" ON CONFLICT (tenant_id, id) DO UPDATE SET {rows.assignments(rows.COMMENT)}"
)
_ADD_USAGE = (
    f"INSERT INTO daily_usage (tenant_id, {rows.USAGE}) VALUES ({rows.placeholders(rows.USAGE)})"
    f" ON CONFLICT (tenant_id, day) DO UPDATE SET {rows.sums(rows.USAGE, 'daily_usage', ('day', 'created_at_ms'))}"
)
_PUT_IMAGE = (
    f"INSERT INTO image (tenant_id, {rows.IMAGE}) VALUES ({rows.placeholders(rows.IMAGE)})"
    f" ON CONFLICT (tenant_id, id) DO UPDATE SET {rows.assignments(rows.IMAGE)}"
)
_PUT_PLACEMENT = (
    f"INSERT INTO placement (tenant_id, {rows.PLACEMENT}) VALUES ({rows.placeholders(rows.PLACEMENT)})"
    " ON CONFLICT (tenant_id, conversation_id, version, by_person)"
    f" DO UPDATE SET {rows.assignments(rows.PLACEMENT)}"
)
_PLACEMENT = ", ".join(f"placement.{name}" for name in rows.PLACEMENT.split(", "))
_OF_VERSION = (
    "tenant_id = ?1 AND image_id = (SELECT id FROM image WHERE tenant_id = ?1 AND url_id = ?2)"
    " AND number = ?3"
)
_MARKERS = (
    "SELECT conversation.id FROM image CROSS JOIN conversation ON conversation.tenant_id = image.tenant_id"
    " AND conversation.image = image.url_id WHERE image.tenant_id = ?1 AND image.id = ?2"
)
_UNMARKED = (
    "SELECT number FROM image_version WHERE tenant_id = ?1 AND image_id = ?2 AND seen_in = ?3"
    f" AND NOT EXISTS ({_MARKERS} AND (conversation.version = image_version.number"
    " OR EXISTS (SELECT 1 FROM placement WHERE placement.tenant_id = ?1"
    " AND placement.conversation_id = conversation.id AND placement.version = image_version.number"
    " AND placement.by_person = 1)))"
)
_PUT_MARK = (
    "INSERT INTO read_mark (tenant_id, conversation_id, user_id, number) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (tenant_id, conversation_id, user_id) DO UPDATE SET number = excluded.number"
)
_LOG = (
    f"INSERT INTO event (tenant_id, token, comment_id, {rows.EVENT})"
    f" VALUES (?, ?, {rows.placeholders(rows.EVENT)})"
)

_RULES_REVISION = "rules revision"


class SqlTransaction(ABC):
    """The transaction that is open on a connection; on a reader's, of which nothing can be written."""

    one_place: ClassVar = "tenant_id, kind, project, value"
    """What no two rows of ``image_place`` have in common."""
    one_reader: ClassVar = "tenant_id, image, user_id"
    """What no two rows of ``reader`` have in common."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def installed(self, name: str, make: Callable[[], bytes]) -> bytes:
        """What this installation has under a name; made if it has nothing, once, whoever else asks now."""
        asked = "SELECT value FROM installation WHERE name = ?"
        row = self._one(asked, name)
        if row is None:
            self.db.execute(
                "INSERT INTO installation VALUES (?, ?) ON CONFLICT (name) DO NOTHING", (name, make())
            )
            row = self._one(asked, name)
        assert row is not None
        return bytes(row[0])

    def rules_revision(self) -> bytes:
        """Of what operators have decided; empty before they have decided anything."""
        row = self._one("SELECT value FROM installation WHERE name = ?", _RULES_REVISION)
        return b"" if row is None else bytes(row[0])

    def rules_changed(self) -> None:
        """Give what operators have decided another revision."""
        self.db.execute(
            "INSERT INTO installation VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (_RULES_REVISION, os.urandom(16)),
        )

    # Queries

    def answer(self, tenant_id: TenantId, actor_id: UserId, broadcast_id: BroadcastId) -> Answer | None:
        """See Transaction."""
        row = self._one(
            f"SELECT {rows.ANSWER} FROM answer WHERE tenant_id = ? AND actor_id = ? AND broadcast_id = ?",
            tenant_id,
            actor_id,
            broadcast_id,
        )
        return Answer(*row) if row is not None else None

    def is_borrowed(self, tenant_id: TenantId, actor_id: UserId, broadcast_id: BroadcastId) -> bool:
        """See Transaction. Left alone, SQLite walks all answers of the tenant by their primary key."""
        row = self._one(
            "SELECT 1 FROM answer INDEXED BY answer_by_id"
            " WHERE tenant_id = ? AND broadcast_id = ? AND actor_id <> ? LIMIT 1",
            tenant_id,
            broadcast_id,
            actor_id,
        )
        return row is not None

    def marker(
        self,
        tenant_id: TenantId,
        *,
        conversation_id: ConversationId | None = None,
        thread: UrlId | None = None,
    ) -> Marker | None:
        """See Transaction."""
        column, value = ("url_id", thread) if conversation_id is None else ("id", conversation_id)
        row = self._one(
            f"SELECT {rows.CONVERSATION} FROM conversation WHERE tenant_id = ? AND {column} = ?",
            tenant_id,
            value,
        )
        return Marker(rows.read_conversation(row), UrlId(row["image"])) if row is not None else None

    def comment(self, tenant_id: TenantId, comment_id: CommentId) -> Comment | None:
        """See Transaction."""
        row = self._one(
            f"SELECT {rows.COMMENT} FROM comment WHERE tenant_id = ? AND id = ?", tenant_id, comment_id
        )
        return rows.read_comment(row) if row is not None else None

    def thread(self, tenant_id: TenantId, url_id: UrlId) -> tuple[Comment, ...]:
        """See Transaction."""
        lines = self.db.execute(
            f"SELECT {rows.COMMENT} FROM comment WHERE tenant_id = ? AND url_id = ? ORDER BY ordinal",
            (tenant_id, url_id),
        )
        return tuple(map(rows.read_comment, lines))

    def approved_in(self, tenant_id: TenantId, url_id: UrlId) -> int:
        """See Transaction."""
        row = self.db.execute(
            "SELECT count(*) FROM comment WHERE tenant_id = ? AND url_id = ? AND approved = 1",
            (tenant_id, url_id),
        ).fetchone()
        return int(row[0])

    def room(self, room: RoomKey) -> RoomState | None:
        """See Transaction. Whoever writes has the tenant to itself (``Engine``)."""
        row = self._one(f"SELECT {rows.ROOM} FROM room WHERE tenant_id = ? AND token = ?", *room)
        if row is None:
            return None
        return rows.read_room(row)

    # Commands

    def put_room(self, room: RoomKey, state: RoomState) -> None:
        """See Transaction."""
        at = state.position
        self.db.execute(
            _PUT_ROOM,
            (
                *room,
                state.url_id,
                at.epoch,
                at.seq,
                at.event_id,
                state.last_timestamp_ms,
                state.first_seq,
                state.last_number,
                state.closed_until_ms,
                int(state.is_closed),
                state.trim_due_ms,
            ),
        )

    def log(self, room: RoomKey, event: StoredEvent, *, quotes: CommentId | None) -> None:
        """See Transaction."""
        self.db.execute(_LOG, (*room, quotes, *rows.event_row(event)))

    def due_logs(self, now_ms: int, most: int) -> tuple[tuple[RoomKey, RoomState], ...]:
        """See Transaction."""
        lines = self.db.execute(
            f"SELECT {rows.ROOM}, tenant_id, token FROM room WHERE trim_due_ms <= ? ORDER BY trim_due_ms LIMIT ?",
            (now_ms, most),
        )
        return tuple(
            (RoomKey(TenantId(line["tenant_id"]), line["token"]), rows.read_room(line)) for line in lines
        )

    def oldest_events(self, room: RoomKey, most: int) -> tuple[tuple[int, int], ...]:
        """See Transaction."""
        lines = self.db.execute(
            "SELECT seq, timestamp_ms FROM event WHERE tenant_id = ? AND token = ? ORDER BY seq LIMIT ?",
            (*room, most),
        )
        return tuple((line[0], line[1]) for line in lines)

    def trim(self, room: RoomKey, up_to_seq: int) -> None:
        """See Transaction."""
        self.db.execute(
            "DELETE FROM event WHERE tenant_id = ? AND token = ? AND seq <= ?", (*room, up_to_seq)
        )

    def put_marker(self, tenant_id: TenantId, marker: Marker) -> None:
        """See Transaction."""
        values = rows.conversation_row(marker.conversation, marker.image)
        self.db.execute(_PUT_MARKER, (tenant_id, *values))

    def put_comment(self, tenant_id: TenantId, comment: Comment) -> None:
        """See Transaction."""
        self.db.execute(_PUT_COMMENT, (tenant_id, *rows.comment_row(comment)))

    def count_comments(self, tenant_id: TenantId, more: int) -> int:
        """See Transaction."""
        row = self._one(
            "INSERT INTO comment_count (tenant_id, comments) VALUES (?, ?) ON CONFLICT (tenant_id)"
            " DO UPDATE SET comments = comment_count.comments + excluded.comments RETURNING comments",
            tenant_id,
            more,
        )
        assert row is not None
        return int(row[0])

    def remove_marker(self, tenant_id: TenantId, conversation_id: ConversationId) -> None:
        """See Transaction. Its placements and how far it was read go by their foreign keys."""
        self.db.execute(
            "DELETE FROM conversation WHERE tenant_id = ? AND id = ?", (tenant_id, conversation_id)
        )

    def remove_comments(self, tenant_id: TenantId, comment_ids: tuple[CommentId, ...]) -> None:
        """See Transaction. Votes and flags go by their foreign keys."""
        removed = [(tenant_id, comment_id) for comment_id in comment_ids]
        self.db.executemany("DELETE FROM comment WHERE tenant_id = ? AND id = ?", removed)

    def put_answer(self, answer: Answer) -> None:
        """See Transaction."""
        self.db.execute(
            f"INSERT INTO answer ({rows.ANSWER}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                answer.tenant_id,
                answer.actor_id,
                answer.broadcast_id,
                answer.request_hash,
                answer.body,
                answer.at_ms,
                answer.quotes,
            ),
        )

    @abstractmethod
    def drop_answers(self, before_ms: int, most: int) -> int:
        """See Transaction."""

    # Images

    def image(
        self, tenant_id: TenantId, *, image_id: ImageId | None = None, url_id: UrlId | None = None
    ) -> ImageRecord | None:
        """See Transaction."""
        column, value = ("url_id", url_id) if image_id is None else ("id", image_id)
        row = self._one(
            f"SELECT {rows.IMAGE} FROM image WHERE tenant_id = ? AND {column} = ?", tenant_id, value
        )
        return rows.read_image(row) if row is not None else None

    @abstractmethod
    def images_with(self, tenant_id: TenantId, pixels: str, most: int) -> tuple[ImageId, ...]:
        """See Transaction."""

    def place(self, tenant_id: TenantId, place: Place) -> HeldPlace | None:
        """See Transaction."""
        row = self._one(
            f"SELECT {rows.PLACE} FROM image_place"
            " WHERE tenant_id = ? AND kind = ? AND project = ? AND value = ?",
            tenant_id,
            place.kind.value,
            place.project,
            place.value,
        )
        return rows.read_place(row) if row is not None else None

    def places(self, tenant_id: TenantId, image_id: ImageId, most: int) -> tuple[HeldPlace, ...]:
        """See Transaction. For the order's sake SQLite would walk all places of the tenant."""
        lines = self.db.execute(
            f"SELECT {rows.PLACE} FROM image_place INDEXED BY image_place_of WHERE tenant_id = ? AND image_id = ?"
            " ORDER BY kind, project, value LIMIT ?",
            (tenant_id, image_id, most),
        )
        return tuple(map(rows.read_place, lines))

    def version(self, tenant_id: TenantId, image_id: ImageId, pixels: str | None) -> Version | None:
        """See Transaction."""
        found = f"SELECT {rows.VERSION} FROM image_version WHERE tenant_id = ? AND image_id = ?"
        if pixels is None:
            row = self._one(f"{found} ORDER BY number DESC LIMIT 1", tenant_id, image_id)
        else:
            row = self._one(f"{found} AND pixels = ?", tenant_id, image_id, pixels)
        return rows.read_version(row) if row is not None else None

    def versions(self, tenant_id: TenantId, image_id: ImageId, most: int) -> tuple[Version, ...]:
        """See Transaction."""
        lines = self.db.execute(
            f"SELECT {rows.VERSION} FROM image_version WHERE tenant_id = ? AND image_id = ?"
            " ORDER BY number DESC LIMIT ?",
            (tenant_id, image_id, most),
        )
        return tuple(map(rows.read_version, lines))[::-1]

    def markers_on(self, tenant_id: TenantId, url_id: UrlId) -> int:
        """See Transaction."""
        row = self.db.execute(
            "SELECT count(*) FROM conversation WHERE tenant_id = ? AND image = ?", (tenant_id, url_id)
        ).fetchone()
        return int(row[0])

    def due_images(self, before_ms: int, most: int) -> tuple[tuple[TenantId, ImageRecord], ...]:
        """See Transaction."""
        lines = self.db.execute(
            f"SELECT tenant_id, {rows.IMAGE} FROM image WHERE due_ms < ? ORDER BY due_ms, id LIMIT ?",
            (before_ms, most),
        )
        return tuple((TenantId(row["tenant_id"]), rows.read_image(row)) for row in lines)

    def put_image(self, tenant_id: TenantId, record: ImageRecord) -> None:
        """See Transaction."""
        self.db.execute(_PUT_IMAGE, (tenant_id, *rows.image_row(record)))

    def put_place(self, tenant_id: TenantId, held: HeldPlace) -> None:
        """See Transaction."""
        place = held.place
        values = place.kind.value, place.project, place.value, held.image_id, int(held.moved)
        self.db.execute(
            f"INSERT INTO image_place (tenant_id, {rows.PLACE}) VALUES ({rows.placeholders(rows.PLACE)})"
            f" ON CONFLICT ({self.one_place}) DO UPDATE SET image_id = excluded.image_id, moved = excluded.moved",
            (tenant_id, *values),
        )

    def put_version(self, tenant_id: TenantId, image_id: ImageId, version: Version, *, plain: bool) -> None:
        """See Transaction."""
        self.db.execute(
            f"INSERT INTO image_version (tenant_id, image_id, plain, {rows.VERSION})"
            f" VALUES (?, ?, {rows.placeholders(rows.VERSION)})",
            (tenant_id, image_id, int(plain), *rows.version_row(version)),
        )

    def seen_in(self, tenant_id: TenantId, image_id: ImageId, number: int) -> Place | None:
        """See Transaction."""
        of = tenant_id, image_id, number
        row = self._one(
            "SELECT seen_in FROM image_version WHERE tenant_id = ? AND image_id = ? AND number = ?", *of
        )
        return rows.read_seen_in(row["seen_in"]) if row is not None else None

    def put_seen_in(self, tenant_id: TenantId, image_id: ImageId, number: int, place: Place | None) -> None:
        """See Transaction."""
        self.db.execute(
            "UPDATE image_version SET seen_in = ? WHERE tenant_id = ? AND image_id = ? AND number = ?",
            (rows.seen_in_text(place), tenant_id, image_id, number),
        )

    def remove_unmarked(self, tenant_id: TenantId, image_id: ImageId, seen_in: Place) -> None:
        """See Transaction."""
        of = tenant_id, image_id
        for (number,) in self.db.execute(_UNMARKED, (*of, rows.seen_in_text(seen_in))).fetchall():
            self.db.execute(
                f"DELETE FROM placement WHERE tenant_id = ?1 AND version = ?3 AND conversation_id IN ({_MARKERS})",
                (*of, number),
            )
            self.db.execute(
                "DELETE FROM image_version WHERE tenant_id = ? AND image_id = ? AND number = ?", (*of, number)
            )

    def remove_image(self, tenant_id: TenantId, image_id: ImageId) -> None:
        """See Transaction. Places and versions go by their foreign keys."""
        self.db.execute(
            "DELETE FROM reader WHERE tenant_id = ?1"
            " AND image = (SELECT url_id FROM image WHERE tenant_id = ?1 AND id = ?2)",
            (tenant_id, image_id),
        )
        self.db.execute("DELETE FROM image WHERE tenant_id = ? AND id = ?", (tenant_id, image_id))

    # Votes

    def vote(
        self,
        tenant_id: TenantId,
        comment_id: CommentId,
        *,
        user_id: UserId | None = None,
        vote_id: str | None = None,
    ) -> Vote | None:
        """See Transaction."""
        column, value = ("user_id", user_id) if vote_id is None else ("id", vote_id)
        row = self._one(
            f"SELECT tenant_id, {rows.VOTE} FROM vote WHERE tenant_id = ? AND comment_id = ? AND {column} = ?",
            tenant_id,
            comment_id,
            value,
        )
        return rows.read_vote(row) if row is not None else None

    def votes_in(self, tenant_id: TenantId, url_id: UrlId, user_id: UserId) -> tuple[Vote, ...]:
        """See Transaction. For the order's sake SQLite would walk all votes of the tenant."""
        lines = self.db.execute(
            f"SELECT tenant_id, {rows.VOTE} FROM vote INDEXED BY vote_in_thread"
            " WHERE tenant_id = ? AND url_id = ? AND user_id = ? ORDER BY comment_id",
            (tenant_id, url_id, user_id),
        )
        return tuple(map(rows.read_vote, lines))

    def own(self, tenant_id: TenantId, image: UrlId, user_id: UserId) -> Own:
        """What of an image's threads is a user's own. SQLite would begin with all that anybody has voted on."""
        about = (tenant_id, image, user_id)
        votes = self.db.execute(
            f"SELECT vote.tenant_id, {rows.of_table('vote', rows.VOTE)}"
            " FROM conversation CROSS JOIN vote"
            " INDEXED BY vote_in_thread ON vote.tenant_id = conversation.tenant_id"
            " AND vote.url_id = conversation.url_id"
            " WHERE conversation.tenant_id = ? AND conversation.image = ? AND vote.user_id = ?"
            " ORDER BY vote.comment_id",
            about,
        )
        flags = self.db.execute(
            "SELECT flag.comment_id FROM conversation CROSS JOIN flag INDEXED BY flag_in_thread"
            " ON flag.tenant_id = conversation.tenant_id AND flag.url_id = conversation.url_id"
            " WHERE conversation.tenant_id = ? AND conversation.image = ? AND flag.user_id = ?",
            about,
        )
        return Own(
            tuple(map(rows.read_vote, votes)),
            frozenset(CommentId(line[0]) for line in flags),
            self.blocked_by(tenant_id, user_id),
        )

    def votes_on(self, tenant_id: TenantId, comment_id: CommentId) -> tuple[Vote, ...]:
        """See Transaction."""
        lines = self.db.execute(
            f"SELECT tenant_id, {rows.VOTE} FROM vote WHERE tenant_id = ? AND comment_id = ? ORDER BY user_id",
            (tenant_id, comment_id),
        )
        return tuple(map(rows.read_vote, lines))

    def put_vote(self, vote: Vote) -> None:
        """See Transaction."""
        self.db.execute(
            f"INSERT INTO vote (tenant_id, {rows.VOTE}) VALUES ({rows.placeholders(rows.VOTE)})",
            (vote.tenant_id, *rows.vote_row(vote)),
        )

    def remove_vote(self, vote: Vote) -> None:
        """See Transaction."""
        self.db.execute("DELETE FROM vote WHERE tenant_id = ? AND id = ?", (vote.tenant_id, vote.id))

    # Usage

    def add_usage(self, tenant_id: TenantId, day: date, usage: Usage, now_ms: int) -> None:
        """See Transaction."""
        self.db.execute(_ADD_USAGE, (tenant_id, *rows.usage_row(day, usage, now_ms)))

    def daily_usage(self, tenant_id: TenantId, asked: UsageQuery) -> tuple[DailyUsage, ...]:
        """See Store."""
        first, last = asked.since or date.min, date.max
        if asked.year is not None:
            if not date.min.year <= asked.year <= date.max.year:
                return ()
            first, last = max(first, date(asked.year, 1, 1)), date(asked.year, 12, 31)
        found = self.db.execute(
            f"SELECT {rows.USAGE} FROM daily_usage WHERE tenant_id = ?1 AND day >= ?2 AND day <= ?3"
            " AND (?4 = 0 OR day / 100 % 100 = ?5) AND (?6 = 0 OR day % 100 = ?7)"
            " ORDER BY day LIMIT ?8 OFFSET ?9",
            (
                tenant_id,
                rows.day_number(first),
                rows.day_number(last),
                int(asked.month is not None),
                asked.month or 0,
                int(asked.day is not None),
                asked.day or 0,
                asked.most,
                asked.skip,
            ),
        )
        return tuple(map(rows.read_usage, found))

    # Flags and blocks

    def flagged_by(self, tenant_id: TenantId, url_id: UrlId, user_id: UserId) -> frozenset[CommentId]:
        """Which comments of a thread a user has flagged."""
        lines = self.db.execute(
            "SELECT comment_id FROM flag WHERE tenant_id = ? AND url_id = ? AND user_id = ?",
            (tenant_id, url_id, user_id),
        )
        return frozenset(CommentId(line[0]) for line in lines)

    def flags_in(self, tenant_id: TenantId, url_id: UrlId) -> dict[CommentId, int]:
        """How many have flagged each comment of a thread, where anybody has."""
        lines = self.db.execute(
            "SELECT comment_id, count(*) FROM flag INDEXED BY flag_in_thread"
            " WHERE tenant_id = ? AND url_id = ? GROUP BY comment_id",
            (tenant_id, url_id),
        )
        return {CommentId(line[0]): line[1] for line in lines}

    def flags_on(self, tenant_id: TenantId, comment_id: CommentId) -> tuple[UserId, ...]:
        """See Transaction."""
        lines = self.db.execute(
            "SELECT user_id FROM flag WHERE tenant_id = ? AND comment_id = ? ORDER BY user_id",
            (tenant_id, comment_id),
        )
        return tuple(UserId(line[0]) for line in lines)

    def put_flag(self, tenant_id: TenantId, comment: Comment, user_id: UserId) -> None:
        """See Transaction."""
        self.db.execute(
            "INSERT INTO flag (tenant_id, comment_id, user_id, url_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (tenant_id, comment.id, user_id, comment.url_id),
        )

    def remove_flag(self, tenant_id: TenantId, comment_id: CommentId, user_id: UserId) -> None:
        """See Transaction."""
        self.db.execute(
            "DELETE FROM flag WHERE tenant_id = ? AND comment_id = ? AND user_id = ?",
            (tenant_id, comment_id, user_id),
        )

    def blocked_by(self, tenant_id: TenantId, user_id: UserId) -> frozenset[UserId]:
        """See Transaction."""
        lines = self.db.execute(
            "SELECT blocked_id FROM block WHERE tenant_id = ? AND user_id = ?", (tenant_id, user_id)
        )
        return frozenset(UserId(line[0]) for line in lines)

    def put_block(self, tenant_id: TenantId, user_id: UserId, other: UserId) -> None:
        """See Transaction."""
        self.db.execute(
            "INSERT INTO block (tenant_id, user_id, blocked_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (tenant_id, user_id, other),
        )

    def remove_block(self, tenant_id: TenantId, user_id: UserId, other: UserId) -> None:
        """See Transaction."""
        self.db.execute(
            "DELETE FROM block WHERE tenant_id = ? AND user_id = ? AND blocked_id = ?",
            (tenant_id, user_id, other),
        )

    # Deleted threads

    def marks(self, tenant_id: TenantId, conversation_id: ConversationId) -> tuple[tuple[UserId, int], ...]:
        """See Transaction."""
        lines = self.db.execute(
            "SELECT user_id, number FROM read_mark WHERE tenant_id = ? AND conversation_id = ? ORDER BY user_id",
            (tenant_id, conversation_id),
        )
        return tuple((UserId(line[0]), int(line[1])) for line in lines)

    def put_marks(
        self, tenant_id: TenantId, conversation_id: ConversationId, marks: tuple[tuple[UserId, int], ...]
    ) -> None:
        """See Transaction."""
        self.db.executemany(
            _PUT_MARK, [(tenant_id, conversation_id, user_id, number) for user_id, number in marks]
        )

    def raise_revisions(
        self, tenant_id: TenantId, image: UrlId, conversation_id: ConversationId
    ) -> dict[UserId, int]:
        """See Transaction."""
        lines = self.db.execute(
            "UPDATE reader SET revision = revision + 1 WHERE tenant_id = ?1 AND image = ?2 AND user_id IN"
            " (SELECT user_id FROM read_mark WHERE tenant_id = ?1 AND conversation_id = ?3)"
            " RETURNING user_id, revision",
            (tenant_id, image, conversation_id),
        ).fetchall()
        return {UserId(line[0]): line[1] for line in lines}

    def all_placements(
        self, tenant_id: TenantId, conversation_id: ConversationId
    ) -> tuple[tuple[int, Placement], ...]:
        """See Transaction."""
        lines = self.db.execute(
            f"SELECT {rows.PLACEMENT} FROM placement WHERE tenant_id = ? AND conversation_id = ?"
            " ORDER BY version, by_person",
            (tenant_id, conversation_id),
        )
        return tuple((int(line["version"]), rows.read_placement(line)) for line in lines)

    def deleted_thread(self, tenant_id: TenantId, conversation_id: ConversationId) -> DeletedThread | None:
        """See Transaction."""
        row = self._one(
            "SELECT body FROM deleted_thread WHERE tenant_id = ? AND conversation_id = ?",
            tenant_id,
            conversation_id,
        )
        return msgspec.json.decode(row[0], type=DeletedThread) if row is not None else None

    def keep_deleted_thread(self, tenant_id: TenantId, thread: DeletedThread) -> None:
        """See Transaction."""
        self.db.execute(
            "INSERT INTO deleted_thread (tenant_id, conversation_id, due_ms, body) VALUES (?, ?, ?, ?)",
            (tenant_id, thread.conversation.id, thread.due_ms, msgspec.json.encode(thread)),
        )

    def forget_deleted_thread(self, tenant_id: TenantId, conversation_id: ConversationId) -> None:
        """See Transaction."""
        self.db.execute(
            "DELETE FROM deleted_thread WHERE tenant_id = ? AND conversation_id = ?",
            (tenant_id, conversation_id),
        )

    def due_deleted_threads(self, now_ms: int, most: int) -> tuple[tuple[TenantId, ConversationId], ...]:
        """See Transaction."""
        lines = self.db.execute(
            "SELECT tenant_id, conversation_id FROM deleted_thread WHERE due_ms <= ?"
            " ORDER BY due_ms, conversation_id LIMIT ?",
            (now_ms, most),
        )
        return tuple((TenantId(line[0]), ConversationId(line[1])) for line in lines)

    # Reading

    def read_state(self, reader: ReaderKey) -> ReadState:
        """See Transaction."""
        row = self._one(
            "SELECT revision FROM reader WHERE tenant_id = ? AND image = ? AND user_id = ?", *reader
        )
        if row is None:
            return ReadState()
        lines = self.db.execute(
            "SELECT conversation.id, read_mark.number FROM conversation CROSS JOIN read_mark"
            " ON read_mark.tenant_id = conversation.tenant_id AND read_mark.conversation_id = conversation.id"
            " AND read_mark.user_id = ?3 WHERE conversation.tenant_id = ?1 AND conversation.image = ?2"
            " ORDER BY conversation.number",
            reader,
        )
        return ReadState(row[0], tuple(ReadMark(ConversationId(line[0]), line[1]) for line in lines))

    def summary(
        self, tenant_id: TenantId, image: UrlId, user_id: UserId | None, since_ms: int | None
    ) -> Summary:
        """How it stands with an image (``Store.summaries``)."""
        of_image = "conversation.tenant_id = ?1 AND conversation.image = ?2"
        still_open = self._one(
            f"SELECT count(*) FROM conversation WHERE {of_image} AND resolved = 0", tenant_id, image
        )
        assert still_open is not None
        if user_id is None:
            return Summary(still_open[0])
        if self.has_been(ReaderKey(tenant_id, image, user_id)):
            since_ms = 0
        elif since_ms is None:
            return Summary(still_open[0], 0)
        unread = self._one(
            f"SELECT count(*) FROM conversation WHERE {of_image} AND"
            " EXISTS (SELECT 1 FROM comment WHERE comment.tenant_id = ?1"
            " AND comment.url_id = conversation.url_id AND approved = 1 AND comment.date_ms >= ?4"
            " AND coalesce(comment.user_id, comment.anon_user_id, '') <> ?3 AND comment.number > coalesce("
            "(SELECT number FROM read_mark WHERE read_mark.tenant_id = ?1"
            " AND read_mark.conversation_id = conversation.id AND read_mark.user_id = ?3), 0))",
            tenant_id, image, user_id, since_ms,
        )  # fmt: skip
        assert unread is not None
        return Summary(still_open[0], unread[0])

    def has_been(self, reader: ReaderKey) -> bool:
        """Whether somebody has begun to read an image."""
        asked = "SELECT 1 FROM reader WHERE tenant_id = ? AND image = ? AND user_id = ?"
        return self._one(asked, *reader) is not None

    def newest_numbers(
        self, tenant_id: TenantId, image: UrlId, before_ms: int | None = None
    ) -> dict[ConversationId, int]:
        """See Transaction."""
        lines = self.db.execute(
            "SELECT conversation.id, max(comment.number) FROM conversation CROSS JOIN comment"
            " ON comment.tenant_id = conversation.tenant_id AND comment.url_id = conversation.url_id"
            " WHERE conversation.tenant_id = ?1 AND conversation.image = ?2 AND comment.number IS NOT NULL"
            " AND (CAST(?3 AS BIGINT) IS NULL OR comment.date_ms < ?3)"
            " GROUP BY conversation.number, conversation.id ORDER BY conversation.number",
            (tenant_id, image, before_ms),
        )
        return {ConversationId(line[0]): line[1] for line in lines}

    def put_read_state(self, reader: ReaderKey, changed: ReadState) -> None:
        """See Transaction."""
        self.db.execute(
            "INSERT INTO reader (tenant_id, image, user_id, revision) VALUES (?, ?, ?, ?)"
            f" ON CONFLICT ({self.one_reader}) DO UPDATE SET revision = excluded.revision",
            (*reader, changed.revision),
        )
        self.db.executemany(
            _PUT_MARK,
            [(reader.tenant_id, mark.conversation_id, reader.user_id, mark.number) for mark in changed.marks],
        )

    # Placements

    def revision(self, of: VersionKey) -> int | None:
        """See Transaction."""
        row = self._one(f"SELECT revision FROM image_version WHERE {_OF_VERSION}", *of)
        return row[0] if row is not None else None

    def put_revision(self, of: VersionKey, revision: int) -> None:
        """See Transaction."""
        self.db.execute(f"UPDATE image_version SET revision = ?4 WHERE {_OF_VERSION}", (*of, revision))

    def placements(self, of: VersionKey) -> Iterator[tuple[Point, tuple[Placement, ...]]]:
        """See Transaction."""
        lines = self.db.execute(
            f"SELECT conversation.x AS stands_x, conversation.y AS stands_y, {_PLACEMENT}"
            " FROM conversation CROSS JOIN placement ON placement.tenant_id = conversation.tenant_id"
            " AND placement.conversation_id = conversation.id AND placement.version = ?3"
            " WHERE conversation.tenant_id = ?1 AND conversation.image = ?2 ORDER BY conversation.number",
            of,
        )
        for _, of_one in groupby(lines, key=lambda line: line["conversation_id"]):
            kept = tuple(of_one)
            yield Point(kept[0]["stands_x"], kept[0]["stands_y"]), tuple(map(rows.read_placement, kept))

    def placements_of(self, of: VersionKey, conversation_id: ConversationId) -> tuple[Placement, ...]:
        """See Transaction."""
        lines = self.db.execute(
            f"SELECT {rows.PLACEMENT} FROM placement WHERE tenant_id = ? AND conversation_id = ? AND version = ?"
            " ORDER BY by_person",
            (of.tenant_id, conversation_id, of.number),
        )
        return tuple(map(rows.read_placement, lines))

    def put_placement(self, of: VersionKey, placement: Placement) -> None:
        """See Transaction."""
        self.db.execute(_PUT_PLACEMENT, (of.tenant_id, *rows.placement_row(placement, of.number)))

    def remove_placement(self, of: VersionKey, conversation_id: ConversationId, *, said: bool) -> None:
        """See Transaction."""
        self.db.execute(
            "DELETE FROM placement"
            " WHERE tenant_id = ? AND conversation_id = ? AND version = ? AND by_person = ?",
            (of.tenant_id, conversation_id, of.number, int(said)),
        )

    def _one(self, statement: str, *values: object) -> Row | None:
        row: Row | None = self.db.execute(statement, values).fetchone()
        return row
