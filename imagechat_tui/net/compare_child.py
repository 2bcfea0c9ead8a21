"""Compares two pictures in a process of its own, under limits; run as a script, by its path.

Reads pixels from two descriptors, writes a byte for each pixel that is compared to a third, 255 where it differs, and
tells how far it is, one fraction a line, then what differs in one line of JSON, on stdout.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
import traceback
from typing import TYPE_CHECKING

import msgspec

from imagechat_tui.net.decode_child import guard
from imagechat_tui.net.pixel_memory import PixelMemory
from imagechat_tui.raster.compare import REDUCED, differences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


def main() -> None:
    """Compare the pixels that ``argv[1:6]`` and ``argv[6:11]`` tell of; the rest of ``argv`` as in `outcome`."""
    told = [int(arg) for arg in sys.argv[1:]]
    old, new = (
        PixelMemory(*four, clear=bool(clear), turn=turn) for *four, clear, turn in (told[:5], told[5:10])
    )
    guard(1, old.size + new.size)
    try:
        answer = outcome(old, new, *told[10:])
    except MemoryError:
        answer = {"problem": "memory"}
    except Exception:
        answer = {"defect": traceback.format_exc()}
    print(json.dumps(answer))


def outcome(old: PixelMemory, new: PixelMemory, target: int, columns: int, rows: int) -> dict[str, object]:
    """Compare, and say what came of it.

    Args:
        old: the older version.
        new: the newer one.
        target: the descriptor of the mask.
        columns: where both are reduced before they are compared, of the old version then; else 0.
        rows: as ``columns``.

    Returns:
        The fields of ``raster.compare.Differences``, in pixels of ``new`` as they lie in its memory, and ``columns``,
        ``rows`` and ``reduced`` of the mask.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    import numpy as np

    before, now = stacked(old), stacked(new)
    reduced = bool(columns)
    if reduced:
        size = -(-now.shape[1] // REDUCED), -(-now.shape[0] // REDUCED)
        before, now = resized(before, (columns, rows)), resized(now, size)
    rows, columns = now.shape[:2]
    os.ftruncate(target, rows * columns)
    mask = np.frombuffer(mmap.mmap(target, rows * columns), dtype=np.uint8).reshape(rows, columns)
    found = differences(
        before,
        now,
        reduced=reduced,
        mask=mask,
        progress=lambda fraction: print(float(fraction), flush=True),
    )
    if reduced:
        found = found.enlarged(REDUCED)
    return {
        "found": msgspec.to_builtins(found), "columns": columns, "rows": rows,
        "reduced": REDUCED if reduced else 1,
    }  # fmt: skip


def stacked(memory: PixelMemory) -> Pixels:
    """Rows × columns × 3, or × 4 with the opacity last."""
    import numpy as np

    color, opacity = memory.layers()
    return color if opacity is None else np.dstack((color, opacity))


def resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """The same in another size, each pixel an average."""
    import numpy as np
    from PIL import Image

    layers = [pixels[..., :3], *(pixels[..., channel] for channel in range(3, pixels.shape[2]))]
    return np.dstack(
        [
            np.asarray(Image.fromarray(np.ascontiguousarray(layer)).resize(size, Image.Resampling.BOX))
            for layer in layers
        ]
    )


if __name__ == "__main__":
    main()
