"""Cells to bytes for a terminal: only what changes from cell to cell is written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from imagechat_tui.raster.colors import DEFAULT, ColorDepth, sgr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imagechat_tui.raster.render import Grid

    Words = NDArray[np.uint32]

RESET: Final = "\x1b[0m"
_NAMED: Final = 11
"""Four-byte words that name two colours: ``ESC [``, a foreground in four, ``;``, a background in four, ``m``."""
_END: Final = RESET.encode() + b"\n\0\0\0"


def row_text(glyphs: str, fg: Sequence[int], bg: Sequence[int], depth: ColorDepth) -> str:
    """One row of cells, ending in a reset."""
    if depth is ColorDepth.NONE:
        return glyphs
    out: list[str] = []
    ink: int | None = None
    ground: int | None = None
    start = 0
    for place, (glyph, front, back) in enumerate(zip(glyphs, fg, bg, strict=True)):
        inked = front != ink and glyph != " "
        if not inked and back == ground:
            continue
        out.append(glyphs[start:place])
        start = place
        codes = []
        if inked:
            codes.append(sgr(front, depth, ground=False))
            ink = front
        if back != ground:
            codes.append(sgr(back, depth, ground=True))
            ground = back
        out.append(f"\x1b[{';'.join(codes)}m")
    out.append(glyphs[start:])
    return "".join(out) + RESET


def rows_text(grid: Grid) -> list[str]:
    """`row_text` of every row, of the whole grid at once: several times as fast."""
    import numpy as np

    if grid.depth is ColorDepth.NONE or not grid.glyphs.size:
        return texts(grid)
    rows, columns = grid.glyphs.shape
    # A blank cell has the ink of the last one that is not; before the first of a row there is none.
    inked = grid.glyphs != 0x20
    place = np.arange(1, rows * columns + 1).reshape(rows, columns)
    last = np.maximum.accumulate(np.where(inked, place, 0), axis=1)
    new_fg, new_bg = inked.copy(), np.ones_like(inked)
    before = last[:, :-1]
    new_fg[:, 1:] &= (before == 0) | (grid.fg[:, 1:] != grid.fg.take(before - 1))
    np.not_equal(grid.bg[:, 1:], grid.bg[:, :-1], out=new_bg[:, 1:])
    new = new_fg | new_bg
    # Words of each cell, and at the end of each row the two of a reset; zeros among their bytes are dropped.
    length = np.full((rows, columns + 1), len(_END) // 4)
    length[:, :-1] = np.where(new, _NAMED + 1, 1)
    end = length.cumsum().reshape(length.shape)
    words = np.empty(int(end[-1, -1]), dtype=np.uint32)
    words[end[:, :-1] - 1] = _utf8(grid.glyphs)
    words[end[:, -1:] + np.arange(-len(_END) // 4, 0)] = np.frombuffer(_END, dtype=np.uint32)
    front, back = new_fg[new], new_bg[new]
    named = np.empty((len(front), _NAMED), dtype=np.uint32)
    named[:, 0] = _word(b"\x1b[")
    named[:, 1:5] = _fields(grid.fg[new], front, grid.depth, ground=False)
    named[:, 5] = _word(b";") * (front & back)
    named[:, 6:10] = _fields(grid.bg[new], back, grid.depth, ground=True)
    named[:, 10] = _word(b"m")
    words[(end[:, :-1][new] - 1 - _NAMED)[:, None] + np.arange(_NAMED)] = named
    return words.tobytes().translate(None, b"\0").decode().split("\n")[:-1]


def to_ansi(grid: Grid) -> str:
    """The whole grid, one line each."""
    return "".join(text + "\n" for text in rows_text(grid))


def texts(grid: Grid) -> list[str]:
    """The glyphs of each row."""
    return [row.tobytes().decode("utf-32-le") for row in grid.glyphs.astype("<u4")]


def _fields(colors: NDArray[np.int32], new: NDArray[np.bool_], depth: ColorDepth, *, ground: bool) -> Words:
    """The SGR parameters of each colour in four words, all zero where the colour is not new."""
    import numpy as np

    if depth is not ColorDepth.TRUECOLOR:
        return _palette(depth, ground)[colors + 1] * new[..., None]
    fields = np.empty((*colors.shape, 4), dtype=np.uint32)
    fields[..., 0] = _word(b"48;2" if ground else b"38;2")
    decimals = _decimals()
    for place, shift in enumerate((16, 8, 0), 1):
        fields[..., place] = decimals[colors >> shift & 255]
    fields *= new[..., None]
    none = new & (colors == DEFAULT)
    if none.any():
        fields[none] = _palette(ColorDepth.PALETTE, ground)[0]
    return fields


@cache
def _decimals() -> Words:
    """A semicolon and 0–255 in digits, one word each."""
    import numpy as np

    return np.array([_word(f";{number}".encode()) for number in range(256)], dtype=np.uint32)


@cache
def _palette(depth: ColorDepth, ground: bool) -> Words:
    """The parameters of the default, then of each colour of a palette; four words each."""
    import numpy as np

    count = 16 if depth is ColorDepth.ANSI else 256
    texts = [sgr(color, depth, ground=ground).encode() for color in range(DEFAULT, count)]
    return np.frombuffer(b"".join(text.ljust(16, b"\0") for text in texts), dtype=np.uint32).reshape(-1, 4)


@cache
def _word(text: bytes) -> np.uint32:
    import numpy as np

    return np.uint32(np.frombuffer(text.ljust(4, b"\0"), dtype=np.uint32)[0])


def _utf8(codes: NDArray[np.uint32]) -> Words:
    """The UTF-8 of each code point in a word, zeros after it."""
    import numpy as np

    # Bytes go from the lowest on; nearly all are of three bytes.
    low, middle = 0x80 | codes & 0x3F, 0x80 | codes >> 6 & 0x3F
    words = (0xE0 | codes >> 12) | middle << 8 | low << 16
    if (codes >= 0x10000).any():
        four = (0xF0 | codes >> 18) | (0x80 | codes >> 12 & 0x3F) << 8 | middle << 16 | low << 24
        words = np.where(codes < 0x10000, words, four)
    words = np.where(codes < 0x80, codes, np.where(codes < 0x800, (0xC0 | codes >> 6) | low << 8, words))
    return words.astype("<u4").view(np.uint32)
