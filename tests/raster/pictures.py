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
