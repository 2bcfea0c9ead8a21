"""Several processes behind one port: a parent that listens and serves nobody, and workers that it keeps running.

Each worker has its own event loop, store and link to the bus; they share the listening sockets, so each connection goes
to one that is free. What they have in common lies in the database and goes over the bus, as with servers on several
machines.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import NoReturn

from msgspec import ValidationError, convert, to_builtins

from imagechat_tui import problems
from imagechat_tui.problems import ServeError, ServeProblem

RESTART_PAUSE_S = 1.0
"""Before a worker that died is replaced: one that cannot live must not cost all of a core."""
MAX_READY_BYTES = 64 * 1024

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_log = logging.getLogger(__name__)

Work = Callable[[int, int], None]
"""Serves until a signal: is given the worker's number, and the descriptor to which the ready line goes."""


class Workers:
    """The workers of one server. For the main thread of a process that has no event loop and no other threads.

    Args:
        count: How many.
        work: What each does.
    """

    def __init__(self, count: int, work: Work) -> None:
        self._count = count
        self._work = work
        self._numbers: dict[int, int] = {}
        """The number of each worker, by its process."""
        self._ending = False

    def run(self, ready: Callable[[dict[str, object]], None]) -> None:
        """Start them, and see to it that there are as many until a signal ends all.

        Args:
            ready: Called once all serve, with the first one's ready line.

        Raises:
            ServeError: One of them could not start.
        """
        before = {number: signal.signal(number, self._end) for number in _SIGNALS}
        try:
            lines = [self._read_line(self._start(number)) for number in range(self._count)]
            if not self._ending:
                ready(lines[0])
            while self._numbers:
                self._reap()
        finally:
            self._end()
            while self._numbers:
                self._numbers.pop(os.wait()[0], None)
            for signal_number, handler in before.items():
                signal.signal(signal_number, handler)

    def _start(self, number: int) -> int:
        """Start a worker. Returns where it will say that it is ready."""
        heard, told = os.pipe()
        sys.stdout.flush()
        process = os.fork()
        if process == 0:
            os.close(heard)
            _work(self._work, number, told)
        os.close(told)
        self._numbers[process] = number
        if self._ending:  # the signal came in between
            self._end()
        return heard

    def _read_line(self, heard: int) -> dict[str, object]:
        with open(heard, "rb") as told:  # a pipe
            line = told.readline(MAX_READY_BYTES)
        answer = json.loads(line or b"null")
        if isinstance(answer, dict) and answer.get("ready"):
            return answer
        if self._ending:
            return {}
        try:
            problem: ServeProblem = convert(answer, ServeProblem)
        except ValidationError:
            problem = problems.WorkersEnded()
        raise ServeError(problem)

    def _reap(self) -> None:
        """Wait for a worker to end, and replace it unless all are to."""
        process, status = os.wait()
        number = self._numbers.pop(process, None)
        if number is None or self._ending:
            return
        _log.error("worker %d ended (%d): starting another", number, os.waitstatus_to_exitcode(status))
        time.sleep(RESTART_PAUSE_S)
        if not self._ending:
            os.close(self._start(number))

    def _end(self, *_: object) -> None:
        self._ending = True
        for process in list(self._numbers):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)


def _work(work: Work, number: int, told: int) -> NoReturn:
    """Be a worker. Never returns into what the parent was doing."""
    code = 1
    try:
        for signal_number in _SIGNALS:
            signal.signal(signal_number, signal.SIG_DFL)
        work(number, told)
        code = 0
    except ServeError as error:
        with contextlib.suppress(OSError):
            os.write(told, json.dumps({"ready": False, **to_builtins(error.problem)}).encode() + b"\n")
        _log.error("worker %d cannot start: %s", number, type(error.problem).__name__)
    except BaseException:
        _log.exception("worker %d failed", number)
    finally:
        sys.stdout.flush()
        os._exit(code)
