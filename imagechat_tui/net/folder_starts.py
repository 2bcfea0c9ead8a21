"""Since when somebody has been shown the pictures of a folder (PROTOCOL 9.3)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imagechat_tui.net.kept_texts import KeptTexts
from imagechat_tui.protocol.ids import TenantId

MAX_MS = 1 << 53


class FolderStarts:
    """Kept for the next session: what is said of a picture that nobody had talked of till now is unread there, too.

    Args:
        kept_in: where it is kept; None keeps nothing.
        server: whose clock told it.
        tenant_id: of which tenant.
        person: who they are there: one login may have several tokens.
        folders: their paths from the root; pictures that were named one by one have none.
    """

    def __init__(
        self, kept_in: Path | None, server: str, tenant_id: TenantId, person: str, folders: Sequence[str]
    ) -> None:
        self._texts = None if kept_in is None else KeptTexts(kept_in)
        self._of = (server, tenant_id, person)
        self._folders = folders

    def since_ms(self) -> int | None:
        """Since when all of them have been shown, by the server's clock; None if one has not been yet."""
        starts = [self._start(folder) for folder in self._folders]
        known = [start for start in starts if start is not None]
        return max(known) if known and len(known) == len(starts) else None

    def keep(self, now_ms: int) -> None:
        """Those that have not been shown before are from this moment on."""
        for folder in self._folders:
            if self._texts is not None and self._start(folder) is None:
                self._texts.keep(str(now_ms), *self._of, folder)

    def _start(self, folder: str) -> int | None:
        kept = None if self._texts is None else self._texts.text_of(*self._of, folder)
        start_ms = (
            int(kept) if kept is not None and kept.isascii() and kept.isdigit() and len(kept) < 17 else 0
        )
        return start_ms if 0 < start_ms < MAX_MS else None
