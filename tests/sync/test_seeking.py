"""Which markers are looked for on a version they were not made on: once, if the server knows nothing of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.events import PlacementsChanged
from imagechat_tui.protocol.ids import ConversationId, ImageId, UrlId
from imagechat_tui.protocol.models import (
    Conversation,
    Matched,
    OpenedImage,
    Placement,
    Placements,
    PlacementState,
    Point,
)
from imagechat_tui.sync.effects import FetchPlacements, News, SendPlacements, Tally, WorkOutPlacements
from imagechat_tui.sync.inputs import (
    FetchFailed,
    PictureKept,
    PlacementsLoaded,
    PlacementsNotWorkedOut,
    PlacementsWorkedOut,
    RoomFound,
)
from imagechat_tui.sync.intents import MoveCrosshair, SetPlacement, TryNow, UnsetPlacement
from imagechat_tui.sync.seeking import MOST
from imagechat_tui.sync.views import threads
from tests import examples as eg
from tests.sync.desk import UNREACHABLE, Desk

IMAGE = OpenedImage(ImageId("im_1"), UrlId("img/1/a.png"), "a.png", "a.png", "", Matched.PATH, None, 2)
IMAGE_TWO = replace(IMAGE, version=2)
ONE, TWO, THREE = (ConversationId(f"ic_{number}") for number in (1, 2, 3))

HERE, THERE = Point(10, 20), Point(10, 40)


def marker(home: ConversationId, version: int | None = 1, at: Point = HERE) -> Conversation:
    return eg.conversation(id=home, url_id=UrlId(f"t/{home}"), point=at, version=version)


def shown(version: int | None, *markers: Conversation) -> Desk:
    """A session that is live, with these markers, and shows this version."""
    desk = Desk()
    answer = eg.conversation_list(conversations=markers, comments=())
    desk.list_comes(answer)
    desk.opens()
    assert answer.position is not None
    desk.hears(eg.subscribed(answer.position.seq))
    turn(desk, version)
    return desk


def turn(desk: Desk, version: int | None) -> None:
    """The picture that is shown is this version, of which the server knows nothing."""
    desk.feed(RoomFound(replace(desk.state.room, image=replace(IMAGE, version=version))))
    desk.wait(1.0)
    for asked in desk.all(FetchPlacements):
        desk.feed(PlacementsLoaded(asked.request, Placements(asked.version)))


def found(home: ConversationId, state: str = "moved", at: Point = THERE, origin: Point = HERE) -> Placement:
    return Placement(home, at, PlacementState(state), origin, 0.9)


def places(desk: Desk) -> dict[str, tuple[Point, bool]]:
    """Where each marker is drawn, and whether it is to be checked."""
    return {thread.key: (thread.point, thread.to_check) for thread in threads(desk.state)}


def tallies(desk: Desk) -> list[Tally | None]:
    """What is told of markers that were found."""
    return [news.tally for news in desk.told(News.PLACED)]


def test_markers_of_other_versions_are_looked_for_and_those_of_this_one_are_not() -> None:
    desk = shown(2, marker(ONE), marker(TWO, version=2), marker(THREE, version=None))
    asked = desk.take(WorkOutPlacements)
    assert (asked.image_id, asked.version) == (IMAGE.id, 2)
    assert [(one.conversation_id, one.version, one.point) for one in asked.markers] == [
        (ONE, 1, Point(10, 20))
    ]
    assert (desk.state.placings.placed, desk.state.placings.coming) == (0, 1)
    desk.feed(PlacementsWorkedOut(asked.version, (found(ONE),)))
    assert places(desk) == {
        ONE: (Point(10, 40), False),
        TWO: (Point(10, 20), False),
        THREE: (Point(10, 20), False),
    }
    assert desk.state.placings.coming == 0
    desk.nothing(WorkOutPlacements)


def test_nothing_is_looked_for_while_nobody_knows_which_version_is_shown() -> None:
    desk = shown(None, marker(ONE))
    desk.nothing(WorkOutPlacements)


def test_a_version_that_the_server_has_not_seen_is_looked_through_and_nothing_is_told_of_it() -> None:
    desk = shown(None, marker(ONE), marker(TWO), marker(THREE, version=None))
    desk.feed(RoomFound(replace(desk.state.room, image=IMAGE, unseen=-1)))
    asked = desk.take(WorkOutPlacements)
    assert (asked.version, len(asked.markers)) == (-1, 2)
    desk.feed(PlacementsWorkedOut(-1, (found(ONE), found(TWO, "guess", HERE))))
    desk.wish(SetPlacement(ONE, Point(1, 2)))
    desk.wait(60.0)
    desk.nothing(FetchPlacements, SendPlacements)
    assert places(desk) == {ONE: (THERE, False), TWO: (HERE, True), THREE: (HERE, False)}
    desk.feed(RoomFound(replace(desk.state.room, unseen=-2)))
    assert desk.take(WorkOutPlacements).version == -2
    assert places(desk)[ONE] == (HERE, False)


def test_a_marker_that_cannot_be_looked_for_now_is_to_be_checked() -> None:
    desk = shown(2, marker(ONE), marker(TWO, version=2))
    assert places(desk)[ONE] == (HERE, False)
    desk.feed(PlacementsNotWorkedOut(2))
    assert places(desk) == {ONE: (HERE, True), TWO: (HERE, False)}


def test_what_is_found_comes_in_parts_and_is_told_once_in_the_end() -> None:
    desk = shown(2, marker(ONE), marker(TWO), marker(THREE))
    desk.take(WorkOutPlacements)
    desk.feed(PlacementsWorkedOut(2, (found(ONE, "changed", Point(10, 20)),), last=False))
    assert desk.state.placings.placed == 1
    assert tallies(desk) == []
    desk.feed(PlacementsWorkedOut(2, (found(TWO), found(THREE, "guess", Point(10, 20)))))
    assert tallies(desk) == [Tally(None, 2, stay=1, changed=1, moved=1, to_check=1)]
    assert places(desk)[THREE] == (Point(10, 20), True)


def test_a_picture_that_was_only_saved_anew_is_no_news() -> None:
    desk = shown(2, marker(ONE))
    desk.take(WorkOutPlacements)
    desk.feed(PlacementsWorkedOut(2, (found(ONE, "same", Point(10, 20)),), resaved=True))
    assert tallies(desk) == []
    assert places(desk) == {ONE: (Point(10, 20), False)}


def test_another_version_is_another_question_and_late_answers_are_none() -> None:
    desk = shown(2, marker(ONE))
    late = desk.take(WorkOutPlacements).version
    turn(desk, 3)
    asked = desk.take(WorkOutPlacements)
    desk.feed(PlacementsWorkedOut(late, (found(ONE),)))
    assert places(desk) == {ONE: (Point(10, 20), False)}
    desk.feed(PlacementsWorkedOut(asked.version, (found(ONE, at=Point(1, 2)),)))
    assert places(desk) == {ONE: (Point(1, 2), False)}
    assert tallies(desk) == [Tally(2, 3, moved=1)]
    turn(desk, 1)
    assert places(desk) == {ONE: (Point(10, 20), False)}
    desk.nothing(WorkOutPlacements)


def test_where_markers_were_on_the_version_before_goes_with_the_question() -> None:
    desk = shown(2, marker(ONE), marker(TWO, version=2))
    desk.feed(PlacementsWorkedOut(desk.take(WorkOutPlacements).version, (found(ONE),)))
    turn(desk, 3)
    asked = desk.take(WorkOutPlacements)
    assert (asked.before, asked.known) == (2, (found(ONE),))
    assert len(asked.markers) == 2


def test_what_is_near_the_crosshair_is_looked_for_first_and_of_too_many_nobody_can_tell() -> None:
    many = [marker(ConversationId(f"ic_{n}"), at=Point(n % 100, n // 100)) for n in range(MOST + 7)]
    desk = shown(None, *many)
    desk.wish(MoveCrosshair(Point(60.0, 1.0)))
    turn(desk, 2)
    asked = desk.take(WorkOutPlacements)
    assert len(asked.markers) == MOST
    assert asked.markers[0].point == Point(60, 1)
    assert sum(to_check for _, to_check in places(desk).values()) == 7


def test_a_marker_that_was_moved_on_its_own_version_is_looked_for_again() -> None:
    desk = shown(2, marker(ONE))
    desk.feed(PlacementsWorkedOut(desk.take(WorkOutPlacements).version, (found(ONE),)))
    moved = replace(marker(ONE), point=Point(50, 50))
    desk.hears(eg.image_chat_updated(2, conversation=moved, comment=None, activity="moved"))
    assert places(desk) == {ONE: (Point(50, 50), False)}
    assert desk.take(WorkOutPlacements).markers[0].point == Point(50, 50)


def test_what_a_person_says_holds_until_it_is_taken_back() -> None:
    desk = shown(2, marker(ONE))
    desk.feed(
        PlacementsWorkedOut(desk.take(WorkOutPlacements).version, (found(ONE, "guess", Point(10, 20)),))
    )
    desk.wait(1.0)
    sent = desk.take(SendPlacements)
    desk.feed(PlacementsLoaded(sent.request, Placements(2, 1, sent.change.placements)))
    desk.wish(SetPlacement(ONE, Point(33, 44)))
    assert places(desk) == {ONE: (Point(33, 44), False)}
    desk.wish(UnsetPlacement(ONE))
    assert places(desk) == {ONE: (Point(10, 20), True)}


def test_what_is_a_guess_for_want_of_a_picture_is_told_to_nobody() -> None:
    desk = shown(2, marker(ONE))
    desk.take(WorkOutPlacements)
    desk.feed(PlacementsWorkedOut(2, (found(ONE, "guess", HERE),), seen=False))
    assert tallies(desk) == [Tally(None, 2, to_check=1, unseen=1)]
    desk.wait(60.0)
    desk.nothing(SendPlacements, WorkOutPlacements)
    assert places(desk) == {ONE: (HERE, True)}
    desk.hears(PlacementsChanged(Placements(2, 1, (found(ONE),))))
    assert places(desk) == {ONE: (THERE, False)}


def test_a_picture_that_comes_later_has_guesses_looked_for_and_nothing_that_somebody_said() -> None:
    desk = shown(2, marker(ONE), marker(TWO), marker(THREE))
    desk.take(WorkOutPlacements)
    desk.feed(
        PlacementsWorkedOut(2, (found(ONE, "guess", HERE), found(TWO, "guess", HERE)), False, last=False)
    )
    desk.feed(PlacementsWorkedOut(2, (found(THREE),)))
    desk.wish(SetPlacement(TWO, Point(33, 44)))
    desk.feed(PictureKept(7))
    desk.nothing(WorkOutPlacements)
    desk.feed(PictureKept(2))
    assert [one.conversation_id for one in desk.take(WorkOutPlacements).markers] == [ONE]
    desk.feed(PlacementsWorkedOut(2, (found(ONE),)))
    assert places(desk) == {ONE: (THERE, False), TWO: (Point(33, 44), False), THREE: (THERE, False)}
    assert tallies(desk)[-1] == Tally(None, 2, moved=1)
    desk.feed(PictureKept(2))
    desk.nothing(WorkOutPlacements)


def test_those_that_had_moved_before_and_stand_there_yet_stay() -> None:
    desk = shown(2, marker(ONE), marker(TWO))
    desk.feed(PlacementsWorkedOut(desk.take(WorkOutPlacements).version, (found(ONE), found(TWO))))
    turn(desk, 3)
    desk.take(WorkOutPlacements)
    desk.feed(PlacementsWorkedOut(3, (found(ONE), found(TWO, at=Point(1, 2))), still=(ONE,)))
    assert tallies(desk)[-1] == Tally(2, 3, stay=1, moved=1)


def test_what_the_server_knows_is_not_looked_for() -> None:
    desk = shown(None, marker(ONE), marker(TWO))
    desk.feed(RoomFound(replace(desk.state.room, image=IMAGE_TWO)))
    desk.nothing(WorkOutPlacements)
    desk.wait(1.0)
    asked = desk.take(FetchPlacements)
    desk.feed(PlacementsLoaded(asked.request, Placements(2, 1, (found(ONE),))))
    assert [one.conversation_id for one in desk.take(WorkOutPlacements).markers] == [TWO]


@pytest.mark.parametrize("missed", [False, True])
def test_what_goes_since_a_person_said_where_it_was_before_is_looked_for_anew_and_once(missed: bool) -> None:
    desk = shown(None, marker(ONE))
    desk.feed(RoomFound(replace(desk.state.room, image=IMAGE_TWO)))
    desk.wait(1.0)
    desk.feed(PlacementsLoaded(desk.take(FetchPlacements).request, Placements(2)))
    desk.feed(PlacementsWorkedOut(desk.take(WorkOutPlacements).version, (found(ONE),)))
    desk.wait(1.0)
    first = desk.take(SendPlacements)
    desk.feed(PlacementsLoaded(first.request, Placements(2, 1, first.change.placements)))
    desk.nothing(WorkOutPlacements)
    desk.hears(PlacementsChanged(Placements(2, 3 if missed else 2, gone=(ONE,))))
    if missed:
        desk.wait(1.0)
        desk.feed(PlacementsLoaded(desk.take(FetchPlacements).request, Placements(2, 3)))
    assert [one.conversation_id for one in desk.take(WorkOutPlacements).markers] == [ONE]
    desk.feed(PlacementsWorkedOut(2, (found(ONE, at=Point(5, 6)),)))
    assert places(desk)[ONE] == (Point(5, 6), False)
    desk.wait(1.0)
    sent = desk.take(SendPlacements)
    desk.feed(PlacementsLoaded(sent.request, Placements(2, 4, sent.change.placements)))
    desk.nothing(WorkOutPlacements)


def test_what_cannot_be_worked_out_now_is_asked_for_on_the_next_link() -> None:
    desk = shown(2, marker(ONE))
    desk.feed(PlacementsNotWorkedOut(desk.take(WorkOutPlacements).version))
    desk.wait(60.0)
    desk.nothing(WorkOutPlacements)
    desk.cut()
    desk.wish(TryNow())
    desk.opens()
    assert desk.take(WorkOutPlacements).version == 2


def moves(desk: Desk, at: Point, seq: int = 2) -> None:
    """Somebody moves the marker on the version it was made on."""
    desk.hears(
        eg.image_chat_updated(seq, conversation=marker(ONE, at=at), comment=None, activity=f"moved {seq}")
    )


def looked_for(desk: Desk, *, seen: bool) -> list[Point]:
    """Where the marker was looked for, each time with the same answer, until it is not any more."""
    points = []
    while asked := desk.all(WorkOutPlacements):
        (point,) = [one.point for one in asked[0].markers]
        points.append(point)
        assert len(points) < 5
        state = "moved" if seen else "guess"
        desk.feed(PlacementsWorkedOut(2, (found(ONE, state, point, origin=point),), seen=seen))
    return points


def is_refused(desk: Desk) -> None:
    desk.wait(1.0)
    desk.feed(FetchFailed(desk.take(SendPlacements).request, UNREACHABLE, 403))


def is_not_taken_note_of(desk: Desk) -> None:
    desk.wait(1.0)
    desk.feed(PlacementsLoaded(desk.take(SendPlacements).request, Placements(2)))


def is_cut_off(desk: Desk) -> None:
    desk.cut()
    desk.wish(TryNow())
    desk.opens()


def is_told_by_another(desk: Desk) -> None:
    desk.hears(PlacementsChanged(Placements(2, 1, (found(ONE),))))


def goes_on(desk: Desk) -> None:
    pass


AFTER_ONE_SEARCH = [
    (goes_on, True),
    (goes_on, False),
    (is_refused, True),
    (is_not_taken_note_of, True),
    (is_cut_off, True),
    (is_cut_off, False),
    (is_told_by_another, True),
    (is_told_by_another, False),
]


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize(("then", "seen_first"), AFTER_ONE_SEARCH)
def test_a_marker_is_looked_for_once_where_it_stands_and_that_is_told_once(
    then: Callable[[Desk], None], seen_first: bool, seen: bool
) -> None:
    desk = shown(2, marker(ONE))
    assert looked_for(desk, seen=seen_first) == [HERE]
    then(desk)
    assert looked_for(desk, seen=seen) == []
    moves(desk, Point(50, 50))
    assert looked_for(desk, seen=seen) == [Point(50, 50)]
    assert places(desk) == {ONE: (Point(50, 50), not seen)}
    moves(desk, HERE, 3)
    assert looked_for(desk, seen=seen) == [HERE]
    assert len(tallies(desk)) == 1
    assert desk.state.placings.coming == 0


@pytest.mark.parametrize("seen", [True, False])
def test_a_marker_that_moves_while_it_is_looked_for_is_looked_for_once_more(seen: bool) -> None:
    desk = shown(2, marker(ONE))
    moves(desk, Point(50, 50))
    assert looked_for(desk, seen=seen) == [HERE, Point(50, 50)]
    assert places(desk) == {ONE: (Point(50, 50), not seen)}
    assert len(tallies(desk)) == 1


@pytest.mark.parametrize("seen", [True, False])
def test_what_the_server_knows_of_another_place_is_looked_for_once(seen: bool) -> None:
    desk = shown(None, marker(ONE))
    desk.feed(RoomFound(replace(desk.state.room, image=IMAGE_TWO)))
    desk.wait(1.0)
    old = found(ONE, origin=Point(1, 1))
    desk.feed(PlacementsLoaded(desk.take(FetchPlacements).request, Placements(2, 1, (old,))))
    assert looked_for(desk, seen=seen) == [HERE]
    assert places(desk) == {ONE: (HERE, not seen)}
