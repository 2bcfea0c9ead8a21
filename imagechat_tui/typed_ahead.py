"""The terminal from the first moment on: what is typed before the screen stands is kept as it was typed, and what the
terminal was asked and has not answered is known, so that no answer is left to whoever reads next.

Until a program says otherwise, the terminal edits lines for it: Backspace takes back what was typed, Ctrl+S stops the
output, and nothing comes before an Enter, which is a line feed then. So this is said before anything is imported. What
was typed even earlier, while Python itself started, comes with that Enter, and it is known how much that was.

The terminal is one for the whole process, and so is what is known of it here.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final, NamedTuple, TypeAlias

LineDiscipline: TypeAlias = "list[int | list[bytes | int]]"

SCREENS: Final = ("open", "demo")
"""The verbs that open a screen; so does a picture."""
ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
ANSWER_S: Final = 0.3
"""How long the terminal is given at the end for answers that it owes."""


LATELY_S: Final = 5.0
"""How old a question may be whose answer is well on its way."""
ANSWERS: Final = {
    "\x1b[>q": r"\x1bP>\|",
    "\x1b[16t": r"\x1b\[6;",
    "\x1bP$q": r"\x1bP[01]\$r",
    ",a=q,": r"\x1b_G",
    "\x1b[?2026$p": r"\x1b\[\?2026;",
    "\x1b[?2048$p": r"\x1b\[\?2048;",
    "\x1b[>c": r"\x1b\[>[\d;]*c",
    "\x1b[c": r"\x1b\[\?[\d;]*c",
    "\x1b[5n": r"\x1b\[0n",
}
"""By what is asked, ours and Textual's: how the answer begins."""

_LAST_ANSWER: Final = re.compile(rb"\x1b\[(?:\?[\d;]*c|0n)")


class _Kept(NamedTuple):
    terminal: int
    before: LineDiscipline
    typed: int
    """Bytes that were typed earlier; an Enter is a line feed in them."""


_LAST_ASKED: Final = ("\x1b[c", "\x1b[5n")

_kept: _Kept | None = None
_owed = 0
"""Questions of which the last answer has not come."""
_asked: list[tuple[str, float]] = []
"""What was asked and not answered, and when; in threads as they come."""


def opens_a_screen(arguments: Sequence[str]) -> bool:
    """Whether a command line is surely one for the screen, and reads nothing before it."""
    word = next((argument for argument in arguments if not argument.startswith("-")), "")
    return word in SCREENS or "." in word or "/" in word


def keep() -> None:
    """Have keys kept as they are typed, and not shown, from now on. Ctrl+C and Ctrl+Z still do what they do."""
    global _kept
    with suppress(OSError, termios.error):
        if _kept is not None or not os.isatty(0) or os.tcgetpgrp(0) != os.getpgrp():
            return
        before = termios.tcgetattr(0)
        for number in ENDING:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _end)
        terminal = os.dup(0)
        _edit_no_lines(terminal)
        waiting = struct.unpack("i", fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)))[0]
        _kept = _Kept(terminal, before, waiting)


def keep_again() -> None:
    """As ``keep``, after others had the terminal: the program was stopped, and goes on now."""
    with suppress(OSError, termios.error):
        if _kept is not None and os.tcgetpgrp(_kept.terminal) == os.getpgrp():
            _edit_no_lines(_kept.terminal)


def _edit_no_lines(terminal: int) -> None:
    raw = termios.tcgetattr(terminal)
    raw[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON | termios.IXOFF)
    raw[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
    termios.tcsetattr(terminal, termios.TCSANOW, raw)


def _end(number: int, frame: FrameType | None) -> None:
    give_back()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def give_back() -> None:
    """Have the terminal as it was; what was typed meanwhile is for whoever reads next, answers are for nobody."""
    global _kept
    kept, _kept = _kept, None
    if kept is None:
        return
    with suppress(OSError, termios.error):
        _await_answers(kept.terminal)
        if os.tcgetpgrp(kept.terminal) == os.getpgrp():  # else it is somebody else's by now
            termios.tcsetattr(kept.terminal, termios.TCSANOW, kept.before)
    os.close(kept.terminal)


def line_discipline() -> LineDiscipline | None:
    """How the terminal was before; None if it was left alone."""
    return _kept.before if _kept is not None else None


def as_typed(data: bytes) -> bytes:
    """What was read next of the keys, with the Enters in what was typed before ``keep``."""
    global _kept
    if _kept is None or not _kept.typed:
        return data
    typed = _kept.typed
    _kept = _kept._replace(typed=max(0, typed - len(data)))
    return data[:typed].replace(b"\n", b"\r") + data[typed:]


def ask(question: str) -> bool:
    """Ask the terminal before the screen stands; what it answers comes with the keys. False if it cannot be asked.

    Args:
        question: must end with one that every terminal answers; whoever reads that answer calls `answered`.
    """
    if _kept is None or not os.isatty(2):
        return False
    try:
        os.write(2, question.encode())
    except OSError:
        return False
    asked(question)
    return True


def asked(question: str) -> None:
    """A question goes to the terminal, by whatever way."""
    global _owed
    now = time.monotonic()
    _owed += question.endswith(_LAST_ASKED)
    _asked[:] = [(asks, at) for asks, at in _asked if now - at <= LATELY_S]
    _asked.extend((asks, now) for asks in ANSWERS if asks in question)


def answered(answer: str) -> None:
    """Something has come that only a terminal says."""
    global _owed
    if _LAST_ANSWER.fullmatch(answer.encode()):
        _owed = max(0, _owed - 1)
    heard = next((question for question in _asked if re.match(ANSWERS[question[0]], answer)), None)
    if heard is not None:
        with suppress(ValueError):  # another thread dropped it: it was too old
            _asked.remove(heard)


def give_up() -> None:
    """Whatever the terminal still owes is lost: it was thrown away, or never came."""
    global _owed
    _owed = 0
    _asked.clear()


def owes() -> bool:
    """Whether the terminal has not answered all yet."""
    return _owed > 0


def awaits() -> bool:
    """Whether an answer is well on its way: asked for not long ago, and not come yet, in whatever order they come."""
    now = time.monotonic()
    return any(now - at <= LATELY_S for _, at in _asked)


def _await_answers(terminal: int) -> None:
    """Take what the terminal still owes, and all with it: the shell would have it for typing."""
    if not _owed:
        return
    said, deadline = b"", time.monotonic() + ANSWER_S
    while len(_LAST_ANSWER.findall(said)) < _owed:
        if not select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))[0]:
            break
        piece = os.read(terminal, 4096)
        if not piece:
            break
        said += piece
    termios.tcflush(terminal, termios.TCIFLUSH)
    give_up()


@contextmanager
def asking() -> Iterator[None]:
    """Have the terminal as it was while a question is asked; nothing that was typed before answers it."""
    kept = _kept is not None
    if kept:
        assert _kept is not None
        with suppress(termios.error):
            termios.tcflush(_kept.terminal, termios.TCIFLUSH)
        give_back()
    try:
        yield
    finally:
        if kept:
            keep()
