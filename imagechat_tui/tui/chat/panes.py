"""Picture and sidebar on the screen: which of them is seen, and which has the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imagechat_tui.tui.chat.layout import Layout, Pane, PaneLayout, Sidebar

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.widget import Widget

    from imagechat_tui.sync.state import CommentView
    from imagechat_tui.tui.chat.sidebar import ThreadSidebar


class Panes:
    """Gives the screen the classes that the style sheet lays it out by, and the focus to one of its panes.

    Args:
        screen: has the classes ``-reading`` while a thread is open, ``-writing`` while a text is written.
        picture: the one pane.
        sidebar: the other one.
        on_change: called when the panes may stand elsewhere.
    """

    def __init__(
        self, screen: Screen[Any], *, picture: Widget, sidebar: ThreadSidebar, on_change: Callable[[], None]
    ) -> None:
        self._screen = screen
        self._picture = picture
        self._sidebar = sidebar
        self._on_change = on_change
        self._layout = PaneLayout()

    def fit(self, columns: int, rows: int) -> None:
        """Have the panes where they fit into a screen of this size in cells."""
        self._layout.fit(columns, rows)
        self._set_classes(self._layout.classes)
        self._on_change()

    def _set_classes(self, classes: dict[str, bool]) -> None:
        for name, has in classes.items():
            self._screen.set_class(has, name)

    def _fit_again(self) -> None:
        self.fit(self._screen.size.width, self._screen.size.height)

    @property
    def arrangement(self) -> Layout:
        """Where the sidebar is now."""
        return self._layout.arrangement

    @property
    def list_pane(self) -> Widget:
        """What the sidebar shows: the list, or the open thread."""
        return self._sidebar.comments if self._screen.has_class("-reading") else self._sidebar.threads

    @property
    def reads_sidebar(self) -> bool:
        """Whether keys go to anything in the sidebar."""
        focused = self._screen.focused
        return focused is not None and self._sidebar in focused.ancestors

    @property
    def focused_comment(self) -> CommentView | None:
        """The selected comment, if keys go to the open thread."""
        return self._sidebar.comment if self._screen.focused is self._sidebar.comments else None

    def show(self, pane: Pane) -> None:
        """Make sure that a pane is on screen."""
        self._layout.show(pane)
        self._fit_again()

    def go(self, widget: Widget) -> None:
        """Show the pane that holds ``widget`` and give it the focus."""
        self.show(Pane.PICTURE if widget is self._picture else Pane.SIDEBAR)
        self._focus(widget)

    def _focus(self, widget: Widget) -> None:
        self._screen.set_focus(widget, scroll_visible=False)  # at once: the next key may be here already

    def next(self) -> None:
        """Go round: picture, threads, and the text if one is being written."""
        if self._screen.focused is not self._picture:
            self.go(self._picture)
        elif self._screen.has_class("-writing"):
            self.go(self._sidebar.composer.editor)
        else:
            self.go(self.list_pane)

    def cycle_sidebar(self) -> Sidebar:
        """Have the sidebar as it fits, alone, or away; the focus goes to what is left."""
        self._layout.cycle()
        self._fit_again()
        if self._layout.sidebar is Sidebar.FULL:
            self._focus(self.list_pane)
        elif self._layout.sidebar is Sidebar.HIDDEN:
            self._focus(self._picture)
        return self._layout.sidebar

    def place_notices(self) -> None:
        """Have notices where they do not cover what one reads or writes."""
        classes = self._layout.notice_classes(
            reads_sidebar=self.reads_sidebar,
            reads_above=self._sidebar.reads_above(thread=self._screen.has_class("-reading")),
            writing=self._screen.has_class("-writing"),
        )
        self._set_classes(classes)
