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

_QUESTION: Final = "#{client_utf8} #{client_termname} #{client_termfeatures}"
_TOLD: Final = re.compile(r"([01]) ([\w.+-]{1,64}) ?([\w.,-]*)\s*", re.ASCII)


class TmuxClient(Struct, frozen=True):
    """Who is attached, the one that was used last if there are several."""

    takes_utf8: bool
    """Else tmux writes ``_`` for whatever is not ASCII."""
    terminal: str
    """Its TERM."""
    features: frozenset[str]
    """What tmux knows it to have, ``RGB`` among it for true colours; empty before tmux 3.2."""

    @property
    def lacks_colors(self) -> bool:
        """Whether tmux turns true colours into fewer for it."""
        return bool(self.features) and "RGB" not in self.features


def ask_tmux(environ: Mapping[str, str]) -> Popen[bytes] | None:
    """Ask who is attached; None outside of tmux, whose variable also those windows have that were opened from it."""
    if not environ.get("TMUX") or not environ.get("TERM", "").startswith(("tmux", "screen")):
        return None
    from subprocess import DEVNULL, PIPE, Popen

    try:
        return Popen(["tmux", "display", "-p", _QUESTION], stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
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
    match = _TOLD.fullmatch(told)
    if match is None:
        return None
    return TmuxClient(match[1] == "1", match[2], frozenset(filter(None, match[3].split(","))))
