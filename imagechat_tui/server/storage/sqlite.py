"""The store on SQLite: WAL, a synced commit before every answer, one writer, readers that cannot write.

The driver is the standard library's: per statement, a client library costs more than the statement does.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import TypeVar

from imagechat_tui.owned import try_lock
from imagechat_tui.protocol.ids import (
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
    Placements,
    Position,
    ReadState,
    Summary,
    User,
)
from imagechat_tui.protocol.routes import ChangePlacements, ChangeReadState
from imagechat_tui.server.storage import (
    MAX_REPLAY,
    Change,
    ImageHistory,
    ImageQuery,
    ImagesFound,
    LogPage,
    Outcome,
    ReaderKey,
    RoomKey,
    Snapshot,
    StoreError,
    StoreInUse,
    StoreNewer,
    StoreUnavailable,
    TenantRecord,
    ThreadPage,
    VersionKey,
    rows,
)
from imagechat_tui.server.storage.apply_change import apply_change
from imagechat_tui.server.storage.apply_placements import apply_placements, placements_on
from imagechat_tui.server.storage.apply_read_change import apply_read_change, begin_reading
from imagechat_tui.server.storage.blank_deleted import blank_deleted
from imagechat_tui.server.storage.find_images import find_images, image_history
from imagechat_tui.server.storage.log_page import page_after, page_since
from imagechat_tui.server.storage.sqlite_transaction import SqliteTransaction
from imagechat_tui.server.storage.transaction import RoomState
from imagechat_tui.server.storage.writer import Work, Writer, is_full, unavailable

READERS = 2
BUSY_MS = 5_000
_OLDEST = (3, 37, 0)  # STRICT tables; RETURNING is older

T = TypeVar("T")


class SqliteStore:
    """A Store in one file. Open it with ``open``, by one process at a time."""

    def __init__(self, path: Path, lock: int, writer: Writer, epoch: str, now_ms: Callable[[], int]) -> None:
        self._path = path
        self._lock = lock
        self._writer = writer
        self._epoch = epoch
        self._now_ms = now_ms
        self._tenants: dict[TenantId, TenantRecord] = {}
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._closed = False

    @classmethod
    async def open(cls, path: Path, *, now_ms: Callable[[], int]) -> SqliteStore:
        """Open or create the database.

        Args:
            path: The file; its lock file lies beside it.
            now_ms: The server's clock, ms since the epoch.

        Raises:
            StoreError: It is in use by another process, or no database of ours.
        """
        return await asyncio.to_thread(cls._open, path, now_ms)

    @classmethod
    def _open(cls, path: Path, now_ms: Callable[[], int]) -> SqliteStore:
        if sqlite3.sqlite_version_info < _OLDEST:
            raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old")
        lock = try_lock(lock_path(path))
        if lock is None:
            raise StoreInUse("another process uses this database")
        try:
            connection = _connect(path)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA foreign_keys = ON")
                _migrate(connection)
                epoch = _installed(connection, "epoch", lambda: uuid.uuid4().hex.encode()).decode()
            except BaseException:
                connection.close()
                raise
        except BaseException as error:
            os.close(lock)
            if isinstance(error, sqlite3.Error):
                raise StoreError(str(error), disk_full=is_full(error)) from error
            raise
        return cls(path, lock, Writer(connection), epoch, now_ms)

    async def close(self) -> None:
        """See Store. The writer goes last: it carries the log over into the database."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._connections:
            connection.close()
        await self._writer.close()
        os.close(self._lock)

    # Commands

    async def change(self, change: Change) -> Outcome:
        """See Store."""
        return await self._write(
            lambda db: apply_change(SqliteTransaction(db), change, now_ms=self._now_ms(), epoch=self._epoch)
        )

    async def change_read_state(self, reader: ReaderKey, change: ChangeReadState) -> ReadState:
        """See Store."""
        return await self._write(lambda db: apply_read_change(SqliteTransaction(db), reader, change))

    async def begin_reading(
        self, readers: Sequence[ReaderKey], *, since_ms: int | None
    ) -> dict[ReaderKey, ReadState]:
        """See Store. Nearly always there is nobody who begins: then nothing is written."""

        def newcomers(db: sqlite3.Connection) -> list[ReaderKey]:
            tx = SqliteTransaction(db)
            return [reader for reader in readers if not tx.has_been(reader)]

        new = await self._read(newcomers)
        if not new:
            return {}
        return await self._write(lambda db: begin_reading(SqliteTransaction(db), new, since_ms))

    async def change_placements(
        self, of: VersionKey, change: ChangePlacements, by: UserId
    ) -> tuple[Placements, ...]:
        """See Store."""
        return await self._write(lambda db: apply_placements(SqliteTransaction(db), of, change, by))

    async def blank_deleted(self) -> bool:
        """See Store."""
        return await self._write(lambda db: blank_deleted(SqliteTransaction(db), self._now_ms()))

    async def create_tenant(self, record: TenantRecord) -> None:
        """See Store."""
        values = (
            record.id,
            record.name,
            record.api_secret_sealed,
            int(record.allow_anon),
            int(record.require_sso),
            record.created_at_ms,
        )
        await self._write(
            lambda db: db.execute(f"INSERT INTO tenant ({rows.TENANT}) VALUES (?, ?, ?, ?, ?, ?)", values)
        )

    async def put_user(self, tenant_id: TenantId, user: User, *, verified: bool, now_ms: int) -> bool:
        """See Store."""
        values = (user.id, user.username, user.display_name, user.email, user.avatar_src)

        def put(db: sqlite3.Connection) -> bool:
            done = db.execute(
                f"INSERT INTO person (tenant_id, {rows.PERSON}, verified, updated_at_ms)"
                f" VALUES ({rows.placeholders(rows.PERSON)}, ?, ?)"
                f" ON CONFLICT (tenant_id, id) DO UPDATE SET {rows.assignments(rows.PERSON)},"
                " verified = excluded.verified, updated_at_ms = excluded.updated_at_ms"
                " WHERE excluded.verified >= person.verified",
                (tenant_id, *values, int(verified), now_ms),
            )
            return done.rowcount > 0

        return await self._write(put)

    async def secret(self, name: str) -> bytes:
        """See Store."""
        return await self._write(lambda db: _installed(db, f"secret {name}", lambda: os.urandom(32)))

    # Queries

    async def conversation(self, tenant_id: TenantId, conversation_id: ConversationId) -> Conversation | None:
        """See Store."""

        def read(db: sqlite3.Connection) -> Conversation | None:
            marker = SqliteTransaction(db).marker(tenant_id, conversation_id=conversation_id)
            return marker.conversation if marker is not None else None

        return await self._read(read)

    async def comment(self, tenant_id: TenantId, comment_id: CommentId) -> Comment | None:
        """See Store."""
        return await self._read(lambda db: SqliteTransaction(db).comment(tenant_id, comment_id))

    async def snapshot(self, room: RoomKey, image: UrlId, *, comments: bool) -> Snapshot:
        """See Store."""
        key = room.tenant_id, image

        def read(db: sqlite3.Connection) -> Snapshot:
            state = self._state(db, room)
            lines = db.execute(
                f"SELECT {rows.CONVERSATION} FROM conversation WHERE tenant_id = ? AND image = ?"
                " ORDER BY number",
                key,
            )
            conversations = tuple(map(rows.read_conversation, lines))
            if not comments:
                return Snapshot(conversations, (), state.position, state.last_timestamp_ms)
            texts = db.execute(
                f"SELECT {rows.COMMENT} FROM comment WHERE tenant_id = ?1 AND url_id IN"
                " (SELECT url_id FROM conversation WHERE tenant_id = ?1 AND image = ?2) ORDER BY ordinal",
                key,
            )
            said = tuple(map(rows.read_comment, texts))
            return Snapshot(conversations, said, state.position, state.last_timestamp_ms)

        return await self._read(read)

    async def thread(self, room: RoomKey, url_id: UrlId, user_id: UserId | None = None) -> ThreadPage:
        """See Store."""

        def read(db: sqlite3.Connection) -> ThreadPage:
            tx, state = SqliteTransaction(db), self._state(db, room)
            comments = tx.thread(room.tenant_id, url_id)
            closed = state.is_closed or state.closed_until_ms > self._now_ms()
            votes = () if user_id is None else tx.votes_in(room.tenant_id, url_id, user_id)
            return ThreadPage(comments, state.position, state.last_timestamp_ms, closed, votes)

        return await self._read(read)

    async def voters(
        self, tenant_id: TenantId, comment_id: CommentId, direction: int, most: int
    ) -> tuple[User, ...]:
        """See Store."""
        columns = ", ".join(f"person.{name}" for name in rows.PERSON.split(", "))
        return await self._read(
            lambda db: tuple(
                map(
                    rows.read_person,
                    db.execute(
                        f"SELECT {columns} FROM vote CROSS JOIN person ON person.tenant_id = vote.tenant_id"
                        " AND person.id = vote.user_id WHERE vote.tenant_id = ? AND vote.comment_id = ?"
                        " AND vote.direction = ? ORDER BY vote.created_at_ms, vote.user_id LIMIT ?",
                        (tenant_id, comment_id, direction, most),
                    ),
                )
            )
        )

    async def commenters(self, tenant_id: TenantId, url_id: UrlId) -> tuple[UserId, ...]:
        """See Store."""

        def read(db: sqlite3.Connection) -> tuple[UserId, ...]:
            found = db.execute(
                "SELECT DISTINCT coalesce(user_id, anon_user_id) FROM comment"
                " WHERE tenant_id = ?1 AND url_id IN (SELECT ?2 UNION ALL"
                " SELECT url_id FROM conversation WHERE tenant_id = ?1 AND image = ?2) ORDER BY 1",
                (tenant_id, url_id),
            )
            return tuple(UserId(row[0]) for row in found if row[0] is not None)

        return await self._read(read)

    async def images(self, tenant_id: TenantId, asked: ImageQuery) -> ImagesFound:
        """See Store."""
        return await self._read(lambda db: find_images(SqliteTransaction(db), tenant_id, asked))

    async def image_history(self, tenant_id: TenantId, image_id: ImageId) -> ImageHistory | None:
        """See Store."""
        return await self._read(lambda db: image_history(SqliteTransaction(db), tenant_id, image_id))

    async def read_state(self, reader: ReaderKey) -> ReadState:
        """See Store."""
        return await self._read(lambda db: SqliteTransaction(db).read_state(reader))

    async def placements(self, of: VersionKey) -> Placements:
        """See Store."""
        return await self._read(lambda db: placements_on(SqliteTransaction(db), of))

    async def summaries(
        self, tenant_id: TenantId, images: Sequence[UrlId], user_id: UserId | None
    ) -> dict[UrlId, Summary]:
        """See Store."""

        def read(db: sqlite3.Connection) -> dict[UrlId, Summary]:
            tx = SqliteTransaction(db)
            return {image: tx.summary(tenant_id, image, user_id) for image in images}

        return await self._read(read)

    async def positions(self, rooms: Sequence[RoomKey]) -> dict[RoomKey, Position]:
        """See Store."""

        def read(db: sqlite3.Connection) -> dict[RoomKey, Position]:
            known = {room: Position(self._epoch, 0) for room in rooms}
            values = ", ".join(["(?, ?)"] * len(rooms))
            found = db.execute(  # not IN (VALUES …): that walks all rooms there are
                f"WITH asked (tenant, token) AS (VALUES {values})"
                " SELECT room.tenant_id, room.token, epoch, last_seq, last_event_id FROM asked"
                " CROSS JOIN room ON room.tenant_id = asked.tenant AND room.token = asked.token",
                [part for room in rooms for part in room],
            )
            for tenant_id, token, epoch, seq, event_id in found:
                known[RoomKey(tenant_id, token)] = Position(epoch, seq, event_id)
            return known

        return await self._read(read) if rooms else {}

    async def events_after(
        self, room: RoomKey, seq: int, *, event_id: EventId = EventId(""), limit: int = MAX_REPLAY
    ) -> LogPage | None:
        """See Store."""

        def read(db: sqlite3.Connection) -> LogPage | None:
            lines = db.execute(
                f"SELECT {rows.EVENT} FROM event WHERE tenant_id = ? AND token = ? AND seq >= ?"
                " ORDER BY seq LIMIT ?",
                (*room, seq, limit + 2),
            )
            events = tuple(map(rows.read_event, lines))
            head = self._state(db, room).position
            return page_after(events, head, seq, event_id=event_id, limit=limit)

        return await self._read(read)

    async def events_since(
        self, room: RoomKey, start_ms: int, end_ms: int | None, *, limit: int = 1000
    ) -> LogPage:
        """See Store."""

        def read(db: sqlite3.Connection) -> LogPage:
            lines = db.execute(
                f"SELECT {rows.EVENT} FROM event WHERE tenant_id = ? AND token = ? AND timestamp_ms >= ?"
                " AND timestamp_ms <= ? AND plain IS NOT NULL ORDER BY timestamp_ms LIMIT ?",
                (*room, start_ms, end_ms if end_ms is not None else 1 << 62, limit + 1),
            )
            events = tuple(map(rows.read_event, lines))
            first_ms = db.execute(
                "SELECT min(timestamp_ms) FROM event WHERE tenant_id = ? AND token = ?", room
            ).fetchone()[0]
            first_seq = self._state(db, room).first_seq
            return page_since(events, start_ms, first_seq=first_seq, first_ms=first_ms or 0, limit=limit)

        return await self._read(read)

    async def tenant(self, tenant_id: TenantId) -> TenantRecord | None:
        """See Store. Every request asks; nobody else opens the file, and a tenant never changes."""

        def read(db: sqlite3.Connection) -> TenantRecord | None:
            row = db.execute(f"SELECT {rows.TENANT} FROM tenant WHERE id = ?", (tenant_id,)).fetchone()
            return rows.read_tenant(row) if row is not None else None

        known = self._tenants.get(tenant_id)
        if known is None and (known := await self._read(read)) is not None:
            self._tenants[tenant_id] = known
        return known

    async def tenants(self) -> tuple[TenantRecord, ...]:
        """See Store."""
        return await self._read(
            lambda db: tuple(
                map(rows.read_tenant, db.execute(f"SELECT {rows.TENANT} FROM tenant ORDER BY id"))
            )
        )

    async def users(self, tenant_id: TenantId, ids: Sequence[UserId]) -> tuple[User, ...]:
        """See Store."""
        marks = ", ".join("?" * len(ids))
        return await self._read(
            lambda db: tuple(
                map(
                    rows.read_person,
                    db.execute(
                        f"SELECT {rows.PERSON} FROM person WHERE tenant_id = ? AND id IN ({marks})"
                        " ORDER BY id",
                        (tenant_id, *ids),
                    ),
                )
            )
        )

    def _state(self, db: sqlite3.Connection, room: RoomKey) -> RoomState:
        """Where the log stands, also that of a room to which nobody wrote."""
        return SqliteTransaction(db).room(room) or RoomState(UrlId(""), Position(self._epoch, 0))

    async def _write(self, work: Work[T]) -> T:
        return await self._writer.run(work)

    async def _read(self, work: Work[T]) -> T:
        if self._closed:
            raise StoreUnavailable("closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read_now, work)

    def _read_now(self, work: Work[T]) -> T:
        try:
            connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = _connect(self._path)
                self._connections.append(connection)
                connection.execute("PRAGMA query_only = ON")
                connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute("BEGIN")
            try:
                return work(connection)
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise unavailable(error) from error


def lock_path(database: Path) -> Path:
    """The file whose lock says that a process has the database open."""
    return database.with_name(f"{database.name}.lock")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA mmap_size = 0")
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    """Apply the steps that the database lacks, each in a transaction with its number."""
    applied = connection.execute("PRAGMA user_version").fetchone()[0]
    folder = resources.files("imagechat_tui.server.storage.migrations")
    steps = sorted(
        (step for step in folder.iterdir() if step.name.endswith(".sqlite.sql")), key=lambda step: step.name
    )
    if applied > len(steps):
        raise StoreNewer
    for number, step in enumerate(steps, start=1):
        if number > applied:
            script = step.read_text("utf-8")
            with closing(connection.cursor()) as cursor:
                cursor.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def _installed(db: sqlite3.Connection, name: str, make: Callable[[], bytes]) -> bytes:
    row = db.execute("SELECT value FROM installation WHERE name = ?", (name,)).fetchone()
    if row is not None:
        return bytes(row[0])
    value = make()
    db.execute("INSERT INTO installation VALUES (?, ?)", (name, value))
    return value
