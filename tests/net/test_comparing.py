"""Two loaded pictures compared in the guarded child."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from imagechat_tui import problems
from imagechat_tui.net import comparing
from imagechat_tui.net.comparing import compare
from imagechat_tui.net.pictures import DecoderDefect, load_picture
from imagechat_tui.problems import PictureError
from imagechat_tui.raster.compare import Box
from imagechat_tui.raster.comparison import Comparison
from imagechat_tui.raster.image import Picture
from tests.raster.pictures import page, picture

Pixels = NDArray[np.uint8]

PAGE = page(300, 220)


def changed(pixels: Pixels) -> Pixels:
    """The same with another look from 33, 47 on."""
    new = pixels.copy()
    new[47:68, 33:113] ^= 128
    return new


def compared(old: Picture, new: Picture) -> Comparison:
    return asyncio.run(compare(old, new, lambda fraction: None))


def loaded(folder: Path, image: Image.Image, name: str, **how: Any) -> Picture:
    path = folder / name
    image.save(path, **how)
    return asyncio.run(load_picture(str(path)))


def test_two_files_are_compared_and_the_mask_has_each_differing_pixel(tmp_path: Path) -> None:
    new = changed(PAGE)
    found = compared(
        loaded(tmp_path, Image.fromarray(PAGE), "b.png"), loaded(tmp_path, Image.fromarray(new), "a.png")
    )
    assert found.places == (Box(33, 47, 80, 21),)
    assert np.array_equal(found.mask.pixels == 255, (new != PAGE).any(axis=2))


def test_pictures_that_lie_in_no_shared_memory_are_compared_too() -> None:
    assert compared(picture(PAGE), picture(changed(PAGE))).places == (Box(33, 47, 80, 21),)


def test_a_photograph_is_compared_as_the_camera_was_held(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(PAGE)))
    turned = loaded(tmp_path, stored, "b.png", exif=exif)
    assert compared(turned, picture(changed(PAGE))).places == (Box(33, 47, 80, 21),)


def test_what_is_clear_differs_from_what_is_not(tmp_path: Path) -> None:
    opacity = np.full((220, 300), 255, dtype=np.uint8)
    opacity[100:120, 50:90] = 0
    clear = loaded(tmp_path, Image.fromarray(np.dstack((PAGE, opacity)), "RGBA"), "a.png")
    assert compared(picture(PAGE), clear).places == (Box(50, 100, 40, 20),)


def test_one_that_was_enlarged_is_compared_with_the_other_and_small_print_may_be_smoothed(
    tmp_path: Path,
) -> None:
    twice = Image.fromarray(changed(PAGE)).resize((600, 440), Image.Resampling.BILINEAR)
    found = compared(loaded(tmp_path, twice, "b.png"), picture(PAGE))
    assert found.factor == 2.0
    (box,) = found.places
    assert (30 <= box.x <= 36, 44 <= box.y <= 52) == (True, True)
    assert (70 <= box.w <= 84, 12 <= box.h <= 24) == (True, True)
    same = compared(loaded(tmp_path, Image.fromarray(PAGE).resize((600, 440)), "c.png"), picture(PAGE))
    assert same.places == ()


def test_a_picture_that_was_decoded_smaller_is_told_in_pixels_of_its_own() -> None:
    old = Picture("b.jpg", 600, 440, "", PAGE, reduced=2)
    new = Picture("a.jpg", 600, 440, "", changed(PAGE), reduced=2)
    assert compared(old, new).places == (Box(66, 94, 160, 42),)
    whole = Picture("b.jpg", 600, 440, "", np.repeat(np.repeat(PAGE, 2, axis=0), 2, axis=1))
    (box,) = compared(whole, new).places
    assert (abs(box.x - 66) <= 8, abs(box.y - 94) <= 8) == (True, True)


def test_it_is_told_how_far_it_is() -> None:
    told: list[float] = []
    asyncio.run(compare(picture(page(64, 3000)), picture(page(64, 3000, seed=2)), told.append))
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("import json; print(json.dumps({'defect': 'it broke'}))", DecoderDefect),
        ("import json; print(json.dumps({'problem': 'memory'}))", PictureError),
        ("import json; print(json.dumps({'found': 1}))", PictureError),
        ("print('no json')", PictureError),
        ("import os; os._exit(1)", PictureError),
    ],
)
def test_a_child_that_fails_is_told(
    script: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "child.py").write_text(script)
    monkeypatch.setattr(comparing, "_CHILD", tmp_path / "child.py")
    with pytest.raises(error):
        compared(picture(PAGE), picture(PAGE))


def test_what_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "child.py").write_text("import time; time.sleep(600)")
    monkeypatch.setattr(comparing, "_CHILD", tmp_path / "child.py")
    monkeypatch.setattr(comparing, "WALL_S", 0.05)
    with pytest.raises(PictureError) as told:
        compared(picture(PAGE), picture(PAGE))
    assert isinstance(told.value.problem, problems.TooSlow)


def test_the_memory_of_a_picture_goes_with_it(tmp_path: Path) -> None:
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    gc.collect()
    before = open_files()
    found = compared(
        loaded(tmp_path, Image.fromarray(PAGE), "b.png"), loaded(tmp_path, Image.fromarray(PAGE), "a.png")
    )
    assert open_files() > before
    del found
    gc.collect()
    assert open_files() == before
