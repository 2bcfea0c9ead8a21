"""A Strip that keeps its cells as plain lists and becomes bytes or segments only when asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any

from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from imagechat_tui.raster.ansi import row_text
from imagechat_tui.raster.colors import ColorDepth, rgb_of
from imagechat_tui.raster.kitty import cells_text


class CellStrip(Strip):
    """One row of cells: glyphs (each one cell wide) and their colours in numbers of ``depth``.

    ``rendered`` is what `render` shall give, where that is known already.
    """

    __slots__ = ("_bg", "_built", "_depth", "_fg", "_glyphs")

    def __init__(
        self,
        glyphs: str,
        fg: Sequence[int],
        bg: Sequence[int],
        depth: ColorDepth,
        *,
        rendered: str | None = None,
    ) -> None:
        self._glyphs = glyphs
        self._fg = fg
        self._bg = bg
        self._depth = depth
        self._built: list[Segment] | None = None
        self._cell_length = len(glyphs)
        self._render_cache = rendered

    def __getattr__(self, name: str) -> Any:
        # Seven caches are a twelfth of a frame's time, and a row of cells that is only shown needs none of them.
        if name not in Strip.__slots__:
            raise AttributeError(name)
        length, rendered = self._cell_length, self._render_cache
        super().__init__((), length)
        self._render_cache = rendered
        return getattr(self, name)

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
        return [self.crop(start, end) for start, end in pairwise([0, *cuts])]

    def render(self, console: Console) -> str:
        """The bytes, with colours named only where they change."""
        if self._render_cache is None:
            self._render_cache = row_text(self._glyphs, self._fg, self._bg, self._depth)
        return self._render_cache


class PixelStrip(CellStrip):
    """A row of cells of which some are parts of a picture that the terminal has in pixels.

    To whoever takes it apart, a dialog that dims it or a screenshot, they are cells like the others.
    """

    __slots__ = ("_image_id", "_parts")

    def __init__(
        self,
        glyphs: str,
        fg: Sequence[int],
        bg: Sequence[int],
        depth: ColorDepth,
        *,
        image_id: int,
        parts: Sequence[tuple[int, int] | None],
    ) -> None:
        """``parts`` has for each cell the row and column of the picture that it shows; None for plain cells."""
        self._image_id = image_id
        self._parts = parts
        super().__init__(glyphs, fg, bg, depth)

    def crop(self, start: int, end: int | None = None) -> Strip:
        """The cells from ``start`` to before ``end``."""
        start = max(0, start)
        end = len(self._glyphs) if end is None else min(end, len(self._glyphs))
        if start == 0 and end == len(self._glyphs):
            return self
        cut = slice(start, end)
        return PixelStrip(
            self._glyphs[cut],
            self._fg[cut],
            self._bg[cut],
            self._depth,
            image_id=self._image_id,
            parts=self._parts[cut],
        )

    def render(self, console: Console) -> str:
        """The bytes: placeholders for parts of the picture, the others as in any strip."""
        if self._render_cache is None:
            out = []
            start = 0
            for is_part, run in groupby(self._parts, key=lambda part: part is not None):
                run_parts = list(run)
                end = start + len(run_parts)
                first = run_parts[0]
                if is_part and first is not None:
                    out.append(cells_text(self._image_id, *first, len(run_parts)))
                else:
                    cut = slice(start, end)
                    out.append(row_text(self._glyphs[cut], self._fg[cut], self._bg[cut], self._depth))
                start = end
            self._render_cache = "".join(out)
        return self._render_cache


class Row(Strip):
    """Strips side by side, each of which stays what it is; Textual's own ``join`` makes plain segments of all."""

    __slots__ = ("_built", "_strips")

    def __init__(self, strips: Sequence[Strip]) -> None:
        self._strips = strips
        self._built: list[Segment] | None = None
        super().__init__((), sum(strip.cell_length for strip in strips))

    @property
    def _segments(self) -> list[Segment]:
        if self._built is None:
            self._built = [segment for strip in self._strips for segment in strip]
        return self._built

    @_segments.setter
    def _segments(self, segments: list[Segment]) -> None:
        """As in `CellStrip`."""

    def __bool__(self) -> bool:
        return self.cell_length > 0

    def crop(self, start: int, end: int | None = None) -> Strip:
        """The cells from ``start`` to before ``end``."""
        end = self.cell_length if end is None else end
        kept = []
        left = 0
        for strip in self._strips:
            right = left + strip.cell_length
            if left < end and right > start:
                whole = start <= left and right <= end
                kept.append(strip if whole else strip.crop(max(0, start - left), min(end, right) - left))
            left = right
        return kept[0] if len(kept) == 1 else Row(kept)

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """The pieces that end at each of the cuts."""
        return [self.crop(start, end) for start, end in pairwise([0, *cuts])]

    def render(self, console: Console) -> str:
        """The bytes of each."""
        return "".join(strip.render(console) for strip in self._strips)
