"""How far somebody has read: the answers, the change, and the frame share one form (PROTOCOL 9.1)."""

from __future__ import annotations

from collections.abc import Iterable

from imagechat_tui.protocol.codec.fields import Fields, compact
from imagechat_tui.protocol.codec.json_text import JsonObject
from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import ReadMark, ReadState
from imagechat_tui.protocol.routes import MAX_READ_MARKS, ChangeReadState


def encode_read_state(state: ReadState) -> JsonObject:
    """Answer of READ_STATE and CHANGE_READ_STATE."""
    return {"status": "success", **read_state_payload(state)}


def decode_read_state(obj: JsonObject) -> ReadState:
    """Answer of READ_STATE and CHANGE_READ_STATE.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    return read_read_state(Fields(obj))


def encode_change_read_state(change: ChangeReadState) -> JsonObject:
    """Body of CHANGE_READ_STATE."""
    marks = {"read": _by_id(change.read), "unread": _by_id(change.unread)}
    return {**marks, **compact(since=change.since_ms)}


def decode_change_read_state(obj: JsonObject) -> ChangeReadState:
    """Body of CHANGE_READ_STATE.

    Raises:
        MalformedMessage: Also for more threads than one request may name.
    """
    fields = Fields(obj)
    change = ChangeReadState(
        _marks(fields, "read"), _marks(fields, "unread"), fields.optional_integer("since")
    )
    if len(change.read) + len(change.unread) > MAX_READ_MARKS:
        raise fields.bad("read", f"and unread name more than {MAX_READ_MARKS} threads")
    return change


def read_state_payload(state: ReadState) -> JsonObject:
    """What answers and frames share."""
    return {"revision": state.revision, "read": _by_id(state.marks)}


def read_read_state(fields: Fields) -> ReadState:
    """What answers and frames share, read."""
    revision = fields.integer("revision")
    if revision < 0:
        raise fields.bad("revision", "is negative")
    return ReadState(revision, _marks(fields, "read"))


def _by_id(marks: Iterable[ReadMark]) -> JsonObject:
    return {mark.conversation_id: mark.number for mark in marks}


def _marks(fields: Fields, key: str) -> tuple[ReadMark, ...]:
    marks = fields.optional_nested(key)
    if marks is None:
        return ()
    numbers = tuple(ReadMark(ConversationId(chat_id), marks.integer(chat_id)) for chat_id in marks)
    if any(mark.number < 0 for mark in numbers):
        raise fields.bad(key, "holds a negative number")
    return numbers
