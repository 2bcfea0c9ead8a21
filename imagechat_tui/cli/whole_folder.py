"""All pictures of a folder, for a verb that looks at each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from imagechat_tui.cli.picture_files import PicturesChoice, choose_pictures
from imagechat_tui.cli.target import Target
from imagechat_tui.problems import PictureError, VerbFailed


def whole_folder(image: str) -> PicturesChoice | None:
    """The pictures of the folder that is named; None if that is no folder with pictures."""
    try:
        chosen = choose_pictures(image)
    except (PictureError, VerbFailed):
        return None  # said where one picture is looked for
    return chosen if chosen.folder is not None else None


def each_of(first: Target, chosen: PicturesChoice) -> list[Target]:
    """The pictures of a folder, in their order."""
    return [replace(first, image=chosen.choice(at).image) for at in range(len(chosen.names))]


def known_ones(targets: Sequence[Target]) -> list[Target]:
    """Those that the server knows where they are: asked for in a few requests, for people may read twice a second.

    All of them, if it knows no such question.

    Raises:
        ApiError: see ``net.failures``.
    """
    return asyncio.run(_known_ones(targets))


async def _known_ones(targets: Sequence[Target]) -> list[Target]:
    from imagechat_tui.net.api import Api, ApiError
    from imagechat_tui.protocol.routes import MAX_SUMMARIES, Summarize

    first = targets[0]
    if first.before_connect is not None:
        await first.before_connect()
    met = [(target, target.met.place) for target in targets]
    asked = [(target, place) for target, place in met if place is not None]
    known: list[Target] = []
    api = Api(first.endpoint)
    try:
        for start in range(0, len(asked), MAX_SUMMARIES):
            part = asked[start : start + MAX_SUMMARIES]
            told = await api.summaries(Summarize(places=tuple(place for _, place in part)))
            known += [target for (target, _), key in zip(part, told.at, strict=False) if key is not None]
    except ApiError as failure:
        if failure.status not in (404, 405):
            raise
        return list(targets)
    finally:
        await api.close()
    return known
