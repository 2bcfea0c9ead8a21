"""Which pictures are decoded before they are asked for, and which are held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest

from imagechat_tui import problems
from imagechat_tui.net import pictures_ahead
from imagechat_tui.net.pictures_ahead import PicturesAhead
from imagechat_tui.problems import PictureError
from imagechat_tui.raster.image import Picture


class Files:
    """Files on a disk; decoding takes until the test lets it go on."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.stamps: list[object] = [1] * count
        self.broken: set[int] = set()
        self.read: list[int] = []
        self.free = asyncio.Event()
        self.free.set()

    async def load(self, at: int, progress: Callable[[float], None]) -> Picture:
        self.read.append(at)
        await self.free.wait()
        if at in self.broken:
            raise PictureError(problems.PictureCorrupt(str(at)))
        return Picture(str(at), 20, 10, f"{at:064}", np.zeros((10, 20, 3), dtype=np.uint8))

    @asynccontextmanager
    async def ahead(self) -> AsyncIterator[PicturesAhead]:
        ahead = PicturesAhead(self.load, lambda at: self.stamps[at], lambda: self.count)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(ahead.run())
            yield ahead
            task.cancel()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():  # noqa: ASYNC110 (threads look at the files)
                await asyncio.sleep(0)


def nothing(fraction: float) -> None:
    pass


async def test_neighbours_are_decoded_the_likeliest_first_and_are_there_at_once() -> None:
    files = Files(9)
    async with files.ahead() as ahead:
        ahead.show(4)
        await files.until(lambda: {5, 3, 6} <= set(files.read))
        before = len(files.read)  # the last of them may be on its way
        for at in (5, 3, 6):
            assert (await ahead.picture(at, nothing)).name == str(at)
        assert len(files.read) == before


async def test_what_is_being_decoded_is_waited_for_and_not_decoded_twice() -> None:
    files = Files(9)
    files.free.clear()
    async with files.ahead() as ahead:
        await files.until(lambda: files.read == [1])
        ahead.show(1)
        async with asyncio.TaskGroup() as tasks:
            coming = tasks.create_task(ahead.picture(1, nothing))
            await asyncio.sleep(0)
            files.free.set()
        assert coming.result().name == "1"
        assert files.read.count(1) == 1


async def test_a_file_that_changed_is_read_again() -> None:
    files = Files(2)
    async with files.ahead() as ahead:
        await files.until(lambda: files.read == [1])
        files.stamps[1] = 2
        await ahead.picture(1, nothing)
        assert files.read == [1, 1]


async def test_what_cannot_be_decoded_is_tried_once_ahead_and_told_when_it_is_asked_for() -> None:
    files = Files(3)
    files.broken = {1}
    async with files.ahead() as ahead:
        await files.until(lambda: files.read == [1, 2])
        ahead.show(0)
        with pytest.raises(PictureError):
            await ahead.picture(1, nothing)
        assert files.read == [1, 2, 1]


async def test_what_nothing_tells_apart_is_not_decoded_ahead() -> None:
    files = Files(3)
    files.stamps = [None] * 3
    async with files.ahead() as ahead:
        await ahead.picture(1, nothing)
        await ahead.picture(1, nothing)
        assert files.read == [1, 1]


async def test_no_more_is_held_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures_ahead, "MOST_BYTES", 3 * 200 * pictures_ahead.BYTES_A_PIXEL)
    files = Files(50)
    async with files.ahead() as ahead:
        for at in range(5):
            await ahead.picture(at, nothing)
            ahead.show(at)
            near = {at, at + 1, (at - 1) % 50}
            await files.until(lambda near=near: held(ahead) == near)  # type: ignore[misc]
            assert held(ahead) == near


def held(ahead: PicturesAhead) -> set[int]:
    return {at for at, (_, picture) in ahead._held.items() if picture is not None}
