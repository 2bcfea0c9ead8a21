"""Where one types what to look for."""

from __future__ import annotations

from textual.widgets import Input


class FindInput(Input):
    """The text, on one line."""

    HELP = (
        "Words and names, #7, is:open, is:resolved, is:mine, is:unread, is:check, is:mention, by:anna, mentions:me. "
        "All of them have to hold. Enter keeps it, Esc leaves it."
    )
