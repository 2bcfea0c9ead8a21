"""Where it is not known yet whether the terminal has true colours, what is written has no more than it surely has."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as InkColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from imagechat_tui.raster.colors import ColorDepth


class FewerColors(LineFilter):
    """Takes the nearest of 256 or 16 colours, as Textual would that was told of these when it was imported.

    Args:
        depth: ``PALETTE`` or ``ANSI``.
    """

    def __init__(self, depth: ColorDepth) -> None:
        super().__init__()
        self._system = ColorSystem.STANDARD if depth is ColorDepth.ANSI else ColorSystem.EIGHT_BIT

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """All but the colours stays."""
        return [
            Segment(text, _nearest(style, self._system) if style is not None else None, control)
            for text, style, control in segments
        ]


@lru_cache(1024)
def _nearest(style: Style, system: ColorSystem) -> Style:
    def nearest(color: InkColor | None) -> InkColor | None:
        return color.downgrade(system) if color is not None else None

    return style + Style.from_color(nearest(style.color), nearest(style.bgcolor))
