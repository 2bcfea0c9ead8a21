"""Who looks at the picture now, all of them, by name."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from imagechat_tui.commands import Context
from imagechat_tui.sync.state import ChatState
from imagechat_tui.tui.commands import bindings, key_hint
from imagechat_tui.tui.dialogs.dialog import Dialog
from imagechat_tui.tui.widgets.key_line import KeyLine
from imagechat_tui.tui.widgets.people import People, Person, initials, nobody_words, people_here
from imagechat_tui.tui.widgets.rows import Rows, spread


class PeopleRows(Rows[Person]):
    """A line for each person: name, and where the crosshair is."""

    def key_of(self, item: Person) -> str:
        """The user's id."""
        return item.id

    def height_of(self, item: Person, width: int) -> int:
        """One line."""
        return 1

    def lines_of(self, item: Person, width: int) -> list[Text]:
        """The name, and the place of the crosshair where it is known."""
        who = Text(no_wrap=True)
        who.append(f"{initials(item.name):<2} ", self.person(item.id))
        who.append(item.labels[0], self.ink("plain"))
        at = item.at
        where = f"{at.x:.1f} %, {at.y:.1f} % " if at is not None else ""
        return [spread(who, Text(where, self.ink("dim")), width)]


class HereScreen(Dialog[None]):
    """The list of people; it follows the state while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.HERE)

    def __init__(self, state: ChatState) -> None:
        super().__init__()
        self._state = state

    def compose(self) -> ComposeResult:
        """Title, list, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content("Here now"), classes="dialog--title")
            yield PeopleRows(id="people")
            yield KeyLine(key_hint("here.close"))

    def on_mount(self) -> None:
        """Show the people; keys go to their list."""
        self.show_state(self._state)
        rows = self.query_one(PeopleRows)
        rows.action_first()
        rows.focus()

    def show_state(self, state: ChatState) -> None:
        """Show the people of another state."""
        rows = self.query_one(PeopleRows)
        rows.show_empty(f"{nobody_words(state)}.")
        rows.items = people_here(state, People(state.confirmed.names, state.confirmed.me))

    def action_close(self) -> None:
        """Back to the picture."""
        self.dismiss(None)
