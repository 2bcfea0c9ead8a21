"""Drafts reach the disk in order, while the screen goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from imagechat_tui.net.drafts.file import DraftFile, DraftsNotStored
from imagechat_tui.sync.state import Draft


class DraftKeeper:
    """Stores the newest drafts in threads, one store after the other; those overtaken meanwhile are skipped.

    A store that has its name outlives the program and is made at once. Until the disk has it for good may take
    seconds, so that is waited for beside the next stores.

    Args:
        file: Where; None stores nothing.
        on_failure: Called once if the disk does not take them.
    """

    def __init__(self, file: DraftFile | None, on_failure: Callable[[], None]) -> None:
        self._file = file
        self._on_failure = on_failure
        self._newest: tuple[Draft, ...] | None = None
        self._asked = self._named = self._synced = 0
        self._naming = self._syncing = False
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._defect: asyncio.Future[None] | None = None
        self._before: list[tuple[DraftFile, tuple[Draft, ...]]] = []
        """Files from before a move, and what stays in each: they are left once the new one is on the disk."""
        self._leaving = False
        self._leave_at = 0
        """The number of the ``store`` that makes them dispensable."""

    def load(self) -> tuple[Draft, ...]:
        """What sessions that live no more have left."""
        return self._file.load() if self._file is not None else ()

    def store(self, drafts: tuple[Draft, ...]) -> int:
        """Ask for these to be stored; the number is for ``stored``."""
        self._newest = drafts
        self._asked += 1
        self._go_on()
        return self._asked

    def move(self, file: DraftFile, left: tuple[Draft, ...]) -> tuple[Draft, ...]:
        """Keep drafts in another file from the next ``store`` on, which has to come, with what is found there.

        Args:
            file: Where.
            left: What stays in the file before.

        Returns:
            What sessions that live no more have left there.
        """
        if self._file is not None:
            self._before.append((self._file, left))
        self._file = file
        self._leave_at = self._asked + 1
        return file.load()

    @property
    def asked(self) -> int:
        """The number of the newest ``store``."""
        return self._asked

    async def stored(self, number: int) -> None:
        """Wait until that ``store``, or a newer one, is on the disk (or the disk has refused)."""
        if self._file is None or self._synced >= number:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((number, waiter))
        await waiter

    async def run(self) -> None:
        """Stand by until cancelled; a defect of the store is raised here."""
        self._defect = asyncio.get_running_loop().create_future()
        await self._defect

    def _go_on(self) -> None:
        """Begin what is due, at once and in no task: the screen is about to change, and the disk can work meanwhile."""
        file = self._file
        if file is None:
            return
        if not self._naming and self._named < self._asked:
            self._naming = True
            newest, number = self._newest or (), self._asked
            self._begin(lambda: file.store(newest), lambda: self._is_named(number))
        if not self._syncing and self._synced < self._named:
            self._syncing = True
            number = self._named
            self._begin(file.sync, lambda: self._is_synced(number))
        if self._before and not self._leaving and self._synced >= self._leave_at:
            self._leaving = True
            before = tuple(self._before)
            self._begin(lambda: _leave_each(before), lambda: self._have_left(len(before)))

    def _begin(self, work: Callable[[], None], then: Callable[[], None]) -> None:
        def ended(job: asyncio.Future[None]) -> None:
            if job.cancelled():
                return
            failure = job.exception()
            if isinstance(failure, DraftsNotStored):
                self._on_failure()
            elif failure is not None and self._defect is not None and not self._defect.done():
                self._defect.set_exception(failure)
            then()
            self._go_on()

        asyncio.get_running_loop().run_in_executor(None, work).add_done_callback(ended)

    def _is_named(self, number: int) -> None:
        self._naming = False
        self._named = number

    def _is_synced(self, number: int) -> None:
        self._syncing = False
        self._synced = number
        for wanted, waiter in self._waiters:
            if wanted <= number and not waiter.done():
                waiter.set_result(None)
        self._waiters = [(wanted, waiter) for wanted, waiter in self._waiters if wanted > number]

    def _have_left(self, files: int) -> None:
        self._leaving = False
        del self._before[:files]

    def leave(self) -> None:
        """The last word: on return the newest drafts are on the disk, whatever was still waiting."""
        if self._file is None:
            return
        if self._newest is not None:
            with suppress(DraftsNotStored):  # told before, or there is nobody left to tell
                self._file.store_last(self._newest)
                self._file.sync()
        self._file.close()
        with suppress(DraftsNotStored):
            _leave_each(self._before)


def _leave_each(files: Sequence[tuple[DraftFile, tuple[Draft, ...]]]) -> None:
    """Leave in each file what stays in it, and give it up; done twice it is done once."""
    for file, left in files:
        try:
            file.store_last(left)
            file.sync()
        finally:
            file.close()
