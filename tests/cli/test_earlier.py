"""What a picture is compared with: the version just before it, of those that are kept here whole."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image

from imagechat_tui.cli.earlier import earlier_version
from imagechat_tui.cli.target import Target
from imagechat_tui.net.kept_pictures import KeptPictures
from imagechat_tui.net.pictures import PictureLimits, load_picture, pixels_of
from imagechat_tui.protocol.ids import ImageId, UrlId, UserId
from imagechat_tui.protocol.models import Matched, OpenedImage, Version
from imagechat_tui.protocol.routes import ImageDetails
from imagechat_tui.raster.image import Picture
from imagechat_tui.tui.comparison_loading import Against, NothingEarlier

IMAGE = OpenedImage(ImageId("im_1"), UrlId("img/1/a.png"), "a.png", "a.png", "", Matched.PATH, None, 4)


def saved(number: int) -> bytes:
    """The file of a version."""
    data = io.BytesIO()
    Image.new("RGB", (80, 80), (number * 40, 0, 0)).save(data, "PNG")
    return data.getvalue()


def picture(number: int) -> Picture:
    return asyncio.run(load_picture("-", stdin=saved(number)))


VERSIONS = [picture(number) for number in range(1, 5)]
HASHES = [pixels_of(one).pixels for one in VERSIONS]


class Server:
    """Knows four versions of an image."""

    def __init__(self, endpoint: object) -> None:
        pass

    async def image(self, image_id: ImageId) -> ImageDetails:
        known = [
            Version(number, pixels, pixels, 80, 80, 1, 0, UserId("u"))
            for number, pixels in enumerate(HASHES, 1)
        ]
        return ImageDetails(IMAGE, (), tuple(known))

    async def close(self) -> None:
        pass


def cut(file: bytes) -> bytes:
    return file[: len(file) // 2]


def another(file: bytes) -> bytes:
    return saved(6)


@pytest.mark.parametrize(
    ("shown", "kept", "damaged", "name", "note"),
    [
        (4, {1, 2, 3}, set(), "v3", ""),
        (4, {1, 2}, set(), "since you last looked: v2", ""),
        (2, {1, 3, 4}, set(), "v1", ""),
        (5, {1, 4}, set(), "v4", ""),
        (5, {2}, set(), "since you last looked: v2", ""),
        (4, {1, 2, 3}, {3}, "since you last looked: v2", "The copy of v3 kept on this machine was damaged."),
        (
            4,
            {1, 2, 3},
            {3, 2},
            "since you last looked: v1",
            "The copies of v3 and v2 kept on this machine were",
        ),
        (2, {1}, {1}, None, "The copy of v1 kept on this machine was damaged."),
        (2, {3, 4}, set(), None, ""),
        (4, set(), set(), None, ""),
    ],
)
@pytest.mark.parametrize("how", [cut, another])
def test_a_picture_is_compared_with_the_newest_whole_copy_of_an_earlier_version(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: Any,
    shown: int,
    kept: set[int],
    damaged: set[int],
    name: str | None,
    note: str,
) -> None:
    monkeypatch.setattr("imagechat_tui.net.api.Api", Server)
    copies = KeptPictures(tmp_path / "pictures", 10_000_000)
    for number in kept:
        file = saved(number)
        copies.keep(HASHES[number - 1], how(file) if number in damaged else file)
    chosen = SimpleNamespace(
        settings=SimpleNamespace(keep_pictures=10),
        folders=SimpleNamespace(known=lambda kind: tmp_path),
        endpoint=None,
        limits=PictureLimits,
    )
    found = asyncio.run(earlier_version(cast(Target, chosen), IMAGE, picture(shown)))
    told = found.note if isinstance(found, Against) else found.why
    assert (told.sentence if told is not None else "").startswith(note)
    assert (told is None) == (note == "")
    assert {number for number in range(1, 5) if copies.has(HASHES[number - 1])} == kept - damaged
    if name is None:
        assert isinstance(found, NothingEarlier)
        assert list(found.elsewhere) == list(range(shown - 1, 0, -1))
    else:
        assert isinstance(found, Against)
        assert found.name == name
        was = asyncio.run(cast(Any, found.load(lambda fraction: None)))
        assert pixels_of(was).pixels == HASHES[int(name[-1]) - 1]
