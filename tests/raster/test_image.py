"""Views of a picture: averages of what they cover, from the smallest copy that is fine enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imagechat_tui.raster.image import Picture, Plane
from tests.raster.pictures import Pixels, blocks, line, noise, picture

IMAGES = Path(__file__).parents[1] / "benchmarks" / "images"


def averaged(pixels: Pixels, columns: int, rows: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The exact averages, for sizes that divide."""
    height, width = pixels.shape[:2]
    parts = pixels.reshape(rows, height // rows, columns, width // columns, 3)
    return np.asarray(parts.mean(axis=(1, 3)), dtype=np.float64)


def test_each_copy_is_half_as_large_as_the_one_before() -> None:
    sizes = [level.shape[1::-1] for level in noise(1024, 777).colors.levels]
    assert sizes[:4] == [(1024, 777), (512, 389), (256, 195), (128, 98)]
    assert sizes[-2:] == [(2, 2), (1, 1)]
    assert [level.shape[:2] for level in noise(2, 9).colors.levels] == [
        (9, 2),
        (5, 1),
        (3, 1),
        (2, 1),
        (1, 1),
    ]


@pytest.mark.parametrize(("width", "height", "columns", "rows"), [(1024, 512, 32, 16), (900, 1300, 9, 13)])
def test_a_sample_is_the_average_of_what_it_covers(width: int, height: int, columns: int, rows: int) -> None:
    shown = noise(width, height)
    off = shown.samples((0, 0, width, height), columns, rows) - averaged(shown.pixels, columns, rows)
    assert np.abs(off).max() <= 5  # of noise that has 2 itself
    assert np.abs(off.mean()) <= 0.3


def test_a_part_is_sampled_like_the_whole() -> None:
    shown = noise(1024, 1024)
    whole = shown.samples((0, 0, 1024, 1024), 32, 32).astype(int)
    part = shown.samples((256, 512, 512, 1024), 8, 16)
    assert np.abs(part - whole[16:, 8:16]).max() <= 2


@pytest.mark.parametrize("across", [180, 130, 95, 91, 67])
def test_no_pixel_is_left_out_however_many_make_a_sample(across: int) -> None:
    for place in range(60, 80):
        found = line(180, 180, place, 1).samples((0, 0, 180, 180), across, across)[0, :, 0].astype(int)
        darkness = (255 - found).mean()
        assert 0.7 * 255 / 180 < darkness < 1.4 * 255 / 180, (place, darkness)
        assert abs(found.argmin() - int(place * across / 180)) <= 1


def test_where_a_mask_differs_anywhere_it_is_not_zero() -> None:
    for across in (63, 50, 46, 31):
        for place in range(90):
            mask = np.zeros((90, 90), dtype=np.uint8)
            mask[place, 89 - place] = 255
            found = Plane(mask, 1).averaged((0, 0, 90, 90), (90, 90), across, across)
            assert found.shape == (across, across)
            assert found.any(), (across, place)


def test_samples_that_are_no_squares_are_averages_all_the_same() -> None:
    shown = noise(640, 640)
    found = shown.samples((0, 0, 640, 640), 40, 10).astype(int)
    assert np.abs(found - averaged(shown.pixels, 40, 10)).max() <= 6
    assert np.abs(shown.samples((0, 0, 640, 640), 10, 40) - averaged(shown.pixels, 10, 40)).max() <= 6


def test_what_is_seen_enlarged_has_no_colour_that_the_picture_has_not() -> None:
    shown = blocks("#.", ".#", size=3)
    assert set(np.unique(shown.samples((0, 0, 6, 6), 32, 32))) == {0, 255}


def test_a_picture_that_was_turned_is_sampled_like_another() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    turned, copied = pixels.swapaxes(0, 1), np.ascontiguousarray(pixels.swapaxes(0, 1))
    for columns in (7, 133, 290, 400):
        seen = [
            picture(part).samples((0, 0, 300, 200), columns, columns * 2 // 3) for part in (turned, copied)
        ]
        assert np.array_equal(seen[0], seen[1])


def test_beyond_its_end_a_picture_has_nothing_to_average() -> None:
    pixels = np.full((10, 10, 3), 200, dtype=np.uint8)
    pixels[:, :3] = 0
    shown = picture(pixels)
    # Samples of three pixels: the fourth has one of the picture.
    assert shown.samples((0, 0, 12, 12), 4, 4)[..., 0].tolist() == [[0, 200, 200, 200]] * 4
    assert shown.samples((-3, -3, 9, 9), 4, 4)[1, :, 0].tolist() == [0, 0, 200, 200]
    assert shown.samples((-6, 0, 15, 12), 1, 1).shape == (1, 1, 3)


def test_a_picture_that_ends_within_a_sample_is_not_stretched_to_its_end() -> None:
    pixels = np.full((10, 10, 3), 200, dtype=np.uint8)
    pixels[:, 6:8] = pixels[6:8] = 0
    found = picture(pixels).samples((0, 0, 12, 12), 4, 4)[..., 0]
    assert found[0, 2] < 110
    assert found[2, 0] < 110
    assert found[0, 3] > 180
    assert found[3, 0] > 180


def test_a_picture_decoded_smaller_keeps_its_own_measures() -> None:
    pixels = np.full((200, 300, 3), 255, dtype=np.uint8)
    pixels[:, :100] = 0
    shown = Picture("p", 2399, 1600, "", pixels, reduced=8)
    assert shown.samples((0, 0, 2399, 1600), 3, 1)[0, :, 0].tolist() == [0, 255, 255]
    dark, light = shown.samples((780, 0, 820, 1600), 2, 1)[0, :, 0].tolist()
    assert dark < 16
    assert light > 239
    assert shown.samples((2390, 1590, 2399, 1600), 2, 2).min() == 255


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("manual.png", True),
        ("dashboard.png", True),
        ("diagram.png", True),
        ("coffee.jpg", False),
        ("astronaut.jpg", False),
    ],
)
def test_a_screenshot_is_told_from_a_photograph(name: str, drawn: bool) -> None:
    pixels = np.asarray(Image.open(IMAGES / name).convert("RGB"))
    assert picture(pixels).is_drawn is drawn
    assert picture(pixels.swapaxes(0, 1)[::-1]).is_drawn is drawn


def test_the_smallest_picture_has_no_copies_and_is_sampled_all_the_same() -> None:
    shown = picture(np.array([[[1, 2, 3]]], dtype=np.uint8))
    assert len(shown.colors.levels) == 1
    assert shown.is_drawn is False
    assert shown.samples((0, 0, 1, 1), 5, 3).tolist() == [[[1, 2, 3]] * 5] * 3
