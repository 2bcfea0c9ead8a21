"""The verb export: all that is said on all pictures of a tenant, as lines of JSON."""

from __future__ import annotations

import sys

import click

from imagechat_tui.cli.documents import SCHEMA, line
from imagechat_tui.cli.one_shot import Visit, number_of, visit
from imagechat_tui.cli.target import server_options, target
from imagechat_tui.cli.threads import marker_json
from imagechat_tui.cli.trust import Purpose
from imagechat_tui.cli.verb import Verb
from imagechat_tui.protocol.ids import UrlId
from imagechat_tui.protocol.models import Comment
from imagechat_tui.protocol.routes import ConversationList
from imagechat_tui.words import safe_name

PROGRESS_EVERY = 25
"""Pictures."""


@click.command(cls=Verb)
@click.option("--all", "everything", is_flag=True, required=True, help="Every picture of the tenant.")
@server_options
def export(everything: bool, **options: str | None) -> None:
    """Print every picture of the tenant with all its markers and comments, each as one line of JSON.

    \b
    imagechat export --all > all.jsonl
    imagechat export --all --tenant design | jq -r '.markers[].comments[].text'

    A server for a team tells only moderators and admins which pictures there are; the local one tells whoever it
    serves. It goes on working meanwhile: each picture is as it was when its line was written. Its "urlId" is what
    --url-id takes.
    """
    told = sys.stderr is not None and sys.stderr.isatty()
    chosen = target(".", Purpose.READ, url_id="-", **options)

    async def work(visit: Visit) -> tuple[int, int]:
        pictures = markers = 0
        async for url_id in visit.rooms():
            listing = await visit.look_at(url_id)
            if not listing.conversations:
                continue  # its last marker went a moment ago
            click.echo(_line_of(url_id, listing))
            pictures, markers = pictures + 1, markers + len(listing.conversations)
            if told and pictures % PROGRESS_EVERY == 0:
                click.echo(f"imagechat: {pictures} pictures, {markers} markers so far", err=True)
        return pictures, markers

    pictures, markers = visit(chosen, work, enters=False)
    if not pictures:
        click.echo(f"imagechat: No picture of {safe_name(chosen.tenant_id)} has a marker.", err=True)
    elif told:
        of = (
            f"{pictures} picture{'' if pictures == 1 else 's'}, {markers} marker{'' if markers == 1 else 's'}"
        )
        click.echo(f"imagechat: {of}.", err=True)


def _line_of(url_id: UrlId, listing: ConversationList) -> str:
    """The line of one picture."""
    said: dict[UrlId, list[Comment]] = {}
    for comment in listing.comments:
        said.setdefault(comment.url_id, []).append(comment)
    markers = [
        marker_json(number_of(listing, one), one, tuple(said.get(one.url_id, ())))
        for one in listing.conversations
    ]
    return line({"schema": SCHEMA, "urlId": url_id, "markers": markers})
