"""How it stands with the pictures beside the one that is shown: which there are, what is open there, what is unread."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from msgspec import Struct

from imagechat_tui.protocol.models import Summary


class AlbumChange(Struct, frozen=True):
    """Which pictures came and went, by their places. Those that came are the last ones; none changes its place."""

    added: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    back: tuple[int, ...] = ()
    """There again."""


ONE_BURST_S: Final = 5.0
"""What comes and goes no longer after what came before is told together: folders are looked at every other second."""


class AlbumNews:
    """What became of files, while others come and go: one notice takes the place of the one before."""

    def __init__(self) -> None:
        self._told: dict[int, str] = {}
        self._at = 0.0

    def take(self, change: AlbumChange, now_s: float) -> AlbumChange:
        """What is to be told: of each file what became of it last in this burst."""
        if now_s > self._at + ONE_BURST_S:
            self._told.clear()
        self._at = now_s
        for word in AlbumChange.__struct_fields__:
            self._told |= dict.fromkeys(getattr(change, word), word)
        return AlbumChange(
            *(
                tuple(at for at, told in self._told.items() if told == word)
                for word in AlbumChange.__struct_fields__
            )
        )


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

    def unread_beside(self, shown: int, places: Collection[int]) -> int:
        """How many threads are unread on the others of these pictures."""
        others = {*places} - {shown}
        return sum(one.unread or 0 for at, one in self._of.items() if at in others)

    def next_unread(self, shown: int, places: Collection[int]) -> int | None:
        """The next picture with anything unread, round and round; None if there is no other one.

        Args:
            shown: the place of the one that is shown.
            places: those of the pictures that one goes through.
        """
        others = {*places} - {shown}
        unread = [at for at, one in self._of.items() if one.unread and at in others]
        return min(unread, key=lambda at: (at < shown, at), default=None)
