"""Letters by physical key: what a key would have typed on a US layout, one table per script.

On the command path only: ``с`` on ЙЦУКЕН stands where ``c`` does and acts as ``c``. Text fields get what was
typed. Signs that a layout also types (``!``, ``?``, digits) are left alone.
"""

from __future__ import annotations

from typing import Final

from textual.events import Key

_LAYOUTS: Final = (
    # Russian ЙЦУКЕН
    ("йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"),
    ("ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮЁ", 'QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>~'),
    # What Ukrainian and Belarusian have elsewhere
    ("іїєґў", "s]'\\o"),
    ("ІЇЄҐЎ", 'S}"|O'),
    # Greek
    ("ςερτυθιοπασδφγηξκλζχψωβνμ", "wertyuiopasdfghjklzxcvbnm"),
    ("ΕΡΤΥΘΙΟΠΑΣΔΦΓΗΞΚΛΖΧΨΩΒΝΜ", "ERTYUIOPASDFGHJKLZXCVBNM"),
    # Hebrew (one case; Shift types Latin capitals by itself)
    ("קראטוןםפשדגכעיחלךףזסבהנמצתץ", "ertyuiopasdfghjkl;zxcvbnm,."),
)

_US: Final = {
    theirs: ours for typed, us in _LAYOUTS for theirs, ours in zip(typed, us, strict=True)
}  # fmt: skip

_NAMES: Final = {
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "{": "left_curly_bracket",
    "}": "right_curly_bracket",
    ";": "semicolon",
    ":": "colon",
    "'": "apostrophe",
    '"': "quotation_mark",
    ",": "comma",
    ".": "full_stop",
    "<": "less_than_sign",
    ">": "greater_than_sign",
    "`": "grave_accent",
    "~": "tilde",
    "\\": "backslash",
    "|": "vertical_line",
    "!": "exclamation_mark",
    "?": "question_mark",
    "#": "number_sign",
    "$": "dollar_sign",
    "%": "percent_sign",
    "&": "ampersand",
    "(": "left_parenthesis",
    ")": "right_parenthesis",
    "*": "asterisk",
    "+": "plus",
    "-": "minus",
    "/": "slash",
    "=": "equals_sign",
    "@": "at",
    "^": "circumflex_accent",
    "_": "underscore",
}
"""How Textual calls the keys that are not letters."""


def us_character(character: str) -> str | None:
    """What the key that types ``character`` would type on a US layout; None if it is that already."""
    return _US.get(character)


def as_us_layout(event: Key) -> Key | None:
    """The key event that the same physical key gives on a US layout; None if it is that already."""
    character = us_character(event.character or "")
    if character is None:
        return None
    return Key(_NAMES.get(character, character), character)


_SHOWN: Final = {
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "space": "Space",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "backspace": "Backspace",
    "delete": "Del",
    "insert": "Ins",
} | {name: sign for sign, name in _NAMES.items()}


def key_label(key: str) -> str:
    """A key's name as people read it: ``ctrl+s`` is ``Ctrl+S``, ``colon`` is ``:``, ``g equals_sign`` is ``g=``."""
    first, *others = key.split(" ")
    return "".join([_label(first), *map(_label, others)])


def _label(key: str) -> str:
    if key in _SHOWN:
        return _SHOWN[key]
    *modifiers, last = key.split("+")
    if not modifiers and len(last) == 1:
        return last
    name = _SHOWN.get(last, last.upper())
    return "+".join([*(modifier.capitalize() for modifier in modifiers), name])
