"""Esc and a key that arrive in one packet are Esc and that key.

Terminals send Alt and a key as the same two bytes. Textual takes them for Alt, and what it has no name for, such as
Alt+Enter, for the key alone: tmux and slow links deliver Esc and the next key together, and an Enter after the Esc
that was to leave a text would send it. Where a terminal tells Alt apart (kitty's protocol), and in the pairs that
move by words (Alt+B, Alt+F, Alt+Backspace), it stays what it is. If Textual's inside has changed, so does all else.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

from textual.events import Key

if TYPE_CHECKING:
    from textual._xterm_parser import XTermParser

OF_SEQUENCES: Final = "[O]P_^X\\"
"""What begins and ends a terminal's own sequences (ECMA-48 5.3): an answer that came late presses no Esc."""

ESC_TAB: Final = "\x1b\t"
"""Textual's name for it is Shift+Tab, after the Linux console; terminals send that as CSI Z."""


@cache
def install() -> bool:
    """Tell Esc and a key from now on; False where this Textual is not the one that it fits."""
    from textual._xterm_parser import XTermParser

    try:
        as_keys = XTermParser._sequence_to_key_events
        fits = list(inspect.signature(as_keys).parameters) == ["self", "sequence", "alt"]
    except (AttributeError, TypeError):
        return False

    def escape_first(parser: XTermParser, sequence: str, alt: bool = False) -> Iterable[Key]:
        alt = alt and sequence not in OF_SEQUENCES
        if sequence == ESC_TAB:
            alt, sequence = True, "\t"
        if alt:
            yield Key("escape", "\x1b")
        yield from as_keys(parser, sequence)

    if fits:
        XTermParser._sequence_to_key_events = escape_first  # type: ignore[method-assign, assignment]
    return fits
