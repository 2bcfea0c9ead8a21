"""What the hosted service has and this server does not: refused in words, for a bare 404 looks like a fault.

The table is of the public OpenAPI file, as far as clients of comments may ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from aiohttp import web

from imagechat_tui.protocol import codes
from imagechat_tui.server.http.rest import Handler
from imagechat_tui.server.usecases.refusals import Refused

NOT_OFFERED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "/translations/{rest:.*}": "translations",
        "/gifs/{rest:.*}": "GIFs",
        "/user-notifications{rest:(/.*)?}": "notifications",
        "/feed-posts/{rest:.*}": "feeds",
        "/page-reacts/{rest:.*}": "reactions to pages",
        "/comments-for-user": "lists of one user's comments on all pages",
        "/event-log/global/{rest:.*}": "a log of all pages",
        "/pages/{tenant_id}": "a list of all pages",
        "/upload-image/{rest:.*}": "uploads",
        "/auth/my-account/{rest:.*}": "the pages of the hosted service for moderators",
        "/api/v1/{rest:.*}": "this part of the API for keys",
    }
)
"""Path templates, for any method, and what stands behind them. What is offered after all is found before these."""


def add_not_offered(app: web.Application) -> None:
    """Answer these paths; the last thing to be added, since what is added first is found first."""
    for template, what in NOT_OFFERED.items():
        app.router.add_route("*", template, _refusing(what))
        if ":" not in template:
            app.router.add_route("*", f"{template}/", _refusing(what))


def _refusing(what: str) -> Handler:
    async def refuse(request: web.Request) -> web.StreamResponse:
        raise Refused(501, codes.NOT_SUPPORTED, f"This server does not offer {what}.")

    return refuse
