"""What is shown and what is newest: each question is asked of the right one."""

from __future__ import annotations

import pytest

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, ConversationId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.intents import PostComment, StartConversation
from imagechat_tui.sync.state import Connection, Draft, Phase
from imagechat_tui.tui.chat.screen_state import ScreenState
from tests.tui.chat_parts import UnwatchedSession
from tests.tui.scripted_session import chat_state, conversation, two_threads

REPLY = PostComment(ConversationId("ic_1"), "words")
LOST = Problem(ProblemKind.UNREACHABLE)


def shown(session: UnwatchedSession) -> ScreenState:
    state = ScreenState(session)
    state.show(session.state, writing=None)
    return state


def test_threads_are_those_that_are_shown_and_news_find_the_newest() -> None:
    session = UnwatchedSession(chat_state((conversation(1), [])))
    state = shown(session)
    session.publish(chat_state((conversation(1), []), (conversation(2), [])))
    assert state.thread("ic_2") is None
    newest = state.newest_thread("ic_2")
    assert newest is not None
    assert newest.number == 2
    assert len(state.threads) == 1


def test_a_draft_is_there_as_soon_as_the_session_has_it() -> None:
    session = UnwatchedSession(two_threads())
    state = shown(session)
    session.publish(two_threads(drafts=(Draft("d", REPLY),)))
    assert state.draft("d") is not None
    assert not state.shown.mine.drafts


def test_what_was_typed_last_comes_before_what_was_not_saved() -> None:
    failed = Draft("f", PostComment(ConversationId("ic_1"), "tried"), BroadcastId("f"), LOST)
    state = shown(UnwatchedSession(two_threads(drafts=(failed, Draft("d", REPLY)))))
    found = state.draft_for(PostComment(ConversationId("ic_1"), ""))
    assert found is not None
    assert found.id == "d"
    assert state.draft_for(PostComment(ConversationId("ic_2"), "")) is None
    assert state.unfinished(None) == (1, 1)
    assert state.unfinished(REPLY) == (0, 1)


def test_a_marker_that_is_being_written_is_not_in_the_list_yet() -> None:
    session = UnwatchedSession(two_threads(drafts=(Draft("d", StartConversation(Point(1, 1), "a")),)))
    state = ScreenState(session)
    state.show(session.state, writing=Point(1, 1))
    assert len(state.threads) == 2
    state.show(session.state, writing=None)
    assert len(state.threads) == 3


@pytest.mark.parametrize(
    ("read_only", "phase", "refused"),
    [(False, Phase.LIVE, False), (True, Phase.LIVE, True), (False, Phase.READ_ONLY, True)],
)
def test_who_may_only_read_is_known_by_the_account_and_by_the_link(
    read_only: bool, phase: Phase, refused: bool
) -> None:
    state = shown(UnwatchedSession(two_threads(read_only=read_only, connection=Connection(phase=phase))))
    assert state.is_read_only is refused


def test_a_start_that_failed_is_no_start_any_more() -> None:
    assert shown(UnwatchedSession(chat_state(connection=Connection()))).is_starting
    assert not shown(UnwatchedSession(chat_state(connection=Connection(problem=LOST)))).is_starting
    assert not shown(UnwatchedSession(chat_state())).is_starting
