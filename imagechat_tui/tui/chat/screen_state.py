"""The state as the main screen has it: what it shows, and what the session has published since."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import TYPE_CHECKING

from imagechat_tui.finding import EVERY, Finder, Query
from imagechat_tui.sync.intents import Write
from imagechat_tui.sync.outbox import same_target
from imagechat_tui.sync.state import ChatState, CommentView, Draft, Phase, Status, Thread, counts
from imagechat_tui.sync.views import Views
from imagechat_tui.tui.person_colors import Colors, FirstSeen, assigned
from imagechat_tui.tui.widgets.people import People

if TYPE_CHECKING:
    from imagechat_tui.protocol.models import Point
    from imagechat_tui.sync.session import Session


class PictureStatus(Enum):
    """How it stands with the picture."""

    COMING = "coming"
    SHOWN = "shown"
    MISSING = "missing"
    """It could not be read; another try may come."""


class ScreenState:
    """Two moments of the session's state, and which of them answers what.

    ``shown`` stands on the screen. A key is about what the person sees: threads, comments, who may do what and the
    connection are looked up there. ``newest`` is what the session has now: the same, or ahead of it by a message
    that is still in the queue. Two things are looked up there, because they would be wrong in ``shown``:

    - our own drafts: the session has taken in what it was handed when ``dispatch`` returns, and the next key may be
      about it;
    - whatever news speak of: they are shown before the state that they came with.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._views = Views()
        self._by_key: dict[str, Thread] = {}
        self.shown: ChatState = session.state
        """The state that the widgets show."""
        self.threads: tuple[Thread, ...] = ()
        """All threads that there are, in their order."""
        self.found: tuple[Thread, ...] = ()
        """Those of them that are listed, and marked on the picture."""
        self.query = EVERY
        """Which these are, but for what is open, selected or not saved: that is never hidden."""
        self._finder = Finder()
        self._open_key: str | None = None
        self._held_key: str | None = None
        """The thread that is not hidden because it is selected."""
        self._first_seen = FirstSeen()
        self._order: tuple[str, ...] = ()
        self._colors: Colors = assigned(())
        self._people = People(self.shown.confirmed.names, self.shown.confirmed.me, self._colors)
        self.picture = PictureStatus.COMING
        """How it stands with the picture. It is no part of the session's state."""

    @property
    def newest(self) -> ChatState:
        """What the session has published last."""
        return self._session.state

    def show(self, state: ChatState, *, writing: Point | None) -> None:
        """Have another state on the screen.

        Args:
            state: what is shown from now on.
            writing: where a marker is being written: it has its place on the picture, not yet one in the list.
        """
        self.shown = state
        self.threads = tuple(
            thread
            for thread in self._views.threads(state)
            if thread.status is not Status.DRAFT or thread.conversation.point != writing
        )
        self._by_key = {thread.key: thread for thread in self.threads}
        self._find()

    # -- what is hidden

    def look_for(self, query: Query) -> None:
        """Hide what is not meant, even what is selected: the person sees it go."""
        self.query = query
        held, self._held_key = self._held_key, None
        self._find()
        if any(thread.key == held for thread in self.found):
            self._held_key = held

    def open(self, key: str | None) -> None:
        """This thread is open, so that it is not hidden; None: none is."""
        if key != self._open_key:
            self._open_key = key
            self._find()

    def hold(self, key: str | None) -> None:
        """This thread is selected, so that it is not hidden, whatever becomes of it; None: none is."""
        if key != self._held_key:
            self._held_key = key
            self._find()

    def _find(self) -> None:
        self.found = self.threads
        if self.query.terms:
            meant = self._finder.found(self.query, self.threads, self.shown.confirmed.me)
            keys = {self._open_key, self._held_key, *(thread.key for thread in meant)}
            self.found = tuple(thread for thread in self.threads if thread.key in keys or is_unsaved(thread))

    @property
    def hidden(self) -> int:
        """How many threads are hidden."""
        return len(self.threads) - len(self.found)

    @property
    def hidden_unread(self) -> int:
        """How many of these have something unread."""
        return sum(thread.unread for thread in self.threads) - sum(thread.unread for thread in self.found)

    # -- what is shown

    @property
    def people(self) -> People:
        """What the people are called that are shown."""
        return self._people_of(self.shown)

    @property
    def newest_people(self) -> People:
        """What the people are called that the session knows now."""
        return self._people_of(self.newest)

    def _people_of(self, state: ChatState) -> People:
        order = self._first_seen.of(state)
        if order != self._order:
            self._order, self._colors = order, assigned(order)
        if not self._people.is_about(state, self._colors):
            self._people = People(state.confirmed.names, state.confirmed.me, self._colors)
        return self._people

    def thread(self, key: str | None) -> Thread | None:
        """A thread by its key."""
        return self._by_key.get(key or "")

    @property
    def loaded(self) -> bool:
        """Whether it is known what there is."""
        return self.shown.connection.as_of_s is not None

    @property
    def is_starting(self) -> bool:
        """Whether the first answer is still on its way, as far as is known."""
        return not self.loaded and self.shown.connection.problem is None

    @property
    def pictureless(self) -> bool:
        """Whether there will be no picture."""
        return self.picture is PictureStatus.MISSING

    @property
    def is_read_only(self) -> bool:
        """Whether nothing may be written here."""
        return self.shown.read_only or self.shown.connection.phase is Phase.READ_ONLY

    @property
    def open_count(self) -> int:
        """How many threads are not resolved."""
        return sum(not thread.conversation.resolved for thread in self.threads if counts(thread.status))

    def is_on_server(self, thread: Thread) -> bool:
        """Whether the server has a thread, as far as is known."""
        return thread.conversation.id in self.shown.confirmed.conversations or thread.status is Status.SAVED

    def may_change(self, thing: Thread | CommentView) -> bool:
        """Whether the person may edit or delete it. Where that is not known, the server is asked."""
        me = self.shown.confirmed.me
        author = (thing.conversation if isinstance(thing, Thread) else thing.comment).author_id
        return thing.mine or me is None or me.is_admin or author is None

    # -- what is newest

    def newest_thread(self, key: str | None) -> Thread | None:
        """A thread as the session has it now."""
        return self.newest_threads([key]).get(key or "")

    def newest_threads(self, keys: Collection[str | None]) -> dict[str, Thread]:
        """Threads by their keys as the session has them now."""
        return {thread.key: thread for thread in self._views.threads(self.newest) if thread.key in keys}

    @property
    def drafts(self) -> tuple[Draft, ...]:
        """What is typed and not sent, or was not saved."""
        return self.newest.mine.drafts

    def draft(self, draft_id: str | None) -> Draft | None:
        """A draft by its id."""
        return next((draft for draft in self.drafts if draft.id == draft_id), None)

    def draft_for(self, target: Write) -> Draft | None:
        """What was typed last for a target, else what was not saved."""
        kept = [draft for draft in self.drafts if same_target(draft.write, target)]
        return min(kept, key=lambda draft: draft.failed, default=None)

    def unfinished(self, writing: Write | None) -> tuple[int, int]:
        """How many drafts are typed (without the one that is being written now), and how many writes failed."""
        typed = [draft for draft in self.drafts if not draft.failed]
        if writing is not None:
            typed = [draft for draft in typed if not same_target(draft.write, writing)]
        return len(typed), sum(draft.failed for draft in self.drafts)


def is_unsaved(thread: Thread) -> bool:
    """Whether anything in a thread is ours and not saved yet."""
    return thread.status is not Status.SAVED or any(
        comment.status is not Status.SAVED for comment in thread.comments
    )
