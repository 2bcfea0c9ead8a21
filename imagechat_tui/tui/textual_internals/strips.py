"""Strips that keep their cells as plain lists and become bytes or segments only when asked.

Where a name is missing, they are Textual's plain strips from the beginning: the same cells, more work and more bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any, Final

from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from imagechat_tui.raster.ansi import row_text
from imagechat_tui.raster.colors import ColorDepth, rgb_of
from imagechat_tui.raster.kitty import cells_text
from imagechat_tui.tui.textual_internals.probe import Feature, supported

Shown = tuple[int, int, int]
"""A picture's id, and row and column of it in a cell."""

LAZY: Final = supported(Feature.CELL_STRIPS)
_BYTES_A_CELL: Final = 20
IN_PIXELS: Final = LAZY and supported(Feature.TERMINAL_WRITES)


def cell_strip(
    glyphs: str, fg: Sequence[int], bg: Sequence[int], depth: ColorDepth, *, rendered: str | None = None
) -> Strip:
    """A row of cells; see `CellStrip`."""
    if LAZY:
        return CellStrip(glyphs, fg, bg, depth, rendered=rendered)
    return Strip(_segments_of(glyphs, fg, bg, depth), len(glyphs))


def pixel_strip(
    glyphs: str,
    fg: Sequence[int],
    bg: Sequence[int],
    depth: ColorDepth,
    *,
    parts: Sequence[Shown | None],
    ground: int,
) -> Strip:
    """A row of cells and parts of a picture in pixels; of cells, where no picture can be handed to the terminal."""
    if IN_PIXELS:
        return PixelStrip(glyphs, fg, bg, depth, parts=parts, ground=ground)
    return cell_strip(glyphs, fg, bg, depth)


def side_by_side(strips: Sequence[Strip]) -> Strip:
    """Strips in a row, each of which stays what it is."""
    return Row(strips) if LAZY else Strip.join(strips)


def byte_count(strip: Strip) -> int:
    """How many bytes a row takes, about: of plain segments only their number is known without a console."""
    if isinstance(strip, CellStrip):
        return len(strip.text_for_terminal.encode("utf-8", "replace"))
    return _BYTES_A_CELL * strip.cell_length


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
            self._built = _segments_of(self._glyphs, self._fg, self._bg, self._depth)
        return self._built

    @_segments.setter
    def _segments(self, segments: list[Segment]) -> None:
        """The base class sets an empty list: segments are built on demand."""

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

    @property
    def text_for_terminal(self) -> str:
        """The bytes, with colours named only where they change."""
        if self._render_cache is None:
            self._render_cache = row_text(self._glyphs, self._fg, self._bg, self._depth)
        return self._render_cache

    def render(self, console: Console) -> str:
        """The bytes; no console knows better."""
        return self.text_for_terminal


class PixelStrip(CellStrip):
    """A row of cells of which some are parts of pictures that the terminal has in pixels.

    To whoever takes it apart, a dialog that dims it or a screenshot, they are cells like the others.
    """

    __slots__ = ("_ground", "_parts")

    def __init__(
        self,
        glyphs: str,
        fg: Sequence[int],
        bg: Sequence[int],
        depth: ColorDepth,
        *,
        parts: Sequence[Shown | None],
        ground: int,
    ) -> None:
        """``parts`` has for each cell what it shows, None for plain cells; ``ground`` is ``0xRRGGBB`` behind it."""
        self._parts = parts
        self._ground = ground
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
            parts=self._parts[cut],
            ground=self._ground,
        )

    @property
    def text_for_terminal(self) -> str:
        """The bytes: placeholders for parts of the picture, the others as in any strip."""
        if self._render_cache is None:
            out = []
            start = 0
            for _, run in groupby(enumerate(self._parts), key=_run_of):
                run_parts = [part for _, part in run]
                end = start + len(run_parts)
                first = run_parts[0]
                if first is not None:
                    out.append(cells_text(*first, len(run_parts), self._ground))
                else:
                    cut = slice(start, end)
                    out.append(row_text(self._glyphs[cut], self._fg[cut], self._bg[cut], self._depth))
                start = end
            self._render_cache = "".join(out)
        return self._render_cache


def _run_of(part: tuple[int, Shown | None]) -> Shown | None:
    """What parts have in common that follow one another in a picture."""
    at, shown = part
    return None if shown is None else (shown[0], shown[1], shown[2] - at)


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


def _segments_of(glyphs: str, fg: Sequence[int], bg: Sequence[int], depth: ColorDepth) -> list[Segment]:
    return [
        Segment(
            "".join(cell[0] for cell in run), Style(color=_color(ink, depth), bgcolor=_color(ground, depth))
        )
        for (ink, ground), run in groupby(zip(glyphs, fg, bg, strict=True), key=lambda cell: cell[1:])
    ]


def _color(color: int, depth: ColorDepth) -> Color | None:
    if color < 0:
        return None
    if depth is not ColorDepth.TRUECOLOR:
        return Color.from_ansi(color)
    rgb = rgb_of(color, depth)
    return Color.from_rgb(rgb >> 16, rgb >> 8 & 255, rgb & 255)
