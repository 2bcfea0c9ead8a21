"""Refusals: written by the server as each kind of route has them, read whatever comes."""

from __future__ import annotations

import math

from imagechat_tui.protocol.codec.fields import Fields, compact
from imagechat_tui.protocol.codec.json_text import JsonObject, MalformedMessage, parse_object
from imagechat_tui.protocol.routes import ErrorReply

_LONGEST_WORDS = 2_000
"""Characters of an error's texts that are kept."""
_LONGEST_WAIT_S = 300.0
"""Who says "come back in a year" is asked again after five minutes: it may be a proxy's mistake."""


def encode_error(error: ErrorReply, *, image_chat: bool) -> JsonObject:
    """Body of a refusal: APIError, or (``image_chat``) the union of it and the documented form there."""
    status: JsonObject = (
        {"status": "error", "message": error.shown or error.reason} if image_chat else {"status": "failed"}
    )
    return {
        **status,
        "code": error.code,
        "reason": error.reason,
        **compact(
            maxCharacterLength=error.max_length,
            bannedUntil=error.banned_until_ms,
            translatedError=error.shown,
        ),
    }


def is_refusal(body: bytes) -> bool:
    """Whether a body is a refusal as the wire has it: anything else is the word of somebody on the way."""
    try:
        fields = parse_object(body)
    except MalformedMessage:
        return False
    return fields.get("status") in ("failed", "error") or bool(_words(Fields(fields), "code"))


def decode_error(status: int, retry_after: str | None, body: bytes, *, date: str | None = None) -> ErrorReply:
    """A refusal, whatever came: proxies answer with HTML, older servers with other keys. Never raises.

    Args:
        status: HTTP status.
        retry_after: The header, if there is one: seconds, or a moment.
        body: The answer's body.
        date: The header of that name, which tells when the answer was written.
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
        retry_after_s=_seconds(retry_after or "", date or ""),
        max_length=_length(fields),
        banned_until_ms=_moment(fields, "bannedUntil"),
        shown=_words(fields, "translatedError") or message or None,
    )


def _words(fields: Fields, key: str) -> str:
    value = fields.plain().get(key)
    return value[:_LONGEST_WORDS] if isinstance(value, str) else ""


def _seconds(retry_after: str, date: str) -> float | None:
    try:
        seconds = float(retry_after)
    except ValueError:
        from email.utils import parsedate_to_datetime  # seldom needed, and not quick to load

        try:  # a moment by the clock of whoever answered, and by no other
            seconds = (parsedate_to_datetime(retry_after) - parsedate_to_datetime(date)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
        seconds = max(0.0, seconds)
    return min(seconds, _LONGEST_WAIT_S) if math.isfinite(seconds) and seconds >= 0 else None


def _moment(fields: Fields, key: str) -> int | None:
    try:
        return fields.optional_ms(key)
    except MalformedMessage:
        return None


def _length(fields: Fields) -> int | None:
    try:
        return fields.optional_integer("maxCharacterLength")
    except MalformedMessage:
        return None
