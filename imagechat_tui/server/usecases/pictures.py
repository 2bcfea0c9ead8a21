"""The pictures themselves, for whoever has a link and not the file (PROTOCOL 9.5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

from imagechat_tui.protocol import codes
from imagechat_tui.server.guard.access import NOTHING_YET, Action, Actor
from imagechat_tui.server.storage.pictures import PictureRefused, Pictures, Why
from imagechat_tui.server.usecases.refusals import Refused, picture_not_found, require

_WORDS = {
    Why.NO_PICTURE: "This is no PNG, JPEG, GIF, WebP or BMP.",
    Why.OTHER_BYTES: "These are not the bytes that the address names.",
    Why.NO_ROOM: "There is no room for more pictures.",
}


class PictureCommands:
    """Takes pictures and gives them out.

    Args:
        pictures: Where they are.
        count: Counts one write of somebody, and refuses who writes too often.
    """

    def __init__(self, pictures: Pictures, count: Callable[[Actor, str], None]) -> None:
        self._pictures = pictures
        self._count = count

    def admit(self, actor: Actor) -> None:
        """Refuse who may not send pictures."""
        require(actor, Action.UPLOAD, NOTHING_YET)

    async def keep(
        self, actor: Actor, counted_as: str, sha256: str, length: int, chunks: AsyncIterator[bytes]
    ) -> None:
        """Keep a picture."""
        self.admit(actor)
        self._count(actor, counted_as)
        try:
            await self._pictures.keep(actor.tenant_id, sha256, length, chunks)
        except PictureRefused as refused:
            if refused.why is Why.NO_ROOM:
                raise Refused(413, codes.TOO_LARGE, _WORDS[refused.why]) from None
            raise Refused(400, codes.INVALID_INPUT, _WORDS[refused.why]) from None

    async def show(self, actor: Actor, sha256: str) -> tuple[Path, str]:
        """The file of a picture, and its media type."""
        found = await self._pictures.find(actor.tenant_id, sha256)
        if found is None:
            raise picture_not_found()
        return found
