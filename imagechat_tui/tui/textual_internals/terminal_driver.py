"""Textual's driver for terminals, but that `TerminalInput` reads what they send."""

from __future__ import annotations

import errno
import os
import selectors
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, Final, Protocol

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message

from imagechat_tui import typed_ahead
from imagechat_tui.raster.graphics import ALIVE, is_alive, is_fence
from imagechat_tui.tui.flow import Flow
from imagechat_tui.tui.textual_internals.screen_file import ScreenFile
from imagechat_tui.tui.textual_internals.shown_cells import SHOWN
from imagechat_tui.tui.textual_internals.terminal_events import Answer, Burst, LineBreak
from imagechat_tui.tui.textual_internals.terminal_input import TerminalInput

LOOK_S: Final = 0.1
"""How often a thread that waits for keys looks whether it shall end."""
READ: Final = 4096
AT_ONCE: Final = 65536
"""Bytes at most that are taken as read at once."""
JOIN_S: Final = 0.02
"""What follows an Enter within this time, if something came at once with it, came at once as well."""


class Host(Protocol):
    """What the app does about its terminal."""

    def terminal_gone(self) -> None:
        """Nothing comes from it any more, nor ever will."""

    def input_failed(self, error: Exception) -> None:
        """A defect: what it sends is not read any more."""


def _bursts(found: list[Message]) -> Iterator[Message]:
    """The same messages, keys that follow one another as one."""
    for _, some in groupby(found, lambda message: isinstance(message, (Key, LineBreak))):
        messages = list(some)
        keys = [message for message in messages if isinstance(message, (Key, LineBreak))]
        yield from [Burst(keys)] if keys else messages


class TerminalDriver(LinuxDriver):
    """A terminal: keys, the pointer and answers come in, cells go out."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.farewell = ""
        """Written whenever the screen is left."""
        self.flow = Flow()
        """What is on its way to it."""
        if self._file is not None:
            self._file = ScreenFile(self._file.fileno())  # type: ignore[assignment]

    def write(self, data: str) -> None:
        """As Textual does, and ask now and then how far it has come."""
        if data.endswith("$p"):  # Textual asks for a mode
            typed_ahead.asked(data)
        super().write(data)
        if self._count(data):
            self._ask_alive()

    def send(self, data: str, told: Callable[[], None]) -> None:
        """Write; ``told`` is called when the terminal has taken it in."""
        super().write(data)
        self._count(data)
        self._ask_alive(told)

    def ask(self, question: str) -> None:
        """Write what ends with a question that every terminal answers."""
        typed_ahead.asked(question)
        super().write(question)
        self._count(question)
        self.flow.asked(time.monotonic(), alive=False)

    def _count(self, data: str) -> bool:
        return self.flow.wrote(len(data.encode("utf-8", "replace")), time.monotonic())

    def _ask_alive(self, told: Callable[[], None] | None = None) -> None:
        typed_ahead.asked(ALIVE)
        self.flow.asked(time.monotonic(), told)
        super().write(ALIVE)

    def heard(self, answer: str, at_s: float) -> bool:
        """Hear an answer that came then; whether it is a sign of life."""
        alive = is_alive(answer)
        if is_fence(answer) and self.flow.answered(at_s, alive=alive):
            self._ask_alive()
        return alive

    def start_application_mode(self) -> None:
        """As Textual does, but keys are keys before the screen is seen.

        In the end the terminal is as it was before anything was done to it.
        """
        typed_ahead.keep_again()
        self.flow.begin_anew()
        SHOWN.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.attrs_before = typed_ahead.line_discipline() or self.attrs_before

    def stop_application_mode(self) -> None:
        """As Textual does, with a farewell."""
        if self.farewell:
            self.write(self.farewell)
        super().stop_application_mode()

    def resume_application_mode(self) -> None:
        """As Textual does, and say so: the terminal has forgotten what was on it.

        SIGSTOP cannot be heard, so nothing was taken down for it; a second thread would read keys beside the first.
        """
        if self._key_thread is not None and self._key_thread.is_alive():
            self.suspend_application_mode()
        self._must_signal_resume = True
        super().resume_application_mode()

    # -- reading

    def _run_input_thread(self) -> None:
        host: Host = self._app  # type: ignore[assignment]
        try:
            self.run_input_thread()
        except (
            Exception
        ) as error:  # the edge of a thread: the app ends with a word, and leaves the crash file
            self._loop.call_soon_threadsafe(host.input_failed, error)

    def run_input_thread(self) -> None:
        """Read until told to end, or until there is no terminal any more."""
        typed = TerminalInput(
            rxvt=os.environ.get("TERM", "").startswith("rxvt"),
            owed=typed_ahead.owes,
            awaited=typed_ahead.awaits,
        )
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            ends_at: float | None = None
            while (now := time.monotonic()) < (ends_at if ends_at is not None else now + 1):
                if self.exit_event.is_set():
                    if not typed_ahead.owes():
                        return
                    ends_at = ends_at or now + max(typed_ahead.ANSWER_S, self.flow.answer_s(now))
                rest = typed.deadline - now if typed.deadline is not None else LOOK_S
                if not selector.select(min(LOOK_S, max(0.0, rest))):
                    found = typed.tick(time.monotonic())
                elif (data := self._read(selector)) is not None:
                    found = typed.feed(decode(typed_ahead.as_typed(data)), time.monotonic())
                else:
                    host: Host = self._app  # type: ignore[assignment]
                    self._loop.call_soon_threadsafe(host.terminal_gone)
                    return
                for message in found:
                    if isinstance(message, Answer):
                        typed_ahead.answered(message.sequence)
                if ends_at is None:
                    for message in _bursts(found):
                        self.process_message(message)
        typed_ahead.give_up()  # Textual throws away what comes later

    def _read(self, selector: selectors.SelectSelector) -> bytes | None:
        """All that has come; None if nothing ever will any more.

        All, because it matters whether something came behind an Enter: what is pasted without marks comes at once,
        but not in one piece.
        """
        data = b""
        while len(data) < AT_ONCE:
            try:
                piece = os.read(self.fileno, READ)
            except BlockingIOError:
                return data
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                piece = b""
            if not piece:
                return data or None
            data += piece
            cut = len(data) > 1 and data.endswith(b"\r")
            if not selector.select(JOIN_S if cut else 0):
                break
        return data
