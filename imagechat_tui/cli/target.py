"""Which picture, on which server, as whom: the options that most verbs share, put together."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct

from imagechat_tui.cli.picture_files import PictureChoice, choose_picture, from_root
from imagechat_tui.cli.piped_picture import from_pipe
from imagechat_tui.cli.trust import Purpose, allowed, granted
from imagechat_tui.problems import (
    NoPictureInFolder,
    NoPictureToWriteOn,
    NotAPicture,
    NoWorkingFolder,
    PictureError,
    PictureMissing,
    SettingsError,
    SeveralLookAlike,
    VerbFailed,
)
from imagechat_tui.protocol.ids import TenantId, UrlId
from imagechat_tui.protocol.local import LOCAL_TENANT
from imagechat_tui.settings import (
    ClientSettings,
    Folders,
    is_url,
    load_settings,
    picture_path,
    sayable,
    title_of,
    working_folder,
)
from imagechat_tui.sync.state import Room
from imagechat_tui.words import mistake_words, no_such_picture_here

if TYPE_CHECKING:
    from imagechat_tui.cli.share_link import ShareLink
    from imagechat_tui.cli.shell_completion import Items
    from imagechat_tui.net.endpoint import Endpoint
    from imagechat_tui.net.folder_starts import FolderStarts
    from imagechat_tui.net.kept_pictures import KeptPictures
    from imagechat_tui.net.known_rooms import KnownRooms
    from imagechat_tui.net.local_server import LocalServer
    from imagechat_tui.net.pictures import PictureLimits
    from imagechat_tui.net.recognition import Look, Recognition
    from imagechat_tui.protocol.routes import Pixels
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.sync.identity import Sighting

Command = TypeVar("Command", bound=Callable[..., Any])


def server_options(command: Command) -> Command:
    """Add the options that say which server and tenant."""
    for option in (  # what is added last is listed first
        click.option(
            "--shared",
            metavar="DIR",
            shell_complete=completed_folders,
            help="A group's directory: all its members share one local server.",
        ),
        click.option("--tenant", metavar="NAME", help="The tenant on that server."),
        click.option(
            "--server",
            metavar="URL",
            help="A team's server or the hosted service. Default: the local server.",
        ),
    ):
        command = option(command)
    return command


def completed_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """For a shell: whatever it knows of files. The module is needed by no other call of the program."""
    from imagechat_tui.cli.shell_completion import files

    return files(ctx, param, incomplete)


def completed_folders(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """For a shell: whatever it knows of folders."""
    from imagechat_tui.cli.shell_completion import folders

    return folders(ctx, param, incomplete)


def completed_markers(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """For a shell: numbers of markers and comments."""
    from imagechat_tui.cli.shell_completion import markers

    return markers(ctx, param, incomplete)


picture_argument = click.argument("image", shell_complete=completed_files)
pictures_argument = click.argument(
    "images", metavar="IMAGE...", nargs=-1, required=True, shell_complete=completed_files
)


def picture_options(command: Command) -> Command:
    """Add the options that say how the picture is known."""
    for option in (
        click.option(
            "--src", metavar="TEXT", help="The string that names it in thread keys, as the web widget has it."
        ),
        click.option(
            "--url-id", metavar="KEY", help="The key of the picture's room, however it would be recognised."
        ),
    ):
        command = option(command)
    return command


class Target(Struct, frozen=True, dict=True):
    """A picture on a server."""

    settings: ClientSettings
    folders: Folders
    image: str
    """What was named on the command line, a folder replaced by its first picture."""
    stdin: bytes | None
    cwd: Path
    """What a relative path starts from."""
    purpose: Purpose = Purpose.READ
    url_id: str | None = None
    """The option."""
    src: str | None = None
    """The option."""

    @property
    def title(self) -> str:
        """What the picture is called on the screen."""
        return title_of(self.image, self.cwd) if self.link is None else sayable(self.link.name)

    @cached_property
    def link(self) -> ShareLink | None:
        """The link that names it, if it is one of the server that is in use."""
        if not is_url(self.image):
            return None
        from imagechat_tui.cli.share_link import is_of, link_of

        link = link_of(self.image)
        return link if link is not None and is_of(link, self.settings) else None

    @property
    def key(self) -> str | None:
        """The key of the picture's room, if the person named it: by the option, or by a link."""
        return self.url_id or (self.link.room if self.link is not None else None)

    @cached_property
    def met(self) -> Sighting:
        """The picture as it is met here. Looked for after the first paint."""
        from imagechat_tui.cli.sighting import has_installation, sighted
        from imagechat_tui.sync.identity import Sighting

        if self.link is not None:  # its address is no place of its own: the room is known
            source = None if not self.src else sayable(self.src)
            return Sighting(self.title, url_id=UrlId(sayable(self.key or "")), src=source)
        data = self.folders.known("data")
        if self.purpose is Purpose.READ and data is not None and not has_installation(data):
            data = None  # nothing is made for a look
        return sighted(
            self.image, cwd=self.cwd, data=data, url_id=self.url_id, src=self.src, stdin=self.stdin
        )

    @property
    def local(self) -> LocalServer | None:
        """Where the local server lives, if that is the server.

        Raises:
            SettingsError: there is no home for its data.
            VerbFailed: the shared folder is named from a working folder that is gone.
        """
        return local_server(self.settings, self.folders)

    @property
    def tenant_id(self) -> TenantId:
        """Whose room it is."""
        return LOCAL_TENANT if self.settings.is_local else TenantId(self.settings.tenant)

    @property
    def room_before(self) -> Room:
        """Its room, as far as that is known before the server is asked."""
        return Room(self.tenant_id, UrlId(sayable(self.key or "")), "", page_title=self.title)

    @property
    def room_known(self) -> UrlId | None:
        """The key of the picture's room, if the person named it, or else as it was last; None if it had none."""
        if self.met.url_id is not None:
            return self.met.url_id
        known, place = self.known_rooms, self.met.place
        return known.key_of(place) if known is not None and place is not None else None

    @property
    def server_name(self) -> str:
        """What tells the server from others on this machine."""
        return self.settings.server if self.local is None else str(self.local.socket_path)

    @property
    def person(self) -> str:
        """Who they are there, as far as that is known before it is asked; empty for who does not sign in."""
        from imagechat_tui.protocol.sso import claimed_id

        return str(os.geteuid()) if self.settings.is_local else claimed_id(self.settings.sso)

    @property
    def known_rooms(self) -> KnownRooms | None:
        """Which rooms pictures were in there; None if there is no home to keep it in."""
        from imagechat_tui.net.known_rooms import KnownRooms

        state = self.folders.known("state")
        return None if state is None else KnownRooms(state / "rooms", self.server_name, self.tenant_id)

    @property
    def folder_starts(self) -> FolderStarts:
        """Since when folders have been shown, as their server's clock told it."""
        from imagechat_tui.net.folder_starts import FolderStarts

        state = self.folders.known("state")
        return FolderStarts(state and state / "folders", self.server_name, self.tenant_id, self.person)

    @property
    def shown_since_ms(self) -> int | None:
        """Since when the person has been shown the folder that the picture is in; None if they never have been."""
        if self.url_id or self.stdin is not None or is_url(self.image):
            return None
        folder = (self.cwd / picture_path(self.image, self.cwd)).parent
        return self.folder_starts.since_ms(os.path.realpath(folder))

    def recognition(self, look: Look | None = None, *, binds: bool | None = None) -> Recognition:
        """What finds the picture's room.

        Args:
            look: tells the picture's looks; else it is loaded for that, a file at least.
            binds: whether a picture that nobody knows gets a room; by itself, if it shall be written on.
        """
        from imagechat_tui.net.recognition import Recognition

        return Recognition(
            self.met,
            self.tenant_id,
            look or self._looks,
            self._size_of,
            binds=self.purpose is not Purpose.READ if binds is None else binds,
            known=self.known_rooms,
        )

    def limits(self) -> PictureLimits:
        """What is too large of a picture."""
        from imagechat_tui.cli.piped_picture import max_bytes
        from imagechat_tui.net.pictures import PictureLimits

        return PictureLimits(
            max_bytes=max_bytes(self.settings), max_pixels=round(self.settings.max_megapixels * 1_000_000)
        )

    async def check_picture(self) -> None:
        """See whether it is a picture; an address is not fetched for it.

        Raises:
            PictureError: it is none that can be read.
        """
        if not is_url(self.image):
            await self._picture()

    async def check_fetched(self) -> None:
        """See whether a picture that was named by its address is there; of another it was seen before.

        Raises:
            VerbFailed: it cannot be fetched, or what is there is no picture.
        """
        if is_url(self.image) and self.met.url_id is None:
            try:
                await self._picture()
            except PictureError as failure:
                raise VerbFailed(NoPictureToWriteOn(failure.problem)) from None

    async def _looks(self) -> Pixels | None:
        """Of a file, a link, or what came through a pipe; any other address is not fetched for it."""
        from imagechat_tui.net.pictures import pixels_of

        if is_url(self.image) and self.link is None:
            return None
        try:
            picture = await self._picture()
        except PictureError:
            return None
        if self.is_unfinished(picture):
            return None
        pixels = await asyncio.to_thread(pixels_of, picture)
        if self.purpose is not Purpose.READ:  # nothing is made for a look
            await asyncio.to_thread(self.keep_picture, picture, pixels)
        return pixels

    def is_unfinished(self, picture: Picture) -> bool:
        """Whether the file is still being written, it seems, and is known by its place: this is no version of it."""
        return picture.loss is not None and picture.loss.cut and self.met.place is not None

    def keep_picture(self, picture: Picture, pixels: Pixels) -> None:
        """Keep a picture's file as it is now, for when it is another. For a thread."""
        from imagechat_tui.net.pictures import file_as_read

        kept = kept_pictures(self.settings, self.folders)
        if kept is None or picture.loss is not None or is_url(self.image):
            return
        file = self.stdin or file_as_read(self.image, picture.sha256, self.limits())
        if file is not None:
            kept.keep(pixels.pixels, file)

    async def _picture(self) -> Picture:
        return await self.load(lambda fraction: None)

    async def load(self, progress: Callable[[float], None], *, private: bool = False) -> Picture:
        """Load the picture; that of a link from the server that is in use, as whoever one is there.

        Args:
            progress: told the fraction done, 0–1.
            private: whether an address may lead into a private network.

        Raises:
            PictureError: it cannot be shown.
        """
        from imagechat_tui.net.pictures import load_picture

        if self.link is None:
            return await load_picture(
                self.image, stdin=self.stdin, private=private, limits=self.limits(), progress=progress
            )
        from imagechat_tui.net.shared_pictures import fetched

        file = await fetched(self.endpoint, self.link.sha256, self.link.url)
        return await load_picture("-", stdin=file, name=self.title, limits=self.limits(), progress=progress)

    async def _size_of(self, path: str) -> tuple[int, int]:
        from imagechat_tui.net.pictures import load_picture

        picture = await load_picture(path, limits=self.limits())
        return picture.width, picture.height

    @property
    def endpoint(self) -> Endpoint:
        """How the server is reached."""
        return server_endpoint(self.settings, self.local, self.folders)

    @property
    def before_connect(self) -> Callable[[], Awaitable[None]] | None:
        """What to await before each connection: the local server is started if nobody listens."""
        local = self.local
        if local is None:
            return None

        async def ensure() -> None:
            from imagechat_tui.net.local_server import ensure_running

            await ensure_running(local)

        return ensure


def kept_pictures(settings: ClientSettings, folders: Folders) -> KeptPictures | None:
    """The pictures that are kept as they were; None if there is no home for them."""
    from imagechat_tui.net.kept_pictures import KeptPictures

    cache = folders.known("cache")
    return None if cache is None else KeptPictures(cache / "pictures", round(settings.keep_pictures * 1e6))


def local_server(settings: ClientSettings, folders: Folders) -> LocalServer | None:
    """The local server of these settings; None if they name another."""
    if not settings.is_local:
        return None
    from imagechat_tui.net.local_server import LocalServer, default_runtime_dir

    shared = from_root(settings.shared) if settings.shared else None
    return LocalServer(
        runtime_dir=default_runtime_dir(os.environ, folders.known("state")),
        data_dir=shared or folders.data,
        state_dir=shared or folders.state,
        shared=shared,
    )


def server_endpoint(
    settings: ClientSettings, local: LocalServer | None, folders: Folders | None = None
) -> Endpoint:
    """How a server is reached. Who does not sign in is the same person next time only with ``folders``."""
    if local is not None:
        from imagechat_tui.net.local_server import endpoint

        return endpoint(local)
    from imagechat_tui.net.endpoint import Credentials, Endpoint, Secret
    from imagechat_tui.net.guest import guest_path

    tenant_id = TenantId(settings.tenant)
    if settings.sso:
        credentials = Credentials(sso=Secret(settings.sso))
    else:
        state = folders.known("state") if folders is not None else None
        kept = guest_path(state, settings.server, tenant_id) if state is not None else None
        credentials = Credentials(guest=kept)
    return Endpoint(
        base_url=settings.server,
        ws_url=_ws_url(settings.server),
        tenant_id=tenant_id,
        credentials=credentials,
        ca_file=settings.ca_file,
    )


HOSTED_SOCKETS = {
    "https://fastcomments.com": "wss://ws.fastcomments.com",
    "https://eu.fastcomments.com": "wss://ws-eu.fastcomments.com",
}
"""The hosted service has its sockets under another host name (PROTOCOL 1.1)."""


def _ws_url(server: str) -> str:
    return HOSTED_SOCKETS.get(server, server.replace("http", "ws", 1))


def target(
    image: str,
    purpose: Purpose,
    *,
    server: str | None,
    tenant: str | None,
    shared: str | None,
    url_id: str | None = None,
    src: str | None = None,
    **flags: object,
) -> Target:
    """Put a target together from the command line, the environment and the settings files.

    The picture itself need not exist here: its key is all that is asked for.

    Raises:
        SettingsError: the settings cannot be used; to write, nor can they without the server that they name.
        VerbFailed: they would lead elsewhere than the project means, and nobody can be asked; or the picture
            comes through a pipe, and is too large or does not come.
    """
    folders = Folders.of_user()
    cwd = working_folder()
    if cwd is None and not (image == "-" or is_url(image) or url_id):
        from_root(picture_path(image, Path()))
    said = {"server": server, "tenant": tenant, "shared": shared, **flags}
    settings = load_settings(said, os.environ, folders, cwd, lambda wishes: granted(folders, wishes, purpose))
    for mistake in settings.mistakes:
        click.echo(f"imagechat: settings: {mistake_words(mistake)} (skipped)", err=True)
    if settings.bad_server is not None and purpose is not Purpose.READ:
        raise SettingsError(settings.bad_server)
    stdin = from_pipe(image, settings)
    if stdin is not None:
        image = "-"
    if is_url(image):
        from imagechat_tui.cli.share_link import check_link

        check_link(image, settings)
    return Target(settings, folders, image, stdin, cwd or Path("/"), purpose, url_id, src)


def unasked_target(
    image: str,
    *,
    server: str | None,
    tenant: str | None,
    shared: str | None,
    url_id: str | None,
    src: str | None,
) -> Target:
    """As ``target`` for a line that is not finished yet: nobody is asked, nothing is told, stdin is left alone.

    Raises:
        SettingsError: the settings cannot be used.
        VerbFailed: several files look like the name.
    """
    folders = Folders.of_user()
    said = {"server": server, "tenant": tenant, "shared": shared}
    settings = load_settings(said, os.environ, folders, working_folder(), partial(allowed, folders))
    try:
        image = image if url_id else choose_picture(image).image
    except PictureError as failure:
        if not isinstance(failure.problem, PictureMissing):
            raise
    cwd = working_folder() or Path("/")
    return Target(settings, folders, image, None, cwd, url_id=url_id, src=src)


def to_look_at(image: str, *, url_id: str | None, **options: str | None) -> Target:
    """As ``target``, for a picture that may be gone: its threads are still there, and it is said.

    Raises:
        SettingsError: the settings cannot be used.
        VerbFailed: a folder has no picture, or several files look like the name.
    """
    if url_id:
        return target(image, Purpose.READ, url_id=url_id, **options)
    try:
        image = note_choice(choose_picture(image))
    except PictureError as failure:
        gone = failure.problem
        if not isinstance(gone, PictureMissing):
            raise
        click.echo(f"imagechat: {no_such_picture_here(gone.name, gone.near)}", err=True)
    return target(image, Purpose.READ, url_id=url_id, **options)


def to_write_on(image: str, *, url_id: str | None, **options: str | None) -> Target:
    """As ``target``, for a picture that is here: a typing mistake must not make a marker that nobody sees.

    Raises:
        SettingsError: the settings cannot be used.
        VerbFailed: there is no such picture, or what is there is none, and no key in its place.
    """
    try:
        image = image if url_id else note_choice(choose_picture(image))
        chosen = target(image, Purpose.WRITE, url_id=url_id, **options)
        if not url_id and not is_url(chosen.image):
            from imagechat_tui.net.pictures import check_kind

            check_kind(chosen.image, chosen.stdin)
    except (PictureError, VerbFailed) as failure:
        why = failure.problem
        known = PictureMissing | NoPictureInFolder | NotAPicture | SeveralLookAlike | NoWorkingFolder
        if not isinstance(why, known):
            raise
        raise VerbFailed(NoPictureToWriteOn(why)) from None
    return chosen


def note_choice(choice: PictureChoice) -> str:
    """The picture that was chosen, once it is said which one that is."""
    if choice.told:
        click.echo(f"imagechat: {choice.told}", err=True)
    return choice.image
