"""What the person looks for: the filter, which hides what is not meant, and the search, which goes to what is.

Both are typed into one line, and shown while they are typed. Neither opens anything, so neither marks anything read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from imagechat_tui.finding import EVERY, Finder, Query, parsed
from imagechat_tui.problems import NotAFilter
from imagechat_tui.sync.state import Thread
from imagechat_tui.tui.chat.notices import Notices
from imagechat_tui.tui.chat.screen_state import ScreenState
from imagechat_tui.tui.chat.selection import Selection

if TYPE_CHECKING:
    from imagechat_tui.protocol.models import Point

FILTER: Final = "Filter"
SEARCH: Final = "/"
"""What stands before the line."""


class Line(Protocol):
    """Where it is typed."""

    def begin(self, label: str, text: str, /) -> None:
        """Have a text behind a label, and give it the keys."""

    def show_note(self, note: str, /) -> None:
        """Say something behind the text."""

    def end(self) -> None:
        """Take the line away; keys go back to where they went."""


class Eye(Protocol):
    """What is looked at: the picture."""

    @property
    def crosshair(self) -> Point:
        """Where the crosshair is."""

    def move_to(self, point: Point, /) -> None:
        """Put it there."""


class Filtering:
    """The filter: while there is one, only what it means is listed and marked on the picture.

    Args:
        state: what is shown; it holds the filter.
        line: where it is typed.
        on_change: called when others are shown.
    """

    def __init__(self, state: ScreenState, line: Line, on_change: Callable[[], None]) -> None:
        self._state = state
        self._line = line
        self._on_change = on_change
        self._before = EVERY

    def begin(self) -> None:
        """Write a filter, or write on at the one there is."""
        self._before = self._state.query
        self._line.begin(FILTER, self._before.text)
        self._show_count()

    def typed(self, text: str) -> None:
        """Show what is meant so far; what means nothing yet changes nothing."""
        query = parsed(text)
        if isinstance(query, NotAFilter):
            self._line.show_note(not_a_filter(query))
        else:
            self._look_for(query)
            self._show_count()

    def entered(self, text: str) -> bool:
        """Keep the filter; False if it means nothing."""
        query = parsed(text)
        if isinstance(query, NotAFilter):
            self._line.show_note(not_a_filter(query))
            return False
        self._look_for(query)
        return True

    def left(self) -> None:
        """Have the filter that there was before."""
        self._look_for(self._before)

    def clear(self) -> bool:
        """Show every thread; False if every thread is shown."""
        if not self._state.query.terms:
            return False
        self._look_for(EVERY)
        return True

    def _look_for(self, query: Query) -> None:
        if query != self._state.query:
            self._state.look_for(query)
            self._on_change()

    def _show_count(self) -> None:
        hidden = self._state.hidden
        self._line.show_note(f"{hidden} hidden" if hidden else "")


class Searching:
    """The search: it goes from one thread that is meant to the next, among those that are shown.

    Args:
        state: what is shown.
        selection: goes to what was found.
        picture: has the crosshair, which comes back if the search is given up.
        notices: says which of how many it is.
        line: where it is typed.
    """

    def __init__(
        self, state: ScreenState, *, selection: Selection, picture: Eye, notices: Notices, line: Line
    ) -> None:
        self._state = state
        self._selection = selection
        self._picture = picture
        self._notices = notices
        self._line = line
        self._finder = Finder()
        self._query = EVERY
        self._from: tuple[str | None, Point] | None = None
        """What was selected, and where the crosshair was, before it was typed."""

    def begin(self) -> None:
        """Write what to look for."""
        self._from = self._selection.selected_key, self._picture.crosshair
        self._line.begin(SEARCH, "")

    def typed(self, text: str) -> None:
        """Go to the first that is meant so far, from where the person was."""
        query = parsed(text)
        self._go_back()
        if isinstance(query, NotAFilter):
            self._line.show_note(not_a_filter(query))
        elif not query.terms:
            self._line.show_note("")
        else:
            found = self._found(query)
            thread = self._next(found, 0)
            if thread is not None:
                self._selection.look_at(thread)
            self._line.show_note(self._which(found, thread) or "not found")

    def entered(self, text: str) -> str | None:
        """Stay there; nothing typed means what was looked for last. The key of what was found, if anything was."""
        query = parsed(text)
        if isinstance(query, NotAFilter):
            self.left()
            self._notices.notice("", not_a_filter(query))
            return None
        again = not query.terms
        if not again:
            self._query = query
        key = self.step(int(again))
        if key is None:
            self._go_back()
        self._from = None
        return key

    def left(self) -> None:
        """Go back to where the person was."""
        self._go_back()
        self._from = None

    def step(self, step: int) -> str | None:
        """Go to the next (1) or previous (-1) one, or to the first from here on (0); its key, if there is one."""
        if not self._query.terms:
            self._notices.notice("", "Nothing searched yet. / searches.")
            return None
        found, words = self._found(self._query), self._query.text
        thread = self._next(found, step)
        if thread is not None:
            self._selection.look_at(thread)
            self._notices.notice("", f"{self._which(found, thread)} for {words}")
            return thread.key
        hidden = len(self._found(self._query, self._state.threads))
        if not self._state.loaded:
            self._notices.nothing_loaded()
        elif hidden:
            self._notices.notice("", f"Not found: {words}. The filter hides {hidden}; Esc shows all.")
        else:
            self._notices.notice("", f"Not found: {words}")
        return None

    def _found(self, query: Query, among: tuple[Thread, ...] | None = None) -> tuple[Thread, ...]:
        threads = self._state.found if among is None else among
        return self._finder.found(query, threads, self._state.shown.confirmed.me)

    def _next(self, found: tuple[Thread, ...], step: int) -> Thread | None:
        """The one that is found at the selected one (0), behind it or before it, round and round."""
        if not found:
            return None
        keys = [thread.key for thread in self._state.found]
        selected = self._selection.selected_key
        at = keys.index(selected) if selected in keys else (0 if step >= 0 else len(keys))
        places = [keys.index(thread.key) for thread in found]
        if step < 0:
            return found[max((n for n, place in enumerate(places) if place < at), default=-1)]
        from_here = at + (step if selected in keys else 0)
        return found[min((n for n, place in enumerate(places) if place >= from_here), default=0)]

    @staticmethod
    def _which(found: tuple[Thread, ...], thread: Thread | None) -> str:
        return "" if thread is None else f"{found.index(thread) + 1} of {len(found)}"

    def _go_back(self) -> None:
        if self._from is not None:
            key, point = self._from
            self._selection.select(key)
            self._picture.move_to(point)


class Finding:
    """Hands what is typed in the line to the filter or to the search, whichever it was opened for.

    Args:
        line: where it is typed.
        filtering: the filter.
        searching: the search.
        on_found: called with the key of what a search ended at.
    """

    def __init__(
        self, line: Line, *, filtering: Filtering, searching: Searching, on_found: Callable[[str], None]
    ) -> None:
        self._line = line
        self._filtering = filtering
        self._searching = searching
        self._on_found = on_found
        self._typing: Filtering | Searching | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is typed there."""
        return self._typing is not None

    def filter(self) -> None:
        """Write the filter."""
        self._begin(self._filtering)

    def search(self) -> None:
        """Write what to look for."""
        self._begin(self._searching)

    def step(self, step: int) -> None:
        """Go to the next (1) or previous (-1) one that was found."""
        self._go(self._searching.step(step))

    def _begin(self, what: Filtering | Searching) -> None:
        self.leave()
        self._typing = what
        what.begin()

    def typed(self, text: str) -> None:
        """The text is another."""
        if self._typing is not None:
            self._typing.typed(text)

    def entered(self, text: str) -> None:
        """The text is as it is meant."""
        match self._typing:
            case Filtering() as filtering:
                if filtering.entered(text):
                    self._end()
            case Searching() as searching:
                self._end()
                self._go(searching.entered(text))
            case None:
                pass

    def leave(self) -> bool:
        """Have things as they were before it was typed; False if nothing is typed."""
        typing = self._typing
        if typing is None:
            return False
        self._end()
        typing.left()
        return True

    def _end(self) -> None:
        self._typing = None
        self._line.end()

    def _go(self, key: str | None) -> None:
        if key is not None:
            self._on_found(key)


def not_a_filter(problem: NotAFilter) -> str:
    """What is wrong with it, in few words."""
    from imagechat_tui.words import verb_words

    return verb_words(problem).action
