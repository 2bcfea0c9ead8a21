from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol.events import PresenceUpdate
from imagechat_tui.protocol.ids import UserId
from imagechat_tui.server.live.presence import (
    FRAME_INTERVAL_S,
    JOIN_DELAY_S,
    LEAVE_DELAY_S,
    MAX_IDS_PER_FRAME,
    PresenceBook,
)

ANN = UserId("demo:ann")
BOB = UserId("demo:bob")


def test_joins_of_a_quarter_second_are_one_frame() -> None:
    room = PresenceBook()
    room.joined(ANN, 10.0)
    room.joined(BOB, 10.2)
    assert room.wake_at == 10.0 + JOIN_DELAY_S
    assert room.due(10.2) == ()
    assert room.due(10.25) == (PresenceUpdate(joined=(ANN, BOB), sockets=2),)
    assert room.wake_at is None


def test_a_leave_is_told_two_seconds_after_the_last_socket() -> None:
    room = _with(ANN, BOB, BOB)
    room.left(BOB, 20.0)
    room.left(BOB, 21.0)
    room.due(22.0)  # tells that there are fewer sockets
    assert room.due(22.9) == ()
    assert BOB in room.online()
    assert room.due(21.0 + LEAVE_DELAY_S) == (PresenceUpdate(left=(BOB,), sockets=1),)
    assert room.online() == (ANN,)


def test_who_is_back_within_two_seconds_never_left() -> None:
    room = _with(ANN, BOB)
    room.left(BOB, 20.0)
    room.joined(BOB, 21.9)
    assert room.wake_at is None
    assert room.due(30.0) == ()


def test_a_visit_shorter_than_the_delay_is_not_told() -> None:
    room = _with(ANN)
    room.joined(BOB, 20.0)
    room.left(BOB, 20.1)
    assert room.wake_at is None
    assert room.online() == (ANN,)


def test_a_second_terminal_of_the_same_user_changes_only_the_count() -> None:
    room = _with(ANN)
    room.joined(ANN, 20.0)
    assert room.due(20.25) == (PresenceUpdate(sockets=2),)


def test_leaving_and_coming_back_are_two_frames_half_a_second_apart() -> None:
    room = _with(ANN, BOB)
    room.left(BOB, 20.0)
    assert room.due(22.0) == (PresenceUpdate(left=(BOB,), sockets=1),)
    room.joined(BOB, 22.0)
    assert room.wake_at == 22.0 + FRAME_INTERVAL_S
    assert room.due(22.25) == ()
    assert room.due(22.5) == (PresenceUpdate(joined=(BOB,), sockets=2),)


def test_a_crowd_is_spread_over_frames() -> None:
    room = PresenceBook()
    crowd = [UserId(f"demo:{number}") for number in range(MAX_IDS_PER_FRAME + 1)]
    for user in crowd:
        room.joined(user, 0.0)
    (first,) = room.due(0.25)
    (second,) = room.due(0.75)
    assert first.joined + second.joined == tuple(crowd)


def test_nobody_can_leave_who_is_not_there() -> None:
    room = _with(ANN, BOB)
    with pytest.raises(KeyError):
        room.left(UserId("demo:eve"), 20.0)
    room.left(BOB, 20.0)
    with pytest.raises(KeyError):
        room.left(BOB, 20.1)
    assert room.sockets == 1


@given(
    st.lists(
        st.tuples(st.sampled_from(["join", "leave", "wait"]), st.integers(0, 3), st.floats(0, 3)), max_size=60
    )
)
def test_the_frames_always_add_up_to_who_is_there(steps: list[tuple[str, int, float]]) -> None:
    room, now = PresenceBook(), 0.0
    sockets: dict[UserId, int] = {}
    seen: set[UserId] = set()
    sent: list[float] = []

    def take(now: float) -> None:
        for frame in room.due(now):
            assert not set(frame.joined) & set(frame.left)
            assert not set(frame.joined) & seen
            assert set(frame.left) <= seen
            assert frame.sockets == sum(sockets.values())
            seen.difference_update(frame.left)
            seen.update(frame.joined)
            sent.append(now)

    for what, number, delay in steps:
        user = UserId(f"demo:{number}")
        if what == "join":
            room.joined(user, now)
            sockets[user] = sockets.get(user, 0) + 1
        elif what == "leave" and sockets.get(user, 0):
            room.left(user, now)
            sockets[user] -= 1
        else:
            now += delay
            take(now)
    while room.wake_at is not None:
        now = room.wake_at
        take(now)
    assert seen == {user for user, count in sockets.items() if count} == set(room.online())
    assert all(later - earlier >= FRAME_INTERVAL_S - 1e-9 for earlier, later in pairwise(sent))


def _with(*users: UserId) -> PresenceBook:
    """A room where these sockets have been announced at second 10."""
    room = PresenceBook()
    for user in users:
        room.joined(user, 0.0)
    assert len(room.due(10.0)) == 1
    return room
