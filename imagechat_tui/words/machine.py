"""What this machine does not have: room, files, signs of one cell, true colours, pictures in pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from imagechat_tui.words.parts import Words, safe_name

if TYPE_CHECKING:
    from imagechat_tui.raster.colors import Reason
    from imagechat_tui.raster.glyphs import Lack
    from imagechat_tui.raster.graphics import Fault

WIDE_SIGNS = "Signs are two cells wide here: drawn in ASCII."
"""Told once, when the terminal has answered."""
NO_UTF8 = "The terminal takes no UTF-8: drawn in ASCII. Start it in a UTF-8 locale, as xterm -u8."
"""As above."""
NO_UTF8_BEHIND = (
    "tmux takes your terminal for one without UTF-8: drawn in ASCII. Attach with tmux -u, then Ctrl+L."
)
"""Told at the start, and when another terminal is attached."""


def disk_full_words(name: str) -> Words:
    """There is no room left on a disk of this machine; ``name`` is the file, raw, empty if it is not known."""
    about = safe_name(name) or "what was to be written"
    return Words("Disk full", f"There is no room left for {about}.", "Make room on that disk of yours.")


def too_many_files_words() -> Words:
    """The system lets this program, or all together, open no more files."""
    return Words(
        "Too many open files", "The system lets us open no more of them.", "Raise the limit: ulimit -n 1024"
    )


def fewer_colors_words(depth: str) -> Words:
    """A terminal over SSH was asked for true colours and does not tell of any; ``depth`` is how many there are."""
    return Words(
        f"Drawn in {depth} colours",
        "Asked over SSH, your terminal does not say that it has true colours.",
        "If it has: --colors truecolor; for all programs SendEnv COLORTERM in ~/.ssh/config where you sit, "
        "AcceptEnv COLORTERM in sshd_config here.",
    )


def wrong_colors_words(chosen: str, how: Reason, term: str) -> Words:
    """The terminal is known to have fewer colours than were chosen.

    Args:
        chosen: how many.
        how: it is known.
        term: TERM, raw.
    """
    if how == "screen":
        return Words(
            "Drawn in 256 colours",
            "GNU screen before 5.0 takes true colours for underlines and other such noise.",
            "With screen 5 and its truecolor on: --colors truecolor. Else --colors auto.",
        )
    many = {"truecolor": "True", "256": "256", "16": "16"}.get(chosen, chosen)
    named = f"TERM={safe_name(term)}" if term else "No TERM"
    return Words(
        f"{many} colours chosen",
        f"{named} says that the terminal has fewer: they may come out wrong, or not at all.",
        "As many as it has: --colors auto",
    )


_LACKS: Final[Mapping[Lack, str]] = {
    "plain": "TERM names a terminal that has nothing but ASCII",
    "console": "The console's fonts have no {glyphs}",
    "old": "{terminal} does not draw {glyphs}",
    "font": "{terminal} has only what its font has: without {glyphs} in it, cells stay empty or move",
    "width": "Here {glyphs} are not one cell wide, and would move what is behind them",
}


def no_glyphs_words(lack: Lack, chosen: str, drawn: str, terminal: str) -> Words:
    """The terminal does not show the glyphs that were chosen, as far as it is known.

    Args:
        lack: what it lacks.
        chosen: the glyphs that were chosen.
        drawn: those that it is drawn with.
        terminal: what it says of itself, raw.
    """
    title = f"Drawn in {_plural(drawn)}" if drawn != chosen else f"{_plural(chosen)} chosen".capitalize()
    sentence = _LACKS[lack].format(terminal=safe_name(terminal), glyphs=_plural(chosen))
    return Words(title, f"{sentence}.", "What it draws: --glyphs auto")


def _plural(glyphs: str) -> str:
    return {"half": "half blocks", "braille": "braille"}.get(glyphs, f"{glyphs}s")


_OUTSIDE = "Pixels need kitty 0.28 or later, or Ghostty."
_FAULTS: Final[Mapping[Fault, tuple[str, str]]] = {
    "off": ("The setting graphics says off", ""),
    "between": ("tmux, screen and Zellij do not pass pictures on", "Start it outside of them."),
    "plain": ("TERM names a terminal without pictures", _OUTSIDE),
    "colors": (
        "Pixels need true colours, and it is drawn with fewer",
        "If the terminal has them: --colors truecolor",
    ),
    "not asked": ("The terminal could not be asked", ""),
    "silent": ("The terminal has not answered", ""),
    "nameless": ("The terminal does not say which one it is", _OUTSIDE),
    "unknown": ("Nothing is known of {terminal}", "If it has kitty's placeholders: --graphics kitty"),
    "lacking": ("{terminal} has no placeholders for pictures", _OUTSIDE),
    "old": ("{terminal} is too old for pixels", _OUTSIDE),
    "refused": ("{terminal} does not take pictures", ""),
    "doubled": (
        "The terminal answers twice, as where two are attached (dtach, abduco)",
        "For pixels attach one alone, and start anew",
    ),
    "slow": (
        "The line to the terminal is slow, and pixels would take it up for long",
        "Pixels all the same: --graphics kitty",
    ),
}


def no_pixels_words(fault: Fault, terminal: str) -> Words:
    """Why the picture is drawn in cells; ``terminal`` is what it says of itself, raw, empty if it says nothing."""
    sentence, action = _FAULTS[fault]
    return Words("Drawn in cells", f"{sentence.format(terminal=safe_name(terminal))}.", action)
