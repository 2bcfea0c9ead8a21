"""The verb demo: the shipped picture on a throw-away server, with a scripted colleague.

The server is a real one in a temporary folder, and Dana a real user of it, signed in like any other. The
person's link goes through a small relay, so that the script can cut it: an outage of the link, not a fake.
"""

from __future__ import annotations

import getpass
import json
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from importlib.resources import as_file, files
from pathlib import Path

import click

from imagechat_tui.cli.terminal import need_terminal
from imagechat_tui.cli.verb import Verb
from imagechat_tui.clock import wall_ms
from imagechat_tui.problems import DemoServerDied, VerbFailed
from imagechat_tui.settings import sayable

TENANT = "demo"
READY_S = 20.0
"""How long the server may take to come up on a loaded machine."""


@click.command(cls=Verb)
def demo() -> int:
    """Show how it works, with a scripted colleague who adds markers and answers.

    Everything lives in a temporary folder and is gone afterwards. After half a minute your link is cut for
    some seconds while Dana keeps writing: watch the banner, then the catch-up. Quit with q.
    """
    need_terminal()
    from imagechat_tui.cli.demo_story import DemoServer, Story
    from imagechat_tui.cli.open_verb import run_screen
    from imagechat_tui.cli.target import Target
    from imagechat_tui.protocol.ids import TenantId
    from imagechat_tui.protocol.routes import Tenant
    from imagechat_tui.server.process.admin import create_tenant
    from imagechat_tui.settings import ClientSettings, Folders

    with (
        tempfile.TemporaryDirectory(prefix="imagechat-demo-") as place,
        as_file(files("imagechat_tui") / "demo" / "checkout.png") as picture,
    ):
        folder = Path(place)
        secret = create_tenant(folder / "server", Tenant(id=TenantId(TENANT), name="Demo"))
        server, port = _start_server(folder / "server")
        try:
            story = Story(port)
            teller = threading.Thread(
                target=story.tell,
                args=(DemoServer(TENANT, _token(secret, "dana", "Dana (demo)"), port),),
                daemon=True,
            )
            teller.start()
            settings = ClientSettings(
                server=f"http://127.0.0.1:{story.relay_port}",
                tenant=TENANT,
                sso=_token(secret, "you", _own_name()),
            )
            folders = Folders(folder / "config", folder / "data", folder / "state", folder / "cache")
            return run_screen(
                Target(settings, folders, str(picture), None, folder, url_id="demo/checkout.png")
            )
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(5)
            server.kill()


def _own_name() -> str:
    """The person's name as the system has it; who has no account is somebody all the same."""
    try:
        return sayable(getpass.getuser())
    except (KeyError, OSError):
        return "You"


def _token(secret: str, user: str, name: str) -> str:
    from imagechat_tui.protocol.sso import mint

    person = {"id": user, "email": f"{user}@demo.invalid", "username": user, "displayName": name}
    return mint(person, secret.encode(), wall_ms())


def _start_server(data_dir: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start a server on a free loopback port; returns it with the port, once it listens."""
    log = (data_dir / "server.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-P", "-m", "imagechat_tui", "serve", "--port", "0", "--data-dir", str(data_dir)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        # Ctrl+C and a lost terminal are for the screen to deal with; it ends the server afterwards.
        start_new_session=True,
    )
    log.close()
    assert server.stdout is not None
    overdue = threading.Timer(READY_S, server.kill)
    overdue.start()
    line = server.stdout.readline()
    overdue.cancel()
    if not line:
        server.kill()
        server.wait()
        said = (data_dir / "server.log").read_text(errors="replace").strip().splitlines()
        raise VerbFailed(DemoServerDied(said[-1] if said else ""))
    return server, int(json.loads(line)["port"])
