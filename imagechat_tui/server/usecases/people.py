"""Who looks at an image: the only place that says what of somebody's presence others may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from imagechat_tui.protocol.ids import ANONYMOUS_PREFIX, TenantId, UrlId, UserId
from imagechat_tui.protocol.models import User, Viewing
from imagechat_tui.protocol.routes import UsersOnline
from imagechat_tui.server.guard.access import Action, Actor, allowed
from imagechat_tui.server.guard.tokens import Tokens
from imagechat_tui.server.live.hub import Hub
from imagechat_tui.server.storage import Store
from imagechat_tui.server.usecases.refusals import Refused

MAX_NAMED: Final = 500
"""So many people are named in one answer about several images; of the others it says how many there are."""
MAX_NAMED_EACH: Final = 50
"""So many of them on one image."""
MAX_NAME: Final = 100
"""Characters of a name in an answer about several images, and of one that is looked for."""
MAX_FOUND: Final = 20
"""People who are found by a name."""


class People:
    """Tells who is in rooms."""

    def __init__(self, store: Store, hub: Hub, tokens: Tokens) -> None:
        self._store = store
        self._hub = hub
        self._tokens = tokens

    async def online(self, tenant_id: TenantId, url_id: UrlId) -> UsersOnline:
        """Who is on a page, all of them, in order of arrival; people without sign-in are counted."""
        there = self._viewing(tenant_id, url_id)
        named = _named(there)
        return _online(there, named, await self.profiles(tenant_id, named))

    async def online_in(self, tenant_id: TenantId, pages: Iterable[UrlId]) -> Mapping[UrlId, UsersOnline]:
        """Who is on each of several pages of a tenant, where somebody is: as ``online`` tells, but briefly."""
        rooms = {url_id: there for url_id in pages if (there := self._viewing(tenant_id, url_id))}
        named: dict[UrlId, list[UserId]] = {}
        left = MAX_NAMED
        for url_id, there in rooms.items():
            named[url_id] = _named(there)[: min(left, MAX_NAMED_EACH)]
            left -= len(named[url_id])
        everybody = list(dict.fromkeys(user_id for users in named.values() for user_id in users))
        known = {user.id: _brief(user) for user in await self.profiles(tenant_id, everybody)}
        return {
            url_id: _online(there, named[url_id], tuple(map(known.__getitem__, named[url_id])))
            for url_id, there in rooms.items()
        }

    async def profiles(self, tenant_id: TenantId, ids: list[UserId]) -> tuple[User, ...]:
        """The users in the order asked for; one without a profile is shown without a name."""
        known = {user.id: user for user in await self._store.users(tenant_id, ids)} if ids else {}
        return tuple(known.get(user_id, User(id=user_id)) for user_id in ids)

    async def named(self, actor: Actor, beginning: str) -> tuple[User, ...]:
        """People of the actor's tenant whose name begins so, a few: for who mentions somebody."""
        verdict = allowed(actor, Action.FIND_PEOPLE)
        if not verdict.granted:
            raise Refused(verdict.status, verdict.code)
        if len(beginning) > MAX_NAME:
            return ()
        return await self._store.users_named(actor.tenant_id, beginning, MAX_FOUND)

    def _viewing(self, tenant_id: TenantId, url_id: UrlId) -> Mapping[UserId, tuple[int, ...]]:
        return self._hub.viewing(self._tokens.room(tenant_id, url_id))


def _named(there: Iterable[UserId]) -> list[UserId]:
    return [user_id for user_id in there if not user_id.startswith(ANONYMOUS_PREFIX)]


def _online(
    there: Mapping[UserId, tuple[int, ...]], named: list[UserId], users: tuple[User, ...]
) -> UsersOnline:
    return UsersOnline(
        users,
        anon_count=len(there) - len(_named(there)),
        total_count=len(there),
        viewing=tuple(Viewing(user_id, there[user_id]) for user_id in named if there[user_id]),
    )


def _brief(user: User) -> User:
    return replace(
        user,
        username=user.username[:MAX_NAME],
        display_name=user.display_name[:MAX_NAME],
        avatar_src=None,
    )
