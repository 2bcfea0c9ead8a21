"""The server's wall clock, as far as its frames have told it."""

from __future__ import annotations

from imagechat_tui.sync.core import Core


class ServerClock:
    """The offset between the server's wall clock and the engine's.

    A frame takes time on its way, so the server's time is known exactly or a little late, never early.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._offset_ms: float | None = None

    def set(self, server_ms: int) -> None:
        """The server's clock was ``server_ms`` just now, or a little earlier."""
        self._offset_ms = server_ms - self._core.now * 1000.0

    def forget(self) -> None:
        """What is known of the server's clock has proved wrong: it is unknown until it is told again."""
        self._offset_ms = None

    @property
    def now_ms(self) -> int | None:
        """The server's time in ms since the epoch, or a little earlier; None if it is not known."""
        return None if self._offset_ms is None else int(self._offset_ms + self._core.now * 1000.0)
