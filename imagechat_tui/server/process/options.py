"""How a server is to be run."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from imagechat_tui.protocol.local import SOCKET_NAME

IDLE_EXIT_S = 600.0
"""A server that was started for whoever needed one ends after this long without connections and requests."""


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
    """Addresses and networks of proxies that are believed about whom they speak for."""
    limits: tuple[str, ...] = ()
    """Limits other than the default ones, ``NAME=VALUE`` each (``limit_options``)."""
    metrics_token: str | None = None
    """Who brings it is told the counters of the process; without one, who asks from this machine."""
    simple_sso: bool = False
    """Believe unsigned SSO: only in a trusted network."""
    database_url: str | None = None
    """PostgreSQL, instead of SQLite in the data folder; many processes may have it."""
    bus_url: str | None = None
    """Redis, over which those tell each other."""
    workers: int = 1
    """Processes that share the port."""
    idle_exit_s: float | None = None
    """End after this long without use; None is never."""

    @property
    def socket_path(self) -> Path | None:
        """The Unix socket, if there is one."""
        return None if self.runtime_dir is None else self.runtime_dir / SOCKET_NAME
