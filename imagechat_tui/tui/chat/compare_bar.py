"""The line above two versions of a picture: which one is seen where, and what differs."""

from __future__ import annotations

from msgspec import Struct
from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from imagechat_tui.safetext import Kind, SafeText, safe_text
from imagechat_tui.tui import symbols
from imagechat_tui.tui.picture.beside_view import half_of
from imagechat_tui.tui.widgets.bars import fitted

BEFORE, NOW, DIFFERENCE = "BEFORE", "NOW", "DIFFERENCE"


class CompareFacts(Struct, frozen=True):
    """What the line says."""

    shown: tuple[str, ...] = (NOW,)
    """``BEFORE``, ``NOW``, ``DIFFERENCE``: what is seen; two of them side by side."""
    name: SafeText = safe_text("", Kind.LINE)
    """What the picture from before is called."""
    note: str = ""
    """What differs, in few words, or how far it is known."""


class CompareBar(Widget):
    """Says it in one line."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._facts = CompareFacts()

    @property
    def facts(self) -> CompareFacts:
        """What it shows."""
        return self._facts

    @facts.setter
    def facts(self, facts: CompareFacts) -> None:
        if facts != self._facts:
            self._facts = facts
            self.refresh()

    def render(self) -> Content:
        """One line, as wide as the picture; over two views, one half over each."""
        facts, width = self._facts, self.size.width
        if len(facts.shown) == 2:
            half = half_of(width)
            left, right = (
                self._half(facts.shown[0], facts.name, half),
                self._half(facts.shown[1], facts.note, half),
            )
            return Content.assemble(left, " " * (width - 2 * half), right)
        (shown,) = facts.shown
        name = fitted(facts.name, width // 2)
        said = f"{name} {symbols.DOT} {facts.note}" if shown == BEFORE else facts.note
        return self._half(shown, said, width)

    def _half(self, shown: str, said: str, width: int) -> Content:
        """What is shown in a view, and what there is to say of it, in so many cells."""
        chip = f" {shown} "
        words = fitted(said, max(0, width - cell_len(chip) - 2))
        gap = max(0, width - cell_len(chip) - cell_len(words) - 1)
        return Content.assemble((chip, "bold $background on $dim"), " ", (words, "$dim"), " " * gap)
