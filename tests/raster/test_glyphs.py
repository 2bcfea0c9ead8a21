"""Which set a terminal gets: never one that it might show as boxes."""

from __future__ import annotations

import pytest

from imagechat_tui.raster.glyphs import (
    GlyphSet,
    chosen_glyphs,
    glyphs_for,
    glyphs_of,
    instead_of,
    lack_of,
    sample_of,
    width_of,
)
from imagechat_tui.raster.graphics import named

VTE = {"TERM": "xterm-256color", "VTE_VERSION": "7006"}
GHOSTTY = {"TERM": "xterm-ghostty", "TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.2.3"}


@pytest.mark.parametrize(
    ("env", "glyphs"),
    [
        ({"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}, GlyphSet.SEXTANT),
        ({"TERM": "foot"}, GlyphSet.SEXTANT),
        ({"TERM": "foot-extra"}, GlyphSet.SEXTANT),
        (VTE, GlyphSet.SEXTANT),
        ({**VTE, "VTE_VERSION": "8001"}, GlyphSet.OCTANT),
        ({**VTE, "VTE_VERSION": "7803"}, GlyphSet.SEXTANT),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "250402"}, GlyphSet.SEXTANT),
        # One was started from the other.
        ({**VTE, "VTE_VERSION": "8001", "KONSOLE_VERSION": "250402"}, GlyphSet.SEXTANT),
        ({**VTE, "VTE_VERSION": "5202", "KONSOLE_VERSION": "250402"}, GlyphSet.QUADRANT),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "221203"}, GlyphSet.SEXTANT),
        (GHOSTTY, GlyphSet.OCTANT),
        ({"TERM": "xterm-ghostty"}, GlyphSet.SEXTANT),  # through ssh: its version is not told
        ({**GHOSTTY, "TERM_PROGRAM_VERSION": "1.1.9"}, GlyphSet.SEXTANT),
        ({**GHOSTTY, "TERM_PROGRAM_VERSION": "nightly"}, GlyphSet.SEXTANT),
        ({**GHOSTTY, "TERM_PROGRAM_VERSION": "1.2\u0663"}, GlyphSet.SEXTANT),
        ({"TERM": "dumb"}, GlyphSet.ASCII),
        ({}, GlyphSet.ASCII),
        ({"TERM": "unknown"}, GlyphSet.ASCII),
        ({"TERM": "vt220"}, GlyphSet.ASCII),
        ({"TERM": "vt100-w", "STY": "1"}, GlyphSet.ASCII),
        ({"TERM": "linux"}, GlyphSet.HALF),
        ({"TERM": "screen.linux", "STY": "1"}, GlyphSet.HALF),
        ({"TERM": "linux-16color", "TMUX": "x"}, GlyphSet.HALF),
    ],
)
def test_a_terminal_known_by_name_gets_what_it_draws(env: dict[str, str], glyphs: GlyphSet) -> None:
    assert glyphs_for(env, None) is glyphs
    assert glyphs_for(env, "auto") is glyphs


@pytest.mark.parametrize(
    "env",
    [
        {"TERM": "xterm-256color"},
        {"TERM": "vte-256color"},
        {"TERM": "dumber"},
        {"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"},  # something started from kitty
        {"TERM": "alacritty"},
        {"TERM": "rxvt-unicode-256color", "VTE_VERSION": "7006"},
        {"TERM": "xterm-256color", "WT_SESSION": "1"},
        {"TERM": "xterm-256color", "TERM_PROGRAM": "vscode"},
        {"TERM": "xterm-256color", "VTE_VERSION": "5202"},
        {"TERM": "xterm-256color", "VTE_VERSION": "7006\u0663"},
        {"TERM": "xterm-256color", "VTE_VERSION": "9" * 5000},
        {**VTE, "XTERM_VERSION": "XTerm(379)"},
        {**VTE, "VTE_VERSION": "8001", "XTERM_VERSION": "XTerm(379)"},
        {**VTE, "VTE_VERSION": "8001", "TMUX": "/tmp/tmux-1000/default,1,0"},
        {**VTE, "ALACRITTY_WINDOW_ID": "7"},
        {**VTE, "TMUX": "/tmp/tmux-1000/default,1,0"},
        {**VTE, "STY": "1.pts"},
        {**GHOSTTY, "TMUX": "/tmp/tmux-1000/default,1,0"},
        {**GHOSTTY, "TERM": "tmux-256color"},
        {"TERM": "screen.xterm-256color", "KITTY_WINDOW_ID": "1"},
        {"TERM": "foot", "ZELLIJ": "0"},
    ],
)
def test_any_other_terminal_gets_quadrants(env: dict[str, str]) -> None:
    assert glyphs_for(env, None) is GlyphSet.QUADRANT


@pytest.mark.parametrize("glyphs", list(GlyphSet))
def test_what_the_person_says_holds_everywhere(glyphs: GlyphSet) -> None:
    assert glyphs_for({"TERM": "tmux-256color", "TMUX": "x"}, glyphs.value) is glyphs


@pytest.mark.parametrize(
    ("said", "glyphs"),
    [
        ("kitty(0.26.5)", GlyphSet.SEXTANT),
        ("kitty(0.39.1)", GlyphSet.SEXTANT),
        ("kitty(0.40.0)", GlyphSet.OCTANT),
        ("kitty(0.41.1)", GlyphSet.OCTANT),
        ("kitty(1.0)", GlyphSet.OCTANT),
        ("kitty(0.9)", GlyphSet.QUADRANT),
        ("foot(1.13.1)", GlyphSet.SEXTANT),
        ("foot(1.20.2-12-g7a2b)", GlyphSet.OCTANT),
        ("foot(1.21.0)", GlyphSet.OCTANT),
        ("VTE(5202)", GlyphSet.QUADRANT),
        ("VTE(7006)", GlyphSet.SEXTANT),
        ("VTE(8001)", GlyphSet.OCTANT),
        ("Konsole 22.12.3", GlyphSet.SEXTANT),
        ("Konsole 21.08.0", GlyphSet.QUADRANT),
        ("ghostty 1.1.3", GlyphSet.SEXTANT),
        ("ghostty 1.2.0", GlyphSet.OCTANT),
        ("XTerm(379)", GlyphSet.QUADRANT),
        ("tmux 3.5a", GlyphSet.QUADRANT),
        ("kitty", GlyphSet.QUADRANT),
        ("", GlyphSet.QUADRANT),
    ],
)
def test_a_terminal_that_tells_its_version_gets_what_that_one_draws(said: str, glyphs: GlyphSet) -> None:
    assert glyphs_of(*named(said)) is glyphs


@pytest.mark.parametrize(
    ("env", "flag", "how"),
    [
        ({"TERM": "xterm"}, "octant", "asked"),
        ({"TERM": "vt220"}, None, "plain"),
        ({"TERM": "linux"}, None, "console"),
        ({"TERM": "xterm", "TMUX": "x"}, None, "between"),
        ({"TERM": "screen"}, None, "between"),
        ({"TERM": "foot"}, None, "term"),
        (GHOSTTY, None, "version"),
        (VTE, None, "version"),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "250402"}, None, "version"),
        ({"TERM": "alacritty"}, None, "unknown"),
        ({"TERM": "xterm"}, None, "unknown"),
        ({**VTE, "TERM_PROGRAM": "vscode"}, None, "unknown"),
    ],
)
def test_it_is_known_how_the_set_was_chosen(env: dict[str, str], flag: str | None, how: str) -> None:
    assert chosen_glyphs(env, flag)[1] == how


OCTANT, SEXTANT, QUADRANT, HALF = GlyphSet.OCTANT, GlyphSet.SEXTANT, GlyphSet.QUADRANT, GlyphSet.HALF


@pytest.mark.parametrize(
    ("chosen", "drawn", "said", "width", "lack"),
    [
        (OCTANT, QUADRANT, "XTerm(379)", 1, "font"),
        (OCTANT, QUADRANT, "XTerm(379)", 0, "width"),
        (SEXTANT, QUADRANT, "XTerm(379)", 1, "font"),
        (QUADRANT, QUADRANT, "XTerm(379)", None, None),
        (HALF, QUADRANT, "XTerm(379)", None, None),
        (GlyphSet.BRAILLE, QUADRANT, "XTerm(379)", None, None),
        (OCTANT, SEXTANT, "kitty(0.26.5)", 1, "old"),
        (SEXTANT, SEXTANT, "kitty(0.26.5)", 1, None),
        (OCTANT, SEXTANT, "kitty(0.41.1)", 1, None),
        (OCTANT, SEXTANT, "foot(1.13.1)", None, "old"),
        (OCTANT, OCTANT, "", None, None),
        (OCTANT, SEXTANT, "Konsole 25.04.2", 1, "old"),
        # What stands between does not tell what the terminal draws; but it may not know how wide it is.
        (OCTANT, QUADRANT, "tmux 3.3a", 1, None),
        (OCTANT, QUADRANT, "", 0, "width"),
        (SEXTANT, QUADRANT, "", 2, "width"),
        (OCTANT, QUADRANT, "WezTerm 20240203", 1, None),
        (OCTANT, QUADRANT, "", None, None),
        (QUADRANT, HALF, "", None, "console"),
        (GlyphSet.BRAILLE, HALF, "", None, "console"),
        (HALF, HALF, "", None, None),
        (HALF, GlyphSet.ASCII, "", None, "plain"),
        (GlyphSet.ASCII, GlyphSet.ASCII, "", None, None),
        (GlyphSet.ASCII, HALF, "XTerm(379)", None, None),
    ],
)
def test_what_was_chosen_is_lacking_only_where_that_is_known(
    chosen: GlyphSet, drawn: GlyphSet, said: str, width: int | None, lack: str | None
) -> None:
    assert lack_of(chosen, drawn, *named(said), width=width) == lack


@pytest.mark.parametrize("glyphs", GlyphSet)
def test_the_width_is_asked_of_what_terminals_may_not_know(glyphs: GlyphSet) -> None:
    sample = sample_of(glyphs)
    assert bool(sample) is (glyphs in (SEXTANT, OCTANT))
    if sample:
        widths = [width_of(sample, column) for column in range(7)]
        assert widths == [0, 0, 1, 0, 2, None, None]


def test_in_their_place_comes_what_is_surely_drawn() -> None:
    assert instead_of(OCTANT, SEXTANT) is SEXTANT
    assert instead_of(OCTANT, QUADRANT) is QUADRANT
    assert instead_of(OCTANT, OCTANT) is QUADRANT
