"""(state, change) -> state."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.events import (
    CursorMoved,
    ImageChatsStale,
    LiveEvent,
    Reset,
    Skip,
    UnknownEvent,
    VoteChanged,
)
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Comment, Point
from imagechat_tui.sync.intents import DeleteComment, EditComment, PostComment, StartConversation
from imagechat_tui.sync.reducer import remaining, with_closed
from imagechat_tui.sync.state import Acknowledged, ChatState, Draft, OutboxEntry, Peer, WriteStatus
from tests import examples as eg
from tests.sync.whole_state import applied, with_list, with_thread

HOME = ConversationId("ic_1")
OTHER = ConversationId("ic_2")
ROOT, REPLY, REPLY_TO_REPLY, BESIDE = (CommentId(f"c_{n}") for n in (1, 2, 3, 4))


def thread() -> tuple[Comment, ...]:
    return (
        eg.comment(id=REPLY_TO_REPLY, parent_id=REPLY, text="third"),
        eg.comment(id=ROOT, text="first"),
        eg.comment(id=REPLY, parent_id=ROOT, text="second"),
        eg.comment(id=BESIDE, text="beside"),
    )


def listed(**overrides: Any) -> ChatState:
    """A state with two conversations, the first with a thread of four."""
    state = eg.chat_state(peer=Peer.OURS)
    answer = eg.conversation_list(
        conversations=(eg.conversation(), eg.conversation(id=OTHER, url_id=UrlId("t2"), user_id=eg.BOB)),
        comments=thread(),
    )
    return eg.changed(with_list(state, answer), **overrides)


def ids(state: ChatState, home: ConversationId = HOME) -> list[str]:
    return list(state.confirmed.comments[home])


# Each event


def test_a_new_marker_comes_last_with_an_empty_thread() -> None:
    state = applied(
        listed(),
        eg.new_image_chat(9, conversation=eg.conversation(id=ConversationId("ic_3"), url_id=UrlId("t3"))),
    )
    assert list(state.confirmed.conversations) == ["ic_1", "ic_2", "ic_3"]
    assert ids(state, ConversationId("ic_3")) == []


def test_a_hosted_marker_comes_without_a_thread_until_it_is_read() -> None:
    state = applied(eg.chat_state(peer=Peer.HOSTED), eg.new_image_chat())
    assert list(state.confirmed.conversations) == [HOME]
    assert HOME not in state.confirmed.comments


def test_a_changed_marker_is_set_whole_in_its_place() -> None:
    moved = eg.conversation(point=Point(1.0, 2.0), resolved=True)
    state = applied(listed(), eg.image_chat_updated(conversation=moved, activity="moved", comment=None))
    assert state.confirmed.conversations[HOME] == moved
    assert list(state.confirmed.conversations) == [HOME, OTHER]
    assert state.confirmed.comments[HOME] is not None


def test_a_change_brings_the_comment_that_caused_it() -> None:
    fresh = eg.comment(id=CommentId("c_9"), text="new", user_id=eg.BOB, commenter_name="Bobby")
    state = applied(listed(), eg.image_chat_updated(comment=fresh))
    assert state.confirmed.comments[HOME][CommentId("c_9")] == fresh
    assert state.confirmed.names[eg.BOB] == "Bobby"
    edited = replace(fresh, text="newer")
    state = applied(state, eg.image_chat_updated(activity="updated-comment", comment=edited))
    assert state.confirmed.comments[HOME][CommentId("c_9")] == edited
    assert ids(state)[-1] == "c_9"


def test_a_deleted_comment_goes_with_everything_that_answers_it() -> None:
    gone = eg.comment(id=REPLY, text="")
    state = applied(listed(), eg.image_chat_updated(activity="deleted-comment", comment=gone))
    assert ids(state) == [ROOT, BESIDE]
    by_thread = applied(listed(), eg.deleted_comment(comment_id=REPLY, comment=gone))
    assert ids(by_thread) == [ROOT, BESIDE]
    by_room = applied(listed(), eg.deleted_comment(comment_id=REPLY, comment=None), thread=HOME)
    assert ids(by_room) == [ROOT, BESIDE]


def test_descendants_are_found_in_any_order() -> None:
    comments = {comment.id: comment for comment in thread()}
    assert list(remaining(comments, ROOT)) == [BESIDE]
    assert list(remaining(comments, BESIDE)) == [REPLY_TO_REPLY, ROOT, REPLY]


def test_a_deletion_of_what_is_not_there_changes_nothing() -> None:
    state = listed()
    assert (
        applied(state, eg.deleted_comment(comment_id=CommentId("c_99"), comment=None), thread=HOME) is state
    )
    assert applied(state, eg.deleted_image_chat(conversation_id=ConversationId("ic_99"))) is state


def test_a_deleted_marker_takes_its_thread_and_its_marks_with_it() -> None:
    state = listed(unread=frozenset({HOME, OTHER}), open_thread=HOME)
    state = applied(state, eg.deleted_image_chat())
    assert list(state.confirmed.conversations) == [OTHER]
    assert HOME not in state.confirmed.comments
    assert (state.mine.unread, state.mine.open_thread) == (frozenset({OTHER}), None)
    assert applied(listed(open_thread=OTHER), eg.deleted_image_chat()).mine.open_thread == OTHER


def test_a_comment_finds_its_thread_by_room_or_by_key() -> None:
    fresh = eg.comment(id=CommentId("c_9"))
    assert ids(applied(listed(), eg.new_comment(comment=fresh)))[-1] == "c_9"
    elsewhere = replace(fresh, url_id=UrlId("unknown"))
    assert ids(applied(listed(), eg.new_comment(comment=elsewhere), thread=OTHER), OTHER) == ["c_9"]
    state = listed()
    assert applied(state, eg.new_comment(comment=elsewhere)) is state
    assert applied(state, eg.new_comment(comment=fresh), thread=ConversationId("ic_99")) is state


def test_a_comment_of_a_thread_that_was_not_read_waits_until_it_is() -> None:
    state = with_list(eg.chat_state(peer=Peer.HOSTED), eg.conversation_list(position=None, comments=()))
    assert applied(state, eg.new_comment(), thread=HOME) is state


def test_an_update_merges_what_the_frame_held() -> None:
    update = eg.comment(id=ROOT, text="changed", votes=7, is_pinned=True)
    event = eg.updated_comment(comment=update, present=frozenset({"text", "is_pinned", "nonsense"}))
    now = applied(listed(), event).confirmed.comments[HOME][ROOT]
    assert (now.text, now.is_pinned, now.votes) == ("changed", True, 0)
    whole = applied(listed(), eg.updated_comment(comment=update)).confirmed.comments[HOME][ROOT]
    assert whole == update


def test_a_late_update_does_not_bring_a_deleted_comment_back() -> None:
    state = listed(peer=Peer.HOSTED)
    state = applied(state, eg.deleted_comment(comment_id=BESIDE, comment=None), thread=HOME)
    late = eg.updated_comment(comment=eg.comment(id=BESIDE), present=frozenset({"text"}))
    assert applied(state, late, thread=HOME) is state
    # In a numbered room nothing is late: an unknown comment has become visible.
    assert BESIDE in applied(eg.changed(state, peer=Peer.OURS), late, thread=HOME).confirmed.comments[HOME]


@pytest.mark.parametrize(
    ("direction", "added", "votes", "up", "down"),
    [(1, True, 1, 1, 0), (-1, True, -1, 0, 1), (1, False, -1, -1, 0), (-1, False, 1, 0, -1)],
)
def test_votes_are_deltas(direction: int, added: bool, votes: int, up: int, down: int) -> None:
    event = VoteChanged(eg.stamp(), eg.vote(comment_id=ROOT, direction=direction), added)
    now = applied(listed(), event).confirmed.comments[HOME][ROOT]
    assert (now.votes, now.votes_up, now.votes_down) == (votes, up, down)


def test_ones_own_votes_are_known_in_each_session_and_go_with_what_they_are_on() -> None:
    given = eg.vote(id="v_2", comment_id=ROOT, direction=-1, user_id=eg.ALICE)
    state = applied(listed(), VoteChanged(eg.stamp(), given, added=True))
    assert state.confirmed.votes == {ROOT: given}
    of_another = VoteChanged(eg.stamp(), eg.vote(comment_id=ROOT), added=True)
    assert applied(state, of_another).confirmed.votes == {ROOT: given}
    older = VoteChanged(eg.stamp(), eg.vote(comment_id=ROOT, user_id=eg.ALICE), added=False)
    assert applied(state, older).confirmed.votes == {ROOT: given}, "a list may be newer than an event"
    assert applied(state, VoteChanged(eg.stamp(), given, added=False)).confirmed.votes == {}
    assert applied(state, eg.deleted_image_chat(conversation_id=HOME)).confirmed.votes == {}
    gone = eg.deleted_comment(comment=eg.comment(id=ROOT), comment_id=ROOT)
    assert applied(state, gone).confirmed.votes == {}


def test_a_vote_on_nothing_changes_nothing() -> None:
    state = listed()
    assert applied(state, eg.vote_changed(vote=eg.vote(comment_id=CommentId("c_99")))) is state


def test_who_left_goes_before_who_came() -> None:
    state = applied(
        listed(online=frozenset({eg.ALICE})), eg.presence_update(joined=(eg.BOB,), left=(eg.ALICE,))
    )
    assert (state.here.online, state.here.sockets) == (frozenset({eg.BOB}), 2)
    both = applied(state, eg.presence_update(joined=(eg.BOB,), left=(eg.BOB,), sockets=None))
    assert (both.here.online, both.here.sockets) == (frozenset({eg.BOB}), 2)
    assert applied(both, eg.presence_update(joined=(eg.BOB,))) is both


def test_a_crosshair_goes_with_its_owner_and_ours_is_not_shown() -> None:
    state = applied(listed(), CursorMoved(eg.BOB, Point(1.0, 2.0)))
    assert state.here.crosshairs == {eg.BOB: Point(1.0, 2.0)}
    assert applied(state, CursorMoved(eg.ALICE, Point(3.0, 4.0))) is state
    gone = applied(state, eg.presence_update(joined=(), left=(eg.BOB,)))
    assert gone.here.crosshairs == {}


@pytest.mark.parametrize(
    "event",
    [
        eg.thread_state_change(),
        ImageChatsStale(eg.stamp(), "x"),
        eg.subscribed(),
        Reset(),
        Skip(eg.position(2)),
        UnknownEvent("x"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_says_nothing_about_the_picture_moves_the_position_alone(event: LiveEvent) -> None:
    state = listed()
    assert applied(state, event) is state
    assert applied(state, event, position=eg.position(8)) == eg.changed(state, position=eg.position(8))


# What applying must never do

EACH = [
    eg.new_image_chat(),
    eg.image_chat_updated(),
    eg.image_chat_updated(activity="deleted-comment", comment=eg.comment(id=REPLY)),
    eg.deleted_image_chat(),
    eg.new_comment(comment=eg.comment(id=CommentId("c_9"))),
    eg.updated_comment(present=frozenset({"text"})),
    eg.deleted_comment(),
    eg.presence_update(),
    CursorMoved(eg.BOB, eg.point()),
]


@pytest.mark.parametrize("event", EACH, ids=lambda event: type(event).__name__)
def test_twice_is_as_good_as_once(event: LiveEvent) -> None:
    once = applied(listed(), event)
    assert applied(once, event) == once


@pytest.mark.parametrize("event", [*EACH, eg.vote_changed()], ids=lambda event: type(event).__name__)
def test_a_state_that_was_handed_out_never_changes(event: LiveEvent) -> None:
    state, copy = listed(), listed()
    applied(state, event)
    assert state == copy
    for mapping in (
        state.confirmed.conversations,
        state.confirmed.comments,
        state.confirmed.comments[HOME],
        state.confirmed.names,
        state.here.crosshairs,
    ):
        assert isinstance(mapping, MappingProxyType)


def test_what_an_event_did_not_touch_stays_the_same_object() -> None:
    state = listed()
    after = applied(state, eg.image_chat_updated())
    assert after.confirmed.conversations[OTHER] is state.confirmed.conversations[OTHER]
    assert after.confirmed.comments[OTHER] is state.confirmed.comments[OTHER]
    assert after.confirmed.comments[HOME][ROOT] is state.confirmed.comments[HOME][ROOT]
    moved = applied(state, eg.image_chat_updated(activity="moved", comment=None))
    assert moved.confirmed.comments is state.confirmed.comments


# Lists


def test_a_list_replaces_what_is_confirmed_and_nothing_else() -> None:
    draft = Draft("d", PostComment(OTHER, "typed"))
    entry = OutboxEntry(BroadcastId("b"), PostComment(HOME, "on its way"), WriteStatus.PENDING, 1.0)
    state = listed(drafts=(draft,), outbox=(entry,), open_thread=OTHER, unread=frozenset({OTHER}))
    fresh = eg.conversation(id=OTHER, url_id=UrlId("t2"), point=Point(9.0, 9.0))
    after = with_list(
        state, eg.conversation_list(conversations=(fresh,), comments=(), position=eg.position(5))
    )
    assert after.confirmed.conversations == {OTHER: fresh}
    assert after.confirmed.comments == {OTHER: {}}
    assert after.confirmed.position == eg.position(5)
    assert (after.mine.drafts, after.mine.outbox, after.mine.open_thread, after.mine.unread) == (
        (draft,),
        (entry,),
        OTHER,
        frozenset({OTHER}),
    )


def test_equal_things_of_a_list_stay_the_objects_they_were() -> None:
    state = listed()
    again = eg.conversation_list(
        conversations=(eg.conversation(), eg.conversation(id=OTHER, url_id=UrlId("t2"), user_id=eg.BOB)),
        comments=thread(),
    )
    after = with_list(state, again)
    for key, conversation in state.confirmed.conversations.items():
        assert after.confirmed.conversations[key] is conversation
        assert after.confirmed.comments[key] is state.confirmed.comments[key]
    assert after.confirmed.names is state.confirmed.names
    one_more = replace(again, comments=(*thread(), eg.comment(id=CommentId("c_9"))))
    grown = with_list(state, one_more)
    assert grown.confirmed.comments[HOME] is not state.confirmed.comments[HOME]
    assert grown.confirmed.comments[OTHER] is state.confirmed.comments[OTHER]
    assert grown.confirmed.comments[HOME][ROOT] is state.confirmed.comments[HOME][ROOT]


def test_an_order_that_changed_is_a_change() -> None:
    state = listed()
    turned = eg.conversation_list(conversations=(eg.conversation(),), comments=tuple(reversed(thread())))
    assert list(with_list(state, turned).confirmed.comments[HOME]) == [BESIDE, REPLY, ROOT, REPLY_TO_REPLY]


def test_a_list_keeps_what_changed_while_it_was_on_its_way() -> None:
    state = listed(peer=Peer.HOSTED)
    stale = eg.conversation_list(
        conversations=(
            eg.conversation(id=OTHER, url_id=UrlId("t2"), point=Point(9.0, 9.0)),
            eg.conversation(id=ConversationId("ic_gone")),
        ),
        position=None,
        comments=(),
    )
    after = with_list(state, stale, keep=frozenset({OTHER, "ic_gone"}))
    assert after.confirmed.conversations == {OTHER: state.confirmed.conversations[OTHER]}


def test_a_hosted_list_leaves_the_threads_that_were_read() -> None:
    state = listed(peer=Peer.HOSTED)
    after = with_list(
        state, eg.conversation_list(conversations=(eg.conversation(),), position=None, comments=())
    )
    assert list(after.confirmed.comments) == [HOME]
    assert after.confirmed.comments[HOME] is state.confirmed.comments[HOME]


def test_a_hosted_thread_is_closed_and_opened_by_its_room_and_its_list_and_by_no_list_of_markers() -> None:
    state = listed(peer=Peer.HOSTED)
    closed = applied(state, eg.thread_state_change(), thread=HOME)
    assert [c.closed for c in closed.confirmed.conversations.values()] == [True, False]
    assert applied(closed, eg.thread_state_change(), thread=HOME) is closed
    markers = eg.conversation_list(conversations=(eg.conversation(),), position=None, comments=())
    after = with_list(closed, markers)
    assert after.confirmed.conversations[HOME].closed
    opened = with_closed(after.confirmed, HOME, False)
    assert not opened.conversations[HOME].closed
    assert with_closed(opened, ConversationId("nowhere"), True) is opened


def test_of_ours_the_marker_tells_whether_its_thread_is_closed() -> None:
    closed = applied(
        listed(), eg.image_chat_updated(conversation=eg.conversation(closed=True), activity="closed")
    )
    assert closed.confirmed.conversations[HOME].closed
    after = with_list(closed, eg.conversation_list(conversations=(eg.conversation(),)))
    assert not after.confirmed.conversations[HOME].closed


def test_a_list_tells_who_we_are_and_what_we_may() -> None:
    after = with_list(listed(), eg.conversation_list(user=eg.bob(), read_only=True))
    assert after.confirmed.me == eg.bob()
    assert after.confirmed.read_only
    unsaid = with_list(after, eg.conversation_list(user=None))
    assert unsaid.confirmed.me == eg.bob()
    assert not unsaid.confirmed.read_only


def test_an_open_thread_closes_with_its_marker_but_not_before_its_event_has_come() -> None:
    nothing = eg.conversation_list(conversations=(), comments=())
    assert with_list(listed(open_thread=OTHER), nothing).mine.open_thread is None
    answered = Acknowledged(
        BroadcastId("b"), StartConversation(eg.point(), "x"), 1.0, eg.conversation(id=OTHER)
    )
    assert with_list(listed(open_thread=OTHER, acknowledged=(answered,)), nothing).mine.open_thread == OTHER


@pytest.mark.parametrize("how", ["event", "list"])
def test_text_typed_for_a_thread_that_is_gone_is_found_among_the_unsent(how: str) -> None:
    typed = (
        Draft("reply", PostComment(HOME, "typed")),
        Draft("edit", EditComment(HOME, ROOT, "typed")),
        Draft("else", PostComment(OTHER, "typed")),
        Draft("new", StartConversation(eg.point(), "typed")),
    )
    state = listed(drafts=typed)
    rest = eg.conversation_list(
        conversations=(eg.conversation(id=OTHER, url_id=UrlId("t2"), user_id=eg.BOB),), comments=()
    )
    after = applied(state, eg.deleted_image_chat()) if how == "event" else with_list(state, rest)
    assert [draft.write for draft in after.mine.drafts] == [draft.write for draft in typed]
    problems = [draft.problem.kind if draft.problem is not None else None for draft in after.mine.drafts]
    assert problems == [ProblemKind.GONE, ProblemKind.GONE, None, None]


def test_a_write_that_failed_keeps_its_own_reason_when_its_thread_goes() -> None:
    failed = Draft("b", PostComment(HOME, "typed"), BroadcastId("b"), Problem(ProblemKind.OFFLINE))
    deletion = Draft("d", DeleteComment(HOME, ROOT), BroadcastId("d"))
    after = applied(listed(drafts=(failed, deletion)), eg.deleted_image_chat())
    assert after.mine.drafts == (failed, deletion)


# Threads of a hosted server


def test_a_thread_is_kept_by_creation() -> None:
    state = with_list(eg.chat_state(peer=Peer.HOSTED), eg.conversation_list(position=None, comments=()))
    answers = (
        eg.comment(id=CommentId("c_3"), date_ms=eg.T0 + 3),
        eg.comment(id=CommentId("c_1"), date_ms=eg.T0 + 1),
        eg.comment(id=CommentId("c_2"), date_ms=None),
    )
    read = with_thread(state, HOME, answers)
    assert ids(read) == ["c_2", "c_1", "c_3"]
    assert with_thread(read, HOME, answers) is read
    assert with_thread(state, ConversationId("ic_99"), answers) is state


def test_a_thread_that_is_empty_counts_as_read() -> None:
    state = with_list(eg.chat_state(peer=Peer.HOSTED), eg.conversation_list(position=None, comments=()))
    assert with_thread(state, HOME, ()).confirmed.comments == {HOME: {}}


def test_a_thread_keeps_what_changed_while_it_was_on_its_way() -> None:
    state = with_thread(listed(peer=Peer.HOSTED), HOME, thread())
    mine = state.confirmed.comments[HOME][ROOT]
    stale = (eg.comment(id=ROOT, text="stale"), eg.comment(id=CommentId("c_deleted")))
    after = with_thread(state, HOME, stale, keep=frozenset({ROOT, "c_deleted", "c_never"}))
    assert after.confirmed.comments[HOME] == {ROOT: mine}


def test_nobodys_name_is_lost_or_empty() -> None:
    state = listed()
    assert state.confirmed.names == {eg.ALICE: "Alice", eg.BOB: "Alice"}
    nameless = eg.conversation_list(
        conversations=(eg.conversation(user_id=UserId("demo:x"), commenter_name=""),), comments=()
    )
    assert with_list(state, nameless).confirmed.names == state.confirmed.names
