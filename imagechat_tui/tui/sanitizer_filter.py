"""The second cleaning of text from others (PROMISES D15): whatever reaches a line is cleaned once more.

The first one is ``safetext``. Should a text ever get past it, no control character and no link leaves here.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What acts on a terminal or reorders a line."""


class SanitizerFilter(LineFilter):
    """Cleans every segment of every widget."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Replace what acts, drop links; harmless segments pass as they are."""
        return [_cleaned(segment) for segment in segments]


def _cleaned(segment: Segment) -> Segment:
    text, style, control = segment
    if control:
        return segment
    linked = style is not None and style.link is not None
    if text.isascii() and text.isprintable():
        return segment if not linked else Segment(text, _unlinked(style))
    clean = _ACTING.sub("\N{REPLACEMENT CHARACTER}", text)
    if clean == text and not linked:
        return segment
    return Segment(clean, _unlinked(style))


def _unlinked(style: Style | None) -> Style | None:
    return style.update_link(None) if style is not None else None
