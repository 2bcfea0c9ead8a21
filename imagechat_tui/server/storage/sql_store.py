"""A Store in SQL: its queries and commands, whatever the database; an engine brings the transactions."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Protocol, TypeVar

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
    Own,
    Placements,
    Position,
    ReadState,
    Summary,
    User,
)
from imagechat_tui.protocol.routes import ChangePlacements, ChangeReadState
from imagechat_tui.protocol.usage import DailyUsage, Usage, UsageQuery
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
    Rules,
    Snapshot,
    TenantRecord,
    ThreadPage,
    UserRule,
    VersionKey,
    ascii_lower,
    by_name,
    opinions,
    rows,
)
from imagechat_tui.server.storage.apply_change import apply_change
from imagechat_tui.server.storage.apply_placements import apply_placements, placements_on
from imagechat_tui.server.storage.apply_read_change import apply_read_change, begin_reading
from imagechat_tui.server.storage.find_images import find_images, image_history
from imagechat_tui.server.storage.forget_deleted import forget_deleted
from imagechat_tui.server.storage.log_page import page_after, page_since
from imagechat_tui.server.storage.sql_transaction import SqlTransaction
from imagechat_tui.server.storage.transaction import RoomState
from imagechat_tui.server.storage.trim_logs import trim_logs

NAME_INDEXED = 100
"""Characters of a name by which people are found: an index takes no longer ones."""

_EVENT = ", ".join(f"event.{name}" for name in rows.EVENT.split(", "))
_EVENTS = (
    f"SELECT {_EVENT}, comment.text, comment.html FROM event LEFT JOIN comment"
    " ON comment.tenant_id = event.tenant_id AND comment.id = event.comment_id"
)
"""Events with the words of what they quote."""

T = TypeVar("T")
Work = Callable[[SqlTransaction], T]


class Engine(Protocol):
    """Runs work in transactions of a database, on threads of its own."""

    def write(
        self, tenants: Collection[TenantId], work: Work[T], told: Callable[[T], None] | None = None
    ) -> Awaitable[T]:
        """Run work in a transaction and return when it is durable.

        Args:
            tenants: Whose data it reads and writes. Nobody else writes theirs meanwhile, whichever process it is.
            work: Is given the transaction.
            told: Called on the event loop with what came of it, behind whoever waits for that, in the order of the
                commits; and even if nobody waits any more.

        Raises:
            StoreUnavailable: Nothing was written.
            Exception: What ``work`` raised; nothing was written.
        """

    def read(self, work: Work[T]) -> Awaitable[T]:
        """Run work that only reads, all of it at one moment.

        Raises:
            StoreUnavailable: It could not be read.
        """

    async def size_bytes(self) -> int:
        """See Store."""

    async def vacuum(self) -> None:
        """See Store."""

    async def wipe(self) -> None:
        """Have what was deleted vanish from the files too, as far as they are ours and it can be done now."""

    async def check(self) -> None:
        """See Store."""

    async def watch(self) -> None:
        """See Store."""

    async def close(self) -> None:
        """Finish what was begun and let go of the database."""


class SqlStore:
    """A Store on a database that is open."""

    def __init__(self, engine: Engine, epoch: str, now_ms: Callable[[], int]) -> None:
        self._engine = engine
        self._epoch = epoch
        self._now_ms = now_ms

    async def size_bytes(self) -> int:
        """See Store."""
        return await self._engine.size_bytes()

    async def vacuum(self) -> None:
        """See Store."""
        await self._engine.vacuum()

    async def check(self) -> None:
        """See Store."""
        await self._engine.check()

    async def watch(self) -> None:
        """See Store."""
        await self._engine.watch()

    async def close(self) -> None:
        """See Store."""
        await self._engine.close()

    # Commands

    async def change(self, change: Change, told: Callable[[Outcome], None] | None = None) -> Outcome:
        """See Store."""
        return await self._engine.write(
            (change.tenant_id,),
            lambda tx: apply_change(tx, change, now_ms=self._now_ms(), epoch=self._epoch),
            told,
        )

    async def change_read_state(self, reader: ReaderKey, change: ChangeReadState) -> ReadState:
        """See Store."""
        return await self._engine.write((reader.tenant_id,), lambda tx: apply_read_change(tx, reader, change))

    async def begin_reading(
        self, readers: Sequence[ReaderKey], *, since_ms: int | None
    ) -> dict[ReaderKey, ReadState]:
        """See Store. Nearly always there is nobody who begins: then nothing is written."""

        def newcomers(tx: SqlTransaction) -> list[ReaderKey]:
            return [reader for reader in readers if not tx.has_been(reader)]

        new = await self._engine.read(newcomers)
        if not new:
            return {}
        return await self._engine.write(
            {reader.tenant_id for reader in new}, lambda tx: begin_reading(tx, new, since_ms)
        )

    async def change_placements(
        self, of: VersionKey, change: ChangePlacements, by: UserId
    ) -> tuple[Placements, ...]:
        """See Store."""
        return await self._engine.write((of.tenant_id,), lambda tx: apply_placements(tx, of, change, by))

    async def flag(
        self, tenant_id: TenantId, comment_id: CommentId, user_id: UserId, *, flagged: bool
    ) -> bool:
        """See Store."""
        return await self._engine.write(
            (tenant_id,), lambda tx: opinions.flag(tx, tenant_id, comment_id, user_id, flagged=flagged)
        )

    async def block(self, tenant_id: TenantId, user_id: UserId, other: UserId, *, blocked: bool) -> bool:
        """See Store."""
        return await self._engine.write(
            (tenant_id,), lambda tx: opinions.block(tx, tenant_id, user_id, other, blocked=blocked)
        )

    async def add_usage(self, used: Mapping[tuple[TenantId, date], Usage]) -> None:
        """See Store."""

        def put(tx: SqlTransaction) -> None:
            for (tenant_id, day), usage in used.items():
                tx.add_usage(tenant_id, day, usage, self._now_ms())

        await self._engine.write({tenant_id for tenant_id, _ in used}, put)

    async def forget_deleted(self) -> bool:
        """See Store."""
        more = await self._engine.write((), lambda tx: forget_deleted(tx, self._now_ms()))
        if not more:
            await self._engine.wipe()
        return more

    async def trim_logs(self) -> bool:
        """See Store."""
        return await self._engine.write((), lambda tx: trim_logs(tx, self._now_ms()))

    async def create_tenant(self, record: TenantRecord) -> None:
        """See Store."""

        def insert(tx: SqlTransaction) -> None:
            marks = ", ".join("?" * len(values))
            tx.db.execute(f"INSERT INTO tenant ({rows.TENANT}) VALUES ({marks})", values)
            tx.rules_changed()

        values = rows.tenant_row(record)
        await self._engine.write((record.id,), insert)

    async def change_tenant(self, record: TenantRecord) -> None:
        """See Store."""

        def update(tx: SqlTransaction) -> None:
            columns = ", ".join(f"{column} = ?" for column in rows.TENANT.split(", "))
            tx.db.execute(f"UPDATE tenant SET {columns} WHERE id = ?", (*rows.tenant_row(record), record.id))
            tx.rules_changed()

        await self._engine.write((record.id,), update)

    async def rule_user(self, rule: UserRule) -> None:
        """See Store."""

        def put(tx: SqlTransaction) -> None:
            key = rule.tenant_id, rule.user_id
            tx.db.execute("DELETE FROM user_rule WHERE tenant_id = ? AND user_id = ?", key)
            if rule.banned_until_ms is not None or rule.role is not None:
                tx.db.execute(
                    f"INSERT INTO user_rule (tenant_id, {rows.USER_RULE}) VALUES (?, ?, ?, ?)",
                    (*key, rule.banned_until_ms, rule.role),
                )
            tx.rules_changed()

        await self._engine.write((rule.tenant_id,), put)

    async def put_user(self, tenant_id: TenantId, user: User, *, verified: bool, now_ms: int) -> bool:
        """See Store."""
        values = rows.person_row(user)

        def put(tx: SqlTransaction) -> bool:
            done = tx.db.execute(
                f"INSERT INTO person (tenant_id, {rows.PERSON}, verified, updated_at_ms)"
                f" VALUES ({rows.placeholders(rows.PERSON)}, ?, ?)"
                f" ON CONFLICT (tenant_id, id) DO UPDATE SET {rows.assignments(rows.PERSON)},"
                " verified = excluded.verified, updated_at_ms = excluded.updated_at_ms"
                " WHERE excluded.verified >= person.verified RETURNING 1",
                (tenant_id, *values, int(verified), now_ms),
            )
            return done.fetchone() is not None

        return await self._engine.write((tenant_id,), put)

    async def secret(self, name: str) -> bytes:
        """See Store."""
        return await self._engine.write((), lambda tx: tx.installed(f"secret {name}", lambda: os.urandom(32)))

    # Queries

    async def conversation(self, tenant_id: TenantId, conversation_id: ConversationId) -> Conversation | None:
        """See Store."""

        def read(tx: SqlTransaction) -> Conversation | None:
            marker = tx.marker(tenant_id, conversation_id=conversation_id)
            return marker.conversation if marker is not None else None

        return await self._engine.read(read)

    async def comment(self, tenant_id: TenantId, comment_id: CommentId) -> Comment | None:
        """See Store."""
        return await self._engine.read(lambda tx: tx.comment(tenant_id, comment_id))

    async def rooms(self, tenant_id: TenantId, after: UrlId, most: int) -> tuple[UrlId, ...]:
        """See Store."""
        asked = (
            "SELECT DISTINCT image FROM conversation WHERE tenant_id = ? AND image > ? ORDER BY image LIMIT ?"
        )

        def read(tx: SqlTransaction) -> tuple[UrlId, ...]:
            return tuple(UrlId(line[0]) for line in tx.db.execute(asked, (tenant_id, after, most)))

        return await self._engine.read(read)

    async def own(self, tenant_id: TenantId, image: UrlId, user_id: UserId) -> Own:
        """See Store."""
        return await self._engine.read(lambda tx: tx.own(tenant_id, image, user_id))

    async def snapshot(self, room: RoomKey, image: UrlId, *, comments: bool) -> Snapshot:
        """See Store."""
        key = room.tenant_id, image

        def read(tx: SqlTransaction) -> Snapshot:
            state = self._state(tx, room)
            lines = tx.db.execute(
                f"SELECT {rows.CONVERSATION} FROM conversation WHERE tenant_id = ? AND image = ?"
                " ORDER BY number",
                key,
            )
            conversations = tuple(map(rows.read_conversation, lines))
            if not comments:
                return Snapshot(conversations, (), state.position, state.last_timestamp_ms)
            texts = tx.db.execute(
                f"SELECT {rows.COMMENT} FROM comment WHERE tenant_id = ?1 AND url_id IN"
                " (SELECT url_id FROM conversation WHERE tenant_id = ?1 AND image = ?2) ORDER BY ordinal",
                key,
            )
            said = tuple(map(rows.read_comment, texts))
            return Snapshot(conversations, said, state.position, state.last_timestamp_ms)

        return await self._engine.read(read)

    async def thread(
        self, room: RoomKey, url_id: UrlId, user_id: UserId | None = None, *, flags: bool = False
    ) -> ThreadPage:
        """See Store."""
        page = room.tenant_id, url_id

        def own(tx: SqlTransaction, user_id: UserId) -> Own:
            votes, flagged = tx.votes_in(*page, user_id), tx.flagged_by(*page, user_id)
            return Own(votes, flagged, tx.blocked_by(room.tenant_id, user_id))

        def read(tx: SqlTransaction) -> ThreadPage:
            state = self._state(tx, room)
            comments = tx.thread(*page)
            closed = state.is_closed or state.closed_until_ms > self._now_ms()
            return ThreadPage(
                comments,
                state.position,
                state.last_timestamp_ms,
                closed,
                own=Own() if user_id is None else own(tx, user_id),
                flags=tx.flags_in(*page) if flags else {},
            )

        return await self._engine.read(read)

    async def of_blocked(
        self, tenant_id: TenantId, user_id: UserId, comment_ids: Sequence[CommentId]
    ) -> frozenset[CommentId]:
        """See Store."""
        if not comment_ids:
            return frozenset()
        marks = ", ".join("?" * len(comment_ids))

        def read(tx: SqlTransaction) -> frozenset[CommentId]:
            found = tx.db.execute(
                "SELECT comment.id FROM comment CROSS JOIN block ON block.tenant_id = comment.tenant_id"
                " AND block.user_id = ? AND block.blocked_id = coalesce(comment.user_id, comment.anon_user_id)"
                f" WHERE comment.tenant_id = ? AND comment.id IN ({marks})",
                (user_id, tenant_id, *comment_ids),
            )
            return frozenset(CommentId(row[0]) for row in found)

        return await self._engine.read(read)

    async def voters(
        self, tenant_id: TenantId, comment_id: CommentId, direction: int, most: int
    ) -> tuple[User, ...]:
        """See Store."""
        columns = ", ".join(f"person.{name}" for name in rows.PERSON.split(", "))
        return await self._engine.read(
            lambda tx: tuple(
                map(
                    rows.read_person,
                    tx.db.execute(
                        f"SELECT {columns} FROM vote CROSS JOIN person ON person.tenant_id = vote.tenant_id"
                        " AND person.id = vote.user_id AND person.is_private = 0"
                        " WHERE vote.tenant_id = ? AND vote.comment_id = ?"
                        " AND vote.direction = ? ORDER BY vote.created_at_ms, vote.user_id LIMIT ?",
                        (tenant_id, comment_id, direction, most),
                    ),
                )
            )
        )

    async def commenters(self, tenant_id: TenantId, url_id: UrlId) -> tuple[UserId, ...]:
        """See Store."""

        def read(tx: SqlTransaction) -> tuple[UserId, ...]:
            found = tx.db.execute(
                "SELECT DISTINCT coalesce(user_id, anon_user_id) FROM comment"
                " WHERE tenant_id = ?1 AND url_id IN (SELECT ?2 UNION ALL"
                " SELECT url_id FROM conversation WHERE tenant_id = ?1 AND image = ?2) ORDER BY 1",
                (tenant_id, url_id),
            )
            return tuple(UserId(row[0]) for row in found if row[0] is not None)

        return await self._engine.read(read)

    async def images(self, tenant_id: TenantId, asked: ImageQuery) -> ImagesFound:
        """See Store."""
        return await self._engine.read(lambda tx: find_images(tx, tenant_id, asked))

    async def image_history(self, tenant_id: TenantId, image_id: ImageId) -> ImageHistory | None:
        """See Store."""
        return await self._engine.read(lambda tx: image_history(tx, tenant_id, image_id))

    async def read_state(self, reader: ReaderKey) -> ReadState:
        """See Store."""
        return await self._engine.read(lambda tx: tx.read_state(reader))

    async def placements(self, of: VersionKey) -> Placements:
        """See Store."""
        return await self._engine.read(lambda tx: placements_on(tx, of))

    async def daily_usage(self, tenant_id: TenantId, asked: UsageQuery) -> tuple[DailyUsage, ...]:
        """See Store."""
        return await self._engine.read(lambda tx: tx.daily_usage(tenant_id, asked))

    async def summaries(
        self,
        tenant_id: TenantId,
        images: Sequence[UrlId],
        user_id: UserId | None,
        *,
        since_ms: int | None = None,
    ) -> dict[UrlId, Summary]:
        """See Store."""

        def read(tx: SqlTransaction) -> dict[UrlId, Summary]:
            return {image: tx.summary(tenant_id, image, user_id, since_ms) for image in images}

        return await self._engine.read(read)

    async def positions(self, rooms: Sequence[RoomKey]) -> dict[RoomKey, Position]:
        """See Store."""

        def read(tx: SqlTransaction) -> dict[RoomKey, Position]:
            known = {room: Position(self._epoch, 0) for room in rooms}
            values = ", ".join(["(?, ?)"] * len(rooms))
            found = tx.db.execute(  # not IN (VALUES …): that walks all rooms there are
                f"WITH asked (tenant, token) AS (VALUES {values})"
                " SELECT room.tenant_id, room.token, epoch, last_seq, last_event_id FROM asked"
                " CROSS JOIN room ON room.tenant_id = asked.tenant AND room.token = asked.token",
                [part for room in rooms for part in room],
            )
            for tenant_id, token, epoch, seq, event_id in found:
                known[RoomKey(tenant_id, token)] = Position(epoch, seq, event_id)
            return known

        return await self._engine.read(read) if rooms else {}

    async def events_after(
        self, room: RoomKey, seq: int, *, event_id: EventId = EventId(""), limit: int = MAX_REPLAY
    ) -> LogPage | None:
        """See Store."""

        def read(tx: SqlTransaction) -> LogPage | None:
            lines = tx.db.execute(
                f"{_EVENTS} WHERE event.tenant_id = ? AND token = ? AND seq >= ? ORDER BY seq LIMIT ?",
                (*room, seq, limit + 2),
            )
            events = tuple(map(rows.read_event, lines))
            head = self._state(tx, room).position
            return page_after(events, head, seq, event_id=event_id, limit=limit)

        return await self._engine.read(read)

    async def events_since(
        self, room: RoomKey, start_ms: int, end_ms: int | None, *, limit: int = 1000
    ) -> LogPage:
        """See Store."""

        def read(tx: SqlTransaction) -> LogPage:
            lines = tx.db.execute(
                f"{_EVENTS} WHERE event.tenant_id = ? AND token = ? AND timestamp_ms >= ?"
                " AND timestamp_ms <= ? AND plain IS NOT NULL ORDER BY timestamp_ms LIMIT ?",
                (*room, start_ms, end_ms if end_ms is not None else 1 << 62, limit + 1),
            )
            events = tuple(map(rows.read_event, lines))
            oldest, state = tx.oldest_events(room, 1), self._state(tx, room)
            first_ms = oldest[0][1] if oldest else state.last_timestamp_ms + 1
            return page_since(events, start_ms, first_seq=state.first_seq, first_ms=first_ms, limit=limit)

        return await self._engine.read(read)

    async def tenant(self, tenant_id: TenantId) -> TenantRecord | None:
        """See Store."""

        def read(tx: SqlTransaction) -> TenantRecord | None:
            row = tx.db.execute(f"SELECT {rows.TENANT} FROM tenant WHERE id = ?", (tenant_id,)).fetchone()
            return rows.read_tenant(row) if row is not None else None

        return await self._engine.read(read)

    async def tenants(self) -> tuple[TenantRecord, ...]:
        """See Store."""
        return await self._engine.read(_tenants)

    async def rules(self) -> Rules:
        """See Store."""

        def read(tx: SqlTransaction) -> Rules:
            decided = tx.db.execute(
                f"SELECT tenant_id, {rows.USER_RULE} FROM user_rule ORDER BY tenant_id, user_id"
            )
            return Rules(tx.rules_revision(), _tenants(tx), tuple(map(rows.read_user_rule, decided)))

        return await self._engine.read(read)

    async def rules_revision(self) -> bytes:
        """See Store."""
        return await self._engine.read(lambda tx: tx.rules_revision())

    async def users(self, tenant_id: TenantId, ids: Sequence[UserId]) -> tuple[User, ...]:
        """See Store."""
        if not ids:
            return ()
        marks = ", ".join("?" * len(ids))
        return await self._engine.read(
            lambda tx: tuple(
                map(
                    rows.read_person,
                    tx.db.execute(
                        f"SELECT {rows.PERSON} FROM person WHERE tenant_id = ? AND id IN ({marks})"
                        " ORDER BY id",
                        (tenant_id, *ids),
                    ),
                )
            )
        )

    async def users_named(self, tenant_id: TenantId, beginning: str, most: int) -> tuple[User, ...]:
        """See Store. Each kind of name has its index; who is found by both is told once."""
        first = ascii_lower(beginning)[:NAME_INDEXED]

        def read(tx: SqlTransaction) -> tuple[User, ...]:
            found: dict[UserId, User] = {}
            for column in ("username", "display_name"):
                name = f"substr(lower({column}), 1, {NAME_INDEXED})"
                lines = tx.db.execute(
                    f"SELECT {rows.PERSON} FROM person WHERE tenant_id = ? AND {name} >= ?"
                    f" AND {name} < ? AND is_private = 0 ORDER BY {name} LIMIT ?",
                    (tenant_id, first, f"{first}\U0010ffff", most),
                )
                found |= {user.id: user for user in map(rows.read_person, lines)}
            return by_name(found.values(), most)

        return await self._engine.read(read)

    def _state(self, tx: SqlTransaction, room: RoomKey) -> RoomState:
        """Where the log stands, also that of a room to which nobody wrote."""
        return tx.room(room) or RoomState(UrlId(""), Position(self._epoch, 0))


def _tenants(tx: SqlTransaction) -> tuple[TenantRecord, ...]:
    return tuple(map(rows.read_tenant, tx.db.execute(f"SELECT {rows.TENANT} FROM tenant ORDER BY id")))
