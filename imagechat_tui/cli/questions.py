"""Questions with two answers, put on a terminal."""

from __future__ import annotations

import re
from typing import Final

import click

_KEYS: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|[\x00-\x1f\x7f]")
"""What keys leave in a line that are no letters: Escape, arrows, Ctrl with a letter."""
_ANSWERS: Final = {"y": True, "yes": True, "n": False, "no": False, "": False}


def confirmed(question: str) -> bool:
    """Ask on stderr until there is a yes or a no; Enter alone is no.

    Raises:
        click.Abort: Ctrl+C or the end of the input is the answer.
    """
    said: bool = click.prompt(
        f"{question} [y/N]", default="", show_default=False, value_proc=_answer, err=True
    )
    return said


def _answer(line: str) -> bool:
    answer = _ANSWERS.get(_KEYS.sub("", line).strip().lower())
    if answer is None:
        raise click.UsageError("please answer y or n.")
    return answer
