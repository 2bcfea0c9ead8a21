"""A view of a picture as a grid of cells: for each cell the glyph and the two colours that fit best."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.raster.colors import DEFAULT, ColorDepth, dithered, luma, one, packed, quantised
from imagechat_tui.raster.glyphs import RAMP, GlyphSet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.viewport import Viewport

    Ints = NDArray[np.int32]
    Codes = NDArray[np.uint32]
    Counts = NDArray[np.int64]
    Pixels = NDArray[np.uint8]


_CONTRAST = 24.0
"""A view with less of it is shown as it is: one colour with a little noise shall not become black and white."""


_TONES: Final = {ColorDepth.ANSI: (127, 229)}
_TONE: Final = (102, 153)
"""The two greys of the chequers that are seen through a picture. Either is far from black and white, no grey is both,
and in each depth they are two colours."""


class RenderOptions(Struct, frozen=True):
    """How pictures are drawn in this terminal."""

    glyphs: GlyphSet = GlyphSet.QUADRANT
    colors: ColorDepth = ColorDepth.TRUECOLOR
    renderer: Literal["cells", "rich-pixels"] = "cells"
    aspect: float = 2.0
    """Height of a cell divided by its width."""
    pixels: tuple[int, int] | None = None
    """Pixels across and down a cell, where the terminal is handed pixels; None where cells are all it gets."""


def in_ascii(options: RenderOptions) -> RenderOptions:
    """The same with letters of ASCII alone."""
    return replace(options, glyphs=GlyphSet.ASCII, renderer="cells")


class Grid(Struct, frozen=True):
    """Rows × columns of cells. Colours are numbers of ``depth``; -1 is the terminal's own."""

    glyphs: Codes
    fg: Ints
    bg: Ints
    depth: ColorDepth

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        rows, columns = self.glyphs.shape
        return columns, rows


def render(
    picture: Picture,
    viewport: Viewport,
    options: RenderOptions,
    *,
    ground: int = DEFAULT,
) -> Grid:
    """Draw the view.

    Args:
        picture: what is looked at.
        viewport: which part of it, in how many cells.
        options: glyphs and colours.
        ground: ``0xRRGGBB`` for what lies beside the picture, or -1 for the terminal's own colour. Without
            colours a light one says that the ink is dark.
    """
    import numpy as np

    from imagechat_tui.raster.fit import SPACE

    shape = (viewport.rows, viewport.columns)
    glyphs = np.full(shape, SPACE, dtype=np.uint32)
    beside = one(ground, options.colors)
    bg = np.full(shape, beside, dtype=np.int32)
    fg = bg.copy()
    x1, y1, x2, y2 = viewport.area
    if x2 > x1 and y2 > y1:
        inside = (slice(y1, y2), slice(x1, x2))
        glyphs[inside], fg[inside], bg[inside] = _drawn(picture, viewport, options, ground)
    return Grid(glyphs, fg, bg, options.colors)


def as_pixels(picture: Picture, viewport: Viewport, cell: tuple[int, int], *, ground: int) -> Pixels:
    """The cells of ``viewport.area`` as pixels, ``cell`` of them across and down each."""
    return _sample_grid(picture, viewport, cell, ground, ColorDepth.TRUECOLOR)


def _drawn(
    picture: Picture,
    viewport: Viewport,
    options: RenderOptions,
    ground: int,
) -> tuple[Codes, Ints, Ints]:
    """The cells of ``viewport.area``."""
    from imagechat_tui.raster import fit
    from imagechat_tui.raster.shapes import ACROSS, DOWN

    samples = _sample_grid(picture, viewport, (ACROSS, DOWN), ground, options.colors)
    if options.colors is ColorDepth.NONE:
        dark_ink = ground >= 0 and luma(ground) >= 128
        across, down = (2, 4) if options.glyphs is GlyphSet.BRAILLE else (1, 1)
        return _colorless(_merged(samples, across, down), options.glyphs, dark_ink=dark_ink)
    if options.renderer == "rich-pixels":
        from imagechat_tui.raster.plain import half_cells

        glyphs, fg, bg = half_cells(_merged(samples, 1, 2))
        return glyphs, quantised(fg, options.colors), quantised(bg, options.colors)
    if options.glyphs is GlyphSet.HALF:
        cells = fit.halves(_merged(samples, 1, 2))
    else:
        # What is seen larger than it is has its own pixels for edges.
        reduced = viewport.scale > ACROSS * picture.reduced
        cells = fit.fitted(samples, options.glyphs, sharpened=reduced)
    if options.colors is ColorDepth.TRUECOLOR:
        cells = fit.merge_similar_colors(cells)
        return cells.glyphs, packed(cells.fg), packed(cells.bg)
    reduce = quantised if picture.is_drawn else dithered
    fg, bg = reduce(packed(cells.fg), options.colors), reduce(packed(cells.bg), options.colors)
    cells.glyphs[fg == bg] = fit.SPACE
    return cells.glyphs, fg, bg


def _merged(samples: Pixels, across: int, down: int) -> Pixels:
    """Samples of cells, ``ACROSS`` × ``DOWN`` each, as averages, ``across`` × ``down`` each."""
    import numpy as np

    from imagechat_tui.raster.shapes import ACROSS, DOWN

    wide, high = ACROSS // across, DOWN // down
    columns, rows = samples.shape[1] // wide, samples.shape[0] // high
    planes = np.ascontiguousarray(samples.transpose(2, 0, 1))
    lines = planes.reshape(3, rows, high, -1).sum(axis=2, dtype=np.uint16)
    sums = lines.reshape(3, rows, columns, wide).sum(axis=3, dtype=np.uint16)
    averages = (sums + wide * high // 2) // (wide * high)
    return np.ascontiguousarray(averages.astype(np.uint8).transpose(1, 2, 0))


def _sample_grid(
    picture: Picture, viewport: Viewport, each: tuple[int, int], ground: int, depth: ColorDepth
) -> Pixels:
    """Samples of the area, so many across and down ``each`` cell; what is beside the picture is ground."""
    import numpy as np

    across, down = each
    x1, y1, x2, y2 = viewport.area
    wide, high = viewport.scale / across, viewport.scale * viewport.aspect / down
    left, right, first_x = _covered(
        viewport.left + x1 * viewport.scale, wide, (x2 - x1) * across, picture.width
    )
    top, bottom, first_y = _covered(
        viewport.top + y1 * viewport.scale * viewport.aspect, high, (y2 - y1) * down, picture.height
    )
    columns, rows = right - left, bottom - top
    box = (first_x, first_y, first_x + columns * wide, first_y + rows * high)
    inner = picture.samples(box, columns, rows)
    cover = picture.cover(box, columns, rows)
    if cover is not None:
        chequers = _chequers(
            np.arange(x1 * across + left, x1 * across + right) // across,
            np.arange(y1 * down + top, y1 * down + bottom) // down,
            max(1, round(viewport.aspect)),
            _TONES.get(depth, _TONE),
        )
        inner = _through(inner, cover, chequers)
    whole = ((y2 - y1) * down, (x2 - x1) * across, 3)
    if inner.shape == whole:
        return inner
    if ground < 0:
        beside = ((top, whole[0] - bottom), (left, whole[1] - right), (0, 0))
        return np.pad(inner, beside, mode="edge")
    canvas = np.empty(whole, dtype=np.uint8)
    canvas[top:bottom, left:right] = inner
    beside_it = np.array((ground >> 16, ground >> 8 & 255, ground & 255), dtype=np.uint8)
    canvas[:top], canvas[bottom:], canvas[:, :left], canvas[:, right:] = (beside_it,) * 4
    return canvas


def _chequers(columns: Counts, rows: Counts, across: int, tones: tuple[int, int]) -> Pixels:
    """The grey of each sample, by the cell that it is in: squares one cell high, in places of the screen."""
    import numpy as np

    odd = ((columns // across) & 1) ^ (rows & 1)[:, None]
    return np.where(odd, np.uint8(tones[1]), np.uint8(tones[0]))


def _through(colors: Pixels, cover: Pixels, under: Pixels) -> Pixels:
    """Colours, multiplied by their opacity already, with a grey showing through."""
    import numpy as np

    seen = (255 - cover.astype(np.uint16)) * under // 255
    return np.minimum(colors + seen[..., None], 255).astype(np.uint8)


def _covered(start: float, step: float, count: int, length: int) -> tuple[int, int, float]:
    """Which of ``count`` samples from ``start`` on see a picture of ``length`` pixels, and where these begin."""
    first = min(count - 1, max(0, floor(-start / step + 1e-6)))
    end = max(first + 1, min(count, ceil((length - start) / step - 1e-6)))
    return first, end, start + first * step


def _colorless(samples: Pixels, glyphs: GlyphSet, *, dark_ink: bool) -> tuple[Codes, Ints, Ints]:
    """Brightness as the density of letters, or of dots, from the darkest that is seen to the brightest.

    With dark ink on a light ground it is darkness that is dense.
    """
    import numpy as np

    from imagechat_tui.raster import fit

    bright = samples @ np.array(fit.LUMA)
    dark, light = np.percentile(bright, (1, 99))
    if light - dark >= _CONTRAST:
        bright = np.clip((bright - dark) * (255 / (light - dark)), 0, 255)
    if dark_ink:
        bright = 255 - bright
    if glyphs is GlyphSet.BRAILLE:
        from PIL import Image

        rows, columns = bright.shape[0] // 4, bright.shape[1] // 2
        dots = np.asarray(Image.fromarray(bright.astype(np.uint8)).convert("1"), dtype=np.uint32)
        by_cell = dots.reshape(rows, 4, columns, 2).transpose(0, 2, 1, 3).reshape(rows, columns, 8)
        values = np.array([1 << dot for dot in (0, 3, 1, 4, 2, 5, 6, 7)], dtype=np.uint32)
        codes = (by_cell * values).sum(axis=2, dtype=np.uint32)
        codes = np.where(codes == 0, np.uint32(fit.SPACE), np.uint32(0x2800) | codes)
    else:
        ramp = np.array([ord(letter) for letter in RAMP], dtype=np.uint32)
        codes = ramp[(bright * (len(RAMP) - 1) / 255 + 0.5).astype(np.int32)]
    plain = np.full(codes.shape, DEFAULT, dtype=np.int32)
    return codes, plain, plain
