"""Which thread is selected and which one is open, whatever becomes of both."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.intents import CloseThread, OpenThread
from imagechat_tui.sync.state import ChatState
from tests import examples as eg
from tests.tui.chat_parts import Parts
from tests.tui.scripted_session import chat_state, conversation, two_threads

FIRST, SECOND = "ic_1", "ic_2"


def without(key: str) -> ChatState:
    state = two_threads()
    kept = {k: v for k, v in state.confirmed.conversations.items() if k != key}
    return eg.changed(state, conversations=MappingProxyType(kept))


@pytest.mark.parametrize(
    ("steps", "selected"),
    [([1], FIRST), ([1, 1], SECOND), ([1, 1, 1], FIRST), ([-1], SECOND), ([1, -1], SECOND)],
)
def test_steps_go_round_and_take_the_crosshair_along(steps: list[int], selected: str) -> None:
    parts = Parts()
    for step in steps:
        assert parts.selection.step(step) == parts.selection.selected_key
    assert parts.selection.selected_key == selected
    assert parts.picture.crosshair == parts.state.threads[selected == SECOND].conversation.point
    assert parts.selection.open_key is None


def test_where_there_is_no_marker_a_step_leads_nowhere() -> None:
    assert Parts(chat_state()).selection.step(1) is None


def test_a_marker_selected_in_the_list_comes_into_view_and_the_crosshair_stays() -> None:
    parts = Parts()
    parts.selection.select_in_list(SECOND)
    assert parts.picture.middle == Point(80.0, 70.0)
    assert parts.picture.crosshair == Point(50.0, 50.0)


def test_keys_are_about_the_open_thread_and_else_about_the_selected_one() -> None:
    parts = Parts()
    selection = parts.selection
    assert selection.current is None
    selection.select(FIRST)
    assert selection.current is parts.state.thread(FIRST)
    selection.open(SECOND)
    selection.select(FIRST)
    assert selection.current is parts.state.thread(SECOND)


def test_opening_goes_to_the_newest_comment_and_tells_the_session_once() -> None:
    parts = Parts()
    parts.selection.open(FIRST)
    parts.selection.open(FIRST)
    assert parts.session.asked(OpenThread) == [OpenThread(ConversationId(FIRST))]
    assert parts.display.comment_key == "c_2"
    assert parts.picture.middle == parts.picture.crosshair == Point(20.0, 20.0)
    parts.selection.close()
    assert parts.session.asked(CloseThread)
    assert (parts.selection.open_key, parts.selection.selected_key) == (None, FIRST)
    assert parts.keys_to == "threads"


def test_what_is_not_there_is_not_opened() -> None:
    parts = Parts()
    parts.selection.open("ic_9")
    assert parts.selection.open_key is None
    assert not parts.session.intents


def test_the_next_unread_is_looked_for_from_the_selected_one_on_and_round() -> None:
    parts = Parts(two_threads(unread=frozenset({ConversationId(FIRST)})))
    parts.selection.select(FIRST)
    assert parts.selection.open_next_unread()
    assert parts.selection.open_key == FIRST
    parts.show(two_threads())
    assert not parts.selection.open_next_unread()


@pytest.mark.parametrize(("gone", "step", "next_one"), [(2, 1, 3), (2, -1, 1), (3, 1, 1), (1, -1, 3)])
def test_where_somebody_deletes_the_selected_marker_none_is_selected(
    gone: int, step: int, next_one: int
) -> None:
    def three(*numbers: int) -> ChatState:
        return chat_state(*((conversation(n, 10.0 * n), []) for n in numbers))

    parts = Parts(three(1, 2, 3))
    parts.selection.select(f"ic_{gone}")
    parts.show(three(*{1, 2, 3} - {gone}))
    assert (parts.selection.selected_key, parts.selection.current, parts.display.selected) == (
        None,
        None,
        None,
    )
    parts.show()
    assert parts.selection.step(step) == f"ic_{next_one}"


def test_a_selected_marker_that_this_screen_deletes_leaves_the_selection_to_its_neighbour() -> None:
    parts = Parts()
    parts.selection.select(FIRST)
    parts.selection.deleting.add(FIRST)
    parts.show(without(FIRST))
    assert (parts.selection.selected_key, parts.selection.deleting) == (SECOND, set())


def test_an_open_thread_that_vanishes_can_still_be_read_and_no_key_is_about_it() -> None:
    parts = Parts()
    parts.selection.open(FIRST)
    parts.show(without(FIRST))
    assert parts.selection.open_key == FIRST
    assert parts.selection.gone
    assert not parts.selection.current
    assert parts.display.title == "deleted in another session of yours"
    parts.show(two_threads())  # it was not deleted after all
    assert not parts.selection.gone
    assert parts.selection.current


def test_an_open_thread_that_this_screen_deletes_closes_when_it_is_gone() -> None:
    parts = Parts()
    parts.selection.open(FIRST)
    parts.selection.deleting.add(FIRST)
    parts.show()
    assert parts.selection.open_key
    parts.show(without(FIRST))
    assert not parts.selection.open_key
    assert not parts.selection.deleting


def test_what_was_saved_stays_selected_and_open_under_its_own_id() -> None:
    sent, saved = conversation(3, id=ConversationId("b9")), conversation(3)
    parts = Parts(chat_state((sent, [])))
    parts.selection.open("b9")
    parts.selection.saved("b9", conversation_id="ic_3", comment_id=None)
    parts.show()  # the news come before the state
    assert parts.selection.open_key == "b9"
    parts.show(chat_state((saved, [])))
    assert (parts.selection.open_key, parts.selection.selected_key) == ("ic_3", "ic_3")


def test_a_comment_that_was_saved_stays_selected_under_its_own_id() -> None:
    parts = Parts()
    parts.selection.open(FIRST)
    parts.selection.select_comment("b9")
    parts.selection.saved("b9", conversation_id=None, comment_id="c_1")
    parts.show()
    assert parts.display.comment_key == "c_1"


def test_the_comment_that_a_key_edits_is_the_selected_one_else_the_last_own_one() -> None:
    parts = Parts()
    thread = parts.state.thread(FIRST)
    assert thread is not None
    mine = parts.selection.to_edit(thread)
    assert mine is not None
    assert mine.key == "c_2"
    parts.selection.open(FIRST)
    parts.selection.select_comment("c_1")
    chosen = parts.selection.to_edit(thread)
    assert chosen is not None
    assert chosen.key == "c_1"


def test_the_title_counts_what_is_open_once_it_is_known() -> None:
    assert Parts().display.title == "2 open"
    starting = two_threads()
    starting = replace(starting, connection=replace(starting.connection, as_of_s=None))
    assert Parts(starting).display.title == "None open"
