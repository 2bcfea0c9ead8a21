"""The terminal round tmux: tmux answers questions for itself, and only its own program tells who is behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from subprocess import Popen

ANSWER_S: Final = 0.3
"""How long tmux is waited for; it mostly takes a hundredth of that."""

_QUESTION: Final = "#{client_utf8} #{client_termname} #{client_termfeatures} #{client_tty}"
_TOLD: Final = re.compile(r"([01]) ([\w.+-]{1,64})(?: ([\w.,-]*))?(?: ([\w./-]+))?\s*", re.ASCII)
_TERMINAL: Final = re.compile(r"Terminal \d+: .* for (\S+), .*")
_DIRECT: Final = re.compile(r" *\d+: (?:(?:Tc|RGB): \(flag\) true|setrgbf: \(string\) .*)")
"""What is told of a terminal with true colours: either flag, or how they are set, which some tell without a flag."""


class TmuxClient(Struct, frozen=True):
    """Who is attached, the one that was used last if there are several."""

    takes_utf8: bool
    """Else tmux writes ``_`` for whatever is not ASCII."""
    terminal: str
    """Its TERM."""
    features: frozenset[str]
    """What tmux knows it to have, ``RGB`` among it for true colours; empty before tmux 3.2."""
    direct: bool = False
    """Whether it has true colours by what terminfo and the option terminal-overrides say: no feature tells of those."""

    @property
    def lacks_colors(self) -> bool:
        """Whether tmux turns true colours into fewer for it."""
        return bool(self.features) and "RGB" not in self.features and not self.direct


def ask_tmux(environ: Mapping[str, str]) -> Popen[bytes] | None:
    """Ask who is attached; None outside of tmux, whose variable also those windows have that were opened from it."""
    if not environ.get("TMUX") or not environ.get("TERM", "").startswith(("tmux", "screen")):
        return None
    from subprocess import DEVNULL, PIPE, Popen

    try:
        command = ["tmux", "display", "-p", _QUESTION, ";", "show-messages", "-T"]
        return Popen(command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
    except OSError:
        return None


def client_told_by(asked: Popen[bytes] | None, within_s: float = ANSWER_S) -> TmuxClient | None:
    """What tmux answers; None if it was not asked, does not answer in time, or nobody is attached."""
    if asked is None:
        return None
    from subprocess import TimeoutExpired

    with asked:
        with suppress(TimeoutExpired):
            return client_in(asked.communicate(timeout=within_s)[0].decode("utf-8", "replace"))
        asked.kill()
    return None


def client_in(told: str) -> TmuxClient | None:
    """The client in an answer; None if it makes no sense."""
    first, _, terminals = told.partition("\n")
    match = _TOLD.fullmatch(first)
    if match is None:
        return None
    features = frozenset(filter(None, (match[3] or "").split(",")))
    return TmuxClient(match[1] == "1", match[2], features, bool(match[4]) and _is_direct(terminals, match[4]))


def _is_direct(terminals: str, tty: str) -> bool:
    """Whether what tmux lists of all its terminals has true colours for the one there."""
    there = False
    for line in terminals.splitlines():
        if match := _TERMINAL.fullmatch(line):
            there = match[1] == tty
        elif there and _DIRECT.fullmatch(line):
            return True
    return False
