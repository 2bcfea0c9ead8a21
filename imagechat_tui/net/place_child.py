"""Looks in a picture for markers of another version of it, in a process of its own; run as a script, by its path.

Reads pixels from two descriptors, and from a third what is looked for; tells how far it is, one fraction a line, then
where the markers are in one line of JSON, on stdout.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import TYPE_CHECKING

import msgspec

from imagechat_tui.net.decode_child import guard
from imagechat_tui.net.pixel_memory import PixelMemory
from imagechat_tui.protocol.models import Point

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


class Sought(msgspec.Struct):
    """What is looked for."""

    points: tuple[Point, ...]
    """Of the markers, on the older version."""
    lossy: bool
    """Whether one of the files is in a format that changes pixels."""


def main() -> None:
    """Place what descriptor ``argv[11]`` tells of, with the pixels that ``argv[1:6]`` and ``argv[6:11]`` tell of."""
    told = [int(arg) for arg in sys.argv[1:]]
    old, new = (
        PixelMemory(*four, clear=bool(clear), turn=turn) for *four, clear, turn in (told[:5], told[5:10])
    )
    guard(1, old.size + new.size)
    try:
        with open(told[10], "rb", closefd=False) as file:
            sought = msgspec.json.decode(file.read(), type=Sought)
        answer = outcome(old, new, sought)
    except MemoryError:
        answer = {"problem": "memory"}
    except Exception:
        answer = {"defect": traceback.format_exc()}
    print(json.dumps(answer))


def outcome(old: PixelMemory, new: PixelMemory, sought: Sought) -> dict[str, object]:
    """Place, and say what came of it.

    Returns:
        ``resaved``, and in ``placed`` the fields of ``raster.placement.Placed`` for each point. Of a picture that
        was only saved anew each marker is where it was.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from imagechat_tui.raster.placement import Placed, place, resaved

    before, now = stacked(old), stacked(new)
    anew = resaved(before, now, lossy=sought.lossy)
    if anew:
        placed: tuple[Placed, ...] = tuple(Placed("same", point.x, point.y, 1.0) for point in sought.points)
    else:
        placed = place(before, now, sought.points)
    return {"resaved": anew, "placed": [msgspec.to_builtins(one) for one in placed]}


def stacked(memory: PixelMemory) -> Pixels:
    """Rows × columns × 3, or × 4 with the opacity last."""
    import numpy as np

    color, opacity = memory.layers()
    return color if opacity is None else np.dstack((color, opacity))


if __name__ == "__main__":
    main()
