"""A write that nobody answered (PROMISES D10): "checking" ends in saved or not saved, and truly."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import LiveEvent, Reset
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Point
from imagechat_tui.protocol.routes import CommentReply
from imagechat_tui.sync.effects import FetchEventLog, FetchSnapshot, FetchThread, News, SendRequest
from imagechat_tui.sync.inputs import EventLogLoaded, FetchFailed, SnapshotLoaded, ThreadLoaded
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    EditComment,
    PostComment,
    Retry,
    StartConversation,
    Write,
)
from imagechat_tui.sync.state import Draft, Peer, Phase, Status, WriteStatus
from imagechat_tui.sync.views import threads
from tests import examples as eg
from tests.sync.desk import UNREACHABLE, Desk, anew, at_once, hosted, joined

HOME, C1, C9 = ConversationId("ic_1"), CommentId("c_1"), CommentId("c_9")
B = BroadcastId("b-1")
POST = PostComment(HOME, "hello")
NEW = StartConversation(Point(50.0, 50.0), "here")
HELLO = eg.comment(id=C9, text="hello")
VERDICTS = (News.SAVED, News.NOT_SAVED)


def posted(seq: int = 2, actor: UserId = eg.ALICE, broadcast_id: str = B) -> LiveEvent:
    stamp = eg.stamp(seq, broadcast_id=BroadcastId(broadcast_id), actor_id=actor)
    return eg.image_chat_updated(seq, stamp=stamp, comment=HELLO)


def other(seq: int) -> LiveEvent:
    return eg.image_chat_updated(seq, comment=None, activity="moved")


def unanswered(write: Write = POST, desk: Desk | None = None) -> Desk:
    """A write that was sent, and nobody knows what became of it."""
    desk = joined() if desk is None else desk
    desk.wait(1.0)
    desk.wish(write, B)
    desk.write_fails(B)
    assert [news.news for news in desk.told()] == [News.CHECKING]
    assert desk.state.mine.outbox[0].status is WriteStatus.CHECKING
    desk.waiting.clear()
    return desk


def verdict(desk: Desk) -> News | None:
    found = [news.news for news in desk.told(*VERDICTS)]
    assert len(found) <= 1
    return found[0] if found else None


# When


def test_nothing_is_judged_before_the_server_would_refuse_it() -> None:
    desk = unanswered()
    desk.wait(10.4)
    desk.nothing(FetchEventLog, FetchSnapshot)
    assert verdict(desk) is None
    assert [view.status for view in threads(desk.state)[0].comments] == [Status.SAVED, Status.CHECKING]
    desk.wait(0.1)
    desk.take(FetchEventLog)


def test_a_write_without_a_deadline_is_given_more_time() -> None:
    desk = Desk()
    desk.list_comes()
    desk.wish(POST, B)
    desk.write_fails(B)
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.wait(14.9)
    desk.nothing(FetchEventLog)
    desk.wait(0.1)
    desk.take(FetchEventLog)


def test_an_earlier_read_does_not_tell() -> None:
    desk = unanswered()
    desk.wait(10.0)
    desk.hears(other(3))  # a gap, read before the deadline has passed
    desk.log_comes(other(2))
    desk.wait(0.5)
    assert verdict(desk) is None
    desk.log_comes()
    assert verdict(desk) is News.NOT_SAVED


def test_without_a_link_it_is_checking_for_as_long_as_it_takes() -> None:
    desk = unanswered()
    desk.cut()
    desk.wait(1.0)
    desk.refuses()
    desk.wait(3_600.0)
    assert verdict(desk) is None
    desk.wait(30.0)
    desk.waiting.clear()


def test_back_on_a_link_it_is_looked_up_at_once() -> None:
    desk = unanswered(desk=joined(uniform=at_once))
    desk.cut()
    desk.wait(60.0)
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.log_comes()
    assert verdict(desk) is News.NOT_SAVED


def test_an_answer_that_a_lost_link_swallowed_is_asked_for_again() -> None:
    desk = unanswered(desk=joined(uniform=at_once))
    desk.wait(10.5)
    desk.log_fails()
    desk.cut()
    desk.wait(10.0)
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.log_comes()
    assert verdict(desk) is News.NOT_SAVED


def test_polling_looks_it_up_as_well() -> None:
    desk = unanswered(desk=joined(uniform=at_once))
    desk.cut()
    for _ in range(4):
        desk.refuses()
    desk.list_comes()
    desk.shows(Phase.POLLING)
    for _ in range(16):
        assert verdict(desk) is None
        desk.wait(1.0)
        for asked in desk.all(FetchEventLog):
            desk.feed(EventLogLoaded(asked.request, (), True))
        if desk.state.mine.drafts:
            break
    assert verdict(desk) is News.NOT_SAVED


# What tells


def test_its_event_says_saved_at_any_time() -> None:
    desk = unanswered()
    desk.hears(posted())
    assert verdict(desk) is News.SAVED
    assert (desk.state.mine.outbox, desk.stored) == ((), ())


def test_a_room_read_up_to_now_without_its_event_says_not_saved() -> None:
    desk = unanswered()
    desk.wait(10.5)
    desk.log_comes()
    assert verdict(desk) is News.NOT_SAVED
    (draft,) = desk.state.mine.drafts
    assert (draft.problem, draft.broadcast_id, draft.write) == (Problem(ProblemKind.NO_ANSWER), B, POST)


def test_a_foreign_event_under_its_id_does_not_say_saved() -> None:
    desk = unanswered()
    desk.wait(10.5)
    desk.log_comes(posted(actor=eg.BOB))
    assert verdict(desk) is News.NOT_SAVED


def test_a_log_that_is_not_told_whole_does_not_say_not_saved() -> None:
    """The socket was faster than the log, and so it looks as if the log told nothing new."""
    desk = unanswered()
    desk.wait(10.5)
    asked = desk.take(FetchEventLog)
    desk.hears(other(2), other(3))
    desk.feed(EventLogLoaded(asked.request, (other(2), other(3)), False))
    assert verdict(desk) is None
    desk.log_comes(posted(4))
    assert verdict(desk) is News.SAVED


def test_a_log_that_was_started_anew_does_not_say_not_saved() -> None:
    """Our servers answer an unknown position with nothing, and say that this is not all."""
    desk = unanswered()
    desk.wait(10.5)
    desk.log_comes(complete=False)
    assert verdict(desk) is None
    desk.list_comes(eg.conversation_list(comments=(eg.comment(), HELLO), position=anew(7)))
    assert verdict(desk) is None
    desk.log_comes(complete=True)
    assert verdict(desk) is News.SAVED  # the new log cannot tell, the list can: by author, place and text


def listed_instead(answer: Any = None, write: Write = POST) -> Desk:
    """A snapshot took the place of its event, if there was one."""
    desk = unanswered(write, desk=joined(uniform=at_once))
    desk.wait(5.0)
    desk.hears(Reset())
    desk.list_comes(eg.conversation_list(position=eg.position(9)) if answer is None else answer)
    desk.waiting.clear()
    desk.wait(5.5)
    desk.log_comes()  # everything up to now
    return desk


def test_where_a_list_took_the_place_of_its_event_the_log_is_searched() -> None:
    desk = listed_instead()
    assert verdict(desk) is None
    search = desk.take(FetchEventLog)
    assert search.after == eg.position(1)  # from where the room stood when it was sent
    desk.feed(EventLogLoaded(search.request, (other(2), posted(3)), True))
    assert verdict(desk) is News.SAVED


def test_the_log_is_searched_to_its_end() -> None:
    desk = listed_instead()
    desk.log_comes(other(2), other(3), complete=False)
    assert verdict(desk) is None
    search = desk.take(FetchEventLog)
    assert search.after == eg.position(3)
    desk.feed(EventLogLoaded(search.request, (other(4), posted(5, actor=eg.BOB)), True))
    assert verdict(desk) is News.NOT_SAVED


def test_a_list_with_the_same_words_does_not_outvote_the_log() -> None:
    desk = listed_instead(eg.conversation_list(comments=(eg.comment(), HELLO), position=eg.position(9)))
    desk.log_comes(posted(3, broadcast_id="of-another-terminal"))
    assert verdict(desk) is News.NOT_SAVED


@pytest.mark.parametrize("how", ["too old", "too old, politely"])
@pytest.mark.parametrize(("there", "expected"), [(True, News.SAVED), (False, News.NOT_SAVED)])
def test_where_the_log_is_lost_the_list_decides(how: str, there: bool, expected: News) -> None:
    comments = (eg.comment(), HELLO) if there else (eg.comment(),)
    desk = listed_instead(eg.conversation_list(comments=comments, position=eg.position(9)))
    if how == "too old":
        desk.log_fails(status=410)
    else:
        desk.log_comes(complete=False)
    assert verdict(desk) is expected


@pytest.mark.parametrize("status", [None, 401, 403, 429, 500, 503])
def test_a_search_that_fails_is_repeated_ever_more_rarely_and_decides_nothing(status: int | None) -> None:
    desk = listed_instead()
    asked = []
    for _ in range(6):
        asked.append(desk.now)
        desk.log_fails(Problem(ProblemKind.REFUSED, retry_after_s=2.0), status)
        assert verdict(desk) is None
        desk.wait(1.9)
        desk.nothing(FetchEventLog)
        desk.wait(0.1)
    desk.log_comes(posted(3))
    assert verdict(desk) is News.SAVED


def test_a_search_begins_where_the_log_is_known_to_be_and_not_where_we_were() -> None:
    """Catching up, we know from the socket how far the log is: what is sent now comes after that."""
    desk = joined(uniform=at_once)
    desk.cut()
    desk.wait(5.0)
    desk.opens()
    desk.hears(eg.subscribed(40))
    desk.shows(Phase.CATCHING_UP)
    desk.wish(POST, B)
    desk.write_fails(B)
    desk.wait(2.0)
    desk.log_comes(complete=False)  # our place is too long ago
    desk.list_comes(eg.conversation_list(position=eg.position(60)))
    desk.wait(8.5)
    desk.log_comes()
    assert desk.all(FetchEventLog)[-1].after == eg.position(40)


def test_two_writes_are_looked_up_each_for_itself() -> None:
    desk = joined()
    second = EditComment(HOME, C1, "dry")
    desk.wait(1.0)
    desk.wish(POST, B)
    desk.wish(second, "b-2")
    desk.write_fails(B)
    desk.wait(3.0)
    desk.write_fails(BroadcastId("b-2"))
    desk.told()
    desk.wait(7.5)
    stamp, dry = eg.stamp(2, broadcast_id=BroadcastId("b-2")), eg.comment(text="dry")
    edited = eg.image_chat_updated(2, stamp=stamp, comment=dry, activity="updated-comment")
    desk.log_comes(edited)
    told = {news.broadcast_id: news.news for news in desk.told(*VERDICTS)}
    assert told == {B: News.NOT_SAVED, "b-2": News.SAVED}


# A write of a program that died, tried again and unanswered again


def test_what_was_tried_before_may_be_in_the_log_of_before() -> None:
    desk = joined(
        eg.conversation_list(comments=(eg.comment(), HELLO), position=eg.position(7)),
        drafts=(Draft(B, POST, B, Problem(ProblemKind.RESTARTED)),),
    )
    desk.wait(1.0)
    desk.wish(Retry(B))
    desk.write_fails(B)
    desk.told()
    desk.wait(10.5)
    desk.log_comes()
    assert verdict(desk) is None  # nothing new: but its event may have come before this program began
    search = desk.take(FetchEventLog)
    assert search.after is not None
    assert (search.after.epoch, search.after.seq) == (eg.EPOCH, 0)
    desk.feed(EventLogLoaded(search.request, (other(1), posted(2)), True))
    assert verdict(desk) is News.SAVED


# Hosted: the lists tell


def hosted_unanswered(write: Write = POST) -> Desk:
    desk = unanswered(write, desk=hosted(uniform=at_once))
    desk.wait(14.9)
    desk.nothing(FetchSnapshot, FetchThread)
    desk.wait(0.1)
    return desk


def list_comes(desk: Desk, **overrides: Any) -> None:
    listed = eg.conversation_list(position=None, comments=())
    desk.list_comes(replace(listed, **overrides), peer=Peer.HOSTED)


def thread_comes(desk: Desk, *comments: Comment) -> None:
    asked = desk.take(FetchThread)
    desk.feed(ThreadLoaded(asked.request, asked.conversation_id, eg.comment_list(comments=comments)))


HTML = eg.comment(id=C9, text=None, html="<p>hello</p>")


@pytest.mark.parametrize(
    ("write", "thread", "expected"),
    [
        (POST, (eg.comment(), HTML), News.SAVED),
        (POST, (eg.comment(),), News.NOT_SAVED),
        (POST, (replace(HTML, user_id=eg.BOB),), News.NOT_SAVED),
        (EditComment(HOME, C1, "dry"), (eg.comment(text=None, html="<p>dry</p>"),), News.SAVED),
        (EditComment(HOME, C1, "dry"), (eg.comment(),), News.NOT_SAVED),
        (EditComment(HOME, C1, "dry"), (), News.NOT_SAVED),
        (DeleteComment(HOME, C1), (), News.SAVED),
        (DeleteComment(HOME, C1), (eg.comment(is_deleted=True),), News.SAVED),
        (DeleteComment(HOME, C1), (eg.comment(),), News.NOT_SAVED),
    ],
)
def test_a_hosted_comment_is_looked_up_in_its_thread(
    write: Write, thread: tuple[Comment, ...], expected: News
) -> None:
    desk = hosted_unanswered(write)
    list_comes(desk)
    assert verdict(desk) is None
    thread_comes(desk, *thread)
    assert verdict(desk) is expected


@pytest.mark.parametrize(("there", "expected"), [(False, News.SAVED), (True, News.NOT_SAVED)])
def test_a_hosted_deletion_is_looked_up_in_the_list(there: bool, expected: News) -> None:
    desk = hosted_unanswered(DeleteConversation(HOME))
    list_comes(desk, conversations=(eg.conversation(),) if there else ())
    desk.nothing(FetchThread)
    assert verdict(desk) is expected


def test_a_hosted_thread_that_cannot_be_read_decides_nothing_and_one_that_is_not_there_does() -> None:
    desk = hosted_unanswered()
    list_comes(desk)
    for status in (None, 503, 403):
        desk.feed(FetchFailed(desk.take(FetchThread).request, UNREACHABLE, status))
        assert verdict(desk) is None
        desk.wait(0.1)
    desk.feed(FetchFailed(desk.take(FetchThread).request, UNREACHABLE, 404))
    assert verdict(desk) is News.NOT_SAVED


@pytest.mark.parametrize(
    ("write", "thread", "expected"),
    [
        (POST, (eg.comment(), HTML), News.SAVED),
        (POST, (eg.comment(),), None),
        (EditComment(HOME, C1, "dry"), (), None),
        (DeleteComment(HOME, C1), (), None),
        (DeleteComment(HOME, C1), (eg.comment(),), News.NOT_SAVED),
    ],
)
def test_what_was_not_seen_in_a_hosted_thread_may_be_what_could_not_be_read(
    write: Write, thread: tuple[Comment, ...], expected: News | None
) -> None:
    desk = hosted_unanswered(write)
    list_comes(desk)
    asked = desk.take(FetchThread)
    answer = eg.comment_list(comments=thread, left_out=1)
    desk.feed(ThreadLoaded(asked.request, asked.conversation_id, answer))
    assert verdict(desk) is expected


def test_a_hosted_marker_that_was_not_seen_may_be_what_could_not_be_read_since() -> None:
    desk = hosted_unanswered(DeleteConversation(HOME))
    list_comes(desk, conversations=(), left_out=1)
    assert verdict(desk) is None
    listed = eg.conversation_list(position=None, comments=(), left_out=1)
    before = unanswered(DeleteConversation(HOME), desk=hosted(listed, uniform=at_once))
    before.wait(15.0)
    list_comes(before, conversations=(), left_out=1)
    assert verdict(before) is News.SAVED


MARKER = eg.conversation(
    id=ConversationId("ic_9"), url_id=UrlId("gallery-42:/img/trail.jpg:50:50"), point=NEW.point
)
FIRST = eg.comment(id=C9, url_id=MARKER.url_id, text=None, html="here")


def test_a_hosted_marker_whose_first_step_is_found_is_resumed_with_the_second() -> None:
    desk = unanswered_step_one()
    list_comes(desk)
    asked = desk.take(FetchThread)
    assert asked.url_id == MARKER.url_id
    desk.feed(ThreadLoaded(asked.request, asked.conversation_id, eg.comment_list(comments=(FIRST,))))
    assert verdict(desk) is News.NOT_SAVED
    assert desk.state.mine.drafts[0].comment_id == C9
    desk.wish(Retry(B))
    assert desk.take(SendRequest).comment_id == C9


def unanswered_step_one() -> Desk:
    desk = hosted(uniform=at_once)
    desk.wish(NEW, B)
    desk.write_fails(BroadcastId("b-1.comment"))
    desk.waiting.clear()
    desk.wait(15.0)
    return desk


def test_a_hosted_marker_that_is_there_is_saved() -> None:
    desk = unanswered_step_one()
    list_comes(desk, conversations=(eg.conversation(), MARKER))
    thread_comes(desk, FIRST)
    assert verdict(desk) is News.SAVED


def test_a_hosted_second_step_is_timed_from_when_it_was_sent_and_looked_up_in_the_list() -> None:
    desk = hosted(uniform=at_once)
    desk.wish(NEW, B)
    desk.wait(9.0)
    desk.replies(BroadcastId("b-1.comment"), CommentReply(FIRST))
    desk.waiting.clear()
    desk.write_fails(B)
    desk.wait(14.9)
    desk.nothing(FetchSnapshot)
    desk.wait(0.1)
    list_comes(desk, conversations=(eg.conversation(), MARKER))
    desk.nothing(FetchThread)
    assert verdict(desk) is News.SAVED


def test_a_hosted_list_read_earlier_does_not_tell() -> None:
    desk = unanswered(desk=hosted(uniform=at_once))
    desk.wait(14.0)
    desk.hears(eg.image_chat_updated(comment=None, stamp=eg.stamp(5, position=None, actor_id=None)))
    desk.wait(0.5)
    on_its_way = desk.take(FetchSnapshot)
    desk.wait(1.0)
    listed = eg.conversation_list(position=None, comments=())
    desk.feed(SnapshotLoaded(on_its_way.request, Peer.HOSTED, listed))
    desk.nothing(FetchThread)
    list_comes(desk)
    thread_comes(desk)
    assert verdict(desk) is News.NOT_SAVED
