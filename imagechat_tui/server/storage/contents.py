"""What a database has in it, looked at from beside the server that has it open, or that of a backup."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from imagechat_tui.protocol.ids import TenantId


class Orphans(Struct, frozen=True):
    """Rows that refer to others which are not there."""

    table: str
    of: str
    """The table of those that are missing."""
    rows: int


class Contents(Struct, frozen=True):
    """What was found, read at one moment where the database can do that."""

    steps: int
    """Its migrations: what version of the program it is for."""
    sealed: Mapping[TenantId, bytes]
    """The secret of each tenant, as it lies there; empty for one that has none."""
    comments: int
    damage: tuple[str, ...] = ()
    """What the database's own check says is broken, in its words."""
    orphans: tuple[Orphans, ...] = ()
