"""The verbs, and the one place where everything is put together.

Each verb's module is imported when it is called, so that ``imagechat --help`` and the first paint pay for
nothing else.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, TextIO

import click

from imagechat_tui import __version__, typed_ahead
from imagechat_tui.commands import VERBS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

OK, ERROR, USAGE, UNREACHABLE, SIGN_IN, NOT_FOUND, CANCELLED = 0, 1, 2, 3, 4, 5, 130
"""Exit codes."""

READER_GONE = 128 + signal.SIGPIPE
"""What shells call the end of a program whose output nobody reads any more (`| head`): gh and ls end so, too."""

COLLECT_LATER = (*typed_ahead.SCREENS, "serve")
"""Verbs that have garbage collected only once they stand: the session begins with it, and a server that listens."""

OWN_OPTIONS = ("-h", "--help", "--version")
"""What may come before a verb."""


class Verbs(click.Group):
    """The verbs; a first word that names a picture means ``open``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer needs them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb's module and hand out its command."""
        if cmd_name not in VERBS:
            return None
        module, _, attribute = VERBS[cmd_name].entry.partition(":")
        command = getattr(import_module(f"{__name__}.{module}"), attribute)
        assert isinstance(command, click.Command)
        if cmd_name not in COLLECT_LATER:
            gc.enable()
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """The verbs, without importing any, and files: the first word may name a picture."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        from click.shell_completion import CompletionItem

        verbs = [CompletionItem(verb.name, help=verb.line) for verb in VERBS.values()]
        begun = [item for item in verbs if item.value.startswith(incomplete)]
        return [*begun, CompletionItem(incomplete, type="file")]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl([(verb.name, verb.line) for verb in VERBS.values()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a verb that does not exist is answered with those it may have been."""
        verb = args[0]
        if verb in VERBS or verb.startswith("-"):
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        from imagechat_tui.words import safe_name

        near = get_close_matches(verb, VERBS, n=3, cutoff=0.5)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        raise click.UsageError(f"There is no verb and no picture {safe_name(verb)!r}.{meant}", ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``open`` before a picture, and before options of its own."""
        word = next((arg for arg in args if arg == "-" or not arg.startswith("-")), None)
        if args[:1] == ["--"]:
            args = ["open", *args]
        elif args and args[0].startswith("-") and args[0] not in ("-", *OWN_OPTIONS):
            verb = next((arg for arg in args if arg in VERBS), None)
            if verb is not None:
                raise click.UsageError(f"Options go after the verb: imagechat {verb} {args[0]} ...", ctx)
            args = ["open", *args]
        elif word is not None and word not in VERBS and _names_a_picture(word):
            args = ["open", *args]
        return super().parse_args(ctx, args)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As click does, who prints the help and the version in here."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except BrokenPipeError as error:
            raise _ReaderGone from error  # click would end us with 1

    def invoke(self, ctx: click.Context) -> object:
        """Carry out the verb; a failure that came alone out of a group of tasks is that failure."""
        try:
            return super().invoke(ctx)
        except Exception as failure:  # all go on, some under another name
            alone = _alone(failure)
            if isinstance(alone, BrokenPipeError):
                raise _ReaderGone from failure  # click would end us with 1
            if alone is failure:
                raise
            raise alone from alone.__cause__


class _ReaderGone(Exception):
    """Whoever read our output has gone."""


def _alone(failure: Exception) -> Exception:
    """The only failure of a group; a group of several as it is."""
    while isinstance(failure, ExceptionGroup) and len(failure.exceptions) == 1:
        failure = failure.exceptions[0]
    return failure


def _names_a_picture(word: str) -> bool:
    return word == "-" or "." in word or "/" in word or os.path.exists(word)  # noqa: PTH110 (no pathlib import yet)


@click.group(
    cls=Verbs,
    subcommand_metavar="IMAGE | VERB [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 ok, 1 error, 2 usage or no terminal, 3 server unreachable, 4 not signed in, 5 not found,"
    " 10 show --exit-code found a difference, 130 cancelled.",
)
@click.version_option(__version__, prog_name="imagechat")
def cli() -> None:
    """Discuss a picture in the terminal.

    \b
    imagechat shot.png              open it; markers and threads, live for all who look
    imagechat demo                  watch a demo with a scripted colleague
    imagechat ls shot.png           the threads as text
    imagechat add shot.png --at 60.8,45.1 -m "Logo is cut off"
    imagechat VERB --help           more about a verb

    Without a server's address, a small local server is found or started for you.
    """


def run(argv: Sequence[str]) -> int:
    """Carry out a command line; every expected failure becomes a sentence on stderr and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A letter that the locale's encoding lacks is no reason to print nothing.
            stream.reconfigure(errors="replace")
    code = _carried_out(argv)
    try:
        flush_or_discard(sys.stdout)
    except BrokenPipeError:
        code = code or READER_GONE
    except OSError as error:  # the last of the output is lost: nobody has said so yet if the verb went well
        if code == OK:
            code = _report(error)
    with contextlib.suppress(OSError):
        flush_or_discard(sys.stderr)
    return code


def flush_or_discard(stream: TextIO | None) -> None:
    """Write what a stream still holds. If it cannot take it, that goes nowhere: at exit Python would try once
    more, and end us with a code and words of its own.

    Raises:
        OSError: It could not be written.
    """
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        raise


def _report(error: Exception) -> int:
    """Say what an expected failure was; the exit code for it.

    Raises:
        Exception: The failure itself, if it is a defect.
    """
    from imagechat_tui.cli.failures import explained

    known = explained(error)
    if known is None:
        raise error
    words, code = known
    click.echo(f"imagechat: {words.text}", err=True)
    return code


def _carried_out(argv: Sequence[str]) -> int:
    if "_IMAGECHAT_COMPLETE" in os.environ:
        from imagechat_tui.cli.shell_completion import use_ours

        use_ours()
    try:
        outcome = cli.main(list(argv), prog_name="imagechat", standalone_mode=False)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.Abort:
        return CANCELLED
    except click.UsageError as error:
        error.show(sys.stderr)
        return USAGE
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return CANCELLED
    except _ReaderGone:
        return READER_GONE
    except Exception as error:
        return _report(error)
    return outcome if isinstance(outcome, int) else OK
