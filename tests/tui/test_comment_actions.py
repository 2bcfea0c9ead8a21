"""Votes, pins, locks, flags and blocks: about the right comment, told in signs that are ASCII, refused in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.ids import CommentId, ConversationId
from imagechat_tui.protocol.models import Comment
from imagechat_tui.sync.intents import BlockAuthor, FlagComment, LockComment, PinComment, VoteComment
from imagechat_tui.sync.state import ChatState, CommentView
from imagechat_tui.tui.widgets.comment_list import facts_of, votes_words
from tests import examples as eg
from tests.tui.chat_parts import Parts
from tests.tui.conftest import Sit
from tests.tui.scripted_session import two_threads

BOBS, OWN = ConversationId("ic_1"), ConversationId("ic_2")
C1, C2, C3 = CommentId("c_1"), CommentId("c_2"), CommentId("c_3")


def judged(state: ChatState | None = None, home: ConversationId = BOBS, **changes: object) -> ChatState:
    """Bob's comment otherwise: voted on, pinned, locked …"""
    state = state or two_threads()
    threads = state.confirmed.comments
    first, *others = threads[home].values()
    thread: dict[CommentId, Comment] = {first.id: replace(first, **changes)} | {c.id: c for c in others}
    return eg.changed(state, comments={**threads, home: thread})


def closed() -> ChatState:
    """A moderator has closed Bob's thread."""
    state = two_threads()
    chats = state.confirmed.conversations
    return eg.changed(state, conversations={**chats, BOBS: replace(chats[BOBS], closed=True)})


def as_staff(state: ChatState | None = None) -> ChatState:
    state = state or two_threads()
    assert state.confirmed.me is not None
    return eg.changed(state, me=replace(state.confirmed.me, is_admin=True))


@pytest.mark.parametrize(
    ("direction", "before", "asked"), [(1, 0, 1), (-1, 0, -1), (1, 1, 0), (-1, -1, 0), (1, -1, 1)]
)
def test_the_same_vote_again_takes_it_back_and_the_other_takes_its_place(
    direction: int, before: int, asked: int
) -> None:
    own = {C1: eg.vote(comment_id=C1, direction=before, user_id=eg.ALICE)} if before else {}
    parts = Parts(eg.changed(two_threads(), votes=own))
    parts.selection.select(BOBS)
    parts.comment_actions.vote(direction)
    assert parts.session.intents == [VoteComment(BOBS, C1, asked)]


def test_in_an_open_thread_it_is_about_the_selected_comment_elsewhere_about_the_first() -> None:
    parts = Parts()
    parts.selection.open(BOBS)
    parts.selection.select_comment("c_2")
    parts.comment_actions.vote(1)
    assert parts.session.intents[-1] == VoteComment(BOBS, C2, 1)


def test_who_moderates_pins_and_locks_and_takes_that_back() -> None:
    parts = Parts(as_staff())
    parts.selection.select(BOBS)
    parts.comment_actions.pin()
    parts.comment_actions.lock()
    parts.show(as_staff(judged(is_pinned=True, is_locked=True)))
    parts.comment_actions.pin()
    parts.comment_actions.lock()
    assert parts.session.intents == [
        PinComment(BOBS, C1, True),
        LockComment(BOBS, C1, True),
        PinComment(BOBS, C1, False),
        LockComment(BOBS, C1, False),
    ]


def test_what_others_wrote_is_flagged_and_its_author_blocked() -> None:
    parts = Parts()
    parts.selection.select(BOBS)
    parts.comment_actions.flag()
    parts.comment_actions.block()
    parts.show(eg.changed(two_threads(), flagged=frozenset({C1}), blocked=frozenset({eg.BOB})))
    parts.comment_actions.flag()
    parts.comment_actions.block()
    assert parts.session.intents == [
        FlagComment(BOBS, C1, True),
        BlockAuthor(BOBS, C1, True),
        FlagComment(BOBS, C1, False),
        BlockAuthor(BOBS, C1, False),
    ]


REFUSED: dict[str, tuple[ChatState, ConversationId, Callable[[Parts], object], str]] = {
    "pin by a member": (two_threads(), BOBS, lambda p: p.comment_actions.pin(), "Only moderators and admins pin"),
    "lock by a member": (two_threads(), BOBS, lambda p: p.comment_actions.lock(), "moderators and admins lock"),
    "pin of a reply": (
        as_staff(judged(parent_id=C3)), BOBS, lambda p: p.comment_actions.pin(), "A reply cannot be pinned",
    ),
    "flag of one's own": (two_threads(), OWN, lambda p: p.comment_actions.flag(), "It is your own comment"),
    "block of oneself": (two_threads(), OWN, lambda p: p.comment_actions.block(), "It is your own comment"),
    "flag of staff": (
        judged(is_by_moderator=True), BOBS, lambda p: p.comment_actions.flag(), "moderators write cannot be flagged",
    ),
    "vote of a reader": (
        two_threads(read_only=True), BOBS, lambda p: p.comment_actions.vote(1), "may only read here",
    ),
    "reply in a closed thread": (closed(), BOBS, lambda p: p.actions.reply(), "closed this thread: it takes no"),
    "reply in a locked thread": (judged(is_locked=True), BOBS, lambda p: p.actions.reply(), "takes no replies"),
    "edit of what is locked": (
        judged(home=OWN, is_locked=True), OWN, lambda p: p.actions.edit(), "locked this comment",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_allowed_is_said_in_words_and_not_asked_for(case: str) -> None:
    state, home, act, words = REFUSED[case]
    parts = Parts(state)
    parts.selection.select(home)
    act(parts)
    assert words in parts.corner.text
    assert not parts.session.intents
    assert parts.text.target is None


def test_what_would_do_nothing_is_not_offered() -> None:
    parts = Parts()
    parts.selection.open(BOBS)
    parts.selection.select_comment("c_1")
    assert parts.availability.disabled_commands & {
        "comment.pin", "comment.lock", "comment.flag", "comment.block", "comment.vote-up",
    } == {"comment.pin", "comment.lock"}  # fmt: skip
    parts.show(closed())
    assert "thread.reply" in parts.availability.disabled_commands
    parts.show(as_staff(judged(is_locked=True)))
    assert not parts.availability.disabled_commands & {"comment.pin", "comment.lock"}
    assert "thread.reply" in parts.availability.disabled_commands


@pytest.mark.parametrize(
    ("up", "down", "voted", "words"),
    [(0, 0, 0, ""), (2, 0, 0, "+2"), (2, 1, 0, "+2 -1"), (2, 1, 1, "[+2] -1"), (0, 1, -1, "[-1]")],
)
def test_votes_are_counted_in_ascii_and_ones_own_stands_in_brackets(
    up: int, down: int, voted: int, words: str
) -> None:
    view = CommentView("c_1", eg.comment(votes_up=up, votes_down=down), voted=voted)
    assert votes_words(view) == words
    assert words.isascii()
    assert facts_of(view) == []


async def test_the_card_shows_votes_pins_locks_and_flags_as_they_come(sit: Sit) -> None:
    async with sit(size=(140, 36)) as desk:
        await desk.press("]", "enter", "g", "g")
        await desk.press("plus")
        assert desk.session.asked(VoteComment) == [VoteComment(BOBS, C1, 1)]
        await desk.press("minus", "g", "f", "g", "p")
        assert desk.session.asked(FlagComment) == [FlagComment(BOBS, C1, True)]
        assert "Only moderators and admins pin comments." in desk.toasts
        told = judged(votes=1, votes_up=2, votes_down=1, is_pinned=True, is_locked=True)
        own = {C1: eg.vote(comment_id=C1, user_id=eg.ALICE)}
        await desk.publish(eg.changed(told, votes=own, flagged=frozenset({C1})))
        assert "pinned · locked · flagged" in desk.text
        assert "[+2] -1 · " in desk.text
        assert "locked · 20.0 %" in desk.text
        await desk.press("r")
        assert "takes no replies" in desk.toasts
        await desk.publish(closed())
        assert "closed · 20.0 %" in desk.text
        await desk.publish(eg.changed(two_threads(), blocked=frozenset({eg.BOB})))
        assert "Logo is cut off" not in desk.text
        assert "Hidden: you have blocked its author." in desk.text


async def test_in_the_list_of_threads_a_vote_is_on_what_a_thread_began_with(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("tab", "G", "minus")
        assert desk.session.asked(VoteComment) == [VoteComment(OWN, C3, -1)]
