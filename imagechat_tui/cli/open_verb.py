"""The verb open: the screen."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click

from imagechat_tui import typed_ahead
from imagechat_tui.cli.picture_files import choose_picture
from imagechat_tui.cli.questions import confirmed
from imagechat_tui.cli.target import (
    Command,
    Target,
    picture_argument,
    picture_options,
    server_options,
    target,
)
from imagechat_tui.cli.terminal import (
    cell_aspect,
    need_terminal,
    on_terminal,
    pixels_per_cell,
    tell_textual,
    told_colors,
)
from imagechat_tui.cli.trace_verb import recording, trace_option
from imagechat_tui.cli.trust import Purpose
from imagechat_tui.cli.verb import Verb
from imagechat_tui.problems import PictureError, PictureNotWhole
from imagechat_tui.settings import CHOICES, ClientSettings, is_url
from imagechat_tui.words import private_address_words

if TYPE_CHECKING:
    from imagechat_tui.net.driver import LiveSession
    from imagechat_tui.net.trace_file import TraceFile
    from imagechat_tui.protocol.routes import Pixels
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.render import RenderOptions


def private_option(command: Command) -> Command:
    """Add the option for pictures of a private network."""
    option = click.option(
        "--allow-private", is_flag=True, help="Fetch it even if its public name leads into a private network."
    )
    return option(command)


@click.command(cls=Verb)
@picture_argument
@click.option("--glyphs", type=click.Choice(CHOICES["glyphs"]), help="What the picture is drawn with.")
@click.option("--colors", type=click.Choice(CHOICES["colors"]), help="How many colours the terminal has.")
@click.option("--renderer", type=click.Choice(CHOICES["renderer"]), help="What turns pixels into cells.")
@click.option(
    "--graphics",
    type=click.Choice(CHOICES["graphics"]),
    help="Cells, or pixels for kitty 0.28 (or later) and Ghostty.",
)
@click.option("--cell-aspect", metavar="NUMBER", help="Height of a cell divided by its width, as in 2.1.")
@click.option("--max-megapixels", metavar="NUMBER", help="Refuse pictures of more pixels. Default: 60.")
@click.option("--max-file-mib", metavar="NUMBER", help="Refuse larger files. Default: 20.")
@click.option("--theme", type=click.Choice(CHOICES["theme"]), help="The colours around the picture.")
@click.option("--bell", type=click.Choice(CHOICES["bell"]), help="Ring when somebody else adds something.")
@click.option("--explore", is_flag=True, help="Only look: nothing is written, and nothing is marked read.")
@private_option
@trace_option
@picture_options
@server_options
def open_picture(
    image: str, explore: bool, allow_private: bool, trace: str | None, **options: str | None
) -> int:
    """Open IMAGE: a file, an address, a folder (its first picture), or - for stdin.

    \b
    imagechat shot.png
    imagechat https://example.org/mock.png
    grim - | imagechat -
    imagechat shot.png --server https://review.example --tenant design

    Markers stand on the picture, each with a thread; whoever opens the same picture on the same server
    sees the same, live. Press ? for the keys.
    """
    need_terminal()
    chosen = target(choose_picture(image).image, Purpose.SCREEN, **options)
    return run_screen(chosen, explores=explore, private=allow_private, trace=trace)


NAME_S = 1.0
"""How long the screen waits for a name server before it opens."""


def run_screen(
    chosen: Target, *, explores: bool = False, private: bool = False, trace: str | None = None
) -> int:
    """Show the picture until the person leaves; returns the exit code.

    Args:
        chosen: the picture.
        explores: whether they only look around.
        private: whether its address may lead into a private network; else the person is asked.
        trace: the file that the session is recorded in, if it is.
    """
    with recording(trace) as recorded, on_terminal():
        return _shown(chosen, explores, private or _may_be_private(chosen.image), recorded)


def _may_be_private(image: str) -> bool:
    """Ask about a public name that leads into a private network, before the screen covers the question."""
    if not is_url(image):
        return False
    from imagechat_tui.net.addresses import private_address_behind

    address = private_address_behind(image, within_s=NAME_S)
    if not address:
        return False
    with typed_ahead.asking():  # whoever has read any of it may answer
        for line in private_address_words(image, address):
            click.echo(line, err=True)
        return confirmed("Fetch it?")


def _shown(chosen: Target, explores: bool, private: bool, trace: TraceFile | None) -> int:
    typed_ahead.keep()
    look = screen_options(chosen.settings)
    state = chosen.folders.state  # without a place for drafts no text could be kept
    local = chosen.local
    if local is not None:
        from imagechat_tui.net.local_server import spawn_early

        # The server comes up on another core while Textual is being imported.
        spawn_early(local)
    tell_textual(look.colors)

    from msgspec.structs import replace

    from imagechat_tui.cli.failures import picture_words_for
    from imagechat_tui.cli.lazy_session import LazySession
    from imagechat_tui.clock import boottime, wall_ms
    from imagechat_tui.tui.app import ImageChatApp, ScreenOptions
    from imagechat_tui.tui.clock import Clock

    room = replace(chosen.room_before, explores=explores)
    seen = _Seen()

    def session() -> LiveSession:
        from imagechat_tui.net.drafts.file import DraftFile, drafts_path
        from imagechat_tui.net.driver import LiveSession
        from imagechat_tui.net.unsent_marks import UnsentMarksFile, unsent_marks_path

        recognition = chosen.recognition(seen.looks, binds=False if explores else None)
        place = str(local.socket_path) if local is not None else chosen.settings.server
        kept = drafts_path(state, place, chosen.tenant_id, chosen.met.drafts_key)
        live = LiveSession(
            room,
            chosen.endpoint,
            drafts=DraftFile(kept),
            marks=UnsentMarksFile(unsent_marks_path(state, place, chosen.tenant_id)),
            before_connect=chosen.before_connect,
            recognition=recognition,
            now=boottime,
            trace=trace,
        )
        seen.on_another = live.picture_read
        return live

    app = ImageChatApp(
        LazySession(room, session),
        load_picture=lambda progress: seen.load(picture_of(chosen, progress, private=private)),
        name=chosen.title,
        options=ScreenOptions(
            render=look,
            theme=chosen.settings.theme,
            bell=chosen.settings.bell == "on",
            ask_width=may_be_wide(chosen.settings, look),
            crash_folder=state / "crash",
        ),
        clock=Clock(wall_ms=wall_ms, engine_s=boottime),
        picture_problem=picture_words_for,
        picture_stamp=_stamp_of(chosen),
    )
    code = app.run()
    return code if code is not None else app.return_code or 0


class _Seen:
    """The picture that the screen shows, for whoever needs to know what it looks like."""

    def __init__(self) -> None:
        self.on_another: Callable[[], None] = lambda: None
        """Called when it shows another than before."""
        self._tried = asyncio.Event()
        self._picture: Picture | None = None

    async def load(self, loading: Awaitable[Picture]) -> Picture:
        """Load it for the screen.

        Raises:
            PictureError: it cannot be shown; or a part of it is missing, and nothing of one that is shown already.
        """
        before = self._picture
        try:
            picture = await loading
            if before is not None and before.loss is None and picture.loss is not None:
                raise PictureError(PictureNotWhole(picture.name, cut=picture.loss.cut))
            self._picture = picture
        finally:
            self._tried.set()
        if before is not None and before.sha256 != picture.sha256:
            self.on_another()
        return picture

    async def looks(self) -> Pixels | None:
        """Once the screen has it; None if it could not be loaded."""
        await self._tried.wait()
        if self._picture is None:
            return None
        from imagechat_tui.net.pictures import pixels_of

        return await asyncio.to_thread(pixels_of, self._picture)


def _stamp_of(chosen: Target) -> Callable[[], object] | None:
    """What tells that the picture's file has changed; None for an address, of which nothing tells it."""
    if is_url(chosen.image):
        return None

    def stamp() -> object:
        from imagechat_tui.net.pictures import file_stamp

        return file_stamp(chosen.image) if chosen.stdin is None else "read once"

    return stamp


def picture_of(chosen: Target, progress: Callable[[float], None], *, private: bool) -> Awaitable[Picture]:
    """Load the picture; the module and its libraries are imported when it is awaited."""
    from imagechat_tui.net.pictures import load_picture

    return load_picture(
        chosen.image, stdin=chosen.stdin, private=private, limits=chosen.limits(), progress=progress
    )


def may_be_wide(settings: ClientSettings, look: RenderOptions) -> bool:
    """Whether to ask the terminal how wide it draws: not who said what to draw with, nor where all is ASCII anyway."""
    return settings.glyphs == "auto" and look.glyphs != "ascii" and look.pixels is None


def render_options(settings: ClientSettings) -> RenderOptions:
    """How the picture is drawn: the settings, else what the environment says of the terminal."""
    from imagechat_tui.raster.colors import depth_for
    from imagechat_tui.raster.glyphs import glyphs_for
    from imagechat_tui.raster.render import RenderOptions

    return RenderOptions(
        glyphs=glyphs_for(os.environ, settings.glyphs),
        colors=depth_for(os.environ, settings.colors, told_colors(os.environ)),
        renderer="rich-pixels" if settings.renderer == "rich-pixels" else "cells",
        aspect=settings.cell_aspect or cell_aspect(),
    )


def screen_options(settings: ClientSettings) -> RenderOptions:
    """How the screen draws the picture: as `render_options`, in pixels if that is wished for.

    Raises:
        VerbFailed: it is wished for, and cannot be.
    """
    look = render_options(settings)
    if settings.graphics != "kitty":
        return look
    from msgspec.structs import replace

    return replace(look, pixels=pixels_per_cell(os.environ, look.aspect, look.colors))
