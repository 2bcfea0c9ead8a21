"""What the glyphs cover of a cell: masks over a grid of samples, and what fitting needs to know of them.

A cell is sampled 4 × 8: with cells twice as high as wide the samples are square, a quadrant is whole samples,
and so is every second eighth. Where an edge of a glyph runs through a sample, its mask says how much of the
sample is covered.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from imagechat_tui.raster.glyphs import GlyphSet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

ACROSS: Final = 4
DOWN: Final = 8
SAMPLES: Final = ACROSS * DOWN

_DOUBT: Final = 0.5
"""How much a half-covered sample counts against a glyph: what is in the sample may or may not follow its edge,
and terminals differ by a pixel in where they draw it. Measured on benchmark pictures: 0 lets blurred lines win
over sharp blocks (gradient -0.04), above 1 lines are never chosen."""
_EDGES: Final = 0.25
"""How much an error of a difference between neighbouring samples counts, to one of a sample: eyes follow edges."""
_SHARPER: Final = 0.1
"""How much sharper a cell is drawn than it is."""

# U+2500 onwards: heavy lines only. A light one is a pixel wide, and terminals place that pixel differently.
_HEAVY_LINES: Final = {
    "\u2501": "lr", "\u2503": "ud", "\u250f": "rd", "\u2513": "ld", "\u2517": "ru", "\u251b": "lu",
    "\u2523": "urd", "\u252b": "uld", "\u2533": "lrd", "\u253b": "lru", "\u254b": "lrud",
    "\u2578": "l", "\u2579": "u", "\u257a": "r", "\u257b": "d",
}  # fmt: skip
_QUARTERS: Final = {3: 0x2580, 12: 0x2584, 5: 0x258C, 10: 0x2590,
                    1: 0x2598, 2: 0x259D, 4: 0x2596, 8: 0x2597, 9: 0x259A, 6: 0x259E,
                    14: 0x259F, 13: 0x2599, 11: 0x259C, 7: 0x259B}  # fmt: skip
"""Patterns of a 2 × 2 grid, row by row, lowest bit first."""
_CUTS: Final = (
    "02 13", "02 23", "01 13", "01 23", "00 13", "01 10", "01 20", "02 10", "02 20", "03 10", "02 21",
    "13 22", "03 22", "13 21", "03 21", "13 20", "10 21", "00 21", "10 22", "00 22", "10 23", "01 22",
)  # fmt: skip
"""U+1FB3C onwards: what is below a line between two points, each in halves of the width and thirds of the height."""
_OCTANTS_ELSEWHERE: Final = {
    0x03: 0x1FB82, 0xC0: 0x2582, 0x3F: 0x1FB85, 0xFC: 0x2586, 0x01: 0x1CEA8, 0x02: 0x1CEAB, 0x40: 0x1CEA3,
    0x80: 0x1CEA0, 0x14: 0x1FBE6, 0x28: 0x1FBE7,
    0x00: 0x20, 0xFF: 0x2588,
}  # fmt: skip
"""Patterns of a 2 × 4 grid that had a code before Unicode 16 or lie outside of its block of octants."""
_RARE_OCTANTS: Final = frozenset({0x1CEA8, 0x1CEAB, 0x1CEA3, 0x1CEA0, 0x1FBE6, 0x1FBE7})
"""kitty 0.41 and foot 1.21 draw all of the block but show some of these as boxes: their opposites do as well."""


class Shapes(Struct, frozen=True):
    """The shapes of a glyph set, one of each pair of opposites; the blank cell is not among them."""

    codes: NDArray[np.uint32]
    """Code points."""
    opposites: NDArray[np.uint32]
    """Code points of the glyphs that cover just the rest; 0 where there is none."""
    cover: Floats
    """Shapes × ``SAMPLES``: how much of each sample is covered, 0–1."""
    share: Floats
    """How much of the cell is covered, 0–1."""
    pattern: Floats
    """``SAMPLES`` × shapes. The product with a cell's samples tells, by its size, how well a shape fits."""
    slope: Floats
    """Shapes × ``SAMPLES``. The product with samples is the difference of the two colours that fit best."""


@cache
def shapes(glyphs: GlyphSet, *, sharpened: bool = False) -> Shapes:
    """The shapes of a set; half blocks need no fitting and have none.

    With a mask m and samples x the two colours of least error differ by (x·Wc)/(c·Wc), where c = m - mean of m, and
    take (x·Wc)²/(c·Wc) off the error; W counts an error of samples and, ``_EDGES`` times, of the differences between
    neighbours. Samples that are covered in part add ``_DOUBT`` × m(1 - m) to c·Wc.

    Args:
        glyphs: which set.
        sharpened: fit samples with ``_SHARPER`` more of the differences between neighbours.
    """
    import numpy as np

    found: dict[bytes, int] = {}
    for code, mask in _masks(glyphs):
        found.setdefault(mask.tobytes(), code)
    masks: list[Floats] = []
    codes: list[int] = []
    opposites: list[int] = []
    for key, code in found.items():
        mask = np.frombuffer(key, dtype=np.float32)
        opposite = (1 - mask).tobytes()
        if opposite in found:
            if found[opposite] in codes:
                continue
            opposites.append(found[opposite])
        else:
            opposites.append(0)
        masks.append(mask)
        codes.append(code)
    cover = np.stack(masks)
    centered = cover - cover.mean(axis=1, keepdims=True)
    differences, itself = _differences(), np.eye(SAMPLES, dtype=np.float32)
    weighed = centered @ (itself + np.float32(_EDGES) * differences)
    weight = (weighed * centered).sum(axis=1) + _DOUBT * (cover * (1 - cover)).sum(axis=1)
    if sharpened:
        weighed = weighed @ (itself + np.float32(_SHARPER) * differences)
    return Shapes(
        np.array(codes, dtype=np.uint32),
        np.array(opposites, dtype=np.uint32),
        cover,
        cover.mean(axis=1),
        np.ascontiguousarray((weighed / np.sqrt(weight)[:, None]).T),
        weighed / weight[:, None],
    )


def _differences() -> Floats:
    """Samples × samples: times samples, how much each differs from its neighbours in the cell, all together."""
    import numpy as np

    places = np.arange(SAMPLES).reshape(DOWN, ACROSS)
    beside = np.zeros((SAMPLES, SAMPLES), dtype=np.float32)
    beside[places[1:], places[:-1]] = beside[places[:, 1:], places[:, :-1]] = 1
    beside += beside.T
    differences: Floats = np.diag(beside.sum(axis=0)) - beside
    return differences


def _masks(glyphs: GlyphSet) -> Iterator[tuple[int, Floats]]:
    if glyphs is GlyphSet.BRAILLE:
        dots = (0, 3, 1, 4, 2, 5, 6, 7)
        parts = _mosaics(4)
        for pattern in range(1, 255):
            yield 0x2800 | sum((pattern >> bit & 1) << dot for bit, dot in enumerate(dots)), parts[pattern]
        return
    if glyphs is GlyphSet.ASCII:
        yield from _typed()
        return
    quarters = _mosaics(2)
    for pattern, code in _QUARTERS.items():
        yield code, quarters[pattern]
    for eighths in range(1, 8):
        yield 0x2580 + eighths, _rectangle(0, 1 - eighths / 8, 1, 1)
        yield 0x2590 - eighths, _rectangle(0, 0, eighths / 8, 1)
    yield 0x2594, _rectangle(0, 0, 1, 1 / 8)
    yield 0x2595, _rectangle(7 / 8, 0, 1, 1)
    for line, ends in _HEAVY_LINES.items():
        yield ord(line), _line(ends)
    if glyphs is GlyphSet.QUADRANT:
        return
    for place in range(1, 7):
        yield 0x1FB6F + place, _rectangle(place / 8, 0, (place + 1) / 8, 1)
        yield 0x1FB75 + place, _rectangle(0, place / 8, 1, (place + 1) / 8)
    for number, eighths in enumerate((2, 3, 5, 6, 7)):
        yield 0x1FB82 + number, _rectangle(0, 0, 1, eighths / 8)
        yield 0x1FB87 + number, _rectangle(1 - eighths / 8, 0, 1, 1)
    yield from _wedges()
    sixths = _mosaics(3)
    for pattern in range(1, 63):
        yield sextant(pattern), sixths[pattern]
    if glyphs is GlyphSet.OCTANT:
        codes, parts = octants(), _mosaics(4)
        for pattern in range(1, 255):
            if codes[pattern] not in _RARE_OCTANTS:
                yield codes[pattern], parts[pattern]


def sextant(pattern: int) -> int:
    """Code point of a pattern of a 2 × 3 grid, 1–62, row by row, lowest bit first."""
    if pattern == 0b010101:
        return 0x258C
    if pattern == 0b101010:
        return 0x2590
    return 0x1FB00 + pattern - 1 - (pattern > 0b010101) - (pattern > 0b101010)


@cache
def octants() -> tuple[int, ...]:
    """Code points of all patterns of a 2 × 4 grid, row by row, lowest bit first (Unicode 16, U+1CD00–1CDE5)."""
    known = dict(_OCTANTS_ELSEWHERE)
    for quarter, code in _QUARTERS.items():
        rows = quarter & 3, quarter >> 2
        known[rows[0] | rows[0] << 2 | rows[1] << 4 | rows[1] << 6] = code
    fresh = count(0x1CD00)
    return tuple(known[pattern] if pattern in known else next(fresh) for pattern in range(256))


def _mosaics(high: int) -> Floats:
    """The masks of all patterns of a grid 2 wide and ``high`` high, row by row, lowest bit first."""
    import numpy as np

    tiles = np.stack(
        [
            _rectangle(column / 2, row / high, (column + 1) / 2, (row + 1) / high)
            for row in range(high)
            for column in range(2)
        ]
    )
    patterns = np.arange(4**high)[:, None] >> np.arange(2 * high) & 1
    masks: Floats = np.round(patterns.astype(np.float32) @ tiles, 4)
    return masks


def _line(ends: str) -> Floats:
    """A heavy line from the middle to each of ``ends``: a quarter of the cell's width, an eighth of its height."""
    import numpy as np

    thick, high = 1 / 4, 1 / 8
    left, right, up, down = 0.5 - thick / 2, 0.5 + thick / 2, 0.5 - high / 2, 0.5 + high / 2
    arms = {
        "l": (0.0, up, right, down),
        "r": (left, up, 1.0, down),
        "u": (left, 0.0, right, down),
        "d": (left, up, right, 1.0),
    }
    line: Floats = np.max([_rectangle(*arms[end]) for end in ends], axis=0)
    return line


def _wedges() -> Iterator[tuple[int, Floats]]:
    """Cells cut by a line, and by both of their diagonals; each is followed by what is left of the cell."""
    import numpy as np

    fine = 16  # so that shares are exact, and a shape and the rest make just 1
    y, x = (np.mgrid[0 : DOWN * fine, 0 : ACROSS * fine] + 0.5) / fine
    y, x = y / DOWN, x / ACROSS

    def mask(covered: NDArray[np.bool_]) -> Floats:
        parts: Floats = covered.reshape(DOWN, fine, ACROSS, fine).mean(axis=(1, 3), dtype=np.float32)
        return parts.reshape(-1)

    for number, cut in enumerate(_CUTS):
        (x1, y1), (x2, y2) = ((int(end[0]) / 2, int(end[1]) / 3) for end in cut.split())
        below = mask(y > y1 + (x - x1) * (y2 - y1) / (x2 - x1))
        yield 0x1FB3C + number, below
        yield 0x1FB52 + number, 1 - below
    above, left = y < x, y < 1 - x
    for number, quarter in enumerate((left & ~above, left & above, ~left & above, ~left & ~above)):
        yield 0x1FB6C + number, mask(quarter)
        yield 0x1FB68 + number, 1 - mask(quarter)


def _typed() -> Iterator[tuple[int, Floats]]:
    """The few letters whose shape is much the same in every font: strokes of a tenth of the width or so."""
    import numpy as np

    yield ord("|"), _rectangle(0.44, 0.05, 0.56, 1)
    yield ord("_"), _rectangle(0, 0.89, 1, 0.95)
    yield ord("-"), _rectangle(0.22, 0.54, 0.78, 0.61)
    yield ord("="), _rectangle(0.12, 0.43, 0.88, 0.49) + _rectangle(0.12, 0.6, 0.88, 0.66)
    steps = np.arange(DOWN)
    slash = sum(
        (
            _rectangle(0.82 - 0.09 * step, step / DOWN, 0.95 - 0.09 * step, (step + 1) / DOWN)
            for step in steps
        ),
        start=np.zeros(SAMPLES, dtype=np.float32),
    )
    yield ord("/"), slash
    yield ord("\\"), slash.reshape(DOWN, ACROSS)[:, ::-1].reshape(-1)


def _rectangle(left: float, top: float, right: float, bottom: float) -> Floats:
    """Coverage of the samples by a rectangle; edges as shares of the cell, 0–1."""
    import numpy as np

    columns = np.arange(ACROSS)
    rows = np.arange(DOWN)
    across = np.clip(np.minimum(right * ACROSS, columns + 1) - np.maximum(left * ACROSS, columns), 0, 1)
    down = np.clip(np.minimum(bottom * DOWN, rows + 1) - np.maximum(top * DOWN, rows), 0, 1)
    mask: Floats = np.round(np.outer(down, across), 4).astype(np.float32).reshape(-1)
    return mask
