"""The parts of the main screen, put together without a screen: what they ask for is written down."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from msgspec.structs import replace

from imagechat_tui.protocol.models import Point
from imagechat_tui.sync.effects import Told
from imagechat_tui.sync.intents import TextWrite
from imagechat_tui.sync.state import ChatState, CommentView, Thread
from imagechat_tui.tui.chat.availability import Availability
from imagechat_tui.tui.chat.comment_actions import CommentActions
from imagechat_tui.tui.chat.drafting import Drafting
from imagechat_tui.tui.chat.finding import Filtering, Finding, Searching
from imagechat_tui.tui.chat.news import NewsNotices
from imagechat_tui.tui.chat.notices import Notice, Notices
from imagechat_tui.tui.chat.refusals import Refusals
from imagechat_tui.tui.chat.screen_state import ScreenState
from imagechat_tui.tui.chat.selection import Selection
from imagechat_tui.tui.chat.thread_actions import ThreadActions
from tests.tui.scripted_session import ScriptedSession, two_threads


class UnwatchedSession(ScriptedSession):
    """A session whose states nobody is told: the test shows them when it likes."""

    def publish(self, state: ChatState, *news: Told) -> None:
        self._state = state


class WrittenCorner:
    """Notices on paper."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    @property
    def has_failure(self) -> bool:
        return any(notice.failure for notice in self.notices)

    def show(self, notice: Notice) -> None:
        self.notices.append(notice)

    def withdraw(self, titles: Collection[str]) -> None:
        self.notices = [notice for notice in self.notices if notice.title not in titles]

    def clear(self) -> None:
        self.notices = []

    @property
    def text(self) -> str:
        return "\n".join(f"{notice.title} {notice.sentence}".strip() for notice in self.notices)


class ListedDisplay:
    """List and thread without a screen; the list selects a neighbour for what has gone, as the widget does."""

    def __init__(self) -> None:
        self.threads: tuple[Thread, ...] = ()
        self.selected: str | None = None
        self.thread: Thread | None = None
        self.comment_key: str | None = None
        self.title = ""

    @property
    def comment(self) -> CommentView | None:
        comments = self.thread.comments if self.thread is not None else ()
        return next((comment for comment in comments if comment.key == self.comment_key), None)

    def select_comment(self, key: str) -> None:
        self.comment_key = key

    def select_newest(self) -> None:
        comments = self.thread.comments if self.thread is not None else ()
        self.comment_key = comments[-1].key if comments else None

    def show_threads(self, threads: Sequence[Thread]) -> None:
        keys = [thread.key for thread in self.threads]
        now = [thread.key for thread in threads]
        if self.selected in keys and self.selected not in now:
            self.selected = now[min(keys.index(self.selected), len(now) - 1)] if now else None
        self.threads = tuple(threads)

    def show_list(self, still_open: int | None, *, query: str, hidden: int) -> None:
        self.thread, self.title = None, f"{hidden} hidden by {query}" if query else f"{still_open} open"

    def begin_thread(self, thread: Thread) -> None:
        self.thread = thread
        self.select_newest()

    def show_thread(self, thread: Thread, *, saved_as: str | None) -> None:
        self.thread, self.title = thread, thread.key
        self.comment_key = saved_as or self.comment_key

    def show_gone(self, how: str) -> None:
        self.title = f"deleted {how}"


class Pointing:
    """A picture of which only the crosshair is known."""

    is_drawn = True

    def __init__(self) -> None:
        self.crosshair = Point(50.0, 50.0)
        self.middle = Point(50.0, 50.0)

    def move_to(self, point: Point) -> None:
        self.crosshair = point

    def center_on(self, point: Point) -> None:
        self.middle = point

    def bring_into_view(self, point: Point) -> None:
        self.middle = point


class Typing:
    """A text without a widget."""

    def __init__(self) -> None:
        self.target: TextWrite | None = None
        self.draft_id: str | None = None
        self.tried: str | None = None
        self.title = self.text = self.note = ""

    @property
    def write(self) -> TextWrite | None:
        return None if self.target is None else replace(self.target, text=self.text)

    def begin(self, target: TextWrite, title: str, text: str, *, draft_id: str | None = None) -> None:
        self.target, self.title, self.text, self.note = target, title, text, ""
        self.draft_id, self.tried = draft_id, text if draft_id is not None else None

    def insert(self, text: str) -> None:
        self.text += text

    def show_note(self, note: str) -> None:
        self.note = note

    def refused(self, why: str, draft_id: str) -> None:
        self.note, self.draft_id, self.tried = why, draft_id, self.text

    def end(self) -> None:
        self.target = self.draft_id = self.tried = None
        self.text = self.note = ""


class WrittenLine:
    """The line in which one types what to look for, without a widget."""

    def __init__(self) -> None:
        self.label = self.text = self.note = ""
        self.open = False

    def begin(self, label: str, text: str) -> None:
        self.label, self.text, self.note, self.open = label, text, "", True

    def show_note(self, note: str) -> None:
        self.note = note

    def end(self) -> None:
        self.open = False


class Alarm:
    """A timer that the test lets go off."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.act = act
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True


class Parts:
    """One of each, wired as the screen wires them."""

    def __init__(self, state: ChatState | None = None) -> None:
        self.session = UnwatchedSession(state if state is not None else two_threads())
        self.corner, self.display = WrittenCorner(), ListedDisplay()
        self.picture, self.text = Pointing(), Typing()
        self.aim_at: Point | None = None
        self.refused = 0
        """How often what was typed behind a key was to be dropped."""
        self.keys_to = "picture"
        """Where keys go: picture, threads, comments, editor."""
        self.question = ""
        self.answer: Callable[[], None] = lambda: None
        """What a yes to the question does."""
        self.alarms: list[Alarm] = []
        self.rung = 0
        self.now_s = 100.0
        self.at_end = True
        self.hidden: set[str] = set()
        """Threads whose markers are not shown."""

        dispatch = self.session.dispatch
        self.state = ScreenState(self.session)
        self.notices = Notices(self.corner, lambda: None)
        self.selection = Selection(
            self.state,
            dispatch,
            picture=self.picture,
            display=self.display,
            on_select=self._selected,
            on_open=lambda: self._go("comments"),
            on_close=lambda: self._go("threads"),
            on_change=lambda: None,
        )
        self.refusals = Refusals(self.state, self.notices)
        self.drafting = Drafting(
            self.state,
            dispatch,
            self.session.departed,
            text=self.text,
            place=self,
            selection=self.selection,
            notices=self.notices,
            refusals=self.refusals,
            later=self._later,
        )
        self.news = NewsNotices(
            self.state,
            selection=self.selection,
            drafting=self.drafting,
            notices=self.notices,
            on_deleted=lambda home: self.actions.deleted(home),
            undo_room=lambda: False,
            at_end=lambda: self.at_end,
            ring=self._ring,
            now_s=lambda: self.now_s,
        )
        self.actions = ThreadActions(
            self.state,
            dispatch,
            selection=self.selection,
            drafting=self.drafting,
            notices=self.notices,
            refusals=self.refusals,
            focused_comment=self._focused_comment,
            is_shown=lambda thread: thread.key not in self.hidden,
            confirm=self._confirm,
        )
        self.comment_actions = CommentActions(
            self.state,
            dispatch,
            current=lambda: self.actions.thread,
            focused_comment=self._focused_comment,
            notices=self.notices,
            refusals=self.refusals,
        )
        self.line = WrittenLine()
        self.filtering = Filtering(self.state, self.line, self.selection.follow)
        self.arrived: list[str] = []
        """Keys of the threads at which a search ended."""
        self.finding = Finding(
            self.line,
            filtering=self.filtering,
            searching=Searching(
                self.state,
                selection=self.selection,
                picture=self.picture,
                notices=self.notices,
                line=self.line,
            ),
            on_found=self.arrived.append,
        )
        self.availability = Availability(self.state, self.selection, self.picture, self._focused_comment)
        self.show(self.session.state)

    def show(self, state: ChatState | None = None) -> None:
        """Have a state on the screen, by default the newest."""
        if state is not None:
            self.session.publish(state)
        self.state.show(self.session.state, writing=self.aim_at)
        self.selection.follow()
        self.drafting.follow()

    def _selected(self, key: str | None) -> None:
        self.display.selected = key

    def _go(self, place: str) -> None:
        self.keys_to = place

    def _focused_comment(self) -> CommentView | None:
        return self.display.comment if self.keys_to == "comments" else None

    def _confirm(
        self,
        question: str,
        about: str,
        yes: str,
        then: Callable[[], None],
        *,
        no: str = "keep",
        note: str = "",
    ) -> None:
        self.question, self.answer = f"{question} {about} {note}".rstrip(), then

    def _later(self, delay_s: float, act: Callable[[], None]) -> Alarm:
        self.alarms.append(Alarm(act))
        return self.alarms[-1]

    def _ring(self) -> None:
        self.rung += 1

    # -- the place where one writes

    @property
    def crosshair(self) -> Point:
        return self.picture.crosshair

    def aim(self, point: Point | None) -> None:
        self.aim_at = point

    def begin_writing(self) -> None:
        self.keys_to = "editor"

    def writing_begun(self) -> None:
        pass

    def resume_writing(self) -> None:
        self.keys_to = "editor"

    def end_writing(self, *, about_picture: bool) -> None:
        self.show()
        self.keys_to = "picture" if about_picture else "comments"

    def refuse_writing(self) -> None:
        self.refused += 1
