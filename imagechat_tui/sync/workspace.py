"""What is the person's own: the one owner of their writes, their drafts, what they have read and have open.

A write is in one place at a time (the picture is in `outbox`); here it goes from one to the next.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Unpack

from msgspec.structs import replace

from imagechat_tui.problems import Problem
from imagechat_tui.protocol.events import DeletedImageChat, LiveEvent, NewImageChat, VoteChanged
from imagechat_tui.protocol.ids import BroadcastId, ConversationId, UserId
from imagechat_tui.protocol.models import Comment, Conversation
from imagechat_tui.sync.answers import told_by_event
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.effects import News
from imagechat_tui.sync.intents import StartConversation, TextWrite, VoteComment, Write
from imagechat_tui.sync.news import actor_of
from imagechat_tui.sync.outbox import (
    comment_step_id,
    conversation_of,
    known_comment,
    typed_id,
)
from imagechat_tui.sync.reducer import mine_after, mine_after_list
from imagechat_tui.sync.replay import stamp_of
from imagechat_tui.sync.state import Acknowledged, Confirmed, Draft, Mine, MineChanges, OutboxEntry

SENT_AT_MOST = 2000
"""Ids of writes remembered."""


class Workspace:
    """The outbox, what was answered and not yet heard, the drafts, and what is read and open."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._mine = Mine()
        self._sent: dict[BroadcastId, None] = {}
        """The ids under which this session has sent something, the newest last."""

    @property
    def mine(self) -> Mine:
        """What is the person's own now."""
        return self._mine

    # Threads

    def open_thread(self, conversation_id: ConversationId | None) -> None:
        """The person looks at this thread; None: they left the one they had open."""
        self._change(open_thread=conversation_id)

    def mark_read(self, conversation_id: ConversationId) -> None:
        """The person has read this thread."""
        self._change(unread=self._mine.unread - {conversation_id})

    def mark_unread(self, conversations: Set[ConversationId]) -> None:
        """Others wrote in these threads."""
        self._change(unread=self._mine.unread | conversations)

    def show_unread(self, conversations: frozenset[ConversationId]) -> None:
        """These threads are unread, and no others."""
        self._change(unread=conversations)

    def await_reads(self, come: bool) -> None:
        """Whether the server has still to say how far the person has read."""
        self._change(reads_come=come)

    # Drafts

    def draft(self, draft_id: str) -> Draft | None:
        """A draft by its id."""
        return next((draft for draft in self._mine.drafts if draft.id == draft_id), None)

    def keep(self, write: TextWrite, at_ms: int) -> None:
        """Keep what was typed; there is one typed draft for each target. An empty text forgets it."""
        draft_id = typed_id(write)
        others = tuple(draft for draft in self._mine.drafts if draft.id != draft_id)
        typed = (Draft(draft_id, write, updated_at_ms=at_ms),) if write.text else ()
        self._change(drafts=others + typed)

    def keep_failed(self, draft: Draft) -> None:
        """Keep a write that was refused, or tried and not saved."""
        self._change(drafts=(*self._mine.drafts, draft))

    def discard(self, draft_id: str) -> None:
        """Forget a draft."""
        self._change(drafts=tuple(draft for draft in self._mine.drafts if draft.id != draft_id))

    def take_out(self, write: Write) -> Draft | None:
        """Drop the drafts that become ``write``. The earlier try of the same write, if there was one."""
        drafts = self._mine.drafts
        tried = next((d for d in drafts if d.write == write and d.broadcast_id is not None), None)
        typed = typed_id(write) if isinstance(write, TextWrite) else None
        self._change(drafts=tuple(d for d in drafts if d.id != typed and d.write != write))
        return tried

    def found(self, drafts: tuple[Draft, ...]) -> None:
        """Drafts of earlier sessions: shown, never sent by themselves."""
        known = {draft.id for draft in self._mine.drafts}
        self._change(drafts=tuple(d for d in drafts if d.id not in known) + self._mine.drafts)

    def moved(self, found: tuple[Draft, ...], left: tuple[Draft, ...]) -> None:
        """Another room's drafts are shown; of those of the room before what was not touched stays there."""
        self._change(drafts=tuple(draft for draft in self._mine.drafts if draft not in left))
        self.found(found)

    # Writes in flight

    def entry(self, broadcast_id: BroadcastId) -> tuple[OutboxEntry | None, bool]:
        """The entry that travels under an id, and whether the id is of its first step."""
        for entry in self._mine.outbox:
            if entry.broadcast_id == broadcast_id:
                return entry, False
            if comment_step_id(entry.broadcast_id) == broadcast_id:
                return entry, True
        return None, False

    def begin(self, entry: OutboxEntry) -> None:
        """A write is in flight from now on."""
        self._change(outbox=(*self._mine.outbox, entry))

    def sends(self, broadcast_id: BroadcastId) -> None:
        """Something is sent under this id."""
        self._sent[broadcast_id] = None
        if len(self._sent) > SENT_AT_MOST:
            del self._sent[next(iter(self._sent))]

    def replace_entry(self, changed: OutboxEntry) -> None:
        """More is known of a write in flight."""
        self._change(
            outbox=tuple(
                changed if entry.broadcast_id == changed.broadcast_id else entry
                for entry in self._mine.outbox
            )
        )

    def saved(self, entry: OutboxEntry, conversation: Conversation | None, comment: Comment | None) -> None:
        """A write in flight is saved: it leaves the outbox, and the person is told."""
        self._leave_outbox(entry)
        self._tell_saved(entry.broadcast_id, entry.write, conversation, comment)

    def acknowledge(
        self, entry: OutboxEntry, conversation: Conversation | None, comment: Comment | None
    ) -> None:
        """What a saved write made is laid over the confirmed state until its event comes."""
        saved = Acknowledged(entry.broadcast_id, entry.write, self._core.now, conversation, comment)
        self._change(acknowledged=(*self._mine.acknowledged, saved))

    def acknowledge_comment(self, broadcast_id: BroadcastId, comment: Comment | None) -> None:
        """The answer was slower than the event, and tells of the comment what that did not."""
        self._change(
            acknowledged=tuple(
                replace(saved, comment=comment)
                if saved.broadcast_id == broadcast_id and saved.comment is None
                else saved
                for saved in self._mine.acknowledged
            )
        )

    def not_saved(self, entry: OutboxEntry, draft: Draft, problem: Problem) -> None:
        """A write in flight was not saved: it becomes a draft, and the person is told."""
        self._leave_outbox(entry)
        self.keep_failed(draft)
        self._core.announce(
            News.NOT_SAVED,
            broadcast_id=entry.broadcast_id,
            conversation_id=conversation_of(entry.write),
            problem=problem,
            draft_id=draft.id,
            write=entry.write,
        )

    # What the server said

    def echo(self, event: LiveEvent, *, me: UserId | None, ours: bool) -> bool:
        """Whether ``event`` is of a write of this session; if so it is confirmed.

        Only an id that is in flight now, and only from our own user: a foreign event that reuses an id of
        ours must be shown, or anybody could hide a marker from us.
        """
        stamp = stamp_of(event)
        if stamp is None or stamp.broadcast_id is None or me is None or actor_of(event) != me:
            return False
        if self._echo_of_acknowledged(event, stamp.broadcast_id):
            return True
        entry, first_step = self.entry(stamp.broadcast_id)
        if entry is None:
            return self._echo_of_draft(event, stamp.broadcast_id)
        conversation, comment = told_by_event(event)
        if first_step:
            if comment is not None:
                self.replace_entry(entry.replace(comment_id=comment.id))
            return True
        if _is_turned(entry.write, event):
            return True
        self.saved(entry, conversation, comment)
        if isinstance(entry.write, StartConversation) and isinstance(event, NewImageChat) and ours:
            self.acknowledge(entry, conversation, comment)  # its comment comes with the next event
        return True

    def sent(self, event: LiveEvent) -> bool:
        """Whether ``event`` travels under an id of this session, and does not say whose doing it is (hosted)."""
        stamp = stamp_of(event)
        return stamp is not None and stamp.broadcast_id in self._sent and actor_of(event) is None

    def apply(self, event: LiveEvent) -> None:
        """``event`` was applied: nothing of ours is left on what it deleted, but drafts."""
        self._mine = mine_after(self._mine, event)
        if isinstance(event, DeletedImageChat):
            gone = event.conversation_id
            self._change(acknowledged=tuple(a for a in self._mine.acknowledged if _about(a) != gone))

    def reconcile_with_list(self, *, before: Confirmed, now: Confirmed) -> None:
        """A list took the place of what was confirmed ``before``."""
        after = mine_after_list(self._mine, before=before, now=now)
        if after != self._mine:
            self._mine = after

    def complete_at(self, at: float) -> None:
        """Everything that the server had at ``at`` is confirmed: what it answered before is among it."""
        self._change(acknowledged=tuple(saved for saved in self._mine.acknowledged if saved.at_s > at))

    # Inside

    def _change(self, **changes: Unpack[MineChanges]) -> None:
        after = self._mine.replace(**changes)
        if after != self._mine:
            self._mine = after

    def _leave_outbox(self, entry: OutboxEntry) -> None:
        self._change(outbox=tuple(e for e in self._mine.outbox if e.broadcast_id != entry.broadcast_id))

    def _echo_of_acknowledged(self, event: LiveEvent, broadcast_id: BroadcastId) -> bool:
        saved = next((a for a in self._mine.acknowledged if a.broadcast_id == broadcast_id), None)
        if saved is None:
            return False
        first_of_two = isinstance(saved.write, StartConversation) and isinstance(event, NewImageChat)
        if not (first_of_two or _is_turned(saved.write, event)):
            self._change(acknowledged=tuple(a for a in self._mine.acknowledged if a is not saved))
        return True

    def _echo_of_draft(self, event: LiveEvent, broadcast_id: BroadcastId) -> bool:
        """A write was given up, or its program died, and yet here is its event: it is saved."""
        draft = next((d for d in self._mine.drafts if d.failed and d.broadcast_id == broadcast_id), None)
        if draft is None:
            return False
        self.discard(draft.id)
        self._tell_saved(broadcast_id, draft.write, *told_by_event(event))
        return True

    def _tell_saved(
        self,
        broadcast_id: BroadcastId,
        write: Write,
        conversation: Conversation | None,
        comment: Comment | None,
    ) -> None:
        self._core.announce(
            News.SAVED,
            write=write,
            broadcast_id=broadcast_id,
            conversation_id=conversation.id if conversation is not None else conversation_of(write),
            comment_id=known_comment(write, comment.id if comment is not None else None),
        )


def _is_turned(write: Write, event: LiveEvent) -> bool:
    """Whether an event takes away the vote in whose place another one comes, which the next event tells."""
    turns = isinstance(write, VoteComment) and write.direction != 0
    return turns and isinstance(event, VoteChanged) and not event.added


def _about(saved: Acknowledged) -> ConversationId | None:
    return saved.conversation.id if saved.conversation is not None else conversation_of(saved.write)
