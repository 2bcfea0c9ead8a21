"""Pictures for the tests of cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagechat_tui.raster.image import Picture

Pixels = NDArray[np.uint8]


def picture(pixels: Pixels) -> Picture:
    """A picture of these pixels."""
    height, width = pixels.shape[:2]
    return Picture("p.png", width, height, "0" * 64, pixels)


def noise(width: int, height: int, seed: int = 1) -> Picture:
    """Every pixel another colour."""
    return picture(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def flat(width: int, height: int, *color: int) -> Picture:
    """One colour."""
    return picture(np.full((height, width, 3), color, dtype=np.uint8))


def blocks(*rows: str, size: int = 16) -> Picture:
    """``#`` is white, ``.`` is black: ``size`` pixels square each."""
    small = np.array([[255 if c == "#" else 0 for c in row] for row in rows], dtype=np.uint8)
    return picture(np.repeat(np.repeat(np.repeat(small[:, :, None], 3, 2), size, 0), size, 1))


def line(width: int, height: int, x: int, thick: int) -> Picture:
    """White, with a black line from top to bottom."""
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    pixels[:, x : x + thick] = 0
    return picture(pixels)


def page(width: int, height: int, seed: int = 1) -> Pixels:
    """Something like lines of text and boxes on white, nowhere twice the same."""
    dice = np.random.default_rng(seed)
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    for _ in range(width * height // 12_000):
        x, y = dice.integers(0, width), dice.integers(0, height)
        pixels[y : y + dice.integers(30, 90), x : x + dice.integers(40, 200)] = dice.integers(90, 255, 3)
    for top in range(4, height - 8, 20):
        at = int(dice.integers(0, 12))
        while at < width:
            wide, high = dice.integers(2, 8), dice.integers(4, 12)
            pixels[top : top + high, at : at + wide] = dice.integers(0, 120)
            at += int(wide + dice.integers(2, 7))
    return pixels
