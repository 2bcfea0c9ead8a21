"""Where markers are on versions of their image that they were not made on (PROTOCOL 9.2)."""

from __future__ import annotations

from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import Placements
from imagechat_tui.protocol.routes import ChangePlacements
from imagechat_tui.protocol.thread_keys import clean
from imagechat_tui.server.guard.access import Action, Actor, allowed
from imagechat_tui.server.storage import VersionKey
from imagechat_tui.server.usecases import commands
from imagechat_tui.server.usecases.refusals import Refused


class PlacementCommands(commands.Commands):
    """Keeps where markers are on each version, and tells who looks."""

    def admit(self, actor: Actor) -> None:
        """Refuse who may not say where a marker is."""
        verdict = allowed(actor, Action.PLACE_MARKER)
        if not verdict.granted:
            raise Refused(verdict.status, verdict.code)

    async def show(self, actor: Actor, url_id: UrlId, version: int) -> Placements:
        """Where the markers of an image are on a version."""
        return await self._store.placements(VersionKey(actor.tenant_id, clean(url_id), version))

    async def place(
        self, actor: Actor, counted_as: str, url_id: UrlId, change: ChangePlacements
    ) -> Placements:
        """Say where markers are. Returns what that changed."""
        self.admit(actor)
        of = VersionKey(actor.tenant_id, clean(url_id), change.version)
        self.count(actor, counted_as)
        every = await self._store.change_placements(of, change, actor.id)
        for changed in every:
            if changed.placements or changed.gone:
                self._hub.placed(self._tokens.room(actor.tenant_id, of.image), changed)
        return every[0]
