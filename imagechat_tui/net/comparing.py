"""Compares two pictures that are loaded, in a guarded child process."""

from __future__ import annotations

import asyncio
import mmap
import os
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from imagechat_tui import problems
from imagechat_tui.net.guarded_child import ask
from imagechat_tui.net.pictures import DecoderDefect
from imagechat_tui.net.pixel_memory import PixelMemory, new_memory
from imagechat_tui.problems import PictureError
from imagechat_tui.raster.compare import REDUCED, Differences, enlargement

if TYPE_CHECKING:
    from imagechat_tui.raster.comparison import Comparison
    from imagechat_tui.raster.image import Picture

WALL_S: Final = 15.0
"""A comparison that takes longer is given up."""
_CHILD: Final = Path(__file__).with_name("compare_child.py")


class _Answer(msgspec.Struct):
    """What the child says."""

    found: Differences
    columns: int
    """Of the mask."""
    rows: int
    reduced: int
    """How many pixels of the new version, each way, one of the mask stands for."""


async def compare(old: Picture, new: Picture, progress: Callable[[float], None]) -> Comparison:
    """Say what differs between two versions.

    Args:
        old: the older version.
        new: the newer one.
        progress: told the fraction done, 0–1; called in the event loop, and never with less than before.

    Raises:
        PictureError: it would take too long, or too much memory.
        DecoderDefect: it failed by a fault of ours.
    """
    before, now = await asyncio.to_thread(lambda: (PixelMemory.of(old), PixelMemory.of(new)))
    mask = new_memory()
    try:
        answer = await ask(
            _CHILD,
            (*before.told, *now.told, mask, *_reduced(old, new)),
            shared=(before.descriptor, now.descriptor, mask),
            name=new.name,
            wall_s=WALL_S,
            progress=progress,
        )
        match answer:
            case {"defect": defect}:
                raise DecoderDefect(str(defect))
            case {"problem": _}:
                raise PictureError(problems.TooMuchMemory(new.name))
        return await asyncio.to_thread(_compared, old, new, mask, answer)
    finally:
        os.close(mask)


def _reduced(old: Picture, new: Picture) -> tuple[int, int]:
    """Columns and rows of the old version, where both are reduced before they are compared; else zeros."""
    factor = enlargement((old.width, old.height), (new.width, new.height))
    if factor == 1 and old.reduced == new.reduced:
        return 0, 0
    step = factor * new.reduced * REDUCED
    return ceil(old.width / step), ceil(old.height / step)


def _compared(old: Picture, new: Picture, mask: int, answer: dict[str, object]) -> Comparison:
    import numpy as np

    from imagechat_tui.raster.comparison import Comparison
    from imagechat_tui.raster.image import Plane

    try:
        told = msgspec.convert(answer, _Answer)
        pixels = np.frombuffer(mmap.mmap(mask, told.rows * told.columns, prot=mmap.PROT_READ), dtype=np.uint8)
        plane = Plane(pixels.reshape(told.rows, told.columns), told.reduced * new.reduced)
    except (msgspec.ValidationError, ValueError):
        raise PictureError(problems.PictureCorrupt(new.name)) from None  # no answer that our child would give
    plane.prepare()
    found = told.found if new.reduced == 1 else told.found.enlarged(new.reduced)
    return Comparison(old, new, found, plane)
