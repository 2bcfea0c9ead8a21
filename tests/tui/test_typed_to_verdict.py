"""From the first letter to the verdict: no road loses what was typed, none sends it by itself."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from msgspec.structs import replace
from textual import events

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.effects import Announce, News
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    DiscardDraft,
    EditComment,
    KeepDraft,
    PostComment,
    ResolveConversation,
    Retry,
    StartConversation,
)
from imagechat_tui.sync.state import Draft, Status
from tests import examples as eg
from tests.tui.conftest import Sit
from tests.tui.scripted_session import chat_state, comment, conversation, two_threads

OFFLINE = Problem(ProblemKind.OFFLINE)
WRITES = (StartConversation, PostComment, EditComment, DeleteComment, DeleteConversation, ResolveConversation)
FIRST = ConversationId("ic_1")


async def test_a_marker_is_placed_by_keys_alone(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        assert desk.focus == "editor"
        assert "Enter" in desk.text
        assert "New marker at 50.0 %, 50.0 %" in desk.text
        assert desk.chat.picture.target == Point(50.0, 50.0)
        await desk.type("Too small")
        await desk.press("enter")
        assert desk.session.asked(StartConversation) == [StartConversation(Point(50.0, 50.0), "Too small")]
        assert desk.focus == "picture"
        assert desk.chat.picture.target is None


async def test_words_typed_ahead_of_the_composer_are_words(sit: Sit) -> None:
    # A lagging link delivers all of it in one packet; none of these letters may act as a command.
    async with sit() as desk:
        await desk.type("cdRq Too small")
        assert desk.chat.composer.editor.text == "dRq Too small"
        assert desk.focus == "editor"
        assert desk.app.is_running


async def test_words_typed_before_the_text_area_was_made_are_words(sit: Sit) -> None:
    async with sit() as desk:
        await desk.chat.composer.remove_children()
        await desk.type("cToo soon")
        assert desk.chat.composer.editor.text == "Too soon"
        assert desk.focus == "editor"


async def test_text_typed_ahead_on_a_cyrillic_layout_stays_cyrillic(sit: Sit) -> None:
    async with sit() as desk:
        await desk.type("сйсё")
        assert desk.chat.composer.editor.text == "йсё"


async def test_a_saved_marker_stays_selected_under_its_own_id(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        await desk.type("Too small")
        await desk.press("enter")
        desk.chat.selection.select("b9")
        state = two_threads()
        pending = conversation(3, id=ConversationId("b9"))
        await desk.publish(
            eg.changed(
                state, conversations=MappingProxyType({**state.confirmed.conversations, pending.id: pending})
            )
        )
        desk.chat.selection.select("b9")
        saved = conversation(3)
        await desk.publish(
            eg.changed(
                state, conversations=MappingProxyType({**state.confirmed.conversations, saved.id: saved})
            ),
            Announce(News.SAVED, BroadcastId("b9"), conversation_id=saved.id),
        )
        assert desk.chat.selection.selected_key == "ic_3"
        assert not desk.toasts


async def test_a_reply_goes_to_the_open_thread(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "r")
        assert "Reply to marker 1" in desk.text
        await desk.type("Since when?")
        await desk.press("enter")
        assert desk.session.asked(PostComment) == [PostComment(FIRST, "Since when?")]
        assert desk.focus == "comments"


async def test_a_reply_just_sent_is_selected_when_it_comes(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("]", "enter", "r")
        await desk.type("mine")
        await desk.press("enter")
        (sent_as,) = {intent for intent in desk.session.intents if isinstance(intent, PostComment)}
        assert desk.chat.comments.selected == f"b{desk.session.intents.index(sent_as) + 1}"


async def test_control_j_breaks_the_line_and_control_s_sends(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        await desk.type("one")
        await desk.press("ctrl+j")
        await desk.type("two")
        await desk.press("ctrl+s")
        assert desk.session.asked(StartConversation)[0].text == "one\ntwo"


async def test_a_paste_inserts_and_never_sends(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        desk.chat.composer.editor.post_message(events.Paste("line one\r\nline two\r\n"))
        await desk.pilot.pause()
        assert desk.chat.composer.editor.text == "line one\nline two\n"
        assert not desk.session.asked(StartConversation)


async def test_nothing_is_not_sent(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c", "space", "enter")
        assert not desk.session.asked(StartConversation)
        assert desk.focus == "editor"
        assert "Nothing to send" in desk.text


async def test_escape_keeps_the_draft_and_the_same_key_brings_it_back(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "r")
        await desk.type("half a tho")
        await desk.press("escape")
        assert desk.session.asked(KeepDraft)[-1] == KeepDraft(PostComment(FIRST, "half a tho"))
        assert not desk.session.asked(PostComment)
        assert "1 draft" in desk.lines[0]
        await desk.press("r")
        assert desk.chat.composer.editor.text == "half a tho"
        await desk.type("ught")
        await desk.press("enter")
        assert desk.session.asked(PostComment) == [PostComment(FIRST, "half a thought")]
        assert "draft" not in desk.lines[0]


async def test_a_draft_that_was_kept_before_it_is_left_stands_in_the_list_at_once(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        await desk.type("half a tho")
        await desk.until(lambda: bool(desk.session.state.mine.drafts))
        await desk.press("escape")
        assert "half a tho" in desk.text
        assert [thread.status for thread in desk.chat.state.threads].count(Status.DRAFT) == 1
        await desk.press("enter")
        assert desk.focus == "comments"


async def test_typing_is_kept_without_leaving(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        await desk.type("unsent words")
        await desk.until(
            lambda: KeepDraft(StartConversation(Point(50.0, 50.0), "unsent words")) in desk.session.intents
        )


async def test_a_disk_that_takes_no_drafts_is_told_and_nothing_is_lost_without_a_question(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        await desk.type("words")
        await desk.publish(desk.session.state, Announce(News.DRAFTS_NOT_STORED))
        assert "cannot be saved to disk" in desk.toasts
        await desk.press("escape")
        assert "lasts only until you quit" in desk.toasts
        await desk.press("q")
        assert "Quit and lose unsent drafts?" in desk.text
        assert "1 draft is not on disk" in desk.text
        await desk.press("escape")
        assert not desk.session.stopped.is_set()
        await desk.press("q", "y")
        await desk.until(lambda: desk.session.stopped.is_set())


async def test_quitting_keeps_what_is_typed(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        await desk.pilot.press("x")
        await desk.pilot.press("ctrl+q")
        await desk.until(lambda: desk.session.stopped.is_set())
        assert desk.session.asked(KeepDraft)[-1].write.text == "x"
        assert not desk.session.asked(StartConversation)


async def test_offline_is_refused_with_the_text_in_place_and_enter_tries_again(sit: Sit) -> None:
    async with sit() as desk:
        desk.session.refusing = OFFLINE
        await desk.press("c")
        await desk.type("tried while offline")
        await desk.press("enter")
        assert desk.focus == "editor"
        assert desk.chat.composer.editor.text == "tried while offline"
        assert "Not sent: Offline" in desk.text
        assert "1 not saved" in desk.lines[0]
        desk.session.refusing = None
        await desk.press("enter")
        assert desk.session.asked(StartConversation) == [
            StartConversation(Point(50.0, 50.0), "tried while offline"),
            StartConversation(Point(50.0, 50.0), "tried while offline"),
        ]
        assert not desk.session.asked(DiscardDraft)
        assert desk.focus == "picture"
        assert "not saved" not in desk.lines[0]


async def test_a_refused_text_that_is_changed_replaces_the_one_that_was_refused(sit: Sit) -> None:
    async with sit() as desk:
        desk.session.refusing = OFFLINE
        await desk.press("c")
        await desk.type("one")
        await desk.press("enter")
        failed = desk.session.state.mine.drafts[0].id
        desk.session.refusing = None
        await desk.type("two")
        await desk.press("enter")
        assert desk.session.asked(DiscardDraft) == [DiscardDraft(failed)]
        assert [write.text for write in desk.session.asked(StartConversation)] == ["one", "onetwo"]
        assert not desk.session.state.mine.drafts


async def test_leaving_after_a_refusal_keeps_the_text_once(sit: Sit) -> None:
    async with sit() as desk:
        desk.session.refusing = OFFLINE
        await desk.press("c")
        await desk.type("once")
        await desk.press("enter", "escape")
        assert [getattr(d.write, "text", "") for d in desk.session.state.mine.drafts] == ["once"]


async def failed_reply(text: str = "did not make it") -> Draft:
    return Draft("f1", PostComment(FIRST, text), BroadcastId("f1"), OFFLINE)


async def test_the_list_of_the_unsent_retries(sit: Sit) -> None:
    draft = await failed_reply()
    async with sit(two_threads(drafts=(draft,))) as desk:
        await desk.press("exclamation_mark")
        assert "did not make it" in desk.text
        assert "not saved · comment · Offline" in desk.text
        assert "· marker 1" in desk.text
        assert "Enter retry or keep writing" in desk.text
        await desk.press("enter")
        assert desk.session.asked(Retry) == [Retry("f1")]
        assert desk.app.screen is desk.chat  # there is no more of them
        assert desk.focus == "picture"


async def test_the_list_of_the_unsent_stays_while_there_are_more(sit: Sit) -> None:
    other = Draft("new:10:20", StartConversation(Point(10.0, 20.0), "half"))
    async with sit(two_threads(drafts=(await failed_reply(), other))) as desk:
        await desk.press("exclamation_mark", "enter")
        assert "Not sent" in desk.text
        assert "half" in desk.text


async def test_the_list_of_the_unsent_drops_after_asking(sit: Sit) -> None:
    draft = await failed_reply()
    async with sit(two_threads(drafts=(draft,))) as desk:
        await desk.press("exclamation_mark", "d")
        assert "Discard this draft?" in desk.text
        await desk.press("escape")
        assert not desk.session.asked(DiscardDraft)
        await desk.press("d", "y")
        assert desk.session.asked(DiscardDraft) == [DiscardDraft("f1")]
        await desk.publish(desk.session.state)
        assert desk.app.screen is desk.chat


async def test_a_note_that_was_on_its_way_does_not_lie_on_the_text(sit: Sit) -> None:
    async with sit() as desk:
        await desk.type("wsc")  # two notes, and the text
        assert desk.focus == "editor"
        assert not desk.toasts


async def test_where_nothing_is_unsent_there_is_no_list_of_it(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("!")
        assert desk.app.screen is desk.chat
        assert "Nothing unsent" in desk.toasts


async def test_a_typed_draft_is_written_on_from_the_list(sit: Sit) -> None:
    draft = Draft("new:10:20", StartConversation(Point(10.0, 20.0), "half"))
    async with sit(two_threads(drafts=(draft,))) as desk:
        await desk.press("exclamation_mark", "enter")
        assert desk.focus == "editor"
        assert desk.chat.composer.editor.text == "half"
        assert desk.chat.picture.target == Point(10.0, 20.0)
        assert not desk.session.asked(StartConversation)


async def test_the_list_of_the_unsent_follows_the_state(sit: Sit) -> None:
    draft = await failed_reply()
    async with sit(two_threads(drafts=(draft,))) as desk:
        await desk.press("exclamation_mark")
        await desk.publish(two_threads())
        assert desk.app.screen is desk.chat
        await desk.press("c")
        assert desk.focus == "editor"


async def test_a_verdict_that_comes_late_says_why(sit: Sit) -> None:
    draft = await failed_reply()
    async with sit() as desk:
        await desk.publish(
            two_threads(drafts=(draft,)),
            Announce(News.NOT_SAVED, BroadcastId("f1"), problem=OFFLINE, draft_id="f1"),
        )
        assert "Comment not saved" in desk.toasts
        assert "kept as a draft" in desk.toasts
        assert "1 not saved" in desk.lines[0]


async def test_edit_takes_the_last_own_comment(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "e")
        assert desk.chat.composer.editor.text == "Since Monday"
        await desk.type(" or so")
        await desk.press("enter")
        assert desk.session.asked(EditComment) == [EditComment(FIRST, CommentId("c_2"), "Since Monday or so")]
        assert desk.focus == "comments"


async def test_a_comment_that_changes_while_one_edits_it_is_shown_before_it_is_overwritten(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("]", "enter", "e")
        await desk.publish(desk.session.state)
        assert "Meanwhile" not in desk.text
        state = two_threads()
        told = {
            **state.confirmed.comments[FIRST],
            CommentId("c_2"): comment("c_2", "Since \x1b[1mFriday", by=eg.ALICE),
        }
        comments = MappingProxyType({**state.confirmed.comments, FIRST: MappingProxyType(told)})
        await desk.publish(eg.changed(state, comments=comments))
        said = " ".join(desk.text.replace("│", " ").split())
        assert 'Meanwhile it was changed to "Since' in said
        assert 'Friday". Enter replaces that with yours.' in said
        assert desk.chat.composer.editor.text == "Since Monday"
        await desk.press("escape", "e")
        assert "Meanwhile" not in desk.text


async def test_others_comments_are_not_edited(sit: Sit) -> None:
    state = eg.changed(
        two_threads(),
        comments=MappingProxyType({FIRST: MappingProxyType({CommentId("c_1"): comment("c_1", "Bob's")})}),
    )
    async with sit(state) as desk:
        await desk.press("right_square_bracket", "e")
        assert not desk.chat.has_class("-writing")
        assert "Nothing to edit" in desk.toasts


async def test_a_selected_comment_of_somebody_else_is_not_edited_and_that_is_said(sit: Sit) -> None:
    state = eg.changed(
        two_threads(),
        comments=MappingProxyType({FIRST: MappingProxyType({CommentId("c_1"): comment("c_1", "Bob's")})}),
    )
    async with sit(state) as desk:
        await desk.press("right_square_bracket", "enter", "e")
        assert not desk.chat.has_class("-writing")
        assert "Not yours" in desk.toasts


@pytest.mark.parametrize(
    ("answer", "deleted", "asks"), [("y", 1, 0), ("escape", 0, 0), ("enter", 0, 1), ("d", 0, 1)]
)
async def test_delete_asks_for_another_key_than_it_began_with(
    sit: Sit, answer: str, deleted: int, asks: int
) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "enter", "d")
        assert "Delete this comment?" in desk.text
        assert "Since Monday" in desk.text
        await desk.press(answer)
        assert desk.session.asked(DeleteComment) == [DeleteComment(FIRST, CommentId("c_2"))] * deleted
        assert (desk.app.screen is not desk.chat) is bool(asks)


async def test_delete_outside_of_a_thread_is_about_the_marker(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("left_square_bracket", "d")
        assert "Delete marker 2 and 1 comment?" in desk.text
        await desk.press("y")
        assert desk.session.asked(DeleteConversation) == [DeleteConversation(ConversationId("ic_2"))]


async def test_what_is_somebody_elses_is_not_deleted_and_that_is_said(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "d")
        assert "Only its author can delete the marker" in desk.toasts
        await desk.press("enter", "k", "k", "d")
        assert "Only its author can delete it" in desk.toasts
        assert desk.app.screen is desk.chat


@pytest.mark.parametrize(("keys", "gone"), [(["["], ConversationId("ic_2")), (["[", "enter"], None)])
async def test_a_yes_to_what_was_deleted_meanwhile_says_so(
    sit: Sit, keys: list[str], gone: ConversationId | None
) -> None:
    later = comment("c_4", "Again", by=eg.ALICE)
    state = two_threads()
    thread = state.confirmed.comments[ConversationId("ic_2")]
    state = eg.changed(
        state,
        comments=MappingProxyType(
            {
                **state.confirmed.comments,
                ConversationId("ic_2"): MappingProxyType({**thread, later.id: later}),
            }
        ),
    )
    async with sit(state) as desk:
        await desk.press(*keys, "d")
        if gone is not None:
            left = {k: v for k, v in state.confirmed.conversations.items() if k != gone}
            await desk.publish(eg.changed(state, conversations=MappingProxyType(left)))
        else:
            await desk.publish(two_threads())
        await desk.press("y")
        assert not desk.session.asked(DeleteComment)
        assert not desk.session.asked(DeleteConversation)
        assert "Already deleted" in desk.toasts


async def test_a_moderator_may_delete_what_is_somebody_elses(sit: Sit) -> None:
    state = two_threads()
    assert state.confirmed.me is not None
    async with sit(eg.changed(state, me=replace(state.confirmed.me, is_admin=True))) as desk:
        await desk.press("right_square_bracket", "d")
        assert "Delete marker 1 and 2 comments of 2 people?" in desk.text


async def test_resolve_and_reopen(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "x", "X")
        assert desk.session.asked(ResolveConversation) == [ResolveConversation(FIRST, True)]
        assert "Already open" in desk.toasts


async def test_keys_that_need_a_marker_say_so(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("r", "e", "d", "x")
        assert "No marker selected" in desk.toasts
        assert not [intent for intent in desk.session.intents if isinstance(intent, WRITES)]


async def test_a_reader_is_told_that_nothing_can_be_written(sit: Sit) -> None:
    async with sit(two_threads(read_only=True)) as desk:
        await desk.press("c")
        assert desk.focus == "picture"
        assert "Read-only" in desk.toasts


async def test_a_new_marker_on_a_markers_own_point_is_a_reply_and_called_so(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("]", "c")
        assert "Reply to marker 1" in desk.text
        await desk.type("same spot")
        await desk.press("enter")
        assert desk.session.asked(PostComment) == [PostComment(FIRST, "same spot")]


async def test_a_text_that_was_refused_and_left_comes_back_with_the_same_key(sit: Sit) -> None:
    async with sit() as desk:
        desk.session.refusing = OFFLINE
        await desk.press("c")
        await desk.type("once")
        await desk.press("enter", "escape", "c")
        assert desk.chat.composer.editor.text == "once"
        desk.session.refusing = None
        await desk.press("enter")
        assert [write.text for write in desk.session.asked(StartConversation)] == ["once", "once"]
        assert not desk.session.state.mine.drafts


async def test_escape_on_the_picture_leaves_the_text_that_is_being_written(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c")
        await desk.type("half")
        desk.chat.panes.go(desk.chat.picture)  # as a click does
        await desk.press("escape")
        assert desk.chat.composer.write is None
        assert [getattr(d.write, "text", "") for d in desk.session.state.mine.drafts] == ["half"]


async def test_a_reply_begins_below_the_newest_comment(sit: Sit) -> None:
    many = [comment(f"c_{n}", f"words {n}") for n in range(30)]
    async with sit(chat_state((conversation(1, 20.0, 20.0, comment_count=30), many))) as desk:
        await desk.press("]", "enter", "g", "g", "r")
        assert "words 29" in desk.text


async def test_a_second_target_does_not_swallow_the_first_text(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "r")
        await desk.type("first")
        desk.chat.panes.go(desk.chat.picture)
        await desk.press("h", "c")
        await desk.type("second")
        kept = {getattr(d.write, "text", "") for d in desk.session.state.mine.drafts}
        assert "first" in kept
        assert desk.chat.composer.editor.text == "second"


async def test_a_cyrillic_layout_acts_by_physical_key_and_types_what_it_types(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("с")
        assert desk.focus == "editor"
        await desk.type("съел")
        assert desk.chat.composer.editor.text == "съел"
        await desk.press("escape", "ъ")
        assert desk.chat.selection.selected_key == "ic_1"


async def test_own_other_sessions_bring_neither_toast_nor_bell(
    sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    async with sit(options={"bell": "on"}) as desk:
        monkeypatch.setattr(desk.app, "bell", lambda: rung.append(1))
        await desk.publish(two_threads(unread=frozenset()), Announce(News.SAVED, BroadcastId("other")))
        assert not desk.toasts
        assert not rung
        await desk.publish(two_threads(), Announce(News.COMMENT_ADDED, conversation_id=FIRST, by=eg.BOB))
        assert "Bob commented on marker 1" in desk.toasts
        assert rung
