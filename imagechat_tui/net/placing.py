"""Works out where markers are on another version: old pictures as they were kept, in a guarded child process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from imagechat_tui.net.guarded_child import ask
from imagechat_tui.net.pictures import PictureLimits, load_picture, pixels_of
from imagechat_tui.net.pixel_memory import PixelMemory, new_memory
from imagechat_tui.net.place_child import Sought
from imagechat_tui.problems import PictureError
from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.protocol.models import Placement, Placements, PlacementState, Point, Version
from imagechat_tui.raster.placement import Placed
from imagechat_tui.sync.effects import Placeable, WorkOutPlacements
from imagechat_tui.sync.placements import Start, guess, start_of, state_from

if TYPE_CHECKING:
    from imagechat_tui.net.kept_pictures import KeptPictures
    from imagechat_tui.protocol.routes import Pixels
    from imagechat_tui.raster.image import Picture

WALL_S: Final = 15.0
"""Markers that take longer together are not looked for any more."""
AT_ONCE: Final = 25
"""So many markers are shown together, the nearest first: on usual pages that is a third of a second."""
LOOKS_EVERY_S: Final = 5.0
"""How often it is looked whether a picture that was wanted is kept by now."""
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
    """Whether the version they were looked for from is the picture that is shown, saved in another way."""
    still: tuple[ConversationId, ...] = ()
    """Those that had moved before: they stand where they stood on the version that was shown before."""
    lacks: str = ""
    """The hash of the picture that was not there to look in."""


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

    async def parts(
        self, asked: WorkOutPlacements, versions: Iterable[Version], told: Sequence[Placements] = ()
    ) -> AsyncIterator[Part]:
        """Where markers are, some at a time, in their order as far as that can be.

        Args:
            asked: which, and on which version; if another one is shown by now, there is no part.
            versions: all of the image.
            told: where markers are on others of them.
        """
        hashes = {one.number: one.pixels for one in versions}
        seen = await self._see()
        if seen is None or not _is_shown(asked.version, seen[1].pixels, hashes):
            return
        markers = list(asked.markers)
        if asked.before is not None and await self._is_resaved(hashes.get(asked.before), *seen):
            kept = as_before(asked)
            yield Part(kept, resaved=True)
            markers = [one for one in markers if one.conversation_id not in {k.conversation_id for k in kept}]
        known = (Placements(asked.before, placements=asked.known),) if asked.before is not None else ()
        found_from = {one.conversation_id: start_of(one, asked.version, (*known, *told)) for one in markers}
        pairs = [(one, found_from[one.conversation_id]) for one in markers]
        while pairs:
            number = pairs[0][1].version
            some = [pair for pair in pairs if pair[1].version == number]
            pairs = [pair for pair in pairs if pair[1].version != number]
            pixels = hashes.get(number)
            old = await self._old(pixels)
            if old is None:  # where a person has put one, that it was found elsewhere before says nothing
                pairs += [
                    (one, Start(one.version, one.point)) for one, start in some if _has_another(one, start)
                ]
                some = [(one, start) for one, start in some if not _has_another(one, start)]
            for at in range(0, len(some), AT_ONCE):
                part = await self._part(some[at : at + AT_ONCE], old, *seen, before=asked.before)
                yield part if part.seen else msgspec.structs.replace(part, lacks=pixels or "")

    async def until_kept(self, pixels: Collection[str]) -> None:
        """Wait until one of these pictures is kept."""
        while self._kept is not None:
            if any([await asyncio.to_thread(self._kept.has, one) for one in pixels]):
                return
            await asyncio.sleep(LOOKS_EVERY_S)

    async def _is_resaved(self, before: str | None, new: Picture, looks: Pixels) -> bool:
        """Whether what is shown is what was shown before, saved in another way."""
        old = await self._old(before)
        return old is not None and (await self._part((), old, new, looks, before=None)).resaved

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
        self,
        sought: Sequence[tuple[Placeable, Start]],
        old: tuple[Picture, bytes] | None,
        new: Picture,
        looks: Pixels,
        *,
        before: int | None,
    ) -> Part:
        answer = None
        if old is not None:
            lossy = is_lossy(old[1]) or is_lossy(await self._file_of(looks))
            answer = await _placed(old[0], new, [start.point for _, start in sought], lossy=lossy)
        if answer is None:
            guesses = (guess(one.conversation_id, one.point, start.point) for one, start in sought)
            return Part(tuple(guesses), seen=False)
        found = [(one, start, placed) for (one, start), placed in zip(sought, answer.placed, strict=True)]
        return Part(
            tuple(_placement(one, start, placed) for one, start, placed in found),
            resaved=answer.resaved,
            still=tuple(
                one.conversation_id
                for one, start, placed in found
                if start.version == before and placed.state in ("same", "changed")
            ),
        )

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
            put = there.state is PlacementState.SET
            start = Start(asked.before or 0, there.point, there)
            state = state_from(start, PlacementState.SAME if put else there.state, marker)
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


def _is_shown(version: int, pixels: str, hashes: Mapping[int, str]) -> bool:
    """Whether the picture that is shown is this version: below 0 one that is none of the image's."""
    return hashes.get(version) == pixels if version > 0 else pixels not in hashes.values()


def _has_another(marker: Placeable, start: Start) -> bool:
    """Whether a marker can be looked for from its own version instead."""
    return start.version != marker.version and not start.is_said


def _placement(marker: Placeable, start: Start, placed: Placed) -> Placement:
    return Placement(
        marker.conversation_id,
        Point(min(100.0, max(0.0, placed.x)), min(100.0, max(0.0, placed.y))),
        state_from(start, PlacementState(placed.state), marker),
        marker.point,
        min(1.0, max(0.0, placed.score)),
    )
