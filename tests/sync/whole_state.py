"""What events and lists make of a whole state: each part of it as its owner would write it."""

from __future__ import annotations

from imagechat_tui.protocol.events import LiveEvent
from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Comment, Position
from imagechat_tui.protocol.routes import ConversationList
from imagechat_tui.sync.reducer import (
    confirmed_after,
    confirmed_by_list,
    confirmed_by_thread,
    here_after,
    mine_after,
    mine_after_list,
)
from imagechat_tui.sync.state import ChatState


def applied(
    state: ChatState,
    event: LiveEvent,
    *,
    thread: ConversationId | None = None,
    position: Position | None = None,
) -> ChatState:
    """``state`` after ``event``; the same object, if it changes no part."""
    confirmed = confirmed_after(state.confirmed, event, thread=thread, position=position)
    mine = mine_after(state.mine, event)
    here = here_after(state.here, event, state.confirmed.me)
    if confirmed is state.confirmed and mine is state.mine and here is state.here:
        return state
    return ChatState(state.room, confirmed, mine, here, state.connection)


def with_list(
    state: ChatState, snapshot: ConversationList, *, keep: frozenset[str] = frozenset()
) -> ChatState:
    """``state`` with everything confirmed replaced by a list."""
    confirmed = confirmed_by_list(state.confirmed, snapshot, keep=keep)
    mine = mine_after_list(state.mine, before=state.confirmed, now=confirmed)
    return ChatState(state.room, confirmed, mine, state.here, state.connection)


def with_thread(
    state: ChatState,
    conversation_id: ConversationId,
    comments: tuple[Comment, ...],
    *,
    keep: frozenset[str] = frozenset(),
) -> ChatState:
    """``state`` with one hosted thread replaced."""
    confirmed = confirmed_by_thread(state.confirmed, conversation_id, comments, keep=keep)
    if confirmed is state.confirmed:
        return state
    return ChatState(state.room, confirmed, state.mine, state.here, state.connection)
