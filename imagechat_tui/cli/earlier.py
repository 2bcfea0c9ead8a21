"""An earlier version of a picture, if this machine has seen it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace

from imagechat_tui.cli.target import Target, kept_pictures
from imagechat_tui.problems import PictureError
from imagechat_tui.words import damaged_words, earlier_words, problem_words

if TYPE_CHECKING:
    from imagechat_tui.protocol.models import OpenedImage, Version
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.tui.comparison_loading import Against, NothingEarlier


async def earlier_version(
    chosen: Target, image: OpenedImage | None, shown: Picture
) -> Against | NothingEarlier:
    """The newest version before the one that is shown, of those that are kept here: mostly the one just before it.

    Where there were others in between this machine has not seen them. A copy that is damaged is dropped, and said so.

    Args:
        chosen: the picture.
        image: as the server knows it; None if it does not, or has not been asked yet.
        shown: what the picture looks like now; the server may not know it yet.
    """
    from imagechat_tui.net.api import Api, ApiError
    from imagechat_tui.net.pictures import pixels_of
    from imagechat_tui.tui.comparison_loading import NothingEarlier, at_hand

    kept = kept_pictures(chosen.settings, chosen.folders)
    if image is None or kept is None:
        return NothingEarlier()
    api = Api(chosen.endpoint)
    try:
        details = await api.image(image.id)
    except ApiError as failure:
        return NothingEarlier(why=problem_words(failure.problem))
    finally:
        await api.close()
    looks = (await asyncio.to_thread(pixels_of, shown)).pixels
    newest = max((one.number for one in details.versions), default=0)
    number = next((one.number for one in details.versions if one.pixels == looks), newest + 1)
    before = sorted((one for one in details.versions if one.number < number), key=lambda one: -one.number)
    damaged: list[int] = []
    for version in before:
        file = await asyncio.to_thread(kept.find, version.pixels)
        if file is None:
            continue
        picture = await _whole(chosen, version, file)
        if picture is not None:
            note = damaged_words(damaged) if damaged else None
            return replace(at_hand(earlier_words(version.number, number), picture), note=note)
        await asyncio.to_thread(kept.forget, version.pixels)
        damaged.append(version.number)
    why = damaged_words(damaged) if damaged else None
    return NothingEarlier(tuple(version.number for version in before), why)


async def _whole(chosen: Target, version: Version, file: bytes) -> Picture | None:
    """The picture of a file that was kept; None if that is not what it was."""
    from imagechat_tui.net.pictures import load_picture, pixels_of

    try:
        picture = await load_picture("-", stdin=file, limits=chosen.limits())
    except PictureError:
        return None
    return picture if (await asyncio.to_thread(pixels_of, picture)).pixels == version.pixels else None
