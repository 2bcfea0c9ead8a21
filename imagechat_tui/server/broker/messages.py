"""What one process tells the others. Any of it may be lost; events are not in it."""

from __future__ import annotations

from msgspec import Struct

from imagechat_tui.protocol.ids import TenantId, UserId
from imagechat_tui.protocol.models import Placements, Point, ReadState
from imagechat_tui.server.storage import RoomKey


class LogGrew(Struct, frozen=True, tag=True):
    """A hint: read this room's log. Never an event itself, so a forged one causes a read and nothing else."""

    room: RoomKey


class Joined(Struct, frozen=True, tag=True):
    """One more socket of a user in a room; which version it shows is not known yet."""

    room: RoomKey
    user_id: UserId


class Left(Struct, frozen=True, tag=True):
    """One socket less of a user in a room."""

    room: RoomKey
    user_id: UserId
    version: int | None
    """Which one it showed, as far as that was told."""


class LooksAt(Struct, frozen=True, tag=True):
    """One socket of a user in a room shows another version of the image."""

    room: RoomKey
    user_id: UserId
    before: int | None
    """Which one it showed, as far as that was told."""
    version: int


class CrosshairMoved(Struct, frozen=True, tag=True):
    """Where a user points in a room."""

    room: RoomKey
    user_id: UserId
    point: Point


class RulesChanged(Struct, frozen=True, tag=True):
    """A hint: an operator has decided something, read the rules. Who hears of it ends the sockets that it concerns."""


class ReadOn(Struct, frozen=True, tag=True):
    """A user has read on in a room, or marked something unread."""

    room: RoomKey
    user_id: UserId
    changed: ReadState


class OwnChanged(Struct, frozen=True, tag=True):
    """A user has flagged something, or blocks somebody, or no more."""

    tenant_id: TenantId
    user_id: UserId


class Placed(Struct, frozen=True, tag=True):
    """Markers of a room are somewhere else on a version of its image."""

    room: RoomKey
    changed: Placements


Message = LogGrew | Joined | Left | LooksAt | CrosshairMoved | RulesChanged | ReadOn | OwnChanged | Placed
