"""What the screen shows: confirmed, with our own unfinished writes laid over it (PROMISES D7)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId
from imagechat_tui.protocol.models import Comment, Conversation, Point
from imagechat_tui.sync.intents import (
    BlockAuthor,
    DeleteComment,
    DeleteConversation,
    EditComment,
    FlagComment,
    LockComment,
    MoveConversation,
    PinComment,
    PostComment,
    ResolveConversation,
    StartConversation,
    VoteComment,
    Write,
)
from imagechat_tui.sync.state import (
    Acknowledged,
    ChatState,
    Draft,
    OutboxEntry,
    Peer,
    Status,
    Thread,
    WriteStatus,
)
from imagechat_tui.sync.views import Views, number_of, threads
from tests import examples as eg
from tests.sync.whole_state import with_list

HOME, OTHER = ConversationId("ic_1"), ConversationId("ic_2")
C1, C2, C9 = CommentId("c_1"), CommentId("c_2"), CommentId("c_9")
B = BroadcastId("b1")
OFFLINE = Problem(ProblemKind.OFFLINE)
IN_FLIGHT = {WriteStatus.PENDING: Status.PENDING, WriteStatus.CHECKING: Status.CHECKING}


def state(**overrides: Any) -> ChatState:
    """Two threads; the first has a comment of ours and Bob's answer to it."""
    answer = eg.conversation_list(
        conversations=(eg.conversation(), eg.conversation(id=OTHER, url_id=UrlId("t2"), user_id=eg.BOB)),
        comments=(eg.comment(), eg.comment(id=C2, user_id=eg.BOB, parent_id=C1, text="Since when?")),
    )
    return eg.changed(with_list(eg.chat_state(peer=Peer.OURS), answer), **overrides)


def in_flight(write: Write, status: WriteStatus, base: ChatState | None = None) -> ChatState:
    return eg.changed(base or state(), outbox=(OutboxEntry(B, write, status, 1.0),))


def answered(
    write: Write, conversation: Conversation | None = None, comment: Comment | None = None
) -> ChatState:
    return state(acknowledged=(Acknowledged(B, write, 1.0, conversation, comment),))


def failed(write: Write) -> ChatState:
    return state(drafts=(Draft("b1", write, B, OFFLINE),))


def typed(write: Write) -> ChatState:
    return state(drafts=(Draft("typed", write),))


def first(of: ChatState) -> Thread:
    return threads(of)[0]


# Without writes of ours


def test_threads_come_in_order_of_creation_with_their_comments() -> None:
    shown = threads(state(unread=frozenset({OTHER})))
    assert [thread.key for thread in shown] == [HOME, OTHER]
    assert [(thread.mine, thread.unread) for thread in shown] == [(True, False), (False, True)]
    assert [(view.key, view.mine, view.status) for view in shown[0].comments] == [
        (C1, True, Status.SAVED),
        (C2, False, Status.SAVED),
    ]


def test_a_marker_without_a_number_is_called_by_its_place() -> None:
    numbered = state()
    assert [thread.number for thread in threads(numbered)] == [1, 1]  # as the examples have it
    hosted = eg.changed(
        numbered,
        conversations={key: replace(c, number=None) for key, c in numbered.confirmed.conversations.items()},
        outbox=(OutboxEntry(B, StartConversation(Point(1, 1), "new"), WriteStatus.PENDING, 1.0),),
    )
    views = Views()
    assert [thread.number for thread in views.threads(hosted)] == [1, 2, None]
    assert [number_of(hosted, key) for key in (HOME, OTHER, ConversationId("ic_9"))] == [1, 2, None]
    assert number_of(numbered, HOME) == 1
    rest = eg.changed(hosted, conversations={OTHER: hosted.confirmed.conversations[OTHER]}, outbox=())
    assert [thread.number for thread in views.threads(rest)] == [1]


def test_nothing_is_mine_to_somebody_without_a_name() -> None:
    shown = threads(state(me=None))
    assert not any(thread.mine for thread in shown)
    assert not any(view.mine for view in shown[0].comments)


def test_a_thread_that_was_not_read_says_so() -> None:
    assert [thread.loaded for thread in threads(state(comments={HOME: {}}))] == [True, False]


# Posting a comment


@pytest.mark.parametrize("status", WriteStatus)
def test_a_comment_on_its_way_is_shown_last_as_such(status: WriteStatus) -> None:
    view = first(in_flight(PostComment(HOME, "hello", C1), status)).comments[-1]
    assert (view.key, view.status, view.mine) == (B, IN_FLIGHT[status], True)
    assert (view.comment.text, view.comment.parent_id, view.comment.commenter_name) == ("hello", C1, "Alice")


def test_an_answered_comment_is_shown_as_saved_under_its_own_id_and_only_once() -> None:
    made = eg.comment(id=C9, text="hello")
    view = first(answered(PostComment(HOME, "hello"), comment=made)).comments[-1]
    assert (view.key, view.status, view.comment) == (C9, Status.SAVED, made)
    known = answered(PostComment(HOME, "hello"), comment=eg.comment(id=C2))
    assert len(first(known).comments) == 2


def test_a_comment_that_failed_stays_where_it_was_written_with_its_reason() -> None:
    view = first(failed(PostComment(HOME, "hello"))).comments[-1]
    assert (view.status, view.draft_id, view.problem) == (Status.FAILED, "b1", OFFLINE)
    assert view.comment.text == "hello"


def test_a_typed_answer_only_marks_its_thread() -> None:
    shown = first(typed(PostComment(HOME, "hel")))
    assert shown.has_draft
    assert len(shown.comments) == 2
    assert not threads(typed(PostComment(HOME, "hel")))[1].has_draft


# Editing


@pytest.mark.parametrize("status", WriteStatus)
def test_an_edit_on_its_way_shows_the_new_text_as_such(status: WriteStatus) -> None:
    view = first(in_flight(EditComment(HOME, C1, "dry"), status)).comments[0]
    assert (view.comment.text, view.status, view.key) == ("dry", IN_FLIGHT[status], C1)


def test_an_answered_edit_shows_the_new_text_as_saved() -> None:
    view = first(answered(EditComment(HOME, C1, "dry"))).comments[0]
    assert (view.comment.text, view.status) == ("dry", Status.SAVED)


def test_an_edit_that_failed_shows_what_the_server_has() -> None:
    view = first(failed(EditComment(HOME, C1, "dry"))).comments[0]
    assert view.comment.text == "Trail is **wet**"
    assert (view.status, view.draft_id, view.problem) == (Status.FAILED, "b1", OFFLINE)


def test_a_typed_edit_only_marks_its_thread() -> None:
    shown = first(typed(EditComment(HOME, C1, "dr")))
    assert shown.has_draft
    assert shown.comments == first(state()).comments


# Deleting


@pytest.mark.parametrize("status", WriteStatus)
def test_what_is_being_deleted_is_still_shown(status: WriteStatus) -> None:
    views = first(in_flight(DeleteComment(HOME, C1), status)).comments
    assert [(view.key, view.status) for view in views] == [(C1, IN_FLIGHT[status]), (C2, Status.SAVED)]
    shown = threads(in_flight(DeleteConversation(HOME), status))
    assert [(thread.key, thread.status) for thread in shown] == [
        (HOME, IN_FLIGHT[status]),
        (OTHER, Status.SAVED),
    ]


def test_only_an_answered_deletion_hides_with_what_hangs_on_it() -> None:
    assert first(answered(DeleteComment(HOME, C1))).comments == ()
    assert [view.key for view in first(answered(DeleteComment(HOME, C2))).comments] == [C1]
    assert [thread.key for thread in threads(answered(DeleteConversation(HOME)))] == [OTHER]


@pytest.mark.parametrize(
    "write",
    [
        DeleteComment(HOME, C1),
        DeleteConversation(HOME),
        MoveConversation(HOME, Point(1.0, 2.0)),
        ResolveConversation(HOME, resolved=True),
        VoteComment(HOME, C1, 1),
        PinComment(HOME, C1, pinned=True),
        LockComment(HOME, C1, locked=True),
        FlagComment(HOME, C1, flagged=True),
        BlockAuthor(HOME, C1, blocked=True),
    ],
    ids=lambda write: type(write).__name__,
)
def test_a_change_that_failed_shows_what_was_there_before(write: Write) -> None:
    assert threads(failed(write)) == threads(state())


# Moving, resolving


@pytest.mark.parametrize("status", WriteStatus)
def test_a_move_is_shown_at_once_and_as_what_it_is(status: WriteStatus) -> None:
    shown = first(in_flight(MoveConversation(HOME, Point(1.0, 2.0)), status))
    assert (shown.conversation.point, shown.status) == (Point(1.0, 2.0), IN_FLIGHT[status])
    done = first(answered(MoveConversation(HOME, Point(1.0, 2.0))))
    assert (done.conversation.point, done.status) == (Point(1.0, 2.0), Status.SAVED)


@pytest.mark.parametrize("status", WriteStatus)
def test_resolving_is_shown_at_once_and_as_what_it_is(status: WriteStatus) -> None:
    shown = first(in_flight(ResolveConversation(HOME, resolved=True), status))
    assert (shown.conversation.resolved, shown.status) == (True, IN_FLIGHT[status])
    done = first(answered(ResolveConversation(HOME, resolved=True)))
    assert (done.conversation.resolved, done.status) == (True, Status.SAVED)


# What one thinks of a comment


def voted(direction: int) -> ChatState:
    """A state in which the comment has a vote of ours and two of others, one each way."""
    base = state()
    own = {C1: eg.vote(id="v_9", direction=direction, user_id=eg.ALICE)} if direction else {}
    up, down = 1 + (direction > 0), 1 + (direction < 0)
    counted = eg.comment(votes=up - down, votes_up=up, votes_down=down)
    thread = {**base.confirmed.comments[HOME], C1: counted}
    return eg.changed(base, votes=own, comments={**base.confirmed.comments, HOME: thread})


@pytest.mark.parametrize("before", [1, 0, -1])
@pytest.mark.parametrize("direction", [1, 0, -1])
@pytest.mark.parametrize("status", [*WriteStatus, None])
def test_a_vote_is_counted_at_once_in_the_place_of_the_one_before(
    before: int, direction: int, status: WriteStatus | None
) -> None:
    write, base = VoteComment(HOME, C1, direction), voted(before)
    laid = (
        in_flight(write, status, base)
        if status is not None
        else eg.changed(base, acknowledged=answered(write).mine.acknowledged)
    )
    view = first(laid).comments[0]
    told = view.comment.votes, view.comment.votes_up, view.comment.votes_down, view.voted
    assert told == (direction, 1 + (direction > 0), 1 + (direction < 0), direction)
    assert view.status is (Status.SAVED if status is None else IN_FLIGHT[status])


def test_pins_locks_and_flags_are_shown_at_once() -> None:
    for write in (PinComment(HOME, C1, True), LockComment(HOME, C1, True), FlagComment(HOME, C1, True)):
        shown = first(in_flight(write, WriteStatus.PENDING))
        view = shown.comments[0]
        assert (view.comment.is_pinned, view.comment.is_locked, view.flagged) == (
            isinstance(write, PinComment),
            isinstance(write, LockComment),
            isinstance(write, FlagComment),
        )
        assert view.status is Status.PENDING
        assert shown.is_locked is isinstance(write, LockComment), "its first comment locks a thread"


def test_a_thread_stays_what_it_was_when_a_vote_elsewhere_changes_the_votes() -> None:
    views, base = Views(), voted(0)
    before = views.threads(base)
    after = views.threads(eg.changed(base, votes={CommentId("c_7"): eg.vote(comment_id=CommentId("c_7"))}))
    assert all(one is other for one, other in zip(before, after, strict=True))


# New markers


@pytest.mark.parametrize("status", WriteStatus)
def test_a_new_marker_is_on_screen_before_any_answer(status: WriteStatus) -> None:
    shown = threads(in_flight(StartConversation(Point(1.0, 2.0), "here"), status))[-1]
    assert (shown.key, shown.status, shown.mine) == (B, IN_FLIGHT[status], True)
    assert shown.conversation.point == Point(1.0, 2.0)
    assert [view.comment.text for view in shown.comments] == ["here"]


def test_an_answered_marker_is_saved_under_its_own_id_until_it_is_confirmed() -> None:
    made = eg.conversation(id=ConversationId("ic_9"), url_id=UrlId("t9"))
    write = StartConversation(made.point, "here")
    shown = threads(answered(write, made, eg.comment(id=C9, text="here")))[-1]
    assert (shown.key, shown.status, shown.conversation) == ("ic_9", Status.SAVED, made)
    assert [view.key for view in shown.comments] == [C9]


def test_what_is_written_at_an_answered_marker_is_shown_there() -> None:
    made = eg.conversation(id=ConversationId("ic_9"), url_id=UrlId("t9"))
    start = Acknowledged(B, StartConversation(made.point, "here"), 1.0, made, eg.comment(id=C9, text="here"))
    reply = OutboxEntry(BroadcastId("b2"), PostComment(made.id, "and there"), WriteStatus.PENDING, 2.0)
    shown = threads(state(acknowledged=(start,), outbox=(reply,)))
    assert [thread.key for thread in shown] == [HOME, OTHER, "ic_9"]
    assert [view.comment.text for view in shown[-1].comments] == ["here", "and there"]
    deleted = Acknowledged(BroadcastId("b3"), DeleteConversation(made.id), 2.0)
    assert [t.key for t in threads(state(acknowledged=(start, deleted)))] == [HOME, OTHER]


def test_between_its_two_events_a_marker_has_its_comment_from_us() -> None:
    of = answered(StartConversation(eg.point(), "here"), eg.conversation(id=OTHER))
    confirmed = threads(of)[1]
    assert [view.comment.text for view in confirmed.comments] == ["here"]
    joined = answered(StartConversation(eg.point(), "here"), eg.conversation(id=HOME))
    assert len(threads(joined)) == 2
    assert [view.key for view in first(joined).comments] == [C1, C2]


def test_a_marker_that_failed_and_one_that_is_only_typed_are_shown_as_such() -> None:
    shown = threads(failed(StartConversation(Point(1.0, 2.0), "here")))[-1]
    assert (shown.status, shown.draft_id, shown.problem, shown.has_draft) == (
        Status.FAILED,
        "b1",
        OFFLINE,
        False,
    )
    shown = threads(typed(StartConversation(Point(1.0, 2.0), "he")))[-1]
    assert (shown.status, shown.draft_id, shown.has_draft) == (Status.DRAFT, "typed", True)


def test_a_reply_to_a_thread_that_is_gone_is_shown_nowhere_and_stays_a_draft() -> None:
    of = failed(PostComment(ConversationId("ic_99"), "hello"))
    assert threads(of) == threads(state())
    assert len(of.mine.drafts) == 1


# Several at once, and taking away


def test_several_writes_lie_over_one_another_oldest_first() -> None:
    of = state(
        acknowledged=(Acknowledged(B, EditComment(HOME, C1, "one"), 1.0),),
        outbox=(
            OutboxEntry(BroadcastId("b2"), EditComment(HOME, C1, "two"), WriteStatus.PENDING, 2.0),
            OutboxEntry(BroadcastId("b3"), PostComment(HOME, "three"), WriteStatus.PENDING, 3.0),
        ),
        drafts=(Draft("b4", PostComment(HOME, "four"), BroadcastId("b4"), OFFLINE),),
    )
    assert [view.comment.text for view in first(of).comments] == ["two", "Since when?", "three", "four"]


@pytest.mark.parametrize(
    "laid", [in_flight(PostComment(HOME, "x"), WriteStatus.PENDING), failed(PostComment(HOME, "x"))]
)
def test_an_overlay_that_is_taken_away_leaves_no_trace(laid: ChatState) -> None:
    views = Views()
    plain = views.threads(state())
    views.threads(laid)
    assert views.threads(state()) == plain


# Identity


def test_views_keep_the_threads_that_a_change_did_not_touch() -> None:
    views, before = Views(), state()
    earlier = views.threads(before)
    assert views.threads(eg.changed(before, sockets=9))[0] is earlier[0]
    later = views.threads(eg.changed(before, unread=frozenset({HOME})))
    assert later[0] is not earlier[0]
    assert later[1] is earlier[1]
    laid = views.threads(
        eg.changed(before, outbox=(OutboxEntry(B, PostComment(HOME, "x"), WriteStatus.PENDING, 1.0),))
    )
    assert laid[0] != earlier[0]
    assert laid[1] is earlier[1]


@pytest.mark.parametrize(
    "changed",
    [
        state(conversations={HOME: eg.conversation(resolved=True), OTHER: eg.conversation(id=OTHER)}),
        state(comments={HOME: {}, OTHER: {}}),
        state(me=eg.bob()),
        state(unread=frozenset({HOME})),
    ],
    ids=["conversation", "comments", "me", "unread"],
)
def test_views_see_every_change(changed: ChatState) -> None:
    views = Views()
    views.threads(state())
    assert views.threads(changed) == threads(changed)


def test_views_forget_threads_that_are_gone() -> None:
    views = Views()
    views.threads(state())
    assert views.threads(state(conversations={})) == ()
    assert len(views.threads(state())) == 2


def test_what_one_writes_before_the_server_knows_one_is_ones_own() -> None:
    state = eg.chat_state(drafts=(Draft("d", StartConversation(Point(1, 2), "words")),))
    (thread,) = Views().threads(state)
    assert thread.conversation.commenter_name == "you"
    assert thread.comments[0].comment.commenter_name == "you"
