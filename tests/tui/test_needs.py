"""What a key needs it waits for: the picture, the first answer, the server's word about what it is for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from imagechat_tui.problems import Problem, ProblemKind
from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.image import Picture
from imagechat_tui.sync.intents import Look, MoveCrosshair, PostComment, StartConversation
from imagechat_tui.sync.state import ChatState, Connection, Phase
from imagechat_tui.tui import key_order
from tests.tui.conftest import Desk, Sit, grey_picture
from tests.tui.engine_session import EngineSession
from tests.tui.scripted_session import NOW_S, ScriptedSession, chat_state, comment, conversation, two_threads


class SlowPicture:
    """A picture that comes when it is let."""

    def __init__(self) -> None:
        self.come: asyncio.Future[Picture] = asyncio.get_running_loop().create_future()

    async def load(self, progress: Callable[[float], None]) -> Picture:
        return await self.come


@pytest.fixture
def soon_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_order, "NOTICE_AFTER_S", 0.0)


async def told(desk: Desk, words: str) -> None:
    await desk.until(lambda: words in desk.toasts)


MOVES = [
    ["l"],
    ["l", "l", "j"],
    ["L", "h", "+", "l", "k"],
    ["+", "0", "J"],
    ["Z", "l"],
    ["z", "l"],
    ["+", "]", "l"],
]


@pytest.mark.parametrize("keys", MOVES)
async def test_moves_from_before_the_picture_are_made_up_for(sit: Sit, keys: list[str]) -> None:
    async with sit() as desk:
        await desk.press(*keys)
        crosshair, scene = desk.chat.picture.crosshair, desk.chat.picture._finder.scene
        assert crosshair != Point(50.0, 50.0)
    slow = SlowPicture()
    async with sit(load=slow.load) as desk:
        await desk.press(*keys)
        assert desk.app.keys.at_rest
        slow.come.set_result(grey_picture())
        await desk.until(lambda: desk.chat.picture.is_drawn and desk.chat.picture._finder.scene is not None)
        assert desk.chat.picture.crosshair == crosshair
        assert desk.chat.picture._finder.scene == scene


async def test_a_new_marker_waits_for_the_picture_and_its_text_with_it(sit: Sit) -> None:
    slow = SlowPicture()
    async with sit(load=slow.load) as desk:
        await desk.press("l", "l", "c", *"hello")
        assert desk.app.keys.waiting
        assert not desk.chat.has_class("-writing")
        slow.come.set_result(grey_picture())
        await desk.until(lambda: desk.app.keys.at_rest)
        crosshair = desk.chat.picture.crosshair
        assert crosshair != Point(50.0, 50.0)
        assert desk.chat.composer.target == StartConversation(crosshair, "")
        assert desk.chat.composer.editor.text == "hello"


async def test_what_needs_no_picture_does_not_wait_for_it(sit: Sit) -> None:
    slow = SlowPicture()
    async with sit(load=slow.load) as desk:
        await desk.press("l", "tab", "enter", "r", *"yes")
        assert desk.chat.composer.editor.text == "yes"
        assert isinstance(desk.chat.composer.target, PostComment)
        slow.come.set_result(grey_picture())
        await desk.until(lambda: desk.chat.picture.is_drawn)


def in_the_middle() -> ChatState:
    """A marker where the crosshair stands at first."""
    return chat_state((conversation(1), [comment("ct_1", "here")]))


@pytest.mark.parametrize("state", [chat_state, two_threads, in_the_middle])
@pytest.mark.parametrize("begin", ["c", "enter"])
async def test_a_marker_whose_place_never_came_is_refused_with_its_text(
    sit: Sit, begin: str, state: Callable[[], ChatState]
) -> None:
    slow = SlowPicture()
    async with sit(state(), load=slow.load) as desk:
        await desk.press("l", begin, *"see? @xq", "enter")
        slow.come.set_exception(OSError("gone"))
        await desk.until(lambda: desk.app.keys.at_rest)
        await desk.press()
        assert "A marker needs a picture" in desk.toasts
        assert "9 keys typed behind it dropped." in desk.toasts
        assert desk.focus == "picture"
        assert len(desk.app.screen_stack) == 1
        assert not [i for i in desk.session.intents if not isinstance(i, MoveCrosshair)]
        await desk.press("tab")
        assert desk.focus == "threads"


async def test_a_reply_to_the_selected_marker_needs_no_picture(sit: Sit) -> None:
    slow = SlowPicture()
    async with sit(load=slow.load) as desk:
        await desk.press("l", "]", "c", *"yes")
        slow.come.set_exception(OSError("gone"))
        await desk.until(lambda: desk.app.keys.at_rest)
        assert isinstance(desk.chat.composer.target, PostComment)
        assert desk.chat.composer.editor.text == "yes"


def of_bob_alone(**overrides: Any) -> ChatState:
    """A marker in which the person has written nothing."""
    return chat_state((conversation(1, 20.0, 20.0), [comment("c_1", "Bob's")]), **overrides)


NOTHING_CAME = chat_state(
    connection=Connection(phase=Phase.OFFLINE, problem=Problem(ProblemKind.UNREACHABLE), lost_at_s=NOW_S)
)


@pytest.mark.parametrize(
    ("state", "keys", "words"),
    [
        (NOTHING_CAME, ["r"], "The threads have not come yet"),
        (NOTHING_CAME, ["e"], "The threads have not come yet"),
        (of_bob_alone(), ["]", "e"], "Nothing to edit"),
        (of_bob_alone(), ["]", "enter", "e"], "Not yours"),
        (of_bob_alone(read_only=True), ["]", "r"], "Read-only"),
        (of_bob_alone(read_only=True), ["c"], "Read-only"),
        (two_threads(read_only=True), ["]", "]", "e"], "Read-only"),
    ],
)
async def test_words_behind_a_key_that_opens_no_text_are_no_commands(
    sit: Sit, state: ChatState, keys: list[str], words: str
) -> None:
    async with sit(state) as desk:
        await desk.press(*keys[:-1])
        focus, sent = desk.focus, len(desk.session.intents)
        await desk.type(f"{keys[-1]}xd the X")
        assert words in desk.toasts
        assert "8 keys typed behind it dropped." in desk.toasts
        assert desk.focus == focus
        assert {type(intent) for intent in desk.session.intents[sent:]} <= {Look}


async def test_who_quits_behind_a_refused_marker_quits(sit: Sit) -> None:
    slow = SlowPicture()
    async with sit(load=slow.load) as desk:
        await desk.press("c", *"abc", "ctrl+q")
        if not slow.come.done():  # keys that wait for too long are dropped before the one that quits
            slow.come.set_exception(OSError("gone"))
        await desk.until(desk.session.stopped.is_set)


@pytest.mark.usefixtures("soon_told")
async def test_who_is_told_that_keys_wait_for_the_picture_can_drop_them(sit: Sit) -> None:
    slow = SlowPicture()
    async with sit(load=slow.load) as desk:
        await desk.press("c", *"abc")
        await told(desk, "The picture is not there yet")
        await desk.press("escape", "tab")
        assert desk.focus == "threads"
        slow.come.set_result(grey_picture())
        await desk.until(lambda: desk.chat.picture.is_drawn)
        assert desk.chat.composer.target is None
        assert desk.focus == "threads"


@pytest.mark.usefixtures("soon_told")
async def test_who_is_told_that_keys_wait_can_quit(sit: Sit) -> None:
    slow = SlowPicture()
    async with sit(load=slow.load) as desk:
        await desk.press("c", *"abc")
        await told(desk, "The picture is not there yet")
        await desk.press("ctrl+q")
        await desk.until(desk.session.stopped.is_set)


async def test_a_command_from_the_list_waits_as_its_key_does(sit: Sit) -> None:
    slow = SlowPicture()
    async with sit(load=slow.load) as desk:
        await desk.press(":")
        await desk.type("new marker")
        await desk.press("enter", *"abc")
        assert desk.app.keys.waiting
        slow.come.set_result(grey_picture())
        await desk.until(lambda: desk.app.keys.at_rest)
        assert desk.chat.composer.editor.text == "abc"


@pytest.mark.parametrize(
    ("keys", "opened"), [(["]"], None), (["]", "enter"], "ic_1"), (["tab", "j", "j", "enter"], "ic_2")]
)
async def test_keys_about_threads_wait_for_the_first_list(
    sit: Sit, keys: list[str], opened: str | None
) -> None:
    session = ScriptedSession(ChatState(two_threads().room))
    async with sit(session=session) as desk:
        await desk.press(*keys)
        assert desk.app.keys.waiting
        await desk.publish(two_threads())
        await desk.until(lambda: desk.app.keys.at_rest)
        assert desk.chat.selection.open_key == opened
        assert desk.chat.selection.selected_key == (opened or "ic_1")


async def test_keys_about_a_marker_wait_until_it_is_saved(sit: Sit) -> None:
    session = EngineSession()
    async with sit(session=session) as desk:
        await desk.press("c", *"ab", "enter", "r", *"more")
        assert desk.app.keys.waiting
        session.world.replies(session.sent()[-1].broadcast_id)
        session.tell()
        await desk.until(lambda: desk.app.keys.at_rest)
        assert isinstance(desk.chat.composer.target, PostComment)
        assert desk.chat.composer.editor.text == "more"


async def test_where_a_key_goes_to_waits_until_what_is_deleted_is_gone(sit: Sit) -> None:
    session = EngineSession()
    async with sit(session=session) as desk:
        await desk.press("]", "enter", "tab", "d", "y", "tab")
        assert desk.app.keys.waiting
        session.world.replies(session.sent()[-1].broadcast_id)
        session.tell()
        await desk.until(lambda: desk.app.keys.at_rest)
        assert desk.focus == "threads"  # and not the comments, which are gone
