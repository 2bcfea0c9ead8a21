"""What only SQLite says so of a Transaction."""

from __future__ import annotations

from imagechat_tui.protocol.ids import CommentId, ImageId, TenantId
from imagechat_tui.server.storage.sql_transaction import SqlTransaction

_WORDS = "'$.comment.comment', '', '$.comment.commentHTML', ''"
_BLANK_EVENTS = (
    f"UPDATE event SET plain = json_replace(plain, {_WORDS}), full_frame = json_replace(full_frame, {_WORDS})"
    " WHERE tenant_id = ? AND comment_id = ?"
)
_BLANK_ANSWERS = (
    f"UPDATE answer SET body = CAST(json_replace(CAST(body AS TEXT), {_WORDS}) AS BLOB)"
    " WHERE tenant_id = ? AND comment_id = ?"
)


class SqliteTransaction(SqlTransaction):
    """A transaction of SQLite's."""

    def blank_comments(self, tenant_id: TenantId, comment_ids: tuple[CommentId, ...]) -> None:
        """See Transaction."""
        removed = [(tenant_id, comment_id) for comment_id in comment_ids]
        self.db.executemany(_BLANK_EVENTS, removed)
        self.db.executemany(_BLANK_ANSWERS, removed)

    def drop_answers(self, before_ms: int, most: int) -> None:
        """See Transaction."""
        self.db.execute(
            "DELETE FROM answer WHERE rowid IN"
            " (SELECT rowid FROM answer WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
            (before_ms, most),
        )

    def images_with(self, tenant_id: TenantId, pixels: str, most: int) -> tuple[ImageId, ...]:
        """See Transaction. For the order's sake SQLite would walk all versions of the tenant."""
        found = self.db.execute(
            "SELECT image_id FROM image_version INDEXED BY image_version_alike"
            " WHERE tenant_id = ? AND pixels = ? AND NOT plain ORDER BY image_id LIMIT ?",
            (tenant_id, pixels, most),
        )
        return tuple(ImageId(row[0]) for row in found)
