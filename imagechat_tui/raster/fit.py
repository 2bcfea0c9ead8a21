"""The glyph and the two colours that fit a cell best, for all cells of a view at once.

The glyph is chosen by brightness, which is what eyes read text by; only where brightness tells little and colour
much, by all three channels. Then each cell's colours are those of least squared error, the one that continues the
ground to its left as background, and each row is gone through once: a colour that differs so little from the one
in force that the cell's error would hardly grow is not named anew.

Arrays of colours hold the channels first: 3 × rows × columns, or 3 × cells.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.shapes import ACROSS, DOWN, SAMPLES, shapes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float32]

SPACE: Final = 0x20
LOWER: Final = 0x2584
LUMA: Final = (0.299, 0.587, 0.114)

FLAT: Final = 6.0
"""Two colours that differ by no more in any channel (of 255) are one: the cell is blank."""
KEEP: Final = 47.0
"""A colour is kept while it adds no more to a cell's mean squared error, summed over the channels: 4 of 255 in
each. A third fewer bytes for 0.03 dB; twice as much is seen as bands in gradients."""
_AT_ONCE: Final = 768
"""Cells that every shape is tried on at once: the numbers shall stay in the processor's cache."""
BLOCK: Final = 12
"""Cells of a row that are gone through one after the other."""
_CLEARLY: Final = 2.5
"""How many times nearer one colour must be to the ground at its left, to be taken for its continuation."""
_COLORFUL: Final = 24.0
"""Colour decides instead of brightness where the squared error is so many times what the best shape by brightness takes
off brightness: black on white has 3, a rough surface up to 20."""


class Cells(NamedTuple):
    """What fits: rows × columns of glyphs, and their colours, 0–255."""

    glyphs: NDArray[np.uint32]
    fg: Floats
    bg: Floats
    share: Floats
    """How much of the cell its glyph covers, 0–1."""


def halves(samples: NDArray[np.uint8]) -> Cells:
    """Two samples a cell, one above the other."""
    import numpy as np

    channels = np.ascontiguousarray(samples.transpose(2, 0, 1), dtype=np.float32)
    upper, lower = channels[:, 0::2], channels[:, 1::2]
    flat = np.abs(upper - lower).max(axis=0) <= FLAT
    glyphs = np.where(flat, np.uint32(SPACE), np.uint32(LOWER))
    share = np.where(flat, np.float32(0), np.float32(0.5))
    return Cells(glyphs, lower, np.where(flat, (upper + lower) * np.float32(0.5), upper), share)


def fitted(samples: NDArray[np.uint8], glyphs: GlyphSet, *, sharpened: bool = False) -> Cells:
    """Fit ``ACROSS`` × ``DOWN`` samples a cell, sharpened or as they are."""
    import numpy as np

    set_ = shapes(glyphs, sharpened=sharpened)
    shape = samples.shape[0] // DOWN, samples.shape[1] // ACROSS
    quads = _quads(samples)
    even = _even(quads)
    uneven = np.flatnonzero(~even)
    mean = (quads[..., 0] & 0xFF).astype(np.float32)
    channels = np.take(quads, uneven, axis=1).view(np.uint8).astype(np.float32)
    middle = channels @ np.full(SAMPLES, 1 / SAMPLES, dtype=np.float32)
    mean[:, uneven] = middle
    best = _best(channels, middle, set_.pattern)
    share_of = set_.share[best]
    slope = np.einsum("cs,kcs->kc", set_.slope[best], channels)
    middle -= slope * share_of
    fg, bg = mean.copy(), mean.copy()
    bg[:, uneven] = np.clip(middle, 0, 255)
    fg[:, uneven] = np.clip(middle + slope, 0, 255)
    flat = np.abs(fg - bg).max(axis=0) <= FLAT
    if glyphs is GlyphSet.BRAILLE:
        # Dots leave most of the cell to the background, however many they are.
        swap = np.zeros(len(even), dtype=bool)
        swap[uneven] = share_of > 0.5
    else:
        front, back = (_luma() @ fg).reshape(shape), (_luma() @ bg).reshape(shape)
        swap = _swap(front, back, flat.reshape(shape)).reshape(-1)
    opposites = set_.opposites[best]
    turned = swap[uneven] & (opposites != 0)
    swap[uneven] = turned
    codes = np.full(len(even), SPACE, dtype=np.uint32)
    codes[uneven] = np.where(turned, opposites, set_.codes[best])
    codes[flat] = SPACE
    share = np.zeros(len(even), dtype=np.float32)
    share[uneven] = np.where(turned, 1 - share_of, share_of)
    share[flat] = 0
    fg, bg = np.where(swap, bg, fg), np.where(flat, mean, np.where(swap, fg, bg))
    return Cells(codes.reshape(shape), fg.reshape(3, *shape), bg.reshape(3, *shape), share.reshape(shape))


def _quads(samples: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Channels × cells × numbers; each number is four samples, so that they are moved at once."""
    import numpy as np

    rows, columns = samples.shape[0] // DOWN, samples.shape[1] // ACROSS
    planes = np.ascontiguousarray(samples.transpose(2, 0, 1)).view(np.uint32)
    quads = planes.reshape(3, rows, DOWN, columns).transpose(0, 1, 3, 2)
    return np.ascontiguousarray(quads).reshape(3, rows * columns, DOWN)


def _even(quads: NDArray[np.uint32]) -> Bools:
    """The cells of one colour only: in screenshots about half, which need no fitting."""
    import numpy as np

    first = quads[..., :1]
    same = (quads == first).view(np.uint64) == 0x0101_0101_0101_0101  # eight times true
    same &= first == (first & 0xFF) * 0x0101_0101
    even: Bools = same[..., 0].all(axis=0)
    return even


def _best(channels: Floats, mean: Floats, pattern: Floats) -> NDArray[np.intp]:
    """The number of the shape that fits each cell best."""
    import numpy as np

    bright = np.tensordot(_luma(), channels, 1)
    count = len(bright)
    best = np.empty(count, dtype=np.intp)
    taken = np.empty(count, dtype=np.float32)
    fits = np.empty((min(count, _AT_ONCE), pattern.shape[1]), dtype=np.float32)
    for start in range(0, count, _AT_ONCE):
        part = slice(start, min(count, start + _AT_ONCE))
        some = fits[: part.stop - start]
        np.matmul(bright[part], pattern, out=some)
        np.abs(some, out=some)
        best[part] = found = some.argmax(axis=1)
        taken[part] = some[np.arange(len(found)), found]
    error = (np.einsum("kcs,kcs->kc", channels, channels) - SAMPLES * mean * mean).sum(axis=0)
    hidden = np.flatnonzero(error > np.maximum(_COLORFUL * taken * taken, SAMPLES * FLAT))
    if len(hidden):
        worth = np.square(channels[:, hidden] @ pattern).sum(axis=0)
        best[hidden] = worth.argmax(axis=1)
    return best


def _swap(front: Floats, back: Floats, flat: Bools) -> Bools:
    """Where the foreground shall be the background, by the brightness of the two.

    The one that continues the last blank cell becomes the background, else the brighter one.
    """
    import numpy as np

    last = np.maximum.accumulate(np.where(flat, np.arange(flat.shape[1]), -1), axis=1)
    ground = np.take_along_axis(back, np.maximum(last, 0), axis=1)
    front_off, back_off = np.abs(front - ground), np.abs(back - ground)
    near = _CLEARLY * np.minimum(front_off, back_off) < np.maximum(front_off, back_off)
    near &= last >= 0
    swap: Bools = np.where(near, front_off < back_off, front > back)
    swap &= ~flat
    return swap


@cache
def _luma() -> Floats:
    import numpy as np

    return np.array(LUMA, dtype=np.float32)


def merge_similar_colors(cells: Cells) -> Cells:
    """Keep the colour in force wherever the cell's error hardly grows by it.

    Going through a row from left to right is slow, so rows are cut into blocks: first all blocks are gone through
    at once, then the first cells of each block take the colour in force before it, as far as that is near.
    """
    import numpy as np

    rows, columns = cells.glyphs.shape
    blocks = -(-columns // BLOCK)
    # Both colours of all rows side by side: they do not depend on each other. The last block may reach too far.
    colors = np.zeros((3, 2 * rows, blocks * BLOCK), dtype=np.float32)
    np.rint(cells.fg, out=colors[:, :rows, :columns])
    np.rint(cells.bg, out=colors[:, rows:, :columns])
    weight = np.zeros((2 * rows, blocks * BLOCK), dtype=np.float32)
    weight[:rows, :columns] = cells.share
    np.subtract(1, cells.share, out=weight[rows:, :columns])
    # Place in the block first, then the block: what is worked on at once lies together.
    inner = np.ascontiguousarray(colors.reshape(3, 2 * rows, blocks, BLOCK).transpose(3, 2, 0, 1))
    weights = np.ascontiguousarray(weight.reshape(2 * rows, blocks, BLOCK).transpose(2, 1, 0))
    for place in range(1, BLOCK):
        force, wanted = inner[place - 1], inner[place]
        change = wanted - force
        near = np.einsum("bcr,bcr,br->br", change, change, weights[place]) <= KEEP
        np.copyto(wanted, force, where=near[:, None])
    for block in range(1, blocks):
        force, run = inner[-1, block - 1], inner[:, block]
        change = run - force
        near = np.einsum("pcr,pcr,pr->pr", change, change, weights[:, block]) <= KEEP
        np.copyto(run, force, where=np.logical_and.accumulate(near)[:, None])
    both = inner.transpose(2, 3, 1, 0).reshape(3, 2 * rows, blocks * BLOCK)[..., :columns]
    return cells._replace(fg=both[:, :rows], bg=both[:, rows:])
