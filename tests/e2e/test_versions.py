"""A picture's file becomes another one while people talk about it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.conftest import DEMO_PICTURE, Desk, place_marker
from tests.e2e.test_identity import WEB, Person, anna, ben
from tests.terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.pty]

__all__ = ["anna", "ben"]


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
    "gone": (gone, "Gone: shot.png."),
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


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_a_file_that_is_still_being_written_is_no_version(desk: Desk, share: float) -> None:
    whole = png((300, 200))
    desk.picture.write_bytes(whole)
    for place in ("20,20", "80,20", "20,80"):
        assert desk.run("add", "shot.png", "--at", place, "-m", "Here").returncode == 0
    desk.picture.write_bytes(whole[: int(len(whole) * share)])
    assert desk.run("add", "shot.png", "--at", "80,80", "-m", "While it is cut off").returncode == 0
    here = desk.terminal("shot.png")
    here.shows("LIVE", "missing", "4 markers")
    by_rename(desk.picture, whole)
    here.wait_for(lambda: "missing" not in here.lines[0] and "v1" in desk.run("versions", "shot.png").stdout)
    here.quiet()
    assert "found again" not in here.text
    versions = desk.json("versions", "shot.png", "--json")["versions"]
    assert isinstance(versions, list)
    assert [(one["number"], one["current"]) for one in versions] == [(1, True)]


def with_banner() -> Image.Image:
    """The page with 80 pixels of something new above it."""
    page = Image.open(DEMO_PICTURE).convert("RGB")
    longer = Image.new("RGB", (page.width, page.height + 80), "#404850")
    longer.paste(page, (0, 80))
    return longer


def saved(image: Image.Image, form: str = "PNG", **options: int) -> bytes:
    """A picture as a file."""
    data = io.BytesIO()
    image.save(data, form, **options)
    return data.getvalue()


def marked(desk: Desk, picture: Path, *places: str, **env: str) -> None:
    """Put markers on a picture."""
    for place in places:
        desk.json("add", str(picture), "--at", place, "-m", f"Look at {place}", "--json", **env)


def says(terminal: Terminal, *words: str) -> None:
    """Wait until a notice says this, however it is wrapped."""
    terminal.wait_for(lambda: all(word in terminal.text for word in words), what=f"{words}", within_s=30.0)


def test_markers_go_along_with_a_picture_that_is_replaced_and_ask_to_be_looked_at(desk: Desk) -> None:
    """Rows 8, 9, 10 and 14 of what may happen to a picture's file, under an open screen."""
    marked(desk, desk.picture, "20,30", "60,45", "70,70")
    here = desk.terminal("shot.png")
    here.shows("LIVE", "3 markers")
    size(here, "1440×1000")
    page = Image.open(desk.picture).convert("RGB")

    by_rename(desk.picture, saved(page, optimize=True))  # the same pixels in other bytes
    by_rename(desk.picture, saved(with_banner()))
    says(here, "v1 → v2", "3 moved along")
    size(here, "1440×1080")
    assert "~" not in here.text

    by_rename(desk.picture, saved(with_banner(), "JPEG", quality=70))
    here.wait_for(lambda: len(kept(desk)) == 3, what="the JPEG to be read")
    here.quiet()
    assert "~" not in here.text
    assert "v2 → v3" not in here.text

    by_rename(desk.picture, png((1440, 1080)))
    says(here, "v3 → v4", "None of its 3")
    here.shows("~1", "~2", "~3")
    here.send(")")
    says(here, "Marker 1: where is it now?", "3 to check")
    here.send("gmll")
    here.press("enter")
    here.wait_for(lambda: "~1" not in here.text, what="marker 1 to be where it was put")
    here.send(")g=")
    here.wait_for(lambda: "~2" not in here.text, what="marker 2 to be confirmed")
    here.shows("~3")
    here.send("gu")
    here.shows("~2")


def kept(desk: Desk) -> list[str]:
    """The pictures that are kept as they were."""
    return [path.name for path in (desk.root / "cache" / "imagechat" / "pictures").glob("?" * 64)]


def test_two_people_with_different_versions_see_a_marker_on_the_same_thing(anna: Person, ben: Person) -> None:
    hers, his = anna.clone("web", WEB) / "a.png", ben.clone("web", WEB) / "a.png"
    for path in (hers, his):
        path.write_bytes(saved(Image.open(DEMO_PICTURE).convert("RGB")))
    marked(anna.desk, hers, "60,45", **anna.env)
    before = ben.screen(his)
    before.shows("LIVE", "1 marker")
    size(before, "1440×1000")
    by_rename(his, saved(with_banner()))
    says(before, "v1 → v2", "1 moved along")
    old = anna.screen(hers)
    for screen, place in ((before, "60.0 %, 49.1 %"), (old, "60.0 %, 45.0 %")):
        screen.shows("1 marker")
        screen.press("]")
        screen.press("enter")
        screen.shows("Look at 60,45", place)
