"""The terminal's encoding, by the variables that say so: LC_ALL, else LC_CTYPE, else LANG.

PYTHONIOENCODING is about Python's streams, and says nothing of the terminal.
"""

from __future__ import annotations

import locale
import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

_VARIABLES: Final = ("LC_ALL", "LC_CTYPE", "LANG")
_SILENT: Final = ("", "C", "POSIX")
"""Locales of programs, not of terminals: set in scripts and containers, and the terminal is what it was."""
_COERCED: Final = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python puts into LC_CTYPE at its start if the locale that is set is not installed (PEP 538)."""


class Charset(Struct, frozen=True):
    """What the environment says of the terminal's encoding."""

    variable: str = ""
    """The variable that wins; empty if none is set."""
    value: str = ""
    encoding: str = ""
    """Empty if nobody says; then it is UTF-8, as nearly everywhere."""

    @property
    def is_utf8(self) -> bool:
        """Whether the terminal can be sent UTF-8."""
        return _folded(self.encoding) in ("", "utf8")

    @property
    def remedy(self) -> str:
        """The shell's line that says UTF-8 instead: the same language, by the variable that wins."""
        language = re.split("[.@]", self.value, maxsplit=1)[0]
        known = re.fullmatch("[A-Za-z]{2,3}_[A-Z]{2}", language)
        return f"export {self.variable or 'LANG'}={language if known else 'C'}.UTF-8"


def charset(environ: Mapping[str, str]) -> Charset:
    """The terminal's encoding, as far as it is told."""
    names = [name for name in _VARIABLES if environ.get(name)]
    if names[:1] == ["LC_CTYPE"] and _was_coerced(environ):
        names = names[1:]
    if not names:
        return Charset()
    variable, value = names[0], environ[names[0]]
    return Charset(variable, value, _encoding(value))


def _encoding(value: str) -> str:
    if value in _SILENT:
        return ""
    if _folded(value) == "utf8":
        return value
    _, dot, rest = value.partition(".")
    if dot:
        return rest.partition("@")[0]
    # Only the C library knows which one de_DE or ja_JP has; if it is not installed, nobody does.
    return locale.getencoding()


def _was_coerced(environ: Mapping[str, str]) -> bool:
    language = environ.get("LANG", "")
    if environ["LC_CTYPE"] not in _COERCED or Charset(encoding=_encoding(language)).is_utf8:
        return False
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, language)
    except locale.Error:
        return True
    locale.setlocale(locale.LC_CTYPE, before)
    return False


def _folded(encoding: str) -> str:
    return re.sub("[^0-9a-z]", "", encoding.lower())
