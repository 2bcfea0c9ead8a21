"""Verbs of a server's operator about people: who may not write, and who may do more than their token says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import to_builtins

from imagechat_tui.cli.documents import print_document
from imagechat_tui.cli.tenants import data_folder, data_option, database_option
from imagechat_tui.cli.threads import as_json
from imagechat_tui.cli.verb import Verb
from imagechat_tui.clock import wall_ms
from imagechat_tui.problems import FOR_EVER_MS
from imagechat_tui.protocol.ids import TenantId
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.settings import sayable

if TYPE_CHECKING:
    from imagechat_tui.server.process.admin import UserDecision
    from imagechat_tui.server.storage import UserRule

ROLES = ("reader", "member", "moderator", "admin", "token")

_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


class _Duration(click.ParamType[int]):
    """``90m``, ``12h``, ``7d``, ``4w``, in ms."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        told = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", value) if isinstance(value, str) else None
        if told is None:
            self.fail("say it as 90m, 12h, 7d or 4w", param, ctx)
        return int(told[1]) * _UNIT_MS[told[2]]


@click.group()
def user() -> None:
    """Ban users of a tenant, and give them roles. It holds at once, on sockets that are open, too.

    USER is the id that your site gives them, or the whole one: anna, or design:anna. A guest's whole id begins
    with anon: (authorId in `imagechat ls --json`).
    """


def _of_user(verb: Callable[..., None]) -> Callable[..., None]:
    for decorate in (
        as_json,
        database_option,
        data_option,
        click.argument("user_id", metavar="USER"),
        click.argument("tenant_name", metavar="TENANT"),
    ):
        verb = decorate(verb)
    return verb


@user.command(cls=Verb)
@_of_user
@click.option(
    "--for", "for_ms", type=_Duration(), metavar="TIME", help="90m, 12h, 7d, 4w. Default: for ever."
)
def ban(
    tenant_name: str,
    user_id: str,
    for_ms: int | None,
    data_dir: Path | None,
    database_url: str | None,
    json_: bool,
) -> None:
    """Have USER of TENANT write nothing. They read what everybody may, and see why they cannot write.

    \b
    imagechat user ban design anna --for 7d
    """
    from imagechat_tui.server.process.admin import Banned

    until_ms = FOR_EVER_MS if for_ms is None else wall_ms() + for_ms
    _decide(tenant_name, user_id, Banned(until_ms), data_dir, database_url, json_=json_)


@user.command(cls=Verb)
@_of_user
def unban(
    tenant_name: str, user_id: str, data_dir: Path | None, database_url: str | None, json_: bool
) -> None:
    """Let USER of TENANT write again.

    \b
    imagechat user unban design anna
    """
    from imagechat_tui.server.process.admin import Banned

    _decide(tenant_name, user_id, Banned(None), data_dir, database_url, json_=json_)


@user.command(cls=Verb)
@_of_user
@click.argument("role", type=click.Choice(ROLES), metavar="|".join(ROLES))
def role(
    tenant_name: str,
    user_id: str,
    role: str,
    data_dir: Path | None,
    database_url: str | None,
    json_: bool,
) -> None:
    """Give USER of TENANT a role, whatever their token says; "token" lets that decide again.

    \b
    imagechat user role design anna moderator
    imagechat user role design guest-of-the-day reader
    """
    from imagechat_tui.server.process.admin import RoleGiven

    given = RoleGiven(None if role == "token" else role)
    _decide(tenant_name, user_id, given, data_dir, database_url, json_=json_)


@user.command("list", cls=Verb)
@click.argument("tenant_name", metavar="TENANT")
@data_option
@database_option
@as_json
def list_(tenant_name: str, data_dir: Path | None, database_url: str | None, json_: bool) -> None:
    """List of whom something is decided: bans that hold, and roles.

    \b
    imagechat user list design
    """
    from imagechat_tui.server.process.admin import user_rules

    tenant = TenantId(sayable(tenant_name))
    rules = user_rules(data_folder(data_dir, tenant), tenant, database_url=database_url)
    if json_:
        print_document(users=[_document(rule) for rule in rules])
        return
    for rule in rules:
        click.echo(_line(rule))
    if not rules:
        click.echo(f"Nobody of {tenant} is banned or has a role of their own.", err=True)


def _decide(
    tenant_name: str,
    user_id: str,
    decided: UserDecision,
    data_dir: Path | None,
    database_url: str | None,
    *,
    json_: bool,
) -> None:
    from imagechat_tui.server.process.admin import rule_user

    rule = rule_user(
        data_folder(data_dir, tenant_name),
        TenantId(sayable(tenant_name)),
        sayable(user_id),
        decided,
        database_url=database_url,
    )
    if json_:
        print_document(user=_document(rule))
    else:
        click.echo(_line(rule))


def _document(rule: UserRule) -> dict[str, object]:
    told = to_builtins(rule)
    return {"id": told["user_id"], "bannedUntil": told["banned_until_ms"], "role": told["role"]}


def _line(rule: UserRule) -> str:
    parts: list[str] = [safe_text(rule.user_id, Kind.LINE)]
    if rule.banned_until_ms == FOR_EVER_MS:
        parts.append("banned")
    elif rule.banned_until_ms is not None:
        until = datetime.fromtimestamp(rule.banned_until_ms / 1000, UTC).astimezone()
        parts.append(f"banned until {until:%Y-%m-%d %H:%M}")
    if rule.role is not None:
        parts.append(rule.role)
    if len(parts) == 1:
        parts.append("as their token says")
    return "  ".join(parts)
