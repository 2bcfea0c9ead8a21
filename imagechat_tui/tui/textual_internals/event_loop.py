"""Whether asyncio's event loop has anything left to do but to wait: asyncio does not tell that in public."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Final

FLOOD_TURNS: Final = 1000
"""Turns of the loop after which what never ends cannot have been set off by a key alone."""


def ready_queue() -> Collection[object] | None:
    """What the running loop is to do next; None for a loop that does not tell."""
    queue: Collection[object] | None = getattr(asyncio.get_running_loop(), "_ready", None)
    return queue


async def settled() -> None:
    """Let the event loop turn until nothing is left to do but to wait.

    One that does not tell turns as often as for a flood: 10 to 20 ms, and every key behind another one waits for it.
    """
    queue = ready_queue()
    for _ in range(FLOOD_TURNS):
        await asyncio.sleep(0)
        if queue is not None and not queue:
            return
