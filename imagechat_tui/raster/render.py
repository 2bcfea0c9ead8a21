"""A view of a picture as a grid of cells: for each cell the glyph and the two colours that fit best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from imagechat_tui.raster.colors import DEFAULT, ColorDepth, quantised
from imagechat_tui.raster.glyphs import GRID, RAMP, GlyphSet, shapes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.viewport import Viewport

    Ints = NDArray[np.int32]

SNAP: Final = 6
"""Neighbours that differ by no more in any channel (of 255) get one colour: a third fewer bytes, unseen."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How pictures are drawn in this terminal."""

    glyphs: GlyphSet = GlyphSet.QUADRANT
    colors: ColorDepth = ColorDepth.TRUECOLOR
    renderer: Literal["cells", "rich-pixels"] = "cells"
    aspect: float = 2.0
    """Height of a cell divided by its width."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows × columns of cells. Colours are numbers of ``depth``; -1 is the terminal's own."""

    glyphs: NDArray[np.uint32]
    fg: Ints
    bg: Ints
    depth: ColorDepth

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        rows, columns = self.glyphs.shape
        return columns, rows


def render(picture: Picture, viewport: Viewport, options: RenderOptions, *, ground: int = DEFAULT) -> Grid:
    """Draw the view.

    Args:
        picture: what is looked at.
        viewport: which part of it, in how many cells.
        options: glyphs and colours.
        ground: ``0xRRGGBB`` for cells beside the picture, or -1 for the terminal's own colour.
    """
    import numpy as np

    shape = (viewport.rows, viewport.columns)
    glyphs = np.full(shape, 0x20, dtype=np.uint32)
    bg = np.full(shape, ground, dtype=np.int32)
    fg = bg.copy()
    x1, y1, x2, y2 = viewport.area
    if x2 > x1 and y2 > y1:
        colored = options.colors is not ColorDepth.NONE
        kind = options.glyphs if colored else GlyphSet.ASCII
        if options.renderer == "rich-pixels" and colored:
            kind = GlyphSet.HALF
        across, down = GRID[kind]
        left, top = viewport.left + x1 * viewport.scale, viewport.top + y1 * viewport.scale * viewport.aspect
        box = (
            max(0.0, left),
            max(0.0, top),
            min(float(picture.width), left + (x2 - x1) * viewport.scale),
            min(float(picture.height), top + (y2 - y1) * viewport.scale * viewport.aspect),
        )
        samples = picture.samples(box, (x2 - x1) * across, (y2 - y1) * down)
        inside = (slice(y1, y2), slice(x1, x2))
        if kind is GlyphSet.ASCII:
            ramp = np.array([ord(c) for c in RAMP], dtype=np.uint32)
            bright = samples @ np.array([0.299, 0.587, 0.114])
            glyphs[inside] = ramp[(bright * (len(RAMP) - 1) / 255 + 0.5).astype(np.int32)]
            fg[inside] = _packed(samples.astype(np.int32))
            bg[inside] = DEFAULT
        else:
            glyphs[inside], fg[inside], bg[inside] = _fitted(samples, kind)
    return Grid(glyphs, quantised(fg, options.colors), quantised(bg, options.colors), options.colors)


def _fitted(samples: NDArray[np.uint8], kind: GlyphSet) -> tuple[NDArray[np.uint32], Ints, Ints]:
    import numpy as np

    across, down = GRID[kind]
    rows, columns = samples.shape[0] // down, samples.shape[1] // across
    cells = (
        samples.reshape(rows, down, columns, across, 3)
        .transpose(0, 2, 4, 1, 3)
        .reshape(rows * columns, 3, across * down)
        .astype(np.float32)
    )
    codes, masks = shapes(kind)
    size = masks.sum(axis=1)
    whole = cells.sum(axis=2)
    inner = cells @ masks.T
    outer = whole[:, :, None] - inner
    # Least squared error is largest sum of squared means: the colours' own squares are the same for all.
    worth = (inner**2).sum(axis=1) / size + (outer**2).sum(axis=1) / (across * down - size)
    best = worth.argmax(axis=1)
    every = np.arange(len(best))
    part = size[best][:, None]
    fg = np.rint(inner[every, :, best] / part).astype(np.int32)
    bg = np.rint(outer[every, :, best] / (across * down - part)).astype(np.int32)
    glyphs = codes[best]
    flat = np.abs(fg - bg).max(axis=1) <= SNAP
    bg[flat] = np.rint(whole[flat] / (across * down)).astype(np.int32)
    glyphs[flat] = 0x20
    fg, bg = fg.reshape(rows, columns, 3), bg.reshape(rows, columns, 3)
    glyphs = glyphs.reshape(rows, columns)
    for column in range(1, columns):
        _snap(fg, column)
        _snap(bg, column)
        plain = glyphs[:, column] == 0x20
        fg[plain, column] = fg[plain, column - 1]
    return glyphs, _packed(fg), _packed(bg)


def _snap(colors: Ints, column: int) -> None:
    import numpy as np

    near = np.abs(colors[:, column] - colors[:, column - 1]).max(axis=1) <= SNAP
    colors[near, column] = colors[near, column - 1]


def _packed(rgb: Ints) -> Ints:
    import numpy as np

    rgb = np.clip(rgb, 0, 255)
    packed: Ints = (rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]).astype(np.int32)
    return packed
