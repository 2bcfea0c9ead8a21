"""Order, gaps and repeats."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagechat_tui.protocol.events import (
    CursorMoved,
    ImageChatsStale,
    LiveEvent,
    OwnChanged,
    PlacementsChanged,
    PresenceUpdate,
    ReadElsewhere,
    ReadStateChanged,
    Reset,
    Skip,
    Subscribed,
    UnknownEvent,
    ViewingChanged,
)
from imagechat_tui.protocol.ids import EventId
from imagechat_tui.protocol.models import Placements, Position, ReadState
from imagechat_tui.sync.replay import (
    HELD_AT_MOST,
    SEEN_AT_MOST,
    Held,
    Place,
    Seen,
    Touched,
    identity,
    place,
    position_of,
    restarted,
    stamp_of,
)
from tests import examples as eg
from tests.sync.desk import anew

EVENTS: dict[type, LiveEvent] = {
    type(event): event
    for event in (
        eg.new_image_chat(7),
        eg.image_chat_updated(7),
        eg.deleted_image_chat(7),
        ImageChatsStale(eg.stamp(7), "new-image-chat"),
        eg.new_comment(7),
        eg.updated_comment(7),
        eg.deleted_comment(7),
        eg.vote_changed(7),
        eg.thread_state_change(7),
        UnknownEvent("x", eg.stamp(7)),
        eg.presence_update(),
        eg.subscribed(7),
        Reset(),
        Skip(eg.position(7)),
        CursorMoved(eg.BOB, eg.point()),
        ReadStateChanged(ReadState(1)),
        ReadElsewhere(),
        OwnChanged(),
        PlacementsChanged(Placements(2)),
        ViewingChanged(()),
    )
}
UNLOGGED = (
    PresenceUpdate,
    Subscribed,
    Reset,
    CursorMoved,
    ReadStateChanged,
    ReadElsewhere,
    OwnChanged,
    PlacementsChanged,
    ViewingChanged,
)


def test_the_examples_leave_no_event_out() -> None:
    assert set(EVENTS) == set(get_args(LiveEvent))


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_a_logged_event_has_its_place_and_no_other_has(kind: type) -> None:
    event = EVENTS[kind]
    assert position_of(event) == (None if kind in UNLOGGED else eg.position(7))
    assert (stamp_of(event) is None) == (kind in (*UNLOGGED, Skip))


@pytest.mark.parametrize(
    ("mine", "its", "expected"),
    [
        (eg.position(4), eg.position(3), Place.BEHIND),
        (eg.position(4), eg.position(4), Place.BEHIND),
        (eg.position(4), eg.position(5), Place.NEXT),
        (eg.position(4), eg.position(6), Place.AHEAD),
        (eg.position(4), anew(5), Place.ELSEWHERE),
        (None, eg.position(1), Place.AHEAD),
        (eg.position(0), eg.position(1), Place.NEXT),
    ],
)
def test_the_position_alone_tells_what_comes_next(
    mine: Position | None, its: Position, expected: Place
) -> None:
    assert place(mine, its) is expected


@pytest.mark.parametrize(
    ("mine", "head", "expected"),
    [
        (eg.position(4), eg.position(4), False),
        (eg.position(4), eg.position(9), False),
        (eg.position(4), anew(9), True),
        (eg.position(4), eg.position(3), True),
        (eg.position(4), eg.position(4, event_id=EventId("other")), True),
        (eg.position(4), eg.position(4, event_id=EventId("")), False),
        (eg.position(4, event_id=EventId("")), eg.position(4), False),
    ],
)
def test_a_log_that_went_back_or_tells_another_story_is_another_log(
    mine: Position, head: Position, expected: bool
) -> None:
    assert restarted(mine, head) is expected


# What came too early


def held(*seqs: int) -> Held:
    kept = Held()
    for seq in seqs:
        kept.add(eg.position(seq), eg.new_comment(seq))
    return kept


def seqs(kept: Held, position: Position) -> list[int]:
    places = [position_of(event) for event in kept.after(position)]
    return [place.seq for place in places if place is not None]


def test_what_was_held_comes_out_in_order_up_to_the_next_hole() -> None:
    kept = held(9, 6, 5, 7)
    assert seqs(kept, eg.position(4)) == [5, 6, 7]
    assert len(kept) == 1
    assert seqs(kept, eg.position(7)) == []
    assert seqs(kept, eg.position(8)) == [9]


def test_the_earliest_held_tells_where_the_hole_ends() -> None:
    assert held(9, 6).first() == Position(eg.EPOCH, 6)
    assert held().first() is None


def test_what_a_snapshot_contains_is_forgotten_and_so_is_another_epoch() -> None:
    kept = held(3, 4, 5)
    kept.add(anew(9), eg.new_comment(9))
    kept.forget(eg.position(4))
    assert len(kept) == 1
    assert kept.first() == Position(eg.EPOCH, 5)
    kept.clear()
    assert len(kept) == 0


def test_a_flood_of_early_events_takes_no_more_memory_than_promised() -> None:
    kept = held(*range(2, HELD_AT_MOST + 50))
    assert len(kept) == HELD_AT_MOST == 1_000
    # The earliest stay: what is missing behind them is asked for anyway.
    assert kept.first() == Position(eg.EPOCH, 2)


@given(st.permutations(range(1, 9)))
def test_any_order_of_arrival_gives_the_one_order_of_the_log(order: list[int]) -> None:
    kept, at, applied = Held(), 0, list[int]()
    for seq in order:
        kept.add(eg.position(seq), eg.new_comment(seq))
        for number in seqs(kept, eg.position(at)):
            applied.append(number)
            at = number
    assert applied == list(range(1, 9))


# Rooms without numbers


def test_repeats_are_known_by_kind_time_id_and_object() -> None:
    seen = Seen()
    first = eg.new_comment(1)
    assert not seen.repeated(first)
    assert seen.repeated(first)
    assert not seen.repeated(eg.updated_comment(1))
    assert not seen.repeated(eg.new_comment(1, comment=eg.comment(id="c_9")))
    assert not seen.repeated(eg.new_comment(1, stamp=eg.stamp(1, broadcast_id="other")))
    assert not seen.repeated(eg.new_comment(1, stamp=eg.stamp(1, timestamp_ms=eg.T0)))


def test_giving_a_vote_and_taking_it_back_are_two_things() -> None:
    given_, taken = eg.vote_changed(1), eg.vote_changed(1, added=False)
    assert identity(given_) != identity(taken)
    assert identity(given_) != identity(eg.vote_changed(1, vote=eg.vote(id="v_2")))


def test_what_has_no_time_is_never_taken_for_a_repeat() -> None:
    seen, untimed = Seen(), eg.new_comment(1, stamp=eg.stamp(1, timestamp_ms=None))
    assert not seen.repeated(untimed)
    assert not seen.repeated(untimed)
    assert not seen.repeated(eg.presence_update())
    assert not seen.repeated(eg.presence_update())


def test_the_next_look_into_the_log_starts_at_the_newest_server_time() -> None:
    assert Seen().newest_ms is None
    seen = Seen()
    seen.baseline(eg.T0 + 5_000)
    seen.repeated(eg.new_comment(2))
    assert seen.newest_ms == eg.T0 + 5_000
    seen.repeated(eg.new_comment(9))
    assert seen.newest_ms == eg.T0 + 9_000
    seen.baseline(None)
    seen.repeated(eg.new_comment(9))
    assert seen.newest_ms == eg.T0 + 9_000


def test_repeats_are_remembered_for_two_thousand_events_and_no_more() -> None:
    seen = Seen()
    for seq in range(SEEN_AT_MOST):
        assert not seen.repeated(eg.new_comment(seq))
    assert seen.repeated(eg.new_comment(0))
    assert not seen.repeated(eg.new_comment(SEEN_AT_MOST))
    assert not seen.repeated(eg.new_comment(0))


def test_a_list_says_nothing_about_what_changed_while_it_was_on_its_way() -> None:
    touched = Touched()
    touched.note("ic_1", 4)
    touched.note("ic_2", 6)
    assert touched.settle(3) == {"ic_1", "ic_2"}
    assert touched.settle(5) == {"ic_2"}
    assert touched.settle(7) == frozenset()
    assert touched.settle(3) == frozenset()


def test_a_thing_touched_again_counts_from_then() -> None:
    touched = Touched()
    touched.note("ic_1", 4)
    touched.note("ic_1", 8)
    assert touched.settle(6) == {"ic_1"}


def test_only_so_many_touched_things_are_remembered() -> None:
    touched = Touched()
    for number in range(SEEN_AT_MOST + 1):
        touched.note(f"ic_{number}", 1)
    kept = touched.settle(0)
    assert len(kept) == SEEN_AT_MOST
    assert "ic_0" not in kept
