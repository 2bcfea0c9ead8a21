"""Where a comment is written: Enter sends, Ctrl+J breaks the line, Esc leaves and keeps the draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, TypeAlias

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static, TextArea

from imagechat_tui.sync.intents import EditComment, PostComment, StartConversation
from imagechat_tui.tui import symbols

TextWrite: TypeAlias = StartConversation | PostComment | EditComment
"""The writes that carry what a person typed."""


class Editor(TextArea):
    """The text itself."""

    BINDING_GROUP_TITLE = "Writing"
    HELP = "Enter sends. Esc leaves; what you typed is kept as a draft and is never sent by itself."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,ctrl+s", "submit", "Send", id="write.send", show=False, priority=True),
        Binding("ctrl+j", "new_line", "New line", id="write.new-line", show=False, priority=True),
        Binding("escape", "leave", "Leave, keep the draft", id="write.leave", show=False, priority=True),
        Binding("tab", "leave", "Leave, keep the draft", show=False, priority=True),
    ]

    class Sent(Message):
        """Enter."""

    class Left(Message):
        """Esc."""

    def action_submit(self) -> None:
        """Send what is written."""
        self.post_message(self.Sent())

    def action_leave(self) -> None:
        """Leave; the draft is kept."""
        self.post_message(self.Left())

    def action_new_line(self) -> None:
        """Break the line."""
        self.insert("\n")

    async def _on_paste(self, event: events.Paste) -> None:
        # Pasted text only ever inserts, whatever it holds; carriage returns would look like line ends sent.
        pasted = replace_line_ends(event.text)
        await super()._on_paste(events.Paste(pasted))
        event.stop()
        event.prevent_default()


def replace_line_ends(text: str) -> str:
    """All line ends as line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class Composer(Vertical):
    """A text on its way to a target: a new marker, a reply, an edit."""

    note: reactive[str] = reactive("")
    """Why it was not sent; empty while there is nothing to say."""

    class Submitted(Message):
        """The person wants this sent."""

        def __init__(self, write: TextWrite) -> None:
            super().__init__()
            self.write = write

    class Left(Message):
        """The person leaves; ``write`` holds what was typed."""

        def __init__(self, write: TextWrite) -> None:
            super().__init__()
            self.write = write

    class Typed(Message):
        """The text changed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.target: TextWrite | None = None
        """What the text would become; its own text is not looked at."""
        self.draft_id: str | None = None
        """The write that was not saved and whose text this is."""
        self.tried: str | None = None
        """The text that write had."""

    def compose(self) -> ComposeResult:
        """What it is for, the text, and what the keys do."""
        yield from self._parts()

    def _parts(self) -> Iterator[Static | Editor]:
        yield Static(id="composer-title", markup=False)
        editor = Editor(id="editor", soft_wrap=True, tab_behavior="focus", show_line_numbers=False)
        editor.cursor_blink = False
        editor.highlight_cursor_line = False
        yield editor
        yield Static(id="composer-note", markup=False)
        yield Static(id="composer-keys", markup=False)

    @property
    def editor(self) -> Editor:
        """The text widget."""
        return self.query_one(Editor)

    @property
    def write(self) -> TextWrite | None:
        """What would be sent now; None while nothing is being written."""
        return None if self.target is None else replace(self.target, text=self.editor.text.rstrip())

    def begin(self, target: TextWrite, title: str, text: str, *, draft_id: str | None = None) -> None:
        """Start writing.

        Args:
            target: the write, whatever text it holds.
            title: what it is for, harmless.
            text: what stands in the editor to begin with.
            draft_id: the write that was not saved and whose text this is.
        """
        self.target = target
        self.draft_id = draft_id
        self.tried = text if draft_id is not None else None
        self.note = ""
        self.query_one("#composer-title", Static).update(Content(title))
        editor = self.editor
        editor.load_text(text)
        editor.move_cursor(editor.document.end)
        self.screen.set_focus(editor, scroll_visible=False)  # at once: letters may be waiting

    def end(self) -> None:
        """Stop writing, and forget the text."""
        self.target = self.draft_id = self.tried = None
        self.note = ""
        self.editor.load_text("")

    def refused(self, why: str, draft_id: str) -> None:
        """Say that it was not sent; the text stays where it is."""
        self.note = why
        self.draft_id = draft_id
        self.tried = self.editor.text.rstrip()

    def watch_note(self, note: str) -> None:
        """Show the reason, or nothing."""
        line = self.query_one("#composer-note", Static)
        line.display = bool(note)
        line.update(Content(note))

    def on_resize(self) -> None:
        """Name as many keys as there is room for."""
        width = self.size.width
        keys = "Enter send"
        for more in (f" {symbols.DOT} Esc keep", " draft", f" {symbols.DOT} Ctrl+J new line"):
            if len(keys) + len(more) + 2 > width:
                break
            keys += more
        self.query_one("#composer-keys", Static).update(Content(keys))

    @on(Editor.Sent)
    def _sent(self, event: Editor.Sent) -> None:
        event.stop()
        write = self.write
        if write is None:
            return
        if not write.text.strip():
            self.note = "There is nothing to send yet. Esc leaves."
            return
        self.post_message(self.Submitted(write))

    @on(Editor.Left)
    def _left(self, event: Editor.Left) -> None:
        event.stop()
        write = self.write
        if write is not None:
            self.post_message(self.Left(write))

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self.target is not None:
            self.post_message(self.Typed())
