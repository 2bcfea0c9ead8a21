"""`kill -9` while somebody types, on a disk that another process keeps busy: what was typed is there again."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagechat_tui.net.drafts.file import DraftFile
from imagechat_tui.sync.intents import StartConversation
from tests.e2e.conftest import Desk
from tests.terminal import Terminal, pump

pytestmark = [pytest.mark.e2e, pytest.mark.pty, pytest.mark.reliability]

TYPED = "abcdefghijklmnopqrstuvwxyz0123456789"
"""Short enough for one line of the composer, no beginning of it twice."""
KEY_EVERY_S = 0.05
LOST_AT_MOST_S = 0.5
CALM_RUNS = 10_000
"""From so many runs on somebody measures by hand, on a machine that has time: then seconds are asserted."""

BUSY = """
import os, sys
while True:
    with open(sys.argv[1], "wb") as file:
        for _ in range(8):
            file.write(bytes(1 << 20))
            file.flush()
            os.fsync(file.fileno())
    os.sync()
"""


@pytest.fixture
def busy_disk(desk: Desk) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", BUSY, str(desk.root / "busy")])
    yield
    process.kill()
    process.wait()


def visible(here: Terminal) -> int:
    """How many of the typed characters stand on the screen."""
    text = here.text
    return next((n for n in range(len(TYPED), 3, -1) if TYPED[:n] in text), 0)


def on_disk(folder: Path) -> str:
    """The text of the one draft that the next start finds."""
    drafts = [draft for path in folder.glob("*") for draft in DraftFile(path).load()]
    assert len(drafts) <= 1, drafts
    texts = [draft.write.text for draft in drafts if isinstance(draft.write, StartConversation)]
    return "".join(texts)


def test_a_kill_while_typing_loses_half_a_second_at_most_and_sends_nothing(
    desk: Desk, busy_disk: None, runs: int
) -> None:
    chance, lost_s = random.Random(7), list[float]()
    folder = desk.root / "state" / "imagechat" / "drafts"
    for _ in range(max(1, runs // 500)):
        here = desk.terminal("shot.png")
        here.shows("×", within_s=60)
        here.send("c")
        here.shows("New marker", within_s=30)
        shown: list[tuple[float, int]] = [(time.monotonic(), 0)]
        last = chance.randrange(8, len(TYPED))
        for character in TYPED[:last]:
            here.send(character)
            due = time.monotonic() + KEY_EVERY_S
            while (left_s := due - time.monotonic()) > 0:
                pump(left_s)
            shown.append((time.monotonic(), visible(here)))
        if runs < CALM_RUNS:  # this machine may be busy with other things: all that is asserted are facts
            here.wait_for(lambda: on_disk_grows(folder), within_s=60, what="a draft")
        else:
            until = time.monotonic() + chance.uniform(0.0, 0.4)
            while time.monotonic() < until:
                pump(0.02)
                shown.append((time.monotonic(), visible(here)))
        assert shown[-1][1] or runs < CALM_RUNS, here.text
        killed_at = time.monotonic()
        here.process.send_signal(signal.SIGKILL)
        here.process.wait()
        kept = on_disk(folder)
        assert TYPED.startswith(kept)
        lost_since = next((at for at, n in shown if n > len(kept)), killed_at)
        lost_s.append(killed_at - lost_since)
        here.close()
        shutil.rmtree(folder)
    print(f"of what was on the screen the last {max(lost_s):.2f} s were lost at most: {sorted(lost_s)[-9:]}")
    assert runs < CALM_RUNS or max(lost_s) <= LOST_AT_MOST_S
    assert desk.json("ls", "shot.png", "--json")["markers"] == []


def on_disk_grows(folder: Path) -> bool:
    """Whether a draft has its name."""
    return any(folder.glob("*/*.json"))
