"""Loads the picture, and again: when asked to, or by itself when its file has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from imagechat_tui.tui.messages import PictureChanged, PictureFailed, PictureLoaded, PictureLoading

if TYPE_CHECKING:
    from imagechat_tui.raster.image import Picture

EVERY_S: Final = 1.0
"""How often the file is looked at. Where it looks the same twice, nobody is writing it."""

LoadPicture: TypeAlias = "Callable[[Callable[[float], None]], Awaitable[Picture]]"
"""Loads the picture; is given what to call with the fraction done."""
StampOf: TypeAlias = Callable[[], object]
"""What tells one state of the file from another, None while there is none; asks the disk, so it is for a thread."""
PictureMessage: TypeAlias = PictureLoading | PictureLoaded | PictureFailed | PictureChanged


class PictureLoader:
    """Tells of the picture by messages.

    It is read again by itself, once its file has changed and is still. While it must not be exchanged it is only
    told that the file has changed.
    """

    def __init__(
        self,
        load: LoadPicture,
        stamp: StampOf | None,
        post: Callable[[PictureMessage], None],
        *,
        held: Callable[[], bool] = lambda: False,
    ) -> None:
        """Make one.

        Args:
            load: loads the picture.
            stamp: None where nothing tells that it has changed: it may have, each time it is asked for.
            post: takes the messages.
            held: whether the person does something that is about the very picture they see.
        """
        self._load = load
        self._stamp = stamp
        self._post = post
        self._held = held
        self._asked = asyncio.Event()

    def again(self) -> None:
        """The person wants to see it as it is now."""
        self._asked.set()

    async def run(self) -> None:
        """Load it, and go on until cancelled."""
        while True:
            self._asked.clear()
            read = await self._look()
            whole = await self._loaded()
            await self._until_due(read, whole=whole)

    async def _loaded(self) -> bool:
        try:
            picture = await self._load(lambda fraction: self._post(PictureLoading(fraction)))
        except Exception as error:  # the edge of a task: words are made of it, or the crash file
            self._post(PictureFailed(error))
            return False
        self._post(PictureLoaded(picture))
        return picture.loss is None

    async def _look(self) -> object:
        return await asyncio.to_thread(self._stamp) if self._stamp is not None else None

    async def _until_due(self, read: object, *, whole: bool) -> None:
        """Wait until it shall be read again.

        Args:
            read: the state of the file before it was read.
            whole: whether there is nothing to wish for in what was read.
        """
        before, told = read, read
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S if self._stamp is not None else None):
                    await self._asked.wait()
            now = await self._look()
            if self._asked.is_set():
                if not whole or self._stamp is None or now != read:
                    return
                self._asked.clear()
            elif now != read and now == before:
                if not (whole and self._held()):
                    return
                if now != told:
                    told = now
                    self._post(PictureChanged())
            before = now
