"""Who looks at the picture, and where they point. Never logged, so it is asked for anew on every link."""

from __future__ import annotations

from types import MappingProxyType

from imagechat_tui.protocol.events import PresenceUpdate
from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import FetchPresence, SendCrosshair
from imagechat_tui.sync.inputs import FetchFailed, UsersLoaded
from imagechat_tui.sync.link import Link
from imagechat_tui.sync.reads import Read
from imagechat_tui.sync.reducer import applied

NAMES_WITHIN_S = 0.5
"""Somebody whose name is not known came: one request for all who come within this time."""
CROSSHAIR_EVERY_S = 0.5
"""The server takes two a second and drops the rest (PROTOCOL 9)."""


class Presence:
    """The people in the image's room."""

    def __init__(self, core: Core, link: Link) -> None:
        self._core = core
        self._link = link
        self._list = Read(core)
        self._heard: list[PresenceUpdate] = []
        """Comings and goings since the list on its way was asked for."""
        self._pointing: Point | None = None
        """Where the person points, if the others have not been told."""
        self._told_at = -CROSSHAIR_EVERY_S

    # What happened

    def opened(self) -> None:
        """The image's socket stands."""
        self._list.abandon()
        self._list.want(self._core.now)

    def lost(self) -> None:
        """Without a link nobody is known to be here."""
        self._list.abandon()
        self._pointing = None
        self._core.change_here(online=frozenset(), sockets=0, crosshairs=MappingProxyType({}))

    def heard(self, event: PresenceUpdate) -> None:
        """Somebody came or went; it has been applied."""
        if self._list.running:
            self._heard.append(event)
        if any(user not in self._core.state.confirmed.names for user in event.joined):
            self._list.want(self._core.now + NAMES_WITHIN_S)

    def loaded(self, loaded: UsersLoaded) -> None:
        """The list is here; what was heard meanwhile comes on top of it."""
        if not self._list.loaded(loaded.request):
            return
        core = self._core
        names = dict(core.state.confirmed.names) | {user.id: user.name for user in loaded.users}
        if names != core.state.confirmed.names:
            core.change_confirmed(names=MappingProxyType(names))
        core.change_here(online=frozenset(user.id for user in loaded.users))
        for event in self._heard:
            core.state = applied(core.state, event)

    def failed(self, failed: FetchFailed) -> bool:
        """The list did not come. False if another one is awaited."""
        if not self._list.failed(failed):
            return False
        refused = failed.status is not None and 400 <= failed.status < 500 and failed.status != 429
        if not refused:  # else asking again brings the same answer: the next link may be luckier
            self._list.want(self._core.now)
        return True

    def point(self, point: Point) -> None:
        """The person points there."""
        self._pointing = point

    # What to do about it

    def decide(self) -> None:
        """Ask who is here; tell where the person points."""
        core, link = self._core, self._link
        if not link.open or link.socket is None:
            return
        if self._list.due:
            self._heard.clear()
            core.emit(FetchPresence(self._list.begin()))
        if self._pointing is not None and core.ours and core.now >= self._told_at + CROSSHAIR_EVERY_S:
            core.emit(SendCrosshair(link.socket, self._pointing))
            self._pointing, self._told_at = None, core.now

    def wake_at(self) -> float | None:
        """When time alone changes something here."""
        if not self._link.open:
            return None
        times = [self._list.wake_at()]
        if self._pointing is not None and self._core.ours:
            times.append(self._told_at + CROSSHAIR_EVERY_S)
        return min((at for at in times if at is not None), default=None)
