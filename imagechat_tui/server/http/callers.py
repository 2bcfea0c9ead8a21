"""Who sends a request: what it says of them, and what the guard makes of that."""

from __future__ import annotations

import asyncio
import socket

from aiohttp import hdrs, web

from imagechat_tui.owned import peer_uid
from imagechat_tui.protocol import authorization
from imagechat_tui.protocol.codec import wants_v2
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.server.guard.access import Actor
from imagechat_tui.server.guard.auth import Authenticator, Caller
from imagechat_tui.server.guard.limits import address_key
from imagechat_tui.server.guard.proxies import TrustedProxies, is_loopback

ADDRESS = web.RequestKey("address", str)
"""Key of the request under which the edge leaves its caller's address (as of ``address_key``)."""
SIGNED_IN = web.RequestKey("signed_in", bool)
"""Key of the request under which is left that its caller proved who they are."""
SHARED_USES = web.RequestKey("shared_uses", tuple)
"""Key of the request under which is left what it uses of its tenant's allowance, if it is answered: the edge counts
that, so that what is refused costs the tenant nothing."""

TURN = web.RequestKey("turn", asyncio.Lock)
"""Key of the request under which its caller's turn is left; the edge gives it to their next request."""

NEW_SESSION = web.RequestKey("new_session", str)
"""Key of the request under which a session made for it is left; the edge sets the cookie."""

SESSION_COOKIE = "fc_sid"
_READS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
_API_KEY_HEADER = "x-api-key"
_FORWARDED_FOR = "X-Forwarded-For"
_OF_PROXIES = (_FORWARDED_FOR, hdrs.FORWARDED, hdrs.VIA, "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")
"""Headers that proxies add, one or the other."""


def caller_of(request: web.BaseRequest) -> Caller:
    """What the request and its connection say of who sends it."""
    query, peer, proof = request.query, request.get_extra_info("socket"), _proof(request)
    return Caller(
        address=address_of(request),
        uid=None if peer is None else peer_uid(peer),
        sso=proof.sso or query.get("sso", ""),
        cookie=request.cookies.get(SESSION_COOKIE, "") if hdrs.COOKIE in request.headers else "",
        session_id=proof.session_id or query.get("sessionId", ""),
        agent=request.headers.get(hdrs.USER_AGENT, ""),
        v2=wants_v2(query),
        writes=request.method not in _READS,
    )


def session_of(request: web.BaseRequest) -> str:
    """The ``sessionId`` that a client keeps itself: of the header, else of the address, as official clients have it."""
    return _proof(request).session_id or request.query.get("sessionId", "")


def listener_of(request: web.BaseRequest) -> str:
    """The ``userIdWS`` of who listens, likewise."""
    return _proof(request).user_id_ws or request.query.get("userIdWS", "")


def _proof(request: web.BaseRequest) -> authorization.Proof:
    return authorization.read(request.headers.get(authorization.HEADER, ""))


async def sign_in(request: web.BaseRequest, auth: Authenticator, tenant_id: TenantId) -> Actor:
    """Who sends a request (``Authenticator.actor``); the edge is told, too."""
    actor = await auth.actor(caller_of(request), tenant_id)
    _tell_edge(request, actor)
    return actor


async def view(
    request: web.BaseRequest,
    auth: Authenticator,
    tenant_id: TenantId,
    user_id_ws: str,
    *,
    renews: bool = False,
) -> Actor:
    """Who listens (``Authenticator.viewer``); the edge is told, too."""
    actor = await auth.viewer(tenant_id, user_id_ws, caller_of(request), renews=renews)
    _tell_edge(request, actor)
    return actor


async def hold_key(request: web.BaseRequest, auth: Authenticator, tenant_id: TenantId) -> None:
    """Refuse whose API key is not that of the tenant (``Authenticator.check_key``); the edge is told of one that is."""
    await auth.check_key(tenant_id, api_key_of(request))
    request[SIGNED_IN] = True


def api_key_of(request: web.BaseRequest) -> str:
    """The API key that a request brings, where official clients put it; empty if there is none."""
    return request.headers.get(_API_KEY_HEADER, "") or request.query.get("API_KEY", "")


def over_unix(request: web.BaseRequest) -> bool:
    """Whether it came by the Unix socket."""
    peer = request.get_extra_info("socket")
    return peer is not None and peer.family == socket.AF_UNIX


def from_this_machine(request: web.BaseRequest) -> bool:
    """Whether somebody on this machine asks, and nobody through a proxy: any that says so speaks for others."""
    if any(header in request.headers for header in _OF_PROXIES):
        return False
    return over_unix(request) or is_loopback(request.remote)


def _tell_edge(request: web.BaseRequest, actor: Actor) -> None:
    if not actor.anonymous:
        request[SIGNED_IN] = True
    if actor.new_session is not None:
        request[NEW_SESSION] = actor.new_session


def address_of(request: web.BaseRequest) -> str:
    """What counts as one caller: an address, or the /64 of one."""
    return request.get(ADDRESS) or address_key(request.remote)


def caller_address(request: web.BaseRequest, proxies: TrustedProxies) -> str:
    """The address that a request comes from, as of ``address_key``."""
    headers = request.headers
    return proxies.caller_key(
        request.remote, headers.getall(_FORWARDED_FOR, ()), headers.getall(hdrs.FORWARDED, ())
    )
