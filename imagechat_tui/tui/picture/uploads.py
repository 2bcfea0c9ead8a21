"""Pictures in pixels on their way to the terminal: one after the other, in pieces, with all else in between."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from imagechat_tui.raster.kitty import BREAK_OFF, pieces, placement, removal
from imagechat_tui.raster.sheets import Part, Sheet


def image_ids(first: int) -> tuple[int, ...]:
    """By which a terminal knows four pictures of ours; other programs in it have others."""
    return tuple(first + number << 16 | os.getpid() & 0xFFFF for number in range(4))


IDS: Final = image_ids(0x69)
"""Of the whole picture, two windows on it that are seen closer in turn, and what is in the loupe."""
IDS_BESIDE: Final = image_ids(0x6D)
"""As above, of the picture beside it."""


class Given(NamedTuple):
    """What a terminal has, and in how many columns and rows it lays it out."""

    sheet: Sheet
    cells: tuple[int, int]


class Terminal(Protocol):
    """The way to it."""

    def write(self, text: str) -> None:
        """Send what is no cell."""

    def send(self, text: str) -> None:
        """Send a piece; that it was taken in is told by `Uploads.arrived`."""

    def space(self) -> int:
        """Bytes that may go out now though not all before them has arrived: 0 where that is not known."""

    def at_once(self) -> int:
        """Bytes that may go out at once, so that a key need not wait long for them."""

    def farewell(self, text: str) -> None:
        """Send this whenever the screen is left."""


class Uploads:
    """What the terminal has of pictures, and what it is still to get.

    The next piece goes out when the terminal says that it has taken in the last, or when it is known that there is
    space for it on the way there: so what is typed meanwhile never waits for much, however slow the link is. What is
    wanted no more is broken off.

    Args:
        terminal: gets them.
        start: has `run` run, if it does not.
        changed: called when the terminal has another picture.
    """

    def __init__(self, terminal: Terminal, start: Callable[[], None], changed: Callable[[], None]) -> None:
        self._terminal = terminal
        self._start = start
        self._changed = changed
        self._wanted: dict[int, Given] = {}
        self._has: dict[int, Given] = {}
        self._sent: set[int] = set()
        """Those of which the terminal may have anything."""
        self._sending: int | None = None
        self._arrived = asyncio.Event()
        self._on_the_way = 0
        """Pieces that the terminal has not told of."""
        self._lost = False
        """Whether the terminal may have forgotten what it got so far."""

    def want(self, image_id: int, part: Part | None) -> None:
        """Have the terminal show a part of this picture; None: of none, though it may keep what it has."""
        if part is None:
            self._wanted.pop(image_id, None)
            return
        given = Given(part.sheet, part.cells)
        self._wanted.pop(image_id, None)  # the last wish is the last to be sent
        self._wanted[image_id] = given
        has = self._has.get(image_id)
        if has == given:
            return
        if has is not None and has.sheet == given.sheet and self._sending is None:
            self._place(image_id, given)
        else:
            self._start()

    def shows(self, image_id: int, part: Part) -> bool:
        """Whether cells of this part show it now."""
        return self._has.get(image_id) == (part.sheet, part.cells)

    def arrived(self) -> None:
        """The terminal has taken in the piece that is longest on the way."""
        self._on_the_way = max(0, self._on_the_way - 1)
        self._arrived.set()

    def again(self) -> None:
        """The terminal may have lost everything: nothing is there until it has been sent anew."""
        self._has.clear()
        self._lost = True
        self._arrived.set()
        if self._wanted:
            self._start()

    def remove(self, image_ids: Sequence[int]) -> None:
        """Have the terminal forget these."""
        gone = self._sent.intersection(image_ids)
        for image_id in image_ids:
            self._wanted.pop(image_id, None)
            self._has.pop(image_id, None)
        if gone:
            if self._sending in gone:
                self._terminal.write(BREAK_OFF)
                self._sending = None
                self._arrived.set()
            self._terminal.write("".join(map(removal, sorted(gone))))
            self._sent -= gone
            self._say_farewell()

    async def run(self) -> None:
        """Send what is wanted, until the terminal has it."""
        while (image_id := self._missing()) is not None:
            given, has = self._wanted[image_id], self._has.get(image_id)
            if has is not None and has.sheet == given.sheet:
                self._place(image_id, given)
                self._changed()
                continue
            self._has.pop(image_id, None)
            data, size, png = await asyncio.to_thread(given.sheet.encoded)
            if self._is_wanted(image_id, given) and await self._send(
                image_id,
                given,
                [*pieces(image_id, data, size, png=png, most=self._terminal.at_once())],
            ):
                self._place(image_id, self._wanted[image_id])
                self._changed()

    async def _send(self, image_id: int, given: Given, texts: Sequence[str]) -> bool:
        """Send a picture; False if it was broken off."""
        self._lost = False
        self._on_the_way = 0
        self._sending = image_id
        self._sent.add(image_id)
        self._say_farewell()
        try:
            for left, text in zip(range(len(texts) - 1, -1, -1), texts, strict=True):
                self._on_the_way += 1
                self._terminal.send(text)
                while self._on_the_way and not (left and self._terminal.space() >= len(text)):
                    self._arrived.clear()
                    await self._arrived.wait()
                    if self._sending != image_id:
                        return False
                    if self._lost or not self._is_wanted(image_id, given):
                        self._terminal.write(BREAK_OFF)
                        return False
        finally:
            self._sending = None
            self._say_farewell()
        return True

    def _missing(self) -> int | None:
        """The first picture that the terminal does not have as it is wanted."""
        return next(
            (image_id for image_id, given in self._wanted.items() if self._has.get(image_id) != given), None
        )

    def _is_wanted(self, image_id: int, given: Given) -> bool:
        wanted = self._wanted.get(image_id)
        return wanted is not None and wanted.sheet == given.sheet

    def _place(self, image_id: int, given: Given) -> None:
        self._terminal.write(placement(image_id, given.cells))
        self._has[image_id] = given

    def _say_farewell(self) -> None:
        broken_off = BREAK_OFF if self._sending is not None else ""
        self._terminal.farewell(broken_off + "".join(map(removal, sorted(self._sent))))
