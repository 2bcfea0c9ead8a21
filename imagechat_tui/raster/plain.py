"""The plain renderer: half blocks made by rich-pixels, as cells of ours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich_pixels import HalfcellRenderer


class BoxRenderer(HalfcellRenderer):
    """rich-pixels' half blocks, made smaller by averaging; the package itself takes the nearest pixel."""

    def render(self, image: Image.Image, resize: tuple[int, int] | None) -> list[Segment]:
        """Segments of one cell each, rows ending in a line break."""
        if resize is not None:
            image = image.resize(resize, Image.Resampling.BOX)
        return super().render(image, None)


def half_cells(
    samples: NDArray[np.uint8],
) -> tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.int32]]:
    """Two samples a cell, one above the other, as glyphs, foregrounds and backgrounds in ``0xRRGGBB``."""
    rows, columns = samples.shape[0] // 2, samples.shape[1]
    segments = [
        segment for segment in BoxRenderer().render(Image.fromarray(samples), None) if segment.text != "\n"
    ]
    styles = [segment.style for segment in segments]
    fg = [_packed(style.color if style else None) for style in styles]
    bg = [_packed(style.bgcolor if style else None) for style in styles]
    codes = [ord(segment.text) for segment in segments]
    shape = (rows, columns)
    return (
        np.array(codes, dtype=np.uint32).reshape(shape),
        np.array(fg, dtype=np.int32).reshape(shape),
        np.array(bg, dtype=np.int32).reshape(shape),
    )


def _packed(color: Color | None) -> int:
    if color is None or color.triplet is None:
        return -1
    red, green, blue = color.triplet
    return red << 16 | green << 8 | blue
