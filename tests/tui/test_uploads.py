"""Pictures on their way to the terminal: in order, in pieces, and none that is wanted no more."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import numpy as np
import pytest

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.kitty import BREAK_OFF, CHUNK, PIECE, placement, removal
from imagechat_tui.raster.sheets import Part, Sheet
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.tui.picture.uploads import Uploads

SIZE = 120


def part(seed: int = 1, cells: tuple[int, int] = (20, 10)) -> Part:
    """Of noise: 58 kB in base64, four pieces."""
    pixels = np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    return Part(Sheet(Picture(f"p{seed}", SIZE, SIZE, "0" * 64, pixels)), cells, (0, 0))


ONE, OTHER = part(1), part(2)
PIECES = 4


class Line:
    """The way to the terminal, which answers when it is told to."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.pieces: list[str] = []
        self.bye = ""
        self.changes = 0
        self.gap = 0
        """Bytes that there is space for besides what is on the way."""
        self.piece = PIECE
        self.taken = 0
        """Of how many pieces the terminal has told."""
        self.asked = asyncio.Event()
        self.running: asyncio.Task[None] | None = None
        self.uploads = Uploads(self, self.start, self.changed)

    def write(self, text: str) -> None:
        self.sent.append(text)

    def send(self, text: str) -> None:
        self.sent.append(text)
        self.pieces.append(text)
        self.asked.set()

    def space(self) -> int:
        return self.gap

    def at_once(self) -> int:
        return self.piece

    def farewell(self, text: str) -> None:
        self.bye = text

    def changed(self) -> None:
        self.changes += 1

    def start(self) -> None:
        if self.running is None or self.running.done():
            self.running = asyncio.get_running_loop().create_task(self.uploads.run())

    async def until(self, count: int) -> None:
        """So many pieces were sent."""
        async with asyncio.timeout(20):
            while len(self.pieces) < count:
                self.asked.clear()
                await self.asked.wait()

    async def rest(self, count: int) -> None:
        """Take in so many pieces, and all that follows."""
        for _ in range(count):
            await self.until(self.taken + 1)
            self.taken += 1
            self.uploads.arrived()
            await asyncio.sleep(0)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    line = Line()
    yield line
    if line.running is not None:
        line.running.cancel()


async def test_the_next_piece_waits_for_the_last_and_it_is_shown_when_all_are_there(line: Line) -> None:
    line.uploads.want(1, ONE)
    await line.until(1)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(line.sent) == 1
    assert line.bye == BREAK_OFF + removal(1)
    await line.rest(PIECES - 1)
    assert not line.uploads.shows(1, ONE)
    await line.rest(1)
    assert line.running is not None
    await line.running
    assert line.uploads.shows(1, ONE)
    assert line.changes == 1
    assert line.sent[PIECES:] == [placement(1, ONE.cells)]
    assert line.bye == removal(1)
    line.uploads.want(1, ONE)
    assert len(line.sent) == PIECES + 1


async def test_where_there_is_space_on_the_way_pieces_follow_one_another_but_the_last_is_waited_for(
    line: Line,
) -> None:
    line.gap = PIECE * 2
    line.uploads.want(1, ONE)
    await line.until(PIECES)
    for taken in range(PIECES):
        for _ in range(20):
            await asyncio.sleep(0)
        assert not line.uploads.shows(1, ONE), taken
        line.uploads.arrived()
    assert line.running is not None
    await line.running
    assert line.uploads.shows(1, ONE)
    assert line.sent[PIECES:] == [placement(1, ONE.cells)]


async def test_what_is_broken_off_with_pieces_on_the_way_does_not_count_for_the_next(line: Line) -> None:
    line.gap = PIECE * 2
    line.uploads.want(1, ONE)
    await line.until(2)
    line.gap = 0
    line.uploads.want(1, OTHER)
    await line.rest(PIECES + PIECES)
    assert line.running is not None
    await line.running
    assert line.uploads.shows(1, OTHER)


async def test_over_a_slow_way_pieces_are_small(line: Line) -> None:
    line.piece = CHUNK + 1
    line.uploads.want(1, ONE)
    await line.rest(4 * PIECES - 1)
    assert line.running is not None
    await line.running
    assert line.uploads.shows(1, ONE)
    assert all(len(text) < CHUNK + 100 for text in line.pieces)


async def test_another_layout_is_one_command_and_another_picture_comes_after_the_first(line: Line) -> None:
    line.uploads.want(1, ONE)
    line.uploads.want(2, OTHER)
    await line.until(1)
    wide = part()._replace(sheet=ONE.sheet, cells=(40, 20))
    line.uploads.want(1, wide)  # the first is on its way: no other command may come between
    assert len(line.sent) == 1
    await line.rest(2 * PIECES)
    assert line.running is not None
    await line.running
    layouts = [text for text in line.sent if "a=p" in text]
    assert layouts == [placement(1, (40, 20)), placement(2, OTHER.cells)]
    assert [re.findall(r"a=t,.*?i=(\d)", text) for text in line.pieces].count(["2"]) == 1
    line.uploads.want(1, ONE)
    assert line.uploads.shows(1, ONE)
    assert line.sent[-1] == placement(1, ONE.cells)


async def test_what_is_wanted_no_more_is_broken_off(line: Line) -> None:
    line.uploads.want(1, ONE)
    await line.rest(1)
    await line.until(2)
    line.uploads.want(1, OTHER)
    await line.rest(1 + PIECES)
    assert line.running is not None
    await line.running
    assert line.sent[2] == BREAK_OFF
    assert line.uploads.shows(1, OTHER)
    assert not line.uploads.shows(1, ONE)
    line.uploads.want(1, None)
    line.uploads.want(1, OTHER)
    assert line.sent[-1] == placement(1, OTHER.cells)


@pytest.mark.parametrize("there", [False, True])
async def test_what_the_terminal_lost_is_sent_again_and_not_shown_before(line: Line, there: bool) -> None:
    line.uploads.want(1, ONE)
    await line.rest(PIECES if there else 2)
    if there:
        assert line.running is not None
        await line.running
    else:
        await line.until(3)
        line.taken += 1  # its answer is lost
    line.uploads.again()
    assert not line.uploads.shows(1, ONE)
    await line.rest(PIECES)
    assert line.running is not None
    await line.running
    assert line.uploads.shows(1, ONE)


async def test_only_what_was_sent_is_taken_back(line: Line) -> None:
    line.uploads.remove((1, 2, 3))
    assert line.sent == []
    line.uploads.want(1, ONE)
    await line.until(1)
    line.uploads.remove((1, 2, 3))
    assert line.sent[1:] == [BREAK_OFF, removal(1)]
    assert line.bye == ""
    assert line.running is not None
    await line.running
    assert len(line.pieces) == 1


async def test_a_window_is_the_same_wish_as_one_just_like_it(line: Line) -> None:
    view = Viewport(SIZE, SIZE, 20, 10, floating=True, center=Point(3, 4))
    one, same = (Part(Sheet(ONE.sheet.picture, view, (6, 12), 0), (20, 10), (0, 0)) for _ in range(2))
    assert one == same
