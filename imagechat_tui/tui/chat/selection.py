"""What is there: the state on the widgets, one thread selected, one perhaps open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual import on
from textual.content import Content
from textual.notifications import Notification

from imagechat_tui.commands import WRITES
from imagechat_tui.safetext import SafeText
from imagechat_tui.sync.intents import CloseThread, OpenThread
from imagechat_tui.sync.outbox import same_target
from imagechat_tui.sync.state import (
    ChatState,
    CommentView,
    Peer,
    Phase,
    Status,
    Thread,
    counts,
    read_only_problem,
)
from imagechat_tui.sync.views import Views
from imagechat_tui.tui import symbols
from imagechat_tui.tui.chat.layout import Layout
from imagechat_tui.tui.chat.panes import PanesScreen
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.keys import key_label
from imagechat_tui.tui.textual_internals.corner_notes import show, tells_failure
from imagechat_tui.tui.widgets.comment_list import CommentList
from imagechat_tui.tui.widgets.people import nobody_words, people_here
from imagechat_tui.tui.widgets.rows import Rows
from imagechat_tui.words import picture_loss_note, safe_line

if TYPE_CHECKING:
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.render import RenderOptions
    from imagechat_tui.sync.session import Session

MINUTE_S = 60.0
IN_FLIGHT = (Status.PENDING, Status.CHECKING)
FIRST_STEPS = "Move the crosshair with hjkl or the arrows, press c, type, then Enter."
UNSAVED_WORDS = {
    Status.PENDING: "saving",
    Status.CHECKING: "checking",
    Status.FAILED: "not saved",
    Status.DRAFT: "draft, not sent",
}


class ReadingScreen(PanesScreen):
    """The part of the main screen that shows the state."""

    def __init__(self, session: Session, *, name: str, options: RenderOptions, clock: Clock) -> None:
        super().__init__(session.state, name=name, options=options, clock=clock)
        self.session = session
        self.open_key: str | None = None
        """The thread that is open."""
        self.gone: Thread | None = None
        """The open thread as it was last, after somebody deleted it."""
        self._read: Thread | None = None
        """The open thread as it was shown last."""
        self.selected_key: str | None = None
        """The thread that is selected, on picture and list."""
        self._unused: set[tuple[str, tuple[str, str | None]]] = set()
        """Keys that did nothing, and where: that was said."""
        self.deleting: set[str] = set()
        """Threads that this screen asked to delete, and of which there is no verdict yet."""
        self.renamed: dict[str, str] = {}
        """Markers and comments that were saved: the id they travelled under -> their own."""
        self.views = Views()
        self.all_threads: tuple[Thread, ...] = ()
        self._by_key: dict[str, Thread] = {}

    def on_mount(self) -> None:
        """Show what the session knows; relative times move on by the minute."""
        self.show_state(self.chat)
        self.set_interval(MINUTE_S, self._minute_passed)

    def _minute_passed(self) -> None:
        self.threads.forget_drawn()
        self.comments.forget_drawn()

    # -- state in

    def show_state(self, state: ChatState) -> None:
        """Give every widget its part of a new state; what did not change is not drawn again."""
        self.chat = state
        # The marker that is being written has its place on the picture, not yet one in the list.
        writing = self.picture.target
        self.all_threads = tuple(
            thread
            for thread in self.views.threads(state)
            if thread.status is not Status.DRAFT or thread.conversation.point != writing
        )
        self._by_key = {thread.key: thread for thread in self.all_threads}
        self.deleting &= {*self._by_key, self.open_key or ""}
        self._follow_renamed()
        self.threads.say_empty(self._words_for_no_threads())
        self.threads.items = self.all_threads
        if self.selected_key != self.threads.selected:
            self.select(self.threads.selected)
        self.picture.threads = self.all_threads
        self.picture.crosshairs = state.here.crosshairs
        read_only = state.connection.phase is Phase.READ_ONLY
        self.banner.connection = (
            replace(state.connection, problem=read_only_problem(state)) if read_only else state.connection
        )
        self._show_open_thread()
        self.show_edges()

    @property
    def loaded(self) -> bool:
        """Whether it is known what there is."""
        return self.chat.connection.as_of_s is not None

    def _words_for_no_threads(self) -> str:
        if not self.loaded:
            failed = self.chat.connection.problem is not None
            return "Nothing loaded yet." if failed else "Loading threads."
        if "marker.new" in self.useless_commands():
            return "No markers yet."
        return f"No markers yet.\n\n{FIRST_STEPS}"

    def _follow_renamed(self) -> None:
        for old, new in list(self.renamed.items()):
            if new not in self._by_key:
                continue
            del self.renamed[old]
            if self.selected_key == old:
                self.select(new)
            if self.open_key == old:
                self.open_key = new
                self.session.dispatch(OpenThread(self._by_key[new].conversation.id))

    def _show_open_thread(self) -> None:
        if self.open_key is None:
            self._title_of_list()
            return
        thread = self._by_key.get(self.open_key)
        if thread is None and self.gone is None:
            if self.open_key not in self.renamed:
                self._open_thread_vanished()
            return
        if thread is not None:
            self.gone, self._read = None, thread
            follow = self.comments.is_at_end
            saved_as = self.renamed.pop(self.comments.selected or "", None)
            if saved_as is not None:
                self.comments.set_reactive(CommentList.selected, saved_as)
            self.comments.items = thread.comments
            self.comments.say_empty(
                "Loading comments." if not thread.loaded else "No comments yet. Press r to reply."
            )
            self.comments.keep_only_shown()
            if follow:
                self.comments.show_end()
            self._title_of_thread(thread)

    def _open_thread_vanished(self) -> None:
        if self._read is None or self._read.key in self.deleting or self._read.status is not Status.SAVED:
            self.close_thread()
            return
        # Deleted by another session of the same person. Were it closed, the next key would be about another one.
        self.thread_is_gone(self._read, "in another session of yours")

    def thread_is_gone(self, thread: Thread, how: str) -> None:
        """The open thread was deleted: what was read stays, and no key is about it any more."""
        self.gone = thread
        self.say_title(("Deleted", "bold $error"), (f" {symbols.DOT} {how}", "$dim not bold"))
        self.tell_status()

    def _title_of_list(self) -> None:
        still_open = sum(
            not thread.conversation.resolved for thread in self.all_threads if counts(thread.status)
        )
        self.say_title(
            "Threads",
            (
                f" {symbols.DOT} {still_open} open" if self.loaded and self.all_threads else "",
                "$dim not bold",
            ),
        )

    def _title_of_thread(self, thread: Thread) -> None:
        point = thread.conversation.point
        facts = [f"{point.x:.1f} %, {point.y:.1f} %"]
        if thread.conversation.resolved:
            facts.insert(0, f"{symbols.RESOLVED} resolved")
        if thread.status is not Status.SAVED:
            facts.insert(0, UNSAVED_WORDS[thread.status])
        if thread.has_draft and thread.status is not Status.DRAFT:
            facts.append(f"{symbols.DRAFT} draft")
        title = f"Marker {thread.number}" if thread.number is not None else "New marker"
        self.say_title(title, ("".join(f" {symbols.DOT} {fact}" for fact in facts), "$dim not bold"))

    def show_edges(self) -> None:
        """Fill in header, presence and status line."""
        state = self.chat
        drafts, failed = self.unfinished(self.session.state)
        self.header.facts = replace(
            self.header.facts,
            phase=state.connection.phase,
            here=len(state.here.online),
            markers=sum(counts(thread.status) for thread in self.all_threads) if self.loaded else None,
            unread=sum(thread.unread for thread in self.all_threads),
            drafts=drafts,
            failed=failed,
        )
        # Without their crosshairs: the bar is not painted anew for a step of somebody's.
        self.presence.nobody = nobody_words(state)
        self.presence.people = [replace(person, at=None) for person in people_here(state)]
        self.tell_status()

    def useless_commands(self) -> set[str]:
        """Ids of commands that would do nothing now."""
        useless = set(super().useless_commands())
        thread = self.current
        if thread is None:
            useless |= WRITES - {"marker.new"}
        else:
            useless |= self._useless_for(thread)
        if self.gone is not None:
            useless.add("marker.new")
        if not self.all_threads:
            useless |= {"marker.next", "list.open"}
        if not any(thread.unread for thread in self.all_threads):
            useless.add("marker.unread")
        if self.pictureless:
            useless |= {"marker.new", "image.open"}
        return useless

    def _useless_for(self, thread: Thread) -> set[str]:
        """Ids of commands that would do nothing for a thread, or for the selected comment of it."""
        useless = {"thread.resolve" if thread.conversation.resolved else "thread.reopen"}
        connected = self.chat.connection.can_write
        if not connected or self.chat.confirmed.peer is Peer.HOSTED or not self.on_server(thread):
            useless |= {"thread.resolve", "thread.reopen"}
        if not self.on_server(thread):
            useless.add("thread.reply")
        edited = self.to_edit(thread)
        if edited is None or (edited.draft_id is None and not self._can_change(edited)):
            useless.add("thread.edit")
        comment = self.comments.item if self.focused is self.comments else None
        deleted = comment if comment is not None and len(thread.comments) > 1 else thread
        if deleted.draft_id is None and not (connected and self._can_change(deleted)):
            useless.add("thread.delete")
        return useless

    def _can_change(self, thing: Thread | CommentView) -> bool:
        return self.may_change(thing) and thing.status not in IN_FLIGHT

    def may_change(self, thing: Thread | CommentView) -> bool:
        """Whether the person may edit or delete it. Where that is not known, the server is asked."""
        me = self.chat.confirmed.me
        author = (thing.conversation if isinstance(thing, Thread) else thing.comment).author_id
        return thing.mine or me is None or me.is_admin or author is None

    def to_edit(self, thread: Thread) -> CommentView | None:
        """The comment that a key edits: the selected one, else the last own one."""
        if self.open_key is not None and self.comments.item is not None:
            return self.comments.item
        return next((c for c in reversed(thread.comments) if c.mine and not c.comment.is_deleted), None)

    def on_server(self, thread: Thread) -> bool:
        """Whether the server has a thread, as far as is known."""
        return thread.conversation.id in self.chat.confirmed.conversations or thread.status is Status.SAVED

    def show_no_picture(self, said: str) -> None:
        """Say in its place why there is none; the threads stay usable."""
        self.pictureless = True
        self.threads.say_empty(self._words_for_no_threads())
        self.notice.update(Content(said))
        self.tell_status()

    def show_picture(self, picture: Picture) -> None:
        """The picture is there, or is another one."""
        self.notice.display = False
        self.pictureless = False
        if self.picture.picture is None or self.picture.picture.sha256 != picture.sha256:
            self.picture.picture = picture
        size = f"{picture.width}{symbols.TIMES}{picture.height}"
        if picture.reduced > 1:
            rows, columns = picture.pixels.shape[:2]
            size += (
                f", reduced to {columns}{symbols.TIMES}{rows}"  # small print may be lost: they should know
            )
        if picture.loss is not None:
            size += f", {picture_loss_note(picture.loss)}"
        self.header.facts = replace(self.header.facts, size=size)
        self.threads.say_empty(self._words_for_no_threads())
        self.tell_status()

    # -- selecting and opening

    def thread(self, key: str | None) -> Thread | None:
        """A thread as the screen shows it."""
        return self._by_key.get(key or "")

    @property
    def current(self) -> Thread | None:
        """The thread that commands are about: the open one, else the selected one."""
        # One that is open and deleted is none: a key would be about another than the one that is read.
        return self.thread(self.selected_key if self.open_key is None else self.open_key)

    def select(self, key: str | None) -> None:
        """Select a thread on picture and list."""
        self.selected_key = key
        self.threads.selected = key
        self.picture.selected = key
        self.tell_status()

    def open_thread(self, key: str) -> None:
        """Show a thread's comments, and the picture around its marker."""
        thread = self._by_key.get(key)
        if thread is None:
            return
        self.select(key)
        self.gone = None
        self.picture.move_to(thread.conversation.point)
        self.picture.center_on(thread.conversation.point)
        if self.open_key != key:
            self.open_key = key
            if thread.conversation.id in self.chat.confirmed.conversations:
                self.session.dispatch(OpenThread(thread.conversation.id))
            self.comments.items = ()
            self.comments.items = thread.comments
            self.comments.selected = thread.comments[-1].key if thread.comments else None
        self.add_class("-reading")
        self._show_open_thread()
        self.go(self.comments)

    def close_thread(self) -> None:
        """Back to the list."""
        focused_here = self.focused is self.comments
        self.deleting.discard(self.open_key or "")
        self.open_key = self.gone = self._read = None
        self.session.dispatch(CloseThread())
        self.remove_class("-reading")
        self._title_of_list()
        if focused_here:
            self.go(self.threads)
        else:
            self.tell_status()

    @on(Rows.Selected, "#threads")
    def _thread_selected(self, event: Rows.Selected) -> None:
        self.select(event.key)
        thread = self._by_key.get(event.key)
        if thread is not None:
            self.picture.bring_into_view(thread.conversation.point)

    @on(Rows.Selected, "#comments")
    def _comment_selected(self) -> None:
        self.tell_status()

    @on(Rows.Chosen, "#threads")
    def _thread_chosen(self, event: Rows.Chosen) -> None:
        self.open_thread(event.key)

    # -- words

    def called(self, thread: Thread) -> str:
        """How people call a marker."""
        return f"marker {thread.number}" if thread.number is not None else "the new marker"

    def say(self, title: str, sentence: str, *, failure: bool = False) -> None:
        """A short note in the corner; it goes by itself. A newer hint takes the place of older ones."""
        self.outdate_hints()
        self._place_notes()
        note = Notification(
            safe_line(sentence),
            safe_line(title),
            "error" if failure else "information",
            timeout=8 if failure else 4,
            markup=False,
        )
        show(self.app, note)

    def outdate_hints(self) -> None:
        """Something was done: what was said about keys before may be true no more. Failures stay."""
        if not tells_failure(self.app):
            self.app.clear_notifications()

    def _place_notes(self) -> None:
        """Have notes where they do not cover what one reads or writes: over the other pane, where there is one."""
        inside = self.reads_sidebar
        beside = inside and self.arrangement is Layout.SIDE
        self.set_class(beside, "-notes-left")
        over = inside and self.arrangement is Layout.STACKED
        alone = self.arrangement is Layout.SINGLE and inside and not self._reads_above()
        self.set_class(not beside and (over or alone or self.has_class("-writing")), "-notes-top")

    def _reads_above(self) -> bool:
        """Whether the selected item is in the upper half of its list."""
        rows = self.list_pane
        place = rows.region_of(rows.selected or "") if isinstance(rows, Rows) else None
        return place is not None and place.y + place.bottom <= rows.size.height

    def say_unused(self, key: str, why: str = "") -> None:
        """Say that a key does nothing where one is: once for each place, not again and again."""
        screen = self.app.screen
        place = type(screen).__name__, self.focused.id if screen is self and self.focused is not None else ""
        if (key, place) in self._unused:
            return
        self._unused.add((key, place))
        help_key = " ? shows the keys." if screen is self else ""
        self.say("", why or f"{key_label(key)} does nothing here.{help_key}")

    @staticmethod
    def quote(text: str) -> SafeText:
        """The beginning of a text, for a question about it."""
        flat = " ".join(text.split())
        return safe_line(flat if len(flat) <= 160 else f"{flat[:159]}…")

    def unfinished(self, state: ChatState) -> tuple[int, int]:
        """How many drafts are typed (without the one being written now), and how many writes failed."""
        writing = self.composer.target
        typed = [d for d in state.mine.drafts if not d.failed]
        if writing is not None:
            typed = [d for d in typed if not same_target(d.write, writing)]
        return len(typed), sum(d.failed for d in state.mine.drafts)
