"""Requests and answers about images: which one it is, where it is met, what it has looked like (PROTOCOL 3.4)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from imagechat_tui.protocol.codec.fields import Fields, compact
from imagechat_tui.protocol.codec.json_text import JsonObject
from imagechat_tui.protocol.codec.requests import decode_broadcast_id
from imagechat_tui.protocol.ids import ImageId, UrlId, UserId
from imagechat_tui.protocol.models import Matched, OpenedImage, OtherImage, Place, PlaceKind, Version, Why
from imagechat_tui.protocol.routes import (
    MAX_IMAGE_NAME,
    MAX_PLACE,
    MAX_PLACES,
    MAX_PROJECT,
    MAX_SIDE,
    ImageDetails,
    ImageReply,
    OpenImage,
    Pixels,
)

Word = TypeVar("Word", bound=StrEnum)

_SHA256 = re.compile(r"[0-9a-f]{64}")


def encode_open_image(opened: OpenImage) -> JsonObject:
    """Body of OPEN_IMAGE and LINK_IMAGE."""
    picture = opened.picture
    return {
        "places": [encode_place(place) for place in opened.places],
        "name": opened.name,
        **compact(urlId=opened.url_id, bind=opened.bind),
        **({"told": list(opened.told)} if opened.told is not None else {}),
        **(_encode_pixels(picture) if picture is not None else {}),
        "broadcastId": opened.broadcast_id,
    }


def decode_open_image(obj: JsonObject) -> OpenImage:
    """Body of OPEN_IMAGE and LINK_IMAGE.

    Raises:
        MalformedMessage: Also for names that are too long, and for more places than one picture is met in at once.
    """
    fields = Fields(obj)
    places = tuple(map(read_place, fields.objects("places")))
    if len(places) > MAX_PLACES:
        raise fields.bad("places", f"are more than {MAX_PLACES}")
    name = fields.id("name")
    if len(name) > MAX_IMAGE_NAME:
        raise fields.bad("name", "is too long")
    url_id, bind = fields.optional_id("urlId"), fields.optional_id("bind")
    return OpenImage(
        broadcast_id=decode_broadcast_id(obj),
        name=name,
        places=places,
        url_id=UrlId(url_id) if url_id is not None else None,
        picture=_read_pixels(fields) if fields.has("pixels") else None,
        bind=ImageId(bind) if bind is not None else None,
        told=tuple(map(ImageId, fields.texts("told"))) if fields.has("told") else None,
    )


def encode_image_reply(reply: ImageReply) -> JsonObject:
    """Answer of OPEN_IMAGE and LINK_IMAGE."""
    return {
        "status": "success",
        "image": _encode_image(reply.image) if reply.image is not None else None,
        "others": [
            {
                "id": other.id,
                "urlId": other.url_id,
                "name": other.name,
                "project": other.project,
                "markers": other.markers,
                "paths": list(other.paths),
                "why": other.why.value,
            }
            for other in reply.others
        ],
        "left": list(reply.left),
    }


def decode_image_reply(obj: JsonObject) -> ImageReply:
    """Answer of OPEN_IMAGE and LINK_IMAGE.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    fields = Fields(obj)
    image = fields.optional_nested("image")
    return ImageReply(
        image=_read_image(image) if image is not None else None,
        others=tuple(map(_read_other, fields.objects("others"))),
        left=tuple(map(UrlId, fields.texts("left"))),
    )


def encode_image_details(details: ImageDetails) -> JsonObject:
    """Answer of SHOW_IMAGE."""
    return {
        "status": "success",
        "image": _encode_image(details.image),
        "places": [encode_place(place) for place in details.places],
        "versions": [
            {
                "number": version.number,
                "pixels": version.pixels,
                "sha256": version.sha256,
                "width": version.width,
                "height": version.height,
                "scale": version.scale,
                "at": version.at_ms,
                "by": version.by,
            }
            for version in details.versions
        ],
    }


def decode_image_details(obj: JsonObject) -> ImageDetails:
    """Answer of SHOW_IMAGE.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    fields = Fields(obj)
    return ImageDetails(
        image=_read_image(fields.nested("image")),
        places=tuple(map(read_place, fields.objects("places"))),
        versions=tuple(map(_read_version, fields.objects("versions"))),
    )


def _encode_pixels(picture: Pixels) -> JsonObject:
    return {
        "pixels": picture.pixels,
        "sha256": picture.sha256,
        "width": picture.width,
        "height": picture.height,
        "plain": picture.plain,
        "scale": picture.scale,
    }


def _read_pixels(fields: Fields) -> Pixels:
    return Pixels(
        pixels=_sha256(fields, "pixels"),
        sha256=_sha256(fields, "sha256"),
        width=_within(fields, "width", MAX_SIDE),
        height=_within(fields, "height", MAX_SIDE),
        plain=fields.flag("plain"),
        scale=_within(fields, "scale", 3) if fields.has("scale") else 1,
    )


def _sha256(fields: Fields, key: str) -> str:
    value = fields.text(key)
    if not _SHA256.fullmatch(value):
        raise fields.bad(key, "is no SHA-256 in hex")
    return value


def _within(fields: Fields, key: str, most: int) -> int:
    value = fields.integer(key)
    if not 1 <= value <= most:
        raise fields.bad(key, f"is not within 1 to {most}")
    return value


def encode_place(place: Place) -> JsonObject:
    """A place, where several are named."""
    return {"kind": place.kind.value, **compact(project=place.project or None), "value": place.value}


def read_place(fields: Fields) -> Place:
    """A place, where several are named.

    Raises:
        MalformedMessage: A key is missing or wrong.
    """
    try:
        kind = PlaceKind(fields.text("kind"))
    except ValueError:
        raise fields.bad("kind", "is none of path, url, file") from None
    project = fields.id("project") if kind is PlaceKind.PATH else ""
    if len(project) > MAX_PROJECT:
        raise fields.bad("project", "is too long")
    value = fields.id("value")
    if len(value) > MAX_PLACE:
        raise fields.bad("value", "is too long")
    return Place(kind, value, project)


def _encode_image(image: OpenedImage) -> JsonObject:
    return {
        "id": image.id,
        "urlId": image.url_id,
        "src": image.src,
        "name": image.name,
        "project": image.project,
        "matched": image.matched.value,
        "version": image.version,
        "latest": image.latest,
    }


def _read_image(fields: Fields) -> OpenedImage:
    return OpenedImage(
        id=ImageId(fields.id("id")),
        url_id=UrlId(fields.id("urlId")),
        src=fields.text("src"),
        name=fields.text("name"),
        project=fields.text("project"),
        matched=_member(fields, "matched", Matched),
        version=fields.optional_integer("version"),
        latest=fields.count("latest"),
    )


def _read_other(fields: Fields) -> OtherImage:
    return OtherImage(
        id=ImageId(fields.id("id")),
        url_id=UrlId(fields.id("urlId")),
        name=fields.text("name"),
        project=fields.text("project"),
        markers=fields.count("markers"),
        paths=tuple(fields.texts("paths")),
        why=_member(fields, "why", Why),
    )


def _read_version(fields: Fields) -> Version:
    return Version(
        number=fields.integer("number"),
        pixels=fields.text("pixels"),
        sha256=fields.text("sha256"),
        width=fields.integer("width"),
        height=fields.integer("height"),
        scale=fields.integer("scale"),
        at_ms=fields.ms("at"),
        by=UserId(fields.text("by")),
    )


def _member(fields: Fields, key: str, words: type[Word]) -> Word:
    try:
        return words(fields.text(key))
    except ValueError:
        raise fields.bad(key, f"is none of {', '.join(words)}") from None
