"""What becomes of the words of a deleted thread once nobody can restore it, whatever the database."""

from __future__ import annotations

from imagechat_tui.server.storage.transaction import Transaction

THREADS_BLANKED = 16
"""Threads that one transaction blanks: writers wait for it."""


def blank_deleted(tx: Transaction, now_ms: int) -> bool:
    """Take the words of threads that are due out of the log and of kept answers, and forget the threads.

    Returns:
        Whether there may be more of them.
    """
    due = tx.due_deleted_threads(now_ms, THREADS_BLANKED)
    for tenant_id, conversation_id, comment_ids in due:
        tx.blank_comments(tenant_id, comment_ids)
        tx.forget_deleted_thread(tenant_id, conversation_id)
    return len(due) == THREADS_BLANKED
