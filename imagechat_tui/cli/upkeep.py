"""Verbs of a server's operator: what its data wants from time to time."""

from __future__ import annotations

from pathlib import Path

import click

from imagechat_tui.cli.documents import print_document
from imagechat_tui.cli.tenants import data_folder, data_option, database_option
from imagechat_tui.cli.threads import as_json
from imagechat_tui.cli.verb import Verb
from imagechat_tui.words.servers import vacuumed


@click.group()
def server() -> None:
    """Look after the data of a server. Works while the server runs, too."""


@server.command(cls=Verb)
@data_option
@database_option
@as_json
def vacuum(data_dir: Path | None, database_url: str | None, json_: bool) -> None:
    """Give back the room that deleted things took, and overwrite what is left of them.

    SQLite's file is written anew: it needs as much room again meanwhile, and nobody can write. So a file of more than
    200 MB wants the server to be stopped. PostgreSQL uses its room again, while everybody goes on.

    \b
    imagechat server vacuum --data-dir /srv/imagechat
    """
    from imagechat_tui.server.process import admin

    before, after = admin.vacuum(data_folder(data_dir), database_url=database_url)
    if json_:
        print_document(before=before, after=after)
    else:
        click.echo(vacuumed(before, after))
