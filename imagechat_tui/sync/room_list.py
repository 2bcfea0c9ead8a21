"""The conversation list of the image's room: when it is read, and what a list brings.

Both kinds of room have one. What a list has to say about events before and after it differs between them and
is not known here.
"""

from __future__ import annotations

from msgspec import Struct

from imagechat_tui.problems import ProblemKind
from imagechat_tui.protocol.models import Position
from imagechat_tui.protocol.routes import ConversationList
from imagechat_tui.sync.core import Core, Reader
from imagechat_tui.sync.effects import FetchSnapshot, News
from imagechat_tui.sync.facts import Facts
from imagechat_tui.sync.inputs import FetchFailed, SnapshotComing, SnapshotLoaded
from imagechat_tui.sync.intents import DeleteConversation
from imagechat_tui.sync.link import HUNG_AFTER_S
from imagechat_tui.sync.news import news_of_list
from imagechat_tui.sync.reads import Read
from imagechat_tui.sync.state import ChatState

SNAPSHOT_EVERY_S = 5.0
HOSTED_SNAPSHOT_EVERY_S = 0.5
DEBOUNCE_S = 0.5
DEBOUNCE_JITTER_S = 1.0
"""So that a room full of clients does not ask for the list at the same moment."""


class Listed(Struct, frozen=True):
    """A list that is here."""

    answer: ConversationList
    request: int
    began_at: float
    """When it was asked for."""


class RoomList:
    """The list's read, and how far the confirmed state is known to be whole."""

    def __init__(self, core: Core, facts: Facts) -> None:
        self._core = core
        self._facts = facts
        self._read = Read(core, Reader.LIST)
        self.loaded = False
        """A list has come: there is data."""
        self.complete_at: float | None = None
        """Everything the server had at this moment is in the confirmed state."""
        self.left_out = 0
        """Conversations of the last list that could not be read (hosted)."""
        self.unreadable = 0
        """Lists in a row that could not be decoded."""
        self._reported: tuple[Position | None, float] | None = None

    # The read

    @property
    def running(self) -> bool:
        """Whether one is on its way."""
        return self._read.running

    def due_at(self) -> float | None:
        """When the next one should be asked for; None if none is wanted, or one is on its way."""
        return self._read.due_at()

    def want(self, at: float) -> None:
        """A list read at ``at`` or later is wanted."""
        self._read.want(at)

    def want_soon(self) -> None:
        """Follow a change by a fresh list, one for a burst."""
        self.want(self._core.now + DEBOUNCE_S + self._core.uniform(0.0, DEBOUNCE_JITTER_S))

    def forget(self) -> None:
        """None is wanted any more; the one on its way still counts."""
        self._read.forget()

    def ask(self) -> None:
        """Ask for the list at once, unless it is on its way and may still come."""
        if not self._read.running or self._core.now >= self._read.heard_at + HUNG_AFTER_S:
            self._core.emit(FetchSnapshot(self._read.begin()))

    def coming(self, coming: SnapshotComing) -> bool:
        """A part of the list is here. False if it is not the one that is awaited."""
        if not self._read.coming(coming.request):
            return False
        self._facts.link.received(coming.received_bytes)
        return True

    def arrived(self, loaded: SnapshotLoaded) -> Listed | None:
        """The list is here, and which server it is is known. None if it is not the one that is awaited."""
        if not self._read.loaded(loaded.request):
            return None
        self._facts.link.received(None)
        self.unreadable = 0
        self._facts.ledger.introduce_server(loaded.peer, loaded.list)
        self._read.every_s = SNAPSHOT_EVERY_S if self._facts.ledger.ours else HOSTED_SNAPSHOT_EVERY_S
        return Listed(loaded.list, loaded.request, self._read.began_at)

    def failed(self, failed: FetchFailed) -> bool:
        """The list did not come. False if another one is awaited."""
        if not self._read.failed(failed):
            return False
        self._facts.link.received(None)
        if failed.problem.kind is ProblemKind.BAD_ANSWER:
            self.unreadable += 1
        return True

    # What it brings

    def put(self, listed: Listed, *, keep: frozenset[str] = frozenset()) -> None:
        """Put a list in the place of what is confirmed, and tell what is new in it to the person.

        ``keep`` names conversations about which it is out of date.
        """
        ledger, answer, before = self._facts.ledger, listed.answer, self._facts.state
        self.completed(listed.began_at)
        ledger.take_list(answer, keep=keep)
        self._facts.workspace.reconcile_with_list(before=before.confirmed, now=ledger.confirmed)
        if answer.left_out > self.left_out:
            ledger.cannot_show(answer.left_out - self.left_out)
        self.left_out = answer.left_out
        if self.loaded:
            self._tell_new(before)
        self._tell_gone(before)
        self.loaded = True

    def completed(self, at: float) -> None:
        """Everything that the server had at ``at`` is applied."""
        if self.complete_at is not None and at < self.complete_at:
            return
        self.complete_at = at
        self._facts.link.known_as_of(at)
        self._facts.workspace.complete_at(at)

    def malformed(self) -> None:
        """A frame could not be decoded (PROMISES D14)."""
        self.cannot_show()
        self.want(self._core.now)

    def cannot_show(self) -> None:
        """Report an item that cannot be shown, once for each place in the log."""
        core, position = self._core, self._facts.ledger.position
        if self._reported is not None:
            where, when = self._reported
            if where == position and (position is not None or core.now < when + SNAPSHOT_EVERY_S):
                return
        self._reported = (position, core.now)
        self._facts.ledger.cannot_show(1)

    # Inside

    def _tell_new(self, before: ChatState) -> None:
        fresh = news_of_list(before, self._facts.state)
        homes = {news.conversation_id for news in fresh if news.conversation_id is not None}
        self._facts.workspace.mark_unread(homes)
        for news in fresh:
            # A hosted list only counts comments: ours of another terminal may be among them.
            if self._facts.ledger.ours or news.news is News.MARKER_ADDED:
                self._core.emit(news)

    def _tell_gone(self, before: ChatState) -> None:
        """The thread that was open is not in the list, and it was not the person who deleted it."""
        mine = before.mine
        gone = mine.open_thread
        ours = [entry.write for entry in mine.outbox] + [saved.write for saved in mine.acknowledged]
        by_us = any(isinstance(w, DeleteConversation) and w.conversation_id == gone for w in ours)
        if gone is not None and self._facts.workspace.mine.open_thread is None and not by_us:
            self._core.announce(News.THREAD_GONE, conversation_id=gone)
