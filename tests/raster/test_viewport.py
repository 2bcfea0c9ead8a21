"""Geometry: what is pointed at is what is marked, at any zoom."""

from __future__ import annotations

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
    aspect=st.floats(1.5, 2.5),
)


@given(viewports, points, st.floats(1, 30))
@settings(max_examples=200)
def test_a_point_comes_back_from_its_cell_within_half_a_cell(
    view: Viewport, point: Point, factor: float
) -> None:
    view = view.zoomed(factor, point).showing(point)
    back = view.point_of(view.cell_of(point))
    assert abs(back.x - point.x) * view.width / 100 <= view.scale * 0.5001
    assert abs(back.y - point.y) * view.height / 100 <= view.scale * view.aspect * 0.5001


@given(viewports, points, st.floats(1, 30))
@settings(max_examples=200)
def test_a_point_asked_for_is_on_screen(view: Viewport, point: Point, factor: float) -> None:
    view = view.zoomed(factor, Point(50, 50)).showing(point)
    assert view.holds(view.cell_of(point))


def test_zooming_keeps_the_point_under_the_pointer() -> None:
    view = Viewport(4000, 3000, 120, 40).zoomed(4, Point(50, 50))
    about = view.point_of((30, 10))
    assert view.zoomed(1.5, about).cell_of(about) == (30, 10)


def test_the_whole_picture_is_letterboxed_in_the_middle() -> None:
    assert Viewport(100, 100, 100, 20).area == (30, 0, 70, 20)


def test_a_pan_stops_at_the_edge() -> None:
    view = Viewport(1000, 1000, 50, 25).zoomed(4, Point(50, 50)).panned(-1000, -1000)
    assert (view.left, view.top) == (0, 0)
