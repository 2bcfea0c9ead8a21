"""What comes from the terminal, read as what the person did. Where Textual reads it otherwise:

- Esc and a key in one packet are Esc and that key. Terminals send Alt and a key as the same two bytes; Textual takes
  them for Alt, and what it has no name for, such as Alt+Enter, for the key alone. tmux and slow links deliver Esc and
  the next key together, and an Enter behind the Esc that was to leave a text would send it. Where a terminal tells
  Alt apart (kitty's protocol), and in the pairs that move by words (Alt+B, Alt+F, Alt+Backspace), it stays Alt.
- What is pasted is text, also behind an escape character in it: Textual would take the rest for keys.
- Bytes that are no UTF-8 are shown as such: they would end the thread that reads, and no key would come any more.

Each of these is left out if Textual's inside has changed.
"""

from __future__ import annotations

import inspect
from codecs import IncrementalDecoder, getincrementaldecoder
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from textual.events import Key

if TYPE_CHECKING:
    from textual._xterm_parser import XTermParser
    from textual.message import Message

OF_SEQUENCES: Final = "[O]P_^X\\"
"""What begins and ends a terminal's own sequences (ECMA-48 5.3): an answer that came late presses no Esc."""

ESC_TAB: Final = "\x1b\t"
"""Textual's name for it is Shift+Tab, after the Linux console; terminals send that as CSI Z."""

PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"
SHOWN_ESC: Final = "\u241b"  # ␛


class PasteGuard:
    """Takes escape characters out of what is pasted, however the bytes are cut into pieces."""

    def __init__(self) -> None:
        self._pasting = False
        self._held = ""
        """The end of what was pasted so far, if the mark that ends it may have begun there."""
        self._passed = ""
        """The end of what was passed on, if the mark that begins a paste may have begun there."""

    def passed(self, data: str) -> str:
        """What of the data, and of what was held back before, may go on."""
        out: list[str] = []
        while data:
            data = self._in_paste(data, out) if self._pasting else self._outside(data, out)
        return "".join(out)

    def _outside(self, data: str, out: list[str]) -> str:
        # Nothing is held back here: it may be Esc, and Esc alone.
        before, found, _ = (self._passed + data).partition(PASTE_BEGINS)
        end = len(before) + len(found) - len(self._passed)
        out.append(data[:end])
        self._pasting = bool(found)
        self._passed = "" if found else _beginning(PASTE_BEGINS, before)
        return data[end:]

    def _in_paste(self, data: str, out: list[str]) -> str:
        before, found, rest = (self._held + data).partition(PASTE_ENDS)
        self._held = "" if found else _beginning(PASTE_ENDS, before)
        out += (before.removesuffix(self._held).replace("\x1b", SHOWN_ESC), found)
        self._pasting = not found
        return rest


def _beginning(mark: str, data: str) -> str:
    """The longest end of ``data`` that a mark may begin with."""
    return next((mark[:n] for n in range(len(mark) - 1, 0, -1) if data.endswith(mark[:n])), "")


@cache
def install() -> None:
    """Read so from now on."""
    from textual._xterm_parser import XTermParser

    if _takes(XTermParser._sequence_to_key_events, "self", "sequence", "alt"):
        as_keys = XTermParser._sequence_to_key_events

        def escape_first(parser: XTermParser, sequence: str, alt: bool = False) -> Iterable[Key]:
            alt = alt and sequence not in OF_SEQUENCES
            if sequence == ESC_TAB:
                alt, sequence = True, "\t"
            if alt:
                yield Key("escape", "\x1b")
            yield from as_keys(parser, sequence)

        XTermParser._sequence_to_key_events = escape_first  # type: ignore[method-assign, assignment]

    if _takes(XTermParser.feed, "self", "data"):
        feed = XTermParser.feed
        guards: WeakKeyDictionary[XTermParser, PasteGuard] = WeakKeyDictionary()

        def guarded(parser: XTermParser, data: str) -> Iterable[Message]:
            # Nothing means that there is no more to come; a mark that is not whole yet must not look like that.
            passed = guards.setdefault(parser, PasteGuard()).passed(data)
            return feed(parser, passed) if passed or not data else ()

        XTermParser.feed = guarded  # type: ignore[method-assign, assignment]

    from textual.drivers import linux_driver

    if getattr(linux_driver, "getincrementaldecoder", None) is getincrementaldecoder:
        linux_driver.getincrementaldecoder = _lenient  # type: ignore[attr-defined, assignment]


def _takes(function: Callable[..., object], *names: str) -> bool:
    return list(inspect.signature(function).parameters) == list(names)


def _lenient(encoding: str) -> Callable[[], IncrementalDecoder]:
    return partial(getincrementaldecoder(encoding), errors="replace")
