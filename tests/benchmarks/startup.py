"""How soon the screen stands: ``imagechat shot.png`` beside a bare Textual app, in one run.

    python -m tests.benchmarks.startup [--runs 11] [--share 0.33]

``--share`` gives each program that share of a core (tests/benchmarks/quota.py). Both run in a pseudo terminal of
160 × 45 cells, alternately, files warm. Times are from exec to the bytes of the last row of the first frame, in ms
(median, best). The target: first paint at most 1.5 × the bare app.
"""

from __future__ import annotations

import argparse
import os
import select
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.quota import confined, forget
from tests.e2e.conftest import IMAGECHAT, Desk, new_desk
from tests.terminal import Terminal

COLUMNS, ROWS = 160, 45

BARE = """
from textual.app import App, ComposeResult
from textual.widgets import Static
class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("bare app stands")
Bare().run()
"""


def arrivals(terminal: Terminal, started: float, *signs: Callable[[bytes], bool]) -> list[float]:
    """From exec until each of the signs is in what has come, in seconds. Nothing else is done with the bytes here:
    who paints waits for who reads."""
    raw = b""
    times: list[float] = []
    while len(times) < len(signs):
        if not select.select([terminal.master], [], [], 20.0)[0]:
            raise TimeoutError(f"sign {len(times)} did not come")
        raw += os.read(terminal.master, 65536)
        now = time.monotonic()
        while len(times) < len(signs) and signs[len(times)](raw):
            times.append(now - started)
    return times


def painted(raw: bytes) -> bool:
    """Whether the first frame has come down to its last row."""
    return b"\x1b[%d;1H" % ROWS in raw


def bare(desk: Desk, share: float) -> dict[str, float]:
    """One start of the bare app."""
    started = time.monotonic()
    argv = [*confined(share), sys.executable, "-c", BARE]
    with Terminal(argv, env=desk.env, columns=COLUMNS, rows=ROWS, cwd=desk.root) as terminal:
        return {"bare Textual app": arrivals(terminal, started, painted)[0]}


def ours(desk: Desk, kind: str, share: float) -> dict[str, float]:
    """One start of imagechat: frame, picture, LIVE."""
    started = time.monotonic()
    argv = [*confined(share), *IMAGECHAT, "shot.png"]
    with Terminal(argv, env=desk.env, columns=COLUMNS, rows=ROWS, cwd=desk.root) as terminal:
        frame, picture, live = arrivals(
            terminal, started, painted, lambda raw: raw.count(b";48;2;") > 500, lambda raw: b"LIVE" in raw
        )
    return {
        f"imagechat, {kind}: first paint": frame,
        f"imagechat, {kind}: picture": picture,
        f"imagechat, {kind}: LIVE": live,
    }


def main() -> None:
    """Run both alternately and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--share", type=float, default=1.0, help="of a core, for each program")
    arguments = parser.parse_args()
    runs, share = arguments.runs, arguments.share
    figures: dict[str, list[float]] = {}
    warm = new_desk()
    try:
        ours(warm, "server running", 1.0)  # starts the server, compiles what is not compiled
        for _ in range(runs):
            cold = new_desk()
            try:
                rows = [
                    bare(warm, share), ours(warm, "server running", share), ours(cold, "no server", share),
                ]  # fmt: skip
            finally:
                cold.close()
            for row in rows:
                for name, seconds in row.items():
                    figures.setdefault(name, []).append(seconds * 1000)
    finally:
        warm.close()
        forget()
    control = statistics.median(figures["bare Textual app"])
    print(f"{'':42}{'median ms':>10}{'best':>8}{'× bare':>8}   ({runs} runs, {Path(sys.executable).name})")
    for name, times in figures.items():
        median = statistics.median(times)
        print(f"{name:42}{median:10.0f}{min(times):8.0f}{median / control:8.2f}")


if __name__ == "__main__":
    main()
