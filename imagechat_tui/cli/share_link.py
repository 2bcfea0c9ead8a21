"""The link to a shared picture: where its server has it, and behind the ``#`` the room where it is discussed."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct

from imagechat_tui.problems import LinkElsewhere, VerbFailed
from imagechat_tui.protocol import routes
from imagechat_tui.protocol.ids import TenantId, UrlId
from imagechat_tui.settings import ClientSettings, sayable

_LINK = re.compile(
    r"(?P<server>https?://[^?#]+)/images/(?P<tenant>[A-Za-z0-9_-]{1,64})/(?P<sha256>[0-9a-f]{64})#(?P<room>.+)"
)
_PORTS = {"http": 80, "https": 443}


class ShareLink(Struct, frozen=True):
    """A picture on a server, and its room there."""

    server: str
    tenant_id: TenantId
    sha256: str
    """Of the file, in hex."""
    room: UrlId

    @property
    def url(self) -> str:
        """As it is handed on. A browser keeps what is behind the ``#`` to itself, and shows the picture."""
        path = routes.SHOW_PICTURE.path(tenant_id=self.tenant_id, sha256=self.sha256)
        return f"{self.server}{path}#{quote(self.room)}"

    @property
    def name(self) -> str:
        """What the picture is called: the end of its room's key."""
        return self.room.rstrip("/").rpartition("/")[2] or self.room


def link_of(image: str) -> ShareLink | None:
    """The link that an address is; None of any other."""
    found = _LINK.fullmatch(image)
    if found is None:
        return None
    room = UrlId(sayable(unquote(found["room"])))
    return ShareLink(found["server"], TenantId(found["tenant"]), found["sha256"], room)


def check_link(image: str, settings: ClientSettings) -> None:
    """See that a link is of the server that is in use: no other is asked for it, nor told who asks.

    Raises:
        VerbFailed: it is of another.
    """
    link = link_of(image)
    if link is not None and not is_of(link, settings):
        raise VerbFailed(LinkElsewhere(link.server, link.tenant_id, settings.server, settings.tenant))


def is_of(link: ShareLink, settings: ClientSettings) -> bool:
    """Whether a link is of the server and the tenant that are in use."""
    return link.tenant_id == settings.tenant and _place(link.server) == _place(settings.server)


def _place(server: str) -> tuple[str, str, int | None, str] | None:
    try:
        parts = urlsplit(server)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return parts.scheme, parts.hostname or "", port, parts.path.rstrip("/")
