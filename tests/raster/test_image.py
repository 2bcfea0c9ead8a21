"""Views of a picture: averages of what they cover, from the smallest copy that is fine enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imagechat_tui.raster.image import FINE, QUICK, Picture
from tests.raster.pictures import Pixels, noise, picture

IMAGES = Path(__file__).parents[1] / "benchmarks" / "images"


def averaged(pixels: Pixels, columns: int, rows: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The exact averages, for sizes that divide."""
    height, width = pixels.shape[:2]
    parts = pixels.reshape(rows, height // rows, columns, width // columns, 3)
    return np.asarray(parts.mean(axis=(1, 3)), dtype=np.float64)


def test_each_copy_is_half_as_large_as_the_one_before() -> None:
    assert [level.size for level in noise(1024, 777).colors.levels] == [(512, 389), (256, 195), (128, 98)]
    assert noise(100, 1000).colors.levels == ()


@pytest.mark.parametrize(("width", "height", "columns", "rows"), [(1024, 512, 32, 16), (900, 1300, 9, 13)])
def test_a_sample_is_the_average_of_what_it_covers(width: int, height: int, columns: int, rows: int) -> None:
    shown = noise(width, height)
    found = shown.samples((0, 0, width, height), columns, rows)
    assert np.abs(found - averaged(shown.pixels, columns, rows)).max() <= 2.5


def test_a_part_is_sampled_like_the_whole() -> None:
    shown = noise(1024, 1024)
    whole = shown.samples((0, 0, 1024, 1024), 32, 32).astype(int)
    part = shown.samples((256, 512, 512, 1024), 8, 16)
    assert np.abs(part - whole[16:, 8:16]).max() <= 2


def test_a_view_that_moves_is_sampled_from_a_smaller_copy() -> None:
    shown = noise(2048, 2048)
    used: list[int] = []
    resize = Image.Image.resize

    def noted(image: Image.Image, *args: object, **options: object) -> Image.Image:
        used.append(image.width)
        return resize(image, *args, **options)  # type: ignore[arg-type]

    shown.prepare()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image.Image, "resize", noted)
        shown.samples((0, 0, 2048, 2048), 100, 100, FINE)
        shown.samples((0, 0, 2048, 2048), 100, 100, QUICK)
        shown.samples((0, 0, 150, 150), 100, 100, FINE)
    assert used == [256, 128, 2048]


def test_a_large_picture_is_not_kept_twice_and_looks_the_same() -> None:
    slopes = np.stack([*np.indices((2100, 4200)) % 251, np.indices((2100, 4200)).sum(axis=0) % 241], axis=-1)
    pixels = slopes.astype(np.uint8)
    large, small = picture(pixels), picture(pixels[:1000, :1000])
    box = (100.3, 200.6, 181.1, 260.9)
    assert np.abs(large.samples(box, 40, 30).astype(int) - small.samples(box, 40, 30)).max() <= 2
    assert large.colors.whole is None
    assert small.colors.whole is not None


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
    pixels[:, 8] = pixels[8, :] = 0
    found = picture(pixels).samples((0, 0, 12, 12), 4, 4)[..., 0]
    assert found[0, 2] < 150
    assert found[2, 0] < 150
    assert found[0].tolist()[3] == found[3, 0] == 200


def test_a_picture_decoded_smaller_keeps_its_own_measures() -> None:
    pixels = np.full((200, 300, 3), 255, dtype=np.uint8)
    pixels[:, :100] = 0
    shown = Picture("p", 2399, 1600, "", pixels, reduced=8)
    assert shown.samples((0, 0, 2399, 1600), 3, 1)[0, :, 0].tolist() == [0, 255, 255]
    assert shown.samples((780, 0, 820, 1600), 2, 1)[0, :, 0].tolist() == [0, 255]
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
    assert shown.colors.levels == ()
    assert shown.is_drawn is False
    assert shown.samples((0, 0, 1, 1), 5, 3).tolist() == [[[1, 2, 3]] * 5] * 3
