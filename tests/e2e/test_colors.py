"""A terminal of 16 colours gets words that it can show so that they are read."""

from __future__ import annotations

import re

import pytest

from tests.e2e.conftest import Desk

SGR = re.compile(rb"\x1b\[([0-9;:]*)m")


def depths(raw: bytes) -> set[str]:
    """Which kinds of colours the bytes name."""
    found = set()
    for codes in SGR.findall(raw):
        if b"8;2;" in codes:
            found.add("truecolor")
        elif b"8;5;" in codes:
            found.add("256")
        elif any(30 <= int(code or 0) <= 49 or 90 <= int(code or 0) <= 107 for code in codes.split(b";")):
            found.add("16")
    return found


@pytest.mark.parametrize(
    ("env", "deepest"),
    [
        ({"TERM": "screen-256color", "STY": "1.pts-0.host"}, "256"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "vt220"}, None),
        ({"TERM": ""}, None),
    ],
)
def test_picture_and_all_round_it_have_no_more_colours_than_the_terminal(
    desk: Desk, env: dict[str, str], deepest: str | None
) -> None:
    here = desk.terminal("shot.png", columns=120, rows=40, **env)
    here.shows("LIVE")
    here.wait_for(lambda: "1440" in here.lines[0], what="the picture")
    here.press("?")
    here.shows("Type to search")
    assert max(depths(bytes(here.raw)), key=["16", "256", "truecolor"].index, default=None) == deepest


@pytest.mark.parametrize(
    ("theme", "key", "ground"), [("light", "blue", "brightcyan"), ("dark", "brightbrown", "blue")]
)
def test_keys_and_the_selected_row_are_seen_with_16_colours(
    desk: Desk, theme: str, key: str, ground: str
) -> None:
    here = desk.terminal("shot.png", "--colors", "16", "--theme", theme, columns=100, rows=30)
    here.shows("LIVE")
    here.press("?")
    here.shows("Type to search", "Enter run", "Move left")

    def cells(word: str) -> list[tuple[str, str]]:
        """Ink and ground of a word's first four cells, and of the twenty before them."""
        row, line = next((y, line) for y, line in enumerate(here.lines) if word in line)
        at = line.index(word)
        return [
            (cell.fg, cell.bg) for cell in map(here.screen.buffer[row].__getitem__, range(at - 20, at + 4))
        ]

    # Words come in one piece of a paint, and their colours may change with the next.
    here.wait_for(
        lambda: (
            {bg for _, bg in cells("Move left")[-4:]} == {ground}
            and key in {fg for fg, _ in cells("Move left")}
        ),
        what=f"the selected row on {ground}, its key in {key}",
    )
    hint = ("black", "brightwhite") if theme == "light" else ("white", "black")
    here.wait_for(lambda: cells("to search")[-1] == hint, what=f"the hint in {hint}")
