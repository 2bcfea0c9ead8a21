"""What the terminal shows is not sent again, and whatever may look different is."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.tui.textual_internals.shown_text import NEAR, SHOWN, ShownText
from imagechat_tui.tui.textual_internals.strips import cell_strip, side_by_side
from imagechat_tui.tui.textual_internals.tight_update import TightUpdate, WholeUpdate

PLAIN, BOLD = Style.parse("#ffffff on #000000"), Style.parse("bold #ffffff on #000000")
GREY, RULED = Style.parse("#888888 on #000000"), Style.parse("underline #888888 on #000000")


def strip(*parts: tuple[str, Style | None]) -> Strip:
    return Strip([Segment(text, style) for text, style in parts])


def test_a_letter_more_is_all_that_changes() -> None:
    shown = ShownText()
    assert shown.changes(5, 10, strip(("wor ", PLAIN))) == [(0, 4)]
    assert shown.changes(5, 10, strip(("wor ", PLAIN))) == []
    assert shown.changes(5, 10, strip(("word", PLAIN))) == [(3, 4)]
    assert shown.changes(5, 11, strip(("ord", PLAIN))) == []
    assert shown.changes(6, 10, strip(("word", PLAIN))) == [(0, 4)]


@pytest.mark.parametrize(
    ("before", "now", "changed"),
    [
        ([("ab", PLAIN)], [("a", PLAIN), ("b", BOLD)], [(1, 2)]),
        ([("  ", PLAIN)], [("  ", GREY)], []),  # of a blank only the ground is seen
        ([("  ", PLAIN)], [("  ", RULED)], [(0, 2)]),
        ([("  ", PLAIN)], [("  ", None)], [(0, 2)]),
        ([("a·b", PLAIN)], [("a·c", PLAIN)], [(2, 3)]),
        ([("画b", PLAIN)], [("画b", PLAIN)], [(0, 3)]),  # two cells: not for us to cut
        ([("e\u0301b", PLAIN)], [("e\u0301b", PLAIN)], [(0, 2)]),
    ],
)
def test_what_looks_different_is_sent(
    before: list[tuple[str, Style]], now: list[tuple[str, Style]], changed: list[tuple[int, int]]
) -> None:
    shown = ShownText()
    shown.changes(0, 0, strip(*before))
    assert shown.changes(0, 0, strip(*now)) == changed


def test_cells_between_two_that_changed_are_sent_along_if_they_are_few() -> None:
    shown = ShownText()
    text = "x" * 60
    shown.changes(0, 0, strip((text, PLAIN)))
    changed = list(text)
    changed[0] = changed[NEAR] = changed[50] = "y"
    assert shown.changes(0, 0, strip(("".join(changed), PLAIN))) == [(0, NEAR + 1), (50, 51)]


def test_what_a_picture_shows_is_its_own_business_and_hides_what_was_there() -> None:
    shown = ShownText()
    picture = cell_strip("▀▀", [1, 2], [3, 4], ColorDepth.TRUECOLOR)
    shown.changes(0, 0, strip(("abcd", PLAIN)))
    for cells in (picture, side_by_side([picture])):
        assert shown.changes(0, 1, cells) == [(0, 2)]
        assert shown.changes(0, 1, cells) == [(0, 2)]
    assert shown.changes(0, 0, strip(("abcd", PLAIN))) == [(1, 3)]


def test_after_the_whole_screen_was_sent_or_is_not_known_all_is_sent() -> None:
    row: dict[int, Strip | None] = {0: strip(("abc", PLAIN))}
    update = TightUpdate([row], [(0, 0, 3)], [[3]])
    console = Console(color_system="truecolor")
    SHOWN.forget()
    whole = WholeUpdate([[strip(("xyz", PLAIN))]], Region(0, 0, 3, 1))
    for forget in (SHOWN.forget, lambda: whole.render_segments(console)):
        assert "abc" in update.render_segments(console)
        assert update.render_segments(console) == ""
        forget()
    assert "abc" in update.render_segments(console)
    SHOWN.forget()
