"""The app with a busy picture as a program of its own; the key ``R`` brings the next state.

No note goes by itself here, for no test should depend on how long something takes: F11 has them go. F12 gives
the terminal the title "at rest" once all keys before it were taken and what they changed is painted.

python -m tests.tui.picture_app STATES [MARKERS] [pixels | asks]

STATES names what ``R`` brings, in order, as in ``added,moved``; MARKERS is how many there are at the start;
with ``pixels`` the terminal is handed the picture in pixels, with ``asks`` if it says that it takes them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from msgspec.structs import replace
from textual.binding import Binding, BindingType

import imagechat_tui.tui
from imagechat_tui import typed_ahead
from imagechat_tui.cli.graphics import asked_graphics
from imagechat_tui.protocol.ids import BroadcastId, ConversationId
from imagechat_tui.protocol.models import Conversation, Point
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.settings import ClientSettings
from imagechat_tui.sync.intents import Intent, TryNow
from imagechat_tui.sync.state import ChatState
from imagechat_tui.tui.app import ImageChatApp, ScreenOptions
from imagechat_tui.tui.chat import corner
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.textual_internals.event_loop import settled
from imagechat_tui.tui.visits import OnePicture, ShownPicture
from imagechat_tui.words import Words
from tests import examples as eg
from tests.tui.scripted_session import NOW_MS, NOW_S, ScriptedSession, chat_state, comment, conversation

CELL = (6, 12)
"""Pixels across and down a cell."""
NOTES_GO = "\x1b[23~"
"""F11."""
REST = "\x1b[24~"
"""F12."""


def busy_picture() -> Picture:
    """Patches of many colours: hardly a cell is like its neighbour, hardly one is blank."""
    patches = np.random.default_rng(7).integers(0, 256, (100, 150, 3), dtype=np.uint8)
    pixels = np.repeat(np.repeat(patches, 8, axis=0), 8, axis=1)
    return Picture("busy.png", 1200, 800, "0" * 64, pixels)


def scattered(count: int) -> ChatState:
    """A state with so many markers, all over the picture."""
    draws = np.random.default_rng(3).uniform(2, 98, (count, 2)).round(2).tolist()
    return chat_state(
        *((conversation(n, x, y), [comment(f"c_{n}", f"Comment {n}")]) for n, (x, y) in enumerate(draws, 1)),
        me=replace(eg.user(), is_admin=True),
    )


def after(state: ChatState, what: str) -> ChatState:
    """The next state."""

    def changed(key: ConversationId, changed: Conversation) -> ChatState:
        return eg.changed(
            state, conversations=MappingProxyType({**state.confirmed.conversations, key: changed})
        )

    first = next(iter(state.confirmed.conversations.values()))
    match what:
        case "added":
            new = conversation(len(state.confirmed.conversations) + 1, 31.0, 33.0)
            told = {**state.confirmed.comments, new.id: MappingProxyType({})}
            return eg.changed(changed(new.id, new), comments=MappingProxyType(told))
        case "moved":
            return changed(first.id, replace(first, point=Point(66.0, 61.0)))
        case "resolved":
            return changed(first.id, replace(first, resolved=True))
        case "commented":
            said = {**state.confirmed.comments[first.id]}
            said |= {item.id: item for item in [comment("c_new", "A word more")]}
            told = {**state.confirmed.comments, first.id: MappingProxyType(said)}
            return eg.changed(
                changed(first.id, replace(first, comment_count=2)), comments=MappingProxyType(told)
            )
        case "left":
            return eg.changed(state, online=frozenset({eg.ALICE}), sockets=1)
        case "pointed":
            return eg.changed(state, crosshairs=MappingProxyType({eg.BOB: Point(31.0, 66.0)}))
        case _:
            raise ValueError(what)


class SteppingSession(ScriptedSession):
    """Has the next state when asked to try now."""

    def __init__(self, state: ChatState, steps: Iterator[str]) -> None:
        super().__init__(state)
        self._steps = steps

    def dispatch(self, intent: Intent) -> BroadcastId:
        if isinstance(intent, TryNow):
            self.publish(after(self.state, next(self._steps)))
        return super().dispatch(intent)


STAYS_S = 3600
"""How long notes stay: until they are told to go."""


class RestingApp(ImageChatApp):
    """Says when it is at rest."""

    CSS_PATH = str(Path(imagechat_tui.tui.__file__).with_name("app.tcss"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f11", "end_notes", show=False, priority=True),
        Binding("f12", "tell_rest", show=False, priority=True),
    ]

    def notify(self, message: str, **how: Any) -> None:
        super().notify(message, **{**how, "timeout": STAYS_S})

    def action_end_notes(self) -> None:
        self.clear_notifications()

    async def action_tell_rest(self) -> None:
        await settled()
        while self._paints:
            await asyncio.sleep(0.005)  # Textual tells of no frame, only that one is due
            await settled()
        assert self._driver is not None
        self._driver.write("\x1b]2;at rest\x07")

    @property
    def _paints(self) -> bool:
        """Whether something is still to be drawn, or put off to Textual's next frame."""
        screen = self.screen
        return bool(
            not self.chat.picture.is_drawn
            or self.chat.picture._uploads_run
            or screen._layout_required
            or screen._scroll_required
            or screen._repaint_required
            or screen._recompose_required
            or screen._dirty_widgets
        )


async def load(progress: Callable[[float], None]) -> Picture:
    return busy_picture()


def main() -> None:
    steps = sys.argv[1].split(",")
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    vars(corner).update(HINT_S=STAYS_S, FAILURE_S=STAYS_S)
    look = RenderOptions(pixels=CELL if "pixels" in sys.argv[3:] else None)
    options = ScreenOptions(render=look)
    if "asks" in sys.argv[3:]:
        typed_ahead.keep()
        settings = ClientSettings(graphics=os.environ.get("IMAGECHAT_GRAPHICS", "auto"))
        graphics = asked_graphics(settings, look.aspect)
        options = ScreenOptions(
            render=replace(look, colors=graphics.depth),
            graphics=graphics,
            tells_fewer_colors=lambda: True,
            auto_glyphs=True,
        )
    app = RestingApp(
        OnePicture(ShownPicture("busy.png", SteppingSession(scattered(count), iter(steps)), load)),
        options=options,
        clock=Clock(wall_ms=lambda: NOW_MS, engine_s=lambda: NOW_S),
        picture_problem=lambda error: Words("No picture", str(error)),
    )
    code = app.run() or 0
    typed_ahead.give_back()
    sys.exit(code)


if __name__ == "__main__":
    main()
