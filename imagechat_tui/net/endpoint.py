"""Where a server is and what proves to it who asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from imagechat_tui.protocol.ids import TenantId

if TYPE_CHECKING:
    import ssl


class Secret:
    """A text that must not be printed by accident: its repr, its str and its format are ``***``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself, for the wire."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return self._value == other._value if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not pickled")


class Credentials(Struct, frozen=True):
    """What proves who asks; none on a Unix socket, where the kernel says it."""

    sso: Secret | None = None
    """SSO token: in ``Authorization`` to a server of ours, in the address to others, which know no other place."""
    cookie: Secret | None = None
    """Raw ``Cookie`` header of an account on the hosted service."""
    guest: Path | None = None
    """Where the session of somebody who does not sign in is kept; None keeps it no longer than the program runs."""


class Endpoint(Struct, frozen=True):
    """How one tenant's server is reached."""

    base_url: str
    """``https://host[:port]`` for REST."""
    ws_url: str
    """``wss://host[:port]`` for sockets."""
    tenant_id: TenantId
    uds: Path | None = None
    """Unix socket to dial; the host names above are then for show."""
    credentials: Credentials = Credentials()
    ca_file: Path | None = None
    """Certificates to trust besides the system's. There is no way to trust any."""
    proxy: str | None = None
    """Proxy to dial. Those in the environment are never used (PROMISES D9)."""

    @property
    def is_tls(self) -> bool:
        """Whether the server has to prove itself by a certificate."""
        return self.base_url.startswith("https:")


def tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    """Certificates and host names are checked, always.

    Raises:
        OSError: ``ca_file`` cannot be read, or holds no certificate.
    """
    import ssl

    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if endpoint.ca_file is not None:
        context.load_verify_locations(cafile=endpoint.ca_file)
    return context
