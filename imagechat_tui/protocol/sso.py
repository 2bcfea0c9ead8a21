"""Secure and Simple SSO tokens (PROTOCOL 2.3, 2.4; PROMISES D17)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from imagechat_tui.protocol.codec import JsonObject, MalformedMessage, dump_json, parse_object

MAX_AGE_MS: Final = 2 * 24 * 60 * 60 * 1000
"""A token is a bearer credential for two days."""
SLACK_MS: Final = 60_000
"""How far the signer's clock may be ahead of ours."""

_TIMESTAMP_DIGITS: Final = 13
_FLAGS: Final = (
    "isAdmin",
    "isModerator",
    "optedInNotifications",
    "optedInSubscriptionNotifications",
    "isProfileActivityPrivate",
    "isProfileCommentsPrivate",
    "isProfileDMDisabled",
)
_MAX_LENGTHS: Final = {
    "id": 1_000,
    "email": 1_000,
    "username": 1_000,
    "displayName": 500,
    "displayLabel": 100,
    "websiteUrl": 2_000,
    "locale": 100,
}
_MAX_AVATAR_URL: Final = 3_000
_MAX_AVATAR_DATA: Final = 50_000
_MAX_GROUPS: Final = 100
_MAX_GROUP_ID: Final = 50


class MalformedSso(ValueError):
    """A token that proves nothing. Says why without quoting it."""


class SsoUser(Struct, frozen=True):
    """What a Secure SSO token says of its user; ``id`` still without the tenant's prefix."""

    id: str
    email: str = ""
    username: str = ""
    display_name: str = ""
    avatar: str | None = None
    """Address or data URL of a picture."""
    display_label: str = ""
    """Shown beside the name, such as "Team"."""
    website_url: str | None = None
    locale: str | None = None
    group_ids: tuple[str, ...] = ()
    is_admin: bool = False
    is_moderator: bool = False
    is_private: bool = False
    """Wishes not to be named in presence lists."""


class SimpleSsoUser(Struct, frozen=True):
    """What an unsigned token claims. It never makes anybody staff."""

    id: str
    """The id, else the email, else the user name."""
    username: str = ""
    email: str = ""
    """Without one the user is not fully signed in."""
    display_name: str = ""
    avatar: str | None = None
    display_label: str = ""
    website_url: str | None = None


def mint(user: Mapping[str, object], secret: bytes, timestamp_ms: int) -> str:
    """Sign a user.

    Args:
        user: The JSON of PROTOCOL 2.3: at least ``id``, ``email``, ``username``.
        secret: The tenant's API secret.
        timestamp_ms: Now, in ms since the epoch.

    Returns:
        The token: what the ``sso`` query parameter holds.
    """
    payload = base64.b64encode(dump_json(dict(user))).decode("ascii")
    token: JsonObject = {
        "userDataJSONBase64": payload,
        "verificationHash": _signature(secret, timestamp_ms, payload),
        "timestamp": timestamp_ms,
    }
    return dump_json(token).decode("utf-8")


def verify(
    token: str, secret: bytes, now_ms: int, max_age_ms: int = MAX_AGE_MS, slack_ms: int = SLACK_MS
) -> SsoUser:
    """The user of a signed token.

    The signature is checked over the text received, before anything inside it is decoded.

    Args:
        token: As it came in the ``sso`` parameter.
        secret: The tenant's API secret.
        now_ms: The server's clock.
        max_age_ms: How old the signature may be.
        slack_ms: How far in the future it may lie.

    Raises:
        MalformedSso: Anything about it is wrong.
    """
    fields = _parsed(token)
    payload, signature, timestamp = (
        fields.get("userDataJSONBase64"),
        fields.get("verificationHash"),
        fields.get("timestamp"),
    )
    if not isinstance(payload, str) or not isinstance(signature, str):
        raise MalformedSso("a part is missing")
    if type(timestamp) is not int or len(str(timestamp)) != _TIMESTAMP_DIGITS:
        raise MalformedSso("the timestamp is not in milliseconds")
    expected = _signature(secret, timestamp, payload)
    # As bytes: compare_digest raises on a string that is not ASCII.
    if not hmac.compare_digest(expected.encode("utf-8"), signature.encode("utf-8")):
        raise MalformedSso("the signature does not match")
    if timestamp > now_ms + slack_ms:
        ahead_s = -(-(timestamp - now_ms) // 1_000)
        raise MalformedSso(
            f"it is dated {ahead_s} s in the future; the clock where it was made is ahead of the server's"
        )
    if timestamp < now_ms - max_age_ms:
        raise MalformedSso("the token is too old")
    return _user(_parsed(_decoded(payload)))


def ends_at_ms(token: str, max_age_ms: int = MAX_AGE_MS) -> int:
    """When a token ends that ``verify`` has just let pass."""
    timestamp = _parsed(token)["timestamp"]
    assert isinstance(timestamp, int)
    return timestamp + max_age_ms


def parse_simple(token: str) -> SimpleSsoUser:
    """The user of an unsigned token, wrapped in ``simpleSSOUser`` or flat: official SDKs send both forms.

    Raises:
        MalformedSso: It names nobody, or a field is wrong.
    """
    fields = _parsed(token)
    wrapped = fields.get("simpleSSOUser")
    if isinstance(wrapped, dict):
        fields = wrapped
    elif wrapped is not None:
        raise MalformedSso("simpleSSOUser is not an object")
    email, username = _text(fields, "email"), _text(fields, "username")
    return SimpleSsoUser(
        id=_checked_id(_text(fields, "id") or email or username),
        username=username,
        email=email,
        display_name=_text(fields, "displayName"),
        avatar=_avatar(fields),
        display_label=_text(fields, "displayLabel"),
        website_url=_text(fields, "websiteUrl") or None,
    )


def claimed_id(token: str) -> str:
    """Whom a token names, unproved: for what is kept of each person apart; empty if it names nobody."""
    try:
        payload = _parsed(token).get("userDataJSONBase64")
        if isinstance(payload, str):
            return _user(_parsed(_decoded(payload))).id
        return parse_simple(token).id
    except MalformedSso:
        return ""


def _signature(secret: bytes, timestamp_ms: int, payload: str) -> str:
    message = f"{timestamp_ms}{payload}".encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def _parsed(text: str | bytes) -> JsonObject:
    try:
        return parse_object(text)
    except MalformedMessage as error:
        raise MalformedSso(str(error)) from None


def _decoded(payload: str) -> bytes:
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedSso("the user is not Base64") from None


def _user(fields: JsonObject) -> SsoUser:
    flags = {key: _flag(fields, key) for key in _FLAGS}
    username = _text(fields, "username")
    if "@" in username.strip("@"):
        raise MalformedSso("the username is an email address")
    return SsoUser(
        id=_checked_id(_text(fields, "id")),
        email=_text(fields, "email"),
        username=username,
        display_name=_text(fields, "displayName"),
        avatar=_avatar(fields),
        display_label=_text(fields, "displayLabel"),
        website_url=_text(fields, "websiteUrl") or None,
        locale=_text(fields, "locale") or None,
        group_ids=_group_ids(fields),
        is_admin=flags["isAdmin"],
        is_moderator=flags["isModerator"],
        is_private=flags["isProfileActivityPrivate"],
    )


def _checked_id(user_id: str) -> str:
    """Ids travel in comma lists, and one of control characters could not be told from another on a screen."""
    if not user_id:
        raise MalformedSso("the id is missing")
    if "," in user_id or not user_id.isprintable():
        raise MalformedSso("the id holds a comma or a control character")
    return user_id


def _text(fields: JsonObject, key: str) -> str:
    value = fields.get(key)
    if value is None:
        return ""
    if key == "id" and type(value) is int:
        return str(value)  # numeric user ids are common, and one official SDK makes strings of them
    if not isinstance(value, str):
        raise MalformedSso(f"{key} is not a string")
    if len(value) > _MAX_LENGTHS[key]:
        raise MalformedSso(f"{key} is too long")
    return value


def _flag(fields: JsonObject, key: str) -> bool:
    """Only ``true`` is true: the string "false" would make anybody an admin elsewhere."""
    value = fields.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise MalformedSso(f"{key} is not a boolean")
    return value


def _avatar(fields: JsonObject) -> str | None:
    value = fields.get("avatar")
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise MalformedSso("avatar is not a string")
    if len(value) > (_MAX_AVATAR_DATA if value.startswith("data:") else _MAX_AVATAR_URL):
        raise MalformedSso("avatar is too long")
    return value


def _group_ids(fields: JsonObject) -> tuple[str, ...]:
    value = fields.get("groupIds")
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > _MAX_GROUPS:
        raise MalformedSso("groupIds is not a list of at most 100")
    if not all(isinstance(item, str) and len(item) <= _MAX_GROUP_ID for item in value):
        raise MalformedSso("groupIds holds something else than short strings")
    return tuple(value)
