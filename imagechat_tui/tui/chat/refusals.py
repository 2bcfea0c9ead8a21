"""What may not be done now: each check says why in a notice."""

from __future__ import annotations

from typing import Final

from imagechat_tui.sync.state import CommentView, Peer, Status, Thread, read_only_problem
from imagechat_tui.tui.chat.notices import Notices
from imagechat_tui.tui.chat.screen_state import ScreenState
from imagechat_tui.words import moderator_words, problem_words

IN_FLIGHT: Final = (Status.PENDING, Status.CHECKING)
"""How something stands about which the server has still to answer."""


class Refusals:
    """Checks that a key may go on; where one refuses, the person has been told why."""

    def __init__(self, state: ScreenState, notices: Notices) -> None:
        self._state = state
        self._notices = notices

    def writing(self) -> bool:
        """Refuse if nothing may be written here."""
        if not self._state.is_read_only:
            return False
        words = problem_words(read_only_problem(self._state.shown))
        self._notices.notice(words.title, f"{words.sentence} {words.action}")
        return True

    def marking(self) -> bool:
        """Refuse if nothing may be marked read or unread here."""
        return self._state.shown.room.explores and self.writing()

    def marker(self) -> bool:
        """Refuse if no marker may be put on the picture: there must be one."""
        if self.writing():
            return True
        if not self._state.pictureless:
            return False
        self._notices.notice("No picture", "A marker needs a picture. You can still reply with r.")
        return True

    def unsaved(self, thread: Thread) -> bool:
        """Refuse if the server does not have a thread yet."""
        there = self._state.is_on_server(thread)
        if not there:
            self._notices.notice("Not saved yet", "The marker is not on the server yet.")
        return not there

    def in_flight(self, thing: Thread | CommentView) -> bool:
        """Refuse if the server has still to answer about it."""
        waits = thing.status in IN_FLIGHT
        if waits:
            self._notices.notice("Not yet", "The server has not confirmed it yet.")
        return waits

    def locked(self, thing: Thread | CommentView) -> bool:
        """Refuse if a moderator has locked it: a comment, or with its first one a whole thread; or has closed that."""
        if isinstance(thing, Thread):
            if thing.conversation.closed:
                self._notices.notice("Closed", "A moderator has closed this thread: it takes no replies.")
            elif thing.is_locked:
                self._notices.notice("Locked", "A moderator has locked this thread: it takes no replies.")
            return not thing.takes_replies
        if thing.comment.is_locked:
            self._notices.notice("Locked", "A moderator has locked this comment: it stays as it is.")
        return thing.comment.is_locked

    def moderating(self, why: str) -> bool:
        """Refuse if the person is no moderator; ``why`` is a sentence. Where that is not known, the server is asked."""
        me = self._state.shown.confirmed.me
        if me is None or me.is_admin:
            return False
        ours = self._state.shown.confirmed.peer is Peer.OURS
        how = moderator_words(self._state.shown.room.tenant_id, me.id) if ours else ""
        self._notices.notice("Not allowed", f"{why} {how}".rstrip())
        return True

    def others(self, thing: Thread | CommentView, why: str) -> bool:
        """Refuse if it is somebody else's; ``why`` is a sentence."""
        others = not self._state.may_change(thing)
        if others:
            self._notices.notice("Not yours", why)
        return others
