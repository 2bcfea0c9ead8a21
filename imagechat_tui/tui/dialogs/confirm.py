"""A question before something is lost."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from imagechat_tui.commands import Context
from imagechat_tui.safetext import SafeText
from imagechat_tui.tui.commands import bindings, key_hint
from imagechat_tui.tui.dialogs.dialog import Dialog
from imagechat_tui.tui.widgets.key_line import KeyLine


class ConfirmScreen(Dialog[bool]):
    """Yes or no; Esc is no."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.CONFIRM)

    def __init__(self, question: str, about: SafeText, *, yes: str, no: str = "keep", note: str = "") -> None:
        super().__init__()
        self._note = note
        self._question = question
        self._about = about
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        """The question, what it is about, and the keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._question), classes="dialog--title")
            if self._about:
                yield Static(Content(self._about), classes="dialog--quote")
            if self._note:
                yield Static(Content(self._note), classes="dialog--text")
            yield KeyLine(key_hint("confirm.yes", self._yes), key_hint("confirm.no", self._no))

    def action_answer(self, yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(yes)
