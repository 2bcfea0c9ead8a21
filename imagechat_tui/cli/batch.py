"""One verb about several markers or comments: all are looked up first, then each is written, and each is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import click
from msgspec import Struct

from imagechat_tui.cli import ERROR, UNREACHABLE
from imagechat_tui.cli.documents import print_document
from imagechat_tui.cli.failures import explained
from imagechat_tui.words import Words, not_tried_words, safe_name

Thing = TypeVar("Thing")


class Ending(Struct, frozen=True):
    """What became of one of them."""

    name: str
    """The thing, as the person named it."""
    facts: Mapping[str, object] = {}
    """What the JSON document says of it, if it was done."""
    words: Words | None = None
    """Why it was not done."""
    code: int = 0


async def write_each(
    things: Mapping[str, Thing], write: Callable[[str, Thing], Awaitable[Mapping[str, object]]]
) -> list[Ending]:
    """Write one after the other. What is refused keeps none of the others; a lost server keeps the rest."""
    endings: list[Ending] = []
    for name, thing in things.items():
        if endings and endings[-1].code == UNREACHABLE:
            endings.append(Ending(name, words=not_tried_words(), code=UNREACHABLE))
            continue
        try:
            endings.append(Ending(name, facts=await write(name, thing)))
        except Exception as error:  # a defect goes on; what is expected is told of this one
            known = explained(error)
            if known is None:
                raise
            words, code = known
            endings.append(Ending(name, words=words, code=code))
    return endings


def report(endings: Sequence[Ending], sentence: Callable[[Mapping[str, object]], str], *, json: bool) -> int:
    """Say what became of all; returns the exit code: of the first that was not done.

    One that was named alone is the document itself, as ever; several are in its ``results`` and ``failed``.
    """
    failed = [ending for ending in endings if ending.words is not None]
    done = [ending for ending in endings if ending.words is None]
    if json and len(endings) > 1:
        print_document(
            results=[ending.facts for ending in done],
            failed=[{"ref": ending.name, "problem": ending.words.text} for ending in failed if ending.words],
        )
    elif json and done:
        print_document(**done[0].facts)
    else:
        for said in dict.fromkeys(sentence(ending.facts) for ending in done):  # of one thing once
            click.echo(said)
    for ending in failed:
        about = f"{safe_name(ending.name)}: " if len(endings) > 1 else ""
        click.echo(f"imagechat: {about}{ending.words.text if ending.words else ''}", err=True)
    return failed[0].code or ERROR if failed else 0
