"""Notices in the corner: a word or two about what happened, or why a key did nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, Protocol

from msgspec import Struct

from imagechat_tui.safetext import SafeText
from imagechat_tui.words import safe_line

LONGEST_QUOTE: Final = 160
"""Characters of a text that a question about it quotes."""
NOTHING_LOADED: Final = ("Nothing loaded yet", "The threads have not come yet. R tries again.")
"""Title and sentence for a key about threads of which nothing is known."""


class Notice(Struct, frozen=True):
    """What stands in the corner for some seconds; harmless."""

    title: SafeText
    sentence: SafeText
    failure: bool = False
    lasting: bool = False
    """It is worth reading for longer, and is about no key that was pressed."""


class Corner(Protocol):
    """What shows notices: the corner of the screen."""

    @property
    def has_failure(self) -> bool:
        """Whether one of them is about a failure."""

    def show(self, notice: Notice, /) -> None:
        """Show one below those that are there."""

    def withdraw(self, titles: Collection[str], /) -> None:
        """Take those with these titles away."""

    def clear(self) -> None:
        """Take all of them away."""


class Notices:
    """What is said in the corner, one notice after the other.

    Args:
        corner: where they stand.
        make_room: called before one is shown, to have the corner where it covers nothing that is read.
        drop_keys: called to have what was typed behind the key that is answered dropped.
    """

    def __init__(
        self, corner: Corner, make_room: Callable[[], None], drop_keys: Callable[[], None] = lambda: None
    ) -> None:
        self._corner = corner
        self._make_room = make_room
        self._drop_keys = drop_keys
        self._unused: set[tuple[str, object]] = set()
        """Keys that did nothing, and where: that was said."""

    def notice(self, title: str, sentence: str, *, failure: bool = False, lasting: bool = False) -> None:
        """Say something. A newer hint takes the place of older ones; failures stay for their time."""
        if not lasting:
            self.outdate()
        self._make_room()
        self._corner.show(Notice(safe_line(title), safe_line(sentence), failure, lasting))

    def nothing_loaded(self) -> None:
        """Say that a key found no threads yet. What was typed behind it was meant for what it would have brought."""
        self.notice(*NOTHING_LOADED)
        self._drop_keys()

    def unused_key(self, key: str, place: object, why: str) -> None:
        """Say that a key does nothing at a place: once for each place, not again and again."""
        if (key, place) not in self._unused:
            self._unused.add((key, place))
            self.notice("", why)

    def outdate(self) -> None:
        """Something was done: what was said about keys before may be true no more. Failures stay."""
        if not self._corner.has_failure:
            self._corner.clear()

    def withdraw(self, *titles: str) -> None:
        """Take away what is true no more."""
        self._corner.withdraw(titles)

    def clear(self) -> None:
        """Take all of them away: something comes where they are."""
        self._corner.clear()


def quote(text: str) -> SafeText:
    """The beginning of a text, as one line."""
    flat = " ".join(text.split())
    return safe_line(flat if len(flat) <= LONGEST_QUOTE else f"{flat[: LONGEST_QUOTE - 1]}…")
