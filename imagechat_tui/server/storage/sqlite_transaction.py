"""A Transaction in SQL for SQLite."""

from __future__ import annotations

import sqlite3

from imagechat_tui.protocol.ids import (
    BroadcastId,
    CommentId,
    ConversationId,
    EventId,
    TenantId,
    UrlId,
    UserId,
)
from imagechat_tui.protocol.models import Comment, Position
from imagechat_tui.server.storage import RoomKey, StoredEvent, rows
from imagechat_tui.server.storage.transaction import Answer, Marker, RoomState

_WORDS = "'$.comment.comment', '', '$.comment.commentHTML', ''"
_BLANK_EVENTS = (
    f"UPDATE event SET plain = json_replace(plain, {_WORDS}), full_frame = json_replace(full_frame, {_WORDS})"
    " WHERE tenant_id = ? AND comment_id = ?"
)
_BLANK_ANSWERS = (
    f"UPDATE answer SET body = CAST(json_replace(CAST(body AS TEXT), {_WORDS}) AS BLOB)"
    " WHERE tenant_id = ? AND comment_id = ?"
)
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
_LOG = (
    f"INSERT INTO event (tenant_id, token, comment_id, {rows.EVENT})"
    f" VALUES (?, ?, {rows.placeholders(rows.EVENT)})"
)


class SqliteTransaction:
    """The transaction that is open on a connection; on a reader's, of which nothing can be written."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

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
        lines = self._db.execute(
            f"SELECT {rows.COMMENT} FROM comment WHERE tenant_id = ? AND url_id = ? ORDER BY ordinal",
            (tenant_id, url_id),
        )
        return tuple(map(rows.read_comment, lines))

    def approved_in(self, tenant_id: TenantId, url_id: UrlId) -> int:
        """See Transaction."""
        row = self._db.execute(
            "SELECT count(*) FROM comment WHERE tenant_id = ? AND url_id = ? AND approved",
            (tenant_id, url_id),
        ).fetchone()
        return int(row[0])

    def room(self, room: RoomKey) -> RoomState | None:
        """See Transaction. The one writer is the lock."""
        row = self._one(f"SELECT {rows.ROOM} FROM room WHERE tenant_id = ? AND token = ?", *room)
        if row is None:
            return None
        url_id, epoch, seq, event_id, timestamp_ms, first_seq, number, closed_until_ms = row
        position = Position(epoch, seq, EventId(event_id))
        return RoomState(UrlId(url_id), position, timestamp_ms, first_seq, number, closed_until_ms)

    # Commands

    def put_room(self, room: RoomKey, state: RoomState) -> None:
        """See Transaction."""
        at = state.position
        self._db.execute(
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
            ),
        )

    def log(self, room: RoomKey, event: StoredEvent, *, quotes: CommentId | None) -> None:
        """See Transaction."""
        self._db.execute(
            _LOG,
            (
                *room,
                quotes,
                event.id,
                event.seq,
                event.timestamp_ms,
                event.url_id,
                event.broadcast_id,
                event.plain,
                event.full,
            ),
        )

    def trim(self, room: RoomKey, *, up_to_seq: int, before_ms: int) -> int:
        """See Transaction."""
        self._db.execute(
            "DELETE FROM event WHERE tenant_id = ? AND token = ? AND seq <= ? AND timestamp_ms < ?",
            (*room, up_to_seq, before_ms),
        )
        row = self._db.execute(
            "SELECT min(seq) FROM event WHERE tenant_id = ? AND token = ?", room
        ).fetchone()
        return int(row[0])

    def put_marker(self, tenant_id: TenantId, marker: Marker) -> None:
        """See Transaction."""
        values = rows.conversation_row(marker.conversation, marker.image)
        self._db.execute(_PUT_MARKER, (tenant_id, *values))

    def put_comment(self, tenant_id: TenantId, comment: Comment) -> None:
        """See Transaction."""
        self._db.execute(_PUT_COMMENT, (tenant_id, *rows.comment_row(comment)))

    def remove_marker(self, tenant_id: TenantId, conversation_id: ConversationId) -> None:
        """See Transaction."""
        self._db.execute(
            "DELETE FROM conversation WHERE tenant_id = ? AND id = ?", (tenant_id, conversation_id)
        )

    def remove_comments(self, tenant_id: TenantId, comment_ids: tuple[CommentId, ...]) -> None:
        """See Transaction."""
        removed = [(tenant_id, comment_id) for comment_id in comment_ids]
        self._db.executemany("DELETE FROM comment WHERE tenant_id = ? AND id = ?", removed)
        self._db.executemany(_BLANK_EVENTS, removed)
        self._db.executemany(_BLANK_ANSWERS, removed)

    def put_answer(self, answer: Answer) -> None:
        """See Transaction."""
        self._db.execute(
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

    def drop_answers(self, before_ms: int, most: int) -> None:
        """See Transaction."""
        self._db.execute(
            "DELETE FROM answer WHERE rowid IN"
            " (SELECT rowid FROM answer WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
            (before_ms, most),
        )

    def _one(self, statement: str, *values: object) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.execute(statement, values).fetchone()
        return row
