"""Before and after in real terminals, with the child process that compares them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.conftest import Desk
from tests.raster.pictures import page

pytestmark = [pytest.mark.e2e, pytest.mark.pty]

PAGE = page(900, 600, seed=2)


@pytest.fixture
def versions(desk: Desk) -> Path:
    """``now.png`` and ``before.png`` of a desk: two places differ."""
    now = PAGE.copy()
    now[60:90, 100:300] ^= 128
    now[500:530, 700:800] ^= 128
    Image.fromarray(PAGE).save(desk.root / "before.png")
    Image.fromarray(now).save(desk.root / "now.png")
    return desk.root


def test_a_difference_is_walked_to_and_commented_on(desk: Desk, versions: Path) -> None:
    terminal = desk.terminal("now.png", "--against", "before.png")
    terminal.shows("LIVE")
    terminal.shows("2 places")
    assert "BEFORE" in terminal.text
    terminal.press(")", ")")
    terminal.shows("2 of 2 places")
    terminal.press("c")
    terminal.send("Why is this another colour?")
    terminal.press("enter")
    terminal.shows("1 marker")
    told = desk.json("ls", "now.png", "--json")["markers"]
    assert isinstance(told, list)
    assert (told[0]["x"], told[0]["y"]) == pytest.approx((83.3, 85.8), abs=0.1)


def test_a_page_that_went_down_by_a_pixel_says_so_and_not_that_all_differs(desk: Desk) -> None:
    Image.fromarray(PAGE).save(desk.root / "before.png")
    Image.fromarray(np.concatenate([PAGE[:1], PAGE[:-1]])).save(desk.root / "now.png")
    terminal = desk.terminal("now.png", "--against", "before.png")
    terminal.shows("NOW  moved down by 1 px")
    terminal.shows("else differs")


def test_what_is_compared_with_may_go_away_and_come_back_as_another(desk: Desk, versions: Path) -> None:
    terminal = desk.terminal("now.png", "--against", "before.png")
    terminal.shows("2 places")
    (versions / "before.png").unlink()
    terminal.press("R")
    terminal.shows("does not exist")
    assert "2 places" in terminal.text
    (versions / "now.png").rename(versions / "kept.png")
    (versions / "before.png").write_bytes((versions / "kept.png").read_bytes())
    (versions / "kept.png").rename(versions / "now.png")
    terminal.press("R")
    terminal.shows("nothing differs")


def test_from_the_pipe_of_a_version_control(desk: Desk, versions: Path) -> None:
    command = "cat before.png | imagechat now.png --against -"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    terminal = desk.command("sh", "-c", command, PATH=path)
    terminal.shows("2 places")
    assert "BEFORE  stdin" in terminal.text


@pytest.mark.parametrize(
    "look", [("--colors", "none"), ("--glyphs", "ascii"), ("--colors", "16"), ("--colors", "256")]
)
def test_in_every_depth_the_difference_is_outlined(desk: Desk, versions: Path, look: tuple[str, str]) -> None:
    terminal = desk.terminal("now.png", "--against", "before.png", *look, columns=80, rows=24)
    terminal.shows("2 places")
    terminal.press("C", "C", ")")
    terminal.shows("1 of 2 places")
    thick = "XXXX" if look[1] in ("none", "ascii") else "━━━━"
    terminal.wait_for(lambda: thick in terminal.text, what="the outline")


def test_each_picture_of_a_folder_is_compared_with_the_one_of_its_name(desk: Desk, versions: Path) -> None:
    for folder in ("new", "old"):
        (versions / folder).mkdir()
    for name in ("a.png", "b.png", "c.png"):
        (versions / "new" / name).write_bytes((versions / "now.png").read_bytes())
    (versions / "old" / "a.png").write_bytes((versions / "now.png").read_bytes())
    (versions / "old" / "c.png").write_bytes((versions / "before.png").read_bytes())
    terminal = desk.terminal("new", "--against", "old")
    terminal.shows("1/3", "nothing differs")
    terminal.press("}")
    terminal.shows("2/3", "b.png")
    terminal.wait_for(lambda: "BEFORE" not in terminal.text, what="the picture alone")
    terminal.press("}")
    terminal.shows("3/3", "2 places")


def test_several_pictures_are_compared_with_a_folder_alone(desk: Desk, versions: Path) -> None:
    terminal = desk.terminal("now.png", "before.png", "--against", "now.png")
    terminal.shows("--against is a folder where several pictures are shown")


def test_a_version_that_was_seen_here_is_compared_with_the_next(desk: Desk, versions: Path) -> None:
    (versions / "page.png").write_bytes((versions / "before.png").read_bytes())
    desk.json("add", "page.png", "--at", "50,50", "-m", "Here", "--json")
    (versions / "page.png").write_bytes((versions / "now.png").read_bytes())
    terminal = desk.terminal("page.png")
    terminal.shows("LIVE", "1 marker")
    terminal.press("C")
    terminal.shows("BEFORE  v1", "2 places")
