"""What the handlers of one application share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from imagechat_tui.server.auth import Authenticator
    from imagechat_tui.server.comment_writes import CommentWrites
    from imagechat_tui.server.hub import Hub
    from imagechat_tui.server.limits import Limits, Seats
    from imagechat_tui.server.marker_writes import MarkerWrites
    from imagechat_tui.server.reading import Reading
    from imagechat_tui.server.storage import Store

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
    secret: bytes
    now_ms: Callable[[], int]
    proxies: frozenset[str]
    """Addresses of trusted proxies."""
    penalty_s: float


SERVING = web.AppKey("serving", Serving)
