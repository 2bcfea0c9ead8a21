"""A PNG file reduced to what its pixels need, so that nothing else in it can spoil them.

Texts, times, resolutions, profiles and previews may have wrong checksums, lie about their length or unpack to
megabytes; a picture is shown without them all the same. https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from typing import Final, NamedTuple

from imagechat_tui.net.decoder.lost import Unfinished

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
LONGEST: Final = (1 << 31) - 1
"""Bytes of a chunk at most, by the standard."""
_HEADER: Final = struct.Struct(">IIBBBBB")
_FRAME: Final = struct.Struct(">IIIII")
_SAMPLES: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples a pixel, by the type of colour."""
_PASSES: Final = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip
"""Of an interlaced picture: first column, first row, and the steps to the next of each pass."""
GRIDS: Final = ((8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2), (1, 1))
"""Columns and rows from one known pixel to the next once so many passes are there."""
_BEFORE_PALETTE: Final = frozenset({b"gAMA", b"iCCP", b"sRGB", b"cICP"})
_BEFORE_PIXELS: Final = _BEFORE_PALETTE | {b"tRNS"}
"""Where these have to stand; elsewhere no browser heeds them."""
_PIECE: Final = 1 << 14


class Png(NamedTuple):
    """A PNG, as far as it was read."""

    size: tuple[int, int]
    """Of the canvas."""
    frame: tuple[int, int, int, int]
    """Column, row, width and height of what is drawn on it: all of it, but for some moving pictures."""
    depth: int
    colors: int
    """The type of colour: 0 grey, 2 colours, 3 palette, 4 grey and alpha, 6 colours and alpha."""
    interlaced: bool
    palette: bytes
    clear: bytes
    """The body of tRNS: which colours are transparent."""
    gamma: int
    """In hundred thousandths; 0 if none is named, or if a profile says more."""
    exif: bytes
    packed: bytes
    """Of the pixels, as far as it is there."""
    sound: bool
    """Whether the checksums of what the pixels need are right."""
    ended: bool
    """Whether the file goes on to its end mark."""

    def file(self) -> bytes:
        """A file of nothing but the pixels. Transparency is in it only where it belongs to the palette."""
        head = _HEADER.pack(*self.frame[2:], self.depth, self.colors, 0, 0, self.interlaced)
        parts = [SIGNATURE, _chunk(b"IHDR", head)]
        if self.palette:
            parts.append(_chunk(b"PLTE", self.palette))
        if self.clear and self.colors == 3:
            parts.append(_chunk(b"tRNS", self.clear))
        return b"".join((*parts, _chunk(b"IDAT", self.packed), _chunk(b"IEND", b"")))

    def known(self) -> Known:
        """How much of a picture that was cut off or bent is there."""
        there = _inflated(self.packed, sum(bytes_ * rows for bytes_, rows in self._passes()))
        passes, total = self._passes(), self.frame[3]
        for number, (row, rows) in enumerate(passes):
            done = min(rows, there // row) if row else rows
            there -= done * row
            if done < rows:
                if not self.interlaced:
                    return Known(done, (1, 1), done)
                _, first, _, step = _PASSES[number]
                reached = min(total, first + done * step)
                grid = GRIDS[number - 1] if number else GRIDS[0]
                return Known(total if number else min(total, done * 8), grid, reached)
        return Known(total, (1, 1), total)

    def _passes(self) -> list[tuple[int, int]]:
        """Bytes of a row and rows of each pass."""
        bits = _SAMPLES[self.colors] * self.depth
        width, height = self.frame[2:]
        passes = _PASSES if self.interlaced else ((0, 0, 1, 1),)
        sizes = [
            (max(0, -(-(width - x) // across)), max(0, -(-(height - y) // down)))
            for x, y, across, down in passes
        ]
        return [(1 + (columns * bits + 7) // 8 if columns else 0, rows) for columns, rows in sizes]


class Known(NamedTuple):
    """What is there of an unfinished picture."""

    rows: int
    """From the top, of whatever detail."""
    grid: tuple[int, int]
    """Columns and rows from one pixel that is there to the next."""
    fine: int
    """Rows from the top in which a finer pass has come already."""


def read(data: bytes) -> Png | None:
    """Find what the pixels need; None if there are none.

    Raises:
        Unfinished: the file ends before they begin.
    """
    head: tuple[int, ...] = ()
    palette = clear = exif = b""
    gamma, profile, sound = 0, False, True
    view = memoryview(data)
    still: list[memoryview] = []
    moving: list[memoryview] = []
    frames: list[tuple[int, ...]] = []
    animated = ended = False
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if length > LONGEST or not kind.isalpha():
            break
        body = view[at + 8 : at + 8 + length]
        at += 12 + length
        whole = at <= len(data)
        right = whole and data[at - 4 : at] == _checksum(kind, body)
        if kind == b"IHDR" and not head and len(body) == _HEADER.size:
            head = _HEADER.unpack(body)
            sound &= right
        elif kind == b"IDAT":
            if body:
                still.append(body)
            sound &= right or not whole
        elif kind == b"fdAT":
            # Of the first frame only, and only if the picture itself is no frame.
            if len(frames) == 1 and len(body) > 4:
                moving.append(body[4:])
        elif kind == b"PLTE":
            palette = palette or bytes(body[: len(body) - len(body) % 3])
            sound &= right
        elif kind == b"IEND":
            ended = True
            break
        elif not right or (kind in _BEFORE_PIXELS and still):
            continue
        elif kind == b"tRNS":
            if palette or head[3:4] != (3,):
                clear = clear or bytes(body)
        elif kind in _BEFORE_PALETTE:
            if palette:
                continue
            if kind != b"gAMA":
                profile = True
            elif length == 4:
                gamma = int.from_bytes(body, "big")
        elif kind == b"eXIf":
            exif = exif or bytes(body)
        elif kind == b"acTL" and length == 8 and not still:
            animated = True
        elif kind == b"fcTL" and length == 26 and animated:
            frames.append((*_FRAME.unpack_from(body), len(still)))
    if not ended and at + 8 > len(data) and not (head and still):
        raise Unfinished(cut=True)
    if not head or head[3] not in _SAMPLES:
        return None
    width, height, depth, colors, _, _, interlaced = head
    frame = (0, 0, width, height)
    if moving and frames[0][-1]:
        _, wide, high, x, y, _ = frames[0]
        if wide and high and x + wide <= width and y + high <= height:
            frame, still = (x, y, wide, high), moving
    if not still:
        return None
    return Png(
        (width, height), frame, depth, colors, interlaced == 1, palette, clear,
        0 if profile else gamma, exif, b"".join(still), sound, ended,
    )  # fmt: skip


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + _checksum(kind, body)


def _checksum(kind: bytes, body: bytes | memoryview) -> bytes:
    return zlib.crc32(body, zlib.crc32(kind)).to_bytes(4, "big")


def _inflated(packed: bytes, most: int) -> int:
    """How many bytes, ``most`` at most, can be unpacked before the end or the first fault."""
    unpacker = zlib.decompressobj()
    there = 0
    for start in range(0, len(packed), _PIECE):
        piece, before = packed[start : start + _PIECE], unpacker.copy()
        try:
            there += _length(unpacker, piece, most - there)
        except zlib.error:
            # What the piece held before its fault is told only when it is taken byte by byte.
            with suppress(zlib.error):
                for byte in piece:
                    there += _length(before, bytes((byte,)), most - there)
            break
        if there >= most or unpacker.eof:
            break
    return min(there, most)


def _length(unpacker: zlib._Decompress, packed: bytes, most: int) -> int:
    there = 0
    while packed and there < most and not unpacker.eof:
        there += len(unpacker.decompress(packed, 1 << 20))
        packed = unpacker.unconsumed_tail
    return there
