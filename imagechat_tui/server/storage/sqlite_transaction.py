"""What only SQLite says so of a Transaction."""

from __future__ import annotations

from imagechat_tui.protocol.ids import ImageId, TenantId
from imagechat_tui.server.storage.sql_transaction import SqlTransaction


class SqliteTransaction(SqlTransaction):
    """A transaction of SQLite's."""

    def drop_answers(self, before_ms: int, most: int) -> int:
        """See Transaction."""
        dropped = self.db.execute(
            "DELETE FROM answer WHERE rowid IN"
            " (SELECT rowid FROM answer WHERE at_ms < ? ORDER BY at_ms LIMIT ?) RETURNING 1",
            (before_ms, most),
        )
        return len(dropped.fetchall())

    def images_with(self, tenant_id: TenantId, pixels: str, most: int) -> tuple[ImageId, ...]:
        """See Transaction. For the order's sake SQLite would walk all versions of the tenant."""
        found = self.db.execute(
            "SELECT image_id FROM image_version INDEXED BY image_version_alike"
            " WHERE tenant_id = ? AND pixels = ? AND NOT plain ORDER BY image_id LIMIT ?",
            (tenant_id, pixels, most),
        )
        return tuple(ImageId(row[0]) for row in found)
