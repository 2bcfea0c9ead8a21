"""Cells: the right shape in the right place, the right colours, no more changes than needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.ansi import to_ansi
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.render import Grid, RenderOptions, render
from imagechat_tui.raster.shapes import octants, sextant
from imagechat_tui.raster.viewport import Viewport
from tests.raster.pictures import Pixels, blocks, flat, line, noise, picture


def text_of(grid: Grid) -> str:
    return to_ansi(grid)


def fit_view(shown: Picture, columns: int, rows: int, aspect: float = 2.0) -> Viewport:
    return Viewport(shown.width, shown.height, columns, rows, aspect)


@pytest.mark.parametrize(
    ("rows", "signs"),
    [
        (("#.", ".."), "▘▟"), (("#.", ".#"), "▚▞"), (("#.", "#."), "▌▐"), (("##", ".."), "▀▄"),
        ((".", ".", ".", "#"), "▂"), (("#", ".", ".", "."), "▆"), (("#...",), "▎"), (("###.",), "▊"),
    ],
)  # fmt: skip
def test_a_cell_takes_the_shape_of_what_it_shows(rows: tuple[str, ...], signs: str) -> None:
    shown = blocks(*rows)
    aspect = shown.height / shown.width
    grid = render(shown, Viewport(shown.width, shown.height, 1, 1, aspect), RenderOptions(aspect=aspect))
    assert chr(int(grid.glyphs[0, 0])) in signs
    dark, light = sorted((int(grid.fg[0, 0]), int(grid.bg[0, 0])))
    assert dark <= 0x020202
    assert light >= 0xFDFDFD


def mosaics(high: int, patterns: list[int]) -> Pixels:
    """One cell for each pattern of a grid 2 wide and ``high`` high, in colours of its own."""
    rng = np.random.default_rng(2)
    size = 24 // high
    cells = []
    for pattern in patterns:
        dark, light = rng.integers(0, 90, 3), rng.integers(160, 256, 3)
        bits = np.array([pattern >> bit & 1 for bit in range(2 * high)]).reshape(high, 2)
        small = np.where(bits[..., None], light, dark).astype(np.uint8)
        cells.append(np.repeat(np.repeat(small, size, axis=0), 6, axis=1))  # 12 × 24 pixels
    return np.concatenate(cells, axis=1)


@pytest.mark.parametrize(
    ("glyphs", "high", "patterns", "code"),
    [
        # Bands of a third are as well drawn by three or five eighths, with sharper edges.
        (GlyphSet.SEXTANT, 3, [n for n in range(1, 63) if n not in (3, 12, 15, 48, 51, 60)], sextant),
        (GlyphSet.OCTANT, 4, list(range(1, 255)), lambda pattern: octants()[pattern]),
    ],
)
def test_every_mosaic_is_found_with_its_colours(
    glyphs: GlyphSet, high: int, patterns: list[int], code: Callable[[int], int]
) -> None:
    pixels = mosaics(high, patterns)
    shown = picture(pixels)
    grid = render(shown, fit_view(shown, len(patterns), 1), RenderOptions(glyphs))
    everything = (1 << 2 * high) - 1
    for place, pattern in enumerate(patterns):
        cell = pixels[:, place * 12 : place * 12 + 12].reshape(-1, 3).astype(int)
        dark, light = cell[cell.sum(axis=1).argmin()], cell[cell.sum(axis=1).argmax()]
        found = int(grid.glyphs[0, place])
        assert found in (code(pattern), code(everything - pattern)), (pattern, hex(found))
        front, back = (light, dark) if found == code(pattern) else (dark, light)
        for color, wanted in ((int(grid.fg[0, place]), front), (int(grid.bg[0, place]), back)):
            off = np.array([color >> 16, color >> 8 & 255, color & 255]) - wanted
            assert np.abs(off).max() <= 40, (pattern, off)  # it is drawn sharper


def test_red_on_green_of_the_same_brightness_is_seen() -> None:
    pixels = np.full((32, 64, 3), (0, 130, 0), dtype=np.uint8)
    pixels[16:] = (255, 0, 1)
    # By brightness alone the left half of each cell would differ from its right half, a little.
    pixels[:, np.arange(64) % 16 < 8, 2] += 30
    shown = picture(pixels)
    grid = render(shown, fit_view(shown, 4, 1), RenderOptions())
    assert set(grid.glyphs.reshape(-1).tolist()) <= {ord("▀"), ord("▄")}


def test_an_edge_is_drawn_sharper_than_it_is_unless_it_is_seen_enlarged() -> None:
    bars = np.full((64, 640, 3), 100, dtype=np.uint8)
    bars[:, 320:324] = 160
    shown = picture(bars)
    reduced = render(shown, fit_view(shown, 40, 2), RenderOptions())  # 4 pixels a sample
    assert reduced.glyphs[0, 20] != 0x20
    assert max(int(reduced.fg[0, 20]) & 255, int(reduced.bg[0, 20]) & 255) > 162
    closer = render(shown, fit_view(shown, 40, 2).zoomed(8.0, Point(322 / 6.4, 50)), RenderOptions())
    colors = np.concatenate([closer.fg, closer.bg]) & 255
    assert {int(color) for color in colors.reshape(-1)} == {100, 160}


def test_one_colour_is_blank_cells_in_one_run() -> None:
    shown = flat(80, 40, 90, 91, 92)
    for glyphs in (GlyphSet.HALF, GlyphSet.QUADRANT, GlyphSet.OCTANT, GlyphSet.BRAILLE, GlyphSet.ASCII):
        text = text_of(render(shown, fit_view(shown, 40, 10), RenderOptions(glyphs)))
        assert text.splitlines()[0] == "\x1b[48;2;90;91;92m" + " " * 40 + "\x1b[0m"


def test_ink_on_paper_keeps_the_paper_as_background() -> None:
    pixels = np.full((64, 640, 3), 250, dtype=np.uint8)
    rng = np.random.default_rng(4)
    for x in range(8, 630, 7):
        pixels[rng.integers(0, 40) :, x : x + 2] = 20
    shown = picture(pixels)
    grid = render(shown, fit_view(shown, 80, 4), RenderOptions(GlyphSet.OCTANT))
    bright = grid.bg >> 8 & 255
    assert np.median(bright) >= 240
    assert (bright < 100).mean() < 0.2


@pytest.mark.parametrize("glyphs", [GlyphSet.HALF, GlyphSet.QUADRANT])
def test_colours_that_hardly_differ_are_named_once(glyphs: GlyphSet) -> None:
    ramp = np.linspace(100, 160, 640).astype(np.uint8)
    shown = picture(np.broadcast_to(ramp[None, :, None], (80, 640, 3)).copy())
    grid = render(shown, fit_view(shown, 120, 10), RenderOptions(glyphs))
    named = text_of(grid).splitlines()[5].count("8;2;")
    assert 6 <= named <= 40  # a column of its own for each would be 120
    middle = np.linspace(100, 160, 120)
    assert np.abs((grid.bg[5] >> 16) - middle).max() <= 8


@pytest.mark.parametrize("depth", list(ColorDepth))
@pytest.mark.parametrize("glyphs", list(GlyphSet))
def test_every_set_draws_at_every_depth(glyphs: GlyphSet, depth: ColorDepth) -> None:
    shown = noise(70, 50)
    grid = render(shown, fit_view(shown, 20, 8), RenderOptions(glyphs, depth))
    text = text_of(grid)
    assert len(text.splitlines()) == 8
    assert ("\x1b" in text) == (depth is not ColorDepth.NONE)
    assert ("8;2;" in text) == (depth is ColorDepth.TRUECOLOR)
    assert grid.size == (20, 8)
    if depth is ColorDepth.PALETTE:
        assert min(grid.fg[:, 3:17].min(), grid.bg[:, 3:17].min()) >= 16


@pytest.mark.parametrize("glyphs", [GlyphSet.HALF, GlyphSet.QUADRANT, GlyphSet.OCTANT])
@pytest.mark.parametrize("zoom", [1.0, 1.37, 2.0, 5.3])
def test_what_a_point_is_on_is_drawn_in_the_cell_of_the_point(glyphs: GlyphSet, zoom: float) -> None:
    width, height = 1001, 403
    for x in (0, 1, 333, 500, 777, 990, 998):
        shown = line(width, height, x, 3)
        point = Point((x + 1.5) / width * 100, 50.0)
        view = fit_view(shown, 83, 40).zoomed(zoom, point)
        grid = render(shown, view, RenderOptions(glyphs), ground=0xFFFFFF)
        cell = view.cell_of(point)
        dark = np.where(grid.glyphs == 0x20, grid.bg & 255, np.minimum(grid.fg & 255, grid.bg & 255))
        found = int(dark[cell.row].argmin())
        covered = range(int((x - view.left) / view.scale), int((x + 3 - view.left) / view.scale) + 1)
        assert dark[cell.row, found] < 220
        assert found in covered, (x, found, cell)


def test_beside_the_picture_lies_the_ground_and_no_mixture_of_both() -> None:
    shown = flat(100, 100, 200, 0, 0)
    view = fit_view(shown, 40, 10)
    grid = render(shown, view, RenderOptions(), ground=0x0000C8)
    colors = {*grid.bg.reshape(-1).tolist(), *grid.fg[grid.glyphs != 0x20].tolist()}
    assert colors == {0xC80000, 0x0000C8}
    own = render(shown, view, RenderOptions())
    x1, y1, x2, y2 = view.area
    assert (own.bg[y1:y2, x1:x2] == 0xC80000).all()
    assert (np.delete(own.bg, np.s_[x1:x2], axis=1) == -1).all()


def test_a_picture_ends_within_a_cell_where_it_ends() -> None:
    shown = flat(250, 100, 200, 0, 0)
    view = fit_view(shown, 101, 60)  # 2.48 pixels a cell: the last row of cells is half picture
    grid = render(shown, view, RenderOptions(), ground=0)
    x1, _, x2, y2 = view.area
    last = grid.glyphs[y2 - 1, x1 : x2 - 1]
    assert len(np.unique(last)) == 1
    assert 0x2580 <= int(last[0]) <= 0x2588
    whole = render(shown, view, RenderOptions())
    assert (whole.bg[y2 - 1, x1:x2] == 0xC80000).all()
    assert (whole.glyphs == 0x20).all()


def test_a_lens_that_floats_beyond_the_edge_shows_ground_there() -> None:
    shown = flat(100, 100, 200, 0, 0)
    lens = fit_view(shown, 40, 20).lens((0, 0, 20, 10), 4.0, Point(0.0, 0.0))
    grid = render(shown, lens, RenderOptions(), ground=0x0000C8)
    assert grid.size == (20, 10)
    assert set(np.unique(grid.bg).tolist()) <= {0xC80000, 0x0000C8}


def test_a_lens_that_floats_shows_what_is_there() -> None:
    shown = line(100, 100, 12, 2)
    lens = replace(fit_view(shown, 20, 10), zoom=4.0, center=Point(3.25, 50.0), floating=True)
    assert (lens.left, lens.scale) == (-9.25, 1.25)
    grid = render(shown, lens, RenderOptions(), ground=0xFFFFFF)
    # The line goes from 17.0 to 18.6 cells.
    assert (grid.glyphs[5, 15:18] == 0x20).all()
    assert (grid.bg[5, 15:18] == (0xFFFFFF, 0xFFFFFF, 0)).all()


def test_a_drawing_gets_the_nearest_of_256_colours_and_a_photograph_mixtures() -> None:
    pixels = np.full((100, 200, 3), (138, 90, 60), dtype=np.uint8)
    drawn = render(picture(pixels), Viewport(200, 100, 40, 10), RenderOptions(colors=ColorDepth.PALETTE))
    assert len(np.unique(drawn.bg)) == 1
    rng = np.random.default_rng(5)
    grain = picture((pixels.astype(int) + rng.integers(-3, 4, pixels.shape)).astype(np.uint8))
    mixed = render(grain, Viewport(200, 100, 40, 10), RenderOptions(colors=ColorDepth.PALETTE))
    assert len(np.unique(mixed.bg)) > 1


def test_dots_never_cover_more_of_a_cell_than_they_leave() -> None:
    shown = noise(320, 160)
    grid = render(shown, fit_view(shown, 40, 10), RenderOptions(GlyphSet.BRAILLE))
    dots = [(code - 0x2800).bit_count() for code in grid.glyphs.reshape(-1).tolist() if code != 0x20]
    assert len(dots) > 300
    assert max(dots) <= 4


def test_without_colours_a_dark_screenshot_shows_its_text() -> None:
    pixels = np.full((160, 320, 3), 25, dtype=np.uint8)
    pixels[40:80, 100:200] = 70
    shown = picture(pixels)
    grid = render(shown, fit_view(shown, 40, 10), RenderOptions(GlyphSet.BRAILLE, ColorDepth.NONE))
    assert (grid.glyphs[3:4, 14:24] == 0x28FF).all()
    assert (grid.glyphs[8] == 0x20).all()


def test_without_colours_brightness_is_density() -> None:
    ramp = np.repeat(np.arange(0, 256, dtype=np.uint8), 4)
    shown = picture(np.broadcast_to(ramp[None, :, None], (64, 1024, 3)).copy())
    letters = render(shown, fit_view(shown, 64, 2), RenderOptions(GlyphSet.OCTANT, ColorDepth.NONE))
    text = text_of(letters).splitlines()[0]
    assert text[0] == " "
    assert text[-1] == "@"
    assert [" .:-=+*#%@".index(sign) for sign in text] == sorted(" .:-=+*#%@".index(sign) for sign in text)
    dots = render(shown, fit_view(shown, 64, 2), RenderOptions(GlyphSet.BRAILLE, ColorDepth.NONE))
    count = [
        sum(int(code).bit_count() - (3 if code >= 0x2800 else 1) for code in dots.glyphs[:, part])
        for part in (1, 62)
    ]
    assert chr(int(dots.glyphs[0, 0])) == " "
    assert count[0] < count[1]
    assert (dots.fg == -1).all()


@pytest.mark.parametrize("glyphs", [GlyphSet.ASCII, GlyphSet.BRAILLE])
def test_without_colours_a_light_ground_has_dark_ink(glyphs: GlyphSet) -> None:
    pixels = np.zeros((64, 128, 3), dtype=np.uint8)
    pixels[:, 64:] = 255
    shown = picture(pixels)
    full = ord("@") if glyphs is GlyphSet.ASCII else 0x28FF
    options = RenderOptions(glyphs, ColorDepth.NONE)
    for ground, left, right in ((-1, 0x20, full), (0x101010, 0x20, full), (0xF7F7F5, full, 0x20)):
        codes = render(shown, fit_view(shown, 8, 2), options, ground=ground).glyphs
        assert (codes[:, :4] == left).all()
        assert (codes[:, 4:] == right).all()


def test_the_whole_ladder_is_free_of_numpy_until_a_picture_is_drawn() -> None:
    script = (
        "import sys, imagechat_tui.raster.render, imagechat_tui.raster.ansi, imagechat_tui.raster.glyphs;"
        "print(sorted({'numpy', 'PIL', 'rich_pixels'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


# What is transparent


def half_clear(grey: int) -> Picture:
    """The left half is transparent, the right one of a grey."""
    opacity = np.zeros((64, 128), dtype=np.uint8)
    opacity[:, 64:] = 255
    pixels = np.where(opacity[..., None] > 0, np.uint8(grey), np.uint8(0)).repeat(3, axis=2)
    return Picture("p", 128, 64, "", pixels, opacity=opacity)


def looks(grid: Grid) -> list[list[tuple[int, int, int]]]:
    """What each cell looks like: the same twice means that nothing is to be seen between them."""
    signs = zip(grid.glyphs.tolist(), grid.fg.tolist(), grid.bg.tolist(), strict=True)
    return [
        [cell if cell[0] != 0x20 else (0x20, 0, cell[2]) for cell in zip(*row, strict=True)] for row in signs
    ]


@pytest.mark.parametrize("grey", [0, 64, 102, 127, 128, 153, 192, 229, 255])
@pytest.mark.parametrize("colors", ColorDepth)
@pytest.mark.parametrize("glyphs", [GlyphSet.HALF, GlyphSet.QUADRANT, GlyphSet.ASCII])
def test_no_grey_vanishes_before_what_is_transparent(grey: int, colors: ColorDepth, glyphs: GlyphSet) -> None:
    shown = half_clear(grey)
    view = fit_view(shown, 32, 8)
    cells = looks(render(shown, view, RenderOptions(glyphs=glyphs, colors=colors), ground=0x101010))
    for row in cells:
        clear, solid = set(row[:16]), set(row[16:])
        assert len(clear) == 2
        assert len(solid) == 1
        assert solid != clear


def test_chequers_are_squares_and_stay_where_they_are_on_the_screen() -> None:
    shown = Picture(
        "p", 64, 64, "", np.zeros((64, 64, 3), dtype=np.uint8), opacity=np.zeros((64, 64), dtype=np.uint8)
    )
    options = RenderOptions(glyphs=GlyphSet.HALF)
    first = looks(render(shown, fit_view(shown, 32, 16), options))
    assert [len(set(row[at : at + 2])) for row in first for at in range(0, 32, 2)] == [1] * 16 * 16
    assert all(row[0] != row[2] != row[4] for row in first)
    assert all(above[0] != below[0] for above, below in pairwise(first))
    closer = fit_view(shown, 32, 16).zoomed(2, Point(50, 50))
    assert (
        looks(render(shown, closer, options)) == looks(render(shown, closer.panned(3, 1), options)) == first
    )


def test_what_is_half_transparent_is_half_its_colour() -> None:
    pixels = np.full((32, 32, 3), (100, 0, 0), dtype=np.uint8)
    shown = Picture("p", 32, 32, "", pixels, opacity=np.full((32, 32), 128, dtype=np.uint8))
    grid = render(shown, fit_view(shown, 16, 8), RenderOptions(glyphs=GlyphSet.HALF))
    seen = {(color >> 16, color & 255) for row in grid.bg.tolist() for color in row}
    assert seen == {(100 + 127 * tone // 255, 127 * tone // 255) for tone in (102, 153)}


def test_a_transparent_edge_is_seen_through_only_as_far_as_it_is_transparent() -> None:
    opacity = np.zeros((300, 300), dtype=np.uint8)
    opacity[:, 150:] = 255
    pixels = np.where(opacity[..., None] > 0, np.uint8(255), np.uint8(0)).repeat(3, axis=2)
    shown = Picture("p", 300, 300, "", pixels, opacity=opacity)
    assert shown.cover((0, 0, 300, 300), 4, 2) is not None
    found = shown.cover((0, 0, 300, 300), 3, 1)
    assert found is not None
    assert np.abs(found[0].astype(int) - [0, 128, 255]).max() <= 2
    assert flat(9, 9, 1, 2, 3).cover((0, 0, 9, 9), 3, 3) is None
