"""Cells to bytes for a terminal: only what changes from cell to cell is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imagechat_tui.raster.colors import ColorDepth, sgr

if TYPE_CHECKING:
    from imagechat_tui.raster.render import Grid


def row_text(glyphs: str, fg: Sequence[int], bg: Sequence[int], depth: ColorDepth) -> str:
    """One row of cells, ending in a reset."""
    out: list[str] = []
    ink: int | None = None
    ground: int | None = None
    start = 0
    for place, (glyph, front, back) in enumerate(zip(glyphs, fg, bg, strict=True)):
        inked = front != ink and glyph != " "
        if not inked and back == ground:
            continue
        out.append(glyphs[start:place])
        start = place
        codes = []
        if inked:
            codes.append(sgr(front, depth, ground=False))
            ink = front
        if back != ground:
            codes.append(sgr(back, depth, ground=True))
            ground = back
        out.append(f"\x1b[{';'.join(codes)}m")
    out.append(glyphs[start:])
    return "".join(out) + "\x1b[0m" if depth is not ColorDepth.NONE else glyphs


def to_ansi(grid: Grid) -> str:
    """The whole grid, one line each."""
    return "".join(
        row_text(text, fg, bg, grid.depth) + "\n"
        for text, fg, bg in zip(texts(grid), grid.fg.tolist(), grid.bg.tolist(), strict=True)
    )


def texts(grid: Grid) -> list[str]:
    """The glyphs of each row."""
    return ["".join(map(chr, row)) for row in grid.glyphs.tolist()]
