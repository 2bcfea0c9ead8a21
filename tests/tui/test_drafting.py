"""What is written is kept from its first letter on, and is where it is looked for."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol import codes
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.intents import (
    DiscardDraft,
    EditComment,
    KeepDraft,
    PostComment,
    Retry,
    StartConversation,
)
from imagechat_tui.sync.state import ChatState, Draft
from imagechat_tui.tui.chat.screen_state import PictureStatus
from tests import examples as eg
from tests.tui.chat_parts import Parts
from tests.tui.scripted_session import chat_state, comment, conversation, two_threads

IC = ConversationId("ic_1")
HERE = Point(30.0, 40.0)
LOST = Problem(ProblemKind.UNREACHABLE)
FAILED = Draft("f1", PostComment(IC, "tried"), BroadcastId("f1"), LOST)


def writing(parts: Parts, text: str) -> None:
    """Type a text, all of it at once."""
    parts.text.text = text
    parts.drafting.typed()


def reply(parts: Parts) -> None:
    parts.selection.select(IC)
    parts.actions.reply()


def test_the_first_letter_is_kept_at_once_and_the_others_after_a_while() -> None:
    parts = Parts()
    parts.drafting.write_marker(HERE)
    assert parts.aim_at == HERE
    for text in ("a", "ab", "abc"):
        writing(parts, text)
    assert [draft.write for draft in parts.session.state.mine.drafts] == [StartConversation(HERE, "a")]
    parts.alarms[-1].act()
    assert [draft.write for draft in parts.session.state.mine.drafts] == [StartConversation(HERE, "abc")]
    parts.alarms[-1].act()
    assert len(parts.session.asked(KeepDraft)) == 2


def test_what_is_left_is_a_draft_and_the_same_key_goes_on_with_it() -> None:
    parts = Parts()
    reply(parts)
    writing(parts, "half a")
    parts.text.text = "half a sentence"
    assert parts.text.write is not None
    parts.drafting.leave(parts.text.write)
    assert "Draft kept" in parts.corner.text
    assert not parts.drafting.is_writing
    assert all(alarm.stopped for alarm in parts.alarms)
    parts.actions.reply()
    assert parts.text.text == "half a sentence"


def test_nothing_is_said_of_an_empty_text_that_is_left() -> None:
    parts = Parts()
    parts.drafting.write_marker(HERE)
    assert parts.text.write is not None
    parts.drafting.leave(parts.text.write)
    assert not parts.corner.notices
    assert parts.aim_at is None
    assert parts.keys_to == "picture"


def test_a_second_target_keeps_the_first_text() -> None:
    parts = Parts()
    reply(parts)
    parts.text.text = "first"
    parts.drafting.write_marker(HERE)
    assert [draft.write for draft in parts.session.state.mine.drafts] == [PostComment(IC, "first")]
    assert parts.text.target == StartConversation(HERE, "")


def test_the_same_target_again_only_gives_keys_back_to_the_text() -> None:
    parts = Parts()
    reply(parts)
    parts.text.text = "words"
    parts.keys_to = "picture"
    parts.actions.reply()
    assert (parts.keys_to, parts.text.text) == ("editor", "words")


async def test_what_is_sent_is_selected() -> None:
    parts = Parts()
    parts.drafting.write_marker(HERE)
    await parts.drafting.send(StartConversation(HERE, "words"))
    assert parts.selection.selected_key == "b1"
    reply(parts)
    await parts.drafting.send(PostComment(IC, "words"))
    assert parts.display.comment_key == f"b{len(parts.session.intents)}"
    assert not parts.drafting.is_writing


async def test_a_text_has_its_room_until_it_has_left_and_is_no_draft_meanwhile() -> None:
    parts = Parts()
    parts.session.departing = asyncio.Event()
    reply(parts)
    writing(parts, "words")
    sending = asyncio.get_running_loop().create_task(parts.drafting.send(PostComment(IC, "words")))
    await asyncio.sleep(0)
    assert (parts.drafting.is_writing, parts.drafting.keep()) == (True, False)
    parts.session.departing.set()
    await sending
    assert not parts.drafting.is_writing
    assert not parts.session.state.mine.drafts


async def test_what_is_refused_at_once_stays_in_the_text_and_says_why() -> None:
    parts = Parts()
    parts.session.refusing = LOST
    reply(parts)
    parts.text.text = "words"
    await parts.drafting.send(PostComment(IC, "words"))
    assert parts.drafting.is_writing
    assert parts.text.note.startswith("Not sent: ")
    assert parts.drafting.is_shown(parts.text.draft_id)
    assert not parts.drafting.keep()  # the session has it as what was not saved


def test_a_changed_text_of_what_was_not_saved_takes_its_place() -> None:
    parts = Parts(two_threads(drafts=(FAILED,)))
    parts.drafting.write_on(FAILED)
    assert (parts.text.text, parts.text.draft_id) == ("tried", "f1")
    parts.text.text = "tried again"
    assert parts.drafting.keep()
    kept, dropped = parts.session.intents[-2:]
    assert kept == KeepDraft(PostComment(IC, "tried again"))
    assert dropped == DiscardDraft("f1")


def test_words_of_a_thread_that_is_gone_go_to_a_new_marker() -> None:
    draft = Draft("d", PostComment(ConversationId("ic_9"), "orphans"))
    parts = Parts(two_threads(drafts=(draft,)))
    parts.drafting.write_on(draft)
    assert parts.text.target == StartConversation(parts.picture.crosshair, "")
    assert parts.text.text == "orphans"


def test_a_retry_and_a_drop_name_the_draft() -> None:
    parts = Parts(two_threads(drafts=(FAILED,)))
    parts.drafting.retry(FAILED)
    parts.drafting.discard(FAILED)
    assert parts.session.intents == [Retry("f1"), DiscardDraft("f1")]


def test_who_edits_hears_that_the_text_is_another_now_once() -> None:
    parts = Parts()
    parts.selection.select(IC)
    parts.actions.edit()
    assert parts.text.target == EditComment(IC, CommentId("c_2"), "")
    assert parts.text.text == "Since Monday"
    parts.show()
    assert not parts.text.note
    changed = chat_state(
        (conversation(1), [comment("c_1", "Logo"), comment("c_2", "Since Friday", by=eg.ALICE)])
    )
    parts.show(changed)
    assert 'changed to "Since Friday"' in parts.text.note
    parts.text.note = ""
    parts.show()
    assert not parts.text.note


@pytest.mark.parametrize("read_only", [True, False])
def test_what_may_not_be_written_says_why_and_drops_what_was_typed_behind_it(read_only: bool) -> None:
    parts = Parts(two_threads(read_only=read_only))
    if not read_only:
        parts.state.picture = PictureStatus.MISSING
    parts.drafting.write_marker(HERE)
    assert parts.refused == 1
    assert ("read" if read_only else "A marker needs a picture") in parts.corner.text
    assert parts.aim_at is None
    assert not parts.drafting.is_writing


def test_a_draft_that_the_disk_does_not_take_is_said_to_last_until_one_quits() -> None:
    parts = Parts()
    parts.drafting.drafts_stored = False
    reply(parts)
    writing(parts, "words")
    parts.drafting.leave(replace(PostComment(IC, ""), text="words"))
    assert "lasts only until you quit" in parts.corner.text


@pytest.mark.parametrize("said", ["Bob deleted this thread.", "Not sent: Gone. It has been deleted."])
def test_a_note_that_the_thread_is_gone_does_not_outlast_that(said: str) -> None:
    parts = Parts()
    reply(parts)
    writing(parts, "words")
    parts.show(chat_state())
    parts.text.note = said
    parts.show(chat_state())
    assert parts.text.note == said
    parts.show(two_threads())
    assert parts.text.note == "The thread was brought back. Enter sends."
    parts.text.note = ""
    parts.show(two_threads())
    assert not parts.text.note


def locked_now(*, locked: bool = True) -> ChatState:
    """Marker 1 by Bob, of whose thread a moderator has something to say."""
    return chat_state((conversation(1, 20.0, 20.0), [comment("c_1", "Logo is cut off", is_locked=locked)]))


def test_who_writes_an_answer_is_told_when_the_thread_is_locked_and_when_it_is_open_again() -> None:
    parts = Parts(locked_now(locked=False))
    reply(parts)
    writing(parts, "half a")
    parts.show(locked_now())
    assert parts.text.note.startswith("A moderator has locked this thread: it takes no replies.")
    assert parts.text.note.endswith("press Esc, then !.")
    assert parts.text.text == "half a"
    parts.show(locked_now(locked=False))
    assert parts.text.note == "The thread takes replies again. Enter sends."


BARRED = [locked_now(), eg.changed(locked_now(locked=False), read_only=True)]


@pytest.mark.parametrize("state", BARRED, ids=["locked", "read-only"])
def test_where_the_same_key_opens_no_text_the_draft_is_said_to_be_in_the_list(state: ChatState) -> None:
    parts = Parts(locked_now(locked=False))
    reply(parts)
    writing(parts, "half a")
    parts.show(eg.changed(state, drafts=parts.session.state.mine.drafts))
    write = parts.text.write
    assert write is not None
    parts.drafting.leave(write)
    assert parts.corner.text == "Draft kept Not sent. ! shows it."
    parts.actions.reply()
    assert parts.text.target is None, "for the key does nothing there"
    (draft,) = parts.session.state.mine.drafts
    parts.drafting.write_on(draft)
    assert parts.text.text == "half a"


@pytest.mark.parametrize(
    ("problem", "way"),
    [
        (Problem(ProblemKind.OFFLINE), "Your text is kept; Enter retries."),
        (Problem(ProblemKind.REFUSED, codes.LOCKED), "Your text is kept: Esc leaves it, then ! shows it."),
        (
            Problem(ProblemKind.REFUSED, codes.THREAD_CLOSED),
            "Your text is kept: Esc leaves it, then ! shows it.",
        ),
        (Problem(ProblemKind.REFUSED, codes.BANNED), "Your text is kept: Esc leaves it, then ! shows it."),
        (Problem(ProblemKind.READ_ONLY), "Your text is kept: Esc leaves it, then ! shows it."),
        (Problem(ProblemKind.GONE), "Your text is kept: Esc leaves it, then ! shows it."),
    ],
)
async def test_enter_is_said_to_retry_only_where_that_may_help(problem: Problem, way: str) -> None:
    parts = Parts()
    parts.session.refusing = problem
    reply(parts)
    writing(parts, "half a")
    write = parts.text.write
    assert write is not None
    await parts.drafting.send(write)
    assert parts.text.note.endswith(way)
    assert parts.text.write == write
