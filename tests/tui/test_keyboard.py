"""What a key does, by where the focus is: told to an app and a screen that only write it down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
from textual import events
from textual.app import App
from textual.geometry import Size

from imagechat_tui.tui import key_order, keyboard
from imagechat_tui.tui.chat.needs import PATIENCE_S, Need
from imagechat_tui.tui.chat.screen import ChatScreen
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.commands import ActiveCommand
from imagechat_tui.tui.keyboard import Keyboard
from imagechat_tui.tui.textual_internals.event_loop import settled
from imagechat_tui.tui.textual_internals.terminal_events import Burst, LineBreak, Pasted


def key(name: str) -> events.Key:
    return events.Key(name, name if len(name) == 1 else None)


def click(x: int, y: int) -> events.MouseDown:
    return events.MouseDown(None, x, y, 0, 0, 1, False, False, False)


class Widget:
    """Something that may have the focus: a text, or not."""

    def __init__(self, done: list[str], *, text: bool = False) -> None:
        self.done, self.is_text = done, text
        self.choosing = False

    def check_consume_key(self, key: str, character: str) -> bool:
        return self.is_text

    def type_in(self, text: str) -> None:
        self.done.append(f"typed {text!r}")


class Desk:
    """App, main screen and what they did."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.bound: set[str] = set()
        self.bound_first: set[str] = set()
        self.keys_begun = ""
        self.lacking: dict[Need, str] = {}
        self.noticed = asyncio.Event()
        self.now_s = 0.0
        # The app
        self.picture, self.list = Widget(self.done), Widget(self.done)
        self.editor = Widget(self.done, text=True)
        self.focused = self.picture
        self.attended = False
        self.mouse_captured: object | None = None
        self.size, self.active_bindings = Size(80, 24), dict[str, Any]()
        self.screen = self
        # The main screen
        self.composer = self.availability = self.notices = self.gaze = self.placement_actions = self
        self.refused_now = ""
        """The command that is refused while a marker is moved."""
        clock = Clock(wall_ms=lambda: 0, engine_s=lambda: self.now_s)
        chat = cast(ChatScreen, self)
        self.keyboard = Keyboard(cast("App[Any]", self), chat=lambda: chat, pass_on=self.pass_on, clock=clock)

    def pressed(self) -> None:
        pass

    def take_focus(self, app: object) -> None:
        self.attended = True

    async def pass_on(self, event: events.Event) -> None:
        self.done.append(f"passed {event.key if isinstance(event, events.Key) else type(event).__name__}")

    async def run_bound(self, app: object, name: str, *, priority: bool = False) -> bool:
        has = name in (self.bound_first if priority else self.bound)
        if has:
            self.done.append(f"ran {name}{' first' if priority else ''}")
        return has

    async def run_action(self, action: str, node: object) -> None:
        self.done.append(f"action {action}")

    def refuse_key(self, name: str) -> None:
        self.done.append(f"refused {name}")

    async def sent(self) -> bool:
        return False

    @property
    def takes_keys(self) -> bool:
        return self.focused is self.editor

    def lacks(self, need: Need, command_id: str | None) -> bool:
        return command_id is not None and self.lacking.get(need) == command_id

    def refuses(self, command_id: str | None) -> bool:
        return command_id is not None and command_id == self.refused_now

    def notice(self, title: str, sentence: str) -> None:
        self.done.append(f"noticed {title}")
        self.noticed.set()

    def needs(self, name: str, command_id: str) -> None:
        """Bind a key to a command that can need something."""
        self.bound.add(name)
        self.active_bindings[name] = SimpleNamespace(binding=SimpleNamespace(id=command_id), enabled=True)

    def take(self, *names: str) -> None:
        for name in names:
            assert self.keyboard.takes(key(name))

    async def rest(self) -> None:
        async with asyncio.timeout(60):
            await self.keyboard.order.rest()


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    async def no_layout(screen: object) -> bool:
        return False

    there = Desk()
    monkeypatch.setattr(keyboard, "run_bound", there.run_bound)
    monkeypatch.setattr(keyboard, "lay_out", no_layout)
    monkeypatch.setattr(keyboard, "take_focus", there.take_focus)
    async with running(there):
        yield there


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[None]:
    task = asyncio.get_running_loop().create_task(desk.keyboard.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_where_a_text_is_written_letters_are_words_and_no_commands(desk: Desk) -> None:
    desk.focused = desk.editor
    desk.bound.update("rc")
    desk.take("r", "c", "enter")
    await desk.rest()
    assert desk.done == ["typed 'rc'", "passed enter"]


async def test_elsewhere_a_letter_is_the_command_of_its_physical_key(desk: Desk) -> None:
    desk.bound.add("c")
    desk.take("с")
    await desk.rest()
    assert desk.done == ["ran c"]


async def test_what_is_bound_with_priority_comes_first(desk: Desk) -> None:
    desk.bound.add("q")
    desk.bound_first.add("q")
    desk.take("q")
    await desk.rest()
    assert desk.done == ["ran q first"]


async def test_a_key_without_a_use_is_answered(desk: Desk) -> None:
    desk.take("%")
    await desk.rest()
    assert desk.done == ["refused %"]


async def test_while_a_letter_is_chosen_the_picture_has_all_keys_but_those_of_the_app(desk: Desk) -> None:
    desk.picture.choosing = True
    desk.bound.add("r")
    desk.bound_first.add("ctrl+q")
    desk.take("r", "ctrl+q")
    desk.focused = desk.picture
    await desk.rest()
    desk.focused = desk.list
    desk.take("r")
    await desk.rest()
    assert desk.done == ["passed r", "ran ctrl+q first", "ran r"]


@pytest.mark.parametrize(
    ("behind", "done"),
    [
        (["g"], ["ran g g"]),
        (["п"], ["ran g g"]),
        (["escape"], []),
        (["escape", "g", "g"], ["ran g g"]),
        (["x"], ["refused g x"]),
        (["x", "x"], ["refused g x", "ran x"]),
        (["ctrl+l", "g"], ["ran ctrl+l first", "ran g g"]),
        (["ctrl+q"], ["ran ctrl+q first"]),
        (["question_mark", "x"], ["ran question_mark", "ran x"]),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_two_keys_are_one_command_at_any_pace(
    desk: Desk, behind: list[str], done: list[str], at_once: bool
) -> None:
    for name, command_id in (("g g", "list.first"), ("x", "thread.resolve"), ("question_mark", "app.help"),
                             ("ctrl+l", "app.repair"), ("ctrl+q", "app.quit")):  # fmt: skip
        desk.needs(name, command_id)
    desk.bound_first.update({"ctrl+l", "ctrl+q"})
    if at_once:
        desk.take("g", *behind)
    else:
        for name in ("g", *behind):
            desk.take(name)
            await desk.rest()
    await desk.rest()
    assert desk.done == done


async def test_a_key_that_is_bound_by_itself_waits_for_no_other(desk: Desk) -> None:
    desk.needs("g g", "list.first")
    desk.needs("g", "marker.new")
    desk.take("g", "g")
    await desk.rest()
    assert desk.done == ["ran g", "ran g"]


@pytest.mark.parametrize("other", [click(3, 3), events.Paste("x")], ids=["a click", "a paste"])
async def test_what_is_no_key_ends_what_a_key_has_begun(desk: Desk, other: events.Event) -> None:
    desk.needs("g g", "list.first")
    desk.take("g")
    desk.keyboard.takes(other)
    desk.take("g")
    await desk.rest()
    assert (desk.done, desk.keys_begun) == ([f"passed {type(other).__name__}"], "g")


async def test_a_pointer_that_moves_ends_nothing(desk: Desk) -> None:
    desk.needs("g g", "list.first")
    desk.take("g")
    desk.keyboard.takes(events.MouseMove(None, 3, 3, 1, 0, 0, False, False, False))
    desk.take("g")
    await desk.rest()
    assert desk.done == ["passed MouseMove", "ran g g"]


async def test_a_key_behind_others_waits_for_what_the_command_needs(desk: Desk) -> None:
    desk.needs("g g", "list.first")
    desk.lacking[Need.SAVED] = "list.first"
    desk.take("g", "g")
    async with asyncio.timeout(60):
        await desk.noticed.wait()
    desk.lacking.clear()
    await desk.rest()
    assert desk.done == ["noticed Still being saved", "ran g g"]


async def test_what_is_refused_while_a_marker_is_moved_does_nothing(desk: Desk) -> None:
    desk.needs("d", "thread.delete")
    desk.needs("l", "image.right")
    desk.refused_now = "thread.delete"
    desk.take("d", "l")
    await desk.rest()
    assert desk.done == ["ran l"]


async def test_the_pointer_beside_the_screen_takes_no_focus_away(desk: Desk) -> None:
    desk.keyboard.takes(click(80, 3))
    await desk.rest()
    assert desk.done == []
    desk.keyboard.takes(click(79, 3))
    desk.mouse_captured = desk.picture  # a drag that leaves the screen goes on
    desk.keyboard.takes(click(80, 3))
    await desk.rest()
    assert desk.done == ["passed MouseDown"] * 2


@pytest.mark.parametrize(
    ("event", "attended"),
    [
        (key("x"), True),
        (LineBreak(key("enter"), Pasted()), True),
        (events.Paste("x"), True),
        (click(3, 3), True),
        (events.MouseMove(None, 3, 3, 1, 0, 0, False, False, False), False),
        (events.MouseScrollUp(None, 3, 3, 0, 0, 0, False, False, False), False),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("focus", ["picture", "editor"])
async def test_what_only_somebody_who_is_here_can_do_tells_that_they_are(
    desk: Desk, event: events.Event, attended: bool, focus: str
) -> None:
    desk.focused = getattr(desk, focus)
    desk.keyboard.takes(event)
    await desk.rest()
    assert desk.attended is attended


async def test_what_was_pasted_without_marks_is_text_with_its_line_breaks(desk: Desk) -> None:
    desk.focused = desk.editor
    pasted = Pasted()
    burst = Burst([key("a"), LineBreak(key("enter"), pasted), key("b")])
    assert desk.keyboard.takes(burst)
    await desk.rest()
    assert desk.done == ["typed 'a\\nb'"]
    assert pasted.is_text


async def test_a_line_break_where_no_text_is_written_is_the_key_that_it_is(desk: Desk) -> None:
    desk.bound.add("enter")
    desk.keyboard.takes(Burst([LineBreak(key("enter"), Pasted())]))
    await desk.rest()
    assert desk.done == ["ran enter"]


@pytest.mark.parametrize("focus", ["picture", "editor"])
async def test_behind_the_key_that_quits_nothing_is_done(desk: Desk, focus: str) -> None:
    desk.focused = getattr(desk, focus)
    desk.keyboard.stop()
    desk.take("x", "enter")
    await desk.rest()
    assert desk.done == []


async def test_what_is_not_done_by_the_person_is_not_put_in_order(desk: Desk) -> None:
    assert not desk.keyboard.takes(events.Mount())
    passed_down = key("x")
    passed_down._set_forwarded()
    assert not desk.keyboard.takes(passed_down)
    await desk.rest()
    assert desk.done == []


async def test_a_command_from_a_list_runs_before_the_keys_behind_it(desk: Desk) -> None:
    desk.bound.add("x")
    chosen = SimpleNamespace(id="app.here", command=SimpleNamespace(action="here"), node=None)
    desk.take("x")
    desk.keyboard.run_first(cast(ActiveCommand, chosen))
    await desk.rest()
    assert desk.done == ["action here", "ran x"]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_order, "NOTICE_AFTER_S", 0.0)
    monkeypatch.setattr(key_order, "LOOK_S", 0.0)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    ("comes", "done"), [(True, ["ran c", "ran x"]), (False, [])], ids=["it comes", "Esc is pressed"]
)
async def test_a_key_waits_for_what_it_needs_and_those_behind_it_too(
    desk: Desk, comes: bool, done: list[str]
) -> None:
    desk.needs("c", "marker.new")
    desk.bound.add("x")
    desk.lacking[Need.PICTURE] = "marker.new"
    desk.take("c", "x")
    async with asyncio.timeout(60):
        await desk.noticed.wait()
    if comes:
        desk.lacking.clear()
    else:
        desk.take("escape")
    await desk.rest()
    assert desk.done == ["noticed The picture is not there yet", *done]


@pytest.mark.usefixtures("soon")
async def test_patience_with_the_start_is_counted_from_the_start(desk: Desk) -> None:
    await settled()
    patience_s = PATIENCE_S[Need.START]
    assert patience_s is not None
    desk.needs("c", "marker.new")
    desk.lacking[Need.START] = "marker.new"
    desk.now_s = patience_s
    desk.take("c")
    await desk.rest()
    assert desk.done == ["ran c"], "acted at once, and said why not"
