"""Which versions people look at: an answer and a frame share one form, the client's frame is another (PROTOCOL 9.4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from imagechat_tui.protocol.codec.fields import Fields
from imagechat_tui.protocol.codec.json_text import JsonObject
from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Viewing

MAX_VERSIONS: Final = 8
"""So many versions are told of one user: nobody has more on their screens that matters."""


def viewing_payload(viewing: Iterable[Viewing]) -> JsonObject:
    """Versions by user, the newest ones if there are many."""
    return {one.user_id: list(one.versions[-MAX_VERSIONS:]) for one in viewing}


def read_viewing(fields: Fields, key: str) -> tuple[Viewing, ...]:
    """Versions by user; nothing where the key is not there."""
    told = fields.optional_nested(key)
    if told is None:
        return ()
    return tuple(Viewing(UserId(user_id), _versions(told, user_id)) for user_id in told)


def _versions(told: Fields, user_id: str) -> tuple[int, ...]:
    versions = sorted({*told.integers(user_id)})
    if versions and versions[0] < 1:
        raise told.bad(user_id, "holds a version below 1")
    return tuple(versions[-MAX_VERSIONS:])
