"""The book of who looks at which version: when what is told."""

from __future__ import annotations

from itertools import pairwise

from imagechat_tui.protocol.events import ViewingChanged
from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Viewing
from imagechat_tui.server.live.viewing import (
    FRAME_INTERVAL_S,
    MAX_USERS_PER_FRAME,
    TELL_DELAY_S,
    ViewingBook,
)

ANN = UserId("demo:ann")
BOB = UserId("demo:bob")


def looking(*sockets: tuple[UserId, int]) -> ViewingBook:
    """A room in which all is told."""
    room = ViewingBook()
    for user, version in sockets:
        room.changed(user, None, version, 0.0)
    room.due(1.0)
    return room


def test_what_changes_within_a_quarter_second_is_one_frame() -> None:
    room = ViewingBook()
    room.changed(ANN, None, 3, 10.0)
    room.changed(BOB, None, 2, 10.2)
    assert room.wake_at == 10.0 + TELL_DELAY_S
    assert room.due(10.2) == ()
    assert room.due(10.25) == (ViewingChanged((Viewing(ANN, (3,)), Viewing(BOB, (2,)))),)
    assert room.wake_at is None


def test_another_version_is_told_within_a_second_however_often_they_change() -> None:
    room, told = looking((ANN, 1)), []
    for tenth in range(20, 40):
        room.changed(ANN, tenth - 19, tenth - 18, tenth / 10)
        told += [tenth / 10 for _ in room.due(tenth / 10)]
    assert told and all(FRAME_INTERVAL_S - 0.01 <= after - before < 1.0 for before, after in pairwise(told))


def test_of_a_user_with_two_terminals_both_versions_are_told() -> None:
    room = looking((ANN, 4), (ANN, 2), (ANN, 4))
    assert room.versions(ANN) == (2, 4)
    room.changed(ANN, 4, None, 10.0)
    assert room.versions(ANN) == (2, 4)
    room.changed(ANN, 4, None, 10.0)
    assert room.due(11.0) == (ViewingChanged((Viewing(ANN, (2,)),)),)


def test_who_keeps_only_a_browser_looks_at_nothing_known() -> None:
    room = looking((ANN, 4))
    room.changed(ANN, 4, None, 10.0)
    assert room.due(11.0) == (ViewingChanged((Viewing(ANN, ()),)),)


def test_that_somebody_left_is_not_told_here() -> None:
    room = looking((ANN, 4))
    room.changed(ANN, 4, None, 10.0)
    room.forget(ANN)
    assert (room.wake_at, room.due(20.0), room.versions(ANN)) == (None, (), ())


def test_what_has_not_changed_is_not_told() -> None:
    room = looking((ANN, 4))
    room.changed(ANN, 4, 4, 10.0)
    room.changed(BOB, None, None, 10.0)
    assert room.wake_at is None


def test_a_crowd_is_told_in_several_frames() -> None:
    room = ViewingBook()
    crowd = [UserId(f"demo:{number}") for number in range(MAX_USERS_PER_FRAME + 1)]
    for user in crowd:
        room.changed(user, None, 1, 0.0)
    first, at = room.due(0.25), room.wake_at
    assert at == 0.25 + FRAME_INTERVAL_S
    assert [len(frame.now) for frame in (*first, *room.due(at))] == [MAX_USERS_PER_FRAME, 1]
