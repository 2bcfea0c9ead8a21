"""A Strip that keeps its cells as plain lists and becomes bytes or segments only when asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from imagechat_tui.raster.ansi import row_text
from imagechat_tui.raster.colors import ColorDepth, rgb_of


class CellStrip(Strip):
    """One row of cells: glyphs (each one cell wide) and their colours in numbers of ``depth``."""

    __slots__ = ("_bg", "_built", "_depth", "_fg", "_glyphs")

    def __init__(self, glyphs: str, fg: Sequence[int], bg: Sequence[int], depth: ColorDepth) -> None:
        self._glyphs = glyphs
        self._fg = fg
        self._bg = bg
        self._depth = depth
        self._built: list[Segment] | None = None
        super().__init__((), len(glyphs))

    @property
    def _segments(self) -> list[Segment]:
        if self._built is None:
            cells = zip(self._glyphs, self._fg, self._bg, strict=True)
            self._built = [
                Segment("".join(cell[0] for cell in run), self._style(fg, bg))
                for (fg, bg), run in groupby(cells, key=lambda cell: cell[1:])
            ]
        return self._built

    @_segments.setter
    def _segments(self, segments: list[Segment]) -> None:
        """The base class sets an empty list: segments are built on demand."""

    def _style(self, fg: int, bg: int) -> Style:
        return Style(color=self._color(fg), bgcolor=self._color(bg))

    def _color(self, color: int) -> Color | None:
        if color < 0:
            return None
        rgb = rgb_of(color, self._depth)
        return Color.from_rgb(rgb >> 16, rgb >> 8 & 255, rgb & 255)

    def __bool__(self) -> bool:
        return bool(self._glyphs)

    def crop(self, start: int, end: int | None = None) -> Strip:
        """The cells from ``start`` to before ``end``."""
        start = max(0, start)
        end = len(self._glyphs) if end is None else min(end, len(self._glyphs))
        if start == 0 and end == len(self._glyphs):
            return self
        return CellStrip(self._glyphs[start:end], self._fg[start:end], self._bg[start:end], self._depth)

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """The pieces that end at each of the cuts."""
        pieces = []
        start = 0
        for cut in cuts:
            pieces.append(self.crop(start, cut))
            start = cut
        return pieces

    def render(self, console: Console) -> str:
        """The bytes, with colours named only where they change."""
        if self._render_cache is None:
            self._render_cache = row_text(self._glyphs, self._fg, self._bg, self._depth)
        return self._render_cache
