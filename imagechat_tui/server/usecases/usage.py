"""What tenants use: noted down now and then, and told to who holds the tenant's key (PROTOCOL 8.6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.usage import DailyUsage, Usage, UsageQuery, day_of, ms_left_of_day
from imagechat_tui.server.live.meters import Meters
from imagechat_tui.server.storage import OutcomeUnknown, Store, StoreUnavailable

NOTE_EVERY_S: Final = 5.0
"""So much of what the meters show is lost at most when the process is killed."""


class UsageRecords:
    """The records of what tenants use. What changes make is counted with each change; the rest comes from meters.

    Args:
        store: Where they are kept, and added up over all processes.
        meters: Those of this process.
        now_ms: The server's clock.
    """

    def __init__(self, store: Store, meters: Meters, *, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._meters = meters
        self._now_ms = now_ms
        self._day = day_of(now_ms())
        """When the meters were read last."""
        self._unsaved: dict[tuple[TenantId, date], Usage] = {}

    @property
    def due_in_s(self) -> float:
        """When the meters should be read next: soon, and at the end of the day, for they know no days."""
        return min(NOTE_EVERY_S, ms_left_of_day(self._now_ms()) / 1000)

    async def note(self) -> None:
        """Note down what the meters show. If nothing can be written it stays for the next time; if nobody knows whether
        it was written it is given up, for nothing is to count twice."""
        for tenant_id, usage in self._meters.read().items():
            key = tenant_id, self._day
            self._unsaved[key] = self._unsaved.get(key, Usage()) + usage
        self._day = day_of(self._now_ms())
        used, self._unsaved = self._unsaved, {}
        if not used:
            return
        try:
            await self._store.add_usage(used)
        except StoreUnavailable:
            self._unsaved = used
        except OutcomeUnknown:
            pass

    async def show(self, tenant_id: TenantId, asked: UsageQuery) -> tuple[DailyUsage, ...]:
        """What a tenant has used, as far as it was noted down."""
        return await self._store.daily_usage(tenant_id, asked)
