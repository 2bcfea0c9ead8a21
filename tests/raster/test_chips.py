"""Chips are read on any ground, at every depth; no state is told by colour alone."""

from __future__ import annotations

import pytest

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.chips import (
    Ink,
    ascii_only,
    chip_cells,
    cross_cell,
    edge_notes,
    halo_cell,
    note_cells,
)
from imagechat_tui.raster.colors import ColorDepth, luma, one, rgb_of
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.markers import LEFT_EDGE, RIGHT_EDGE, Chip, Mark, place
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.raster.viewport import Viewport

COLORED = [ColorDepth.TRUECOLOR, ColorDepth.PALETTE, ColorDepth.ANSI]


def channel(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def contrast(one: int, other: int, depth: ColorDepth) -> float:
    """The contrast ratio of WCAG 2, 1–21."""
    lights = []
    for color in (one, other):
        rgb = rgb_of(color, depth)
        red, green, blue = (channel(rgb >> shift & 255) for shift in (16, 8, 0))
        lights.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(lights) + 0.05) / (min(lights) + 0.05)


@pytest.mark.parametrize("depth", COLORED)
@pytest.mark.parametrize("mark", list(Mark))
@pytest.mark.parametrize("selected", [False, True])
@pytest.mark.parametrize("hovered", [False, True])
def test_text_and_edges_of_a_chip_contrast_with_its_ground(
    depth: ColorDepth, mark: Mark, selected: bool, hovered: bool
) -> None:
    text = "[7]" if selected else f"{LEFT_EDGE}7{RIGHT_EDGE}"
    left, middle, right = chip_cells(text, mark, depth, selected=selected, hovered=hovered)
    assert contrast(middle.fg, middle.bg, depth) >= 4.5
    if selected:
        assert left == right._replace(glyph="[")
        assert contrast(left.fg, left.bg, depth) >= 4.5
    else:
        # Half of an edge is the chip, the other half sets it off: on every picture one of them is seen.
        assert {left.fg, left.bg} == {right.fg, right.bg} == {middle.fg, middle.bg}
        assert (left.fg, right.fg) == (middle.bg, middle.bg)


@pytest.mark.parametrize("depth", COLORED)
def test_a_failure_is_red_and_what_is_done_with_is_grey(depth: ColorDepth) -> None:
    def ground(mark: Mark) -> tuple[int, int, int]:
        rgb = rgb_of(chip_cells("7", mark, depth)[0].bg, depth)
        return rgb >> 16, rgb >> 8 & 255, rgb & 255

    red, green, blue = ground(Mark.FAILED)
    assert red - max(green, blue) > 80
    red, green, blue = ground(Mark.RESOLVED)
    assert max(red, green, blue) - min(red, green, blue) < 20
    red, green, blue = ground(Mark.OPEN)
    assert min(red, green) - blue > 60


GROUNDS = {
    "black": (0x000000,),
    "white": (0xFFFFFF,),
    "grey": (0x808080,),
    "amber": (0xFFB83D,),
    "red": (0xFF6B5E,),
    "deep red": (0xAA0000,),
    "chip grey": (0xB4B8BC,),
    "blue": (0x2040C0,),
    "noise": (0x000000, 0xFFFFFF, 0x808080, 0xFF0000, 0x00FF00, 0x0000FF),
}


def colors(inks: tuple[Ink, ...]) -> list[tuple[int, float]]:
    """The grounds of cells with their areas; an edge is half one, half the other."""
    areas: list[tuple[int, float]] = []
    for ink in inks:
        halves = ink.glyph in (LEFT_EDGE, RIGHT_EDGE)
        areas += [(ink.fg, 0.5), (ink.bg, 0.5)] if halves else [(ink.bg, 1.0)]
    return areas


@pytest.mark.parametrize("depth", COLORED)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("label", ["7", "●47", "×12"])
def test_the_selected_chip_stands_out_most_on_any_ground(depth: ColorDepth, ground: str, label: str) -> None:
    def stands_out(inks: tuple[Ink, ...]) -> tuple[float, float]:
        """How much light differs from the ground's in all of its cells, and the greatest contrast with it."""
        lights = [luma(rgb) for rgb in GROUNDS[ground]]
        differences = [
            area * sum(abs(luma(rgb_of(color, depth)) - light) for light in lights) / len(lights)
            for color, area in colors(inks)
        ]
        greatest = max(
            sum(contrast(color, one(rgb, depth), depth) for rgb in GROUNDS[ground])
            for color, _ in colors(inks)
        )
        return sum(differences), greatest

    halo = halo_cell(depth)
    plain_text = f"{LEFT_EDGE}{label}{RIGHT_EDGE}"
    for mark in Mark:
        chosen = (halo, *chip_cells(f"[{label}]", mark, depth, selected=True), halo)
        most, greatest = stands_out(chosen)
        assert most > 1.15 * stands_out(chip_cells(plain_text, mark, depth))[0], mark
        for other in Mark:
            for hovered in (False, True):
                assert greatest >= stands_out(chip_cells(plain_text, other, depth, hovered=hovered))[1], other


@pytest.mark.parametrize("depth", COLORED)
def test_the_selected_chip_is_like_no_other(depth: ColorDepth) -> None:
    halo = halo_cell(depth)
    for mark in Mark:
        outer, inner, _ = chip_cells("[7]", mark, depth, selected=True)
        assert inner == chip_cells("7", mark, depth)[0]  # its state is told as ever
        assert contrast(outer.bg, halo.bg, depth) > 15
        for other in Mark:
            plain = chip_cells("7", other, depth)[0]
            assert contrast(plain.fg, plain.bg, depth) < contrast(outer.bg, halo.bg, depth)


@pytest.mark.parametrize("depth", COLORED)
@pytest.mark.parametrize("ground", [0, 15])
def test_the_crosshair_is_seen_on_black_and_white_and_others_are_fainter(
    depth: ColorDepth, ground: int
) -> None:
    under = {0: 0x000000, 15: 0xFFFFFF}[ground] if depth is ColorDepth.TRUECOLOR else ground
    own, theirs = cross_cell(under, depth), cross_cell(under, depth, faint=True)
    assert contrast(own.bg, under, depth) > 15
    assert contrast(own.fg, own.bg, depth) > 15
    assert theirs.bg == under
    assert 3 < contrast(theirs.fg, under, depth) < contrast(own.bg, under, depth)


def test_without_colours_nothing_is_told_by_them() -> None:
    depth = ColorDepth.NONE
    inks = [
        *chip_cells("(7)", Mark.FAILED, depth),
        cross_cell(-1, depth, ascii_only=True),
        *note_cells("<2", depth),
    ]
    assert {(ink.fg, ink.bg) for ink in inks} == {(-1, -1)}
    assert "".join(ink.glyph for ink in inks) == "(7)+<2"


def test_signs_of_ascii_alone_go_with_letters_and_with_no_colours() -> None:
    assert ascii_only(RenderOptions(GlyphSet.ASCII))
    assert ascii_only(RenderOptions(colors=ColorDepth.NONE))
    assert not ascii_only(RenderOptions())


def test_markers_beyond_an_edge_are_told_at_that_edge() -> None:
    view = Viewport(1000, 1000, 80, 40).zoomed(4, Point(50, 50))
    points = [Point(5, 50), Point(95, 50), Point(96, 50), Point(50, 5), Point(50, 99)]
    chips = [Chip(str(n), str(n), Mark.OPEN, point) for n, point in enumerate(points)]
    assert edge_notes(place(chips, view)) == ((0, 20, "<1"), (78, 20, "2>"), (40, 0, "^1"), (40, 39, "v1"))
    assert edge_notes(place(chips, view.fit())) == ()


def test_a_note_is_like_no_chip() -> None:
    note = note_cells("<2", ColorDepth.TRUECOLOR)[0]
    assert luma(note.fg) > 200
    assert note == Ink("<", 0xFFFFFF, 0x000000)
