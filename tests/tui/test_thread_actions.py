"""What keys do to a thread or a comment: about the right one, after asking, and never without a word."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId
from imagechat_tui.sync.effects import Announce, News, Undone
from imagechat_tui.sync.intents import (
    BlockAuthor,
    CommentWrite,
    DeleteComment,
    DeleteConversation,
    DiscardDraft,
    EditComment,
    FlagComment,
    LockComment,
    MarkRead,
    MoveConversation,
    PinComment,
    PostComment,
    ResolveConversation,
    Undo,
    VoteComment,
    Write,
)
from imagechat_tui.sync.state import Draft, OutboxEntry, Peer, WriteStatus
from imagechat_tui.tui.chat.needs import Need
from imagechat_tui.tui.chat.screen_state import PictureStatus
from tests import examples as eg
from tests.tui.chat_parts import Parts
from tests.tui.scripted_session import chat_state, two_threads

BOBS, OWN = ConversationId("ic_1"), ConversationId("ic_2")


def in_flight(state_of: str) -> Parts:
    """Marker 2 is being resolved."""
    entry = OutboxEntry(
        BroadcastId("b"), ResolveConversation(OWN, True), WriteStatus(state_of), sent_at_s=1.0
    )
    parts = Parts(two_threads(outbox=(entry,)))
    parts.selection.select(OWN)
    return parts


def test_a_marker_is_deleted_after_a_yes_and_not_before() -> None:
    parts = Parts()
    parts.selection.select(OWN)
    parts.actions.delete()
    assert parts.question == (
        "Delete marker 2 and 1 comment? Total is wrong It can be brought back for 10 minutes."
    )
    assert not parts.session.intents
    parts.answer()
    assert parts.session.intents == [DeleteConversation(OWN)]
    assert parts.selection.deleting == {OWN}


def test_in_an_open_thread_the_selected_comment_is_deleted() -> None:
    parts = Parts()
    parts.selection.open(BOBS)
    parts.actions.delete()
    assert parts.question == "Delete this comment? Since Monday"
    parts.answer()
    assert parts.session.intents[-1] == DeleteComment(BOBS, CommentId("c_2"))


def test_the_only_comment_of_a_thread_is_the_marker() -> None:
    parts = Parts()
    parts.selection.open(OWN)
    parts.actions.delete()
    assert parts.question.startswith("Delete marker 2 and 1 comment?")


def test_what_a_server_deletes_for_good_is_said_before() -> None:
    parts = Parts(two_threads(peer=Peer.HOSTED))
    parts.selection.select(OWN)
    parts.actions.delete()
    assert "Nobody can bring it back" in parts.question


def test_of_a_marker_that_is_deleted_it_is_said_how_it_comes_back() -> None:
    parts = Parts()
    parts.selection.select(OWN)
    parts.actions.delete()
    parts.answer()
    parts.news.show([Announce(News.SAVED, write=DeleteConversation(OWN), conversation_id=OWN)])
    assert parts.corner.text == "Marker 2 deleted. u brings it back, for 10 minutes."
    parts.actions.undo()
    assert parts.session.intents == [DeleteConversation(OWN), Undo()]
    assert not parts.corner.text


UNDONE = [
    (News.UNDONE, ResolveConversation(OWN, True), None, 7, "Reopened #7 again."),
    (News.UNDONE, ResolveConversation(OWN, False), None, 7, "Resolved #7 again."),
    (News.UNDONE, MoveConversation(OWN, eg.point(1, 1)), None, 7, "Moved #7 back."),
    (News.UNDONE, EditComment(OWN, CommentId("c"), "x"), None, 7, "A comment on #7 reads as before."),
    (News.NOT_UNDONE, PinComment(OWN, CommentId("c"), True), None, 7, "Not undone A comment on #7 has changed since."),
    (News.UNDONE, DeleteConversation(OWN), None, None, "Brought the marker back."),
    (News.NOT_UNDONE, ResolveConversation(OWN, True), None, 7, "Not undone #7 has changed since."),
    (
        News.NOT_UNDONE, DeleteComment(OWN, CommentId("c")), ProblemKind.UNSUPPORTED, 7,
        "Not undone A deleted comment cannot be brought back.",
    ),
    (
        News.NOT_UNDONE, DeleteConversation(OWN), ProblemKind.UNSUPPORTED, 7,
        "Not undone This server deletes for good.",
    ),
    (
        News.NOT_UNDONE, EditComment(OWN, CommentId("c"), "x"), ProblemKind.UNSUPPORTED, 7,
        "Not undone How it was before is not known.",
    ),
    (News.NOT_UNDONE, None, ProblemKind.NO_ANSWER, None, "Not undone What you did last has no answer yet."),
]  # fmt: skip


@pytest.mark.parametrize(("news", "write", "kind", "marker", "words"), UNDONE)
def test_what_was_undone_or_was_not_is_told(
    news: News, write: Write | None, kind: ProblemKind | None, marker: int | None, words: str
) -> None:
    parts = Parts()
    problem = None if kind is None else Problem(kind)
    parts.news.show([Announce(news, write=write, problem=problem, undone=Undone(marker))])
    assert parts.corner.text == words


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (EditComment(BOBS, CommentId("c_2"), "x"), "Your comment on #1 reads as before."),
        (EditComment(BOBS, CommentId("c_1"), "x"), "Bob's comment on #1 reads as before."),
        (VoteComment(BOBS, CommentId("c_1"), 1), "Your vote on Bob's comment on #1 is as before."),
        (PinComment(BOBS, CommentId("c_1"), True), "Unpinned Bob's comment on #1 again."),
        (PinComment(BOBS, CommentId("c_2"), False), "Pinned your comment on #1 again."),
        (LockComment(BOBS, CommentId("c_1"), True), "Unlocked Bob's comment on #1 again."),
        (LockComment(BOBS, CommentId("c_1"), False), "Locked Bob's comment on #1 again."),
        (FlagComment(BOBS, CommentId("c_1"), True), "Took back your flag on Bob's comment on #1."),
        (FlagComment(BOBS, CommentId("c_1"), False), "Flagged Bob's comment on #1 again."),
        (BlockAuthor(BOBS, CommentId("c_1"), True), "What Bob writes is shown again."),
        (BlockAuthor(BOBS, CommentId("c_1"), False), "What Bob writes is hidden again."),
    ],
)
def test_of_a_comment_it_is_said_which_one_was_meant(write: CommentWrite, words: str) -> None:
    parts = Parts(two_threads())
    home = write.conversation_id
    parts.news.show([Announce(News.UNDONE, conversation_id=home, write=write, undone=Undone(1))])
    assert parts.corner.text == words


def test_that_undoing_needs_the_server_is_told_with_why() -> None:
    parts = Parts()
    offline = Problem(ProblemKind.OFFLINE)
    parts.news.show([Announce(News.NOT_UNDONE, write=ResolveConversation(OWN, True), problem=offline)])
    assert "Not undone" in parts.corner.text
    assert "Nothing has changed." in parts.corner.text


@pytest.mark.parametrize(
    ("threads", "words"), [(1, "1 thread is unread again."), (3, "3 threads are unread again.")]
)
def test_what_was_read_or_placed_and_is_so_no_more_is_told(threads: int, words: str) -> None:
    parts = Parts()
    parts.news.show([Announce(News.UNDONE, undone=Undone(threads=threads))])
    assert parts.corner.text == words
    parts.news.show([Announce(News.NOT_UNDONE, undone=Undone())])
    assert parts.corner.text == "Not undone Those threads have been read on since."
    parts.news.show([Announce(News.UNDONE, undone=Undone(7, placed="moved"))])
    assert parts.corner.text.endswith("Moved #7 back.")
    parts.news.show([Announce(News.UNDONE, undone=Undone(7, placed="unconfirmed"))])
    assert parts.corner.text.endswith("The place of #7 is confirmed no more.")
    parts.news.show([Announce(News.UNDONE, undone=Undone(7, placed="confirmed"))])
    assert parts.corner.text.endswith("The place of #7 is confirmed again.")
    parts.news.show([Announce(News.NOT_UNDONE, undone=Undone(7, placed="moved"))])
    assert parts.corner.text.endswith("#7 was placed anew since, or the picture is another version.")
    parts.news.show([Announce(News.NOTHING_TO_UNDO)])
    assert "Nothing to undo" in parts.corner.text


def test_undoing_waits_for_the_answer_to_what_was_done_last() -> None:
    assert in_flight("pending").availability.lacks(Need.SAVED, "thread.undo")
    assert not in_flight("checking").availability.lacks(Need.SAVED, "thread.undo")
    assert not Parts().availability.lacks(Need.SAVED, "thread.undo")


def test_what_was_deleted_while_the_question_stood_is_not_deleted_again() -> None:
    parts = Parts()
    parts.selection.open(BOBS)
    parts.actions.delete()
    dispatched = len(parts.session.intents)
    state = two_threads()
    parts.show(eg.changed(state, comments=MappingProxyType({BOBS: MappingProxyType({})})))
    parts.answer()
    assert len(parts.session.intents) == dispatched
    assert "Already deleted" in parts.corner.text


def test_what_somebody_else_wrote_is_theirs() -> None:
    parts = Parts()
    parts.selection.select(BOBS)
    parts.actions.delete()
    assert "Only its author can delete the marker." in parts.corner.text
    parts.selection.open(BOBS)
    parts.selection.select_comment("c_1")
    parts.actions.edit()
    assert "Only its author can edit it." in parts.corner.text
    assert not parts.drafting.is_writing
    assert {"thread.edit", "thread.delete"} <= parts.availability.disabled_commands


@pytest.mark.parametrize("status", ["pending", "checking"])
def test_what_is_in_flight_is_not_touched_a_second_time(status: str) -> None:
    parts = in_flight(status)
    parts.actions.delete()
    assert "The server has not confirmed it yet." in parts.corner.text
    assert not parts.question
    assert "thread.delete" in parts.availability.disabled_commands
    assert parts.availability.lacks(Need.SAVED, "thread.delete") is (status == "pending")


def test_a_draft_is_dropped_after_a_yes() -> None:
    lost = Problem(ProblemKind.UNREACHABLE)
    failed = Draft("f", PostComment(BOBS, "mine"), BroadcastId("f"), lost)
    parts = Parts(two_threads(drafts=(failed,)))
    parts.selection.open(BOBS)
    parts.actions.delete()
    assert parts.question == "Discard this draft? mine"
    parts.answer()
    assert parts.session.intents[-1] == DiscardDraft("f")


def test_editing_opens_the_thread_at_the_comment() -> None:
    parts = Parts()
    parts.selection.select(BOBS)
    parts.actions.edit()
    assert parts.selection.open_key == BOBS
    assert parts.display.comment_key == "c_2"
    assert parts.text.target == EditComment(BOBS, CommentId("c_2"), "")


def test_resolving_what_is_resolved_only_says_so() -> None:
    parts = Parts()
    parts.selection.select(OWN)
    parts.actions.resolve(False)
    assert parts.corner.text == "Already open."
    parts.actions.resolve(True)
    assert parts.session.intents == [ResolveConversation(OWN, True)]
    assert not parts.corner.text


def test_without_a_thread_a_key_says_what_to_do() -> None:
    parts = Parts()
    for act in (parts.actions.reply, parts.actions.edit, parts.actions.delete):
        act()
        assert "No marker selected" in parts.corner.text
    parts.selection.open(BOBS)
    parts.show(chat_state())
    parts.actions.reply()
    assert "This thread no longer exists." in parts.corner.text


def test_a_reader_may_do_nothing_and_is_told_so() -> None:
    parts = Parts(two_threads(read_only=True))
    parts.selection.select(OWN)
    for act in (parts.actions.reply, parts.actions.delete, lambda: parts.actions.resolve(True)):
        parts.corner.clear()
        act()
        assert parts.corner.text
    assert not parts.session.intents
    assert parts.availability.forbidden_commands <= parts.availability.disabled_commands


# Which commands would do nothing


def test_an_empty_picture_has_nothing_to_go_to() -> None:
    disabled = Parts(chat_state()).availability.disabled_commands
    assert {"marker.next", "list.open", "marker.unread", "thread.reply"} <= disabled
    assert "marker.new" not in disabled


def test_without_a_picture_there_are_no_markers_and_nobody_waits_for_it() -> None:
    parts = Parts()
    assert parts.availability.lacks(Need.PICTURE, "marker.new")
    parts.state.picture = PictureStatus.MISSING
    assert not parts.availability.lacks(Need.PICTURE, "marker.new")
    assert {"marker.new", "image.open"} <= parts.availability.disabled_commands


def test_a_hosted_server_resolves_nothing() -> None:
    parts = Parts(two_threads(peer=Peer.HOSTED))
    parts.selection.select(OWN)
    assert {"thread.resolve", "thread.reopen"} <= parts.availability.disabled_commands


def test_while_something_is_being_deleted_a_key_that_goes_on_waits() -> None:
    entry = OutboxEntry(BroadcastId("b"), DeleteConversation(OWN), WriteStatus.PENDING, sent_at_s=1.0)
    parts = Parts(two_threads(outbox=(entry,)))
    assert parts.availability.lacks(Need.SAVED, "marker.next")
    assert not Parts().availability.lacks(Need.SAVED, "marker.next")


def test_what_is_marked_read_is_what_is_shown_and_the_rest_is_told() -> None:
    unread = frozenset(map(ConversationId, ("ic_1", "ic_2")))
    parts = Parts(two_threads(unread=unread))
    parts.hidden = {"ic_1"}
    parts.actions.mark_all_read()
    assert parts.session.asked(MarkRead) == [MarkRead((ConversationId("ic_2"),))]
    assert "1 thread marked read. 1 unread is hidden" in parts.corner.text
