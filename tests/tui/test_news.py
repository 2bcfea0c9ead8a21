"""What news, verdicts and losses say, and what they do to the thread that is open and to the text."""

from __future__ import annotations

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, ConversationId
from imagechat_tui.sync.effects import Announce, News
from imagechat_tui.sync.intents import DeleteConversation, PostComment
from imagechat_tui.sync.state import Draft
from imagechat_tui.tui.chat.news import RING_EVERY_S
from tests import examples as eg
from tests.tui.chat_parts import Parts
from tests.tui.scripted_session import chat_state, conversation, two_threads

IC = ConversationId("ic_1")
LOST = Problem(ProblemKind.UNREACHABLE)
ADDED = Announce(News.COMMENT_ADDED, conversation_id=IC, by=eg.BOB)
GONE = Announce(News.THREAD_GONE, conversation_id=IC, by=eg.BOB)


def test_a_marker_that_is_not_on_the_screen_yet_is_called_by_its_number() -> None:
    parts = Parts(chat_state())
    parts.session.publish(two_threads())
    parts.news.show([Announce(News.MARKER_ADDED, conversation_id=IC, by=eg.BOB)])
    assert parts.corner.text == "Bob added marker 1"
    assert parts.rung == 1


def test_many_additions_are_one_notice_and_ring_once() -> None:
    parts = Parts()
    for _ in range(3):  # in pieces, as an outage's events come
        parts.news.show([ADDED, ADDED, ADDED])
    assert parts.corner.text == "Several new markers and comments"
    assert parts.rung == 1
    parts.now_s += RING_EVERY_S
    parts.news.show([ADDED])
    assert parts.rung == 2


def test_a_comment_in_the_open_thread_is_said_only_where_it_is_not_seen() -> None:
    parts = Parts()
    parts.selection.open(IC)
    parts.news.show([ADDED])
    assert not parts.corner.notices
    parts.at_end = False
    parts.news.show([ADDED])
    assert parts.corner.text == "Bob commented below. G jumps to it."


def test_who_writes_in_a_thread_that_is_deleted_keeps_the_words() -> None:
    parts = Parts()
    parts.selection.select(IC)
    parts.actions.reply()
    parts.text.text = "words"
    parts.news.show([GONE])
    assert [draft.write for draft in parts.session.state.mine.drafts] == [PostComment(IC, "words")]
    assert "Bob deleted this thread" in parts.text.note
    assert parts.display.title == "deleted by Bob"
    assert parts.selection.current is parts.state.thread(IC)  # until the state says so too
    assert "Thread deleted" in parts.corner.text


def test_nothing_is_said_of_a_deletion_that_was_ours_or_is_not_read() -> None:
    parts = Parts()
    parts.news.show([GONE])
    parts.selection.open(IC)
    parts.selection.deleting.add(IC)
    parts.news.show([GONE])
    assert not parts.corner.text
    assert parts.selection.gone is None


def test_a_deletion_that_was_refused_is_none_any_more_and_says_why() -> None:
    parts = Parts()
    parts.selection.deleting.add(IC)
    write = DeleteConversation(IC)
    parts.news.show([Announce(News.REFUSED, conversation_id=IC, problem=LOST, write=write)])
    assert not parts.selection.deleting
    (notice,) = parts.corner.notices
    assert notice.title == "Marker not deleted"
    assert notice.failure


def test_a_refusal_is_not_said_twice_where_the_text_says_it() -> None:
    parts = Parts(two_threads(drafts=(Draft("f1", PostComment(IC, "a"), BroadcastId("f1"), LOST),)))
    parts.drafting.write_on(parts.session.state.mine.drafts[0])
    parts.news.show([Announce(News.REFUSED, problem=LOST, draft_id="f1")])
    assert not parts.corner.text


def test_that_drafts_are_not_on_disk_is_said_once() -> None:
    parts = Parts()
    parts.news.show([Announce(News.DRAFTS_NOT_STORED), Announce(News.DRAFTS_NOT_STORED)])
    assert len(parts.corner.notices) == 1
    assert not parts.drafting.drafts_stored


def test_what_was_saved_goes_on_under_its_own_id() -> None:
    parts = Parts(chat_state((conversation(3, id=ConversationId("b9")), [])))
    parts.selection.select("b9")
    parts.news.show([Announce(News.SAVED, BroadcastId("b9"), conversation_id=ConversationId("ic_3"))])
    parts.show(chat_state((conversation(3), [])))
    assert parts.selection.selected_key == "ic_3"
