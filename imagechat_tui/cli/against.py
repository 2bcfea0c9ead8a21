"""The picture that another one is compared with: which one is meant, and how it is read."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.cli.picture_files import choose_picture
from imagechat_tui.cli.piped_picture import from_pipe
from imagechat_tui.cli.target import Command, Target, completed_files
from imagechat_tui.problems import StdinTwice, VerbFailed
from imagechat_tui.settings import is_url, picture_path

if TYPE_CHECKING:
    from imagechat_tui.raster.comparison import Comparison
    from imagechat_tui.raster.image import Picture


def against_option(command: Command) -> Command:
    """Add the option that names the picture from before."""
    option = click.option(
        "--against",
        metavar="BEFORE",
        shell_complete=completed_files,
        help="Compare with this one: an older file, an address, - for stdin, or a folder with one of that name.",
    )
    return option(command)


class Before(Struct, frozen=True):
    """The picture from before."""

    image: str
    """What to open: a path, an address, or ``-``."""
    stdin: bytes | None
    """What came through a pipe."""

    @property
    def title(self) -> str:
        """What it is called on the screen, raw."""
        if self.image == "-":
            return "stdin"
        return self.image if is_url(self.image) else Path(self.image).name

    def load(self, beside: Target, progress: Callable[[float], None], *, private: bool) -> Awaitable[Picture]:
        """Load it, with the limits of the picture beside it."""
        return replace(beside, image=self.image, stdin=self.stdin).load(progress, private=private)


def chosen_before(against: str, image: str, beside: Target) -> Before:
    """The picture that is named; in a folder the one that is called like the picture beside it.

    Args:
        against: as it was typed.
        image: the picture beside it, as it was typed.
        beside: the same.

    Raises:
        PictureError: there is none, or it does not come through its pipe.
        VerbFailed: it cannot be known which one is meant; or both come through stdin, which can be read once.
    """
    if against == image == "-":
        raise VerbFailed(StdinTwice())
    stdin = from_pipe(against, beside.settings)
    if stdin is not None:
        return Before("-", stdin)
    if is_folder(against) and beside.stdin is None and not is_url(beside.image):
        against = str(picture_path(against, Path()) / Path(beside.image).name)
    return Before(choose_picture(against).image, None)


def before_in(folder: str, beside: Target) -> Before | None:
    """The picture of a folder that is called like the one beside it; None if there is none."""
    if beside.stdin is not None or is_url(beside.image):
        return None
    path = picture_path(folder, Path()) / Path(beside.image).name
    return Before(str(path), None) if os.path.lexists(path) else None


def is_folder(name: str) -> bool:
    """Whether a name is that of a folder."""
    return not is_url(name) and os.path.isdir(picture_path(name, Path()))  # noqa: PTH112 (it may be too long)


def compared(old: Picture, new: Picture, progress: Callable[[float], None]) -> Awaitable[Comparison]:
    """Compare; the module and its libraries are imported when it is awaited."""
    from imagechat_tui.net.comparing import compare

    return compare(old, new, progress)
