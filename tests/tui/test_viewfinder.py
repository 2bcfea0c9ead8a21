"""What is wished for, without a widget: where the crosshair goes and what part of the picture follows it."""

from __future__ import annotations

import pytest

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.tui.picture.fit import Fit
from imagechat_tui.tui.picture.scene import Scene
from imagechat_tui.tui.picture.viewfinder import MIDDLE, Viewfinder, in_picture


@pytest.fixture
def finder() -> Viewfinder:
    finder = Viewfinder()
    finder.fit_to((800, 480), 80, 24, 2.0)
    return finder


def scene_of(finder: Viewfinder) -> Scene:
    assert finder.scene is not None
    return finder.scene


def test_without_a_picture_only_the_crosshair_moves() -> None:
    finder = Viewfinder()
    finder.zoom_about(1, MIDDLE)
    finder.fit()
    finder.actual()
    finder.open_loupe()
    finder.pan(3, 3)
    assert finder.move_to(Point(20, 20))
    assert (finder.scene, finder.zoom, finder.crosshair) == (None, 1.0, Point(20, 20))
    assert finder.step(1, 0) == finder.stride(1, 0) == Point(20, 20)


def test_a_tall_picture_begins_at_its_top_with_the_crosshair_in_what_is_seen() -> None:
    finder = Viewfinder()
    finder.fit_to((200, 4000), 80, 24, 2.0)
    view = scene_of(finder).view
    assert view.top == 0
    assert view.holds(view.cell_of(finder.crosshair))
    finder.clear()
    assert finder.scene is None
    finder.move_to(Point(50, 90))
    finder.fit_to((200, 4000), 80, 24, 2.0)
    assert finder.crosshair == Point(50, 90)
    assert scene_of(finder).cell_of(Point(50, 90)) is not None


def test_another_size_shows_the_same_place(finder: Viewfinder) -> None:
    finder.zoom_about(3, Point(80, 20))
    finder.move_to(Point(80, 20))
    finder.fit_to((800, 480), 40, 12, 2.0)
    assert (scene_of(finder).view.columns, scene_of(finder).view.rows) == (40, 12)
    assert scene_of(finder).cell_of(Point(80, 20)) is not None


def test_fit_goes_from_the_whole_to_the_width_and_back() -> None:
    finder = Viewfinder()
    finder.fit_to((800, 960), 80, 24, 2.0)
    finder.zoom_about(2, MIDDLE)
    assert finder.zoom == pytest.approx(2.25)
    finder.fit()
    assert finder.zoom == 1.0
    finder.fit()
    assert scene_of(finder).view.fills
    finder.actual()
    assert scene_of(finder).view.scale == pytest.approx(1.0)


SIZES = [(80, 24), (120, 36), (200, 60)]
SHAPES = {"wide": (1600, 900), "tall": (900, 5000), "square": (1000, 1000), "panorama": (8000, 400)}


@pytest.mark.parametrize("columns, rows", SIZES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("chosen", [None, False, True])
@pytest.mark.parametrize("at_start", [False, True])
def test_beside_another_version_it_is_seen_as_is_usual_and_afterwards_as_before(
    columns: int, rows: int, shape: str, chosen: bool | None, at_start: bool
) -> None:
    alone, finder, half = Viewfinder(), Viewfinder(), (columns - 1) // 2
    kept: list[bool | None] = []
    alone.chosen_fit = finder.chosen_fit = Fit(lambda: chosen, kept.append)
    alone.fit_to(SHAPES[shape], columns, rows, 2.0)
    usual = Viewport(*SHAPES[shape], half, rows, 2.0)
    finder.fit_to(
        SHAPES[shape], columns, rows, 2.0, halved=at_start
    )  # half of the room is given after the picture
    finder.fit_to(SHAPES[shape], half, rows, 2.0, halved=True)
    view = scene_of(finder).view
    assert view.zoom == (usual.fill_zoom if usual.is_strip else 1)
    assert view.fills is (usual.is_strip and usual.fill_zoom != 1)
    # What fills it goes on to do so, and what is whole stays so, with the terminal and with what can be seen round it.
    finder.fit_to(SHAPES[shape], half - 3, rows - 2, 2.0, halved=True)
    assert scene_of(finder).view.fills is view.fills
    finder.give_margin((0, 2, 0, 2))
    finder.give_margin((0, 0, 0, 0))
    finder.fit()  # and back: that is about what is beside it
    finder.fit()
    assert not kept
    finder.fit_to(SHAPES[shape], half, rows, 2.0, halved=True)
    finder.fit_to(SHAPES[shape], columns, rows, 2.0)
    was, view = scene_of(alone).view, scene_of(finder).view
    assert (view.zoom, view.fills) == (was.zoom, was.fills)
    if not at_start:
        assert view.seen == pytest.approx(was.seen)


def test_a_part_that_was_gone_to_stays_in_view_beside_another_version_and_behind_it() -> None:
    finder = Viewfinder()
    finder.fit_to((1600, 900), 120, 36, 2.0)
    finder.move_to(Point(80.0, 20.0))
    finder.zoom_about(3, finder.crosshair)
    for columns, halved in ((59, True), (120, False)):
        finder.fit_to((1600, 900), columns, 36, 2.0, halved=halved)
        view = scene_of(finder).view
        assert view.zoom > 1.5 and not view.fills
        assert view.holds(view.cell_of(finder.crosshair))


def test_a_tall_picture_is_seen_from_where_it_was_beside_another_version() -> None:
    finder = Viewfinder()
    finder.fit_to((900, 9000), 120, 36, 2.0)
    finder.move_to(Point(50.0, 60.0))
    top = scene_of(finder).view.seen[1]
    finder.fit_to((900, 9000), 59, 36, 2.0, halved=True)
    assert scene_of(finder).view.fills
    assert scene_of(finder).view.seen[1] == pytest.approx(top, abs=0.02)


def test_one_key_goes_near_enough_to_read_at_the_crosshair_and_back() -> None:
    finder = Viewfinder()
    finder.fit_to((1440, 900), 120, 40, 2.0)
    whole = scene_of(finder).view
    finder.move_to(Point(80, 20))
    finder.read(2.0)
    view = scene_of(finder).view
    assert view.scale == pytest.approx(2.0)
    assert view.cell_of(Point(80, 20)) == (60, 20)
    finder.move_to(Point(10, 90))
    finder.read(2.0)
    assert scene_of(finder).view == whole
    # From nearer it goes there, and back to where one came from before.
    finder.read(2.0)
    finder.zoom_about(2, Point(10, 90))
    finder.read(2.0)
    assert scene_of(finder).view.scale == pytest.approx(2.0)
    finder.read(2.0)
    assert scene_of(finder).view == whole


def test_who_goes_back_from_reading_sees_the_crosshair_as_closely_as_before() -> None:
    finder = Viewfinder()
    finder.fit_to((4000, 4000), 80, 24, 2.0)
    finder.zoom_about(1, Point(10, 10))
    before = scene_of(finder).view
    finder.read(2.0)
    finder.move_to(Point(95, 95))
    finder.read(2.0)
    view = scene_of(finder).view
    assert view.zoom == before.zoom
    assert view.holds(view.cell_of(Point(95, 95)))


def test_who_came_there_otherwise_goes_back_to_what_is_seen_first() -> None:
    finder = Viewfinder()
    finder.fit_to((1440, 20_000), 120, 40, 2.0)
    first = scene_of(finder).view
    finder.look(first.at_scale(2.0, finder.crosshair))
    finder.read(2.0)
    assert scene_of(finder).view.zoom == first.zoom
    finder.read(2.0)
    finder.clear()
    finder.fit_to((300, 300), 120, 40, 2.0)
    finder.zoom_about(3, MIDDLE)
    finder.read(40.0)
    assert finder.zoom == 1.0


@pytest.mark.parametrize("size", [(160, 90), (239, 100)])
def test_a_picture_whose_text_is_near_enough_as_a_whole_stays_so(size: tuple[int, int]) -> None:
    finder = Viewfinder()
    finder.fit_to(size, 120, 40, 2.0)
    whole = scene_of(finder).view
    for _ in range(2):
        finder.read(2.0)
        assert scene_of(finder).view == whole


@pytest.mark.parametrize(
    ("size", "chosen"),
    [((800, 960), [True, None, True]), ((200, 4000), [False, None, False]), ((640, 384), [])],
)
def test_how_far_a_picture_is_to_be_seen_first_is_kept_unless_it_is_usual(
    size: tuple[int, int], chosen: list[bool | None]
) -> None:
    kept: list[bool | None] = []
    finder = Viewfinder()
    finder.chosen_fit = Fit(keep=kept.append)
    finder.fit_to(size, 80, 24, 2.0)
    for _ in range(3):
        finder.fit()
    assert kept == chosen
    seen = scene_of(finder).view
    again = Viewfinder()
    again.chosen_fit = finder.chosen_fit
    again.fit_to(size, 80, 24, 2.0)
    assert scene_of(again).view.zoom == seen.zoom
    assert kept == chosen


def test_steps_are_cells_and_strides_are_tenths_of_the_view(finder: Viewfinder) -> None:
    finder.move_to(scene_of(finder).view.point_of((40, 12)))
    assert finder.step(1, 0) == scene_of(finder).view.point_of((41, 12))
    assert finder.stride(1, -1) == scene_of(finder).view.point_of((48, 10))
    finder.open_loupe()
    assert finder.has_loupe
    assert finder.step(1, 0).x < scene_of(finder).view.point_of((41, 12)).x
    finder.close_loupe()
    assert not finder.has_loupe


def test_a_point_out_of_view_is_brought_in_and_one_that_is_seen_leaves_the_view_alone(
    finder: Viewfinder,
) -> None:
    finder.zoom_about(4, Point(10, 10))
    before = scene_of(finder)
    finder.bring_into_view(before.view.point_of((40, 12)))
    assert scene_of(finder) is before
    finder.bring_into_view(Point(90, 90))
    assert scene_of(finder).cell_of(Point(90, 90)) is not None
    left = scene_of(finder).view.left
    finder.pan(-5, 0)
    assert left - scene_of(finder).view.left == pytest.approx(5 * scene_of(finder).view.scale)


def test_what_is_beside_the_picture_is_at_its_edge() -> None:
    assert in_picture(Point(-3, 104)) == Point(0, 100)
    assert in_picture(Point(30, 40)) == Point(30, 40)
