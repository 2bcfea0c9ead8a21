"""What every answer has in common at the server's edge: hosts, browser origins, the session cookie.

- A browser can be lured to any name that resolves to this machine (DNS rebinding), so the ``Host`` of a TCP
  request must be an address, ``localhost`` or a name that the operator gave.
- Pages of other origins may read answers only if the operator listed them; and a request that a browser
  would send with its cookie from such a page is refused where it could write or listen.

Nothing of this concerns the Unix socket: no browser reaches it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from msgspec import Struct

from imagechat_tui.protocol import codes
from imagechat_tui.protocol.codec import encode_error
from imagechat_tui.protocol.routes import EXTENSION_HEADER, LOG_COMPLETE_HEADER, SUBSCRIBE, ErrorReply
from imagechat_tui.server.guard.tokens import DAY_S, SESSION_DAYS
from imagechat_tui.server.http.callers import NEW_SESSION, SESSION_COOKIE, over_unix

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFLIGHT_AGE_S = 600

_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,252})", re.IGNORECASE)
"""What is worth repeating of a ``Host`` header."""
_METHODS = "GET, POST, PUT, PATCH, DELETE"
_EXPOSED = f"Retry-After, {EXTENSION_HEADER}, {LOG_COMPLETE_HEADER}"
_READS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})


class EdgeRules(Struct, frozen=True):
    """Who may come in from where."""

    hosts: tuple[str, ...] = ()
    """Names under which this server is reached, without port; addresses and localhost always are."""
    origins: tuple[str, ...] = ()
    """Web pages that may use it, as ``https://example.com``; its own origin always may."""


def guard(app: web.Application, rules: EdgeRules) -> None:
    """Have an application that has not started yet check hosts and origins first."""
    hosts = frozenset(host.rstrip(".").lower() for host in rules.hosts)
    origins = frozenset(origin.rstrip("/").lower() for origin in rules.origins)

    @web.middleware
    async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
        if over_unix(request):
            return await handler(request)
        if not _host_allowed(request.host, hosts):
            return _refused(request, ErrorReply(421, codes.HOST_NOT_ALLOWED, _no_such_name(request.host)))
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or _origin_allowed(request, origin, origins):
            return _preflight() if request.method == hdrs.METH_OPTIONS else await _handled(request, handler)
        if request.method == hdrs.METH_OPTIONS or _ambient(request):
            return _refused(
                request, ErrorReply(403, codes.DOMAIN_UNAUTHORIZED, "This origin is not allowed.")
            )
        return await _handled(request, handler)

    async def complete(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.popall(hdrs.SERVER, None)
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and not over_unix(request) and _origin_allowed(request, origin, origins):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)

    app.middlewares.append(edge)
    app.on_response_prepare.append(complete)


async def _handled(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The handler's answer, with the cookie of a session that was made for it."""
    response = await handler(request)
    session = request.get(NEW_SESSION)
    if session is not None and response.status < 400:
        response.set_cookie(
            SESSION_COOKIE, session, max_age=SESSION_DAYS * DAY_S, httponly=True, secure=True, samesite="None"
        )
    return response


def _name_in(host: str) -> str:
    """A ``Host`` header without its port; empty if it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _host_allowed(host: str, hosts: frozenset[str]) -> bool:
    name = _name_in(host).rstrip(".")
    if name == "localhost" or name in hosts:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _no_such_name(host: str) -> str:
    """Who reads this may not be who can mend it: so it says what to do where."""
    name = _name_in(host)
    if not _NAME.fullmatch(name):
        return "This server has no such name."
    return f"This server is not known as {name}. Whoever runs it can start it with --allow-host {name}."


def _origin_allowed(request: web.BaseRequest, origin: str, origins: frozenset[str]) -> bool:
    """Whether the operator listed it or it is the server's own page."""
    origin = origin.lower()
    own = origin in {f"http://{request.host.lower()}", f"https://{request.host.lower()}"}
    return own or origin in origins


def _ambient(request: web.Request) -> bool:
    """Whether a foreign page could act with what the browser adds by itself.

    A socket answers to its opener even where plain requests would not be readable, so it always counts.
    """
    if request.path.rstrip("/") == SUBSCRIBE.template:
        return True
    return request.method not in _READS and SESSION_COOKIE in request.cookies


def _preflight() -> web.Response:
    return web.Response(
        headers={
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: _METHODS,
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Content-Type, X-Deadline",
            hdrs.ACCESS_CONTROL_MAX_AGE: str(PREFLIGHT_AGE_S),
        }
    )


def _refused(request: web.Request, error: ErrorReply) -> web.Response:
    image_chat = request.path.startswith("/comment-image-chats")
    return web.json_response(encode_error(error, image_chat=image_chat), status=error.status)
