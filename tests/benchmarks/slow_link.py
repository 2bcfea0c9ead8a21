"""A person at the end of a slow line: what a held key, a dialog and typing cost them there.

    python -m tests.benchmarks.slow_link [--kbits 256] [--size 200x60] [--tree FOLDER] [--pty] [--start]

The app runs behind a real sshd (in inetd's way, on no port), where there is one, and the bytes between ssh and sshd go
through a relay that has 200 ms both ways together and a given rate; with ``--pty``, or without an sshd, the relay
stands between two pseudo terminals. Nothing is compressed. ``--tree`` measures the program of another checkout.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import tty
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imagechat_tui.raster.graphics import ASK, TRY
from tests.terminal import Terminal, pump

ROUND_TRIP_S = 0.2
PIECE = 512
"""Bytes that arrive at once."""
HELD_S = 2.0
REPEATS = 30
"""Keys a second while one is held."""
ZOOM = 4
"""Steps closer before anything is held: there must be somewhere to go."""
QUIET_S = 3.0
"""So long nothing comes once all has."""
PICTURE = Path(__file__).with_name("images") / "dashboard.png"
PHOTO = Path(__file__).with_name("images") / "astronaut.jpg"
DA1 = "\x1b[?62;c"
KITTY = {ASK: f"\x1bP>|kitty(0.41.1)\x1b\\\x1b[6;18;9t{DA1}", TRY: f"\x1b_Gi=6881281;OK\x1b\\{DA1}"}
"""What a terminal that takes pixels is asked and answers."""
MOVE = re.compile(rb"\x1b\[\d+;\d+H")


@dataclass
class Pipe:
    """One way of a line. Time is an argument.

    Args:
        rate: bytes a second.
        delay_s: how long each is on its way besides.
    """

    rate: float
    delay_s: float
    _on_the_way: deque[tuple[float, bytes]] = field(default_factory=deque)
    _free_at: float = 0.0
    in_flight: int = 0
    """Bytes that were put in and have not come out."""

    def put(self, data: bytes, now: float) -> None:
        """Send it off behind what is on the way already."""
        for at in range(0, len(data), PIECE):
            piece = data[at : at + PIECE]
            self._free_at = max(now, self._free_at) + len(piece) / self.rate
            self._on_the_way.append((self._free_at + self.delay_s, piece))
        self.in_flight += len(data)

    def take(self, now: float) -> bytes:
        """What has come by now."""
        come = []
        while self._on_the_way and self._on_the_way[0][0] <= now:
            come.append(self._on_the_way.popleft()[1])
        data = b"".join(come)
        self.in_flight -= len(data)
        return data

    @property
    def due(self) -> float | None:
        """When the next piece comes."""
        return self._on_the_way[0][0] if self._on_the_way else None


def carry(kbits: float, log: Path, size: str, command: Sequence[str]) -> None:
    """Stand between standard input and output and a command, as a slow line; the log has what is in flight, and when.

    With a size (``200x60``) the command gets a terminal, else a socket.
    """
    if size:
        columns, rows = map(int, size.split("x"))
        far, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        tty.setraw(0)
    else:
        ours, there = socket.socketpair()
        far, theirs = ours.detach(), there.detach()

    def take_terminal() -> None:
        os.setsid()
        if size:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    child = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs if size else subprocess.DEVNULL,
        preexec_fn=take_terminal,
    )
    os.close(theirs)
    here, there_ = Pipe(kbits * 125, ROUND_TRIP_S / 2), Pipe(kbits * 125, ROUND_TRIP_S / 2)
    with log.open("w", buffering=1) as notes, contextlib.suppress(OSError):
        while True:
            now = time.monotonic()
            for pipe, end in ((here, 1), (there_, far)):
                data = pipe.take(now)
                while data:
                    data = data[os.write(end, data) :]
            dues = [due for due in (here.due, there_.due) if due is not None]
            ready, _, _ = select.select([0, far], [], [], max(0.0, min([*dues, now + 1]) - now))
            for end, pipe in ((far, here), (0, there_)):
                if end in ready:
                    data = os.read(end, 65536)
                    if not data:
                        return
                    pipe.put(data, time.monotonic())
            print(f"{time.monotonic():.4f} {here.in_flight}", file=notes)
    child.terminate()


@dataclass
class Place:
    """A home of its own for the app and for an sshd."""

    root: Path
    tree: Path
    with_sshd: bool

    @property
    def log(self) -> Path:
        """What was in flight."""
        return self.root / "flight"

    def program(self, picture: Path) -> list[str]:
        """The app on a picture."""
        home = self.root / "home"
        env = {
            "HOME": home, "XDG_RUNTIME_DIR": self.root / "run", "PYTHONPATH": self.tree, "PATH": os.environ["PATH"],
            "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "IMAGECHAT_USER": "Alice",
        }  # fmt: skip
        (self.root / "run").mkdir(mode=0o700, exist_ok=True)
        home.mkdir(exist_ok=True)
        there = [f"{name}={value}" for name, value in env.items()]
        return [
            "env",
            "-i",
            "-C",
            str(home),
            *there,
            sys.executable,
            "-m",
            "imagechat_tui",
            "open",
            str(picture),
        ]

    def open(self, picture: Path, kbits: float, columns: int, rows: int) -> Terminal:
        """Run it at the end of the line."""
        relay = [sys.executable, "-m", "tests.benchmarks.slow_link", "carry", str(kbits), str(self.log)]
        argv = [*relay, f"{columns}x{rows}", *self.program(picture)]
        if self.with_sshd:
            argv = self._ssh([*relay, "", *self._sshd()], self.program(picture))
        env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[2])}
        return Terminal(argv, env=env, columns=columns, rows=rows, cwd=self.root)

    def _sshd(self) -> list[str]:
        sshd = shutil.which("sshd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        assert sshd is not None
        config = self.root / "sshd_config"
        for name in ("host", "person"):
            if not (self.root / name).exists():
                subprocess.run(
                    ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.root / name], check=True
                )
        keys = self.root / "authorized"
        keys.write_text((self.root / "person.pub").read_text())
        config.write_text(
            f"HostKey {self.root}/host\nAuthorizedKeysFile {keys}\nStrictModes no\nUsePAM no\nPrintMotd no\n"
            "PermitRootLogin yes\nPrintLastLog no\nPidFile none\n"
        )
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        return [sshd, "-i", "-f", str(config)]

    def _ssh(self, relay: Sequence[str], program: Sequence[str]) -> list[str]:
        said = " ".join(map(shlex.quote, relay))
        return [
            "ssh", "-tt", "-F", "none", "-o", f"ProxyCommand={said}", "-o", f"IdentityFile={self.root}/person",
            "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={self.root}/known",
            "-o", "LogLevel=ERROR", "-o", "Compression=no", "there", " ".join(map(shlex.quote, program)),
        ]  # fmt: skip

    def most_in_flight(self, since: float) -> int:
        """Bytes, at the worst moment."""
        pairs = (line.split() for line in self.log.read_text().splitlines() if line.count(" ") == 1)
        return max((int(size) for at, size in pairs if float(at) >= since), default=0)


def quiet(terminal: Terminal, for_s: float = QUIET_S) -> float:
    """Wait until nothing has come for so long; when the last came."""
    begin = time.monotonic()
    while time.monotonic() - max(begin, terminal.arrived[-1][0]) < for_s:
        pump(0.05)
    return terminal.arrived[-1][0]


def hold(terminal: Terminal, key: str, for_s: float = HELD_S) -> float:
    """Hold a key; when it was let go."""
    begin = time.monotonic()
    for number in range(round(for_s * REPEATS)):
        while (rest := begin + number / REPEATS - time.monotonic()) > 0:
            pump(rest)
        terminal.send(key)
    return time.monotonic()


def until(terminal: Terminal, text: str, within_s: float = 90.0) -> float:
    """When a text is on the screen, s from now."""
    begin = time.monotonic()
    while text not in terminal.text:
        if time.monotonic() - begin > within_s:
            return float("inf")
        pump(0.02)
    return time.monotonic() - begin


def measured(
    place: Place, kbits: float, columns: int, rows: int, *, start_only: bool = False
) -> dict[str, float]:
    """All figures of one line, but those of `answered_during_upload`; or of its start alone."""
    found: dict[str, float] = {}
    with place.open(PICTURE, kbits, columns, rows) as terminal:
        begin = time.monotonic()
        while not terminal.raw:
            pump(0.01)
        first = found["start: first byte (sign-in, Python), s"] = terminal.arrived[0][0] - begin
        assert until(terminal, "? help", 60) < 60, terminal.text
        found["start: words from then, s"] = terminal.arrived[-1][0] - begin - first
        found["start: words, kB"] = len(terminal.raw) / 1000
        found["start: all from then, s"] = quiet(terminal) - begin - first
        found["start: all, kB"] = len(terminal.raw) / 1000
        if start_only:
            return found
        for _ in range(ZOOM):
            terminal.press("+")
            quiet(terminal, 1.5)
        quiet(terminal)
        before = len(terminal.raw)
        terminal.press("ctrl+l")
        quiet(terminal)
        frame = found["frame (all of the screen), kB"] = (len(terminal.raw) - before) / 1000
        since, before = time.monotonic(), len(terminal.raw)
        released = hold(terminal, "j")
        last = quiet(terminal)
        found["j held 2 s: settles, s"] = last - released
        found["j held 2 s: sent, kB"] = (len(terminal.raw) - before) / 1000
        found["j held 2 s: in flight, kB"] = place.most_in_flight(since) / 1000
        found["j held 2 s: in flight, frames"] = found["j held 2 s: in flight, kB"] / frame
        since = time.monotonic()
        hold(terminal, "k", 2 * HELD_S)
        terminal.press("?")
        found["? after hard panning, s"] = until(terminal, "Help")
        found["hard panning: in flight, kB"] = place.most_in_flight(since) / 1000
        quiet(terminal)
        terminal.press("esc")
        quiet(terminal)
        hold(terminal, "j", 2 * HELD_S)
        terminal.press("c", *"The quick brown fox")
        found["typed behind it, s"] = until(terminal, "The quick brown fox")
        quiet(terminal)
        sizes = []
        for key in "jumps over":
            before = len(terminal.raw)
            terminal.press(key)
            quiet(terminal, 0.8)
            sizes.append(len(terminal.raw) - before)
        found["a typed key, bytes"] = max(sizes)
        before = len(terminal.raw)
        terminal.press("enter")
        quiet(terminal)
        found["Enter, bytes"] = len(terminal.raw) - before
    return found


def answered_during_upload(place: Place, kbits: float, columns: int, rows: int) -> dict[str, float]:
    """How soon a key is answered while a photograph is on its way to a terminal that takes pixels."""
    times: list[float] = []
    with place.open(PHOTO, kbits, columns, rows) as terminal:
        terminal.answers |= {question.encode(): answer for question, answer in KITTY.items()}
        while b"a=t" not in terminal.raw:
            pump(0.05)
        while b"m=0;" not in terminal.raw[-200_000:]:
            before, begin = len(terminal.raw), time.monotonic()
            terminal.press("l" if len(times) % 2 else "h")
            while not MOVE.search(terminal.raw, before):
                pump(0.01)
            times.append(time.monotonic() - begin)
            hold_until = time.monotonic() + 0.05 * (len(times) % 7)
            while time.monotonic() < hold_until:
                pump(0.01)
    times.sort()
    return {
        "during an upload: a key, s, median": times[len(times) // 2],
        "during an upload: a key, s, worst": times[-1],
    }


def main() -> None:
    """Measure and print a table."""
    if sys.argv[1:2] == ["carry"]:
        carry(float(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], sys.argv[5:])
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--tree", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("--pty", action="store_true")
    parser.add_argument("--kbits", type=float, default=256)
    parser.add_argument("--size", default="200x60")
    parser.add_argument("--start", action="store_true", help="measure the start alone")
    args = parser.parse_args()
    columns, rows = map(int, args.size.split("x"))
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/bin:/usr/local/sbin") is not None and not args.pty
    with tempfile.TemporaryDirectory(prefix="link") as root:
        place = Place(Path(root), args.tree.resolve(), sshd)
        print(f"{args.kbits:g} kbit/s, {args.size}, {'sshd' if sshd else 'pty'}, {args.tree.resolve()}")
        try:
            found = measured(place, args.kbits, columns, rows, start_only=args.start)
            if not args.start:
                found |= answered_during_upload(place, args.kbits, columns, rows)
            for name, value in found.items():
                print(f"{name:40} {value:10.2f}", flush=True)
        finally:
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    if f"HOME={root}/home".encode() in (process / "environ").read_bytes().split(b"\0"):
                        os.kill(int(process.name), signal.SIGTERM)


if __name__ == "__main__":
    main()
