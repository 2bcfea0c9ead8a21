"""Who looks at the picture, at which version, and where they point. Never logged, so each link asks for it anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from imagechat_tui.protocol.events import LiveEvent, PresenceUpdate, ViewingChanged
from imagechat_tui.protocol.ids import ANONYMOUS_PREFIX, UserId
from imagechat_tui.protocol.models import Point, User
from imagechat_tui.sync.core import Core, Reader
from imagechat_tui.sync.due import Due
from imagechat_tui.sync.effects import FetchPresence, SendCrosshair, SendViewing
from imagechat_tui.sync.inputs import FetchFailed, UsersLoaded
from imagechat_tui.sync.reads import Read
from imagechat_tui.sync.reducer import here_after, here_viewing
from imagechat_tui.sync.state import Here

NAMES_WITHIN_S = 0.5
"""Somebody whose name is not known came: one request for all who come within this time."""
CROSSHAIR_EVERY_S = 0.5
"""The server takes two a second and drops the rest (PROTOCOL 9)."""
VERSION_EVERY_S = 1.0
"""A file that is written again and again tells of itself no more often."""


class PresenceState:
    """The people in the image's room: the one owner of who is here."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._here = Here()
        self._list = Read(core, Reader.PEOPLE)
        self._heard: list[PresenceUpdate | ViewingChanged] = []
        """What was told since the list on its way was asked for."""
        self._pointing: Point | None = None
        """Where the person points, if the others have not been told."""
        self._told_at = -CROSSHAIR_EVERY_S
        self._told_version: int | None = None
        """Which version the others were told that the person looks at, on this link."""
        self._version_told_at = -VERSION_EVERY_S

    @property
    def here(self) -> Here:
        """Who is here now."""
        return self._here

    # What happened

    def opened(self) -> None:
        """The image's socket stands."""
        self._told_version, self._version_told_at = None, self._core.now - VERSION_EVERY_S
        self._list.abandon()
        self._list.want(self._core.now)

    def lost(self) -> None:
        """Without a link nobody is known to be here."""
        self._list.abandon()
        self._pointing = None
        self._set(Here())

    def apply(self, event: LiveEvent, *, me: User | None) -> None:
        """Somebody came, went, points somewhere or looks at another version."""
        self._here = here_after(self._here, event, me)

    def heard(self, event: PresenceUpdate | ViewingChanged, *, names: Mapping[UserId, str]) -> None:
        """It was told who came, went or looks at what, and that was applied: are they known by name?"""
        if self._list.running:
            self._heard.append(event)
        if (
            isinstance(event, PresenceUpdate)
            and any(user not in names and not user.startswith(ANONYMOUS_PREFIX) for user in event.joined)
        ):  # who is nobody has no name: a stranger who comes and goes would have everybody ask again and again
            self._list.want(self._core.now + NAMES_WITHIN_S)

    def list_loaded(self, loaded: UsersLoaded) -> bool:
        """The list is here; what was heard meanwhile comes on top of it. False if another one is awaited."""
        if not self._list.loaded(loaded.request):
            return False
        here = self._here.replace(online=frozenset(user.id for user in loaded.users))
        self._set(here_viewing(here, {one.user_id: one.versions for one in loaded.viewing}))
        for event in self._heard:
            self._here = here_after(self._here, event, None)
        return True

    def list_failed(self, failed: FetchFailed) -> None:
        """The list did not come."""
        if not self._list.failed(failed):
            return
        refused = failed.status is not None and 400 <= failed.status < 500 and failed.status != 429
        if not refused:  # else asking again brings the same answer: the next link may be luckier
            self._list.want(self._core.now)

    def point(self, point: Point) -> None:
        """The person points there; of who only looks around the others are told nothing."""
        if not self._core.room.explores:
            self._pointing = point

    # What to do about it

    def dues(self, socket: int | None, *, ours: bool) -> Iterator[Due]:
        """Ask who is here; tell where the person points, and which version they look at.

        Args:
            socket: the image's socket, if it stands.
            ours: whether the server takes crosshairs and versions.
        """
        if socket is None:
            return
        list_at = self._list.due_at()
        if list_at is not None:
            yield Due(list_at, self._ask)
        if self._pointing is not None and ours:
            pointing = self._pointing
            yield Due(self._told_at + CROSSHAIR_EVERY_S, lambda: self._tell(socket, pointing))
        room = self._core.room
        version = None if room.image is None or room.explores else room.image.version
        if ours and version is not None and version != self._told_version:
            yield Due(self._version_told_at + VERSION_EVERY_S, partial(self._tell_version, socket, version))

    # Inside

    def _ask(self) -> None:
        self._heard.clear()
        self._core.emit(FetchPresence(self._list.begin()))

    def _tell(self, socket: int, point: Point) -> None:
        self._core.emit(SendCrosshair(socket, point))
        self._pointing, self._told_at = None, self._core.now

    def _tell_version(self, socket: int, version: int) -> None:
        self._core.emit(SendViewing(socket, version))
        self._told_version, self._version_told_at = version, self._core.now

    def _set(self, here: Here) -> None:
        if here != self._here:
            self._here = here
