"""What only PostgreSQL says so of a Transaction, and what it needs because others write at the same time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from imagechat_tui.protocol.ids import ConversationId, ImageId, TenantId
from imagechat_tui.server.storage import ImageRecord, RoomKey
from imagechat_tui.server.storage.sql import Database
from imagechat_tui.server.storage.sql_transaction import SqlTransaction
from imagechat_tui.server.storage.transaction import RoomState


class PostgresTransaction(SqlTransaction):
    """A transaction of PostgreSQL's."""

    one_place = "tenant_id, kind, md5(project), md5(value)"
    one_reader = "tenant_id, user_id, md5(image)"

    def __init__(self, db: Database, installation: str) -> None:
        super().__init__(db)
        self._installation = installation

    def drop_answers(self, before_ms: int, most: int) -> int:
        """See Transaction. Those that another process is dropping are passed over, not waited for."""
        dropped = self.db.execute(
            "DELETE FROM answer WHERE ctid = ANY(ARRAY(SELECT ctid FROM answer WHERE at_ms < ?"
            " ORDER BY at_ms LIMIT ? FOR UPDATE SKIP LOCKED)) RETURNING 1",
            (before_ms, most),
        )
        return len(dropped.fetchall())

    def images_with(self, tenant_id: TenantId, pixels: str, most: int) -> tuple[ImageId, ...]:
        """See Transaction."""
        found = self.db.execute(
            "SELECT image_id FROM image_version WHERE tenant_id = ? AND pixels = ? AND plain = 0"
            " ORDER BY image_id LIMIT ?",
            (tenant_id, pixels, most),
        )
        return tuple(ImageId(row[0]) for row in found)

    def due_images(self, before_ms: int, most: int) -> tuple[tuple[TenantId, ImageRecord], ...]:
        """See Transaction. Those of tenants for whom somebody writes now are passed over."""
        due = super().due_images(before_ms, most)
        if not due:
            return ()
        ours = self._taken(tenant_id for tenant_id, _ in due)
        return tuple(one for one in super().due_images(before_ms, most) if one[0] in ours)

    def due_deleted_threads(self, now_ms: int, most: int) -> tuple[tuple[TenantId, ConversationId], ...]:
        """See Transaction. Those of tenants for whom somebody writes now are passed over."""
        due = super().due_deleted_threads(now_ms, most)
        if not due:
            return ()
        ours = self._taken(tenant_id for tenant_id, _ in due)
        return tuple(one for one in super().due_deleted_threads(now_ms, most) if one[0] in ours)

    def due_logs(self, now_ms: int, most: int) -> tuple[tuple[RoomKey, RoomState], ...]:
        """See Transaction. Those of tenants for whom somebody writes now are passed over."""
        due = super().due_logs(now_ms, most)
        if not due:
            return ()
        ours = self._taken(room.tenant_id for room, _ in due)
        return tuple(one for one in super().due_logs(now_ms, most) if one[0].tenant_id in ours)

    def _taken(self, tenants: Iterable[TenantId]) -> set[TenantId]:
        """The tenants that nobody else writes for: from now on nobody else does. Never waits, so it cannot be one of
        two that wait for each other."""
        keys = {lock_key(self._installation, tenant_id): tenant_id for tenant_id in tenants}
        found = self.db.execute(
            "SELECT key FROM unnest(CAST(? AS BIGINT[])) AS key WHERE pg_try_advisory_xact_lock(key)",
            (list(keys),),
        )
        return {keys[row[0]] for row in found}


def lock_key(installation: str, tenant_id: TenantId) -> int:
    """The number under which PostgreSQL's advisory locks know a tenant, among all installations on one database."""
    name = f"{installation}\n{tenant_id}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big", signed=True)
