"""Where markers are on the version of the image that is shown: what the server told, and what it has not been told yet.

What is worked out or said is shown at once, told as soon as there is a link, and told again until it was answered:
done twice it is done once (PROTOCOL 9.2). As with what the person reads it is in memory alone. Who may not tell it, a
reader or a guest, sees it all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from math import inf
from types import MappingProxyType

from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Placement, Placements, PlacementState, Point
from imagechat_tui.protocol.routes import MAX_PLACEMENTS, ChangePlacements
from imagechat_tui.sync.core import Core, Reader
from imagechat_tui.sync.due import Due
from imagechat_tui.sync.effects import FetchPlacements, News, SendPlacements
from imagechat_tui.sync.inputs import FetchFailed, PlacementsLoaded
from imagechat_tui.sync.reads import Read
from imagechat_tui.sync.state import Placings

TOLD_EVERY_S = 0.2
"""Two sessions are to be in step within a second."""


class Placing:
    """Keeps in step with the server: the one owner of where markers are shown that stand elsewhere."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._placings = Placings()
        self._request = Read(core, Reader.PLACEMENTS)
        self._request.every_s = TOLD_EVERY_S
        self._joined = False
        """The image's socket is registered: whatever changes from now on is told."""
        self._ask = False
        """The server is to be asked before it is told anything."""
        self._refused = False
        """On this link the server has nothing of the kind, or takes nothing from this person."""
        self._revision: int | None = None
        """Of what the server told; None before it did."""
        self._heard = 0
        """The newest revision of which a change was told since the server was asked."""
        self._told: dict[ConversationId, Placement] = {}
        self._worked_out: dict[ConversationId, Placement] = {}
        """What was told before a person said something else: it holds again when that is taken back."""
        self._guessed: dict[ConversationId, Placement] = {}
        """Of which nobody can tell here, for want of a picture. Nobody is told: somebody else may know better."""
        self._pending: dict[ConversationId, Placement | None] = {}
        """What the server has not confirmed; None takes back what a person said."""
        self._dropped: set[ConversationId] = set()
        """Of which the server holds no more what was worked out: a person has said where they were before."""
        self._behind: list[ChangePlacements] = []
        """What the person said of versions that were shown before, and that the server has not confirmed."""
        self._sent: ChangePlacements | None = None
        """What is on its way to the server; None while it is asked."""

    @property
    def placings(self) -> Placings:
        """Where markers are now."""
        return self._placings

    def dropped(self) -> frozenset[ConversationId]:
        """Markers that are to be looked for anew, each told once."""
        dropped = frozenset(self._dropped)
        self._dropped.clear()
        return dropped

    # What happened

    def shows(self, version: int | None) -> None:
        """This version of the image is shown: see ``Room.version``."""
        if version == self._placings.version:
            return
        self.refresh()
        if self._placings.version is not None and (said := self._said()):
            pending = {key: self._pending[key] for key in said}
            self._behind.append(_change(self._placings.version, pending))
        self._revision, self._refused = None, False
        self._told.clear()
        self._worked_out.clear()
        self._pending.clear()
        self._guessed.clear()
        self._dropped.clear()
        self._placings = Placings(version, told=_is_unseen(version))

    def joined(self) -> None:
        """The image's socket is registered: something may have changed before."""
        self._joined, self._refused = True, False
        self.refresh()

    def lost(self) -> None:
        """The link is gone, and with it the answer; what was not confirmed is told again."""
        self._joined = False
        self._abandon()

    def refresh(self) -> None:
        """Ask anew."""
        self._abandon()
        self._ask = True

    def heard(self, changed: Placements) -> None:
        """A change was told, of whichever version."""
        if changed.version == self._placings.version:
            self._heard = max(self._heard, changed.revision)
            self._take(changed)
            self._show()

    def loaded(self, loaded: PlacementsLoaded) -> None:
        """The server answered."""
        if not self._request.loaded(loaded.request):
            return
        sent, self._sent, told = self._sent, None, loaded.placements
        if sent is not None and sent in self._behind:
            self._behind.remove(sent)
        elif sent is not None:
            self._confirm(sent)
            if told.placements or told.gone:
                self._take(told)
            elif self._revision is not None and told.revision > self._revision:
                self._ask = True  # others were faster, and what they changed is on its way or was missed
        elif told.revision >= self._heard:  # else a change has overtaken the answer: once more
            self._ask = False
            self._revision = told.revision
            before = dict(self._told)
            self._told.clear()
            self._note(told)
            self._dropped.update(
                key
                for key, one in before.items()
                if one.state is not PlacementState.SET and key not in self._told
            )
            self._placings = self._placings.replace(told=True)
        self._show()

    def failed(self, failed: FetchFailed) -> None:
        """The server did not answer, or refuses."""
        if not self._request.failed(failed):
            return
        sent, self._sent, status = self._sent, None, failed.status
        if status is None or not 400 <= status < 500 or status in (408, 429):
            return
        self._refused = True
        if sent is not None:
            refused = self._said()
            for conversation_id in refused:
                del self._pending[conversation_id]
            for behind in self._behind:
                refused += [one.conversation_id for one in behind.placements] + list(behind.unset)
            self._behind.clear()
            for conversation_id in dict.fromkeys(refused):
                self._core.announce(News.NOT_PLACED, conversation_id=conversation_id, problem=failed.problem)
            self._show()

    # What is worked out, and what the person says

    def worked_out(self, version: int, placements: tuple[Placement, ...]) -> None:
        """Markers were found on a version; that is of no use, if another one is shown by now."""
        if version != self._placings.version:
            return
        for placement in placements:
            key = placement.conversation_id
            self._guessed.pop(key, None)
            self._outdate(placement)
            if key not in self._pending and _is_news(placement, self._told.get(key)):
                self._pending[key] = placement
        self._show()

    def guessed(self, version: int, placements: Iterable[Placement]) -> None:
        """Nobody can tell here where markers are."""
        if version == self._placings.version:
            for placement in placements:
                self._guessed[placement.conversation_id] = placement
                self._outdate(placement)
            self._show()

    def is_unconfirmed(self, conversation_id: ConversationId) -> bool:
        """Whether what the person said of this marker is still to be told, on whichever version they said it."""
        behind = (
            key
            for one in self._behind
            for key in (*(put.conversation_id for put in one.placements), *one.unset)
        )
        return conversation_id in self._said() or conversation_id in behind

    def seeking(self, *, coming: int, placed: int) -> None:
        """So many markers are being looked for, and so many of them are done."""
        self._placings = self._placings.replace(coming=coming, placed=placed)

    def set(self, conversation_id: ConversationId, point: Point) -> None:
        """The person says where a marker is."""
        if self._placings.version is not None and not _is_unseen(self._placings.version):
            self._pending[conversation_id] = Placement(conversation_id, point, PlacementState.SET)
            self._show()

    def unset(self, conversation_id: ConversationId) -> None:
        """What a person said of this marker holds no more."""
        shown = self._placings.placements.get(conversation_id)
        if shown is not None and shown.state is PlacementState.SET:
            self._pending[conversation_id] = None
            self._show()

    # What to do about it

    def dues(self, *, may_tell: bool) -> Iterator[Due]:
        """Ask the server, or tell it, if the person ``may_tell`` it."""
        version = self._placings.version
        if not self._joined or self._refused or version is None or _is_unseen(version):
            return
        if self._ask or self._revision is None or ((self._pending or self._behind) and may_tell):
            at = self._request.due_at(-inf)
            if at is not None:
                yield Due(at, self._tell_behind if self._behind and may_tell else self._begin)

    # Inside

    def _outdate(self, found: Placement) -> None:
        """What was worked out for a place where the marker stood before is not to be told any more."""
        waiting = self._pending.get(found.conversation_id)
        if waiting is not None and waiting.origin not in (None, found.origin):
            del self._pending[found.conversation_id]

    def _abandon(self) -> None:
        self._request.abandon()
        self._sent = None

    def _tell_behind(self) -> None:
        """Before the server is asked: where a person has put one is where the version that is shown looks from."""
        self._sent = self._behind[0]
        self._core.emit(SendPlacements(self._request.begin(), self._sent))

    def _begin(self) -> None:
        version = self._placings.version
        assert version is not None
        if self._ask or self._revision is None:
            self._ask, self._heard = True, 0
            self._core.emit(FetchPlacements(self._request.begin(), version))
            return
        self._sent = _change(version, dict(islice(self._pending.items(), MAX_PLACEMENTS)))
        self._core.emit(SendPlacements(self._request.begin(), self._sent))

    def _take(self, changed: Placements) -> None:
        """A change of the server's state: the next, one that is known, or one behind others that were missed."""
        known = self._revision
        if known is None or changed.revision <= known:
            return
        self._note(changed)
        if changed.revision == known + 1:
            self._revision = changed.revision
        else:
            self._ask = True

    def _note(self, told: Placements) -> None:
        for key in told.gone:
            before = self._told.pop(key, None)
            if before is not None and before.state is not PlacementState.SET:
                self._dropped.add(key)
            self._worked_out.pop(key, None)
        for placement in told.placements:
            self._told[placement.conversation_id] = placement
            if placement.state is not PlacementState.SET:
                self._worked_out[placement.conversation_id] = placement

    def _confirm(self, sent: ChangePlacements) -> None:
        """The server has taken note of this; what was changed since is still to be told."""
        carried_out: dict[ConversationId, Placement | None] = {
            placement.conversation_id: placement for placement in sent.placements
        }
        carried_out |= dict.fromkeys(sent.unset)
        for key, placement in carried_out.items():
            if key in self._pending and self._pending[key] == placement:
                del self._pending[key]

    def _said(self) -> list[ConversationId]:
        """What the person said, or took back, that is not confirmed."""
        return [
            key
            for key, placement in self._pending.items()
            if placement is None or placement.state is PlacementState.SET
        ]

    def _show(self) -> None:
        """Lay what is not confirmed over what was told, and guesses where that is of another place."""
        shown = dict(self._told)
        for key, guess in self._guessed.items():
            if _is_news(guess, self._told.get(key)):
                shown[key] = guess
        for key, placement in self._pending.items():
            if placement is None:
                shown.pop(key, None)
                if key in self._worked_out:
                    shown[key] = self._worked_out[key]
            elif placement.state is PlacementState.SET or _is_news(placement, self._told.get(key)):
                shown[key] = placement
        if shown != self._placings.placements:
            self._placings = self._placings.replace(placements=MappingProxyType(shown))


def _change(version: int, pending: Mapping[ConversationId, Placement | None]) -> ChangePlacements:
    """What the server is told; None takes back what a person said."""
    return ChangePlacements(
        version,
        tuple(placement for placement in pending.values() if placement is not None),
        tuple(key for key, placement in pending.items() if placement is None),
    )


def _is_unseen(version: int | None) -> bool:
    """Whether the server knows of no such version."""
    return version is not None and version < 0


def _is_news(placement: Placement, told: Placement | None) -> bool:
    """Whether what was worked out is the first for the place where the marker stands."""
    return told is None or (told.state is not PlacementState.SET and told.origin != placement.origin)
