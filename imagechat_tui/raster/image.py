"""A decoded picture: 8-bit RGB pixels, how opaque they are, and smaller copies of both for fast views."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from math import floor, log2
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Words = NDArray[np.uint32]
    Places = NDArray[np.float64]
    Steps = tuple[Places, float]

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the picture."""

_SHARP_WITHIN: Final = 2_000_000
"""Up to so many pixels are halved by a filter that keeps edges, which takes ten times as long as averaging four."""
_FEW: Final = 4096
_FINER: Final = 4
"""Up to so many samples are averages of so many, each way."""
_BICUBIC: Final = 3
"""Pillow's number."""
_BAND: Final = 512
"""Rows reduced at once: Pillow's layout takes a third more memory than ours."""
_KEPT_UPRIGHT: Final = 8_000_000
"""Up to so many pixels of a picture that was turned are kept a second time, row by row, which saves time per view."""
_EVEN: Final = 0.35
"""From this share of pixels that equal their right neighbour a picture is drawn, not photographed: screenshots
and diagrams of the benchmark have 0.93–0.98, its photographs 0.10–0.18."""


class Loss(Struct, frozen=True):
    """What is not there of a picture that is shown all the same."""

    what: Literal["rows", "detail", "unsure"]
    """Rows are missing; they are coarser than they were made; all is there, and some of it is wrong."""
    edge: str = ""
    """``lower``, ``upper``, ``left`` or ``right``: the part that is concerned, as the picture is seen."""
    share: float = 0.0
    """How much of the picture that is, 0–1."""
    cut: bool = False
    """Whether the file ends too early; else it is damaged within."""


class Plane(Struct, frozen=True, eq=False, dict=True):
    """Rows × columns of numbers, or of three each, with smaller copies."""

    pixels: Pixels
    reduced: int
    """How many pixels of the picture, each way, one of ``pixels`` stands for."""
    sharp: bool = False
    """Whether edges are kept in smaller copies, or all is averaged."""

    @cached_property
    def levels(self) -> tuple[Pixels, ...]:
        """The pixels, then half as wide and high, then half of that, and so on to one. Slow for large pictures."""
        import numpy as np
        from PIL import Image

        high, wide = self.pixels.shape[:2]
        whole = self.pixels
        if high * wide <= _KEPT_UPRIGHT:
            whole = np.ascontiguousarray(whole)
        levels = [whole]
        while max(high, wide) > 1:
            size = (wide + 1) // 2, (high + 1) // 2
            if self.sharp and high * wide <= _SHARP_WITHIN:
                even = ((0, high % 2), (0, wide % 2), (0, 0))[: whole.ndim]
                half = Image.fromarray(np.pad(levels[-1], even, mode="edge")).resize(size, _BICUBIC)
            else:
                half = Image.new("L" if self.pixels.ndim == 2 else "RGB", size)
                for top in range(0, high, _BAND):
                    half.paste(Image.fromarray(levels[-1][top : top + _BAND]).reduce(2), (0, top // 2))
            levels.append(np.asarray(half))
            wide, high = size
        return tuple(levels)

    def prepare(self) -> None:
        """Make the copies now rather than at the first view."""
        _ = self.levels

    def averaged(self, box: Box, size: tuple[int, int], columns: int, rows: int) -> Pixels:
        """See `Picture.samples`; ``size`` is width and height of the picture."""
        import numpy as np

        wide, high = (box[2] - box[0]) / columns, (box[3] - box[1]) / rows
        step = max(wide, high) / self.reduced
        finer = _FINER if step > 2 and columns * rows <= _FEW else 1
        across, down = finer * max(1, round(wide / high)), finer * max(1, round(high / wide))
        if across > 1 or down > 1:  # made of samples that are squares and many, each of which is less exact
            parts = self.averaged(box, size, columns * across, rows * down)
            some = parts.reshape(rows, down, columns, across, -1).mean(axis=(1, 3), dtype=np.float32)
            merged: Pixels = np.rint(some).astype(np.uint8)
            return merged.reshape(rows, columns, *parts.shape[2:])
        depth = min(int(log2(max(1.0, step))), len(self.levels) - 1)
        level, scale = self.levels[depth], self.reduced * 2.0**depth
        x = np.concatenate([_middles(*piece) for piece in _pieces(box[0], box[2], columns, size[0])]) / scale
        y = np.concatenate([_middles(*piece) for piece in _pieces(box[1], box[3], rows, size[1])]) / scale
        if step > 1:
            return _averages(level, (x, wide / scale), (y, high / scale))
        # Seen enlarged, a pixel stays what it is.
        left = np.clip(x, 0, level.shape[1] - 1).astype(np.intp)
        top = np.clip(y, 0, level.shape[0] - 1).astype(np.intp)
        seen: Pixels = level[top[:, None], left]
        return seen


def _middles(start: float, end: float, count: int) -> Places:
    """The middles of so many samples."""
    import numpy as np

    places: Places = start + (np.arange(count, dtype=np.float64) + 0.5) * ((end - start) / count)
    return places


def _averages(level: Pixels, across: Steps, down: Steps) -> Pixels:
    """Averages of parts of a level, of less than three pixels each way, by how much of each pixel they cover.

    Pillow's filters take longer, the more so the more of them are exact.
    """
    import numpy as np

    rows, of_rows = _covered(*down, level.shape[0])
    columns, of_columns = _covered(*across, level.shape[1])
    start, end = int(columns[0].min()), int(columns[-1].max()) + 1
    height, row = len(down[0]), (end - start) * (level.shape[2] if level.ndim == 3 else 1)
    lines = np.empty(
        (len(rows), height, row // 4 + 2), dtype=np.uint32
    )  # room for the word of the last pixel
    for line, at in zip(lines.view(np.uint8), rows, strict=True):
        line[:, :row] = level[at, start:end].reshape(height, row)
    up = _HALVES if level.ndim == 3 else _ANY
    mixed = _mixed(lines, [share[:, None] for share in of_rows], up)
    if level.ndim == 2:
        pixels = mixed.view(np.uint8)[:, :row].astype(np.uint32)
    else:  # each of these words is a pixel, and one byte of the next
        words = np.lib.stride_tricks.as_strided(mixed, (height, end - start), (mixed.strides[0], 3))
        pixels = np.ascontiguousarray(words)
    seen = _mixed([np.take(pixels, at - start, axis=1) for at in columns], of_columns, up)
    parts = seen.view(np.uint8).reshape(height, len(across[0]), 4)
    return parts[..., :3] if level.ndim == 3 else parts[..., 0]


def _covered(middles: Places, step: float, count: int) -> tuple[list[NDArray[np.intp]], list[Words]]:
    """The pixels that each step covers, of ``count``: the first, second and third, and the shares of it in 256ths."""
    import numpy as np

    start = np.clip(middles - step / 2, 0, count - 1e-3)
    end = np.clip(middles + step / 2, start + 1e-3, count)
    first = np.floor(start + 1e-6).astype(np.intp)
    whole = 256 / (end - start)
    shares = [np.rint((np.clip(end - first, 0, place) - (start - first)) * whole) for place in (1, 2)]
    one, two = (share.astype(np.uint32) for share in shares)
    pixels = [np.minimum(first + place, count - 1) for place in range(3)]
    return pixels, [one, two - one, 256 - two]


_EVEN_BYTES, _ODD_BYTES = 0x00FF00FF, 0xFF00FF00
_HALVES, _ANY = 0x00800080, 0x00FF00FF
"""What is added before a fraction is left out, to round or to round up: a mask is not zero where anything is."""


def _mixed(parts: Iterable[Words], shares: Iterable[Words], up: int) -> Words:
    """Each byte a mixture of those in its place; shares are 256 together. Two bytes of a word are worked on at once."""
    import numpy as np

    even: Words | None = None
    odd: Words | None = None
    for part, share in zip(parts, shares, strict=True):
        some, others = np.bitwise_and(part, _EVEN_BYTES), np.right_shift(part, 8)
        some *= share
        others &= _EVEN_BYTES
        others *= share
        if even is None or odd is None:
            even, odd = some, others
        else:
            even += some
            odd += others
    assert even is not None
    assert odd is not None
    even += up
    even >>= 8
    even &= _EVEN_BYTES
    odd += up
    odd &= _ODD_BYTES
    even |= odd
    return even


class Picture(Struct, frozen=True, eq=False, dict=True):
    """A picture as it is shown: turned by its EXIF word, RGB."""

    name: str
    width: int
    """In pixels."""
    height: int
    """In pixels."""
    sha256: str
    """Of the file as it was read, in hex."""
    pixels: Pixels
    """Rows × columns × 3, each multiplied by its opacity; fewer than the picture has if ``reduced``."""
    reduced: int = 1
    """How many pixels of the picture, each way, one of ``pixels`` stands for: a huge JPEG is decoded smaller."""
    opacity: Pixels | None = None
    """Rows × columns, 0–255; None if all is opaque."""
    loss: Loss | None = None
    """What of it is not there."""
    memory: object = None
    """What keeps the pixels, for whoever shares them with another process; None if that is nothing special."""

    @cached_property
    def colors(self) -> Plane:
        """The pixels with smaller copies."""
        return Plane(self.pixels, self.reduced, sharp=self.opacity is None)

    @cached_property
    def covers(self) -> Plane | None:
        """The opacity with smaller copies."""
        return Plane(self.opacity, self.reduced) if self.opacity is not None else None

    @cached_property
    def is_drawn(self) -> bool:
        """Whether it is a screenshot or a diagram rather than a photograph: large areas of one colour."""
        rows = self.pixels[:: max(1, self.pixels.shape[0] // 400)]
        same = (rows[:, 1:] == rows[:, :-1]).all(axis=2)
        return bool(same.sum() >= _EVEN * max(1, same.size))

    def prepare(self) -> None:
        """Make the smaller copies now rather than at the first view; for a thread."""
        self.colors.prepare()
        if self.covers is not None:
            self.covers.prepare()
        _ = self.is_drawn

    def samples(self, box: Box, columns: int, rows: int) -> Pixels:
        """Average a box of the picture into ``rows`` × ``columns`` colours, multiplied by their opacity.

        Args:
            box: in pixels; may end beyond the picture, then the outermost samples average what there is of them.
            columns: how many samples across.
            rows: how many samples down.
        """
        return self.colors.averaged(box, (self.width, self.height), columns, rows)

    def cover(self, box: Box, columns: int, rows: int) -> Pixels | None:
        """As `samples`, but how opaque these are, 0–255; None if all of them are wholly so."""
        if self.covers is None:
            return None
        return self.covers.averaged(box, (self.width, self.height), columns, rows)


def _pieces(start: float, end: float, count: int, length: int) -> list[tuple[float, float, int]]:
    """Cut ``count`` samples where the picture begins and ends: start, end and number of each piece.

    One sample may lie across either end; what is beyond the picture is left out of it.
    """
    step = (end - start) / count
    before = 1 if start < -1e-6 * step else 0
    inside = count - before
    after = 1 if end > length + 1e-6 * step else 0
    if inside <= after:
        return [(max(0.0, start), min(float(length), end), count)]
    first = start + before * step
    last = first + floor(inside - after) * step
    pieces = [(0.0, first, 1)] if before else []
    pieces.append((first, last, inside - after))
    if after:
        pieces.append((last, float(length), 1))
    return pieces
