"""The line that says what does not work now, why, and when it is tried again."""

from __future__ import annotations

from msgspec.structs import replace
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Static

from imagechat_tui.sync.state import Connection, Phase
from imagechat_tui.tui import symbols
from imagechat_tui.tui.clock import Clock, time_of_day
from imagechat_tui.words import BANNER_AFTER_S, banner, short_banner, shortest_banner

SHOWN_IN = frozenset(Phase) - {Phase.LIVE}
"""Phases in which there may be something to say."""

PADDING = 2
"""Columns left and right of the words."""

NARROW, TINY = 60, 30
"""Columns below which the words are few, and fewer."""

MOST_ROWS = 3
"""As many as the stylesheet allows."""

LONGEST_WAIT_S = 88.0
"""For as long a countdown as there is."""


def wording(
    connection: Connection, *, now_s: float, as_of: str, columns: int, read_only: bool
) -> tuple[str, int] | None:
    """What to say on a screen of so many columns, and in how many rows: the most that there is room for.

    Of "Next try in 18 s", "in 9 s" and "Trying now" the longest decides about both, so that the panes below
    stand still while it counts down. What is cut says so.
    """
    said = _wordings(connection, now_s=now_s, as_of=as_of, columns=columns, read_only=read_only)
    if not said:
        return None
    waiting = replace(connection, retry_at_s=now_s + LONGEST_WAIT_S)
    longer = _wordings(waiting, now_s=now_s, as_of=as_of, columns=columns, read_only=read_only)
    for words, longest in zip(said, longer, strict=True):
        if (rows := _rows(longest, columns)) <= MOST_ROWS:
            return words, rows
    return _cut(said[-1], columns), MOST_ROWS


def _wordings(
    connection: Connection, *, now_s: float, as_of: str, columns: int, read_only: bool
) -> list[str]:
    """The longest first; none if there is nothing to say."""
    full = banner(connection, now_s=now_s, as_of=as_of, read_only=read_only)
    if full is None:
        return []
    short = short_banner(connection, now_s=now_s, as_of=as_of, read_only=read_only)
    return (
        [full] * (columns >= NARROW)
        + [short] * (columns >= TINY)
        + [shortest_banner(connection, as_of=as_of, read_only=read_only)]
    )


def _rows(words: str, columns: int) -> int:
    return Content(words).get_height({}, max(1, columns - PADDING))


def _cut(words: str, columns: int) -> str:
    while _rows(words, columns) > MOST_ROWS and len(words) > 1:
        words = words[:-2].rstrip() + symbols.ELLIPSIS
    return words


class OfflineBanner(Static):
    """Comes 2 s after the link was lost, counts down while it shows, goes by itself."""

    connection: reactive[Connection | None] = reactive(None, repaint=False)
    read_only: reactive[bool] = reactive(False, repaint=False)
    """Whether the person may write nothing here."""

    def __init__(self, clock: Clock, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, markup=False)
        self._clock = clock
        self._timer: Timer | None = None
        self._words: str | None = None
        self._least_rows = 0

    def watch_connection(self) -> None:
        """Say what there is to say now."""
        self._update_words()

    def watch_read_only(self) -> None:
        """Say nothing of comments to whoever may write none."""
        self._update_words()

    def _update_words(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        connection = self.connection
        if connection is None or connection.phase not in SHOWN_IN:
            self._show(None)
            return
        now_s = self._clock.engine_s()
        as_of = "" if connection.as_of_s is None else time_of_day(self._clock.wall_of(connection.as_of_s))
        said = wording(
            connection, now_s=now_s, as_of=as_of, columns=self.app.size.width, read_only=self.read_only
        )
        words, self._least_rows = said if said is not None else (None, 0)
        self._show(words)
        wait_s = self._next_change_s(connection, now_s, shown=words is not None)
        if wait_s is not None:
            self._timer = self.set_timer(wait_s, self._update_words)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """What the words need, and no less than they may need a second later."""
        return max(self._least_rows, super().get_content_height(container, viewport, width))

    def on_resize(self) -> None:
        """Say it shorter or in full."""
        self._update_words()

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
