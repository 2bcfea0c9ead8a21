"""Every ink is read on every ground that it is used on, in all themes, and as one of 16 colours where those are all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich._palettes import STANDARD_PALETTE
from rich.color import Color, ColorSystem
from textual.theme import Theme
from textual.widgets import Input

from imagechat_tui.raster.colors import ColorDepth, rgb_of
from imagechat_tui.tui.person_colors import PEOPLE
from imagechat_tui.tui.themes import DARK, DARK_OF_16, LIGHT, LIGHT_OF_16, themes_for
from tests.tui.conftest import Sit

OF_16 = [DARK_OF_16, LIGHT_OF_16]
THEMES = [DARK, LIGHT, *OF_16]
READ = 4.5
"""What WCAG 2 asks of text (1.4.3)."""


def luminance(rgb: int) -> float:
    shares = [(rgb >> shift & 255) / 255 for shift in (16, 8, 0)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def contrast(one: int, other: int) -> float:
    """The contrast ratio of WCAG 2, 1–21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def number(color: str) -> int:
    """Which of the sixteen a colour becomes."""
    found = Color.parse(color).downgrade(ColorSystem.STANDARD).number
    assert found is not None
    return found


def packed(color: str) -> int:
    return int(color.removeprefix("#"), 16)


def pairs(theme: Theme) -> Iterator[tuple[str, str, str]]:
    """What is written in which ink on which ground."""
    named = theme.variables
    assert theme.foreground and theme.accent and theme.error and theme.background and theme.panel
    grounds = {"screen": theme.background, "dialog": theme.panel, "bar": named["bar"]}
    row_error, row_error_ground = named["row-error"], named["row-error-ground"]
    people = {name: named[name] for name in (f"person-{n}" for n in range(PEOPLE))}
    inks = {"text": theme.foreground, "dim": named["dim"], "accent": theme.accent, **people}
    everywhere = {**grounds, "selected row": named["cursor-row"]}
    for ground, below in everywhere.items():
        for ink, color in inks.items():
            yield f"{ink} on {ground}", color, below
        own = below if row_error_ground == "transparent" else row_error_ground
        yield f"failure in a list on {ground}", row_error, own
    for ground, below in grounds.items():
        yield f"error on {ground}", theme.error, below
    yield "banner", theme.background, theme.accent


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_ink_is_read_on_its_grounds(theme: Theme) -> None:
    faint = [what for what, ink, ground in pairs(theme) if contrast(packed(ink), packed(ground)) < READ]
    assert faint == []


@pytest.mark.parametrize("theme", OF_16, ids=lambda theme: theme.name)
def test_terminals_of_16_colours_get_colours_that_they_have(theme: Theme) -> None:
    for what, ink, ground in pairs(theme):
        # Themes of many colours may name in-between ones; these name what arrives as it is told.
        for color in (ink, ground):
            assert STANDARD_PALETTE[number(color)].hex == color, what
        shown = [rgb_of(number(color), ColorDepth.ANSI) for color in (ink, ground)]
        assert contrast(shown[0], shown[1]) >= READ, what
    assert theme.background is not None
    assert number(theme.variables["cursor-row"]) != number(theme.background)


def test_a_terminal_of_16_colours_has_themes_of_its_own() -> None:
    assert themes_for("standard") == {"dark": DARK_OF_16, "light": LIGHT_OF_16}
    for other in ("auto", "256", "truecolor", None):
        assert themes_for(other) == {"dark": DARK, "light": LIGHT}


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
async def test_the_word_in_an_empty_search_is_read(sit: Sit, theme: Theme) -> None:
    async with sit(options={"theme": "dark" if theme.dark else "light"}) as desk:
        await desk.press("question_mark")
        search = desk.app.screen.query_one("#search", Input)
        style = search.get_component_rich_style("input--placeholder")
        assert style.color is not None
        assert style.bgcolor is not None
        ink, ground = (packed(color.get_truecolor().hex) for color in (style.color, style.bgcolor))
        assert contrast(ink, ground) >= READ
