"""The app on a scripted session, in a terminal of any size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy
import pytest
from textual import events
from textual.driver import Driver
from textual.notifications import Notification
from textual.pilot import Pilot

from imagechat_tui.raster.compare import differences
from imagechat_tui.raster.comparison import Comparison
from imagechat_tui.raster.image import Picture, Plane
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.sync.state import ChatState
from imagechat_tui.tui.app import ImageChatApp, ScreenOptions
from imagechat_tui.tui.chat.screen import ChatScreen
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.comparison_loading import Against, FindEarlier
from imagechat_tui.tui.picture_loading import LoadPicture
from imagechat_tui.tui.visits import OnePicture, ShownPicture
from imagechat_tui.words import Words
from tests.tui.scripted_session import NOW_MS, NOW_S, ScriptedSession, two_threads


@dataclass
class Desk:
    """One person at one terminal."""

    app: ImageChatApp
    pilot: Pilot[int]
    session: ScriptedSession

    @property
    def chat(self) -> ChatScreen:
        return self.app.chat

    @property
    def focus(self) -> str:
        """Id of the widget that keys go to."""
        focused = self.app.focused
        return (focused.id or "") if focused is not None else ""

    async def press(self, *keys: str) -> None:
        for key in keys:
            self._send(key)
            await self.settle()
        await self.settle()
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        # All at once, as a fast typist's keys come in: one wait for all of them, not one for each.
        for character in text:
            self._send("space" if character == " " else character)
        await self.press()

    def _send(self, key: str) -> None:
        # Not above: the app is tried on a Textual without it, with the pictures of this module.
        from textual.keys import _character_to_key

        name = key if len(key) > 1 else _character_to_key(key)
        character = key if len(key) == 1 else " " if key == "space" else None
        event = events.Key(name, character)
        event.set_sender(self.app)
        self.app.post_message(event)

    async def settle(self) -> None:
        """Let what a key set off run its course: rounds of all queues, no clock."""
        for _ in range(4):
            await self.pilot._wait_for_screen()
        async with asyncio.timeout(60):
            await self.app.keys.still()

    async def publish(self, state: ChatState, *news: Any) -> None:
        await self.until(lambda: not isinstance(self.session, ScriptedSession) or self.session.is_heard)
        self.session.publish(state, *news)
        await self.settle()
        await self.pilot.pause()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a state, not for seconds."""
        async with asyncio.timeout(60):
            while not condition():
                await self.pilot.pause()

    def shows(self, selector: str) -> bool:
        """Whether a widget has a place on the screen."""
        return bool(self.chat.query_one(selector).size)

    @property
    def lines(self) -> list[str]:
        """The screen as text."""
        width, height = self.app.size
        screen = self.app.screen
        strips = screen._compositor.render_strips()
        assert len(strips) == height
        return ["".join(segment.text for segment in strip)[:width].rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def toasts(self) -> str:
        return "\n".join(f"{n.title} {n.message}" for n in self.app._notifications)


class Sit(Protocol):
    """Opens the app; see the fixture."""

    def __call__(
        self,
        state: ChatState | None = None,
        *,
        size: tuple[int, int] = (120, 36),
        name: str = "shot.png",
        options: dict[str, Any] | None = None,
        driver_class: type[Driver] | None = None,
        notes: bool = False,
        session: Any = None,
        load: LoadPicture | None = None,
        against: Against | None = None,
        find_earlier: FindEarlier | None = None,
    ) -> AbstractAsyncContextManager[Desk]: ...


@pytest.fixture
def sit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sit:
    """Sit down at a terminal: ``async with sit(state, size=(80, 24)) as desk``."""
    # On a busy machine a note's seconds are over before a test looks.
    monkeypatch.setattr(Notification, "has_expired", False)

    @asynccontextmanager
    async def opened(
        state: ChatState | None = None,
        *,
        size: tuple[int, int] = (120, 36),
        name: str = "shot.png",
        options: dict[str, Any] | None = None,
        driver_class: type[Driver] | None = None,
        notes: bool = False,
        session: Any = None,
        load: LoadPicture | None = None,
        against: Against | None = None,
        find_earlier: FindEarlier | None = None,
    ) -> AsyncIterator[Desk]:
        if session is None:
            session = ScriptedSession(state if state is not None else two_threads())
        picture = grey_picture()

        async def at_once(progress: Callable[[float], None]) -> Picture:
            return picture

        app = ImageChatApp(
            OnePicture(
                ShownPicture(name, session, load or at_once, against=against, find_earlier=find_earlier)
            ),
            options=ScreenOptions(
                **{"render": RenderOptions(), "crash_folder": tmp_path / "crash", **(options or {})}
            ),
            clock=Clock(wall_ms=lambda: NOW_MS, engine_s=lambda: NOW_S),
            picture_problem=lambda error: Words("No picture", str(error)),
            compare=compare_here,
        )
        if driver_class is not None:
            app.driver_class = driver_class
        async with app.run_test(size=size, headless=driver_class is None, notifications=notes) as pilot:
            desk = Desk(app, pilot, session)
            await desk.until(lambda: load is not None or app.chat.picture.picture is not None)
            yield desk
            # Nothing more is told to an app whose screens run_test takes down while it still takes messages.
            app.workers.cancel_all()
            await pilot.pause()

    return opened


async def compare_here(old: Picture, new: Picture, progress: Callable[[float], None]) -> Comparison:
    """Compare without a process of its own."""
    mask = numpy.zeros(new.pixels.shape[:2], dtype=numpy.uint8)
    return Comparison(old, new, differences(old.pixels, new.pixels, mask=mask), Plane(mask, 1))


def grey_picture() -> Picture:
    """A small picture."""
    pixels = numpy.full((40, 60, 3), 90, dtype=numpy.uint8)
    return Picture(name="shot.png", width=60, height=40, sha256="0" * 64, pixels=pixels)
