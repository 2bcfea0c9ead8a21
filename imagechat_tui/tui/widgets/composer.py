"""Where a comment is written: what it is for, the text, and what the keys do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace
from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from imagechat_tui.sync.intents import TextWrite
from imagechat_tui.tui import symbols
from imagechat_tui.tui.messages import EditorLeft, EditorSent, EditorStepped
from imagechat_tui.tui.name_completion import NameCompletion

if TYPE_CHECKING:
    from textual.widgets import TextArea

    from imagechat_tui.tui.widgets.editor import Editor
    from imagechat_tui.tui.widgets.people import People


NAMES_AT_MOST: Final = 4
"""Lines for names behind ``@``."""


class Composer(Vertical):
    """A text on its way to a target: a new marker, a reply, an edit."""

    note: reactive[str] = reactive("", init=False)
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
        """The person changed the text."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.target: TextWrite | None = None
        """What the text would become; its own text is not looked at."""
        self.draft_id: str | None = None
        """The write that was not saved and whose text this is."""
        self.tried: str | None = None
        """The text that write had."""
        self._names = NameCompletion()

    def set_up(self) -> None:
        """Put the parts in, once. Not before the first paint: a text area costs 15 ms (measured)."""
        if self.children:
            return
        from imagechat_tui.tui.widgets.editor import Editor

        self.mount(
            Static(id="composer-title", markup=False),
            Editor(id="editor"),
            Static(id="composer-names", markup=False),
            Static(id="composer-note", markup=False),
            Static(id="composer-keys", markup=False),
        )

    @property
    def editor(self) -> Editor:
        """The widget that holds the text; it must have been set up."""
        from imagechat_tui.tui.widgets.editor import Editor

        return self.query_one("#editor", Editor)

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
        self.set_up()
        self.target = target
        self.draft_id = draft_id
        self.tried = text if draft_id is not None else None
        self.note = ""
        self.query_one("#composer-title", Static).update(Content(title))
        editor = self.editor
        editor.load_text(text)
        editor.move_cursor(editor.document.end)
        self._names.begin(*self._before_cursor)
        self._show_names()
        self.screen.set_focus(editor, scroll_visible=False)  # at once: letters may be waiting

    def end(self) -> None:
        """Stop writing, and forget the text."""
        self.target = self.draft_id = self.tried = None
        self.note = ""
        self.editor.load_text("")
        self._names.forget()
        self._show_names()

    def show_people(self, people: People) -> None:
        """These people can be called behind ``@``; a list of names that is open stays as it is."""
        self._names.know(people.offers)

    def insert(self, text: str) -> None:
        """Put more into the text."""
        self.editor.insert(text)

    def show_note(self, note: str) -> None:
        """Say something below the text."""
        self.note = note

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
        """Name as many keys, and people, as there is room for."""
        if self._names.is_open:
            self._show_names()
        self._show_keys()

    def _show_keys(self) -> None:
        width = self.size.width
        dot = f" {symbols.DOT} "
        keys, *more = (
            (f"{self._names.place}{dot}Enter take", f"{dot}Tab next", f"{dot}Esc close")
            if self._names.is_open
            else ("Enter send", f"{dot}Esc keep", " draft", f"{dot}Ctrl+J new line")
        )
        for part in more:
            if len(keys) + len(part) + 2 > width:
                break
            keys += part
        self.query_one("#composer-keys", Static).update(Content(keys))

    # -- names

    def _offer_names(self) -> None:
        """Offer the names that fit what stands before the cursor."""
        self._names.follow(*self._before_cursor)
        self._show_names()

    @property
    def _before_cursor(self) -> tuple[int, str]:
        line, column = self.editor.cursor_location
        return line, self.editor.document.get_line(line)[:column]

    def _show_names(self) -> None:
        names, was_open = self._names, self.editor.offers_names
        self.editor.offers_names = names.is_open
        if not names.is_open and not was_open:
            return
        rows = [
            Content.assemble((symbols.CURSOR if chosen else " ", "$accent"), (name, "bold" if chosen else ""))
            for name, chosen in names.rows(self._room_for_names)
        ]
        shown = self.query_one("#composer-names", Static)
        shown.display = names.is_open
        shown.update(Content("\n").join(rows))
        self._show_keys()

    @property
    def _room_for_names(self) -> int:
        """How many lines names may have: text, title and keys keep theirs, and the list above two."""
        around = self.parent
        lines = around.size.height if isinstance(around, Widget) else 0
        return min(NAMES_AT_MOST, max(1, lines - self.editor.size.height - 5))

    def _take_name(self) -> None:
        editor = self.editor
        line, column = editor.cursor_location
        begins, text = self._names.take()
        if not editor.document.get_line(line)[column:].startswith(" "):
            text += " "
        end = editor.replace(
            text, (line, begins), (line, column), maintain_selection_offset=False
        ).end_location
        editor.move_cursor(end)
        self._show_names()

    @on(EditorStepped)
    def _stepped(self, event: EditorStepped) -> None:
        event.stop()
        self._names.step(event.step)
        self._show_names()

    # -- what the text says

    @on(EditorSent)
    def _sent(self, event: EditorSent) -> None:
        event.stop()
        write = self.write
        if write is None:
            return
        if self._names.is_open:
            self._take_name()
            return
        if not write.text.strip():
            self.note = "Nothing to send yet. Esc closes."
            return
        self.post_message(self.Submitted(write))

    @on(EditorLeft)
    def _left(self, event: EditorLeft) -> None:
        event.stop()
        if self._names.is_open:
            self._names.close()
            self._show_names()
        else:
            self.leave()

    @property
    def takes_keys(self) -> bool:
        """Whether the text is being written: letters go into it."""
        return self.target is not None and self.editor.has_focus

    def leave(self) -> None:
        """Stop writing, as Esc does: the text is kept."""
        write = self.write
        if write is not None:
            self.post_message(self.Left(write))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Tell that the text changed, while it is being written."""
        event.stop()
        if self.target is not None:
            self._offer_names()
            self.post_message(self.Typed())

    def on_text_area_selection_changed(self, event: TextArea.SelectionChanged) -> None:
        """The cursor is somewhere else."""
        event.stop()
        if self.target is not None:
            self._offer_names()
