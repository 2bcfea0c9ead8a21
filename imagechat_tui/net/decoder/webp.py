"""The first picture of a WebP file, without what else it carries. https://developers.google.com/speed/webp/docs/riff_container"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from imagechat_tui.net.decoder.lost import Unfinished

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALPHA: Final = 0x10
_ROOM: Final = 3
"""Bytes a pixel at most."""
_MADE_UP: Final = 1 << 25
"""Bytes in place of what is missing at most."""
_MOST: Final = 1 << 23
"""Missing bytes that are counted at most: what a length says may be a lie."""
ENDINGS: Final = (b"\0", b"\xcc", b"\x33", b"\xff", b"\x55", b"\xaa", b"\x0f", b"\xf0")
"""What is repeated in place of a missing end. A lossless picture is given up at a copy of more pixels than there are,
so most of what could be there is no good; of short bit patterns one is often the code of a pixel."""


class Webp(NamedTuple):
    """A WebP, as far as it was read."""

    size: tuple[int, int]
    """Of the canvas."""
    frame: tuple[int, int, int, int]
    """Column, row, width and height of the first picture on it."""
    exif: bytes
    alpha: bytes
    """The body of its ALPH chunk, if it has one."""
    kind: bytes
    """``VP8 `` or ``VP8L``."""
    packed: bytes
    """Of the pixels, as far as it is there."""
    missing: int
    """How many bytes of it are not."""

    @property
    def lossless(self) -> bool:
        """Whether libwebp gives nothing of it unless all of its data make sense."""
        return self.kind == b"VP8L"

    def upto(self, length: int) -> Webp:
        """The same picture, cut off after so many bytes of its pixels."""
        missing = self.missing + len(self.packed) - length
        return self._replace(packed=self.packed[:length], missing=missing)

    def file(self, more: bytes = b"", first: bytes = b"") -> bytes:
        """A file of this picture alone, with ``first``, and ``more`` again and again, in place of what is missing."""
        _, _, width, height = self.frame
        # Made-up data may take more room than what it stands for.
        length = min(_MADE_UP, self.missing + width * height * _ROOM) if self.missing else 0
        made_up = (first + more * (length // max(1, len(more)) + 1))[:length]
        pixels = _chunk(self.kind, self.packed + made_up)
        if self.alpha:
            canvas = (
                bytes((_ALPHA, 0, 0, 0))
                + (width - 1).to_bytes(3, "little")
                + (height - 1).to_bytes(3, "little")
            )
            pixels = _chunk(b"VP8X", canvas) + _chunk(b"ALPH", self.alpha) + pixels
        return b"RIFF" + (4 + len(pixels)).to_bytes(4, "little") + b"WEBP" + pixels


def read(data: bytes) -> Webp | None:
    """Find the first picture; None if there is none.

    Raises:
        Unfinished: the file ends before they begin.
    """
    canvas, exif = None, b""
    picture: tuple[tuple[int, int], bytes, bytes, bytes, int] | None = None
    place = (0, 0)
    end = 8 + int.from_bytes(data[4:8], "little")
    for at, kind, body, missing in _chunks(data, 12):
        if picture is not None and at >= end:
            break
        if kind == b"VP8X" and len(body) >= 10:
            canvas = _three(body, 4) + 1, _three(body, 7) + 1
        elif kind == b"EXIF" and not missing:
            exif = exif or body.removeprefix(b"Exif\0\0")
        elif picture is None and kind == b"ANMF":
            place = _three(body, 0) * 2, _three(body, 3) * 2
            picture = _picture(body[16:])
        elif picture is None and kind in (b"ALPH", b"VP8 ", b"VP8L"):
            picture = _picture(data[12:])
    if picture is None:
        if len(data) < end:
            raise Unfinished(cut=True)
        return None
    size, alpha, coded, packed, missing = picture
    if canvas is None or canvas[0] < place[0] + size[0] or canvas[1] < place[1] + size[1]:
        canvas = place[0] + size[0], place[1] + size[1]
    return Webp(canvas, (*place, *size), exif, alpha, coded, packed, missing)


def _picture(data: bytes) -> tuple[tuple[int, int], bytes, bytes, bytes, int] | None:
    """Size, transparency, kind and pixels of the first picture among chunks, and how much of the pixels is missing."""
    alpha = b""
    for _, kind, body, missing in _chunks(data, 0):
        if kind == b"ALPH" and not missing:
            alpha = body
        elif kind == b"VP8 ":
            if body[3:6] != b"\x9d\x01\x2a" or len(body) < 10:
                return None
            size = tuple(int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
            return (size[0], size[1]), alpha, kind, body, missing
        elif kind == b"VP8L":
            if body[:1] != b"\x2f" or len(body) < 5:
                return None
            bits = int.from_bytes(body[1:5], "little")
            return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1), b"", kind, body, missing
    return None


def _chunks(data: bytes, at: int) -> Iterator[tuple[int, bytes, bytes, int]]:
    """Where each chunk is, its kind and body, and how many bytes of that are not there."""
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + length]
        yield at, data[at : at + 4], body, min(_MOST, length - len(body))
        at += 8 + length + (length & 1)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) & 1)


def _three(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")
