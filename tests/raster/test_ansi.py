"""Cells to bytes: exactly what was meant arrives, and nothing is said twice."""

from __future__ import annotations

import numpy as np
import pyte
import pytest

from imagechat_tui.raster.ansi import row_text, rows_text, texts, to_ansi
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.render import Grid

SIGNS = np.array([ord(sign) for sign in "  x\u00e9\u2580\u258c\u28ff\U0001fb00\U0001cd00"], dtype=np.uint32)


def random_grid(depth: ColorDepth, seed: int, rows: int = 9, columns: int = 30) -> Grid:
    """Cells of every width of UTF-8, blanks, the terminal's own colour, and many repetitions."""
    rng = np.random.default_rng(seed)
    most = {ColorDepth.TRUECOLOR: 1 << 24, ColorDepth.PALETTE: 256, ColorDepth.ANSI: 16, ColorDepth.NONE: 1}[
        depth
    ]
    colors = np.array([-1, 0, most - 1, *rng.integers(0, most, 3)], dtype=np.int32)
    shape = (rows, columns)
    return Grid(rng.choice(SIGNS, shape), rng.choice(colors, shape), rng.choice(colors, shape), depth)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("depth", list(ColorDepth))
def test_all_rows_at_once_are_the_same_bytes_as_one_by_one(depth: ColorDepth, seed: int) -> None:
    grid = random_grid(depth, seed)
    single = [
        row_text(text, fg, bg, depth)
        for text, fg, bg in zip(texts(grid), grid.fg.tolist(), grid.bg.tolist(), strict=True)
    ]
    assert rows_text(grid) == single


def test_colours_arrive_in_a_terminal_as_they_are_in_the_grid() -> None:
    grid = random_grid(ColorDepth.TRUECOLOR, 7, rows=16, columns=32)
    grid.fg[grid.fg < 0], grid.bg[grid.bg < 0] = 0x123456, 0x654321
    screen = pyte.Screen(32, 17)
    pyte.Stream(screen).feed(to_ansi(grid).replace("\n", "\r\n"))
    for row in range(16):
        for column in range(32):
            cell = screen.buffer[row][column]
            assert cell.data == chr(int(grid.glyphs[row, column]))
            assert cell.bg == f"{int(grid.bg[row, column]):06x}"
            if cell.data != " ":
                assert cell.fg == f"{int(grid.fg[row, column]):06x}"


def test_an_unchanged_colour_is_not_named_again() -> None:
    text = row_text("▀▀▀", [1, 1, 2], [3, 3, 3], ColorDepth.PALETTE)
    assert text == "\x1b[38;5;1;48;5;3m▀▀\x1b[38;5;2m▀\x1b[0m"


def test_the_ink_of_a_blank_cell_is_not_named() -> None:
    assert row_text("▀ ▀", [1, 2, 1], [3, 3, 3], ColorDepth.PALETTE) == "\x1b[38;5;1;48;5;3m▀ ▀\x1b[0m"


def test_without_colours_there_is_nothing_but_text() -> None:
    grid = random_grid(ColorDepth.NONE, 1)
    assert to_ansi(grid) == "".join(text + "\n" for text in texts(grid))


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 4)])
def test_a_grid_without_cells_is_text_without_signs(shape: tuple[int, int]) -> None:
    empty = np.zeros(shape, dtype=np.int32)
    assert rows_text(Grid(empty.astype(np.uint32), empty, empty, ColorDepth.TRUECOLOR)) == [""] * shape[0]
