"""How far somebody has read the threads of an image: theirs alone, told to their own sockets (PROTOCOL 9.1)."""

from __future__ import annotations

from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import ReadState
from imagechat_tui.protocol.routes import ChangeReadState
from imagechat_tui.protocol.thread_keys import clean
from imagechat_tui.server.guard.access import Action, Actor, allowed
from imagechat_tui.server.guard.tokens import Tokens
from imagechat_tui.server.live.hub import Hub
from imagechat_tui.server.storage import ReaderKey, Store
from imagechat_tui.server.usecases.refusals import Refused


class ReadStates:
    """Keeps how far people have read."""

    def __init__(self, store: Store, hub: Hub, tokens: Tokens) -> None:
        self._store = store
        self._hub = hub
        self._tokens = tokens

    def admit(self, actor: Actor) -> None:
        """Refuse those for whom nothing is kept: nobody would know them again."""
        verdict = allowed(actor, Action.KEEP_READ_STATE)
        if not verdict.granted:
            raise Refused(verdict.status, verdict.code)

    async def show(self, actor: Actor, url_id: UrlId) -> ReadState:
        """How far the actor has read."""
        self.admit(actor)
        return await self._store.read_state(_reader(actor, url_id))

    async def change(self, actor: Actor, url_id: UrlId, change: ChangeReadState) -> ReadState:
        """The actor has read on, or marked something unread. Returns what that changed."""
        self.admit(actor)
        reader = _reader(actor, url_id)
        changed = await self._store.change_read_state(reader, change)
        if changed.marks or changed.revision == 1:
            self._hub.read_on(self._tokens.room(actor.tenant_id, reader.image), {actor.id: changed})
        return changed


def _reader(actor: Actor, url_id: UrlId) -> ReaderKey:
    return ReaderKey(actor.tenant_id, clean(url_id), actor.id)
