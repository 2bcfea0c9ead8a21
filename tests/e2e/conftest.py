"""Real processes: every person of a test is `imagechat` in a terminal of its own."""

from __future__ import annotations

import contextlib
import json
import locale
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import forked
from tests.terminal import Terminal, wait_for

IMAGECHAT = (sys.executable, "-m", "imagechat_tui")
DEMO_PICTURE = Path(__file__).parents[2] / "imagechat_tui" / "demo" / "checkout.png"


@dataclass
class Desk:
    """One person's machine: home, runtime directory, environment. Everything on it ends with the test."""

    root: Path
    """Short: a Unix socket's path holds 107 bytes."""
    env: dict[str, str]
    picture: Path
    _terminals: list[Terminal] = field(default_factory=list)
    _processes: list[forked.Forked] = field(default_factory=list)

    def terminal(self, *args: str, columns: int = 120, rows: int = 40, **env: str) -> Terminal:
        """Run ``imagechat`` with ``args`` in a terminal of its own."""
        return self.keep(
            Terminal(
                [*IMAGECHAT, *args],
                env={**self.env, **env},
                columns=columns,
                rows=rows,
                cwd=self.root,
                fork=True,
            )
        )

    def command(self, *argv: str, columns: int = 120, rows: int = 40, **env: str) -> Terminal:
        """Run any command in a terminal of its own."""
        return self.keep(Terminal(argv, env={**self.env, **env}, columns=columns, rows=rows, cwd=self.root))

    def keep(self, terminal: Terminal) -> Terminal:
        """Close this terminal when everything ends."""
        self._terminals.append(terminal)
        return terminal

    def process(self, argv: Sequence[str], **env: str) -> Terminal:
        """Run any program in a terminal of its own."""
        terminal = Terminal(argv, env={**self.env, **env}, cwd=self.root)
        self._terminals.append(terminal)
        return terminal

    def run(self, *args: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end, without a terminal."""
        done = self.run_bytes(*args, stdin=stdin, **env)
        said = done.stdout.decode(), done.stderr.decode()
        return subprocess.CompletedProcess(done.args, done.returncode, *said)

    def run_bytes(self, *args: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[bytes]:
        """As ``run``, with its output as it came."""
        return forked.run(args, {**self.env, **env}, self.root, stdin)

    def json(self, *args: str, **env: str) -> dict[str, object]:
        """The one JSON document that a verb prints; the verb must succeed."""
        done = self.run(*args, **env)
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        assert isinstance(document, dict)
        return document

    def start(self, *args: str, **env: str) -> forked.Forked:
        """Start a verb that goes on, its output on a pipe."""
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            process = forked.piped(
                "imagechat_tui", args, env={**self.env, **env}, cwd=self.root, stdin=nothing
            )
        finally:
            os.close(nothing)
        self._processes.append(process)
        return process

    @property
    def server_pid(self) -> int | None:
        """The local server's process id by the kernel's word, None if nobody listens."""
        for path in (self.root / "run").rglob("server.sock"):
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as link:
                link.connect(str(path))
                pid: int = struct.unpack("3i", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
                return pid
        return None

    def close(self) -> None:
        """End everything that runs here."""
        for terminal in self._terminals:
            terminal.close()
        for process in self._processes:
            process.kill()
            process.communicate()
        pid = self.server_pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.root, ignore_errors=True)


def new_desk() -> Desk:
    """A fresh machine with the demo's picture on it as ``shot.png``."""
    root = Path(tempfile.mkdtemp(prefix="ic"))
    for name in ("run", "home", "data", "state", "cache", "config"):
        (root / name).mkdir(mode=0o700)
    picture = root / "shot.png"
    shutil.copy(DEMO_PICTURE, picture)
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("IMAGECHAT_", "TEXTUAL", "XDG_", "TMUX", "COV"))
    }
    env |= {
        "HOME": str(root / "home"),
        "XDG_RUNTIME_DIR": str(root / "run"),
        "XDG_DATA_HOME": str(root / "data"),
        "XDG_STATE_HOME": str(root / "state"),
        "XDG_CACHE_HOME": str(root / "cache"),
        "XDG_CONFIG_HOME": str(root / "config"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
    }
    for name in ("NO_COLOR", "HOSTNAME"):
        env.pop(name, None)
    return Desk(root=root, env=env, picture=picture)


def skip_without_locale(name: str) -> None:
    """Skip the test where a locale is not installed."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        pytest.skip(f"{name} is not installed")
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """One person's machine."""
    fresh = new_desk()
    try:
        yield fresh
    finally:
        fresh.close()


def place_marker(terminal: Terminal, text: str, *moves: str) -> None:
    """Place a marker with keys alone: move, ``c``, type (in one packet, as a slow link has it), Enter."""
    terminal.wait_for(lambda: "×" in terminal.lines[0], what="the picture, without which nothing moves")
    terminal.press(*moves)
    terminal.send("c" + text)
    terminal.shows(text)
    terminal.press("enter")


def both(*terminals: Terminal, show: str, within_s: float = 15.0) -> None:
    """Wait until all ``terminals`` show a text."""
    wait_for(lambda: all(show in t.text for t in terminals), within_s=within_s, what=f"all to show {show!r}")
