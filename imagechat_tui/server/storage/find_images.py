"""How images are looked for, whatever the database."""

from __future__ import annotations

from imagechat_tui.protocol.ids import ImageId, TenantId
from imagechat_tui.protocol.models import PlaceKind
from imagechat_tui.server.storage import (
    MOST_OF_IMAGE,
    FoundImage,
    ImageHistory,
    ImageQuery,
    ImageRecord,
    ImagesFound,
)
from imagechat_tui.server.storage.transaction import Transaction

MOST_ALIKE = 20
"""Images of the same pixels that are looked at."""


def find_images(tx: Transaction, tenant_id: TenantId, asked: ImageQuery) -> ImagesFound:
    """Images by id, key, place and pixels."""
    named = None
    if asked.image_id is not None:
        named = tx.image(tenant_id, image_id=asked.image_id)
    elif asked.url_id is not None:
        named = tx.image(tenant_id, url_id=asked.url_id)
    held = [held for place in asked.places if (held := tx.place(tenant_id, place)) is not None]
    alike: tuple[ImageId, ...] = ()
    if asked.alike and asked.pixels is not None:
        alike = tx.images_with(tenant_id, asked.pixels, MOST_ALIKE)

    def found(record: ImageRecord) -> FoundImage:
        return _found(tx, tenant_id, asked, record)

    return ImagesFound(
        named=None if named is None else found(named),
        at=tuple((one, found(_image(tx, tenant_id, one.image_id))) for one in held),
        alike=tuple(found(_image(tx, tenant_id, image_id)) for image_id in alike),
    )


def image_history(tx: Transaction, tenant_id: TenantId, image_id: ImageId) -> ImageHistory | None:
    """All that is known of an image."""
    record = tx.image(tenant_id, image_id=image_id)
    if record is None:
        return None
    return ImageHistory(
        record,
        tx.places(tenant_id, image_id, MOST_OF_IMAGE),
        tx.versions(tenant_id, image_id, MOST_OF_IMAGE),
    )


def _image(tx: Transaction, tenant_id: TenantId, image_id: ImageId) -> ImageRecord:
    record = tx.image(tenant_id, image_id=image_id)
    assert record is not None, "places and versions go with their image"
    return record


def _found(tx: Transaction, tenant_id: TenantId, asked: ImageQuery, record: ImageRecord) -> FoundImage:
    same = None if asked.pixels is None else tx.version(tenant_id, record.id, asked.pixels)
    seen_in = None if same is None else tx.seen_in(tenant_id, record.id, same.number)
    newest = tx.version(tenant_id, record.id, None)
    met = [held.place for held in tx.places(tenant_id, record.id, MOST_OF_IMAGE) if not held.moved]
    paths: tuple[str, ...] = ()
    if asked.project:
        paths = tuple(
            place.value for place in met if place.kind is PlaceKind.PATH and place.project == asked.project
        )
    return FoundImage(
        record,
        markers=tx.markers_on(tenant_id, record.url_id),
        paths=paths,
        version=None if same is None else same.number,
        latest=0 if newest is None else newest.number,
        seen_elsewhere=seen_in is not None and seen_in not in asked.places,
        lone=set(met).issubset(asked.places),
    )
