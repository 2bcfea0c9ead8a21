"""Facts in a small table: of a marker, of the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from imagechat_tui.commands import Context
from imagechat_tui.sync.state import ChatState
from imagechat_tui.tui.commands import bindings, key_hint
from imagechat_tui.tui.dialogs.dialog import Dialog
from imagechat_tui.tui.widgets.key_line import KeyLine

Facts: TypeAlias = "list[tuple[str, str]]"
"""Names and values as they are shown."""


class FactsScreen(Dialog[bool]):
    """The table; any of the closing keys ends it. The answer is whether the picture shall start anew.

    Args:
        title: what it is about.
        shown: the facts.
        follow: the facts as of another state; None: they stay as they are.
        offers_anew: whether they are of a picture that can have a room of its own.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Context.DETAILS), *bindings(Context.THIS_PICTURE)]

    def __init__(
        self,
        title: str,
        shown: Facts,
        follow: Callable[[ChatState], Facts] | None = None,
        *,
        offers_anew: bool = False,
    ) -> None:
        super().__init__()
        self._title = title
        self._shown = shown
        self._follow = follow
        self._offers_anew = offers_anew

    def compose(self) -> ComposeResult:
        """One line for each fact."""
        with VerticalScroll(classes="dialog"):
            yield Static(Content(self._title), classes="dialog--title")
            yield Static(table(self._shown), id="facts")
            anew = [key_hint("image.anew", "a room of its own")] if self._offers_anew else []
            yield KeyLine(key_hint("details.close"), *anew)

    def show_state(self, state: ChatState) -> None:
        """Show what another state tells."""
        if self._follow is not None:
            self.query_one("#facts", Static).update(table(self._follow(state)))

    def action_read(self, lines: int) -> None:
        """Scroll, where not everything fits."""
        self.query_one(VerticalScroll).scroll_relative(y=lines)

    def action_close(self) -> None:
        """Back to the picture."""
        self.dismiss(False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Other details know no such key."""
        return self._offers_anew if action == "anew" else super().check_action(action, parameters)

    def action_anew(self) -> None:
        """On to a room of its own."""
        self.dismiss(True)


def table(shown: Facts) -> Content:
    """Names in a column, values beside them; a name that is the one above is not said again."""
    wide = max(len(name) for name, _ in shown)
    before = ["", *(name for name, _ in shown)]
    lines = (
        Content.assemble((f"{name if name != above else '':<{wide}}  ", "$dim"), value)
        for (name, value), above in zip(shown, before, strict=False)
    )
    return Content("\n").join(lines)
