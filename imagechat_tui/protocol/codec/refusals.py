"""Refusals: written by the server as each kind of route has them, read whatever comes."""

from __future__ import annotations

import math

from imagechat_tui.protocol.codec.fields import Fields, compact
from imagechat_tui.protocol.codec.json_text import JsonObject, MalformedMessage, parse_object
from imagechat_tui.protocol.routes import ErrorReply

_LONGEST_WORDS = 2_000
"""Characters of an error's texts that are kept."""
_LONGEST_WAIT_S = 3_600.0
"""Who says "come back in a year" is asked again after an hour."""


def encode_error(error: ErrorReply, *, image_chat: bool) -> JsonObject:
    """Body of a refusal: APIError, or (``image_chat``) the union of it and the documented form there."""
    status: JsonObject = (
        {"status": "error", "message": error.shown or error.reason} if image_chat else {"status": "failed"}
    )
    return {
        **status,
        "code": error.code,
        "reason": error.reason,
        **compact(maxCharacterLength=error.max_length, translatedError=error.shown),
    }


def decode_error(status: int, retry_after: str | None, body: bytes) -> ErrorReply:
    """A refusal, whatever came: proxies answer with HTML, older servers with other keys. Never raises.

    Args:
        status: HTTP status.
        retry_after: The header, if there is one. Only seconds are understood.
        body: The answer's body.
    """
    try:
        fields = Fields(parse_object(body))
    except MalformedMessage:
        fields = Fields({})
    message = _words(fields, "message")
    return ErrorReply(
        status=status,
        code=_words(fields, "code"),
        reason=_words(fields, "reason") or message,
        retry_after_s=_seconds(retry_after),
        max_length=_length(fields),
        shown=_words(fields, "translatedError") or message or None,
    )


def _words(fields: Fields, key: str) -> str:
    value = fields.plain().get(key)
    return value[:_LONGEST_WORDS] if isinstance(value, str) else ""


def _seconds(retry_after: str | None) -> float | None:
    try:
        seconds = float(retry_after or "")
    except ValueError:
        return None
    return min(seconds, _LONGEST_WAIT_S) if math.isfinite(seconds) and seconds >= 0 else None


def _length(fields: Fields) -> int | None:
    try:
        return fields.optional_integer("maxCharacterLength")
    except MalformedMessage:
        return None
