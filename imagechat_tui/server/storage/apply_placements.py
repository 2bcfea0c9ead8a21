"""The rules of where markers are on a version of their image, whatever the database (PROTOCOL 9.2)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from msgspec.structs import replace

from imagechat_tui.protocol.ids import ConversationId, TenantId, UserId
from imagechat_tui.protocol.models import Placement, Placements, PlacementState, Point
from imagechat_tui.protocol.routes import ChangePlacements
from imagechat_tui.server.storage import DeletedThread, VersionKey
from imagechat_tui.server.storage.transaction import Transaction


def placements_on(tx: Transaction, of: VersionKey) -> Placements:
    """All placements that hold on a version."""
    holding = (_holding(kept, point) for point, kept in tx.placements(of))
    return Placements(of.number, tx.revision(of) or 0, tuple(one for one in holding if one is not None))


def apply_placements(
    tx: Transaction, of: VersionKey, change: ChangePlacements, by: UserId
) -> tuple[Placements, ...]:
    """Note where markers are on a version.

    What was worked out stands if it is the first for the place where the marker stands; what a person says goes
    before it, and what is said last holds. Passed over are markers that are not on the image, or no more, and those
    that were made on this version. Of a version that the image does not have nothing is kept. Where a person says
    something else than before, what was worked out for later versions was looked for from elsewhere: it goes.

    Returns:
        What has changed on the version, and the revision with it; revision 0 if nothing is kept. Behind it the same of
        later ones.
    """
    before = tx.revision(of)
    if before is None:
        return (Placements(of.number),)
    changed: list[Placement] = []
    gone: list[ConversationId] = []
    later: dict[int, list[ConversationId]] = {}
    steps = [(one.conversation_id, one) for one in change.placements] + [(one, None) for one in change.unset]
    for conversation_id, placement in steps:
        stood_at = _stands_elsewhere(tx, of, conversation_id)
        if stood_at is None:
            continue
        kept = tx.placements_of(of, conversation_id)
        stood = _holding(kept, stood_at)
        if placement is None:
            stands = _holding(_taken_back(tx, of, conversation_id, kept), stood_at)
        elif placement.state is PlacementState.SET:
            tx.put_placement(of, said := replace(placement, by=by))
            stands = said
        elif placement.origin == stood_at and not any(one.origin == stood_at for one in kept):
            tx.put_placement(of, worked_out := replace(placement, by=None))
            stands = stood or worked_out
        else:
            continue
        if stands is None and stood is not None:
            gone.append(conversation_id)
        elif stands is not None and stands != stood:
            changed.append(stands)
        if stands != stood and _is_said(stands, stood):
            for number in _drop_later(tx, of, conversation_id):
                later.setdefault(number, []).append(conversation_id)
    if not changed and not gone:
        return (Placements(of.number, before),)
    tx.put_revision(of, before + 1)
    return (
        Placements(of.number, before + 1, tuple(changed), tuple(gone)),
        *(_told_gone(tx, of._replace(number=number), keys) for number, keys in sorted(later.items())),
    )


def _is_said(*placements: Placement | None) -> bool:
    return any(one is not None and one.state is PlacementState.SET for one in placements)


def _drop_later(tx: Transaction, of: VersionKey, conversation_id: ConversationId) -> list[int]:
    """Remove what was worked out for later versions, up to where a person or the marker itself says where it is.

    Returns:
        The numbers of the versions on which that held.
    """
    marker = tx.marker(of.tenant_id, conversation_id=conversation_id)
    assert marker is not None, "it was placed"
    own, point = marker.conversation.version, marker.conversation.point
    kept = [one for one in tx.all_placements(of.tenant_id, conversation_id) if one[0] > of.number]
    held = []
    for number, on_it in groupby(kept, key=lambda one: one[0]):
        placements = [placement for _, placement in on_it]
        if _is_said(*placements) or (own is not None and of.number < own < number):
            break
        if _holding(placements, point) is not None:
            held.append(number)
        tx.remove_placement(of._replace(number=number), conversation_id, said=False)
    return held


def _told_gone(tx: Transaction, of: VersionKey, keys: list[ConversationId]) -> Placements:
    revision = (tx.revision(of) or 0) + 1
    tx.put_revision(of, revision)
    return Placements(of.number, revision, gone=tuple(keys))


def place_again(
    tx: Transaction, tenant_id: TenantId, restored: DeletedThread
) -> tuple[tuple[VersionKey, Placements], ...]:
    """Have a marker that was restored be where it was on each version that its image still has.

    Returns:
        What has changed on which version: whoever looked at it meanwhile was not told of this marker.
    """
    told: list[tuple[VersionKey, Placements]] = []
    for number, of_version in groupby(restored.placements, key=lambda kept: kept[0]):
        of = VersionKey(tenant_id, restored.image, number)
        before = tx.revision(of)
        if before is None:
            continue
        back = tuple(placement for _, placement in of_version)
        for placement in back:
            tx.put_placement(of, placement)
        stands = _holding(back, restored.conversation.point)
        if stands is not None:
            tx.put_revision(of, before + 1)
            told.append((of, Placements(number, before + 1, (stands,))))
    return tuple(told)


def _stands_elsewhere(tx: Transaction, of: VersionKey, conversation_id: ConversationId) -> Point | None:
    """Where a marker of the image stands that was not made on this version; None if there is none."""
    marker = tx.marker(of.tenant_id, conversation_id=conversation_id)
    if marker is None or marker.image != of.image or marker.conversation.version == of.number:
        return None
    return marker.conversation.point


def _holding(kept: Iterable[Placement], stands_at: Point) -> Placement | None:
    """Which of a marker's placements holds, while it stands there on its own version."""
    worked_out = None
    for placement in kept:
        if placement.state is PlacementState.SET:
            return placement
        if placement.origin == stands_at:
            worked_out = placement
    return worked_out


def _taken_back(
    tx: Transaction, of: VersionKey, conversation_id: ConversationId, kept: tuple[Placement, ...]
) -> tuple[Placement, ...]:
    """What is left once nobody has said anything."""
    left = tuple(one for one in kept if one.state is not PlacementState.SET)
    if left != kept:
        tx.remove_placement(of, conversation_id, said=True)
    return left
