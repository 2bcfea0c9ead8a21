"""WebSocket frames (RFC 6455 §5.2) to the client, as finished bytes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct

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


class Frames(Struct, frozen=True):
    """Finished frames of text messages, joined to be written at once."""

    data: bytes
    count: int
    payload: int
    """Bytes of the messages alone."""


def joined(frames: Sequence[bytes]) -> Frames:
    """Frames of text messages as one piece."""
    data = frames[0] if len(frames) == 1 else b"".join(frames)
    return Frames(data, len(frames), len(data) - sum(map(_head_size, frames)))


def together(parts: Sequence[Frames]) -> Frames:
    """Several such pieces as one."""
    if len(parts) == 1:
        return parts[0]
    return Frames(
        b"".join([part.data for part in parts]),
        sum([part.count for part in parts]),
        sum([part.payload for part in parts]),
    )


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


def _head_size(frame: bytes) -> int:
    """The bytes before the payload, by the size of the whole frame."""
    size = len(frame)
    if size < 126 + 2:
        return 2
    return 4 if size < (1 << 16) + 4 else 10
