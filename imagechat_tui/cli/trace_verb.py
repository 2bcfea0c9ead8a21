"""The verb trace, which reads what --trace has written; and that option."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

import click

from imagechat_tui.cli import ERROR, OK
from imagechat_tui.cli.verb import Verb
from imagechat_tui.problems import TraceNotAFile, TraceUnreadable, VerbFailed

if TYPE_CHECKING:
    from imagechat_tui.net.trace_file import TraceFile
    from imagechat_tui.sync.trace import Replayed

Command = TypeVar("Command", bound=Callable[..., Any])

MAX_LINE: Final = 128 << 20
"""Bytes of a line: more than the longest answer of a server makes."""


def trace_option(command: Command) -> Command:
    """Add the option that has the session recorded."""
    option = click.option(
        "--trace",
        "trace",
        envvar="IMAGECHAT_TRACE",
        metavar="FILE",
        help="Record for a bug report what happens: see imagechat trace --help.",
    )
    return option(command)


@contextmanager
def recording(file: str | None) -> Iterator[TraceFile | None]:
    """A trace that is written while this lasts; None if none is wanted. Tells at the end if it is cut.

    Raises:
        OSError: The file cannot be had.
    """
    if file is None or not file.strip():
        yield None
        return
    from imagechat_tui.net.trace_file import TraceFile

    with TraceFile(Path(file)) as trace:
        yield trace
    if trace.failure is not None:
        from imagechat_tui.words import safe_line

        why = safe_line(trace.failure.strerror or str(trace.failure))
        click.echo(f"imagechat: the trace ends before the session did: {why}.", err=True)


@click.command(cls=Verb)
@click.argument("file", type=click.Path())
def trace(file: str) -> int:
    """Replay FILE, which --trace or IMAGECHAT_TRACE wrote, and tell the first difference.

    \b
    imagechat shot.png --trace bug.jsonl
    imagechat trace bug.jsonl

    A trace has one line for everything that happened to the client: when, what, and what was done about it.
    Comments, people and pictures' names and addresses are in it as random letters of the same number, tokens and
    cookies not at all. Ids of markers and comments, places, times and a server's reasons are in it as they are. Only
    you can read the file.

    The replay feeds a fresh client with it and prints what became of the state, up to the first line where this
    program does something else than was recorded. It exits with 0 if there is none, with 1 if there is one or a
    line cannot be read. A last line that is cut off, as by a crash, is left out.
    """
    with _opened(file) as lines:
        return _replayed(lines)


def _opened(file: str) -> BinaryIO:
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise VerbFailed(TraceNotAFile(file))
    return os.fdopen(descriptor, "rb")


def _replayed(lines: BinaryIO) -> int:
    from imagechat_tui.sync.trace import NotATrace, Replay, read_head
    from imagechat_tui.words import safe_line

    number = 1
    try:
        head = read_head(_line(lines))
        click.echo(f"Recorded by imagechat {safe_line(head.program)}.")
        replay, begun = Replay(head), None
        while line := _line(lines):
            number += 1
            if not line.endswith(b"\n"):
                click.echo(f"Line {number}, the last, is cut off.")
                number -= 1
                break
            turn = replay.turn(line)
            begun = turn.line.at if begun is None else begun
            _tell(number, turn, turn.line.at - begun)
            if turn.divergence is not None:
                return ERROR
    except NotATrace as why:
        raise VerbFailed(TraceUnreadable(number, str(why))) from None
    click.echo(f"Replayed up to line {number}: no difference.")
    return OK


def _line(lines: BinaryIO) -> bytes:
    from imagechat_tui.sync.trace import NotATrace

    line = lines.readline(MAX_LINE)
    if len(line) == MAX_LINE:
        raise NotATrace(f"it is longer than {MAX_LINE >> 20} MiB")
    return line


def _tell(number: int, turn: Replayed, seconds: float) -> None:
    from imagechat_tui.sync.trace import changes
    from imagechat_tui.words import safe_line

    asked = [str(effect.get("is", "")) for effect in turn.line.effects]
    names = ", ".join(name for name in asked if name != "Publish")
    did = f" -> {safe_line(names)}" if names else ""
    click.echo(f"{number}: {seconds:.3f} s {type(turn.line.input).__name__}{did}")
    for change in changes(turn.before, turn.after):
        click.echo(f"    {safe_line(change)}")
    if turn.divergence is not None:
        click.echo(f"Line {number} is the first that differs.")
        for what, items in (("recorded", turn.divergence.recorded), ("now", turn.divergence.replayed)):
            for item in items:
                click.echo(f"  {what}: {safe_line(item)}")
