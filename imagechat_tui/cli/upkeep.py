"""Verbs of a server's operator: what its data wants from time to time."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagechat_tui import problems
from imagechat_tui.cli import ERROR, OK
from imagechat_tui.cli.documents import print_document
from imagechat_tui.cli.tenants import data_folder, data_option, database_option
from imagechat_tui.cli.threads import as_json
from imagechat_tui.cli.verb import Verb
from imagechat_tui.problems import AdminRefused
from imagechat_tui.words.servers import KEY_IN_BACKUP, contents_words, fault_words, vacuumed

if TYPE_CHECKING:
    from imagechat_tui.server.process.checkup import Checked

_TELL_EVERY_S = 0.5


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


@server.command(cls=Verb)
@click.argument("file", type=click.Path(path_type=Path))
@data_option
@database_option
@as_json
def backup(file: Path, data_dir: Path | None, database_url: str | None, json_: bool) -> int:
    """Write all data of a server to the new FILE: all that was answered by now, whole, or no file at all.

    People go on writing. seal.key is in it, without which no tenant's secret could be opened again: keep the file as
    you keep the server. On its disk it needs twice the room meanwhile. (PostgreSQL: it tells what to type instead.)

    \b
    imagechat server backup /backup/imagechat-$(date +%F).tar --data-dir /srv/imagechat
    """
    from imagechat_tui.server.process.admin import back_up

    folder = data_folder(data_dir)
    if database_url is not None:
        raise AdminRefused(problems.PostgresBacksUp(str(folder)))
    with _Progress() as progress:
        made = back_up(folder, file, progress.tell)
    found = made.manifest
    if json_:
        print_document(
            bytes=made.bytes,
            tenants=found.tenants,
            comments=found.comments,
            pictures=found.pictures,
            leftOut=list(made.left_out),
        )
    else:
        contents = contents_words(found.tenants, found.comments, found.pictures)
        click.echo(f"{made.bytes / 1e6:.1f} MB: {contents}.")
        if found.key is not None:
            click.echo(KEY_IN_BACKUP, err=True)
        for path in made.left_out:
            click.echo(fault_words(problems.PictureDamaged(path)), err=True)
    return ERROR if made.left_out else OK


@server.command(cls=Verb)
@click.argument("file", type=click.Path(path_type=Path))
@data_option
@database_option
@as_json
def restore(file: Path, data_dir: Path | None, database_url: str | None, json_: bool) -> int:
    """Put the backup FILE into a data folder that has no data yet, and check it.

    The whole file is looked at first. What is there is never replaced: move it away before, with its server stopped.

    \b
    imagechat server restore /backup/imagechat.tar --data-dir /srv/imagechat
    """
    from imagechat_tui.server.process.backup import restore as restored

    folder = data_folder(data_dir)
    if database_url is not None:
        raise AdminRefused(problems.PostgresRestores(str(folder)))
    with _Progress() as progress:
        checked = restored(file, folder, progress.tell)
    return _print_checked(checked, json_)


@server.command(cls=Verb)
@data_option
@database_option
@as_json
def check(data_dir: Path | None, database_url: str | None, json_: bool) -> int:
    """Look whether the data of a server is whole: database, key and pictures. Ends with 1 if anything is wrong.

    \b
    imagechat server check --data-dir /srv/imagechat
    """
    from imagechat_tui.server.process.admin import check as checked

    return _print_checked(checked(data_folder(data_dir), database_url=database_url), json_)


def _print_checked(checked: Checked, json_: bool) -> int:
    told = [fault_words(fault) for fault in checked.faults]
    if json_:
        print_document(
            tenants=checked.tenants, comments=checked.comments, pictures=checked.pictures, faults=told
        )
    else:
        contents = contents_words(checked.tenants, checked.comments, checked.pictures)
        click.echo("\n".join(told) or f"Nothing is wrong: {contents}.")
    return ERROR if told else OK


class _Progress:
    """How far a copy has come, on one line of a terminal; nothing where stderr is none."""

    def __init__(self) -> None:
        self._shown_at = time.monotonic()
        self._shown = False

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)

    def tell(self, done: int, expected: int) -> None:
        """So many bytes are done of about so many."""
        now = time.monotonic()
        if sys.stderr.isatty() and now - self._shown_at > _TELL_EVERY_S:
            self._shown_at, self._shown = now, True
            part = min(99, 100 * done // max(1, expected))
            click.echo(f"\r{part} % of {expected / 1e6:.0f} MB", nl=False, err=True)
