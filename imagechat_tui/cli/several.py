"""Several pictures, of a folder or by their names, for a verb that looks at each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import click
from msgspec.structs import replace

from imagechat_tui.cli.picture_files import all_pictures, choose_pictures
from imagechat_tui.cli.target import Target
from imagechat_tui.problems import PictureError, VerbFailed


class Named(NamedTuple):
    """Several pictures, by their names or as what is in a folder."""

    images: tuple[str, ...]
    told: tuple[str, ...]
    """What to tell of the choice, where it is not simply what was typed."""

    def targets(self, first: Target) -> list[Target]:
        """Each of them, met as the first one is."""
        return [replace(first, image=image) for image in self.images]


def several_named(images: Sequence[str], *, url_id: str | None, src: str | None) -> Named | None:
    """All pictures that are named, folders replaced by what is in them; None if one alone is named.

    Raises:
        UsageError: an option is about one picture, or one of several is to come through stdin.
        PictureError, VerbFailed: see ``all_pictures``.
    """
    if len(images) > 1:
        if url_id or src:
            raise click.UsageError("--url-id and --src are about one picture, and several are named.")
        if "-" in images:
            raise click.UsageError("A picture from stdin (-) stands alone here.")
        pictures = all_pictures(images)
        told = (picture.told for picture in pictures)
        return Named(tuple(picture.image for picture in pictures), tuple(filter(None, told)))
    if url_id:
        return None
    try:
        chosen = choose_pictures(images[0])
    except (PictureError, VerbFailed):
        return None  # said where one picture is looked for
    if chosen.folder is None:
        return None
    paths = (chosen.choice(at).image for at in range(len(chosen.names)))
    return Named(tuple(paths), tuple(filter(None, [chosen.told])))


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
