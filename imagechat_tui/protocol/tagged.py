"""Members of closed unions: written down (a trace does), each tells which one it is."""

from __future__ import annotations

from msgspec import Struct


class Tagged(Struct, frozen=True, tag=True, tag_field="is"):
    """A value whose JSON carries its class's name under ``is``, so that it can be read back as a union's member."""
