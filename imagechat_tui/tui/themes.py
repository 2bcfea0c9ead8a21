"""Our dark and our light: calm greys, one amber that means "marker, unread, now", red only for a failure."""

from __future__ import annotations

from typing import Final
from zlib import crc32

from textual.theme import Theme

PEOPLE: Final = 8
"""How many colours for names there are."""

_DARK_PEOPLE: Final = (
    "#8fb4dc", "#a9c48a", "#c9a3d6", "#7fc4bd", "#d6a58f", "#9fa8e0", "#c8bf86", "#d69bb4",
)  # fmt: skip
_LIGHT_PEOPLE: Final = (
    "#27578a", "#476a21", "#7a3f8e", "#14665f", "#8a4526", "#434fa3", "#6b5c10", "#94365f",
)  # fmt: skip


def _variables(*, rule: str, dim: str, cursor: str, bar: str, people: tuple[str, ...]) -> dict[str, str]:
    return {
        "rule": rule,
        "dim": dim,
        "cursor-row": cursor,
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
    error="#ee6d61",
    success="#9aa0a6",
    foreground="#d7dadd",
    background="#15171a",
    surface="#15171a",
    panel="#1f2226",
    dark=True,
    variables=_variables(rule="#363b41", dim="#8b9299", cursor="#2e343a", bar="#1b1e21", people=_DARK_PEOPLE),
)

LIGHT: Final = Theme(
    name="imagechat-light",
    primary="#565c63",
    secondary="#7d848b",
    accent="#9a5b00",
    warning="#9a5b00",
    error="#b3261e",
    success="#565c63",
    foreground="#22262a",
    background="#f7f7f5",
    surface="#f7f7f5",
    panel="#ebebe8",
    dark=False,
    variables=_variables(
        rule="#c9cac6", dim="#666c72", cursor="#dcdcd6", bar="#eeeeeb", people=_LIGHT_PEOPLE
    ),
)

THEMES: Final = {"dark": DARK, "light": LIGHT}
"""By the name that the settings use."""


def person_color(user_id: str) -> str:
    """The name of the theme variable that holds a person's colour: the same one in every session."""
    return f"person-{crc32(user_id.encode('utf-8', 'surrogatepass')) % PEOPLE}"
