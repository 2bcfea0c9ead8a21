"""View and lens: which cell of the screen is which point of the picture."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.tui.picture.scene import LEAST, LEGIBLE, Scene

points = st.builds(Point, st.floats(0, 100), st.floats(0, 100))
views = st.builds(
    Viewport,
    width=st.integers(1, 9000),
    height=st.integers(1, 9000),
    columns=st.integers(5, 200),
    rows=st.integers(4, 80),
)


@given(views, points, st.floats(1, 20))
@settings(max_examples=200)
def test_a_lens_is_on_the_screen_and_shows_its_point_where_it_was(
    view: Viewport, point: Point, factor: float
) -> None:
    plain = Scene(view.zoomed(factor, point).showing(point))
    scene = plain.magnified(point)
    lens = scene.lens
    assert lens is not None
    assert 1 <= lens.column <= lens.column + lens.view.columns <= view.columns - 1
    assert 1 <= lens.row <= lens.row + lens.view.rows <= view.rows - 1
    here, there = plain.cell_of(point), scene.cell_of(point)
    assert here is not None
    if lens.covers(*here) and lens.holds(point):
        assert there is not None
        assert abs(here.column - there.column) <= 1
        assert abs(here.row - there.row) <= 1


@given(views, points, st.floats(1, 20), st.booleans(), st.integers(0, 199), st.integers(0, 79))
@example(Viewport(1, 1, 24, 11), Point(0, 0), 1.0, True, 1, 10)
@settings(max_examples=200)
def test_a_click_on_a_cell_leads_back_to_it(
    view: Viewport, point: Point, factor: float, magnified: bool, column: int, row: int
) -> None:
    scene = Scene(view.zoomed(factor, point).showing(point))
    if magnified:
        scene = scene.magnified(point)
    where = scene.point_at(column, row)
    cell = scene.cell_of(where)
    if scene.lens is not None and not scene.lens.covers(column, row) and scene.lens.holds(where):
        cell = scene.view.cell_of(where)  # the lens, somewhere else, shows the place too
    if cell is not None and cell != (column, row):
        # Beside the picture the nearest place on it is meant; a cell cut by its edge may be the neighbour's.
        seen = scene.lens.view if scene.lens is not None and scene.lens.covers(column, row) else scene.view
        on_edge = where.x in (0, 100) or where.y in (0, 100)
        near = abs(cell.column - column) <= 1 and abs(cell.row - row) <= 1
        assert on_edge or near or not seen.holds(seen.cell_of(where))


def test_steps_in_a_lens_are_of_its_cells_and_leave_it_where_it_is() -> None:
    view = Viewport(3000, 2000, 100, 34)
    scene = Scene(view).magnified(Point(50, 50))
    assert scene.lens is not None
    fine = scene.step(Point(50, 50), 1, 0)
    coarse = Scene(view).step(Point(50, 50), 1, 0)
    assert 0 < fine.x - 50 < (coarse.x - 50) / LEAST
    assert scene.showing(fine) is scene


def test_a_lens_that_is_left_goes_along() -> None:
    scene = Scene(Viewport(3000, 2000, 100, 34)).magnified(Point(50, 50))
    moved = scene.showing(Point(80, 20))
    assert moved.lens is not None
    assert moved.lens.holds(Point(80, 20))
    assert moved.view == scene.view


def test_a_lens_stays_open_in_another_view_while_its_point_is_seen() -> None:
    scene = Scene(Viewport(3000, 2000, 100, 34)).magnified(Point(50, 50))
    assert scene.moved_to(scene.view, Point(50, 50)) is scene
    nearer = scene.moved_to(scene.view.zoomed(4, Point(50, 50)), Point(50, 50))
    assert nearer.lens is not None
    assert nearer.lens.holds(Point(50, 50))
    assert scene.moved_to(scene.view.zoomed(4, Point(10, 10)), Point(90, 90)).lens is None


def test_a_lens_fits_into_a_view_that_has_shrunk() -> None:
    scene = Scene(Viewport(3000, 2000, 100, 34)).magnified(Point(50, 50))
    small = scene.showing(Point(50, 50), scene.view.resized(40, 12))
    assert small.lens is not None
    assert small.lens.column + small.lens.view.columns < 40
    assert small.lens.row + small.lens.view.rows < 12


@given(st.integers(1, 6), st.integers(1, 6))
def test_a_lens_and_its_frame_are_on_the_screen_or_there_is_none(columns: int, rows: int) -> None:
    scene = Scene(Viewport(3000, 2000, 100, 34)).magnified(Point(50, 50))
    small = scene.showing(Point(50, 50), scene.view.resized(columns, rows))
    assert (small.lens is None) == (min(columns, rows) < 3)
    if small.lens is not None:
        assert 1 <= small.lens.column < columns - small.lens.view.columns
        assert 1 <= small.lens.row < rows - small.lens.view.rows


def test_a_lens_shows_small_text_large_enough_to_read() -> None:
    far = Scene(Viewport(6000, 4000, 100, 34)).magnified(Point(50, 50))
    assert far.lens is not None
    assert far.lens.view.scale == LEGIBLE


def test_what_lies_under_a_lens_and_not_in_it_is_nowhere() -> None:
    scene = Scene(Viewport(3000, 2000, 100, 34)).magnified(Point(50, 50))
    assert scene.cell_of(Point(40, 50)) is None
    assert scene.cell_of(Point(2, 50)) == scene.view.cell_of(Point(2, 50))
