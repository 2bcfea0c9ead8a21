"""Works out where markers are on another version: old pictures as they were kept, in a guarded child process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from imagechat_tui.net.guarded_child import ask
from imagechat_tui.net.pictures import PictureLimits, load_picture, pixels_of
from imagechat_tui.net.pixel_memory import PixelMemory, new_memory
from imagechat_tui.net.place_child import Sought
from imagechat_tui.problems import PictureError
from imagechat_tui.protocol.models import Placement, PlacementState, Point, Version
from imagechat_tui.raster.placement import Placed
from imagechat_tui.sync.effects import Placeable, WorkOutPlacements
from imagechat_tui.sync.placements import guess_of

if TYPE_CHECKING:
    from imagechat_tui.net.kept_pictures import KeptPictures
    from imagechat_tui.protocol.routes import Pixels
    from imagechat_tui.raster.image import Picture

WALL_S: Final = 15.0
"""Markers that take longer together are not looked for any more."""
AT_ONCE: Final = 25
"""So many markers are shown together, the nearest first: on usual pages that is a third of a second."""
_CHILD: Final = Path(__file__).with_name("place_child.py")
_LOSSY: Final = (b"\xff\xd8\xff", b"VP8 ")
"""In the first bytes of JPEG and of lossy WebP."""

See = Callable[[], Awaitable[tuple["Picture", "Pixels"] | None]]
"""The picture that is shown, and what it looks like; None if there is none."""


class _Answer(msgspec.Struct):
    """What the child says."""

    resaved: bool
    placed: tuple[Placed, ...]


class Part(msgspec.Struct, frozen=True):
    """Some of the markers that were looked for."""

    placements: tuple[Placement, ...]
    seen: bool = True
    """Whether both pictures were there, and were looked at to the end."""
    resaved: bool = False
    """Whether their own version is the picture that is shown, saved in another way."""


class Placer:
    """Looks for markers on the picture that is shown.

    Args:
        see: the picture.
        kept: the old ones; None keeps none.
        limits: what is too large of them.
    """

    def __init__(self, see: See, kept: KeptPictures | None, limits: PictureLimits) -> None:
        self._see = see
        self._kept = kept
        self._limits = limits

    async def parts(self, asked: WorkOutPlacements, versions: Iterable[Version]) -> AsyncIterator[Part]:
        """Where markers are, some at a time, in their order as far as that can be.

        Args:
            asked: which, and on which version; if another one is shown by now, there is no part.
            versions: all of the image.
        """
        hashes = {one.number: one.pixels for one in versions}
        seen = await self._see()
        if seen is None or seen[1].pixels != hashes.get(asked.version):
            return
        markers = list(asked.markers)
        if asked.before is not None and await self._is_resaved(hashes.get(asked.before), *seen):
            kept = as_before(asked)
            yield Part(kept, resaved=True)
            markers = [one for one in markers if one.conversation_id not in {k.conversation_id for k in kept}]
        for own in dict.fromkeys(marker.version for marker in markers):
            some = [marker for marker in markers if marker.version == own]
            old = await self._old(hashes.get(own))
            for start in range(0, len(some), AT_ONCE):
                yield await self._part(some[start : start + AT_ONCE], old, *seen)

    async def _is_resaved(self, before: str | None, new: Picture, looks: Pixels) -> bool:
        """Whether what is shown is what was shown before, saved in another way."""
        old = await self._old(before)
        return old is not None and (await self._part((), old, new, looks)).resaved

    async def _old(self, pixels: str | None) -> tuple[Picture, bytes] | None:
        """A picture as it was, with its file; what was put in its place is none."""
        if self._kept is None or pixels is None:
            return None
        data = await asyncio.to_thread(self._kept.find, pixels)
        if data is None:
            return None
        try:
            picture = await load_picture("-", stdin=data, limits=self._limits)
        except PictureError:
            picture = None
        if picture is None or (await asyncio.to_thread(pixels_of, picture)).pixels != pixels:
            await asyncio.to_thread(self._kept.forget, pixels)
            return None
        return picture, data

    async def _part(
        self, markers: Sequence[Placeable], old: tuple[Picture, bytes] | None, new: Picture, looks: Pixels
    ) -> Part:
        answer = None
        if old is not None:
            lossy = is_lossy(old[1]) or is_lossy(await self._file_of(looks))
            answer = await _placed(old[0], new, [marker.point for marker in markers], lossy=lossy)
        if answer is None:
            return Part(tuple(map(guess_of, markers)), seen=False)
        found = zip(markers, answer.placed, strict=True)
        placements = tuple(_placement(marker, placed) for marker, placed in found)
        return Part(placements, resaved=answer.resaved)

    async def _file_of(self, looks: Pixels) -> bytes:
        return (
            await asyncio.to_thread(self._kept.find, looks.pixels) if self._kept is not None else None
        ) or b""


def as_before(asked: WorkOutPlacements) -> tuple[Placement, ...]:
    """Where markers are on a version that looks as the one before: where they were."""
    known = {one.conversation_id: one for one in asked.known}
    found = []
    for marker in asked.markers:
        there = known.get(marker.conversation_id)
        if marker.version == asked.before:
            found.append(
                Placement(marker.conversation_id, marker.point, PlacementState.SAME, marker.point, 1.0)
            )
        elif there is not None:
            state = PlacementState.SAME if there.state is PlacementState.SET else there.state
            found.append(Placement(marker.conversation_id, there.point, state, marker.point, there.score))
    return tuple(found)


def is_lossy(file: bytes) -> bool:
    """Whether a picture's file is in a format that changes pixels whenever it is saved."""
    return any(sign in file[:32] for sign in _LOSSY)


async def _placed(old: Picture, new: Picture, points: Sequence[Point], *, lossy: bool) -> _Answer | None:
    """What the child says; None if it takes too long or too much memory, or says nothing that makes sense."""
    before, now = await asyncio.to_thread(lambda: (PixelMemory.of(old), PixelMemory.of(new)))
    sought = new_memory()
    try:
        os.write(sought, msgspec.json.encode(Sought(tuple(points), lossy)))
        os.lseek(sought, 0, os.SEEK_SET)
        answer = await ask(
            _CHILD,
            (*before.told, *now.told, sought),
            shared=(before.descriptor, now.descriptor, sought),
            name=new.name,
            wall_s=WALL_S,
            progress=lambda fraction: None,
        )
        told = msgspec.convert(answer, _Answer)
    except (PictureError, msgspec.ValidationError):
        return None
    finally:
        os.close(sought)
    return told if len(told.placed) == len(points) else None


def _placement(marker: Placeable, placed: Placed) -> Placement:
    return Placement(
        marker.conversation_id,
        Point(min(100.0, max(0.0, placed.x)), min(100.0, max(0.0, placed.y))),
        PlacementState(placed.state),
        marker.point,
        min(1.0, max(0.0, placed.score)),
    )
