"""Where no colours are wanted, none are written: what stood out by its ground stands out in reverse.

Textual's own way under NO_COLOR is shades of grey, which are colours to the terminal (PRODUCT 2, no-color.org).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rich.color import Color as InkColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

STANDS_OUT: Final = 0.35
"""Difference in brightness, of at most 1, from which a ground is another one than the screen's."""


class Colorless(LineFilter):
    """Takes the colours out of every segment of every widget.

    Args:
        ground: Color of the screen's ground, before it is taken away.
    """

    def __init__(self, ground: Color) -> None:
        super().__init__()
        self._ground = ground.brightness

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Keep bold, underlined and reverse; a ground that stands out becomes reverse."""
        return [
            Segment(text, _plain(style, self._ground) if style is not None else None, control)
            for text, style, control in segments
        ]


@lru_cache(1024)
def _plain(style: Style, ground: float) -> Style:
    out = style.bgcolor is not None and abs(_brightness(style.bgcolor) - ground) >= STANDS_OUT
    return Style(
        bold=style.bold, underline=style.underline, strike=style.strike, reverse=bool(style.reverse) ^ out
    )


def _brightness(color: InkColor) -> float:
    return Color.from_rich_color(color).brightness
