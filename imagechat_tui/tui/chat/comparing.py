"""Two versions of the picture on one screen: side by side, in turn, or what differs; and a walk through that."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from imagechat_tui.safetext import SafeText
from imagechat_tui.tui.chat.notices import Notices
from imagechat_tui.words import (
    NO_ROOM,
    NOT_COMPARING,
    NOTHING_TO_COMPARE,
    STILL_COMPARING,
    Words,
    before_failed_words,
    difference_note,
    differences_words,
    not_compared_words,
    nothing_earlier_words,
    safe_line,
    sizes_words,
)

if TYPE_CHECKING:
    from imagechat_tui.raster.compare import Box
    from imagechat_tui.raster.comparison import Comparison, Laid
    from imagechat_tui.raster.image import Picture

TURN_S: Final = 1.0
"""How long each version is shown in turn: long enough to look, and slow enough for everybody's eyes."""

COMPARED: Final = "Before and after"
"""The title of what is said of two versions."""

WALK: Final = frozenset({"look.next", "look.previous"})
COMPARE: Final = frozenset({"compare.cycle", "compare.blink"})
"""Ids of commands."""


class Mode(Enum):
    """How two versions are shown, in the order that the key goes through."""

    SIDE = "side"
    TURN = "turn"
    DIFFERENCE = "difference"


class Shown(Enum):
    """What is on the screen of them."""

    BOTH = "both"
    BEFORE = "before"
    NOW = "now"
    DIFFERENCE = "difference"


class Versions(Struct, frozen=True):
    """What is to be shown of two versions, and what is said of it."""

    name: SafeText
    """What the older one is called."""
    shown: Shown
    laid: Laid | None = None
    """The older one on the newer; None while there is none to be seen."""
    comparison: Comparison | None = None
    """What differs; None while that is not known."""
    box: Box | None = None
    """The difference that is looked at."""
    note: str = ""
    """What differs, in few words, or how far it is known."""


class ComparisonDisplay(Protocol):
    """What shows two versions."""

    @property
    def has_room_for_two(self) -> bool:
        """Whether each of two views would be wide enough."""

    def show_versions(self, versions: Versions | None, /) -> None:
        """Show them so; None: the picture alone, without a word."""

    def look_at(self, x: float, y: float, /) -> None:
        """Bring a place to the middle, in percent of the picture."""


class Comparing:
    """Knows which versions there are and how they are shown.

    Args:
        display: shows them.
        notices: says what is not seen.
        later: calls something in so many seconds.
        on_change: called when keys may do something else than before.
        on_ask: called when there is nothing to compare with: `begin` may find something, or `begin_nothing`.
    """

    def __init__(
        self,
        display: ComparisonDisplay,
        notices: Notices,
        *,
        later: Callable[[float, Callable[[], None]], object],
        on_change: Callable[[], None],
        on_ask: Callable[[], object],
    ) -> None:
        self._display = display
        self._notices = notices
        self._later = later
        self._on_change = on_change
        self._on_ask = on_ask
        self._mode: Mode | None = None
        self._name: SafeText | None = None
        self._old: Picture | None = None
        self._new: Picture | None = None
        self._laid: Laid | None = None
        self._comparison: Comparison | None = None
        self._failed: Words | None = None
        """Why there is no picture from before."""
        self._noted = ""
        """What is said once of the picture from before."""
        self._note = ""
        """How far it is known what differs, while it is not."""
        self._chosen: int | None = None
        """Which difference is looked at."""
        self._turned = False
        """Of versions in turn, whether the older one is seen."""
        self._by_hand = False
        """Whether they turn at a key alone."""
        self._timed = False
        """Whether a timer runs that turns them."""

    # -- what there is

    def begin(self, name: str, note: Words | None = None) -> None:
        """There will be a picture from before, and it shall be seen; the note is said with what differs."""
        self._name = safe_line(name)
        self._noted = f"{note.sentence} {note.action} " if note is not None else ""
        self._mode = self._mode or Mode.SIDE
        self._show()

    def forget(self) -> None:
        """There is nothing any more to compare the picture with."""
        self._name = self._old = self._failed = None
        self._lay()

    def begin_nothing(self, elsewhere: Sequence[int] = ()) -> None:
        """There is nothing to compare the picture with; ``elsewhere`` are numbers of versions that are not here."""
        self._mode = None
        self._say(nothing_earlier_words(elsewhere))

    def show_reading(self, fraction: float) -> None:
        """The picture from before has come so far, 0–1."""
        self._note = f"reading {fraction:.0%}"
        self._show()

    def take_before(self, picture: Picture) -> None:
        """The picture from before is there, or is another one."""
        self._old, self._failed = picture, None
        self._lay()

    def take_now(self, picture: Picture) -> None:
        """The picture is there, or is another one."""
        self._new = picture
        self._lay()

    def fail(self, words: Words) -> None:
        """There is no picture from before; one that was there stays."""
        told = before_failed_words(words)
        self._notices.notice(told.title, f"{told.sentence} {told.action}".rstrip(), failure=True)
        if self._old is None:
            self._failed, self._mode, self._note = told, None, ""
        self._show()

    def show_comparing(self, fraction: float) -> None:
        """It is known so far what differs, 0–1."""
        self._note = f"comparing {fraction:.0%}"
        self._show()

    def take_comparison(self, comparison: Comparison) -> None:
        """What differs is known."""
        if comparison.old is not self._old or comparison.new is not self._new:
            return
        self._comparison, self._laid = comparison, comparison.laid
        if self._mode is not None:
            said = f"{self._noted}{differences_words(comparison.found)} {sizes_words(comparison)}".rstrip()
            self._notices.notice(COMPARED, said)
        self._show()

    def fail_comparison(self, words: Words) -> None:
        """It cannot be known what differs."""
        told = not_compared_words(words)
        self._note = told.title.lower()
        self._notices.notice(told.title, f"{told.sentence} {told.action}", failure=True)
        self._show()

    def _lay(self) -> None:
        """Lay the older version on the newer one, while it is not known what differs."""
        self._comparison, self._chosen, self._laid = None, None, None
        if self._old is not None and self._new is not None:
            from imagechat_tui.raster.comparison import laid_before_compared

            self._laid = laid_before_compared(self._old, self._new)
            self._note = "comparing"
        self._show()

    # -- what is seen

    @property
    def is_on(self) -> bool:
        """Whether versions are compared on the screen."""
        return self._mode is not None

    @property
    def disabled_commands(self) -> Set[str]:
        """Ids of commands that would do nothing now."""
        walk = self.is_on and self._places
        return (frozenset() if walk else WALK) | (frozenset() if self._name is not None else COMPARE)

    def fit(self) -> None:
        """There may be more room now, or less."""
        if self._mode is Mode.SIDE:
            self._show()

    def _show(self) -> None:
        shown = self._shown
        if self._turns and not self._timed:
            self._timed = True
            self._later(TURN_S, self._turn)
        self._display.show_versions(self._versions(self._name, shown) if self._name and shown else None)
        self._on_change()

    @property
    def _turns(self) -> bool:
        """Whether one version is shown after the other, by itself."""
        return self._shown in (Shown.BEFORE, Shown.NOW) and self._laid is not None and not self._by_hand

    def _turn(self) -> None:
        self._timed = False
        if self._turns:
            self._turned = not self._turned
            self._show()

    def _versions(self, name: SafeText, shown: Shown) -> Versions:
        chosen = self._chosen
        box = self._places[chosen] if chosen is not None else None
        note = difference_note(self._comparison.found, chosen) if self._comparison is not None else self._note
        return Versions(name, shown, self._laid, self._comparison, box, note)

    @property
    def _places(self) -> tuple[Box, ...]:
        return self._comparison.places if self._comparison is not None else ()

    @property
    def _shown(self) -> Shown | None:
        if self._mode is None or self._name is None:
            return None
        if self._laid is None:
            return Shown.NOW
        match self._mode:
            case Mode.SIDE if self._display.has_room_for_two:
                return Shown.BOTH
            case Mode.DIFFERENCE:
                return Shown.DIFFERENCE
            case _:
                return Shown.BEFORE if self._turned else Shown.NOW

    # -- keys

    def cycle(self) -> None:
        """Show them in the next way, or no longer; say it if that cannot be seen."""
        if not self._can_compare():
            return
        modes = (None, *Mode)
        mode = modes[(modes.index(self._mode) + 1) % len(modes)]
        if mode is Mode.SIDE and not self._display.has_room_for_two:
            self._notices.notice("", NO_ROOM)
            mode = Mode.TURN
        self._set(mode)
        if mode is None:
            self._notices.notice("", f"{COMPARED}: closed. C opens them again.")

    def blink(self) -> None:
        """Show them in turn; from then on, the other one at each call."""
        if not self._can_compare():
            return
        if self._shown in (Shown.BEFORE, Shown.NOW) and self._laid is not None:
            self._turned, self._by_hand = not self._turned, True
            self._show()
        else:
            self._set(Mode.TURN)

    def leave(self) -> None:
        """Show the picture alone."""
        self._set(None)

    def stay_now(self) -> None:
        """Show the newer one and nothing in its place: alone, or beside the other as it is."""
        if self.is_on and self._shown is not Shown.BOTH:
            self.leave()

    def walk(self, step: int) -> None:
        """Look at the next difference, or the one before."""
        places = self._places
        if not self.is_on:
            self._say(NOT_COMPARING if self._name is not None else NOTHING_TO_COMPARE)
        elif self._comparison is None:
            self._say(STILL_COMPARING)
        elif not places or self._new is None:
            self._notices.notice("", differences_words(self._comparison.found))
        else:
            before = self._chosen if self._chosen is not None else (-1 if step > 0 else 0)
            self._chosen = (before + step) % len(places)
            self._show()
            box = places[self._chosen]
            middle = box.x + box.w / 2, box.y + box.h / 2
            self._display.look_at(100 * middle[0] / self._new.width, 100 * middle[1] / self._new.height)

    def _set(self, mode: Mode | None) -> None:
        self._mode, self._turned, self._by_hand = mode, mode is Mode.TURN, False
        self._show()

    def _can_compare(self) -> bool:
        """Whether there is something to compare with, or will be; says why not, or asks for it."""
        if self._name is None:
            self._on_ask()
        elif self._failed is not None:
            self._say(self._failed)
        return self._failed is None and self._name is not None

    def _say(self, words: Words) -> None:
        self._notices.notice(words.title, f"{words.sentence} {words.action}".rstrip())
