"""How the two panes share the screen. Arithmetic only."""

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
