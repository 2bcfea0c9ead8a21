"""How soon the screen stands: ``imagechat shot.png`` beside a bare Textual app, in one run.

    python -m tests.benchmarks.startup [--runs 11]

Both run in a pseudo terminal of 160 × 45 cells, alternately, files warm. Times are from exec to the bytes
that hold the marker text, in ms (median, best). The target: first paint at most 1.5 × the bare app.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import IMAGECHAT, Desk, new_desk
from tests.terminal import Terminal

BARE = """
from textual.app import App, ComposeResult
from textual.widgets import Static
class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("bare app stands")
Bare().run()
"""


def seconds_until(terminal: Terminal, started: float, condition: Callable[[], bool]) -> float:
    """From exec until ``condition`` holds, by the arrival of the bytes that made it true."""
    terminal.wait_for(condition, within_s=20)
    return terminal.arrived[-1][0] - started


def bare(desk: Desk) -> dict[str, float]:
    """One start of the bare app."""
    started = time.monotonic()
    with Terminal(
        [sys.executable, "-c", BARE], env=desk.env, columns=160, rows=45, cwd=desk.root
    ) as terminal:
        return {
            "bare Textual app": seconds_until(terminal, started, lambda: b"bare app stands" in terminal.raw)
        }


def ours(desk: Desk, kind: str) -> dict[str, float]:
    """One start of imagechat: frame, picture, LIVE."""
    started = time.monotonic()
    with Terminal([*IMAGECHAT, "shot.png"], env=desk.env, columns=160, rows=45, cwd=desk.root) as terminal:
        frame = seconds_until(terminal, started, lambda: b"shot.png" in terminal.raw)
        picture = seconds_until(terminal, started, lambda: terminal.raw.count(b";48;2;") > 500)
        live = seconds_until(terminal, started, lambda: "LIVE" in terminal.lines[0])
    return {
        f"imagechat, {kind}: first paint": frame,
        f"imagechat, {kind}: picture": picture,
        f"imagechat, {kind}: LIVE": live,
    }


def main() -> None:
    """Run both alternately and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    figures: dict[str, list[float]] = {}
    warm = new_desk()
    try:
        ours(warm, "server running")  # starts the server, compiles what is not compiled
        for _ in range(runs):
            cold = new_desk()
            try:
                rows = [bare(warm), ours(warm, "server running"), ours(cold, "no server")]
            finally:
                cold.close()
            for row in rows:
                for name, seconds in row.items():
                    figures.setdefault(name, []).append(seconds * 1000)
    finally:
        warm.close()
    control = statistics.median(figures["bare Textual app"])
    print(f"{'':42}{'median ms':>10}{'best':>8}{'× bare':>8}   ({runs} runs, {Path(sys.executable).name})")
    for name, times in figures.items():
        median = statistics.median(times)
        print(f"{name:42}{median:10.0f}{min(times):8.0f}{median / control:8.2f}")


if __name__ == "__main__":
    main()
