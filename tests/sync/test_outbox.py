"""Writes and drafts as values."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId
from imagechat_tui.protocol.models import Comment, Point
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    EditComment,
    MoveConversation,
    PostComment,
    ResolveConversation,
    StartConversation,
    TextWrite,
    Write,
)
from imagechat_tui.sync.outbox import (
    comment_step_id,
    conversation_of,
    failed_draft,
    happened,
    known_comment,
    made_comment,
    made_conversation,
    on_disk,
    same_target,
    says,
    typed_id,
)
from imagechat_tui.sync.state import ChatState, Draft, OutboxEntry, Peer, WriteStatus
from tests import examples as eg
from tests.sync.whole_state import with_list

HOME = ConversationId("ic_1")
C1, C9 = CommentId("c_1"), CommentId("c_9")
EACH: list[Write] = [
    StartConversation(eg.point(), "x"),
    PostComment(HOME, "x"),
    EditComment(HOME, C1, "x"),
    DeleteComment(HOME, C1),
    DeleteConversation(HOME),
    MoveConversation(HOME, eg.point()),
    ResolveConversation(HOME, resolved=True),
]


def listed(*comments: Comment, **overrides: object) -> ChatState:
    answer = eg.conversation_list(comments=(eg.comment(), *comments))
    return with_list(eg.chat_state(peer=Peer.OURS), replace(answer, **overrides))


# What a write is about


@pytest.mark.parametrize("write", EACH, ids=lambda write: type(write).__name__)
def test_every_write_but_a_new_marker_is_about_a_conversation(write: Write) -> None:
    assert conversation_of(write) == (None if isinstance(write, StartConversation) else HOME)


def test_one_place_has_one_typed_draft_whatever_it_says() -> None:
    texts: list[TextWrite] = [write for write in EACH if isinstance(write, TextWrite)]
    others: list[TextWrite] = [
        StartConversation(Point(1.0, 2.0), "x"),
        PostComment(HOME, "x", C1),
        PostComment(ConversationId("ic_2"), "x"),
        EditComment(HOME, C9, "x"),
    ]
    places = [typed_id(write) for write in (*texts, *others)]
    assert len(set(places)) == len(places)
    for write in texts:
        assert typed_id(replace(write, text="y")) == typed_id(write)
        assert same_target(write, replace(write, text="y"))
        assert not any(same_target(write, other) for other in others)


def test_writes_without_text_have_no_place_to_type() -> None:
    assert not same_target(DeleteConversation(HOME), DeleteConversation(HOME))


def test_the_first_comment_of_a_hosted_marker_travels_under_an_id_of_its_own() -> None:
    assert comment_step_id(BroadcastId("b")) == "b.comment"


def test_news_name_the_comment_that_was_changed_or_made() -> None:
    assert known_comment(EditComment(HOME, C1, "x"), None) == C1
    assert known_comment(DeleteComment(HOME, C1), C9) == C1
    assert known_comment(PostComment(HOME, "x"), C9) == C9


# What survives a crash


def test_a_write_in_flight_is_on_disk_as_one_that_nobody_knows_about() -> None:
    typed = Draft("reply:ic_1:", PostComment(HOME, "typed"))
    entry = OutboxEntry(BroadcastId("b"), PostComment(HOME, "sent"), WriteStatus.PENDING, 1.0, comment_id=C9)
    state = eg.chat_state(drafts=(typed,), outbox=(entry,))
    restarted = Problem(ProblemKind.RESTARTED)
    assert on_disk(state) == (
        typed,
        Draft("b", entry.write, BroadcastId("b"), restarted, comment_id=C9),
    )


def test_a_failed_write_is_kept_under_its_id_for_a_retry() -> None:
    entry = OutboxEntry(BroadcastId("b"), PostComment(HOME, "sent"), WriteStatus.PENDING, 1.0)
    draft = failed_draft(entry, Problem(ProblemKind.REFUSED), at_ms=5)
    assert (draft.id, draft.broadcast_id, draft.write, draft.updated_at_ms) == ("b", "b", entry.write, 5)
    assert draft.failed


# Whether a write happened, judged by lists


def test_a_comment_of_ours_with_that_text_that_was_not_there_before_is_the_one() -> None:
    write, before = PostComment(HOME, "hello"), listed()
    made = eg.comment(id=C9, text="hello")
    assert made_comment(write, before, (eg.comment(), made), listed(made)) == made
    for other in (
        replace(made, text="hullo"),
        replace(made, user_id=eg.BOB),
        replace(made, parent_id=C1),
    ):
        assert made_comment(write, before, (eg.comment(), other), listed(other)) is None


def test_an_equal_comment_that_was_there_before_is_another_one() -> None:
    old = eg.comment(id=C9, text="hello")
    assert made_comment(PostComment(HOME, "hello"), listed(old), (old,), listed(old)) is None


def test_a_reply_is_only_the_one_if_it_answers_the_same_comment() -> None:
    reply = eg.comment(id=C9, text="hello", parent_id=C1)
    assert made_comment(PostComment(HOME, "hello", C1), listed(), (reply,), listed(reply)) == reply


@pytest.mark.parametrize(
    ("comment", "text", "same"),
    [
        (eg.comment(text="a *b*"), "a *b*", True),
        (eg.comment(text=" a "), "a\n", True),
        (eg.comment(text="a"), "b", False),
        # Of a hosted list only the HTML is known: the words are compared.
        (
            eg.comment(text=None, html="<p>Trail is <b>wet</b> &amp; cold</p>"),
            "Trail is **wet** & cold",
            True,
        ),
        (eg.comment(text=None, html="<p>dry</p>"), "wet", False),
    ],
)
def test_what_a_comment_says_is_known_by_its_source_or_its_words(
    comment: Comment, text: str, same: bool
) -> None:
    assert says(comment, text) is same


def test_a_marker_happened_if_our_comment_is_at_that_place() -> None:
    write = StartConversation(eg.point(), "hello")
    nothing = listed(conversations=(), comments=())
    there = listed(eg.comment(id=C9, text="hello"))
    made = made_conversation(write, nothing, there, eg.IMAGE)
    assert made is not None and made.id == HOME
    assert made_conversation(write, nothing, listed(), eg.IMAGE) is None
    elsewhere = replace(write, point=Point(80.0, 80.0))
    assert made_conversation(elsewhere, nothing, there, eg.IMAGE) is None


def test_a_marker_whose_thread_is_not_known_happened_if_it_is_new_and_ours() -> None:
    write = StartConversation(eg.point(), "hello")

    def hosted(*conversations: object) -> ChatState:
        answer = eg.conversation_list(position=None, comments=(), conversations=conversations)
        return with_list(eg.chat_state(peer=Peer.HOSTED), answer)

    assert made_conversation(write, hosted(), hosted(eg.conversation()), eg.IMAGE) is not None
    assert made_conversation(write, hosted(), hosted(eg.conversation(user_id=eg.BOB)), eg.IMAGE) is None
    assert made_conversation(write, hosted(eg.conversation()), hosted(eg.conversation()), eg.IMAGE) is None
    # Moved, or with a key of an older client: the place tells as well.
    odd_key = eg.conversation(url_id=UrlId("odd"))
    assert made_conversation(write, hosted(), hosted(odd_key), eg.IMAGE) is not None


@pytest.mark.parametrize(
    ("write", "after", "expected"),
    [
        (DeleteConversation(HOME), listed(conversations=(), comments=()), True),
        (DeleteConversation(HOME), listed(), False),
        (MoveConversation(HOME, Point(25.501, 30.249)), listed(), True),
        (MoveConversation(HOME, Point(1.0, 2.0)), listed(), False),
        (MoveConversation(HOME, eg.point()), listed(conversations=(), comments=()), False),
        (ResolveConversation(HOME, resolved=False), listed(), True),
        (ResolveConversation(HOME, resolved=True), listed(), False),
        (PostComment(HOME, "hello"), listed(eg.comment(id=C9, text="hello")), True),
        (PostComment(HOME, "hello"), listed(), False),
        (EditComment(HOME, C1, "Trail is **wet**"), listed(), True),
        (EditComment(HOME, C1, "dry"), listed(), False),
        (EditComment(HOME, C9, "dry"), listed(), False),
        (DeleteComment(HOME, C9), listed(), True),
        (DeleteComment(HOME, C1), listed(), False),
        (DeleteComment(HOME, C9), listed(eg.comment(id=C9, is_deleted=True)), True),
        (StartConversation(eg.point(), "Trail is **wet**"), listed(), False),
    ],
)
def test_a_list_read_after_the_deadline_tells_whether_it_happened(
    write: Write, after: ChatState, expected: bool
) -> None:
    assert happened(write, listed(), after, eg.IMAGE) is expected
