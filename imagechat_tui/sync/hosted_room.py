"""Keeping up with the image's room of a hosted server: by lists (PROTOCOL 8.2).

Its events have no numbers. Every one about conversations is applied as far as it can be read and followed by a
fresh list; a list is trusted but for what was heard while it was on its way.
"""

from __future__ import annotations

from collections.abc import Iterator

from imagechat_tui.problems import Problem
from imagechat_tui.protocol.events import (
    DeletedImageChat,
    ImageChatsStale,
    ImageChatUpdated,
    LiveEvent,
    NewImageChat,
    Reset,
    Subscribed,
)
from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Position
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.due import Due
from imagechat_tui.sync.facts import Facts
from imagechat_tui.sync.image_room import POLL_EVERY_S
from imagechat_tui.sync.replay import Seen, Touched
from imagechat_tui.sync.room_list import Listed, RoomList

HERD_S = 2.0
"""After a reconnect the list is asked for within this time: not by everybody at once."""


class HostedRoom:
    """The image's room without numbers (`image_room.ImageRoom`)."""

    numbered = False
    resume_at: Position | None = None
    head: Position | None = None

    def __init__(self, core: Core, facts: Facts, room_list: RoomList) -> None:
        self._core = core
        self._facts = facts
        self._list = room_list
        self._seen = Seen()
        self._touched = Touched()
        self._poll_at = 0.0

    # Facts

    @property
    def caught_up(self) -> bool:
        """Whether a list was read since the socket opened."""
        complete_at = self._list.complete_at
        return self._list.loaded and complete_at is not None and complete_at >= self._facts.link.opened_at

    def unregistered_at(self) -> float | None:
        """Hosted servers do not tell when a socket is registered."""
        return None

    def listed_since(self, at: float) -> bool:
        """Nothing is known by events alone."""
        return True

    # What happened

    def opened(self) -> None:
        """The socket's handshake is done: what it did not tell a list does."""
        link = self._facts.link
        again = self._list.complete_at is not None and link.connection.lost_at_s is not None
        self._list.want(self._core.now + (self._core.uniform(0.0, HERD_S) if again else 0.0))

    def lost(self) -> None:
        """The socket is gone: the next one brings a list."""
        self._list.forget()

    def received(self, event: LiveEvent) -> None:
        """An event came over the image's socket."""
        if isinstance(event, Subscribed | Reset):
            self._list.want(self._core.now)
        elif not self._seen.repeated(event):
            self._take(event)

    def list_loaded(self, listed: Listed) -> None:
        """The list is here."""
        self._seen.baseline(listed.answer.server_time_ms)
        self._list.put(listed, keep=self._touched.settle(listed.request))

    def list_failed(self, _: Problem) -> None:
        """The list did not come."""
        self._list.want(self._core.now)

    def note(self, conversation_id: ConversationId) -> None:
        """A conversation changed: lists that are on their way say nothing about it."""
        self._touched.note(conversation_id, self._core.last_number)

    # What to do about it

    def refresh(self) -> None:
        """See to it that everything up to now is known."""
        self._list.want(self._core.now)

    def decide(self) -> None:
        """Nothing: what is known changes with lists alone."""

    def dues(self) -> Iterator[Due]:
        """Ask for the list, from time to time where no socket tells of changes."""
        link = self._facts.link
        polling = self._facts.polling and not link.open
        if not link.open and not polling:
            return
        if polling:
            yield Due(self._poll_at, self._poll)
        list_at = self._list.due_at()
        if list_at is not None:
            yield Due(list_at, self._list.ask)

    # Inside

    def _poll(self) -> None:
        self._poll_at = self._core.now + POLL_EVERY_S
        self.refresh()

    def _take(self, event: LiveEvent) -> None:
        known = self._facts.ledger.confirmed.conversations
        if isinstance(event, ImageChatUpdated) and event.conversation.id not in known:
            # It came before its marker, or after its deletion, and a deletion wins (PROMISES D7): the list knows.
            self._list.want_soon()
            return
        self._facts.apply(event)
        match event:
            case NewImageChat() | ImageChatUpdated():
                self.note(event.conversation.id)
            case DeletedImageChat():
                self.note(event.conversation_id)
            case ImageChatsStale():
                pass
            case _:
                return
        self._list.want_soon()
