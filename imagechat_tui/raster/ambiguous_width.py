"""Characters that some terminals draw two cells wide, and the question that finds out.

Unicode calls the width of many characters ambiguous, block elements, box drawing and most of our signs among them
(UAX 11): one cell, or two as in old Chinese, Japanese and Korean fonts. Some terminals can be set to two
(``xterm -cjk_width``, "ambiguous width: wide"), and every row with such a character is sheared. No variable tells. So
two of them are printed, and the report of where the cursor is then tells how wide they were.

A terminal of another encoding (``LANG=C xterm``) takes each for several characters. So does it two letters before them,
which have one cell in every terminal of UTF-8.
"""

from __future__ import annotations

import unicodedata
from typing import Final, Literal

Drawn = Literal["narrow", "wide", "bytes"]
"""How a terminal draws them: in one cell, in two, or as the characters that their bytes are in its encoding."""

SAMPLE: Final = "\u0121\u0121\u2580\u2026"  # ġġ▀…
"""Two letters that are never wide, a block element and a sign: some terminals widen the one kind only."""
_AMBIGUOUS: Final = 2

ROW: Final = 1
"""Of the screen, from 0. In the first row the report would be that of F3 with a modifier (``CSI 1 ; 2 R``)."""


_BLANK: Final = " " * len(SAMPLE.encode())


def question(sample: str = SAMPLE) -> str:
    """On a screen that will be painted: print two characters, ask where the cursor is, and blank them again."""
    return f"\x1b[{ROW + 1};1H{sample}\x1b[6n\x1b[{ROW + 1};1H{_BLANK}"


def question_on_line(sample: str = SAMPLE) -> str:
    """The same on the line where the cursor is, which must be empty."""
    return f"\r{sample}\x1b[6n\r{_BLANK}\r"


def drawn_as(column: int) -> Drawn | None:
    """How the sample was drawn, by the column of the cursor behind it, from 0; None if that answers something else."""
    narrow = len(SAMPLE)
    if not narrow <= column <= len(SAMPLE.encode()):
        return None
    if column > narrow + _AMBIGUOUS:  # seven in Latin 1, which takes some of the bytes for controls
        return "bytes"
    return "wide" if column > narrow else "narrow"


def is_ambiguous(character: str) -> bool:
    """Whether a terminal may draw it one or two cells wide."""
    mark = unicodedata.category(character) in ("Mn", "Me", "Cf")  # these take no cell anywhere
    return unicodedata.east_asian_width(character) == "A" and not mark
