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
    """The former and the 2 × 3 mosaics of Unicode 13."""
    OCTANT = "octant"
    """All of the former and the 2 × 4 mosaics of Unicode 16."""
    BRAILLE = "braille"
    ASCII = "ascii"


RAMP = " .:-=+*#%@"
"""Characters by density, for terminals without colour."""

# What these terminals draw by themselves, whatever the font. Looked at were the versions that Debian 12 and 13
# ship (TERM names come through ssh; it is the terminal itself that sets them). kitty 0.41 and foot 1.21 draw octants
# as well, kitty 0.26 and foot 1.13 do not, and neither says in the environment which version it is.
_SEXTANTS_BY_TERM: Final = ("xterm-kitty", "foot", "xterm-ghostty", "ghostty")
_PLAIN: Final = re.compile(r"$|dumb$|unknown$|emacs$|vt\d", re.ASCII)
"""TERM of terminals that have nothing but ASCII, or of which nothing is known."""
_CONSOLE: Final = "linux"
"""Its fonts have half blocks (code page 437), and no quadrants."""
_MULTIPLEXERS: Final = ("tmux", "screen")
_STRANGERS: Final = (
    "TMUX", "STY", "ZELLIJ", "XTERM_VERSION", "ALACRITTY_WINDOW_ID", "ALACRITTY_LOG", "WT_SESSION", "KITTY_PID",
    "TERMINAL_EMULATOR", "TERM_PROGRAM", "MLTERM", "ConEmuPID",
)  # fmt: skip
"""Variables of other terminals: one that was started from a VTE or Konsole shell inherits that one's too."""
_VTE: Final = 7000
"""0.70, the oldest looked at."""
_VTE_OCTANTS: Final = 8001
"""0.80.1, in which every octant was looked at."""
_KONSOLE: Final = 221200
_GHOSTTY: Final = (1, 2)
"""The first with all octants: ghostty-org/ghostty pull request 7761, July 2025."""


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
        known = term.endswith("ghostty") and env.get("TERM_PROGRAM") == "ghostty"
        if known and _version(env.get("TERM_PROGRAM_VERSION", "")) >= _GHOSTTY:
            return GlyphSet.OCTANT
        return GlyphSet.SEXTANT
    alone = term.startswith("xterm") and not any(env.get(name) for name in _STRANGERS)
    vte, konsole = _number(env, "VTE_VERSION"), _number(env, "KONSOLE_VERSION")
    if not alone or (vte < _VTE and konsole < _KONSOLE):
        return GlyphSet.QUADRANT
    # With both variables one is inherited, and who of the two this is nobody knows.
    return GlyphSet.OCTANT if vte >= _VTE_OCTANTS and not konsole else GlyphSet.SEXTANT


def _number(env: Mapping[str, str], name: str) -> int:
    text = env.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text[:32])[:2])
