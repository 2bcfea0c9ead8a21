"""The main screen's frame: which pane is where, which one has the focus, and what the edges tell."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.getters import query_one
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from imagechat_tui.commands import WRITES
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.sync.state import ChatState, Phase
from imagechat_tui.tui.chat.layout import Layout, Sidebar, layout_for, next_sidebar
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.commands import hints
from imagechat_tui.tui.picture.image_view import ImageView
from imagechat_tui.tui.textual_internals.background import Ground, ground
from imagechat_tui.tui.textual_internals.focus import quiet_focus
from imagechat_tui.tui.textual_internals.layers import Layer
from imagechat_tui.tui.widgets.bars import HeaderBar, HeaderFacts, PresenceBar, StatusBar, StatusFacts
from imagechat_tui.tui.widgets.comment_list import CommentList
from imagechat_tui.tui.widgets.composer import Composer
from imagechat_tui.tui.widgets.offline_banner import OfflineBanner
from imagechat_tui.tui.widgets.thread_list import ThreadList

if TYPE_CHECKING:
    from imagechat_tui.raster.render import RenderOptions

PANES = {"picture": "PICTURE", "threads": "THREADS", "comments": "THREAD", "editor": "WRITING"}
"""What the status line calls the pane that has the focus, by the widget's id."""

CHOOSING = (("two letters", "open a marker"), ("Esc", "cancel"))
"""What the status line says while keys are letters on markers."""

UP = frozenset({Phase.LIVE, Phase.CATCHING_UP, Phase.READ_ONLY})
"""Phases in which a measured round trip is still true."""


class PanesScreen(Layer[None]):
    """Header, banner, picture, sidebar, status line."""

    header = query_one("#header", HeaderBar)
    banner = query_one("#banner", OfflineBanner)
    picture = query_one("#picture", ImageView)
    notice = query_one("#notice", Static)
    sidebar = query_one("#sidebar", Vertical)
    title_line = query_one("#sidebar-title", Static)
    threads = query_one("#threads", ThreadList)
    comments = query_one("#comments", CommentList)
    composer = query_one("#composer", Composer)
    presence = query_one("#presence", PresenceBar)
    status = query_one("#status", StatusBar)

    AUTO_FOCUS = "#picture"

    focused = quiet_focus()

    def __init__(self, state: ChatState, *, name: str, options: RenderOptions, clock: Clock) -> None:
        super().__init__()
        self.chat = state
        self.clock = clock
        self.picture_name = safe_text(name, Kind.LINE)
        self._options = options
        self._composed: ImageView | None = None
        self._arrangement = Layout.SIDE
        self._sidebar = Sidebar.FITTING
        self._title = Content()
        self.pictureless = False
        """Whether there will be no picture."""
        self._single_pane = "picture"
        """Which pane is shown while there is room for one."""

    def compose(self) -> ComposeResult:
        """The parts, from top to bottom."""
        tenant = safe_text(self.chat.room.tenant_id, Kind.NAME)
        yield HeaderBar(HeaderFacts(self.picture_name, "", tenant, self.chat.connection.phase), id="header")
        yield OfflineBanner(self.clock, id="banner")
        with Ground(id="panes"):
            with Ground(id="picture-pane"):
                self._composed = ImageView(id="picture")
                self._composed.options = self._options
                yield self._composed
                yield Static("Loading picture", id="notice", markup=False)
            with Vertical(id="sidebar"):
                yield Static(id="sidebar-title", markup=False)
                yield ThreadList(self.clock, id="threads")
                yield CommentList(self.clock, id="comments")
                yield Composer(id="composer")
                yield PresenceBar(id="presence")
        yield StatusBar(id="status")

    def draw_with(self, options: RenderOptions) -> None:
        """Draw the picture so from now on; its widget may not be there yet, or not be found yet."""
        self._options = options
        if self._composed is not None:
            self._composed.options = options

    def render_lines(self, crop: Region) -> list[Strip]:
        """The ground below the parts."""
        return ground(self, crop)

    # -- layout

    def on_resize(self, event: events.Resize) -> None:
        """Put the panes where they fit."""
        self.lay_out(event.size.width, event.size.height)

    def lay_out(self, columns: int, rows: int) -> None:
        """Set the classes that the style sheet lays the panes out by."""
        arrangement = layout_for(columns, rows)
        if self._sidebar is Sidebar.FULL:
            arrangement = Layout.SINGLE
        self._arrangement = arrangement
        for layout in Layout:
            self.set_class(layout is arrangement, f"-{layout.value}")
        single = arrangement is Layout.SINGLE
        hidden = self._sidebar is Sidebar.HIDDEN
        pane = self._single_pane
        self.set_class((single and pane == "sidebar"), "-no-picture")
        self.set_class((single and pane == "picture") or (hidden and not single), "-no-sidebar")
        self.tell_status()

    def show_pane(self, pane: str) -> None:
        """Make sure that ``picture`` or ``sidebar`` is on screen."""
        if pane == "sidebar" and self._sidebar is Sidebar.HIDDEN:
            self._sidebar = Sidebar.FITTING
        if pane == "picture" and self._sidebar is Sidebar.FULL:
            self._sidebar = Sidebar.FITTING
        self._single_pane = pane
        self.lay_out(self.size.width, self.size.height)

    def go(self, widget: Widget) -> None:
        """Show the pane that holds ``widget`` and give it the focus."""
        self.show_pane("picture" if widget is self.picture else "sidebar")
        self.set_focus(widget, scroll_visible=False)  # at once: the next key may be here already

    @property
    def arrangement(self) -> Layout:
        """Where the sidebar is now."""
        return self._arrangement

    @property
    def reads_sidebar(self) -> bool:
        """Whether keys go to the sidebar."""
        return self.focused is not None and self.sidebar in self.focused.ancestors

    @property
    def sidebar_wish(self) -> Sidebar:
        """What the person wants of the sidebar."""
        return self._sidebar

    @property
    def list_pane(self) -> Widget:
        """What the sidebar shows: the list, or the open thread."""
        return self.comments if self.has_class("-reading") else self.threads

    def action_next_pane(self) -> None:
        """Go round: picture, threads, and the text if one is being written."""
        focused = self.focused
        if focused is self.picture:
            self.go(self.composer.editor if self.has_class("-writing") else self.list_pane)
        else:
            self.go(self.picture)

    def action_cycle_sidebar(self) -> None:
        """Sidebar as fits, alone, or away."""
        self._sidebar = next_sidebar(self._sidebar)
        if self._sidebar is Sidebar.FULL:
            self.go_keeping(Sidebar.FULL, self.list_pane)
        elif self._sidebar is Sidebar.HIDDEN:
            self.go_keeping(Sidebar.HIDDEN, self.picture)
        else:
            self.lay_out(self.size.width, self.size.height)

    def go_keeping(self, sidebar: Sidebar, widget: Widget) -> None:
        """Give the focus to ``widget`` with the sidebar as asked."""
        self._sidebar = sidebar
        self._single_pane = "picture" if widget is self.picture else "sidebar"
        self.lay_out(self.size.width, self.size.height)
        self.set_focus(widget, scroll_visible=False)

    # -- the edges

    def on_descendant_focus(self) -> None:
        """The keys that matter are others now."""
        self.tell_status()

    def tell_status(self) -> None:
        """Fill in the status line."""
        focused, connection = self.focused, self.chat.connection
        focus = (focused.id or "") if focused is not None else ""
        self.title_line.set_class(self.reads_sidebar, "-focused")
        self.status.facts = StatusFacts(
            pane=PANES.get(focus, "PICTURE"),
            crosshair=None if self.pictureless else self.picture.target or self.picture.crosshair,
            zoom=self.picture.zoom,
            round_trip_s=connection.round_trip_s if connection.phase in UP else None,
            typing=focus == "editor",
            markers=self.picture.markers_shown,
            leaving="back" if self.has_class("-reading") else "quit",
            hints=CHOOSING if self.picture.choosing else hints(self, focus, self.useless_commands()),
        )

    def useless_commands(self) -> Set[str]:
        """Ids of commands that would do nothing now."""
        return self.forbidden_commands()

    def forbidden_commands(self) -> Set[str]:
        """Ids of commands that are not for somebody who may only read."""
        return (
            WRITES
            if self.chat.confirmed.read_only or self.chat.connection.phase is Phase.READ_ONLY
            else frozenset()
        )

    def say_title(self, *parts: str | tuple[str, str]) -> None:
        """What stands above the list."""
        content = Content.assemble(" ", *parts)
        if content != self._title:
            self._title = content
            self.title_line.update(content, layout=False)
