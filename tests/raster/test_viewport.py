"""Geometry: what is pointed at is what is marked, at any zoom."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.viewport import Viewport

percents = st.floats(0, 100)
points = st.builds(Point, percents, percents)
viewports = st.builds(
    Viewport,
    width=st.integers(1, 20_000),
    height=st.integers(1, 20_000),
    columns=st.integers(1, 300),
    rows=st.integers(1, 100),
    aspect=st.floats(1.0, 3.5),
    even=st.booleans(),
)


def assert_near(view: Viewport, one: Point, other: Point, cells: float) -> None:
    """The points are at most so many cells of the view apart, across and down."""
    assert abs(one.x - other.x) * view.width / 100 <= view.scale * cells
    assert abs(one.y - other.y) * view.height / 100 <= view.scale * view.aspect * cells


@given(viewports, points, st.floats(1, 200))
@settings(max_examples=300)
def test_a_point_comes_back_from_its_cell_within_half_a_cell(
    view: Viewport, point: Point, factor: float
) -> None:
    view = view.zoomed(factor, point).showing(point)
    assert_near(view, view.point_of(view.cell_of(point)), point, 0.5001)


@given(viewports, points, st.floats(1, 30))
@settings(max_examples=200)
def test_a_point_asked_for_is_on_screen(view: Viewport, point: Point, factor: float) -> None:
    view = view.zoomed(factor, Point(50, 50)).showing(point)
    assert view.holds(view.cell_of(point))


@given(viewports, st.floats(1, 30), st.integers(0, 299), st.integers(0, 99))
@settings(max_examples=200)
def test_the_middle_of_a_cell_of_the_picture_is_in_that_cell(
    view: Viewport, factor: float, column: int, row: int
) -> None:
    view = view.zoomed(factor, Point(30, 70))
    x1, y1, x2, y2 = view.area
    # The last column and row may hold less than half a cell of the picture.
    if x1 <= column < x2 - 1 and y1 <= row < y2 - 1:
        assert view.cell_of(view.point_of((column, row))) == (column, row)


@given(viewports, points, st.integers(0, 60), st.integers(0, 30), st.floats(1, 30))
@settings(max_examples=200)
def test_a_lens_keeps_its_point_on_its_place_of_the_screen(
    view: Viewport, point: Point, columns: int, rows: int, factor: float
) -> None:
    view = view.zoomed(factor, point).showing(point)
    at = view.cell_of(point)
    column, row = max(0, at.column - columns), max(0, at.row - rows)
    lens = view.lens((column, row, 2 * columns + 1, 2 * rows + 1), 4.0, point)
    within = lens.cell_of(point)
    assert abs(within.column + column - at.column) <= 1
    assert abs(within.row + row - at.row) <= 1
    assert lens.scale == pytest.approx(max(view.scale / 4, 1 / 8))
    assert_near(lens, lens.point_of(within), point, 0.5001)


def test_a_lens_at_the_edge_of_the_picture_does_not_push_its_point_away() -> None:
    view = Viewport(1000, 1000, 80, 40)
    corner = Point(0, 0)
    lens = view.lens((0, 0, 20, 10), 5.0, corner)
    assert lens.cell_of(corner) == view.cell_of(corner) == (0, 0)
    assert lens.area == (0, 0, 20, 10)


def test_zooming_keeps_the_point_under_the_pointer() -> None:
    view = Viewport(4000, 3000, 120, 40).zoomed(4, Point(50, 50))
    about = view.point_of((30, 10))
    assert view.zoomed(1.5, about).cell_of(about) == (30, 10)


def test_the_whole_picture_is_letterboxed_in_the_middle() -> None:
    assert Viewport(100, 100, 100, 20).area == (30, 0, 70, 20)
    assert Viewport(100, 100, 100, 20, aspect=1.0).area == (40, 0, 60, 20)


def test_a_pan_stops_at_the_edge() -> None:
    view = Viewport(1000, 1000, 50, 25).zoomed(4, Point(50, 50)).panned(-1000, -1000)
    assert (view.left, view.top) == (0, 0)


@pytest.mark.parametrize(("width", "columns"), [(4000, 100), (40, 100)])
def test_actual_size_is_one_pixel_a_cell_for_large_and_small(width: int, columns: int) -> None:
    view = Viewport(width, width, columns, columns // 2)
    assert view.actual(Point(50, 50)).scale == pytest.approx(1.0)
    assert view.actual(Point(50, 50)).fit() == view


def test_zoom_ends_at_the_whole_picture_and_at_a_few_cells_per_pixel() -> None:
    view = Viewport(4000, 3000, 120, 40)
    assert view.zoomed(0.01, Point(50, 50)).zoom == 1.0
    assert view.zoomed(1e9, Point(50, 50)).scale == pytest.approx(0.25)


def test_what_is_seen_is_told_in_shares_of_the_picture() -> None:
    view = Viewport(1000, 1000, 100, 50)
    assert view.seen == (0.0, 0.0, 1.0, 1.0)
    assert view.zoomed(2, Point(0, 0)).seen == pytest.approx((0, 0, 0.5, 0.5))


def test_many_points_are_located_as_one_is() -> None:
    view = Viewport(1234, 777, 97, 31).zoomed(3.3, Point(40, 60))
    cell_of = view.locator()
    assert all(cell_of(p) == view.cell_of(p) for p in (Point(1, 2), Point(40, 60), Point(100, 100)))


# Strips


@pytest.mark.parametrize(
    ("width", "height", "begins"),
    [
        (1440, 20_000, True), (1440, 5000, True), (1440, 2000, False), (1440, 900, False), (4000, 1000, False),
        (20_000, 1440, True), (6000, 600, False), (30_000, 300, True), (900, 1440, False),
    ],
)  # fmt: skip
def test_a_picture_that_would_be_a_strip_is_seen_from_its_beginning_on(
    width: int, height: int, begins: bool
) -> None:
    whole = Viewport(width, height, 120, 40)
    view = whole.first()
    assert view.fills == begins
    if begins:
        x1, y1, x2, y2 = view.area
        assert (x1, y1, x2, y2) == (0, 0, 120, 40)
        assert (view.left, view.top) == (0, 0)
        assert view.scale == pytest.approx(min(width / 120, height / 80))
    else:
        assert view == whole
    assert view.fit() == whole


@pytest.mark.parametrize("size", [(1440, 20_000), (1440, 2000), (20_000, 1440)])
def test_what_was_chosen_is_seen_first_whatever_the_shape(size: tuple[int, int]) -> None:
    whole = Viewport(*size, 120, 40)
    assert whole.first(filled=False) == whole
    assert whole.first(filled=True) == whole.filled(Point(0, 0))
    assert whole.first() == whole.first(filled=whole.is_strip)


def test_a_strip_that_is_wholly_seen_still_is_with_something_beside_it() -> None:
    whole = Viewport(1440, 20_000, 120, 40)
    assert whole.with_margin((0, 0, 0, 300)).zoom == 1.0


def test_a_small_strip_is_not_enlarged() -> None:
    view = Viewport(20, 400, 120, 40).first()
    assert view.scale == pytest.approx(1.0)
    assert view.top == 0


@pytest.mark.parametrize("size", [(20, 10), (60, 40), (119, 40), (121, 41), (200, 60), (300, 20)])
@pytest.mark.parametrize("picture", [(1440, 20_000), (20_000, 1440)])
def test_what_fills_the_view_still_does_in_another_size_from_the_same_edge_on(
    picture: tuple[int, int], size: tuple[int, int]
) -> None:
    view = Viewport(*picture, 120, 40).first()
    other = view.resized(*size)
    assert other.fills
    assert (other.left, other.top) == pytest.approx((0, 0), abs=1e-6)
    x1, y1, x2, y2 = other.area
    assert (x2 - x1, y2 - y1) == size
    below = view.panned(40, 30)
    moved = below.resized(*size)
    assert (moved.left, moved.top) == pytest.approx((below.left, below.top), abs=1e-6)
    assert moved.resized(120, 40).scale == pytest.approx(view.scale)


def test_another_zoom_is_kept_by_another_size_as_it_was() -> None:
    view = Viewport(1440, 20_000, 120, 40).zoomed(3, Point(50, 50))
    assert view.resized(100, 30).zoom == view.zoom


def test_a_picture_fills_the_view_about_a_point() -> None:
    view = Viewport(1440, 20_000, 120, 40).filled(Point(50, 70))
    assert view.fills
    assert view.cell_of(Point(50, 70)).row in (19, 20)
    assert Viewport(1440, 960, 120, 40).filled(Point(50, 50)) == Viewport(1440, 960, 120, 40)
