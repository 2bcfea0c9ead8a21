"""What the parts of the engine share: the newest state, the moment, and the effects of this turn."""

from __future__ import annotations

from typing import Unpack

from msgspec.structs import replace

from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Conversation
from imagechat_tui.protocol.routes import RoomIds
from imagechat_tui.sync.backoff import CAP_S, Uniform, delay_s
from imagechat_tui.sync.effects import Announce, Effect, News
from imagechat_tui.sync.intents import Write
from imagechat_tui.sync.state import (
    ChatState,
    ConfirmedChanges,
    ConnectionChanges,
    HereChanges,
    MineChanges,
    Peer,
    Phase,
    Problem,
    Room,
)


class Core:
    """The ground the parts stand on. Facts live in the parts; this holds what all of them need."""

    def __init__(self, room: Room, uniform: Uniform, cap_s: float = CAP_S) -> None:
        self.room = room
        self.uniform = uniform
        self._cap_s = cap_s
        self.state = ChatState(room)
        self.now = 0.0
        self.effects: list[Effect] = []
        self.ids: RoomIds | None = None
        """The capability for sockets and logs that the last snapshot brought."""
        self.url_id_clean = room.url_id
        """The image key as the server cleans it."""
        self.last_number = 0
        """The newest number given to a socket or a request."""
        self._clock_ms: float | None = None
        """Server time minus the engine's clock, never later than the truth (a message takes time)."""

    def number(self) -> int:
        """A fresh number for a socket or a request."""
        self.last_number += 1
        return self.last_number

    def delay_s(self, attempt: int, at_least_s: float = 0.0) -> float:
        """The delay before try number ``attempt`` of a series (``sync.backoff``)."""
        return delay_s(attempt, self.uniform, at_least_s=at_least_s, cap_s=self._cap_s)

    def emit(self, effect: Effect) -> None:
        """Ask for something to be done."""
        self.effects.append(effect)

    def announce(
        self,
        news: News,
        *,
        broadcast_id: BroadcastId | None = None,
        conversation_id: ConversationId | None = None,
        comment_id: CommentId | None = None,
        by: UserId | None = None,
        problem: Problem | None = None,
        draft_id: str | None = None,
        phase: Phase | None = None,
        write: Write | None = None,
    ) -> None:
        """Tell one-off news."""
        self.emit(
            Announce(news, broadcast_id, conversation_id, comment_id, by, problem, draft_id, phase, write)
        )

    def change_confirmed(self, **changes: Unpack[ConfirmedChanges]) -> None:
        """Replace what is confirmed, if it differs."""
        confirmed = self.state.confirmed.replace(**changes)
        if confirmed != self.state.confirmed:
            self.state = replace(self.state, confirmed=confirmed)

    def change_mine(self, **changes: Unpack[MineChanges]) -> None:
        """Replace what is the person's own, if it differs."""
        mine = self.state.mine.replace(**changes)
        if mine != self.state.mine:
            self.state = replace(self.state, mine=mine)

    def change_here(self, **changes: Unpack[HereChanges]) -> None:
        """Replace what is known of who is here, if it differs."""
        here = self.state.here.replace(**changes)
        if here != self.state.here:
            self.state = replace(self.state, here=here)

    def change_connection(self, **changes: Unpack[ConnectionChanges]) -> None:
        """Replace what the person is told about the link, if it differs."""
        connection = self.state.connection.replace(**changes)
        if connection != self.state.connection:
            self.state = replace(self.state, connection=connection)

    def cannot_show(self, items: int) -> None:
        """So many things of others could not be read, and are left out."""
        self.change_confirmed(cannot_show=self.state.confirmed.cannot_show + items)
        self.announce(News.CANNOT_SHOW)

    @property
    def ours(self) -> bool:
        """Whether the server has our extensions."""
        return self.state.confirmed.peer is Peer.OURS

    @property
    def me(self) -> UserId | None:
        """Who we are to the server."""
        return self.state.confirmed.me.id if self.state.confirmed.me is not None else None

    def conversation(self, conversation_id: ConversationId) -> Conversation | None:
        """A conversation that is there: confirmed, or made by us and answered."""
        state = self.state
        return state.confirmed.conversations.get(conversation_id) or next(
            (
                saved.conversation
                for saved in state.mine.acknowledged
                if saved.conversation is not None and saved.conversation.id == conversation_id
            ),
            None,
        )

    def thread_url(self, conversation_id: ConversationId) -> UrlId | None:
        """The thread key of a conversation that is there."""
        conversation = self.conversation(conversation_id)
        return conversation.url_id if conversation is not None else None

    def heard_clock(self, server_ms: int) -> None:
        """The server's clock was ``server_ms`` just now, or a little earlier."""
        self._clock_ms = server_ms - self.now * 1000.0

    def doubt_clock(self) -> None:
        """What we know of the server's clock has proved wrong: know nothing until it is told again."""
        self._clock_ms = None

    @property
    def server_now_ms(self) -> int | None:
        """The server's clock as far as known: the truth or a little earlier."""
        return None if self._clock_ms is None else int(self._clock_ms + self.now * 1000.0)
