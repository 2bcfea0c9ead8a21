"""What the terminal shows is not sent again, and whatever may look different is."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.tui.textual_internals.shown_cells import NEAR, SHOWN, ShownCells
from imagechat_tui.tui.textual_internals.strips import cell_strip, pixel_strip, side_by_side
from imagechat_tui.tui.textual_internals.tight_update import TightUpdate, WholeUpdate

PLAIN, BOLD = Style.parse("#ffffff on #000000"), Style.parse("bold #ffffff on #000000")
GREY, RULED = Style.parse("#888888 on #000000"), Style.parse("underline #888888 on #000000")


def strip(*parts: tuple[str, Style | None]) -> Strip:
    return Strip([Segment(text, style) for text, style in parts])


def test_a_letter_more_is_all_that_changes() -> None:
    shown = ShownCells()
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
    shown = ShownCells()
    shown.changes(0, 0, strip(*before))
    assert shown.changes(0, 0, strip(*now)) == changed


def test_cells_between_two_that_changed_are_sent_along_if_they_are_few() -> None:
    shown = ShownCells()
    text = "x" * 60
    shown.changes(0, 0, strip((text, PLAIN)))
    changed = list(text)
    changed[0] = changed[NEAR] = changed[50] = "y"
    assert shown.changes(0, 0, strip(("".join(changed), PLAIN))) == [(0, NEAR + 1), (50, 51)]


def test_of_a_picture_whole_pieces_are_compared_and_hide_what_was_there() -> None:
    shown = ShownCells()
    picture = cell_strip("▀▀", [1, 2], [3, 4], ColorDepth.TRUECOLOR)
    other = cell_strip("▀▀", [1, 2], [3, 5], ColorDepth.TRUECOLOR)
    shown.changes(0, 0, strip(("abcd", PLAIN)))
    assert shown.changes(0, 1, picture) == [(0, 2)]
    assert shown.changes(0, 1, picture) == []
    assert shown.changes(0, 1, other) == [(0, 2)]
    assert shown.changes(0, 2, other.crop(1)) == [(0, 1)]
    assert shown.changes(0, 1, other) == [(0, 2)]
    assert shown.changes(0, 0, strip(("abcd", PLAIN))) == [(1, 3)]
    assert shown.changes(0, 1, other) == [(0, 2)]


def test_what_may_look_different_with_the_same_cells_is_sent() -> None:
    shown = ShownCells()
    cells = ("▀▀", [1, 2], [3, 4], ColorDepth.TRUECOLOR)
    pixels = pixel_strip(*cells, parts=[(7, 0, 0), (7, 0, 1)], ground=0)
    for what in (pixels, side_by_side([cell_strip(*cells)])):
        for _ in range(2):
            shown.changes(0, 0, strip(("a", PLAIN)))
            assert shown.changes(0, 0, what) == [(0, 2)]
            assert shown.changes(0, 0, what) == [(0, 2)]


def test_of_the_whole_screen_is_sent_what_is_not_shown() -> None:
    picture = cell_strip("▀▀", [1, 2], [3, 4], ColorDepth.TRUECOLOR)
    row: dict[int, Strip | None] = {0: strip(("abc", PLAIN)), 3: picture}
    part = TightUpdate([row], [(0, 0, 5)], [[3, 5]])
    whole = WholeUpdate([[strip(("abc", PLAIN)), picture]], Region(0, 0, 5, 1))
    console = Console(color_system="truecolor")
    SHOWN.forget()
    first = whole.render_segments(console)
    assert "abc" in first
    assert first.count("▀") == 2
    assert whole.render_segments(console) == part.render_segments(console) == ""
    other = WholeUpdate([[strip(("abd", PLAIN)), picture]], Region(0, 0, 5, 1))
    sent = other.render_segments(console)
    assert "d" in sent
    assert "ab" not in sent
    assert "▀" not in sent


def test_of_another_size_or_one_that_is_not_known_all_is_sent() -> None:
    row: dict[int, Strip | None] = {0: strip(("abc", PLAIN))}
    update = TightUpdate([row], [(0, 0, 3)], [[3]])
    console = Console(color_system="truecolor")

    def as_large(columns: int) -> str:
        return WholeUpdate(
            [[strip(("abc" + " " * (columns - 3), PLAIN))]], Region(0, 0, columns, 1)
        ).render_segments(console)

    SHOWN.forget()
    assert "abc" in as_large(5)
    assert as_large(5) == update.render_segments(console) == ""
    assert "abc" in as_large(6)
    assert "abc" in as_large(5)
    SHOWN.forget()
    assert "abc" in update.render_segments(console)
    assert update.render_segments(console) == ""
    SHOWN.forget()
    assert "abc" in as_large(5)
    SHOWN.forget()
