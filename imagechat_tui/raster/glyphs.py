"""Glyph sets, and which one a terminal is known to draw right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal


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


Lack = Literal["plain", "console", "old", "font", "width"]
"""Why a terminal may not show the glyphs that were chosen: TERM names one of ASCII alone, or the console, whose fonts
have few; this version does not draw them, and later ones do; it has what its font has; they are not one cell wide."""

How = Literal["asked", "plain", "console", "between", "term", "version", "unknown", "answer"]
"""How it is known what a terminal draws: the person said so; TERM names one of ASCII alone, or the console; tmux or the
like stands between; TERM names it; a variable tells its version; nothing is known of it; it has told its name."""

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
_BY_FONT: Final = ("xterm",)
"""Those that draw with their font alone. Without octants in it xterm 379 shifts what stands behind them."""
_VERSION: Final = re.compile(r"[0-9]{1,8}(\.[0-9]{1,8}){0,3}(?!\w)")
_MULTIPLEXERS: Final = ("tmux", "screen")
_STRANGERS: Final = (
    "TMUX", "STY", "ZELLIJ", "XTERM_VERSION", "ALACRITTY_WINDOW_ID", "ALACRITTY_LOG", "WT_SESSION", "KITTY_PID",
    "TERMINAL_EMULATOR", "TERM_PROGRAM", "MLTERM", "ConEmuPID",
)  # fmt: skip
"""Variables of other terminals: one that was started from a VTE or Konsole shell inherits that one's too."""
_XTERM: Final = "XTERM_VERSION"


def glyphs_of(terminal: str, version: tuple[int, ...]) -> GlyphSet:
    """What a terminal draws that has told its name and version; quadrants if nothing is known of it.

    Args:
        terminal: in small letters, as `graphics.named` has it.
        version: its numbers; () if it told none.
    """
    return next((glyphs for since, glyphs in _DRAWN.get(terminal, ()) if version >= since), GlyphSet.QUADRANT)


def glyphs_for(env: Mapping[str, str], flag: str | None) -> GlyphSet:
    """The set that `chosen_glyphs` finds."""
    return chosen_glyphs(env, flag)[0]


def chosen_glyphs(env: Mapping[str, str], flag: str | None) -> tuple[GlyphSet, How]:
    """Choose the set, and say why: the flag, else the sharpest that this terminal is known to draw, else quadrants.

    A wrong guess shows boxes instead of the picture, or shifts the row (octants in tmux 3.3a): so a terminal that
    is not named here, and every multiplexer, gets quadrants.
    """
    if flag and flag != "auto":
        return GlyphSet(flag), "asked"
    term = env.get("TERM", "")
    if _PLAIN.match(term):
        return GlyphSet.ASCII, "plain"
    if term.removeprefix("screen.").startswith(_CONSOLE):
        return GlyphSet.HALF, "console"
    if env.get("TMUX") or env.get("STY") or env.get("ZELLIJ") or term.startswith(_MULTIPLEXERS):
        return GlyphSet.QUADRANT, "between"
    if term in _SEXTANTS_BY_TERM or term.startswith("foot-"):
        if term.endswith("ghostty") and env.get("TERM_PROGRAM") == "ghostty":
            told_version = _numbers(env.get("TERM_PROGRAM_VERSION", ""))
            sharpest = max(GlyphSet.SEXTANT, glyphs_of("ghostty", told_version), key=_sharpness)
            return sharpest, "version"
        return GlyphSet.SEXTANT, "term"
    if not term.startswith("xterm") or any(env.get(name) for name in _STRANGERS):
        return GlyphSet.QUADRANT, "unknown"
    konsole = ".".join(re.findall("..", env.get("KONSOLE_VERSION", "")))  # 221203
    told = {"vte": env.get("VTE_VERSION", ""), "konsole": konsole}
    # With both variables one is inherited, and who of the two this is nobody knows.
    drawn = [glyphs_of(name, _numbers(version)) for name, version in told.items() if version]
    return (min(drawn, key=_sharpness), "version") if drawn else (GlyphSet.QUADRANT, "unknown")


def xterm_of(env: Mapping[str, str]) -> str:
    """What an xterm that nothing else stands in front of would say of itself, by its variable; empty if it is none."""
    others = (*_STRANGERS, "VTE_VERSION", "KONSOLE_VERSION")
    if not env.get("TERM", "").startswith("xterm") or any(env.get(name) for name in others if name != _XTERM):
        return ""
    return env.get(_XTERM, "")


def lack_of(
    chosen: GlyphSet, drawn: GlyphSet, terminal: str, version: tuple[int, ...], *, width: int | None = None
) -> Lack | None:
    """Why a terminal may not show the glyphs that the person chose; None if it does, or nobody knows.

    Args:
        chosen: what the person said.
        drawn: what the environment says that it draws.
        terminal: what it calls itself, as `graphics.named` has it; empty if it has not told.
        version: its numbers.
        width: cells that one of them takes, as far as that was measured.
    """
    if chosen is GlyphSet.ASCII:
        return None
    if drawn is GlyphSet.ASCII:
        return "plain"
    if drawn is GlyphSet.HALF and chosen is not GlyphSet.HALF:
        return "console"
    if width not in (None, 1):
        return "width"
    known = max(drawn, glyphs_of(terminal, version), key=_sharpness)
    if chosen is GlyphSet.BRAILLE or _sharpness(chosen) <= _sharpness(known):
        return None
    if terminal in _DRAWN:
        return "old"
    return "font" if terminal in _BY_FONT else None


def instead_of(chosen: GlyphSet, drawn: GlyphSet) -> GlyphSet:
    """What to draw with where the chosen ones are not one cell wide; ``drawn``: what the terminal surely draws."""
    return drawn if _sharpness(drawn) < _sharpness(chosen) else GlyphSet.QUADRANT


def width_of(sample: str, column: int) -> int | None:
    """Cells that each of a sample takes, by the column of the cursor behind it, from 0; 0 too where they differ.

    None if it answers something else.
    """
    if column > 2 * len(sample):
        return None
    whole, rest = divmod(column, len(sample))
    return whole if not rest else 0


def sample_of(glyphs: GlyphSet) -> str:
    """Two of a set that terminals, and what stands between, may take for other than one cell wide; empty if none."""
    return _SAMPLES.get(glyphs, "")


_SAMPLES: Final[Mapping[GlyphSet, str]] = {
    GlyphSet.SEXTANT: "\U0001fb00\U0001fb01",
    GlyphSet.OCTANT: "\U0001cd00\U0001cd01",
}


def _numbers(text: str) -> tuple[int, ...]:
    found = _VERSION.match(text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _sharpness(glyphs: GlyphSet) -> int:
    return list(GlyphSet).index(glyphs)
