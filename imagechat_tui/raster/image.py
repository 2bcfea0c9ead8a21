"""A decoded picture: 8-bit RGB pixels, and smaller copies of it for fast views."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as it is shown: turned by its EXIF word, flattened, RGB."""

    name: str
    width: int
    """In pixels."""
    height: int
    """In pixels."""
    sha256: str
    """Of the file as it was read, in hex."""
    pixels: Pixels
    """Rows × columns × 3."""

    @cached_property
    def levels(self) -> tuple[Pixels, ...]:
        """The pixels, then each time half as wide and high, down to about 64 pixels."""
        from PIL import Image

        levels = [self.pixels]
        while min(levels[-1].shape[:2]) >= 128:
            levels.append(_array(Image.fromarray(levels[-1]).reduce(2)))
        return tuple(levels)

    def samples(self, box: tuple[float, float, float, float], columns: int, rows: int) -> Pixels:
        """Average a box of the picture into ``rows`` × ``columns`` colours.

        Args:
            box: left, top, right, bottom in pixels, inside of the picture.
            columns: how many samples across.
            rows: how many samples down.
        """
        from PIL import Image

        per_sample = min((box[2] - box[0]) / columns, (box[3] - box[1]) / rows)
        levels = self.levels if per_sample >= 4 else (self.pixels,)
        depth = 0
        while depth + 1 < len(levels) and per_sample >= 4 * 2**depth:
            depth += 1
        level = levels[depth]
        high, wide = level.shape[:2]
        across, down = wide / self.width, high / self.height
        left, right = box[0] * across, min(box[2] * across, wide)
        top, bottom = box[1] * down, min(box[3] * down, high)
        # Pillow copies what it is given: give it no more than the box.
        x, y = int(left), int(top)
        part = level[y : int(bottom) + 1, x : int(right) + 1]
        image = Image.fromarray(part)
        inner = (left - x, top - y, min(right - x, part.shape[1]), min(bottom - y, part.shape[0]))
        return _array(image.resize((columns, rows), Image.Resampling.BOX, box=inner))


def _array(image: object) -> Pixels:
    import numpy as np

    return np.asarray(image, dtype=np.uint8)
