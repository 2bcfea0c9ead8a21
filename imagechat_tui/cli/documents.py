"""JSON on stdout: exact for programs, and harmless to a terminal that it is printed on."""

from __future__ import annotations

import codecs
import json
import sys
from typing import Any, TextIO

import click

SCHEMA = 1
"""Version of the documents; a key is never renamed or removed within a version."""


def document(**content: Any) -> str:
    """One JSON document for people and programs to read."""
    return _printable(json.dumps({"schema": SCHEMA, **content}, ensure_ascii=False, indent=2))


def print_document(**content: Any) -> None:
    """Print one JSON document, and nothing else."""
    click.echo(document(**content))


def line(content: Any) -> str:
    """One JSON object on one line."""
    return _printable(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def _printable(text: str) -> str:
    """What a terminal may act on (C1, bidi, formats) stands only inside of strings: escape it there.

    So does every letter beyond ASCII, where stdout has another encoding than UTF-8: escaped, it is read by all.
    """
    every = not is_utf8(sys.stdout)
    return "".join(
        character
        if (character.isprintable() or character == "\n") and (character.isascii() or not every)
        else _escaped(character)
        for character in text
    )


def is_utf8(stream: TextIO) -> bool:
    """Whether a stream takes every letter."""
    return codecs.lookup(getattr(stream, "encoding", None) or "utf-8").name == "utf-8"


def _escaped(character: str) -> str:
    return json.dumps(character, ensure_ascii=True)[1:-1]
