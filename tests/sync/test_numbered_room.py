"""Keeping up with a numbered room: join, gaps, lists, poison (PROMISES D4, D5, D14)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import (
    ImageChatsStale,
    LiveEvent,
    OwnChanged,
    Reset,
    Skip,
    UnknownEvent,
)
from imagechat_tui.protocol.ids import CommentId, ConversationId, EventId, UrlId
from imagechat_tui.protocol.models import Conversation, Own, Position
from imagechat_tui.protocol.routes import ConversationList
from imagechat_tui.sync.attention import READ_AFTER_S
from imagechat_tui.sync.effects import (
    Announce,
    Applied,
    CloseSocket,
    FetchEventLog,
    FetchSnapshot,
    Missed,
    News,
    OpenSocket,
)
from imagechat_tui.sync.inputs import EventLogLoaded, FetchFailed, SnapshotComing, SnapshotLoaded
from imagechat_tui.sync.intents import DeleteConversation, Look, OpenThread, TryNow
from imagechat_tui.sync.link import HUNG_AFTER_S
from imagechat_tui.sync.numbered_room import REPLAY_AT_MOST
from imagechat_tui.sync.replay import HELD_AT_MOST
from imagechat_tui.sync.state import Peer, Phase
from tests import examples as eg
from tests.sync.desk import UNREACHABLE, Desk, anew, at_once, joined

HOME = ConversationId("ic_1")
UNREADABLE = Problem(ProblemKind.BAD_ANSWER)


def chat(seq: int) -> Conversation:
    return eg.conversation(id=ConversationId(f"ic_{seq}"), url_id=UrlId(f"t{seq}"), user_id=eg.BOB)


def made(seq: int, position: Position | None = None) -> LiveEvent:
    """Event number ``seq``: Bob makes marker ``ic_<seq>``."""
    where = eg.position(seq) if position is None else position
    return eg.new_image_chat(
        seq, stamp=eg.stamp(seq, actor_id=eg.BOB, position=where), conversation=chat(seq)
    )


def listing(seq: int, **overrides: Any) -> ConversationList:
    """The list after event number ``seq``."""
    chats = (eg.conversation(), *(chat(number) for number in range(2, seq + 1)))
    return eg.conversation_list(conversations=chats, position=eg.position(seq), **overrides)


def shows(desk: Desk, seq: int) -> None:
    """Everything up to event number ``seq`` is shown, once and in order."""
    assert list(desk.state.confirmed.conversations) == [
        "ic_1",
        *(f"ic_{number}" for number in range(2, seq + 1)),
    ]
    assert desk.state.confirmed.position is not None
    assert desk.state.confirmed.position.seq == seq
    applied = [
        effect.position.seq for effect in desk.waiting if isinstance(effect, Applied) and effect.position
    ]
    assert applied == sorted(set(applied))


# Join: subscribe, buffer, snapshot, replay


def test_the_first_join_reads_the_list_first_for_it_brings_the_ids() -> None:
    desk = Desk()
    desk.list_comes(listing(3))
    desk.opens()
    desk.hears(eg.subscribed(3))
    desk.shows(Phase.LIVE)
    shows(desk, 3)
    desk.nothing(FetchSnapshot, FetchEventLog)


def test_what_happened_between_list_and_socket_comes_as_replay() -> None:
    desk = Desk()
    desk.list_comes(listing(1))
    assert desk.opens().resume == eg.position(1)
    desk.hears(eg.subscribed(3))
    desk.shows(Phase.CATCHING_UP)
    desk.hears(made(2))
    desk.shows(Phase.CATCHING_UP)
    desk.hears(made(3))
    desk.shows(Phase.LIVE)
    shows(desk, 3)
    desk.wait(10.0)
    desk.nothing(FetchSnapshot, FetchEventLog)


def resetting(**overrides: Any) -> Desk:
    """A join whose position is of no use: a snapshot is on its way, frames come in."""
    desk = Desk()
    desk.list_comes(listing(1))
    desk.opens()
    desk.wait(5.0)
    desk.hears(eg.subscribed(4), Reset())
    return desk


@pytest.mark.parametrize("read_at", [4, 5, 6, 7])
def test_frames_that_came_during_the_snapshot_follow_it_whenever_it_was_read(read_at: int) -> None:
    desk = resetting()
    desk.hears(made(5), made(6))
    desk.shows(Phase.CATCHING_UP)
    shows(desk, 1)
    desk.list_comes(listing(read_at))
    shows(desk, max(6, read_at))
    desk.shows(Phase.LIVE)
    if read_at == 7:  # the frame of it comes late
        desk.hears(made(7))
        shows(desk, 7)
    desk.hears(made(max(6, read_at) + 1))
    shows(desk, max(6, read_at) + 1)


def test_nothing_is_applied_before_the_snapshot_that_was_called_for() -> None:
    desk = resetting()
    desk.hears(made(2))  # a successor, but of a position that is of no use
    shows(desk, 1)


def test_a_snapshot_that_does_not_come_is_asked_for_again() -> None:
    desk = resetting()
    desk.hears(made(5))
    desk.list_fails()
    desk.shows(Phase.CATCHING_UP)
    shows(desk, 1)
    desk.wait(5.0)
    desk.list_comes(listing(5))
    shows(desk, 5)
    desk.shows(Phase.LIVE)


@pytest.mark.parametrize("step", ["asked", "loaded"])
def test_a_link_lost_during_the_snapshot_starts_the_join_again(step: str) -> None:
    desk = resetting()
    desk.hears(made(5))
    slow = desk.take(FetchSnapshot)
    desk.cut()
    if step == "loaded":
        desk.feed(SnapshotLoaded(slow.request, Peer.OURS, listing(4)))
    desk.wait(1.0)
    # The position is offered only if a snapshot has made it good again.
    assert desk.opens().resume == (eg.position(4) if step == "loaded" else None)
    desk.hears(eg.subscribed(5))
    if step == "asked":
        desk.feed(SnapshotLoaded(slow.request, Peer.OURS, listing(4)))
    desk.hears(made(5))
    desk.shows(Phase.LIVE)
    shows(desk, 5)


# Rejoin


def test_a_rejoin_goes_on_where_it_was() -> None:
    desk = joined(listing(2))
    desk.hears(made(3))
    desk.cut()
    desk.wait(1.0)
    assert desk.opens().resume == eg.position(3)
    desk.hears(eg.subscribed(5), made(4), made(5))
    desk.shows(Phase.LIVE)
    shows(desk, 5)
    desk.nothing(FetchSnapshot)


@pytest.mark.parametrize(
    "head",
    [anew(9), eg.position(1), eg.position(2, event_id=EventId("another"))],
    ids=["epoch", "shorter", "another event"],
)
def test_a_log_that_is_another_one_calls_for_a_snapshot(head: Position) -> None:
    desk = joined(listing(2))
    desk.cut()
    desk.wait(5.0)
    desk.opens()
    desk.hears(eg.subscribed(position=head))
    desk.shows(Phase.CATCHING_UP)
    desk.list_comes(eg.conversation_list(conversations=(), comments=(), position=head))
    desk.shows(Phase.LIVE)
    assert (desk.state.confirmed.conversations, desk.state.confirmed.position) == ({}, head)


def test_an_event_of_another_epoch_calls_for_a_snapshot() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(made(2, anew(2)))
    desk.shows(Phase.CATCHING_UP)
    desk.list_comes(eg.conversation_list(conversations=(), comments=(), position=anew(1)))
    assert list(desk.state.confirmed.conversations) == ["ic_2"]
    assert desk.state.confirmed.position == anew(2)


def test_a_list_that_is_shorter_than_was_said_is_the_truth() -> None:
    desk = joined(listing(2))
    desk.cut()
    desk.wait(5.0)
    desk.opens()
    desk.hears(eg.subscribed(9), Reset())
    desk.list_comes(listing(4))  # restored once more, between the two
    desk.shows(Phase.LIVE)
    desk.wait(60.0)
    desk.nothing(FetchSnapshot, FetchEventLog)


def test_a_socket_that_is_never_registered_is_given_up() -> None:
    desk = Desk()
    desk.list_comes()
    desk.opens()
    desk.wait(9.9)
    desk.nothing(CloseSocket)
    desk.wait(0.1)
    assert desk.take(CloseSocket).socket == desk.socket
    assert desk.connection.problem == Problem(ProblemKind.TIMED_OUT)
    desk.wait(1.0)
    desk.take(OpenSocket)


# Order and gaps


def test_events_are_applied_once_and_in_order_whatever_order_they_came_in() -> None:
    desk = joined()
    desk.hears(made(2), made(2), made(4), made(3), made(4), made(3), made(2))
    shows(desk, 4)
    desk.shows(Phase.LIVE)


def test_a_gap_is_asked_from_the_log_at_once() -> None:
    desk = joined()
    desk.hears(made(3))
    desk.shows(Phase.CATCHING_UP)
    asked = desk.all(FetchEventLog)[-1]
    assert (asked.after, asked.url_id, asked.user_id_ws) == (
        eg.position(1),
        eg.IMAGE,
        eg.room_ids().user_id_ws,
    )
    desk.feed(EventLogLoaded(asked.request, (made(2), made(3)), True))
    shows(desk, 3)
    desk.shows(Phase.LIVE)


def test_a_long_gap_is_read_page_by_page() -> None:
    desk = joined()
    desk.hears(made(9))
    desk.log_comes(made(2), made(3), made(4), complete=False)
    assert next(e for e in desk.waiting if isinstance(e, FetchEventLog)).after == eg.position(4)
    desk.log_comes(*(made(seq) for seq in range(5, 9)))
    shows(desk, 9)
    desk.nothing(FetchEventLog, FetchSnapshot)


def test_a_gap_that_closes_by_itself_costs_nothing_more() -> None:
    desk = joined()
    desk.hears(made(3))
    asked = desk.take(FetchEventLog)
    desk.hears(made(2))
    desk.feed(EventLogLoaded(asked.request, (made(2), made(3)), True))
    shows(desk, 3)
    desk.wait(10.0)
    desk.nothing(FetchEventLog, FetchSnapshot)


def test_a_log_that_does_not_go_back_so_far_calls_for_a_snapshot() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(made(40))
    desk.log_comes(complete=False)
    assert desk.state.confirmed.cannot_show == 0
    desk.list_comes(listing(40))
    shows(desk, 40)
    desk.shows(Phase.LIVE)


def test_a_log_that_still_has_the_gap_calls_for_a_snapshot() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(made(3))
    desk.log_comes()
    desk.list_comes(listing(3))
    shows(desk, 3)


@pytest.mark.parametrize(("status", "tries"), [(410, 1), (401, 1), (None, 4), (503, 2), (429, 4)])
def test_a_log_that_fails_gives_way_to_a_snapshot(status: int | None, tries: int) -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(made(3))
    for _ in range(tries):
        desk.nothing(FetchSnapshot)
        desk.log_fails(status=status)
        desk.wait(8.0)
    desk.list_comes(listing(3))
    shows(desk, 3)
    desk.nothing(FetchEventLog)


def test_a_flood_behind_a_gap_is_held_only_so_far_and_nothing_is_lost() -> None:
    desk = joined()
    last = HELD_AT_MOST + 100
    desk.hears(*(made(seq) for seq in range(3, last + 1)))
    desk.log_comes(made(2))
    # The newest were let go: what is missing behind the held ones is a gap like any other.
    desk.wait(10.0)
    assert desk.state.confirmed.position is not None
    assert desk.state.confirmed.position.seq == HELD_AT_MOST + 2
    desk.hears(made(last + 1))
    desk.log_comes(*(made(seq) for seq in range(HELD_AT_MOST + 3, last + 2)))
    shows(desk, last + 1)


def test_an_event_we_may_not_see_keeps_the_numbers_whole() -> None:
    desk = joined()
    desk.hears(Skip(eg.position(2)), UnknownEvent("new-thing", eg.stamp(3)), made(4))
    assert list(desk.state.confirmed.conversations) == ["ic_1", "ic_4"]
    desk.shows(Phase.LIVE)
    assert [effect.position for effect in desk.all(Applied)] == [eg.position(3), eg.position(4)]


def test_what_is_never_logged_has_no_place_and_asks_for_nothing() -> None:
    desk = joined()
    before = desk.state.confirmed.position
    desk.hears(eg.presence_update(joined=(eg.ALICE,)), eg.presence_update(joined=(eg.ALICE,)))
    assert desk.state.confirmed.position == before
    desk.nothing(FetchEventLog, FetchSnapshot)


# A replay that stalls


def test_a_promised_replay_that_stalls_is_fetched_from_the_log() -> None:
    desk = Desk()
    desk.list_comes(listing(1))
    desk.opens()
    desk.hears(eg.subscribed(4), made(2))
    desk.wait(1.9)
    desk.nothing(FetchEventLog)
    desk.wait(0.1)
    assert desk.take(FetchEventLog).after == eg.position(2)


def test_a_replay_that_goes_on_is_left_alone() -> None:
    desk = Desk()
    desk.list_comes(listing(1))
    desk.opens()
    desk.hears(eg.subscribed(6))
    for seq in range(2, 7):
        desk.wait(1.5)
        desk.hears(made(seq))
    desk.wait(10.0)
    desk.shows(Phase.LIVE)
    desk.nothing(FetchEventLog, FetchSnapshot)


# A list must not swallow what the log can give


def applied(desk: Desk) -> list[int]:
    return [effect.position.seq for effect in desk.all(Applied) if effect.position]


def offline_for_long(desk: Desk) -> None:
    """The link breaks, and so many tries fail that the next begins with the list."""
    desk.cut()
    for _ in range(4):
        desk.wait(30.0)
        desk.refuses()
    desk.wait(30.0)
    desk.shows(Phase.OFFLINE)


def test_after_a_long_outage_a_list_waits_for_the_events_that_the_socket_replays() -> None:
    desk = joined(listing(2))
    offline_for_long(desk)
    desk.list_comes(listing(5))
    assert list(desk.state.confirmed.conversations) == ["ic_1", "ic_2"]
    assert desk.opens().resume == eg.position(2)
    desk.hears(eg.subscribed(6), made(3), made(4), made(5))
    desk.shows(Phase.CATCHING_UP)
    desk.hears(made(6))
    assert applied(desk) == [3, 4, 5, 6]
    shows(desk, 6)
    desk.shows(Phase.LIVE)
    assert len(desk.told(News.MARKER_ADDED)) == 4
    assert desk.state.mine.unread == {"ic_3", "ic_4", "ic_5", "ic_6"}
    desk.nothing(Missed, FetchEventLog)


def test_where_no_socket_gets_through_the_log_gives_what_a_list_is_ahead_of() -> None:
    desk = joined(listing(2))
    offline_for_long(desk)
    desk.list_comes(listing(5))
    desk.refuses()
    desk.wait(2.0)
    asked = desk.take(FetchEventLog)
    assert asked.after == eg.position(2)
    desk.feed(EventLogLoaded(asked.request, (made(3), made(4), made(5)), True))
    assert applied(desk) == [3, 4, 5]
    desk.shows(Phase.POLLING)
    desk.nothing(Missed)


def test_what_another_session_has_noted_for_the_person_is_asked_for() -> None:
    desk = joined(listing(1))
    desk.wait(5.0)
    desk.hears(OwnChanged())
    flagged = Own(flagged=frozenset({CommentId("c_1")}))
    desk.list_comes(replace(listing(1), own=flagged))
    assert desk.state.confirmed.flagged == flagged.flagged
    desk.shows(Phase.LIVE)


def test_a_list_that_is_here_is_taken_at_the_place_it_was_read_at() -> None:
    """It may say more than the events did, and less than those that follow it."""
    desk = joined(listing(1))
    desk.wait(5.0)
    desk.hears_noise()
    renamed = replace(listing(3), conversations=(eg.conversation(commenter_name="Renamed"), chat(2), chat(3)))
    desk.list_comes(renamed)
    desk.hears(made(4))
    desk.log_comes(made(2), made(3))
    assert applied(desk) == [2, 3, 4]
    assert desk.state.confirmed.conversations[HOME].commenter_name == "Renamed"
    assert list(desk.state.confirmed.conversations) == ["ic_1", "ic_2", "ic_3", "ic_4"]
    desk.shows(Phase.LIVE)


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_log_that_refuses_lets_the_list_leap_and_that_is_told(status: int) -> None:
    desk = joined(listing(1))
    desk.wait(5.0)
    desk.hears_noise()
    desk.list_comes(listing(4))
    desk.log_fails(status=status)
    assert desk.take(Missed) == Missed(eg.position(1), eg.position(4))
    shows(desk, 4)
    desk.shows(Phase.LIVE)


def test_a_log_that_nobody_answered_for_lets_nothing_leap() -> None:
    desk = joined(listing(1))
    desk.wait(5.0)
    desk.hears_noise()
    desk.list_comes(listing(4))
    for _ in range(3):
        desk.log_fails()
        desk.wait(10.0)
    shows(desk, 1)
    desk.log_comes(made(2), made(3), made(4))
    shows(desk, 4)
    desk.nothing(Missed)


@pytest.mark.parametrize(("behind", "leaps"), [(REPLAY_AT_MOST, False), (REPLAY_AT_MOST + 1, True)])
def test_who_is_farther_behind_than_a_socket_replays_takes_the_list(behind: int, leaps: bool) -> None:
    desk = joined(listing(1))
    offline_for_long(desk)
    desk.list_comes(listing(1 + behind))
    missed = [Missed(eg.position(1), eg.position(1 + behind))] if leaps else []
    assert desk.all(Missed) == missed
    assert (desk.state.confirmed.position == eg.position(1 + behind)) is leaps


@pytest.mark.parametrize("head", [anew(9), eg.position(1), eg.position(2, event_id=EventId("another"))])
def test_a_log_that_was_started_anew_is_told_with_both_positions(head: Position) -> None:
    desk = joined(listing(2))
    offline_for_long(desk)
    desk.list_comes(eg.conversation_list(conversations=(), comments=(), position=head))
    assert desk.all(Missed) == ([Missed(eg.position(2), head)] if head.seq != 2 else [])
    assert desk.state.confirmed.position == head


def test_a_reset_tells_what_was_missed_and_gives_what_came_since() -> None:
    desk = joined(listing(1))
    desk.wait(5.0)
    desk.hears(eg.subscribed(700), Reset(), made(701), made(702))
    desk.list_comes(replace(listing(1), position=eg.position(702)))
    told = [effect for effect in desk.waiting if isinstance(effect, Applied | Missed)]
    assert told[0] == Missed(eg.position(1), Position(eg.EPOCH, 700))
    assert [one.position for one in told[1:] if isinstance(one, Applied)] == [
        eg.position(701),
        eg.position(702),
    ]
    assert len(told) == 3


def test_what_a_list_alone_tells_is_news_as_well() -> None:
    desk = joined(listing(1))
    desk.wait(5.0)
    desk.hears(Reset())
    desk.list_comes(listing(3))
    told = [(news.conversation_id, news.by) for news in desk.told(News.MARKER_ADDED)]
    assert told == [("ic_2", eg.BOB), ("ic_3", eg.BOB)]
    desk.wait(5.0)
    desk.hears(Reset())
    desk.list_comes(replace(listing(3), position=eg.position(9)))
    assert desk.told(News.MARKER_ADDED, News.COMMENT_ADDED) == []


def test_a_log_that_was_read_before_a_gap_was_known_is_read_again() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.wish(TryNow())
    early = desk.take(FetchEventLog)
    desk.hears(made(3))
    desk.feed(EventLogLoaded(early.request, (), True))
    desk.nothing(FetchSnapshot)
    desk.log_comes(made(2), made(3))
    shows(desk, 3)


# A list that takes its time


def test_a_list_that_is_still_coming_is_told_and_not_asked_for_again() -> None:
    desk = Desk()
    asked = desk.take(FetchSnapshot)
    for received in (20_000, 60_000, 240_000):
        desk.wait(5.0)
        desk.feed(SnapshotComing(asked.request, received))
        assert desk.connection.received_bytes == received
        desk.wish(TryNow())
        desk.nothing(FetchSnapshot)
    desk.feed(SnapshotLoaded(asked.request, Peer.OURS, listing(1)))
    assert desk.connection.received_bytes is None
    desk.take(OpenSocket)


def test_a_list_that_came_no_further_is_asked_for_again_when_the_person_wants_it() -> None:
    desk = Desk()
    asked = desk.take(FetchSnapshot)
    desk.wait(5.0)
    desk.feed(SnapshotComing(asked.request, 20_000))
    desk.wait(HUNG_AFTER_S)
    desk.wish(TryNow())
    again = desk.take(FetchSnapshot)
    before = desk.connection
    desk.feed(SnapshotComing(asked.request, 40_000))  # of the one that nobody waits for any more
    assert desk.connection == before
    desk.feed(FetchFailed(again.request, UNREACHABLE))
    assert desk.connection.received_bytes is None


# How often


def test_there_is_at_most_one_snapshot_in_five_seconds() -> None:
    desk = joined()
    begun = [desk.now]
    for seq in range(2, 102):
        desk.hears(ImageChatsStale(eg.stamp(seq), "x"))
        for asked in desk.all(FetchSnapshot):
            begun.append(desk.now)
            listed = eg.conversation_list(position=eg.position(seq))
            desk.feed(SnapshotLoaded(asked.request, Peer.OURS, listed))
        desk.wait(0.25)
    pauses = [later - earlier for earlier, later in pairwise(begun)]
    assert len(pauses) >= 4
    assert min(pauses) >= 5.0


@pytest.mark.parametrize("status", [None, 503, 429])
def test_a_snapshot_that_fails_is_not_asked_for_more_often(status: int | None) -> None:
    desk = joined(uniform=at_once)
    desk.wait(5.0)
    desk.hears_noise()
    desk.list_fails(Problem(ProblemKind.REFUSED, retry_after_s=30.0), status)
    for _ in range(29):
        desk.wait(1.0)
        desk.hears_noise()
        desk.nothing(FetchSnapshot)
    desk.wait(1.0)
    desk.take(FetchSnapshot)


def test_one_snapshot_and_one_part_of_the_log_are_on_their_way_at_a_time() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(made(3))
    desk.take(FetchEventLog)
    desk.hears(made(5), made(7))
    desk.wish(TryNow())
    desk.nothing(FetchEventLog)
    desk.hears(Reset())
    desk.take(FetchSnapshot)
    desk.hears(Reset())
    desk.hears_noise()
    desk.wait(60.0)
    desk.nothing(FetchSnapshot, FetchEventLog)


def test_a_log_that_was_overtaken_by_a_snapshot_is_not_applied() -> None:
    desk = joined(listing(1))
    desk.wait(5.0)
    desk.hears(made(3))
    asked = desk.take(FetchEventLog)
    desk.hears(Reset())
    desk.feed(EventLogLoaded(asked.request, (made(2), made(3)), True))
    shows(desk, 1)
    desk.list_comes(listing(3))
    shows(desk, 3)


def test_an_answer_nobody_waits_for_changes_nothing() -> None:
    desk = joined()
    before = desk.state
    desk.feed(SnapshotLoaded(999, Peer.OURS, listing(9)))
    desk.feed(EventLogLoaded(999, (made(2),), True))
    assert desk.state is before


# Poison


def test_a_frame_that_cannot_be_decoded_is_told_once_and_read_over_once() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears_noise()
    assert desk.state.confirmed.cannot_show == 1
    assert [news.news for news in desk.told()] == [News.CANNOT_SHOW]
    desk.list_comes(listing(2))
    desk.log_comes()  # nor can its entry of the log
    assert desk.take(Missed) == Missed(eg.position(1), eg.position(2))
    shows(desk, 2)
    desk.shows(Phase.LIVE)
    desk.hears(made(3))
    shows(desk, 3)
    desk.wait(60.0)
    desk.nothing(FetchSnapshot, FetchEventLog)
    assert desk.state.confirmed.cannot_show == 1


def test_an_entry_of_the_log_that_cannot_be_decoded_is_told_once_and_read_over_once() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(made(4))
    desk.log_comes(made(2), made(4))  # the third could not be decoded
    assert desk.state.confirmed.cannot_show == 1
    desk.list_comes(listing(4))
    shows(desk, 4)
    desk.wait(60.0)
    desk.nothing(FetchSnapshot, FetchEventLog)
    assert desk.state.confirmed.cannot_show == 1


def test_a_hole_between_two_pages_of_the_log_is_told_as_well() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(made(9))
    desk.log_comes(made(2), made(4), made(5), complete=False)
    desk.log_comes(made(4), made(5), made(6), complete=False)
    assert desk.state.confirmed.cannot_show == 1
    desk.list_comes(listing(9))
    shows(desk, 9)


def test_events_that_are_newer_than_the_log_read_are_not_called_unreadable() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(made(3))
    desk.log_comes()  # read before the second was there
    assert desk.state.confirmed.cannot_show == 0


def test_each_item_that_cannot_be_shown_counts_for_itself() -> None:
    desk = joined()
    for seq in (2, 3, 4):
        desk.wait(5.0)
        desk.hears_noise()
        desk.list_comes(listing(seq))
        desk.log_comes()
    assert desk.state.confirmed.cannot_show == 3


def test_where_no_list_can_be_read_either_the_hole_is_stepped_over_visibly() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(made(3))
    desk.log_comes()
    desk.list_fails(UNREADABLE, 200)
    assert desk.state.confirmed.position == eg.position(1)
    desk.wait(5.0)
    desk.list_fails(UNREADABLE, 200)
    assert list(desk.state.confirmed.conversations) == ["ic_1", "ic_3"]
    assert desk.state.confirmed.cannot_show == 1
    desk.shows(Phase.LIVE)
    desk.hears(made(4))
    assert "ic_4" in desk.state.confirmed.conversations


def test_while_no_list_comes_live_events_go_on() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears_noise()  # not a logged event: no hole
    desk.hears(made(2))
    shows(desk, 1)
    desk.list_fails()
    shows(desk, 2)
    desk.shows(Phase.LIVE)
    desk.hears(made(3))
    shows(desk, 3)


def test_while_no_list_comes_the_log_fills_gaps() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(ImageChatsStale(eg.stamp(2), "x"))
    desk.list_fails(Problem(ProblemKind.REFUSED, retry_after_s=60.0), 503)
    desk.hears(made(4))
    desk.log_comes(made(3))
    assert list(desk.state.confirmed.conversations) == ["ic_1", "ic_3", "ic_4"]
    desk.shows(Phase.LIVE)


# A change whose content is not told


@pytest.mark.parametrize(
    "event",
    [
        ImageChatsStale(eg.stamp(2), "image-chat-updated"),
        eg.image_chat_updated(2, comment=None, activity="several"),
        eg.image_chat_updated(2, comment=None, activity="new-comment"),
    ],
    ids=["stale", "several", "no comment"],
)
def test_a_change_of_comments_that_is_not_told_whole_is_read(event: LiveEvent) -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(event)
    assert desk.state.confirmed.position is not None
    assert desk.state.confirmed.position.seq == 2
    desk.take(FetchSnapshot)


@pytest.mark.parametrize("activity", ["moved", "resolved", "reopened"])
def test_a_change_without_comments_needs_no_list(activity: str) -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(eg.image_chat_updated(2, comment=None, activity=activity))
    desk.nothing(FetchSnapshot)


# What a list does to what the person sees


def test_the_first_list_counts_as_read_and_later_ones_do_not() -> None:
    desk = joined(listing(1))
    assert desk.state.mine.unread == frozenset()
    desk.wait(5.0)
    desk.hears(Reset())
    desk.list_comes(listing(3))
    assert desk.state.mine.unread == {"ic_2", "ic_3"}


def reset_to(desk: Desk, answer: ConversationList) -> None:
    desk.wait(5.0)
    desk.hears(Reset())
    desk.list_comes(answer)


def test_what_was_unread_stays_so_until_it_is_gone() -> None:
    desk = joined(listing(1))
    reset_to(desk, listing(3))
    reset_to(desk, listing(2))
    assert desk.state.mine.unread == {"ic_2"}


def test_what_comes_in_the_thread_that_is_being_read_is_not_unread() -> None:
    desk = joined(listing(1))
    desk.wish(OpenThread(HOME))
    desk.wish(Look(HOME))
    desk.wait(READ_AFTER_S)
    theirs = eg.comment(id=CommentId("c_9"), user_id=eg.BOB)
    reset_to(desk, replace(listing(1), comments=(eg.comment(), theirs), position=eg.position(9)))
    assert [news.conversation_id for news in desk.told(News.COMMENT_ADDED)] == [HOME]
    assert desk.state.mine.unread == frozenset()


def gone_by_list(desk: Desk) -> list[Announce]:
    desk.wait(5.0)
    desk.told()
    desk.hears(Reset())
    desk.list_comes(eg.conversation_list(conversations=(), comments=(), position=eg.position(2)))
    assert desk.state.mine.open_thread is None
    return desk.told(News.THREAD_GONE)


def test_the_open_thread_that_a_list_does_not_have_any_more_is_told_of() -> None:
    desk = joined()
    desk.wish(OpenThread(HOME))
    assert [news.conversation_id for news in gone_by_list(desk)] == [HOME]


def test_our_own_deletion_is_no_news() -> None:
    desk = joined()
    desk.wish(OpenThread(HOME))
    desk.wish(DeleteConversation(HOME))
    assert gone_by_list(desk) == []


def test_a_list_of_one_moment_says_as_of_when_it_was_asked_for() -> None:
    desk = Desk()
    asked_at = desk.now
    desk.wait(3.0)
    desk.list_comes()
    assert desk.connection.as_of_s == asked_at


def test_lost_reads_are_tried_again_with_the_link() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears(made(3))
    desk.log_fails()
    desk.cut()
    desk.wait(1.0)
    assert desk.opens().resume == eg.position(1)
    desk.hears(eg.subscribed(3), made(2), made(3))
    shows(desk, 3)
    desk.shows(Phase.LIVE)
    desk.wait(30.0)
    desk.nothing(FetchEventLog, FetchSnapshot)


def test_a_list_without_our_extensions_between_two_of_ours_loses_neither_link_nor_events() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears_noise()
    desk.list_comes(eg.conversation_list(position=None, comments=()), peer=Peer.HOSTED)  # by way of a proxy
    desk.shows(Phase.LIVE)
    desk.wait(5.0)
    desk.hears_noise()
    desk.list_comes(listing(3))
    desk.hears(made(4))
    shows(desk, 4)
    desk.shows(Phase.LIVE)
    desk.wait(30.0)
    desk.nothing(CloseSocket, OpenSocket)


def test_a_server_that_is_ours_after_all_is_joined_by_place_again() -> None:
    desk = joined()
    desk.wait(5.0)
    desk.hears_noise()
    desk.list_comes(eg.conversation_list(position=None, comments=()), peer=Peer.HOSTED)
    desk.cut()
    desk.wait(1.0)
    assert not desk.opens().v2
    desk.wait(2.0)
    desk.list_comes(listing(2))
    desk.wait(15.0)
    assert desk.all(CloseSocket), "that socket tells no places"
    assert desk.opens().v2
    desk.hears(eg.subscribed(3), made(3))
    shows(desk, 3)
    desk.shows(Phase.LIVE)


@pytest.mark.parametrize(("up", "asked"), [(1, 1), (0, 0)])
def test_how_one_has_voted_on_what_came_back_only_the_list_tells(up: int, asked: int) -> None:
    desk = joined()
    desk.hears(
        eg.image_chat_updated(2, activity="restored", comment=eg.comment(votes_up=up), stamp=eg.stamp(2))
    )
    desk.wait(6.0)
    assert len(desk.all(FetchSnapshot)) == asked
