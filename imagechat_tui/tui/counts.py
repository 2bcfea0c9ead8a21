"""How it stands with the pictures beside the one that is shown: which there are, what is open there, what is unread."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from imagechat_tui.protocol.models import Summary


class AlbumChange(Struct, frozen=True):
    """Which pictures came and went, by their places. Those that came are the last ones; none changes its place."""

    added: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    back: tuple[int, ...] = ()
    """There again."""


class Counts:
    """What was told last of each picture, by its place."""

    def __init__(self) -> None:
        self._of: dict[int, Summary] = {}

    def __getitem__(self, at: int) -> Summary | None:
        """What is known of a picture; None if nothing is."""
        return self._of.get(at)

    def take(self, told: Mapping[int, Summary]) -> None:
        """The server has told."""
        self._of |= told

    def unread_beside(self, shown: int) -> int:
        """How many threads are unread on the other pictures."""
        return sum(one.unread or 0 for at, one in self._of.items() if at != shown)

    def next_unread(self, shown: int, count: int) -> int | None:
        """The next picture with anything unread, round and round; None if there is no other one.

        Args:
            shown: the place of the one that is shown.
            count: how many pictures there are.
        """
        unread = [at for at, one in self._of.items() if one.unread and at != shown and at < count]
        return min(unread, key=lambda at: (at - shown) % count, default=None)
