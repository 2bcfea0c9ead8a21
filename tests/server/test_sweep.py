"""The sweep of a running server: all that is due goes, in pieces, and a disk that fails is tried again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from imagechat_tui.server.process import sweep
from imagechat_tui.server.storage import StoreUnavailable
from tests.contracts.memory_store import MemoryStore


class Due(MemoryStore):
    """A store in which so many pieces are due, whose disk fails at first."""

    def __init__(self, threads: int, logs: int) -> None:
        self.threads, self.logs = threads, logs
        self.told: list[str] = []
        self.done = asyncio.Event()

    async def forget_deleted(self) -> bool:
        if not self.told:
            self.told.append("failed")
            raise StoreUnavailable("the disk is away")
        self.threads -= 1
        self.told.append("threads")
        return self.threads > 0

    async def trim_logs(self) -> bool:
        self.logs -= 1
        self.told.append("logs")
        if self.logs == 0:
            self.done.set()
        return self.logs > 0


@contextlib.contextmanager
def paused(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """How long the sweep rests, each time: it does not."""
    rests: list[float] = []
    sleep = asyncio.sleep

    async def rest(delay_s: float) -> None:
        rests.append(delay_s)
        await sleep(0)

    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "sleep", rest)
        yield rests


async def test_all_that_is_due_goes_and_a_disk_that_fails_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Due(threads=2, logs=3)
    with paused(monkeypatch) as rests:
        async with asyncio.TaskGroup() as tasks:
            sweeping = tasks.create_task(sweep.keep_sweeping(store))
            await store.done.wait()
            sweeping.cancel()
    assert store.told == ["failed", "threads", "threads", "logs", "logs", "logs"]
    assert rests[:2] == [sweep.SWEEP_EVERY_S] * 2
    assert len([rest for rest in rests if rest < sweep.SWEEP_EVERY_S]) >= 2, "others write between two pieces"
