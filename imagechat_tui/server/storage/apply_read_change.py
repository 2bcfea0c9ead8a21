"""The rules of how far somebody has read, whatever the database (PROTOCOL 9.1)."""

from __future__ import annotations

from collections.abc import Iterable

from imagechat_tui.protocol.models import ReadMark, ReadState
from imagechat_tui.protocol.routes import ChangeReadState
from imagechat_tui.server.storage import ReaderKey
from imagechat_tui.server.storage.transaction import Transaction


def begin_reading(
    tx: Transaction, readers: Iterable[ReaderKey], since_ms: int | None
) -> dict[ReaderKey, ReadState]:
    """Note that people begin to read where they have never been, as if they came for the first time.

    Args:
        tx: the transaction.
        readers: who, and where.
        since_ms: what was said before has been read, what was said later has not; None: all that is there has been.

    Returns:
        Those who begin, and what they have read by that.
    """
    new = [reader for reader in readers if not tx.read_state(reader).revision]
    begun = {reader: apply_read_change(tx, reader, ChangeReadState(since_ms=since_ms)) for reader in new}
    return {reader: state for reader, state in begun.items() if state.revision}


def apply_read_change(tx: Transaction, reader: ReaderKey, change: ChangeReadState) -> ReadState:
    """Note how far somebody has read. Threads that are not on the image, or no more, are passed over.

    ``read`` only goes forward; ``unread`` goes back too, and what is carried out last holds. Whoever comes for
    the first time has read all that is there, or with its ``since_ms`` what was said before that time. Of a room that
    nobody has made, without an image or a comment, nothing is kept: there are as many as one can think of names, and
    nothing would ever remove it.

    Returns:
        The marks that changed, and the revision with them; revision 0 if nothing is kept.
    """
    before = tx.read_state(reader)
    marks = {mark.conversation_id: mark.number for mark in before.marks}
    after = dict(marks)
    if not before.revision:
        newest = tx.newest_numbers(reader.tenant_id, reader.image)
        if not newest and tx.image(reader.tenant_id, url_id=reader.image) is None:
            return ReadState()
        if change.since_ms is not None:
            newest = tx.newest_numbers(reader.tenant_id, reader.image, change.since_ms)
        after = dict(newest)
    for mark, farther in (*((one, True) for one in change.read), *((one, False) for one in change.unread)):
        marker = tx.marker(reader.tenant_id, conversation_id=mark.conversation_id)
        if marker is not None and marker.image == reader.image:
            there = after.get(mark.conversation_id, 0) if farther else 0
            after[mark.conversation_id] = max(mark.number, there)
    changed = tuple(ReadMark(*item) for item in after.items() if marks.get(item[0], 0) != item[1])
    if before.revision and not changed:
        return ReadState(before.revision)
    state = ReadState(before.revision + 1, changed)
    tx.put_read_state(reader, state)
    return state
