"""The writing thread: what becomes of those who wait for one that ends, or for a disk without room."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from imagechat_tui.server.storage import OutcomeUnknown, StoreError, StoreUnavailable, writer
from imagechat_tui.server.storage.writer import Job, Writer

pytestmark = pytest.mark.reliability


class Connection:
    """Carries out jobs as a test says."""

    def __init__(self, commit: Callable[[Sequence[Job]], None]) -> None:
        self._commit = commit

    def commit_together(self, batch: Sequence[Job]) -> None:
        self._commit(batch)

    def do_alone(self, job: Job) -> None:
        job.done.set_result(job.work(self))

    def close(self) -> None:
        pass


async def test_a_writer_that_ends_leaves_nobody_waiting() -> None:
    go = threading.Event()

    def fail(batch: Sequence[Job]) -> None:
        go.wait()
        raise RuntimeError("a bug")

    dying = Writer(Connection(fail))
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(_refusal(dying)) for _ in range(2)]
        await asyncio.sleep(0)  # both have asked
        go.set()
        with pytest.raises(StoreUnavailable, match="a bug"):
            await dying.watch()
        assert {type(await one) for one in waiting} <= {OutcomeUnknown, StoreUnavailable}
    with pytest.raises(StoreUnavailable):
        await dying.run((), lambda tx: None)
    await dying.close()


async def _refusal(of: Writer) -> StoreError:
    with pytest.raises(StoreError) as refused:
        await of.run((), lambda tx: None)
    return refused.value


async def test_what_no_transaction_can_hold_is_done_between_two() -> None:
    told: list[str] = []
    go = threading.Event()

    def commit(batch: Sequence[Job]) -> None:
        go.wait()
        told.append(f"{len(batch)} committed")
        for job in batch:
            job.done.set_result(None)

    working = Writer(Connection(commit))
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(working.run((), lambda tx: None))
            tasks.create_task(working.run_alone(lambda connection: told.append("alone")))
        await asyncio.sleep(0)  # all have asked
        go.set()
    assert sorted(told)[-3:] == ["alone"] * 3
    assert sum(int(one.split()[0]) for one in told if one != "alone") == 3
    await working.close()


async def test_that_there_was_no_room_is_remembered_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    full = False

    def commit(batch: Sequence[Job]) -> None:
        for job in batch:
            job.done.set_exception(StoreUnavailable("it failed", disk_full=full))

    failing = Writer(Connection(commit))
    seen = [failing.found_no_room]
    for full in (False, True):  # noqa: B007 (``commit`` sees it)
        await _refusal(failing)
        seen.append(failing.found_no_room)
    monkeypatch.setattr(writer, "FULL_S", 0.0)
    assert [*seen, failing.found_no_room] == [False, False, True, False]
    await failing.close()
