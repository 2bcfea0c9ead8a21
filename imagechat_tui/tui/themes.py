"""Our dark and our light: calm greys, one amber that means "marker, unread, now", red only for a failure."""

from __future__ import annotations

from typing import Final

from textual import constants
from textual.theme import Theme

_DARK_PEOPLE: Final = (
    "#8fb4dc", "#a9c48a", "#c9a3d6", "#7fc4bd", "#d6a58f", "#9fa8e0", "#c8bf86", "#d69bb4",
)  # fmt: skip
_LIGHT_PEOPLE: Final = (
    "#27578a", "#476a21", "#7a3f8e", "#14665f", "#8a4526", "#434fa3", "#6b5c10", "#94365f",
)  # fmt: skip


# Of the sixteen, as Rich knows them: what is told in one of these arrives as just that.
_BLACK, _RED, _BLUE, _CYAN, _SILVER, _GREY = "#000000", "#aa0000", "#0000aa", "#00aaaa", "#aaaaaa", "#555555"
_BRIGHT_RED, _BRIGHT_GREEN, _BRIGHT_YELLOW, _BRIGHT_CYAN = "#ff5555", "#55ff55", "#ffff55", "#55ffff"
_WHITE = "#ffffff"


def _variables(
    *,
    rule: str,
    dim: str,
    cursor: str,
    bar: str,
    people: tuple[str, ...],
    row_error: tuple[str, str],
) -> dict[str, str]:
    """Names of our own for colours; ``row_error`` is a failure's ink and ground in a list."""
    return {
        "rule": rule,
        "dim": dim,
        "cursor-row": cursor,
        "row-error": row_error[0],
        "row-error-ground": row_error[1],
        "bar": bar,
        "footer-background": bar,
        "scrollbar": rule,
        "scrollbar-hover": dim,
        "scrollbar-active": dim,
        "scrollbar-background": bar,
        "scrollbar-background-hover": bar,
        "scrollbar-background-active": bar,
        **{f"person-{number}": color for number, color in enumerate(people)},
    }


DARK: Final = Theme(
    name="imagechat-dark",
    primary="#9aa0a6",
    secondary="#6b7177",
    accent="#f2b13c",
    warning="#f2b13c",
    error="#f27a6f",
    success="#9aa0a6",
    foreground="#d7dadd",
    background="#15171a",
    surface="#15171a",
    panel="#1f2226",
    dark=True,
    variables=_variables(
        rule="#363b41",
        dim="#979ea5",
        cursor="#2e343a",
        bar="#1b1e21",
        people=_DARK_PEOPLE,
        row_error=("#f27a6f", "transparent"),
    ),
)

LIGHT: Final = Theme(
    name="imagechat-light",
    primary="#565c63",
    secondary="#7d848b",
    accent="#8c5200",
    warning="#8c5200",
    error="#b3261e",
    success="#565c63",
    foreground="#22262a",
    background="#f7f7f5",
    surface="#f7f7f5",
    panel="#ebebe8",
    dark=False,
    variables=_variables(
        rule="#c9cac6",
        dim="#5a6066",
        cursor="#dcdcd6",
        bar="#eeeeeb",
        people=_LIGHT_PEOPLE,
        row_error=("#b3261e", "transparent"),
    ),
)

DARK_OF_16: Final = Theme(
    name="imagechat-dark-16",
    primary=_SILVER,
    secondary=_GREY,
    accent=_BRIGHT_YELLOW,
    warning=_BRIGHT_YELLOW,
    error=_BRIGHT_RED,
    success=_SILVER,
    foreground=_WHITE,
    background=_BLACK,
    surface=_BLACK,
    panel=_BLACK,
    dark=True,
    variables=_variables(
        rule=_GREY,
        dim=_SILVER,
        cursor=_BLUE,
        bar=_BLACK,
        people=(_BRIGHT_CYAN, _BRIGHT_GREEN, _CYAN, _SILVER) * 2,
        # No red is read on blue.
        row_error=(_WHITE, _RED),
    ),
)

# No amber is read on white, and the grey of many terminals is not either.
LIGHT_OF_16: Final = Theme(
    name="imagechat-light-16",
    primary=_BLACK,
    secondary=_GREY,
    accent=_BLUE,
    warning=_BLUE,
    error=_RED,
    success=_BLACK,
    foreground=_BLACK,
    background=_WHITE,
    surface=_WHITE,
    panel=_WHITE,
    dark=False,
    variables=_variables(
        rule=_GREY,
        dim=_BLACK,
        cursor=_BRIGHT_CYAN,
        bar=_WHITE,
        people=(_BLUE, _BLACK) * 4,
        row_error=(_WHITE, _RED),
    ),
)


def themes_for(color_system: str | None) -> dict[str, Theme]:
    """By the name that the settings use, for a terminal of these colours, as Textual calls them.

    The nearest of sixteen colours to ours are the same for things that must differ, or are not read.
    """
    if color_system == "standard":
        return {"dark": DARK_OF_16, "light": LIGHT_OF_16}
    return {"dark": DARK, "light": LIGHT}


THEMES: Final = themes_for(constants.COLOR_SYSTEM)
"""Those for this terminal, by the name that the settings use."""
