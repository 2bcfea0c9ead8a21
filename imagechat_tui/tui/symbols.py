"""Every sign on screen that is not a letter, named, with its code point. All are one cell wide everywhere.

Tried in xterm, urxvt, mlterm, VTE, kitty, alacritty, konsole and foot with common fonts.
"""

from __future__ import annotations

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
