"""What an answer or an event tells of a write of ours."""

from __future__ import annotations

import pytest

from imagechat_tui.protocol.events import (
    DeletedComment,
    DeletedImageChat,
    LiveEvent,
    NewComment,
    NewImageChat,
    Stamp,
)
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId
from imagechat_tui.protocol.models import Point
from imagechat_tui.protocol.routes import ConversationReply, EditReply
from imagechat_tui.sync.answers import Made, Reply, as_event, told_by_answer, told_by_event
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    EditComment,
    LockComment,
    MoveConversation,
    PinComment,
    PostComment,
    ResolveConversation,
    StartConversation,
    VoteComment,
    Write,
)
from imagechat_tui.sync.state import ChatState, OutboxEntry, Peer, WriteStatus
from tests import examples as eg
from tests.sync.whole_state import applied, with_list

HOME, C1 = ConversationId("ic_1"), CommentId("c_1")
NEW = StartConversation(Point(25.5, 30.25), "Trail is **wet**")


def entry(write: Write, comment_id: CommentId | None = None) -> OutboxEntry:
    return OutboxEntry(BroadcastId("b"), write, WriteStatus.PENDING, 1.0, comment_id=comment_id)


def told(entry: OutboxEntry, reply: Reply) -> Made:
    return told_by_answer(entry, reply, room=eg.room(), url_id_clean=eg.IMAGE, me=eg.user())


def test_an_answer_with_marker_and_comment_tells_both() -> None:
    assert told(entry(NEW), eg.conversation_reply()) == (eg.conversation(), eg.comment())
    moved = MoveConversation(HOME, eg.point())
    assert told(entry(moved), ConversationReply(HOME, eg.conversation())) == (
        eg.conversation(),
        None,
    )


def test_an_answer_with_an_id_alone_is_completed_from_what_we_asked_for() -> None:
    conversation, comment = told(entry(NEW, C1), ConversationReply(HOME))
    assert comment is None
    assert conversation is not None
    assert (conversation.id, conversation.url_id, conversation.point) == (HOME, eg.THREAD, eg.point())
    assert (conversation.user_id, conversation.commenter_name) == (eg.ALICE, "Alice")
    assert conversation.created_from_comment_id == C1
    assert conversation.comment_count == 1


def test_an_answered_comment_has_the_source_that_we_wrote() -> None:
    rendered = eg.comment_reply(comment=eg.comment(text=None))
    assert told(entry(PostComment(HOME, "Trail is **wet**")), rendered) == (
        None,
        eg.comment(),
    )


def test_an_answer_without_content_tells_nothing() -> None:
    assert told(entry(DeleteComment(HOME, C1)), None) == (None, None)
    assert told(entry(EditComment(HOME, C1, "x")), EditReply("x")) == (None, None)


@pytest.mark.parametrize(
    ("event", "made"),
    [
        (eg.new_image_chat(), (eg.conversation(), None)),
        (eg.new_comment(), (None, eg.comment())),
        (eg.updated_comment(comment=eg.comment()), (None, eg.comment())),
        (
            eg.image_chat_updated(conversation=eg.conversation(), comment=eg.comment()),
            (eg.conversation(), eg.comment()),
        ),
        (eg.deleted_comment(), (None, None)),
        (eg.deleted_image_chat(), (None, None)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_event_tells_what_it_carries(event: LiveEvent, made: Made) -> None:
    assert told_by_event(event) == made


def listed() -> ChatState:
    answer = eg.conversation_list(position=None)
    state = with_list(eg.chat_state(peer=Peer.OURS), answer)
    assert C1 in state.confirmed.comments[HOME]
    return state


def test_a_hosted_answer_stands_for_the_event_that_may_never_come() -> None:
    fresh = eg.comment(id=CommentId("c_9"))
    assert as_event(NEW, (eg.conversation(), None), None) == NewImageChat(Stamp(), eg.conversation())
    event = as_event(PostComment(HOME, "x"), (None, fresh), None)
    assert isinstance(event, NewComment) and event.comment == fresh
    edited = as_event(EditComment(HOME, C1, "dry"), (None, None), EditReply("<p>dry</p>"))
    assert edited is not None
    after = applied(listed(), edited, thread=HOME).confirmed.comments[HOME][C1]
    assert (after.text, after.html, after.commenter_name) == ("dry", "<p>dry</p>", "Alice")
    assert as_event(DeleteComment(HOME, C1), (None, None), None) == DeletedComment(Stamp(), C1)
    assert as_event(DeleteConversation(HOME), (None, None), None) == DeletedImageChat(Stamp(), HOME)
    for write in (PinComment(HOME, C1, True), LockComment(HOME, C1, True)):
        changed = as_event(write, (None, None), None)
        assert changed is not None
        after = applied(listed(), changed, thread=HOME).confirmed.comments[HOME][C1]
        assert (after.is_pinned, after.is_locked, after.commenter_name) == (
            isinstance(write, PinComment),
            isinstance(write, LockComment),
            "Alice",
        )


@pytest.mark.parametrize(
    "write",
    [
        NEW,
        PostComment(HOME, "x"),
        MoveConversation(HOME, eg.point()),
        ResolveConversation(HOME, resolved=True),
        VoteComment(HOME, C1, 1),
    ],
    ids=lambda write: type(write).__name__,
)
def test_an_answer_that_tells_nothing_stands_for_no_event(write: Write) -> None:
    assert as_event(write, (None, None), None) is None
