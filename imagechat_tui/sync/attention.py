"""What is before the person's eyes: a thread that they have seen to its end for a second is read.

The screen says when the end of the open thread is in view, with keys and the terminal's focus going to it. What comes
there while it goes on being so takes its own second, and is not shown as unread meanwhile. Where only a key tells that
the person is there, it tells nothing of what comes later. What they keep unread stays so until they enter the thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set

from imagechat_tui.protocol.ids import CommentId, ConversationId
from imagechat_tui.sync.core import Core
from imagechat_tui.sync.due import Due
from imagechat_tui.sync.facts import Facts

READ_AFTER_S = 1.0
"""What was in view for less has not been read."""


class Attention:
    """Follows what the person looks at.

    Args:
        on_read: called with a thread that counts as read to its end.
    """

    def __init__(self, core: Core, facts: Facts, on_read: Callable[[ConversationId], None]) -> None:
        self._core = core
        self._facts = facts
        self._on_read = on_read
        self._home: ConversationId | None = None
        """The thread whose end is in view."""
        self._once = False
        """Only a key has told it."""
        self._seen: CommentId | None = None
        """The newest comment when the second began; None while there is none."""
        self._read_at: float | None = None
        """When it counts as read; None once it does."""
        self._settled = False
        """It counts as read, but for what has come since."""
        self._kept_unread: set[ConversationId] = set()

    @property
    def reads_along(self) -> ConversationId | None:
        """The thread in which what is new is being read, and not shown as unread."""
        return self._home if self._settled else None

    def look(self, home: ConversationId | None, *, once: bool = False) -> None:
        """The end of this thread is in view from now on; None: of none."""
        if home is not None and home == self._home:
            self._once = once
            return
        self._look_away()
        if home is not None and home == self._facts.workspace.mine.open_thread:
            self._home, self._once = home, once
            self._begin()

    def keep_unread(self, home: ConversationId) -> None:
        """It stays unread until it is entered, however long one looks at it."""
        self._kept_unread.add(home)
        if home == self._home:
            self._begin()

    def seen_again(self, home: ConversationId) -> None:
        """It is unread as it was before: if its end is in view, the second begins anew."""
        if home == self._home:
            self._begin()

    def enter(self, home: ConversationId) -> None:
        """The person means to read it."""
        self._keep_no_more({home})

    def unread(self, unread: Set[ConversationId]) -> None:
        """No others are unread now: what is read, by whichever session, is kept unread no more."""
        self._keep_no_more(self._kept_unread - unread)

    def decide(self) -> None:
        """Take in what has come in the thread that is looked at."""
        home = self._home
        if home is None or self._newest(home) == self._seen:
            return
        if self._facts.conversation(home) is None or (self._once and self._seen is not None):
            self._look_away()
        elif self._settled:
            self._seen, self._read_at = self._newest(home), self._core.now + READ_AFTER_S
            self._facts.workspace.mark_read(home)
        else:
            self._begin()

    def dues(self) -> Iterator[Due]:
        """A second has passed."""
        home, at = self._home, self._read_at
        if home is not None and at is not None and self._seen is not None and home not in self._kept_unread:
            yield Due(at, lambda: self._has_read(home))

    def _keep_no_more(self, homes: Set[ConversationId]) -> None:
        looked_at = self._home in self._kept_unread & homes
        self._kept_unread -= homes
        if looked_at:
            self._begin()  # the second that went by before did not count

    def _begin(self) -> None:
        assert self._home is not None
        self._seen, self._read_at = self._newest(self._home), self._core.now + READ_AFTER_S
        self._settled = False

    def _has_read(self, home: ConversationId) -> None:
        self._read_at, self._settled = None, True
        self._on_read(home)

    def _look_away(self) -> None:
        home, unfinished = self.reads_along, self._read_at is not None
        self._home, self._settled, self._read_at, self._seen = None, False, None, None
        if home is not None and unfinished and self._facts.conversation(home) is not None:
            self._facts.workspace.mark_unread({home})

    def _newest(self, home: ConversationId) -> CommentId | None:
        known = self._facts.ledger.confirmed.comments.get(home)
        return list(known)[-1] if known else None
