"""BMP files of every kind that stores pixels as such or run by run.

Pillow knows fewer layouts of channels and nothing of files that are cut off, so only its raw decoder is used.
https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-header-types, https://entropymine.com/jason/bmpsuite
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from imagechat_tui.net.decoder.lost import Unfinished

if TYPE_CHECKING:
    from PIL import Image

_RAW, _RLE8, _RLE4, _FIELDS, _ALPHA_FIELDS = 0, 1, 2, 3, 6
_BITS: Final = {_RAW: (1, 2, 4, 8, 16, 24, 32), _RLE8: (8,), _RLE4: (4,), _FIELDS: (16, 24, 32),
                _ALPHA_FIELDS: (16, 24, 32)}  # fmt: skip
_PACKED: Final = {1: "P;1", 2: "P;2", 4: "P;4", 8: "P"}
_BYTES: Final = {16: "LA", 24: "RGB", 32: "RGBA"}
"""Pillow's modes of so many bits, whose bands are the bytes of a pixel."""
_555: Final = (0x7C00, 0x3E0, 0x1F, 0)
_888: Final = (0xFF0000, 0xFF00, 0xFF, 0)


class Bmp(NamedTuple):
    """A Windows or OS/2 bitmap, as far as its header tells of it."""

    size: tuple[int, int]
    bits: int
    runs: bool
    """Whether the pixels are stored run by run."""
    masks: tuple[int, int, int, int]
    """Which bits of a pixel are red, green, blue and alpha; of 16 bits and more."""
    palette: bytes
    """Red, green and blue of each colour; of fewer bits."""
    upright: bool
    """Whether the upper row comes first; else the lowest does."""
    packed: bytes
    odd: str
    """Why it cannot be read, if it is a kind that few write."""


def read(data: bytes) -> Bmp | None:
    """Find header, colours and pixels; None if the header makes no sense.

    Raises:
        Unfinished: the file ends before they begin.
    """
    header = int.from_bytes(data[14:18], "little")
    if header < 12:
        return None
    if len(data) < 14 + min(header, 40):
        raise Unfinished(cut=True)

    def number(at: int, length: int = 4, *, signed: bool = False) -> int:
        there = 14 + at + length <= len(data) and at + length <= header
        return int.from_bytes(data[14 + at : 14 + at + length], "little", signed=signed) if there else 0

    if header == 12:
        width, height, bits, how = number(4, 2), number(6, 2, signed=True), number(10, 2), _RAW
    else:
        width, height = number(4, signed=True), number(8, signed=True)
        bits, how = number(14, 2), number(16)
    if width <= 0 or height == 0:
        return None
    size, upright = (width, abs(height)), height < 0
    of_os2 = header == 64 or 12 < header < 40
    odd = _odd(bits, how, of_os2=of_os2)
    if odd:
        return Bmp(size, bits, False, _888, b"", upright, b"", odd)
    after = 14 + header
    masks = _555 if bits == 16 else _888
    if how in (_FIELDS, _ALPHA_FIELDS):
        if header >= 52:
            masks = (number(40), number(44), number(48), number(52) if header >= 56 else 0)
        else:
            count = 4 if how == _ALPHA_FIELDS else 3
            fields = [
                int.from_bytes(data[at : at + 4], "little") for at in range(after, after + 4 * count, 4)
            ]
            masks = (fields[0], fields[1], fields[2], fields[3] if count == 4 else 0)
            after += 4 * count
        if any(mask >> bits for mask in masks):
            return None
    entry = 3 if header == 12 else 4
    pixels = int.from_bytes(data[10:14], "little")
    colors = 0 if bits > 8 else min(256, number(32) if header >= 36 and number(32) else 1 << bits)
    if not after + (1 if colors else 0) <= pixels < len(data):  # some forget the colours in between
        pixels = after + colors * entry
    colors = min(colors, (pixels - after) // entry)
    palette = b"".join(
        data[at : at + 3][::-1].ljust(3, b"\0") for at in range(after, after + colors * entry, entry)
    )
    return Bmp(size, bits, how in (_RLE8, _RLE4), masks, palette, upright, data[pixels:], "")


def _odd(bits: int, how: int, *, of_os2: bool) -> str:
    if of_os2 and how in (3, 4):
        return "as OS/2 packs it"
    if how in (4, 5):
        return f"with a {'JPEG' if how == 4 else 'PNG'} inside"
    if how not in _BITS:
        return f"packed in way {how}"
    return "" if bits in _BITS[how] else f"of {bits} bits a pixel"


def draw(bmp: Bmp) -> tuple[Image.Image, int]:
    """The rows that are there, which may be the lowest ones, and how many these are.

    What no run of a file reaches is transparent, in a picture that has all of its rows.
    """
    from PIL import Image

    (width, height), bits = bmp.size, bmp.bits
    if bmp.runs:
        return _drawn_by_runs(bmp)
    stride = (width * bits + 31) // 32 * 4
    rows = min(height, len(bmp.packed) // stride)
    if not rows:
        return Image.new("RGB", bmp.size), 0
    packed, turn = bmp.packed[: rows * stride], 1 if bmp.upright else -1
    if bits <= 8:
        part = Image.frombytes("P", (width, rows), packed, "raw", _PACKED[bits], stride, turn)
        part.putpalette(bmp.palette.ljust(768, b"\0"))
    else:
        mode = _BYTES[bits]
        part = _channels(Image.frombytes(mode, (width, rows), packed, "raw", mode, stride, turn), bmp.masks)
    return part, rows


def _channels(stored: Image.Image, masks: tuple[int, int, int, int]) -> Image.Image:
    """Colours of pixels whose bytes are the bands of ``stored``, the lowest first."""
    from PIL import Image

    bands = stored.split()
    *colors, alpha = (_channel(bands, mask) if mask else None for mask in masks)
    dark = Image.new("L", stored.size)
    picture = Image.merge("RGB", [color or dark for color in colors])
    if alpha is not None and alpha.getextrema() != (0, 0):  # some write the mask and leave it empty
        picture.putalpha(alpha)
    return picture


def _channel(bands: tuple[Image.Image, ...], mask: int) -> Image.Image:
    from PIL import ImageChops

    bits = mask.bit_length()
    low = max((mask & -mask).bit_length() - 1, bits - 8)  # of more than eight bits the upper ones
    top = (1 << (bits - low)) - 1
    byte, shift = divmod(low, 8)
    values = bands[byte].point([value >> shift & top for value in range(256)])
    if shift and byte + 1 < len(bands):
        rest = bands[byte + 1].point([value << (8 - shift) & top for value in range(256)])
        values = ImageChops.add(values, rest)
    return values.point([min(255, value * 255 // top) for value in range(256)])


def _drawn_by_runs(bmp: Bmp) -> tuple[Image.Image, int]:
    from PIL import Image

    turn = bmp.size[0], 1 if bmp.upright else -1
    indices, known, rows = _runs(bmp)
    picture = Image.frombytes("P", bmp.size, indices, "raw", "P", *turn)
    picture.putpalette(bmp.palette.ljust(768, b"\0"))
    mask = Image.frombytes("L", bmp.size, known, "raw", "L", *turn)
    if mask.getextrema() == (255, 255):
        return picture, rows
    clear = picture.convert("RGBA")
    clear.putalpha(mask)
    return clear, rows


def _runs(bmp: Bmp) -> tuple[bytearray, bytearray, int]:
    """Index of each pixel, 255 for each that a run reached, and how many rows were reached."""
    width, height = bmp.size
    data, four = bmp.packed, bmp.bits == 4
    indices, known = bytearray(width * height), bytearray(width * height)
    x = y = at = 0

    def put(values: bytes) -> None:
        nonlocal x
        room = max(0, min(len(values), width - x))
        start = y * width + x
        indices[start : start + room] = values[:room]
        known[start : start + room] = b"\xff" * room
        x += len(values)

    while at + 2 <= len(data) and y < height:
        count, value = data[at], data[at + 1]
        at += 2
        if count:
            pair = bytes((value >> 4, value & 15)) if four else bytes((value,))
            put((pair * count)[:count])
        elif value == 0:
            x, y = 0, y + 1
        elif value == 1:
            return indices, known, height
        elif value == 2:
            if at + 2 > len(data):
                break
            x, y = x + data[at], y + data[at + 1]
            at += 2
        else:
            length = (value + 1) // 2 if four else value
            stored = data[at : at + length]
            put((b"".join(bytes((byte >> 4, byte & 15)) for byte in stored) if four else stored)[:value])
            at += length + (length & 1)
            if len(stored) < length:
                break
    return indices, known, min(height, y + (x >= width))
