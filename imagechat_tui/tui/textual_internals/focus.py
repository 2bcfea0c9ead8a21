"""The focus of a screen, without the painting that Textual does for it."""

from __future__ import annotations

from textual.reactive import Reactive
from textual.widget import Widget


def quiet_focus() -> Reactive[Widget | None]:
    """A screen's ``focused``: Textual's paints the whole screen anew, and what looks different draws itself."""
    return Reactive(None, repaint=False)
