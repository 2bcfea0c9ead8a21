"""WebSocket frames (RFC 6455 §5.2) to the client, as finished bytes."""

from __future__ import annotations

import struct
from enum import IntEnum

_TEXT = 0x81
_CLOSE = 0x88


class CloseCode(IntEnum):
    """Why the server ends a socket; tells the client whether to come back."""

    POLICY = 1008
    RESTART = 1012
    OVERLOAD = 1013
    """Too slow: come back with a position."""
    SIGN_IN = 4401
    """The token has ended: fetch a new one."""


def text_frame(text: str) -> bytes:
    """The frame of a text message."""
    return _framed(_TEXT, text.encode("utf-8"))


def close_frame(code: CloseCode) -> bytes:
    """The frame that begins the closing handshake."""
    return _framed(_CLOSE, struct.pack("!H", code))


def _framed(head: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", head, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", head, 126, size) + payload
    return struct.pack("!BBQ", head, 127, size) + payload
