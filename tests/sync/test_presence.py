"""Who looks at the picture, and where they point."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import CursorMoved, ViewingChanged
from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Point, Viewing
from imagechat_tui.sync.effects import FetchPresence, SendCrosshair, SendViewing
from imagechat_tui.sync.inputs import FetchFailed, RoomFound, UsersLoaded
from imagechat_tui.sync.intents import MoveCrosshair
from tests import examples as eg
from tests.sync.desk import UNREACHABLE, Desk, at_once, hosted, joined
from tests.sync.world import showing

CARL = UserId("demo:carl")


def opened() -> Desk:
    """The socket stands; who is here is being asked."""
    desk = Desk(uniform=at_once)
    desk.list_comes()
    desk.opens()
    desk.hears(eg.subscribed(1))
    return desk


def test_who_is_here_is_asked_on_every_link() -> None:
    desk = opened()
    desk.people_come(eg.user(), eg.bob())
    assert desk.state.here.online == {eg.ALICE, eg.BOB}
    assert desk.state.confirmed.names == {eg.ALICE: "Alice", eg.BOB: "Bob"}
    desk.cut()
    desk.opens()
    desk.take(FetchPresence)


def test_without_a_link_nobody_is_known_to_be_here() -> None:
    desk = opened()
    desk.people_come(eg.user(), eg.bob())
    desk.hears(eg.presence_update(sockets=4), CursorMoved(eg.BOB, Point(1.0, 2.0)))
    desk.cut()
    assert (desk.state.here.online, desk.state.here.sockets, desk.state.here.crosshairs) == (
        frozenset(),
        0,
        {},
    )
    assert desk.state.confirmed.names[eg.BOB] == "Bob"


def test_a_link_that_is_given_up_has_nobody_either() -> None:
    desk = Desk(uniform=at_once)
    desk.list_comes()
    desk.opens()
    desk.people_come(eg.user(), eg.bob())
    desk.wait(10.0)
    assert desk.state.here.online == frozenset()


def test_who_came_while_the_list_was_on_its_way_is_here() -> None:
    desk = opened()
    desk.hears(eg.presence_update(joined=(eg.BOB,)), eg.presence_update(joined=(), left=(eg.ALICE,)))
    desk.people_come(eg.user())
    assert desk.state.here.online == {eg.BOB}


def test_what_was_heard_before_the_list_was_asked_for_does_not_count_twice() -> None:
    desk = opened()
    desk.people_come(eg.user(), eg.bob())
    desk.hears(eg.presence_update(joined=(CARL,)))
    desk.hears(eg.presence_update(joined=(), left=(CARL,)))
    desk.wait(0.5)
    desk.people_come(eg.user())
    assert desk.state.here.online == {eg.ALICE}


def test_the_names_of_all_who_come_within_a_moment_are_asked_at_once() -> None:
    desk = joined()
    desk.hears(eg.presence_update(joined=(CARL,)))
    desk.wait(0.3)
    desk.hears(eg.presence_update(joined=(UserId("demo:dora"),)))
    desk.nothing(FetchPresence)
    desk.wait(0.2)
    desk.take(FetchPresence)
    desk.wait(10.0)
    desk.nothing(FetchPresence)


def test_who_is_known_by_name_needs_no_question() -> None:
    desk = joined()
    desk.hears(eg.presence_update(joined=(eg.ALICE,)))
    desk.wait(10.0)
    desk.nothing(FetchPresence)


@pytest.mark.security
def test_strangers_who_come_and_go_make_nobody_ask() -> None:
    desk = joined()
    for n in range(5):
        desk.hears(eg.presence_update(joined=(UserId(f"anon:{n}"),)))
        desk.wait(1.0)
    desk.nothing(FetchPresence)
    desk.hears(eg.presence_update(joined=(UserId("anon:9"), CARL)))
    desk.wait(1.0)
    desk.take(FetchPresence)


@pytest.mark.parametrize("status", [None, 503, 429])
def test_a_question_that_failed_is_asked_again(status: int | None) -> None:
    desk = opened()
    asked = desk.take(FetchPresence)
    desk.feed(FetchFailed(asked.request, Problem(ProblemKind.REFUSED, retry_after_s=9.0), status))
    desk.wait(8.9)
    desk.nothing(FetchPresence)
    desk.wait(0.1)
    desk.take(FetchPresence)


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_server_that_does_not_tell_is_not_asked_again_on_this_link(status: int) -> None:
    desk = opened()
    desk.feed(FetchFailed(desk.take(FetchPresence).request, UNREACHABLE, status))
    desk.wait(300.0)
    desk.nothing(FetchPresence)
    desk.cut()
    desk.opens()
    desk.take(FetchPresence)


def test_an_answer_for_an_earlier_link_is_not_taken_for_this_one() -> None:
    desk = opened()
    stale = desk.take(FetchPresence)
    desk.cut()
    desk.feed(UsersLoaded(stale.request, (eg.bob(),)))
    assert desk.state.here.online == frozenset()
    desk.opens()
    desk.feed(UsersLoaded(stale.request, (eg.bob(),)))
    assert desk.state.here.online == frozenset()
    desk.people_come(eg.user())
    assert desk.state.here.online == {eg.ALICE}


def test_an_unchanged_list_changes_nothing() -> None:
    desk = joined()
    desk.hears(eg.presence_update(joined=(CARL,)))
    desk.wait(0.5)
    before = desk.state
    desk.people_come(eg.user(), replace(eg.user(), id=CARL, display_name=""))
    assert desk.state.here.online is before.here.online or desk.state.here.online == before.here.online
    again = desk.state
    desk.hears(eg.presence_update(joined=(CARL,)))
    assert desk.state is again


# Pointing


def test_the_crosshair_is_told_at_most_twice_a_second_and_the_last_place_always() -> None:
    desk = joined()
    told = []
    for step in range(20):
        desk.wish(MoveCrosshair(Point(float(step), 0.0)))
        told += [(round(desk.now, 1), sent.point.x) for sent in desk.all(SendCrosshair)]
        desk.wait(0.1)
        told += [(round(desk.now, 1), sent.point.x) for sent in desk.all(SendCrosshair)]
    assert [at for at, _ in told] == [1000.0, 1000.5, 1001.0, 1001.5, 1002.0]
    assert told[-1][1] == 19.0
    desk.wait(10.0)
    desk.nothing(SendCrosshair)


def test_nobody_is_told_where_nobody_listens() -> None:
    desk = hosted()
    desk.wish(MoveCrosshair(eg.point()))
    desk.wait(10.0)
    desk.nothing(SendCrosshair)
    away = joined()
    away.cut()
    away.wish(MoveCrosshair(eg.point()))
    away.nothing(SendCrosshair)


def test_the_crosshair_goes_over_the_socket_that_stands() -> None:
    desk = joined()
    desk.wish(MoveCrosshair(eg.point()))
    assert desk.take(SendCrosshair) == SendCrosshair(desk.socket, eg.point())


@pytest.mark.security
@pytest.mark.parametrize("explores", [False, True])
def test_nobody_is_told_of_who_only_explores(explores: bool) -> None:
    desk = Desk(uniform=at_once, explores=explores)
    desk.list_comes()
    assert desk.opens().unseen is explores
    desk.hears(eg.subscribed(1))
    desk.wish(MoveCrosshair(eg.point()))
    assert [sent.point for sent in desk.all(SendCrosshair)] == ([] if explores else [eg.point()])


# Which version


def at_version(version: int) -> Desk:
    """A session that is live and shows a version of its image."""
    desk = Desk(uniform=at_once)
    desk.feed(RoomFound(showing(version)))
    desk.list_comes()
    desk.opens()
    desk.hears(eg.subscribed(1))
    return desk


def test_who_comes_tells_which_version_they_look_at_and_when_it_is_another() -> None:
    desk = at_version(2)
    assert desk.take(SendViewing) == SendViewing(desk.socket, 2)
    desk.wait(5.0)
    desk.nothing(SendViewing)
    desk.feed(RoomFound(showing(3)))
    assert desk.take(SendViewing) == SendViewing(desk.socket, 3)
    desk.cut()
    desk.opens()
    assert desk.take(SendViewing) == SendViewing(desk.socket, 3)


def test_of_a_file_that_is_written_again_and_again_the_last_version_is_told_at_most_once_a_second() -> None:
    desk = at_version(1)
    told = [(0.0, desk.take(SendViewing).version)]
    began = desk.now
    for version in range(2, 22):
        desk.feed(RoomFound(showing(version)))
        desk.wait(0.1)
        told += [(round(desk.now - began, 1), sent.version) for sent in desk.all(SendViewing)]
    desk.wait(1.0)
    told += [(9.0, sent.version) for sent in desk.all(SendViewing)]
    assert len(told) <= 4
    assert told[-1][1] == 21


def test_a_hosted_server_is_told_no_version_and_who_only_explores_tells_none() -> None:
    exploring = Desk(uniform=at_once)
    exploring.feed(RoomFound(replace(showing(2), explores=True)))
    exploring.list_comes()
    exploring.opens()
    exploring.hears(eg.subscribed(1))
    for desk in (exploring, hosted()):
        desk.wait(5.0)
        desk.nothing(SendViewing)


def test_what_the_others_look_at_comes_with_the_list_and_with_what_is_told_after_it() -> None:
    desk = opened()
    asked = desk.take(FetchPresence)
    desk.hears(ViewingChanged((Viewing(eg.BOB, (3,)),)))
    viewing = Viewing(eg.ALICE, (1,)), Viewing(eg.BOB, (2,))
    desk.feed(UsersLoaded(asked.request, (eg.user(), eg.bob()), viewing))
    assert desk.state.here.versions == {eg.ALICE: (1,), eg.BOB: (3,)}
    desk.hears(ViewingChanged((Viewing(eg.ALICE, ()), Viewing(eg.BOB, (3, 4)))))
    assert desk.state.here.versions == {eg.BOB: (3, 4)}
    same = desk.state
    desk.hears(ViewingChanged((Viewing(eg.BOB, (3, 4)),)))
    assert desk.state is same
    desk.hears(eg.presence_update(joined=(), left=(eg.BOB,)))
    assert desk.state.here.versions == {}
