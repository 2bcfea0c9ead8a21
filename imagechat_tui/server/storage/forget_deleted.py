"""What becomes of a deleted thread once nobody can restore it, whatever the database."""

from __future__ import annotations

from imagechat_tui.server.storage.transaction import Transaction

THREADS_FORGOTTEN = 16
"""Threads that one transaction forgets: writers wait for it."""


def forget_deleted(tx: Transaction, now_ms: int) -> bool:
    """Forget threads that are due: nothing else had their words any more.

    Returns:
        Whether there may be more of them.
    """
    due = tx.due_deleted_threads(now_ms, THREADS_FORGOTTEN)
    for tenant_id, conversation_id in due:
        tx.forget_deleted_thread(tenant_id, conversation_id)
    return len(due) == THREADS_FORGOTTEN
