"""The sidebar: the list of threads or the open one, the text that is being written, who is here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.sync.state import CommentView, Status, Thread
from imagechat_tui.tui import symbols
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.widgets.bars import PresenceBar
from imagechat_tui.tui.widgets.comment_list import CommentList
from imagechat_tui.tui.widgets.composer import Composer
from imagechat_tui.tui.widgets.people import People
from imagechat_tui.tui.widgets.rows import Rows
from imagechat_tui.tui.widgets.thread_list import ThreadList
from imagechat_tui.words import TO_CHECK

UNSAVED_WORDS: Final = {
    Status.PENDING: "saving",
    Status.CHECKING: "checking",
    Status.FAILED: "not saved",
    Status.DRAFT: "draft, not sent",
}
"""How a thread stands that is not saved."""


class ThreadSidebar(Vertical):
    """A title, under it the list of threads or one thread; then the composer and who is here."""

    def __init__(self, clock: Clock, *, id: str | None = None) -> None:  # noqa: A002
        self.title_line = Static(id="sidebar-title", markup=False)
        self.threads = ThreadList(clock, id="threads")
        self.comments = CommentList(clock, id="comments")
        self.composer = Composer(id="composer")
        self.presence = PresenceBar(id="presence")
        super().__init__(self.title_line, self.threads, self.composer, self.presence, id=id)
        self._title = Content()

    def set_up(self) -> None:
        """Put in what is not seen before a thread is open, or a text is written."""
        self.mount(self.comments, after=self.threads)
        self.composer.set_up()

    # -- what is selected

    @property
    def selected(self) -> str | None:
        """Key of the thread that the list has selected."""
        return self.threads.selected

    @property
    def comment(self) -> CommentView | None:
        """The selected comment."""
        return self.comments.item

    @property
    def comment_key(self) -> str | None:
        """Key of the selected comment, even while it is not there yet."""
        return self.comments.selected

    def select_comment(self, key: str) -> None:
        """Select a comment; it may come later."""
        self.comments.selected = key

    def select_newest(self) -> None:
        """Select the newest comment, and have it in view."""
        self.comments.action_last()

    def show_keys(self, *, here: bool) -> None:
        """Show by the title whether keys go to anything in it."""
        self.title_line.set_class(here, "-focused")

    def reads_above(self, *, thread: bool) -> bool:
        """Whether the selected item is in the upper half of the open thread, or of the list."""
        rows: Rows[Any] = self.comments if thread else self.threads
        place = rows.region_of(rows.selected or "")
        return place is not None and place.y + place.bottom <= rows.size.height

    # -- what it shows

    def clear(self) -> None:
        """Have nothing in it: another picture comes."""
        self.threads.items = self.comments.items = ()
        self.threads.selected = self.comments.selected = None

    def show_people(self, people: People) -> None:
        """Call people so from now on."""
        if not people.same_looks(self.threads.people):
            self.forget_drawn()
        if people is not self.comments.people:
            self.composer.show_people(people)
        self.threads.people = self.comments.people = people

    def show_threads(self, threads: Sequence[Thread]) -> None:
        """Have these in the list."""
        self.threads.items = tuple(threads)

    def show_list(self, still_open: int | None, *, query: str, hidden: int) -> None:
        """No thread is open; so many are not resolved, None if there is nothing to count.

        Where a filter (raw) hides some, that is told, with how they come back.
        """
        counted = f" {symbols.DOT} {still_open} open" if still_open is not None else ""
        if query:
            counted = f" {symbols.DOT} {hidden} hidden {symbols.DOT} {safe_text(query, Kind.LINE)}"
        self._entitle("Threads", (counted, "$accent not bold" if query else "$dim not bold"))

    def begin_thread(self, thread: Thread) -> None:
        """Another thread is open: begin at its newest comment."""
        self.comments.items = ()
        self.comments.items = thread.comments
        self.comments.selected = thread.comments[-1].key if thread.comments else None

    def show_thread(self, thread: Thread, *, saved_as: str | None) -> None:
        """Show a thread as it is now; whoever reads its end goes on reading its end."""
        follow = self.comments.is_at_end
        if saved_as is not None:
            self.comments.set_reactive(CommentList.selected, saved_as)
        self.comments.items = thread.comments
        self.comments.show_empty(
            "Loading comments." if not thread.loaded else "No comments yet. Press r to reply."
        )
        self.comments.keep_only_shown()
        if follow:
            self.comments.show_end()
        facts = "".join(f" {symbols.DOT} {fact}" for fact in thread_facts(thread))
        title = f"Marker {thread.number}" if thread.number is not None else "New marker"
        self._entitle(title, (facts, "$dim not bold"))

    def show_gone(self, how: str) -> None:
        """The open thread was deleted; what was read stays."""
        self._entitle(("Deleted", "bold $error"), (f" {symbols.DOT} {how}", "$dim not bold"))

    def _entitle(self, *parts: str | tuple[str, str]) -> None:
        content = Content.assemble(" ", *parts)
        if content != self._title:
            self._title = content
            self.title_line.update(content, layout=False)

    def forget_drawn(self) -> None:
        """Draw both lists anew: relative times have moved on."""
        self.threads.forget_drawn()
        self.comments.forget_drawn()


def thread_facts(thread: Thread) -> list[str]:
    """What the title tells of a thread: how it stands, and where its marker is."""
    point = thread.point
    facts = [f"{point.x:.1f} %, {point.y:.1f} %"]
    if thread.conversation.resolved:
        facts.insert(0, f"{symbols.RESOLVED} resolved")
    if thread.is_locked:
        facts.insert(0, "locked")
    if thread.conversation.closed:
        facts.insert(0, "closed")
    if thread.status is not Status.SAVED:
        facts.insert(0, UNSAVED_WORDS[thread.status])
    if thread.to_check:
        facts.append(f"{TO_CHECK} to check")
    if thread.has_draft and thread.status is not Status.DRAFT:
        facts.append(f"{symbols.DRAFT} draft")
    return facts
