"""Everything that only the server's secret can make or check (PROTOCOL 2.4, 2.5).

``urlIdWS`` names a room, ``userIdWS`` says who listens, ``sessionId`` who writes without a name. All hold only
unreserved characters, so that no client's percent-encoding, once or twice, changes them. None may ever reach
a log, and only the first a frame.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from imagechat_tui.protocol.ids import ANONYMOUS_PREFIX, TenantId, UrlId, UserId
from imagechat_tui.protocol.routes import RoomIds
from imagechat_tui.protocol.thread_keys import clean
from imagechat_tui.server.storage import RoomKey

DAY_S = 86_400
LIFETIME_DAYS = 3
"""A token ends at the third midnight (UTC) to come: 2 to 3 days, the same for all tokens of one day."""

MAX_TOKEN_LENGTH = 4_096
"""Characters; longer values are not even looked at."""
SESSION_BYTES = 16
SESSION_DAYS = 90
"""A session that was not used for so long ends: its token lies on some disk, and whoever finds it is that guest."""
SESSION_RENEWED_DAYS = 30

_KNOWN_ROOMS = 2_048
_ROOM_TOKEN = re.compile(r"r1[A-Za-z0-9_-]{24}")
_USER_TOKEN_VERSION = "u1"
_SESSION_VERSION = "s1"
_EDIT_KEY_VERSION = "e1"
_MAX_SESSION_LENGTH = 128
_MAX_DECODINGS = 2


class UserToken(Struct, frozen=True):
    """What a ``userIdWS`` of ours says. It grants reading of rooms and of the log, never writing."""

    tenant_id: TenantId
    user_id: UserId
    role: int
    """0 user, 1 moderator, 2 admin: the values of ``access.Role``."""
    generation: int
    """Of the tenant, see ``TenantRecord``."""
    expires_s: int
    """Seconds since the epoch; a socket opened with the token ends then."""


class Session(NamedTuple):
    """Of somebody without a name."""

    user_id: UserId
    token: str
    """What they are known by from now on."""


class Tokens:
    """The one holder of the server's secret: nobody else sees it, and nothing gives it out."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._room_token = lru_cache(_KNOWN_ROOMS)(self._made_room_token)
        self._user_key = self._key("userIdWS")
        self._session_key = self._key("session")
        self._anonymous_key = self._key("anonymous id")
        self._edit_key = self._key("edit key")

    # Rooms

    def room(self, tenant_id: TenantId, url_id: UrlId) -> RoomKey:
        """The room of a page; its token, ``urlIdWS``, is the same for everybody and for ever.

        Args:
            tenant_id: Whose page.
            url_id: The cleaned page id.
        """
        return RoomKey(tenant_id, self._room_token(tenant_id, url_id))

    def room_named(self, tenant_id: TenantId, value: str) -> RoomKey:
        """The room that a client meant, whichever form it used.

        Official SDKs send our token, the plain page id, or ``tenantId%3A…`` encoded once or twice. A value
        is percent-decoded (at most twice) only while it begins with the encoded tenant prefix, since a plain
        page id may hold ``%20`` of its own.

        Raises:
            UrlTooLong: The page id is longer than the wire allows.
        """
        if is_room_token(value):
            return RoomKey(tenant_id, value)
        return self.room(tenant_id, clean(_without_tenant(tenant_id, value)))

    def room_ids(
        self,
        tenant_id: TenantId,
        url_id: UrlId,
        *,
        user_id: UserId,
        role: int,
        generation: int = 0,
        now_s: float,
    ) -> RoomIds:
        """The three ids that the list answers hand out."""
        return RoomIds(
            tenant_id_ws=tenant_id,
            url_id_ws=self.room(tenant_id, url_id).token,
            user_id_ws=self.user_token(tenant_id, user_id, role, now_s, generation=generation),
        )

    def _made_room_token(self, tenant_id: TenantId, url_id: UrlId) -> str:
        message = f"room\n{tenant_id}\n{url_id}".encode("utf-8", "surrogatepass")
        return "r1" + _b64(hmac.digest(self._secret, message, hashlib.sha256))[:24]

    # Who listens

    def user_token(
        self, tenant_id: TenantId, user_id: UserId, role: int, now_s: float, *, generation: int = 0
    ) -> str:
        """The ``userIdWS`` of a user: byte for byte the same during one UTC day.

        Two official SDKs reopen their socket whenever an answer carries another value.
        """
        expires_s = (int(now_s // DAY_S) + LIFETIME_DAYS) * DAY_S
        claims = json.dumps(
            {"t": tenant_id, "u": user_id, "r": int(role), "g": generation, "e": expires_s},
            separators=(",", ":"),
            ensure_ascii=False,
        )
        signed = f"{_USER_TOKEN_VERSION}.{_b64(claims.encode('utf-8', 'surrogatepass'))}"
        return f"{signed}.{_signature(self._user_key, signed.encode())}"

    def read_user_token(self, token: str, now_s: float) -> UserToken | None:
        """What a ``userIdWS`` says, or None if it is not ours, was tampered with or has expired."""
        if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
            return None
        signed, dot, signature = token.rpartition(".")
        version, _, payload = signed.partition(".")
        if not dot or version != _USER_TOKEN_VERSION:
            return None
        if not _same(_signature(self._user_key, signed.encode()), signature):
            return None
        match _claims(payload):
            case {
                "t": str(tenant_id),
                "u": str(user_id),
                "r": int(role),
                "g": int(generation),
                "e": int(expires_s),
            } if expires_s > now_s:
                return UserToken(TenantId(tenant_id), UserId(user_id), role, generation, expires_s)
            case _:
                return None

    # Who has no name

    def new_session(self, tenant_id: TenantId, now_s: float) -> Session:
        """A session that nobody has had before."""
        nonce = os.urandom(SESSION_BYTES)
        token = self._session(tenant_id, int(now_s // DAY_S), nonce)
        return Session(self._anonymous("session", tenant_id, nonce), token)

    def read_session(self, tenant_id: TenantId, token: str, now_s: float) -> Session | None:
        """Whose session a token is, or None if it is not ours or has ended.

        One that is used goes on: after ``SESSION_RENEWED_DAYS`` it comes back as a younger token of the same
        person, the same one for all who ask that day.
        """
        parts = token.split(".")
        if len(parts) != 4 or len(token) > _MAX_SESSION_LENGTH or not token.isascii():
            return None
        try:
            day, nonce = int(parts[1], 16), base64.urlsafe_b64decode(parts[2] + "==")
        except ValueError:
            return None
        if not _same(self._session(tenant_id, day, nonce), token):
            return None
        today = int(now_s // DAY_S)
        if today - day > SESSION_DAYS:
            return None
        if today - day > SESSION_RENEWED_DAYS:
            token = self._session(tenant_id, today, nonce)
        return Session(self._anonymous("session", tenant_id, nonce), token)

    def edit_key(self, tenant_id: TenantId, thing_id: str) -> str:
        """The key that opens one comment or vote for whoever has no session to show."""
        message = f"{tenant_id}\n{thing_id}".encode()
        return f"{_EDIT_KEY_VERSION}.{_signature(self._edit_key, message)}"

    def is_edit_key(self, tenant_id: TenantId, thing_id: str, key: str) -> bool:
        """Whether a key opens that comment or vote."""
        return len(key) <= _MAX_SESSION_LENGTH and _same(self.edit_key(tenant_id, thing_id), key)

    def viewer(self, tenant_id: TenantId, traits: bytes) -> UserId:
        """The id of somebody of whom only ``traits`` are known: the same for the same traits."""
        return self._anonymous("viewer", tenant_id, traits)

    def _session(self, tenant_id: TenantId, day: int, nonce: bytes) -> str:
        message = f"{tenant_id}\n{day}\n".encode() + nonce
        return f"{_SESSION_VERSION}.{day:x}.{_b64(nonce)}.{_signature(self._session_key, message)}"

    def _anonymous(self, kind: str, tenant_id: TenantId, unique: bytes) -> UserId:
        """An id that tells nothing of what it was made from, least of all the session."""
        message = f"{kind}\n{tenant_id}\n".encode() + unique
        digest = hmac.digest(self._anonymous_key, message, hashlib.sha256)
        return UserId(ANONYMOUS_PREFIX + _b64(digest[:16]))

    def _key(self, purpose: str) -> bytes:
        """A key of its own for each purpose, so that no signature made for one passes for another."""
        return hmac.digest(self._secret, b"imagechat " + purpose.encode(), hashlib.sha256)


def is_room_token(value: str) -> bool:
    """Whether ``value`` has the form of a ``urlIdWS`` of ours."""
    return _ROOM_TOKEN.fullmatch(value) is not None


def _without_tenant(tenant_id: TenantId, value: str) -> str:
    from urllib.parse import unquote

    encoded = re.compile(re.escape(tenant_id) + "%(25)?3a", re.IGNORECASE)
    for _ in range(_MAX_DECODINGS):
        prefix = encoded.match(value)
        if prefix is None or not value.startswith(tenant_id):
            break
        value = unquote(value)
    return value.removeprefix(f"{tenant_id}:")


def _signature(key: bytes, message: bytes) -> str:
    return _b64(hmac.digest(key, message, hashlib.sha256))


def _same(ours: str, theirs: str) -> bool:
    """Compared in constant time, as bytes: text that is not ASCII would raise."""
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "surrogatepass"))


def _claims(payload: str) -> object:
    try:
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error):
        return None


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
