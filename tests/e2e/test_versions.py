"""A picture's file becomes another one while people talk about it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.conftest import Desk, place_marker
from tests.terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.pty]


def png(size: tuple[int, int], color: str = "navy") -> bytes:
    """A picture with something in it."""
    image = Image.effect_noise(size, 60).convert("RGB")
    image.paste(color, (0, 0, size[0] // 2, size[1] // 2))
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def size(terminal: Terminal, words: str) -> None:
    """Wait until the header tells such a size."""
    terminal.wait_for(lambda: words in terminal.lines[0], what=words)


def by_rename(path: Path, data: bytes) -> None:
    """Put a file in a file's place, as careful programs do."""
    path.with_name("new.tmp").write_bytes(data)
    path.with_name("new.tmp").replace(path)


def gone(path: Path) -> None:
    """Have nothing there."""
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()


def pipe(path: Path) -> None:
    """A pipe that nobody writes to."""
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    """A folder of the same name."""
    path.unlink()
    path.mkdir()


def huge(path: Path) -> None:
    """More bytes than are read, and no disk that has them."""
    os.truncate(path, 16384 << 20)


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut": (lambda path: os.truncate(path, path.stat().st_size // 2), "cut off now"),
    "empty": (lambda path: os.truncate(path, 0), "empty"),
    "gone": (gone, "does not exist"),
    "folder": (folder, "holds no visible"),
    "pipe": (pipe, "is a device"),
    "huge": (huge, "16384"),
}


def test_a_file_that_is_replaced_is_read_by_itself_and_what_is_none_takes_nothing_away(desk: Desk) -> None:
    desk.picture.write_bytes(png((300, 200)))
    here = desk.terminal("shot.png")
    here.shows("LIVE")
    place_marker(here, "Too low", "l", "l")
    here.shows("1 marker")
    size(here, "300×200")
    here.send("c")
    here.send("not yet ")
    here.shows("not yet")
    here.press("esc")
    for how, (put, named) in enumerate(
        (
            (by_rename, "310×200"),
            (lambda path, data: path.write_bytes(data), "320×200"),
        )
    ):
        put(desk.picture, png((310 + 10 * how, 200)))
        size(here, named)
    for number, (spoil, words) in enumerate(BROKEN.values()):
        spoil(desk.picture)
        here.shows("Not read again", words, "×200, changed on disk")
        if desk.picture.is_dir():
            desk.picture.rmdir()
        by_rename(desk.picture, png((330 + number, 200)))
        size(here, f"{330 + number}×200 ")
        here.wait_for(lambda: "Not read again" not in here.text, what="the notice to go")
    here.shows("1 marker", "1 draft")
