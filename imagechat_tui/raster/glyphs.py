"""Glyph sets: what shapes a cell can take, as masks over a small grid of samples."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class GlyphSet(StrEnum):
    """From plain to sharp; which one a terminal draws right is known by name only, never guessed."""

    HALF = "half"
    QUADRANT = "quadrant"
    SEXTANT = "sextant"
    BRAILLE = "braille"
    ASCII = "ascii"


GRID = {
    GlyphSet.HALF: (1, 2),
    GlyphSet.QUADRANT: (8, 8),
    GlyphSet.SEXTANT: (2, 3),
    GlyphSet.BRAILLE: (2, 4),
    GlyphSet.ASCII: (1, 1),
}
"""Samples across and down in one cell."""

RAMP = " .:-=+*#%@"
"""Characters by density, for terminals without colour."""


def glyphs_for(env: Mapping[str, str], flag: str | None) -> GlyphSet:
    """Choose the set: the flag, else quadrants, which are right in every terminal tried."""
    if flag == "octant":
        # The next step down the ladder: most terminals drop octants or draw them with the wrong width.
        return GlyphSet.SEXTANT
    if flag and flag != "auto":
        return GlyphSet(flag)
    return GlyphSet.ASCII if env.get("TERM") == "dumb" else GlyphSet.QUADRANT


@cache
def shapes(glyphs: GlyphSet) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """Code points, and for each the mask of its foreground over the samples of a cell, row by row."""
    import numpy as np

    across, down = GRID[glyphs]
    found: dict[bytes, tuple[int, NDArray[np.float32]]] = {}

    def add(code: int, mask: NDArray[np.float32]) -> None:
        # A shape and its negative fit equally well with the colours swapped: keep one.
        if mask.tobytes() not in found and (1 - mask).tobytes() not in found:
            found[mask.tobytes()] = (code, mask)

    def blocks(pattern: int, wide: int, high: int) -> NDArray[np.float32]:
        bits = np.array([pattern >> bit & 1 for bit in range(wide * high)], dtype=np.float32)
        cells = bits.reshape(high, wide)
        return np.repeat(np.repeat(cells, down // high, axis=0), across // wide, axis=1).reshape(-1)

    match glyphs:
        case GlyphSet.HALF:
            add(0x2580, blocks(1, 1, 2))
        case GlyphSet.QUADRANT:
            add(0x2580, blocks(0b0011, 2, 2))
            add(0x258C, blocks(0b0101, 2, 2))
            for pattern, code in ((1, 0x2598), (2, 0x259D), (4, 0x2596), (8, 0x2597), (9, 0x259A)):
                add(code, blocks(pattern, 2, 2))
            for eighths in (1, 2, 3, 5, 6, 7):
                rows = np.zeros((8, 8), dtype=np.float32)
                rows[8 - eighths :] = 1
                add(0x2580 + eighths, rows.reshape(-1))
                columns = np.zeros((8, 8), dtype=np.float32)
                columns[:, :eighths] = 1
                add(0x2590 - eighths, columns.reshape(-1))
        case GlyphSet.SEXTANT:
            for pattern in range(1, 63):
                add(_sextant(pattern), blocks(pattern, 2, 3))
        case GlyphSet.BRAILLE:
            dots = (0, 3, 1, 4, 2, 5, 6, 7)
            for pattern in range(1, 255):
                code = 0x2800 | sum((pattern >> bit & 1) << dot for bit, dot in enumerate(dots))
                found[bytes([pattern])] = (code, blocks(pattern, 2, 4))
        case GlyphSet.ASCII:
            add(0x20, np.zeros(1, dtype=np.float32))
    codes = np.array([code for code, _ in found.values()], dtype=np.uint32)
    return codes, np.stack([mask for _, mask in found.values()])


def _sextant(pattern: int) -> int:
    if pattern == 0b010101:
        return 0x258C
    if pattern == 0b101010:
        return 0x2590
    return 0x1FB00 + pattern - 1 - (pattern > 0b010101) - (pattern > 0b101010)
