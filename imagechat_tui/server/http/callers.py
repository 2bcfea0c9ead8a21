"""Where a request comes from, before anybody knows who sent it."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from aiohttp import web

from imagechat_tui.server.guard.limits import address_key

ADDRESS = web.RequestKey("address", str)
"""Key of the request under which the edge leaves its caller's address (as of ``address_key``)."""
SIGNED_IN = web.RequestKey("signed_in", bool)
"""Key of the request under which is left that its caller proved who they are."""

_FORWARDED = "X-Forwarded-For"
_MAX_HOPS = 20


def address_of(request: web.BaseRequest) -> str:
    """What counts as one caller: an address, or the /64 of one."""
    return request.get(ADDRESS) or address_key(request.remote)


def caller_address(request: web.BaseRequest, proxies: Collection[str]) -> str:
    """The address that a request comes from.

    Only a trusted proxy is believed about whom it speaks for: the nearest address in its header that is not
    a trusted proxy as well. Everybody may send that header, so a stranger's is not looked at.

    Args:
        request: The request.
        proxies: Addresses of trusted proxies, as of ``address_key``.
    """
    caller = address_key(request.remote)
    if caller not in proxies:
        return caller
    hops = ",".join(request.headers.getall(_FORWARDED, ())).split(",")
    for hop in reversed(hops[-_MAX_HOPS:]):
        try:
            address = ipaddress.ip_address(hop.strip())
        except ValueError:
            return caller
        caller = address_key(str(address))
        if caller not in proxies:
            return caller
    return caller
