"""Page ids and thread keys (PROTOCOL 1.3). A thread key is opaque: nothing here takes one apart."""

from __future__ import annotations

import re
from typing import Final

from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import Point

MAX_URL_ID: Final = 1_000
"""Characters of a cleaned urlId."""

_COORDINATES: Final = re.compile(r":-?[0-9]+(?:\.[0-9]+)?:-?[0-9]+(?:\.[0-9]+)?\Z")
_TRACKING: Final = frozenset(
    {"fbclid", "gclid", "dclid", "msclkid", "yclid", "mc_cid", "mc_eid", "igshid", "_ga", "_gl"}
)


class UrlTooLong(ValueError):
    """A urlId of more than 1,000 characters."""


def clean(url_id: str) -> UrlId:
    """A urlId without surrounding space and without the query pairs that only track people.

    Cleaning twice changes nothing. What ends in ``:x:y`` is a thread key, whose image may be a URL with a
    query of its own: it stays as it is.

    Raises:
        UrlTooLong: More than 1,000 characters are left.
    """
    cleaned = url_id.strip()
    if cleaned.startswith(("http://", "https://")) and not _COORDINATES.search(cleaned):
        cleaned = _without_tracking(cleaned).strip()
    if len(cleaned) > MAX_URL_ID:
        raise UrlTooLong(f"{len(cleaned)} characters, {MAX_URL_ID} are allowed")
    return UrlId(cleaned)


def rounded(point: Point) -> Point:
    """The point as it is sent and as it stands in the thread key: two decimals."""
    return Point(round(point.x, 2) + 0.0, round(point.y, 2) + 0.0)  # + 0.0: no minus before a zero


def thread_key(url_id_clean: UrlId, src: str, point: Point) -> UrlId:
    """The key of a new marker's thread.

    Args:
        url_id_clean: The image key, cleaned.
        src: The image, by the name that every client gives it.
        point: Where the marker is put; rounded here.
    """
    place = rounded(point)
    return UrlId(f"{url_id_clean}:{src}:{_decimal(place.x)}:{_decimal(place.y)}")


def _decimal(value: float) -> str:
    """Without exponent and trailing zeros: ``30``, ``25.5``, ``0.01``."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _without_tracking(url: str) -> str:
    """The URL without those pairs, every other character as it was."""
    rest, hash_mark, fragment = url.partition("#")
    address, question_mark, query = rest.partition("?")
    pairs = query.split("&")
    kept = [pair for pair in pairs if not _tracks(pair)]
    if len(kept) == len(pairs):
        return url
    query = "&".join(kept)
    return address + (question_mark + query if query else "") + hash_mark + fragment


def _tracks(pair: str) -> bool:
    name = pair.partition("=")[0].strip()  # space that the end of the URL would lose: else twice is not once
    return name in _TRACKING or name.startswith("utm_")
