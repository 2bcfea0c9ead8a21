"""The verb serve: a server for a team, or the local one."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from functools import partial
from pathlib import Path

import click
from click.core import ParameterSource

from imagechat_tui import problems
from imagechat_tui.cli.serve_settings import Serve, Setting, Whole, each, load
from imagechat_tui.cli.tenants import data_folder
from imagechat_tui.problems import VerbFailed
from imagechat_tui.protocol.local import SHARED_DATA
from imagechat_tui.settings import SERVE_PREFIX, is_loopback, misspelt, sayable
from imagechat_tui.words import mistake_words

METRICS_TOKEN = "IMAGECHAT_METRICS_TOKEN"
"""The variable with what lets others than this machine read ``/metrics``: a secret."""


setting = partial(click.option, cls=Setting)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(cls=Serve)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    envvar=f"{SERVE_PREFIX}CONFIG",
    show_envvar=True,
    metavar="FILE",
    is_eager=True,
    callback=load,
    expose_value=False,
    help='Settings in TOML, by the names of the options below: port = 8787, allow_host = ["a.example"].',
)
@setting("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@setting(
    "--port",
    type=Whole(0, 65535),
    metavar="NUMBER",
    help="TCP port; 0 takes a free one. [default: 8787]",
)
@setting("--tls-cert", type=_FILE, metavar="FILE", help="Certificate chain (PEM).")
@setting("--tls-key", type=_FILE, metavar="FILE", help="Its key, if in a file of its own.")
@setting("--data-dir", type=click.Path(path_type=Path), metavar="DIR", help="Where the database lives.")
@setting(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    callback=lambda *said: each(_host_name)(*said),
    help="A host name by which it is reached.",
)
@setting(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="URL",
    callback=lambda *said: each(_origin)(*said),
    help="A web page that may use it.",
)
@setting(
    "--trust-proxy",
    "trusted_proxies",
    multiple=True,
    callback=lambda *said: each(_network)(*said),
    metavar="CIDR",
    help="A proxy's address, or a network of them: their X-Forwarded-For and Forwarded are believed.",
)
@setting(
    "--limit",
    "limits",
    multiple=True,
    callback=lambda *said: _limits(*said),
    metavar="NAME=VALUE",
    help="Another limit than the default, as write=5/s,20 or seats-per-user=20; the README lists them.",
)
@setting("--simple-sso", is_flag=True, help="Accept unsigned SSO too: only on a trusted network.")
@click.option(
    "--shared",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Serve DIR's group on this machine, without sign-in: socket and data are in DIR, which is yours.",
)
@setting(
    "--database-url",
    envvar="IMAGECHAT_DATABASE_URL",
    metavar="URL",
    help="PostgreSQL instead of SQLite, for many processes: postgresql://…",
)
@setting(
    "--bus-url",
    envvar="IMAGECHAT_BUS_URL",
    metavar="URL",
    help="Redis, over which those tell each other: redis://…",
)
@setting(
    "--workers",
    type=Whole(1, 64),
    default=1,
    show_default=True,
    metavar="NUMBER",
    help="Processes that share the port: one for each core.",
)
@click.option("--local", is_flag=True, hidden=True)
@click.option("--runtime-dir", type=click.Path(path_type=Path), hidden=True)
@click.option("--ready-fd", type=int, hidden=True)
def serve(
    host: str,
    port: int | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    data_dir: Path | None,
    hosts: tuple[str, ...],
    origins: tuple[str, ...],
    trusted_proxies: tuple[str, ...],
    limits: tuple[str, ...],
    simple_sso: bool,
    shared: Path | None,
    database_url: str | None,
    bus_url: str | None,
    workers: int,
    local: bool,
    runtime_dir: Path | None,
    ready_fd: int | None,
) -> int:
    """Run a server on a data folder. Prints one JSON line once it listens.

    \b
    imagechat tenant create design
    imagechat serve --port 8787
    imagechat shot.png --server http://localhost:8787 --tenant design

    Each option can be set by its variable, several values with spaces between, or in a file: flag, then variable, then
    file. --local and --shared go by flags alone.

    Beyond this machine use --host 0.0.0.0 with --tls-cert, or a proxy on this machine that does TLS.
    /metrics is told on this machine only; with IMAGECHAT_METRICS_TOKEN to whoever brings that token, and nobody else.

    
    mkdir -m 2750 /srv/review && chgrp design /srv/review
    imagechat serve --shared /srv/review
    """
    in_vain = {
        "--port": port is not None,
        "--data-dir": data_dir is not None,
        "--tls-cert": tls_cert is not None,
        "--tls-key": tls_key is not None,
        "--allow-host": hosts,
        "--allow-origin": origins,
        "--trust-proxy": trusted_proxies,
        "--simple-sso": simple_sso,
        "--workers": workers > 1,
        "--database-url": _is_a_flag("database_url"),
        "--bus-url": _is_a_flag("bus_url"),
    }
    if shared is not None and any(in_vain.values()):
        named = ", ".join(option for option, given in in_vain.items() if given)
        raise click.UsageError(f"With --shared, socket and data are in DIR: leave out {named}.")
    if local or shared is not None:  # SQLite's, whatever the environment says of a team's server
        database_url = bus_url = None
    elif database_url is None and (bus_url is not None or workers > 1):
        alone = "--bus-url" if workers == 1 else "--workers"
        raise click.UsageError(f"With {alone}, name the PostgreSQL that all share: --database-url.")
    elif workers > 1 and bus_url is None:
        raise click.UsageError("With --workers, name the Redis over which they tell each other: --bus-url.")
    if tls_key is not None and tls_cert is None:
        raise click.UsageError("With --tls-key, name the certificate: --tls-cert.")
    if tls_cert is None and not local and _others_reach(host):
        raise VerbFailed(problems.Unencrypted(host))
    if not (local or shared is not None):
        _tell_misspelt_variables()
    from imagechat_tui.server.process.options import IDLE_EXIT_S, ServeOptions
    from imagechat_tui.server.process.run import serve as run

    on_machine = local or shared is not None
    return run(
        ServeOptions(
            data_dir=data_folder(data_dir) if shared is None else shared / SHARED_DATA,
            runtime_dir=runtime_dir if shared is None else shared,
            host=host,
            port=port if port is not None or on_machine else 8787,
            tls_cert=tls_cert,
            tls_key=tls_key,
            local=on_machine,
            shared=shared is not None,
            idle_exit_s=IDLE_EXIT_S if local else None,
            ready_fd=ready_fd,
            hosts=hosts,
            origins=origins,
            trusted_proxies=trusted_proxies,
            limits=limits,
            simple_sso=simple_sso,
            metrics_token=None if on_machine else sayable(os.environ.get(METRICS_TOKEN, "")) or None,
            database_url=database_url,
            bus_url=bus_url,
            workers=workers,
        )
    )


def _tell_misspelt_variables() -> None:
    """Say which variables count for nothing and look as if they should."""
    known = {str(option.envvar) for option in serve.params if isinstance(option, click.Option)}
    for mistake in misspelt(os.environ, known):
        click.echo(f"imagechat: {mistake_words(mistake)}", err=True)


def _is_a_flag(option: str) -> bool:
    """Whether an option was named in this call, and not by the environment."""
    return click.get_current_context().get_parameter_source(option) is ParameterSource.COMMANDLINE


def _network(given: str) -> str:
    """An address, or a network of them, as it was given.

    Raises:
        VerbFailed: It is none; a name would have to be asked for again and again.
    """
    try:
        return str(ipaddress.ip_network(given))
    except ValueError:
        raise VerbFailed(problems.NotAnAddress(given)) from None


def _limits(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> object:
    """Limits as they were given.

    Raises:
        VerbFailed: One is none.
        BadParameter: One is there twice, and nobody knows which was meant.
    """
    names = [one.partition("=")[0] for one in given]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise click.BadParameter(f"{twice} is given twice.", ctx, param)
    return each(_limit)(ctx, param, given)


def _limit(given: str) -> str:
    """A limit as it was given.

    Raises:
        VerbFailed: There is none of that name, or it cannot be that.
    """
    from imagechat_tui.server.process.limit_options import DEFAULTS, NotALimit, parse_limits, shown

    try:
        parse_limits((given,))
    except NotALimit:
        name = given.partition("=")[0]
        usual = shown(DEFAULTS[name]) if name in DEFAULTS else ""
        raise VerbFailed(problems.NotALimit(given, name, usual)) from None
    return given


_HOST_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]{0,252}", re.IGNORECASE)
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE,
)
_USUAL_PORTS = {"http": 80, "https": 443}


def _host_name(given: str) -> str:
    """A name as it was given; an address is none to be listed, and no harm.

    Raises:
        VerbFailed: No request could ever name it.
    """
    if _HOST_NAME.fullmatch(given) is None:
        try:
            ipaddress.ip_address(given)
        except ValueError:
            raise VerbFailed(problems.NotAHostName(given)) from None
    return given


def _origin(given: str) -> str:
    """An origin as a browser names it: without the port that its scheme has anyway.

    Raises:
        VerbFailed: It is none.
    """
    parts = _ORIGIN.fullmatch(given)
    port = int((parts and parts["port"]) or 0)
    if parts is None or port > 65_535:
        raise VerbFailed(problems.NotAnOrigin(given))
    scheme, host = parts["scheme"].lower(), parts["host"].lower()
    return f"{scheme}://{host}" + (f":{port}" if port not in (0, _USUAL_PORTS.get(scheme)) else "")


def _others_reach(host: str) -> bool:
    """Whether other machines may connect to an address; of a name that does not exist the server will say so."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return False
    return not all(is_loopback(str(address[0])) for *_, address in found)
