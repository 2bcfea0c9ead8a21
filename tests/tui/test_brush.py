"""Which cells of a picture are painted when there is little room on the way to the terminal."""

from __future__ import annotations

from textual.geometry import Region

from imagechat_tui.tui.picture.brush import Unpainted


def cells(region: Region) -> int:
    return region.area


def test_rows_that_wait_longest_are_painted_first_and_none_twice() -> None:
    waiting = Unpainted()
    assert not waiting
    waiting.add([Region(0, row, 10, 1) for row in range(4)])
    assert waiting.take(20, cells) == [Region(0, 0, 10, 1), Region(0, 1, 10, 1)]
    waiting.add([Region(5, 0, 10, 4)])  # another frame
    assert waiting.take(1, cells) == [Region(0, 2, 15, 1)]
    assert waiting.take(100, cells) == [Region(0, 3, 15, 1), Region(5, 0, 10, 1), Region(5, 1, 10, 1)]
    assert not waiting
    assert waiting.take(100, cells) == []


def test_cells_of_a_row_that_lie_apart_are_painted_apart() -> None:
    waiting = Unpainted()
    waiting.add([Region(30, 2, 5, 1), Region(0, 2, 5, 1), Region(4, 2, 3, 1), Region(7, 2, 1, 1)])
    assert waiting.take(1, cells) == [Region(0, 2, 8, 1), Region(30, 2, 5, 1)]


def test_without_room_none_is_painted_and_a_row_too_large_for_it_is() -> None:
    waiting = Unpainted()
    waiting.add([Region(0, 0, 50, 2)])
    assert waiting.take(0, cells) == []
    assert waiting.take(1, cells) == [Region(0, 0, 50, 1)]
    waiting.clear()
    assert not waiting
