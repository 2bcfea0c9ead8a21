"""What a project's file asks for: put to the person once, and the answer remembered.

An answer is about one value of one setting of one project (by the real path of its file), so a file that asks
for something else later is a new question. A server and its tenant are one place: each is asked for with the
other. Each answer is a small file of its own: two programs may answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import Final

import click

from imagechat_tui import typed_ahead
from imagechat_tui.cli.questions import confirmed
from imagechat_tui.problems import VerbFailed, WishesUndecided
from imagechat_tui.settings import ASKED_FIRST, Folders, Wish
from imagechat_tui.words import verb_words, wish_words

_ANSWERS: Final = {True: "allowed", False: "refused"}


class Purpose(Enum):
    """What a verb wants the settings for."""

    READ = auto()
    WRITE = auto()
    """To write elsewhere than the project means would be worse than to write nothing."""
    SCREEN = auto()
    """There is a terminal, whatever stdin is."""


def answer_path(state: Path, wish: Wish) -> Path:
    """Where the answer about a wish is kept."""
    import hashlib

    parts = "".join(f"{len(part)}:{part}" for part in (str(wish.file), wish.key, wish.value, wish.beside))
    return state / "projects" / hashlib.sha256(os.fsencode(parts)).hexdigest()[:32]


def answered(folders: Folders, wish: Wish) -> bool | None:
    """What the person said about a wish; None if nothing so far."""
    state = folders.known("state")
    if state is None:
        return None
    try:
        line = answer_path(state, wish).read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    except OSError:
        return None
    return {said: answer for answer, said in _ANSWERS.items()}.get(line)


def allowed(folders: Folders, wishes: Sequence[Wish]) -> list[Wish]:
    """Which of a project's wishes were allowed before; nobody is asked."""
    return [wish for wish in wishes if answered(folders, wish)]


def remember(folders: Folders, wishes: Iterable[Wish], *, allowed: bool) -> None:
    """Keep an answer.

    Raises:
        OSError: it cannot be written.
        SettingsError: there is no home for it.
    """
    for wish in wishes:
        path = answer_path(folders.state, wish)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        told = f"{_ANSWERS[allowed]}\n{wish.file}\n{wish.key} = {wish.value}\n"
        path.write_bytes(told.encode("utf-8", "backslashreplace"))


def granted(folders: Folders, wishes: Sequence[Wish], purpose: Purpose) -> list[Wish]:
    """Which of a project's wishes count: those that were allowed before, or are now.

    Raises:
        VerbFailed: nobody can be asked, and something would be written elsewhere than the project means.
    """
    answers = {wish: answered(folders, wish) for wish in wishes}
    open_ = [wish for wish, answer in answers.items() if answer is None]
    if open_:
        said = _asked(open_, purpose)
        if said is None:
            undecided = undecided_wishes(open_)
            if purpose is Purpose.WRITE and any(wish.key in ASKED_FIRST for wish in open_):
                raise VerbFailed(undecided)
            click.echo(f"imagechat: {verb_words(undecided).text}", err=True)
        else:
            answers |= dict.fromkeys(open_, said)
            try:
                remember(folders, open_, allowed=said)
            except OSError as error:
                click.echo(f"imagechat: the answer cannot be kept ({error.strerror}).", err=True)
    return [wish for wish, answer in answers.items() if answer]


def undecided_wishes(wishes: Sequence[Wish]) -> WishesUndecided:
    """That nobody has answered about these, all of one project."""
    return WishesUndecided(str(wishes[0].file), tuple((wish.key, wish.value) for wish in wishes))


def file_and_wishes(wishes: Sequence[Wish]) -> tuple[str, list[tuple[str, str, str]]]:
    """Wishes of one project as ``words`` takes them."""
    return str(wishes[0].file), [(wish.key, wish.value, wish.beside) for wish in wishes]


def _asked(wishes: Sequence[Wish], purpose: Purpose) -> bool | None:
    """Ask for all at once; None if there is nobody to ask."""
    if sys.stdin.isatty() and sys.stderr.isatty():
        return _ask(wishes)
    if purpose is not Purpose.SCREEN:
        return None
    from imagechat_tui.cli.terminal import on_terminal

    with on_terminal():
        return _ask(wishes)


def _ask(wishes: Sequence[Wish]) -> bool:
    with typed_ahead.asking():  # whoever has read any of it may answer
        for line in wish_words(*file_and_wishes(wishes)):
            click.echo(line, err=True)
        return confirmed("Allow it? The answer is kept for this project.")
