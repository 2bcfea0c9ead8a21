"""One write inside a SQLite transaction: stored answer, what it is about, numbers, rows (PROMISES D2, D8)."""

from __future__ import annotations

import sqlite3
import uuid

from msgspec.structs import replace

from imagechat_tui.protocol.codec import decode_event, encode_event
from imagechat_tui.protocol.events import (
    CursorMoved,
    ImageChatUpdated,
    LiveEvent,
    NewComment,
    PresenceUpdate,
    Reset,
    Skip,
    Subscribed,
    UpdatedComment,
)
from imagechat_tui.protocol.ids import BroadcastId, CommentId, EventId, TenantId, UrlId
from imagechat_tui.protocol.models import Comment, Position
from imagechat_tui.server.storage import (
    Announced,
    BroadcastIdUsed,
    Change,
    Decision,
    Found,
    Outcome,
    RoomKey,
    rows,
)

ANSWERS_KEPT_MS = 8 * 86_400_000
"""Promised are seven days."""
ANSWERS_DROPPED = 16
"""Answers that one write clears away: more than it adds, and too few for anybody to wait for."""
EVENTS_KEPT = 10_000
"""A room keeps this many events, or those of seven days if they are more."""
EVENTS_KEPT_MS = 7 * 86_400_000
TRIM_EVERY = 256
CLOSED_MS = 60_000
"""How long a deleted marker's thread takes no comments: a slow writer must not revive it."""

_WORDS = "'$.comment.comment', '', '$.comment.commentHTML', ''"
_BLANK_EVENTS = (
    f"UPDATE event SET plain = json_replace(plain, {_WORDS}), full_frame = json_replace(full_frame, {_WORDS})"
    " WHERE tenant_id = ? AND comment_id = ?"
)
_BLANK_ANSWERS = (
    f"UPDATE answer SET body = CAST(json_replace(CAST(body AS TEXT), {_WORDS}) AS BLOB)"
    " WHERE tenant_id = ? AND comment_id = ?"
)
"""What was said stays nowhere: who reads the log, or repeats a request, gets the frame without the words."""


def carry_out(db: sqlite3.Connection, change: Change, *, now_ms: int, epoch: str) -> Outcome:
    """Run ``change`` in the transaction that is open.

    Raises:
        BroadcastIdUsed: See there.
        Exception: What ``decide`` raised.
    """
    known = db.execute(
        "SELECT request_hash, body FROM answer WHERE tenant_id = ? AND actor_id = ? AND broadcast_id = ?",
        (change.tenant_id, change.actor_id, change.broadcast_id),
    ).fetchone()
    if known is not None:
        if known["request_hash"] != change.request_hash:
            raise BroadcastIdUsed
        return Outcome(known["body"])
    decision = change.decide(_found(db, change, now_ms))
    stamped = {event.room: event.url_id for event in decision.events}
    for room, url_id in stamped.items():
        db.execute(
            "INSERT INTO room (tenant_id, token, url_id, epoch) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (*room, url_id, epoch),
        )
    broadcast_id = _broadcast_id(db, change)
    for event in decision.events:
        _log(db, event, broadcast_id, now_ms)
    _write(db, change, decision, now_ms)
    db.execute(
        f"INSERT INTO answer ({rows.ANSWER}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            change.tenant_id,
            change.actor_id,
            change.broadcast_id,
            change.request_hash,
            decision.answer,
            now_ms,
            decision.quotes,
        ),
    )
    db.execute(
        "DELETE FROM answer WHERE rowid IN (SELECT rowid FROM answer WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
        (now_ms - ANSWERS_KEPT_MS, ANSWERS_DROPPED),
    )
    return Outcome(decision.answer, tuple(stamped))


def find(
    db: sqlite3.Connection, tenant_id: TenantId, conversation_id: str | None, comment_id: str | None
) -> Found:
    """One thing by its id, outside a change."""
    conversation = _conversation(db, tenant_id, "id", conversation_id)
    comment = _comment(db, tenant_id, comment_id)
    return Found(
        now_ms=0,
        conversation=rows.read_conversation(conversation) if conversation is not None else None,
        comment=rows.read_comment(comment) if comment is not None else None,
    )


def _found(db: sqlite3.Connection, change: Change, now_ms: int) -> Found:
    tenant_id, thread = change.tenant_id, change.thread
    row = _conversation(db, tenant_id, "id", change.conversation_id)
    comment_row = _comment(db, tenant_id, change.comment_id)
    comment = rows.read_comment(comment_row) if comment_row is not None else None
    if thread is None and comment is not None:
        thread = comment.url_id
    if thread is None and row is not None:
        thread = UrlId(row["url_id"])
    if row is None:
        row = _conversation(db, tenant_id, "url_id", thread)
    comments: tuple[Comment, ...] = ()
    if change.whole_thread:
        found = db.execute(
            f"SELECT {rows.COMMENT} FROM comment WHERE tenant_id = ? AND url_id = ? ORDER BY ordinal",
            (tenant_id, thread),
        )
        comments = tuple(map(rows.read_comment, found))
    return Found(
        now_ms=now_ms,
        conversation=rows.read_conversation(row) if row is not None else None,
        image=UrlId(row["image"]) if row is not None else None,
        comment=comment,
        thread=comments,
        thread_closed=_of_room(db, change.thread_room, "closed_until_ms") > now_ms,
        thread_count=_count(db, tenant_id, thread, row, whole=change.image_room is not None),
        next_number=_of_room(db, change.image_room, "last_number") + 1,
        next_comment=_of_room(db, change.thread_room, "last_number") + 1,
    )


def _conversation(
    db: sqlite3.Connection, tenant_id: TenantId, column: str, value: str | None
) -> sqlite3.Row | None:
    if value is None:
        return None
    found: sqlite3.Row | None = db.execute(
        f"SELECT {rows.CONVERSATION} FROM conversation WHERE tenant_id = ? AND {column} = ?",
        (tenant_id, value),
    ).fetchone()
    return found


def _comment(db: sqlite3.Connection, tenant_id: TenantId, comment_id: str | None) -> sqlite3.Row | None:
    if comment_id is None:
        return None
    found: sqlite3.Row | None = db.execute(
        f"SELECT {rows.COMMENT} FROM comment WHERE tenant_id = ? AND id = ?", (tenant_id, comment_id)
    ).fetchone()
    return found


def _count(
    db: sqlite3.Connection,
    tenant_id: TenantId,
    thread: UrlId | None,
    marker: sqlite3.Row | None,
    *,
    whole: bool,
) -> int:
    """Approved comments of a thread. A marker knows; only a new one (``whole``) has them counted."""
    if marker is not None:
        return int(marker["comment_count"])
    if not whole:
        return 0
    return int(
        db.execute(
            "SELECT count(*) FROM comment WHERE tenant_id = ? AND url_id = ? AND approved",
            (tenant_id, thread),
        ).fetchone()[0]
    )


def _of_room(db: sqlite3.Connection, room: RoomKey | None, column: str) -> int:
    if room is None:
        return 0
    row = db.execute(f"SELECT {column} FROM room WHERE tenant_id = ? AND token = ?", room).fetchone()
    return int(row[0]) if row is not None else 0


def _broadcast_id(db: sqlite3.Connection, change: Change) -> BroadcastId:
    """The id for the events. Ids are public once sent: one that is somebody else's is replaced.

    Clients drop events that carry an id of their own; with a borrowed one a comment could be hidden from
    its reader (PROTOCOL 7).
    """
    borrowed = db.execute(  # left alone, SQLite walks all answers of the tenant by their primary key
        "SELECT 1 FROM answer INDEXED BY answer_by_id"
        " WHERE tenant_id = ? AND broadcast_id = ? AND actor_id <> ? LIMIT 1",
        (change.tenant_id, change.broadcast_id, change.actor_id),
    ).fetchone()
    return change.broadcast_id if borrowed is None else BroadcastId(str(uuid.uuid4()))


def _log(db: sqlite3.Connection, announced: Announced, broadcast_id: BroadcastId, now_ms: int) -> None:
    """Give the event its place in the log. The room's row is the lock that makes numbers commit order."""
    room = announced.room
    event_id = EventId(uuid.uuid4().hex)
    row = db.execute(
        "UPDATE room SET last_seq = last_seq + 1, last_ts = max(last_ts + 1, ?), last_event_id = ?"
        " WHERE tenant_id = ? AND token = ? RETURNING last_seq, last_ts, epoch",
        (now_ms, event_id, *room),
    ).fetchone()
    seq, timestamp_ms, epoch = row
    event = announced.event
    assert not isinstance(event, PresenceUpdate | Subscribed | Reset | Skip | CursorMoved)
    stamp = replace(
        event.stamp,
        timestamp_ms=timestamp_ms,
        broadcast_id=broadcast_id,
        position=Position(epoch, seq, event_id),
    )
    event = replace(event, stamp=stamp)
    full = encode_event(event, tenant_id=room.tenant_id, v2=True)
    decode_event(full)  # what no client could read is never logged (PROMISES D14)
    plain = encode_event(event, tenant_id=room.tenant_id, v2=False) if announced.plain else None
    db.execute(
        f"INSERT INTO event (tenant_id, token, comment_id, {rows.EVENT})"
        f" VALUES (?, ?, {rows.placeholders(rows.EVENT)})",
        (
            *room,
            _quoted_by(event),
            event_id,
            seq,
            timestamp_ms,
            announced.url_id,
            broadcast_id,
            plain,
            full,
        ),
    )
    if seq % TRIM_EVERY == 0:
        _trim(db, room, seq, now_ms)


def _quoted_by(event: LiveEvent) -> CommentId | None:
    """The comment whose words stand in an event."""
    match event:
        case (
            NewComment(_, comment)
            | UpdatedComment(_, comment)
            | ImageChatUpdated(comment=Comment() as comment)
        ):
            return comment.id
        case _:
            return None


def _trim(db: sqlite3.Connection, room: RoomKey, seq: int, now_ms: int) -> None:
    db.execute(
        "DELETE FROM event WHERE tenant_id = ? AND token = ? AND seq <= ? AND timestamp_ms < ?",
        (*room, seq - EVENTS_KEPT, now_ms - EVENTS_KEPT_MS),
    )
    db.execute(
        "UPDATE room SET min_seq = (SELECT min(seq) FROM event WHERE tenant_id = ? AND token = ?)"
        " WHERE tenant_id = ? AND token = ?",
        (*room, *room),
    )


def _count_up(db: sqlite3.Connection, room: RoomKey | None, number: int | None) -> None:
    """Note the highest number of a room: of markers for an image, of comments for a thread."""
    if room is not None:
        db.execute(
            "UPDATE room SET last_number = max(last_number, ?) WHERE tenant_id = ? AND token = ?",
            (number or 0, *room),
        )


def _write(db: sqlite3.Connection, change: Change, decision: Decision, now_ms: int) -> None:
    tenant_id = change.tenant_id
    if decision.conversation is not None and decision.image is not None:
        db.execute(
            f"INSERT INTO conversation (tenant_id, {rows.CONVERSATION})"
            f" VALUES ({rows.placeholders(rows.CONVERSATION)})"
            f" ON CONFLICT (tenant_id, id) DO UPDATE SET {rows.assignments(rows.CONVERSATION)}",
            (tenant_id, *rows.conversation_row(decision.conversation, decision.image)),
        )
        _count_up(db, change.image_room, decision.conversation.number)
    if decision.comment is not None:
        db.execute(
            f"INSERT INTO comment (tenant_id, {rows.COMMENT}) VALUES ({rows.placeholders(rows.COMMENT)})"
            f" ON CONFLICT (tenant_id, id) DO UPDATE SET {rows.assignments(rows.COMMENT)}",
            (tenant_id, *rows.comment_row(decision.comment)),
        )
        _count_up(db, change.thread_room, decision.comment.number)
    if decision.removed_conversation is not None:
        db.execute(
            "DELETE FROM conversation WHERE tenant_id = ? AND id = ?",
            (tenant_id, decision.removed_conversation),
        )
    removed = [(tenant_id, comment_id) for comment_id in decision.removed_comments]
    db.executemany("DELETE FROM comment WHERE tenant_id = ? AND id = ?", removed)
    db.executemany(_BLANK_EVENTS, removed)
    db.executemany(_BLANK_ANSWERS, removed)
    if decision.closed_thread is not None:
        db.execute(
            "UPDATE room SET closed_until_ms = ?, last_number = 0 WHERE tenant_id = ? AND token = ?",
            (now_ms + CLOSED_MS, *decision.closed_thread),
        )
