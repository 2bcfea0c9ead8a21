"""Kitty's graphics: what the protocol asks of commands and placeholders.

Tried, besides, on the terminal core of Ghostty: it takes the picture, makes the virtual placement, and finds in
every cell the part that is meant.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from base64 import b64decode

import numpy as np
import pytest

from imagechat_tui.raster.kitty import (
    CHUNK,
    MOST_CELLS,
    PLACEHOLDER,
    cells_text,
    handover,
    marks,
    packed,
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


@pytest.mark.parametrize(("width", "height"), [(1, 1), (80, 60), (300, 200)])
def test_the_pixels_arrive_in_chunks_as_they_were(width: int, height: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    text = handover(0x123456, packed(pixels), (width, height), (40, 20))
    # Nothing is drawn while half of it is there.
    assert text.startswith("\x1b[?2026h")
    assert text.endswith("\x1b[?2026l")
    *parts, placement = commands(text[len("\x1b[?2026h") : -len("\x1b[?2026l")])
    keys, _ = parts[0]
    assert keys.items() >= {
        "a": "t", "f": "24", "o": "z", "i": str(0x123456), "s": str(width), "v": str(height), "q": "2",
    }.items()  # fmt: skip
    assert [part["m"] for part, _ in parts] == ["1"] * (len(parts) - 1) + ["0"]
    assert all(part.keys() == {"m", "q"} for part, _ in parts[1:])
    assert all(len(payload) <= CHUNK and len(payload) % 4 == 0 for _, payload in parts)
    data = zlib.decompress(b64decode("".join(payload for _, payload in parts)))
    assert data == pixels.tobytes()
    assert placement == (
        {"a": "p", "U": "1", "i": str(0x123456), "c": "40", "r": "20", "q": "2"}, "",
    )  # fmt: skip


def test_a_picture_is_forgotten_with_its_data() -> None:
    assert commands(removal(7)) == [({"a": "d", "d": "I", "i": "7", "q": "2"}, "")]


def test_every_placeholder_names_picture_row_and_column() -> None:
    text = cells_text(0x123456, 3, 10, 5)
    color, cells, reset = re.fullmatch("(\x1b[^m]*m)(.*)(\x1b[^m]*m)", text).groups()  # type: ignore[union-attr]
    assert (color, reset) == ("\x1b[38;2;18;52;86m", "\x1b[0m")
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
