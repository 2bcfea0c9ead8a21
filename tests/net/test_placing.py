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
from imagechat_tui.protocol.models import Placement, Placements, PlacementState, Point, Version
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
    told: Sequence[Placements] = (),
    before: int | None = None,
    hidden: bool = False,
) -> list[Part]:
    """What is found of markers on the second version, while that is shown."""
    versions = []
    for number, file in enumerate((old, new), 1):
        versions.append(replace(looked_at(file)[1], number=number))
    if hidden:
        del versions[1]
    shown = looked_at(new)[0]

    async def see() -> tuple[Picture, object]:
        return shown, pixels_of(shown)

    async def run() -> list[Part]:
        placer = Placer(see, kept, PictureLimits())  # type: ignore[arg-type]
        shown_before = 1 if known else before
        asked = WorkOutPlacements(ImageId("im_1"), version, tuple(markers), shown_before, tuple(known))
        return [part async for part in placer.parts(asked, versions, told)]

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
        (told, "moved", there),
        (guessed, "guess", here),
    ]
    assert all(one.origin == here for one in parts[0].placements)
    assert [part.resaved for part in parts] == [True, False]
    assert states(parts[1:]) == ["guess"]  # of its own version nothing is kept


HAND = Point(60.0, 70.0)
"""Where a person has put a marker on the first of two versions; it was made on a third."""


def from_hand(state: str = "set") -> tuple[list[Placeable], Placements]:
    known = PlacementState(state)
    origin = None if known is PlacementState.SET else POINTS[0]
    marker = Placeable(MARKERS[0].conversation_id, 7, POINTS[0])
    return [marker], Placements(1, 1, (Placement(marker.conversation_id, HAND, known, origin),))


@pytest.mark.parametrize("state", ["set", "moved"])
def test_what_is_sure_on_a_nearer_version_is_carried_on_from_there(kept: KeptPictures, state: str) -> None:
    old, new = saved(PAGE), saved(BANNER)
    keep(kept, old)
    markers, told = from_hand(state)
    (part,) = placed(kept, old, new, markers, told=[told])
    (placement,) = part.placements
    assert (placement.state.value, placement.origin) == ("moved", POINTS[0])
    assert placement.point.y == pytest.approx((HAND.y * HIGH / 100 + 40) / (HIGH + 40) * 100)
    assert part.still == ()


def test_what_had_moved_before_and_stands_there_yet_has_not_moved_again(kept: KeptPictures) -> None:
    old, page_below = saved(PAGE), np.concatenate([PAGE, np.full((40, WIDE, 3), 90, dtype=np.uint8)])
    keep(kept, old)
    markers, told = from_hand()
    (part,) = placed(kept, old, saved(page_below), markers, told=[told], before=1)
    assert states([part]) == ["moved"]
    assert part.still == (markers[0].conversation_id,)


def test_without_the_picture_on_which_a_person_put_a_marker_nobody_can_tell(kept: KeptPictures) -> None:
    old, new = saved(PAGE), saved(BANNER)
    markers, told = from_hand()
    (part,) = placed(kept, old, new, markers, told=[told])
    (placement,) = part.placements
    assert (placement.state.value, placement.point, placement.origin) == ("guess", HAND, POINTS[0])
    assert (part.seen, part.lacks) == (False, looked_at(old)[1].pixels)


def test_what_was_only_found_on_a_picture_that_is_not_here_is_looked_for_from_its_own(
    kept: KeptPictures,
) -> None:
    old, new = saved(PAGE), saved(BANNER)
    keep(kept, old)
    found = Placement(MARKERS[0].conversation_id, HAND, PlacementState.MOVED, POINTS[0])
    (part,) = placed(kept, old, new, MARKERS[:1], version=2, told=[Placements(9, 1, (found,))])
    assert part.placements[0].point.y == pytest.approx((POINTS[0].y * HIGH / 100 + 40) / (HIGH + 40) * 100)


@pytest.mark.parametrize(("version", "known", "found"), [(-1, False, True), (-1, True, False)])
def test_a_picture_that_the_server_has_not_seen_is_looked_through(
    kept: KeptPictures, version: int, known: bool, found: bool
) -> None:
    old = saved(PAGE)
    keep(kept, old)
    parts = placed(kept, old, saved(BANNER), version=version, hidden=not known)
    assert states(parts) == (["moved", "moved"] if found else [])


async def test_a_picture_that_is_wanted_is_waited_for(
    kept: KeptPictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "LOOKS_EVERY_S", 0.0)
    wanted, other = "ab" * 32, "cd" * 32
    placer = Placer(None, kept, PictureLimits())  # type: ignore[arg-type]
    waiting = asyncio.get_running_loop().create_task(placer.until_kept([wanted, "ef" * 32]))
    kept.keep(other, b"x")
    await asyncio.sleep(0)
    assert not waiting.done()
    kept.keep(wanted, b"x")
    await waiting


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
