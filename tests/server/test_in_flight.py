from __future__ import annotations

import asyncio

import pytest

from imagechat_tui.server.usecases.in_flight import InFlight


class Work:
    """Counts its runs, and waits to be let go."""

    def __init__(self) -> None:
        self.runs = 0
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.runs += 1
        run = self.runs
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return run


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_who_asks_while_it_runs_shares_the_next_run() -> None:
    flights, work = InFlight[int](), Work()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(flights.shared("a", work))
        await turns()
        later = [tasks.create_task(flights.shared("a", work)) for _ in range(5)]
        other = tasks.create_task(flights.shared("b", Work()))
        await turns()
        assert work.runs == 1, "what runs already is nobody's who asked after it began"
        work.go.set()
        assert await first == 1
        assert [await one for one in later] == [2] * 5
        assert not other.done()
        other.cancel()
    assert await flights.shared("a", work) == 3


async def test_what_fails_fails_for_all_who_share_it_and_for_nobody_after() -> None:
    flights, work = InFlight[int](), Work()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(_outcome(flights, work))
        await turns()
        later = [tasks.create_task(_outcome(flights, work)) for _ in range(3)]
        await turns()
        work.error = RuntimeError("broken")
        work.go.set()
        assert await first == "broken"
        assert {await one for one in later} == {"broken"}
    assert work.runs == 2
    work.error = None
    assert await flights.shared("a", work) == 3


async def test_who_gives_up_leaves_the_key_free() -> None:
    flights, work = InFlight[int](), Work()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(flights.shared("a", work))
        await turns()
        second = tasks.create_task(flights.shared("a", work))
        await turns()
        second.cancel()
        await turns()
        first.cancel()
        await turns()
        work.go.set()
        assert await flights.shared("a", work) == 2


async def _outcome(flights: InFlight[int], work: Work) -> object:
    with pytest.raises(RuntimeError) as failed:
        await flights.shared("a", work)
    return str(failed.value)
