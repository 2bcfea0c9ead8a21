"""What the person chose of colours and glyphs, where the terminal is known to lack it, is told in words, once."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events

from imagechat_tui.raster.ambiguous_width import ROW
from imagechat_tui.raster.colors import ColorDepth, Reason
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.graphics import Choice, Graphics, begun
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.tui.textual_internals.terminal_events import Answer
from imagechat_tui.tui.textual_internals.terminal_input import TerminalInput
from imagechat_tui.words import wrong_colors_words
from tests.tui.conftest import Desk, Sit

FENCE = "\x1b[?62;c"
ASKED = Graphics("auto", "asked", (9, 18))
XTERM, OLD, NEW = "\x1bP>|XTerm(379)\x1b\\", "\x1bP>|kitty(0.26.5)\x1b\\", "\x1bP>|kitty(0.41.1)\x1b\\"


def behind(column: int) -> str:
    """The report of the cursor behind the sample."""
    return f"\x1b[{ROW + 1};{column + 1}R"


async def hears(desk: Desk, *answers: str) -> None:
    for message in TerminalInput().feed("".join(answers), 0.0):
        assert isinstance(message, Answer | events.CursorPosition)
        message.set_sender(desk.app)
        desk.app.post_message(message)
    await desk.settle()


def toasts(desk: Desk) -> list[str]:
    return [f"{note.title}: {note.message}" for note in desk.app._notifications]


@pytest.mark.parametrize(
    ("glyphs", "drawn", "answers", "told", "shown"),
    [
        ("octant", "quadrant", [behind(2), XTERM, FENCE], "Octants chosen: XTerm(379) has only", "octant"),
        ("octant", "quadrant", [XTERM, FENCE, behind(2)], "Octants chosen: XTerm(379) has only", "octant"),
        ("sextant", "quadrant", [XTERM, FENCE, behind(2)], "Sextants chosen: XTerm(379) has only", "sextant"),
        (
            "octant",
            "quadrant",
            [XTERM, FENCE, behind(0)],
            "Drawn in quadrants: Here octants are not",
            "quadrant",
        ),
        ("octant", "sextant", [OLD, behind(2), FENCE], "kitty(0.26.5) does not draw octants", "octant"),
        ("octant", "sextant", [OLD, behind(0), FENCE], "Drawn in sextants", "sextant"),
        ("octant", "sextant", [NEW, behind(2), FENCE], "", "octant"),
        ("octant", "quadrant", [XTERM, FENCE], "", "octant"),  # not known yet
        ("octant", "quadrant", [behind(2), XTERM], "", "octant"),
        ("quadrant", "half", [FENCE], "Quadrants chosen: The console's fonts have no quadrants", "quadrant"),
        ("half", "ascii", [FENCE], "Half blocks chosen: TERM names a terminal that has nothing", "half"),
        ("quadrant", "quadrant", [XTERM, FENCE, behind(0)], "", "quadrant"),
    ],
)
async def test_glyphs_that_the_terminal_lacks_are_told_and_taken_back_only_where_they_do_harm(
    sit: Sit, glyphs: str, drawn: str, answers: list[str], told: str, shown: str
) -> None:
    options: dict[str, Any] = {
        "render": RenderOptions(glyphs=GlyphSet(glyphs)), "graphics": ASKED, "drawn_glyphs": GlyphSet(drawn),
    }  # fmt: skip
    async with sit(options=options, notes=True) as desk:
        await hears(desk, *answers)
        assert [told in text for text in toasts(desk)] == ([True] if told else [])
        assert "--glyphs auto" in toasts(desk)[0] if told else True
        assert desk.chat.picture.options.glyphs == shown
        await desk.press("ctrl+l")
        await hears(desk, *[answer for answer in answers if answer.endswith("R")])
        assert len(toasts(desk)) == bool(told)  # once


async def test_where_another_terminal_is_attached_the_choice_is_kept_again(sit: Sit) -> None:
    options: dict[str, Any] = {
        "render": RenderOptions(glyphs=GlyphSet.OCTANT), "drawn_glyphs": GlyphSet.QUADRANT,
    }  # fmt: skip
    async with sit(options=options) as desk:
        for column, shown in ((0, "quadrant"), (2, "octant"), (9, "octant"), (4, "quadrant")):
            await hears(desk, behind(column))
            assert desk.chat.picture.options.glyphs == shown


@pytest.mark.parametrize(
    ("choice", "colors", "env", "told"),
    [
        ("off", ColorDepth.TRUECOLOR, {}, True),
        ("auto", ColorDepth.PALETTE, {}, True),
        ("off", ColorDepth.TRUECOLOR, {"XTERM_VERSION": ""}, False),  # nothing is known of it
        ("off", ColorDepth.TRUECOLOR, {"TERM": "alacritty"}, False),  # those were started from an xterm
        ("off", ColorDepth.TRUECOLOR, {"VTE_VERSION": "7000"}, False),
        ("off", ColorDepth.TRUECOLOR, {"TMUX": "/tmp/tmux,1,0"}, False),
    ],
)
async def test_an_xterm_that_is_not_asked_for_its_name_is_known_by_its_variable(
    sit: Sit, choice: Choice, colors: ColorDepth, env: dict[str, str], told: bool
) -> None:
    variables = {"TERM": "xterm", "XTERM_VERSION": "XTerm(379)"} | env
    options: dict[str, Any] = {
        "render": RenderOptions(glyphs=GlyphSet.SEXTANT, colors=colors),
        "graphics": begun(choice, variables, colors, (9, 18)), "drawn_glyphs": GlyphSet.QUADRANT,
    }  # fmt: skip
    async with sit(options=options, notes=True) as desk:
        await hears(desk, behind(2))
        assert [text for text in toasts(desk) if "Sextants chosen: XTerm(379) has only" in text] == toasts(
            desk
        )
        assert bool(toasts(desk)) is told


@pytest.mark.parametrize(
    ("how", "asks", "answers", "told", "depth"),
    [
        (
            Reason.SCREEN,
            True,
            ["\x1b[>83;40900;0c", FENCE],
            "Drawn in 256 colours: GNU screen before 5.0",
            "256",
        ),
        (Reason.SCREEN, True, ["\x1b[>83;50000;0c", FENCE], "", "truecolor"),
        (Reason.SCREEN, True, [FENCE], "", "truecolor"),
        (Reason.SCREEN, True, [], "", "256"),
        (Reason.TERM, False, [], "True colours chosen: TERM=screen says", "truecolor"),
        (None, False, [], "", "truecolor"),
    ],
)
async def test_colours_that_the_terminal_lacks_are_told(
    sit: Sit, how: Reason | None, asks: bool, answers: list[str], told: str, depth: str
) -> None:
    env = {"TERM": "screen"}
    graphics = begun("auto", env, ColorDepth.TRUECOLOR, (9, 18), asks_screen=asks)
    options: dict[str, Any] = {
        "render": RenderOptions(colors=graphics.depth), "graphics": graphics,
        "wrong_colors": wrong_colors_words("truecolor", how, "screen") if how is not None else None,
    }  # fmt: skip
    async with sit(options=options, notes=True) as desk:
        await hears(desk, *answers)
        assert [told in text for text in toasts(desk)] == ([True] if told else [])
        assert "--colors auto" in toasts(desk)[0] if told else True
        assert desk.chat.picture.options.colors == depth
        assert (desk.app._fewer_colors is not None) is (depth == "256")
