"""The verb completions: what a shell needs to complete verbs and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from imagechat_tui.cli.shell_completion import Bash
from imagechat_tui.cli.verb import Verb


@click.command(cls=Verb)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="SHELL")
def completions(shell: str) -> None:
    """Print the completion script for SHELL: bash, zsh or fish.

    \b
    imagechat completions bash > ~/.local/share/bash-completion/completions/imagechat
    imagechat completions zsh > "${fpath[1]}/_imagechat"
    imagechat completions fish > ~/.config/fish/completions/imagechat.fish
    """
    from imagechat_tui.cli import cli

    kind = Bash if shell == "bash" else get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "imagechat", "_IMAGECHAT_COMPLETE").source())
