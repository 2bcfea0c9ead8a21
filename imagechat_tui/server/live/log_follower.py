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


class Rooms(Protocol):
    """The live rooms, as the pump sees them."""

    def cursors(self) -> dict[RoomKey, Position]:
        """The live rooms and the position that each has delivered."""

    def deliver(self, room: RoomKey, events: Iterable[StoredEvent]) -> None:
        """Push the events that follow the cursor, and move it."""

    def lost(self, room: RoomKey, position: Position) -> None:
        """The log cannot be followed from the cursor: everybody has to start anew at ``position``."""


class Pump:
    """Follows the logs of the live rooms."""

    def __init__(self, store: Store, rooms: Rooms, *, poll_s: float = POLL_S) -> None:
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
        """Follow until cancelled."""
        while True:
            await self._woken()
            everything, self._all = self._all, False
            hinted, self._hinted = self._hinted, set()
            self._wake.clear()
            cursors = self._rooms.cursors()
            wanted = cursors if everything else {room: cursors[room] for room in hinted if room in cursors}
            try:
                await self._follow(wanted)
            except StoreUnavailable as error:
                _log.warning("the event log cannot be read: %s", error)

    async def _woken(self) -> None:
        try:
            async with asyncio.timeout(self._poll_s if self._rooms.cursors() else None):
                await self._wake.wait()
        except TimeoutError:
            self._all = True

    async def _follow(self, cursors: dict[RoomKey, Position]) -> None:
        """Read what follows each cursor, where one query says that there is something."""
        if not cursors:
            return
        heads = await self._store.positions(list(cursors))
        for room, head in heads.items():
            if head == cursors[room]:
                continue
            try:
                await self._read(room, head)
            except StoreUnavailable:
                raise
            except Exception:  # what cannot be told in one room must not silence all rooms (PROMISES D14)
                _log.exception("events up to %d of a room cannot be told: stepped over", head.seq)
                self._rooms.lost(room, head)

    async def _read(self, room: RoomKey, head: Position) -> None:
        while (cursor := self._rooms.cursors().get(room)) is not None and cursor.seq != head.seq:
            page = None
            if cursor.epoch == head.epoch:
                page = await self._store.events_after(room, cursor.seq, event_id=cursor.event_id)
            if page is None:
                self._rooms.lost(room, head)
                return
            if not page.events:
                return
            self._rooms.deliver(room, page.events)
