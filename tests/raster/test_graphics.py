"""Who is handed pictures in pixels: only a terminal that is known by name and version to show them in cells."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.graphics import (
    ALIVE,
    ASK,
    ASK_COLOR,
    ASK_SCREEN,
    SLOW,
    TRY,
    Choice,
    Graphics,
    Stage,
    answers_in,
    begun,
    fault_before,
    fault_of,
    is_fence,
)

CELL = (10, 20)
KITTY = {"TERM": "xterm-kitty"}


@pytest.mark.parametrize(
    ("said", "auto", "kitty"),
    [
        ("kitty(0.41.1)", None, None),
        ("kitty(0.28.0)", None, None),
        ("kitty(1.0)", None, None),
        ("kitty(0.26.5)", "old", "old"),
        ("kitty(0.9.1)", "old", "old"),
        ("kitty", "old", "old"),
        ("ghostty 1.2.3", None, None),
        ("ghostty 0.9", "old", "old"),
        ("Konsole 25.04.2", "lacking", "lacking"),
        ("foot(1.21.0)", "lacking", "lacking"),
        ("XTerm(398)", "lacking", "lacking"),
        ("tmux 3.5a", "lacking", "lacking"),
        ("WezTerm 20240203-110809-5046fc22", "lacking", "lacking"),
        ("Zellij(0.41.0)", "lacking", "lacking"),
        ("VTE(8000)", "lacking", "lacking"),
        ("xterm.js(5.6.0)", "lacking", "lacking"),
        ("iTerm2 3.6.7", "unknown", None),
        ("rio 0.3.0", "unknown", None),
        ("kitty-like 9.9", "unknown", None),
        ("(0.41.1)", "unknown", None),
    ],
)
def test_name_and_version_decide(said: str, auto: str | None, kitty: str | None) -> None:
    assert fault_of(said, "auto") == auto
    assert fault_of(said, "kitty") == kitty


@pytest.mark.parametrize(
    ("env", "depth", "fault"),
    [
        (KITTY, ColorDepth.TRUECOLOR, None),
        ({"TERM": "xterm-256color"}, ColorDepth.TRUECOLOR, None),
        ({**KITTY, "TMUX": "/tmp/tmux-0/default,1,0"}, ColorDepth.TRUECOLOR, "between"),
        ({**KITTY, "STY": "1.pts"}, ColorDepth.TRUECOLOR, "between"),
        ({**KITTY, "ZELLIJ": "0"}, ColorDepth.TRUECOLOR, "between"),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, ColorDepth.TRUECOLOR, "between"),
        ({"TERM": "screen.xterm-kitty"}, ColorDepth.TRUECOLOR, "between"),
        ({"TERM": "dumb"}, ColorDepth.TRUECOLOR, "plain"),
        ({"TERM": "linux"}, ColorDepth.TRUECOLOR, "plain"),
        ({}, ColorDepth.TRUECOLOR, "plain"),
        (KITTY, ColorDepth.PALETTE, "colors"),
        (KITTY, ColorDepth.NONE, "colors"),
    ],
)
def test_some_are_not_even_asked(env: dict[str, str], depth: ColorDepth, fault: str | None) -> None:
    for choice in ("auto", "kitty"):
        assert fault_before(choice, env, depth) == fault
        assert bool(begun(choice, env, depth, CELL).question) == (fault is None)
    assert fault_before("off", env, depth) == "off"
    assert not begun("off", env, depth, CELL).question


def told(choice: Choice, *answers: str) -> tuple[Graphics, list[str]]:
    """What is known in the end, and all that was sent for it."""
    graphics = begun(choice, KITTY, ColorDepth.TRUECOLOR, CELL)
    sent = [graphics.question]
    for answer in answers:
        before, graphics = graphics, graphics.heard(answer)
        if graphics.stage != before.stage and graphics.question:
            sent.append(graphics.question)
    return graphics, sent


NAMED = "\x1bP>|kitty(0.41.1)\x1b\\"
FENCE = "\x1b[?62;c"
OK = "\x1b_Gi=6881281;OK\x1b\\"


@pytest.mark.parametrize(
    ("choice", "answers", "stage", "fault", "tried"),
    [
        ("auto", [NAMED, "\x1b[6;18;9t", FENCE, OK, FENCE], "pixels", None, True),
        ("auto", [NAMED, FENCE, FENCE], "cells", "refused", True),
        ("auto", [NAMED, FENCE, "\x1b_Gi=6881281;ENOTSUP\x1b\\", FENCE], "cells", "refused", True),
        ("auto", [FENCE, NAMED], "cells", "nameless", False),
        # Two are attached, and each answers.
        ("auto", [NAMED, FENCE, NAMED, FENCE, OK, FENCE], "cells", "doubled", True),
        ("auto", [NAMED, NAMED, FENCE, FENCE, OK, OK, FENCE, FENCE], "cells", "doubled", True),
        ("auto", ["\x1bP>|XTerm(379)\x1b\\", FENCE, FENCE], "cells", "lacking", False),
        ("kitty", [FENCE], "cells", "nameless", False),
        ("auto", [], "asked", None, False),
        ("auto", [NAMED], "asked", None, False),
        ("auto", ["\x1bP>|Konsole 25.04.2\x1b\\", FENCE, OK, FENCE], "cells", "lacking", False),
        ("kitty", ["\x1bP>|Konsole 25.04.2\x1b\\", FENCE], "cells", "lacking", False),
        ("auto", ["\x1bP>|tmux 3.5a\x1b\\", "\x1b[?1;2;4c", OK], "cells", "lacking", False),
        ("auto", ["\x1bP>|kitty(0.26.5)\x1b\\", FENCE, OK, FENCE], "cells", "old", False),
        ("auto", ["\x1bP>|newterm 1\x1b\\", FENCE], "cells", "unknown", False),
        ("kitty", ["\x1bP>|newterm 1\x1b\\", FENCE, OK, FENCE], "pixels", None, True),
        # What others ask or type for themselves decides nothing.
        ("auto", ["\x1b[?2026;2$y", "\x1b[2;5R", "\x1b[0n", OK, NAMED, FENCE, "\x1b[0n", OK], "pixels", None, True),
    ],
)  # fmt: skip
def test_the_answers_decide_and_nobody_unnamed_is_sent_an_apc(
    choice: Choice, answers: list[str], stage: str, fault: str | None, tried: bool
) -> None:
    graphics, sent = told(choice, *answers)
    assert (graphics.stage, graphics.fault) == (stage, fault)
    assert sent == [ASK, TRY] if tried else sent == [ASK]
    assert "\x1b_" not in ASK


COLOR = "\x1bP1$r0;38:2::1:2:3m\x1b\\"


def asked(
    choice: Choice, env: dict[str, str] | None = None, depth: ColorDepth = ColorDepth.PALETTE
) -> Graphics:
    return begun(choice, env or {"TERM": "xterm"}, depth, CELL, asks_color=True)


@pytest.mark.parametrize(
    ("answer", "true"),
    [
        (COLOR, True),
        ("\x1bP1$r38:2:1:2:3m\x1b\\", True),  # kitty
        ("\x1bP1$r0;38:2:1:1:2:3m\x1b\\", True),
        ("\x1bP1$r0;38;2;1;2;3m\x1b\\", True),
        ("\x1bP1$r0;38:5:16m\x1b\\", False),  # xterm -xrm '*directColor: false'
        ("\x1bP1$r0m\x1b\\", False),
        ("\x1bP0$r\x1b\\", False),
        ("\x1bP1$r0;38:2::11:2:3m\x1b\\", False),
        ("\x1bP1$r0;38:2::1:2:3 q\x1b\\", False),
        ("\x1bP1$r0;48:2::1:2:3m\x1b\\", False),
        ("\x1bP>|XTerm(379)\x1b\\", False),
    ],
)
def test_a_terminal_has_true_colours_that_keeps_one_as_it_was_set(answer: str, true: bool) -> None:
    before = asked("auto", depth=ColorDepth.ANSI)
    graphics = before.heard(answer)
    nearest = ":5:16m" in answer
    assert graphics.depth is (
        ColorDepth.TRUECOLOR if true else ColorDepth.PALETTE if nearest else ColorDepth.ANSI
    )
    assert not graphics.lacks_colors
    assert graphics.heard(FENCE).lacks_colors is not (true or nearest)
    # Nobody else's is one, nor one that comes too late.
    for other in (replace(before, asks_color=False), before.heard(FENCE)):
        assert other.heard(answer).depth is ColorDepth.ANSI


@pytest.mark.parametrize(
    ("choice", "env", "answers", "stage", "fault"),
    [
        ("auto", KITTY, [NAMED, COLOR, FENCE], "tried", None),
        ("auto", KITTY, [NAMED, COLOR, FENCE, OK, FENCE], "pixels", None),
        ("auto", KITTY, [NAMED, FENCE, OK], "cells", "colors"),
        ("auto", KITTY, ["\x1bP>|XTerm(379)\x1b\\", COLOR, FENCE], "cells", "lacking"),
        ("auto", KITTY, [COLOR], "asked", None),
        ("off", KITTY, [COLOR, FENCE], "cells", "off"),
        ("auto", {**KITTY, "ZELLIJ": "0"}, [COLOR, FENCE], "cells", "between"),
    ],
)
def test_pixels_need_true_colours_and_these_are_asked_for_by_themselves_too(
    choice: Choice, env: dict[str, str], answers: list[str], stage: str, fault: str | None
) -> None:
    graphics = asked(choice, env)
    assert ASK_COLOR in graphics.question
    assert graphics.question.endswith("\x1b[c")
    assert ("\x1b[>q" in graphics.question) is (graphics.fault is None)
    for answer in answers:
        graphics = graphics.heard(answer)
    assert (graphics.stage, graphics.fault) == (stage, fault)


@pytest.mark.parametrize(
    ("answers", "depth"),
    [
        (["\x1b[>83;40900;0c", FENCE], ColorDepth.PALETTE),
        (["\x1b[>83;50000;0c", FENCE], ColorDepth.TRUECOLOR),
        (["\x1b[>84;0;0c", FENCE], ColorDepth.TRUECOLOR),  # tmux that calls itself screen
        (["\x1b[>83;40900;0c"], ColorDepth.PALETTE),
        (["\x1b[>83;40900;0c", "\x1b[>83;50000;0c", FENCE], ColorDepth.PALETTE),
        ([FENCE, "\x1b[>83;40900;0c"], ColorDepth.TRUECOLOR),  # silent: the person may know better
        ([], ColorDepth.PALETTE),
    ],
)
def test_who_chose_true_colours_in_gnu_screen_gets_them_unless_it_is_too_old(
    answers: list[str], depth: ColorDepth
) -> None:
    env = {"TERM": "screen", "STY": "1"}
    graphics = begun("auto", env, ColorDepth.TRUECOLOR, CELL, asks_screen=True)
    assert graphics.question == f"{ASK_SCREEN}\x1b[c"
    for answer in answers:
        graphics = graphics.heard(answer)
    assert graphics.depth is depth
    assert graphics.asks_screen is (not answers)
    if FENCE in answers:
        assert (graphics.stage, graphics.fault) == ("cells", "between")


def test_what_the_question_may_leave_on_the_line_is_erased() -> None:
    before, _, after = ASK_COLOR.partition("\x1bP$qm\x1b\\")
    assert before.startswith("\x1b7")
    assert after == "\x1b8\x1b[K"


def test_the_cell_is_what_the_terminal_says_if_it_makes_sense() -> None:
    assert told("auto", "\x1b[6;18;9t")[0].cell == (9, 18)
    for nonsense in ("\x1b[6;0;0t", "\x1b[6;9;18t", "\x1b[6;999;1t", "\x1b[8;40;120t"):
        assert told("auto", nonsense)[0].cell == CELL


@pytest.mark.parametrize(
    ("said", "glyphs"),
    [
        ("kitty(0.41.1)", GlyphSet.OCTANT),
        ("kitty(0.26.5)", GlyphSet.SEXTANT),
        ("foot(1.21.0)", GlyphSet.OCTANT),
        ("foot(1.13.1)", GlyphSet.SEXTANT),
        ("VTE(8001)", GlyphSet.OCTANT),
        ("Konsole 25.04.2", GlyphSet.SEXTANT),
        ("XTerm(398)", GlyphSet.QUADRANT),
        ("tmux 3.5a", GlyphSet.QUADRANT),
        ("newterm 9", GlyphSet.QUADRANT),
        ("", GlyphSet.QUADRANT),
    ],
)
def test_a_terminal_that_names_itself_is_drawn_in_as_sharp_as_it_draws(said: str, glyphs: GlyphSet) -> None:
    told = Graphics("auto", "cells", CELL, said)
    assert told.sharpest(GlyphSet.QUADRANT) is glyphs
    assert told.sharpest(GlyphSet.OCTANT) is GlyphSet.OCTANT


def test_a_terminal_that_told_no_name_is_drawn_in_no_sharper_than_was_known() -> None:
    for glyphs in GlyphSet:
        assert Graphics("auto", "cells", CELL, fault="plain").sharpest(glyphs) is glyphs


def test_a_question_ends_with_what_every_terminal_answers() -> None:
    assert ASK.endswith("\x1b[c")
    assert TRY.endswith("\x1b[c")
    assert ALIVE == "\x1b[5n"
    for fence in (FENCE, "\x1b[?6c", "\x1b[?65;1;9c", "\x1b[0n"):
        assert is_fence(fence)
    for other in (NAMED, OK, "\x1b[>1;4000;0c", "\x1b[=0c", "\x1b[2;5R", "\x1b[6;18;9t", "c", "\x1b[3n"):
        assert not is_fence(other)


def test_answers_are_found_among_what_was_read() -> None:
    assert answers_in(f"j{NAMED}k\x1b[6;18;9t{FENCE}{OK}\x1b[?62") == [NAMED, "\x1b[6;18;9t", FENCE, OK]


@pytest.mark.parametrize(
    ("stage", "choice", "rate", "slow"),
    [
        ("pixels", "auto", SLOW - 1, True),
        ("pixels", "auto", SLOW, False),
        ("pixels", "auto", None, False),
        ("pixels", "kitty", 1000, False),
        ("tried", "auto", 1000, False),
    ],
)
def test_over_a_slow_way_there_are_pixels_only_for_who_asks_for_them(
    stage: Stage, choice: Choice, rate: float | None, slow: bool
) -> None:
    known = Graphics(choice, stage, (9, 18))
    assert known.over(rate) == (known.without("slow") if slow else known)
