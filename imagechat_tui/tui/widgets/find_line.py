"""The line in which one types what to look for, in the place of the status line."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static


class FindLine(Horizontal):
    """A label, the text, and what there is to say of it. It has a place on the screen while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave it", show=False),
        Binding("tab", "enter", "Keep it", show=False),
    ]

    class Typed(Message):
        """The text is another."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Entered(Message):
        """The text is as it is meant."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """It is not meant."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._back: Widget | None = None
        """What had the keys before."""

    def _set_up(self) -> None:
        """Put the parts in, once: an input is not needed before the first paint."""
        if self.children:
            return
        from imagechat_tui.tui.widgets.find_input import FindInput

        text = FindInput(
            placeholder="words  #7  is:open  is:unread  by:anna  mentions:me", id="find-text", compact=True
        )
        text.cursor_blink = False
        self.mount(Static(id="find-label", markup=False), text, Static(id="find-note", markup=False))

    @property
    def _input(self) -> Input:
        return self.query_one("#find-text", Input)

    @property
    def text(self) -> str:
        """What is typed."""
        return self._input.value

    @property
    def has_keys(self) -> bool:
        """Whether keys go to it."""
        return bool(self.children) and self._input.has_focus

    def begin(self, label: str, text: str) -> None:
        """Have a text behind a label, and give it the keys."""
        self._set_up()
        self._back = self.screen.focused
        self.query_one("#find-label", Static).update(Content(f" {label} "))
        self.show_note("")
        self._input.value = text
        self._input.cursor_position = len(text)
        self.screen.add_class("-finding")
        self.screen.set_focus(self._input, scroll_visible=False)  # at once: letters may be waiting

    def show_note(self, note: str) -> None:
        """Say something behind the text."""
        self.query_one("#find-note", Static).update(Content(f" {note} " if note else ""))

    def end(self) -> None:
        """Take the line away; keys go back to where they went, unless they go elsewhere already."""
        self.screen.remove_class("-finding")
        if self.has_keys:
            self.screen.set_focus(self._back, scroll_visible=False)
        self._back = None

    def action_enter(self) -> None:
        """Keep what is typed."""
        self.post_message(self.Entered(self.text))

    def action_leave(self) -> None:
        """Leave it as it was before."""
        self.post_message(self.Left())

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_enter()
