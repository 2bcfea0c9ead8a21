"""How true a picture in cells is: the bytes of a tool go through a terminal model, become pixels, and are compared.

A cell is 8 × 16 pixels. Blocks are drawn exactly, box drawing with lines of one and two pixels in the middle, as
terminals that draw them by themselves do. This table is not the renderer's: it knows nothing of what was meant.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pyte
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]

WIDE, HIGH = 8, 16
DEFAULT_INK, DEFAULT_GROUND = (229, 229, 229), (0, 0, 0)
NAMED = {
    "black": "000000", "red": "cd0000", "green": "00cd00", "brown": "cdcd00", "blue": "0000ee",
    "magenta": "cd00cd", "cyan": "00cdcd", "white": "e5e5e5", "brightblack": "7f7f7f", "brightred": "ff0000",
    "brightgreen": "00ff00", "brightbrown": "ffff00", "brightblue": "5c5cff", "bfightmagenta": "ff00ff",
    "brightmagenta": "ff00ff", "brightcyan": "00ffff", "brightwhite": "ffffff",
}  # fmt: skip


class Fidelity(NamedTuple):
    """How near pixels are to what they should be."""

    psnr: float
    """Of red, green and blue, in dB."""
    ssim: float
    """Of brightness."""
    gradient: float
    """Cosine of the angle between the two fields of differences of brightness: what follows text best."""


def pixels(text: str, columns: int, rows: int) -> Floats:
    """What a terminal shows of ``text``: rows × ``HIGH`` by columns × ``WIDE`` by 3."""
    screen = pyte.Screen(columns + 1, rows + 1)
    pyte.Stream(screen).feed(text.replace("\r\n", "\n").replace("\n", "\r\n"))
    shown = np.empty((rows, HIGH, columns, WIDE, 3), dtype=np.float32)
    for row in range(rows):
        for column in range(columns):
            cell = screen.buffer[row][column]
            ink, ground = _rgb(cell.fg, DEFAULT_INK), _rgb(cell.bg, DEFAULT_GROUND)
            if cell.reverse:
                ink, ground = ground, ink
            mask = glyph_mask(cell.data)[..., None]
            shown[row, :, column] = mask * np.array(ink) + (1 - mask) * np.array(ground)
    return shown.reshape(rows * HIGH, columns * WIDE, 3)


def compare(shown: Floats, source: Image.Image) -> Fidelity:
    """Compare with the source, which is brought to the same size by LANCZOS."""
    size = (shown.shape[1], shown.shape[0])
    wanted = np.asarray(source.resize(size, Image.Resampling.LANCZOS), dtype=np.float32)
    error = float(((shown - wanted) ** 2).mean())
    luma = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    bright, should = shown @ luma, wanted @ luma
    down, across = np.gradient(bright)
    should_down, should_across = np.gradient(should)
    product = (down * should_down + across * should_across).sum()
    lengths = (down**2 + across**2).sum() * (should_down**2 + should_across**2).sum()
    return Fidelity(
        10 * float(np.log10(255**2 / max(error, 1e-9))),
        _ssim(bright, should),
        float(product / np.sqrt(lengths)),
    )


def _ssim(one: Floats, other: Floats) -> float:
    """Structural similarity with the usual window: Gaussian, 11 pixels, sigma 1.5."""
    small, large = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean, mean_other = _blurred(one), _blurred(other)
    spread = _blurred(one * one) - mean * mean
    spread_other = _blurred(other * other) - mean_other * mean_other
    shared = _blurred(one * other) - mean * mean_other
    likeness = (2 * mean * mean_other + small) * (2 * shared + large)
    return float((likeness / ((mean**2 + mean_other**2 + small) * (spread + spread_other + large))).mean())


def _blurred(values: Floats) -> Floats:
    window = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window = (window / window.sum()).astype(np.float32)
    height, width = values.shape
    rows = sum(weight * values[place : place + height - 10] for place, weight in enumerate(window))
    columns = [weight * rows[:, place : place + width - 10] for place, weight in enumerate(window)]
    blurred: Floats = np.sum(columns, axis=0)
    return blurred


def _rgb(name: str, default: tuple[int, int, int]) -> tuple[int, int, int]:
    if name == "default":
        return default
    text = NAMED.get(name, name)
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


@cache
def glyph_mask(sign: str) -> Floats:
    """How much of each pixel of a cell a glyph covers, 0–1.

    Raises:
        KeyError: the model does not know the glyph.
    """
    code = ord(sign)
    mask = np.zeros((HIGH, WIDE), dtype=np.float32)
    if sign in " \u00a0":
        return mask
    if 0x2581 <= code <= 0x2588:
        mask[HIGH - 2 * (code - 0x2580) :] = 1
    elif 0x2589 <= code <= 0x258F:
        mask[:, : 0x2590 - code] = 1
    elif 0x2591 <= code <= 0x2593:
        mask[:] = (code - 0x2590) / 4
    elif code in _EDGES:
        rows, columns = _EDGES[code]
        mask[rows, columns] = 1
    elif 0x1FB3C <= code <= 0x1FB6F:
        mask = _wedge(unicodedata.name(sign))
    elif 0x1FB70 <= code <= 0x1FB75:
        mask[:, code - 0x1FB6F] = 1
    elif 0x1FB76 <= code <= 0x1FB7B:
        mask[2 * (code - 0x1FB75) : 2 * (code - 0x1FB74)] = 1
    elif code in _QUADRANTS:
        mask = _mosaic(_QUADRANTS[code], (0, 8, 16))
    elif 0x1FB00 <= code <= 0x1FB3B:
        pattern = code - 0x1FB00 + 1
        pattern += pattern >= 0b010101
        pattern += pattern >= 0b101010
        mask = _mosaic(pattern, (0, 5, 11, 16))
    elif code in _octants():
        mask = _mosaic(_octants()[code], (0, 4, 8, 12, 16))
    elif 0x2800 <= code <= 0x28FF:
        places = ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 0), (3, 1))
        for dot, (row, column) in enumerate(places):
            if code >> dot & 1:
                mask[row * 4 + 1 : row * 4 + 3, column * 4 + 1 : column * 4 + 3] = 1
    elif code in (0x2571, 0x2572, 0x2573):
        mask = _diagonal(code)
    else:
        mask = _box(code)
    return mask


_EDGES = {
    0x2580: (slice(0, 8), slice(None)), 0x2590: (slice(None), slice(4, 8)),
    0x2594: (slice(0, 2), slice(None)), 0x2595: (slice(None), slice(7, 8)),
    0x1FB82: (slice(0, 4), slice(None)), 0x1FB83: (slice(0, 6), slice(None)),
    0x1FB84: (slice(0, 10), slice(None)), 0x1FB85: (slice(0, 12), slice(None)), 0x1FB86: (slice(0, 14), slice(None)),
    0x1FB87: (slice(None), slice(6, 8)), 0x1FB88: (slice(None), slice(5, 8)),
    0x1FB89: (slice(None), slice(3, 8)), 0x1FB8A: (slice(None), slice(2, 8)), 0x1FB8B: (slice(None), slice(1, 8)),
}  # fmt: skip
_QUADRANTS = {
    0x2596: 4, 0x2597: 8, 0x2598: 1, 0x2599: 13, 0x259A: 9, 0x259B: 7, 0x259C: 11, 0x259D: 2, 0x259E: 6, 0x259F: 14,
}  # fmt: skip


def _mosaic(pattern: int, edges: Sequence[int]) -> Floats:
    mask = np.zeros((HIGH, WIDE), dtype=np.float32)
    for bit in range(2 * (len(edges) - 1)):
        if pattern >> bit & 1:
            row, column = divmod(bit, 2)
            mask[edges[row] : edges[row + 1], column * 4 : column * 4 + 4] = 1
    return mask


@cache
def _octants() -> dict[int, int]:
    """Patterns by code: those of the block in order, which leaves out what had a code elsewhere."""
    elsewhere = {
        0x00: 0x20, 0xFF: 0x2588, 0x0F: 0x2580, 0xF0: 0x2584, 0x55: 0x258C, 0xAA: 0x2590, 0x05: 0x2598, 0x0A: 0x259D,
        0x50: 0x2596, 0xA0: 0x2597, 0xA5: 0x259A, 0x5A: 0x259E, 0x5F: 0x259B, 0xAF: 0x259C, 0xF5: 0x2599,
        0xFA: 0x259F, 0x03: 0x1FB82, 0xC0: 0x2582, 0x3F: 0x1FB85, 0xFC: 0x2586, 0x01: 0x1CEA8, 0x02: 0x1CEAB,
        0x40: 0x1CEA3, 0x80: 0x1CEA0, 0x14: 0x1FBE6, 0x28: 0x1FBE7,
    }  # fmt: skip
    codes = {code: pattern for pattern, code in elsewhere.items() if code > 0xFFFF}
    rest = [pattern for pattern in range(256) if pattern not in elsewhere]
    return codes | {0x1CD00 + place: pattern for place, pattern in enumerate(rest)}


def _wedge(name: str) -> Floats:
    """A cell cut by a line, or by both of its diagonals, as the names of Unicode tell."""
    fine = 8
    y, x = (np.mgrid[0 : HIGH * fine, 0 : WIDE * fine] + 0.5) / fine
    if "TRIANGULAR" in name:
        rising, falling = y - HIGH + 2 * x, y - 2 * x  # both are 0 on the diagonals
        sides = {
            "LEFT": (rising < 0) & (falling > 0), "RIGHT": (rising > 0) & (falling < 0),
            "UPPER": (rising < 0) & (falling < 0), "LOWER": (rising > 0) & (falling > 0),
        }  # fmt: skip
        covered = np.any([sides[word] for word in name.split() if word in sides], axis=0)
    else:
        corner, line = name.split(" BLOCK DIAGONAL ")
        (x1, y1), (x2, y2) = (_place(end) for end in line.split(" TO "))
        corner_x, corner_y = _place(corner)
        side = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
        covered = side * ((x2 - x1) * (corner_y - y1) - (y2 - y1) * (corner_x - x1)) > 0
    mask: Floats = covered.reshape(HIGH, fine, WIDE, fine).mean(axis=(1, 3)).astype(np.float32)
    return mask


def _place(words: str) -> tuple[float, float]:
    """Pixels from the left and the top of ``UPPER MIDDLE LEFT`` and the like."""
    *down, across = words.split()
    thirds = {"UPPER": 0, "UPPER MIDDLE": 1, "LOWER MIDDLE": 2, "LOWER": 3}[" ".join(down)]
    return {"LEFT": 0.0, "CENTRE": WIDE / 2, "RIGHT": float(WIDE)}[across], thirds * HIGH / 3


def _diagonal(code: int) -> Floats:
    fine = 4
    y, x = (np.mgrid[0 : HIGH * fine, 0 : WIDE * fine] + 0.5) / fine
    rising = np.abs(2 * x + y - HIGH) / 5**0.5 <= 0.55
    falling = np.abs(2 * x - y) / 5**0.5 <= 0.55
    line = {0x2571: rising, 0x2572: falling, 0x2573: rising | falling}[code]
    mask: Floats = line.reshape(HIGH, fine, WIDE, fine).mean(axis=(1, 3)).astype(np.float32)
    return mask


def _box(code: int) -> Floats:
    """Box drawing; dashes as whole lines, arcs as corners, double lines are unknown."""
    words = unicodedata.name(chr(code), "").removeprefix("BOX DRAWINGS ").split()
    if not 0x2500 <= code <= 0x257F or ("DOUBLE" in words and "DASH" not in words):
        raise KeyError(f"U+{code:04X}")
    thickness: dict[str, int] = {}
    if words[0] in _DIRECTIONS:  # DOWN LIGHT AND RIGHT HEAVY: the weight comes after its directions
        words.reverse()
    thick = 1
    for word in words:
        thick = {"LIGHT": 1, "HEAVY": 2}.get(word, thick)
        for direction in _DIRECTIONS.get(word, ""):
            thickness[direction] = thick
    mask = np.zeros((HIGH, WIDE), dtype=np.float32)
    across = max(thickness.get("u", 0), thickness.get("d", 0), 1)
    down = max(thickness.get("l", 0), thickness.get("r", 0), 1)
    for direction, size in thickness.items():
        if direction == "l":
            mask[7 : 7 + size, : 3 + across] = 1
        elif direction == "r":
            mask[7 : 7 + size, 3:] = 1
        elif direction == "u":
            mask[: 7 + down, 3 : 3 + size] = 1
        else:
            mask[7:, 3 : 3 + size] = 1
    return mask


_DIRECTIONS = {"LEFT": "l", "RIGHT": "r", "UP": "u", "DOWN": "d", "HORIZONTAL": "lr", "VERTICAL": "ud"}
