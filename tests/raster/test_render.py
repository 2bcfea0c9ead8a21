"""Cells: the right shape, the right colours, no more bytes than needed."""

from __future__ import annotations

import numpy as np
import pyte
import pytest

from imagechat_tui.raster.ansi import row_text, to_ansi
from imagechat_tui.raster.colors import ColorDepth, depth_for
from imagechat_tui.raster.glyphs import GlyphSet, glyphs_for
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.render import Grid, RenderOptions, render
from imagechat_tui.raster.viewport import Viewport


def picture(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Picture:
    height, width = pixels.shape[:2]
    return Picture("p.png", width, height, "0" * 64, pixels)


def blocks(*rows: str) -> Picture:
    """``#`` is white, ``.`` is black: 16 pixels square each."""
    small = np.array([[255 if c == "#" else 0 for c in row] for row in rows], dtype=np.uint8)
    return picture(np.repeat(np.repeat(np.repeat(small[:, :, None], 3, 2), 16, 0), 16, 1))


@pytest.mark.parametrize(
    ("rows", "filled"),
    [(("#.", ".."), "▘"), (("#.", ".#"), "▚"), (("#.", "#."), "▌"), (("##", ".."), "▀")],
)
def test_a_cell_takes_the_shape_of_what_it_shows(rows: tuple[str, ...], filled: str) -> None:
    grid = render(blocks(*rows), Viewport(32, 32, 1, 1, aspect=1.0), RenderOptions())
    assert chr(int(grid.glyphs[0, 0])) == filled
    assert {int(grid.fg[0, 0]), int(grid.bg[0, 0])} == {0xFFFFFF, 0}


def test_one_colour_is_blank_cells_in_one_run() -> None:
    flat = picture(np.full((40, 80, 3), 90, dtype=np.uint8))
    text = to_ansi(render(flat, Viewport(80, 40, 40, 10), RenderOptions()))
    assert text.splitlines()[0] == "\x1b[48;2;90;90;90m" + " " * 40 + "\x1b[0m"


def test_colours_arrive_in_a_terminal_as_they_are_in_the_grid() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    grid = render(picture(noise), Viewport(64, 64, 32, 16), RenderOptions())
    screen = pyte.Screen(32, 17)
    pyte.Stream(screen).feed(to_ansi(grid).replace("\n", "\r\n"))
    for row in range(16):
        for column in range(32):
            cell = screen.buffer[row][column]
            assert cell.data == chr(int(grid.glyphs[row, column]))
            assert cell.bg == f"{int(grid.bg[row, column]):06x}"
            if cell.data != " ":
                assert cell.fg == f"{int(grid.fg[row, column]):06x}"


@pytest.mark.parametrize("depth", list(ColorDepth))
@pytest.mark.parametrize("glyphs", list(GlyphSet))
def test_every_set_draws_at_every_depth(glyphs: GlyphSet, depth: ColorDepth) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    text = to_ansi(render(picture(noise), Viewport(70, 50, 20, 8), RenderOptions(glyphs, depth)))
    assert len(text.splitlines()) == 8
    assert ("\x1b" in text) == (depth is not ColorDepth.NONE)
    assert ("8;2;" in text) == (depth is ColorDepth.TRUECOLOR)


def test_an_unchanged_colour_is_not_named_again() -> None:
    text = row_text("▀▀▀", [1, 1, 2], [3, 3, 3], ColorDepth.PALETTE)
    assert text == "\x1b[38;5;1;48;5;3m▀▀\x1b[38;5;2m▀\x1b[0m"


def test_a_huge_picture_is_sampled_from_a_smaller_copy() -> None:
    tall = picture(np.full((1024, 1024, 3), 7, dtype=np.uint8))
    assert [len(level) for level in tall.levels] == [1024, 512, 256, 128, 64]
    assert (tall.samples((0, 0, 1024, 1024), 10, 10) == 7).all()


@pytest.mark.parametrize(
    ("env", "flag", "depth"),
    [
        ({"TERM": "xterm-256color"}, None, ColorDepth.PALETTE),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "auto", ColorDepth.TRUECOLOR),
        ({"TERM": "tmux-256color", "TMUX": "x"}, None, ColorDepth.TRUECOLOR),
        ({"TERM": "foot"}, None, ColorDepth.TRUECOLOR),
        ({"TERM": "foot", "NO_COLOR": "1"}, None, ColorDepth.NONE),
        ({"TERM": "foot", "NO_COLOR": "1"}, "256", ColorDepth.PALETTE),
        ({"TERM": "linux"}, None, ColorDepth.ANSI),
    ],
)
def test_the_depth_is_chosen_by_flag_then_by_what_is_known(
    env: dict[str, str], flag: str | None, depth: ColorDepth
) -> None:
    assert depth_for(env, flag) is depth


def test_auto_never_chooses_glyphs_that_some_terminals_lack() -> None:
    assert glyphs_for({"TERM": "xterm-kitty"}, "auto") is GlyphSet.QUADRANT
    assert glyphs_for({}, "sextant") is GlyphSet.SEXTANT


def test_a_grid_knows_its_size() -> None:
    zero = np.zeros((2, 3), dtype=np.int32)
    assert Grid(zero.astype(np.uint32), zero, zero, ColorDepth.TRUECOLOR).size == (3, 2)
