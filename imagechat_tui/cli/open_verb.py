"""The verb open: the screen."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from imagechat_tui import typed_ahead
from imagechat_tui.cli.against import (
    Before,
    against_option,
    before_in,
    chosen_before,
    compared,
    is_folder,
)
from imagechat_tui.cli.earlier import earlier_version
from imagechat_tui.cli.graphics import asked_graphics
from imagechat_tui.cli.over_ssh import first_time, over_ssh
from imagechat_tui.cli.picture_files import PictureChoice, all_pictures
from imagechat_tui.cli.piped_picture import from_pipe
from imagechat_tui.cli.questions import confirmed
from imagechat_tui.cli.target import (
    Command,
    Target,
    kept_pictures,
    picture_options,
    pictures_argument,
    server_options,
    target,
)
from imagechat_tui.cli.terminal import (
    cell_aspect,
    need_terminal,
    on_terminal,
    tell_textual,
    told_colors,
)
from imagechat_tui.cli.tmux_client import ask_tmux, client_told_by
from imagechat_tui.cli.trace_verb import recording, trace_option
from imagechat_tui.cli.trust import Purpose
from imagechat_tui.cli.verb import Verb
from imagechat_tui.problems import PictureError, PictureNotWhole
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.settings import CHOICES, ClientSettings, is_url, title_of
from imagechat_tui.words import Words, private_address_words, wrong_colors_words

if TYPE_CHECKING:
    from subprocess import Popen

    from imagechat_tui.net.driver import LiveSession
    from imagechat_tui.net.folder_counts import FolderCounts
    from imagechat_tui.net.known_fits import KnownFits
    from imagechat_tui.net.local_server import LocalServer
    from imagechat_tui.net.pictures_ahead import PicturesAhead
    from imagechat_tui.net.trace_file import TraceFile
    from imagechat_tui.protocol.ids import UrlId
    from imagechat_tui.protocol.models import Place, RoomSummary
    from imagechat_tui.protocol.routes import Pixels, UsersOnline
    from imagechat_tui.raster.graphics import Graphics
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.render import RenderOptions
    from imagechat_tui.sync.state import Room
    from imagechat_tui.tui.comparison_loading import Against
    from imagechat_tui.tui.counts import AlbumChange
    from imagechat_tui.tui.picture.fit import Fit
    from imagechat_tui.tui.visits import ShownPicture


def private_option(command: Command) -> Command:
    """Add the option for pictures of a private network."""
    option = click.option(
        "--allow-private", is_flag=True, help="Fetch it even if its public name leads into a private network."
    )
    return option(command)


@click.command(cls=Verb)
@pictures_argument
@click.option("--glyphs", type=click.Choice(CHOICES["glyphs"]), help="What the picture is drawn with.")
@click.option("--colors", type=click.Choice(CHOICES["colors"]), help="How many colours the terminal has.")
@click.option("--renderer", type=click.Choice(CHOICES["renderer"]), help="What turns pixels into cells.")
@click.option(
    "--graphics",
    type=click.Choice(CHOICES["graphics"]),
    help="Pixels where the terminal is known to take them (kitty 0.28 or later, Ghostty), where it says so, or never.",
)
@click.option("--cell-aspect", metavar="NUMBER", help="Height of a cell divided by its width, as in 2.1.")
@click.option("--max-megapixels", metavar="NUMBER", help="Refuse pictures of more pixels. Default: 60.")
@click.option("--max-file-mib", metavar="NUMBER", help="Refuse larger files. Default: 20.")
@click.option("--theme", type=click.Choice(CHOICES["theme"]), help="The colours around the picture.")
@click.option(
    "--bell", type=click.Choice(CHOICES["bell"]), help="Ring for what others add, or for @you alone."
)
@click.option("--explore", is_flag=True, help="Only look: nothing is written, and nothing is marked read.")
@against_option
@private_option
@trace_option
@picture_options
@server_options
def open_picture(
    images: tuple[str, ...],
    explore: bool,
    against: str | None,
    allow_private: bool,
    trace: str | None,
    **options: str | None,
) -> int:
    """Open IMAGE: a file, an address, a folder (all pictures in it), or - for stdin. Several may be named.

    \b
    imagechat shot.png
    imagechat shots/
    imagechat before.png after.png
    imagechat https://example.org/mock.png
    grim - | imagechat -
    imagechat shot.png --server https://review.example --tenant design
    git show HEAD:shot.png | imagechat shot.png --against -
    imagechat shots/ --against ../main/shots/

    Markers stand on the picture, each with a thread; whoever opens the same picture on the same server
    sees the same, live. Press ? for the keys; } and { go through several pictures.
    """
    need_terminal()
    pictures = all_pictures(images)
    if len(pictures) > 1 and (options["url_id"] or options["src"]):
        raise click.UsageError("--url-id and --src are about one picture, and several are named.")
    first = target(pictures[0].image, Purpose.SCREEN, **options)
    for other in pictures:
        if is_url(other.image):
            from imagechat_tui.cli.share_link import check_link

            check_link(other.image, first.settings)
    if against is not None and len(pictures) > 1 and not is_folder(against):
        raise click.UsageError("--against is a folder where several pictures are shown.")
    before = chosen_before(against, images[0], first) if against and len(pictures) == 1 else None
    return run_screen(
        first,
        pictures,
        explores=explore,
        private=allow_private,
        trace=trace,
        before=before if len(pictures) == 1 else against,
    )


NAME_S = 1.0
"""How long the screen waits for a name server before it opens."""


def run_screen(
    first: Target,
    pictures: Sequence[PictureChoice] = (),
    *,
    explores: bool = False,
    private: bool = False,
    trace: str | None = None,
    before: Before | str | None = None,
) -> int:
    """Show pictures until the person leaves; returns the exit code.

    Args:
        first: the picture that is shown first.
        pictures: all of them, this one too; none if there is no other one.
        explores: whether the person only looks around.
        private: whether addresses may lead into a private network; else the person is asked.
        trace: the file that the session of the first picture is recorded in, if it is.
        before: what the picture is compared with; or the folder where each has one of its name, or has none.
    """
    with recording(trace) as recorded, on_terminal():
        targets = Targets(first, pictures)
        allowed = {image for image in targets.addresses if private or _may_be_private(image)}
        return _shown(targets, explores, allowed, recorded, Befores(before, private=private))


class Befores:
    """What each picture is compared with.

    Args:
        before: the one of the only picture; or a folder, where some have one of their name.
        private: whether an address may lead into a private network.
    """

    def __init__(self, before: Before | str | None, *, private: bool) -> None:
        self._before = before
        self._private = private

    def of(self, chosen: Target) -> Against | None:
        """What a picture is compared with; None if there is nothing."""
        before = self._before
        if isinstance(before, str):
            before = before_in(before, chosen)
        if before is None:
            return None
        from imagechat_tui.tui.comparison_loading import Against

        def load(progress: Callable[[float], None]) -> Awaitable[Picture]:
            return before.load(chosen, progress, private=self._private)

        return Against(before.title, load, _stamp_of(before.image, before.stdin))


def _may_be_private(image: str) -> bool:
    """Ask about a public name that leads into a private network, before the screen covers the question."""
    if not is_url(image):
        return False
    from imagechat_tui.cli.share_link import link_of
    from imagechat_tui.net.addresses import private_address_behind

    if link_of(image) is not None:  # its server is the one that the person chose
        return False

    address = private_address_behind(image, within_s=NAME_S)
    if not address:
        return False
    with typed_ahead.asking():  # whoever has read any of it may answer
        for line in private_address_words(image, address):
            click.echo(line, err=True)
        return confirmed("Fetch it?")


class Targets:
    """The pictures of one call, in their order. What comes through pipes is read at once.

    Raises:
        PictureError: nothing came through a pipe, or too much.
    """

    def __init__(self, first: Target, pictures: Sequence[PictureChoice]) -> None:
        self._first = first
        others = pictures[1:]
        self._images = [first.image, *(other.image for other in others)]
        folders = (os.path.dirname(other.image) for other in pictures if other.in_folder)  # noqa: PTH120
        self.folders = tuple(dict.fromkeys(folders))
        """Those of which pictures are shown."""
        self._titles: dict[int, str] = {}
        named = (other.image for other in others if not other.in_folder)
        piped = ((image, from_pipe(image, first.settings)) for image in named)
        self._piped = {image: data for image, data in piped if data is not None}

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, at: int) -> Target:
        if at == 0:
            return self._first
        image = self._images[at]
        data = self._piped.get(image)
        return replace(self._first, image=image if data is None else "-", stdin=data)

    @property
    def images(self) -> Sequence[str]:
        """What to open: paths, addresses, ``-``."""
        return self._images

    def add(self, images: Iterable[str]) -> None:
        """Have more pictures, behind all others: whatever is known of these is known by their places."""
        self._images += images

    def title(self, at: int) -> str:
        """What the one in a place is called on the screen."""
        if at not in self._titles:
            self._titles[at] = title_of(self._images[at], self._first.cwd)
        return self._titles[at]

    @property
    def addresses(self) -> list[str]:
        """Those that are fetched."""
        return [image for image in self._images if is_url(image)]


def _shown(
    targets: Targets, explores: bool, private: Set[str], trace: TraceFile | None, befores: Befores
) -> int:
    typed_ahead.keep()
    chosen = targets[0]
    look = render_options(chosen.settings)
    graphics = asked_graphics(chosen.settings, look.aspect)
    look = replace(look, colors=graphics.depth)
    free = glyphs_are_free(chosen.settings, look)
    tmux = ask_tmux(os.environ) if free else None
    state = chosen.folders.state  # without a place for drafts no text could be kept
    local = chosen.local  # nor could its server start: both are told before the screen covers it
    tell_textual(ColorDepth.TRUECOLOR if graphics.asks_color or graphics.asks_screen else look.colors)

    from imagechat_tui.cli.failures import picture_words_for
    from imagechat_tui.clock import boottime, wall_ms
    from imagechat_tui.raster.glyphs import glyphs_for
    from imagechat_tui.tui.app import ImageChatApp, ScreenOptions
    from imagechat_tui.tui.clock import Clock

    app = ImageChatApp(
        _Album(targets, explores, private, trace, befores, local),
        options=ScreenOptions(
            render=look,
            graphics=graphics,
            theme=chosen.settings.theme,
            bell=chosen.settings.bell,
            auto_glyphs=free,
            takes_utf8=_takes_utf8(tmux),
            ask_utf8=(lambda: _takes_utf8(ask_tmux(os.environ))) if tmux is not None else None,
            wrong_colors=_wrong_colors(chosen.settings, graphics),
            drawn_glyphs=None if chosen.settings.glyphs == "auto" else glyphs_for(os.environ, None),
            tells_fewer_colors=lambda: over_ssh(os.environ) and first_time(state / "told" / "colors"),
            crash_folder=state / "crash",
        ),
        clock=Clock(wall_ms=wall_ms, engine_s=boottime),
        picture_problem=picture_words_for,
        compare=compared,
    )
    code = app.run()
    return code if code is not None else app.return_code or 0


def _fit(chosen: Target) -> Fit:
    """How far a picture is seen first: that is about its shape, whatever server it is discussed on."""
    from imagechat_tui.tui.picture.fit import Fit

    def fits() -> KnownFits:
        from imagechat_tui.net.known_fits import KnownFits

        return KnownFits(chosen.folders.state / "fits")

    return Fit(
        lambda: fits().of(chosen.met.drafts_key),
        lambda filled: fits().keep(chosen.met.drafts_key, filled),
    )


def _wrong_colors(settings: ClientSettings, graphics: Graphics) -> Words | None:
    """What to say of the colours that were chosen, where the terminal is known to have fewer, or may tell so."""
    from imagechat_tui.raster.colors import Reason, lacks_chosen

    how = lacks_chosen(os.environ, settings.colors, told_colors(os.environ))
    if how is None or (how is Reason.SCREEN and not graphics.asks_screen):
        return None
    return wrong_colors_words(settings.colors, how, os.environ.get("TERM", ""))


def _takes_utf8(tmux: Popen[bytes] | None) -> bool:
    """Whether the terminal round tmux gets more than ASCII, as far as tmux tells."""
    client = client_told_by(tmux)
    return client is None or client.takes_utf8


class _Album:
    """The pictures as the screen is handed them (``tui.visits.Album``).

    Args:
        targets: the pictures.
        explores: whether the person only looks around.
        private: addresses that may lead into a private network.
        trace: records the first session of the first picture; two sessions in one trace could not be replayed.
        befores: what each is compared with.
        local: the local server, if that is the one; it is started with the first session.
    """

    def __init__(
        self,
        targets: Targets,
        explores: bool,
        private: Set[str],
        trace: TraceFile | None,
        befores: Befores,
        local: LocalServer | None,
    ) -> None:
        self._targets = targets
        self._explores = explores
        self._private = private
        self._trace = trace
        self._befores = befores
        self._local = local
        self._ahead: PicturesAhead | None = None
        self._counts: FolderCounts | None = None
        """As the one above, once the first picture is there."""
        self._people_wanted = False
        self._shown = 0

    def __len__(self) -> int:
        return len(self._targets)

    def open(self, at: int, room: UrlId | None = None) -> ShownPicture:
        """The one in a place, in its own room or the one that is named."""
        from imagechat_tui.cli.lazy_session import LazySession
        from imagechat_tui.tui.visits import ShownPicture

        chosen = self._targets[at]
        chosen = chosen if room is None else replace(chosen, url_id=room)
        seen = _Seen(chosen)
        trace, self._trace = self._trace, None
        before = replace(chosen.room_before, explores=self._explores)
        return ShownPicture(
            chosen.title,
            LazySession(before, lambda: self._session(chosen, before, seen, trace)),
            load=lambda progress: seen.load(self._picture(at, progress)),
            stamp=_stamp_of(chosen.image, chosen.stdin),
            against=self._befores.of(chosen),
            find_earlier=partial(earlier_version, chosen),
            fit=_fit(chosen),
        )

    def _session(self, chosen: Target, room: Room, seen: _Seen, trace: TraceFile | None) -> LiveSession:
        """Not before the first frame is out: it has the machine for itself, and on a busy one it needs that."""
        local, self._local = self._local, None
        if local is not None:
            from imagechat_tui.net.local_server import spawn_early

            spawn_early(local)  # it comes up while the driver is imported
        return _session(chosen, replace(room, shown_since_ms=self._since_ms(chosen)), seen, trace)

    def _since_ms(self, chosen: Target) -> int | None:
        """Since when it has been shown: not what a picture that is new to the server begins with was read then."""
        before = chosen.shown_since_ms
        return self._counts.first_ms if before is None and self._counts is not None else before

    def _begin(self, now_ms: int) -> None:
        """Their folders are shown from now on."""
        starts = self._targets[0].folder_starts
        for folder in self._targets.folders:
            starts.keep(os.path.realpath(folder), now_ms)

    def name(self, at: int) -> str:
        """What the one in a place is called."""
        return self._targets.title(at)

    async def attend(
        self,
        tell: Callable[[Mapping[int, RoomSummary]], None],
        changed: Callable[[AlbumChange], None],
        tell_people: Callable[[Mapping[int, UsersOnline] | None], None],
    ) -> None:
        """Decode the neighbours of the one that is shown, ask how it stands with all, see what comes and goes."""
        if len(self) == 1 and not self._targets.folders:
            return
        from imagechat_tui.net.folder_counts import FolderCounts
        from imagechat_tui.net.pictures_ahead import PicturesAhead

        first = self._targets[0]
        self._ahead = PicturesAhead(self._load, self._stamp, lambda: len(self))
        self._counts = FolderCounts(
            first.endpoint,
            first.before_connect,
            count=lambda: len(self),
            place=self._place,
            tell=tell,
            tell_people=tell_people,
            since=lambda at: self._targets[at].shown_since_ms,
            begin=None if self._explores else self._begin,
        )
        self.watch_people(self._people_wanted)
        self._show(self._shown)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._ahead.run())
            tasks.create_task(self._counts.run())
            tasks.create_task(self._watch(changed))

    async def recount(self) -> None:
        """Ask now how it stands with all of them."""
        if self._counts is not None:
            await self._counts.recount()

    def watch_people(self, wanted: bool) -> None:
        """It is wanted who looks at all of them, or no more."""
        self._people_wanted = wanted
        if self._counts is not None:
            self._counts.watch_people(wanted)

    async def _watch(self, changed: Callable[[AlbumChange], None]) -> None:
        from imagechat_tui.cli.folder_watch import EVERY_S, FolderWatch
        from imagechat_tui.tui.counts import AlbumChange

        targets = self._targets
        watch = await asyncio.to_thread(FolderWatch, targets.folders, targets.images)
        while targets.folders:
            change = await asyncio.to_thread(watch.look)
            first_new = len(targets)
            targets.add(change.added)
            if change.added or change.gone or change.back:
                at = {image: place for place, image in enumerate(targets.images)}
                new = range(first_new, len(targets))
                changed(
                    AlbumChange(
                        tuple(new), *(tuple(map(at.__getitem__, some)) for some in (change.gone, change.back))
                    )
                )
            await asyncio.sleep(EVERY_S)

    def _show(self, at: int) -> None:
        self._shown = at
        if self._ahead is not None and self._counts is not None:
            self._ahead.show(at)
            self._counts.show(at)

    def _place(self, at: int) -> Place | None:
        return self._targets[at].met.place

    def _picture(self, at: int, progress: Callable[[float], None]) -> Awaitable[Picture]:
        self._show(at)
        return self._load(at, progress) if self._ahead is None else self._ahead.picture(at, progress)

    def _load(self, at: int, progress: Callable[[float], None]) -> Awaitable[Picture]:
        chosen = self._targets[at]
        return picture_of(chosen, progress, private=chosen.image in self._private)

    def _stamp(self, at: int) -> object:
        chosen = self._targets[at]
        stamp = _stamp_of(chosen.image, chosen.stdin)
        return None if stamp is None else stamp()


def _session(chosen: Target, room: Room, seen: _Seen, trace: TraceFile | None) -> LiveSession:
    from imagechat_tui.clock import boottime
    from imagechat_tui.net.drafts.file import DraftFile, drafts_path
    from imagechat_tui.net.driver import LiveSession
    from imagechat_tui.net.placing import Placer
    from imagechat_tui.net.unsent_marks import UnsentMarksFile, unsent_marks_path

    server = chosen.folders.state, chosen.server_name, chosen.tenant_id
    folder = partial(drafts_path, *server)
    known, of_place = chosen.room_known, folder(chosen.met.drafts_key)
    live = LiveSession(
        room,
        chosen.endpoint,
        drafts=DraftFile(folder(known), also=of_place) if known else DraftFile(of_place),
        drafts_room=known,
        drafts_of=lambda url_id: DraftFile(folder(url_id)),
        marks=UnsentMarksFile(unsent_marks_path(*server)),
        before_connect=chosen.before_connect,
        recognition=chosen.recognition(seen.looks, binds=False if room.explores else None),
        placer=Placer(seen.see, kept_pictures(chosen.settings, chosen.folders), chosen.limits()),
        now=boottime,
        trace=trace,
    )
    seen.on_another = live.picture_read
    return live


class _Seen:
    """The picture that the screen shows, for whoever needs to know what it looks like."""

    def __init__(self, chosen: Target) -> None:
        self._chosen = chosen
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
        """Once the screen has it; None if it could not be loaded, or is not all there yet."""
        seen = await self.see()
        return None if seen is None or self._chosen.is_unfinished(seen[0]) else seen[1]

    async def see(self) -> tuple[Picture, Pixels] | None:
        """The picture with its looks, once the screen has it; None if it could not be loaded."""
        await self._tried.wait()
        picture = self._picture
        if picture is None:
            return None
        from imagechat_tui.net.pictures import pixels_of

        pixels = await asyncio.to_thread(pixels_of, picture)
        await asyncio.to_thread(self._chosen.keep_picture, picture, pixels)
        return picture, pixels


def _stamp_of(image: str, stdin: bytes | None) -> Callable[[], object] | None:
    """What tells that a picture's file has changed; None for an address, of which nothing tells it."""
    if is_url(image):
        return None

    def stamp() -> object:
        from imagechat_tui.net.pictures import file_stamp

        return file_stamp(image) if stdin is None else "read once"

    return stamp


def picture_of(chosen: Target, progress: Callable[[float], None], *, private: bool) -> Awaitable[Picture]:
    """Load the picture; the module and its libraries are imported when it is awaited."""
    return chosen.load(progress, private=private)


def glyphs_are_free(settings: ClientSettings, look: RenderOptions) -> bool:
    """Whether the terminal may say what it draws: not who said what to draw with, nor where all is ASCII anyway."""
    return settings.glyphs == "auto" and look.glyphs != "ascii"


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
