"""What the server said: the one owner of the confirmed state.

It changes only by lists and events, in the order of the log (PROMISES D7); `reducer` tells how.
"""

from __future__ import annotations

from types import MappingProxyType

from imagechat_tui.protocol.events import LiveEvent
from imagechat_tui.protocol.ids import ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Position, User
from imagechat_tui.protocol.routes import CommentList, ConversationList, RoomIds
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import News
from imagechat_tui.sync.intents import Opinion
from imagechat_tui.sync.reducer import (
    confirmed_after,
    confirmed_after_opinion,
    confirmed_by_list,
    confirmed_by_thread,
    with_closed,
)
from imagechat_tui.sync.state import Confirmed, Peer


class Ledger:
    """The confirmed state, and what the last list told beside it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._confirmed = Confirmed()
        self.ids: RoomIds | None = None
        """The capability for sockets and logs that the last list brought."""
        self.url_id_clean: UrlId = core.room.url_id
        """The image key as the server cleans it."""

    @property
    def confirmed(self) -> Confirmed:
        """What is confirmed now."""
        return self._confirmed

    @property
    def position(self) -> Position | None:
        """The place in the log up to which everything is applied; None without a numbered log."""
        return self._confirmed.position

    @property
    def ours(self) -> bool:
        """Whether the server has our extensions."""
        return self._confirmed.peer is Peer.OURS

    @property
    def me(self) -> UserId | None:
        """Who we are to the server."""
        return self._confirmed.me.id if self._confirmed.me is not None else None

    def introduce_server(self, peer: Peer, answer: ConversationList) -> None:
        """A list came: which server it is, and how to reach the room's socket and log."""
        self.ids = answer.room or self.ids
        self.url_id_clean = answer.url_id_clean
        if peer is not self._confirmed.peer:
            self._confirmed = self._confirmed.replace(peer=peer)

    def introduce_users(self, users: tuple[User, ...]) -> None:
        """Users and their names were told."""
        names = dict(self._confirmed.names) | {user.id: user.name for user in users}
        if names != self._confirmed.names:
            self._confirmed = self._confirmed.replace(names=MappingProxyType(names))

    def apply(
        self, event: LiveEvent, *, thread: ConversationId | None = None, position: Position | None = None
    ) -> None:
        """Apply one event in its turn (``reducer.confirmed_after``)."""
        self._confirmed = confirmed_after(self._confirmed, event, thread=thread, position=position)

    def take_list(self, snapshot: ConversationList, *, keep: frozenset[str] = frozenset()) -> None:
        """Replace everything by a list, but for the conversations in ``keep``."""
        self._confirmed = confirmed_by_list(self._confirmed, snapshot, keep=keep)

    def take_thread(
        self, conversation_id: ConversationId, thread: CommentList, *, keep: frozenset[str]
    ) -> None:
        """Replace one hosted thread, but for the comments in ``keep``."""
        told = confirmed_by_thread(
            self._confirmed, conversation_id, thread.comments, own=thread.own, keep=keep
        )
        self._confirmed = with_closed(told, conversation_id, thread.is_closed)

    def note(self, write: Opinion) -> None:
        """The server has said yes to what no event tells of: its answer is all that is ever heard of it."""
        self._confirmed = confirmed_after_opinion(self._confirmed, write)

    def step_to(self, position: Position) -> None:
        """Go on from ``position``: what is before it and not applied never will be."""
        if position != self._confirmed.position:
            self._confirmed = self._confirmed.replace(position=position)

    def cannot_show(self, items: int) -> None:
        """So many things of others could not be read, and are left out."""
        self._confirmed = self._confirmed.replace(cannot_show=self._confirmed.cannot_show + items)
        self._core.announce(News.CANNOT_SHOW)
