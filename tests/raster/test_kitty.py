"""Kitty's graphics: what the protocol asks of commands and placeholders.

Tried, besides, on the terminal core of Ghostty: it takes the picture, makes the virtual placement, and finds in
every cell the part that is meant.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64decode

import pytest

from imagechat_tui.raster.kitty import (
    BREAK_OFF,
    CHUNK,
    MOST_CELLS,
    PIECE,
    PLACEHOLDER,
    cells_text,
    marks,
    pieces,
    placement,
    removal,
)

COMMAND = re.compile(r"\x1b_G([^;\x1b]*)(?:;([A-Za-z0-9+/=]*))?\x1b\\")


def commands(text: str) -> list[tuple[dict[str, str], str]]:
    """Keys and payload of each command; nothing else may be in the text."""
    assert COMMAND.sub("", text) == ""
    return [
        (dict(pair.split("=") for pair in keys.split(",")), payload or "")
        for keys, payload in COMMAND.findall(text)
    ]


@pytest.mark.parametrize("length", [1, 3 * CHUNK // 4, 3 * CHUNK // 4 + 1, 20_000, 100_000])
@pytest.mark.parametrize("png", [True, False])
def test_a_picture_arrives_in_chunks_as_it_was_some_at_a_time(length: int, png: bool) -> None:
    data = bytes(number * 7 % 251 for number in range(length))
    texts = [*pieces(0x123456, data, (40, 20), png=png)]
    assert all(len(text) <= PIECE + 200 for text in texts)
    parts = [command for text in texts for command in commands(text)]
    keys, _ = parts[0]
    form = {"f": "100"} if png else {"f": "24", "o": "z", "s": "40", "v": "20"}
    assert {name: keys[name] for name in keys if name != "m"} == {
        "a": "t", "t": "d", "i": str(0x123456), "q": "2", **form,
    }  # fmt: skip
    assert [part["m"] for part, _ in parts] == ["1"] * (len(parts) - 1) + ["0"]
    # Each says that no answer is wanted: the terminal answers by the last.
    assert all(part == {"m": part["m"], "q": "2"} for part, _ in parts[1:])
    assert all(len(payload) <= CHUNK and len(payload) % 4 == 0 for _, payload in parts)
    assert b64decode("".join(payload for _, payload in parts)) == data


def test_a_picture_is_laid_out_by_one_command() -> None:
    assert commands(placement(7, (240, 74))) == [
        ({"a": "p", "U": "1", "i": "7", "p": "1", "c": "240", "r": "74", "q": "2"}, "")
    ]
    assert commands(BREAK_OFF) == [({"q": "2", "m": "0"}, "")]


def test_a_picture_is_forgotten_with_its_data() -> None:
    assert commands(removal(7)) == [({"a": "d", "d": "I", "i": "7", "q": "2"}, "")]


def test_every_placeholder_names_picture_row_and_column() -> None:
    text = cells_text(0x123456, 3, 10, 5, 0x102030)
    color, cells, reset = re.fullmatch("(\x1b[^m]*m)(.*)(\x1b[^m]*m)", text).groups()  # type: ignore[union-attr]
    assert (color, reset) == ("\x1b[38;2;18;52;86;48;2;16;32;48m", "\x1b[0m")
    assert [cells[start : start + 3] for start in range(0, len(cells), 3)] == [
        PLACEHOLDER + marks()[3] + marks()[column] for column in range(10, 15)
    ]


def test_the_marks_are_those_of_the_protocol() -> None:
    assert len(marks()) == MOST_CELLS
    assert list(marks()) == sorted(set(marks()))
    for mark in marks():
        assert unicodedata.combining(mark) == 230
        assert unicodedata.category(mark) == "Mn"
        assert unicodedata.decomposition(mark) == ""
    # Some that the protocol's list tells: 0, 1, 36, 100, 255, 296.
    assert [ord(marks()[n]) for n in (0, 1, 36, 296)] == [0x305, 0x30D, 0x593, 0x1D244]
    letters = [first + mark for first in "aeiounAEIOUN" for mark in marks()]
    assert [unicodedata.normalize("NFC", text) for text in letters] == letters
