"""The verb show: the picture with its markers as text."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING, Final

import click

from imagechat_tui.cli.against import against_option, chosen_before, compared
from imagechat_tui.cli.documents import print_document
from imagechat_tui.cli.failures import explained
from imagechat_tui.cli.one_shot import Visit, visit
from imagechat_tui.cli.open_verb import glyphs_are_free, picture_of, private_option, render_options
from imagechat_tui.cli.picture_files import choose_picture
from imagechat_tui.cli.target import (
    Target,
    note_choice,
    picture_argument,
    picture_options,
    server_options,
    target,
)
from imagechat_tui.cli.terminal import how_drawn
from imagechat_tui.cli.trust import Purpose
from imagechat_tui.cli.verb import Verb
from imagechat_tui.protocol.models import Conversation, PlacementState
from imagechat_tui.settings import CHOICES
from imagechat_tui.sync.state import ChatState, Placings
from imagechat_tui.sync.views import placement_of
from imagechat_tui.words import differences_words, numbered, picture_loss_words, sizes_words

if TYPE_CHECKING:
    from imagechat_tui.raster.comparison import Comparison
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.markers import Chip
    from imagechat_tui.raster.render import Grid, RenderOptions
    from imagechat_tui.raster.viewport import Viewport

Margin = tuple[int, int, int, int]
NO_MARGIN: Final = (0, 0, 0, 0)
"""Pixels left, above, right and below of the picture that are shown too."""
DIFFERS: Final = 10
"""The exit code that says that something differs: none of those for failures."""

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
@click.option("--diff", is_flag=True, help="Print what differs from the picture that --against names.")
@against_option
@click.option("--exit-code", is_flag=True, help="Exit with 10 if anything differs, as git diff does with 1.")
@click.option(
    "--json", "json_", is_flag=True, help="Print what differs as one JSON document and nothing else."
)
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
    image: str,
    size: tuple[int, int] | None,
    markers: bool,
    diff: bool,
    against: str | None,
    exit_code: bool,
    json_: bool,
    allow_private: bool,
    **options: str | None,
) -> int:
    """Print IMAGE to stdout; with --against, what differs: red on a pale picture, boxes round it.

    \b
    imagechat show shot.png --size 100x30 --markers
    imagechat show shot.png --colors none | less
    imagechat show shot.png --diff --against before.png
    git show HEAD:shot.png | imagechat show shot.png --against - --json | jq .boxes
    """
    if against is None and (diff or exit_code or json_):
        raise click.UsageError("To say what differs, it takes --against BEFORE.")
    chosen = target(note_choice(choose_picture(image)), Purpose.READ, **options)

    before = chosen_before(against, image, chosen) if against is not None else None

    async def loaded() -> tuple[Picture, Comparison | None]:
        picture = await picture_of(chosen, lambda fraction: None, private=allow_private)
        if before is None:
            return picture, None
        old = await before.load(chosen, lambda fraction: None, private=allow_private)
        return picture, await compared(old, picture, lambda fraction: None)

    picture, comparison = asyncio.run(loaded())
    for read in (picture, comparison.old) if comparison is not None else (picture,):
        if read.loss is not None:
            click.echo(f"imagechat: {picture_loss_words(read.name, read.loss).text}", err=True)
    differs = DIFFERS if exit_code and comparison is not None and not comparison.found.none else 0
    if comparison is not None and json_:
        print_document(**difference_json(comparison))
        return differs
    code, found = _markers(chosen) if markers else (0, [])
    columns, rows = size or _terminal()

    from imagechat_tui.raster.ansi import to_ansi
    from imagechat_tui.raster.chips import ascii_only
    from imagechat_tui.raster.outlines import outline
    from imagechat_tui.raster.render import in_ascii, render

    best = render_options(chosen.settings)
    if os.isatty(1) and glyphs_are_free(chosen.settings, best) and how_drawn() in ("wide", "bytes"):
        best = in_ascii(best)
    margin = comparison.margin if comparison is not None else NO_MARGIN
    if size is None:
        rows = lengthened(picture, columns, rows, best.aspect, margin)
    view = whole_view(picture, columns, rows, best.aspect, margin)

    def drawn(look: RenderOptions) -> str:
        grid = render(picture if comparison is None else comparison.difference, view, look)
        if comparison is not None:
            outline(grid, view, comparison.places, None, ascii_only=ascii_only(look))
        draw_chips(grid, view, look, found)
        return to_ansi(grid)

    click.echo(
        in_encoding(getattr(sys.stdout, "encoding", None) or "utf-8", best, drawn), nl=False, color=True
    )
    if comparison is not None:
        said = f"{differences_words(comparison.found)} {sizes_words(comparison)}".rstrip()
        click.echo(f"imagechat: {said}", err=True)
    return code or differs


def difference_json(comparison: Comparison) -> dict[str, object]:
    """What differs, as programs read it: boxes are left, top, width and height in pixels of the new version."""
    found = comparison.found
    return {
        "before": {"width": comparison.old.width, "height": comparison.old.height},
        "now": {"width": comparison.new.width, "height": comparison.new.height},
        "moved": list(found.shift),
        "boxes": [list(box) for box in found.boxes],
        "gone": [list(box) for box in found.gone],
        "pixels": found.pixels,
        "percent": round(100 * found.share, 4),
    }


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


def lengthened(picture: Picture, columns: int, rows: int, aspect: float, margin: Margin = NO_MARGIN) -> int:
    """The rows to print in: more than the terminal has where a tall picture would be a narrow strip."""
    from imagechat_tui.raster.viewport import Viewport

    view = Viewport(picture.width, picture.height, columns, rows, aspect, margin=margin)
    return min(LARGEST, ceil(view.extent[1] / view.fill_scale / aspect)) if view.is_tall else rows


def whole_view(
    picture: Picture, columns: int, rows: int, aspect: float, margin: Margin = NO_MARGIN
) -> Viewport:
    """The view of a whole picture, without the empty lines and columns round it: it ends up in logs."""
    from imagechat_tui.raster.viewport import Viewport

    view = Viewport(picture.width, picture.height, columns, rows, aspect, margin=margin)
    across, down = view.extent[0] / view.scale, view.extent[1] / view.scale / aspect
    return view.resized(min(columns, max(1, ceil(across - 1e-6))), min(rows, max(1, ceil(down - 1e-6))))


def _markers(chosen: Target) -> tuple[int, list[Chip]]:
    """The markers on the version that the picture is; without the server the picture is still worth printing."""

    async def work(visit: Visit) -> list[Chip]:
        listing = await visit.look()
        there = ChatState(
            visit.room, placings=await visit.placings() if listing.conversations else Placings()
        )
        return [
            chip_of(there, place if conversation.number is None else conversation.number, conversation)
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


def chip_of(there: ChatState, number: int, conversation: Conversation) -> Chip:
    """A marker as it is drawn where it is on the version that the picture is, as on the screen.

    Args:
        there: knows that.
        number: by which people call it.
        conversation: the marker.
    """
    from imagechat_tui.raster.markers import Chip, Mark

    placement = placement_of(there, conversation)
    to_check = placement is not None and placement.state is PlacementState.GUESS
    return Chip(
        conversation.id,
        numbered(number, to_check=to_check),
        Mark.RESOLVED if conversation.resolved else Mark.OPEN,
        conversation.point if placement is None else placement.point,
    )


def draw_chips(grid: Grid, view: Viewport, look: RenderOptions, chips: list[Chip]) -> None:
    """Draw the markers' chips into the cells of ``grid``, as they are on the screen."""
    from imagechat_tui.raster.chips import ascii_only, chip_cells
    from imagechat_tui.raster.markers import place

    for chip in place(chips, view, ascii_only=ascii_only(look)).chips:
        for column, ink in enumerate(chip_cells(chip.text, chip.mark, grid.depth), chip.column):
            grid.glyphs[chip.row, column] = ord(ink.glyph)
            grid.fg[chip.row, column], grid.bg[chip.row, column] = ink.fg, ink.bg
