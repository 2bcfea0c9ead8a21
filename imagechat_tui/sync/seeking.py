"""Which markers are to be looked for on the version that is shown, and what became of them.

Those that were made on another version, and of which nobody has said where they are: the engine asks for each once,
when the server has told what it knows, again when it was moved, and of one that nobody could tell for want of a picture
when that is there. It has no pictures itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec.structs import replace

from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Conversation, Placement, PlacementState, Point
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import News, Placeable, Tally, WorkOutPlacements
from imagechat_tui.sync.facts import Facts
from imagechat_tui.sync.inputs import PlacementsNotWorkedOut, PlacementsWorkedOut
from imagechat_tui.sync.placements import guess, holds
from imagechat_tui.sync.state import Placings

MOST: Final = 200
"""Markers that are looked for: 13 ms of CPU each, and on long pages more. Of the others nobody can tell."""
NOWHERE: Final[Mapping[ConversationId, Placement]] = MappingProxyType({})


class Seeking:
    """Asks for placements that nobody has told, those near the crosshair first."""

    def __init__(self, core: Core, facts: Facts) -> None:
        self._core = core
        self._facts = facts
        self._looking_at = Point(50.0, 50.0)
        self._version: int | None = None
        """The version that is shown."""
        self._before: int | None = None
        """The one that was shown before."""
        self._earlier: Mapping[ConversationId, Placement] = NOWHERE
        """Where markers were on that."""
        self._shown = Placings()
        """What was looked at last, and the markers then."""
        self._markers: Mapping[ConversationId, Conversation] = MappingProxyType({})
        self._running = False
        self._stuck = False
        """Whether it cannot be done before there is another link."""
        self._sought: dict[ConversationId, Placeable] = {}
        self._tried: dict[ConversationId, Point] = {}
        """Where markers stood when they were looked for last on this version: whatever came of it, not there again."""
        self._found: list[Placement] = []
        self._still: set[ConversationId] = set()
        """Those that had moved before, and stand there yet."""
        self._unseen: set[ConversationId] = set()
        """Those that could not be looked for on this version: there was no picture to look in."""
        self._again: set[ConversationId] = set()
        """Those of them that are looked for once more, though a guess is shown."""
        self._quiet = True
        """Whether all that was found is on versions that are this one, saved anew."""
        self._said = False
        """Whether the person was told what became of markers on this version."""

    # What happened

    def look_at(self, point: Point) -> None:
        """The person points there: what is near is looked for first."""
        self._looking_at = point

    def worked_out(self, answer: PlacementsWorkedOut) -> None:
        """Markers were found, or it is certain that they will not be."""
        placing = self._facts.placing
        if answer.seen:
            placing.worked_out(answer.version, answer.placements)
        else:
            placing.guessed(answer.version, answer.placements)
        if not self._running or answer.version != self._version:
            return
        self._found += answer.placements
        self._still.update(answer.still)
        keys = {one.conversation_id for one in answer.placements}
        self._unseen = self._unseen - keys if answer.seen else self._unseen | keys
        self._quiet = self._quiet and answer.resaved
        placing.seeking(coming=len(self._sought), placed=min(len(self._found), len(self._sought)))
        if answer.last:
            self._end(answer.version)

    def not_worked_out(self, answer: PlacementsNotWorkedOut) -> None:
        """Nobody could be asked about the pictures."""
        if self._running and answer.version == self._version:
            self._stuck = True
            self._facts.placing.seeking(coming=0, placed=0)

    def kept(self, version: int) -> None:
        """A picture has come that was wanted: those that could not be looked for, and are guesses yet, now can be."""
        if version != self._version:
            return
        for key in self._unseen:
            self._tried.pop(key, None)
        self._again |= self._unseen
        self._said = self._said and not self._unseen
        self._shown = Placings()

    def opened(self) -> None:
        """There is a link again."""
        if self._stuck:
            self._running = self._stuck = False
            for key in self._sought.keys() - {one.conversation_id for one in self._found}:
                self._tried.pop(key, None)
            self._shown = Placings()

    # What to do about it

    def decide(self) -> None:
        """Ask for markers that nobody has placed on the version that is shown."""
        placings, markers = self._facts.placing.placings, self._facts.ledger.confirmed.conversations
        if placings is self._shown and markers is self._markers:
            return
        if placings.version != self._version:
            self._turn_to(placings.version)
        for key in self._facts.placing.dropped():
            self._tried.pop(key, None)
        if placings.told and not self._running:
            self._ask(placings, markers.values())
        self._shown, self._markers = self._facts.placing.placings, markers

    # Inside

    def _turn_to(self, version: int | None) -> None:
        if self._version is not None:
            self._before, self._earlier = self._version, self._shown.placements
        self._version = version
        self._running = self._stuck = self._said = False
        self._tried.clear()
        self._unseen.clear()
        self._again.clear()

    def _ask(self, placings: Placings, markers: Iterable[Conversation]) -> None:
        image, version = self._core.room.image, placings.version
        untried = (
            one
            for one in _missing(placings, markers, self._again)
            if self._tried.get(one.conversation_id) != one.point
        )
        missing = sorted(untried, key=self._distance)
        self._again.clear()
        if image is None or version is None or not missing:
            return
        self._tried |= {one.conversation_id: one.point for one in missing}
        nearest, beyond = missing[:MOST], [guess(one.conversation_id, one.point) for one in missing[MOST:]]
        self._running, self._quiet, self._found = True, True, beyond
        self._still.clear()
        self._sought = {one.conversation_id: one for one in nearest}
        known = tuple(one for one in self._earlier.values() if one.conversation_id in self._sought)
        if beyond:
            self._facts.placing.guessed(version, beyond)
        self._facts.placing.seeking(coming=len(nearest), placed=0)
        self._core.emit(WorkOutPlacements(image.id, version, tuple(nearest), self._before, known))

    def _distance(self, marker: Placeable) -> float:
        at, here = marker.point, self._looking_at
        return (at.x - here.x) ** 2 + (at.y - here.y) ** 2

    def _end(self, version: int) -> None:
        unseen = sum(one.conversation_id in self._unseen for one in self._found)
        tally = replace(tally_of(self._before, version, self._found, self._still), unseen=unseen)
        found, self._running, self._sought, self._found = self._found, False, {}, []
        self._facts.placing.seeking(coming=0, placed=0)
        if found and not self._quiet and not self._said:
            self._said = True
            self._core.announce(News.PLACED, tally=tally)


def _missing(
    placings: Placings, markers: Iterable[Conversation], again: Collection[ConversationId]
) -> Iterable[Placeable]:
    for one in markers:
        if one.version is None or one.version == placings.version:
            continue
        known = placings.placements.get(one.id)
        guessed = known is not None and known.state is PlacementState.GUESS and one.id in again
        if known is None or guessed or not holds(known, one):
            yield Placeable(one.id, one.version, one.point)


def tally_of(
    before: int | None, version: int, placements: Iterable[Placement], still: Collection[ConversationId] = ()
) -> Tally:
    """How many of them stay, have moved, and are to be looked at; ``still`` had moved before, and stand there yet."""
    states = [one.state if one.conversation_id not in still else PlacementState.SAME for one in placements]
    changed, moved = states.count(PlacementState.CHANGED), states.count(PlacementState.MOVED)
    to_check = states.count(PlacementState.GUESS)
    return Tally(before, version, len(states) - moved - to_check, changed, moved, to_check)
