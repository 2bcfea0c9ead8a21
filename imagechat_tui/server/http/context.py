"""What the handlers of one application share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from imagechat_tui.server.guard.auth import Authenticator
    from imagechat_tui.server.guard.limits import Limits, Seats
    from imagechat_tui.server.guard.tokens import Tokens
    from imagechat_tui.server.live.hub import Hub
    from imagechat_tui.server.storage import Store
    from imagechat_tui.server.usecases.comments import CommentWrites
    from imagechat_tui.server.usecases.markers import MarkerWrites
    from imagechat_tui.server.usecases.queries import Reading

from msgspec import Struct


class Serving(Struct, frozen=True):
    """The running parts."""

    store: Store
    auth: Authenticator
    limits: Limits
    seats: Seats
    hub: Hub
    reading: Reading
    markers: MarkerWrites
    comments: CommentWrites
    tokens: Tokens
    now_ms: Callable[[], int]
    proxies: frozenset[str]
    """Addresses of trusted proxies."""
    penalty_s: float


SERVING = web.AppKey("serving", Serving)
