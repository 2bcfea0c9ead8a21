"""Verbs of a server's operator: tenants, and tokens for their users."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from imagechat_tui import problems
from imagechat_tui.cli.documents import print_document
from imagechat_tui.cli.threads import as_json
from imagechat_tui.cli.verb import Verb
from imagechat_tui.clock import wall_ms
from imagechat_tui.problems import VerbFailed
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.protocol.routes import Tenant
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.settings import Folders, sayable

data_option = click.option(
    "--data-dir", type=click.Path(path_type=Path), metavar="DIR", help="The server's data folder."
)

database_option = click.option(
    "--database-url",
    envvar="IMAGECHAT_DATABASE_URL",
    metavar="URL",
    help="The server's PostgreSQL, where it has one. Or IMAGECHAT_DATABASE_URL.",
)


def data_folder(chosen: Path | None) -> Path:
    """The data folder of the team's server: the option, or its place under the user's data."""
    return chosen if chosen is not None else Folders.of_user().data / "team"


@click.group()
def tenant() -> None:
    """Make and list the tenants of a server. Works while the server runs, too."""


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
        click.echo(f"Tenant {name} created. Its API secret, for your own sign-in pages:", err=True)
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
                }
                for item in tenants
            ]
        )
        return
    for item in tenants:
        rules = [
            word
            for word, on in (("anonymous may write", item.allow_anon), ("SSO only", item.require_sso))
            if on
        ]
        click.echo("  ".join([item.id, safe_text(item.name, Kind.LINE), *rules]))


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
        secret = tenant_secret(data_folder(data_dir), tenant, database_url=database_url)
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
