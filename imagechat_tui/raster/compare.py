"""What differs between two versions of a picture: boxes round it, and whether everything has only been shifted.

Pictures are as in `placement`: rows × columns, × 3 or × 4, 8 bits each. Of sizes with the same proportions one picture
is the other one enlarged (`enlargement`): then both are compared a quarter as wide and high, where it is seen no more
how edges were smoothed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

from imagechat_tui.raster.placement import alike, brightness, same_pixels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_TOLERANCE: Final = 3
"""A pixel differs if one of its channels does by more, of 255: programs round in different ways."""
_CELL: Final = 16
"""Pixels across and down a cell. What differs in cells that touch is in one box: 15 pixels between them never part it,
31 always."""
_FEW: Final = 4
"""Fewer differing pixels than these make no box."""
_MOST: Final = 200
"""Were there more boxes, cells are taken twice as large: one walks through them."""
_BAND: Final = 1024
"""Rows compared at once; whole cells."""
_RIM: Final = 8
"""What comes in at a side when all is shifted by no more pixels is part of the shift."""
_REACH: Final = 2000
"""Pixels that a shift is looked for in, each way."""
_TRIED: Final = 3
"""Shifts along each axis that are tried."""
_SAMPLED: Final = 256
"""Rows that a shift is tried on."""
_LEFT: Final = 0.25
"""It is a shift, if by that no more than this share of the differing pixels still differs."""
_ENLARGED: Final = 1.2
"""From this ratio of widths on, one picture is the other one enlarged, if that of the heights is the same."""
REDUCED: Final = 4
"""Pixels of the new version, each way, that are compared as one where one version is the other one enlarged."""
_TOLERANCE_REDUCED: Final = 32
"""As `_TOLERANCE`, of the average of so many pixels: enlarging small print smoothly makes up to 23 of it."""
_SHIFT_FOUND: Final = 0.4
"""About so much of the time it takes to look for a shift."""


class Box(NamedTuple):
    """Pixels of the new version, from its top left corner."""

    x: int
    y: int
    w: int
    h: int

    def enlarged(self, factor: int) -> Box:
        """The same place in a picture that is so many times as wide and high."""
        return Box(*(factor * side for side in self))


class Differences(Struct, frozen=True):
    """What differs after a shift."""

    boxes: tuple[Box, ...]
    """Round what differs, from top to bottom; near ones are joined, a few pixels alone have none. At most 200."""
    shift: tuple[int, int]
    """How many pixels everything went right and down; 0, 0 if it did not."""
    pixels: int
    """How many pixels of the new version differ, or are new."""
    share: float
    """The same as a share of all its pixels, 0–1."""
    gone: tuple[Box, ...] = ()
    """What the old version has beyond the edges of the new one: left, top, right, bottom."""

    @property
    def none(self) -> bool:
        """Whether there are none."""
        return not (self.pixels or self.gone or any(self.shift))

    @property
    def places(self) -> tuple[Box, ...]:
        """All that there is to look at, from top to bottom."""
        return tuple(sorted((*self.boxes, *self.gone), key=lambda box: (box.y, box.x)))

    def enlarged(self, factor: int) -> Differences:
        """The same in a picture that is so many times as wide and high; the last pixels may be beyond its edges."""
        right, down = self.shift
        return Differences(
            tuple(box.enlarged(factor) for box in self.boxes),
            (right * factor, down * factor),
            self.pixels * factor * factor,
            self.share,
            tuple(box.enlarged(factor) for box in self.gone),
        )


class _Overlap(NamedTuple):
    """Where both versions have pixels, when the old one is laid on the new one: in pixels of the new one."""

    left: int
    top: int
    right: int
    bottom: int


def enlargement(old: tuple[int, int], new: tuple[int, int]) -> float:
    """How many pixels of the old version, each way, are one of the new: 1, unless one of them is the other enlarged.

    Args:
        old: width and height of the old version.
        new: of the new one.
    """
    factor = old[0] / new[0]
    alike = abs(old[1] - factor * new[1]) <= max(1.0, factor)
    return factor if alike and not 1 / _ENLARGED < factor < _ENLARGED else 1.0


def differences(
    old: Pixels,
    new: Pixels,
    *,
    reduced: bool = False,
    mask: Pixels | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Differences:
    """Compare two versions of any sizes: their upper left corners lie on each other, or all is shifted.

    1440 × 20000 pixels take a second, and a tenth of their own size in memory.

    Args:
        old: the older version.
        new: the newer one.
        reduced: whether both were reduced to one size first.
        mask: rows × columns of the new version, all 0; becomes 255 where pixels differ or are new.
        progress: told the fraction done, 0–1.
    """
    old, new = alike(old, new)
    shift = (0, 0) if reduced else _shift(old, new)
    progress(_SHIFT_FOUND)
    overlap = _overlap(old, new, shift)
    cells = _Cells(new.shape[1], len(new))
    tolerance = _TOLERANCE_REDUCED if reduced else _TOLERANCE
    for top in range(0, len(new), _BAND):
        bottom = min(len(new), top + _BAND)
        differ = _differing(old, new, shift, overlap, top, bottom, tolerance)
        cells.add(top, differ)
        if mask is not None:
            mask[top:bottom][differ] = 255
        progress(_SHIFT_FOUND + (1 - _SHIFT_FOUND) * bottom / len(new))
    return Differences(
        boxes=cells.boxes(),
        shift=shift,
        pixels=cells.pixels,
        share=cells.pixels / (new.shape[0] * new.shape[1]),
        gone=_gone(old, new, shift),
    )


def _gone(old: Pixels, new: Pixels, shift: tuple[int, int]) -> tuple[Box, ...]:
    """What of the old version lies beyond each edge of the new one; not a rim, where there are as many pixels."""
    (right, down), (high, wide) = shift, new.shape[:2]
    old_high, old_wide = old.shape[:2]
    sides = (
        (-right, old_wide, wide, Box(right, down, -right, old_high)),
        (-down, old_high, high, Box(right, down, old_wide, -down)),
        (right + old_wide - wide, old_wide, wide, Box(wide, down, right + old_wide - wide, old_high)),
        (down + old_high - high, old_high, high, Box(right, high, old_wide, down + old_high - high)),
    )
    return tuple(box for beyond, before, now, box in sides if beyond > (_RIM if before == now else 0))


def _overlap(old: Pixels, new: Pixels, shift: tuple[int, int]) -> _Overlap:
    right, down = shift
    return _Overlap(
        max(0, right), max(0, down), min(new.shape[1], old.shape[1] + right), min(len(new), len(old) + down)
    )


def _differing(
    old: Pixels,
    new: Pixels,
    shift: tuple[int, int],
    overlap: _Overlap,
    top: int,
    bottom: int,
    tolerance: int,
) -> Bools:
    """Which pixels of these rows of the new version differ, or are new."""
    import numpy as np

    right, down = shift
    wide = new.shape[1]
    # A thin rim is what the shift uncovers; a size of its own, or a broad one, is something new.
    differ = np.ones((bottom - top, wide), dtype=bool)
    if right and (old.shape[1] == wide):
        differ[:, : max(0, right) if right <= _RIM else 0] = False
        differ[:, wide + right if -_RIM <= right < 0 else wide :] = False
    if down and (len(old) == len(new)):
        differ[: max(0, (down if down <= _RIM else 0) - top)] = False
        differ[max(0, (len(new) + down if -_RIM <= down < 0 else len(new)) - top) :] = False
    first, last = max(top, overlap.top), min(bottom, overlap.bottom)
    if first < last and overlap.left < overlap.right:
        one = old[first - down : last - down, overlap.left - right : overlap.right - right]
        differ[first - top : last - top, overlap.left : overlap.right] = _apart(
            one, new[first:last, overlap.left : overlap.right], tolerance
        )
    return differ


def _apart(one: Pixels, other: Pixels, tolerance: int = _TOLERANCE) -> Bools:
    """Which pixels differ by more than rounding does."""
    import numpy as np

    apart: Bools = np.maximum(one, other) - np.minimum(one, other) > tolerance
    return np.any(apart, axis=2) if apart.ndim == 3 else apart


def _shift(old: Pixels, new: Pixels) -> tuple[int, int]:
    """How far everything went, if that explains most of what differs; else 0, 0.

    Where the edges are, summed up along rows and along columns, tells a few shifts that come into question.
    """
    rows = range(0, len(new), max(1, len(new) // _SAMPLED))
    if same_pixels(old, new):
        return 0, 0
    old_rows, old_columns = _profiles(old)
    new_rows, new_columns = _profiles(new)
    tried = product(_lags(old_columns, new_columns), _lags(old_rows, new_rows))
    left = {shift: _left(old, new, shift, rows) for shift in tried if shift != (0, 0)}
    best = min(left, key=lambda shift: (left[shift], abs(shift[0]) + abs(shift[1])), default=(0, 0))
    return best if left.get(best, 1.0) <= _LEFT else (0, 0)


def _left(old: Pixels, new: Pixels, shift: tuple[int, int], rows: Sequence[int]) -> float:
    """The share of differing pixels that a shift does not explain, in some rows; 1 if it leaves little to compare."""
    right, down = shift
    area = _overlap(old, new, shift)
    # Both are asked of the same part of the new version: what lies outside of it has no say.
    rows = [row for row in rows if area.top <= row < area.bottom and row < len(old)]
    to = min(area.right, old.shape[1])
    if to - area.left < new.shape[1] / 2 or not rows:
        return 1.0
    wanted = new[rows, area.left : to]
    still = _apart(old[rows, area.left : to], wanted)
    shifted = _apart(old[[row - down for row in rows], area.left - right : to - right], wanted)
    return float(shifted.sum() / max(1, still.sum())) if still.any() else 1.0


def _profiles(pixels: Pixels) -> tuple[Floats, Floats]:
    """How much changes from pixel to pixel: along each row, and along each column."""
    import numpy as np

    high, wide = pixels.shape[:2]
    rows, columns = np.zeros(high), np.zeros(wide)
    for top in range(0, high, _BAND):
        part = brightness(pixels[top : top + _BAND + 1])
        across = np.maximum(part[:, 1:], part[:, :-1]) - np.minimum(part[:, 1:], part[:, :-1])
        rows[top : top + len(part)] = across.sum(axis=1)
        down = np.maximum(part[1:], part[:-1]) - np.minimum(part[1:], part[:-1])
        columns += down.sum(axis=0)
    return rows, columns


def _lags(old: Floats, new: Floats) -> list[int]:
    """How far the second profile is behind the first: the likeliest answers, and 0."""
    import numpy as np

    # Beginnings and ends of lines count, not how long these are.
    old, new = np.diff(old, prepend=old[:1]), np.diff(new, prepend=new[:1])
    length = len(old) + len(new)
    product_ = np.fft.rfft(new, length) * np.fft.rfft(old, length).conj()
    # All frequencies weigh the same: a sharp peak instead of a broad one.
    fits = np.fft.irfft(product_ / np.maximum(np.abs(product_), 1e-9), length)
    lags = np.arange(length)
    lags = np.where(lags >= len(new), lags - length, lags)
    near = np.flatnonzero(np.abs(lags) <= _REACH)
    chosen = near[np.argsort(-fits[near], kind="stable")[:_TRIED]]
    return sorted({0, *lags[chosen].tolist()}, key=abs)


class _Cells:
    """Squares of 16 × 16 pixels, and what differs in each: how many pixels, and how far they go."""

    def __init__(self, wide: int, high: int) -> None:
        import numpy as np

        self._wide, self._high = wide, high
        rows, columns = -(-high // _CELL), -(-wide // _CELL)
        self.count = np.zeros((rows, columns), dtype=np.int64)
        self._sides = np.zeros((4, rows, columns), dtype=np.int64)
        """Left, top, right, bottom of what differs, in pixels of the picture."""

    @property
    def pixels(self) -> int:
        """How many pixels differ."""
        return int(self.count.sum())

    def add(self, top: int, differ: Bools) -> None:
        """Take in some rows, beginning with the first of a cell."""
        import numpy as np

        if not differ.any():
            return
        rows, columns = -(-len(differ) // _CELL), self.count.shape[1]
        full = np.zeros((rows * _CELL, columns * _CELL), dtype=bool)
        full[: len(differ), : self._wide] = differ
        cells = full.reshape(rows, _CELL, columns, _CELL)
        first = top // _CELL
        part = slice(first, first + rows)
        self.count[part] = cells.sum(axis=(1, 3))
        across: Bools = np.any(cells, axis=1)
        down: Bools = np.moveaxis(np.any(cells, axis=3), 1, 2)
        row, column = np.arange(first, first + rows)[:, None] * _CELL, np.arange(columns) * _CELL
        self._sides[0, part] = column + across.argmax(axis=2)
        self._sides[1, part] = row + down.argmax(axis=2)
        self._sides[2, part] = column + _CELL - across[..., ::-1].argmax(axis=2)
        self._sides[3, part] = row + _CELL - down[..., ::-1].argmax(axis=2)

    def boxes(self) -> tuple[Box, ...]:
        """Boxes round cells that touch, by a corner too; if they are too many, round larger ones."""
        coarse = 1
        while True:
            found = self._boxes(coarse)
            if len(found) <= _MOST:
                return found
            coarse *= 2

    def _boxes(self, coarse: int) -> tuple[Box, ...]:
        import numpy as np

        rows, columns = np.nonzero(self.count)
        if not len(rows):
            return ()
        labels, count = _labels(rows // coarse, columns // coarse)
        sides = self._sides[:, rows, columns]
        low = np.full((2, count), max(self._wide, self._high), dtype=np.int64)
        high = np.zeros((2, count), dtype=np.int64)
        many = np.zeros(count, dtype=np.int64)
        np.add.at(many, labels, self.count[rows, columns])
        for axis in (0, 1):
            np.minimum.at(low[axis], labels, sides[axis])
            np.maximum.at(high[axis], labels, sides[axis + 2])
        boxes = [
            Box(int(x), int(y), int(right - x), int(bottom - y))
            for x, y, right, bottom, pixels in zip(*low, *high, many, strict=True)
            if pixels >= _FEW
        ]
        return tuple(sorted(boxes, key=lambda box: (box.y, box.x)))


def _labels(rows: Ints, columns: Ints) -> tuple[Ints, int]:
    """A number for each cell, the same for cells that touch, and how many numbers there are.

    Cells are joined to runs along each row, and runs of neighbouring rows by a forest of parents (K. Wu, E. Otoo,
    K. Suzuki, "Optimizing two-pass connected-component labeling algorithms", 2009).

    Args:
        rows: of the cells, each as often as there are cells in it.
        columns: of the same cells.
    """
    import numpy as np

    order = np.lexsort((columns, rows))
    row, column = rows[order], columns[order]
    new = np.ones(len(row), dtype=bool)
    new[1:] = (row[1:] != row[:-1]) | (column[1:] > column[:-1] + 1)
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], len(row)) - 1
    run_row, left, right = row[starts].tolist(), column[starts].tolist(), column[ends].tolist()
    parents = list(range(len(starts)))

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = run = parents[parents[run]]
        return run

    above = 0
    for run in range(len(starts)):
        while run_row[above] < run_row[run] - 1 or (
            run_row[above] == run_row[run] - 1 and right[above] < left[run] - 1
        ):
            above += 1
        other = above
        while run_row[other] == run_row[run] - 1 and left[other] <= right[run] + 1:
            one, two = root(run), root(other)
            parents[max(one, two)] = min(one, two)
            other += 1
    roots = np.array([root(run) for run in range(len(starts))])
    _, numbers = np.unique(roots, return_inverse=True)
    labels = np.empty(len(row), dtype=np.int64)
    labels[order] = numbers[np.cumsum(new) - 1]
    return labels, int(numbers.max()) + 1
