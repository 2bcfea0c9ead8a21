"""The verb config: where settings come from, and what they are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import partial
from pathlib import Path

import click

from imagechat_tui.cli.documents import print_document
from imagechat_tui.cli.threads import as_json
from imagechat_tui.cli.trust import allowed, answered, file_and_wishes, remember, undecided_wishes
from imagechat_tui.cli.verb import Verb
from imagechat_tui.problems import SettingsError
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.settings import CONFIG_FILE, Folders, Wish, load_settings, working_folder
from imagechat_tui.words import mistake_words, verb_words, wish_words


@click.group()
def config() -> None:
    """Settings come from flags, IMAGECHAT_* variables, .imagechat.toml, and the user's config.toml."""


@config.command(cls=Verb)
def path() -> None:
    """Print the path of the user's settings file."""
    click.echo(os.fsencode(Folders.of_user().config / CONFIG_FILE))


@config.command(cls=Verb)
@as_json
def show(json_: bool) -> None:
    """Print the settings in force here, each with where it comes from.

    Secrets are not shown.

    \b
    imagechat config show
    IMAGECHAT_GLYPHS=half imagechat config show --json
    """
    folders = Folders.of_user()
    settings = load_settings({}, os.environ, folders, working_folder(), partial(allowed, folders))
    values = {setting.name: getattr(settings, setting.name) for setting in fields(settings)}
    shown: dict[str, object] = {
        key: "***" if key == "sso" and value else str(value) if isinstance(value, Path) else value
        for key, value in values.items()
        if key not in ("mistakes", "refused", "bad_server", "sources")
    }
    sources = {key: settings.sources.get(key, "default") for key in shown}
    mistakes = [mistake_words(mistake) for mistake in settings.mistakes]
    if json_:
        asked = [{"key": wish.key, "value": wish.value, "file": str(wish.file)} for wish in settings.refused]
        print_document(settings=shown, sources=sources, mistakes=mistakes, notAllowed=asked)
        return
    for key, value in shown.items():
        setting = f"{key} = {safe_text(str(value if value is not None else ''), Kind.LINE)}"
        click.echo(f"{setting:<32}  # {safe_text(sources[key], Kind.LINE)}")
    for mistake in mistakes:
        click.echo(f"imagechat: settings: {mistake} (skipped)", err=True)
    undecided = [wish for wish in settings.refused if answered(folders, wish) is None]
    if undecided:
        click.echo(f"imagechat: {verb_words(undecided_wishes(undecided)).text}", err=True)


@config.command(cls=Verb)
def trust() -> None:
    """Allow what .imagechat.toml here asks for.

    That may be a server, a shared folder, or larger pictures. The answer is kept for this project.

    \b
    imagechat config trust
    """
    _answer(yes=True)


@config.command(cls=Verb)
def distrust() -> None:
    """Skip what .imagechat.toml here asks for.

    It is skipped from now on, without a question, even if it was allowed before.

    \b
    imagechat config distrust
    """
    _answer(yes=False)


def _answer(*, yes: bool) -> None:
    folders = Folders.of_user()
    wishes: dict[Wish, None] = {}

    def noted(asked: Sequence[Wish]) -> Sequence[Wish]:
        wishes.update(dict.fromkeys(asked))
        return asked

    # What a variable overrules in this shell is asked for in another one; what it names, a tenant may be for.
    environments: tuple[Mapping[str, str], ...] = ({}, os.environ)
    for environ in environments:
        with suppress(SettingsError):  # the question is what the file asks for, not whether all of it will do
            load_settings({}, environ, folders, working_folder(), noted)
    if not wishes:
        click.echo("No project's file here asks for anything that you must allow.")
        return
    remember(folders, wishes, allowed=yes)
    for line in wish_words(*file_and_wishes(list(wishes))):
        click.echo(line)
    click.echo("Allowed." if yes else "Not allowed.")
