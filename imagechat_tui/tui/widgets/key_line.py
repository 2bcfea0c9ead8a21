"""The line of a dialog that says what its keys do."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

APART = "   "
"""Between one key's word and the next key."""


class KeyLine(Static):
    """Keys and their words; where the line wraps, a key stays with its word.

    Textual breaks lines at no-break spaces too, so they are broken here.
    """

    def __init__(self, *hints: tuple[str, str]) -> None:
        super().__init__(classes="dialog--keys", markup=False)
        self._hints = hints

    def render(self) -> Content:
        """As many to a line as fit."""
        return self._lines(self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """How many lines the keys take at a width in cells."""
        return self._lines(width).get_height({}, width) if width else 0

    def _lines(self, width: int) -> Content:
        lines: list[Content] = []
        for key, words in self._hints:
            hint = Content.assemble((key, "bold"), f" {words}")
            if lines and lines[-1].cell_length + len(APART) + hint.cell_length <= width:
                lines[-1] = Content(APART).join([lines[-1], hint])
            else:
                lines.append(hint)
        return Content("\n").join(lines)
