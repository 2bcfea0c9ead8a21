"""Getting along with ASCII: where it is all that a terminal has, or signs would be two cells wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.color import Color
from textual.filter import LineFilter

from imagechat_tui.raster.ambiguous_width import ROW, Drawn, drawn_as, is_ambiguous, question
from imagechat_tui.tui.symbols import IN_ASCII
from imagechat_tui.words import NO_UTF8, NO_UTF8_BEHIND, WIDE_SIGNS


def is_narrow(character: str) -> bool:
    """Whether it is one cell wide everywhere, or nearly."""
    return cell_len(character) == 1


class AsciiSigns(LineFilter):
    """Writes look-alikes of one cell for our signs, and for other characters.

    Args:
        others: which of them.
    """

    def __init__(self, others: Callable[[str], bool] = lambda _: False) -> None:
        super().__init__()
        self._table = _LookAlikes(others)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """As many cells as before."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(segment.text.translate(self._table), segment.style)
            for segment in segments
        ]


class OnlyAscii(AsciiSigns):
    """As `AsciiSigns`, and nothing else at all, in as many cells: for what takes each byte for a character."""

    def __init__(self) -> None:
        super().__init__(is_narrow)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """As many cells as before."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(_in_cells(segment.text), segment.style)
            for segment in super().apply(segments, background)
        ]


def _in_cells(text: str) -> str:
    letters = "".join(character if character.isascii() else "?" * cell_len(character) for character in text)
    cells = cell_len(text)
    return letters[:cells].ljust(cells, "?")


_BAD: Final[Mapping[Drawn, int]] = {"narrow": 0, "wide": 1, "bytes": 2}


class SignWidth:
    """Whether the terminal draws our signs, one cell wide, and the filter that is needed if not.

    Args:
        ascii_only: It has ASCII alone: there is nothing to ask.
        ask: Writes the question to the terminal; None: it is not asked.
        takes_utf8: Whether our signs come to it at all.
    """

    def __init__(
        self, *, ascii_only: bool, ask: Callable[[str], object] | None, takes_utf8: bool = True
    ) -> None:
        self._ask = ask
        self._drawn: Drawn = "narrow"
        """The worst that it has answered since it was asked: several may be attached at once (dtach, abduco)."""
        self._answered = False
        self._takes_utf8 = takes_utf8
        self._usual = AsciiSigns() if ascii_only else None
        self._choose()

    def _choose(self) -> None:
        self.line_filter = self._usual
        if not self._takes_utf8:
            self.line_filter = AsciiSigns(is_narrow)
        elif self._drawn == "bytes":
            self.line_filter = OnlyAscii()
        elif self._drawn == "wide":
            self.line_filter = AsciiSigns(is_ambiguous)

    @property
    def in_ascii(self) -> bool:
        """Whether all is drawn in ASCII, which was not wished for."""
        return self._drawn != "narrow" or not self._takes_utf8

    @property
    def words(self) -> str:
        """Why."""
        if not self._takes_utf8:
            return NO_UTF8_BEHIND
        return NO_UTF8 if self._drawn == "bytes" else WIDE_SIGNS

    def ask(self) -> None:
        """The answer comes with the keys; what is printed for it is painted over at once."""
        self._answered = False
        if self._ask is not None:
            self._ask(question())

    def told(self, answer: events.CursorPosition) -> bool:
        """Whether the terminal draws otherwise than it did: another one may have been attached."""
        asked = self._ask is not None and answer.y == ROW
        drawn = drawn_as(answer.x) if asked else None
        if drawn is None:
            return False
        answered, self._answered = self._answered, True
        if drawn == self._drawn or (answered and _BAD[drawn] < _BAD[self._drawn]):
            return False
        self._drawn = drawn
        self._choose()
        return True

    def utf8_told(self, takes_utf8: bool) -> bool:
        """As `told`, of what comes to it at all."""
        if takes_utf8 is self._takes_utf8:
            return False
        self._takes_utf8 = takes_utf8
        self._choose()
        return True


class _LookAlikes(dict[int, str]):
    """By code point, found when it is asked for."""

    def __init__(self, others: Callable[[str], bool]) -> None:
        super().__init__()
        self._others = others

    def __missing__(self, code: int) -> str:
        character = chr(code)
        alike = IN_ASCII.get(character)
        if alike is None:
            alike = look_alike(character) if code > 0x7F and self._others(character) else character
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
