"""The open thread of a hosted server: a room of its own, kept up by time."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import LiveEvent
from imagechat_tui.protocol.ids import CommentId, ConversationId, UrlId
from imagechat_tui.sync.attention import READ_AFTER_S
from imagechat_tui.sync.effects import CloseSocket, FetchEventLog, FetchThread, News, OpenSocket
from imagechat_tui.sync.inputs import (
    EventLogLoaded,
    EventReceived,
    FetchFailed,
    FrameMalformed,
    SocketClosed,
    ThreadLoaded,
)
from imagechat_tui.sync.intents import CloseThread, Look, OpenThread, TryNow
from imagechat_tui.sync.replay import HELD_AT_MOST
from imagechat_tui.sync.state import Peer, Phase
from tests import examples as eg
from tests.sync.desk import UNREACHABLE, Desk, at_once, hosted, joined, reading

HOME, OTHER = ConversationId("ic_1"), ConversationId("ic_2")
BASE = eg.T0 + 100_000
"""The server's time in the thread's list."""


def said(seq: int, **overrides: Any) -> Any:
    """Bob writes comment ``c_<seq>``."""
    comment = eg.comment(id=CommentId(f"c_{seq}"), user_id=eg.BOB, text=f"text {seq}", date_ms=BASE + seq)
    stamp = eg.stamp(seq, actor_id=None, position=None, timestamp_ms=BASE + seq)
    return eg.new_comment(seq, stamp=stamp, comment=comment, **overrides)


def stamped(event: Any, seq: int) -> Any:
    return replace(event, stamp=eg.stamp(seq, actor_id=None, position=None, timestamp_ms=BASE + seq))


def hears(desk: Desk, *events: LiveEvent) -> None:
    for event in events:
        desk.feed(EventReceived(desk.thread_socket, event))


def cut(desk: Desk, **how: Any) -> None:
    desk.feed(SocketClosed(desk.thread_socket, **how))


def ids(desk: Desk) -> list[str]:
    return list(desk.state.confirmed.comments[HOME])


def test_our_servers_need_no_room_for_a_thread() -> None:
    desk = joined()
    desk.wish(OpenThread(HOME))
    desk.wait(60.0)
    desk.nothing(FetchThread, OpenSocket, FetchEventLog)


def test_an_opened_thread_is_read_whole_then_followed_from_that_time_on() -> None:
    desk = hosted()
    desk.wish(OpenThread(HOME))
    asked = desk.take(FetchThread)
    assert (asked.conversation_id, asked.url_id) == (HOME, eg.THREAD)
    desk.nothing(OpenSocket)
    desk.feed(ThreadLoaded(asked.request, HOME, eg.comment_list()))
    assert ids(desk) == ["c_1"]
    opened = desk.opens()
    assert (opened.thread, opened.room, opened.v2) == (HOME, eg.comment_list().room, False)
    log = desk.take(FetchEventLog)
    assert (log.url_id, log.start_time_ms, log.after) == (eg.THREAD, BASE, None)


def test_a_closed_thread_is_told_by_its_list_and_by_its_room() -> None:
    desk = hosted()
    desk.wish(OpenThread(HOME))
    asked = desk.take(FetchThread)
    desk.feed(ThreadLoaded(asked.request, HOME, eg.comment_list(is_closed=True)))
    assert desk.state.confirmed.conversations[HOME].closed
    opened = desk.opens()
    log = desk.take(FetchEventLog)
    desk.feed(EventLogLoaded(log.request, (), complete=True))
    desk.feed(EventReceived(opened.socket, eg.thread_state_change(is_closed=False)))
    assert not desk.state.confirmed.conversations[HOME].closed


def test_frames_wait_for_the_log_and_follow_it() -> None:
    desk = hosted()
    desk.wish(OpenThread(HOME))
    desk.thread_comes()
    desk.opens()
    hears(desk, said(4), said(3))
    assert ids(desk) == ["c_1"]
    desk.log_comes(said(2), said(3), complete=None)
    assert ids(desk) == ["c_1", "c_2", "c_3", "c_4"]
    hears(desk, said(5))
    assert ids(desk)[-1] == "c_5"


def test_what_both_log_and_socket_tell_is_applied_once() -> None:
    desk = reading(hosted())
    hears(desk, said(2), said(2))
    assert len([news for news in desk.told(News.COMMENT_ADDED) if news.comment_id == "c_2"]) == 1


def test_what_a_thread_leaves_out_is_told_once_however_often_it_is_opened() -> None:
    desk = hosted()
    for left_out in (2, 2, 3):
        desk.wish(OpenThread(HOME))
        asked = desk.all(FetchThread)[-1]
        desk.feed(ThreadLoaded(asked.request, HOME, eg.comment_list(left_out=left_out)))
        desk.wish(CloseThread())
    assert desk.state.confirmed.cannot_show == 3
    assert len(desk.told(News.CANNOT_SHOW)) == 2


@pytest.mark.parametrize("step", ["read", "opening", "open"])
def test_leaving_the_thread_at_any_step_leaves_nothing_behind(step: str) -> None:
    desk = hosted()
    desk.wish(OpenThread(HOME))
    asked = desk.all(FetchThread)[-1]
    if step != "read":
        desk.feed(ThreadLoaded(asked.request, HOME, eg.comment_list()))
    if step == "open":
        desk.opens()
    desk.wish(CloseThread())
    assert len(desk.all(CloseSocket)) == (0 if step == "read" else 1)
    before = desk.state
    desk.feed(ThreadLoaded(asked.request, HOME, eg.comment_list()))
    assert desk.state is before
    desk.waiting.clear()
    desk.wait(60.0)
    desk.nothing(FetchThread, OpenSocket, FetchEventLog)


def test_another_thread_takes_the_place_of_the_open_one() -> None:
    chats = (eg.conversation(), eg.conversation(id=OTHER, url_id=UrlId("t2")))
    desk = reading(hosted(eg.conversation_list(conversations=chats, position=None, comments=())))
    desk.wish(OpenThread(OTHER))
    assert desk.take(CloseSocket).socket == desk.thread_socket
    assert desk.take(FetchThread).url_id == "t2"


def test_a_lost_socket_is_opened_again_and_the_log_fills_the_hole() -> None:
    desk = reading(hosted())
    hears(desk, said(7))
    cut(desk)
    desk.wait(1.0)
    desk.opens()
    log = desk.take(FetchEventLog)
    assert log.start_time_ms == BASE + 7
    desk.feed(EventLogLoaded(log.request, (said(7), said(8)), None))
    assert ids(desk) == ["c_1", "c_7", "c_8"]
    desk.nothing(FetchThread)


def test_a_log_asked_for_an_earlier_socket_does_not_release_the_frames_of_this_one() -> None:
    desk = reading(hosted(uniform=at_once))
    cut(desk)
    desk.opens()
    slow = desk.take(FetchEventLog)
    cut(desk)
    desk.opens()
    hears(desk, said(9))
    desk.feed(EventLogLoaded(slow.request, (), None))
    assert ids(desk) == ["c_1"]
    desk.log_comes(said(8), complete=None)
    assert ids(desk) == ["c_1", "c_8", "c_9"]


@pytest.mark.parametrize(("down_s", "whole"), [(599.0, False), (601.0, True)])
def test_a_socket_that_was_down_too_long_has_the_thread_read_whole(down_s: float, whole: bool) -> None:
    desk = reading(hosted())
    cut(desk)
    desk.wait(1.0)
    desk.refuses()
    desk.wait(down_s - 1.0)
    desk.opens()
    assert bool(desk.all(FetchThread)) is whole
    assert bool(desk.all(FetchEventLog)) is not whole


def test_a_log_that_is_incomplete_has_the_thread_read_whole() -> None:
    desk = hosted()
    desk.wish(OpenThread(HOME))
    desk.thread_comes()
    desk.opens()
    hears(desk, said(3))
    desk.log_comes(said(2), complete=False)
    assert ids(desk) == ["c_1", "c_2", "c_3"]
    desk.take(FetchThread)


def test_a_log_that_fails_twice_has_the_thread_read_whole_and_frames_go_on() -> None:
    desk = hosted()
    desk.wish(OpenThread(HOME))
    desk.thread_comes()
    desk.opens()
    hears(desk, said(2))
    desk.log_fails()
    desk.nothing(FetchEventLog, FetchThread)
    assert ids(desk) == ["c_1"]
    desk.wait(1.0)
    desk.log_fails()
    assert ids(desk) == ["c_1", "c_2"]
    desk.take(FetchThread)


def test_votes_of_the_log_are_read_and_not_counted_twice() -> None:
    desk = hosted()
    desk.wish(OpenThread(HOME))
    desk.thread_comes()
    desk.opens()
    vote = stamped(eg.vote_changed(), 2)
    hears(desk, vote)
    desk.log_comes(vote, complete=None)
    assert desk.state.confirmed.comments[HOME][CommentId("c_1")].votes == 0
    desk.thread_comes(eg.comment_list(comments=(eg.comment(votes=1, votes_up=1),)))
    assert desk.state.confirmed.comments[HOME][CommentId("c_1")].votes == 1


def test_a_live_vote_counts_at_once_and_is_read_again_if_a_list_was_on_its_way() -> None:
    desk = reading(hosted())
    hears(desk, stamped(eg.vote_changed(), 2))
    assert desk.state.confirmed.comments[HOME][CommentId("c_1")].votes == 1
    desk.wait(10.0)
    desk.nothing(FetchThread)
    desk.wish(TryNow())
    on_its_way = desk.take(FetchThread)
    hears(desk, stamped(eg.vote_changed(vote=eg.vote(id="v_2")), 3))
    listed = eg.comment_list(comments=(eg.comment(votes=2),))
    desk.feed(ThreadLoaded(on_its_way.request, HOME, listed))
    desk.wait(0.5)
    desk.take(FetchThread)


def test_a_list_does_not_undo_what_was_heard_while_it_was_on_its_way() -> None:
    desk = reading(hosted())
    hears(desk, said(2), said(3))
    desk.wish(TryNow())
    on_its_way = desk.take(FetchThread)
    hears(desk, said(4), stamped(eg.deleted_comment(comment_id=CommentId("c_2"), comment=None), 9))
    stale = (eg.comment(), said(2).comment, said(3).comment)
    desk.feed(ThreadLoaded(on_its_way.request, HOME, eg.comment_list(comments=stale)))
    assert ids(desk) == ["c_1", "c_3", "c_4"]


def test_a_late_update_of_a_deleted_comment_brings_the_list_and_not_the_comment() -> None:
    desk = reading(hosted())
    hears(desk, said(2), stamped(eg.deleted_comment(comment_id=CommentId("c_2"), comment=None), 9))
    late_update = eg.updated_comment(comment=said(2).comment, present=frozenset({"text"}))
    hears(desk, stamped(late_update, 8))
    assert ids(desk) == ["c_1"]
    desk.wait(0.5)
    desk.take(FetchThread)


def test_a_frame_that_cannot_be_decoded_has_the_thread_read_again() -> None:
    desk = reading(hosted())
    desk.feed(FrameMalformed(desk.thread_socket))
    desk.feed(FrameMalformed(desk.thread_socket))
    desk.wait(0.5)
    desk.take(FetchThread)


def test_a_flood_while_frames_wait_is_bounded_and_read_instead() -> None:
    desk = hosted()
    desk.wish(OpenThread(HOME))
    desk.thread_comes()
    desk.opens()
    hears(desk, *(said(seq) for seq in range(2, HELD_AT_MOST + 20)))
    desk.take(FetchThread)
    desk.log_comes(complete=None)
    assert len(ids(desk)) == HELD_AT_MOST + 1


def test_reads_that_fail_are_tried_again_later_each_time() -> None:
    desk = hosted()
    desk.wish(OpenThread(HOME))
    for wait in (1.0, 2.0, 4.0):
        desk.feed(FetchFailed(desk.take(FetchThread).request, UNREACHABLE))
        desk.wait(wait - 0.1)
        desk.nothing(FetchThread)
        desk.wait(0.1)
    desk.take(FetchThread)


def test_a_list_that_says_later_is_left_alone_so_long() -> None:
    desk = hosted(uniform=at_once)
    desk.wish(OpenThread(HOME))
    later = Problem(ProblemKind.RATE_LIMITED, retry_after_s=20.0)
    desk.feed(FetchFailed(desk.take(FetchThread).request, later, 429))
    for _ in range(9):
        desk.wait(2.0)
        desk.wish(TryNow())
        desk.nothing(FetchThread)
    desk.wait(2.0)
    desk.take(FetchThread)


def test_a_flapping_socket_is_opened_ever_more_rarely() -> None:
    desk = reading(hosted())
    for wait in (1.0, 2.0, 4.0, 8.0):
        cut(desk)
        desk.wait(wait - 0.1)
        desk.nothing(OpenSocket)
        desk.wait(0.1)
        desk.opens()
    desk.wait(60.0)
    cut(desk)
    desk.wait(1.0)
    desk.take(OpenSocket)


def test_a_refused_socket_waits_at_least_as_long_as_asked() -> None:
    desk = reading(hosted(uniform=at_once))
    cut(desk, status=503, retry_after_s=6.0)
    desk.wait(5.9)
    desk.nothing(OpenSocket)
    desk.wait(0.1)
    desk.take(OpenSocket)


@pytest.mark.parametrize("how", [{"code": 4401}, {"status": 401}, {"status": 403}], ids=str)
def test_a_socket_whose_ids_ran_out_gets_new_ones_from_the_list(how: dict[str, Any]) -> None:
    desk = reading(hosted(uniform=at_once))
    cut(desk, **how)
    desk.wait(5.0)
    desk.nothing(OpenSocket)
    fresh = eg.room_ids(user_id_ws="fresh")
    desk.thread_comes(eg.comment_list(room=fresh))
    assert desk.take(OpenSocket).room == fresh


def test_while_the_image_has_no_link_its_thread_asks_for_nothing() -> None:
    desk = hosted()
    desk.cut()
    desk.wish(OpenThread(HOME))
    desk.nothing(FetchThread)


def test_polling_reads_the_open_thread_as_well() -> None:
    desk = reading(hosted(uniform=at_once))
    desk.cut()
    for _ in range(4):
        desk.refuses()
    listed = eg.conversation_list(position=None, comments=())
    desk.list_comes(listed, peer=Peer.HOSTED)
    for _ in range(3):
        desk.shows(Phase.POLLING)
        desk.wait(0.5)
        desk.list_comes(listed, peer=Peer.HOSTED)
        asked = desk.take(FetchThread)
        desk.feed(ThreadLoaded(asked.request, HOME, eg.comment_list()))
        desk.wait(3.4)
        desk.nothing(FetchThread)
        desk.wait(0.1)


def test_comments_of_others_in_the_thread_that_is_being_read_are_told_and_not_unread() -> None:
    desk = reading(hosted())
    desk.wish(Look(HOME))
    desk.wait(READ_AFTER_S)
    hears(desk, said(2))
    assert [news.comment_id for news in desk.told(News.COMMENT_ADDED)] == ["c_2"]
    assert desk.state.mine.unread == frozenset()
