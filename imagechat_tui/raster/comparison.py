"""Two versions of a picture, one laid on the other, and the picture of what differs."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from imagechat_tui.raster.compare import Box, Differences, enlargement
from imagechat_tui.raster.image import Picture, Plane

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imagechat_tui.raster.viewport import Viewport

    Pixels = NDArray[np.uint8]

_PALE: Final = (96, 0.5)
"""What is the same: the brightness of black, and how much of the rest is left."""
_RED: Final = ((140, 115 / 255), (0, 60 / 255))
"""What differs: red of black and how much brightness adds; the same for green and blue."""
_SEEN_AT_LEAST: Final = 96
_LOUDER: Final = 4
"""Of few pixels among many so much more is seen, so that they are seen at all."""


class Laid(Struct, frozen=True, eq=False):
    """A picture laid on another one: drawn in the views of that one."""

    picture: Picture
    shift: tuple[int, int] = (0, 0)
    """How many pixels of the other one it begins right and below of it."""
    factor: float = 1.0
    """How many of its pixels, each way, are one of the other."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom, in pixels of the other one."""
        left, top = self.shift
        return left, top, left + self.picture.width / self.factor, top + self.picture.height / self.factor

    def view(self, view: Viewport) -> Viewport:
        """The view of it that shows what lies where ``view`` of the other one looks."""
        left, top = view.left - self.shift[0], view.top - self.shift[1]
        return view.elsewhere(
            (self.picture.width, self.picture.height),
            (left * self.factor, top * self.factor),
            view.scale * self.factor,
        )


class Comparison(Struct, frozen=True, eq=False, dict=True):
    """What there is to be seen of two versions. Boxes and shift are in pixels of the new one."""

    old: Picture
    new: Picture
    found: Differences
    mask: Plane
    """255 where a pixel of the new version differs."""

    @cached_property
    def factor(self) -> float:
        """How many pixels of the old version, each way, are one of the new."""
        return enlargement((self.old.width, self.old.height), (self.new.width, self.new.height))

    @cached_property
    def laid(self) -> Laid:
        """The old version on the new one."""
        return Laid(self.old, self.found.shift, self.factor)

    @cached_property
    def difference(self) -> Picture:
        """What differs, in red on a pale new version."""
        return _Difference(
            self.new.name,
            self.new.width,
            self.new.height,
            self.new.sha256,
            self.new.pixels,
            self.new.reduced,
            self.new.opacity,
            of=self.new,
            mask=self.mask,
        )

    @cached_property
    def difference_laid(self) -> Laid:
        """`difference`, on the new version."""
        return Laid(self.difference)

    @cached_property
    def margin(self) -> tuple[int, int, int, int]:
        """How many pixels the old version goes beyond the left, upper, right and lower edge of the new one."""
        left, top, right, bottom = self.laid.box
        return (
            _beyond(-left),
            _beyond(-top),
            _beyond(right - self.new.width),
            _beyond(bottom - self.new.height),
        )

    @property
    def places(self) -> tuple[Box, ...]:
        """All that there is to look at, from top to bottom."""
        return self.found.places


def laid_before_compared(old: Picture, new: Picture) -> Laid:
    """The old version on the new one, while it is not known whether all was shifted."""
    return Laid(old, factor=enlargement((old.width, old.height), (new.width, new.height)))


def _beyond(pixels: float) -> int:
    return max(0, round(pixels))


class _Difference(Picture, frozen=True, eq=False, dict=True):
    """A picture in pale grey, and in red where it differs."""

    of: Picture | None = None
    mask: Plane | None = None

    @property
    def colors(self) -> Plane:
        """Those of the picture that it is of."""
        assert self.of is not None
        return self.of.colors

    @property
    def is_drawn(self) -> bool:
        """Two kinds of areas: dots of other colours in them would look like differences."""
        return True

    def samples(self, box: tuple[float, float, float, float], columns: int, rows: int) -> Pixels:
        """See `Picture.samples`."""
        import numpy as np

        assert self.mask is not None
        from PIL import Image

        bright = Image.fromarray(super().samples(box, columns, rows)).convert("L")
        seen = np.array(bright.point(_shades()[0]).convert("RGB"))
        differing = self.mask.averaged(box, (self.width, self.height), columns, rows)
        where = differing.nonzero()
        if len(where[0]):
            share = np.clip(differing[where].astype(np.float32) * _LOUDER, _SEEN_AT_LEAST, 255)[:, None] / 255
            pale, red = seen[where].astype(np.float32), _shades()[1][np.asarray(bright)[where]]
            seen[where] = (pale + (red - pale) * share + 0.5).astype(np.uint8)
        return seen


@cache
def _shades() -> tuple[list[int], NDArray[np.float32]]:
    """Of each brightness the grey of what is the same, and the red of what differs."""
    import numpy as np

    bright = np.arange(256, dtype=np.float32)
    red = np.stack([_RED[0][0] + _RED[0][1] * bright, *[_RED[1][0] + _RED[1][1] * bright] * 2], axis=1)
    return [round(_PALE[0] + _PALE[1] * level) for level in range(256)], red
