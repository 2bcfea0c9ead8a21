"""What text the terminal shows, as far as that is known: what looks as it did need not be sent again.

Textual paints a widget whole when a letter of it changes: all of the text that is written for a key, all of the list
for a comment. Pictures know their own changes, and are left out here.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual.strip import Strip

from imagechat_tui.tui.textual_internals.strips import CellStrip, Row

Look: TypeAlias = "tuple[str, Style | Color | None]"
"""A sign and its style; of a plain blank only the ground is seen."""

NEAR: Final = 16
"""Cells that look as before and are sent along between two that do not: beginning anew costs about as much."""


class ShownText:
    """The cells of one terminal by row."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, Look]] = {}

    def forget(self) -> None:
        """Whatever may be on the screen, all of it is to be painted."""
        self._rows.clear()

    def changes(self, row: int, left: int, strip: Strip) -> list[tuple[int, int]]:
        """From which cell to before which of a strip it looks different; it is taken for shown from then on."""
        shown, width = self._rows.setdefault(row, {}), strip.cell_length
        looks = _looks_of(strip)
        if looks is None:
            for column in range(left, left + width):
                shown.pop(column, None)
            return [(0, width)]
        changed = [at for at, look in enumerate(looks) if shown.get(left + at) != look]
        shown.update(enumerate(looks, left))
        return _together(changed)


def _looks_of(strip: Strip) -> list[Look] | None:
    """How each cell of a strip looks; None if that is not for us to say, or a sign is not of one cell."""
    if isinstance(strip, CellStrip | Row):
        return None
    looks: list[Look] = []
    for text, style, control in strip:
        if control or not (text.isascii() or all(cell_len(sign) == 1 for sign in text)):
            return None
        plain = style is None or not (style.underline or style.reverse or style.strike)
        blank = (" ", style.bgcolor if style is not None else None) if plain else (" ", style)
        looks += [blank if sign == " " else (sign, style) for sign in text]
    return looks


def _together(cells: list[int]) -> list[tuple[int, int]]:
    """First and end of each run of cells, with few between them."""
    spans: list[tuple[int, int]] = []
    for cell in cells:
        if spans and cell - spans[-1][1] <= NEAR:
            spans[-1] = (spans[-1][0], cell + 1)
        else:
            spans.append((cell, cell + 1))
    return spans


SHOWN: Final = ShownText()
"""Of the terminal, which is one for the whole process."""
