"""What tenants use of this process and no transaction counts: added up in memory, for somebody to note it down."""

from __future__ import annotations

from msgspec import Struct

from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.usage import Usage


class Meter(Struct, eq=False):
    """What one tenant has used since it was last read. Whoever serves the tenant adds to it."""

    messages: int = 0
    message_bytes: int = 0
    comment_lists: int = 0
    user_searches: int = 0


class Meters:
    """The meters of all tenants, for one event loop."""

    def __init__(self) -> None:
        self._meters: dict[TenantId, Meter] = {}
        self._read = Meter()

    @property
    def messages(self) -> int:
        """Messages written to sockets since the process began, whosever."""
        return self._read.messages + sum(meter.messages for meter in self._meters.values())

    @property
    def message_bytes(self) -> int:
        """Their bytes."""
        return self._read.message_bytes + sum(meter.message_bytes for meter in self._meters.values())

    def of(self, tenant_id: TenantId) -> Meter:
        """The meter of a tenant that is there; it stays the same."""
        meter = self._meters.get(tenant_id)
        if meter is None:
            meter = self._meters[tenant_id] = Meter()
        return meter

    def read(self) -> dict[TenantId, Usage]:
        """What each tenant has used since the last time, where that is anything."""
        used: dict[TenantId, Usage] = {}
        for tenant_id, meter in self._meters.items():
            usage = Usage(
                comment_lists=meter.comment_lists,
                user_searches=meter.user_searches,
                messages=meter.messages,
                message_bytes=meter.message_bytes,
            )
            if usage != Usage():
                used[tenant_id] = usage
                self._read.messages += meter.messages
                self._read.message_bytes += meter.message_bytes
                meter.messages = meter.message_bytes = meter.comment_lists = meter.user_searches = 0
        return used
