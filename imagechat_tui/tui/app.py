"""The Textual app: a session and a way to load the picture come in, one main screen shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual import events
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter
from textual.screen import Screen
from textual.worker import Worker, WorkerError

from imagechat_tui.raster.ambiguous_width import ASK, ROW, drawn_wide
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.render import in_ascii
from imagechat_tui.sync.state import ChatState
from imagechat_tui.tui import terminal_input
from imagechat_tui.tui.ascii_signs import AsciiSigns
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.crash import write_crash_file
from imagechat_tui.tui.keys import as_us_layout
from imagechat_tui.tui.leaving import Leaving
from imagechat_tui.tui.messages import (
    NewsArrived,
    PictureFailed,
    PictureLoaded,
    PictureLoading,
    StateChanged,
)
from imagechat_tui.tui.picture_loading import LoadPicture, PictureLoader, StampOf, Told
from imagechat_tui.tui.screens.chat import ChatScreen
from imagechat_tui.tui.screens.dialog import Dialog, Layer
from imagechat_tui.tui.themes import THEMES
from imagechat_tui.tui.wall import TextWall
from imagechat_tui.words import WIDE_SIGNS, Words, defect_words

if TYPE_CHECKING:
    from textual.theme import Theme

    from imagechat_tui.raster.render import RenderOptions
    from imagechat_tui.sync.effects import Announce, Applied, Missed
    from imagechat_tui.sync.session import Session

CRASHED = 1
SETTLE_S = 1.0
"""How long the session may take to put things away when the app ends."""
SETTLING_TURNS = 50
"""Turns of the loop in which what a key set off is done: messages go up a few widgets, a dialog, the focus."""


class ScreenOptions(Struct, frozen=True):
    """What the person set about the screen."""

    render: RenderOptions
    theme: str = "dark"
    bell: bool = False
    """Ring when somebody else adds something."""
    ask_width: bool = False
    """Ask the terminal whether it draws characters of ambiguous width in two cells, and use ASCII if it does."""
    crash_folder: Path | None = None
    """Where a defect leaves its traceback."""


class ImageChatApp(App[int]):
    """One picture, its threads, one session."""

    TITLE = "imagechat"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    VERTICAL_BREAKPOINTS = [(0, "-low"), (15, "-high")]  # noqa: RUF012 (Textual declares it so)

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", id="app.quit", show=False, priority=True),
        Binding("ctrl+l", "repair", "Redraw the screen", id="app.repair", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "Suspend", id="app.suspend", show=False, priority=True),
        Binding("ctrl+c", "hint_quit", "How to quit", id="app.hint", show=False),
    ]

    def __init__(
        self,
        session: Session,
        *,
        load_picture: LoadPicture,
        name: str,
        options: ScreenOptions,
        clock: Clock,
        picture_problem: Callable[[Exception], Words | None],
        picture_stamp: StampOf | None = None,
    ) -> None:
        super().__init__()
        terminal_input.install()
        self.animation_level = "none"
        self._session = session
        self._pictures = PictureLoader(load_picture, picture_stamp, self._post)
        self._picture_name = name
        self._options = options
        self._clock = clock
        self._picture_problem = picture_problem
        self._wall = TextWall()
        self._signs = AsciiSigns(letters=False) if options.render.glyphs is GlyphSet.ASCII else None
        self._wide = False
        self._leaving = Leaving(self._told_to_leave)
        self._session_worker: Worker[None] | None = None
        self._ending = False
        self._chat: ChatScreen | None = None
        for theme in THEMES.values():
            self.register_theme(theme)
        self._begin_with(THEMES.get(options.theme, THEMES["dark"]))

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

    def get_default_screen(self) -> Screen[None]:
        """The main screen, at once: nothing is painted twice at the start."""
        self._chat = ChatScreen(
            self._session,
            name=self._picture_name,
            options=self._options.render,
            clock=self._clock,
            bell=self._options.bell,
        )
        return self._chat

    def get_line_filters(self) -> list[LineFilter]:
        """Textual's own, then the wall; last, none of the colours if they are not wanted."""
        filters = [*super().get_line_filters(), self._wall]
        if self._signs is not None:
            filters.append(self._signs)
        if self.no_color:
            from imagechat_tui.tui.colorless import Colorless

            filters.append(Colorless(Color.parse(self.theme_variables["background"])))
        return filters

    # -- life

    def on_mount(self) -> None:
        """Paint first; then the picture and the link."""
        self._leaving.watch()
        self._ask_width()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.run_worker(self._pictures.run(), name="picture", group="picture")
        self._session_worker = self.run_worker(
            self._session.run(self._listen), name="session", group="session"
        )
        self.chat.composer.furnish()

    def _post(self, message: StateChanged | NewsArrived | Told) -> None:
        self.post_message(message)

    def _listen(self, state: ChatState, news: tuple[Announce | Applied | Missed, ...]) -> None:
        from imagechat_tui.sync.effects import Announce

        announced = tuple(item for item in news if isinstance(item, Announce))
        if announced:
            self._post(NewsArrived(announced))
        self._post(StateChanged(state))

    def on_state_changed(self, message: StateChanged) -> None:
        """Down to the screens."""
        self.chat.show_state(message.state)
        for screen in self.screen_stack[1:]:
            follow = getattr(screen, "show_state", None)
            if follow is not None:
                follow(message.state)

    def on_news_arrived(self, message: NewsArrived) -> None:
        """Down to the main screen."""
        self.chat.show_news(message.news)

    def on_picture_loading(self, message: PictureLoading) -> None:
        """Say how far it is."""
        if self.chat.picture.picture is None:
            self.chat.notice.update(Content(f"Loading the picture {message.fraction:.0%}"))

    def on_picture_loaded(self, message: PictureLoaded) -> None:
        """Show it."""
        self.chat.show_picture(message.picture)
        self.chat.tell_picture_loss(message.picture)

    def on_picture_changed(self) -> None:
        """Say so; it is read again when the person asks for it."""
        self.chat.tell_picture_changed()

    def on_picture_asked(self) -> None:
        """Read it again, if it is another one."""
        self._pictures.again()

    def on_picture_failed(self, message: PictureFailed) -> None:
        """Say why, in its place; the threads stay usable, and so does a picture that was there before."""
        words = self._picture_problem(message.error) or self._defect_words(message.error)
        if self.chat.picture.picture is not None:
            self.chat.say("Not read again", f"{words.sentence} {words.action}".strip(), failure=True)
            return
        todo = f"{words.action} R reads it again.".strip()
        said = f"{words.title}\n\n{words.sentence}\n{todo}\n\nIts threads still work: Tab."
        self.chat.show_no_picture(said)

    # -- how wide the terminal draws

    def _ask_width(self) -> None:
        """The answer comes with the keys; what is printed for it is painted over at once."""
        if self._options.ask_width and self._driver is not None:
            self._driver.write(ASK)

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """Draw with ASCII from now on, or as before again: another terminal may have been attached."""
        asked = self._options.ask_width and event.y == ROW
        wide = drawn_wide(event.x) if asked else None
        if wide is None or wide is self._wide:
            return
        self._wide = wide
        self._signs = AsciiSigns(letters=True) if wide else None
        look = self._options.render
        self.chat.picture.options = in_ascii(look) if wide else look
        for screen in self.screen_stack:
            for widget in (screen, *screen.query()):
                widget.notify_style_update()
                widget.refresh()
        if wide:
            self.notify(WIDE_SIGNS, timeout=8, markup=False)

    # -- keys

    async def on_event(self, event: events.Event) -> None:
        """Keys act in the order they came, however close together: a lagging link delivers many in one packet.

        Textual hands a key to the focused widget and acts on it once it has come up again. The letters of a word
        behind the key that opens the composer would be commands by then, and those behind the one that leaves a
        text would still be for it. So a command acts at once here, and what it asks others to do is done before
        the next key.
        """
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._ending:
            return  # what is typed behind the key that quits was for the shell
        elif await self._key(event):
            for _ in range(SETTLING_TURNS):
                await asyncio.sleep(0)

    async def _key(self, pressed: events.Key) -> bool:
        """Act on a key; whether it was a command, and not a letter of a text."""
        if self.focused is not None and self.focused.check_consume_key("a", "a"):
            await super().on_event(pressed)
            return not pressed.is_forwarded
        # Where no text is typed, letters act by physical key.
        event = as_us_layout(pressed) or pressed
        if await self._check_bindings(event.key, priority=True):
            return True
        if self.focused is self.chat.picture and self.chat.picture.choosing:
            await super().on_event(event)
            return True
        if await self._check_bindings(event.key):
            return True
        self.chat.say_unused(event.key)
        return False

    def pop_screen(self) -> AwaitComplete:
        """As Textual does; what the dialog did not cover stays as it is."""
        *_, below, gone = [None, *self.screen_stack]
        if not (isinstance(gone, Dialog) and isinstance(below, Layer)):
            return super().pop_screen()
        # First: where tasks start eagerly (Python 3.12), the screen below is asked to be painted in there.
        below.paint_only(gone.place)
        popped = super().pop_screen()
        # After its last parts are taken away, which is put off once more while it goes.
        self.call_next(self.call_next, below.paint_only, None)
        return popped

    def action_repair(self) -> None:
        """Write the whole screen anew."""
        self._ask_width()
        self.chat.picture.repair()
        self.screen.refresh(layout=True)

    def action_hint_quit(self) -> None:
        """Ctrl+C is a habit, and not one to lose work by."""
        self.notify("Ctrl+Q quits, q goes back.", timeout=3, markup=False)

    # -- leaving

    async def action_quit(self) -> None:
        """Keep what is typed, let the session put things away, and end."""
        await self._leave(0)

    def _told_to_leave(self, code: int) -> None:
        self.run_worker(self._leave(code), name="leave", group="leave", exclusive=True)

    async def _leave(self, code: int) -> None:
        self._ending = True
        self.chat.keep_typed()
        worker = self._session_worker
        if worker is not None and worker.is_running:
            # One turn of the loop lets the session's driver take in what was just dispatched.
            await asyncio.sleep(0)
            worker.cancel()
            with suppress(TimeoutError, WorkerError):
                async with asyncio.timeout(SETTLE_S):
                    await worker.wait()
        self.exit(code, return_code=code)

    def on_unmount(self) -> None:
        """Give the signals back."""
        self._leaving.stop()

    def _defect_words(self, error: Exception) -> Words:
        """Words for what went wrong with the picture by a fault of ours; the traceback goes into a file."""
        folder = self._options.crash_folder
        path = write_crash_file(error, folder, now_ms=self._clock.wall_ms()) if folder is not None else None
        return defect_words(str(path) if path is not None else "")

    def _fatal_error(self) -> None:
        """A defect: a short notice, and the traceback in a file instead of on the terminal.

        Textual's own report prints local variables, and those hold what others wrote and what is secret.
        """
        if self._exit_renderables:
            return  # the first is told; what breaks in its wake would only hide it
        error = self._exception
        path = None
        folder = self._options.crash_folder
        if error is not None and folder is not None:
            path = write_crash_file(error, folder, now_ms=self._clock.wall_ms())
        kind = type(error).__name__ if error is not None else "defect"
        where = (
            f"Details, without your data, are in {path}"
            if path is not None
            else "No details could be written."
        )
        self._return_code = CRASHED
        self._return_value = CRASHED
        self._exit_renderables.append(
            Content(f"imagechat: a defect ended the program ({kind}). What you typed is kept. {where}").plain
        )
        self._close_messages_no_wait()
