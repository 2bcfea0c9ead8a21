"""Brings what was logged to the rooms of this process, in order and without holes (PROMISES D6).

A hint only says where to look. Once a second one query asks for all live rooms at once, so that a lost hint
costs a moment; without live rooms nothing is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from imagechat_tui.protocol.models import Position
from imagechat_tui.server.storage import RoomKey, Store, StoredEvent, StoreUnavailable

POLL_S = 1.0

_log = logging.getLogger(__name__)


class LiveRooms(Protocol):
    """The live rooms, as the follower sees them."""

    def positions(self) -> dict[RoomKey, Position]:
        """The live rooms and the position that each has delivered."""

    def deliver(self, room: RoomKey, events: Iterable[StoredEvent]) -> None:
        """Push the events that follow the position, and move it."""

    def lost(self, room: RoomKey, position: Position) -> None:
        """The log cannot be followed from the position: everybody has to start anew."""


class LogFollower:
    """Follows the logs of the live rooms."""

    def __init__(self, store: Store, rooms: LiveRooms, *, poll_s: float = POLL_S) -> None:
        self._store = store
        self._rooms = rooms
        self._poll_s = poll_s
        self._hinted: set[RoomKey] = set()
        self._all = False
        self._wake = asyncio.Event()

    def hint(self, room: RoomKey) -> None:
        """A room's log may have grown."""
        self._hinted.add(room)
        self._wake.set()

    def look_at_all(self) -> None:
        """Hints may have been lost, or a room has come to life."""
        self._all = True
        self._wake.set()

    async def run(self) -> None:
        """Read what was logged and have it delivered, until cancelled."""
        while True:
            await self._woken()
            everything, self._all = self._all, False
            hinted, self._hinted = self._hinted, set()
            self._wake.clear()
            live = self._rooms.positions()
            wanted = live if everything else {room: live[room] for room in hinted if room in live}
            try:
                await self._follow(wanted)
            except StoreUnavailable as error:
                _log.warning("the event log cannot be read: %s", error)

    async def _woken(self) -> None:
        try:
            async with asyncio.timeout(self._poll_s if self._rooms.positions() else None):
                await self._wake.wait()
        except TimeoutError:
            self._all = True

    async def _follow(self, delivered: dict[RoomKey, Position]) -> None:
        """Read what follows each position, where one query says that there is something."""
        if not delivered:
            return
        heads = await self._store.positions(list(delivered))
        for room, head in heads.items():
            if head == delivered[room]:
                continue
            try:
                await self._read(room, head)
            except StoreUnavailable:
                raise
            except Exception:  # what cannot be told in one room must not silence all rooms (PROMISES D14)
                _log.exception("events up to %d of a room cannot be told: stepped over", head.seq)
                self._rooms.lost(room, head)

    async def _read(self, room: RoomKey, head: Position) -> None:
        while (position := self._rooms.positions().get(room)) is not None and position.seq != head.seq:
            page = None
            if position.epoch == head.epoch:
                page = await self._store.events_after(room, position.seq, event_id=position.event_id)
            if page is None:
                self._rooms.lost(room, head)
                return
            if not page.events:
                return
            self._rooms.deliver(room, page.events)
