"""Which colour each person has: while there are eight in a room everybody another one, and alike on every screen.

Everybody has a favourite colour, by their id. They come to choose in an order that every session finds in the room:
first those who have written, by when that was first, then those who look at it now, by their ids. Each takes the
favourite if it is one of those that the fewest have, else the next one after it of these. So

- the first eight differ, and so does each eight that follows;
- whoever comes later changes nobody's colour that has written;
- when the only words of somebody are deleted, those may change who had to step aside for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from types import MappingProxyType
from typing import Final, TypeAlias
from zlib import crc32

from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Comment, Conversation
from imagechat_tui.sync.state import ChatState, Confirmed, Here

PEOPLE: Final = 8
"""How many colours for names each theme has."""

Colors: TypeAlias = Mapping[str, int]
"""By who it is (``author_key``, an id), from 0."""


def favorite(key: str) -> int:
    """The colour somebody would like to have."""
    return crc32(key.encode("utf-8", "surrogatepass")) % PEOPLE


def assigned(keys: Iterable[str]) -> Colors:
    """The colours of people who choose in this order."""
    taken = [0] * PEOPLE
    colors: dict[str, int] = {}
    for key in dict.fromkeys(keys):
        fewest, like = min(taken), favorite(key)
        color = next(n % PEOPLE for n in range(like, like + PEOPLE) if taken[n % PEOPLE] == fewest)
        taken[color] += 1
        colors[key] = color
    return MappingProxyType(colors)


def author_key(thing: Comment | Conversation) -> str:
    """Who its author is, as far as colours go."""
    return thing.author_id or thing.commenter_name


class FirstSeen:
    """The order in which people choose. A thread that is the same object as last time is not read again."""

    def __init__(self) -> None:
        self._read: dict[ConversationId, tuple[Conversation, object, dict[str, float]]] = {}
        """Of each thread what was read, and when each author of it wrote in it first."""
        self._known: tuple[Confirmed, Here] | None = None
        """What the order is of."""
        self._order: tuple[str, ...] = ()

    def of(self, state: ChatState) -> tuple[str, ...]:
        """Everybody who has written, is here, or is the asking person."""
        known = self._known
        if known is None or known[0] is not state.confirmed or known[1].online != state.here.online:
            self._known, self._order = (state.confirmed, state.here), self._ordered(state)
        return self._order

    def _ordered(self, state: ChatState) -> tuple[str, ...]:
        confirmed = state.confirmed
        before, self._read = self._read, {}
        first: dict[str, float] = {}
        for home, conversation in confirmed.conversations.items():
            comments = confirmed.comments.get(home)
            known = before.get(home)
            if known is None or known[0] is not conversation or known[1] is not comments:
                known = conversation, comments, _wrote(conversation, (comments or {}).values())
            self._read[home] = known
            for key, at in known[2].items():
                first[key] = min(at, first.get(key, inf))
        me = (confirmed.me.id,) if confirmed.me is not None else ()
        return (*sorted(first, key=lambda key: (first[key], key)), *sorted({*state.here.online, *me}))


def _wrote(conversation: Conversation, comments: Iterable[Comment]) -> dict[str, float]:
    first: dict[str, float] = {}
    for key, at_ms in (
        (author_key(conversation), conversation.created_at_ms),
        *((author_key(comment), comment.date_ms) for comment in comments),
    ):
        if key:
            first[key] = min(inf if at_ms is None else at_ms, first.get(key, inf))
    return first
