"""The rooms that a session keeps up with."""

from __future__ import annotations

from imagechat_tui.sync.core import Core
from imagechat_tui.sync.facts import Facts
from imagechat_tui.sync.hosted_room import HostedRoom
from imagechat_tui.sync.image_room import ImageRoom
from imagechat_tui.sync.numbered_room import NumberedRoom
from imagechat_tui.sync.room_list import RoomList
from imagechat_tui.sync.thread_room import ThreadRoom


class Rooms:
    """The image's room, of the kind that the server has, and the open thread's (hosted)."""

    def __init__(self, core: Core, facts: Facts) -> None:
        self._facts = facts
        self.list = RoomList(core, facts)
        self.numbered = NumberedRoom(core, facts, self.list)
        self.hosted = HostedRoom(core, facts, self.list)
        self.thread = ThreadRoom(core, facts)

    @property
    def image(self) -> ImageRoom:
        """The image's room; hosted until a list has told that the server is ours."""
        return self.numbered if self._facts.ledger.ours else self.hosted

    def lost(self) -> None:
        """The image's socket is gone. Both kinds hear it: what answers the next list may be of the other."""
        self.numbered.lost()
        self.hosted.lost()
