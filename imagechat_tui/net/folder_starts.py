"""Since when somebody has been shown the pictures of a folder (PROTOCOL 9.3)."""

from __future__ import annotations

from pathlib import Path

from imagechat_tui.net.kept_texts import KeptTexts
from imagechat_tui.protocol.ids import TenantId

MAX_MS = 1 << 53


class FolderStarts:
    """Kept for later sessions: what is said of a picture that nobody had talked of till then is unread there, too.

    A folder goes by its path from the root.

    Args:
        kept_in: where it is kept; None keeps nothing.
        server: whose clock told it.
        tenant_id: of which tenant.
        person: who they are there: one login may have several tokens.
    """

    def __init__(self, kept_in: Path | None, server: str, tenant_id: TenantId, person: str) -> None:
        self._texts = None if kept_in is None else KeptTexts(kept_in)
        self._of = (server, tenant_id, person)

    def since_ms(self, folder: str) -> int | None:
        """Since when it has been shown, by the server's clock; None if it has not been yet."""
        kept = None if self._texts is None else self._texts.text_of(*self._of, folder)
        start_ms = (
            int(kept) if kept is not None and kept.isascii() and kept.isdigit() and len(kept) < 17 else 0
        )
        return start_ms if 0 < start_ms < MAX_MS else None

    def keep(self, folder: str, now_ms: int) -> None:
        """It is from this moment on, unless it has been before."""
        if self._texts is not None and self.since_ms(folder) is None:
            self._texts.keep(str(now_ms), *self._of, folder)
