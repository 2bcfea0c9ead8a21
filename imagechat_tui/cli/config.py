"""The verb config: where settings come from, and what they are."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import click

from imagechat_tui.cli.documents import print_document
from imagechat_tui.cli.threads import as_json
from imagechat_tui.cli.verb import Verb
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.settings import CONFIG_FILE, Folders, load_settings, working_folder


@click.group()
def config() -> None:
    """Settings come from flags, IMAGECHAT_* variables, .imagechat.toml, and the user's config.toml."""


@config.command(cls=Verb)
def path() -> None:
    """Print the path of the user's settings file."""
    click.echo(Folders.of_user().config / CONFIG_FILE)


@config.command(cls=Verb)
@as_json
def show(json_: bool) -> None:
    """Print the settings in force here, each with where it comes from.

    Secrets are not shown.

    \b
    imagechat config show
    IMAGECHAT_GLYPHS=half imagechat config show --json
    """
    settings = load_settings({}, os.environ, Folders.of_user(), working_folder())
    shown: dict[str, object] = {
        key: "***" if key == "sso" and value else str(value) if isinstance(value, Path) else value
        for key, value in asdict(settings).items()
        if key not in ("mistakes", "sources")
    }
    sources = {key: settings.sources.get(key, "default") for key in shown}
    if json_:
        print_document(settings=shown, sources=sources, mistakes=list(settings.mistakes))
        return
    for key, value in shown.items():
        setting = f"{key} = {safe_text(str(value if value is not None else ''), Kind.LINE)}"
        click.echo(f"{setting:<32}  # {safe_text(sources[key], Kind.LINE)}")
    for mistake in settings.mistakes:
        click.echo(f"imagechat: settings: {safe_text(mistake, Kind.LINE)} (skipped)", err=True)
