"""Where markers are on the version of the image that is shown, in step with the server."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import PlacementsChanged
from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Placement, Placements, PlacementState, Point
from imagechat_tui.protocol.routes import MAX_PLACEMENTS, ChangePlacements, ConversationList
from imagechat_tui.sync.effects import (
    Announce,
    FetchPlacements,
    News,
    PlacedBack,
    SendPlacements,
    SendRequest,
    Undone,
)
from imagechat_tui.sync.inputs import FetchFailed, PlacementsLoaded, PlacementsWorkedOut, RoomFound
from imagechat_tui.sync.intents import (
    MoveConversation,
    Retry,
    SetPlacement,
    StartConversation,
    TryNow,
    Undo,
    UnsetPlacement,
)
from imagechat_tui.sync.state import Placings, Thread
from imagechat_tui.sync.views import threads
from tests import examples as eg
from tests.sync.desk import UNREACHABLE, Desk, hosted
from tests.sync.world import showing

HOME = ConversationId("ic_1")
SHOWN = 2
"""The version that is shown; the marker was made on the first."""


def begun(answer: ConversationList | None = None, version: int = SHOWN) -> Desk:
    """A session that is live, and has asked where markers are."""
    desk = Desk()
    desk.feed(RoomFound(showing(version)))
    desk.list_comes(answer or eg.conversation_list(conversations=(eg.conversation(version=1),)))
    desk.opens()
    desk.hears(eg.subscribed(1))
    return desk


def told(desk: Desk, revision: int, *placements: Placement) -> Desk:
    """The server answers the question."""
    asked = desk.take(FetchPlacements)
    desk.feed(PlacementsLoaded(asked.request, Placements(asked.version, revision, placements)))
    return desk


def known(*placements: Placement) -> Desk:
    """The server has told where markers are, at revision 5."""
    return told(begun(), 5, *placements)


def confirmed(desk: Desk, changed: Placements) -> ChangePlacements:
    """The server carries out what it was told."""
    sent = desk.take(SendPlacements)
    desk.feed(PlacementsLoaded(sent.request, changed))
    return sent.change


def hears(
    desk: Desk, revision: int, *placements: Placement, version: int = SHOWN, gone: bool = False
) -> None:
    desk.hears(PlacementsChanged(Placements(version, revision, placements, (HOME,) if gone else ())))


def worked_out(y: float, origin: Point | None = None, key: ConversationId = HOME) -> Placement:
    return Placement(key, Point(25.5, float(y)), PlacementState.MOVED, origin or eg.point(), 0.9)


def said(y: float, key: ConversationId = HOME) -> Placement:
    return Placement(key, Point(25.5, float(y)), PlacementState.SET)


def by_bob(y: float) -> Placement:
    return replace(said(y), by=eg.BOB)


def shown(desk: Desk) -> Thread:
    (thread,) = threads(desk.state)
    return thread


def test_what_the_server_keeps_is_asked_for_once_the_socket_is_registered() -> None:
    desk = Desk()
    desk.feed(RoomFound(showing(SHOWN)))
    desk.list_comes()
    desk.opens()
    desk.nothing(FetchPlacements)
    desk.hears(eg.subscribed(1))
    assert desk.state.placings == Placings(SHOWN)
    told(desk, 5, worked_out(40))
    assert desk.state.placings == Placings(SHOWN, told=True, placements={HOME: worked_out(40)})
    desk.wait(60.0)
    desk.nothing(FetchPlacements, SendPlacements)


def test_a_marker_is_shown_where_it_is_on_this_version() -> None:
    thread = shown(known(worked_out(40)))
    assert (thread.placement, thread.point) == (worked_out(40), Point(25.5, 40))
    assert thread.conversation.point == eg.point()


@pytest.mark.parametrize("placement", [worked_out(40), by_bob(40)])
def test_on_the_version_that_it_was_made_on_a_marker_stands_where_it_was_put(placement: Placement) -> None:
    desk = told(begun(eg.conversation_list(conversations=(eg.conversation(version=SHOWN),))), 5, placement)
    assert (shown(desk).placement, shown(desk).point) == (None, eg.point())


def test_what_was_worked_out_does_not_hold_once_the_marker_has_moved() -> None:
    for placement, holds in ((worked_out(40), False), (by_bob(40), True)):
        desk = known(placement)
        desk.hears(eg.image_chat_updated(2, conversation=eg.conversation(version=1, point=Point(1, 2))))
        assert (shown(desk).placement is not None) is holds


def test_what_is_worked_out_is_shown_and_told_at_once_and_once() -> None:
    desk = known()
    desk.feed(PlacementsWorkedOut(SHOWN, (worked_out(40),)))
    assert shown(desk).placement == worked_out(40)
    desk.wait(0.2)
    changed = Placements(SHOWN, 6, (worked_out(40),))
    assert confirmed(desk, changed) == ChangePlacements(SHOWN, (worked_out(40),))
    desk.hears(PlacementsChanged(changed))
    desk.wait(60.0)
    desk.nothing(FetchPlacements, SendPlacements)
    assert shown(desk).placement == worked_out(40)


def test_whoever_was_first_is_shown_to_whoever_was_not() -> None:
    desk = known()
    desk.feed(PlacementsWorkedOut(SHOWN, (worked_out(40),)))
    desk.wait(0.2)
    confirmed(desk, Placements(SHOWN, 6))
    desk.wait(0.2)
    told(desk, 6, worked_out(50))
    assert shown(desk).placement == worked_out(50)


def test_what_is_known_is_not_worked_out_again() -> None:
    for there in (worked_out(40), by_bob(40)):
        desk = known(there)
        desk.feed(PlacementsWorkedOut(SHOWN, (worked_out(50),)))
        desk.wait(60.0)
        desk.nothing(SendPlacements)
        assert shown(desk).placement == there


def test_a_marker_that_has_moved_is_worked_out_anew() -> None:
    desk = known(worked_out(40))
    desk.hears(eg.image_chat_updated(2, conversation=eg.conversation(version=1, point=Point(1, 2))))
    anew = worked_out(70, Point(1, 2))
    desk.feed(PlacementsWorkedOut(SHOWN, (anew,)))
    assert shown(desk).placement == anew
    desk.wait(0.2)
    assert desk.take(SendPlacements).change == ChangePlacements(SHOWN, (anew,))


def test_what_the_person_says_is_shown_before_all_that_was_worked_out() -> None:
    desk = known(worked_out(40))
    desk.wish(SetPlacement(HOME, said(50).point))
    assert shown(desk).placement == said(50)
    desk.wait(0.2)
    mine = replace(said(50), by=eg.ALICE)
    assert confirmed(desk, Placements(SHOWN, 6, (mine,))) == ChangePlacements(SHOWN, (said(50),))
    assert shown(desk).placement == mine


def test_what_was_taken_back_is_as_it_was_before() -> None:
    desk = known(worked_out(40))
    hears(desk, 6, by_bob(50))
    desk.wish(UnsetPlacement(HOME))
    assert shown(desk).placement == worked_out(40)
    desk.wait(0.2)
    assert confirmed(desk, Placements(SHOWN, 7, (worked_out(40),))) == ChangePlacements(SHOWN, unset=(HOME,))
    assert shown(desk).placement == worked_out(40)


def test_where_nothing_is_known_to_have_been_before_the_server_tells_it() -> None:
    desk = known(by_bob(50))
    desk.wish(UnsetPlacement(HOME))
    assert shown(desk).placement is None
    desk.wait(0.2)
    confirmed(desk, Placements(SHOWN, 6, (worked_out(40),)))
    assert shown(desk).placement == worked_out(40)


def test_only_what_a_person_said_is_taken_back() -> None:
    desk = known(worked_out(40))
    desk.wish(UnsetPlacement(HOME))
    desk.wait(60.0)
    desk.nothing(SendPlacements)
    assert shown(desk).placement == worked_out(40)


PUT, TAKEN_BACK = SetPlacement(HOME, said(60).point), UnsetPlacement(HOME)


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize(
    ("before", "done"),
    [
        (None, PUT),
        (worked_out(40), PUT),
        (worked_out(60), PUT),
        (by_bob(50), PUT),
        (by_bob(50), TAKEN_BACK),
    ],
)
def test_where_the_person_put_a_marker_is_undone(
    before: Placement | None, done: SetPlacement | UnsetPlacement, answered: bool
) -> None:
    desk = known(*([] if before is None else [before]))
    desk.wish(done)
    now = shown(desk).placement
    assert now != before
    if answered:
        desk.wait(0.2)
        mine = None if now is None else replace(now, by=eg.ALICE)
        confirmed(
            desk, Placements(SHOWN, 6, () if mine is None else (mine,), (HOME,) if mine is None else ())
        )
    desk.wish(Undo())
    back = shown(desk).placement
    assert (back and (back.point, back.state)) == (before and (before.point, before.state))
    assert desk.told(News.UNDONE) == []
    desk.wish(Undo())
    assert [news.problem for news in desk.told(News.NOT_UNDONE)] == [Problem(ProblemKind.NO_ANSWER)]
    revision = 6
    desk.wait(1.0)
    while sent := desk.all(SendPlacements):
        assert desk.told(News.UNDONE) == []
        revision += 1
        answer = Placements(SHOWN, revision, sent[0].change.placements, sent[0].change.unset)
        desk.feed(PlacementsLoaded(sent[0].request, answer))
        desk.wait(1.0)
    kind: PlacedBack = "unconfirmed" if before == worked_out(60) else "moved"
    undone = Announce(News.UNDONE, conversation_id=HOME, undone=Undone(eg.conversation().number, placed=kind))
    assert desk.told(News.UNDONE) == [undone]
    desk.wish(Undo())
    assert desk.told(News.NOTHING_TO_UNDO)


def test_a_confirmation_that_was_taken_back_is_undone_as_one() -> None:
    desk = known(worked_out(60))
    desk.wish(PUT)
    desk.wait(0.2)
    confirmed(desk, Placements(SHOWN, 6, (said(60),)))
    desk.wish(TAKEN_BACK)
    desk.wait(0.2)
    confirmed(desk, Placements(SHOWN, 7, (), (HOME,)))
    desk.wish(Undo())
    desk.wait(0.2)
    confirmed(desk, Placements(SHOWN, 8, (said(60),)))
    assert [item.undone and item.undone.placed for item in desk.told(News.UNDONE)] == ["confirmed"]


@pytest.mark.parametrize("refused", [False, True])
def test_a_place_is_undone_when_the_server_has_it_however_late_and_not_if_it_refuses(refused: bool) -> None:
    desk = known(by_bob(50))
    desk.wish(PUT)
    desk.wait(0.2)
    confirmed(desk, Placements(SHOWN, 6, (said(60),)))
    desk.wait(1.0)
    desk.wish(Undo())
    desk.wait(1.0)
    desk.feed(FetchFailed(desk.take(SendPlacements).request, UNREACHABLE))
    desk.wait(3.0)
    again = desk.all(SendPlacements)[-1].request
    assert desk.told(News.UNDONE, News.NOT_PLACED) == []
    if refused:
        desk.feed(FetchFailed(again, Problem(ProblemKind.REFUSED), 403))
    else:
        desk.feed(PlacementsLoaded(again, Placements(SHOWN, 7, (said(50),))))
    told_of = [news.news for news in desk.told(News.UNDONE, News.NOT_PLACED)]
    assert told_of == [News.NOT_PLACED if refused else News.UNDONE]


@pytest.mark.parametrize("since", ["placed", "version"])
def test_a_place_that_is_another_by_now_is_not_undone(since: str) -> None:
    desk = known(worked_out(40))
    desk.wish(PUT)
    if since == "placed":
        desk.wait(0.2)
        confirmed(desk, Placements(SHOWN, 6, (said(60),)))
        hears(desk, 7, by_bob(70))
    else:
        desk.feed(RoomFound(showing(3)))
    before = shown(desk).placement
    desk.wish(Undo())
    assert shown(desk).placement == before
    assert desk.told(News.NOT_UNDONE)


def test_what_is_taken_back_before_it_was_told_is_told_as_taken_back() -> None:
    desk = known()
    desk.cut()
    desk.wish(SetPlacement(HOME, said(50).point))
    desk.wish(UnsetPlacement(HOME))
    assert shown(desk).placement is None
    desk.wish(TryNow())
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.wait(0.2)
    told(desk, 5)
    desk.wait(0.2)
    assert desk.take(SendPlacements).change == ChangePlacements(SHOWN, unset=(HOME,))


def test_what_others_say_is_shown_at_once() -> None:
    desk = known()
    hears(desk, 6, by_bob(50))
    assert shown(desk).placement == by_bob(50)
    hears(desk, 7, gone=True)
    assert shown(desk).placement is None


def test_another_version_is_of_no_interest() -> None:
    desk = known()
    hears(desk, 6, by_bob(50), version=3)
    hears(desk, 9, by_bob(50), version=1)
    desk.wait(60.0)
    desk.nothing(FetchPlacements)
    assert shown(desk).placement is None


def test_a_change_that_is_known_changes_nothing() -> None:
    desk = known(worked_out(40))
    hears(desk, 5, by_bob(50))
    hears(desk, 4, by_bob(50))
    assert shown(desk).placement == worked_out(40)


def test_after_changes_that_were_missed_the_server_is_asked() -> None:
    desk = known()
    hears(desk, 8, by_bob(50))
    assert shown(desk).placement == by_bob(50)
    desk.wait(0.2)
    told(desk, 8, by_bob(50))
    desk.wait(60.0)
    desk.nothing(FetchPlacements)


def test_an_answer_that_a_change_has_overtaken_is_asked_for_again() -> None:
    desk = begun()
    asked = desk.take(FetchPlacements)
    hears(desk, 6, by_bob(50))
    desk.feed(PlacementsLoaded(asked.request, Placements(SHOWN, 5)))
    assert not desk.state.placings.told
    desk.wait(0.2)
    told(desk, 6, by_bob(50))
    assert shown(desk).placement == by_bob(50)


def test_what_was_said_offline_is_told_when_the_link_is_back() -> None:
    desk = known()
    desk.cut()
    desk.wish(SetPlacement(HOME, said(50).point))
    assert shown(desk).placement == said(50)
    desk.wait(30.0)
    desk.nothing(SendPlacements)
    desk.wish(TryNow())
    desk.opens()
    desk.hears(eg.subscribed(1))
    told(desk, 7, by_bob(60))
    assert shown(desk).placement == said(50)
    desk.wait(0.2)
    assert desk.take(SendPlacements).change == ChangePlacements(SHOWN, (said(50),))


def test_what_nobody_confirmed_is_told_again() -> None:
    desk = known()
    desk.wish(SetPlacement(HOME, said(50).point))
    desk.wait(0.2)
    desk.feed(FetchFailed(desk.take(SendPlacements).request, UNREACHABLE))
    assert shown(desk).placement == said(50)
    desk.wait(10.0)
    assert desk.take(SendPlacements).change == ChangePlacements(SHOWN, (said(50),))


def test_what_is_said_while_it_is_told_is_told_too() -> None:
    desk = known()
    desk.wish(SetPlacement(HOME, said(50).point))
    desk.wait(0.2)
    desk.wish(SetPlacement(HOME, said(60).point))
    confirmed(desk, Placements(SHOWN, 6, (replace(said(50), by=eg.ALICE),)))
    assert shown(desk).placement == said(60)
    desk.wait(0.2)
    assert confirmed(desk, Placements(SHOWN, 7)) == ChangePlacements(SHOWN, (said(60),))


def test_another_version_begins_anew() -> None:
    desk = known(worked_out(40))
    desk.wish(SetPlacement(HOME, said(50).point))
    desk.feed(RoomFound(showing(3)))
    assert (desk.state.placings, shown(desk).placement) == (Placings(3), None)
    desk.feed(PlacementsWorkedOut(SHOWN, (worked_out(60),)))
    desk.feed(PlacementsWorkedOut(3, (worked_out(70),)))
    assert shown(desk).placement == worked_out(70)
    late = desk.all(SendPlacements)
    for sent in late:
        desk.feed(PlacementsLoaded(sent.request, Placements(SHOWN, 6, (said(50),))))
    desk.wait(0.2)
    assert confirmed(desk, Placements(SHOWN, 6, (said(50),))) == ChangePlacements(SHOWN, (said(50),))
    desk.wait(0.2)
    told(desk, 0)
    desk.wait(0.2)
    assert desk.take(SendPlacements).change == ChangePlacements(3, (worked_out(70),))


def test_what_was_said_of_the_version_before_is_told_before_the_next_is_asked_for() -> None:
    """Else the marker would be looked for from where nobody has put it, and what was said would be lost."""
    desk = known(by_bob(40))
    desk.wish(UnsetPlacement(HOME))
    desk.feed(RoomFound(showing(3)))
    desk.all(SendPlacements)
    desk.wait(0.2)
    desk.nothing(FetchPlacements)
    assert confirmed(desk, Placements(SHOWN, 6)) == ChangePlacements(SHOWN, unset=(HOME,))
    desk.wait(0.2)
    assert desk.take(FetchPlacements).version == 3
    desk.nothing(SendPlacements)


def test_what_was_said_of_the_version_before_and_is_not_taken_the_person_is_told() -> None:
    desk = known(worked_out(40))
    desk.wish(SetPlacement(HOME, said(50).point))
    desk.feed(RoomFound(showing(3)))
    desk.all(SendPlacements)
    desk.wait(0.2)
    desk.feed(FetchFailed(desk.take(SendPlacements).request, Problem(ProblemKind.REFUSED), 403))
    (news,) = desk.told(News.NOT_PLACED)
    assert news.conversation_id == HOME
    desk.wait(60.0)
    desk.nothing(SendPlacements)


def test_the_same_version_goes_on() -> None:
    desk = known(worked_out(40))
    desk.feed(RoomFound(replace(showing(SHOWN), page_title="Another title")))
    desk.wait(60.0)
    desk.nothing(FetchPlacements)
    assert shown(desk).placement == worked_out(40)


def test_where_no_version_is_known_nothing_is_asked_and_nothing_placed() -> None:
    for desk in (hosted(), begun(version=0)):
        desk.feed(RoomFound(eg.room()))
        desk.wish(SetPlacement(HOME, said(50).point))
        desk.wish(UnsetPlacement(HOME))
        desk.all(FetchPlacements)
        desk.wait(60.0)
        desk.nothing(FetchPlacements, SendPlacements)
        assert shown(desk).placement is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405])
def test_what_the_server_does_not_take_the_person_is_told(status: int) -> None:
    desk = known(worked_out(40))
    desk.wish(SetPlacement(HOME, said(50).point))
    desk.wait(0.2)
    refused = Problem(ProblemKind.REFUSED)
    desk.feed(FetchFailed(desk.take(SendPlacements).request, refused, status))
    (news,) = desk.told(News.NOT_PLACED)
    assert (news.conversation_id, news.problem) == (HOME, refused)
    assert shown(desk).placement == worked_out(40)
    desk.wait(60.0)
    desk.nothing(FetchPlacements, SendPlacements)


def test_what_was_worked_out_and_is_not_taken_stays_for_this_session_alone() -> None:
    desk = known()
    desk.feed(PlacementsWorkedOut(SHOWN, (worked_out(40),)))
    desk.wait(0.2)
    desk.feed(FetchFailed(desk.take(SendPlacements).request, Problem(ProblemKind.REFUSED), 403))
    desk.wait(60.0)
    desk.nothing(SendPlacements)
    assert desk.told(News.NOT_PLACED) == []
    assert shown(desk).placement == worked_out(40)


def test_an_older_server_is_asked_once_a_link() -> None:
    desk = begun()
    desk.feed(FetchFailed(desk.take(FetchPlacements).request, Problem(ProblemKind.REFUSED), 404))
    desk.feed(PlacementsWorkedOut(SHOWN, (worked_out(40),)))
    desk.wait(60.0)
    desk.nothing(FetchPlacements, SendPlacements)
    assert shown(desk).placement == worked_out(40)


def readers() -> list[ConversationList]:
    listed = eg.conversation_list(conversations=(eg.conversation(version=1),))
    return [replace(listed, read_only=True), replace(listed, user=eg.user(is_anonymous=True))]


@pytest.mark.parametrize("answer", readers())
def test_who_may_only_look_sees_what_was_worked_out_here_and_tells_nobody(answer: ConversationList) -> None:
    desk = told(begun(answer), 0)
    desk.feed(PlacementsWorkedOut(SHOWN, (worked_out(40),)))
    desk.wait(60.0)
    desk.nothing(SendPlacements)
    assert shown(desk).placement == worked_out(40)


def test_a_reader_who_says_where_a_marker_is_is_told_that_they_may_not() -> None:
    desk = told(begun(readers()[0]), 0)
    desk.wish(SetPlacement(HOME, said(40).point))
    assert len(desk.told(News.NOT_PLACED)) == 1
    assert shown(desk).placement is None


def test_who_explores_tells_nobody_and_says_nothing() -> None:
    desk = Desk()
    desk.feed(RoomFound(replace(showing(SHOWN), explores=True)))
    desk.list_comes(eg.conversation_list(conversations=(eg.conversation(version=1),)))
    desk.opens()
    desk.hears(eg.subscribed(1))
    told(desk, 0)
    desk.feed(PlacementsWorkedOut(SHOWN, (worked_out(40),)))
    desk.wish(SetPlacement(HOME, Point(1, 2)))
    desk.wait(60.0)
    desk.nothing(SendPlacements)
    assert len(desk.told(News.NOT_PLACED)) == 1
    assert shown(desk).placement == worked_out(40)


def test_a_guest_who_is_known_again_tells_it() -> None:
    guest = replace(readers()[1], user=eg.user(is_anonymous=True, session_id="s"))
    desk = told(begun(guest), 0)
    desk.feed(PlacementsWorkedOut(SHOWN, (worked_out(40),)))
    desk.wait(0.2)
    desk.take(SendPlacements)


def test_more_than_one_request_may_name_is_told_in_several() -> None:
    desk = known()
    many = tuple(worked_out(40, key=ConversationId(f"ic_{n}")) for n in range(MAX_PLACEMENTS + 1))
    desk.feed(PlacementsWorkedOut(SHOWN, many))
    desk.wait(0.2)
    assert confirmed(desk, Placements(SHOWN, 6, many[:-1])).placements == many[:-1]
    desk.wait(0.2)
    assert confirmed(desk, Placements(SHOWN, 7, many[-1:])).placements == many[-1:]
    desk.wait(60.0)
    desk.nothing(SendPlacements)


def test_a_marker_that_moves_here_keeps_its_way_while_that_is_not_confirmed() -> None:
    desk = known(worked_out(40))
    desk.wish(MoveConversation(HOME, Point(1, 2)))
    assert shown(desk).conversation.point == Point(1, 2)


# The version of a new marker


def test_a_new_marker_is_of_the_version_that_was_shown_when_it_was_sent_first() -> None:
    desk = known()
    wanted = desk.wish(StartConversation(Point(1, 2), "look"))
    assert desk.take(SendRequest).write == StartConversation(Point(1, 2), "look", version=SHOWN)
    desk.write_fails(wanted, sent=False)
    desk.feed(RoomFound(showing(3)))
    (draft,) = desk.state.mine.drafts
    desk.wish(Retry(draft.id))
    assert desk.take(SendRequest).write == StartConversation(Point(1, 2), "look", version=SHOWN)


def test_a_marker_on_a_picture_that_the_server_has_not_seen_is_not_of_the_latest_version() -> None:
    desk = known()
    room = showing(SHOWN)
    assert room.image is not None
    desk.feed(RoomFound(replace(room, image=replace(room.image, version=None), unseen=-1)))
    desk.wish(StartConversation(Point(1, 2), "look"))
    assert desk.take(SendRequest).write == StartConversation(Point(1, 2), "look", version=-1)
