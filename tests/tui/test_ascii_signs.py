"""Where signs cannot be drawn, or would be two cells wide, ASCII stands for them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.color import Color

from imagechat_tui.raster.ambiguous_width import ROW, is_ambiguous
from imagechat_tui.tui import symbols
from imagechat_tui.tui.ascii_signs import AsciiSigns, OnlyAscii, SignWidth, is_narrow, look_alike
from imagechat_tui.tui.keys import _SHOWN
from imagechat_tui.tui.textual_internals.terminal_input import TerminalInput
from imagechat_tui.words import NO_UTF8, NO_UTF8_BEHIND, WIDE_SIGNS
from tests.tui.conftest import Desk, Sit

WIDE, NARROW, LATIN = (f"\x1b[{ROW + 1};{column}R" for column in (7, 5, 8))
"""What a terminal answers, behind the sample in the first columns."""


def parsed(data: str) -> list[events.Event]:
    terminal = TerminalInput()
    found = [*terminal.feed(data, 0.0), *terminal.tick(60.0)]
    return [event for event in found if isinstance(event, events.Event)]


def answer(desk: Desk, data: str) -> None:
    for event in parsed(data):
        event.set_sender(desk.app)
        desk.app.post_message(event)


def ambiguous(lines: Iterable[str]) -> set[str]:
    return {character for line in lines for character in line if is_ambiguous(character)}


@pytest.mark.parametrize(
    ("character", "alike"),
    [
        ("é", "e"), ("Ж", "Z"), ("ж", "z"), ("α", "a"), ("Ω", "O"), ("½", "1"), ("①", "1"), ("℃", "?"), ("§", "?"),
        ("═", "-"), ("║", "|"), ("┃", "|"), ("┄", "-"), ("╋", "+"), ("╳", "+"), ("\ue000", "?"), ("\ufffd", "?"),
    ],
)  # fmt: skip
def test_what_stands_for_a_character_reads_most_like_it(character: str, alike: str) -> None:
    assert look_alike(character) == alike


def test_every_ambiguous_character_becomes_one_of_ascii() -> None:
    for code in range(0x110000):
        if is_ambiguous(character := chr(code)):
            alike = symbols.IN_ASCII.get(character) or look_alike(character)
            assert len(alike) == 1 and alike.isascii() and alike.isprintable(), hex(code)


def test_every_sign_of_ours_has_one_that_stands_for_it() -> None:
    signs = {value for name, value in vars(symbols).items() if name.isupper() and isinstance(value, str)}
    signs |= {letter for name in _SHOWN.values() for letter in name}
    assert {sign for sign in signs if not sign.isascii()} <= set(symbols.IN_ASCII)


def test_the_answer_is_no_key() -> None:
    for data in (WIDE, NARROW):
        [event] = parsed(data)
        assert isinstance(event, events.CursorPosition)


async def test_a_terminal_that_draws_signs_wide_gets_ascii_everywhere(sit: Sit) -> None:
    async with sit(options={"auto_glyphs": True}, notes=True) as desk:
        assert ambiguous(desk.lines)
        answer(desk, WIDE)
        await desk.until(lambda: not ambiguous(desk.lines))
        assert WIDE_SIGNS in desk.toasts
        await desk.until(lambda: desk.chat.picture.is_drawn)
        for keys in (
            ["?"],
            ["escape", "]", "enter"],
            ["r", *"né"],
            ["escape", "!"],
            ["escape", "@"],
            ["escape", "z"],
        ):
            await desk.press(*keys)
            assert not ambiguous(desk.lines), keys


async def test_a_terminal_that_takes_no_utf8_gets_ascii_alone_and_the_right_reason(sit: Sit) -> None:
    async with sit(options={"auto_glyphs": True}, notes=True) as desk:
        answer(desk, LATIN)
        await desk.until(lambda: all(line.isascii() for line in desk.lines))
        assert NO_UTF8 in desk.toasts and WIDE_SIGNS not in desk.toasts
        await desk.press("c", *"大é☃")
        assert all(line.isascii() for line in desk.lines)


@pytest.mark.parametrize("text", ["é", "大", "a大b", "e\u0301", "☃", "👨\u200d👩", "Ж×", "\u200b"])
def test_only_ascii_is_as_many_cells(text: str) -> None:
    [segment] = OnlyAscii().apply([Segment(text)], Color(0, 0, 0))
    assert segment.text.isascii()
    assert cell_len(segment.text) == cell_len(text)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([NARROW, NARROW], ""),
        ([WIDE, NARROW], WIDE_SIGNS),
        ([NARROW, WIDE], WIDE_SIGNS),
        ([LATIN, WIDE], NO_UTF8),
        ([WIDE, LATIN, NARROW], NO_UTF8),
        ([WIDE, "again", NARROW], ""),
        ([WIDE, "again", NARROW, WIDE], WIDE_SIGNS),
    ],
)
def test_where_several_terminals_answer_the_worst_of_them_counts(answers: list[str], words: str) -> None:
    signs = SignWidth(ascii_only=False, ask=lambda _: None)
    for said in answers:
        if said == "again":
            signs.ask()
            continue
        [event] = parsed(said)
        assert isinstance(event, events.CursorPosition)
        signs.told(event)
    assert (signs.words if signs.in_ascii else "") == words


async def test_another_terminal_is_asked_again_when_the_screen_is_repaired(sit: Sit) -> None:
    async with sit(options={"auto_glyphs": True}) as desk:
        answer(desk, WIDE)
        await desk.until(lambda: not ambiguous(desk.lines))
        await desk.press("ctrl+l")
        answer(desk, NARROW)
        await desk.until(lambda: bool(ambiguous(desk.lines)))


def test_what_tmux_says_of_the_terminal_round_it_is_kept_beside_its_width() -> None:
    signs = SignWidth(ascii_only=False, ask=lambda _: None, takes_utf8=False)
    [wide], [narrow] = parsed(WIDE), parsed(NARROW)
    assert isinstance(wide, events.CursorPosition) and isinstance(narrow, events.CursorPosition)
    assert (signs.in_ascii, signs.words) == (True, NO_UTF8_BEHIND)
    assert signs.told(wide) and not signs.utf8_told(False)
    assert signs.utf8_told(True)
    assert (signs.in_ascii, signs.words) == (True, WIDE_SIGNS)
    signs.ask()
    assert signs.told(narrow)
    assert (signs.in_ascii, signs.line_filter) == (False, None)


async def test_a_tmux_without_utf8_gets_ascii_until_another_one_is_attached(sit: Sit) -> None:
    told = [True]
    options = {"auto_glyphs": True, "takes_utf8": False, "ask_utf8": lambda: told.pop()}
    async with sit(options=options, notes=True) as desk:
        assert all(line.isascii() for line in desk.lines)
        assert NO_UTF8_BEHIND in desk.toasts
        await desk.press("ctrl+l")
        await desk.until(lambda: bool(ambiguous(desk.lines)))
        assert not told


@pytest.mark.parametrize(
    ("asked", "data"),
    [(True, NARROW), (True, "\x1b[1;7R"), (True, "\x1b[2;80R"), (True, "\x1b[9;7R"), (False, WIDE)],
)
async def test_other_reports_change_nothing(sit: Sit, asked: bool, data: str) -> None:
    async with sit(options={"auto_glyphs": asked}) as desk:
        before = desk.lines
        answer(desk, data)
        await desk.settle()
        assert desk.lines == before


def test_where_ascii_was_asked_for_letters_stay() -> None:
    from rich.segment import Segment
    from textual.color import Color

    ours, ambiguous, all_ = AsciiSigns(), AsciiSigns(is_ambiguous), AsciiSigns(is_narrow)
    ground = Color.parse("black")
    [segment] = ours.apply([Segment("é Ж · │ 大")], ground)
    assert segment.text == "é Ж - | 大"
    [segment] = ambiguous.apply([Segment("é Ж · │ 大 ב")], ground)
    assert segment.text == "e Z - | 大 ב"
    [segment] = all_.apply([Segment("é Ж · │ 大 ב")], ground)
    assert segment.text == "e Z - | 大 b"
