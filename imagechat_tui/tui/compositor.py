"""Partial screen updates that send the changed cells only.

Textual crops a changed span on its right but not on its left: one cell costs everything from the widget's
edge to it. If Textual's inside has changed, its own way of updating stays.
"""

from __future__ import annotations

import inspect

from rich.console import Console
from rich.control import Control
from textual import _compositor
from textual._compositor import ChopsUpdate


class TightUpdate(ChopsUpdate):
    """A partial update cropped on both sides."""

    def render_segments(self, console: Console) -> str:
        """The bytes of the changed spans."""
        out = []
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= x2 or end <= x1:
                    continue
                left, right = max(x, x1), min(end, x2)
                if left > x or right < end:
                    strip = strip.crop(left - x, right - x)
                out.append(Control.move_to(left, y).segment.text)
                out.append(strip.render(console))
        return "".join(out)


def install() -> bool:
    """Use tight updates from now on; False where this Textual is not the one that they fit."""
    wanted = ["self", "chops", "spans", "chop_ends"]
    try:
        fits = list(inspect.signature(ChopsUpdate.__init__).parameters) == wanted
        fits = fits and "ChopsUpdate" in _compositor.Compositor.render_partial_update.__code__.co_names
    except (AttributeError, TypeError):
        fits = False
    if fits:
        _compositor.ChopsUpdate = TightUpdate  # type: ignore[misc]
    return fits
