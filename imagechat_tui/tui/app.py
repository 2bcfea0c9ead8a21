"""The Textual app: a session and a way to load the picture come in, one main screen shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual import constants, events
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.color import Color
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen

from imagechat_tui.commands import Context
from imagechat_tui.problems import PictureError, PictureMissing
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.graphics import Graphics
from imagechat_tui.raster.render import in_ascii
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.sync.state import ChatState
from imagechat_tui.tui import messages
from imagechat_tui.tui.ascii_signs import SignWidth
from imagechat_tui.tui.chat.screen import ChatScreen
from imagechat_tui.tui.chosen_glyphs import ChosenGlyphs
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.commands import bindings
from imagechat_tui.tui.comparison_loading import Against, Compare, ComparisonLoader, NothingEarlier, at_hand
from imagechat_tui.tui.counts import AlbumChange, AlbumNews, Counts
from imagechat_tui.tui.crash import CrashReports
from imagechat_tui.tui.exit import OrderlyExit
from imagechat_tui.tui.fewer_colors import FewerColors
from imagechat_tui.tui.job_control import can_go_on_again
from imagechat_tui.tui.key_order import KeyOrder
from imagechat_tui.tui.keyboard import Keyboard
from imagechat_tui.tui.picture_loading import PictureLoader
from imagechat_tui.tui.sanitizer_filter import SanitizerFilter
from imagechat_tui.tui.textual_internals.crash_notice import end_with_notice
from imagechat_tui.tui.textual_internals.focus import take_focus
from imagechat_tui.tui.textual_internals.layers import Layer, TopLayer
from imagechat_tui.tui.textual_internals.terminal import (
    ask,
    driver_class,
    flow_of,
    forget_shown,
    is_sign_of_life,
    write,
)
from imagechat_tui.tui.textual_internals.terminal_events import Answer
from imagechat_tui.tui.themes import THEMES
from imagechat_tui.tui.visits import Album, Visit, Visits
from imagechat_tui.tui.widgets.bars import count
from imagechat_tui.words import (
    Words,
    album_change_words,
    fewer_colors_words,
    no_glyphs_words,
    no_pixels_words,
    picture_gone_words,
)

if TYPE_CHECKING:
    from textual.theme import Theme

    from imagechat_tui.protocol.models import RoomSummary, Summary
    from imagechat_tui.protocol.routes import UsersOnline
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.render import RenderOptions
    from imagechat_tui.sync.effects import Told
    from imagechat_tui.tui.dialogs.pictures import ListedPicture

CRASHED = 1
LATER = Path(__file__).with_name("later.tcss")
"""The looks of what is not there at the first frame."""
RECOUNT_S = 1.0
"""For so long it is waited for what the server says of the other pictures."""
SEEN_BEFORE = "as you saw it before"
"""What a picture is called that was shown before this one, where nobody knows which version it is."""
ONLY_PICTURE = "There is no other picture. A folder, or several names, have more."


class ScreenOptions(Struct, frozen=True):
    """What the person set about the screen."""

    render: RenderOptions
    graphics: Graphics = Graphics("off", "cells", (0, 0), fault="off")
    """What is known of the terminal's pictures in pixels; what it was asked, it answers to the screen."""
    theme: str = "dark"
    bell: str = "off"
    """Ring when somebody else adds something: ``on``, or ``mentions`` for what calls the person."""
    tells_fewer_colors: Callable[[], bool] = lambda: False
    """Whether to say so where the terminal does not tell that it has true colours; asked once that is known."""
    wrong_colors: Words | None = None
    """What to say of the colours that the person chose, where it is known that the terminal has fewer."""
    drawn_glyphs: GlyphSet | None = None
    """What the environment says that the terminal draws, where the person chose what to draw with."""
    auto_glyphs: bool = False
    """Draw with what the terminal says: the sharpest that it is known by its name to have, and ASCII where it draws
    characters of ambiguous width in two cells, which it is asked for."""
    takes_utf8: bool = True
    """Whether our signs come to the terminal; tmux writes ``_`` where it takes it for one without UTF-8."""
    ask_utf8: Callable[[], bool] | None = None
    """Ask that anew, for another terminal may have been attached; it takes a moment."""
    crash_folder: Path | None = None
    """Where a defect leaves its traceback."""


class ImageChatApp(App[int]):
    """One picture at a time, its threads, its session."""

    TITLE = "imagechat"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    VERTICAL_BREAKPOINTS = [(0, "-low"), (15, "-high")]  # noqa: RUF012 (Textual declares it so)

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.APP)

    def __init__(
        self,
        album: Album,
        *,
        options: ScreenOptions,
        clock: Clock,
        picture_problem: Callable[[Exception], Words | None],
        compare: Compare | None = None,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self._visits = Visits(album, self._session_changed, self._visit_ended)
        self._attends = False
        self._counts = Counts()
        self._album_news = AlbumNews()
        self._options = options
        self._look = options.render
        """How pictures are drawn, by what is known of the terminal."""
        self._graphics = options.graphics
        self._clock = clock
        self._picture_problem = picture_problem
        self._compare = compare
        self._against: Against | None = None
        """What the picture is compared with."""
        self._befores: PictureLoader | None = None
        self._comparisons: ComparisonLoader | None = None
        self._earlier: Picture | None = None
        """What was shown before the picture's file changed last."""
        self._sanitizer = SanitizerFilter()
        waits = options.graphics.asks_color or options.graphics.asks_screen
        self._fewer_colors = FewerColors(options.graphics.depth) if waits else None
        """As long as it is not known that the terminal has true colours, which Textual is told of."""
        self._signs = SignWidth(
            ascii_only=options.render.glyphs is GlyphSet.ASCII,
            ask=partial(write, self) if options.auto_glyphs else None,
            takes_utf8=options.takes_utf8,
        )
        chosen = options.render.glyphs if options.drawn_glyphs is not None else None
        self._chosen_glyphs = ChosenGlyphs(
            chosen, options.drawn_glyphs or options.render.glyphs, ask=partial(write, self)
        )
        self._orderly_exit = OrderlyExit(self, keep=self._keep_what_is_typed)
        self._keyboard = Keyboard(self, chat=lambda: self.chat, pass_on=super().on_event, clock=clock)
        self._crashes = CrashReports(options.crash_folder, clock)
        self._chat: ChatScreen | None = None
        for theme in THEMES.values():
            self.register_theme(theme)
        self._begin_with(THEMES.get(options.theme, THEMES["dark"]))
        end_with_notice(self, self._crashes.notice, code=CRASHED)

    def _begin_with(self, theme: Theme) -> None:
        """Take a theme as the one there always was: told by ``theme`` Textual parses all styles twice."""
        self.set_reactive(App.theme, theme.name)
        self.set_class(theme.dark, "-dark-mode", update=False)
        self.set_class(not theme.dark, "-light-mode", update=False)
        self.stylesheet.set_variables(self.get_css_variables())

    @property
    def chat(self) -> ChatScreen:
        """The main screen."""
        assert self._chat is not None
        return self._chat

    def get_driver_class(self) -> type[Driver]:
        """Ours, unless TEXTUAL_DRIVER names another one that there is."""
        if constants.DRIVER:
            with suppress(ImportError, AttributeError, ValueError, RuntimeError):
                return super().get_driver_class()
        return driver_class()

    def get_default_screen(self) -> Screen[None]:
        """The main screen, at once: nothing is painted twice at the start."""
        self._chat = ChatScreen(
            self._visits.current,
            name=self._visits.current.picture.name,
            place=self._place,
            options=in_ascii(self._look) if self._signs.in_ascii else self._look,
            clock=self._clock,
            bell=self._options.bell,
            unsent_beside=lambda: self._visits.unsent_beside,
        )
        return self._chat

    def get_line_filters(self) -> list[LineFilter]:
        """Textual's own, then the sanitizer; last, none of the colours if they are not wanted."""
        filters = [*super().get_line_filters(), self._sanitizer]
        if self._signs.line_filter is not None:
            filters.append(self._signs.line_filter)
        if self._fewer_colors is not None:
            filters.append(self._fewer_colors)
        if self.no_color:
            from imagechat_tui.tui.colorless import Colorless

            filters.append(Colorless(Color.parse(self.theme_variables["background"])))
        return filters

    # -- life

    def on_load(self) -> None:
        """Before anything is done to the terminal: see to it that it is handed back."""
        self._orderly_exit.watch()

    def on_mount(self) -> None:
        """Paint first; then the picture and the link."""
        # Its size is mostly what it was, and for that alone Textual paints nothing.
        self.app_resume_signal.subscribe(self, self._resumed, immediate=True)
        self._ask_width()
        self._tell_ascii()
        self._tell_wrong_choice()
        self._tell_wrong_colors()
        self._tell_wrong_glyphs()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        if self._orderly_exit.begun:  # before it stood
            return
        self.run_worker(self._take_keys(), name="keys", group="keys")
        self._load()
        self._orderly_exit.session = self.run_worker(self._visits.run(), name="session", group="session")
        self.stylesheet.read(LATER)
        self.stylesheet.parse()
        self.chat.set_up()

    def _load(self) -> None:
        """Load the picture that is shown, and no other one any more."""
        visit = self._visits.current
        self._end_comparing()
        self._earlier = None
        self.chat.picture.remember(visit.picture.fit)
        self._loader = PictureLoader(
            visit.picture.load,
            visit.picture.stamp,
            lambda message: self._post(visit, message),
            held=lambda: self.chat.drafting.is_placing or self.chat.placement_actions.holds,
        )
        self.run_worker(self._loader.run(), name="picture", group="picture", exclusive=True)

    def _attend(self) -> None:
        """Have the other pictures attended to, once the first one is there: it had the machine for itself."""
        if not self._attends:
            self._attends = True
            self.run_worker(
                self._visits.attend(self._tell_counts, self._tell_change, self._tell_people),
                name="album",
                group="album",
            )

    def _tell_counts(self, told: Mapping[int, RoomSummary]) -> None:
        self.post_message(messages.CountsTold(told))

    def _tell_change(self, change: AlbumChange) -> None:
        self.post_message(messages.AlbumChanged(change))

    def _tell_people(self, told: Mapping[int, UsersOnline] | None) -> None:
        self.post_message(messages.PeopleTold(told))

    def _post(self, visit: Visit, message: messages.OfVisit) -> None:
        message.visit = visit
        self.post_message(message)

    def _session_changed(self, visit: Visit, state: ChatState, news: tuple[Told, ...]) -> None:
        from imagechat_tui.sync.effects import Announce, ReadBeside

        announced = tuple(item for item in news if isinstance(item, Announce))
        if visit is not self._visits.current:
            self.chat.show_news_of_another(visit.picture.name, announced)
            return
        if announced:
            self._post(visit, messages.NewsArrived(announced))
        self._post(visit, messages.StateChanged(state))
        if ReadBeside() in news:
            self.run_worker(self._visits.recount(), group="read-beside", exclusive=True)

    def _visit_ended(self, visit: Visit) -> None:
        if visit.state.mine.outbox:
            self.chat.show_left_unanswered(visit.picture.name)
        self._show_list()

    # -- which picture

    @property
    def _place(self) -> str:
        """Which of the pictures it is that is shown; empty if there is no other one."""
        count = len(self._visits.places)
        return f"{self._visits.number}/{count}" if count > 1 else ""

    def on_picture_wanted(self, message: messages.PictureWanted) -> None:
        """Show the next picture or the one before, round and round."""
        places = self._visits.places
        if len(places) == 1:
            self.chat.notices.notice("", ONLY_PICTURE)
        else:
            self._go(places[(self._visits.number - 1 + message.step) % len(places)])

    def _go(self, at: int) -> None:
        """Show another picture."""
        self._note_shown(self.chat.leave_picture())
        self._show(self._visits.go(at))

    def on_room_wanted(self, message: messages.RoomWanted) -> None:
        """Show this picture in another room."""
        visits = self._visits
        self.chat.leave_picture()
        visit = visits.go(visits.current.at, message.url_id, anew=message.linked is not None)
        visit.left = message.left
        self._show(visit)
        if message.linked is not None:
            words = message.linked
            self.chat.notices.notice(words.title, f"{words.sentence} {words.action}".rstrip(), lasting=True)

    def _show(self, visit: Visit) -> None:
        elsewhere = visit.room is not None
        self.chat.show_other(
            visit, name=visit.picture.name, place=self._place, elsewhere=elsewhere, left=visit.left
        )
        self.chat.show_unread_beside(self._unread_beside)
        self._load()

    def on_counts_told(self, message: messages.CountsTold) -> None:
        """Show how it stands with the others; of the one that is shown its own session knows more."""
        if not self.is_running:
            return
        self._counts.take(message.told)
        self._note_shown(self.chat.summary)
        self.chat.show_unread_beside(self._unread_beside)
        self._show_list()

    def on_album_changed(self, message: messages.AlbumChanged) -> None:
        """Say which pictures came and went; count and list them."""
        if not self.is_running:
            return
        self._visits.change(message.change)
        self.chat.show_place(self._place)
        self.chat.show_unread_beside(self._unread_beside)
        change = self._album_news.take(message.change, self._clock.engine_s())
        told = (change.added, change.gone, change.back)
        names = ([self._visits.name(at) for at in places] for places in told)
        self.chat.notices.notice("", album_change_words(*names))
        self._show_list()

    @property
    def _unread_beside(self) -> int:
        visits = self._visits
        return self._counts.unread_beside(visits.current.at, visits.places, visits.current.state.room.url_id)

    def _note_shown(self, summary: Summary) -> None:
        visit = self._visits.current
        self._counts.note(visit.at, visit.state.room.url_id, summary, its_own=visit.room is None)

    def _show_list(self) -> None:
        for screen in self.screen_stack[1:]:
            follow = getattr(screen, "show_pictures", None)
            if follow is not None:
                follow(self._listed)

    def on_unread_wanted(self) -> None:
        """Go on to the next picture with something unread, and to the first of it there."""
        if self._go_to_unread():
            return
        if len(self._visits.places) == 1:
            self.chat.show_nothing_unread()
        else:
            self.run_worker(self._recount(self._visits.current), group="recount", exclusive=True)

    def _go_to_unread(self) -> bool:
        visits = self._visits
        at = self._counts.next_unread(visits.current.at, visits.places, visits.current.state.room.url_id)
        if at is not None:
            self._go(at)
            self.chat.seek_unread()
        return at is not None

    async def _recount(self, visit: Visit) -> None:
        """What is known of the others may be half a minute old: ask before it is said that nothing is unread."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RECOUNT_S):
                await self._visits.recount()
        self._post(visit, messages.Recounted())

    def on_recounted(self, message: messages.Recounted) -> None:
        """Go on to what is unread by now, or say that nothing is; whoever does something else by now is left to it."""
        busy = self.screen is not self.chat or self.chat.drafting.is_writing
        if self._shows(message) and not busy and not self._go_to_unread():
            self.chat.show_nothing_unread()

    def on_pictures_asked(self) -> None:
        """List all pictures; show the one that is chosen."""
        from imagechat_tui.tui.dialogs.pictures import PicturesScreen

        def answered(at: int | None) -> None:
            if at is not None and at != self._visits.current.at:
                self._go(at)

        shown = self._visits.current.at
        self.chat.push_dialog(PicturesScreen(self._listed, shown), answered)
        self.run_worker(self._visits.recount(), group="recount", exclusive=True)

    def on_people_asked(self) -> None:
        """List who is here, and on the other pictures; show the one where somebody is who is chosen."""
        from imagechat_tui.tui.dialogs.here import Beside, HereScreen

        visits = self._visits

        def answered(at: int | None) -> None:
            visits.watch_people(False)
            if at is not None and at != visits.current.at:
                self._go(at)

        beside = Beside(visits.current.at, visits.places, visits.name)
        self.chat.push_dialog(HereScreen(self.chat.state.shown, beside), answered)
        visits.watch_people(True)

    def on_people_told(self, message: messages.PeopleTold) -> None:
        """Show who looks at the other pictures, where that is looked at."""
        for screen in self.screen_stack[1:]:
            follow = getattr(screen, "show_elsewhere", None)
            if follow is not None:
                follow(message.told)

    @property
    def _listed(self) -> tuple[ListedPicture, ...]:
        from imagechat_tui.tui.dialogs.pictures import ListedPicture

        visits = self._visits
        self._note_shown(self.chat.summary)
        return tuple(
            ListedPicture(
                at,
                number,
                safe_text(visits.name(at), Kind.LINE),
                self._counts[at],
                visits.is_gone(at),
                visits.unsent(at),
            )
            for number, at in enumerate(visits.places, 1)
        )

    def _shows(self, message: messages.OfVisit) -> bool:
        """Whether a message is about the picture that is shown, on screens that are not being taken down."""
        return self.is_running and message.visit is self._visits.current

    # -- what comes

    def on_state_changed(self, message: messages.StateChanged) -> None:
        """Hand the state down to the main screen, and to dialogs that follow it."""
        if not self._shows(message):
            return
        self.chat.show_state(message.state)
        for screen in self.screen_stack[1:]:
            follow = getattr(screen, "show_state", None)
            if follow is not None:
                follow(message.state)

    def on_news_arrived(self, message: messages.NewsArrived) -> None:
        """Hand news down to the main screen."""
        if self._shows(message):
            self.chat.show_news(message.news)

    def on_picture_loading(self, message: messages.PictureLoading) -> None:
        """Show how far the picture has come."""
        if self._shows(message):
            self.chat.show_loading(message.fraction)

    def on_picture_loaded(self, message: messages.PictureLoaded) -> None:
        """Show the picture; what it is compared with comes after it."""
        if not self._shows(message):
            return
        before, against, again = self.chat.picture.picture, self._visits.current.picture.against, False
        if before is not None and before.sha256 != message.picture.sha256:
            self._earlier = before
            if self._against is not against:
                again = self.chat.comparing.is_on
                self._end_comparing()  # what comes before this one is another
        self.chat.show_picture(message.picture)
        if again:
            self.on_comparison_asked()
        if not self.chat.picture.is_drawing:  # there is no room for it
            self._attend()
        if self._comparisons is not None:
            self._comparisons.take_new(message.picture)
        elif against is not None:
            self._compare_with(against)

    def on_image_view_drawing_ended(self) -> None:
        """The picture is painted; then the others have their turn."""
        if not self._attends:
            self.call_after_refresh(self._attend)

    def on_picture_changed(self, message: messages.PictureChanged) -> None:
        """Say that the file is another; it is read again when nothing is written about this one any more."""
        if self._shows(message):
            self.chat.show_picture_changed()

    def on_picture_asked(self) -> None:
        """Read the picture again, if it is another one, and what it is compared with."""
        self._loader.again()
        if self._befores is not None:
            self._befores.again()

    def on_picture_failed(self, message: messages.PictureFailed) -> None:
        """Say why, in its place; the threads stay usable, and so does a picture that was there before."""
        if not self._shows(message):
            return
        self._attend()
        words = self._picture_problem(message.error) or self._crashes.words(message.error)
        if self.chat.picture.picture is not None:
            gone = isinstance(message.error, PictureError) and isinstance(
                message.error.problem, PictureMissing
            )
            if gone:
                self.chat.show_not_read_again(picture_gone_words(self._visits.current.picture.name))
            else:
                self.chat.show_not_read_again(f"{words.sentence} {words.action}".strip())
            return
        todo = f"{words.action} R reads it again.".strip()
        said = f"{words.title}\n\n{words.sentence}\n{todo}\n\nIts threads still work: Tab."
        self.chat.show_no_picture(said)

    # -- what it is compared with

    def on_comparison_asked(self) -> None:
        """Compare the picture with the version before it, else with what it was before its file changed."""
        visit, picture = self._visits.current, self.chat.picture.picture
        find = visit.picture.find_earlier
        if find is not None and picture is not None:
            looked_for = find(visit.state.room.image, picture)
            self.run_worker(self._look_for_earlier(looked_for), name="earlier", group="comparison")
        elif self._earlier is not None:
            self._compare_with(at_hand(SEEN_BEFORE, self._earlier))
        else:
            self.chat.comparing.begin_nothing()

    async def _look_for_earlier(self, looked_for: Awaitable[Against | NothingEarlier]) -> None:
        try:
            found = await looked_for
        except Exception as error:  # the edge of a task: words are made of it, or the crash file
            self.chat.comparing.fail(self._picture_problem(error) or self._crashes.words(error))
            return
        if isinstance(found, NothingEarlier) and self._earlier is not None:
            found = at_hand(SEEN_BEFORE, self._earlier)
        if isinstance(found, Against):
            if self._comparisons is None:
                self._compare_with(found)
        elif found.why is not None:
            self.chat.comparing.fail(found.why)
        else:
            self.chat.comparing.begin_nothing(found.elsewhere)

    def _compare_with(self, against: Against) -> None:
        picture, visit = self.chat.picture.picture, self._visits.current
        if self._compare is None or picture is None:
            return
        self._against = against
        self.chat.comparing.begin(against.name, against.note)
        self._befores = PictureLoader(
            against.load, against.stamp, lambda told: self._post(visit, messages.BeforeTold(told))
        )
        self._comparisons = ComparisonLoader(self._compare, lambda told: self._post(visit, told))
        self._comparisons.take_new(picture)
        self.run_worker(self._befores.run(), name="before", group="comparison")
        self.run_worker(self._comparisons.run(), name="comparison", group="comparison")

    def _end_comparing(self) -> None:
        self.workers.cancel_group(self, "comparison")
        self._against = self._befores = self._comparisons = None
        self.chat.comparing.forget()

    def on_before_told(self, message: messages.BeforeTold) -> None:
        """Something about the picture that this one is compared with."""
        if not self._shows(message) or self._against is None:
            return
        match message.told:
            case messages.PictureLoading(fraction=fraction):
                self.chat.comparing.show_reading(fraction)
            case messages.PictureLoaded(picture=picture):
                self.chat.comparing.take_before(picture)
                if self._comparisons is not None:
                    self._comparisons.take_old(picture)
            case messages.PictureFailed(error=error):
                self.chat.comparing.fail(self._picture_problem(error) or self._crashes.words(error))
            case messages.PictureChanged():
                self.chat.show_before_changed(self._against.name)

    def on_comparison_progress(self, message: messages.ComparisonProgress) -> None:
        """Show how far it has come."""
        if self._shows(message):
            self.chat.comparing.show_comparing(message.fraction)

    def on_comparison_made(self, message: messages.ComparisonMade) -> None:
        """Show what differs."""
        if self._shows(message):
            self.chat.comparing.take_comparison(message.comparison)

    def on_comparison_failed(self, message: messages.ComparisonFailed) -> None:
        """Say why it is not known what differs."""
        if self._shows(message):
            error = message.error
            self.chat.comparing.fail_comparison(self._picture_problem(error) or self._crashes.words(error))

    # -- the terminal

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """Draw with ASCII from now on, or as before again."""
        if self._signs.told(event):
            self._draw_with_signs()
        if self._chosen_glyphs.measured(event):
            self._tell_wrong_glyphs()

    def _ask_width(self) -> None:
        """Of signs, or of the glyphs that were chosen: who chose them is not asked about signs."""
        self._signs.ask()
        self._chosen_glyphs.ask()

    async def _ask_utf8(self, ask_utf8: Callable[[], bool]) -> None:
        if self._signs.utf8_told(await asyncio.to_thread(ask_utf8)):
            self._draw_with_signs()

    def _draw_with_signs(self) -> None:
        """Draw with signs, or ASCII, as it is known now."""
        self._draw_with(self._look)
        self._restyle()
        self._tell_ascii()

    def _tell_ascii(self) -> None:
        if self._signs.in_ascii:
            self.notify(self._signs.words, timeout=8, markup=False)

    def _restyle(self) -> None:
        """Have all be painted with the filters that there are now."""
        forget_shown()
        for screen in self.screen_stack:
            for widget in (screen, *screen.query()):
                widget.notify_style_update()
                widget.refresh()

    def on_answer(self, event: Answer) -> None:
        """Hear whether the terminal has true colours and takes pixels, and that it has taken in what was sent."""
        if is_sign_of_life(self, event):
            self.chat.picture.go_on()
            return
        before, now = self._graphics, self._graphics.heard(event.sequence)
        if now.stage != before.stage:
            now = now.over(flow_of(self).rate)
        self._graphics = now
        if now.depth is not before.depth:
            self._fewer_colors = None if now.depth is ColorDepth.TRUECOLOR else FewerColors(now.depth)
            self._draw_with(replace(self._look, colors=now.depth))
            self._restyle()
        if now.stage == before.stage:
            if now.fault != before.fault:
                self._tell_wrong_choice()
            return
        if now.lacks_colors and self._options.tells_fewer_colors():
            self._tell(fewer_colors_words(now.depth.value))
        if before.stage == "asked" and self._options.auto_glyphs:
            glyphs = now.sharpest(self._look.glyphs)
            if glyphs is not self._look.glyphs:
                self._draw_with(replace(self._look, glyphs=glyphs))
        if now.stage == "pixels":
            self._draw_with(replace(self._look, pixels=now.cell, aspect=now.cell[1] / now.cell[0]))
        elif now.question:
            ask(self, now.question)
        if now.fault != before.fault:
            self._tell_wrong_choice()
        if before.stage == "asked":
            self._tell_wrong_colors()
            self._tell_wrong_glyphs()

    def _draw_with(self, look: RenderOptions) -> None:
        self._look = look
        self.chat.draw_with(in_ascii(look) if self._signs.in_ascii else look)

    def _tell_wrong_choice(self) -> None:
        """Say why there are no pixels, to who wished for them, or could have them."""
        fault = self._graphics.fault
        if fault is not None and (self._graphics.choice == "kitty" or fault in ("slow", "doubled")):
            self._tell(no_pixels_words(fault, self._graphics.terminal))

    def _tell_wrong_colors(self) -> None:
        """Say that the terminal has fewer colours than were chosen."""
        words, now = self._options.wrong_colors, self._graphics
        screen_has_them = now.depth is not self._options.graphics.depth
        if words is not None and now.stage != "asked" and not screen_has_them:
            self._tell(words)

    def _tell_wrong_glyphs(self) -> None:
        """Say that the terminal does not draw the glyphs that were chosen, and draw with others if they did harm."""
        lack = self._chosen_glyphs.news(self._graphics)
        glyphs = self._chosen_glyphs.glyphs(self._graphics) or self._look.glyphs
        if glyphs is not self._look.glyphs:
            self._draw_with(replace(self._look, glyphs=glyphs))
        if lack is not None:
            chosen, terminal = self._options.render.glyphs, self._graphics.known_as
            self._tell(no_glyphs_words(lack, chosen.value, glyphs.value, terminal))

    def _tell(self, words: Words) -> None:
        """Say something about the terminal, in a note."""
        self.notify(f"{words.sentence} {words.action}".rstrip(), title=words.title, timeout=8, markup=False)

    # -- keys

    async def on_event(self, event: events.Event) -> None:
        """What the person does goes through the order of keys; all else is taken as it comes."""
        if isinstance(event, events.Resize):  # terminals move, cut and clear what they show
            forget_shown()
        if not self._keyboard.takes(event):
            await super().on_event(event)
        if isinstance(event, events.AppFocus):
            take_focus(self)
        if isinstance(event, events.AppFocus | events.AppBlur):
            self.chat.gaze.focus_told()

    @property
    def keys(self) -> KeyOrder:
        """What the person did, and what was not taken of it yet."""
        return self._keyboard.order

    def on_command_chosen(self, message: messages.CommandChosen) -> None:
        """Run a command from a list: before the keys that were pressed behind it."""
        self._keyboard.run_first(message.command)

    def on_writing_refused(self) -> None:
        """What was typed behind it was to be its text, and would be commands now."""
        dropped = self.keys.drop_behind()
        if dropped:
            self.notify(f"{count(dropped, 'key')} typed behind it dropped.", timeout=8, markup=False)

    async def _take_keys(self) -> None:
        try:
            await self._keyboard.run()
        except Exception as error:  # the edge of a task: the crash file
            self.call_next(_fail, error)

    def pop_screen(self) -> AwaitComplete:
        """As Textual does; what the dialog did not cover stays as it is."""
        *_, below, gone = [None, *self.screen_stack]
        if not (isinstance(gone, TopLayer) and isinstance(below, Layer)):
            return super().pop_screen()
        # First: where tasks start eagerly (Python 3.12), the screen below is asked to be painted in there.
        below.paint_only(gone.places)
        popped = super().pop_screen()
        # After its last parts are taken away, which is put off once more while it goes.
        self.call_next(self.call_next, below.paint_only, None)
        return popped

    def _resumed(self, _: App[object]) -> None:
        self.action_repair()

    def action_repair(self) -> None:
        """Write the whole screen anew."""
        forget_shown()
        self._ask_width()
        if self._options.ask_utf8 is not None:
            self.run_worker(self._ask_utf8(self._options.ask_utf8), group="utf8", exclusive=True)
        self.chat.picture.repair()
        self.screen.refresh(layout=True)

    def action_hint_quit(self) -> None:
        """Ctrl+C is a habit, and not one to lose work by."""
        there = self.screen
        back = there.is_modal or there.has_class("-reading")
        self.notify(f"Ctrl+Q quits, q {'goes back' if back else 'quits too'}.", timeout=3, markup=False)

    def action_suspend_process(self) -> None:
        """Stop until the shell has us go on; where there is none, nothing would ever bring the screen back."""
        if can_go_on_again():
            super().action_suspend_process()
        else:
            self.notify("No shell here could resume it.", title="Not suspended", timeout=5, markup=False)

    # -- leaving

    async def action_quit(self) -> None:
        """Keep what is typed, let the session put things away, and end."""
        if not self._orderly_exit.begun:
            await self._orderly_exit.leave(0)

    def _keep_what_is_typed(self) -> None:
        self._keyboard.stop()
        if self._chat is not None:
            self._chat.drafting.keep()

    def terminal_gone(self) -> None:
        """Nothing comes from the terminal any more: keep what is typed, and end."""
        self._orderly_exit.terminal_gone()

    def input_failed(self, error: Exception) -> None:
        """A defect in the thread that reads keys: without keys there is nothing but to end."""
        if not self._orderly_exit.begun:
            self.call_next(_fail, error)

    def on_unmount(self) -> None:
        """Have signals do what they did before."""
        self._orderly_exit.stop()


def _fail(error: Exception) -> None:
    """A defect of a task or a thread, where Textual handles those of callbacks."""
    raise error
