"""Rights that end end at once: on every process, on sockets that are open (PROMISES D17)."""

from __future__ import annotations

import asyncio
import logging

from imagechat_tui.server.guard.rules import RuleBook
from imagechat_tui.server.live.hub import Hub
from imagechat_tui.server.storage import StoreUnavailable

LOOK_EVERY_S = 1.0
"""How often the store is asked by a process that does not have it to itself: what the bus tells may be lost."""

_log = logging.getLogger(__name__)


class Revoking:
    """Keeps the rules of a process up to date, and ends the sockets that they concern."""

    def __init__(self, rules: RuleBook, hub: Hub) -> None:
        self._rules = rules
        self._hub = hub

    async def look(self) -> None:
        """Read the rules if they have changed; then those whom they concern have to show anew what they may.

        Raises:
            StoreUnavailable: The store cannot tell.
        """
        for ended in await self._rules.refresh():
            self._hub.dismiss_all(ended.tenant_id, ended.user_id)

    async def decided(self) -> None:
        """An operator has decided something by this process."""
        await self.look()
        self._hub.tell_rules_changed()

    async def keep_looking(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look whenever another process says so, and every so often; until cancelled."""
        while True:
            try:
                async with asyncio.timeout(every_s):
                    await self._hub.rules_changed.wait()
            except TimeoutError:
                pass
            self._hub.rules_changed.clear()
            try:
                await self.look()
            except StoreUnavailable as error:
                _log.warning("the rules cannot be read: %s", error)
