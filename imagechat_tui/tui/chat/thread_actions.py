"""What is done to a marker or a comment that is there: answer, edit, delete, resolve."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.sync.intents import (
    DeleteComment,
    DeleteConversation,
    MarkRead,
    MarkUnread,
    ResolveConversation,
    Undo,
)
from imagechat_tui.sync.state import CommentView, Draft, Peer, Thread
from imagechat_tui.tui.chat.drafting import Drafting
from imagechat_tui.tui.chat.notices import Notices
from imagechat_tui.tui.chat.refusals import Refusals
from imagechat_tui.tui.chat.screen_state import ScreenState
from imagechat_tui.tui.chat.selection import Selection
from imagechat_tui.tui.person_colors import author_key
from imagechat_tui.tui.thread_words import comments_of, first_line, marker_name, one_line

if TYPE_CHECKING:
    from imagechat_tui.sync.intents import Intent


class Confirm(Protocol):
    """Asks before something is lost."""

    def __call__(
        self,
        question: str,
        about: str,
        yes: str,
        then: Callable[[], None],
        *,
        no: str = "keep",
        note: str = "",
    ) -> None:
        """Ask, quoting ``about``; call ``then`` if the answer is ``yes``. The note says what follows."""


class ThreadActions:
    """What keys do to the current thread, or to the comment that is selected in it.

    Each says why, if it does nothing.

    Args:
        state: what is shown, and the drafts.
        dispatch: takes what the session shall do.
        selection: which thread, which comment.
        drafting: writes answers and new texts.
        notices: says why nothing was done.
        refusals: what may not be done.
        focused_comment: the selected comment, if keys go to the open thread.
        is_shown: whether a thread's marker is among those that are shown.
        confirm: asks before something is lost.
    """

    def __init__(
        self,
        state: ScreenState,
        dispatch: Callable[[Intent], object],
        *,
        selection: Selection,
        drafting: Drafting,
        notices: Notices,
        refusals: Refusals,
        focused_comment: Callable[[], CommentView | None],
        is_shown: Callable[[Thread], bool],
        confirm: Confirm,
    ) -> None:
        self._state = state
        self._dispatch = dispatch
        self._selection = selection
        self._drafting = drafting
        self._notices = notices
        self._refusals = refusals
        self._focused_comment = focused_comment
        self._is_shown = is_shown
        self._deleted: dict[ConversationId, str] = {}
        """What this screen asked to delete: the markers' ids and names."""
        self._confirm = confirm

    @property
    def thread(self) -> Thread | None:
        """The current thread; if there is none, that is said."""
        thread = self._selection.current
        if thread is None:
            self._say_why_none()
        return thread

    def _say_why_none(self) -> None:
        if self._selection.gone is not None:
            self._notices.notice("Thread deleted", "This thread no longer exists. Esc goes back.")
        elif not self._state.loaded:
            self._notices.nothing_loaded()
        else:
            self._notices.notice(
                "No marker selected", "Press ] for the next one, or Enter on one in the picture."
            )

    def reply(self) -> None:
        """Answer in the current thread."""
        thread = None if self._refusals.writing() else self.thread
        if thread is not None:
            self._drafting.write_reply(thread)
        elif (
            self._state.is_read_only or not self._state.loaded
        ):  # else the keys act as they would if the note had been read first
            self._drafting.refuse()

    def edit(self) -> None:
        """Edit the selected comment, else the last own one of the thread."""
        thread = self._selection.current
        comment = self._selection.to_edit(thread) if thread is not None else None
        if (comment is None or comment.draft_id is None) and self._refusals.writing():
            self._drafting.refuse()
            return
        if thread is None:
            self._say_why_none()
            if not self._state.loaded:
                self._drafting.refuse()
            return
        if comment is None:
            self._notices.notice("Nothing to edit", "You have no comment in this thread.")
            self._drafting.refuse()
        elif comment.draft_id is None and (
            self._refusals.others(comment, "Only its author can edit it. Press r to reply.")
            or self._refusals.locked(comment)
            or self._refusals.in_flight(comment)
        ):
            self._drafting.refuse()
        else:
            self._selection.open(thread.key)
            self._selection.select_comment(comment.key)
            self._drafting.write_edit(thread, comment)

    def delete(self) -> None:
        """Ask, then delete the selected comment, or the marker with its whole thread."""
        thread = self._selection.current
        if thread is None:
            if not self._refusals.writing():
                self._say_why_none()
            return
        comment = self._focused_comment()
        whole = comment is None or len(thread.comments) <= 1
        draft = self._state.draft(comment.draft_id if comment is not None else thread.draft_id)
        if draft is not None:
            self.discard(draft)
        elif comment is None or whole:
            self._delete_marker(thread)
        else:
            self._delete_comment(thread, comment)

    def _delete_marker(self, thread: Thread) -> None:
        if self._may_delete(thread, "Only its author can delete the marker."):
            from imagechat_tui.words import back_words, thread_words

            people = len({author_key(one.comment) for one in thread.comments}) if thread.loaded else None
            what = thread_words(marker_name(thread), comments=comments_of(thread), people=people)
            self._confirm(
                f"Delete {what}?",
                first_line(thread),
                "delete",
                lambda: self.delete_marker(thread),
                note=back_words(restorable=self._restores),
            )

    def _delete_comment(self, thread: Thread, comment: CommentView) -> None:
        if self._may_delete(comment, "Only its author can delete it."):
            text = one_line(comment.comment)
            self._confirm(
                "Delete this comment?", text, "delete", lambda: self.delete_comment(thread, comment)
            )

    def _may_delete(self, thing: Thread | CommentView, why_not: str) -> bool:
        return not (
            self._refusals.writing()
            or self._refusals.others(thing, why_not)
            or (isinstance(thing, CommentView) and self._refusals.locked(thing))
            or self._refusals.in_flight(thing)
        )

    def discard(self, draft: Draft) -> None:
        """Ask, then forget a draft."""
        text = getattr(draft.write, "text", "")
        self._confirm("Discard this draft?", text, "discard", lambda: self._drafting.discard(draft))

    def delete_comment(self, thread: Thread, comment: CommentView) -> None:
        """Delete a comment, if it is still there."""
        now = self._state.thread(thread.key)
        if now is None or all(shown.key != comment.key for shown in now.comments):
            self._notices.notice("Already deleted", "It was deleted in the meantime.")
            return
        self._notices.outdate()
        self._dispatch(DeleteComment(thread.conversation.id, comment.comment.id))

    def delete_marker(self, thread: Thread) -> None:
        """Delete a marker with its thread, if it is still there. It closes when it is gone: it may be refused."""
        if self._state.thread(thread.key) is None:
            self._notices.notice("Already deleted", "It was deleted in the meantime.")
            return
        self._selection.deleting.add(thread.key)
        self._deleted[thread.conversation.id] = marker_name(thread)
        self._notices.outdate()
        self._dispatch(DeleteConversation(thread.conversation.id))

    @property
    def _restores(self) -> bool:
        """Whether the server can bring back what is deleted."""
        return self._state.newest.confirmed.peer is Peer.OURS

    def deleted(self, conversation_id: ConversationId) -> None:
        """The server has deleted a marker for this person: say how it comes back."""
        name = self._deleted.pop(conversation_id, None)
        if name is not None and self._restores:
            from imagechat_tui.protocol.routes import RESTORABLE_MS

            minutes = RESTORABLE_MS // 60_000
            self._notices.notice(
                "", f"{name[0].upper()}{name[1:]} deleted. u brings it back, for {minutes} minutes."
            )

    def undo(self) -> None:
        """Have what the person did last as it was before; the session says what that was."""
        if self._refusals.marking():
            return
        self._notices.outdate()
        self._dispatch(Undo())

    def mark_unread(self) -> None:
        """Have the newest comment of others in the current thread unread, until it is opened with Enter."""
        thread = None if self._refusals.marking() else self.thread
        if thread is None:
            return
        if thread.unread:
            self._notices.notice("", "Already unread.")
        elif not any(not comment.mine for comment in thread.comments):
            self._notices.notice("", "Nobody else has written here.")
        else:
            self._dispatch(MarkUnread(thread.conversation.id))
            self._notices.notice("", "Unread until you open it with Enter.")

    def mark_all_read(self) -> None:
        """Mark every thread read whose marker is shown."""
        if self._refusals.marking():
            return
        unread = [thread for thread in self._state.threads if thread.unread]
        if not unread:
            if self._state.loaded:
                self._notices.notice("", "Nothing unread.")
            else:
                self._notices.nothing_loaded()
            return
        listed = {thread.key for thread in self._state.found}
        shown = [thread for thread in unread if thread.key in listed and self._is_shown(thread)]
        if shown:
            self._dispatch(MarkRead(tuple(thread.conversation.id for thread in shown)))
        hidden, by_filter = len(unread) - len(shown), self._state.hidden_unread
        self._notices.notice("", marked_read_words(len(shown), hidden=hidden, by_filter=by_filter > 0))

    def resolve(self, resolved: bool) -> None:
        """Resolve or reopen the current thread."""
        thread = None if self._refusals.writing() else self.thread
        if thread is None or self._refusals.unsaved(thread):
            return
        if thread.conversation.resolved == resolved:
            self._notices.notice("", f"Already {'resolved' if resolved else 'open'}.")
        else:
            self._notices.outdate()
            self._dispatch(ResolveConversation(thread.conversation.id, resolved))


def marked_read_words(shown: int, *, hidden: int, by_filter: bool = False) -> str:
    """How many threads were marked read, and how many are unread that are hidden, and which key shows them."""
    done = "1 thread marked read." if shown == 1 else f"{shown} threads marked read."
    if not hidden:
        return done
    are, them = ("is", "it") if hidden == 1 else ("are", "them")
    return f"{done} {hidden} unread {are} hidden: {'Esc' if by_filter else 't'} shows {them}."
