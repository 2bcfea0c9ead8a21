"""The glyphs that the person chose: whether the terminal has them, as far as it is known and can be measured."""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from imagechat_tui.raster.ambiguous_width import ROW, question
from imagechat_tui.raster.glyphs import GlyphSet, Lack, instead_of, lack_of, sample_of, width_of
from imagechat_tui.raster.graphics import Graphics, named


class ChosenGlyphs:
    """Kept as they were chosen, but where each of them would shift what stands behind it.

    Args:
        chosen: what the person said; None: nothing.
        drawn: what the environment says that the terminal draws.
        ask: Writes a question to the terminal.
    """

    def __init__(
        self, chosen: GlyphSet | None, drawn: GlyphSet, ask: Callable[[str], object] = lambda _: None
    ) -> None:
        self._chosen = chosen
        self._drawn = drawn
        self._ask = ask
        self._sample = sample_of(chosen) if chosen is not None else ""
        self._width: int | None = None
        self._told: Lack | None = None

    def ask(self) -> None:
        """Have it measured how wide they are; the answer comes with the keys."""
        if self._sample:
            self._ask(question(self._sample))

    def measured(self, answer: events.CursorPosition) -> bool:
        """Whether that is how wide they are, and otherwise than was known."""
        width = width_of(self._sample, answer.x) if self._sample and answer.y == ROW else None
        if width is None or width == self._width:
            return False
        self._width = width
        return True

    def glyphs(self, graphics: Graphics) -> GlyphSet | None:
        """What to draw with; None: nothing was chosen."""
        if self._chosen is None or self._lack(graphics) != "width":
            return self._chosen
        return instead_of(self._chosen, graphics.sharpest(self._drawn))

    def news(self, graphics: Graphics) -> Lack | None:
        """What they lack, once it is known and has not been told yet."""
        pending = graphics.stage == "asked" or bool(self._sample and self._width is None)
        lack = None if pending else self._lack(graphics)
        if pending or lack == self._told:
            return None
        self._told = lack
        return lack

    def _lack(self, graphics: Graphics) -> Lack | None:
        if self._chosen is None:
            return None
        return lack_of(self._chosen, self._drawn, *named(graphics.known_as), width=self._width)
