"""Has two versions of the picture compared, once both are there, and again when one of them is another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from imagechat_tui.tui.messages import ComparisonFailed, ComparisonMade, ComparisonProgress
from imagechat_tui.tui.picture_loading import LoadPicture, StampOf

if TYPE_CHECKING:
    from imagechat_tui.protocol.models import OpenedImage
    from imagechat_tui.raster.comparison import Comparison
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.words import Words

Compare: TypeAlias = "Callable[[Picture, Picture, Callable[[float], None]], Awaitable[Comparison]]"
"""Compares an older version with a newer one; is given what to call with the fraction done."""
ComparisonMessage: TypeAlias = ComparisonProgress | ComparisonMade | ComparisonFailed


class Against(Struct, frozen=True):
    """What the picture is compared with."""

    name: str
    """What it is called, raw."""
    load: LoadPicture
    stamp: StampOf | None
    """As `PictureLoader` has it."""
    note: Words | None = None
    """What is to be said of it."""


class NothingEarlier(Struct, frozen=True):
    """There is no earlier version that the picture could be compared with."""

    elsewhere: tuple[int, ...] = ()
    """The numbers of those that are not on this machine, the newest first."""
    why: Words | None = None
    """Why it cannot be known whether there is one."""


FindEarlier: TypeAlias = "Callable[[OpenedImage | None, Picture], Awaitable[Against | NothingEarlier]]"
"""Looks for an earlier version; is given what the server knows of the image, and the picture that is shown."""


def at_hand(name: str, picture: Picture) -> Against:
    """A picture that is there already."""

    async def load(progress: Callable[[float], None]) -> Picture:
        return picture

    return Against(name, load, lambda: "read once")


class ComparisonLoader:
    """Tells of the comparison by messages. One that is outdated while it is made is made to its end and not told."""

    def __init__(self, compare: Compare, post: Callable[[ComparisonMessage], None]) -> None:
        """Make one; ``post`` takes the messages."""
        self._compare = compare
        self._post = post
        self._old: Picture | None = None
        self._new: Picture | None = None
        self._due = asyncio.Event()

    def take_old(self, picture: Picture) -> None:
        """The older version is there, or is another one."""
        self._old = picture
        self._due.set()

    def take_new(self, picture: Picture) -> None:
        """The newer version is there, or is another one."""
        self._new = picture
        self._due.set()

    async def run(self) -> None:
        """Compare them, and go on until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            if self._old is not None and self._new is not None:
                await self._compared(self._old, self._new)

    async def _compared(self, old: Picture, new: Picture) -> None:
        try:
            made = await self._compare(old, new, lambda fraction: self._post(ComparisonProgress(fraction)))
        except Exception as error:  # the edge of a task: words are made of it, or the crash file
            if not self._due.is_set():
                self._post(ComparisonFailed(error))
            return
        if not self._due.is_set():
            self._post(ComparisonMade(made))
