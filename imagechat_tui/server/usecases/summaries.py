"""How it stands with several images at once: for whoever looks at one of them (PROTOCOL 9.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from imagechat_tui.protocol.ids import TenantId, UrlId
from imagechat_tui.protocol.models import Place
from imagechat_tui.protocol.routes import Summaries, Summarize, UsersOnline
from imagechat_tui.protocol.thread_keys import clean
from imagechat_tui.server.guard.access import Action, Actor, allowed
from imagechat_tui.server.guard.tokens import Tokens
from imagechat_tui.server.live.hub import Hub
from imagechat_tui.server.storage import ImageQuery, ReaderKey, Store
from imagechat_tui.server.usecases.people import People


class SummaryQueries:
    """Tells how it stands with several images at once."""

    def __init__(
        self, store: Store, people: People, hub: Hub, tokens: Tokens, *, now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._people = people
        self._hub = hub
        self._tokens = tokens
        self._now_ms = now_ms

    async def show(self, actor: Actor, asked: Summarize) -> Summaries:
        """Of each, by its key; what is unread for those alone for whom it is kept.

        Who may ask may read every room of their tenant, and so see who is there.
        """
        asked_at_ms = self._now_ms()
        kept = allowed(actor, Action.KEEP_READ_STATE).granted
        at = await self._at(actor.tenant_id, asked.places)
        images = {url_id: clean(url_id) for url_id in (*asked.url_ids, *at) if url_id is not None}
        if asked.begins and kept:
            await self._begin_reading(actor, dict.fromkeys(images.values()), asked.since_ms)
        found = await self._store.summaries(
            actor.tenant_id,
            tuple(dict.fromkeys(images.values())),
            actor.id if kept else None,
            since_ms=asked.since_ms,
        )
        people: Mapping[UrlId, UsersOnline] | None = None
        if asked.people:
            online = await self._people.online_in(actor.tenant_id, dict.fromkeys(images.values()))
            people = {url_id: online[image] for url_id, image in images.items() if image in online}
        of = {url_id: found[image] for url_id, image in images.items()}
        return Summaries(of, at, people, asked_at_ms)

    async def _begin_reading(self, actor: Actor, images: Iterable[UrlId], since_ms: int | None) -> None:
        readers = [ReaderKey(actor.tenant_id, image, actor.id) for image in images]
        for reader, begun in (await self._store.begin_reading(readers, since_ms=since_ms)).items():
            self._hub.read_on(self._tokens.room(actor.tenant_id, reader.image), {actor.id: begun})

    async def _at(self, tenant_id: TenantId, places: tuple[Place, ...]) -> tuple[UrlId | None, ...]:
        """The keys of the images that are met there now."""
        if not places:
            return ()
        found = await self._store.images(tenant_id, ImageQuery(places=places))
        there = {held.place: image.record.url_id for held, image in found.at if not held.moved}
        return tuple(there.get(place) for place in places)
