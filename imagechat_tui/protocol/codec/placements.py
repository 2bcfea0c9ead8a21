"""Where markers are on a version of their image: answers, the change, and the frame share one form (PROTOCOL 9.2)."""

from __future__ import annotations

from imagechat_tui.protocol.codec.fields import Fields, compact, json_number
from imagechat_tui.protocol.codec.json_text import JsonObject
from imagechat_tui.protocol.codec.things import read_user_id
from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Placement, Placements, PlacementState, Point
from imagechat_tui.protocol.routes import MAX_PLACEMENTS, ChangePlacements


def encode_placements(placements: Placements) -> JsonObject:
    """Answer of PLACEMENTS and CHANGE_PLACEMENTS."""
    return {"status": "success", **placements_payload(placements)}


def decode_placements(obj: JsonObject) -> Placements:
    """Answer of PLACEMENTS and CHANGE_PLACEMENTS.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    return read_placements(Fields(obj))


def encode_change_placements(change: ChangePlacements) -> JsonObject:
    """Body of CHANGE_PLACEMENTS."""
    return {
        "version": change.version,
        "placements": [_encode_placement(placement) for placement in change.placements],
        "unset": list(change.unset),
    }


def decode_change_placements(obj: JsonObject) -> ChangePlacements:
    """Body of CHANGE_PLACEMENTS.

    Raises:
        MalformedMessage: Also for more markers than one request may name, and for one that is named twice.
    """
    fields = Fields(obj)
    change = ChangePlacements(
        version=fields.integer("version"),
        placements=tuple(map(_read_placement, fields.objects("placements"))),
        unset=tuple(map(ConversationId, fields.texts("unset"))),
    )
    named = [*(placement.conversation_id for placement in change.placements), *change.unset]
    if len(named) > MAX_PLACEMENTS:
        raise fields.bad("placements", f"and unset name more than {MAX_PLACEMENTS} markers")
    if len(set(named)) < len(named):
        raise fields.bad("placements", "and unset name a marker twice")
    return change


def placements_payload(placements: Placements) -> JsonObject:
    """What answers and frames share."""
    return {
        "version": placements.version,
        "revision": placements.revision,
        "placements": [_encode_placement(placement) for placement in placements.placements],
        "gone": list(placements.gone),
    }


def read_placements(fields: Fields) -> Placements:
    """What answers and frames share, read."""
    revision = fields.integer("revision")
    if revision < 0:
        raise fields.bad("revision", "is negative")
    return Placements(
        version=fields.integer("version"),
        revision=revision,
        placements=tuple(map(_read_placement, fields.objects("placements"))),
        gone=tuple(map(ConversationId, fields.texts("gone"))),
    )


def _encode_placement(placement: Placement) -> JsonObject:
    origin = placement.origin
    return {
        "chatId": placement.conversation_id,
        "x": json_number(placement.point.x),
        "y": json_number(placement.point.y),
        "state": placement.state.value,
        **compact(
            fromX=None if origin is None else json_number(origin.x),
            fromY=None if origin is None else json_number(origin.y),
            score=placement.score,
            by=placement.by,
        ),
    }


def _read_placement(fields: Fields) -> Placement:
    try:
        state = PlacementState(fields.text("state"))
    except ValueError:
        raise fields.bad("state", f"is none of {', '.join(PlacementState)}") from None
    return Placement(
        conversation_id=ConversationId(fields.id("chatId")),
        point=fields.point(),
        state=state,
        origin=None if state is PlacementState.SET else _read_origin(fields),
        score=None if state is PlacementState.SET else _read_score(fields),
        by=read_user_id(fields, "by"),
    )


def _read_origin(fields: Fields) -> Point:
    return Point(fields.percent("fromX"), fields.percent("fromY"))


def _read_score(fields: Fields) -> float | None:
    if not fields.has("score"):
        return None
    score = fields.number("score")
    if not 0 <= score <= 1:
        raise fields.bad("score", "is not within 0 to 1")
    return score + 0.0
