"""Which image a picture is (PROTOCOL 3.4): by its room's key, then by place, and last by its pixels.

What the server cannot know, whether files are still where they were met, the asking side looks up and decides; the
server then binds the picture's places to an image. A place that is an image's already wins over whatever was decided,
and what was decided before somebody noted the same pixels is decided again: two people who open one picture at once
end in one room. Rooms are never merged.
"""

from __future__ import annotations

import base64
import re
import secrets
import uuid
from collections.abc import Callable

from msgspec.structs import replace

from imagechat_tui.protocol import codec, codes
from imagechat_tui.protocol.codec import dump_json
from imagechat_tui.protocol.ids import ImageId, UrlId
from imagechat_tui.protocol.models import Matched, OpenedImage, OtherImage, Place, PlaceKind, Version, Why
from imagechat_tui.protocol.routes import NEW_IMAGE, ImageDetails, ImageReply, OpenImage
from imagechat_tui.protocol.thread_keys import clean
from imagechat_tui.server.guard.access import NOTHING_YET, Action, Actor, allowed
from imagechat_tui.server.storage import (
    Change,
    Decision,
    FoundImage,
    HeldPlace,
    ImageChange,
    ImageQuery,
    ImageRecord,
    ImagesFound,
    Subject,
)
from imagechat_tui.server.storage.apply_change import IMAGES_KEPT_MS
from imagechat_tui.server.usecases import commands
from imagechat_tui.server.usecases.refusals import Refused, image_not_found, require

RENEWED_MS = IMAGES_KEPT_MS - 86_400_000
"""An image that would go sooner than this is noted as opened, so once a day at most."""
MOST_OTHERS = 10
_NAME_IN_KEY = 80

_ORDER = (PlaceKind.PATH, PlaceKind.URL, PlaceKind.FILE)
_MATCHED = {PlaceKind.PATH: Matched.PATH, PlaceKind.URL: Matched.URL, PlaceKind.FILE: Matched.FILE}
_ODD_IN_KEY = re.compile(r"[\s/\\:?#%]+")


class ImageCommands(commands.Commands):
    """Opens images, and says where else they are met."""

    async def open_image(self, request: commands.Request, opened: OpenImage) -> bytes:
        """The image that a picture is. Where that changes nothing it costs no write.

        Who may not write learns what is known, and of their pixels nothing is noted.
        """
        actor = request.actor
        asked = _query(opened, opened.bind, guest=actor.anonymous)
        if opened.bind is None:
            found = await self._store.images(actor.tenant_id, asked)
            hit = _recognised(found, opened)
            news = _is_news(hit, found, opened, self._now_ms())
            if not news or not allowed(actor, Action.BIND_PICTURE).granted:
                return _answer(hit, found, opened)

        def decide(subject: Subject) -> Decision:
            hit, named = _recognised(subject.images, opened), subject.images.named
            if hit is None and opened.bind not in (None, NEW_IMAGE):
                if named is None:
                    raise image_not_found()
                if actor.anonymous:
                    raise Refused(403, codes.UNAUTHORIZED)
                back = any(owner == named for _, owner in subject.images.at)
                hit = named, Matched.PATH if back else Matched.PIXELS
            self.allow(request, Action.BIND_PICTURE, None)
            self.in_time(request, subject)
            if hit is None and _is_decided_too_early(subject.images, opened):
                return Decision(_answer(None, subject.images, opened))
            return self._bound(request, subject, opened, hit)

        return await self._carried_out(request, asked, decide)

    async def link_image(self, request: commands.Request, image_id: ImageId, opened: OpenImage) -> bytes:
        """Give places to an image, or to a new one, whosever they were. Markers stay where they are."""
        opened = replace(opened, url_id=None)
        asked = _query(opened, image_id)

        def decide(subject: Subject) -> Decision:
            named = subject.images.named
            if named is None and image_id != NEW_IMAGE:
                raise image_not_found()
            self.allow(request, Action.LINK_PICTURE, None)
            if not opened.places:
                raise Refused(400, codes.INVALID_INPUT, "places is empty.")
            self.in_time(request, subject)
            image = _own(subject.images, opened) if image_id == NEW_IMAGE else named
            hit = None if image is None else (image, Matched.LINK)
            return self._bound(request, subject, opened, hit, linked=True)

        return await self._carried_out(request, asked, decide)

    async def show_image(self, actor: Actor, image_id: ImageId) -> ImageDetails:
        """An image with its places and versions."""
        require(actor, Action.READ, NOTHING_YET)
        history = await self._store.image_history(actor.tenant_id, image_id)
        if history is None:
            raise image_not_found()
        latest = history.versions[-1].number if history.versions else 0
        return ImageDetails(
            _opened(history.record, Matched.KEY, None, latest),
            tuple(held.place for held in history.places),
            history.versions,
        )

    async def _carried_out(
        self, request: commands.Request, asked: ImageQuery, decide: Callable[[Subject], Decision]
    ) -> bytes:
        return await self.carry_out(
            Change(
                tenant_id=request.actor.tenant_id,
                actor_id=request.actor.id,
                broadcast_id=request.broadcast_id,
                request_hash=request.hash,
                decide=decide,
                images=asked,
            )
        )

    def _bound(
        self,
        request: commands.Request,
        subject: Subject,
        opened: OpenImage,
        hit: tuple[FoundImage, Matched] | None,
        *,
        linked: bool = False,
    ) -> Decision:
        """The picture is this image, or a new one: note where it was met, and its pixels."""
        found, picture = subject.images, opened.picture
        image, matched = hit or (_new(opened), Matched.LINK if linked else Matched.NEW)
        if hit is None and opened.url_id is not None and not linked:
            matched = Matched.KEY
        record, held = image.record, {one.place: (one, owner) for one, owner in found.at}
        places = [
            HeldPlace(place, record.id)
            for place in opened.places
            if linked or place not in held or (held[place][0].moved and held[place][0].image_id != record.id)
        ]
        if matched is Matched.PIXELS and places:  # its file was renamed, for else it would have no paths here
            old = (Place(PlaceKind.PATH, path, _project(opened)) for path in image.paths)
            places += [HeldPlace(place, record.id, moved=True) for place in old]
        number, version = image.version, None
        if picture is not None and number is None:
            number = image.latest + 1
            version = Version(
                number=number,
                pixels=picture.pixels,
                sha256=picture.sha256,
                width=picture.width,
                height=picture.height,
                scale=picture.scale,
                at_ms=subject.now_ms,
                by=request.actor.id,
            )
        record = replace(
            record,
            project=record.project or _project(opened),
            due_ms=subject.now_ms + IMAGES_KEPT_MS,
        )
        lone = opened.places[0] if len(opened.places) == 1 else None
        after = replace(image, record=record, version=number, latest=max(image.latest, number or 0))
        plain = picture is not None and picture.plain
        left = [(one, owner) for one, owner in held.values() if linked and one.image_id != record.id]
        keys = dict.fromkeys(owner.record.url_id for _, owner in left)
        return Decision(
            _answer((after, matched), found, opened, left=tuple(keys)),
            image_change=ImageChange(
                record,
                tuple(places),
                version,
                plain,
                seen_in=lone if version is not None else None,
                seen_too=image.version if image.seen_elsewhere else None,
                left=tuple(one for one, _ in left),
            ),
        )


def _query(opened: OpenImage, image_id: ImageId | None, *, guest: bool = False) -> ImageQuery:
    """What to look for. Nobody without sign-in learns by pixels: they might ask what others look at."""
    picture = opened.picture
    by_key = opened.url_id is not None
    return ImageQuery(
        image_id=None if by_key or image_id == NEW_IMAGE else image_id,
        url_id=clean(opened.url_id) if opened.url_id is not None else None,
        places=tuple(sorted(opened.places, key=lambda place: _ORDER.index(place.kind))),
        pixels=picture.pixels if picture is not None else None,
        alike=picture is not None and not picture.plain and not guest,
        project=_project(opened),
    )


def _project(opened: OpenImage) -> str:
    return next((place.project for place in opened.places if place.project), "")


def _recognised(found: ImagesFound, opened: OpenImage) -> tuple[FoundImage, Matched] | None:
    """The image whose room's key was told, or whose place the picture is in."""
    if opened.url_id is not None:
        return None if found.named is None else (found.named, Matched.KEY)
    for held, image in found.at:
        if not held.moved or image.version is not None:
            return image, _MATCHED[held.place.kind]
    return None


def _own(found: ImagesFound, opened: OpenImage) -> FoundImage | None:
    """The image that all the places are already, alone and without a marker: another new one would be the same."""
    held = {one.place: image for one, image in found.at if not one.moved}
    images = {image.record.id: image for image in held.values()}
    if len(images) != 1 or not held.keys() >= set(opened.places):
        return None
    (image,) = images.values()
    return image if image.lone and not image.markers else None


def _is_news(
    hit: tuple[FoundImage, Matched] | None, found: ImagesFound, opened: OpenImage, now_ms: int
) -> bool:
    """Whether opening it changes what is known: where it is met, what it has looked like, that it is still used."""
    if hit is None:  # a key alone is asked about: it may be mistyped
        return opened.url_id is not None and (bool(opened.places) or opened.picture is not None)
    image, known = hit[0], {held.place for held, _ in found.at}
    return (
        (opened.picture is not None and image.version is None)
        or not known.issuperset(opened.places)
        or image.seen_elsewhere
        or image.record.due_ms < now_ms + RENEWED_MS
    )


def _is_decided_too_early(found: ImagesFound, opened: OpenImage) -> bool:
    """Whether somebody has noted one meanwhile that the picture may be: the asking side did not know of it."""
    told = opened.told
    return told is not None and any(other.id not in told for other in _others(found))


def _new(opened: OpenImage) -> FoundImage:
    """An image that nobody knew; of its key only the server's randomness tells it from others of this name."""
    if opened.url_id is not None:
        url_id = clean(opened.url_id)
    else:
        name = _ODD_IN_KEY.sub("-", opened.name).strip("-")[:_NAME_IN_KEY] or "picture"
        url_id = UrlId(f"img/{base64.b32encode(secrets.token_bytes(5)).decode().lower()}/{name}")
    record = ImageRecord(
        ImageId(f"im_{uuid.uuid4().hex}"), url_id, opened.name, opened.name, _project(opened), 0
    )
    return FoundImage(record, 0, (), None, 0)


def _answer(
    hit: tuple[FoundImage, Matched] | None,
    found: ImagesFound,
    opened: OpenImage,
    *,
    left: tuple[UrlId, ...] = (),
) -> bytes:
    image = None if hit is None else _opened(hit[0].record, hit[1], hit[0].version, hit[0].latest)
    others = _others(found, None if image is None else image.id)
    return dump_json(codec.encode_image_reply(ImageReply(image, others, left)))


def _others(found: ImagesFound, but: ImageId | None = None) -> tuple[OtherImage, ...]:
    """Images that the picture may be as well, the likeliest first."""
    moved = [_other(owner, Why.MOVED) for held, owner in found.at if held.moved and owner.version is None]
    alike = sorted((_other(other, Why.PIXELS) for other in found.alike), key=lambda other: -other.markers)
    return tuple(other for other in (*moved, *alike) if other.id != but)[:MOST_OTHERS]


def _opened(record: ImageRecord, matched: Matched, version: int | None, latest: int) -> OpenedImage:
    return OpenedImage(
        record.id, record.url_id, record.src, record.name, record.project, matched, version, latest
    )


def _other(image: FoundImage, why: Why) -> OtherImage:
    record = image.record
    return OtherImage(record.id, record.url_id, record.name, record.project, image.markers, image.paths, why)
