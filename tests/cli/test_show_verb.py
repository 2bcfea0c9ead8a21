"""The verb show: a picture with its markers as text, at any size, for every glyph set and depth."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pyte
import pytest
from PIL import Image

from imagechat_tui.cli import NOT_FOUND, OK, UNREACHABLE, USAGE, run
from imagechat_tui.cli.show_verb import chip_of, draw_chips, lengthened, whole_view
from imagechat_tui.protocol.ids import ConversationId, UrlId
from imagechat_tui.protocol.models import Conversation, Placement, PlacementState, Point
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.render import RenderOptions, render
from imagechat_tui.settings import CHOICES
from imagechat_tui.sync.state import Placings
from tests import examples as eg


@pytest.fixture
def shot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A picture of 600 × 400 in a home of its own."""
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    for name in ("COLORTERM", "NO_COLOR", "TMUX", "IMAGECHAT_SERVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    patches = np.random.default_rng(5).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    path = tmp_path / "shot.png"
    Image.fromarray(np.repeat(np.repeat(patches, 10, 0), 10, 1)).save(path)
    return str(path)


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> list[list[pyte.screens.Char]]:
    """The cells that a command line prints; nothing else may come out."""
    assert run(["show", *argv]) == OK
    out, err = capsys.readouterr()
    assert err == ""
    assert out.endswith("\n")
    lines = out.splitlines()
    screen = pyte.Screen(400, len(lines) + 1)
    pyte.Stream(screen).feed(out.replace("\n", "\r\n"))
    cells = [[screen.buffer[row][column] for column in range(400)] for row in range(len(lines))]
    widths = {len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in lines}
    assert len(widths) == 1
    return [row[: min(widths)] for row in cells]


@pytest.mark.parametrize("colors", CHOICES["colors"])
@pytest.mark.parametrize("glyphs", CHOICES["glyphs"])
def test_every_glyph_set_is_printed_at_every_depth(
    shot: str, capsys: pytest.CaptureFixture[str], glyphs: str, colors: str
) -> None:
    cells = printed(capsys, shot, "--size", "48x16", "--glyphs", glyphs, "--colors", colors)
    assert (len(cells[0]), len(cells)) == (48, 16)
    assert any(cell.bg != "default" for row in cells for cell in row) == (colors != "none")


@pytest.mark.parametrize(("size", "shown"), [("1x1", (1, 1)), ("9x9", (9, 3)), ("300x90", (270, 90))])
def test_it_fills_the_size_as_far_as_its_shape_lets_it(
    shot: str, capsys: pytest.CaptureFixture[str], size: str, shown: tuple[int, int]
) -> None:
    cells = printed(capsys, shot, "--size", size)
    assert (len(cells[0]), len(cells)) == shown


def test_the_shape_of_cells_can_be_said(shot: str, capsys: pytest.CaptureFixture[str]) -> None:
    cells = printed(capsys, shot, "--size", "60x60", "--cell-aspect", "1.0")
    assert (len(cells[0]), len(cells)) == (60, 40)


def test_the_plain_renderer_is_rich_pixels(shot: str, capsys: pytest.CaptureFixture[str]) -> None:
    cells = printed(capsys, shot, "--size", "30x10", "--renderer", "rich-pixels", "--colors", "truecolor")
    assert {cell.data for row in cells for cell in row} <= {"▄", "▀", " "}


@pytest.mark.parametrize("size", ["0x5", "5", "axb", "5x5x5", "9999x2"])
def test_a_size_that_is_none_is_told(shot: str, capsys: pytest.CaptureFixture[str], size: str) -> None:
    assert run(["show", shot, "--size", size]) == USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert "120x40" in err or "2000" in err


def test_a_picture_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str], shot: str) -> None:
    assert run(["show", f"{shot}.gif"]) == NOT_FOUND
    assert capsys.readouterr().out == ""


def test_a_name_that_only_looks_like_a_home_is_a_name(
    shot: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(shot).parent)
    Path("~nobody-of-this-name.png").write_bytes(Path(shot).read_bytes())
    assert printed(capsys, "~nobody-of-this-name.png", "--size", "9x9")
    assert run(["show", "~nobody-of-this-name/a.png"]) == NOT_FOUND


def test_without_the_server_the_picture_is_printed_all_the_same(
    shot: str, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = ["--server", "http://127.0.0.1:9", "--tenant", "design"]
    assert run(["show", shot, "--size", "30x10", "--markers", *nobody]) == UNREACHABLE
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 10
    assert err.startswith("imagechat: markers not shown: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("depth", list(ColorDepth))
@pytest.mark.parametrize("glyphs", list(GlyphSet))
def test_markers_are_printed_as_on_the_screen(glyphs: GlyphSet, depth: ColorDepth) -> None:
    picture = Picture("p", 600, 400, "0" * 64, np.full((400, 600, 3), 128, dtype=np.uint8))
    view = whole_view(picture, 60, 30, 2.0)
    look = RenderOptions(glyphs, depth)
    grid = render(picture, view, look)
    before = grid.glyphs.copy()
    places = [(1, 20.0, False), (2, 60.0, True), (3, 60.5, False)]
    markers = [
        (number, Conversation(ConversationId(str(number)), UrlId("u"), Point(x, 50.0), resolved=resolved))
        for number, x, resolved in places
    ]
    draw_chips(grid, view, look, [chip_of(eg.chat_state(), *marker) for marker in markers])
    text = "".join(map(chr, grid.glyphs[10]))
    plain = glyphs is GlyphSet.ASCII or depth is ColorDepth.NONE
    assert ("(1)" if plain else "▐1▌") in text
    assert ("(x2)" if plain else "▐×2▌") in text
    changed = grid.glyphs != before
    assert not changed[:10].any()
    assert not changed[11:].any()


HERE, THERE = Point(10.0, 20.0), Point(10.0, 40.0)
HOME = ConversationId("ic_1")


@pytest.mark.parametrize(
    ("version", "known", "label", "at"),
    [
        (None, None, "7", HERE),
        (1, None, "7", HERE),
        (2, Placement(HOME, THERE, PlacementState.MOVED, HERE), "7", THERE),
        (2, Placement(HOME, THERE, PlacementState.SET), "7", THERE),
        (2, Placement(HOME, HERE, PlacementState.GUESS, HERE), "~7", HERE),
        (2, Placement(HOME, THERE, PlacementState.MOVED, THERE), "~7", HERE),
        (2, None, "~7", HERE),
        (-1, None, "~7", HERE),
    ],
)
def test_a_marker_is_printed_where_it_is_on_the_version_that_the_picture_is(
    version: int | None, known: Placement | None, label: str, at: Point
) -> None:
    placings = Placings(version, True, {} if known is None else {HOME: known})
    marker = Conversation(HOME, UrlId("u"), HERE, version=1)
    chip = chip_of(eg.chat_state(placings=placings), 7, marker)
    assert (chip.label, chip.point) == (label, at)


def test_no_empty_lines_or_columns_are_round_the_picture() -> None:
    wide = Picture("p", 600, 60, "0" * 64, np.zeros((60, 600, 3), dtype=np.uint8))
    view = whole_view(wide, 60, 30, 2.0)
    assert (view.columns, view.rows) == (60, 3)
    assert view.area == (0, 0, 60, 3)


@pytest.mark.parametrize(
    ("width", "height", "rows"),
    [(1440, 20_000, 417), (600, 400, 40), (20_000, 100, 40), (1, 60_000, 2000), (20, 400, 200)],
)
def test_a_tall_picture_goes_on_below_the_terminal(width: int, height: int, rows: int) -> None:
    picture = Picture("p", width, height, "0" * 64, np.zeros((1, 1, 3), dtype=np.uint8))
    assert lengthened(picture, 60, 40, 2.0) == rows
    if (width, height) == (1440, 20_000):
        view = whole_view(picture, 60, rows, 2.0)
        assert (view.columns, view.rows) == (60, rows)


@pytest.mark.usefixtures("shot")
def test_a_picture_that_is_cut_off_is_printed_and_that_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = io.BytesIO()
    Image.effect_noise((80, 80), 90).convert("RGB").save(data, "PNG")
    (tmp_path / "cut.png").write_bytes(data.getvalue()[: len(data.getvalue()) // 2])
    assert run(["show", str(tmp_path / "cut.png"), "--size", "30x10"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 10
    assert re.fullmatch(
        r"imagechat: Incomplete picture: The lower \d\d % of cut.png is missing: the file is cut off\. .*\n",
        err,
    )


@pytest.fixture
def before(shot: str) -> str:
    """The same picture before a patch of 50 × 20 pixels became another one, and 40 more rows came."""
    pixels = np.asarray(Image.open(shot)).copy()
    pixels[100:120, 200:250] ^= 128
    path = Path(shot).with_name("before.png")
    Image.fromarray(pixels[:360]).save(path)
    return str(path)


DIFFERENCE = {
    "schema": 1,
    "before": {"width": 600, "height": 360},
    "now": {"width": 600, "height": 400},
    "moved": [0, 0],
    "boxes": [[200, 100, 50, 20], [0, 360, 600, 40]],
    "gone": [],
    "pixels": 25000,
    "percent": 10.4167,
}


def test_what_differs_is_one_document_for_programs(
    shot: str, before: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", shot, "--diff", "--against", before, "--json"]) == OK
    out, err = capsys.readouterr()
    assert (json.loads(out), err) == (DIFFERENCE, "")


@pytest.mark.parametrize("colors", CHOICES["colors"])
def test_what_differs_is_printed_with_boxes_and_told_on_stderr(
    shot: str, before: str, capsys: pytest.CaptureFixture[str], colors: str
) -> None:
    assert (
        run(["show", shot, "--against", before, "--size", "60x20", "--glyphs", "ascii", "--colors", colors])
        == OK
    )
    out, err = capsys.readouterr()
    rows = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in out.splitlines()]
    assert [len(row) for row in rows] == [60] * 20
    assert [row[19:26] for row in rows[4:7]] == ["+-----+", "|" + rows[5][20:25] + "|", "+-----+"]
    assert "2 places differ, 10.4 % of the pixels. Before 600×360, now 600×400" in err


def test_what_was_cut_off_is_printed_too(shot: str, before: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", before, "--against", shot, "--size", "60x40", "--colors", "none"]) == OK
    out, _ = capsys.readouterr()
    assert len(out.splitlines()) == 20
    assert out.splitlines()[-1] == f"+{'-' * 58}+"


@pytest.mark.parametrize(("other", "code"), [("before", 10), ("shot", 0)])
def test_the_exit_code_tells_whether_anything_differs_if_asked_for(
    shot: str, before: str, capsys: pytest.CaptureFixture[str], other: str, code: int
) -> None:
    named = before if other == "before" else shot
    assert run(["show", shot, "--against", named, "--exit-code", "--size", "9x9"]) == code
    assert run(["show", shot, "--against", named, "--exit-code", "--json"]) == code
    assert run(["show", shot, "--against", named, "--size", "9x9"]) == OK
    assert ("No pixel differs." in capsys.readouterr().err) is (code == 0)


@pytest.mark.parametrize("flag", ["--diff", "--json", "--exit-code"])
def test_to_say_what_differs_it_has_to_know_from_what(
    shot: str, capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    assert run(["show", shot, flag]) == USAGE
    out, err = capsys.readouterr()
    assert (out, "--against" in err) == ("", True)
