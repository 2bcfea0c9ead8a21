"""The line that says that the link is down: what works, what does not, and when it is tried again."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Static

from imagechat_tui.sync.state import Connection, Phase
from imagechat_tui.tui.clock import Clock, time_of_day
from imagechat_tui.words import BANNER_AFTER_S, banner, phase_words

SHOWN_IN = frozenset(Phase) - {Phase.LIVE, Phase.READ_ONLY}
"""Phases in which there may be something to say."""


NARROW = 60
"""Columns below which the words are few."""


def short_banner(connection: Connection, *, now_s: float, as_of: str) -> str:
    """The banner for a narrow screen: the state, its age, what happens to texts, the key."""
    retry = connection.retry_at_s
    wait = f" ({retry - now_s:.0f} s)" if retry is not None and retry > now_s else ""
    since = f" as of {as_of}" if as_of else ""
    kept = "" if connection.can_write else " Texts are kept."
    return f"{phase_words(connection.phase)}{since}.{kept} R tries now{wait}."


class OfflineBanner(Static):
    """Comes 2 s after the link was lost, counts down while it shows, goes by itself."""

    connection: reactive[Connection | None] = reactive(None, repaint=False)

    def __init__(self, clock: Clock, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, markup=False)
        self._clock = clock
        self._timer: Timer | None = None
        self._words: str | None = None

    def watch_connection(self) -> None:
        """Say what there is to say now."""
        self._tell()

    def _tell(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        connection = self.connection
        if connection is None or connection.phase not in SHOWN_IN:
            self._show(None)
            return
        now_s = self._clock.engine_s()
        as_of = "" if connection.as_of_s is None else time_of_day(self._clock.wall_of(connection.as_of_s))
        words = banner(connection, now_s=now_s, as_of=as_of)
        if words is not None and self.app.size.width < NARROW:
            words = short_banner(connection, now_s=now_s, as_of=as_of)
        self._show(words)
        wait_s = self._next_change_s(connection, now_s, shown=words is not None)
        if wait_s is not None:
            self._timer = self.set_timer(wait_s, self._tell)

    def on_resize(self) -> None:
        """Say it shorter or in full."""
        self._tell()

    def _next_change_s(self, connection: Connection, now_s: float, *, shown: bool) -> float | None:
        """Seconds until the words may be others; None if only another state can change them."""
        if not shown:
            lost = connection.lost_at_s
            waits = connection.phase is Phase.RECONNECTING and lost is not None
            return max(0.05, lost + BANNER_AFTER_S - now_s) if waits and lost is not None else None
        counts_down = connection.retry_at_s is not None and connection.retry_at_s > now_s
        return 1.0 if counts_down else None

    def _show(self, words: str | None) -> None:
        if words == self._words:
            return
        self._words = words
        self.display = words is not None
        if words is not None:
            self.update(Content(words))
