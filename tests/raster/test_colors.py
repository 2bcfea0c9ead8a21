"""Colours of each depth."""

from __future__ import annotations

import numpy as np
import pytest

from imagechat_tui.raster.colors import (
    DEFAULT,
    ColorDepth,
    Reason,
    chosen_depth,
    dithered,
    lacks_chosen,
    may_have_more,
    packed,
    quantised,
    rgb_of,
)

INSIDE = {"STY": "1", "COLORTERM": "truecolor"}
"""GNU screen in a terminal with true colours."""

RULES = [
    # The environment, how many colours terminfo tells, what the flag says; what comes of it and why.
    ({"TERM": "xterm-256color"}, 256, None, ColorDepth.PALETTE, Reason.TERM),
    ({"TERM": "xterm", "COLORTERM": "truecolor"}, 8, "auto", ColorDepth.TRUECOLOR, Reason.COLORTERM),
    ({"TERM": "xterm", "COLORTERM": "24BIT"}, 8, None, ColorDepth.TRUECOLOR, Reason.COLORTERM),
    ({"TERM": "xterm", "COLORTERM": "yes"}, 8, None, ColorDepth.ANSI, Reason.TERMINFO),
    ({"TERM": "tmux-256color", "TMUX": "x"}, 256, None, ColorDepth.TRUECOLOR, Reason.TMUX),
    ({"TERM": "screen-256color", "TMUX": "x"}, 256, None, ColorDepth.TRUECOLOR, Reason.TMUX),
    ({"TERM": "tmux-256color", "SSH_TTY": "/dev/pts/1"}, 256, None, ColorDepth.TRUECOLOR, Reason.TMUX),
    ({"TERM": "tmux"}, 8, "256", ColorDepth.PALETTE, Reason.ASKED),
    ({"TERM": "foot"}, None, None, ColorDepth.TRUECOLOR, Reason.TERM),
    ({"TERM": "xterm-direct"}, 1 << 24, None, ColorDepth.TRUECOLOR, Reason.TERM),
    ({"TERM": "xterm-direct256"}, 1 << 24, None, ColorDepth.TRUECOLOR, Reason.TERM),
    ({"TERM": "something"}, 1 << 24, None, ColorDepth.TRUECOLOR, Reason.TERMINFO),
    ({"TERM": "something"}, 256, None, ColorDepth.PALETTE, Reason.TERMINFO),
    # What was said.
    ({"TERM": "foot", "NO_COLOR": "1"}, None, None, ColorDepth.NONE, Reason.NO_COLOR),
    ({"TERM": "foot", "NO_COLOR": ""}, None, None, ColorDepth.TRUECOLOR, Reason.TERM),
    ({"TERM": "foot", "NO_COLOR": "1"}, None, "256", ColorDepth.PALETTE, Reason.ASKED),
    ({"TERM": "vt220"}, 0, "truecolor", ColorDepth.TRUECOLOR, Reason.ASKED),
    # xterm tells its version, to itself and to what is started from it.
    ({"TERM": "xterm", "XTERM_VERSION": "XTerm(379)"}, 8, None, ColorDepth.TRUECOLOR, Reason.XTERM),
    ({"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(331)"}, 256, None, ColorDepth.TRUECOLOR, Reason.XTERM),
    ({"TERM": "xterm", "XTERM_VERSION": "XTerm(330)"}, 8, None, ColorDepth.PALETTE, Reason.XTERM),
    ({"TERM": "xterm", "XTERM_VERSION": "XTerm(X.Org 7.7)"}, 8, None, ColorDepth.PALETTE, Reason.XTERM),
    ({"TERM": "xterm-mono", "XTERM_VERSION": "XTerm(379)"}, 0, None, ColorDepth.NONE, Reason.TERMINFO),
    ({"TERM": "linux", "XTERM_VERSION": "XTerm(379)"}, 8, None, ColorDepth.ANSI, Reason.TERM),
    ({"TERM": "xterm", "XTERM_VERSION": "XTerm(379)", "NO_COLOR": "1"}, 8, None, ColorDepth.NONE, Reason.NO_COLOR),
    # GNU screen, and what is started in it or around it.
    ({"TERM": "screen", "STY": "1.pts"}, 8, None, ColorDepth.PALETTE, Reason.SCREEN),
    ({"TERM": "screen.xterm", **INSIDE}, 256, None, ColorDepth.PALETTE, Reason.SCREEN),
    ({"TERM": "screen-256color", **INSIDE}, 256, "truecolor", ColorDepth.TRUECOLOR, Reason.ASKED),
    ({"TERM": "xterm-256color", **INSIDE}, 256, None, ColorDepth.PALETTE, Reason.SCREEN),
    ({"TERM": "xterm", "XTERM_VERSION": "XTerm(379)", "STY": "1.pts"}, 8, None, ColorDepth.PALETTE, Reason.SCREEN),
    ({"TERM": "screen", "XTERM_VERSION": "XTerm(379)"}, 8, None, ColorDepth.PALETTE, Reason.SCREEN),
    ({"TERM": "screen-256color", "COLORTERM": "truecolor"}, 256, None, ColorDepth.PALETTE, Reason.SCREEN),
    ({"TERM": "tmux-256color", "STY": "1", "TMUX": "x"}, 256, None, ColorDepth.TRUECOLOR, Reason.TMUX),
    ({"TERM": "screen.tmux-256color", "STY": "1", "TMUX": "x"}, 256, None, ColorDepth.PALETTE, Reason.SCREEN),
    ({"TERM": "screen.linux", **INSIDE}, 8, None, ColorDepth.ANSI, Reason.TERM),
    ({"TERM": "vt100", **INSIDE}, 0, None, ColorDepth.NONE, Reason.TERMINFO),
    # Fewer colours, whatever COLORTERM was inherited.
    ({"TERM": "linux", "COLORTERM": "truecolor"}, 8, None, ColorDepth.ANSI, Reason.TERM),
    ({"TERM": "linux"}, None, None, ColorDepth.ANSI, Reason.TERM),
    ({"TERM": "xterm"}, 8, None, ColorDepth.ANSI, Reason.TERMINFO),
    ({"TERM": "ansi"}, 8, None, ColorDepth.ANSI, Reason.TERMINFO),
    ({"TERM": "xterm-16color", "COLORTERM": "truecolor"}, 16, None, ColorDepth.ANSI, Reason.TERM),
    ({"TERM": "rxvt-88color"}, 88, None, ColorDepth.ANSI, Reason.TERMINFO),
    ({"TERM": "xterm-mono", "COLORTERM": "truecolor"}, 0, None, ColorDepth.NONE, Reason.TERMINFO),
    ({"TERM": "vt220", "COLORTERM": "truecolor"}, 0, None, ColorDepth.NONE, Reason.TERMINFO),
    ({"TERM": "sun", "TMUX": "x"}, 0, None, ColorDepth.NONE, Reason.TERMINFO),
    ({"TERM": "dumb", "COLORTERM": "truecolor"}, 0, None, ColorDepth.NONE, Reason.TERM),
    ({}, None, None, ColorDepth.NONE, Reason.TERM),
    ({"TERM": "", "COLORTERM": "truecolor"}, None, None, ColorDepth.NONE, Reason.TERM),
    ({"TERM": "unknown"}, None, None, ColorDepth.NONE, Reason.TERM),
    # No database, or an older one.
    ({"TERM": "xterm-mono"}, None, None, ColorDepth.NONE, Reason.TERM),
    ({"TERM": "vt100"}, None, None, ColorDepth.NONE, Reason.TERM),
    ({"TERM": "vt525"}, 8, None, ColorDepth.ANSI, Reason.TERMINFO),
    ({"TERM": "vte-256color"}, None, None, ColorDepth.PALETTE, Reason.TERM),
    ({"TERM": "rio"}, None, None, ColorDepth.PALETTE, Reason.UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("env", "told", "flag", "depth", "reason"), RULES)
def test_the_depth_is_chosen_by_flag_then_by_what_is_known(
    env: dict[str, str], told: int | None, flag: str | None, depth: ColorDepth, reason: Reason
) -> None:
    assert chosen_depth(env, flag, told) == (depth, reason)


@pytest.mark.parametrize(
    ("env", "told", "flag", "asked"),
    [
        ({"TERM": "xterm-256color"}, 256, None, True),
        ({"TERM": "xterm"}, 8, None, True),
        ({"TERM": "rio"}, None, None, True),
        ({"TERM": "xterm", "XTERM_VERSION": "XTerm(330)"}, 8, None, True),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, 256, None, False),
        ({"TERM": "xterm-256color"}, 256, "256", False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, 256, None, False),
        ({"TERM": "tmux-256color", "TMUX": "x"}, 256, None, False),
        # GNU screen hands the question on, and nobody knows to what.
        ({"TERM": "screen-256color"}, 256, None, False),
        ({"TERM": "screen.xterm-256color", "STY": "1"}, 256, None, False),
        ({"TERM": "xterm-256color", "STY": "1"}, 256, None, False),
        ({"TERM": "linux"}, 8, None, False),
        ({"TERM": "xterm-16color"}, 16, None, False),
        ({"TERM": "vt220"}, 0, None, False),
        ({"TERM": "dumb"}, 0, None, False),
        ({}, None, None, False),
    ],
)
def test_true_colours_are_asked_for_where_nothing_else_tells_of_them(
    env: dict[str, str], told: int | None, flag: str | None, asked: bool
) -> None:
    assert may_have_more(*chosen_depth(env, flag, told)) is asked


@pytest.mark.parametrize(
    ("env", "told", "flag", "how"),
    [
        ({"TERM": "screen", "STY": "1"}, 8, "truecolor", Reason.SCREEN),
        ({"TERM": "screen.xterm-256color", "STY": "1", "NO_COLOR": "1"}, 256, "truecolor", Reason.SCREEN),
        ({"TERM": "screen-256color"}, 256, "truecolor", Reason.SCREEN),
        ({"TERM": "screen", "STY": "1"}, 8, "256", None),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, 8, "truecolor", Reason.TERM),
        ({"TERM": "linux"}, 8, "256", Reason.TERM),
        ({"TERM": "linux"}, 8, "16", None),
        ({"TERM": "vt220"}, 0, "16", Reason.TERMINFO),
        ({"TERM": "vt220"}, None, "256", Reason.TERM),
        ({"TERM": "vt220"}, 0, "none", None),
        ({}, None, "truecolor", Reason.TERM),
        # Over SSH nothing tells of true colours, and the person may know better.
        ({"TERM": "xterm-256color"}, 256, "truecolor", None),
        ({"TERM": "xterm"}, 8, "256", None),
        ({"TERM": "rio"}, None, "truecolor", None),
        ({"TERM": "tmux-256color", "TMUX": "x"}, 256, "truecolor", None),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, 8, "truecolor", None),
        ({"TERM": "linux"}, 8, "auto", None),
        ({"TERM": "linux"}, 8, None, None),
    ],
)
def test_a_chosen_depth_is_lacking_only_where_that_is_known(
    env: dict[str, str], told: int | None, flag: str | None, how: Reason | None
) -> None:
    assert lacks_chosen(env, flag, told) is how


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
