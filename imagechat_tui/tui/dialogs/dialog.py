"""What all dialogs are: one box in the middle, over what lies below."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ScreenResultType

from imagechat_tui.tui.textual_internals.layers import TopLayer


class Dialog(TopLayer[ScreenResultType]):
    """A dialog: one box of class ``dialog`` in the middle."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (15, "-middling"), (24, "-high")]  # noqa: RUF012 (Textual declares it so)
    """As the app's, and one more: a long list needs all lines that there are for longer."""

    _done = False

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """As any screen's, but once: a second Enter may be on its way, and would take the screen below away."""
        if self._done:
            return AwaitComplete()
        self._done = True
        return super().dismiss(result)
