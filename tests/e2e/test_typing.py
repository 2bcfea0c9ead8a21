"""Keys written at once end in the same state as the same keys typed slowly: text, drafts, markers, focus.

Two people each on a picture of their own, that look the same; one is a burst, one types. Keys are drawn by a seed, so
that a failure can be played again. Two things are no different state but a different meaning (README): Enter with
text behind it in one packet breaks the line while one writes, so whoever types slowly presses Ctrl+J for it then; and
a terminal's line discipline acts on what is typed before the program begins.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import shutil
import sys
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from imagechat_tui.cli import run
from tests.e2e.conftest import DEMO_PICTURE, Desk
from tests.terminal import KEYS, Terminal, pump, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.pty]

LETTERS = [*"abcdefghijklmnoprstuvwxyz"]
NAMED = ["backspace", "left", "right", "up", "down", "enter", "ctrl+j", "esc", "tab", "ctrl+s", "space"]
COMMANDS = [*"ccrr]][[xdgg"]
SCHEDULES_EACH = 250
"""Of ``--runs``: 4 sequences here; 500 with ``--runs 125000``."""
SEED = os.environ.get("IMAGECHAT_TEST_SEED", "8")
PAUSE_S = 0.1
SAME_WITHIN_S = 10.0
"""The server may be slow to answer; the end is what counts."""


def some_keys(draws: random.Random, most: int = 12) -> list[str]:
    """Keys that mean something together more often than not."""
    keys: list[str] = []
    while len(keys) < draws.randint(2, most):
        pool = draws.choice([COMMANDS, COMMANDS, LETTERS, NAMED, NAMED])
        keys.append(draws.choice(pool))
        if keys[-1] in ("c", "r") and draws.random() < 0.7:
            keys += draws.choices([*"ab ", "backspace", "left", "ctrl+j", "up"], k=draws.randint(1, 4))
            keys += draws.choice([["enter"], ["ctrl+s"], ["esc"], []])
    return [key for key in keys[:most] if key != "q"]


def as_typed(keys: Sequence[str]) -> str:
    return "".join(KEYS.get(key, key) for key in keys)


def _kind(key: str) -> str:
    return {"enter": "e", "ctrl+j": "j", "tab": "t"}.get(key, "p" if len(key) == 1 or key == "space" else "x")


def breaks(keys: Sequence[str]) -> set[int]:
    """Where an Enter breaks the line if it comes in one packet while one writes."""
    kinds = "".join(_kind(key) for key in keys)
    return {at for match in re.finditer("e[etj]*(?=p)", kinds) for at in range(*match.span())}


def playable(keys: Sequence[str]) -> bool:
    """Whether it can be typed slowly, and its bytes mean nothing else."""
    pairs = re.fullmatch("(\x1b[bf\x7f])+", as_typed(keys))  # Alt
    one_line_end = "\r\n" in as_typed(keys)  # Enter, as some terminals send it
    kinds = "".join(_kind(key) for key in keys)
    blanks = any(
        {"t"} < set(run) and set(run) & {"e", "j"} for run in re.findall("[etjp]+", kinds)
    )  # may be tabs
    return bool(keys) and not pairs and not one_line_end and not blanks


@dataclass
class Person:
    """One of the two."""

    terminal: Terminal
    folder: Path
    state: Path

    def stands(self, picture: str) -> None:
        wait_for(
            lambda: (
                f"{picture} " in self.terminal.lines[0]
                and "LIVE" in self.terminal.lines[0]
                and "×" in self.terminal.lines[0]
            ),
            within_s=60,
            what=f"{picture} to stand",
        )

    def burst(self, keys: Sequence[str]) -> None:
        os.write(self.terminal.master, as_typed(keys).encode())
        self.done()

    def slowly(self, keys: Sequence[str]) -> None:
        broken = breaks(keys)
        for at, key in enumerate(keys):
            self.terminal.press("ctrl+j" if at in broken and self.writes() else key)
            end = time.monotonic() + PAUSE_S
            while time.monotonic() < end:
                pump(end - time.monotonic())
            self.terminal.quiet(0.05, within_s=60)
        self.done()

    def writes(self) -> bool:
        """Whether the next key goes into a text."""
        self.done()
        self.terminal.quiet(0.05, within_s=60)
        return " WRITING " in self.terminal.lines[-1]

    def done(self) -> None:
        """Wait until all keys have acted: they act in order, and the last one repaints the screen."""
        before = len(self.terminal.raw)
        self.terminal.press("ctrl+l")
        status = b"\x1b[%d;1H" % self.terminal.screen.lines
        wait_for(lambda: status in self.terminal.raw[before:], within_s=60, what="a repaint")

    @property
    def seen(self) -> dict[str, object]:
        """Where the focus and the crosshair are, what is begun or being written, what dialog is open."""
        lines = self.terminal.lines
        status = re.match(r" ([A-Z]+) +([\d.]+ %, [\d.]+ % · [\d.]+×)?", lines[-1])
        sidebar = [line.partition("│")[2] for line in lines]
        begins = [
            at for at, line in enumerate(sidebar) if re.match(r" (New marker at|Reply to|Edit in) ", line)
        ]
        ends = [at for at, line in enumerate(sidebar) if line.startswith(" Enter send")]
        text = (
            [re.sub(r" 1 s ago| now", "", line) for line in sidebar[begins[0] : ends[0]]]
            if begins and ends
            else []
        )
        dialogs = sorted(
            {
                title
                for title in ("Help", "Details", "Delete ", "Not sent", "Here now", "All commands", "Drop ")
                for line in lines
                if f" {title}" in line[20:100]
            }
        )
        begun = "Esc cancel" in lines[-1]
        return {
            "status": status.groups() if status else lines[-1],
            "begun": begun,
            "text": text,
            "dialogs": dialogs,
        }

    def markers(self, picture: str, env: dict[str, str]) -> list[object]:
        """What the server has."""
        out = io.StringIO()
        with mock.patch.dict(os.environ, env, clear=True), contextlib.redirect_stdout(out):
            assert run(["ls", str(self.folder / picture), "--json"]) == 0
        return [
            (m["x"], m["y"], m["resolved"], [c["text"] for c in m["comments"]])
            for m in json.loads(out.getvalue())["markers"]
        ]

    def drafts(self) -> list[object]:
        """What is on disk of what was not sent; forgotten with that."""
        found = []
        for path in self.state.rglob("*.json"):
            for draft in json.loads(path.read_text()).get("drafts", ()):
                write = draft["write"]
                found.append(
                    (write["type"], write.get("x"), write.get("y"), write.get("text"), draft["problem"])
                )
            path.unlink()
        return sorted(found, key=repr)


@dataclass
class Pair:
    """Two people who do the same."""

    desk: Desk
    burst: Person
    slow: Person

    def play(self, picture: str, keys: Sequence[str], *, then: str | None, typed: bool = False) -> None:
        """Both do it; it must come to the same, then they leave.

        Args:
            picture: what both look at, each their own.
            keys: what both press.
            then: the next picture.
            typed: whether one of them has done it already, before the screen stood.
        """
        for person in (self.burst, self.slow):
            person.stands(picture)
        if typed:
            self.burst.done()
        else:
            self.burst.burst(keys)
        self.slow.slowly(keys)
        self.same(picture, keys)
        for person in (self.burst, self.slow):
            self.leave(person, then)
        assert self.burst.drafts() == self.slow.drafts(), keys

    def same(self, picture: str, keys: Sequence[str]) -> None:
        end = time.monotonic() + SAME_WITHIN_S
        while True:
            seen = [person.seen for person in (self.burst, self.slow)]
            there = [person.markers(picture, self.desk.env) for person in (self.burst, self.slow)]
            if seen[0] == seen[1] and there[0] == there[1]:
                return
            if time.monotonic() > end:
                break
            pump(0.1)
        assert (seen[0], there[0]) == (seen[1], there[1]), (
            f"{keys}\n{self.burst.terminal.text}\n{self.slow.terminal.text}"
        )

    def leave(self, person: Person, then: str | None) -> None:
        """Ctrl+Q leaves; a list that is open it closes first."""
        terminal = person.terminal

        def left() -> bool:
            ended = terminal.process.poll() is not None
            return ended or (then is not None and f" {then} " in terminal.lines[0])

        for _ in range(3):
            terminal.press("ctrl+q")
            with contextlib.suppress(AssertionError):
                wait_for(left, within_s=5)
                return
        wait_for(left, within_s=30, what="the screen to be left")


Begin = Callable[[Sequence[str]], Pair]


@pytest.fixture
def pair_of(desk: Desk) -> Begin:
    """Two people, on these pictures one after the other."""

    def begin(names: Sequence[str]) -> Pair:
        people = []
        for who in ("burst", "slow"):
            folder, state = desk.root / who, desk.root / f"state-{who}"
            folder.mkdir(exist_ok=True)
            state.mkdir(mode=0o700, exist_ok=True)
            # Copies of one picture that are in no project would share a room.
            (folder / ".imagechat.toml").write_text(f'project = "{who}"')
            for name in names:
                shutil.copy(DEMO_PICTURE, folder / name)
            argv = [sys.executable, "-m", "tests.e2e.many_screens", *(str(folder / name) for name in names)]
            env = {"XDG_STATE_HOME": str(state), "PYTHONPATH": str(Path(__file__).parents[2])}
            people.append(Person(desk.process(argv, **env), folder, state))
        return Pair(desk, *people)

    return begin


def drawn(draws: random.Random, *, without: Sequence[str] = ()) -> list[str]:
    """The next keys that can be played."""
    while True:
        keys = [key for key in some_keys(draws) if key not in without]
        if playable(keys):
            return keys


def test_keys_written_at_once_come_to_the_same_as_keys_typed_slowly(pair_of: Begin, runs: int) -> None:
    draws = random.Random(SEED)
    names = [f"p{number}.png" for number in range(max(1, runs // SCHEDULES_EACH))]
    pair = pair_of(names)
    for name, then in zip(names, [*names[1:], None], strict=True):
        pair.play(name, drawn(draws), then=then)


OF_THE_LINE = ("backspace", "ctrl+j", "ctrl+s")
"""What a terminal's own line discipline acts on, or knows no other sign for, until a program says otherwise."""


@pytest.mark.parametrize("from_first", [True, False])
def test_keys_from_before_the_screen_come_to_the_same(pair_of: Begin, runs: int, from_first: bool) -> None:
    draws = random.Random(f"{SEED} {from_first}")
    for number in range(max(1, runs // SCHEDULES_EACH // 4)):
        name = f"p{number}.png"
        keys = drawn(draws, without=OF_THE_LINE if from_first else ())
        pair = pair_of([name])
        terminal = pair.burst.terminal
        if not from_first:  # but from when the program has the terminal
            wait_for(lambda: not termios.tcgetattr(terminal.master)[3] & termios.ICANON, within_s=60)  # noqa: B023
        os.write(terminal.master, as_typed(keys).encode())
        assert "LIVE" not in terminal.text
        pair.play(name, keys, then=None, typed=True)
