"""Several pictures in one terminal: each is its own room, wherever one is in the folder."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.e2e.conftest import Desk, place_marker

pytestmark = [pytest.mark.e2e, pytest.mark.pty]


def make_folder(desk: Desk, *names: str) -> None:
    """Pictures that differ: one with the pixels of another would be in its room."""
    folder = desk.root / "shots"
    folder.mkdir()
    for number, name in enumerate(names):
        picture = Image.new("RGB", (160, 100), (30, 60, 90))
        picture.paste((200, 40 * number, 90), (20, 20, 60, 60))
        picture.save(folder / name, "png")


def test_a_folder_is_gone_through_and_each_picture_is_its_own_room(desk: Desk) -> None:
    make_folder(desk, "shot2.png", "shot10.png", "odd\x1b[31m\n.png")
    (desk.root / "shots" / "shot3.png").write_bytes(b"no picture")
    folder = desk.terminal("shots")
    folder.shows("1/4 odd", "LIVE")
    alone = desk.terminal("shots/shot10.png")
    alone.shows("LIVE", "0 markers")
    folder.send("}")
    folder.shows("2/4 shot2.png", "LIVE", "0 markers")
    place_marker(folder, "On the second", "l")
    folder.shows("1 marker")
    folder.send("}")
    folder.shows("3/4 shot3.png", "LIVE", "Not a picture")
    folder.send("}")
    folder.shows("4/4 shot10.png", "LIVE", "0 markers")
    place_marker(alone, "On the last", "h")
    folder.shows("On the last")
    folder.send("}")
    folder.shows("1/4 odd", "LIVE")
    folder.send("{{{")
    folder.shows("2/4 shot2.png", "LIVE", "On the second")


def test_a_draft_waits_at_its_picture(desk: Desk) -> None:
    make_folder(desk, "a.png", "b.png")
    terminal = desk.terminal("shots")
    terminal.shows("1/2 a.png", "LIVE")
    terminal.send("cHalf a thought\x1b")
    terminal.shows("1 draft")
    terminal.send("}")
    terminal.shows("2/2 b.png", "LIVE")
    terminal.wait_for(lambda: "1 draft" not in terminal.text)
    terminal.send("}")
    terminal.shows("1/2 a.png", "LIVE", "1 draft")


def test_names_of_one_picture_do_not_fit_several(desk: Desk) -> None:
    make_folder(desk, "a.png", "b.png")
    terminal = desk.terminal("shots", "--url-id", "key")
    terminal.shows("--url-id and --src are about one picture")
    assert terminal.exit_code() == 2
