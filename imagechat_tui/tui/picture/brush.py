"""When which cells of a picture are painted: few at once, many as the way to the terminal has room for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from textual.geometry import Region
from textual.widget import Widget

from imagechat_tui.tui.flow import HELD_S
from imagechat_tui.tui.picture.painter import Painter
from imagechat_tui.tui.textual_internals.strips import byte_count
from imagechat_tui.tui.textual_internals.terminal import room

FEW: Final = 64
"""Cells that never wait: a crosshair, a marker."""


class Unpainted:
    """The cells that wait, by row; rows that have waited longest come first."""

    def __init__(self) -> None:
        self._rows: dict[int, list[tuple[int, int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, regions: Iterable[Region]) -> None:
        """Have these wait too."""
        for region in regions:
            for row in region.line_range:
                self._rows[row] = _merged([*self._rows.get(row, ()), (region.x, region.right)])

    def take(self, space: int, size: Callable[[Region], int]) -> list[Region]:
        """The rows that fit into so much space, and the first one that does so in part; they wait no more.

        Args:
            space: in bytes.
            size: how many of them a region takes.
        """
        taken: list[Region] = []
        while self._rows and space > 0:
            row = next(iter(self._rows))
            spans = [Region(start, row, end - start, 1) for start, end in self._rows.pop(row)]
            space -= sum(map(size, spans))
            taken += spans
        return taken

    def clear(self) -> None:
        """None waits."""
        self._rows.clear()


class Brush:
    """Has cells of a widget painted, with what is newest of them then.

    Args:
        widget: whose cells they are.
        painter: has what is newest.
    """

    def __init__(self, widget: Widget, painter: Painter) -> None:
        self._widget = widget
        self._painter = painter
        self._unpainted = Unpainted()
        self._at_work = False
        """Whether some were asked to be painted and have not been yet."""
        self._looks_again = False

    @property
    def is_done(self) -> bool:
        """Whether nothing waits."""
        return not self._unpainted

    @property
    def size(self) -> int:
        """How many bytes all of the widget takes."""
        return self._size(Region(0, 0, *self._widget.size))

    def paint(self, regions: Sequence[Region], *, at_once: bool = False) -> None:
        """Have regions painted; without any, nothing: Textual takes none for all."""
        if not regions:
            return
        if at_once or sum(region.area for region in regions) <= FEW:
            self._widget.refresh(*regions)
        else:
            self._unpainted.add(regions)
            self.go_on()

    def go_on(self) -> None:
        """Have painted what there is room for."""
        if self._unpainted and not self._at_work:
            regions = self._unpainted.take(room(self._widget.app), self._size)
            regions = [seen for region in regions if (seen := self._seen(region))]
            if regions:
                self._at_work = True
                self._widget.refresh(*regions)
            if self._unpainted and not self._looks_again:
                # Who never answers is not waited for either.
                self._looks_again = True
                self._widget.set_timer(HELD_S, self._look_again)

    def forget(self) -> None:
        """Nothing waits any more."""
        self._unpainted.clear()

    def _seen(self, region: Region) -> Region:
        """A region as far as widget and painter have it: the size of either may have changed."""
        drawn = Region(0, 0, *(self._painter.size or (0, 0)))
        return region.intersection(drawn).intersection(Region(0, 0, *self._widget.size))

    def _size(self, region: Region) -> int:
        seen = self._seen(region)
        return sum(map(byte_count, self._painter.strips(seen))) if seen else 0

    def painted(self) -> None:
        """Textual paints the widget: when that has gone out, there may be room for more."""
        if self._at_work:
            self._at_work = False
            if self._unpainted:
                self._widget.call_later(self.go_on)

    def _look_again(self) -> None:
        self._looks_again = self._at_work = False
        self.go_on()


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same columns, none of them twice."""
    spans.sort()
    merged = spans[:1]
    for start, end in spans[1:]:
        if start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
