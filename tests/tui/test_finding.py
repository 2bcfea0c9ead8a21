"""What the filter hides and the search goes to, and that neither reads anything."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from msgspec.structs import replace

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.ids import BroadcastId, ConversationId
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.intents import MarkRead, OpenThread, PostComment, StartConversation, Write
from imagechat_tui.sync.state import ChatState, Draft, OutboxEntry, WriteStatus
from tests import examples as eg
from tests.tui.chat_parts import Parts
from tests.tui.conftest import Sit
from tests.tui.scripted_session import chat_state, comment, conversation, two_threads

SAID = ("Logo is cut off", "Total is wrong", "The logo again", "Footer", "logo, resolved")
KEYS = [f"ic_{n}" for n in range(1, len(SAID) + 1)]


def five(*, more: tuple[str, ...] = (), **overrides: object) -> ChatState:
    """Markers 1 to 5 by Bob, the last one resolved."""
    threads = [
        (conversation(n, 10.0 * n, 50.0, resolved=n == 5), [comment(f"c_{n}", text)])
        for n, text in enumerate((*SAID, *more), 1)
    ]
    return chat_state(*threads, **overrides)


def resolved(state: ChatState, key: str) -> ChatState:
    conversations = dict(state.confirmed.conversations)
    conversations[ConversationId(key)] = replace(conversations[ConversationId(key)], resolved=True)
    return eg.changed(state, conversations=MappingProxyType(conversations))


def filtered(text: str, state: ChatState | None = None) -> Parts:
    parts = Parts(five() if state is None else state)
    parts.finding.filter()
    parts.finding.typed(text)
    parts.finding.entered(text)
    return parts


def listed(parts: Parts) -> list[str]:
    return [thread.key for thread in parts.display.threads]


def test_what_is_not_meant_is_hidden_while_it_is_typed_and_counted() -> None:
    parts = Parts(five())
    parts.finding.filter()
    assert (parts.line.label, parts.line.text, parts.line.note) == ("Filter", "", "")
    parts.finding.typed("logo")
    assert (listed(parts), parts.line.note, parts.state.hidden) == (["ic_1", "ic_3", "ic_5"], "2 hidden", 2)
    parts.finding.entered("logo is:open")
    assert (listed(parts), parts.line.open) == (["ic_1", "ic_3"], False)
    assert parts.display.title == "3 hidden by logo is:open"


def test_what_means_nothing_changes_nothing_and_is_not_kept() -> None:
    parts = Parts(five())
    parts.finding.filter()
    parts.finding.typed("footer")
    parts.finding.typed("footer is:clo")
    assert listed(parts) == ["ic_4"]
    parts.finding.entered("footer is:clo")
    assert parts.line.open
    assert parts.line.note == "It takes one of open, resolved, mine, unread, check, mention."


def test_a_filter_that_is_left_is_the_one_there_was_before() -> None:
    parts = filtered("footer")
    parts.finding.filter()
    assert parts.line.text == "footer"
    parts.finding.typed("logo")
    assert parts.finding.leave()
    assert (listed(parts), parts.line.open) == (["ic_4"], False)
    assert not parts.finding.leave()


def test_every_thread_is_shown_once_the_filter_is_cleared_or_empty() -> None:
    parts = filtered("footer")
    assert parts.filtering.clear()
    assert listed(parts) == KEYS
    assert not parts.filtering.clear()
    parts = filtered("footer")
    parts.finding.filter()
    parts.finding.entered("  ")
    assert listed(parts) == KEYS
    assert parts.display.title == "4 open"


def test_a_filter_holds_while_others_write() -> None:
    parts = filtered("logo")
    parts.show(five(more=("Another one", "One more logo")))
    assert (listed(parts), parts.state.hidden) == (["ic_1", "ic_3", "ic_5", "ic_7"], 3)


def test_what_is_read_is_not_hidden_until_another_is_selected() -> None:
    unread = frozenset({ConversationId("ic_2")})
    parts = filtered("is:unread", five(unread=unread))
    parts.selection.open("ic_2", entered=True)
    parts.show(five())
    assert listed(parts) == ["ic_2"]
    parts.selection.close()
    assert (listed(parts), parts.selection.selected_key) == (["ic_2"], "ic_2")
    parts.selection.select(None)
    assert (listed(parts), parts.display.title) == ([], "5 hidden by is:unread")


@pytest.mark.parametrize("goes_on", [1, -1])
def test_a_selected_marker_that_the_filter_means_no_more_stays_until_one_moves_on(goes_on: int) -> None:
    parts = filtered("is:open")
    parts.selection.select("ic_3")
    parts.show(resolved(five(), "ic_3"))
    assert (listed(parts), parts.selection.selected_key) == (KEYS[:4], "ic_3")
    assert parts.display.title == "1 hidden by is:open"
    parts.selection.step(goes_on)
    assert parts.selection.selected_key == ("ic_4" if goes_on > 0 else "ic_2")
    assert (listed(parts), parts.display.selected) == (["ic_1", "ic_2", "ic_4"], parts.selection.selected_key)
    assert parts.display.title == "2 hidden by is:open"


def test_a_marker_of_ones_own_is_seen_saved_where_the_filter_hides_it() -> None:
    entry = OutboxEntry(
        BroadcastId("b9"), StartConversation(Point(5.0, 5.0), "new"), WriteStatus.PENDING, 1.0
    )
    parts = filtered("footer", five(outbox=(entry,)))
    parts.selection.select("b9")
    parts.selection.saved("b9", conversation_id="ic_6", comment_id=None)
    parts.show(five(more=("new",)))
    assert (listed(parts), parts.selection.selected_key) == (["ic_4", "ic_6"], "ic_6")
    parts.selection.select("ic_4")
    assert listed(parts) == ["ic_4"]


def test_a_filter_that_is_typed_hides_what_was_selected() -> None:
    parts = Parts(five())
    parts.selection.select("ic_2")
    parts.finding.filter()
    parts.finding.typed("total")
    parts.finding.typed("logo")
    assert (listed(parts), parts.selection.selected_key) == (["ic_1", "ic_3", "ic_5"], "ic_1")


@pytest.mark.parametrize("failed", [False, True])
def test_what_is_not_saved_is_never_hidden(failed: bool) -> None:
    writes: tuple[Write, ...] = (
        PostComment(ConversationId("ic_2"), "hm"),
        StartConversation(Point(5.0, 5.0), "new"),
    )
    problem = Problem(ProblemKind.OFFLINE)
    state = (
        five(drafts=tuple(Draft(f"b{n}", w, BroadcastId(f"b{n}"), problem) for n, w in enumerate(writes)))
        if failed
        else five(
            outbox=tuple(
                OutboxEntry(BroadcastId(f"b{n}"), w, WriteStatus.PENDING, 1.0) for n, w in enumerate(writes)
            )
        )
    )
    assert listed(filtered("footer", state)) == ["ic_2", "ic_4", "b1"]


def test_next_and_previous_go_among_what_is_shown() -> None:
    parts = filtered("logo")
    parts.selection.select("ic_1")
    assert [parts.selection.step(step) for step in (1, 1, 1, -1)] == ["ic_3", "ic_5", "ic_1", "ic_5"]


def test_only_what_the_filter_shows_is_marked_read() -> None:
    unread = frozenset(map(ConversationId, KEYS[:3]))
    parts = filtered("logo", five(unread=unread))
    parts.actions.mark_all_read()
    assert parts.session.intents == [MarkRead((ConversationId("ic_1"), ConversationId("ic_3")))]
    assert parts.corner.text == "2 threads marked read. 1 unread is hidden: Esc shows it."


# Searching


def searched(text: str, *, at: str | None = None, state: ChatState | None = None) -> Parts:
    parts = Parts(five() if state is None else state)
    parts.selection.select(at)
    parts.finding.search()
    parts.finding.typed(text)
    parts.finding.entered(text)
    return parts


def test_a_search_goes_to_the_first_from_here_on_while_it_is_typed() -> None:
    parts = Parts(five())
    parts.selection.select("ic_2")
    parts.finding.search()
    parts.finding.typed("lo")
    assert (parts.selection.selected_key, parts.line.note) == ("ic_3", "2 of 3")
    assert parts.picture.crosshair == Point(30.0, 50.0)
    parts.finding.typed("logo off")
    assert (parts.selection.selected_key, parts.line.note) == ("ic_1", "1 of 1")
    parts.finding.typed("logo offer")
    assert (parts.selection.selected_key, parts.line.note) == ("ic_2", "not found")
    parts.finding.typed("is:")
    assert parts.line.note.startswith("It takes")


def test_a_search_that_is_left_goes_back_to_where_one_was() -> None:
    parts = Parts(five())
    parts.selection.select("ic_2")
    parts.picture.move_to(Point(1.0, 2.0))
    parts.finding.search()
    parts.finding.typed("footer")
    parts.finding.leave()
    assert (parts.selection.selected_key, parts.picture.crosshair) == ("ic_2", Point(1.0, 2.0))
    parts.finding.step(1)
    assert "Nothing searched yet" in parts.corner.text


def test_what_was_found_is_walked_round_and_round_and_nothing_is_opened() -> None:
    parts = searched("logo", at="ic_2")
    assert parts.corner.text == "2 of 3 for logo"
    for step in (1, 1, -1, -1, -1):
        parts.finding.step(step)
    assert parts.arrived == ["ic_3", "ic_5", "ic_1", "ic_5", "ic_3", "ic_1"]
    parts.selection.select("ic_4")
    parts.finding.step(-1)
    parts.selection.select("ic_4")
    parts.finding.step(1)
    assert parts.arrived[-2:] == ["ic_3", "ic_5"]
    assert not parts.session.asked(OpenThread)


@pytest.mark.parametrize(("step", "key"), [(1, "ic_1"), (-1, "ic_5")])
def test_where_nothing_is_selected_a_search_begins_at_an_end(step: int, key: str) -> None:
    parts = searched("logo")
    parts.selection.select(None)
    parts.finding.step(step)
    assert parts.arrived == ["ic_1", key]


def test_nothing_typed_means_what_was_searched_last() -> None:
    parts = searched("logo")
    parts.finding.search()
    parts.finding.entered("")
    assert parts.arrived == ["ic_1", "ic_3"]


def test_what_was_not_found_is_said_and_leaves_one_where_one_was() -> None:
    parts = searched("nobody wrote this", at="ic_2")
    assert (parts.arrived, parts.selection.selected_key) == ([], "ic_2")
    assert parts.corner.text == "Not found: nobody wrote this"
    parts.selection.select("ic_4")
    parts.finding.step(1)
    assert parts.selection.selected_key == "ic_4"


def test_what_the_filter_hides_is_not_found_but_told() -> None:
    parts = filtered("footer")
    parts.finding.search()
    parts.finding.entered("logo")
    assert parts.corner.text == "Not found: logo. The filter hides 3; Esc shows all."


def test_a_search_holds_while_others_write() -> None:
    parts = searched("logo", at="ic_5")
    parts.show(five(more=("Another logo",)))
    parts.finding.step(1)
    assert parts.selection.selected_key == "ic_6"


# On the screen


async def test_a_filter_is_typed_and_told_wherever_one_looks(sit: Sit) -> None:
    async with sit(two_threads()) as desk:
        await desk.press("F")
        await desk.type("is:mine")
        assert "1 hidden" in desk.lines[-1]
        assert [thread.key for thread in desk.chat.picture.threads] == ["ic_2"]
        await desk.press("enter")
        assert "Threads · 1 hidden · is:mine" in desk.text
        assert "1 hidden" in desk.lines[-1]
        assert (desk.focus, desk.shows("#find")) == ("picture", False)
        await desk.press("space")
        await desk.press("escape")
        assert "hidden" not in desk.text
        assert len(desk.chat.picture.threads) == 2


async def test_a_search_is_typed_and_walked_and_reads_nothing(sit: Sit) -> None:
    state = two_threads(unread=frozenset({ConversationId("ic_1")}))
    async with sit(state, notes=True) as desk:
        await desk.press("slash")
        await desk.type("is")
        await desk.press("tab")
        assert (desk.chat.selection.selected_key, desk.focus) == ("ic_1", "picture")
        await desk.press("n", "N", "N")
        assert desk.chat.selection.selected_key == "ic_2"
        assert desk.chat.selection.open_key is None
        await desk.press("F")
        await desk.type("is:resolved")
        await desk.press("enter", "space")
        assert "1 unread is hidden by the filter. Esc shows all." in desk.toasts
        assert desk.session.asked(OpenThread) == []


async def test_what_is_typed_is_text_and_a_click_elsewhere_keeps_it(sit: Sit) -> None:
    async with sit(two_threads()) as desk:
        await desk.press("F")
        await desk.type("quit?dM")
        assert desk.chat.find_line.text == "quit?dM"
        await desk.pilot.click("#threads")
        await desk.settle()
        assert (desk.shows("#find"), desk.focus) == (False, "threads")
        assert "No thread matches." in desk.text
