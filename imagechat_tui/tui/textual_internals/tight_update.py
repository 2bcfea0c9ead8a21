"""Updates of the screen that send the changed cells only.

Textual crops a changed span on its right but not on its left: one cell costs everything from the widget's
edge to it. With a new layout it sends all cells.
"""

from __future__ import annotations

from typing import Final

from rich.console import Console
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.strip import Strip

from imagechat_tui.raster.ansi import RESET
from imagechat_tui.tui.textual_internals.shown_cells import SHOWN
from imagechat_tui.tui.textual_internals.strips import CellStrip

DOWN_AND_BACK: Final = "\x1b[B\b"
"""To the cell below the one just written: half of what naming it costs, and what each step up or down does."""


class WholeUpdate(LayoutUpdate):
    """An update of the whole screen, of which the cells are sent that look different."""

    def render_segments(self, console: Console) -> str:
        """The bytes."""
        SHOWN.fit(self.region.size)
        sent = _Sent(console, self.region.right)
        for y, line in enumerate(self.strips, self.region.y):
            x = self.region.x
            for strip in line:
                sent.add(y, x, strip)
                x += strip.cell_length
        return sent.text


class TightUpdate(ChopsUpdate):
    """A partial update cropped on both sides."""

    def render_segments(self, console: Console) -> str:
        """The bytes of the changed spans."""
        sent = _Sent(console, max((ends[-1] for ends in self.chop_ends if ends), default=0))
        for y, x1, x2 in self.spans:
            if y >= len(self.chops):  # the screen has shrunk since this was asked for
                continue
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= x2 or end <= x1:
                    continue
                left, right = max(x, x1), min(end, x2)
                if left > x or right < end:
                    strip = strip.crop(left - x, right - x)
                sent.add(y, left, strip)
        return sent.text


class _Sent:
    """The bytes of what looks different.

    Args:
        console: what plain strips are rendered with.
        width: columns of the screen.
    """

    def __init__(self, console: Console, width: int) -> None:
        self._console = console
        self._width = width
        self._out: list[str] = []
        self._own = False
        """Whether the last one was a row of cells."""
        self._cursor = (-1, -1)
        """Where it stands, as far as that is known."""

    def add(self, y: int, left: int, strip: Strip) -> None:
        """Send what is different of a strip that begins there."""
        for start, stop in SHOWN.changes(y, left, strip):
            changed = strip.crop(start, stop)
            if self._own and isinstance(changed, CellStrip):
                # It names its colours itself: nothing of the one before it need be reset.
                self._out[-1] = self._out[-1].removesuffix(RESET)
            self._own = isinstance(changed, CellStrip)
            column, after = left + start, left + stop
            below = self._cursor == (column + 1, y - 1)
            self._out.append(DOWN_AND_BACK if below else f"\x1b[{y + 1};{column + 1}H")
            self._out.append(changed.render(self._console))
            # At the right edge terminals differ in where the cursor stands.
            self._cursor = (after, y) if self._own and after < self._width else (-1, -1)

    @property
    def text(self) -> str:
        """All of it; the zero may be left out (ECMA-48 8.3.117)."""
        return "".join(self._out).replace(RESET, "\x1b[m")
