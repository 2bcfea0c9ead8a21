"""A session that says what the test says, and remembers what it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from imagechat_tui.problems import Problem
from imagechat_tui.protocol.ids import BroadcastId, CommentId, ConversationId, UserId
from imagechat_tui.protocol.models import Comment, Conversation, Point
from imagechat_tui.sync.effects import Announce, News, Told
from imagechat_tui.sync.intents import (
    DiscardDraft,
    EditComment,
    Intent,
    KeepDraft,
    PostComment,
    Retry,
    StartConversation,
)
from imagechat_tui.sync.outbox import typed_id
from imagechat_tui.sync.session import OnChange
from imagechat_tui.sync.state import ChatState, Connection, Draft, Peer, Phase
from tests import examples as eg

NOW_MS = eg.T0 + 3_600_000
"""What the wall clock of the tests says."""

NOW_S = 1_000.0
"""What the engine's clock says."""


class ScriptedSession:
    """Publishes states on command. Drafts are kept and dropped as the engine does; writes are only recorded."""

    def __init__(self, state: ChatState) -> None:
        self.intents: list[Intent] = []
        self.refusing: Problem | None = None
        """While set, texts are refused with it, at once."""
        self.departing: asyncio.Event | None = None
        """While set, writes have not left before it."""
        self.stopped = asyncio.Event()
        self._state = state
        self._on_change: OnChange | None = None

    @property
    def state(self) -> ChatState:
        return self._state

    @property
    def is_heard(self) -> bool:
        """Whether the screen listens: it begins to after its first frame."""
        return self._on_change is not None

    async def run(self, on_change: OnChange) -> None:
        self._on_change = on_change
        on_change(self._state, ())
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()

    def publish(self, state: ChatState, *news: Told) -> None:
        """Say that the state is another now."""
        self._state = state
        assert self._on_change is not None
        self._on_change(state, news)

    def dispatch(self, intent: Intent) -> BroadcastId:
        self.intents.append(intent)
        sent_as = BroadcastId(f"b{len(self.intents)}")
        drafts = self._state.mine.drafts
        match intent:
            case KeepDraft(write):
                drafts = tuple(d for d in drafts if d.id != typed_id(write))
                if write.text:
                    drafts = (*drafts, Draft(typed_id(write), write))
            case DiscardDraft(draft_id):
                drafts = tuple(d for d in drafts if d.id != draft_id)
            case StartConversation() | PostComment() | EditComment():
                drafts = tuple(d for d in drafts if d.id != typed_id(intent) and d.write != intent)
                if self.refusing is not None:
                    failed = Draft(sent_as, intent, sent_as, self.refusing)
                    drafts = (*drafts, failed)
                    self.publish(
                        eg.changed(self._state, drafts=drafts),
                        Announce(News.REFUSED, sent_as, problem=self.refusing, draft_id=failed.id),
                    )
                    return sent_as
            case Retry(draft_id) if self.refusing is None:
                drafts = tuple(d for d in drafts if d.id != draft_id)
            case _:
                return sent_as
        self.publish(eg.changed(self._state, drafts=drafts))
        return sent_as

    async def departed(self) -> None:
        if self.departing is not None:
            await self.departing.wait()

    def asked(self, kind: type[Any]) -> list[Any]:
        """The intents of one kind, in order."""
        return [intent for intent in self.intents if isinstance(intent, kind)]


def conversation(number: int, x: float = 50.0, y: float = 50.0, **overrides: Any) -> Conversation:
    """Marker ``number``, by Bob unless said otherwise."""
    return eg.conversation(
        **{
            "id": ConversationId(f"ic_{number}"),
            "point": Point(x, y),
            "number": number,
            "user_id": eg.BOB,
            "commenter_name": "Bob",
            "created_at_ms": NOW_MS - 600_000,
            "last_comment_at_ms": NOW_MS - 300_000,
            **overrides,
        }
    )


def comment(name: str, text: str, *, by: UserId = eg.BOB, **overrides: Any) -> Comment:
    """A comment; its author's name is the last part of the user id."""
    return eg.comment(
        **{
            "id": CommentId(name),
            "user_id": by,
            "commenter_name": by.rpartition(":")[2].capitalize(),
            "text": text,
            "date_ms": NOW_MS - 300_000,
            **overrides,
        }
    )


def chat_state(*threads: tuple[Conversation, Sequence[Comment]], **overrides: Any) -> ChatState:
    """A live state, seen by Alice, with these threads."""
    return eg.changed(
        eg.chat_state(
            connection=Connection(phase=Phase.LIVE, as_of_s=NOW_S, round_trip_s=0.02),
            peer=Peer.OURS,
            me=eg.user(),
            conversations=MappingProxyType({c.id: c for c, _ in threads}),
            comments=MappingProxyType(
                {
                    c.id: MappingProxyType({comment.id: comment for comment in comments})
                    for c, comments in threads
                }
            ),
            online=frozenset({eg.ALICE, eg.BOB}),
            names=MappingProxyType({eg.ALICE: "Alice", eg.BOB: "Bob"}),
            sockets=2,
        ),
        **overrides,
    )


def two_threads(**overrides: Any) -> ChatState:
    """Marker 1 by Bob with an answer by Alice, marker 2 by Alice."""
    return chat_state(
        (conversation(1, 20.0, 20.0, comment_count=2),
         [comment("c_1", "Logo is cut off"), comment("c_2", "Since Monday", by=eg.ALICE)]),
        (conversation(2, 80.0, 70.0, user_id=eg.ALICE, commenter_name="Alice"),
         [comment("c_3", "Total is wrong", by=eg.ALICE)]),
        **overrides,
    )  # fmt: skip
