"""Markers looked for on another version: with the old picture as it was kept, in the guarded child."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

from imagechat_tui.net import placing
from imagechat_tui.net.kept_pictures import KeptPictures
from imagechat_tui.net.pictures import PictureLimits, load_picture, pixels_of
from imagechat_tui.net.placing import Part, Placer, is_lossy
from imagechat_tui.protocol.ids import ConversationId, ImageId, UserId
from imagechat_tui.protocol.models import Placement, PlacementState, Point, Version
from imagechat_tui.raster.image import Picture
from imagechat_tui.sync.effects import Placeable, WorkOutPlacements
from tests.raster.pictures import page

Pixels = NDArray[np.uint8]

WIDE, HIGH = 600, 500
PAGE = page(WIDE, HIGH)
BANNER = np.concatenate([np.full((40, WIDE, 3), 90, dtype=np.uint8), PAGE])
POINTS = [Point(30.0, 40.0), Point(60.0, 70.0)]
MARKERS = [Placeable(ConversationId(f"ic_{n}"), 1, point) for n, point in enumerate(POINTS)]


def saved(pixels: Pixels, form: str = "PNG", **options: int) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, form, **options)
    return data.getvalue()


def looked_at(file: bytes) -> tuple[Picture, Version]:
    """The picture of a file, and what a server knows of it, but for its number."""
    picture = asyncio.run(load_picture("-", stdin=file))
    told = pixels_of(picture)
    return picture, Version(0, told.pixels, told.sha256, told.width, told.height, 1, 0, UserId("u"))


@pytest.fixture
def kept(tmp_path: Path) -> KeptPictures:
    return KeptPictures(tmp_path / "pictures", 10_000_000)


def placed(
    kept: KeptPictures | None,
    old: bytes,
    new: bytes,
    markers: Sequence[Placeable] = MARKERS,
    *,
    version: int = 2,
    known: Sequence[Placement] = (),
) -> list[Part]:
    """What is found of markers on the second version, while that is shown."""
    versions = []
    for number, file in enumerate((old, new), 1):
        versions.append(replace(looked_at(file)[1], number=number))
    shown = looked_at(new)[0]

    async def see() -> tuple[Picture, object]:
        return shown, pixels_of(shown)

    async def run() -> list[Part]:
        placer = Placer(see, kept, PictureLimits())  # type: ignore[arg-type]
        before = 1 if known else None
        asked = WorkOutPlacements(ImageId("im_1"), version, tuple(markers), before, tuple(known))
        return [part async for part in placer.parts(asked, versions)]

    return asyncio.run(run())


def keep(kept: KeptPictures, *files: bytes) -> None:
    for file in files:
        kept.keep(looked_at(file)[1].pixels, file)


def states(parts: Sequence[Part]) -> list[str]:
    return [placement.state.value for part in parts for placement in part.placements]


def test_markers_go_along_with_what_they_point_at(kept: KeptPictures) -> None:
    old, new = saved(PAGE), saved(BANNER)
    keep(kept, old)
    (part,) = placed(kept, old, new)
    assert not part.resaved
    for marker, placement in zip(MARKERS, part.placements, strict=True):
        assert (placement.conversation_id, placement.state) == (marker.conversation_id, PlacementState.MOVED)
        assert placement.origin == marker.point
        assert placement.point.y == pytest.approx((marker.point.y * HIGH / 100 + 40) / (HIGH + 40) * 100)


@pytest.mark.parametrize("how", ["off", "not kept", "poisoned", "cut"])
def test_without_the_old_picture_nobody_can_tell(kept: KeptPictures, how: str) -> None:
    old, new = saved(PAGE), saved(BANNER)
    pixels = looked_at(old)[1].pixels
    if how == "poisoned":
        kept.keep(pixels, new)
    elif how == "cut":
        kept.keep(pixels, old[: len(old) // 2])
    parts = placed(None if how == "off" else kept, old, new)
    assert states(parts) == ["guess", "guess"]
    assert not parts[0].seen
    assert [placement.point for placement in parts[0].placements] == POINTS
    assert kept.find(pixels) is None


def test_a_picture_that_was_saved_worse_keeps_every_marker(kept: KeptPictures) -> None:
    old, new = saved(PAGE), saved(PAGE, "JPEG", quality=60)
    keep(kept, old, new)
    (part,) = placed(kept, old, new)
    assert part.resaved
    assert states([part]) == ["same", "same"]
    assert [placement.point for placement in part.placements] == POINTS


def test_on_a_version_that_looks_as_the_one_before_markers_are_where_they_were(kept: KeptPictures) -> None:
    old, new = saved(BANNER), saved(BANNER, "JPEG", quality=60)
    keep(kept, old, new)
    made, told, guessed, other = (ConversationId(f"ic_{n}") for n in range(4))
    here, there = Point(10.0, 20.0), Point(30.0, 40.0)
    markers = [Placeable(made, 1, here), *(Placeable(one, 7, here) for one in (told, guessed, other))]
    known = [
        Placement(told, there, PlacementState.SET, by=UserId("u")),
        Placement(guessed, here, PlacementState.GUESS, here),
    ]
    parts = placed(kept, old, new, markers, known=known)
    assert [(one.conversation_id, one.state.value, one.point) for one in parts[0].placements] == [
        (made, "same", here),
        (told, "same", there),
        (guessed, "guess", here),
    ]
    assert all(one.origin == here for one in parts[0].placements)
    assert [part.resaved for part in parts] == [True, False]
    assert states(parts[1:]) == ["guess"]  # of its own version nothing is kept


def test_where_another_version_is_shown_by_now_nothing_is_looked_for(kept: KeptPictures) -> None:
    old, new = saved(PAGE), saved(BANNER)
    keep(kept, old)
    assert placed(kept, old, new, version=1) == []


def test_many_are_found_some_at_a_time_in_their_order(
    kept: KeptPictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "AT_ONCE", 1)
    old, new = saved(PAGE), saved(BANNER)
    keep(kept, old)
    parts = placed(kept, old, new, MARKERS[::-1])
    assert [part.placements[0].conversation_id for part in parts] == ["ic_1", "ic_0"]


def test_a_child_that_takes_too_long_leaves_guesses(
    kept: KeptPictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "WALL_S", 0.0)
    old, new = saved(PAGE), saved(BANNER)
    keep(kept, old)
    assert states(placed(kept, old, new)) == ["guess", "guess"]


@pytest.mark.parametrize(
    ("form", "options", "lossy"),
    [
        ("PNG", {}, False),
        ("GIF", {}, False),
        ("BMP", {}, False),
        ("JPEG", {}, True),
        ("WEBP", {"quality": 80}, True),
        ("WEBP", {"lossless": 1}, False),
    ],
)
def test_the_file_tells_whether_its_format_changes_pixels(
    form: str, options: dict[str, int], lossy: bool
) -> None:
    assert is_lossy(saved(PAGE, form, **options)) == lossy
