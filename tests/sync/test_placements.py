"""From where a marker is looked for: the nearest version on which its place is known for sure."""

from __future__ import annotations

import pytest

from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Placement, Placements, PlacementState, Point
from imagechat_tui.sync.effects import Placeable
from imagechat_tui.sync.placements import Start, start_of, state_from

HOME = ConversationId("ic_1")
MADE, THERE, ELSEWHERE = Point(10.0, 20.0), Point(10.0, 40.0), Point(70.0, 70.0)


def placed(state: str, at: Point = THERE, origin: Point = MADE) -> Placement:
    known = PlacementState(state)
    return Placement(HOME, at, known, None if known is PlacementState.SET else origin)


@pytest.mark.parametrize(
    ("shown", "made_on", "told", "start"),
    [
        (2, 1, {}, 1),
        (3, 1, {2: "set"}, 2),
        (3, 1, {2: "moved"}, 2),
        (3, 1, {2: "same"}, 2),
        (3, 1, {2: "changed"}, 1),
        (3, 1, {2: "guess"}, 1),
        (4, 1, {2: "set", 3: "guess"}, 2),
        (4, 1, {2: "set", 3: "moved"}, 3),
        (4, 3, {2: "set"}, 3),
        (1, 4, {2: "set", 3: "moved"}, 2),
        (3, 1, {2: "same", 4: "set"}, 2),
        (3, 1, {4: "set"}, 4),
        (-1, 1, {2: "set", 3: "moved", 4: "guess"}, 3),
        (3, 1, {3: "set"}, 1),
    ],
)
def test_a_marker_is_looked_for_from_the_nearest_version_where_its_place_is_sure(
    shown: int, made_on: int, told: dict[int, str], start: int
) -> None:
    known = [Placements(number, 1, (placed(state),)) for number, state in told.items()]
    found = start_of(Placeable(HOME, made_on, MADE), shown, known)
    assert (found.version, found.point) == (start, MADE if start == made_on else THERE)
    assert found.is_said == (told.get(start) == "set")


def test_what_was_found_for_another_place_or_another_marker_is_no_start() -> None:
    other = Placement(ConversationId("ic_2"), THERE, PlacementState.SET)
    told = [Placements(2, 1, (placed("moved", origin=ELSEWHERE), other))]
    assert start_of(Placeable(HOME, 1, MADE), 3, told) == Start(1, MADE)


def test_what_this_session_knows_of_a_version_goes_before_what_the_server_told() -> None:
    told = [Placements(2, placements=(placed("set", ELSEWHERE),)), Placements(2, 1, (placed("moved"),))]
    assert start_of(Placeable(HOME, 1, MADE), 3, told).point == ELSEWHERE


@pytest.mark.parametrize(
    ("start", "found", "known"),
    [
        (Start(1, MADE), "same", "same"),
        (Start(2, MADE, placed("same", MADE)), "same", "same"),
        (Start(2, THERE, placed("moved")), "same", "moved"),
        (Start(2, THERE, placed("set")), "same", "moved"),
        (Start(2, MADE, placed("set", MADE)), "same", "same"),
        (Start(2, THERE, placed("set")), "changed", "changed"),
        (Start(2, THERE, placed("set")), "guess", "guess"),
        (Start(2, MADE, placed("same", MADE)), "moved", "moved"),
    ],
)
def test_what_is_known_of_a_marker_is_said_as_against_its_own_version(
    start: Start, found: str, known: str
) -> None:
    assert state_from(start, PlacementState(found), Placeable(HOME, 1, MADE)).value == known
