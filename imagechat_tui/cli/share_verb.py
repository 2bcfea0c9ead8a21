"""The verb that hands a picture on by a link (PROTOCOL 9.5)."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from msgspec.structs import replace

from imagechat_tui.cli.documents import print_document
from imagechat_tui.cli.one_shot import Visit, visit
from imagechat_tui.cli.share_link import ShareLink
from imagechat_tui.cli.target import Target, picture_argument, picture_options, server_options, to_write_on
from imagechat_tui.cli.threads import as_json
from imagechat_tui.cli.verb import Verb
from imagechat_tui.problems import NotShareable, VerbFailed
from imagechat_tui.protocol.routes import MAX_PICTURE_BYTES
from imagechat_tui.settings import is_url
from imagechat_tui.words import reached_here_words, share_words

SHOWN_FROM = 1 << 20
"""Bytes of a file that may take long enough for somebody to wonder."""


@click.command(cls=Verb)
@picture_argument
@picture_options
@server_options
@as_json
def share(image: str, url_id: str | None, json_: bool, **options: str | None) -> None:
    """Send IMAGE itself to the team's server, and print the command that opens it for a colleague.

    \b
    imagechat share shot.png --server https://review.example --tenant design
    imagechat share shot.png --json | jq -r .url

    The colleague needs no file and is in the same room. Whoever may read there can open it.
    """
    chosen = replace(to_write_on(image, url_id=None, **options), url_id=url_id)
    file = asyncio.run(_file_to_share(chosen))
    sha256 = hashlib.sha256(file).hexdigest()

    async def work(visit: Visit) -> tuple[ShareLink, bool]:
        with _progress(len(file)) as on_sent:
            sent = await visit.share(sha256, file, on_sent)
        await visit.noted_version()
        return ShareLink(chosen.settings.server, chosen.tenant_id, sha256, visit.room.url_id), sent

    link, sent = visit(chosen, work)
    command = share_words(link.url, link.server, link.tenant_id)
    if json_:
        print_document(url=link.url, command=command, urlId=link.room, sha256=sha256, sent=sent)
    else:
        click.echo(command)
    if link.server.startswith("http:"):
        click.echo(f"imagechat: {reached_here_words(link.server)}", err=True)


async def _file_to_share(chosen: Target) -> bytes:
    """What is sent.

    Raises:
        VerbFailed: a link to it would help nobody.
        PictureError: it is no picture that can be read.
    """
    local = chosen.local
    if local is not None:
        raise VerbFailed(NotShareable("local-server" if local.shared is None else "shared-folder"))
    if is_url(chosen.image):
        raise VerbFailed(NotShareable("address"))
    await chosen.check_picture()
    file = chosen.stdin
    if file is None:
        from imagechat_tui.net.pictures import file_of

        file = await asyncio.to_thread(file_of, chosen.image, chosen.limits())
    if len(file) > MAX_PICTURE_BYTES:
        raise VerbFailed(NotShareable("too-large", MAX_PICTURE_BYTES))
    return file


@contextmanager
def _progress(size: int) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how much of a large file has gone. Of one that the server has nothing goes."""
    if size < SHOWN_FROM or sys.stderr is None or not sys.stderr.isatty():
        yield lambda count: None
        return
    bar = click.progressbar(length=size, label="Sending", file=sys.stderr)
    try:
        yield bar.update
    finally:
        if bar.pos:
            bar.render_finish()
