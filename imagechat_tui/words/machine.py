"""What this machine does not have: room, files, signs of one cell, true colours, pictures in pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from imagechat_tui.words.parts import Words, safe_name

if TYPE_CHECKING:
    from imagechat_tui.raster.graphics import Fault

WIDE_SIGNS = "Signs are two cells wide here: drawn in ASCII."
"""Told once, when the terminal has answered."""
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
    "slow": (
        "The line to the terminal is slow, and pixels would take it up for long",
        "Pixels all the same: --graphics kitty",
    ),
}


def no_pixels_words(fault: Fault, terminal: str) -> Words:
    """Why the picture is drawn in cells; ``terminal`` is what it says of itself, raw, empty if it says nothing."""
    sentence, action = _FAULTS[fault]
    return Words("Drawn in cells", f"{sentence.format(terminal=safe_name(terminal))}.", action)
