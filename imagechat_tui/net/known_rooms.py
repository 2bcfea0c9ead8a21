"""Which room a picture was in, by its place: for what has to be known before the server is asked, or without it."""

from __future__ import annotations

import hashlib
import os
import uuid
from contextlib import suppress
from pathlib import Path

from imagechat_tui.owned import open_file
from imagechat_tui.protocol.ids import TenantId, UrlId
from imagechat_tui.protocol.models import Place

MAX_KEY_BYTES = 4096
"""A file that holds more is none of ours."""


class KnownRooms:
    """Keys of rooms by place: a small file each, whose name is a hash, since places are nobody's business.

    Drafts are found by it. And a server that knows no images has a room for each set of pixels: with it a file stays
    in its room when its pixels are others (PROTOCOL 3.4). Nothing here fails: what is not kept is as for a new place.

    Args:
        folder: where they are kept; made when first needed.
        server: whose rooms.
        tenant_id: of which tenant.
    """

    def __init__(self, folder: Path, server: str, tenant_id: TenantId) -> None:
        self._folder = folder
        self._of = (server, tenant_id)

    def key_of(self, place: Place) -> UrlId | None:
        """The key of the room that was kept for a place."""
        try:
            descriptor = open_file(self._path(place), os.O_RDONLY)
            with os.fdopen(descriptor, "rb") as file:
                kept = file.read(MAX_KEY_BYTES + 1)
            return UrlId(kept.decode()) if 0 < len(kept) <= MAX_KEY_BYTES else None
        except (OSError, UnicodeDecodeError):
            return None

    def keep(self, place: Place, key: UrlId) -> None:
        """Keep the key of a room for a place."""
        if self.key_of(place) == key:
            return
        path = self._path(place)
        beside = path.with_name(uuid.uuid4().hex)
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(open_file(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                file.write(key.encode())
            beside.replace(path)

    def _path(self, place: Place) -> Path:
        parts = "".join(f"{len(part)}:{part}" for part in (*self._of, place.kind, place.project, place.value))
        return self._folder / hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]
