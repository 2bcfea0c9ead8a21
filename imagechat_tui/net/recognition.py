"""Asks the server which image a picture is, and so which room is its own (PROTOCOL 3.4)."""

from __future__ import annotations

import os
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

from msgspec.structs import replace

from imagechat_tui.net.api import Api, ApiError, Unreachable
from imagechat_tui.net.known_rooms import KnownRooms
from imagechat_tui.problems import PictureError
from imagechat_tui.protocol.ids import BroadcastId, ImageId, TenantId, UrlId
from imagechat_tui.protocol.models import Matched, OpenedImage, Place, PlaceKind
from imagechat_tui.protocol.routes import ImageReply, OpenImage, Pixels
from imagechat_tui.sync.identity import Sighting, bound_to, hosted_key, is_scaled, room_of
from imagechat_tui.sync.state import Peer, Room

Look = Callable[[], Awaitable[Pixels | None]]
"""The picture's looks, once they are there; None if it cannot be seen."""
SizeOf = Callable[[str], Awaitable[tuple[int, int]]]
"""Width and height of the picture in a file. Raises PictureError."""

_DECISIONS = 3
"""So often it is decided whose room it gets, as long as others note the same picture meanwhile; the last one holds."""
_MAY_NOT = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Recognition:
    """Finds the room of one picture.

    Args:
        met: the picture as it is met.
        tenant_id: whose rooms.
        look: asked at most once at a time; it may take as long as the picture needs to load.
        size_of: of another picture beside this one.
        binds: whether a picture that nobody knows gets a room; else it is only looked for.
        known: which room a place was in; None where that is not kept.
    """

    def __init__(
        self,
        met: Sighting,
        tenant_id: TenantId,
        look: Look,
        size_of: SizeOf,
        *,
        binds: bool,
        known: KnownRooms | None = None,
    ) -> None:
        self._met = met
        self._tenant_id = tenant_id
        self._look = look
        self._size_of = size_of
        self._binds = binds
        self._known = known
        self._place = met.place
        self._pixels: Pixels | None = None
        self._unseen: list[str] = []
        """Hashes of pictures that were none of the image's versions."""
        self.by_key = False
        """The room was found by a key that is made here: the server has said that it knows no images."""

    async def room(self, api: Api) -> Room:
        """The picture's room.

        Raises:
            ApiError: see ``net.failures``.
        """
        met, self.by_key = self._met, False
        if met.url_id is not None:
            return self._room()
        if met.larger is None and self._place is not None:
            reply = await self._ask(api)
            if reply is None or reply.image is not None:
                return await self._found(reply)
        await self._see()
        reply = await self._ask(api)
        if reply is None or reply.image is not None:
            return await self._found(reply)
        bind = self._decided(reply)
        if self._binds:
            try:
                for views_left in reversed(range(_DECISIONS)):
                    told = tuple(other.id for other in reply.others) if views_left else None
                    bound = await self._ask(api, bind, told=told)
                    if bound is None or bound.image is not None:
                        return await self._found(bound)
                    reply, bind = bound, self._decided(bound)
            except ApiError as failure:
                if failure.status not in _MAY_NOT:
                    raise
        other = next((other for other in reply.others if other.id == bind), None)
        if other is None:
            return replace(self._room(self._made_key()), others=reply.others)
        image = OpenedImage(
            other.id, other.url_id, other.name, other.name, other.project, Matched.PIXELS, None, 0
        )
        return replace(self._room(other.url_id, other.name), image=image, others=reply.others)

    async def noted(self, api: Api, room: Room) -> Room:
        """The same room, once the server knows what the picture looks like now, and that it is still used.

        Raises:
            ApiError: see ``net.failures``.
        """
        if self._met.url_id is not None:
            return await self._noted_by_key(api, room)
        if room.image is None:
            return room
        if room.own is not None:  # what its file becomes is no version of the image that it was
            return await self.compared(api, room)
        await self._see()
        reply = await self._ask(api, room_key=room.url_id)
        if reply is None or reply.image is None:
            return room
        image = replace(reply.image, matched=room.image.matched)
        return await self._with_version(api, replace(room, image=image, others=reply.others))

    async def followed(self, api: Api, room: Room) -> Room:
        """The same room; with the one that the picture is in by now, if somebody has linked it elsewhere.

        Raises:
            ApiError: see ``net.failures``.
        """
        if self._met.url_id is not None or room.image is None or self._place is None:
            return room
        by_place = await api.open_image(replace(self._opened(), picture=None))
        own = by_place.image if by_place is not None else None
        return replace(room, own=own if own is not None and own.url_id != room.url_id else None)

    async def compared(self, api: Api, room: Room) -> Room:
        """The same room, with the version that the picture is of those that the server knows. Nothing is noted.

        Raises:
            ApiError: see ``net.failures``.
        """
        if self._met.url_id is not None:
            return await self._noted_by_key(api, room)
        if room.image is None:
            return room
        return await self._with_version(api, replace(room, image=replace(room.image, version=None)))

    async def _with_version(self, api: Api, room: Room) -> Room:
        """The room, with the version that the picture is if the server has not said it: it notes not everybody's."""
        image = room.image
        if image is None or image.version is not None:
            return replace(room, unseen=None)
        await self._see()
        if self._pixels is None:
            return room
        versions, looks = (await api.image(image.id)).versions, self._pixels.pixels
        number = next((one.number for one in versions if one.pixels == looks), None)
        latest = max((one.number for one in versions), default=image.latest)
        if number is None and versions and looks not in self._unseen:
            self._unseen.append(looks)
        unseen = -1 - self._unseen.index(looks) if number is None and versions else None
        return replace(room, image=replace(image, version=number, latest=latest), unseen=unseen)

    async def _noted_by_key(self, api: Api, room: Room) -> Room:
        """The room that the person named, with what the server knows of it; nothing of the picture is noted."""
        asked = replace(self._opened(), picture=None, places=(), url_id=room.url_id)
        reply = await api.open_image(asked)
        if reply is None:
            return room
        image = reply.image
        room = replace(room, image=image, src=self._met.src or (image.src if image is not None else room.src))
        room = await self._with_version(api, room)
        if self._place is None:
            return room
        by_place = await api.open_image(replace(self._opened(), picture=None))
        own = by_place.image if by_place is not None else None
        return replace(room, own=own if own is not None and own.url_id != room.url_id else None)

    @property
    def has_key(self) -> bool:
        """Whether the room is known by a key: one that the person named, or one that was made here."""
        return self.by_key or self._met.url_id is not None

    async def looks(self) -> Pixels | None:
        """What the picture looks like; None if it cannot be seen."""
        await self._see()
        return self._pixels

    async def linked(self, api: Api, image_id: ImageId) -> ImageReply | None:
        """Have the picture be this image from now on; None of a server that knows no images.

        Raises:
            ApiError: see ``net.failures``.
        """
        await self._see()
        return await api.link_image(image_id, self._opened())

    def check(self, peer: Peer) -> None:
        """A key that was made here is for servers that know pages only.

        Raises:
            Unreachable: this one knows images: something else has answered in its place before.
        """
        if self.by_key and peer is Peer.OURS:
            raise Unreachable(sent=True)

    async def _see(self) -> None:
        """Wait for the picture's looks, and with them for what a larger one of another is called."""
        self._pixels = pixels = await self._look()
        larger = self._met.larger
        if larger is None or pixels is None:
            return
        try:
            size = await self._size_of(larger.path)
        except PictureError:
            return
        if is_scaled((pixels.width, pixels.height), size, larger.scale):
            self._place, self._pixels = larger.place, replace(pixels, scale=larger.scale)

    async def _ask(
        self,
        api: Api,
        bind: ImageId | None = None,
        *,
        room_key: UrlId | None = None,
        told: tuple[ImageId, ...] | None = None,
    ) -> ImageReply | None:
        return await api.open_image(replace(self._opened(), url_id=room_key, bind=bind, told=told))

    def _decided(self, reply: ImageReply) -> ImageId:
        return bound_to(reply, self._met.name, self._met.project, self._here(reply))

    def _opened(self) -> OpenImage:
        places: tuple[Place, ...] = () if self._place is None else (self._place,)
        broadcast_id = BroadcastId(str(uuid.uuid4()))
        return OpenImage(broadcast_id, self._met.name, places, picture=self._pixels)

    async def _found(self, reply: ImageReply | None) -> Room:
        if reply is not None and reply.image is not None:
            image = reply.image
            self._keep(image.url_id)
            return replace(self._room(image.url_id, image.src), image=image, others=reply.others)
        self.by_key = True
        return self._room(await self._key_without_images())

    async def _key_without_images(self) -> UrlId:
        """The key of the room on a server that knows none: of a file the one that it had first."""
        place = self._place
        if place is not None and place.kind is not PlaceKind.FILE:
            return self._made_key()
        kept = self._known.key_of(place) if self._known is not None and place is not None else None
        if kept is not None:
            return kept
        if self._pixels is None:
            await self._see()
        key = self._made_key()
        if self._pixels is not None:
            self._keep(key)
        return key

    def _keep(self, key: UrlId) -> None:
        """Know the room without the server, too: for drafts, and for a server that knows no images."""
        if self._known is not None and self._binds and self._place is not None:
            self._known.keep(self._place, key)

    def _made_key(self) -> UrlId:
        digest = (
            self._pixels.pixels if self._pixels is not None else self._met.drafts_key.removeprefix("sha256:")
        )
        return hosted_key(self._place, digest)

    def _room(self, url_id: UrlId | None = None, src: str = "") -> Room:
        return room_of(self._met, self._tenant_id, url_id, src)

    def _here(self, reply: ImageReply) -> set[str]:
        """Those paths of others that have a file in our folder."""
        told = {path for other in reply.others for path in other.paths}
        folder = Path(self._met.folder) if self._met.folder else None
        return {path for path in told if folder is not None and _is_within(folder, path)}


def _is_within(folder: Path, path: str) -> bool:
    """Whether a path, which others have told, names a file in a folder of ours."""
    try:
        return not os.path.isabs(path) and ".." not in Path(path).parts and (folder / path).is_file()  # noqa: PTH117
    except (OSError, ValueError):
        return False
