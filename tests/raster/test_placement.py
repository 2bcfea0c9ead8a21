"""Where markers stand on another version of their picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from imagechat_tui.protocol.models import Point
from imagechat_tui.raster.placement import Placed, place, resaved, same_pixels
from tests.raster.pictures import page

Pixels = NDArray[np.uint8]

WIDE, HIGH = 700, 500
PAGE = page(WIDE, HIGH)
LARGE = page(1440, 1000, seed=5)
POINTS = [Point(x, y) for x in (0.0, 12.5, 50.0, 83.3, 100.0) for y in (0.0, 9.0, 50.0, 91.0, 100.0)]


def point_at(x: float, y: float, pixels: Pixels = PAGE) -> Point:
    """The middle of a pixel."""
    high, wide = pixels.shape[:2]
    return Point(100 * (x + 0.5) / wide, 100 * (y + 0.5) / high)


def pixel_of(placed: Placed, pixels: Pixels) -> tuple[float, float]:
    high, wide = pixels.shape[:2]
    return placed.x / 100 * wide - 0.5, placed.y / 100 * high - 0.5


def encoded(pixels: Pixels, form: str = "JPEG", quality: int = 60) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, quality=quality)
    return np.array(Image.open(file).convert("RGB"))


def rolled(pixels: Pixels, right: int, down: int, seed: int = 77) -> Pixels:
    """The picture moved, with something else where it was."""
    high, wide = pixels.shape[:2]
    out = page(wide, high, seed)
    out[max(0, down) : high + min(0, down), max(0, right) : wide + min(0, right)] = pixels[
        max(0, -down) : high - max(0, down), max(0, -right) : wide - max(0, right)
    ]
    return out


def the(old: Pixels, new: Pixels, point: Point) -> Placed:
    (placed,) = place(old, new, [point])
    return placed


def test_on_the_same_pixels_every_marker_stays_also_on_an_empty_page() -> None:
    for pixels in (PAGE, np.full((40, 60, 3), 255, dtype=np.uint8), np.zeros((1, 1), dtype=np.uint8)):
        assert place(pixels, pixels.copy(), POINTS) == tuple(Placed("same", at.x, at.y, 1.0) for at in POINTS)


def test_answers_come_in_the_order_of_the_markers() -> None:
    new = np.concatenate([page(WIDE, 60, seed=9), PAGE])
    points = [point_at(300, 400), point_at(300, 20), point_at(300, 200)]
    assert [round(pixel_of(each, new)[1]) for each in place(PAGE, new, points)] == [460, 80, 260]


def test_nothing_to_place_is_no_answer() -> None:
    assert place(PAGE, LARGE, []) == ()


@pytest.mark.parametrize("point", POINTS)
def test_below_a_banner_a_marker_moves_down_with_what_it_stands_on(point: Point) -> None:
    new = np.concatenate([page(WIDE, 56, seed=9), PAGE])
    placed = the(PAGE, new, point)
    assert placed.state == "moved"
    assert placed.score == 1
    assert placed.x == pytest.approx(point.x)
    assert placed.y / 100 * len(new) == pytest.approx(point.y / 100 * HIGH + 56)


def test_what_is_above_a_change_stays_where_it_is_byte_for_byte() -> None:
    new = PAGE.copy()
    new[300:] = page(WIDE, 200, seed=9)
    assert the(PAGE, new, point_at(350, 200)) == Placed("same", *_xy(point_at(350, 200)), 1.0)


def test_rows_that_are_there_twice_make_a_guess_that_stays_on_its_percent() -> None:
    block = PAGE[100:160]
    old = np.concatenate([PAGE[:100], block, page(WIDE, 300, seed=3)])
    new = np.concatenate([page(WIDE, 100, seed=4), block, block, page(WIDE, 200, seed=5)])
    point = point_at(350, 130, old)
    assert the(old, new, point) == Placed("guess", point.x, point.y, 1.0)


def test_a_narrow_strip_tells_where_the_wide_one_is_broken_and_the_edges_are_there_twice() -> None:
    new = rolled(PAGE, 0, 40)
    new[:, :235] = page(235, HIGH, seed=6)
    new[210:370, 500:660] = new[210:370, 280:440]
    placed = the(PAGE, new, point_at(360, 250))
    assert (placed.state, placed.score) == ("moved", 1.0)
    assert pixel_of(placed, new) == pytest.approx((360, 290))


def test_other_pixels_under_a_marker_are_told() -> None:
    new = encoded(PAGE, quality=95)
    new[245:256, 345:356] = (200, 30, 30)
    placed = the(PAGE, new, point_at(350, 250))
    assert (placed.state, placed.x, placed.y) == ("changed", *_xy(point_at(350, 250)))
    assert the(PAGE, new, point_at(150, 150)).state == "same"


def test_what_goes_sideways_is_found_by_its_edges() -> None:
    placed = the(PAGE, rolled(PAGE, 70, 33), point_at(350, 250))
    assert placed.state == "moved"
    assert pixel_of(placed, PAGE) == pytest.approx((420, 283))


def test_what_is_at_two_places_is_a_guess() -> None:
    new = page(WIDE, HIGH, seed=8)
    for x, y in ((20, 40), (400, 300)):
        new[y : y + 160, x : x + 160] = PAGE[170:330, 270:430]
    assert the(PAGE, new, point_at(350, 250)).state == "guess"


@pytest.mark.parametrize("kept", ["surroundings", "spot"])
def test_half_of_what_a_marker_stood_on_elsewhere_is_a_guess(kept: str) -> None:
    new = rolled(PAGE, 70, 33)
    assert the(PAGE, new, point_at(350, 250)).state == "moved"
    other = page(WIDE, HIGH, seed=8)
    if kept == "spot":
        spot = new[263:304, 400:441].copy()
        new[213:353, 350:400] = other[213:353, 350:400]
        new[263:304, 400:441] = spot
    else:
        new[266:301, 403:438] = other[266:301, 403:438]
    assert the(PAGE, new, point_at(350, 250)).state == "guess"


@pytest.mark.parametrize(("y", "state"), [(250, "moved"), (20, "guess")])
def test_at_the_rim_the_fewer_surroundings_have_to_be_more_alike(y: int, state: str) -> None:
    new = rolled(PAGE, 70, 0)
    new[:, 380:398] = page(18, HIGH, seed=8)
    assert the(PAGE, new, point_at(350, y)).state == state


def test_on_a_dark_theme_markers_stay() -> None:
    states = {placed.state for placed in place(PAGE, 255 - PAGE, POINTS)}
    assert states <= {"same", "changed"}


def test_in_twice_as_many_pixels_markers_keep_their_percent() -> None:
    new = np.asarray(Image.fromarray(PAGE).resize((2 * WIDE, 2 * HIGH), Image.Resampling.BICUBIC))
    for point, placed in zip(POINTS[::3], place(PAGE, new, POINTS[::3]), strict=True):
        assert placed.state in ("same", "changed")
        assert (placed.x, placed.y) == pytest.approx(_xy(point), abs=0.2)


def test_in_a_crop_a_marker_keeps_its_pixel() -> None:
    new = PAGE[60:440, 90:640]
    placed = the(PAGE, new, point_at(350, 250))
    assert placed.state == "moved"
    assert pixel_of(placed, new) == pytest.approx((260, 190))


def test_a_crop_at_the_right_leaves_rows_as_they_are() -> None:
    placed = the(PAGE, PAGE[:, :500], point_at(300, 250))
    assert (placed.state, placed.score) == ("same", 1.0)
    assert pixel_of(placed, PAGE[:, :500]) == pytest.approx((300, 250))


@given(quality=st.integers(55, 95), form=st.sampled_from(["JPEG", "WEBP"]), seed=st.integers(0, 50))
@settings(max_examples=6, deadline=None)
def test_a_picture_encoded_again_keeps_every_pin(quality: int, form: str, seed: int) -> None:
    old = page(420, 300, seed)
    for point, placed in zip(POINTS, place(old, encoded(old, form, quality), POINTS), strict=True):
        assert (placed.x, placed.y) == (point.x, point.y)
        assert placed.state != "moved"


@given(
    right=st.integers(-90, 90), down=st.integers(-90, 90), x=st.integers(0, 419), y=st.integers(0, 339),
    again=st.booleans(), seed=st.integers(0, 50),
)  # fmt: skip
@settings(max_examples=20, deadline=None)
def test_after_a_shift_a_marker_is_within_a_pixel_or_a_guess(
    right: int, down: int, x: int, y: int, again: bool, seed: int
) -> None:
    old = page(420, 340, seed)
    new = rolled(old, right, down)
    if again:
        new = encoded(new, quality=80)
    placed = the(old, new, point_at(x, y, old))
    if placed.state != "guess":
        there = pixel_of(placed, new)
        assert max(abs(there[0] - x - right), abs(there[1] - y - down)) <= 1.01


@pytest.mark.parametrize(("right", "down"), [(1, 0), (2, 0), (3, 1), (-1, 2), (40, -31), (-200, 90)])
def test_a_wide_picture_is_searched_coarsely_and_placed_to_the_pixel(right: int, down: int) -> None:
    new = encoded(rolled(LARGE, right, down), quality=90)
    placed = the(LARGE, new, point_at(700, 500, LARGE))
    assert placed.state == "moved"
    assert pixel_of(placed, new) == pytest.approx((700 + right, 500 + down), abs=0.01)


@pytest.mark.parametrize("y", [100, 383, 384, 500, 640, 900])
def test_on_a_long_page_a_marker_is_found_in_whatever_part_it_went_to(y: int) -> None:
    long = page(300, 1700, seed=2)
    placed = the(long, rolled(long, 30, 700), point_at(150, y, long))
    assert placed.state == "moved"
    assert pixel_of(placed, long) == pytest.approx((180, y + 700))


@given(seed=st.integers(0, 1000), x=st.floats(0, 100), y=st.floats(0, 100))
@settings(max_examples=10, deadline=None)
def test_on_an_unrelated_picture_a_marker_is_a_guess_on_its_percent(seed: int, x: float, y: float) -> None:
    placed = the(PAGE, page(640, 400, seed + 100), Point(x, y))
    assert (placed.state, placed.x, placed.y) == ("guess", x, y)


@given(
    sizes=st.tuples(*[st.integers(1, 40)] * 4), channels=st.tuples(*[st.sampled_from([0, 3, 4])] * 2),
    x=st.floats(0, 100), y=st.floats(0, 100), kind=st.sampled_from(["flat", "noise"]),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_tiny_and_flat_pictures_of_any_kind_have_an_answer_within_the_picture(
    sizes: tuple[int, ...], channels: tuple[int, ...], x: float, y: float, kind: str
) -> None:
    dice = np.random.default_rng(1)

    def some(high: int, wide: int, count: int) -> Pixels:
        shape = (high, wide, count) if count else (high, wide)
        return dice.integers(0, 256 if kind == "noise" else 1, shape, dtype=np.uint8)

    old = some(sizes[0], sizes[1], channels[0])
    placed = the(old, some(sizes[2], sizes[3], channels[1]), Point(x, y))
    assert 0 <= placed.x <= 100
    assert 0 <= placed.y <= 100
    assert 0 <= placed.score <= 1


def test_an_empty_page_that_has_grown_says_nothing() -> None:
    flat = np.full((500, 700, 3), 255, dtype=np.uint8)
    point = Point(40.0, 40.0)
    assert the(flat, np.full((560, 700, 3), 255, dtype=np.uint8), point) == Placed("guess", 40.0, 40.0, 1.0)
    assert the(flat, PAGE, point).state == "guess"
    assert the(PAGE, flat, point).state == "guess"


def test_what_is_black_on_nothing_is_found_by_its_opacity() -> None:
    ink = 255 - PAGE.min(axis=2, keepdims=True)
    old = np.concatenate([np.zeros_like(PAGE), ink], axis=2)
    new = _moved(old)
    placed = the(old, new, point_at(350, 250))
    assert placed.state == "moved"
    assert pixel_of(placed, new) == pytest.approx((375, 264))


def test_grey_and_colours_with_three_equal_parts_are_the_same_picture() -> None:
    grey = PAGE[..., 0]
    assert same_pixels(grey, np.repeat(grey[:, :, None], 3, axis=2))
    assert not same_pixels(grey, PAGE)
    assert not same_pixels(PAGE, PAGE[:-1])
    opaque = np.concatenate([PAGE, np.full((HIGH, WIDE, 1), 255, dtype=np.uint8)], axis=2)
    assert same_pixels(PAGE, opaque)
    opaque[3, 3, 3] = 254
    assert not same_pixels(PAGE, opaque)


@pytest.mark.parametrize("lossy", [False, True])
def test_a_worse_jpeg_is_the_same_picture_again_and_another_label_is_not(lossy: bool) -> None:
    assert resaved(PAGE, PAGE.copy(), lossy=lossy)
    assert resaved(PAGE, encoded(PAGE, quality=75), lossy=lossy)
    assert resaved(encoded(PAGE, quality=75), PAGE, lossy=lossy)
    new = PAGE.copy()
    new[200:240, 300:420] = 255 - new[200:240, 300:420]
    assert not resaved(PAGE, new, lossy=lossy)
    assert not resaved(PAGE, PAGE[:, 1:], lossy=lossy)


def test_another_theme_or_a_faint_mark_is_no_noise_of_an_encoding() -> None:
    theme = (PAGE * 0.93).astype(np.uint8)
    faint = PAGE.copy()
    faint[200:216, 300:316] = np.maximum(faint[200:216, 300:316].astype(int) - 20, 0)
    for new in (theme, faint):
        assert not resaved(PAGE, new, lossy=False)
        assert resaved(PAGE, new, lossy=True)


@pytest.mark.parametrize("at", [(0, 0), (WIDE - 1, HIGH - 1), (WIDE - 4, 3)])
def test_blocks_at_the_rim_are_judged_by_what_there_is_of_them(at: tuple[int, int]) -> None:
    # 700 × 500: the last blocks are 12 wide and 4 high.
    old = np.full((HIGH, WIDE, 3), 255, dtype=np.uint8)
    new = old.copy()
    x, y = at[0] // 16 * 16, at[1] // 16 * 16
    new[y : y + 16, x : x + 16] = 255 - 31
    assert not resaved(old, new, lossy=True)
    new[y : y + 16, x : x + 16] = 255 - 30
    assert resaved(old, new, lossy=True)


def _xy(point: Point) -> tuple[float, float]:
    return point.x, point.y


def _moved(pixels: Pixels) -> Pixels:
    """25 pixels to the right and 14 down, empty where nothing was."""
    new = np.zeros_like(pixels)
    new[14:, 25:] = pixels[:-14, :-25]
    return new
