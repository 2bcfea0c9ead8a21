"""What markers look like: chips and what else lies over a picture, cell by cell, in the colours of a depth.

A chip must be read on any picture: its ground is one strong colour, its text black or white by that ground's
brightness, and each of its edges is half chip, half the opposite of the chip. The selected one has a white frame in
a black one instead: more of it than of any other differs from whatever it stands on.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from imagechat_tui.raster.colors import ColorDepth, luma, one, rgb_of
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.markers import LEFT_EDGE, RIGHT_EDGE, Mark, Placement

if TYPE_CHECKING:
    from imagechat_tui.raster.render import RenderOptions

BLACK, WHITE = 0x000000, 0xFFFFFF
AMBER: Final = 0xFFB83D
"""The accent: a marker."""
RED: Final = 0xFF6B5E
"""A failure."""
ANSI_RED: Final = 1
GREY: Final = 0xB4B8BC
"""Done with, or not yet there."""
HOVERED: Final = 0xFFE3A8

CROSS: Final = "\u253c"  # ┼
ASCII_CROSS: Final = "+"


def ascii_only(options: RenderOptions) -> bool:
    """Whether marks keep to the signs of ASCII: where the picture does, or is drawn by density."""
    return options.glyphs is GlyphSet.ASCII or options.colors is ColorDepth.NONE


class Ink(NamedTuple):
    """What lies over the picture in one cell; colours as numbers of the grid's depth."""

    glyph: str
    fg: int
    bg: int


def chip_cells(
    text: str, mark: Mark, depth: ColorDepth, *, selected: bool = False, hovered: bool = False
) -> tuple[Ink, ...]:
    """The cells of a placed chip from left to right; beside a selected one goes `halo_cell`."""
    fg, bg = _pair(HOVERED if hovered else _ground(mark), depth)
    edge = Ink("", bg, fg)
    if selected:
        outer = Ink("", one_of(BLACK, depth), one_of(WHITE, depth))
        inner = (Ink(sign, fg, bg) for sign in text[1:-1])
        return (outer._replace(glyph=text[0]), *inner, outer._replace(glyph=text[-1]))
    return tuple(
        edge._replace(glyph=sign) if sign in (LEFT_EDGE, RIGHT_EDGE) else Ink(sign, fg, bg) for sign in text
    )


def halo_cell(depth: ColorDepth) -> Ink:
    """What lies on either side of a selected chip, where there is room."""
    return Ink(" ", one_of(WHITE, depth), one_of(BLACK, depth))


def _ground(mark: Mark) -> int:
    match mark:
        case Mark.FAILED:
            return RED
        case Mark.RESOLVED | Mark.PENDING | Mark.DRAFT:
            return GREY
        case _:
            return AMBER


def note_cells(text: str, depth: ColorDepth) -> tuple[Ink, ...]:
    """A short word at an edge of the picture, or a hint label: black and white, so that no chip is like it."""
    bg, fg = one_of(BLACK, depth), one_of(WHITE, depth)
    return tuple(Ink(sign, fg, bg) for sign in text)


def cross_cell(ground: int, depth: ColorDepth, *, faint: bool = False, ascii_only: bool = False) -> Ink:
    """A crosshair on a ground, both in numbers of the depth; a faint one is somebody else's."""
    sign = ASCII_CROSS if ascii_only else CROSS
    dark = luma(rgb_of(ground, depth)) < 128
    if faint:
        return Ink(sign, one_of(0xB0B4B8 if dark else 0x55595E, depth), ground)
    fg, bg = _pair(WHITE if dark else BLACK, depth)
    return Ink(sign, fg, bg)


def edge_notes(placement: Placement) -> tuple[tuple[int, int, str], ...]:
    """How many markers lie beyond each edge: column, row and words of each note."""
    view = placement.viewport
    left, right, above, below = placement.beyond
    middle, half = view.columns // 2, view.rows // 2
    notes = (
        (left, f"<{left}", 0, half),
        (right, f"{right}>", view.columns - len(f"{right}>"), half),
        (above, f"^{above}", middle, 0),
        (below, f"v{below}", middle, view.rows - 1),
    )
    return tuple((column, row, text) for count, text, column, row in notes if count)


@cache
def _pair(ground: int, depth: ColorDepth) -> tuple[int, int]:
    """Text and ground, as near as the depth has them; black or white text by the ground as it comes out."""
    bg = one_of(ground, depth)
    return one_of(BLACK if luma(rgb_of(bg, depth)) >= 128 else WHITE, depth), bg


@cache
def one_of(rgb: int, depth: ColorDepth) -> int:
    """``0xRRGGBB`` in the numbers of a depth."""
    if depth is ColorDepth.ANSI and rgb == RED:
        # Of the sixteen a grey is nearer to it than any red.
        return ANSI_RED
    return one(rgb, depth)
