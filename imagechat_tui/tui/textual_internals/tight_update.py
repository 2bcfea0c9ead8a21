"""Updates of the screen that send the changed cells only.

Textual crops a changed span on its right but not on its left: one cell costs everything from the widget's
edge to it.
"""

from __future__ import annotations

from typing import Final

from rich.console import Console
from textual._compositor import ChopsUpdate, LayoutUpdate

from imagechat_tui.raster.ansi import RESET
from imagechat_tui.tui.textual_internals.shown_text import SHOWN
from imagechat_tui.tui.textual_internals.strips import CellStrip

DOWN_AND_BACK: Final = "\x1b[B\b"
"""To the cell below the one just written: half of what naming it costs, and what each step up or down does."""


class WholeUpdate(LayoutUpdate):
    """An update of the whole screen, after which it is known anew what that shows."""

    def render_segments(self, console: Console) -> str:
        """The bytes."""
        SHOWN.forget()
        return super().render_segments(console)


class TightUpdate(ChopsUpdate):
    """A partial update cropped on both sides."""

    def render_segments(self, console: Console) -> str:
        """The bytes of the changed spans."""
        out: list[str] = []
        own = False
        cursor = (-1, -1)
        for y, x1, x2 in self.spans:
            if y >= len(self.chops):  # the screen has shrunk since this was asked for
                continue
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= x2 or end <= x1:
                    continue
                left, right = max(x, x1), min(end, x2)
                if left > x or right < end:
                    strip = strip.crop(left - x, right - x)
                for start, stop in SHOWN.changes(y, left, strip):
                    changed = strip.crop(start, stop)
                    if own and isinstance(changed, CellStrip):
                        # It names its colours itself: nothing of the one before it need be reset.
                        out[-1] = out[-1].removesuffix(RESET)
                    own = isinstance(changed, CellStrip)
                    column, after = left + start, left + stop
                    below = cursor == (column + 1, y - 1)
                    out.append(DOWN_AND_BACK if below else f"\x1b[{y + 1};{column + 1}H")
                    out.append(changed.render(console))
                    # At the right edge terminals differ in where the cursor stands.
                    cursor = (after, y) if own and after < self.chop_ends[y][-1] else (-1, -1)
        # The zero may be left out (ECMA-48 8.3.117).
        return "".join(out).replace(RESET, "\x1b[m")
