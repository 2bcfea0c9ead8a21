"""The text that is being written: Enter sends, Ctrl+J breaks the line, Esc leaves and keeps the draft."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import TextArea
from textual.widgets.text_area import Location

from imagechat_tui.commands import Context
from imagechat_tui.tui.commands import bindings
from imagechat_tui.tui.messages import EditorLeft, EditorSent, EditorStepped


class Editor(TextArea):
    """A text area whose Enter sends."""

    BINDING_GROUP_TITLE = "Writing"
    HELP = (
        "Enter sends. Esc closes and keeps what you typed as a draft; it is never sent by itself. "
        "Behind @ names are offered: Tab and the arrows choose, Enter takes one, Esc closes the list."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Context.WRITING),
        Binding("tab", "tab", "Next name, or close and keep the draft", show=False, priority=True),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, soft_wrap=True, tab_behavior="focus", show_line_numbers=False)
        self.cursor_blink = False
        self.highlight_cursor_line = False
        self.offers_names = False
        """Whether a list of names is open: keys choose from it."""

    def action_submit(self) -> None:
        """Send what is written."""
        self.post_message(EditorSent())

    def action_leave(self) -> None:
        """Leave; the draft is kept."""
        self.post_message(EditorLeft())

    def action_tab(self) -> None:
        """Choose the next name, or leave where none is offered."""
        self.post_message(EditorStepped(1) if self.offers_names else EditorLeft())

    def action_cursor_down(self, select: bool = False) -> None:
        """As a text area does; where names are offered choose the next one."""
        if self.offers_names:
            self.post_message(EditorStepped(1))
        else:
            super().action_cursor_down(select)

    def action_cursor_up(self, select: bool = False) -> None:
        """As a text area does; where names are offered choose the one before."""
        if self.offers_names:
            self.post_message(EditorStepped(-1))
        else:
            super().action_cursor_up(select)

    def action_new_line(self) -> None:
        """Put a line break at the cursor."""
        self.insert("\n")

    def type_in(self, text: str) -> Location:
        """Put in what was typed, as key after key would: in the place of what is selected; where it ends."""
        return self.replace(text, *self.selection, maintain_selection_offset=False).end_location

    def on_paste(self, event: events.Paste) -> None:
        """Put it in; whatever it holds, it never sends. Carriage returns would look like line ends sent."""
        event.stop()
        event.prevent_default()
        end = self.type_in(replace_line_ends(event.text))
        self.move_cursor(end)
        self.focus()


def replace_line_ends(text: str) -> str:
    """All line ends as line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
