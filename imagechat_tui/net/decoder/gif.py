"""The first picture of a GIF file, and where on the canvas it lies. https://www.w3.org/Graphics/GIF/spec-gif89a.txt"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from imagechat_tui.net.decoder.lost import Unfinished

_SCREEN: Final = struct.Struct("<HHBBB")
_IMAGE: Final = struct.Struct("<HHHHB")
_CONTROL: Final = 0xF9
PASSES: Final = ((0, 8), (4, 8), (2, 4), (1, 2))
"""Of an interlaced one: first row and step of each pass."""


class Gif(NamedTuple):
    """A GIF, as far as it was read."""

    size: tuple[int, int]
    """Of the canvas."""
    frame: tuple[int, int, int, int]
    """Column, row, width and height of the first picture on it."""
    palette: bytes
    """Red, green and blue of each colour; empty if there is none."""
    clear: int
    """The colour that is transparent; -1 if none is."""
    interlaced: bool
    bits: int
    """Of the first codes, less one."""
    packed: bytes
    """Of the pixels, as far as it is there: blocks, each behind its length."""
    ended: bool
    """Whether the last of these blocks is there."""


def read(data: bytes) -> Gif | None:
    """Find the first picture; None if there is none.

    Raises:
        Unfinished: the file ends before they begin, or holds none.
    """
    if data[3:6] not in (b"87a", b"89a"):
        return None
    if len(data) < 6 + _SCREEN.size:
        raise Unfinished(cut=True)
    wide, high, flags, _, _ = _SCREEN.unpack_from(data, 6)
    at = 6 + _SCREEN.size
    palette, at = _palette(data, at, flags)
    clear = -1
    while at < len(data):
        sign = data[at]
        at += 1
        if sign == 0x21:  # an extension
            control, body = data[at : at + 1] == bytes((_CONTROL,)), data[at + 2 : at + 6]
            if control and data[at + 1 : at + 2] == b"\4" and len(body) == 4:
                clear = body[3] if body[0] & 1 else -1
            at = _behind_blocks(data, at + 1)[0]
        elif sign == 0x2C:
            break
        elif sign == 0x3B:
            if at == len(data):
                raise Unfinished(cut=False)
            return None  # there is more, so this is hardly its end
    if at + _IMAGE.size >= len(data):
        raise Unfinished(cut=True)
    x, y, width, height, how = _IMAGE.unpack_from(data, at)
    own, at = _palette(data, at + _IMAGE.size, how)
    if at >= len(data):
        raise Unfinished(cut=True)
    width, height = width or wide, height or high
    end, ended = _behind_blocks(data, at + 1)
    # A canvas too small for its first picture grows.
    size = max(wide, x + width), max(high, y + height)
    return Gif(
        size, (x, y, width, height), own or palette, clear, bool(how & 0x40), data[at], data[at + 1 : end], ended
    )  # fmt: skip


def _palette(data: bytes, at: int, flags: int) -> tuple[bytes, int]:
    if not flags & 0x80:
        return b"", at
    end = at + (3 << (flags & 7) + 1)
    return data[at:end], end


def _behind_blocks(data: bytes, at: int) -> tuple[int, bool]:
    """Where the blocks that begin here end, and whether their end is there."""
    while at < len(data):
        length = data[at]
        at += 1 + length
        if not length:
            return at, True
    return len(data), False


def rows_by_pass(height: int) -> list[int]:
    """The rows of an interlaced picture, in the order in which they come."""
    return [row for first, step in PASSES for row in range(first, height, step)]
