"""Which room a picture was in, by its place: for what has to be known before the server is asked, or without it."""

from __future__ import annotations

from pathlib import Path

from imagechat_tui.net.kept_texts import KeptTexts
from imagechat_tui.protocol.ids import TenantId, UrlId
from imagechat_tui.protocol.models import Place


class KnownRooms:
    """Keys of rooms by place.

    Drafts are found by it. And a server that knows no images has a room for each set of pixels: with it a file stays
    in its room when its pixels are others (PROTOCOL 3.4). What is not kept is as for a new place.

    Args:
        folder: where they are kept.
        server: whose rooms.
        tenant_id: of which tenant.
    """

    def __init__(self, folder: Path, server: str, tenant_id: TenantId) -> None:
        self._texts = KeptTexts(folder)
        self._of = (server, tenant_id)

    def key_of(self, place: Place) -> UrlId | None:
        """The key of the room that was kept for a place."""
        kept = self._texts.text_of(*self._of, place.kind, place.project, place.value)
        return None if kept is None else UrlId(kept)

    def keep(self, place: Place, key: UrlId) -> None:
        """Keep the key of a room for a place."""
        self._texts.keep(key, *self._of, place.kind, place.project, place.value)
