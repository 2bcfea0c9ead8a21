"""Who looks at the picture now, all of them, by name; and who at the others, if there are several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from msgspec import Struct
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from imagechat_tui.commands import Context
from imagechat_tui.safetext import Kind, SafeText, safe_text
from imagechat_tui.sync.state import ChatState
from imagechat_tui.tui import symbols
from imagechat_tui.tui.commands import bindings, key_hint
from imagechat_tui.tui.dialogs.dialog import Dialog
from imagechat_tui.tui.dialogs.list_box import ListBox
from imagechat_tui.tui.person_colors import FirstSeen, assigned
from imagechat_tui.tui.widgets.bars import count
from imagechat_tui.tui.widgets.people import People, Person, initials, nobody_words, people_here
from imagechat_tui.tui.widgets.rows import Rows, spread

if TYPE_CHECKING:
    from imagechat_tui.protocol.routes import UsersOnline

ASKING: Final = "Asking who looks at the other pictures."
NOT_KNOWN: Final = "Who looks at the other pictures is not known."
NOBODY_ELSEWHERE: Final = "As far as is known nobody looks at another picture."


class Beside(Struct, frozen=True):
    """The pictures that can be gone through."""

    shown: int
    """The place of the one that is shown, from 0."""
    places: tuple[int, ...]
    name: Callable[[int], str]
    """What the one in a place is called."""

    def called(self, at: int) -> str:
        """The one in a place, with its number among them."""
        return f"{self.places.index(at) + 1}/{len(self.places)} {self.name(at)}"


class Looking(Struct, frozen=True):
    """Somebody and the picture that they look at, or several without a name."""

    person: Person
    picture: int | None = None
    """Its place; None: the one that is shown."""
    where: SafeText = SafeText("")
    """Its place in words, and its name."""


def people_elsewhere(
    told: Mapping[int, UsersOnline], beside: Beside, state: ChatState, order: Sequence[str] = ()
) -> list[tuple[int, Person]]:
    """Who looks at the other pictures, by the place of these, then by name; the asking person knows where they are.

    Those of one name are told apart from each other, and from all that this picture knows. They choose their colours
    behind those of this picture, whose ``order`` that is.
    """
    others = {at: online for at, online in sorted(told.items()) if at != beside.shown and at in beside.places}
    named = {user.id: user.display_name for online in others.values() for user in online.users}
    colors = assigned([*order, *sorted(named)])
    people = People({**named, **state.confirmed.names}, state.confirmed.me, colors)
    me = state.confirmed.me.id if state.confirmed.me is not None else None
    found: list[tuple[int, Person]] = []
    for at, online in others.items():
        versions = {one.user_id: one.versions for one in online.viewing}
        there = [
            Person(
                user.id, people.name_of(user.id), people.color_of(user.id), versions=versions.get(user.id, ())
            )
            for user in online.users
            if user.id != me
        ]
        found += [(at, person) for person in sorted(there, key=lambda person: person.name.lower())]
        unnamed = online.total_count - len(online.users)
        if unnamed > 0:
            word = "guest" if unnamed == online.anon_count else "other"
            found.append((at, Person("", SafeText(count(unnamed, word)), "dim")))
    return found


class PeopleRows(Rows[Looking]):
    """A line for each person: name, and what they look at."""

    def key_of(self, item: Looking) -> str:
        """The picture's place, and the user's id."""
        return f"{'' if item.picture is None else item.picture} {item.person.id}"

    def height_of(self, item: Looking, width: int) -> int:
        """One line."""
        return 1

    def lines_of(self, item: Looking, width: int) -> list[Text]:
        """The name; on this picture the version and the place of the crosshair, else which picture, and its version."""
        person = item.person
        who = Text(no_wrap=True)
        who.append(f"{initials(person.name) if person.id else '':<2} ", self.person(person.color))
        who.append(person.labels[0], self.ink("plain"))
        what = [", ".join(f"v{version}" for version in person.versions)]
        if person.at is not None:
            what.append(f"{person.at.x:.1f} %, {person.at.y:.1f} %")
        told = f" {symbols.DOT} ".join(words for words in what if words)
        where = Text(item.where, self.ink("dim"), no_wrap=True)
        end = Text(
            f"{f' {symbols.DOT} ' if told and item.where else ''}{told} ", self.ink("dim"), no_wrap=True
        )
        where.truncate(max(0, width * 3 // 5 - end.cell_len), overflow="ellipsis")
        return [spread(who, where.append_text(end), width)]


class HereScreen(Dialog[int | None]):
    """The list of people; it follows what is told while it is open. The answer is the place of a picture to show.

    Args:
        state: of the picture that is shown.
        beside: the pictures.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.HERE)

    def __init__(self, state: ChatState, beside: Beside) -> None:
        super().__init__()
        self._state = state
        self._beside = beside
        self._elsewhere: Mapping[int, UsersOnline] | None = {}
        self._note = Static(Content(ASKING), id="elsewhere", classes="dialog--text")
        hints = ([key_hint("list.open")] if len(beside.places) > 1 else []) + [key_hint("here.close")]
        self._box = ListBox("Here now", PeopleRows(id="people"), *hints, below=[self._note])
        self._first_seen = FirstSeen()

    def compose(self) -> ComposeResult:
        """The list, and under it what is not known."""
        yield self._box

    def on_mount(self) -> None:
        """Show the people."""
        self._show()
        self._box.begin()

    def show_state(self, state: ChatState) -> None:
        """Show the people of another state."""
        self._state = state
        self._show()

    def show_elsewhere(self, told: Mapping[int, UsersOnline] | None) -> None:
        """Show who looks at the other pictures, or that it is not known."""
        self._elsewhere = told
        self._note.update(Content(NOT_KNOWN if told is None else NOBODY_ELSEWHERE))
        self._show()

    def _show(self) -> None:
        state, beside = self._state, self._beside
        order = self._first_seen.of(state)
        here = people_here(state, People(state.confirmed.names, state.confirmed.me, assigned(order)))
        elsewhere = people_elsewhere(self._elsewhere or {}, beside, state, order)
        self._box.rows.show_empty(f"{nobody_words(state)}.")
        self._box.rows.items = [
            *map(Looking, here),
            *(Looking(person, at, safe_text(beside.called(at), Kind.LINE)) for at, person in elsewhere),
        ]
        self._note.display = len(beside.places) > 1 and not elsewhere

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        item = self._box.rows.item
        self.dismiss(None if item is None else item.picture)

    def action_close(self) -> None:
        """Back to the picture."""
        self.dismiss(None)
