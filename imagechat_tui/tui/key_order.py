"""Keys act in the order they came, each as if the person had waited to see what the one before it did.

A lagging link delivers in one packet what was typed over a second, and what was typed before the screen stood comes
all at once. Textual hands a key to the focused widget and acts on it once it has come up again: the letters of a word
behind the key that opens a text would be commands by then.

The rule: a key is taken when everything that the key before it set off has happened.

Why it holds: what code sets off on an event loop, messages, callbacks, tasks, screens, changes of the focus, is a
callback in the loop's one queue, or waits for one that is. ``settled`` lets the queue turn until it holds nothing:
then nothing is left of what was set off, but for what waits for time, for a thread or for the world outside. Of these
a key can depend on four:

- the text that is being sent: its room is taken away when it has left (``depart``);
- the layout, which Textual puts off to its next frame: it is done at once (``lay_out``);
- the picture, which a process loads and a thread draws, and the server's answers: the keys that need one wait for it
  themselves (``wait``), and those behind them with them;
- timers: none of ours changes what a key does. A key that others have to follow waits for them, however long.

A letter behind a letter waits for nothing: the one text that has the focus puts both in at once, and nothing that
typing sets off moves the focus. (Backspace is no letter: it acts when it has come up again.)

Who quits behind more keys than can be taken soon (something was pasted where no text is written) has what is left of
them dropped. A few keys are always taken first: they were meant.

Nothing else is waited for, so no key waits for the network that does not need its answer. A flood from outside that
never lets the queue run empty holds a key for ``FLOOD_TURNS`` turns and no longer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from textual.events import Event, Key, MouseEvent

from imagechat_tui.tui.textual_internals.event_loop import settled

LAYOUTS: Final = 5
"""A layout may ask for another one; not for ever."""
LOOK_S: Final = 0.02
"""How often a key that waits looks whether it still has to."""
NOTICE_AFTER_S: Final = 0.5
"""A key that waits so long says what for."""
QUIT = "ctrl+q"
QUIT_WITHIN_S: Final = 0.5
"""Quitting waits so long for any number of keys before it,"""
FEW: Final = 50
"""and longer for so many."""

Act: TypeAlias = Callable[[], Awaitable[object]]


class KeyOrder:
    """A queue of what the person did.

    Args:
        act: does what a key, a click or a paste does.
        depart: waits until what a key has sent has left; returns whether there was something.
        lay_out: does the layout that is due; returns whether there was one to do.
        types: whether all that a key does is to type, into the text that has the focus.
        type_in: does what keys do that follow one another and only type.
    """

    def __init__(
        self,
        act: Callable[[Event], Awaitable[object]],
        depart: Callable[[], Awaitable[bool]],
        lay_out: Callable[[], Awaitable[bool]],
        types: Callable[[Event], bool],
        type_in: Callable[[Sequence[Event]], Awaitable[object]],
    ) -> None:
        self._act = act
        self._depart = depart
        self._lay_out = lay_out
        self._types = types
        self._type_in = type_in
        self._quit_came = False
        self._quits_by_s: float | None = None
        """When keys before the one that quits have had their time; None until one of them is taken."""
        self._queue: deque[Event | Act] = deque()
        self._more = asyncio.Event()
        self._at_rest, self._still = asyncio.Event(), asyncio.Event()
        self._come_to_rest()
        self.waiting = False
        """Whether a key waits for what it needs."""
        self._noticed = False
        """Whether the person knows that keys wait; then Esc drops them."""
        self._dropped = False

    # -- coming in

    def put(self, event: Event) -> None:
        """Take something in, behind what came before it."""
        if self._noticed and isinstance(event, Key) and event.key in ("escape", QUIT):
            self.drop()
            if event.key == "escape":
                return
        self._quit_came = self._quit_came or _quits(event)
        self._queue.append(event)
        self._have_more()

    def put_first(self, act: Act) -> None:
        """Take in what a key before all that are here has led to."""
        self._queue.appendleft(act)
        self._have_more()

    def _have_more(self) -> None:
        self._more.set()
        self._at_rest.clear()
        if not self.waiting:
            self._still.clear()

    def drop(self) -> None:
        """Forget what was not taken yet."""
        self._queue.clear()
        self._quit_came, self._quits_by_s = False, None
        self._dropped = True

    def drop_behind(self) -> int:
        """Forget what was typed behind the key that was taken last, but for one that quits; how many keys it was."""
        came, self._queue = self._queue, deque()
        dropped = 0
        for item in came:
            if isinstance(item, Event) and not _quits(item):
                dropped += not isinstance(item, MouseEvent)
            else:
                self._queue.append(item)
        return dropped

    @property
    def at_rest(self) -> bool:
        """Whether everything was taken, and what it set off has happened."""
        return self._at_rest.is_set()

    async def rest(self) -> None:
        """Wait until it is at rest."""
        await self._at_rest.wait()

    async def still(self) -> None:
        """Wait until it is at rest, or a key waits for what it needs."""
        await self._still.wait()

    def _come_to_rest(self) -> None:
        self._at_rest.set()
        self._still.set()

    # -- taking

    async def run(self) -> None:
        """Take one after the other, for ever."""
        try:
            await self._run()
        finally:
            if not self._queue:
                self._come_to_rest()

    async def _run(self) -> None:
        typed = False
        while True:
            while not self._queue:
                self._come_to_rest()
                self._more.clear()
                await self._more.wait()
            if not (typed and self._types_next):
                await self._stand()
            typed = self._types_next
            if typed:  # words are one change of the text, and never too many
                await self._type_in(self._take_typed())
            elif self._queue:
                self._skip_to_quit()
                item = self._queue.popleft()
                if _quits(item):
                    self._quit_came, self._quits_by_s = False, None
                await (self._act(item) if isinstance(item, Event) else item())
            if not self._queue:
                await self._settle()

    def _take_typed(self) -> list[Event]:
        """All that come next and only type."""
        taken: list[Event] = []
        while self._types_next:
            item = self._queue.popleft()
            assert isinstance(item, Event)
            taken.append(item)
        return taken

    def _skip_to_quit(self) -> None:
        """Drop what stands before the key that quits, if that has waited long and would longer."""
        if not self._quit_came:
            return
        now_s = asyncio.get_running_loop().time()
        if self._quits_by_s is None:
            self._quits_by_s = now_s + QUIT_WITHIN_S
            return
        if now_s < self._quits_by_s:
            return
        at = next((at for at, item in enumerate(self._queue) if _quits(item)), 0)
        if at > FEW:
            for _ in range(at):
                self._queue.popleft()

    @property
    def _types_next(self) -> bool:
        return bool(self._queue) and isinstance(self._queue[0], Event) and self._types(self._queue[0])

    async def _stand(self) -> None:
        """Let everything happen, layouts included."""
        for _ in range(LAYOUTS):
            await self._settle()
            if not await self._lay_out():
                return

    async def _settle(self) -> None:
        await settled()
        while await self._depart():
            await settled()

    async def wait(
        self, missing: Callable[[], bool], *, patience_s: float | None, notice: Callable[[], None]
    ) -> bool:
        """Hold the key that is being taken, and those behind it, while something is missing.

        Args:
            missing: whether it still is.
            patience_s: how long at most; None: as long as it is.
            notice: says that keys wait.

        Returns:
            Whether the key shall act: not if the person dropped it, by an Esc pressed when that was said.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        self.waiting, self._dropped = True, False
        self._still.set()
        try:
            while missing() and not self._dropped:
                waited = loop.time() - begun
                if patience_s is not None and waited >= patience_s:
                    break
                if waited >= NOTICE_AFTER_S and not self._noticed:
                    self._noticed = True
                    notice()
                await asyncio.sleep(LOOK_S)
        finally:
            self.waiting = self._noticed = False
            self._still.clear()
        return not self._dropped


def _quits(item: Event | Act) -> bool:
    return isinstance(item, Key) and item.key == QUIT
