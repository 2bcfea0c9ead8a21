"""What a server does by itself while it runs: what is too old goes, a little at a time."""

from __future__ import annotations

import asyncio
import contextlib
import time

from imagechat_tui.server.storage import Store, StoreError

SWEEP_EVERY_S = 15.0
"""How often it is looked for; a deleted thread whose time is over is not restored in between either."""
PAUSES = 3
"""How many times as long as a piece of the work nothing is done after it: who writes hardly notices."""


async def keep_sweeping(store: Store) -> None:
    """Forget deleted threads and old events when they are due, until cancelled; a disk that fails is tried again."""
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        with contextlib.suppress(StoreError):
            await forget_deleted(store)
            await trim_logs(store)


async def forget_deleted(store: Store) -> None:
    """Forget what was deleted and can be restored no more: with nothing in between, for it is promised."""
    while await store.forget_deleted():
        pass


async def trim_logs(store: Store) -> None:
    """Trim the logs, in pieces."""
    more = True
    while more:
        began = time.monotonic()
        more = await store.trim_logs()
        await asyncio.sleep(PAUSES * (time.monotonic() - began))
