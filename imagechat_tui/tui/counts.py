"""How it stands with the pictures beside the one that is shown: which there are, what is open there, what is unread."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from msgspec import Struct

from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import RoomSummary, Summary


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
    """What was told last of each room, and which one each picture is in, by its place. Several may share one."""

    def __init__(self) -> None:
        self._room: dict[int, UrlId] = {}
        self._of: dict[UrlId, Summary] = {}

    def __getitem__(self, at: int) -> Summary | None:
        """What is known of a picture; None if nothing is."""
        room = self._room.get(at)
        return None if room is None else self._of.get(room)

    def take(self, told: Mapping[int, RoomSummary]) -> None:
        """The server has told."""
        self._room |= {at: one.url_id for at, one in told.items()}
        self._of |= {one.url_id: one.summary for one in told.values()}

    def note(self, at: int, room: UrlId, summary: Summary, *, its_own: bool) -> None:
        """The session of a room has told.

        Args:
            at: the picture that was shown in it.
            room: its key; empty while that is not known.
            summary: how it stands there.
            its_own: whether that is the room that the picture is in, and not one that it was asked to be shown in.
        """
        key = room or self._room.get(at)
        if not key:
            return
        if its_own:
            self._room[at] = key
        self._of[key] = summary

    def unread_beside(self, shown: int, places: Collection[int], room: UrlId) -> int:
        """How many threads are unread on the others of these pictures: in each room once, and not in the shown one.

        Args:
            shown: the place of the picture that is shown.
            places: those of the pictures that one goes through.
            room: the key of the room that is shown; empty while that is not known.
        """
        return sum(self._of[key].unread or 0 for key in {*self._unread_rooms(shown, places, room).values()})

    def next_unread(self, shown: int, places: Collection[int], room: UrlId) -> int | None:
        """The next picture with anything unread in its room, round and round; None if there is no other one.

        The arguments are those of ``unread_beside``.
        """
        unread = self._unread_rooms(shown, places, room)
        return min(unread, key=lambda at: (at < shown, at), default=None)

    def _unread_rooms(self, shown: int, places: Collection[int], room: UrlId) -> dict[int, UrlId]:
        """The rooms with anything unread of the other pictures, by the places of these."""
        others, here = {*places} - {shown}, room or self._room.get(shown)
        return {
            at: key for at, key in self._room.items() if at in others and key != here and self._of[key].unread
        }
