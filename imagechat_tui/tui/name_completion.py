"""Names behind ``@`` while a text is being written: which are offered, which one is chosen, what it puts in.

Knows of a text only the line up to the cursor. What is offered follows from that, but for two things that the person
did: they chose another one of the list, or closed it; a closed one stays closed until an ``@`` is typed anew. Nobody
else changes a list: who comes, goes or has another name is offered so once the person types on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from imagechat_tui.finding import plain
from imagechat_tui.safetext import SafeText

LONGEST: Final = 60
"""Characters. Whose name is longer is called by what is theirs of their id; whose both are cannot be offered."""

_AT: Final = re.compile(r"(?<![\w@.])@(?=\S|\Z)")
"""Where a name may begin, as where one calls somebody (``finding.calling``)."""


class Offer(Struct, frozen=True):
    """Somebody who can be called."""

    label: SafeText
    """Their name, told apart from others of that name."""
    text: str
    """What calls them, without the ``@``."""
    search: tuple[str, ...]
    """Plain beginnings by which they are found: name, the later words of it, what is theirs of their id."""

    @property
    def own(self) -> str:
        """What is theirs of their id, plain: the same whatever they are called."""
        return self.search[-1]


def offer(label: SafeText, name: SafeText, own: SafeText, *, shared: bool) -> Offer | None:
    """Somebody as they are offered; None if nothing short calls them.

    Args:
        label: their name, told apart.
        name: their name.
        own: what is theirs of their id.
        shared: whether somebody else has that name: it calls both, so they are called by their id.
    """
    ways = [own, name] if shared else [name, own]
    text = next((way for way in ways if way and len(way) <= LONGEST), None)
    if text is None or (shared and text is name):
        return None
    words = plain(name)
    later = (words[match.end() :] for match in re.finditer(r"[\s_.\-]+", words[:LONGEST]))
    return Offer(label, str(text), (words, *later, plain(own)))


class NameCompletion:
    """The list of names of one text."""

    def __init__(self) -> None:
        self._offers: tuple[Offer, ...] = ()
        self._begins: tuple[int, int] | None = None
        """Line and column of the ``@`` that a name is typed behind."""
        self._closed: tuple[int, int] | None = None
        """The one whose list was closed."""
        self._before: tuple[int, str] | None = None
        """The line that was typed in last, and what stood before the cursor."""
        self._found: tuple[Offer, ...] = ()
        self._at = 0

    @property
    def is_open(self) -> bool:
        """Whether anybody is offered."""
        return bool(self._found)

    def rows(self, room: int) -> tuple[tuple[SafeText, bool], ...]:
        """So many at most, the chosen one among them, and of each whether it is that."""
        first = min(max(0, self._at - room + 1), max(0, len(self._found) - room))
        shown = self._found[first : first + room]
        return tuple((one.label, first + index == self._at) for index, one in enumerate(shown))

    @property
    def place(self) -> str:
        """Which of how many the chosen one is."""
        return f"{self._at + 1}/{len(self._found)}"

    def know(self, offers: Iterable[Offer]) -> None:
        """These can be called when more is typed; they are offered in the order of their names."""
        self._offers = tuple(sorted(offers, key=lambda one: (plain(one.label), one.text)))

    def begin(self, line: int, before: str) -> None:
        """A text begins that was not typed now: nobody is offered until the person writes on."""
        self.forget()
        self._before, self._begins = (line, before), _typed(line, before)[0]

    def follow(self, line: int, before: str) -> None:
        """The person has typed, or moved the cursor: it is in this line, behind this much of it."""
        if (line, before) == self._before:
            return
        self._before = line, before
        chosen = self._found[self._at] if self._found else None
        begins, typed = _typed(line, before)
        if begins != self._closed:
            self._closed = None
        again, self._begins = begins == self._begins, begins
        self._found = self._fitting(typed) if begins is not None and self._closed is None else ()
        kept = (at for at, one in enumerate(self._found) if again and chosen and one.own == chosen.own)
        self._at = next(kept, 0)

    def step(self, step: int) -> None:
        """Choose the next one, or the one before, round and round."""
        if self._found:
            self._at = (self._at + step) % len(self._found)

    def close(self) -> None:
        """Offer nobody here any more."""
        self._closed, self._found, self._at = self._begins, (), 0

    def forget(self) -> None:
        """Another text begins."""
        self._begins = self._closed = self._before = None
        self._found, self._at = (), 0

    def take(self) -> tuple[int, str]:
        """The column from which on the chosen one takes the place of what was typed, and what stands there then.

        Nobody else is offered there any more.
        """
        assert self._begins is not None
        column, text = self._begins[1], f"@{self._found[self._at].text}"
        self.close()
        return column, text

    def _fitting(self, typed: str) -> tuple[Offer, ...]:
        found = tuple(one for one in self._offers if any(way.startswith(typed) for way in one.search))
        done = len(found) == 1 and typed in (found[0].search[0], found[0].own)
        return () if done else found


def _typed(line: int, before: str) -> tuple[tuple[int, int] | None, str]:
    """Where the last ``@`` before the cursor is that a name may be typed behind, and what is typed of it, plain."""
    start = max(0, len(before) - LONGEST - 1)
    last = next(reversed([*_AT.finditer(before, start)]), None)
    return (None, "") if last is None else ((line, last.start()), plain(before[last.end() :]))
