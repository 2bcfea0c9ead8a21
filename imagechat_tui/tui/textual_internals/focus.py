"""What has the focus, where Textual does not do what we need."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.reactive import Reactive
from textual.widget import Widget


def quiet_focus() -> Reactive[Widget | None]:
    """A screen's ``focused``: Textual's paints the whole screen anew, and what looks different draws itself."""
    return Reactive(None, repaint=False)


def take_focus(app: App[Any]) -> None:
    """Somebody is here: have the terminal's focus, and something on the screen has the keys.

    Textual gives back what it took when the terminal lost the focus. What opened without it, in a window that nobody
    looked at, never had any, and what had it may be gone: then it is as if the screen was opened now.
    """
    app.app_focus = True
    screen = app.screen
    if screen.focused is None:
        seen = screen.focus_chain
        wanted = app.AUTO_FOCUS if screen.AUTO_FOCUS is None else screen.AUTO_FOCUS
        first = [widget for widget in (screen.query(wanted) if wanted else ()) if widget in seen]
        screen.set_focus(next(iter(first or seen), None), scroll_visible=False)
