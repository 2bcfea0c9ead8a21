"""What a placement says about a marker, and from where it is looked for on another version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Conversation, Placement, Placements, PlacementState, Point

if TYPE_CHECKING:
    from imagechat_tui.sync.effects import Placeable

_SURE: Final = frozenset({PlacementState.SAME, PlacementState.MOVED, PlacementState.SET})
"""What it points at is there: it can be looked for from there."""


def holds(placement: Placement, conversation: Conversation) -> bool:
    """Whether it is about the place where the marker stands: what a person has said holds wherever that is."""
    return _holds_at(placement, conversation.point)


def _holds_at(placement: Placement, point: Point) -> bool:
    return placement.origin is None or placement.origin == point


def guess(conversation_id: ConversationId, point: Point, at: Point | None = None) -> Placement:
    """What is said of a marker of which nobody can tell: it keeps its percent.

    Args:
        conversation_id: which one.
        point: where it stands on its own version.
        at: where it was known to be last, if that is not there.
    """
    return Placement(conversation_id, at or point, PlacementState.GUESS, point)


class Start(Struct, frozen=True):
    """Where a marker is looked for from."""

    version: int
    point: Point
    """Where it is on that version."""
    placement: Placement | None = None
    """What says so; None on its own version."""

    @property
    def is_said(self) -> bool:
        """Whether a person has said it."""
        return self.placement is not None and self.placement.state is PlacementState.SET


def distance(version: int, shown: int) -> tuple[int, bool]:
    """How far a version is from the one that is shown: nearer sorts first, and of two the older.

    To one that the server has not seen the newest is the nearest.
    """
    return (-version, False) if shown < 0 else (abs(version - shown), version > shown)


def start_of(marker: Placeable, shown: int, told: Iterable[Placements]) -> Start:
    """The nearest version on which a marker's place is known for sure: its own, or where it was found or put.

    Args:
        marker: which one.
        shown: the version that it is looked for on.
        told: where markers are on other versions; of one that is there twice the first goes before.
    """
    starts = [
        Start(on.version, one.point, one)
        for on in told
        for one in on.placements
        if one.conversation_id == marker.conversation_id
        and one.state in _SURE
        and _holds_at(one, marker.point)
        and on.version != shown
    ]
    starts.append(Start(marker.version, marker.point))
    return min(starts, key=lambda start: distance(start.version, shown))


def state_from(start: Start, found: PlacementState, marker: Placeable) -> PlacementState:
    """What is known of a marker, as against its own version.

    Args:
        start: from where it was looked for.
        found: what came of that.
        marker: which one.
    """
    went_before = start.point != marker.point and start.placement is not None
    return PlacementState.MOVED if went_before and found is PlacementState.SAME else found
