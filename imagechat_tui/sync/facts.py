"""The owners of the state, side by side, and how an event goes through all of them.

Each part of the state has one owner that alone writes it: the `Ledger` what the server said, the `Workspace`
what is the person's own, `PresenceState` who is here, the `Link` the connection, `Placing` where markers are on
other versions. They know nothing of each
other (import-linter sees to that). Who needs several of them has these `Facts`: it reads what they hold and
calls their verbs.
"""

from __future__ import annotations

from imagechat_tui.protocol.events import (
    LiveEvent,
    PlacementsChanged,
    PresenceUpdate,
    ReadStateChanged,
    Skip,
    ViewingChanged,
)
from imagechat_tui.protocol.ids import ConversationId, UrlId
from imagechat_tui.protocol.models import Conversation, Position
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import Applied, News
from imagechat_tui.sync.ledger import Ledger
from imagechat_tui.sync.link import Link
from imagechat_tui.sync.news import news_of
from imagechat_tui.sync.placing import Placing
from imagechat_tui.sync.presence import PresenceState
from imagechat_tui.sync.server_clock import ServerClock
from imagechat_tui.sync.state import ChatState, Phase
from imagechat_tui.sync.workspace import Workspace


class Facts:
    """Everything that is known, by owner."""

    def __init__(self, core: Core) -> None:
        self.ledger = Ledger(core)
        self.workspace = Workspace(core)
        self.presence = PresenceState(core)
        self.link = Link(core)
        self.placing = Placing(core)
        self.server_clock = ServerClock(core)
        self._core = core
        self._state = ChatState(core.room)

    @property
    def state(self) -> ChatState:
        """The newest state; the same object as long as no owner changed its part."""
        confirmed, mine = self.ledger.confirmed, self.workspace.mine
        here, connection = self.presence.here, self.link.connection
        placings = self.placing.placings
        told = self._state
        if (
            told.room is not self._core.room
            or told.confirmed is not confirmed
            or told.mine is not mine
            or told.here is not here
            or told.connection is not connection
            or told.placings is not placings
        ):
            self._state = ChatState(self._core.room, confirmed, mine, here, connection, placings)
        return self._state

    @property
    def polling(self) -> bool:
        """Whether REST has to do without a socket."""
        return self.link.connection.phase is Phase.POLLING

    @property
    def reachable(self) -> bool:
        """Whether reads have a chance to be answered."""
        return self.link.open or self.polling

    def conversation(self, conversation_id: ConversationId) -> Conversation | None:
        """A conversation that is there: confirmed, or made by us and answered."""
        return self.ledger.confirmed.conversations.get(conversation_id) or next(
            (
                saved.conversation
                for saved in self.workspace.mine.acknowledged
                if saved.conversation is not None and saved.conversation.id == conversation_id
            ),
            None,
        )

    def thread_url(self, conversation_id: ConversationId) -> UrlId | None:
        """The thread key of a conversation that is there."""
        conversation = self.conversation(conversation_id)
        return conversation.url_id if conversation is not None else None

    def apply(
        self, event: LiveEvent, position: Position | None = None, thread: ConversationId | None = None
    ) -> None:
        """Apply one event, in its turn; tell what is new to the person.

        Args:
            event: what the server said.
            position: where the log stands after it, if it is numbered.
            thread: the conversation whose room it came from (hosted thread rooms).
        """
        ledger, workspace = self.ledger, self.workspace
        ours = workspace.echo(event, me=ledger.me, ours=ledger.ours)
        before = self.state
        ledger.apply(event, thread=thread, position=position)
        self.presence.apply(event, me=before.confirmed.me)
        workspace.apply(event)
        if isinstance(event, PresenceUpdate | ViewingChanged):
            self.presence.heard(event, names=ledger.confirmed.names)
        news = news_of(before, event, thread=thread) if not workspace.sent(event) else None
        if news is not None:
            self._core.emit(news)
            home = news.conversation_id
            if home is not None and news.news in (News.MARKER_ADDED, News.COMMENT_ADDED):
                workspace.mark_unread({home})
        if not isinstance(event, Skip | ReadStateChanged | PlacementsChanged | ViewingChanged):
            self._core.emit(Applied(event, position, ours))
