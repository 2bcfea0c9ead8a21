"""Who opens the app in a window that nobody looks at finds its keys where they are in any other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import pytest
from textual import events

from tests.tui.conftest import Desk, Sit

Comes: TypeAlias = Callable[[Desk], Awaitable[None]]


@asynccontextmanager
async def unattended(sit: Sit, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Desk]:
    """The app in a terminal that told it had lost the focus before anything on the screen had it."""
    async with sit(size=size) as desk:
        desk.chat.set_focus(None)
        await leave(desk)
        yield desk


async def leave(desk: Desk) -> None:
    desk.app.post_message(events.AppBlur())
    await desk.until(lambda: not desk.app.app_focus)


async def key(desk: Desk) -> None:
    """A key without a use."""
    await desk.press("f12")


async def point(desk: Desk, kind: type[events.MouseDown] | type[events.MouseMove]) -> None:
    desk.app.post_message(kind(None, 3, 0, 0, 0, 0, False, False, False))
    await desk.press()


async def click(desk: Desk) -> None:
    await point(desk, events.MouseDown)


async def come(desk: Desk) -> None:
    desk.app.post_message(events.AppFocus())
    await desk.until(lambda: desk.app.app_focus)


async def move(desk: Desk) -> None:
    """The pointer passes over the window."""
    await point(desk, events.MouseMove)


@pytest.mark.parametrize(
    ("comes", "focus"), [(key, "picture"), (click, "picture"), (come, "picture"), (move, "")]
)
async def test_whoever_comes_has_the_keys_on_the_picture(sit: Sit, comes: Comes, focus: str) -> None:
    async with unattended(sit) as desk:
        await comes(desk)
        assert (desk.focus, desk.app.app_focus) == (focus, bool(focus))


async def test_the_first_key_acts(sit: Sit) -> None:
    async with unattended(sit) as desk:
        before = desk.chat.picture.crosshair
        await desk.press("L")
        assert desk.chat.picture.crosshair != before
        await desk.press("c", "x")
        assert desk.chat.composer.editor.text == "x"


@pytest.mark.parametrize("comes", [key, come])
async def test_in_one_pane_the_keys_go_to_what_is_seen(sit: Sit, comes: Comes) -> None:
    async with sit(size=(40, 12)) as desk:
        await desk.press("tab")
        desk.chat.set_focus(None)
        await leave(desk)
        await comes(desk)
        assert desk.focus == "threads"


async def test_a_dialog_that_opened_meanwhile_has_the_keys_and_gives_them_back(sit: Sit) -> None:
    async with unattended(sit) as desk:
        desk.chat.action_details()
        await desk.settle()
        await desk.press("escape", "L")
        assert desk.focus == "picture"


async def test_what_is_being_written_goes_on_behind_a_look_elsewhere(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("c", "x")
        await leave(desk)
        await come(desk)
        await desk.press("y")
        await leave(desk)
        await desk.press("z")
        assert desk.chat.composer.editor.text == "xyz"
