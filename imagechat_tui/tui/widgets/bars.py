"""The lines at the edges: header, presence, and the status line at the bottom."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from imagechat_tui.commands import BY_ID
from imagechat_tui.protocol.models import Point
from imagechat_tui.safetext import SafeText
from imagechat_tui.sync.state import Phase
from imagechat_tui.tui import symbols
from imagechat_tui.tui.keys import key_label
from imagechat_tui.tui.widgets.people import Person
from imagechat_tui.words import phase_words

SEPARATOR = f" {symbols.DOT} "

HELP_KEYS = [key_label(key) for key in BY_ID["app.help"].keys.split(",")]
KEYS = HELP_KEYS[0], key_label(BY_ID["app.back"].keys)
"""For help, and to go back or quit."""
APART_AT_LEAST = 8
"""Cells between two changes of a line that are written each by itself: a move of the cursor takes as many bytes."""
KEYS_WHILE_TYPING = HELP_KEYS[-1], key_label(BY_ID["app.quit"].keys)
"""For help and to quit, while letters are text or continue what was begun."""


BEHIND_NAME = ("project", "version", "size", "tenant")
"""What the header has behind the picture's name, as far as there is room."""


class HeaderFacts(Struct, frozen=True):
    """What the header shows."""

    name: SafeText
    size: str
    """Pixels, ``1440×1000``; empty until known."""
    tenant: SafeText
    phase: Phase
    project: SafeText = SafeText("")
    """The one that the picture is of, in its short form; empty if it is of none."""
    version: str = ""
    """``v3``, if there are several."""
    here: int = 0
    """People in the room."""
    markers: int | None = 0
    """None while it is not known."""
    unread: int = 0
    drafts: int = 0
    """Typed and not sent."""
    failed: int = 0
    """Tried and not saved."""
    unread_beside: int = 0
    """On the other pictures."""
    place: str = ""
    """Which of several pictures it is, ``3/14``."""


def unread_words(facts: HeaderFacts) -> str:
    """How much is unread here, and on the other pictures; empty if nothing is."""
    beside = facts.unread_beside
    if not beside:
        return f"{facts.unread} unread" if facts.unread else ""
    return f"{facts.unread} unread, {beside} elsewhere" if facts.unread else f"{beside} unread elsewhere"


def count(number: int, thing: str) -> str:
    """ "1 marker", "2 markers"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


class HeaderBar(Widget):
    """Which picture, how the link is, who is here, what there is. What matters least goes first when narrow."""

    def __init__(self, facts: HeaderFacts, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._facts = facts

    @property
    def facts(self) -> HeaderFacts:
        """What it shows."""
        return self._facts

    @facts.setter
    def facts(self, facts: HeaderFacts) -> None:
        if facts != self._facts:
            self._facts = facts
            self.refresh()

    def render(self) -> Content:
        """One line, as wide as the screen."""
        facts = self._facts
        width = self.size.width
        state = phase_words(facts.phase)
        optional = [  # most important first
            ("failed", f"{facts.failed} not saved" if facts.failed else ""),
            ("markers", count(facts.markers, "marker") if facts.markers is not None else ""),
            ("drafts", count(facts.drafts, "draft") if facts.drafts else ""),
            ("unread", unread_words(facts)),
            ("here", f"{facts.here} here" if facts.here else ""),
            ("version", facts.version),
            ("project", facts.project),
            ("size", facts.size),
            ("tenant", facts.tenant),
        ]
        kept: dict[str, str] = {}
        place = f"{facts.place} " if facts.place else ""
        room = width - 3 - len(state) - len(place)
        name_cells = cell_len(facts.name)
        for key, words in optional:
            # The picture's name gives way to what must be known, but not to what is nice to know.
            reserved = name_cells if key in BEHIND_NAME else min(name_cells, max(4, width // 4))
            cells = cell_len(words) + len(SEPARATOR)
            if words and cells <= room - reserved:
                kept[key] = words
                room -= cells
        right: list[tuple[str, str]] = [(state, "" if facts.phase is Phase.LIVE else "bold $accent")]
        for key in ("here", "markers", "unread", "drafts", "failed"):
            if key in kept:
                ink = {"failed": "bold $error", "unread": "$accent", "drafts": "$accent"}.get(key, "")
                right += [(SEPARATOR, "$dim"), (kept[key], ink)]
        left = [(SEPARATOR + kept[key], "$dim") for key in BEHIND_NAME if key in kept]
        used = sum(cell_len(words) for words, _ in (*left, *right)) + 2 + len(place)
        name = fitted(facts.name, max(0, width - used - 1))
        gap = max(1, width - used - cell_len(name))
        return Content.assemble(" ", (place, "$dim"), (name, "bold"), *left, " " * gap, *right, " ")


def fitted(text: str, cells: int) -> str:
    """A text cut to at most so many cells, with an ellipsis if it was cut."""
    if cell_len(text) <= cells:
        return text
    return set_cell_size(text, cells - 1).rstrip() + symbols.ELLIPSIS if cells > 1 else ""


class PresenceBar(Widget):
    """Who looks at the picture now: names or initials, the asking person first."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._people: tuple[Person, ...] = ()
        self._nobody = "Presence unavailable"

    @property
    def nobody(self) -> str:
        """What it says while it shows nobody."""
        return self._nobody

    @nobody.setter
    def nobody(self, words: str) -> None:
        if words != self._nobody:
            self._nobody = words
            self.refresh()

    @property
    def people(self) -> tuple[Person, ...]:
        """In the order of their places."""
        return self._people

    @people.setter
    def people(self, people: Sequence[Person]) -> None:
        if tuple(people) != self._people:
            self._people = tuple(people)
            self.refresh()

    def render(self) -> Content:
        """As many names as fit, then how many more."""
        if not self._people:
            return Content.assemble((f" {self.nobody}", "$dim"))
        parts: list[str | tuple[str, str]] = [" "]
        room = self.size.width - 2
        for shown, person in enumerate(self._people):
            left = len(self._people) - shown
            reserve = 2 + (0 if left == 1 else 5)
            fitting = (label for label in person.labels if cell_len(label) + 2 <= room - reserve)
            label = next(fitting, None)
            if label is None:
                parts.append((f"+{left}", "$dim"))
                break
            parts += [(symbols.UNREAD, f"${person.color}"), f" {label}  "]
            room -= cell_len(label) + 4
        return Content.assemble(*parts)


class StatusFacts(Struct, frozen=True):
    """What the status line shows."""

    pane: str = ""
    """Where keys go: PICTURE, THREADS, THREAD, WRITING."""
    crosshair: Point | None = None
    zoom: float = 1.0
    round_trip_s: float | None = None
    """To the server and back; over SSH it says nothing of the way to the terminal."""
    typing: bool = False
    """Whether letters are text now, or continue what was begun, so that help and quit need other keys."""
    begun: bool = False
    """Whether a key was pressed that others have to follow."""
    markers: str = "all"
    """Which markers the picture shows: all, open, none."""
    hidden: int = 0
    """How many threads the filter hides."""
    placing: str = ""
    """How far it is with looking for markers on another version; empty while nobody does."""
    leaving: str = "quit"
    """What ``q`` does: quit or back."""
    hints: tuple[tuple[str, str], ...] = ()
    """Keys and what they do, the most important first."""


class StatusBar(Widget):
    """Where keys go, where the crosshair is, and which keys matter now. Never without help and quit."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._facts = StatusFacts()

    @property
    def facts(self) -> StatusFacts:
        """What it shows."""
        return self._facts

    @facts.setter
    def facts(self, facts: StatusFacts) -> None:
        before, self._facts = self.render(), facts
        after = self.render()
        if (len(before), before.spans) != (len(after), after.spans):
            self.refresh()
            return
        # A step of the crosshair rewrites its figures, and perhaps a word, and nothing else.
        for start, end in changed_runs(before.plain, after.plain):
            place = cell_len(after.plain[:start])
            self.refresh(Region(place, 0, cell_len(after.plain[start:end]), 1))

    def _chip(self, facts: StatusFacts) -> str:
        return f" {facts.pane if self.size.width >= 40 else facts.pane[:1]} "

    def _place(self, facts: StatusFacts) -> str:
        """Where the crosshair is, and how it stands; the round trip gives way to keys."""
        place = self._place_with(facts, round_trip_s=facts.round_trip_s)
        help_key, quit_key = KEYS_WHILE_TYPING if facts.typing else KEYS
        keys = sum(cell_len(key) + cell_len(words) + 3 for key, words in facts.hints)
        room = self.size.width - len(self._chip(facts)) - cell_len(place) - 3
        if keys + len(help_key) + len(quit_key) + 12 <= room:
            return place
        return self._place_with(facts, round_trip_s=None)

    def _place_with(self, facts: StatusFacts, round_trip_s: float | None) -> str:
        width = self.size.width
        hidden = f"{facts.hidden} hidden"
        if width < 60 and facts.hidden:
            return hidden
        if facts.crosshair is None or width < 30 or (facts.begun and width < 120):
            return ""
        digits = 1 if width >= 60 else 0
        place = f"{facts.crosshair.x:{3 + digits}.{digits}f} %, {facts.crosshair.y:{3 + digits}.{digits}f} %"
        if width >= 60:
            place += f"{SEPARATOR}{facts.zoom:.3g}{symbols.TIMES}"
        if width >= 80 and round_trip_s is not None:
            place += f"{SEPARATOR}server {round_trip(round_trip_s)}"
        if width >= 60 and facts.placing:
            place += f"{SEPARATOR}{facts.placing}"
        if width >= 60 and facts.markers != "all":
            place += f"{SEPARATOR}{'no' if facts.markers == 'none' else facts.markers} markers"
        if facts.hidden:
            place += f"{SEPARATOR}{hidden}"
        return place

    def render(self) -> Content:
        """One line, as wide as the screen."""
        facts, width = self._facts, self.size.width
        chip, place = self._chip(facts), self._place(facts)
        room = width - len(chip) - cell_len(place) - 3
        help_key, quit_key = KEYS_WHILE_TYPING if facts.typing else KEYS
        leaving = "quit" if facts.typing else facts.leaving
        named = len(help_key) + len(quit_key) + 12 <= room
        if facts.begun:  # all that may follow is told first: nothing else tells it
            told = sum(cell_len(key) + cell_len(words) + 3 for key, words in facts.hints)
            named = named and told + len(help_key) + len(quit_key) + 12 <= room
        room -= len(help_key) + len(quit_key) + (12 if named else 1)
        hints: list[str | tuple[str, str]] = []
        for key, words in facts.hints:
            cells = cell_len(key) + 1 + cell_len(words) + 2
            if cells > room:
                break
            hints += [(key, "bold"), (f" {words}  ", "$dim")]
            room -= cells
        keys = [
            (help_key, "bold"), (" help  " if named else " ", "$dim"),
            (quit_key, "bold"), (f" {leaving}" if named else "", "$dim"),
        ]  # fmt: skip
        return Content.assemble(
            (chip, "$background on $accent"), " ", place, " " * max(1, room + 1), *hints, *keys, " "
        )


def changed_runs(before: str, after: str) -> list[tuple[int, int]]:
    """Where two texts of one length differ: starts and ends. What is hardly apart is one run, cheaper to write."""
    runs: list[tuple[int, int]] = []
    for at, (old, new) in enumerate(zip(before, after, strict=True)):
        if old != new:
            start = runs.pop()[0] if runs and at - runs[-1][1] < APART_AT_LEAST else at
            runs.append((start, at + 1))
    return runs


def round_trip(seconds: float) -> str:
    """A measured round trip, coarse enough to stand still on a steady link."""
    ms = seconds * 1000
    for step in (5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 2000):
        if ms <= step:
            return f"{step} ms" if step > 5 else "<5 ms"
    return ">2 s"
