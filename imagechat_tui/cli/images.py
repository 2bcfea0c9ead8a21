"""Verbs about which picture it is: where, versions, link, unlink (PROTOCOL 3.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime

import click

from imagechat_tui import problems
from imagechat_tui.cli.documents import print_document
from imagechat_tui.cli.one_shot import Visit, visit
from imagechat_tui.cli.picture_files import choose_picture
from imagechat_tui.cli.target import (
    completed_files,
    note_choice,
    picture_argument,
    picture_options,
    server_options,
    target,
    to_look_at,
    to_write_on,
)
from imagechat_tui.cli.threads import as_json
from imagechat_tui.cli.trust import Purpose
from imagechat_tui.cli.verb import Verb
from imagechat_tui.finding import own_part
from imagechat_tui.problems import PictureError, PictureMissing, VerbFailed
from imagechat_tui.protocol.codec import iso_from_ms
from imagechat_tui.protocol.ids import ImageId, UrlId
from imagechat_tui.protocol.models import Comment, Conversation, OpenedImage, OtherImage, Place, Version
from imagechat_tui.protocol.routes import NEW_IMAGE, ConversationList, ImageReply
from imagechat_tui.settings import sayable
from imagechat_tui.tui.widgets.people import People
from imagechat_tui.words import matched_words, own_already_words, places_words, safe_name, undo_link_words


@click.command(cls=Verb)
@picture_argument
@picture_options
@server_options
@as_json
def where(image: str, json_: bool, **options: str | None) -> None:
    """Tell which room IMAGE is in, by what it was recognised, and where else it is met.

    \b
    imagechat where shot.png
    """

    async def work(visit: Visit) -> tuple[Visit, tuple[Place, ...], tuple[Version, ...], Version | None]:
        details = await visit.history()
        if details is None:
            return visit, (), (), None
        return visit, details.places, details.versions, await visit.current(details.versions)

    chosen = to_look_at(image, **options)
    visited, places, versions, version = visit(chosen, work)
    known, room = visited.room.image, visited.room
    latest = versions[-1].number if versions else 0
    if json_:
        print_document(
            urlId=room.url_id if known is not None or visited.has_key else None,
            src=room.src,
            id=None if known is None else known.id,
            project=chosen.met.project if known is None else known.project,
            matched=None if known is None else known.matched.value,
            version=None if version is None else version.number,
            latest=latest,
            places=[_place_json(place) for place in places],
            others=[_other_json(other) for other in room.others],
        )
        return
    if known is None and not visited.has_key:
        click.echo(f"Nobody has talked about {safe_name(chosen.title)} here yet.")
    else:
        _line("room", safe_name(room.url_id))
    if known is not None:
        _line("known by", matched_words(known.matched))
        _line("project", safe_name(known.project) if known.project else "none")
        seen = "not seen yet" if version is None else str(version.number)
        _line("version", f"{seen} of {latest}" if version is not None else f"{seen}; the latest is {latest}")
    for words in places_words(places):
        _line("met at", words)
    for other in room.others:
        _line("also", _other_words(other))


@click.command(cls=Verb)
@picture_argument
@picture_options
@server_options
@as_json
def versions(image: str, json_: bool, **options: str | None) -> None:
    """List what IMAGE has looked like, the newest last, and who met it so first.

    \b
    imagechat versions shot.png --json | jq '.versions[-1].at'
    """

    async def work(visit: Visit) -> tuple[tuple[Version, ...], Version | None, People]:
        details = await visit.history()
        if details is None:
            return (), None, People({})
        current = await visit.current(details.versions)
        return details.versions, current, _people(await visit.look(), details.versions)

    chosen = to_look_at(image, **options)
    found, current, people = visit(chosen, work)
    if json_:
        print_document(versions=[_version_json(version, current) for version in found])
        return
    if not found:
        click.echo(f"No version of {safe_name(chosen.title)} is known here.")
    for version in found:
        at = datetime.fromtimestamp(version.at_ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
        scale = f"  @{version.scale}x" if version.scale > 1 else ""
        here = "  this file" if version == current else ""
        by = people.name_of(version.by)
        click.echo(f"v{version.number}  {at}  {version.width} × {version.height}{scale}  {by}{here}")


def _people(listing: ConversationList, versions: Iterable[Version]) -> People:
    """What those are called who met the versions first: as they have said, else by their ids."""
    names = {by: own_part(by) for version in versions if (by := version.by) is not None}
    threads: tuple[Conversation | Comment, ...] = listing.conversations
    for said in (*threads, *listing.comments):
        if said.author_id is not None and said.commenter_name:
            names[said.author_id] = said.commenter_name
    return People(names, listing.user)


@click.command(cls=Verb)
@picture_argument
@click.argument("to", metavar="KEY|IMAGE", shell_complete=completed_files)
@server_options
@as_json
def link(image: str, to: str, json_: bool, **options: str | None) -> None:
    """Have IMAGE share a room: that of another picture, or the one of a key.

    \b
    imagechat link mock-final.png mock.png
    imagechat link mock.png img/7k2m9qdt/checkout.png

    Markers stay in the room where they are. What it prints undoes it. A file that is here goes before a key.
    """
    image_id = _image_named(to, **options)

    async def work(visit: Visit) -> ImageReply:
        return await visit.link(image_id)

    _linked(image, work, anew=False, json_=json_, **options)


def _image_named(named: str, **options: str | None) -> ImageId:
    """The image of a picture that is here; of one that was, by its name; or of the room whose key it is.

    Raises:
        PictureError: there is something of this name, and it is no picture.
        VerbFailed: neither a picture nor a room is known by this name: nothing is made for what may be mistyped.
    """
    try:
        choice = choose_picture(named)
    except PictureError as failure:
        gone = failure.problem
        if not isinstance(gone, PictureMissing) or gone.link:
            raise
        return _image_known_as(named, gone.near, **options)
    chosen = target(note_choice(choice), Purpose.WRITE, **options)
    asyncio.run(chosen.check_picture())

    async def found(visit: Visit) -> ImageId:
        return await visit.image_id()

    return visit(chosen, found)


def _image_known_as(named: str, near: tuple[str, ...], **options: str | None) -> ImageId:
    async def found(visit: Visit) -> ImageId:
        known = visit.room.image
        image_id = known.id if known is not None else await visit.image_of_key(UrlId(sayable(named)))
        if image_id is None:
            raise VerbFailed(problems.NoSuchRoom(named, near))
        return image_id

    return visit(target(named, Purpose.READ, **options), found, binds=False)


@click.command(cls=Verb)
@picture_argument
@server_options
@as_json
def unlink(image: str, json_: bool, **options: str | None) -> None:
    """Give IMAGE a room of its own from now on.

    \b
    imagechat unlink shot.png

    Markers stay in the room where they are. What it prints undoes it. Alone in a room without markers it stays there.
    """

    async def work(visit: Visit) -> ImageReply:
        return await visit.link(NEW_IMAGE)

    _linked(image, work, anew=True, json_=json_, **options)


def _linked(
    image: str,
    work: Callable[[Visit], Awaitable[ImageReply]],
    *,
    anew: bool,
    json_: bool,
    **options: str | None,
) -> None:
    """Link a picture, and say how that is undone."""
    chosen = to_write_on(image, url_id=None, src=None, **options)

    async def of_a_place(visit: Visit) -> tuple[OpenedImage | None, ImageReply]:
        if chosen.met.place is None:
            raise VerbFailed(problems.MetNowhere(chosen.title))
        return visit.room.image, await work(visit)

    before, reply = visit(chosen, of_a_place, binds=False)
    assert reply.image is not None
    if json_:
        print_document(urlId=reply.image.url_id, id=reply.image.id, left=list(reply.left))
        return
    if anew and before is not None and before.id == reply.image.id:
        click.echo(own_already_words(chosen.title))
        return
    click.echo(f"{safe_name(chosen.title)} is in the room {safe_name(reply.image.url_id)} now.")
    for key in reply.left:
        click.echo(undo_link_words(image, key))


def _line(name: str, told: str) -> None:
    click.echo(f"{name:<10}{told}")


def _other_words(other: OtherImage) -> str:
    project = f" in {safe_name(other.project)}" if other.project else ""
    markers = "1 marker" if other.markers == 1 else f"{other.markers} markers"
    return f"{safe_name(other.name)}{project}, {markers}: {safe_name(other.url_id)}"


def _place_json(place: Place) -> dict[str, object]:
    return {"kind": place.kind.value, "project": place.project or None, "value": place.value}


def _other_json(other: OtherImage) -> dict[str, object]:
    return {
        "urlId": other.url_id,
        "name": other.name,
        "project": other.project,
        "markers": other.markers,
        "why": other.why.value,
    }


def _version_json(version: Version, current: Version | None) -> dict[str, object]:
    return {
        "number": version.number,
        "at": iso_from_ms(version.at_ms),
        "by": version.by,
        "size": [version.width, version.height],
        "scale": version.scale,
        "pixels": version.pixels,
        "sha256": version.sha256,
        "current": version == current,
    }
