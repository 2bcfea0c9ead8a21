"""What operators have decided of tenants and users, as this process knows it (PROMISES D17).

Every request asks, so it is kept here. The store tells by a revision whether it has changed, and whoever keeps the book
up to date learns whose sockets have lost the right to be open.
"""

from __future__ import annotations

from typing import NamedTuple

from imagechat_tui.protocol.ids import TenantId, UserId
from imagechat_tui.server.storage import Rules, Store, TenantRecord, UserRule


class Ended(NamedTuple):
    """Whose sockets have to show anew what they may."""

    tenant_id: TenantId
    user_id: UserId | None
    """None: everybody's."""


class RuleBook:
    """The rules of one process. Empty before it is first refreshed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._revision: bytes | None = None
        self._tenants: dict[TenantId, TenantRecord] = {}
        self._users: dict[tuple[TenantId, UserId], UserRule] = {}
        self.changes = 0
        """How often they were other ones: who was let in by earlier ones has to show anew what they may."""

    async def tenant(self, tenant_id: TenantId) -> TenantRecord | None:
        """One tenant; of one that is not known here the store is asked, whoever has made it.

        Raises:
            StoreUnavailable: The store cannot tell.
        """
        known = self._tenants.get(tenant_id)
        if known is None and (known := await self._store.tenant(tenant_id)) is not None:
            self._tenants[tenant_id] = known
        return known

    def user(self, tenant_id: TenantId, user_id: UserId) -> UserRule | None:
        """What was decided of a user; None: nothing."""
        return self._users.get((tenant_id, user_id))

    async def refresh(self) -> tuple[Ended, ...]:
        """Read the rules again if they have changed.

        Returns:
            Whose rights are other ones now: their sockets have to show anew what they may.

        Raises:
            StoreUnavailable: They are those of before.
        """
        if self._revision is not None and await self._store.rules_revision() == self._revision:
            return ()
        rules = await self._store.rules()
        first, self._revision = self._revision is None, rules.revision
        ended = () if first else tuple(self._ended(rules))
        self.changes += not first
        self._tenants = {record.id: record for record in rules.tenants}
        self._users = {(rule.tenant_id, rule.user_id): rule for rule in rules.users}
        return ended

    def _ended(self, rules: Rules) -> list[Ended]:
        tenants = {record.id: record for record in rules.tenants}
        changed = [
            Ended(known.id, None) for known in self._tenants.values() if tenants.get(known.id) != known
        ]
        users = {(rule.tenant_id, rule.user_id): rule for rule in rules.users}
        either = dict.fromkeys((*self._users, *users))
        return changed + [Ended(*key) for key in either if self._users.get(key) != users.get(key)]
