"""Which thread is selected, which one is open, and what becomes of both as the state goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from imagechat_tui.sync.intents import CloseThread, OpenThread
from imagechat_tui.sync.state import CommentView, Status, Thread
from imagechat_tui.tui.chat.screen_state import ScreenState

if TYPE_CHECKING:
    from imagechat_tui.protocol.models import Point
    from imagechat_tui.sync.intents import Intent


class Pointer(Protocol):
    """What points at a marker's place: the picture."""

    def move_to(self, point: Point, /) -> None:
        """Put the crosshair there."""

    def center_on(self, point: Point, /) -> None:
        """Show it in the middle of the view."""

    def bring_into_view(self, point: Point, /) -> None:
        """Have it in view; the crosshair stays where it is."""


class ThreadDisplay(Protocol):
    """What shows the list of threads, and the open one."""

    @property
    def selected(self) -> str | None:
        """Key of the thread that its list has selected: a neighbour, once that one is not in it any more."""

    @property
    def comment(self) -> CommentView | None:
        """The selected comment of the open thread."""

    @property
    def comment_key(self) -> str | None:
        """Its key, even while it is not there yet."""

    def select_comment(self, key: str, /) -> None:
        """Select a comment of the open thread; it may come later."""

    def select_newest(self) -> None:
        """Select the newest comment of the open thread."""

    def show_threads(self, threads: Sequence[Thread], /) -> None:
        """Have these in the list."""

    def show_list(self, still_open: int | None, /, *, query: str, hidden: int) -> None:
        """No thread is open; ``still_open`` are not resolved, None if there is nothing to count.

        ``query`` is the filter, raw, and hides so many; it is empty if there is none.
        """

    def begin_thread(self, thread: Thread, /) -> None:
        """Another thread is open: begin at its newest comment."""

    def show_thread(self, thread: Thread, /, *, saved_as: str | None) -> None:
        """The open thread as it is now; ``saved_as`` is what the selected comment is called from now on."""

    def show_gone(self, how: str, /) -> None:
        """The open thread was deleted; what was read stays."""


class Selection:
    """The selected thread and the open one.

    A key is about the open thread, else about the selected one, and never about another because of what somebody
    else does: an open thread that somebody deleted stays to be read, and no key is about it any more; where the
    selected one was deleted, none is selected.

    Args:
        state: what is shown.
        dispatch: takes what the session shall do.
        picture: follows to the place of what is opened.
        display: shows list and thread.
        on_select: called with the key of what is selected now.
        on_open: called when keys shall go to the thread.
        on_close: called when there is no open thread any more.
        on_change: called when the open thread was deleted, so that keys do other things now.
    """

    def __init__(
        self,
        state: ScreenState,
        dispatch: Callable[[Intent], object],
        *,
        picture: Pointer,
        display: ThreadDisplay,
        on_select: Callable[[str | None], None],
        on_open: Callable[[], None],
        on_close: Callable[[], None],
        on_change: Callable[[], None],
    ) -> None:
        self._state = state
        self._dispatch = dispatch
        self._picture = picture
        self._display = display
        self._on_select = on_select
        self._on_open = on_open
        self._on_close = on_close
        self._on_change = on_change
        self.selected_key: str | None = None
        """The thread that is selected, on picture and list."""
        self._left_at = 0
        """Where among the threads the selected one was that somebody deleted: from there the next key goes on."""
        self.open_key: str | None = None
        """The thread that is open."""
        self.gone: Thread | None = None
        """The open thread as it was last, after somebody deleted it."""
        self.deleting: set[str] = set()
        """Threads that this screen asked to delete, and of which there is no verdict yet."""
        self._listed: tuple[Thread, ...] = ()
        """The threads as they were listed last."""
        self._read: Thread | None = None
        """The open thread as it was shown last."""
        self._expected: tuple[str, Point | None] | None = None
        """The marker that is about to be elsewhere, and where it is now; None if it is not there yet."""
        self._renamed: dict[str, str] = {}
        """Markers and comments that were saved: the id they travelled under -> their own."""

    # -- what keys are about

    @property
    def current(self) -> Thread | None:
        """The thread that commands are about: the open one, else the selected one."""
        # One that is open and deleted is none: a key would be about another than the one that is read.
        return self._state.thread(self.selected_key if self.open_key is None else self.open_key)

    @property
    def open_comment(self) -> CommentView | None:
        """The selected comment of the open thread."""
        return self._display.comment if self.open_key is not None else None

    def to_edit(self, thread: Thread) -> CommentView | None:
        """The comment that a key edits: the selected one, else the last own one."""
        own = (c for c in reversed(thread.comments) if c.mine and not c.comment.is_deleted)
        return self.open_comment or next(own, None)

    # -- selecting and opening

    def select(self, key: str | None) -> None:
        """Select a thread, on picture and list; None: no thread."""
        self.selected_key, self._left_at = key, 0
        self._state.hold(key)
        if self._state.found != self._listed:  # the one before was not hidden while it was selected
            self._show_found()
        self._on_select(key)

    def select_in_list(self, key: str) -> None:
        """Select a thread, and see its marker; the crosshair stays."""
        self.select(key)
        thread = self._state.thread(key)
        if thread is not None:
            self._picture.bring_into_view(thread.point)

    def step(self, step: int) -> str | None:
        """Select the next (1) or previous (-1) thread, and put the crosshair on it; None if there is none."""
        threads = self._state.found
        if not threads:
            return None
        unselected = self._left_at - 1 if step > 0 else self._left_at
        thread = threads[(self._place(unselected) + step) % len(threads)]
        self.look_at(thread)
        return thread.key

    def look_at(self, thread: Thread) -> None:
        """Select a thread, and put the crosshair on its marker."""
        self.select(thread.key)
        self._picture.bring_into_view(thread.point)
        self._picture.move_to(thread.point)

    def expect(self, key: str) -> None:
        """A key will have a marker elsewhere, or there again: look at it then, if the crosshair is not moved before."""
        thread = self._state.thread(key)
        self._expected = key, None if thread is None else thread.point

    def pointed_at(self, point: Point) -> None:
        """The crosshair is there: somebody who has moved it on is not taken back."""
        if self._expected is not None and self._expected[1] != point:
            self._expected = None

    def _follow_expected(self) -> None:
        if self._expected is None:
            return
        key, point = self._expected
        thread = self._state.thread(key)
        if thread is not None and thread.point != point:
            self._expected = None
            self.look_at(thread)

    def open_next_unread(self) -> bool:
        """Open the next thread with something unread, round and round; False if there is none but what is open."""
        threads, at = self._state.found, self._place(self._left_at - 1) + 1
        others = (thread for thread in (*threads[at:], *threads[:at]) if thread.key != self.open_key)
        unread = next((thread for thread in others if thread.unread), None)
        if unread is not None:
            self.open(unread.key)
        return unread is not None

    def _place(self, unselected: int) -> int:
        """Which of the threads is selected, counted from 0."""
        keys = [thread.key for thread in self._state.found]
        return keys.index(self.selected_key) if self.selected_key in keys else unselected

    def open(self, key: str, *, entered: bool = False) -> None:
        """Show a thread's comments, and the picture around its marker.

        ``entered``: the person chose this one, and means to read it.
        """
        thread = self._state.thread(key)
        if thread is None:
            return
        self.select(key)
        self.gone = None
        self._picture.move_to(thread.point)
        self._picture.center_on(thread.point)
        known = thread.conversation.id in self._state.shown.confirmed.conversations
        if known and (entered or self.open_key != key):
            self._dispatch(OpenThread(thread.conversation.id, entered))
        if self.open_key != key:
            self._set_open(key)
            self._display.begin_thread(thread)
        self._show_open()
        self._on_open()

    def select_comment(self, key: str) -> None:
        """Select a comment of the open thread; it may come later."""
        self._display.select_comment(key)

    def select_newest(self) -> None:
        """Select the newest comment of the open thread."""
        self._display.select_newest()

    def close(self) -> None:
        """Close the open thread, and show the list."""
        self.deleting.discard(self.open_key or "")
        self.gone = self._read = None
        self._set_open(None)
        self._dispatch(CloseThread())
        self._on_close()

    # -- what becomes of them

    def follow(self) -> None:
        """Take in that another state is shown."""
        self._follow_renamed()
        self._follow_deleted()
        self.deleting &= {*(thread.key for thread in self._state.threads), self.open_key or ""}
        self._list_found()
        self._follow_expected()
        self._show_open()

    def _follow_deleted(self) -> None:
        """Have none selected where the one was deleted, and not by this screen."""
        at, listed = next(
            ((at, thread) for at, thread in enumerate(self._listed) if thread.key == self.selected_key),
            (0, None),
        )
        if (
            listed is None
            or listed.key in (*self._renamed, *self.deleting)
            or listed.status is not Status.SAVED
        ):
            return
        if self._state.thread(listed.key) is None:
            self.select(None)
            self._left_at = at

    def _show_found(self) -> None:
        self._listed = self._state.found
        self._display.show_threads(self._listed)
        if self.open_key is None:
            self._show_list()

    def _list_found(self) -> None:
        self._show_found()
        if self.selected_key != self._display.selected:
            self.select(self._display.selected)

    def _set_open(self, key: str | None) -> None:
        self.open_key = key
        self._state.open(key)
        self._list_found()

    def saved(self, sent_as: str, *, conversation_id: str | None, comment_id: str | None) -> None:
        """Something of ours goes on under the id that the server gave it."""
        if self._state.thread(sent_as) is not None and conversation_id is not None:
            self._renamed[sent_as] = conversation_id
        elif self._display.comment_key == sent_as and comment_id is not None:
            self._renamed[sent_as] = comment_id

    def deleted(self, how: str) -> None:
        """The open thread was deleted by somebody: what was read stays, and no key is about it any more."""
        thread = self._state.thread(self.open_key) or self.gone
        if thread is not None:
            self._lose(thread, how)

    def _lose(self, thread: Thread, how: str) -> None:
        self.gone = thread
        self._display.show_gone(how)
        self._on_change()

    def _follow_renamed(self) -> None:
        for old, new in list(self._renamed.items()):
            thread = self._state.thread(new)
            if thread is None:
                continue
            del self._renamed[old]
            if self.selected_key == old:
                self.select(new)
            if self.open_key == old:
                self._set_open(new)
                self._dispatch(OpenThread(thread.conversation.id))

    def _show_open(self) -> None:
        if self.open_key is None:
            self._show_list()
            return
        thread = self._state.thread(self.open_key)
        if thread is not None:
            self.gone, self._read = None, thread
            saved_as = self._renamed.pop(self._display.comment_key or "", None)
            self._display.show_thread(thread, saved_as=saved_as)
        elif self.gone is None and self.open_key not in self._renamed:
            self._vanished()

    def _vanished(self) -> None:
        read = self._read
        if read is None or read.key in self.deleting or read.status is not Status.SAVED:
            self.close()
            return
        # Deleted by another session of the same person. Were it closed, the next key would be about another one.
        self._lose(read, "in another session of yours")

    def _show_list(self) -> None:
        state = self._state
        self._display.show_list(
            state.open_count if state.loaded and state.threads else None,
            query=state.query.text if state.query.terms else "",
            hidden=state.hidden,
        )
