"""The demo's markers stand on what they speak of."""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np
import pytest
from PIL import Image

from imagechat_tui.cli.demo_story import CHART, LOGO, OPENING, POSTCODE, SMALL_PRINT, STEPS, TOTAL
from imagechat_tui.protocol.models import Point

SEEN = {
    # What is there: half a width and half a height in percent, and two colours that are seen in it.
    "logo: white letters on the dark header": (LOGO, (3.0, 3.0), ((255, 255, 255), (20, 48, 44))),
    "total: bold figures on white": (TOTAL, (3.5, 1.0), ((30, 37, 48), (255, 255, 255))),
    "small print: pale on white": (SMALL_PRINT, (8.0, 1.2), ((200, 204, 212), (255, 255, 255))),
    "postcode: a red frame round a rosy field": (POSTCODE, (1.0, 3.0), ((192, 57, 43), (255, 245, 245))),
    "chart: a yellow bar": (CHART, (1.0, 1.0), ((250, 195, 100), (250, 200, 110))),
}


@pytest.mark.parametrize("thing", SEEN)
def test_a_marker_of_the_demo_stands_on_what_it_speaks_of(thing: str) -> None:
    point, (half_x, half_y), colors = SEEN[thing]
    with as_file(files("imagechat_tui") / "demo" / "checkout.png") as path, Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    height, width, _ = pixels.shape

    def cut(middle: float, half: float, length: int) -> slice:
        return slice(max(0, round((middle - half) / 100 * length)), round((middle + half) / 100 * length))

    box = pixels[cut(point.y, half_y, height), cut(point.x, half_x, width)].reshape(-1, 3)
    for color in colors:
        distance = np.abs(box - np.array(color)).max(axis=1).min()
        assert distance <= 24, (thing, color)


def test_every_step_of_the_crosshair_is_on_the_picture_and_each_opening_has_its_place() -> None:
    first = Point(POSTCODE.x - 2 * (STEPS - 1), POSTCODE.y - (STEPS - 1))
    assert first.x > 0
    assert first.y > 0
    assert [point for point, _ in OPENING] == [LOGO, TOTAL, SMALL_PRINT]
