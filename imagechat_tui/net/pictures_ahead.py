"""Pictures of a folder, decoded before they are asked for: those beside the one that is shown.

One at a time, in a guarded child as always: one core is left to the person. What is held is bounded by its size
in memory; a file that has changed since is read again. Of addresses nothing is fetched before somebody asks for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from imagechat_tui.problems import PictureError

if TYPE_CHECKING:
    from imagechat_tui.raster.image import Picture

AHEAD: Final = (1, -1, 2)
"""Which neighbours, by how far they are from the one that is shown; the likeliest first."""
MOST_BYTES: Final = 160 << 20
"""What is held takes no more: seven of 1440×900 pixels take half of it."""
BYTES_A_PIXEL: Final = 9
"""Pixels, Pillow's own layout of them, and the smaller copies."""

Load: TypeAlias = "Callable[[int, Callable[[float], None]], Awaitable[Picture]]"
"""Loads the picture in a place; is given what to call with the fraction done."""


class PicturesAhead:
    """Holds the pictures beside the one that is shown.

    Args:
        load: loads one. May raise PictureError.
        stamp: tells one state of a file from another, None where nothing does; for a thread.
        count: tells how many pictures there are.
    """

    def __init__(self, load: Load, stamp: Callable[[int], object], count: Callable[[], int]) -> None:
        self._load = load
        self._stamp = stamp
        self._count = count
        self._shown = 0
        self._held: dict[int, tuple[object, Picture | None]] = {}
        """By place: the state of the file, and what it holds; None if that is no picture."""
        self._moved, self._decoded = asyncio.Event(), asyncio.Event()
        self._decoding: int | None = None

    def show(self, at: int) -> None:
        """Another one is shown: hold its neighbours from now on."""
        self._shown = at
        near = {at, *self._near()}
        self._held = {place: held for place, held in self._held.items() if place in near}
        self._moved.set()

    async def picture(self, at: int, progress: Callable[[float], None]) -> Picture:
        """The one in a place: at once, if it is held.

        Raises:
            PictureError: it cannot be shown.
        """
        while self._decoding == at:
            await self._decoded.wait()
        stamp = await asyncio.to_thread(self._stamp, at)
        known, picture = self._held.get(at, (None, None))
        if picture is None or stamp is None or known != stamp:
            picture = await self._load(at, progress)
            self._hold(at, stamp, picture)
        return picture

    async def run(self) -> None:
        """Decode ahead until cancelled."""
        while True:
            self._moved.clear()
            for at in self._near():
                if self._moved.is_set() or not await self._prepare(at):
                    break
            await self._moved.wait()

    def _near(self) -> list[int]:
        count = self._count()
        near = dict.fromkeys((self._shown + step) % count for step in AHEAD)
        return [at for at in near if at != self._shown]

    async def _prepare(self, at: int) -> bool:
        """Hold the one in a place; False if there is no room for it."""
        stamp = await asyncio.to_thread(self._stamp, at)
        if stamp is None or self._held.get(at, (None, None))[0] == stamp or self._moved.is_set():
            return True
        self._decoding = at
        self._decoded.clear()
        try:
            picture = await self._load(at, lambda fraction: None)
        except PictureError:
            self._held[at] = stamp, None  # whoever comes there is told why
        else:
            self._hold(at, stamp, picture)
        finally:
            self._decoding = None
            self._decoded.set()
        return at in self._held

    def _hold(self, at: int, stamp: object, picture: Picture) -> None:
        near = [self._shown, *self._near()]
        if at not in near:
            return
        self._held[at] = stamp, picture
        left = MOST_BYTES
        for place in near:  # the likeliest first: what is left for the others may be too little
            held = self._held.get(place)
            if held is None or held[1] is None:
                continue
            left -= held[1].pixels.size // 3 * BYTES_A_PIXEL
            if left < 0:
                del self._held[place]
