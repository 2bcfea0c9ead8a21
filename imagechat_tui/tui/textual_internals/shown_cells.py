"""What the terminal shows, as far as that is known: what looks as it did need not be sent again.

Textual paints a widget whole when a letter of it changes: all of the text that is written for a key, all of the list
for a comment. When parts are put in or the layout is another one it paints the whole screen, which a start does five
times. Of pictures only whole pieces are compared: what has changed of them they know themselves.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from imagechat_tui.tui.textual_internals.strips import CellStrip

Look: TypeAlias = "tuple[str, Style | Color | None]"
"""A sign and its style; of a plain blank only the ground is seen."""

NEAR: Final = 16
"""Cells that look as before and are sent along between two that do not: beginning anew costs about as much."""


class _Piece(NamedTuple):
    """What was sent in one go."""

    end: int
    strip: Strip


class ShownCells:
    """The cells of one terminal by row."""

    def __init__(self) -> None:
        self._pieces: dict[int, dict[int, _Piece]] = {}
        """By row and first column: none lies over another."""
        self._looks: dict[int, dict[int, Look]] = {}
        """Of cells that lie under no piece, by row and column."""
        self._size: Size | None = None

    def forget(self) -> None:
        """Whatever may be on the screen, all of it is to be painted."""
        self._pieces.clear()
        self._looks.clear()

    def fit(self, size: Size) -> None:
        """The screen is so large: of one that was another size nothing is known."""
        if size != self._size:
            self.forget()
            self._size = size

    def changes(self, row: int, left: int, strip: Strip) -> list[tuple[int, int]]:
        """From which cell to before which of a strip it looks different; it is taken for shown from then on."""
        width = strip.cell_length
        pieces, looks = self._pieces.setdefault(row, {}), self._looks.setdefault(row, {})
        piece = pieces.get(left)
        if piece is not None and piece.end == left + width and _is_same(piece.strip, strip):
            return []
        self._take_apart(pieces, looks, left, left + width)
        spans = [(0, width)]
        now = _looks_of(strip) if looks else None
        if now is not None:
            spans = _together([at for at, look in enumerate(now) if looks.get(left + at) != look])
        if looks:
            for column in range(left, left + width):
                looks.pop(column, None)
        if _is_comparable(strip):
            pieces[left] = _Piece(left + width, strip)
        return spans

    @staticmethod
    def _take_apart(pieces: dict[int, _Piece], looks: dict[int, Look], left: int, right: int) -> None:
        """Have cells instead of the pieces of which some are between two columns."""
        for start in [start for start, piece in pieces.items() if start < right and piece.end > left]:
            looks.update(enumerate(_looks_of(pieces.pop(start).strip) or (), start))


def _is_same(shown: Strip, strip: Strip) -> bool:
    """Whether two comparable strips look the same."""
    if isinstance(shown, CellStrip):
        return type(strip) is CellStrip and shown.text_for_terminal == strip.text_for_terminal
    return type(strip) is Strip and shown == strip


def _is_comparable(strip: Strip) -> bool:
    """Whether it is known how a strip looks: parts of pictures in pixels change without their cells' changing."""
    return type(strip) is CellStrip or _is_plain(strip)


def _is_plain(strip: Strip) -> bool:
    """Whether a strip is of signs of one cell each, and of nothing else."""
    return type(strip) is Strip and all(
        not control and (text.isascii() or all(cell_len(sign) == 1 for sign in text))
        for text, _, control in strip
    )


def _looks_of(strip: Strip) -> list[Look] | None:
    """How each cell of a strip looks; None if that is not for us to say."""
    if not _is_plain(strip):
        return None
    looks: list[Look] = []
    for text, style, _ in strip:
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


SHOWN: Final = ShownCells()
"""Of the terminal, which is one for the whole process."""
