"""The verb show: the picture with its markers as text."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING

import click

from imagechat_tui.cli.failures import explained
from imagechat_tui.cli.one_shot import Visit, visit
from imagechat_tui.cli.open_verb import may_be_wide, picture_of, private_option, render_options
from imagechat_tui.cli.picture_files import choose_picture
from imagechat_tui.cli.target import (
    Target,
    note_choice,
    picture_argument,
    picture_options,
    server_options,
    target,
)
from imagechat_tui.cli.terminal import draws_wide
from imagechat_tui.cli.trust import Purpose
from imagechat_tui.cli.verb import Verb
from imagechat_tui.protocol.models import Conversation
from imagechat_tui.settings import CHOICES
from imagechat_tui.words import picture_loss_words

if TYPE_CHECKING:
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.render import Grid, RenderOptions
    from imagechat_tui.raster.viewport import Viewport

LARGEST = 2000
"""Columns or rows at most: more is a typing mistake."""


def size_of(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """``120x40``: columns and rows; None if nothing was said."""
    if value is None:
        return None
    try:
        columns, rows = (int(part) for part in value.lower().split("x"))
    except ValueError:
        raise click.BadParameter("a size is columns and rows, as in 120x40") from None
    if not (1 <= columns <= LARGEST and 1 <= rows <= LARGEST):
        raise click.BadParameter(f"columns and rows go from 1 to {LARGEST}")
    return columns, rows


@click.command(cls=Verb)
@picture_argument
@click.option(
    "--size",
    metavar="COLSxROWS",
    callback=size_of,
    help="Largest size. Default: the terminal's; a tall picture goes on below.",
)
@click.option("--markers", is_flag=True, help="Draw the markers too.")
@click.option("--glyphs", type=click.Choice(CHOICES["glyphs"]), help="What the picture is drawn with.")
@click.option("--colors", type=click.Choice(CHOICES["colors"]), help="How many colours to use.")
@click.option("--renderer", type=click.Choice(CHOICES["renderer"]), help="What turns pixels into cells.")
@click.option("--cell-aspect", metavar="NUMBER", help="Height of a cell divided by its width, as in 2.1.")
@click.option("--max-megapixels", metavar="NUMBER", help="Refuse pictures of more pixels. Default: 60.")
@click.option("--max-file-mib", metavar="NUMBER", help="Refuse larger files. Default: 20.")
@private_option
@picture_options
@server_options
def show(
    image: str, size: tuple[int, int] | None, markers: bool, allow_private: bool, **options: str | None
) -> int:
    """Print IMAGE to stdout.

    \b
    imagechat show shot.png --size 100x30 --markers
    imagechat show shot.png --colors none | less
    """
    chosen = target(note_choice(choose_picture(image)), Purpose.READ, **options)

    async def loaded() -> Picture:
        return await picture_of(chosen, lambda fraction: None, private=allow_private)

    picture = asyncio.run(loaded())
    if picture.loss is not None:
        words = picture_loss_words(picture.name, picture.loss)
        click.echo(f"imagechat: {words.text}", err=True)
    code, found = _markers(chosen) if markers else (0, [])
    columns, rows = size or _terminal()

    from imagechat_tui.raster.ansi import to_ansi
    from imagechat_tui.raster.render import in_ascii, render

    best = render_options(chosen.settings)
    if os.isatty(1) and may_be_wide(chosen.settings, best) and draws_wide():
        best = in_ascii(best)
    if size is None:
        rows = lengthened(picture, columns, rows, best.aspect)
    view = whole_view(picture, columns, rows, best.aspect)

    def drawn(look: RenderOptions) -> str:
        grid = render(picture, view, look)
        draw_chips(grid, view, look, found)
        return to_ansi(grid)

    click.echo(
        in_encoding(getattr(sys.stdout, "encoding", None) or "utf-8", best, drawn), nl=False, color=True
    )
    return code


def _terminal() -> tuple[int, int]:
    """The terminal's columns and rows; the line below the picture is for the prompt."""
    size = os.get_terminal_size(1) if os.isatty(1) else None
    # Some tell nothing; and what a shell knew of it once (COLUMNS, LINES) may be outdated.
    if size is None or not (size.columns and size.lines):
        return shutil.get_terminal_size()
    return size.columns, max(1, size.lines - 1)


def in_encoding(encoding: str, look: RenderOptions, drawn: Callable[[RenderOptions], str]) -> str:
    """What is ``drawn`` with a look, or, if this encoding has no such glyphs, with half blocks, or with ASCII."""
    from msgspec.structs import replace

    from imagechat_tui.raster.glyphs import GlyphSet
    from imagechat_tui.raster.render import in_ascii

    for glyphs in (look.glyphs, GlyphSet.HALF):
        text = drawn(replace(look, glyphs=glyphs))
        with suppress(UnicodeEncodeError):
            text.encode(encoding)
            return text
    return drawn(in_ascii(look))


def lengthened(picture: Picture, columns: int, rows: int, aspect: float) -> int:
    """The rows to print in: more than the terminal has where a tall picture would be a narrow strip."""
    from imagechat_tui.raster.viewport import Viewport

    view = Viewport(picture.width, picture.height, columns, rows, aspect)
    return min(LARGEST, ceil(picture.height / view.fill_scale / aspect)) if view.is_tall else rows


def whole_view(picture: Picture, columns: int, rows: int, aspect: float) -> Viewport:
    """The view of a whole picture, without the empty lines and columns round it: it ends up in logs."""
    from imagechat_tui.raster.viewport import Viewport

    view = Viewport(picture.width, picture.height, columns, rows, aspect)
    first_column, first_row, end_column, end_row = view.area
    return view.resized(max(1, end_column - first_column), max(1, end_row - first_row))


def _markers(chosen: Target) -> tuple[int, list[tuple[int, Conversation]]]:
    """The markers with their numbers; without the server the picture is still worth printing."""

    async def work(visit: Visit) -> list[tuple[int, Conversation]]:
        listing = await visit.look()
        return [
            (place if conversation.number is None else conversation.number, conversation)
            for place, conversation in enumerate(listing.conversations, 1)
        ]

    try:
        return 0, visit(chosen, work)
    except Exception as error:  # told below; a defect goes on
        known = explained(error)
        if known is None:
            raise
        words, code = known
        click.echo(f"imagechat: markers not shown: {words.text}", err=True)
        return code, []


def draw_chips(
    grid: Grid, view: Viewport, look: RenderOptions, markers: list[tuple[int, Conversation]]
) -> None:
    """Draw the markers' chips into the cells of ``grid``, as they are on the screen."""
    from imagechat_tui.raster.chips import ascii_only, chip_cells
    from imagechat_tui.raster.markers import Chip, Mark, place

    chips = [
        Chip(
            conversation.id,
            str(number),
            Mark.RESOLVED if conversation.resolved else Mark.OPEN,
            conversation.point,
        )
        for number, conversation in markers
    ]
    for chip in place(chips, view, ascii_only=ascii_only(look)).chips:
        for column, ink in enumerate(chip_cells(chip.text, chip.mark, grid.depth), chip.column):
            grid.glyphs[chip.row, column] = ord(ink.glyph)
            grid.fg[chip.row, column], grid.bg[chip.row, column] = ink.fg, ink.bg
