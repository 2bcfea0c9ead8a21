"""Without colours none are written, and what stands out still does."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from imagechat_tui.tui.colorless import Colorless
from tests.terminal import Terminal

SGR = re.compile(rb"\x1b\[([0-9;:]*)m")
INKS = {"0", "1", "4", "7", "9"}
"""Plain, bold, underlined, reverse, struck through."""


@pytest.mark.pty
def test_no_color_means_no_colour_codes_at_all(tmp_path: Path) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("TEXTUAL", "COV"))}
    env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}
    program = [sys.executable, "-m", "tests.tui.scripted_app", str(tmp_path / "drafts"), "colorless"]
    with Terminal(program, env=env, cwd=Path(__file__).parents[2], fork=True) as terminal:
        terminal.shows("LIVE", "60×40")
        for keys, shown in (
            ("]", "[+]"),
            ("?", "Help"),
            ("\x1b", "q quit"),
            ("c", "Enter send"),
            ("\r", "Nothing to send"),
        ):
            terminal.send(keys)
            terminal.shows(shown)
        chip = terminal.screen.buffer[terminal.screen.lines - 1][1]
        assert (chip.data, chip.reverse) == ("W", True)
        codes = {
            code for found in SGR.findall(bytes(terminal.raw)) for code in found.decode().split(";") if code
        }
        assert codes <= INKS


@pytest.mark.parametrize("ground", ["#14181c", "#f7f7f7"])
def test_a_ground_that_stands_out_is_reverse(ground: str) -> None:
    far = "#f2b13c" if ground == "#14181c" else "#1c5fb0"
    segments = [
        Segment("chip", Style.parse(f"bold {ground} on {far}")),
        Segment("text", Style.parse(f"red on {ground}")),
        Segment("cursor", Style.parse(f"reverse {far} on {ground}")),
        Segment("bare"),
    ]
    chip, text, cursor, bare = Colorless(Color.parse(ground)).apply(segments, Color(0, 0, 0))
    assert chip.style == Style(bold=True, underline=None, reverse=True)
    assert text.style is not None
    assert not text.style.reverse
    assert cursor.style is not None
    assert cursor.style.reverse
    assert bare.style is None
    assert all(
        s.style is None or (s.style.color is None and s.style.bgcolor is None) for s in (chip, text, cursor)
    )
