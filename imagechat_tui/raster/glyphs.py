"""Glyph sets, and which one a terminal is known to draw right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class GlyphSet(StrEnum):
    """From plain to sharp; which one a terminal draws right is known by name only, never guessed."""

    HALF = "half"
    QUADRANT = "quadrant"
    """Quadrants, eighths and heavy lines: right in every terminal tried."""
    SEXTANT = "sextant"
    """The former and what Unicode 13 has of the kind: 2 × 3 mosaics, bars, eighths from each side, wedges."""
    OCTANT = "octant"
    """All of the former and the 2 × 4 mosaics of Unicode 16."""
    BRAILLE = "braille"
    ASCII = "ascii"


RAMP = " .:-=+*#%@"
"""Characters by density, for terminals without colour."""

# What terminals draw by themselves, whatever the font: the oldest version of each that draws a set right, the sharpest
# set first. Looked at were kitty 0.26 and 0.41, foot 1.13 and 1.21, Konsole 22.12 and 25.04, VTE 0.70 (and every octant
# in 0.80.1). Ghostty has all of Unicode 13's in its code, and all octants since its pull request 7761.
_DRAWN: Final[Mapping[str, tuple[tuple[tuple[int, ...], GlyphSet], ...]]] = {
    "kitty": (((0, 40), GlyphSet.OCTANT), ((0, 26), GlyphSet.SEXTANT)),
    "foot": (((1, 20), GlyphSet.OCTANT), ((1, 13), GlyphSet.SEXTANT)),
    "ghostty": (((1, 2), GlyphSet.OCTANT), ((1,), GlyphSet.SEXTANT)),
    "vte": (((8001,), GlyphSet.OCTANT), ((7000,), GlyphSet.SEXTANT)),
    "konsole": (((22, 12), GlyphSet.SEXTANT),),
}
# TERM names come through ssh, and it is the terminal itself that sets them; none tells a version.
_SEXTANTS_BY_TERM: Final = ("xterm-kitty", "foot", "xterm-ghostty", "ghostty")
_PLAIN: Final = re.compile(r"$|dumb$|unknown$|emacs$|vt\d", re.ASCII)
"""TERM of terminals that have nothing but ASCII, or of which nothing is known."""
_CONSOLE: Final = "linux"
"""Its fonts have half blocks (code page 437), and no quadrants."""
_VERSION: Final = re.compile(r"[0-9]{1,8}(\.[0-9]{1,8}){0,3}(?!\w)")
_MULTIPLEXERS: Final = ("tmux", "screen")
_STRANGERS: Final = (
    "TMUX", "STY", "ZELLIJ", "XTERM_VERSION", "ALACRITTY_WINDOW_ID", "ALACRITTY_LOG", "WT_SESSION", "KITTY_PID",
    "TERMINAL_EMULATOR", "TERM_PROGRAM", "MLTERM", "ConEmuPID",
)  # fmt: skip
"""Variables of other terminals: one that was started from a VTE or Konsole shell inherits that one's too."""


def glyphs_of(terminal: str, version: tuple[int, ...]) -> GlyphSet:
    """What a terminal draws that has told its name and version; quadrants if nothing is known of it.

    Args:
        terminal: in small letters, as `graphics.named` has it.
        version: its numbers; () if it told none.
    """
    return next((glyphs for since, glyphs in _DRAWN.get(terminal, ()) if version >= since), GlyphSet.QUADRANT)


def glyphs_for(env: Mapping[str, str], flag: str | None) -> GlyphSet:
    """Choose the set: the flag, else the sharpest that this terminal is known to draw, else quadrants.

    A wrong guess shows boxes instead of the picture, or shifts the row (octants in tmux 3.3a): so a terminal that
    is not named here, and every multiplexer, gets quadrants.
    """
    if flag and flag != "auto":
        return GlyphSet(flag)
    term = env.get("TERM", "")
    if _PLAIN.match(term):
        return GlyphSet.ASCII
    if term.removeprefix("screen.").startswith(_CONSOLE):
        return GlyphSet.HALF
    if env.get("TMUX") or env.get("STY") or env.get("ZELLIJ") or term.startswith(_MULTIPLEXERS):
        return GlyphSet.QUADRANT
    if term in _SEXTANTS_BY_TERM or term.startswith("foot-"):
        if term.endswith("ghostty") and env.get("TERM_PROGRAM") == "ghostty":
            return max(
                GlyphSet.SEXTANT,
                glyphs_of("ghostty", _numbers(env.get("TERM_PROGRAM_VERSION", ""))),
                key=_sharpness,
            )
        return GlyphSet.SEXTANT
    if not term.startswith("xterm") or any(env.get(name) for name in _STRANGERS):
        return GlyphSet.QUADRANT
    konsole = ".".join(re.findall("..", env.get("KONSOLE_VERSION", "")))  # 221203
    told = {"vte": env.get("VTE_VERSION", ""), "konsole": konsole}
    # With both variables one is inherited, and who of the two this is nobody knows.
    drawn = [glyphs_of(name, _numbers(version)) for name, version in told.items() if version]
    return min(drawn, default=GlyphSet.QUADRANT, key=_sharpness)


def _numbers(text: str) -> tuple[int, ...]:
    found = _VERSION.match(text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _sharpness(glyphs: GlyphSet) -> int:
    return list(GlyphSet).index(glyphs)
