"""What the person did last is undone as far as it still stands as they left it, and never behind their back."""

from __future__ import annotations

from typing import Any

import pytest

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import CommentId, ConversationId
from imagechat_tui.protocol.models import Point
from imagechat_tui.protocol.routes import EditReply
from imagechat_tui.sync.effects import Announce, News, SendRequest, Undone
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    EditComment,
    Intent,
    MarkRead,
    MoveConversation,
    PostComment,
    ResolveConversation,
    RestoreConversation,
    Retry,
    StartConversation,
    Undo,
    Write,
)
from imagechat_tui.sync.undoing import REMEMBERED
from tests import examples as eg
from tests.sync.desk import joined
from tests.sync.world import Session, World

TOLD = (News.UNDONE, News.NOT_UNDONE, News.NOTHING_TO_UNDO)
HOME, OWN = ConversationId("ic_1"), CommentId("c_0002")
SPOT = Point(10.0, 10.0)


def calm() -> World:
    """Three sessions, two of them Anna's, a network that works, and a marker by Anna with an answer by Bob."""
    world = World(1)
    world.heal()
    does(world.sessions[0], StartConversation(SPOT, "first"))
    does(world.sessions[2], PostComment(HOME, "an answer"))
    assert (list(world.server.conversations), list(world.server.comments[HOME])[:1]) == ([HOME], [OWN])
    return world


def does(session: Session, *wishes: Intent) -> None:
    """One after the other, each with the time to be answered."""
    for wish in wishes:
        session.wish(wish)
        session.world.run_until(session.world.now + 5.0)


def told(session: Session) -> list[Announce]:
    """What was said of undoing since it was asked last."""
    news = [item for item in session.news if item.news in TOLD]
    session.news.clear()
    return news


def there(world: World) -> dict[str, Any]:
    """All that the server has, but for what tells of its past."""
    server = world.server
    said = {home: [(c.id, c.text) for c in comments.values()] for home, comments in server.comments.items()}
    chats = {home: (chat.point, chat.resolved, chat.number) for home, chat in server.conversations.items()}
    return {"said": said, "chats": chats, "read": dict(server.read)}


MOVED = MoveConversation(HOME, Point(70.0, 20.0))
EACH: list[Write] = [
    ResolveConversation(HOME, True),
    MOVED,
    EditComment(HOME, OWN, "other words"),
    DeleteConversation(HOME),
]


@pytest.mark.parametrize("write", EACH, ids=lambda write: type(write).__name__)
def test_what_was_done_last_is_as_it_was_before_for_everybody(write: Write) -> None:
    world = calm()
    anna, before = world.sessions[0], there(world)
    does(anna, write)
    assert there(world) != before
    does(anna, Undo())
    assert there(world) == before
    assert told(anna) == [Announce(News.UNDONE, conversation_id=HOME, write=write, undone=Undone(1))]
    does(anna, Undo())
    assert told(anna) == [Announce(News.NOTHING_TO_UNDO)]
    assert there(world) == before


def test_one_after_the_other_is_undone_from_the_last_to_the_first() -> None:
    world = calm()
    anna = world.sessions[0]
    steps = [there(world)]
    for write in (*EACH[:3], ResolveConversation(HOME, False), EACH[3]):
        does(anna, write)
        steps.append(there(world))
    for before in reversed(steps[:-1]):
        does(anna, Undo())
        assert there(world) == before
    assert {item.news for item in told(anna)} == {News.UNDONE}


@pytest.mark.parametrize(
    ("write", "meanwhile"),
    [
        (ResolveConversation(HOME, True), [ResolveConversation(HOME, False)]),
        (MOVED, [MoveConversation(HOME, Point(1.0, 1.0))]),
        (EditComment(HOME, OWN, "other words"), [EditComment(HOME, OWN, "words of a moderator")]),
        (EditComment(HOME, OWN, "other words"), [DeleteComment(HOME, OWN)]),
        (ResolveConversation(HOME, True), [DeleteConversation(HOME)]),
        (DeleteConversation(HOME), [RestoreConversation(HOME)]),
    ],
    ids=lambda part: type(part if not isinstance(part, list) else part[0]).__name__,
)
def test_what_somebody_changed_since_is_not_overwritten(write: Write, meanwhile: list[Write]) -> None:
    world = calm()
    anna = world.sessions[0]
    does(anna, write)
    does(world.sessions[2], *meanwhile)
    left = there(world)
    does(anna, Undo())
    assert told(anna) == [Announce(News.NOT_UNDONE, conversation_id=HOME, write=write, undone=Undone(1))]
    assert there(world) == left
    does(anna, Undo())
    assert told(anna) == [Announce(News.NOTHING_TO_UNDO)]


def test_what_cannot_be_sent_now_is_not_sent_later_and_can_be_undone_then() -> None:
    world = calm()
    anna = world.sessions[0]
    does(anna, EditComment(HOME, OWN, "other words"))
    left = there(world)
    world.reachable = False
    world.cut(anna)
    world.run_until(world.now + 120.0)
    does(anna, Undo())
    (item,) = told(anna)
    assert (item.news, item.problem) == (News.NOT_UNDONE, Problem(ProblemKind.OFFLINE))
    assert anna.engine.state.mine.drafts == ()
    world.heal()
    assert there(world) == left
    does(anna, Undo())
    assert [item.news for item in told(anna)] == [News.UNDONE]
    assert there(world)["said"] == {HOME: [(OWN, "first"), (CommentId("c_0003"), "an answer")]}


def test_what_another_session_did_is_not_ours_to_undo() -> None:
    world = calm()
    does(world.sessions[1], ResolveConversation(HOME, True))
    does(world.sessions[0], Undo())
    assert told(world.sessions[0]) == [Announce(News.NOTHING_TO_UNDO)]


def test_what_changed_nothing_or_was_not_saved_is_not_undone() -> None:
    world = calm()
    anna = world.sessions[0]
    does(anna, ResolveConversation(HOME, False))
    world.reachable = False
    anna.wish(ResolveConversation(HOME, True))
    world.run_until(world.now + 30.0)
    world.heal()
    does(anna, Undo())
    assert told(anna) == [Announce(News.NOTHING_TO_UNDO)]
    (failed,) = anna.engine.state.mine.drafts
    does(anna, Retry(failed.id), Undo())
    assert [item.news for item in told(anna)] == [News.UNDONE]
    assert not world.server.conversations[HOME].resolved


def test_while_what_was_done_last_has_no_answer_nothing_is_undone() -> None:
    desk = joined()
    desk.wish(EditComment(eg.conversation().id, eg.comment().id, "B"))
    desk.wish(Undo())
    assert [item.problem for item in desk.told(News.NOT_UNDONE)] == [Problem(ProblemKind.NO_ANSWER)]
    assert len(desk.all(SendRequest)) == 1


def test_of_two_edits_in_a_row_the_first_is_what_was_before_the_second() -> None:
    """Their answers came, their events did not yet."""
    desk = joined()
    home, comment_id = eg.conversation().id, eg.comment().id
    for text in ("B", "C"):
        desk.replies(desk.wish(EditComment(home, comment_id, text)), EditReply(text))
    desk.all(SendRequest)
    desk.wish(Undo())
    assert desk.take(SendRequest).write == EditComment(home, comment_id, "B")


def test_that_a_deleted_comment_does_not_come_back_is_told_once() -> None:
    world = calm()
    anna = world.sessions[0]
    does(anna, ResolveConversation(HOME, True), DeleteComment(HOME, OWN), Undo(), Undo())
    first, second = told(anna)
    assert (first.news, first.problem) == (News.NOT_UNDONE, Problem(ProblemKind.UNSUPPORTED))
    assert (second.news, second.write) == (News.UNDONE, ResolveConversation(HOME, True))


def test_only_so_much_is_remembered() -> None:
    desk = joined()
    home, comment_id = eg.conversation().id, eg.comment().id
    for number in range(REMEMBERED + 2):
        desk.replies(desk.wish(EditComment(home, comment_id, f"{number}")), EditReply(f"{number}"))
    for _ in range(REMEMBERED + 1):
        desk.waiting.clear()
        asked = desk.wish(Undo())
        for request in desk.all(SendRequest):
            assert isinstance(request.write, EditComment)
            desk.replies(asked, EditReply(request.write.text))
    assert [item.news for item in desk.told(*TOLD)] == [News.NOTHING_TO_UNDO]


# What was read


def test_threads_marked_read_are_unread_again_as_far_as_they_were_in_all_sessions() -> None:
    world = calm()
    anna, other, bob = world.sessions
    does(anna, MarkRead((HOME,)))
    does(bob, PostComment(HOME, "two"), PostComment(HOME, "three"))
    before = there(world)
    assert anna.engine.state.mine.unread == {HOME}
    does(anna, MarkRead((HOME, ConversationId("ic_none"))))
    assert other.engine.state.mine.unread == frozenset()
    does(anna, Undo())
    assert there(world) == before
    assert anna.engine.state.mine.unread == other.engine.state.mine.unread == {HOME}
    assert told(anna) == [Announce(News.UNDONE, undone=Undone(threads=1))]


def test_what_was_read_on_since_stays_read() -> None:
    world = calm()
    anna, other, bob = world.sessions
    does(anna, MarkRead((HOME,)))
    does(bob, PostComment(HOME, "two"))
    does(other, MarkRead((HOME,)))
    does(anna, Undo())
    assert told(anna) == [Announce(News.NOT_UNDONE, undone=Undone())]
    assert anna.engine.state.mine.unread == frozenset()


def test_what_was_read_is_undone_offline_too_and_where_nothing_is_kept() -> None:
    world = calm()
    anna = world.sessions[0]
    world.reachable = False
    world.cut(anna)
    does(anna, MarkRead((HOME,)), Undo())
    assert anna.engine.state.mine.unread == {HOME}
    world.heal()
    assert anna.engine.state.mine.unread == {HOME}
    desk = joined()
    desk.hears(eg.image_chat_updated(2))
    desk.wish(MarkRead((HOME,)))
    desk.wish(Undo())
    assert desk.state.mine.unread == {HOME}
