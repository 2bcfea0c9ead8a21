"""What differs between two versions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from imagechat_tui.raster.compare import Box, Differences, differences, enlargement
from tests.raster.pictures import page

Pixels = NDArray[np.uint8]

WIDE, HIGH = 300, 220
PAGE = page(WIDE, HIGH)
NOTHING = Differences((), (0, 0), 0, 0.0)


def with_boxes(pixels: Pixels, *boxes: tuple[int, int, int, int]) -> Pixels:
    """The same with other colours in some boxes."""
    new = pixels.copy()
    for x, y, w, h in boxes:
        new[y : y + h, x : x + w] ^= 128
    return new


def test_the_same_pixels_do_not_differ() -> None:
    assert differences(PAGE, PAGE.copy()) == NOTHING
    assert differences(PAGE[..., 0], np.repeat(PAGE[..., :1], 3, axis=2)) == NOTHING


def test_a_difference_has_a_box_that_fits_exactly_and_is_counted() -> None:
    found = differences(PAGE, with_boxes(PAGE, (33, 47, 80, 21)))
    assert found == Differences((Box(33, 47, 80, 21),), (0, 0), 1680, 1680 / (WIDE * HIGH))


def test_boxes_come_from_top_to_bottom() -> None:
    found = differences(PAGE, with_boxes(PAGE, (200, 150, 9, 9), (100, 10, 9, 9), (10, 150, 9, 9)))
    assert found.boxes == (Box(100, 10, 9, 9), Box(10, 150, 9, 9), Box(200, 150, 9, 9))


@pytest.mark.parametrize("start", range(60, 76))
@pytest.mark.parametrize("axis", ["across", "down"])
def test_differences_15_pixels_apart_are_in_one_box_and_those_31_apart_in_two(start: int, axis: str) -> None:
    def boxes(gap: int) -> int:
        second = (start + 8 + gap, 60, 8, 8) if axis == "across" else (60, start + 8 + gap, 8, 8)
        first = (start, 60, 8, 8) if axis == "across" else (60, start, 8, 8)
        return len(differences(PAGE, with_boxes(PAGE, first, second)).boxes)

    assert (boxes(15), boxes(31)) == (1, 2)


@pytest.mark.parametrize(
    "parts",
    [
        [(16, 16, 16, 64), (80, 16, 16, 64), (32, 64, 48, 16)],  # a U: its arms are joined at last
        [(16, 16, 16, 16), (32, 32, 16, 16), (48, 48, 16, 16)],  # by corners
        [(48, 16, 16, 16), (32, 32, 16, 16), (16, 48, 16, 16)],
    ],
)
def test_what_hangs_together_has_one_box(parts: list[tuple[int, int, int, int]]) -> None:
    white = np.full((HIGH, WIDE, 3), 255, dtype=np.uint8)
    left, top = min(part[0] for part in parts), min(part[1] for part in parts)
    right, bottom = max(part[0] + part[2] for part in parts), max(part[1] + part[3] for part in parts)
    found = differences(white, with_boxes(white, *parts))
    assert found.boxes == (Box(left, top, right - left, bottom - top),)


def test_a_few_pixels_are_counted_and_have_no_box() -> None:
    found = differences(PAGE, with_boxes(PAGE, (33, 47, 3, 1), (100, 100, 2, 2)))
    assert found.boxes == (Box(100, 100, 2, 2),)
    assert found.pixels == 7


def test_what_differs_by_rounding_does_not_differ() -> None:
    grey = np.full((40, 40), 100, dtype=np.uint8)
    assert differences(grey, grey + 3) == NOTHING
    assert differences(grey, grey - 3) == NOTHING
    assert differences(grey, grey + 4).boxes == (Box(0, 0, 40, 40),)


def test_another_opacity_is_a_difference() -> None:
    old = np.zeros((40, 40, 4), dtype=np.uint8)
    new = old.copy()
    new[8:20, 9:30, 3] = 255
    assert differences(old, new).boxes == (Box(9, 8, 21, 12),)


@pytest.mark.parametrize("shift", [(1, 0), (0, 1), (-1, 0), (0, -1), (3, -5), (0, 40), (-60, 0)])
def test_when_everything_is_shifted_it_says_so_instead_of_all_being_different(shift: tuple[int, int]) -> None:
    large = page(WIDE + 200, HIGH + 200, seed=3)
    right, down = shift
    old = large[100 : 100 + HIGH, 100 : 100 + WIDE]
    new = large[100 - down : 100 - down + HIGH, 100 - right : 100 - right + WIDE]
    found = differences(old, new)
    assert found.shift == shift
    if max(abs(right), abs(down)) <= 8:
        assert (found.boxes, found.pixels) == ((), 0)
    elif down:
        assert found.boxes == (Box(0, 0, WIDE, 40),)
    else:
        assert found.boxes == (Box(WIDE - 60, 0, 60, HIGH),)


def test_what_changed_besides_a_shift_has_its_box() -> None:
    large = page(WIDE, HIGH + 2, seed=3)
    found = differences(large[2:], with_boxes(large[:-2], (40, 60, 30, 20)))
    assert found.shift == (0, 2)
    assert found.boxes == (Box(40, 60, 30, 20),)


def test_a_banner_is_the_difference_and_the_page_below_it_is_shifted() -> None:
    found = differences(PAGE, np.concatenate([page(WIDE, 56, seed=4), PAGE]))
    assert (found.shift, found.boxes) == ((0, 56), (Box(0, 0, WIDE, 56),))


def test_a_banner_that_was_removed_is_gone_above_the_page() -> None:
    found = differences(np.concatenate([page(WIDE, 56, seed=4), PAGE]), PAGE)
    assert (found.shift, found.boxes, found.gone) == ((0, -56), (), (Box(0, -56, WIDE, 56),))


def test_what_differs_and_what_is_gone_is_walked_from_top_to_bottom() -> None:
    longer = np.concatenate([page(WIDE, 56, seed=4), PAGE])
    found = differences(longer, with_boxes(PAGE, (33, 47, 80, 21)))
    assert found.places == (Box(0, -56, WIDE, 56), Box(33, 47, 80, 21))


@pytest.mark.parametrize("new", [with_boxes(PAGE, (33, 47, 80, 21)), page(WIDE, HIGH + 1500, seed=8), PAGE])
def test_the_mask_has_every_pixel_that_is_counted(new: Pixels) -> None:
    mask = np.zeros(new.shape[:2], dtype=np.uint8)
    found = differences(PAGE, new, mask=mask)
    assert {*np.unique(mask).tolist()} <= {0, 255}
    assert int((mask == 255).sum()) == found.pixels


def test_progress_only_grows_and_ends_at_one() -> None:
    told: list[float] = []
    differences(PAGE, page(WIDE, 3000), progress=told.append)
    assert told == sorted(told)
    assert (len(told) > 2, told[-1]) == (True, 1.0)


@pytest.mark.parametrize(
    ("old", "new", "factor"),
    [
        ((1440, 1000), (1440, 1000), 1.0),
        ((2880, 2000), (1440, 1000), 2.0),
        ((720, 500), (1440, 1000), 0.5),
        ((481, 334), (1440, 1000), 481 / 1440),
        ((1440, 20000), (1440, 1000), 1.0),
        ((1500, 1042), (1440, 1000), 1.0),
        ((1, 1), (40, 40), 1 / 40),
    ],
)
def test_a_size_of_the_same_proportions_is_the_other_one_enlarged(
    old: tuple[int, int], new: tuple[int, int], factor: float
) -> None:
    assert enlargement(old, new) == factor


def test_what_is_new_at_a_corner_of_an_empty_page_is_no_shift() -> None:
    white = np.full((HIGH, WIDE), 255, dtype=np.uint8)
    assert differences(white, with_boxes(white, (0, 0, 9, 4))).boxes == (Box(0, 0, 9, 4),)


def test_a_shifted_part_is_no_shift_of_everything() -> None:
    new = PAGE.copy()
    new[:, 2:90] = PAGE[:, :88]
    assert differences(PAGE, new).shift == (0, 0)


def test_what_has_grown_differs_where_it_is_new_and_what_was_cut_is_told() -> None:
    taller = np.concatenate([PAGE, page(WIDE, 30, seed=9)])
    assert differences(PAGE, taller) == Differences(
        (Box(0, HIGH, WIDE, 30),), (0, 0), 30 * WIDE, 30 / (HIGH + 30)
    )
    assert differences(taller, PAGE) == Differences((), (0, 0), 0, 0.0, (Box(0, HIGH, WIDE, 30),))
    wider = np.concatenate([PAGE, page(20, HIGH, seed=9)], axis=1)
    assert differences(PAGE, wider).boxes == (Box(WIDE, 0, 20, HIGH),)
    assert differences(wider, PAGE).gone == (Box(WIDE, 0, 20, HIGH),)


def test_unrelated_pictures_differ_and_are_not_shifted() -> None:
    found = differences(PAGE, 255 - page(WIDE, HIGH, seed=8))
    assert found.shift == (0, 0)
    assert found.share > 0.5


def test_no_picture_has_more_than_200_boxes() -> None:
    white = np.full((2000, 1000), 255, dtype=np.uint8)
    new = white.copy()
    for top in range(0, 2000, 48):
        for left in range(0, 1000, 48):
            new[top : top + 4, left : left + 4] = 0
    boxes = differences(white, new).boxes
    assert 0 < len(boxes) <= 200


def test_rows_on_both_sides_of_a_band_are_one_difference() -> None:
    white = np.full((2100, 64), 255, dtype=np.uint8)
    new = white.copy()
    new[1000:1060, 10:20] = 0
    new[2090:, 10:20] = 0
    assert differences(white, new).boxes == (Box(10, 1000, 10, 60), Box(10, 2090, 10, 10))


@given(
    boxes=st.lists(
        st.tuples(st.integers(0, 290), st.integers(0, 210), st.integers(1, 60), st.integers(1, 60)),
        max_size=8,
    )
)
@settings(max_examples=60, deadline=None)
def test_every_differing_pixel_is_in_a_box_and_every_side_of_a_box_has_one(
    boxes: list[tuple[int, int, int, int]],
) -> None:
    white = np.full((HIGH, WIDE), 255, dtype=np.uint8)
    new = white.copy()
    for x, y, w, h in boxes:
        new[y : y + max(h, 4), x : x + w] = 0
    differ = white != new
    covered = np.zeros_like(differ)
    for x, y, w, h in differences(white, new).boxes:
        inside = differ[y : y + h, x : x + w]
        assert inside[0].any()
        assert inside[-1].any()
        assert inside[:, 0].any()
        assert inside[:, -1].any()
        covered[y : y + h, x : x + w] = True
    assert not (differ & ~covered).any()


@given(sizes=st.tuples(*[st.integers(1, 40)] * 4), kind=st.sampled_from(["flat", "noise"]))
@settings(max_examples=60, deadline=None)
def test_tiny_pictures_of_any_sizes_have_an_answer(sizes: tuple[int, int, int, int], kind: str) -> None:
    dice = np.random.default_rng(1)
    old, new = (
        dice.integers(0, 256 if kind == "noise" else 1, size, dtype=np.uint8)
        for size in (sizes[:2], sizes[2:])
    )
    found = differences(old, new)
    assert 0 <= found.share <= 1
    for x, y, w, h in found.boxes:
        assert 0 <= x < x + w <= new.shape[1]
        assert 0 <= y < y + h <= new.shape[0]
