"""Getting along with ASCII: where it is all that a terminal has, or signs would be two cells wide."""

from __future__ import annotations

import unicodedata

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from imagechat_tui.raster.ambiguous_width import is_ambiguous
from imagechat_tui.tui.symbols import IN_ASCII


class AsciiSigns(LineFilter):
    """Writes look-alikes of one cell for our signs and for box drawing; for all that may be wide, if ``letters``."""

    def __init__(self, *, letters: bool) -> None:
        super().__init__()
        self._table = _LookAlikes(letters=letters)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """As many cells as before."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(segment.text.translate(self._table), segment.style)
            for segment in segments
        ]


class _LookAlikes(dict[int, str]):
    """By code point, found when it is asked for."""

    def __init__(self, *, letters: bool) -> None:
        super().__init__()
        self._letters = letters

    def __missing__(self, code: int) -> str:
        character = chr(code)
        alike = IN_ASCII.get(character)
        if alike is None:
            alike = look_alike(character) if self._letters and is_ambiguous(character) else character
        self[code] = alike
        return alike


def look_alike(character: str) -> str:
    """One letter or sign of ASCII that reads most like it.

    What box or block it is of, its base letter, else the first letter of what it is called: that is readable for
    Greek and Cyrillic.
    """
    if 0x2500 <= ord(character) < 0x2580:
        name = unicodedata.name(character)
        if " AND " in name:
            return "+"
        return "-" if name.endswith("HORIZONTAL") else "|" if name.endswith("VERTICAL") else "+"
    base = unicodedata.normalize("NFKD", character)[0]
    if base.isascii() and base.isprintable():
        return base
    kind, _, called = unicodedata.name(base, "").partition(" LETTER ")
    if not called:
        return "?"
    return called[0] if "CAPITAL" in kind else called[0].lower()
