"""What the person does with keys and pointer: each is taken in its order, and once what it needs is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual import events

from imagechat_tui.commands import COMMANDS, Context
from imagechat_tui.tui.chat.needs import PATIENCE_S, Need
from imagechat_tui.tui.commands import begins_keys
from imagechat_tui.tui.key_order import KeyOrder
from imagechat_tui.tui.keys import as_us_layout
from imagechat_tui.tui.textual_internals.focus import take_focus
from imagechat_tui.tui.textual_internals.key_bindings import run_bound
from imagechat_tui.tui.textual_internals.layout import lay_out
from imagechat_tui.tui.textual_internals.terminal_events import Burst, LineBreak

if TYPE_CHECKING:
    from textual.app import App

    from imagechat_tui.tui.chat.screen import ChatScreen
    from imagechat_tui.tui.clock import Clock
    from imagechat_tui.tui.commands import ActiveCommand

BY_HAND: Final = (events.InputEvent, events.Paste, LineBreak)
"""What the person does: keys, the pointer, pastes."""
ENDS_BEGUN: Final = (events.MouseDown, events.Paste)
"""What was not meant to follow a key: the key before it is forgotten.

It also tells that somebody is here, which a pointer that passes over the window, or a wheel, does not.
"""
HELP: Final = "app.help"
LEAVE_BEGUN: Final = frozenset(
    command.id for command in COMMANDS if command.context is Context.APP and command.priority
)
"""Ids of commands whose keys act as ever behind a key that others have to follow, and leave it waiting for them."""


class Keyboard:
    """Decides what a key does where the focus is: text, a command, a letter on a marker.

    Args:
        app: has the focus and the screens.
        chat: the main screen, once there is one.
        pass_on: handles an event as Textual does.
        clock: tells how long it is since the start.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        chat: Callable[[], ChatScreen],
        pass_on: Callable[[events.Event], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._app = app
        self._chat = chat
        self._pass_on = pass_on
        self._clock = clock
        self._began_s = 0.0
        self._stopped = False
        self.order = KeyOrder(self._act, self._depart, self._lay_out, self._types, self._type)
        """What the person did, and what was not taken of it yet."""

    def takes(self, event: events.Event) -> bool:
        """Take in what the person did; False if it is something else."""
        if isinstance(event, BY_HAND) and not event.is_forwarded:
            self.order.put(event)
        elif isinstance(event, Burst):
            for key in event.keys:
                key.set_sender(self._app)
                self.order.put(key)
        else:
            return False
        return True

    async def run(self) -> None:
        """Take one after the other, for ever."""
        self._began_s = self._clock.engine_s()
        await self.order.run()

    def stop(self) -> None:
        """Do nothing any more: what is typed behind the key that quits was for the shell."""
        self._stopped = True

    # -- what each does

    async def _act(self, event: events.Event) -> None:
        """Do what a key, a click or a paste does."""
        app, chat = self._app, self._chat()
        if self._stopped:
            return
        if isinstance(event, LineBreak):
            event = event.key
            event.set_sender(app)
        if not isinstance(event, events.Key):
            if isinstance(event, ENDS_BEGUN):
                chat.keys_begun = ""
                take_focus(app)
            if not self._is_beside(event):
                await self._pass_on(event)
            return
        take_focus(app)  # a terminal that says it lost the focus may be wrong
        chat.gaze.pressed()
        if self._writes_text:
            chat.keys_begun = ""
            if event.is_printable or await self._is_ready(event.key):
                await self._pass_on(event)
            return
        # Where no text is typed, letters act by physical key.
        event = as_us_layout(event) or event
        if app.focused is chat.picture and chat.picture.choosing:
            if not await run_bound(app, event.key, priority=True):
                await self._pass_on(event)
        else:
            await self._act_on_command_key(event.key)

    async def _act_on_command_key(self, key: str) -> None:
        """Do what a key is bound to, behind those that were begun: two keys may be one command.

        Nothing here is up to time, so that keys that come at once do what they do when typed slowly. A key that
        continues nothing does nothing, but for help; then what was begun is forgotten.
        """
        app, chat = self._app, self._chat()
        active = app.screen.active_bindings.get(key)
        name = active.binding.id if active is not None else None
        if chat.keys_begun and name not in LEAVE_BEGUN:
            begun, chat.keys_begun = chat.keys_begun, ""
            if key == "escape":
                return
            if name != HELP:
                key = f"{begun} {key}"
        if not await self._is_ready(key):
            return
        if await run_bound(app, key, priority=True) or await run_bound(app, key):
            return
        if begins_keys(app.screen, key):
            chat.keys_begun = key
        else:
            chat.refuse_key(key)

    def _is_beside(self, event: events.Event) -> bool:
        """Whether the pointer is beside the screen: Textual would take the focus away for it."""
        if not isinstance(event, events.MouseEvent) or self._app.mouse_captured is not None:
            return False
        return not self._app.screen.size.region.contains(int(event.x), int(event.y))

    async def _depart(self) -> bool:
        """Wait until a text that is being sent has left; whether there was one."""
        return await self._chat().sent()

    async def _lay_out(self) -> bool:
        """Do the layout that Textual has put off to the next frame; whether there was one."""
        return await lay_out(self._app.screen)

    # -- text

    @property
    def _writes_text(self) -> bool:
        """Whether letters go into a text."""
        focused = self._app.focused
        return focused is not None and focused.check_consume_key("a", "a")

    def _types(self, event: events.Event) -> bool:
        """Whether a key only puts something into a text."""
        if isinstance(event, LineBreak):
            return event.may_be_text and self._chat().composer.takes_keys
        return isinstance(event, events.Key) and event.is_printable and self._writes_text

    async def _type(self, typed: Sequence[events.Event]) -> None:
        """Put what was typed at once into the text that has the focus: as one, because each change costs a layout."""
        if self._stopped:
            return
        composer = self._chat().composer
        if not composer.takes_keys:
            for event in typed:
                await self._act(event)
            return
        take_focus(self._app)
        self._chat().gaze.pressed()
        text = ""
        for event in typed:
            if isinstance(event, LineBreak):
                event.pasted.took(event.key)
                text += event.text
            elif isinstance(event, events.Key):
                text += event.character or ""
        composer.editor.type_in(text)

    # -- commands

    def run_first(self, command: ActiveCommand) -> None:
        """Run a command before all keys that were not taken yet."""
        self.order.put_first(lambda: self._command(command))

    async def _command(self, command: ActiveCommand) -> None:
        if await self._has_needs(command.id):
            await self._app.run_action(command.command.action, command.node)

    async def _is_ready(self, key: str) -> bool:
        """Wait for what a key needs; whether it shall act."""
        active = self._app.screen.active_bindings.get(key)
        return active is None or await self._has_needs(active.binding.id)

    async def _has_needs(self, command_id: str | None) -> bool:
        """Wait for what a command needs; whether it shall be run."""
        chat = self._chat()
        if chat.placement_actions.refuses(command_id):
            return False
        for need in Need:
            lacks = partial(chat.availability.lacks, need, command_id)
            if lacks() and not await self.order.wait(
                lacks, patience_s=self._patience_s(need), notice=partial(chat.notices.notice, *need.value)
            ):
                return False
        return True

    def _patience_s(self, need: Need) -> float | None:
        patience_s = PATIENCE_S[need]
        if need is not Need.START or patience_s is None:
            return patience_s
        return patience_s - (self._clock.engine_s() - self._began_s)
