"""Help and palette: a searchable list of what keys can do; Enter runs it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from imagechat_tui.tui.commands import ActiveCommand, matching
from imagechat_tui.tui.dialogs.dialog import Dialog
from imagechat_tui.tui.widgets.key_line import KeyLine
from imagechat_tui.tui.widgets.rows import Rows, spread

NARROW, TINY = 50, 30
"""Columns below which there is no room for the group, and none for a column of keys."""


class CommandRows(Rows[ActiveCommand]):
    """Commands, one a line."""

    empty = "No command matches."
    can_focus = False

    def key_of(self, item: ActiveCommand) -> str:
        """The command's id."""
        return item.id

    def height_of(self, item: ActiveCommand, width: int) -> int:
        """One line, if its title fits."""
        return len(self.lines_of(item, width - 1))

    def lines_of(self, item: ActiveCommand, width: int) -> list[Text]:
        """Keys, what they do, and where if there is room."""
        if width < TINY:
            first = (item.keys.partition(" ")[0], self.ink("accent"))
            return self._wrapped(Text.assemble(first, " ", (item.title, self.ink("plain"))), width)
        column = 18 if width >= NARROW else 10
        keys = Text(item.keys, self.ink("accent"))
        keys.truncate(column, overflow="ellipsis", pad=True)
        group = Text(f"{item.group} " if width >= NARROW else "", self.ink("dim"))
        room = width - column - 1 - (group.cell_len + 1 if group else 0)
        title = self._wrapped(Text(item.title, self.ink("plain")), room)
        lines = [
            Text.assemble(start, " ", part)
            for start, part in zip_longest((keys,), title, fillvalue=" " * column)
        ]
        return [spread(lines[0], group, width), *lines[1:]] if group else lines

    def _wrapped(self, words: Text, width: int) -> list[Text]:
        return list(words.wrap(self.app.console, max(1, width)))


class CommandScreen(Dialog[ActiveCommand | None]):
    """A list of commands to look up or to run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+q", "close", "Close", show=False, priority=True),
        Binding("down,ctrl+n", "move(1)", "Next", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "Previous", show=False, priority=True),
        Binding("pagedown", "page(1)", "Page down", show=False, priority=True),
        Binding("pageup", "page(-1)", "Page up", show=False, priority=True),
    ]

    def __init__(self, title: str, help_text: str, commands: Sequence[ActiveCommand]) -> None:
        super().__init__()
        self._title = title
        self._help = help_text
        self._commands = tuple(commands)

    def compose(self) -> ComposeResult:
        """Title, search, list."""
        with Vertical(classes="dialog -tall"):
            yield Static(Content(self._title), classes="dialog--title")
            if self._help:
                yield Static(Content(self._help), classes="dialog--text")
            search = Input(placeholder="Type to search", id="search", compact=True)
            search.cursor_blink = False
            yield search
            yield CommandRows(id="commands")
            yield KeyLine(("Enter", "run"), ("Esc", "close"))

    def on_mount(self) -> None:
        """Show all; keys go to the search."""
        self._show("")
        self.query_one(Input).focus()

    def _show(self, words: str) -> None:
        rows = self.query_one(CommandRows)
        rows.items = matching(self._commands, words)
        rows.selected = rows.items[0].id if rows.items else None

    @on(Input.Changed)
    def _searched(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted)
    def _run(self) -> None:
        self.dismiss(self.query_one(CommandRows).item)

    @on(Rows.Chosen)
    def _chosen(self) -> None:
        self.dismiss(self.query_one(CommandRows).item)

    def action_move(self, step: int) -> None:
        """Select the next or previous command."""
        rows = self.query_one(CommandRows)
        rows.action_cursor_down() if step > 0 else rows.action_cursor_up()

    def action_page(self, step: int) -> None:
        """Half a page on or back."""
        self.query_one(CommandRows).action_half_page(step)

    def action_close(self) -> None:
        """Close without running any."""
        self.dismiss(None)
