"""Each write of ours, from intent to verdict (PROMISES D7 to D10)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import EXPLORING, Problem, ProblemKind
from imagechat_tui.protocol import codes
from imagechat_tui.protocol.events import LiveEvent, NewImageChat, VoteChanged
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Point
from imagechat_tui.protocol.routes import CommentReply, ConversationReply, EditReply, VoteReply
from imagechat_tui.sync.effects import Applied, FetchEventLog, FetchSnapshot, FetchThread, News, SendRequest
from imagechat_tui.sync.inputs import SnapshotLoaded, ThreadLoaded
from imagechat_tui.sync.intents import (
    BlockAuthor,
    DeleteComment,
    DeleteConversation,
    DiscardDraft,
    EditComment,
    FlagComment,
    KeepDraft,
    LockComment,
    MoveConversation,
    Opinion,
    PinComment,
    PostComment,
    ResolveConversation,
    Retry,
    StartConversation,
    TextWrite,
    TryNow,
    VoteComment,
    Write,
)
from imagechat_tui.sync.state import Draft, Peer, Phase, Status, WriteStatus
from imagechat_tui.sync.views import threads
from tests import examples as eg
from tests.sync.desk import Desk, at_once, hosted, joined, reading

HOME, C1, C9 = ConversationId("ic_1"), CommentId("c_1"), CommentId("c_9")
NEW = StartConversation(Point(50.0, 50.0), "here")
POST = PostComment(HOME, "hello")
B = BroadcastId("b-1")
EACH: list[Write] = [
    NEW,
    POST,
    EditComment(HOME, C1, "dry"),
    DeleteComment(HOME, C1),
    DeleteConversation(HOME),
    MoveConversation(HOME, Point(1.0, 2.0)),
    ResolveConversation(HOME, resolved=True),
    VoteComment(HOME, C1, 1),
    PinComment(HOME, C1, pinned=True),
    LockComment(HOME, C1, locked=True),
    FlagComment(HOME, C1, flagged=True),
    BlockAuthor(HOME, C1, blocked=True),
]
TEXTS = EACH[:3]
RESTARTED = Problem(ProblemKind.RESTARTED)


def each(writes: list[Write] = EACH) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("write", writes, ids=lambda write: type(write).__name__)


def posted(seq: int = 2, broadcast_id: str = B, actor: UserId = eg.ALICE, **overrides: Any) -> LiveEvent:
    """The event of ``POST``: comment ``c_9``."""
    comment = eg.comment(id=C9, text="hello", user_id=actor, **overrides)
    stamp = eg.stamp(seq, broadcast_id=BroadcastId(broadcast_id), actor_id=actor)
    return eg.image_chat_updated(
        seq, stamp=stamp, comment=comment, conversation=eg.conversation(comment_count=2)
    )


POSTED = CommentReply(eg.comment(id=C9, text=None, html="hello"))
MARKER = eg.conversation(id=ConversationId("ic_9"), url_id=UrlId("t9"), point=Point(50.0, 50.0))
FIRST = eg.comment(id=C9, url_id=UrlId("t9"), text="here")
MADE = ConversationReply(MARKER.id, MARKER, FIRST)


def made(seq: int, event: str, broadcast_id: str = B, actor: UserId = eg.ALICE) -> LiveEvent:
    """The two events of ``NEW``."""
    stamp = eg.stamp(seq, broadcast_id=BroadcastId(broadcast_id), actor_id=actor)
    if event == "marker":
        return eg.new_image_chat(seq, stamp=stamp, conversation=replace(MARKER, user_id=actor))
    return eg.image_chat_updated(
        seq, stamp=stamp, conversation=MARKER, activity="first-comment", comment=replace(FIRST, user_id=actor)
    )


def verdicts(desk: Desk) -> list[News]:
    """What was said of writes since the last look."""
    return [news.news for news in desk.told(News.SAVED, News.NOT_SAVED, News.REFUSED, News.CHECKING)]


def texts(desk: Desk) -> list[str | None]:
    """The comments of the first thread as they are shown, with their status where it is not "saved"."""
    views = threads(desk.state)[0].comments
    return [
        view.comment.text if view.status is Status.SAVED else f"{view.comment.text} ({view.status})"
        for view in views
    ]


# Sending


@each()
def test_a_write_is_sent_once_with_a_deadline_and_is_on_screen_and_on_disk_before(write: Write) -> None:
    desk = joined()
    desk.wait(2.0)
    desk.wish(write, B)
    sent = desk.take(SendRequest)
    assert (sent.broadcast_id, sent.write, sent.two_step, sent.comment_id) == (B, write, False, None)
    assert (sent.timeout_s, sent.deadline_ms) == (10.0, eg.T0 + 12_000)
    assert sent.thread_url_id == (None if write is NEW else eg.THREAD)
    (entry,) = desk.state.mine.outbox
    assert (entry.status, entry.sent_at_s) == (WriteStatus.PENDING, desk.now)
    assert [(draft.broadcast_id, draft.problem) for draft in desk.stored] == [(B, RESTARTED)]
    desk.wait(60.0)
    desk.nothing(SendRequest)


def test_before_the_servers_clock_is_told_no_deadline_is_set() -> None:
    desk = Desk()
    desk.list_comes(
        eg.conversation_list(server_time_ms=eg.T0 - 604_800_000)
    )  # of the newest event: last week
    desk.shows(Phase.CATCHING_UP)
    desk.wish(POST)
    assert desk.take(SendRequest).deadline_ms is None


@each()
def test_an_answer_takes_the_write_out_of_the_outbox_and_off_the_disk(write: Write) -> None:
    desk = joined()
    desk.wish(write, B)
    desk.replies(B, {0: MADE, 1: POSTED, 2: EditReply("dry")}.get(EACH.index(write)))
    assert (desk.state.mine.outbox, desk.state.mine.drafts, desk.stored) == ((), (), ())
    assert verdicts(desk) == [News.SAVED]
    answered = [] if isinstance(write, Opinion) else [write]  # of those no event will tell
    assert [saved.write for saved in desk.state.mine.acknowledged] == answered


def test_what_an_answer_told_is_shown_until_the_log_says_so_too() -> None:
    desk = joined()
    desk.wish(POST, B)
    assert texts(desk) == ["Trail is **wet**", "hello (pending)"]
    desk.replies(B, POSTED)
    assert texts(desk) == ["Trail is **wet**", "hello"]
    assert C9 not in desk.state.confirmed.comments[HOME]  # confirmed changes only with the log
    desk.hears(posted())
    assert desk.state.mine.acknowledged == ()
    assert texts(desk) == ["Trail is **wet**", "hello"]


def test_echo_then_answer_is_one_verdict_and_one_comment() -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.hears(posted())
    assert verdicts(desk) == [News.SAVED]
    desk.replies(B, POSTED)
    assert verdicts(desk) == []
    assert texts(desk) == ["Trail is **wet**", "hello"]
    assert (desk.state.mine.outbox, desk.state.mine.acknowledged) == ((), ())


def test_answer_then_echo_is_one_verdict_and_one_comment() -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.replies(B, POSTED)
    desk.hears(posted())
    assert verdicts(desk) == [News.SAVED]
    assert texts(desk) == ["Trail is **wet**", "hello"]
    assert [effect.ours for effect in desk.all(Applied)] == [True]


@pytest.mark.parametrize("order", ["RMC", "MRC", "MCR"])
def test_a_marker_is_one_marker_in_whatever_order_answer_and_events_come(order: str) -> None:
    desk = joined()
    desk.wish(NEW, B)
    steps = {
        "R": lambda: desk.replies(B, MADE),
        "M": lambda: desk.hears(made(2, "marker")),
        "C": lambda: desk.hears(made(3, "comment")),
    }
    for step in order:
        steps[step]()
        markers = threads(desk.state)
        assert [thread.conversation.point for thread in markers].count(NEW.point) == 1
        assert [view.comment.text for view in markers[-1].comments] == ["here"]
        assert markers[-1].status is Status.SAVED
    assert verdicts(desk) == [News.SAVED]
    assert desk.state.mine.acknowledged == ()


def test_a_marker_that_joined_another_is_settled_by_its_one_event() -> None:
    desk = joined()
    desk.wish(NEW, B)
    desk.hears(posted())
    assert (desk.state.mine.outbox, desk.state.mine.acknowledged) == ((), ())
    assert verdicts(desk) == [News.SAVED]
    desk.wait(60.0)
    desk.nothing(FetchEventLog)


# Echo


@each([NEW, POST])
def test_a_foreign_event_that_reuses_our_id_is_shown_and_settles_nothing(write: Write) -> None:
    desk = joined()
    desk.wish(write, B)
    event = made(2, "marker", actor=eg.BOB) if write is NEW else posted(actor=eg.BOB)
    desk.hears(event)
    assert len(desk.state.mine.outbox) == 1
    assert verdicts(desk) == []
    assert [effect.ours for effect in desk.all(Applied)] == [False]
    assert desk.state.mine.unread == {"ic_9" if write is NEW else HOME}
    if isinstance(event, NewImageChat):
        assert MARKER.id in desk.state.confirmed.conversations
    else:
        assert C9 in desk.state.confirmed.comments[HOME]


def test_an_event_of_our_other_session_is_shown_and_settles_nothing() -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.hears(posted(broadcast_id="of-another-terminal"))
    assert len(desk.state.mine.outbox) == 1
    assert C9 in desk.state.confirmed.comments[HOME]
    assert desk.state.mine.unread == frozenset()


def test_an_id_that_was_settled_is_nobodys_any_more() -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.hears(posted(2))
    desk.hears(posted(3))
    assert [effect.ours for effect in desk.all(Applied)] == [True, False]


def test_without_knowing_who_we_are_nothing_is_taken_for_ours() -> None:
    desk = joined(eg.conversation_list(user=None))
    desk.wish(POST, B)
    desk.hears(posted())
    assert len(desk.state.mine.outbox) == 1


# An answer whose event does not come


def test_events_of_answered_writes_are_asked_for_when_they_do_not_come() -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.replies(B, POSTED)
    desk.wait(0.9)
    desk.nothing(FetchEventLog)
    desk.wait(0.1)
    desk.log_comes(posted())
    assert desk.state.mine.acknowledged == ()
    assert texts(desk) == ["Trail is **wet**", "hello"]
    desk.wait(60.0)
    desk.nothing(FetchEventLog)


def test_an_answer_from_memory_has_no_event_and_leaves_when_the_log_was_read() -> None:
    """The answer to a retry may be of long ago: its event was applied then."""
    desk = joined(eg.conversation_list(comments=(eg.comment(), eg.comment(id=C9, text="hello"))))
    desk.wish(POST, B)
    desk.replies(B, POSTED)
    assert texts(desk) == ["Trail is **wet**", "hello"]
    desk.wait(1.0)
    desk.log_comes()
    assert desk.state.mine.acknowledged == ()


@pytest.mark.parametrize("lost", ["before", "during", "after"])
def test_what_was_answered_never_stays_laid_over_when_the_link_is_lost(lost: str) -> None:
    desk = joined(uniform=at_once)
    desk.wish(POST, B)
    desk.replies(B, POSTED)
    if lost != "before":
        desk.wait(1.0)
    if lost == "after":
        desk.log_fails()
    desk.cut()
    desk.wait(20.0)
    desk.opens()
    desk.hears(eg.subscribed(1))  # the event was applied long ago: nothing is replayed
    desk.wait(5.0)
    assert desk.state.mine.acknowledged == ()


def test_a_deletion_that_was_answered_stays_hidden_until_its_event() -> None:
    desk = joined()
    desk.wish(DeleteConversation(HOME), B)
    assert [thread.status for thread in threads(desk.state)] == [Status.PENDING]
    desk.replies(B)
    assert threads(desk.state) == ()
    assert HOME in desk.state.confirmed.conversations
    desk.hears(eg.deleted_image_chat(2, stamp=eg.stamp(2, broadcast_id=B)))
    assert (desk.state.confirmed.conversations, desk.state.mine.acknowledged) == ({}, ())


def test_what_lies_over_a_thread_goes_with_it() -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.replies(B, POSTED)
    desk.hears(eg.deleted_image_chat(2, stamp=eg.stamp(2, actor_id=eg.BOB)))
    assert (threads(desk.state), desk.state.mine.acknowledged) == ((), ())


# What was answered is there


def test_a_marker_that_was_answered_can_be_written_to_before_its_event_comes() -> None:
    desk = joined()
    desk.wish(NEW, B)
    desk.replies(B, MADE)
    desk.all(SendRequest)
    desk.wish(PostComment(MARKER.id, "and there"))
    assert desk.take(SendRequest).thread_url_id == "t9"
    assert [view.comment.text for view in threads(desk.state)[-1].comments] == ["here", "and there"]


@each([EditComment(HOME, C9, "hello!"), DeleteComment(HOME, C9)])
def test_a_comment_that_was_answered_can_be_changed_before_its_event_comes(write: Write) -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.replies(B, POSTED)
    desk.all(SendRequest)
    desk.wish(write)
    assert desk.take(SendRequest).write == write


# Refused at once


def unsent(
    desk: Desk, write: Write, kind: ProblemKind, code: str = "", *, until_ms: int | None = None
) -> None:
    """The write is refused without any I/O, and a text stays as a draft."""
    desk.waiting.clear()
    before = threads(desk.state)
    desk.wish(write, B)
    desk.nothing(SendRequest)
    (news,) = desk.told()
    problem = Problem(kind, code, until_ms=until_ms)
    assert (news.news, news.problem, news.broadcast_id) == (News.REFUSED, problem, B)
    assert desk.state.mine.outbox == ()
    if write in TEXTS:
        (draft,) = desk.state.mine.drafts
        assert (draft.id, draft.write, draft.problem) == (news.draft_id, write, problem)
        assert desk.stored == (draft,)
    else:
        assert (desk.state.mine.drafts, news.draft_id) == ((), None)
        assert threads(desk.state) == before


@each()
def test_offline_refuses_at_once_and_sends_nothing_later(write: Write) -> None:
    desk = joined(uniform=at_once)
    desk.cut()
    desk.refuses()
    desk.refuses()
    desk.shows(Phase.OFFLINE)
    unsent(desk, write, ProblemKind.OFFLINE)
    desk.wait(2.0)
    desk.wish(TryNow())
    desk.opens()
    desk.hears(eg.subscribed(1))
    desk.shows(Phase.LIVE)
    desk.wait(300.0)
    desk.nothing(SendRequest)


@each([POST, DeleteConversation(HOME)])
def test_each_phase_without_writes_says_why(write: Write) -> None:
    unsent(Desk(), write, ProblemKind.NOT_CONNECTED)
    unsent(Desk(explores=True), write, ProblemKind.READ_ONLY, EXPLORING)
    reader = joined(eg.conversation_list(read_only=True))
    unsent(reader, write, ProblemKind.READ_ONLY)
    banned = joined(eg.conversation_list(read_only=True, banned_until_ms=7))
    unsent(banned, write, ProblemKind.READ_ONLY, codes.BANNED, until_ms=7)
    reader.cut()
    reader.shows(Phase.RECONNECTING)
    reader.wish(DiscardDraft(B))
    unsent(reader, write, ProblemKind.READ_ONLY)
    stranger = joined(uniform=at_once)
    stranger.cut(code=4401)
    stranger.list_fails(Problem(ProblemKind.SIGN_IN), 401)
    stranger.shows(Phase.SIGN_IN_NEEDED)
    unsent(stranger, write, ProblemKind.SIGN_IN)


@each()
def test_reconnecting_tries_once(write: Write) -> None:
    desk = joined()
    desk.cut()
    desk.shows(Phase.RECONNECTING)
    desk.wish(write, B)
    desk.take(SendRequest)
    desk.write_fails(B, sent=False)
    assert verdicts(desk) == [News.NOT_SAVED]
    desk.wait(300.0)
    desk.nothing(SendRequest)


GONE = ConversationId("ic_gone")


@each(
    [
        PostComment(GONE, "x"),
        EditComment(GONE, C1, "x"),
        EditComment(HOME, C9, "x"),
        DeleteComment(HOME, C9),
        DeleteConversation(GONE),
        MoveConversation(GONE, eg.point()),
        VoteComment(HOME, C9, 1),
        LockComment(HOME, C9, locked=True),
    ]
)
def test_what_is_not_there_any_more_is_not_written_to(write: Write) -> None:
    desk = joined()
    desk.wish(write)
    desk.nothing(SendRequest)
    assert [news.problem for news in desk.told()] == [Problem(ProblemKind.GONE)]
    assert [getattr(draft.write, "text", None) for draft in desk.state.mine.drafts] == (
        ["x"] if hasattr(write, "text") else []
    )


@each([POST, EditComment(HOME, C1, "x"), DeleteComment(HOME, C1)])
def test_what_is_locked_is_neither_answered_nor_changed_and_the_text_is_kept(write: Write) -> None:
    desk = joined()
    desk.hears(eg.updated_comment(2, comment=eg.comment(id=C1, is_locked=True)))
    desk.wish(write)
    desk.nothing(SendRequest)
    assert [news.problem for news in desk.told()] == [Problem(ProblemKind.REFUSED, codes.LOCKED)]
    assert [getattr(draft.write, "text", None) for draft in desk.state.mine.drafts] == (
        [write.text] if isinstance(write, TextWrite) else []
    )


def test_a_closed_thread_is_not_answered_and_what_is_in_it_can_be_edited() -> None:
    desk = joined()
    desk.hears(eg.image_chat_updated(2, conversation=eg.conversation(closed=True), activity="closed"))
    desk.wish(POST)
    desk.nothing(SendRequest)
    assert [news.problem for news in desk.told()] == [Problem(ProblemKind.REFUSED, codes.THREAD_CLOSED)]
    assert [draft.write for draft in desk.state.mine.drafts] == [POST]
    desk.wish(EditComment(HOME, C1, "other words"))
    desk.take(SendRequest)


def turned(seq: int, vote_id: str, direction: int, *, added: bool, broadcast_id: str = B) -> LiveEvent:
    """A vote of ours is given or goes."""
    vote = eg.vote(id=vote_id, direction=direction, user_id=eg.ALICE)
    return VoteChanged(eg.stamp(seq, broadcast_id=BroadcastId(broadcast_id)), vote, added)


@pytest.mark.parametrize("answer_first", [True, False])
def test_a_vote_that_takes_the_place_of_another_is_saved_once_both_events_are_here(
    answer_first: bool,
) -> None:
    desk = joined()
    desk.hears(turned(2, "v_1", 1, added=True, broadcast_id="elsewhere"))
    assert threads(desk.state)[0].comments[0].voted == 1, "a vote of another session of ours"
    desk.wish(VoteComment(HOME, C1, -1), B)
    assert desk.take(SendRequest).vote_id == "v_1"
    if answer_first:
        desk.replies(B, VoteReply("v_2"))
    for event in (turned(3, "v_1", 1, added=False), turned(4, "v_2", -1, added=True)):
        view = threads(desk.state)[0].comments[0]
        assert (view.comment.votes, view.voted) == (-1, -1), "it does not flicker"
        desk.hears(event)
    view = threads(desk.state)[0].comments[0]
    assert (view.comment.votes, view.voted, view.status) == (-1, -1, Status.SAVED)
    assert verdicts(desk) == [News.SAVED]
    assert (desk.state.mine.outbox, desk.state.mine.acknowledged) == ((), ())


@pytest.mark.parametrize(
    ("direction", "status", "code"), [(1, 400, codes.ALREADY_VOTED), (0, 404, codes.NOT_FOUND)]
)
def test_a_vote_that_stands_already_is_saved_and_the_list_is_asked_how(
    direction: int, status: int, code: str
) -> None:
    desk = joined()
    desk.wish(VoteComment(HOME, C1, direction), B)
    desk.take(SendRequest)
    desk.write_fails(B, ProblemKind.REFUSED, status=status, code=code)
    assert verdicts(desk) == [News.SAVED]
    desk.wait(5.0)
    desk.take(FetchSnapshot)


@each([FlagComment(HOME, C1, flagged=True), BlockAuthor(HOME, C1, blocked=True)])
def test_what_one_notes_for_oneself_holds_once_it_is_answered_for_no_event_tells_of_it(write: Write) -> None:
    desk = joined()
    desk.wish(write, B)
    desk.take(SendRequest)
    desk.replies(B, None)
    assert verdicts(desk) == [News.SAVED]
    assert desk.state.mine.acknowledged == ()
    view = threads(desk.state)[0].comments[0]
    assert (view.flagged, view.blocked) == (isinstance(write, FlagComment), isinstance(write, BlockAuthor))
    desk.wish(write, BroadcastId("b-2"))
    desk.take(SendRequest)
    desk.write_fails(BroadcastId("b-2"), ProblemKind.TIMED_OUT, sent=True)
    assert verdicts(desk) == [News.NOT_SAVED], "it is done again where nobody knows: twice is once"


@each([MoveConversation(HOME, eg.point()), ResolveConversation(HOME, resolved=True)])
def test_a_hosted_server_is_not_asked_for_what_it_does_not_have(write: Write) -> None:
    desk = hosted()
    desk.wish(write)
    desk.nothing(SendRequest)
    assert [news.problem for news in desk.told()] == [Problem(ProblemKind.UNSUPPORTED)]


# The server said no


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 408, 409, 413, 422, 429, 503])
@each([POST, MoveConversation(HOME, Point(1.0, 2.0))])
def test_a_refusal_is_not_saved_and_gives_everything_back(write: Write, status: int) -> None:
    desk = joined()
    before = threads(desk.state)
    desk.wish(write, B)
    desk.take(SendRequest)
    desk.write_fails(B, ProblemKind.RATE_LIMITED, status=status, retry_after_s=3.0)
    assert verdicts(desk) == [News.NOT_SAVED]
    (draft,) = desk.state.mine.drafts
    assert (draft.id, draft.broadcast_id, draft.write) == (B, B, write)
    assert draft.problem == Problem(ProblemKind.RATE_LIMITED, retry_after_s=3.0)
    assert (desk.state.mine.outbox, desk.stored) == ((), (draft,))
    if write is not POST:
        assert threads(desk.state) == before
    desk.wait(300.0)
    desk.nothing(SendRequest)


@each([DeleteComment(HOME, C1), DeleteConversation(HOME)])
def test_a_deletion_of_what_is_gone_already_is_done(write: Write) -> None:
    desk = joined()
    desk.wish(write, B)
    desk.write_fails(B, ProblemKind.GONE, status=404)
    assert verdicts(desk) == [News.SAVED]
    assert desk.state.mine.drafts == ()
    desk.take(FetchEventLog)


def test_a_clock_that_was_put_forward_is_not_used_again() -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.write_fails(B, ProblemKind.TIMED_OUT, status=408)
    desk.all(SendRequest)
    desk.wish(Retry(B))
    assert desk.take(SendRequest).deadline_ms is None
    desk.cut()
    desk.wait(1.0)
    desk.opens()
    desk.hears(eg.subscribed(1, server_time_ms=eg.T0 + 172_800_000))
    desk.wish(EditComment(HOME, C1, "x"))
    assert desk.take(SendRequest).deadline_ms == eg.T0 + 172_810_000


def test_a_write_that_was_late_says_nothing_about_the_clock() -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.wait(10.0)
    desk.write_fails(B, ProblemKind.TIMED_OUT, status=408)
    desk.all(SendRequest)
    desk.wish(Retry(B))
    assert desk.take(SendRequest).deadline_ms == eg.T0 + 20_000


# Drafts


def test_one_target_has_one_typed_draft_and_an_empty_text_forgets_it() -> None:
    desk = joined()
    desk.wish(KeepDraft(PostComment(HOME, "hel")))
    desk.wish(KeepDraft(PostComment(HOME, "hello")))
    desk.wish(KeepDraft(NEW))
    assert [draft.write for draft in desk.state.mine.drafts] == [POST, NEW]
    assert desk.stored == desk.state.mine.drafts
    assert desk.state.mine.drafts[0].updated_at_ms == eg.T0
    desk.wish(KeepDraft(PostComment(HOME, "")))
    assert [draft.write for draft in desk.stored] == [NEW]
    desk.wait(300.0)
    desk.nothing(SendRequest)


def test_submitting_takes_the_typed_draft_along() -> None:
    desk = joined()
    desk.wish(KeepDraft(PostComment(HOME, "hel")))
    desk.wish(POST, B)
    assert desk.state.mine.drafts == ()
    assert [draft.broadcast_id for draft in desk.stored] == [B]


def test_a_dropped_draft_is_gone_from_disk() -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.write_fails(B, status=400)
    desk.wish(DiscardDraft(B))
    assert (desk.state.mine.drafts, desk.stored) == ((), ())


def test_drafts_of_a_session_that_died_are_shown_and_not_sent() -> None:
    died = Draft(B, POST, B, RESTARTED)
    typed = Draft("reply:ic_1:c_1", PostComment(HOME, "half a th", C1))
    desk = joined(drafts=(died, typed))
    assert desk.state.mine.drafts == (died, typed)
    assert texts(desk) == ["Trail is **wet**", "hello (failed)"]
    desk.wait(300.0)
    desk.nothing(SendRequest)


def test_a_write_of_a_session_that_died_is_saved_once_its_event_comes() -> None:
    desk = Desk(drafts=(Draft(B, POST, B, RESTARTED),))
    desk.list_comes()
    desk.opens()
    desk.hears(eg.subscribed(2), posted())
    assert verdicts(desk) == [News.SAVED]
    assert (desk.state.mine.drafts, desk.stored) == ((), ())
    assert texts(desk) == ["Trail is **wet**", "hello"]


def test_a_foreign_event_does_not_take_our_draft_away() -> None:
    desk = joined(drafts=(Draft(B, POST, B, RESTARTED),))
    desk.hears(posted(actor=eg.BOB))
    assert [draft.id for draft in desk.state.mine.drafts] == [B]


def test_what_is_only_typed_is_not_taken_away_by_an_event() -> None:
    desk = joined(drafts=(Draft("typed", POST, B),))
    desk.hears(posted())
    assert [draft.id for draft in desk.state.mine.drafts] == ["typed"]


# Retry


def test_a_retry_goes_under_the_id_it_was_tried_under() -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.write_fails(B, sent=False)
    desk.all(SendRequest)
    desk.wish(Retry(B), "fresh")
    assert desk.take(SendRequest).broadcast_id == B
    assert desk.state.mine.drafts == ()
    desk.replies(B, POSTED)
    assert verdicts(desk) == [News.NOT_SAVED, News.SAVED]


def test_the_same_text_to_the_same_place_is_the_same_write() -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.write_fails(B, status=503)
    desk.all(SendRequest)
    desk.wish(POST, "fresh")
    assert desk.take(SendRequest).broadcast_id == B
    assert desk.state.mine.drafts == ()


def test_another_text_is_another_write() -> None:
    desk = joined()
    desk.wish(POST, B)
    desk.write_fails(B, status=503)
    desk.all(SendRequest)
    desk.wish(PostComment(HOME, "hello!"), "fresh")
    assert desk.take(SendRequest).broadcast_id == "fresh"
    assert [draft.id for draft in desk.state.mine.drafts] == [B]


def test_a_typed_draft_can_be_sent_from_the_list() -> None:
    desk = joined()
    desk.wish(KeepDraft(POST))
    desk.wish(Retry(desk.state.mine.drafts[0].id), "fresh")
    assert desk.take(SendRequest).broadcast_id == "fresh"
    assert desk.state.mine.drafts == ()


def test_a_retry_of_what_is_not_there_does_nothing() -> None:
    desk = joined()
    before = desk.state
    desk.wish(Retry("nothing"))
    assert desk.state is before


# A write nobody knows about, tried again


def died() -> Desk:
    """A session that came back and tries again what was in flight when it died."""
    desk = joined(drafts=(Draft(B, POST, B, RESTARTED),))
    desk.wish(Retry(B))
    desk.take(SendRequest)
    return desk


@pytest.mark.parametrize("status", [None, 302, 401, 429, 503])
def test_a_failure_that_says_nothing_of_the_first_try_leaves_it_open(status: int | None) -> None:
    desk = died()
    desk.write_fails(B, ProblemKind.RATE_LIMITED, sent=status is not None, status=status)
    assert [news.problem for news in desk.told(News.NOT_SAVED)] == [RESTARTED]
    assert [draft.problem for draft in desk.state.mine.drafts] == [RESTARTED]


@pytest.mark.parametrize("status", [400, 403, 404, 408, 422])
def test_a_refusal_of_ours_means_that_no_try_was_carried_out(status: int) -> None:
    desk = died()
    desk.write_fails(B, ProblemKind.REFUSED, status=status)
    assert [draft.problem for draft in desk.state.mine.drafts] == [Problem(ProblemKind.REFUSED)]


def test_a_hosted_refusal_says_nothing_of_the_first_try() -> None:
    desk = Desk(drafts=(Draft(B, POST, B, RESTARTED),))
    desk.list_comes(eg.conversation_list(position=None, comments=()), peer=Peer.HOSTED)
    desk.wish(Retry(B))
    desk.write_fails(B, ProblemKind.REFUSED, status=400)
    assert [draft.problem for draft in desk.state.mine.drafts] == [RESTARTED]


def test_a_refusal_offline_leaves_it_open_as_well() -> None:
    desk = Desk(drafts=(Draft(B, POST, B, RESTARTED),))
    desk.wish(Retry(B))
    assert [news.problem for news in desk.told(News.REFUSED)] == [Problem(ProblemKind.NOT_CONNECTED)]
    assert [draft.problem for draft in desk.state.mine.drafts] == [RESTARTED]


# Hosted: two steps


def test_a_hosted_marker_is_its_comment_first_and_then_the_marker() -> None:
    desk = hosted()
    desk.wish(NEW, B)
    first = desk.take(SendRequest)
    assert (first.broadcast_id, first.two_step, first.comment_id) == ("b-1.comment", True, None)
    assert first.deadline_ms is None
    desk.wait(3.0)
    desk.replies(first.broadcast_id, CommentReply(FIRST))
    second = desk.take(SendRequest)
    assert (second.broadcast_id, second.two_step, second.comment_id) == (B, True, C9)
    assert [(draft.broadcast_id, draft.comment_id) for draft in desk.stored] == [(B, C9)]
    assert desk.state.mine.outbox[0].sent_at_s == desk.now
    desk.replies(B, ConversationReply(MARKER.id))
    assert verdicts(desk) == [News.SAVED]
    assert MARKER.id in desk.state.confirmed.conversations


def test_a_hosted_marker_whose_second_step_failed_is_resumed_there() -> None:
    desk = hosted()
    desk.wish(NEW, B)
    desk.replies(BroadcastId("b-1.comment"), CommentReply(FIRST))
    desk.write_fails(B, status=503)
    desk.all(SendRequest)
    assert desk.state.mine.drafts[0].comment_id == C9
    desk.wish(Retry(B))
    again = desk.take(SendRequest)
    assert (again.broadcast_id, again.comment_id) == (B, C9)


def test_a_hosted_marker_whose_first_step_failed_begins_with_it_again() -> None:
    desk = hosted()
    desk.wish(NEW, B)
    desk.write_fails(BroadcastId("b-1.comment"), status=503)
    desk.all(SendRequest)
    desk.wish(Retry(B))
    assert desk.take(SendRequest).broadcast_id == "b-1.comment"


# Hosted: an answer is applied itself


def test_a_hosted_answer_is_shown_and_no_list_on_its_way_undoes_it() -> None:
    desk = reading(hosted())
    desk.wait(1.0)
    desk.wish(TryNow())
    on_its_way, thread = desk.take(FetchSnapshot), desk.take(FetchThread)
    desk.wish(POST, B)
    desk.replies(B, POSTED)
    desk.feed(ThreadLoaded(thread.request, HOME, eg.comment_list()))
    assert texts(desk) == ["Trail is **wet**", "hello"]
    desk.wish(DeleteConversation(HOME), "b-2")
    desk.replies(BroadcastId("b-2"))
    stale = eg.conversation_list(position=None, comments=())
    desk.feed(SnapshotLoaded(on_its_way.request, Peer.HOSTED, stale))
    assert desk.state.confirmed.conversations == {}
    desk.wait(5.0)
    desk.take(FetchSnapshot)


def test_a_hosted_event_without_an_actor_is_not_told_as_news_if_the_id_is_ours() -> None:
    desk = hosted()
    desk.wish(POST, B)
    stamp = eg.stamp(5, broadcast_id=B, actor_id=None, position=None)
    grown = eg.conversation(comment_count=2)
    desk.hears(eg.image_chat_updated(stamp=stamp, conversation=grown, comment=None))
    assert desk.told(News.COMMENT_ADDED) == []
    assert desk.state.mine.unread == frozenset()
    assert desk.state.confirmed.conversations[HOME].comment_count == 2
    assert len(desk.state.mine.outbox) == 1
    other = replace(stamp, broadcast_id=BroadcastId("of-another"), timestamp_ms=eg.T0 + 6_000)
    grown = eg.conversation(comment_count=3)
    desk.hears(eg.image_chat_updated(stamp=other, conversation=grown, comment=None))
    assert desk.state.mine.unread == {HOME}


def test_an_answer_nobody_waits_for_changes_nothing() -> None:
    desk = joined()
    before = desk.state
    desk.replies(BroadcastId("unknown"), POSTED)
    desk.replies(BroadcastId("unknown"), MADE)
    desk.write_fails(BroadcastId("unknown"))
    assert desk.state is before
