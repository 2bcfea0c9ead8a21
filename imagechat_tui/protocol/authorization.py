"""The header in which credentials travel between our client and a server of ours (PROTOCOL 2.6).

In an address they would be in the logs of every proxy on the way. Official clients know no other place, so a
server takes them from there, too.

``Authorization: Bearer KIND.VALUE``: the kind is the name of the parameter that it stands for, the value that
parameter in base64url, so that any text passes.
"""

from __future__ import annotations

import base64
import binascii

from msgspec import Struct

HEADER = "Authorization"
_SCHEME = "bearer"


class Proof(Struct, frozen=True):
    """What a request brings to show who asks; each empty if it is not there."""

    sso: str = ""
    session_id: str = ""
    user_id_ws: str = ""


def of_sso(token: str) -> str:
    """The header of somebody who signs in."""
    return _header("sso", token)


def of_session(session_id: str) -> str:
    """The header of a guest."""
    return _header("sessionId", session_id)


def of_listener(user_id_ws: str) -> str:
    """The header of who listens, on the socket and on the event log."""
    return _header("userIdWS", user_id_ws)


def read(header: str) -> Proof:
    """What a header brings. Of another scheme or kind it brings nothing: it is meant for somebody else."""
    scheme, _, told = header.strip().partition(" ")
    kind, dot, value = told.strip().partition(".")
    if scheme.lower() != _SCHEME or not dot:
        return Proof()
    text = _decoded(value)
    match kind:
        case "sso":
            return Proof(sso=text)
        case "sessionId":
            return Proof(session_id=text)
        case "userIdWS":
            return Proof(user_id_ws=text)
        case _:
            return Proof()


def _header(kind: str, value: str) -> str:
    encoded = base64.urlsafe_b64encode(value.encode("utf-8", "surrogatepass")).rstrip(b"=").decode("ascii")
    return f"Bearer {kind}.{encoded}"


def _decoded(value: str) -> str:
    """The text; as it came if it is none, so that it is refused as what it is not."""
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), b"-_", validate=True).decode(
            "utf-8", "surrogatepass"
        )
    except (ValueError, binascii.Error):
        return value
