"""The layout that Textual puts off to its next frame."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from textual.screen import Screen

from imagechat_tui.tui.textual_internals.probe import Feature, supported

AT_ONCE: Final = supported(Feature.LAYOUT_AT_ONCE)
FRAMES: Final = 2
"""A layout may ask for another one."""
FRAME_S: Final = 0.2
"""A screen that paints no frame for so long will not, such as one that is going."""


async def lay_out(screen: Screen[Any]) -> bool:
    """Do the layout that is due; whether there was one.

    Where it cannot be done at once: wait for the frames in which it is done, if there is one. Not for the screen's own
    task.
    """
    if AT_ONCE:
        if not (screen._layout_required or screen._scroll_required):
            return False
        screen._on_timer_update()
        return True
    with suppress(TimeoutError):
        for _ in range(FRAMES):
            async with asyncio.timeout(FRAME_S):
                await screen.wait_for_refresh()
    return False
