"""A decoded picture: 8-bit RGB pixels, how opaque they are, and smaller copies of both for fast views."""

from __future__ import annotations

from functools import cached_property, partial
from math import ceil, floor
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    Pixels = NDArray[np.uint8]

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the picture."""

FINE: Final = 1.5
"""Pixels at least across one sample. 2 would take half as long again for an SSIM that is better by 0.001."""
QUICK: Final = 1.0
"""As above, for a view that moves."""
_BOX, _HAMMING = 4, 5
"""Pillow's numbers: whole pixels whose middle lies within, and all, by their distance from the middle."""
_SMALLEST: Final = 64
"""No copy is narrower or lower in pixels."""
_KEPT_WHOLE: Final = 8_000_000
"""Up to so many pixels the picture is kept a second time, in Pillow's own layout, which saves a copy per view."""
_BAND: Final = 512
"""Rows reduced at once: Pillow's layout takes a third more memory than ours."""
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

    @cached_property
    def levels(self) -> tuple[Image.Image, ...]:
        """The pixels half as wide and high, then half of that, and so on. Slow for large pictures."""
        from PIL import Image

        levels: list[Image.Image] = []
        high, wide = self.pixels.shape[:2]
        if min(high, wide) >= 2 * _SMALLEST:
            mode = "L" if self.pixels.ndim == 2 else "RGB"
            half = Image.new(mode, ((wide + 1) // 2, (high + 1) // 2))
            for top in range(0, high, _BAND):
                half.paste(Image.fromarray(self.pixels[top : top + _BAND]).reduce(2), (0, top // 2))
            levels.append(half)
        while levels and min(levels[-1].size) >= 2 * _SMALLEST:
            levels.append(levels[-1].reduce(2))
        return tuple(levels)

    @cached_property
    def whole(self) -> Image.Image | None:
        """The pixels in Pillow's own layout; None where there are too many of them to be kept twice."""
        from PIL import Image

        small = self.pixels.shape[0] * self.pixels.shape[1] <= _KEPT_WHOLE
        return Image.fromarray(self.pixels) if small else None

    def prepare(self) -> None:
        """Make the copies now rather than at the first view."""
        _ = self.levels, self.whole

    def averaged(self, box: Box, size: tuple[int, int], columns: int, rows: int, fine: float) -> Pixels:
        """See `Picture.samples`; ``size`` is width and height of the picture."""
        import numpy as np

        across = _pieces(box[0], box[2], columns, size[0])
        down = _pieces(box[1], box[3], rows, size[1])
        step = min((box[2] - box[0]) / columns, (box[3] - box[1]) / rows) / self.reduced
        depth = 0
        while depth < len(self.levels) and step >= 2 * fine:
            depth, step = depth + 1, step / 2
        # Pillow's box takes whole pixels: with fewer than two a sample, one that weighs them is nearer to the truth,
        # unless it would blur the pixels of a picture that is seen enlarged.
        weigh = fine >= FINE and 1 < step < 2
        average = partial(self._average, depth, _HAMMING if weigh else _BOX)
        if len(across) == len(down) == 1:
            return average(box, columns, rows)
        parts = [
            [average((left, top, right, bottom), wide, high) for left, right, wide in across]
            for top, bottom, high in down
        ]
        return np.concatenate([np.concatenate(line, axis=1) for line in parts])

    def _average(self, depth: int, filter_: int, box: Box, columns: int, rows: int) -> Pixels:
        import numpy as np

        whole = self.levels[depth - 1] if depth else self.whole
        high, wide = self.pixels.shape[:2] if whole is None else (whole.height, whole.width)
        scale = self.reduced * 2**depth
        left, top = min(max(0.0, box[0] / scale), wide - 1), min(max(0.0, box[1] / scale), high - 1)
        right, bottom = min(box[2] / scale, wide), min(box[3] / scale, high)
        if whole is None:
            from PIL import Image

            x, y = int(left), int(top)
            whole = Image.fromarray(self.pixels[y : ceil(bottom), x : ceil(right)])
            left, top, right, bottom = left - x, top - y, right - x, bottom - y
        image = whole.resize((columns, rows), filter_, box=(left, top, right, bottom))
        return np.asarray(image, dtype=np.uint8)


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
        return Plane(self.pixels, self.reduced)

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

    def samples(self, box: Box, columns: int, rows: int, fine: float = FINE) -> Pixels:
        """Average a box of the picture into ``rows`` × ``columns`` colours, multiplied by their opacity.

        Args:
            box: in pixels; may end beyond the picture, then the outermost samples average what there is of them.
            columns: how many samples across.
            rows: how many samples down.
            fine: pixels at least across one sample: ``FINE`` or ``QUICK``.
        """
        return self.colors.averaged(box, (self.width, self.height), columns, rows, fine)

    def cover(self, box: Box, columns: int, rows: int, fine: float = FINE) -> Pixels | None:
        """As `samples`, but how opaque these are, 0–255; None if all of them are wholly so."""
        if self.covers is None:
            return None
        return self.covers.averaged(box, (self.width, self.height), columns, rows, fine)


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
