"""Drafts reach the disk in order, while the screen goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from imagechat_tui.net.drafts import DraftFile, DraftsNotStored
from imagechat_tui.sync.state import Draft


class DraftKeeper:
    """Stores the newest drafts in a thread, one store after the other; those overtaken meanwhile are skipped.

    Args:
        file: Where; None stores nothing.
        on_failure: Called once if the disk does not take them.
    """

    def __init__(self, file: DraftFile | None, on_failure: Callable[[], None]) -> None:
        self._file = file
        self._on_failure = on_failure
        self._newest: tuple[Draft, ...] | None = None
        self._asked = self._done = 0
        self._job: asyncio.Future[None] | None = None
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._defect: asyncio.Future[None] | None = None

    def load(self) -> tuple[Draft, ...]:
        """What sessions that live no more have left."""
        return self._file.load() if self._file is not None else ()

    def store(self, drafts: tuple[Draft, ...]) -> int:
        """Ask for these to be stored; the number is for ``stored``."""
        self._newest = drafts
        self._asked += 1
        if self._job is None:
            self._begin()
        return self._asked

    @property
    def asked(self) -> int:
        """The number of the newest ``store``."""
        return self._asked

    async def stored(self, number: int) -> None:
        """Wait until that ``store``, or a newer one, is on the disk (or the disk has refused)."""
        if self._file is None or self._done >= number:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((number, waiter))
        await waiter

    async def run(self) -> None:
        """Stand by until cancelled; a defect of the store is raised here."""
        self._defect = asyncio.get_running_loop().create_future()
        await self._defect

    def _begin(self) -> None:
        """Store the newest, at once and in no task: the screen is about to change, and the disk can work meanwhile."""
        if self._file is None:
            return
        number = self._asked
        self._job = asyncio.get_running_loop().run_in_executor(None, self._file.store, self._newest or ())
        self._job.add_done_callback(partial(self._ended, number))

    def _ended(self, number: int, job: asyncio.Future[None]) -> None:
        self._job = None
        if job.cancelled():
            return
        failure = job.exception()
        if isinstance(failure, DraftsNotStored):
            self._on_failure()
        elif failure is not None and self._defect is not None and not self._defect.done():
            self._defect.set_exception(failure)
        self._done = number
        for wanted, waiter in self._waiters:
            if wanted <= number and not waiter.done():
                waiter.set_result(None)
        self._waiters = [(wanted, waiter) for wanted, waiter in self._waiters if wanted > number]
        if self._asked > number:
            self._begin()

    def leave(self) -> None:
        """The last word: on return the newest drafts are on the disk, whatever was still waiting."""
        if self._file is None:
            return
        if self._newest is not None:
            with suppress(DraftsNotStored):  # told before, or there is nobody left to tell
                self._file.store(self._newest)
        self._file.close()
