"""Whether asyncio's event loop has anything left to do but to wait: asyncio does not tell that in public."""

from __future__ import annotations

import asyncio
from typing import Final

FLOOD_TURNS: Final = 1000
"""Turns of the loop after which what never ends cannot have been set off by a key alone."""
LONG_CHAIN: Final = 200
"""Turns of the loop that nothing we do needs one after the other; a turn with nothing to do takes 10 to 20 µs."""


async def settled() -> None:
    """Let the event loop turn until nothing is left to do but to wait."""
    queue = getattr(asyncio.get_running_loop(), "_ready", None)
    for _ in range(FLOOD_TURNS if queue is not None else LONG_CHAIN):
        await asyncio.sleep(0)
        if queue is not None and not queue:
            return
