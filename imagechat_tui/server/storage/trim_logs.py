"""How much of the rooms' logs is kept, whatever the database."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from imagechat_tui.server.storage.transaction import Transaction

EVENTS_KEPT = 10_000
"""Of a room, at most."""
EVENTS_KEPT_MS = 7 * 86_400_000
ANSWERS_KEPT_MS: Final = 8 * 86_400_000
"""Promised are seven days."""
EVENTS_TRIMMED = 100
"""Events, and answers, that one transaction takes away: writers wait for it."""
ROOMS_TRIMMED = 20


def trim_logs(tx: Transaction, now_ms: int) -> bool:
    """Forget events that are too old or too many, of whichever rooms, and answers that are too old.

    Returns:
        Whether there may be more of them.
    """
    due, left = tx.due_logs(now_ms, ROOMS_TRIMMED), EVENTS_TRIMMED
    for room, state in due:
        if not left:
            break
        oldest = tx.oldest_events(room, left + 1)
        too_old = [
            seq <= state.position.seq - EVENTS_KEPT or at_ms <= now_ms - EVENTS_KEPT_MS
            for seq, at_ms in oldest
        ]
        gone = sum(too_old[:left])
        if gone:
            tx.trim(room, oldest[gone - 1][0])
        left -= gone
        first_seq, first_ms = next(iter(oldest[gone:]), (state.position.seq + 1, None))
        trim_due_ms = None if first_ms is None else 0 if any(too_old[gone:]) else first_ms + EVENTS_KEPT_MS
        tx.put_room(room, replace(state, first_seq=first_seq, trim_due_ms=trim_due_ms))
    dropped = tx.drop_answers(now_ms - ANSWERS_KEPT_MS, EVENTS_TRIMMED)
    return not left or len(due) == ROOMS_TRIMMED or dropped == EVENTS_TRIMMED
