"""A folder of screenshots beside a single one: the first picture, the next one, and memory.

    python -m tests.benchmarks.folder [--pictures 500] [--runs 7] [--steps 30]

Screenshots of 1440×900, in a pseudo terminal of 160 × 45 cells, files warm. First picture: from exec to its cells,
alternately with a single file. Next picture: from the key ``}`` to its last cell, once decoded ahead; the median.
Memory: the resident set of the program at the end, without the decoding child. The targets: at most 1.1 ×, 50 ms and
400 MB.
"""

from __future__ import annotations

import argparse
import os
import select
import statistics
import time
from pathlib import Path

from PIL import Image, ImageDraw

from tests.benchmarks.startup import arrivals
from tests.e2e.conftest import IMAGECHAT, Desk, new_desk
from tests.terminal import Terminal

COLUMNS, ROWS = 160, 45
SIZE = (1440, 900)
REST_S = 2.0
"""Between two keys: the neighbour is decoded meanwhile."""


def make_folder(folder: Path, count: int) -> None:
    """Pages that differ: each has its number's own bars."""
    folder.mkdir()
    for number in range(count):
        page = Image.new("RGB", SIZE, (250, 250, 252))
        draw = ImageDraw.Draw(page)
        draw.rectangle((0, 0, SIZE[0], 64), fill=(30 + number % 200, 60, 120))
        for row in range(20):
            width = 200 + (number * 37 + row * 113) % 900
            draw.rectangle((80, 110 + row * 38, 80 + width, 126 + row * 38), fill=(40, 40 + row * 8, 60))
        page.save(folder / f"shot{number}.png")


def picture_came(raw: bytes) -> bool:
    """Whether a picture has been painted."""
    return raw.count(b";48;2;") > 300


def first_picture(desk: Desk, name: str) -> float:
    """From exec to the picture, in seconds."""
    started = time.monotonic()
    argv = [*IMAGECHAT, name]
    with Terminal(argv, env=desk.env, columns=COLUMNS, rows=ROWS, cwd=desk.root) as terminal:
        return arrivals(terminal, started, picture_came)[0]


def last_byte(terminal: Terminal, sign: bytes, quiet_s: float = 0.15) -> float:
    """When the last byte came of what a key changed; reads until nothing has come for a while."""
    raw, last = b"", time.monotonic()
    while select.select([terminal.master], [], [], quiet_s if sign in raw else 20.0)[0]:
        piece = os.read(terminal.master, 65536)
        if sign not in raw or picture_cells(piece):
            last = time.monotonic()
        raw += piece
    assert sign in raw
    return last


def picture_cells(piece: bytes) -> bool:
    """Whether it paints any of the picture: the header's words come on when the link stands."""
    return b";48;2;" in piece and len(piece) > 2000


def next_pictures(desk: Desk, steps: int) -> tuple[list[float], int]:
    """From each key to the next picture, in seconds; and the memory at the end, in MB."""
    times: list[float] = []
    with Terminal([*IMAGECHAT, "shots"], env=desk.env, columns=COLUMNS, rows=ROWS, cwd=desk.root) as terminal:
        arrivals(terminal, time.monotonic(), picture_came, lambda raw: b"LIVE" in raw)
        for step in range(2, steps + 2):
            until = time.monotonic() + REST_S
            while (left := until - time.monotonic()) > 0:
                if select.select([terminal.master], [], [], left)[0]:
                    os.read(terminal.master, 65536)
            pressed = time.monotonic()
            os.write(terminal.master, b"}")
            times.append(last_byte(terminal, f"{step}/".encode()) - pressed)
        status = Path(f"/proc/{terminal.process.pid}/status").read_text()
    return times, int(status.split("VmRSS:")[1].split()[0]) // 1024


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--pictures", type=int, default=500)
    options.add_argument("--runs", type=int, default=7)
    options.add_argument("--steps", type=int, default=30)
    given = options.parse_args()
    desk = new_desk()
    try:
        make_folder(desk.root / "shots", given.pictures)
        single = "shots/shot0.png"
        first_picture(desk, single)
        pairs = [(first_picture(desk, single), first_picture(desk, "shots")) for _ in range(given.runs)]
        alone, among = (statistics.median(times) for times in zip(*pairs, strict=True))
        times, megabytes = next_pictures(desk, given.steps)
    finally:
        desk.close()
    print(f"first picture, alone           {alone * 1000:6.0f} ms")
    print(f"first picture of {given.pictures:4}          {among * 1000:6.0f} ms   {among / alone:.2f} ×")
    print(f"next picture, median           {statistics.median(times) * 1000:6.0f} ms")
    print(f"next picture, worst of {given.steps:3}     {max(times) * 1000:6.0f} ms")
    print(f"memory                         {megabytes:6} MB")


if __name__ == "__main__":
    main()
