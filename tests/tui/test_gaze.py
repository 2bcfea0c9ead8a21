"""What counts as read: the end of the open thread on screen, with keys and the terminal's focus going to it."""

from __future__ import annotations

import pytest
from textual import events

from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.sync.intents import Look
from imagechat_tui.tui.chat.gaze import Gaze
from tests import examples as eg
from tests.tui.chat_parts import Parts
from tests.tui.conftest import Desk, Sit
from tests.tui.scripted_session import chat_state, comment

FIRST, SECOND = ConversationId("ic_1"), ConversationId("ic_2")


class Eyes:
    """A gaze over parts without a screen."""

    def __init__(self) -> None:
        self.parts = Parts()
        self.in_view = self.has_focus = True
        self.gaze = Gaze(
            self.parts.state,
            self.parts.session.dispatch,
            selection=self.parts.selection,
            in_view=lambda: self.in_view,
            has_focus=lambda: self.has_focus,
        )
        self._taken = 0

    def told(self) -> list[Look]:
        looks = self.parts.session.asked(Look)
        fresh, self._taken = looks[self._taken :], len(looks)
        return fresh

    def open(self, key: str) -> None:
        self.gaze.pressed()
        self.parts.selection.open(key)
        self.gaze.follow()


def test_opening_is_told_once_and_closing_too() -> None:
    eyes = Eyes()
    eyes.open(FIRST)
    eyes.gaze.follow()
    assert eyes.told() == [Look(FIRST, once=True)]
    eyes.parts.selection.close()
    eyes.gaze.follow()
    eyes.gaze.follow()
    assert eyes.told() == [Look()]


@pytest.mark.parametrize("lacks", ["in_view", "has_focus"])
def test_what_is_not_seen_is_not_looked_at(lacks: str) -> None:
    eyes = Eyes()
    setattr(eyes, lacks, False)
    eyes.open(FIRST)
    assert eyes.told() == []
    setattr(eyes, lacks, True)
    eyes.gaze.follow()
    assert eyes.told() == [Look(FIRST, once=True)]
    setattr(eyes, lacks, False)
    eyes.gaze.follow()
    assert eyes.told() == [Look()]


def test_where_the_terminal_tells_no_focus_each_key_tells_that_the_person_is_there() -> None:
    eyes = Eyes()
    eyes.open(FIRST)
    eyes.gaze.pressed()
    assert eyes.told() == [Look(FIRST, once=True)] * 2


def test_a_terminal_that_tells_its_focus_is_believed() -> None:
    eyes = Eyes()
    eyes.gaze.focus_told()
    eyes.open(FIRST)
    eyes.gaze.pressed()
    assert eyes.told() == [Look(FIRST)]


def test_what_is_come_by_on_a_walk_is_not_looked_at_until_a_key_is_pressed_in_it() -> None:
    eyes = Eyes()
    eyes.open(FIRST)
    eyes.told()
    eyes.parts.selection.open(SECOND)
    eyes.gaze.passes()
    eyes.gaze.follow()
    assert eyes.told() == [Look()]
    eyes.gaze.pressed()
    assert eyes.told() == [Look(SECOND, once=True)]


def test_a_thread_that_the_server_does_not_have_is_not_looked_at() -> None:
    eyes = Eyes()
    eyes.parts.selection.open_key = "ic_9"
    eyes.gaze.follow()
    assert eyes.told() == []


# On the screen


def looks(desk: Desk) -> Look:
    told: list[Look] = desk.session.asked(Look)
    return told[-1] if told else Look()


async def test_enter_looks_at_a_thread_and_another_pane_does_not(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "enter")
        assert looks(desk) == Look(FIRST, once=True)
        for _ in range(2):
            await desk.press("tab")
            assert looks(desk) == Look()
            await desk.press("tab")
            assert looks(desk) == Look(FIRST, once=True)
        await desk.press("escape")
        assert looks(desk) == Look()


async def test_a_walk_through_open_threads_looks_at_none(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "enter")
        for key in ("right_square_bracket", "left_square_bracket", "right_square_bracket"):
            await desk.press(key)
            assert looks(desk) == Look()
        await desk.press("j")
        assert looks(desk) == Look(SECOND, once=True)


async def test_a_dialog_over_a_thread_hides_it(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "enter", "question_mark")
        assert looks(desk) == Look()
        await desk.press("escape")
        assert looks(desk) == Look(FIRST, once=True)


async def test_a_terminal_without_the_focus_shows_its_threads_to_nobody(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("right_square_bracket", "enter")
        desk.app.post_message(events.AppBlur())
        await desk.until(lambda: looks(desk) == Look())
        desk.app.post_message(events.AppFocus())
        await desk.until(lambda: looks(desk) == Look(FIRST))


@pytest.mark.parametrize("keys", [("k",) * 6, ("home",), ("ctrl+u",) * 3])
async def test_a_thread_whose_end_is_out_of_view_is_not_looked_at(sit: Sit, keys: tuple[str, ...]) -> None:
    many = [comment(f"c_{n}", "a line\n" * 8) for n in range(6)]
    async with sit(chat_state((eg.conversation(id=FIRST), many))) as desk:
        await desk.press("right_square_bracket", "enter")
        assert looks(desk) == Look(FIRST, once=True)
        await desk.press(*keys)
        await desk.until(lambda: looks(desk) == Look())
        await desk.press("G")
        await desk.until(lambda: looks(desk) == Look(FIRST, once=True))


async def test_the_wheel_takes_the_end_out_of_view(sit: Sit) -> None:
    many = [comment(f"c_{n}", "a line\n" * 8) for n in range(6)]
    async with sit(chat_state((eg.conversation(id=FIRST), many))) as desk:
        await desk.press("right_square_bracket", "enter")
        desk.chat.comments.scroll_relative(y=-5, animate=False)
        await desk.until(lambda: looks(desk) == Look())
