"""What a placement says about a marker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagechat_tui.protocol.models import Conversation, Placement, PlacementState

if TYPE_CHECKING:
    from imagechat_tui.sync.effects import Placeable


def holds(placement: Placement, conversation: Conversation) -> bool:
    """Whether it is about the place where the marker stands: what a person has said holds wherever that is."""
    return placement.origin is None or placement.origin == conversation.point


def guess_of(marker: Placeable) -> Placement:
    """What is said of a marker of which nobody can tell: it keeps its percent."""
    return Placement(marker.conversation_id, marker.point, PlacementState.GUESS, marker.point)
