"""Every sign on screen that is not a letter, named, with its code point. All are one cell wide, but where a terminal
was told to draw what is of ambiguous width in two (``ascii_signs``).

Tried in xterm, urxvt, mlterm, VTE, kitty, alacritty, konsole and foot with common fonts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UNREAD: Final = "\u25cf"  # ●
PENDING: Final = "\u25cb"  # ○
CHECKING: Final = "?"
FAILED: Final = "!"
RESOLVED: Final = "\u2713"  # ✓
DRAFT: Final = "\u270e"  # ✎
CURSOR: Final = "\u258c"  # ▌ left half block: the selected row
DOT: Final = "\u00b7"  # · between facts on a line
ELLIPSIS: Final = "\u2026"  # …
TIMES: Final = "\u00d7"  # ×

IN_ASCII: Final[Mapping[str, str]] = {
    **dict.fromkeys(map(chr, range(0x2580, 0x25A0)), " "),
    UNREAD: "@",
    PENDING: "o",
    RESOLVED: "v",
    DRAFT: "&",
    CURSOR: ">",
    DOT: "-",
    ELLIPSIS: ".",
    TIMES: "x",
    "\u2190": "<",  # ←
    "\u2191": "^",  # ↑
    "\u2192": ">",  # →
    "\u2193": "v",  # ↓
    "\u2022": "*",  # •
    "\u2010": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-",  # dashes
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"',  # quotation marks
    "\u2500": "-", "\u2502": "|",  # ─ │
    "\u250c": "+", "\u2510": "+", "\u2514": "+", "\u2518": "+",  # ┌ ┐ └ ┘
    "\u2501": "=", "\u2503": "|",  # ━ ┃
    "\u250f": "+", "\u2513": "+", "\u2517": "+", "\u251b": "+",  # ┏ ┓ ┗ ┛
}  # fmt: skip
"""What stands for them where they cannot be drawn: as chips have it where there is one (``raster.markers``). Blocks,
the ends of a scrollbar, are ground."""
