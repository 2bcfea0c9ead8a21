"""The opaque ids that ``/sub`` wants, and who may use them (PROTOCOL 2.5).

``urlIdWS`` names a room, ``userIdWS`` says who listens. Both hold only unreserved characters, so that no
client's percent-encoding, once or twice, changes them. Neither may ever reach a log or a frame.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re

from msgspec import Struct

from imagechat_tui.protocol.ids import TenantId, UrlId, UserId
from imagechat_tui.protocol.keys import clean
from imagechat_tui.protocol.routes import RoomIds

DAY_S = 86_400
LIFETIME_DAYS = 3
"""A token ends at the third midnight (UTC) to come: 2 to 3 days, the same for all tokens of one day."""

MAX_TOKEN_LENGTH = 4_096
"""Characters; longer values are not even looked at."""

_ROOM_TOKEN = re.compile(r"r1[A-Za-z0-9_-]{24}")
_USER_TOKEN_VERSION = "u1"
_MAX_DECODINGS = 2


class UserToken(Struct, frozen=True):
    """What a ``userIdWS`` of ours says. It grants reading of rooms and of the log, never writing."""

    tenant_id: TenantId
    user_id: UserId
    role: int
    """0 user, 1 moderator, 2 admin: the values of ``access.Role``."""
    expires_s: int
    """Seconds since the epoch; a socket opened with the token ends then."""


class RoomAddress(Struct, frozen=True):
    """A room as a socket named it. The channel key is the tenant *and* the token (PROTOCOL 2.5)."""

    token: str
    url_id: UrlId | None
    """Known only if the room was named in a foreign form; else the store knows it by the token."""


def room_token(secret: bytes, tenant_id: TenantId, url_id: UrlId) -> str:
    """The ``urlIdWS`` of a page: the same for everybody and for ever.

    Args:
        secret: The server's secret.
        tenant_id: Whose page.
        url_id: The cleaned page id.
    """
    message = f"room\n{tenant_id}\n{url_id}".encode("utf-8", "surrogatepass")
    return "r1" + _b64(hmac.digest(secret, message, hashlib.sha256))[:24]


def user_token(secret: bytes, tenant_id: TenantId, user_id: UserId, role: int, now_s: float) -> str:
    """The ``userIdWS`` of a user: byte for byte the same during one UTC day.

    Two official SDKs reopen their socket whenever an answer carries another value.
    """
    expires_s = (int(now_s // DAY_S) + LIFETIME_DAYS) * DAY_S
    claims = json.dumps(
        {"t": tenant_id, "u": user_id, "r": int(role), "e": expires_s},
        separators=(",", ":"),
        ensure_ascii=False,
    )
    signed = f"{_USER_TOKEN_VERSION}.{_b64(claims.encode('utf-8', 'surrogatepass'))}"
    return f"{signed}.{_b64(_sign(secret, signed))}"


def read_user_token(secret: bytes, token: str, now_s: float) -> UserToken | None:
    """What a ``userIdWS`` says, or None if it is not ours, was tampered with or has expired."""
    if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
        return None
    signed, dot, signature = token.rpartition(".")
    version, _, payload = signed.partition(".")
    if not dot or version != _USER_TOKEN_VERSION:
        return None
    if not hmac.compare_digest(_b64(_sign(secret, signed)).encode(), signature.encode()):
        return None
    match _claims(payload):
        case {"t": str(tenant_id), "u": str(user_id), "r": int(role), "e": int(expires_s)} if (
            expires_s > now_s
        ):
            return UserToken(TenantId(tenant_id), UserId(user_id), role, expires_s)
        case _:
            return None


def room_ids(
    secret: bytes, tenant_id: TenantId, url_id: UrlId, *, user_id: UserId, role: int, now_s: float
) -> RoomIds:
    """The three ids that the list answers hand out."""
    return RoomIds(
        tenant_id_ws=tenant_id,
        url_id_ws=room_token(secret, tenant_id, url_id),
        user_id_ws=user_token(secret, tenant_id, user_id, role, now_s),
    )


def is_room_token(value: str) -> bool:
    """Whether ``value`` has the form of a ``urlIdWS`` of ours."""
    return _ROOM_TOKEN.fullmatch(value) is not None


def resolve_room(secret: bytes, tenant_id: TenantId, value: str) -> RoomAddress:
    """Find the room that a client meant, whichever form it used.

    Official SDKs send our token, the plain page id, or ``tenantId%3A…`` encoded once or twice. A value is
    percent-decoded (at most twice) only while it begins with the encoded tenant prefix, since a plain page
    id may hold ``%20`` of its own.

    Raises:
        UrlTooLong: The page id is longer than the wire allows.
    """
    if is_room_token(value):
        return RoomAddress(value, None)
    url_id = clean(_without_tenant(tenant_id, value))
    return RoomAddress(room_token(secret, tenant_id, url_id), url_id)


def derived_key(secret: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose, so that no signature made for one passes for another."""
    return hmac.digest(secret, b"imagechat " + purpose.encode(), hashlib.sha256)


def _without_tenant(tenant_id: TenantId, value: str) -> str:
    from urllib.parse import unquote

    encoded = re.compile(re.escape(tenant_id) + "%(25)?3a", re.IGNORECASE)
    for _ in range(_MAX_DECODINGS):
        found = encoded.match(value)
        if found is None or not value.startswith(tenant_id):
            break
        value = unquote(value)
    return value.removeprefix(f"{tenant_id}:")


def _sign(secret: bytes, signed: str) -> bytes:
    return hmac.digest(derived_key(secret, "userIdWS"), signed.encode(), hashlib.sha256)


def _claims(payload: str) -> object:
    try:
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error):
        return None


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
