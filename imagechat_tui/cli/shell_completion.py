"""What a shell completes behind the verbs: files where a picture is expected, numbers of markers and comments."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

ANSWER_S: Final = 0.3
"""How long a server may take to tell the numbers: whoever pressed Tab waits."""

Items = list[CompletionItem[str]]


class _WithEquals(ShellComplete):
    """A value behind ``--option=``, which is one word to some shells and three to others."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """As click does; an option and its value are two words, the sign between them is none."""
        args, incomplete = super().get_completion_args()
        behind = zip(["", *args], args, strict=False)
        return [arg for before, arg in behind if arg != "=" or not before.startswith("--")], incomplete

    def get_completions(self, args: list[str], incomplete: str) -> Items:
        """As click does, but with the option where the shell takes both for one word."""
        items = super().get_completions(args, incomplete)
        option, equals, _ = incomplete.partition("=")
        if not (option.startswith("--") and equals):
            return items
        return [
            CompletionItem(f"{option}={item.value}", help=item.help) if item.type == "plain" else item
            for item in items
        ]


class Zsh(_WithEquals, ZshComplete):
    """Click's, with values behind an equals sign."""


class Fish(_WithEquals, FishComplete):
    """Click's, with values behind an equals sign."""


class Bash(_WithEquals, BashComplete):
    """Click's, with values behind an equals sign, and files beside words: it forgets the one for the other."""

    source_template = """\
%(complete_func)s() {
    local IFS=$'\\n' files= response completion type value
    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD %(complete_var)s=bash_complete $1)
    for completion in $response; do
        IFS=',' read -r type value <<< "$completion"
        case $type in
            dir) compopt -o dirnames ;;
            file) files=1 ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done
    if [[ $files && ${#COMPREPLY[@]} -gt 0 ]]; then
        # Readline completes files by itself only where there is nothing else.
        compopt -o filenames
        COMPREPLY+=($(compgen -f -- "$2"))
    elif [[ $files ]]; then
        compopt -o default
    fi
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


def use_ours() -> None:
    """Have a shell that asks be answered by these instead of by click's."""
    for kind in (Bash, Zsh, Fish):
        add_completion_class(kind)


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Whatever the shell knows of files."""
    return [CompletionItem(incomplete, type="file")]


def folders(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Whatever the shell knows of folders."""
    return [CompletionItem(incomplete, type="dir")]


def markers(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """The numbers of the picture's markers; behind ``7.`` those of its comments, where the verb takes them."""
    with_comments = param.name in ("comment", "whats")
    try:
        refs = asyncio.run(_refs(ctx.params, incomplete if with_comments else ""))
    except Exception:  # a line that is not finished yet is no place to tell of anything
        return []
    return [CompletionItem(ref) for ref in refs if ref.startswith(incomplete)]


async def _unseen() -> None:
    """The picture's looks: nobody waits for them while typing."""


async def _refs(said: dict[str, Any], begun: str) -> list[str]:
    """The numbers, of a server that is there and quick."""
    from imagechat_tui.cli.one_shot import Visit, find, number_of, numbered
    from imagechat_tui.cli.target import unasked_target
    from imagechat_tui.net.api import Api
    from imagechat_tui.net.local_server import listens

    keys = ("server", "tenant", "shared", "url_id", "src")
    chosen = unasked_target(said["image"], **{key: said.get(key) for key in keys})
    if chosen.local is not None and not listens(chosen.local):
        return []
    import httpx  # noqa: F401 (before the server's time begins: on a busy machine it takes as long)

    api = Api(chosen.endpoint)
    try:
        async with asyncio.timeout(ANSWER_S):
            visit = Visit(chosen.room_before, api)
            await visit.enter(chosen.recognition(_unseen))
            listing = await visit.look()
            if "." not in begun:
                return [str(number_of(listing, one)) for one in listing.conversations]
            marker = begun.partition(".")[0]
            comments = await visit.comments(listing, find(listing, marker))
            return [f"{marker}.{number}" for number, _ in numbered(comments)]
    finally:
        await api.close()
