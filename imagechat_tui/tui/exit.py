"""The way out of the app, and what sends it there: SIGTERM, SIGHUP, SIGINT, and a terminal that is gone.

A Textual app whose terminal vanished while SIGHUP is ignored reads end-of-file for ever at half a core
(measured). So a thread waits for the hang-up itself: ``poll`` with no events asked for wakes for nothing else
and costs nothing. Whatever the event loop does then, the process ends within ``WITHIN_S``.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

from textual.worker import WorkerError

from imagechat_tui import typed_ahead

if TYPE_CHECKING:
    from textual.app import App
    from textual.worker import Worker

WITHIN_S = 1.7
"""The process ends at most this long after it was asked to."""

SETTLE_S = 1.0
"""How long the session may take to put things away when the app ends."""

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class OrderlyExit:
    """The app's way out, which is gone once: what is typed is kept, the session puts things away, then the app ends.

    Args:
        app: Ends with the exit code.
        keep: Takes no more keys, and has the session keep what is typed.
    """

    def __init__(self, app: App[int], keep: Callable[[], None]) -> None:
        self._app = app
        self._keep = keep
        self._watch = ExitWatch(self.request)
        self.session: Worker[None] | None = None
        """The running session, once there is one."""
        self.begun = False

    def watch(self) -> None:
        """From now on leave when the system says so, or the terminal is gone."""
        self._watch.watch()

    def stop(self) -> None:
        """Have signals do what they did before."""
        self._watch.stop()

    def terminal_gone(self) -> None:
        """Nothing comes from the terminal any more."""
        self.request(128 + signal.SIGHUP)

    def request(self, code: int) -> None:
        """Leave in a worker of the app, if nobody does yet."""
        # A lost terminal is told more than once: by a signal, by the poll and by the read. The first counts; when
        # the last comes, the screen may be taken down already.
        if not self.begun:
            self.begun = True
            # As a function: a worker that never runs (the app is ending anyway) leaves no coroutine behind.
            _: Worker[None] = self._app.run_worker(partial(self.leave, code), name="leave", group="leave")

    async def leave(self, code: int) -> None:
        """Leave."""
        self.begun = True
        self._keep()
        session = self.session
        if session is not None and session.is_running:
            # One turn of the loop lets the session's driver take in what was just dispatched.
            await asyncio.sleep(0)
            session.cancel()
            with suppress(TimeoutError, WorkerError):
                async with asyncio.timeout(SETTLE_S):
                    await session.wait()
        self._app.exit(code, return_code=code)


class ExitWatch:
    """Watches for reasons to leave, and makes sure that leaving does not take long."""

    def __init__(self, leave: Callable[[int], None]) -> None:
        """Call ``leave`` with the exit code, on the event loop, when it is time."""
        self._leave = leave
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: tuple[int, int] | None = None
        self._requested = threading.Event()
        self._before: dict[int, object] = {}
        self._line_discipline = _line_discipline()
        """As it was before the screen was taken over."""

    def watch(self) -> None:
        """Begin. Called on the event loop, which is the main thread's in a terminal."""
        self._loop = asyncio.get_running_loop()
        if threading.current_thread() is not threading.main_thread():
            return
        for number in SIGNALS:
            before = signal.getsignal(number)
            self._before[number] = before
            signal.signal(number, self._signalled)
        if sys.__stdin__ is not None and sys.__stdin__.isatty():
            self._wake = os.pipe()
            watched = (sys.__stdin__.fileno(), self._wake[0])
            threading.Thread(target=self._wait_for_hang_up, args=watched, name="hang-up", daemon=True).start()

    def stop(self) -> None:
        """End watching; the process goes on or ends by itself."""
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]
        self._before.clear()
        if self._wake is not None:
            os.close(self._wake[1])
            self._wake = None

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self._request(128 + number)

    def _request(self, code: int) -> None:
        if self._requested.is_set() or self._loop is None:
            return
        self._requested.set()
        threading.Thread(target=self._end_anyway, args=(code,), name="end-anyway", daemon=True).start()
        self._loop.call_soon_threadsafe(self._leave, code)

    def _wait_for_hang_up(self, terminal: int, wake: int) -> None:
        poll = select.poll()
        poll.register(terminal, 0)
        poll.register(wake, 0)
        try:
            ready = dict(poll.poll())
        except OSError:
            return
        os.close(wake)
        if terminal in ready:
            self._request(128 + signal.SIGHUP)

    def _end_anyway(self, code: int) -> None:
        """Wait for an orderly end; then hand the terminal back by hand and end."""
        threading.Event().wait(WITHIN_S)
        with suppress(OSError, ValueError, AttributeError, termios.error):
            terminal = sys.__stderr__.fileno()  # type: ignore[union-attr]
            os.set_blocking(terminal, False)
            os.write(terminal, RESTORE)
            os.set_blocking(terminal, True)  # the shell has the same terminal
            if self._line_discipline is not None:
                termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, self._line_discipline)  # type: ignore[union-attr]
        os._exit(code)


RESTORE = b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[<u\x1b[?1049l\x1b[?25h"
"""Mouse off, paste and keyboard as before, main screen, cursor on."""


def _line_discipline() -> typed_ahead.LineDiscipline | None:
    if (before := typed_ahead.line_discipline()) is not None:
        return before
    try:
        return termios.tcgetattr(sys.__stdin__.fileno())  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError, termios.error):
        return None
