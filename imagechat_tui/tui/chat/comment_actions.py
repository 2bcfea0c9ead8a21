"""What is thought of a comment: votes, and what moderators do to it; each key says why, if it does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from imagechat_tui.sync.intents import BlockAuthor, FlagComment, LockComment, PinComment, VoteComment
from imagechat_tui.sync.state import CommentView, Thread
from imagechat_tui.tui.chat.notices import Notices
from imagechat_tui.tui.chat.refusals import Refusals
from imagechat_tui.tui.chat.screen_state import ScreenState

if TYPE_CHECKING:
    from imagechat_tui.sync.intents import Intent


class CommentActions:
    """What keys do with the selected comment, or with that which the current thread began with.

    Args:
        state: what is shown.
        dispatch: takes what the session shall do.
        current: the current thread; if there is none, it says so.
        focused_comment: the selected comment, if keys go to the open thread.
        notices: says why nothing was done.
        refusals: what may not be done.
    """

    def __init__(
        self,
        state: ScreenState,
        dispatch: Callable[[Intent], object],
        *,
        current: Callable[[], Thread | None],
        focused_comment: Callable[[], CommentView | None],
        notices: Notices,
        refusals: Refusals,
    ) -> None:
        self._state = state
        self._dispatch = dispatch
        self._current = current
        self._focused_comment = focused_comment
        self._notices = notices
        self._refusals = refusals

    def vote(self, direction: int) -> None:
        """Vote for a comment (1) or against it (-1); the same vote again takes it back."""
        about = self._about()
        if about is not None:
            thread, comment = about
            wanted = 0 if comment.voted == direction else direction
            self._send(VoteComment(thread.conversation.id, comment.comment.id, wanted))

    def pin(self) -> None:
        """Pin a comment, or take its pin away."""
        about = self._about()
        if about is None or self._refusals.moderating("Only moderators and admins pin comments."):
            return
        thread, comment = about
        if comment.comment.parent_id is not None and not comment.comment.is_pinned:
            self._notices.notice("Not pinned", "A reply cannot be pinned.")
        else:
            pinned = not comment.comment.is_pinned
            self._send(PinComment(thread.conversation.id, comment.comment.id, pinned))

    def lock(self) -> None:
        """Lock a comment, or unlock it. The first one locks its thread."""
        about = self._about()
        if about is not None and not self._refusals.moderating("Only moderators and admins lock comments."):
            thread, comment = about
            locked = not comment.comment.is_locked
            self._send(LockComment(thread.conversation.id, comment.comment.id, locked))

    def flag(self) -> None:
        """Point a comment out to moderators, or no more."""
        about = self._about()
        if about is None:
            return
        thread, comment = about
        if comment.mine:
            self._notices.notice("Not flagged", "It is your own comment.")
        elif (comment.comment.is_by_admin or comment.comment.is_by_moderator) and not comment.flagged:
            self._notices.notice("Not flagged", "What moderators write cannot be flagged.")
        else:
            self._send(FlagComment(thread.conversation.id, comment.comment.id, not comment.flagged))

    def block(self) -> None:
        """Not see any more what the author of a comment writes, or again."""
        about = self._about()
        if about is None:
            return
        thread, comment = about
        if comment.mine:
            self._notices.notice("Not blocked", "It is your own comment.")
        else:
            self._send(BlockAuthor(thread.conversation.id, comment.comment.id, not comment.blocked))

    def _about(self) -> tuple[Thread, CommentView] | None:
        """The comment that is meant, with its thread; if nothing can be done with it, that is said."""
        thread = None if self._refusals.writing() else self._current()
        if thread is None or self._refusals.unsaved(thread):
            return None
        comment = self._focused_comment() or next(iter(thread.comments), None)
        if comment is None:
            self._notices.notice("Not yet", "Its comments are not here yet.")
            return None
        if comment.draft_id is not None:
            self._notices.notice("Not saved yet", "The comment is not on the server yet.")
            return None
        return None if self._refusals.in_flight(comment) else (thread, comment)

    def _send(self, intent: Intent) -> None:
        self._notices.outdate()
        self._dispatch(intent)
