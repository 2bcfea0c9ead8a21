"""What people note of comments and of each other for themselves, whatever the database. Done twice it is done once."""

from __future__ import annotations

from typing import Final

from imagechat_tui.protocol.ids import CommentId, TenantId, UserId
from imagechat_tui.server.storage.transaction import Transaction

MAX_BLOCKED: Final = 1_000
"""People whom one user may block: they are read with every list."""


def flag(
    tx: Transaction, tenant_id: TenantId, comment_id: CommentId, user_id: UserId, *, flagged: bool
) -> bool:
    """Note that somebody has flagged a comment, or no more. Returns whether it is there."""
    comment = tx.comment(tenant_id, comment_id)
    if comment is None:
        return False
    if flagged:
        tx.put_flag(tenant_id, comment, user_id)
    else:
        tx.remove_flag(tenant_id, comment_id, user_id)
    return True


def block(tx: Transaction, tenant_id: TenantId, user_id: UserId, other: UserId, *, blocked: bool) -> bool:
    """Note that somebody has blocked another one, or no more. Returns False if they have blocked too many."""
    if not blocked:
        tx.remove_block(tenant_id, user_id, other)
        return True
    there = tx.blocked_by(tenant_id, user_id)
    if other not in there and len(there) >= MAX_BLOCKED:
        return False
    tx.put_block(tenant_id, user_id, other)
    return True
