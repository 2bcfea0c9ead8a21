"""Verbs of a server's operator: tenants, and tokens for their users."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imagechat_tui import problems
from imagechat_tui.cli.documents import is_utf8, print_document
from imagechat_tui.cli.threads import as_json
from imagechat_tui.cli.verb import Verb
from imagechat_tui.clock import wall_ms
from imagechat_tui.problems import VerbFailed
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.local import LOCAL_TENANT
from imagechat_tui.protocol.routes import Tenant
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.settings import Folders, sayable

if TYPE_CHECKING:
    from imagechat_tui.server.process.admin import TenantChanges

data_option = click.option(
    "--data-dir", type=click.Path(path_type=Path), metavar="DIR", help="The server's data folder."
)

database_option = click.option(
    "--database-url",
    envvar="IMAGECHAT_DATABASE_URL",
    metavar="URL",
    help="The server's PostgreSQL, where it has one. Or IMAGECHAT_DATABASE_URL.",
)


def data_folder(chosen: Path | None, tenant: str = "") -> Path:
    """The data folder of a server: the option, or under the user's data the place of the team's.

    Args:
        chosen: the option.
        tenant: which tenant it is about: the machine's own is that of the server which serves this user alone.
    """
    if chosen is not None:
        return chosen
    data = Folders.of_user().data
    return data if tenant == LOCAL_TENANT else data / "team"


@click.group()
def tenant() -> None:
    """Make, list and change the tenants of a server, and see what they use. Works while the server runs, too."""


@tenant.command(cls=Verb)
@click.argument("name")
@click.option("--title", default="", metavar="TEXT", help="A name for people.")
@click.option("--allow-anon", is_flag=True, help="People without a token may write.")
@click.option("--require-sso", is_flag=True, help="People without a token may not even read.")
@data_option
@database_option
@as_json
def create(
    name: str,
    title: str,
    allow_anon: bool,
    require_sso: bool,
    data_dir: Path | None,
    database_url: str | None,
    json_: bool,
) -> None:
    """Make the tenant NAME and print its API secret, once.

    \b
    imagechat tenant create design --data-dir /srv/imagechat
    """
    from imagechat_tui.server.process.admin import create_tenant

    made = Tenant(
        id=TenantId(sayable(name)),
        name=sayable(title or name),
        allow_anon=allow_anon,
        require_sso=require_sso,
    )
    secret = create_tenant(data_folder(data_dir), made, database_url=database_url)
    if json_:
        print_document(tenant=name, apiSecret=secret)
    else:
        click.echo(
            f"Tenant {name} created. Its API secret, for your own sign-in pages and programs:", err=True
        )
        click.echo(secret)


@tenant.command("list", cls=Verb)
@data_option
@database_option
@as_json
def list_(data_dir: Path | None, database_url: str | None, json_: bool) -> None:
    """List the tenants.

    \b
    imagechat tenant list --data-dir /srv/imagechat
    """
    from imagechat_tui.server.process.admin import list_tenants

    tenants = list_tenants(data_folder(data_dir), database_url=database_url)
    if json_:
        print_document(
            tenants=[
                {
                    "id": item.id,
                    "name": item.name,
                    "allowAnon": item.allow_anon,
                    "requireSso": item.require_sso,
                    "disabled": item.disabled,
                }
                for item in tenants
            ]
        )
        return
    for item in tenants:
        rules = [
            word
            for word, on in (
                ("anonymous may write", item.allow_anon),
                ("SSO only", item.require_sso),
                ("disabled", item.disabled),
            )
            if on
        ]
        click.echo("  ".join([item.id, safe_text(item.name, Kind.LINE), *rules]))


@tenant.command("set", cls=Verb)
@click.argument("name")
@click.option("--title", metavar="TEXT", help="A name for people.")
@click.option("--allow-anon/--no-allow-anon", default=None, help="Whether people without a token may write.")
@click.option("--require-sso/--no-require-sso", default=None, help="Whether they may not even read.")
@data_option
@database_option
def set_(
    name: str,
    title: str | None,
    allow_anon: bool | None,
    require_sso: bool | None,
    data_dir: Path | None,
    database_url: str | None,
) -> None:
    """Change what is said; everybody who listens there has to show anew what they may.

    \b
    imagechat tenant set design --require-sso
    """
    from imagechat_tui.server.process.admin import TenantChanges

    if title is None and allow_anon is None and require_sso is None:
        raise click.UsageError("Nothing to change is said.")
    said = TenantChanges(
        name=None if title is None else sayable(title), allow_anon=allow_anon, require_sso=require_sso
    )
    _change(name, said, data_dir, database_url, "changed")


@tenant.command(cls=Verb)
@click.argument("name")
@data_option
@database_option
def disable(name: str, data_dir: Path | None, database_url: str | None) -> None:
    """Let nobody of the tenant NAME in, at once. Nothing is deleted.

    \b
    imagechat tenant disable design
    """
    from imagechat_tui.server.process.admin import TenantChanges

    _change(name, TenantChanges(disabled=True), data_dir, database_url, "disabled")


@tenant.command(cls=Verb)
@click.argument("name")
@data_option
@database_option
def enable(name: str, data_dir: Path | None, database_url: str | None) -> None:
    """Let people of the tenant NAME in again.

    \b
    imagechat tenant enable design
    """
    from imagechat_tui.server.process.admin import TenantChanges

    _change(name, TenantChanges(disabled=False), data_dir, database_url, "enabled")


def _change(
    name: str, changes: TenantChanges, data_dir: Path | None, database_url: str | None, what: str
) -> None:
    from imagechat_tui.server.process.admin import change_tenant

    of = TenantId(sayable(name))
    change_tenant(data_folder(data_dir, of), of, changes, database_url=database_url)
    click.echo(f"Tenant {of} {what}.", err=True)


@tenant.command(cls=Verb)
@click.argument("name")
@data_option
@database_option
@as_json
def rotate(name: str, data_dir: Path | None, database_url: str | None, json_: bool) -> None:
    """Give the tenant NAME another API secret and print it, once. Tokens made with the old one end at once.

    \b
    imagechat tenant rotate design
    """
    from imagechat_tui.server.process.admin import rotate_secret

    of = TenantId(sayable(name))
    secret = rotate_secret(data_folder(data_dir, of), of, database_url=database_url)
    if json_:
        print_document(tenant=of, apiSecret=secret)
    else:
        click.echo(f"The new API secret of {of}; nobody signs in with the old one any more:", err=True)
        click.echo(secret)


@tenant.command(cls=Verb)
@click.argument("name")
@data_option
@database_option
@as_json
def usage(name: str, data_dir: Path | None, database_url: str | None, json_: bool) -> None:
    """Show what the tenant NAME has used in the last 30 days (UTC); with --json in the last 365.

    \b
    imagechat tenant usage design --data-dir /srv/imagechat
    """
    from imagechat_tui.protocol.usage import day_of
    from imagechat_tui.server.process.admin import tenant_usage
    from imagechat_tui.words.usage import usage_words

    of = TenantId(sayable(name))
    days = tenant_usage(data_folder(data_dir, of), of, database_url=database_url)
    if json_:
        print_document(
            tenant=of,
            days=[
                {
                    "date": told.day.isoformat(),
                    "conversationCreateCount": told.usage.conversations,
                    "commentCreateCount": told.usage.comments,
                    "voteCount": told.usage.votes,
                    "commentFetchCount": told.usage.comment_lists,
                    "userMentionSearch": told.usage.user_searches,
                    "pubSubMessageCount": told.usage.messages,
                    "pubSubBandwidth": told.usage.message_bytes,
                }
                for told in days
            ],
        )
    else:
        click.echo(usage_words(of, days, day_of(wall_ms()), utf8=is_utf8(sys.stdout)))


@click.command(cls=Verb)
@click.argument("tenant_name", metavar="TENANT")
@click.argument("user")
@click.option("--name", metavar="TEXT", help="The name that others see. Default: USER.")
@click.option("--email", metavar="ADDRESS", help="Default: USER@TENANT.invalid")
@click.option("--admin", is_flag=True, help="The user may edit and delete what others wrote.")
@click.option("--moderator", is_flag=True, help="The same, under the name of moderator.")
@data_option
@database_option
def token(
    tenant_name: str,
    user: str,
    name: str | None,
    email: str | None,
    admin: bool,
    moderator: bool,
    data_dir: Path | None,
    database_url: str | None,
) -> None:
    """Mint a Secure SSO token for USER of TENANT, good for two days, and print it.

    The tenant's API secret comes from the server's data folder, or from IMAGECHAT_API_SECRET.

    \b
    export IMAGECHAT_SSO="$(imagechat token design anna --name 'Anna Berg')"
    imagechat shot.png --server https://review.example --tenant design
    """
    from imagechat_tui.protocol.sso import mint

    tenant_name, user = sayable(tenant_name), sayable(user)
    if not user.strip():
        raise VerbFailed(problems.UserEmpty())
    if "," in user:
        raise VerbFailed(problems.UserWithComma())
    secret = sayable(os.environ.get("IMAGECHAT_API_SECRET", ""))
    if not secret:
        from imagechat_tui.server.process.admin import tenant_secret

        tenant = TenantId(tenant_name)
        secret = tenant_secret(data_folder(data_dir, tenant), tenant, database_url=database_url)
    person: dict[str, object] = {
        "id": user,
        "email": sayable(email or f"{user}@{tenant_name}.invalid"),
        "username": user,
        "displayName": sayable(name or user.capitalize()),
    }
    if admin:
        person["isAdmin"] = True
    if moderator:
        person["isModerator"] = True
    minted = mint(person, secret.encode(), wall_ms())
    click.echo(json.dumps(json.loads(minted), separators=(",", ":")))
