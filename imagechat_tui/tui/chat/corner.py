"""The corner of the app's screen, as Textual has it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from textual.app import App
from textual.notifications import Notification

from imagechat_tui.tui.chat.notices import Notice
from imagechat_tui.tui.textual_internals.corner_notes import show, take_back, tells_failure

FAILURE_S: Final = 8.0
LASTING_S: Final = 12.0
HINT_S: Final = 4.0
"""How long a notice stays."""


class AppCorner:
    """Shows notices as Textual's notifications, over whatever screen is on top."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app

    @property
    def has_failure(self) -> bool:
        """Whether one of them is about a failure."""
        return tells_failure(self._app)

    def show(self, notice: Notice) -> None:
        """Show one below those that are there; it goes by itself."""
        note = Notification(
            notice.sentence,
            notice.title,
            "error" if notice.failure else "information",
            timeout=FAILURE_S if notice.failure else LASTING_S if notice.lasting else HINT_S,
            markup=False,
        )
        show(self._app, note)

    def withdraw(self, titles: Collection[str]) -> None:
        """Take those with these titles away."""
        take_back(self._app, titles)

    def clear(self) -> None:
        """Take all of them away."""
        self._app.clear_notifications()
