"""What keys do to a marker's place on another version of its picture."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import pytest
from msgspec.structs import replace

from imagechat_tui.commands import COMMANDS, Command
from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Placement, PlacementState, Point
from imagechat_tui.sync.effects import Announce, News, Tally, Undone
from imagechat_tui.sync.intents import DeleteConversation, MoveConversation, SetPlacement, UnsetPlacement
from imagechat_tui.sync.state import ChatState, Connection, Phase, Placings
from imagechat_tui.tui.chat.placement_actions import END, GO_ON, OF_OTHERS, PlacementActions
from imagechat_tui.tui.dialogs.details import facts
from imagechat_tui.tui.picture.marker_chips import ThreadChips
from imagechat_tui.words import newer_words, placement_words, tally_words
from tests import examples as eg
from tests.tui.chat_parts import Parts
from tests.tui.conftest import Sit
from tests.tui.scripted_session import two_threads

BOBS, OWN = ConversationId("ic_1"), ConversationId("ic_2")
THERE = Point(40.0, 70.0)


def on_version_two(**states: str) -> ChatState:
    """Both markers were made on version 1; where they are on version 2, by id."""
    state = two_threads()
    conversations = {key: replace(one, version=1) for key, one in state.confirmed.conversations.items()}
    placements = {}
    for key, known in states.items():
        one = conversations[ConversationId(key)]
        kept = known in ("guess", "same", "changed")
        placements[one.id] = Placement(
            one.id, one.point if kept else THERE, PlacementState(known), None if known == "set" else one.point
        )
    return replace(
        state,
        confirmed=replace(state.confirmed, conversations=MappingProxyType(conversations)),
        placings=Placings(2, True, MappingProxyType(placements)),
    )


class Acting:
    """The keys about places, on the parts of a screen."""

    def __init__(self, state: ChatState, selected: ConversationId | None = BOBS) -> None:
        self.parts = parts = Parts(state)
        parts.state.show(state, writing=None)
        parts.selection.select(selected)
        self.changes = 0
        self.actions = PlacementActions(
            parts.state,
            parts.session.dispatch,
            selection=parts.selection,
            picture=parts.picture,
            notices=parts.notices,
            refusals=parts.refusals,
            current=lambda: parts.actions.thread,
            on_change=self._changed,
        )

    def _changed(self) -> None:
        self.changes += 1

    @property
    def asked(self) -> list[object]:
        return list(self.parts.session.intents)


@pytest.mark.parametrize("command", ["marker.confirm", "marker.take", "marker.put-back"])
@pytest.mark.parametrize("marker", [BOBS, OWN, None], ids=["Bob's", "own", "none"])
@pytest.mark.parametrize(
    "state",
    [
        two_threads(),
        two_threads(read_only=True),
        two_threads(connection=Connection(Phase.OFFLINE)),
        *(on_version_two(ic_1=known, ic_2=known) for known in PlacementState),
    ],
    ids=["made on it", "read only", "offline", *PlacementState],
)
def test_just_the_keys_that_do_something_are_offered(
    state: ChatState, marker: ConversationId | None, command: str
) -> None:
    acting = Acting(state, marker)
    offered = command not in acting.parts.availability.disabled_commands
    act = {
        "marker.confirm": acting.actions.confirm,
        "marker.take": acting.actions.take,
        "marker.put-back": acting.actions.put_back,
    }[command]
    assert offered is (bool(act()) or bool(acting.asked))


def test_those_to_check_are_walked_round_and_the_crosshair_goes_along() -> None:
    acting = Acting(on_version_two(ic_1="moved", ic_2="guess"), None)
    for _ in range(2):
        acting.actions.look(1)
        assert acting.parts.selection.selected_key == OWN
    thread = acting.parts.state.thread(OWN)
    assert thread is not None
    assert acting.parts.picture.crosshair == thread.point
    assert "Marker 2: where is it now?" in acting.parts.corner.text
    assert "1 to check." in acting.parts.corner.text
    acting = Acting(on_version_two(ic_1="guess", ic_2="guess"), None)
    walked = []
    for step in (1, 1, 1, -1, -1):
        acting.actions.look(step)
        walked.append(acting.parts.selection.selected_key)
    assert walked == [BOBS, OWN, BOBS, OWN, BOBS]


@pytest.mark.parametrize(
    ("known", "said"), [("guess", True), ("moved", True), ("changed", True), ("set", False)]
)
def test_a_place_is_confirmed_as_it_is_drawn(known: str, said: bool) -> None:
    acting = Acting(on_version_two(ic_1=known))
    thread = acting.parts.state.thread(BOBS)
    assert thread is not None
    acting.actions.confirm()
    assert acting.asked == ([SetPlacement(BOBS, thread.point)] if said else [])
    assert acting.parts.corner.text


def test_what_moved_goes_back_to_its_percent_and_what_was_said_is_taken_back() -> None:
    acting = Acting(on_version_two(ic_1="moved", ic_2="set"))
    thread = acting.parts.state.thread(BOBS)
    assert thread is not None
    acting.actions.put_back()
    acting.parts.selection.select(OWN)
    acting.actions.put_back()
    assert acting.asked == [SetPlacement(BOBS, thread.conversation.point), UnsetPlacement(OWN)]
    acting = Acting(on_version_two(ic_1="guess"))
    acting.actions.put_back()
    assert acting.asked == []
    assert "Nothing to put back here." in acting.parts.corner.text


def test_a_marker_that_is_taken_goes_with_the_crosshair_until_it_is_dropped() -> None:
    acting = Acting(on_version_two(ic_1="guess"))
    threads = acting.parts.state.threads
    assert acting.actions.shown(threads) == threads
    assert acting.actions.take()
    assert acting.parts.picture.crosshair == threads[0].point
    acting.parts.picture.move_to(Point(1, 2))
    first, second = acting.actions.shown(threads)
    assert (first.point, first.to_check, second) == (Point(1, 2), False, threads[1])
    assert acting.actions.drop()
    assert not acting.actions.drop()
    assert acting.asked == [SetPlacement(BOBS, Point(1, 2))]
    assert acting.changes == 2


def test_a_marker_that_is_let_go_is_where_it_was() -> None:
    acting = Acting(on_version_two(ic_1="guess"))
    assert not acting.actions.release()
    acting.actions.take()
    acting.parts.picture.move_to(Point(1, 2))
    assert acting.actions.release()
    assert not acting.actions.holds
    assert acting.actions.shown(acting.parts.state.threads) == acting.parts.state.threads
    assert acting.asked == []


def test_on_its_own_version_a_marker_moves_for_everybody_if_it_is_ones_own() -> None:
    acting = Acting(two_threads(), OWN)
    assert acting.actions.take()
    acting.parts.picture.move_to(Point(1, 2))
    acting.actions.drop()
    assert acting.asked == [MoveConversation(OWN, Point(1, 2))]
    others = Acting(two_threads(), BOBS)
    assert not others.actions.take()
    assert "Only its author can move it" in others.parts.corner.text


REFUSED = {
    *("marker.new", "thread.reply", "thread.edit", "thread.delete", "thread.undo", "thread.resolve"),
    *("thread.reopen", "marker.next", "marker.previous", "picture.next", "picture.previous", "picture.list"),
    *("marker.unread", "thread.unread", "thread.read", "compare.cycle", "compare.blink", "look.next"),
    *("look.previous", "marker.confirm", "marker.take", "marker.put-back", "image.elsewhere", "image.anew"),
    *("thread.details", "marker.hints", "marker.shown", "pane.next", "app.reconnect", "app.unsent"),
    *("list.next", "list.previous", "list.half-page-down", "list.half-page-up", "list.first", "list.last"),
    *("comment.vote-up", "comment.vote-down", "comment.pin", "comment.lock", "comment.flag", "comment.block"),
    *("list.open", "thread.act", "find.search", "find.next", "find.previous", "find.filter"),
}
"""What would be about another marker or picture, or about this one in another place."""


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_while_a_marker_is_moved_each_key_brings_it_on_or_ends_that_or_is_refused_in_words(
    command: Command,
) -> None:
    acting = Acting(on_version_two(ic_1="guess"))
    assert not acting.actions.refuses(command.id)
    acting.actions.take()
    refused = acting.actions.refuses(command.id)
    assert ("You are moving marker 1: Enter drops it here" in acting.parts.corner.text) == refused
    assert refused + (command.id in GO_ON) + (command.id in END) <= 1
    assert refused == (command.id in REFUSED)
    if command.context in OF_OTHERS:
        assert refused or command.id in GO_ON | END
    acting.actions.drop()
    assert not acting.actions.refuses(command.id)


def test_a_marker_that_is_deleted_while_it_is_moved_is_dropped_nowhere() -> None:
    acting = Acting(on_version_two(ic_1="guess"))
    acting.actions.take()
    acting.parts.state.show(
        eg.changed(acting.parts.state.shown, conversations=MappingProxyType({})), writing=None
    )
    acting.actions.follow()
    assert not acting.actions.holds
    assert "no longer exists" in acting.parts.corner.text


def test_a_marker_that_is_deleted_at_the_very_drop_begins_no_new_one() -> None:
    acting = Acting(on_version_two(ic_1="guess"))
    acting.actions.take()
    acting.parts.state.show(
        eg.changed(acting.parts.state.shown, conversations=MappingProxyType({})), writing=None
    )
    assert acting.actions.drop()
    assert acting.asked == []


def test_a_marker_is_not_dropped_on_another_version_than_it_was_taken_on() -> None:
    acting = Acting(on_version_two(ic_1="guess"))
    acting.actions.take()
    state = acting.parts.state.shown
    acting.parts.state.show(replace(state, placings=Placings(3)), writing=None)
    acting.actions.follow()
    assert not acting.actions.drop()
    assert acting.asked == []
    assert "The picture is another version now, and marker 1 is where it was." in acting.parts.corner.text


def test_on_a_picture_that_the_server_has_not_seen_nothing_is_said_of_places() -> None:
    acting = Acting(replace(on_version_two(), placings=Placings(-1, told=True)))
    acting.actions.confirm()
    assert not acting.actions.take()
    assert acting.asked == []
    assert "Not one of its versions" in acting.parts.corner.text


ACTS: dict[str, Callable[[PlacementActions], object]] = {
    "gm": PlacementActions.take,
    "g=": PlacementActions.confirm,
    "gu": PlacementActions.put_back,
}


@pytest.mark.parametrize("known", ["guess", "moved", "set"])
@pytest.mark.parametrize("act", ACTS)
def test_crosshair_and_selection_are_on_the_marker_that_a_key_was_about(act: str, known: str) -> None:
    if (act, known) in (("g=", "set"), ("gu", "guess")):
        return  # nothing is done
    acting = Acting(on_version_two(ic_1=known, ic_2="same"), OWN)
    parts = acting.parts
    parts.selection.open_key = BOBS  # the open one is meant, though another is selected
    ACTS[act](acting.actions)
    assert parts.selection.selected_key == BOBS
    thread = parts.state.thread(BOBS)
    assert thread is not None
    assert parts.picture.crosshair == thread.point
    if act == "gu":
        there = on_version_two(ic_1="guess", ic_2="same")
        parts.selection.pointed_at(thread.point)
        parts.state.show(there, writing=None)
        parts.selection.follow()
        assert parts.picture.crosshair == thread.conversation.point


def test_a_crosshair_that_was_moved_on_is_not_taken_back_to_the_marker() -> None:
    acting = Acting(on_version_two(ic_1="set"))
    acting.actions.put_back()
    acting.parts.picture.move_to(Point(1, 2))
    acting.parts.selection.pointed_at(Point(1, 2))
    acting.parts.state.show(on_version_two(ic_1="guess"), writing=None)
    acting.parts.selection.follow()
    assert acting.parts.picture.crosshair == Point(1, 2)


def test_a_marker_that_comes_back_is_looked_at() -> None:
    parts = Parts(two_threads())
    parts.state.show(two_threads(), writing=None)
    parts.actions.delete_marker(parts.state.threads[1])
    gone = dict(parts.state.shown.confirmed.conversations)
    back = MappingProxyType(dict(gone))
    del gone[OWN]
    parts.state.show(eg.changed(two_threads(), conversations=MappingProxyType(gone)), writing=None)
    parts.selection.follow()
    parts.news.show([Announce(News.UNDONE, write=DeleteConversation(OWN), undone=Undone(2))])
    parts.state.show(eg.changed(two_threads(), conversations=back), writing=None)
    parts.selection.follow()
    assert parts.selection.selected_key == OWN
    assert parts.picture.crosshair == back[OWN].point


def test_a_marker_that_was_moved_back_is_looked_at() -> None:
    parts = Parts(two_threads())
    parts.news.show([Announce(News.UNDONE, write=MoveConversation(OWN, Point(1, 2)), undone=Undone(2))])
    assert parts.selection.selected_key == OWN
    assert parts.picture.crosshair == two_threads().confirmed.conversations[OWN].point


def test_who_gives_up_moving_a_marker_has_the_crosshair_on_it() -> None:
    acting = Acting(on_version_two(ic_1="moved"))
    acting.actions.take()
    acting.parts.picture.move_to(Point(1, 2))
    assert acting.actions.give_up()
    assert acting.parts.picture.crosshair == THERE
    assert not acting.actions.give_up()


@pytest.mark.parametrize("why", ["read-only", "not connected"])
def test_nothing_is_said_of_places_where_nothing_may_be_written(why: str) -> None:
    state = on_version_two(ic_1="guess")
    offline = eg.changed(state, connection=Connection(Phase.OFFLINE))
    acting = Acting(eg.changed(state, read_only=True) if why == "read-only" else offline)
    acting.actions.confirm()
    acting.actions.put_back()
    assert not acting.actions.take()
    assert acting.asked == []
    assert acting.parts.corner.text


def test_a_marker_to_check_says_so_wherever_its_number_stands() -> None:
    acting = Acting(on_version_two(ic_1="guess", ic_2="moved"))
    chips = ThreadChips().of(acting.parts.state.threads, selected=None, shown="all")
    assert [chip.label for chip in chips] == ["~1", "2"]
    assert chips[1].point == THERE
    thread = acting.parts.state.thread(BOBS)
    assert thread is not None
    told = dict(facts(acting.parts.state.shown, thread, None))
    assert told["made on"].startswith("version 1, at ")
    assert told["on v2"].startswith("a guess")


async def test_keys_walk_take_and_drop_a_marker(sit: Sit) -> None:
    async with sit() as desk:
        desk.session.publish(on_version_two(ic_1="guess", ic_2="same"))
        await desk.until(lambda: "~1" in desk.text)
        await desk.press("right_parenthesis")
        await desk.until(lambda: "where is it now?" in desk.toasts)
        await desk.press("g", "m", "l", "l", "enter")
        asked = desk.session.intents[-1]
        assert isinstance(asked, SetPlacement)
        assert asked.conversation_id == BOBS
        assert asked.point == desk.chat.picture.crosshair
        await desk.press("g", "m", "l", "d", "escape")
        assert "You are moving marker 1" in desk.toasts
        assert desk.app.screen is desk.chat
        assert desk.session.intents[-1] != SetPlacement(BOBS, desk.chat.picture.crosshair)
        await desk.press("g", "equals_sign")
        await desk.until(lambda: "Marker 1 is right there." in desk.toasts)


@pytest.mark.parametrize(
    ("tally", "said"),
    [
        (Tally(2, 3, stay=9, moved=2, to_check=1), "9 markers stay, 2 moved along, 1 to check."),
        (Tally(2, 3, stay=1, changed=1), "1 marker stays (1 changed)."),
        (Tally(2, 3, to_check=4), "None of its 4 markers was found again. ) walks them, gn starts anew."),
        (Tally(2, 3, to_check=4, unseen=4), "4 markers to check: the picture from before was not kept here."),
    ],
)
async def test_what_became_of_the_markers_is_told(sit: Sit, tally: Tally, said: str) -> None:
    async with sit() as desk:
        desk.session.publish(desk.session.state, Announce(News.PLACED, tally=tally))
        await desk.until(lambda: said in desk.toasts)
        assert "v2 → v3" in desk.toasts


@pytest.mark.parametrize(
    ("before", "version", "words"),
    [
        (None, 2, "Markers on v2"),
        (1, 2, "v1 → v2"),
        (4, 2, "v4 → v2"),
        (None, -1, "Markers on this picture"),
        (2, -1, "v2 → this picture"),
        (-1, 3, "this picture → v3"),
    ],
)
def test_it_is_said_from_which_version_the_person_came_if_they_had_one(
    before: int | None, version: int, words: str
) -> None:
    assert tally_words(Tally(before, version, moved=1)).title == words


def test_a_newer_version_that_is_ones_own_is_no_others() -> None:
    assert newer_words("Anna", 2).sentence == "Anna has a newer one: v2."
    assert newer_words(None, 2).sentence == "You have already opened a newer one: v2."


async def test_how_far_it_is_with_looking_stands_in_the_status_line(sit: Sit) -> None:
    async with sit() as desk:
        state = on_version_two()
        desk.session.publish(replace(state, placings=Placings(2, coming=40, placed=25)))
        await desk.until(lambda: "placing 25/40" in desk.lines[-1])
        desk.session.publish(state)
        await desk.until(lambda: "placing" not in desk.lines[-1])


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        (None, "a guess: the same percent. "),
        (Point(10.0, 20.0), "a guess: the same percent. "),
        (Point(50.0, 40.0), "a guess: the percent where it was known last, on another version. "),
    ],
)
def test_a_guess_says_whose_percent_it_is(origin: Point | None, said: str) -> None:
    guess = Placement(ConversationId("ic_1"), Point(10.0, 20.0), PlacementState.GUESS, origin)
    assert placement_words(guess).startswith(said)


@pytest.mark.parametrize("another", [True, False], ids=["another", "the same, read again"])
async def test_a_picture_that_comes_while_a_marker_is_taken_along_lets_it_go(sit: Sit, another: bool) -> None:
    async with sit() as desk:
        desk.session.publish(on_version_two(ic_1="guess", ic_2="same"))
        await desk.until(lambda: "~1" in desk.text)
        await desk.press("right_parenthesis", "g", "m", "l", "l")
        shown = desk.chat.picture.picture
        assert shown is not None
        desk.chat.show_picture(replace(shown, sha256="ab" * 32) if another else shown)
        assert desk.chat.placement_actions.holds is not another
        assert ("Not moved The picture is another version now" in desk.toasts) is another
        await desk.press("enter")
        assert any(isinstance(asked, SetPlacement) for asked in desk.session.intents) is not another
