"""The notes in the corner that are shown, and taking them back by what they say."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Final

from textual.app import App
from textual.notifications import Notification

from imagechat_tui.tui.textual_internals.probe import Feature, supported

KNOWN: Final = supported(Feature.NOTES)


def show(app: App[Any], note: Notification) -> None:
    """Show a note at once: by a message, as ``notify`` does it, the next one would not find it yet."""
    if KNOWN:
        app._notifications.add(note)
        app._refresh_notifications()
    else:
        app.notify(
            note.message, title=note.title, severity=note.severity, timeout=note.timeout, markup=note.markup
        )


def tells_failure(app: App[Any]) -> bool:
    """Whether one of the notes is of a failure."""
    if not KNOWN:
        return bool(app.screen.query("Toast.-error"))
    return any(note.severity == "error" for note in app._notifications)


def take_back(app: App[Any], titles: Container[str]) -> None:
    """Take back the notes of these titles; where Textual does not let us, they go when their time is over."""
    if KNOWN:
        for note in [*app._notifications]:
            if note.title in titles:
                app._unnotify(note)
