"""The main screen: state in, intents out. Messages come up here, attributes go down from here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Region
from textual.strip import Strip

from imagechat_tui.commands import Context
from imagechat_tui.protocol.models import Point, Summary
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.sync.intents import LookUpImage, MoveCrosshair, TryNow
from imagechat_tui.sync.state import ChatState, Status
from imagechat_tui.tui.chat.availability import Availability
from imagechat_tui.tui.chat.comment_actions import CommentActions
from imagechat_tui.tui.chat.comparing import WALK, Comparing
from imagechat_tui.tui.chat.corner import AppCorner
from imagechat_tui.tui.chat.dialog_opener import DialogOpener
from imagechat_tui.tui.chat.drafting import Drafting
from imagechat_tui.tui.chat.finding import Filtering, Finding, Searching
from imagechat_tui.tui.chat.gaze import Gaze
from imagechat_tui.tui.chat.image_notices import ImageNotices
from imagechat_tui.tui.chat.layout import Pane, Sidebar
from imagechat_tui.tui.chat.news import NOT_READ_AGAIN, PICTURE_CHANGED, NewsNotices
from imagechat_tui.tui.chat.notices import NOTHING_LOADED, Notices
from imagechat_tui.tui.chat.panes import Panes
from imagechat_tui.tui.chat.picture_pane import PicturePane
from imagechat_tui.tui.chat.placement_actions import HOLDING, PlacementActions
from imagechat_tui.tui.chat.refusals import Refusals
from imagechat_tui.tui.chat.room_actions import RoomActions
from imagechat_tui.tui.chat.screen_bars import ScreenBars
from imagechat_tui.tui.chat.screen_state import PictureStatus, ScreenState
from imagechat_tui.tui.chat.selection import Selection
from imagechat_tui.tui.chat.sidebar import ThreadSidebar
from imagechat_tui.tui.chat.thread_actions import ThreadActions
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.commands import (
    ActiveCommand,
    all_commands,
    bindings,
    commands_here,
    continuations,
    group_of,
    hints,
)
from imagechat_tui.tui.keys import key_label
from imagechat_tui.tui.messages import (
    ComparisonAsked,
    PeopleAsked,
    PictureAsked,
    PicturesAsked,
    PictureWanted,
    RoomWanted,
    UnreadWanted,
    WritingRefused,
)
from imagechat_tui.tui.picture.image_view import ImageView
from imagechat_tui.tui.textual_internals.background import Background, background_lines
from imagechat_tui.tui.textual_internals.focus import quiet_focus
from imagechat_tui.tui.textual_internals.layers import Layer
from imagechat_tui.tui.themes import THEMES
from imagechat_tui.tui.widgets.bars import HeaderBar, HeaderFacts, StatusBar
from imagechat_tui.tui.widgets.composer import Composer
from imagechat_tui.tui.widgets.find_line import FindLine
from imagechat_tui.tui.widgets.offline_banner import OfflineBanner
from imagechat_tui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from imagechat_tui.protocol.ids import UrlId
    from imagechat_tui.protocol.models import OpenedImage
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.render import RenderOptions
    from imagechat_tui.sync.effects import Announce
    from imagechat_tui.sync.session import Session
    from imagechat_tui.words import Words

MINUTE_S: Final = 60.0
SEEKS_S: Final = 10.0
"""For so long whoever came to a picture for what is unread waits for it; later it would be a surprise."""

MARK: Final = "mark"
"""What Enter does where no marker is; as wide as "open", so that the line beside it stands still."""

TO_CHECK: Final = "to check"
"""What the key of the next difference leads to where a marker is to be checked."""

SHOWN: Final = ("all", "open", "none")
"""What the key ``t`` goes through."""

SIDEBAR: Final = {Sidebar.FITTING: "auto", Sidebar.FULL: "full", Sidebar.HIDDEN: "hidden"}
"""What the key ``s`` goes through, in words."""

FIRST_STEPS: Final = "Move the crosshair with hjkl or the arrows, press c, type, then Enter."


class ChatScreen(Layer[None]):
    """The picture, its threads, and everything one can do with them.

    It puts the widgets together with the parts that act on them, hands messages and keys on to the part that they
    are for, and fills in the lines at the edges.
    """

    HELP = "Move the crosshair on the picture, press c, type, then Enter. Each line is a key; Enter runs it."

    AUTO_FOCUS = "#picture"

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.CHAT)

    focused = quiet_focus()

    def __init__(
        self,
        session: Session,
        *,
        name: str,
        place: str = "",
        options: RenderOptions,
        clock: Clock,
        bell: str = "off",
        unsent_beside: Callable[[], Sequence[tuple[str, int]]] = tuple,
    ) -> None:
        super().__init__()
        self._unsent_beside = unsent_beside
        """What is unsent on pictures that are not shown (``Visits.unsent_beside``)."""
        self._clock = clock
        self._bell = bell
        self.header = HeaderBar(header_facts(session, name, place), id="header")
        self.banner = OfflineBanner(clock, id="banner")
        self.picture_pane = PicturePane(options, id="picture-pane")
        self.picture = self.picture_pane.view
        self.sidebar = ThreadSidebar(clock, id="sidebar")
        self.threads = self.sidebar.threads
        self.comments = self.sidebar.comments
        self.composer = self.sidebar.composer
        self.status = StatusBar(id="status")
        self.find_line = FindLine(id="find")
        self.panes = Panes(self, picture=self.picture, sidebar=self.sidebar, on_change=self.show_status)
        self.notices = Notices(AppCorner(self.app), self.panes.place_notices, self.refuse_writing)
        self._put_together(session)

    def _put_together(
        self, session: Session, *, elsewhere: bool = False, left: OpenedImage | None = None
    ) -> None:
        """Give each part what it acts on: all that is about one picture, and is made anew for another."""
        self._session = session
        self.state = ScreenState(session)
        """What is shown, and the newest there is."""
        self._sent = asyncio.Event()
        self._sent.set()
        state, dispatch, sidebar = self.state, self._session.dispatch, self.sidebar
        self.bars = ScreenBars(
            state,
            header=self.header,
            banner=self.banner,
            presence=sidebar.presence,
            status=self.status,
            picture=self.picture,
        )
        self.selection = Selection(
            state,
            dispatch,
            picture=self.picture,
            display=sidebar,
            on_select=self._show_selected,
            on_open=self._thread_opened,
            on_close=self._thread_closed,
            on_change=self.show_status,
        )
        refusals = Refusals(state, self.notices)
        self.drafting = Drafting(
            state,
            dispatch,
            self._session.departed,
            text=self.composer,
            place=self,
            selection=self.selection,
            notices=self.notices,
            refusals=refusals,
            later=self.set_timer,
        )
        self._news = NewsNotices(
            state,
            selection=self.selection,
            drafting=self.drafting,
            notices=self.notices,
            on_deleted=lambda home: self.thread_actions.deleted(home),
            undo_room=lambda: self.room_actions.undo(),
            at_end=lambda: self.comments.is_at_end,
            ring=self._ring,
            only_mentions=self._bell == "mentions",
            now_s=self._clock.engine_s,
        )
        self.comparing = Comparing(
            self.picture_pane,
            self.notices,
            later=self.set_timer,
            on_change=self.show_status,
            on_ask=lambda: self.post_message(ComparisonAsked()),
        )
        self._image_notices = ImageNotices(
            state, self.notices, elsewhere=elsewhere, writing=lambda: self.composer.takes_keys
        )
        self._dialogs = DialogOpener(self, state, self._clock)
        self.gaze = Gaze(
            state,
            dispatch,
            selection=self.selection,
            in_view=self._thread_in_view,
            has_focus=lambda: self.app.app_focus,
        )
        self.room_actions = RoomActions(
            state,
            dispatch,
            notices=self.notices,
            refusals=refusals,
            confirm=self._dialogs.confirm,
            choose=self._dialogs.choose_room,
            enter=self._want_room,
            elsewhere=elsewhere,
            left=left,
        )
        self.thread_actions = ThreadActions(
            state,
            dispatch,
            selection=self.selection,
            drafting=self.drafting,
            notices=self.notices,
            refusals=refusals,
            focused_comment=lambda: self.panes.focused_comment,
            is_shown=self.picture.shows,
            confirm=self._dialogs.confirm,
        )
        self.comment_actions = CommentActions(
            state,
            dispatch,
            current=lambda: self.thread_actions.thread,
            focused_comment=lambda: self.panes.focused_comment,
            notices=self.notices,
            refusals=refusals,
        )
        self.filtering = Filtering(state, self.find_line, self._show_found)
        self.finding = Finding(
            self.find_line,
            filtering=self.filtering,
            searching=Searching(
                state,
                selection=self.selection,
                picture=self.picture,
                notices=self.notices,
                line=self.find_line,
            ),
            on_found=self._arrive,
        )
        self._keys_begun = ""
        self._seeks_until_s: float | None = None
        """The person came here for what is unread, and it is not known yet; so long is that waited for."""
        self.placement_actions = PlacementActions(
            state,
            dispatch,
            selection=self.selection,
            picture=self.picture,
            notices=self.notices,
            refusals=refusals,
            current=lambda: self.thread_actions.thread,
            on_change=self._show_markers,
        )
        self.availability = Availability(
            state, self.selection, self.picture, lambda: self.panes.focused_comment
        )

    def compose(self) -> ComposeResult:
        """The widgets of the first frame, from top to bottom."""
        yield self.header
        with Background(id="panes"):
            yield self.picture_pane
            yield self.sidebar
        yield self.status

    def set_up(self) -> None:
        """Put in the others, once the first frame is out: nothing is seen of them yet, and each would delay it."""
        self.mount(self.banner, after=self.header)
        self.mount(self.find_line)
        self.picture_pane.set_up()
        self.sidebar.set_up()

    def on_mount(self) -> None:
        """Show what the session knows; relative times move on by the minute."""
        self.show_state(self.state.shown)
        self.set_interval(MINUTE_S, self.sidebar.forget_drawn)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The background, where no widget is."""
        return background_lines(self, crop)

    def on_resize(self, event: events.Resize) -> None:
        """Put the panes where they fit."""
        self.panes.fit(event.size.width, event.size.height)
        self.gaze.follow()

    # -- state in

    def show_state(self, state: ChatState) -> None:
        """Give every widget its part of a new state; what did not change is not drawn again."""
        self.state.show(state, writing=self.picture.target)
        self._show_empty()
        self.sidebar.show_people(self.state.people)
        self.selection.follow()
        self.placement_actions.follow()
        self.picture.threads = self.placement_actions.shown(self.state.found)
        self.picture.crosshairs = state.here.crosshairs
        self._show_bars()
        self._image_notices.follow()
        self.drafting.follow()
        self._seek()
        self.gaze.follow()

    def _show_markers(self) -> None:
        """A marker goes with the crosshair, or does so no more; or others are hidden."""
        if self.placement_actions.holds:
            self.comparing.stay_now()  # its place is one on the newer version
        self.picture.threads = self.placement_actions.shown(self.state.found)
        self.show_status()

    def show_news(self, news: Sequence[Announce]) -> None:
        """Say what is worth a word."""
        self._news.show(news)
        self.room_actions.hear(news)

    def _show_empty(self) -> None:
        """What stands in the list while it is empty."""
        if not self.state.loaded:
            words = "Loading threads." if self.state.is_starting else "Nothing loaded yet."
        elif self.state.hidden:
            words = "No thread matches.\n\nEsc shows all."
        elif "marker.new" in self.availability.disabled_commands:
            words = "No markers yet."
        else:
            words = f"No markers yet.\n\n{FIRST_STEPS}"
        self.threads.show_empty(words)

    def _ring(self) -> None:
        if self._bell != "off":
            self.app.bell()

    # -- another picture

    @property
    def summary(self) -> Summary:
        """How it stands with this picture; what is open is being read."""
        unread = [thread for thread in self.state.threads if thread.unread]
        return Summary(self.state.open_count, sum(thread.key != self.selection.open_key for thread in unread))

    def leave_picture(self) -> Summary:
        """Put away what is about this picture: another one will be shown. Returns how it stands with this one."""
        summary = self.summary
        self.notices.outdate()
        self.comparing.leave()
        self.finding.leave()
        if self.drafting.put_away():
            self.notices.notice("Draft kept", f"Not sent. It waits at {self.bars.picture_name}.")
        if self.selection.open_key is not None:
            self.selection.close()
        self.gaze.follow()
        return summary

    def show_unread_beside(self, unread: int) -> None:
        """Say how many threads are unread on the other pictures."""
        self.bars.show_unread_beside(unread)
        self.show_status()

    def show_place(self, place: str) -> None:
        """Say which of how many pictures it is."""
        self.bars.show_place(place)
        self.show_status()

    def seek_unread(self) -> None:
        """Open the first thread with something unread, once it is known."""
        self._seeks_until_s = self._clock.engine_s() + SEEKS_S
        self._seek()

    def _seek(self) -> None:
        if self._seeks_until_s is None:
            return
        late = self._clock.engine_s() > self._seeks_until_s
        if late or self.selection.open_key is not None or self.selection.open_next_unread():
            self._seeks_until_s = None

    def show_nothing_unread(self) -> None:
        """Say that there is nothing unread anywhere, as far as is known."""
        self.notices.notice(*(("", "Nothing unread.") if self.state.loaded else NOTHING_LOADED))

    def show_other(
        self, session: Session, *, name: str, place: str, elsewhere: bool, left: OpenedImage | None = None
    ) -> None:
        """Show another picture, or this one ``elsewhere``: nothing is known of it yet but what its session has.

        Args:
            session, name, place: as for the first one.
            elsewhere: whether it is shown in another room than its own.
            left: the image that it was before it was started anew.
        """
        self._put_together(session, elsewhere=elsewhere, left=left)
        self.sidebar.clear()
        self.picture_pane.clear()
        self.header.facts = header_facts(session, name, place)
        self.show_state(self.state.shown)

    def show_news_of_another(self, name: str, news: Sequence[Announce]) -> None:
        """Say what became of a write on a picture that was left meanwhile."""
        if not news:
            return
        from imagechat_tui.sync.effects import News
        from imagechat_tui.words import left_not_saved_words, left_saved_words

        kinds = {item.news for item in news}
        if News.DRAFTS_NOT_STORED in kinds:
            self.drafting.drafts_stored = False
        if kinds & {News.NOT_SAVED, News.REFUSED}:
            self._say_of_another(left_not_saved_words(name), failure=True)
        elif News.SAVED in kinds:
            self._say_of_another(left_saved_words(name))

    def show_left_unanswered(self, name: str) -> None:
        """Say that a write on a picture that was left has no answer, and nobody waits for one any longer."""
        from imagechat_tui.words import left_unanswered_words

        self._say_of_another(left_unanswered_words(name), failure=True)

    def _say_of_another(self, words: Words, *, failure: bool = False) -> None:
        self.notices.notice(words.title, f"{words.sentence} {words.action}".rstrip(), failure=failure)

    # -- the picture comes

    def draw_with(self, options: RenderOptions) -> None:
        """Draw the picture so from now on."""
        self.picture.options = options

    def show_loading(self, fraction: float) -> None:
        """Say how far the picture has come, while there is none: 0 to 1."""
        self.picture_pane.show_loading(fraction)

    def show_no_picture(self, why: str) -> None:
        """Say in its place why there is none; the threads stay usable."""
        self.state.picture = PictureStatus.MISSING
        self._show_empty()
        self.picture_pane.show_missing(why)
        self.show_status()

    def show_not_read_again(self, why: str) -> None:
        """Say why another picture could not be read; the one that is shown stays, and the header goes on saying so."""
        self.notices.notice(NOT_READ_AGAIN, why, failure=True)
        self.bars.show_changed()

    def show_picture(self, picture: Picture) -> None:
        """The picture is there, or is another one; what was said of the one before is true no more."""
        self.notices.withdraw(NOT_READ_AGAIN, PICTURE_CHANGED)
        self.state.picture = PictureStatus.SHOWN
        before = self.picture.picture
        if before is not None and before.sha256 != picture.sha256:
            self.placement_actions.lose_picture()  # it was being read when the marker was taken
        self.picture_pane.show(picture)
        self.bars.show_size(picture)
        self._show_empty()
        self.comparing.take_now(picture)
        self.show_status()
        self._news.picture_read(picture)

    def show_before_changed(self, name: str) -> None:
        """Say that the file of the picture that this one is compared with is another now; ``name`` raw."""
        self._news.before_changed(name)

    @on(PicturePane.Resized)
    def _picture_resized(self) -> None:
        self.comparing.fit()

    def show_picture_changed(self) -> None:
        """Say that its file is another now, and why that is not shown; the header goes on saying so."""
        self._news.picture_changed(self.bars.picture_name)
        self.bars.show_changed()

    # -- the bars

    @property
    def keys_begun(self) -> str:
        """The keys that were pressed of a command that has several; empty if there are none."""
        return self._keys_begun

    @keys_begun.setter
    def keys_begun(self, keys: str) -> None:
        if keys != self._keys_begun:
            self._keys_begun = keys
            self.show_status()

    def _show_bars(self) -> None:
        """Fill in all bars."""
        self.bars.show_state(self.composer.target)
        self.show_status()

    def show_status(self) -> None:
        """Fill in the status line, and show which pane has the keys."""
        focus = (self.focused.id or "") if self.focused is not None else ""
        self.sidebar.show_keys(here=self.panes.reads_sidebar)
        disabled = self.availability.disabled_commands | self.comparing.disabled_commands
        if not self.header.facts.place:
            disabled |= {"picture.next"}
        if not self.room_actions.leads_elsewhere:
            disabled |= {"image.elsewhere"}
        if self.header.facts.unread_beside:
            disabled -= {"marker.unread"}
        words = {}
        if "marker.new" not in disabled and not self.picture.is_on_marker:
            words["image.open"] = MARK
        if self._checks:
            disabled -= WALK
            words["look.next"] = TO_CHECK
        begun = self._keys_begun
        self.bars.show_status(
            focus,
            reading=self.has_class("-reading"),
            begun=bool(begun),
            hints=continuations(self.app.screen, begun, disabled)
            if begun
            else HOLDING
            if self.placement_actions.holds
            else hints(self, focus, disabled, words),
        )

    # -- what is looked for

    def _show_found(self) -> None:
        """Others are hidden than before."""
        self._show_empty()
        self.selection.follow()
        self._show_markers()

    @on(FindLine.Typed)
    def _find_typed(self, event: FindLine.Typed) -> None:
        self.finding.typed(event.text)

    @on(FindLine.Entered)
    def _find_entered(self, event: FindLine.Entered) -> None:
        self.finding.entered(event.text)

    @on(FindLine.Left)
    def _find_left(self) -> None:
        self.finding.leave()

    @on(events.DescendantFocus)
    def _focus_went(self) -> None:
        """Keys go elsewhere than to what is looked for: it is meant as it stands."""
        if self.finding.is_open and not self.find_line.has_keys:
            self.finding.entered(self.find_line.text)
            self.finding.leave()

    @on(events.DescendantFocus)
    @on(ImageView.ViewChanged)
    @on(Rows.Selected, "#comments")
    def _status_changed(self) -> None:
        self.show_status()
        self.gaze.follow()

    # -- what is read

    def _thread_in_view(self) -> bool:
        """Whether the person sees the end of the open thread, and keys go to its pane."""
        return self.is_active and self.panes.reads_sidebar and self.comments.is_at_end

    @on(Rows.Scrolled, "#comments")
    @on(events.DescendantBlur)
    @on(events.ScreenSuspend)
    @on(events.ScreenResume)
    def _view_changed(self) -> None:
        self.gaze.follow()

    # -- selection

    @on(Rows.Selected, "#threads")
    def _thread_selected(self, event: Rows.Selected) -> None:
        self.selection.select_in_list(event.key)

    @on(Rows.Chosen, "#threads")
    def _thread_chosen(self, event: Rows.Chosen) -> None:
        self._enter(event.key)

    def _enter(self, key: str) -> None:
        self.selection.open(key, entered=True)

    @on(Rows.Chosen, "#comments")
    def _comment_chosen(self) -> None:
        comment = self.comments.item
        draft = self.state.draft(comment.draft_id) if comment is not None else None
        if draft is not None:
            self.drafting.retry(draft)
        else:
            self.thread_actions.reply()

    @on(ImageView.MarkerChosen)
    def _marker_chosen(self, event: ImageView.MarkerChosen) -> None:
        if self.placement_actions.holds:
            return  # the one that goes with the crosshair has gone there
        self.selection.select(event.key)
        if self._reads_along:
            self.selection.open(event.key)
            self.panes.go(self.picture)

    @on(ImageView.MarkersOpened)
    def _markers_opened(self, event: ImageView.MarkersOpened) -> None:
        if self.placement_actions.drop():
            return
        threads = [thread for key in event.keys if (thread := self.state.thread(key)) is not None]
        if len(threads) == 1:
            self._enter(threads[0].key)
        elif threads:
            self._dialogs.choose(threads, self._enter)

    @property
    def _reads_along(self) -> bool:
        """Whether what is selected is opened at once: a thread is open, and nothing is being written."""
        return self.selection.open_key is not None and not self.drafting.is_writing

    def _show_selected(self, key: str | None) -> None:
        self.threads.selected = key
        self.picture.selected = key
        self._show_markers()  # the one before may be hidden now

    def _thread_opened(self) -> None:
        self.add_class("-reading")
        self._show_markers()
        self.panes.go(self.comments)
        self.gaze.follow()

    def _thread_closed(self) -> None:
        self.remove_class("-reading")
        self._show_markers()
        self.gaze.follow()
        if self.focused is self.comments:
            self.panes.go(self.threads)
        else:
            self.show_status()

    # -- writing

    @on(Composer.Typed)
    def _typed(self) -> None:
        self.drafting.typed()

    @on(Composer.Left)
    def _left(self, event: Composer.Left) -> None:
        self.drafting.leave(event.write)

    @on(Composer.Submitted)
    async def _submitted(self, event: Composer.Submitted) -> None:
        self._sent.clear()
        try:
            await self.drafting.send(event.write)
        finally:
            self._sent.set()

    async def sent(self) -> bool:
        """Wait until a text that is being sent has had its room taken away; whether there was one."""
        if self._sent.is_set():
            return False
        await self._sent.wait()
        return True

    @on(ImageView.PointChosen)
    def _point_chosen(self, event: ImageView.PointChosen) -> None:
        if self.placement_actions.drop():
            return
        self.drafting.write_marker(event.point)

    @property
    def crosshair(self) -> Point:
        """Where the crosshair is."""
        return self.picture.crosshair

    def aim(self, point: Point | None) -> None:
        """Show on the picture where a new marker would be; None: nowhere."""
        self.picture.target = point

    def begin_writing(self) -> None:
        """Give the composer its room; notices, which would lie on it, go."""
        self.placement_actions.release()
        self.add_class("-writing")
        self.panes.show(Pane.SIDEBAR)
        self.notices.clear()

    def writing_begun(self) -> None:
        """Count what is being written no longer among the drafts."""
        self._show_bars()

    def resume_writing(self) -> None:
        """Have keys go to the text again."""
        self.panes.go(self.composer.editor)

    def end_writing(self, *, about_picture: bool) -> None:
        """Take the composer's room away; keys go back to what it was about."""
        self.show_state(self.state.shown)  # what was kept while it was written has its place in the list now
        self.remove_class("-writing")
        self._show_bars()
        self.panes.go(self.picture if about_picture else self.panes.list_pane)

    def refuse_writing(self) -> None:
        """Have what was typed behind the key dropped: it was to be the text."""
        self.post_message(WritingRefused())

    # -- the picture tells

    @on(ImageView.CrosshairMoved)
    def _crosshair_moved(self, event: ImageView.CrosshairMoved) -> None:
        self._session.dispatch(MoveCrosshair(event.point))
        self.selection.pointed_at(event.point)
        if self.placement_actions.holds:
            self._show_markers()
        else:
            self.show_status()

    @on(ImageView.Notice)
    def _picture_noticed(self, event: ImageView.Notice) -> None:
        self.notices.notice("", event.words)

    @on(ImageView.Unchanged)
    def _picture_unchanged(self, event: ImageView.Unchanged) -> None:
        self.refuse_key(event.key, event.why)

    def refuse_key(self, key: str, why: str = "") -> None:
        """Say that a key does nothing where one is."""
        screen = self.app.screen
        place = type(screen).__name__, self.focused.id if screen is self and self.focused is not None else ""
        self.notices.unused_key(key, place, why or self._nothing_by(key, in_dialog=screen is not self))

    def _nothing_by(self, key: str, *, in_dialog: bool) -> str:
        """That a key does nothing where one is, and where it does."""
        label = key_label(key)
        if in_dialog:
            return f"{label} does nothing here."
        other = self.panes.list_pane if self.focused is self.picture else self.picture
        if any(label in command.keys.split() for command in all_commands((other,))):
            return f"{label} is a key of the {group_of(other).lower()}: Tab goes there."
        if self.focused is not self.comments and any(
            label in command.keys.split() for command in all_commands((self.comments,))
        ):
            return f"{label} is about a comment: Enter on a marker opens its thread, and there it works."
        return f"{label} does nothing here. ? shows the keys."

    # -- keys: threads

    def action_new_marker(self) -> None:
        """Write a comment for a new marker at the crosshair; on a marker's own point, a reply to it.

        Two markers on one point would be one thread to the server (PROTOCOL 1.3).
        """
        point = self.picture.place
        saved = (thread for thread in self.state.threads if thread.status is Status.SAVED)
        here = next((thread for thread in saved if thread.point == point), None)
        if here is not None:
            self.drafting.write_reply(here)
        else:
            self.drafting.write_marker(point or self.picture.crosshair)

    def action_reply(self) -> None:
        """Answer in the current thread."""
        self.thread_actions.reply()

    def action_edit(self) -> None:
        """Edit the selected comment, else the last own one of the thread."""
        self.thread_actions.edit()

    def action_delete(self) -> None:
        """Ask, then delete the selected comment, or the marker with its whole thread."""
        self.thread_actions.delete()

    def action_undo(self) -> None:
        """Have what was done last as it was before."""
        self.thread_actions.undo()

    def action_resolve(self, resolved: bool) -> None:
        """Resolve or reopen the current thread."""
        self.thread_actions.resolve(resolved)

    def action_vote(self, direction: int) -> None:
        """Vote for the current comment or against it, or take that back."""
        self.comment_actions.vote(direction)

    def action_pin(self) -> None:
        """Pin the current comment, or unpin it."""
        self.comment_actions.pin()

    def action_lock(self) -> None:
        """Lock the current comment, or unlock it."""
        self.comment_actions.lock()

    def action_flag(self) -> None:
        """Flag the current comment, or no more."""
        self.comment_actions.flag()

    def action_block(self) -> None:
        """Block the author of the current comment, or no more."""
        self.comment_actions.block()

    def action_step(self, step: int) -> None:
        """Select the next or previous marker, and put the crosshair on it."""
        key = self.selection.step(step)
        if key is None and not self.state.loaded:
            self.notices.nothing_loaded()
        elif key is None:
            self.notices.notice("No markers yet", "Move the crosshair with hjkl and press c to add one.")
        else:
            self._arrive(key)

    def _arrive(self, key: str) -> None:
        """The crosshair is on another marker: where a thread is read, this one is shown, in passing."""
        if self._reads_along:
            from_picture = self.focused is self.picture
            self.selection.open(key)
            self.gaze.passes()
            if from_picture:
                self.panes.go(self.picture)

    def action_search(self) -> None:
        """Write what to look for."""
        self.finding.search()

    def action_find(self, step: int) -> None:
        """Go to the next of what was looked for, or the one before."""
        self.finding.step(step)

    def action_filter(self) -> None:
        """Write which threads are shown."""
        self.finding.filter()

    def action_next_unread(self) -> None:
        """Open the next thread with something unread."""
        if self.selection.open_next_unread():
            return
        if hidden := self.state.hidden_unread:
            words = "1 unread is" if hidden == 1 else f"{hidden} unread are"
            self.notices.notice("", f"{words} hidden by the filter. Esc shows all.")
        else:
            self.post_message(UnreadWanted())

    def action_mark_unread(self) -> None:
        """Have the newest comment of others in the current thread unread, until it is opened with Enter."""
        self.thread_actions.mark_unread()

    def action_mark_read(self) -> None:
        """Mark every thread read whose marker is shown."""
        self.thread_actions.mark_all_read()

    def action_confirm_place(self) -> None:
        """The current marker is where it is drawn."""
        self.placement_actions.confirm()

    def action_take_marker(self) -> None:
        """Have the current marker go with the crosshair."""
        if self.placement_actions.take():
            self.panes.go(self.picture)

    def action_put_back(self) -> None:
        """Put the current marker back to where it was."""
        self.placement_actions.put_back()

    def action_hints(self) -> None:
        """Put letters on the markers; the picture takes the next two keys."""
        if self.picture.markers_shown == "none":
            self.notices.notice("", "Markers are hidden. t shows them.")
            return
        self.panes.go(self.picture)
        if not self.picture.show_hints():
            self.notices.notice("", "No markers in view.")

    # -- keys: two versions

    def action_compare(self) -> None:
        """Before and after in the next way: side by side, in turn, what differs, not at all."""
        self.comparing.cycle()

    def action_blink(self) -> None:
        """Before and after in turn; from then on the other one."""
        self.comparing.blink()

    def action_look(self, step: int) -> None:
        """Look at the next difference, or the one before; else at a marker that is to be checked."""
        if self._checks:
            self.placement_actions.look(step)
        else:
            self.comparing.walk(step)

    @property
    def _checks(self) -> bool:
        """Whether there are markers of which nobody can tell where they are, and nothing is compared."""
        return not self.comparing.is_on and any(thread.to_check for thread in self.state.found)

    # -- keys: the screen

    def action_list_pictures(self) -> None:
        """List all pictures, with what is open and unread on them."""
        self.post_message(PicturesAsked())

    def action_picture(self, step: int) -> None:
        """Show the next picture, or the one before."""
        self.post_message(PictureWanted(step))

    def action_cycle_markers(self) -> None:
        """Markers on the picture: all, only open ones, none."""
        now = SHOWN[(SHOWN.index(self.picture.markers_shown) + 1) % len(SHOWN)]
        self.picture.markers_shown = now
        self.notices.notice("", f"Markers shown: {now}")
        self.show_status()

    def action_cycle_theme(self) -> None:
        """Dark, light, and round again; for this session."""
        name = "light" if self.app.theme == THEMES["dark"].name else "dark"
        self.app.theme = THEMES[name].name
        self.notices.notice("", f"Theme: {name}")

    def action_next_pane(self) -> None:
        """Go round: picture, threads, and the text if one is being written."""
        self.panes.next()

    def action_cycle_sidebar(self) -> None:
        """Sidebar as it fits, alone, or away; and say which."""
        self.notices.notice("", f"Sidebar: {SIDEBAR[self.panes.cycle_sidebar()]}")

    def action_back(self) -> None:
        """Out of the text that is being written, from the thread to the list, from the list to the picture."""
        if self.placement_actions.give_up():
            return
        if self.drafting.is_writing:
            self.composer.leave()
        elif self.selection.open_key is not None:
            self.selection.close()
        elif self.filtering.clear():
            self.notices.outdate()
        elif self.focused is not self.picture:
            self.panes.go(self.picture)
        elif self.comparing.is_on:
            self.comparing.leave()
        else:
            self.refuse_key("escape", "Nothing to go back from. q quits.")

    def action_back_or_quit(self) -> None:
        """Back; with nothing to go back from, quit."""
        if self.placement_actions.give_up():
            return
        if self.selection.open_key is not None:
            self.selection.close()
        elif not self.drafting.drafts_stored and (
            kept := len(self.state.drafts) + sum(number for _, number in self._unsent_beside())
        ):
            what = "1 draft is" if kept == 1 else f"{kept} drafts are"
            self._dialogs.confirm(
                "Quit and lose unsent drafts?", f"{what} not on disk.", "quit", self._quit, no="stay"
            )
        else:
            self._quit()

    def _quit(self) -> None:
        self.run_worker(self.app.run_action("app.quit"), name="quit")

    def action_try_now(self) -> None:
        """Reconnect or catch up at once, and read the picture again if it may be another."""
        self._session.dispatch(TryNow())
        self.post_message(PictureAsked())

    # -- keys: dialogs

    @property
    def _picture_is_meant(self) -> bool:
        """Whether a key is about the picture and no marker on it: none is selected, or the crosshair is beside all."""
        if self.focused is self.picture and not self.picture.is_on_marker:
            return True
        return self.selection.current is None and self.selection.gone is None

    def action_help(self) -> None:
        """What works where the focus is."""
        self._list_commands("Help", getattr(self.focused, "HELP", None) or self.HELP, commands_here(self))

    def action_palette(self) -> None:
        """List every command of the app, with a line to search them."""
        nodes = (self.picture, self.threads, self.comments, self, self.app)
        self._list_commands("All commands", "", all_commands(nodes))

    def _list_commands(self, title: str, text: str, commands: Sequence[ActiveCommand]) -> None:
        forbidden = self.availability.forbidden_commands
        allowed = [command for command in commands if command.id not in forbidden]
        self._dialogs.list_commands(title, text, allowed)

    def action_unsent(self) -> None:
        """What is not on the server."""
        from imagechat_tui.words import nothing_unsent_words, unsent_beside_words

        if self.state.drafts:
            drafting, discard = self.drafting, self.thread_actions.discard
            self._dialogs.list_unsent(
                unsent_beside_words(self._unsent_beside()),
                retry=drafting.retry,
                discard=discard,
                write_on=drafting.write_on,
            )
        else:
            several = bool(self.header.facts.place)
            self.notices.notice("", nothing_unsent_words(self._unsent_beside(), several=several))

    def _want_room(self, url_id: UrlId | None, linked: Words | None, left: OpenedImage | None) -> None:
        self.post_message(RoomWanted(url_id, linked, left))

    def action_elsewhere(self) -> None:
        """Show this picture in another room where it is discussed, or in its own again."""
        self.room_actions.go_elsewhere()

    def action_anew(self) -> None:
        """Ask, then give this picture a room of its own."""
        self.room_actions.start_anew()

    def action_here(self) -> None:
        """All people that look at the picture now, or at another one."""
        self.post_message(PeopleAsked())

    def action_details(self) -> None:
        """Who, when, where, and how it stands: a marker, or where none is meant the picture."""
        if self._picture_is_meant:
            self._session.dispatch(LookUpImage())
            may = (
                "image.anew" not in self.availability.forbidden_commands
                and self.state.shown.room.image is not None
            )
            self._dialogs.show_picture(self.header.facts.size, self.room_actions.start_anew if may else None)
        elif (thread := self.thread_actions.thread) is not None:
            self._dialogs.show_details(thread, self.selection.open_comment)


def header_facts(session: Session, name: str, place: str) -> HeaderFacts:
    """What the header shows before more is known."""
    room, connection = session.state.room, session.state.connection
    return HeaderFacts(
        safe_text(name, Kind.LINE), "", safe_text(room.tenant_id, Kind.NAME), connection.phase, place=place
    )
