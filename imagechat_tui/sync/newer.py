"""Whether somebody has a newer version of the picture than the one that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Conversation
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import FetchImage, News
from imagechat_tui.sync.facts import Facts


class Newer:
    """Tells of each newer version once, but of one that was on the screen: by what the server says of the image, and
    by markers and placements on versions that it has not told of."""

    def __init__(self, core: Core, facts: Facts) -> None:
        self._core = core
        self._facts = facts
        self._heard = 0
        """The newest version of which there was word since the server told of the image."""
        self._shown = 0
        """The newest that was on the screen."""
        self._told = 0
        """The newest of which the person was told."""
        self._asked = 0
        """The newest for whose sake the server was asked whose it is."""
        self._markers: Mapping[ConversationId, Conversation] = MappingProxyType({})

    def placed(self, version: int) -> None:
        """Markers were placed on a version."""
        self._heard = max(self._heard, version)

    def opened(self) -> None:
        """There is a link again: what was asked may not have been answered."""
        self._asked = self._told

    def decide(self) -> None:
        """Tell the person, or ask whose the newer version is."""
        room, markers = self._core.room, self._facts.ledger.confirmed.conversations
        if markers is not self._markers:
            self._markers = markers
            self._heard = max(self._heard, *(one.version or 0 for one in markers.values()), 0)
        image, shown = room.image, room.version
        if image is None or shown is None or shown < 0:
            return
        self._shown = max(self._shown, shown)
        newest = max(image.latest, self._heard)
        if newest <= max(self._shown, self._told):
            return
        by = next((one.by for one in room.versions if one.number == newest), None)
        if by is not None:
            self._told = newest
            self._core.announce(News.NEWER, by=by, version=newest)
        elif newest > self._asked:
            self._asked = newest
            self._core.emit(FetchImage(image.id))
