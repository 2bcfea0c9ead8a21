"""A terminal of 16 colours gets words that it can show so that they are read."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Desk


@pytest.mark.parametrize(
    ("theme", "key", "ground"), [("light", "blue", "brightcyan"), ("dark", "brightbrown", "blue")]
)
def test_keys_and_the_selected_row_are_seen_with_16_colours(
    desk: Desk, theme: str, key: str, ground: str
) -> None:
    here = desk.terminal("shot.png", "--colors", "16", "--theme", theme, columns=100, rows=30)
    here.shows("LIVE")
    here.press("?")
    here.shows("type to search", "does it", "Left")
    row = next(y for y, line in enumerate(here.lines) if "Left" in line)
    at = here.lines[row].index("Left")
    cells = here.screen.buffer[row]
    assert {cells[at].bg for at in range(at, at + 4)} == {ground}
    assert key in {cells[x].fg for x in range(at - 20, at)}
    hint = next(y for y, line in enumerate(here.lines) if "type to search" in line)
    column = here.lines[hint].index("to search")
    word = here.screen.buffer[hint][column]
    assert (word.fg, word.bg) == (("black", "brightwhite") if theme == "light" else ("white", "black"))
