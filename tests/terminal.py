"""A real pseudo terminal with a screen model behind it, for tests that look at bytes and screens.

Nothing here sleeps: ``wait_for`` reads whatever any living terminal has to say and looks again, until the
condition holds or its deadline has passed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import pyte

from tests import forked
from tests.forked import Forked

ESC = "\x1b"
KEYS = {
    "enter": "\r",
    "esc": ESC,
    "tab": "\t",
    "up": f"{ESC}[A",
    "down": f"{ESC}[B",
    "right": f"{ESC}[C",
    "left": f"{ESC}[D",
    "ctrl+j": "\n",
    "ctrl+l": "\x0c",
    "ctrl+s": "\x13",
    "ctrl+q": "\x11",
    "backspace": "\x7f",
    "space": " ",
}


def take_terminal() -> None:
    """Have the new process control its terminal, and heed what tells it to end."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    # Whoever ran the tests may ignore these (a script's background job does); a person's shell does not.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


_APC = re.compile(rb"\x1b_[^\x1b]*\x1b\\")
_APC_BEGUN = re.compile(rb"\x1b(_[^\x1b]*\x1b?)?\Z")


class Stuck(AssertionError):
    """A condition did not come true in time; says what the terminals showed instead."""


class Terminal:
    """One process on a pty of ``columns`` × ``rows`` cells.

    Attributes:
        answers: what it answers to questions: every terminal answers these two.
        raw: every byte the process wrote to the terminal.
        arrived: for every read, (monotonic seconds, length of ``raw`` after it): when bytes came.
    """

    _living: ClassVar[list[Terminal]] = []

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        columns: int = 120,
        rows: int = 40,
        cwd: Path | None = None,
        pass_fds: Sequence[int] = (),
        fork: bool = False,
    ) -> None:
        """Start the process; with ``fork``, ``argv`` is ``python -m MODULE ...`` and its start is left out."""
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self.answers: dict[bytes, str] = {b"\x1b[c": "\x1b[?62;c", b"\x1b[5n": "\x1b[0n"}
        self._heard = 0
        self._held = b""
        self._drawn = (-1, 0, 0)
        self._lines: list[str] = []
        self.arrived: list[tuple[float, int]] = []
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.attributes = termios.tcgetattr(slave)
        self.slave_name = os.ttyname(slave)

        self.process: subprocess.Popen[bytes] | Forked
        if fork:
            module = argv.index("-m") + 1
            self.process = forked.start(
                argv[module], argv[module + 1 :], env=env, cwd=cwd, descriptors={0: slave, 1: slave, 2: slave},
                terminal=True,
            )  # fmt: skip
        else:
            self.process = subprocess.Popen(
                list(argv),
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=dict(env),
                cwd=cwd,
                preexec_fn=take_terminal,
                pass_fds=tuple(pass_fds),
            )
        self._slave: int | None = slave
        self._open = True
        Terminal._living.append(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    # -- writing

    def send(self, text: str) -> None:
        """Type ``text`` as it stands."""
        os.write(self.master, text.encode())

    def press(self, *keys: str) -> None:
        """Press keys by name (``enter``, ``esc``, ``left`` …) or as the character itself."""
        for key in keys:
            self.send(KEYS.get(key, key))

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, as dragging the window's corner does."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGWINCH)

    # -- reading

    @property
    def lines(self) -> list[str]:
        """The screen as text, one string a row, trailing blanks cut."""
        screen = self.screen
        state = (len(self.raw), screen.lines, screen.columns)
        if state != self._drawn:
            # pyte's own ``display`` looks up the width of every cell, which took half of the time of these tests.
            columns = range(screen.columns)
            rows = map(screen.buffer.__getitem__, range(screen.lines))
            self._lines = ["".join([row[x].data for x in columns]).rstrip() for row in rows]
            self._drawn = state
        return [*self._lines]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    def read_available(self) -> bool:
        """Take in what is waiting; False once the other end is closed."""
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        if not data:
            self._open = False
            return False
        self.take(data)
        return True

    def take(self, data: bytes) -> None:
        """Take in what was read."""
        self.raw += data
        self.arrived.append((time.monotonic(), len(self.raw)))
        self._answer(len(self.raw) - len(data))
        # pyte takes what is said to the terminal itself, as a picture's data, for text.
        seen = _APC.sub(b"", self._held + data)
        begun = _APC_BEGUN.search(seen)
        shown = seen[: begun.start()] if begun else seen
        self._held = seen[len(shown) :]
        self._stream.feed(shown)

    def _answer(self, start: int) -> None:
        """Answer the questions among what has come from there on; the first may have begun before."""
        if not self.answers:
            return
        questions = b"|".join(re.escape(question) for question in self.answers)
        longest = max(map(len, self.answers))
        begin = max(self._heard, start - longest)
        for match in re.finditer(questions, bytes(self.raw[begin:])):
            self.send(self.answers[match[0]])
            self._heard = begin + match.end()

    def wait_for(self, condition: Callable[[], bool], *, within_s: float = 15.0, what: str = "") -> float:
        """Read all living terminals until ``condition`` holds; returns the seconds it took."""
        return wait_for(condition, within_s=within_s, what=what)

    def shows(self, *texts: str, within_s: float = 15.0) -> float:
        """Wait until the screen shows all ``texts``."""
        return wait_for(
            lambda: all(text in self.text for text in texts),
            within_s=within_s,
            what=f"the screen to show {texts}",
        )

    def quiet(self, for_s: float = 0.3, *, within_s: float = 15.0) -> None:
        """Wait until the process has written nothing for ``for_s`` seconds, and nothing keeps it from writing."""
        start = time.monotonic()
        while time.monotonic() - start < fair(within_s):
            before = len(self.raw)
            pump(for_s)
            if len(self.raw) == before and not self._is_running():
                return
        raise Stuck(f"still writing after {within_s} s\n{self.text}")

    def _is_running(self) -> bool:
        """Whether a thread of it runs, or waits for a processor that others have: then its silence says nothing."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(_fields(stat)[3]) == self.process.pid:  # of its session
                    tasks = [_fields(task) for task in stat.parent.glob("task/*/stat")]
                    if any(state in "RD" for state, *_ in tasks):
                        return True
        return False

    # -- ending

    def exit_code(self, *, within_s: float = 10.0) -> int:
        """Wait for the end of the process."""
        wait_for(lambda: self.process.poll() is not None, within_s=within_s, what="the process to end")
        while select.select([self.master], [], [], 0)[0] and self.read_available():
            pass
        assert self.process.returncode is not None
        return self.process.returncode

    def hang_up(self) -> None:
        """Close the terminal under the process, as a lost SSH connection does."""
        self._open = False
        self._drop_slave()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def _drop_slave(self) -> None:
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None

    def close(self) -> None:
        """End the process and give the pty back."""
        if self in Terminal._living:
            Terminal._living.remove(self)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._drop_slave()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


def pump(for_s: float) -> None:
    """Read whatever any living terminal says for up to ``for_s`` seconds; returns early on the first news."""
    readable = [terminal for terminal in Terminal._living if terminal._open]
    ready, _, _ = select.select([terminal.master for terminal in readable], [], [], for_s)
    for terminal in readable:
        if terminal.master in ready:
            terminal.read_available()


def fair(seconds: float) -> float:
    """So many seconds of a machine that has nothing else to do, on this one as it is now; no more than 120."""
    return max(seconds, min(120.0, seconds * os.getloadavg()[0] / (os.cpu_count() or 1)))


def _fields(stat: Path) -> list[str]:
    """What the kernel says of a process or thread, behind its name: state, parent, group, session, ..."""
    return stat.read_text(errors="replace").rpartition(")")[2].split()


def wait_for(condition: Callable[[], bool], *, within_s: float, what: str = "") -> float:
    """Read all living terminals until ``condition`` holds.

    Raises:
        Stuck: it did not within ``within_s`` seconds, or more where others use the machine too (``fair``).
    """
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > fair(within_s):
            screens = "\n".join(f"--- {t.process.args!r}\n{t.text}" for t in Terminal._living)
            raise Stuck(f"waited {within_s} s for {what or condition}\n{screens}")
        pump(0.02)
    return time.monotonic() - start


def bells(terminal: Terminal) -> int:
    """BEL characters that ring: those that end an OSC sequence do not count."""
    return re.sub(rb"\x1b\][^\x07\x1b]*(\x07|\x1b\\)", b"", bytes(terminal.raw)).count(b"\x07")
