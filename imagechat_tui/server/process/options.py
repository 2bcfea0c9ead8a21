"""How a server is to be run, and why it could not be."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from msgspec import Struct

SOCKET_NAME = "server.sock"
SHARED_DATA = "data"
"""The folder for the data in the folder that a group shares: its owner's alone."""
IDLE_EXIT_S = 600.0
"""A server that was started for whoever needed one ends after this long without connections and requests."""


class ServeProblem(StrEnum):
    """Why a server did not start."""

    DATA_FOLDER = "data-folder"
    """The data folder cannot be made or written to."""
    DISK_FULL = "disk-full"
    """There is no room left for the data."""
    DATA_IN_USE = "data-in-use"
    """Another server works on the same data; ``pid`` names it."""
    DATA_BROKEN = "data-broken"
    """The database cannot be opened."""
    DATA_NEWER = "data-newer"
    """A newer version of this program has made the database."""
    PORT_IN_USE = "port-in-use"
    PORT_DENIED = "port-denied"
    """The port needs rights that this user lacks."""
    HOST_UNKNOWN = "host-unknown"
    """The name or address to listen on does not exist here."""
    SOCKET = "socket"
    """The Unix socket cannot be made; ``path`` is its directory."""
    SHARED_FOLDER = "shared-folder"
    """The folder for a group is not ours, others can write to it, or the group cannot enter it."""
    TLS = "tls"
    """The certificate or its key cannot be used."""


class ServeError(Exception):
    """A server did not start."""

    def __init__(
        self,
        problem: ServeProblem,
        *,
        path: Path | None = None,
        host: str = "",
        port: int | None = None,
        pid: int | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.path = path
        self.host = host
        self.port = port
        self.pid = pid
        self.detail = detail
        """The system's own words."""


class ServeOptions(Struct, frozen=True):
    """How a server is to be run. At least one of ``runtime_dir`` and ``port`` is given."""

    data_dir: Path
    runtime_dir: Path | None = None
    """Listen on ``server.sock`` in it."""
    host: str = "127.0.0.1"
    port: int | None = None
    """Listen on TCP; 0 lets the kernel choose."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    """Default: the key is in the certificate's file."""
    local: bool = False
    """One machine's server: users by the kernel's word."""
    shared: bool = False
    """The group of ``runtime_dir`` may connect. The data is the server's user's alone."""
    ready_fd: int | None = None
    """Where the ready line goes; default stdout."""
    hosts: tuple[str, ...] = ()
    """Names under which it is reached over TCP, besides addresses, localhost and this machine's name."""
    origins: tuple[str, ...] = ()
    """Web pages that may use it."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose ``X-Forwarded-For`` is believed."""
    simple_sso: bool = False
    """Believe unsigned SSO: only in a trusted network."""
    idle_exit_s: float | None = None
    """End after this long without use; None is never."""

    @property
    def socket_path(self) -> Path | None:
        """The Unix socket, if there is one."""
        return None if self.runtime_dir is None else self.runtime_dir / SOCKET_NAME
