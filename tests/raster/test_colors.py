"""Colours of each depth."""

from __future__ import annotations

import numpy as np
import pytest

from imagechat_tui.raster.colors import DEFAULT, ColorDepth, depth_for, dithered, packed, quantised, rgb_of


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
        ({"TERM": "xterm", "XTERM_VERSION": "XTerm(379)"}, None, ColorDepth.TRUECOLOR),
        ({"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(331)"}, None, ColorDepth.TRUECOLOR),
        ({"TERM": "xterm", "XTERM_VERSION": "XTerm(330)"}, None, ColorDepth.PALETTE),
        ({"TERM": "xterm", "XTERM_VERSION": "XTerm(X.Org 7.7)"}, None, ColorDepth.PALETTE),
        ({"TERM": "xterm", "XTERM_VERSION": "XTerm(379)", "STY": "1.pts"}, None, ColorDepth.PALETTE),
        ({"TERM": "screen", "XTERM_VERSION": "XTerm(379)"}, None, ColorDepth.PALETTE),
        ({"TERM": "linux", "XTERM_VERSION": "XTerm(379)"}, None, ColorDepth.ANSI),
        ({"TERM": "xterm", "XTERM_VERSION": "XTerm(379)", "NO_COLOR": "1"}, None, ColorDepth.NONE),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, None, ColorDepth.NONE),
    ],
)
def test_the_depth_is_chosen_by_flag_then_by_what_is_known(
    env: dict[str, str], flag: str | None, depth: ColorDepth
) -> None:
    assert depth_for(env, flag) is depth


def distance(left: int, right: int) -> int:
    return sum(((left >> shift & 255) - (right >> shift & 255)) ** 2 for shift in (16, 8, 0))


@pytest.mark.parametrize(
    ("depth", "numbers"), [(ColorDepth.PALETTE, range(16, 256)), (ColorDepth.ANSI, range(16))]
)
def test_a_colour_becomes_the_nearest_of_those_that_no_theme_changes(
    depth: ColorDepth, numbers: range
) -> None:
    wanted = np.random.default_rng(1).integers(0, 1 << 24, 300).astype(np.int32)
    for rgb, number in zip(wanted.tolist(), quantised(wanted, depth).tolist(), strict=True):
        best = min(distance(rgb, rgb_of(other, depth)) for other in numbers)
        assert number in numbers
        assert distance(rgb, rgb_of(number, depth)) == best


@pytest.mark.parametrize("reduce", [quantised, dithered])
@pytest.mark.parametrize("depth", list(ColorDepth))
def test_the_terminals_own_colour_stays(reduce: object, depth: ColorDepth) -> None:
    assert callable(reduce)
    own = np.full((2, 3), DEFAULT, dtype=np.int32)
    assert (reduce(own, depth) == own).all()


def mean(
    colors: np.ndarray[tuple[int, ...], np.dtype[np.int32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    rgb = np.array([rgb_of(color, ColorDepth.PALETTE) for color in colors.reshape(-1).tolist()])
    return np.asarray(np.stack([rgb >> 16, rgb >> 8 & 255, rgb & 255]).mean(axis=1), dtype=np.float64)


def test_dithering_brings_an_area_nearer_to_its_colour_with_fixed_colours_only() -> None:
    brown = np.full((40, 40), 0x8A5A3C, dtype=np.int32)
    wanted = np.array([0x8A, 0x5A, 0x3C])
    mixed = dithered(brown, ColorDepth.PALETTE)
    assert mixed.min() >= 16
    assert len(np.unique(mixed)) > 1
    plain = quantised(brown, ColorDepth.PALETTE)
    assert np.abs(mean(mixed) - wanted).sum() < 0.7 * np.abs(mean(plain) - wanted).sum()


def test_a_fixed_colour_is_not_dithered() -> None:
    exact = np.full((20, 20), rgb_of(130, ColorDepth.PALETTE), dtype=np.int32)
    assert (dithered(exact, ColorDepth.PALETTE) == 130).all()


def test_channels_are_packed_rounded() -> None:
    assert packed(np.array([[[1.6]], [[2.4]], [[255.0]]], dtype=np.float32)).tolist() == [[0x0202FF]]
