"""How picture and sidebar share the screen, and where notices do not cover what one reads. Arithmetic only."""

from __future__ import annotations

from enum import StrEnum

SIDE_FROM = 100
"""Columns from which picture and threads stand side by side."""
STACKED_FROM = 60
"""Columns from which they stand one above the other; below, one is shown at a time."""
STACKED_ROWS = 16
"""Rows below which stacking leaves neither enough."""


class Layout(StrEnum):
    """Where the sidebar is."""

    SIDE = "side"
    STACKED = "stacked"
    SINGLE = "single"


class Sidebar(StrEnum):
    """What the person wants of the sidebar (key ``s``)."""

    FITTING = "fitting"
    FULL = "full"
    HIDDEN = "hidden"


def layout_for(columns: int, rows: int) -> Layout:
    """The layout for a terminal's size in cells."""
    if columns >= SIDE_FROM:
        return Layout.SIDE
    if columns >= STACKED_FROM and rows >= STACKED_ROWS:
        return Layout.STACKED
    return Layout.SINGLE


def next_sidebar(now: Sidebar) -> Sidebar:
    """What the key ``s`` makes of it: fitting, full, hidden, and round again."""
    order = tuple(Sidebar)
    return order[(order.index(now) + 1) % len(order)]


class Pane(StrEnum):
    """Which of the two is shown while there is room for one."""

    PICTURE = "picture"
    SIDEBAR = "sidebar"


class PaneLayout:
    """Which panes stand where, by the terminal's size and by what the person wants."""

    def __init__(self) -> None:
        self.arrangement = Layout.SIDE
        """Where the sidebar is now."""
        self.sidebar = Sidebar.FITTING
        """What the person wants of it."""
        self.pane = Pane.PICTURE
        """What is shown where there is room for one."""

    def fit(self, columns: int, rows: int) -> None:
        """Take in the terminal's size in cells, and what was wanted since."""
        full = self.sidebar is Sidebar.FULL
        self.arrangement = Layout.SINGLE if full else layout_for(columns, rows)

    def show(self, pane: Pane) -> None:
        """Have a pane on screen, whatever was wanted of the sidebar before."""
        hiding = Sidebar.HIDDEN if pane is Pane.SIDEBAR else Sidebar.FULL
        if self.sidebar is hiding:
            self.sidebar = Sidebar.FITTING
        self.pane = pane

    def cycle(self) -> None:
        """What the key ``s`` does; a pane that stands alone then is the one that is shown."""
        self.sidebar = next_sidebar(self.sidebar)
        if self.sidebar is not Sidebar.FITTING:
            self.pane = Pane.SIDEBAR if self.sidebar is Sidebar.FULL else Pane.PICTURE

    @property
    def classes(self) -> dict[str, bool]:
        """The classes that the style sheet lays the panes out by, and whether the screen has them."""
        single = self.arrangement is Layout.SINGLE
        hidden = self.sidebar is Sidebar.HIDDEN
        return {
            **{f"-{layout.value}": layout is self.arrangement for layout in Layout},
            "-no-picture": single and self.pane is Pane.SIDEBAR,
            "-no-sidebar": self.pane is Pane.PICTURE if single else hidden,
        }

    def notice_classes(self, *, reads_sidebar: bool, reads_above: bool, writing: bool) -> dict[str, bool]:
        """The classes that place notices: over the other pane, where there is one, else away from what is read.

        Args:
            reads_sidebar: whether keys go to the sidebar.
            reads_above: whether what is selected there is in its upper half.
            writing: whether a text is being written.
        """
        beside = reads_sidebar and self.arrangement is Layout.SIDE
        over = reads_sidebar and self.arrangement is Layout.STACKED
        alone = reads_sidebar and self.arrangement is Layout.SINGLE and not reads_above
        return {"-notes-left": beside, "-notes-top": not beside and (over or alone or writing)}
