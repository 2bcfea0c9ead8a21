"""Threads as chips on a frame: states, what is hit, and which rows a change touches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from imagechat_tui.protocol.ids import ConversationId, UrlId
from imagechat_tui.protocol.models import Conversation, Point
from imagechat_tui.raster.chips import halo_cell
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.markers import Chip, Mark
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.sync.state import Status, Thread
from imagechat_tui.tui.picture.frame import Wish, draw
from imagechat_tui.tui.picture.hints import Hints
from imagechat_tui.tui.picture.marker_chips import MarkerChips, ThreadChips, is_shown, mark_of
from imagechat_tui.tui.picture.scene import Scene

VIEW = Viewport(800, 800, 80, 40)


def thread(key: str, x: float = 50, y: float = 50, number: int | None = 7, **told: object) -> Thread:
    resolved = bool(told.pop("resolved", False))
    point = Point(x, y)
    conversation = Conversation(ConversationId(key), UrlId(key), point, number=number, resolved=resolved)
    return replace(Thread(key, conversation, number=number), **told)


@pytest.mark.parametrize(
    ("told", "mark"),
    [
        ({}, Mark.OPEN),
        ({"mine": True}, Mark.MINE),
        ({"resolved": True, "mine": True}, Mark.RESOLVED),
        ({"has_draft": True, "unread": True}, Mark.DRAFT),
        ({"unread": True, "resolved": True}, Mark.UNREAD_RESOLVED),
        ({"status": Status.PENDING, "has_draft": True}, Mark.PENDING),
        ({"status": Status.CHECKING, "mine": True}, Mark.CHECKING),
        ({"status": Status.FAILED, "mine": True}, Mark.FAILED),
        ({"status": Status.DRAFT, "has_draft": True, "mine": True}, Mark.DRAFT),
    ],
)
def test_the_most_urgent_state_of_a_thread_is_shown(told: dict[str, Any], mark: Mark) -> None:
    assert mark_of(thread("a", **told)) is mark


def test_all_open_or_no_markers_are_shown() -> None:
    some = (thread("a"), thread("b", resolved=True))
    keys = {
        shown: [chip.key for chip in ThreadChips().of(some, selected=None, shown=shown)]
        for shown in ("all", "open", "none")
    }
    assert keys == {"all": ["a", "b"], "open": ["a"], "none": []}


@pytest.mark.parametrize(("shown", "keys"), [("all", ["a", "b"]), ("open", ["a", "b"]), ("none", [])])
def test_a_selected_marker_stays_shown_when_it_is_resolved(shown: str, keys: list[str]) -> None:
    some = (thread("a"), thread("b", resolved=True))
    assert [chip.key for chip in ThreadChips().of(some, selected="b", shown=shown)] == keys
    assert is_shown(some[1], shown, selected=True) is (shown != "none")


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.SAVED}))
def test_a_marker_that_is_not_saved_has_no_number_made_up(status: Status) -> None:
    some = (thread("a", number=2), thread("b", number=None, status=status))
    labels = [chip.label for chip in ThreadChips().of(some, selected=None, shown="all")]
    assert labels == ["2", "+"]


def test_an_unchanged_thread_keeps_its_chip() -> None:
    chips = ThreadChips()
    some = (thread("a"), thread("b"))
    first = chips.of(some, selected=None, shown="all")
    assert [
        one is two for one, two in zip(first, chips.of(some, selected="b", shown="all"), strict=True)
    ] == [
        True,
        False,
    ]
    newer = (some[0], replace(some[1], unread=True))
    again = chips.of(newer, selected=None, shown="all")
    assert again[0] is first[0]
    assert again[1].mark is Mark.UNREAD


def markers(chips: list[Chip], scene: Scene | None = None) -> MarkerChips:
    picture = Picture("p", 800, 800, "0" * 64, np.full((800, 800, 3), 200, dtype=np.uint8))
    frame = draw(Wish(picture, scene or Scene(VIEW), RenderOptions(), 0), chips, None)
    return MarkerChips(frame, (70, 34, 80, 40))


def chip(key: str, x: float, y: float) -> Chip:
    return Chip(key, key, Mark.OPEN, Point(x, y))


def row_text(marks: MarkerChips, row: int) -> str:
    cells = marks.cells(row)
    return "".join(cells[column].glyph if column in cells else " " for column in range(80)).strip()


def test_a_chip_is_hit_on_each_of_its_cells_only() -> None:
    marks = markers([chip("123", 50, 50)])
    assert row_text(marks, 20) == "▐123▌"
    hits = [column for column in range(80) if marks.at(column, 20) is not None]
    assert hits == [38, 39, 40, 41, 42]
    assert marks.at(40, 19) is None


def test_nothing_is_shown_or_hit_under_the_minimap() -> None:
    marks = markers([chip("1", 95, 95)])
    assert row_text(marks, 38) == ""
    assert marks.at(76, 38) is None


def test_a_lens_takes_markers_apart_that_fell_together() -> None:
    # On the whole view they are one chip; in the lens each has its own.
    near = [chip("1", 50, 50), chip("2", 51.5, 50)]
    assert row_text(markers(near), 20) == "▐×2▌"
    scene = Scene(VIEW).magnified(Point(50, 50))
    marks = markers([*near, chip("3", 5, 50), chip("4", 40, 50)], scene)
    shown = " ".join(row_text(marks, row) for row in marks.rows).split()
    assert shown == ["▐3▌", "▐1▌", "▐2▌"]
    cell = scene.cell_of(Point(51.5, 50))
    assert cell is not None
    hit = marks.at(*cell)
    assert hit is not None
    assert hit.keys == ("2",)


def test_a_change_touches_its_rows_in_view_and_lens() -> None:
    some = [chip("1", 50, 50), chip("2", 5, 10)]
    scene = Scene(VIEW).magnified(Point(50, 50))
    marks = markers(some, scene)
    cell = scene.cell_of(Point(50, 50))
    assert cell is not None
    some[0] = replace(some[0], selected=True)
    assert marks.put(some) == {20, cell.row}
    some[1] = replace(some[1], mark=Mark.FAILED)
    assert marks.put(some) == {4}


def halo(marks: MarkerChips, row: int) -> list[int]:
    """The columns of a row that set a selected chip off."""
    return sorted(
        column for column, ink in marks.cells(row).items() if ink == halo_cell(ColorDepth.TRUECOLOR)
    )


def test_a_selected_chip_is_set_off_where_there_is_room_and_never_over_another() -> None:
    some = [chip("1", 50, 50), chip("2", 50 + 100 * 3 / 80, 50), chip("3", 90, 50)]
    marks = markers([replace(some[0], selected=True), *some[1:]])
    assert row_text(marks, 20).startswith("[1]▐2▌")
    assert halo(marks, 20) == [38]
    marks.put(some)
    assert halo(marks, 20) == []
    marks.put([some[0], some[1], replace(some[2], selected=True)])
    assert row_text(marks, 20).endswith("[3]")
    assert halo(marks, 20) == [70, 74]
    assert halo(markers([replace(chip("1", 0, 50), selected=True)]), 20) == [3]


def test_a_selected_chip_beside_the_loupe_does_not_lie_on_it() -> None:
    scene = Scene(VIEW).magnified(Point(50, 50))
    lens = scene.lens
    assert lens is not None
    frame = lens.column - 1
    beside = scene.view.point_of((frame - 2, lens.row))
    marks = markers([replace(chip("1", beside.x, beside.y), selected=True)], scene)
    assert halo(marks, lens.row) == [frame - 4]
    cell = scene.cell_of(Point(50, 50))
    assert cell is not None
    inside = markers([replace(chip("1", 50, 50), selected=True)], scene)
    assert halo(inside, cell.row) == [cell.column - 2, cell.column + 2]


def test_the_chip_under_the_pointer_looks_different() -> None:
    marks = markers([chip("1", 50, 50)])
    before = marks.cells(20)
    marks.hovered = (39, 20)
    assert marks.cells(20) != before
    assert row_text(marks, 20) == "▐1▌"


def test_hint_labels_take_the_place_of_chips() -> None:
    marks = markers([chip("1", 20, 50), chip("2", 70, 50)])
    hints = Hints.on(marks.placed)
    marks.hints = hints
    assert row_text(marks, 20).split() == ["aa", "as"]
    left = hints.after("a")
    assert isinstance(left, Hints)
    marks.hints = left
    assert row_text(marks, 20).split() == ["a", "s"]


def test_markers_beyond_an_edge_are_noted_once_they_are() -> None:
    scene = Scene(VIEW.zoomed(4, Point(50, 50)))
    marks = markers([chip("1", 50, 50)], scene)
    assert not any("<" in row_text(marks, row) for row in marks.rows)
    assert marks.put([chip("2", 5, 50)]) >= {20}
    assert row_text(marks, 20) == "<1"
    assert marks.put([]) >= {20}
    assert row_text(marks, 20) == ""


def notes(marks: MarkerChips) -> list[tuple[int, str]]:
    """Row and text of what is at the left edge."""
    found = []
    for row in marks.rows:
        cells = marks.cells(row)
        text = "".join(cells[column].glyph for column in range(80) if column in cells and column < 12)
        if text:
            found.append((row, text))
    return found


def test_a_note_whose_place_is_taken_moves_along_its_edge_as_a_whole() -> None:
    view = VIEW.zoomed(4, Point(50, 50))
    left = view.point_of((1, 20))
    beyond = [Chip(f"b{n}", str(n), Mark.OPEN, Point(2, 50)) for n in range(12)]
    marks = markers(beyond, Scene(view))
    assert notes(marks) == [(20, "<12")]
    there = Chip("c", "7", Mark.OPEN, left)
    assert marks.put([*beyond, there]) == {19, 20}
    assert notes(marks) == [(19, "<12"), (20, "▐7▌")]
    assert marks.put(beyond) == {19, 20}
    assert notes(marks) == [(20, "<12")]


def test_a_note_below_moves_aside_for_a_chip_that_takes_one_cell_of_it() -> None:
    view = VIEW.zoomed(4, Point(50, 50))
    below = [Chip(f"b{n}", str(n), Mark.OPEN, Point(50, 98)) for n in range(73)]
    marks = markers([*below, Chip("c", "184", Mark.RESOLVED, view.point_of((44, 39)))], Scene(view))
    text = row_text(marks, 39)
    assert "▐✓184▌" in text
    assert "v73" in text.replace("▐✓184▌", " ").split()


def test_a_note_without_room_is_left_out() -> None:
    view = Viewport(800, 800, 8, 3).zoomed(4, Point(50, 50))
    picture = Picture("p", 800, 800, "0" * 64, np.full((800, 800, 3), 200, dtype=np.uint8))
    full = [Chip(f"c{row}", "1234", Mark.UNREAD, view.point_of((3, row))) for row in range(3)]
    beyond = Chip("b", "9", Mark.OPEN, Point(2, 50))
    frame = draw(Wish(picture, Scene(view), RenderOptions(), 0), [*full, beyond], None)
    marks = MarkerChips(frame, None)
    for row in range(3):
        shown = "".join(ink.glyph for _, ink in sorted(marks.cells(row).items()))
        assert shown == "▐●1234▌"


def test_a_note_does_not_lie_on_the_lens() -> None:
    scene = Scene(VIEW.zoomed(4, Point(50, 50)))
    scene = scene.magnified(scene.view.point_of((2, 20)))
    assert scene.lens is not None
    assert scene.lens.covers(0, 20)
    (note,) = notes(markers([chip("1", 2, 50)], scene))
    assert note[1] == "<1"
    assert not scene.lens.covers(0, note[0])


def test_a_note_does_not_lie_on_the_minimap() -> None:
    view = VIEW.zoomed(4, Point(50, 50))
    right = [Chip("b", "1", Mark.OPEN, Point(98, 50))]
    picture = Picture("p", 800, 800, "0" * 64, np.full((800, 800, 3), 200, dtype=np.uint8))
    frame = draw(Wish(picture, Scene(view), RenderOptions(), 0), right, None)
    marks = MarkerChips(frame, (70, 18, 80, 40))
    assert [row for row in marks.rows if row_text(marks, row) == "1>"] == [17]


@pytest.mark.parametrize(("shown", "read"), [("all", {1, 2}), ("open", {1}), ("none", set())])
def test_markers_that_are_hidden_are_not_shown(shown: str, read: set[int]) -> None:
    threads = (thread("1"), thread("2", resolved=True))
    assert {int(one.key) for one in threads if is_shown(one, shown, selected=False)} == read
