"""The verb doctor: what is right here, what is not, and the line that mends it."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

import click
from msgspec import Struct
from msgspec.structs import asdict

from imagechat_tui.cli import ERROR, SIGN_IN
from imagechat_tui.cli.charset import charset
from imagechat_tui.cli.documents import print_document
from imagechat_tui.cli.failures import explained
from imagechat_tui.cli.graphics import answered_graphics
from imagechat_tui.cli.over_ssh import over_ssh
from imagechat_tui.cli.target import kept_pictures, local_server, server_endpoint, server_options
from imagechat_tui.cli.terminal import cell_aspect, column_behind, has_terminal, how_drawn, told_colors
from imagechat_tui.cli.threads import as_json
from imagechat_tui.cli.tmux_client import TmuxClient, ask_tmux, client_told_by
from imagechat_tui.cli.trust import allowed, answered
from imagechat_tui.cli.verb import Verb
from imagechat_tui.owned import is_private
from imagechat_tui.protocol.ids import TenantId, UrlId
from imagechat_tui.protocol.local import LOCAL_TENANT
from imagechat_tui.raster.ambiguous_width import Drawn
from imagechat_tui.raster.colors import ColorDepth, Reason, chosen_depth, lacks_chosen
from imagechat_tui.raster.glyphs import (
    GlyphSet,
    How,
    chosen_glyphs,
    glyphs_for,
    instead_of,
    lack_of,
    sample_of,
    width_of,
)
from imagechat_tui.raster.graphics import Graphics, named
from imagechat_tui.settings import ClientSettings, Folders, load_settings, working_folder
from imagechat_tui.sync.state import Room
from imagechat_tui.words import (
    mistake_words,
    no_glyphs_words,
    no_pixels_words,
    safe_line,
    typed,
    wrong_colors_words,
)

if TYPE_CHECKING:
    from pathlib import Path

    from imagechat_tui.net.local_server import LocalServer

WAIT_S = 2.0
"""How long an answer of the terminal is waited for: it may be far away."""

LITTLE_BYTES = 1 << 20
"""A disk with less room is as good as full."""


class Finding(Struct, frozen=True):
    """One thing that was looked at."""

    subject: str
    ok: bool
    found: str
    remedy: str = ""
    """What mends it; empty if nothing is wrong or nothing can be done."""


@click.command(cls=Verb)
@server_options
@as_json
def doctor(json_: bool, **options: str | None) -> int:
    """Look at the terminal, the folders and the server, and say how to mend what is wrong.

    \b
    imagechat doctor
    imagechat doctor --server https://review.example --tenant design
    """
    folders = Folders.of_user()
    settings = load_settings(options, os.environ, folders, working_folder(), partial(allowed, folders))
    findings = [
        *_terminal_findings(settings),
        *[
            Finding("settings", False, mistake_words(mistake), "imagechat config path")
            for mistake in settings.mistakes
        ],
        *project_findings(settings, folders),
        *folder_findings(folders),
        *kept_findings(settings, folders),
        *asyncio.run(server_findings(settings, folders)),
    ]
    if json_:
        print_document(ok=all(item.ok for item in findings), findings=[asdict(item) for item in findings])
    else:
        for item in findings:
            click.echo(f"{'ok ' if item.ok else 'BAD'}  {item.subject}: {safe_line(item.found)}")
            if item.remedy:
                click.echo(f"     -> {item.remedy}")
    return 0 if all(item.ok for item in findings) else ERROR


def _terminal_findings(settings: ClientSettings) -> list[Finding]:
    """What the terminal says, if there is one, and what the environment says of it."""
    if not has_terminal():
        return [*terminal_findings(settings, os.environ, None)]
    graphics = answered_graphics(settings, cell_aspect(), WAIT_S)
    started = time.monotonic()
    signs = how_drawn(WAIT_S)
    took_s = time.monotonic() - started
    client = client_told_by(ask_tmux(os.environ))
    told = terminal_findings(settings, os.environ, graphics, client, signs=signs, width=_width(settings))
    # tmux, screen and mosh answer for themselves, from next door; only a terminal tells a name.
    way = [way_finding(took_s)] if signs is not None and graphics.terminal else []
    return [*told, *way, width_finding(signs), graphics_finding(graphics)]


def _width(settings: ClientSettings) -> int | None:
    """Cells that a glyph takes which the person chose, where it may be another number than one."""
    sample = "" if settings.glyphs == "auto" else sample_of(GlyphSet(settings.glyphs))
    column = column_behind(sample, WAIT_S) if sample else None
    return width_of(sample, column) if column is not None else None


def terminal_findings(
    settings: ClientSettings,
    environ: Mapping[str, str],
    graphics: Graphics | None,
    client: TmuxClient | None = None,
    *,
    signs: Drawn | None = None,
    width: int | None = None,
) -> Iterator[Finding]:
    """What the environment says of the terminal.

    Args:
        settings: what the person chose.
        environ: the environment.
        graphics: what the terminal says of itself; None if keys and screen are none.
        client: what tmux says of the terminal round it.
        signs: how they are drawn, as for `how_drawn`.
        width: cells that a glyph takes which the person chose, as far as that was measured.
    """
    # In a pipe or by cron there is none, and nothing is wrong: only the screen needs one.
    there = "none here; the screen needs one (over ssh: ssh -t)"
    yield Finding("terminal", True, there if graphics is None else "keys and screen are there")
    yield colors_finding(settings, environ, told_colors(environ), graphics)
    outside = client is None or client.takes_utf8
    yield glyphs_finding(settings, environ, graphics, signs=signs if outside else "bytes", width=width)
    known = charset(environ)
    found = f"{known.variable}={known.value}" if known.variable else "not set"
    if known.is_utf8:
        yield Finding("locale", True, found if known.encoding else f"{found}: taken for UTF-8")
    else:
        yield Finding("locale", False, f"{found} says {known.encoding}, not UTF-8", known.remedy)
    if environ.get("TMUX"):
        said = environ.get("TERM", "")
        right = said.startswith(("tmux", "screen"))
        remedy = "" if right else 'tmux: set -g default-terminal "tmux-256color"'
        yield Finding("tmux", right, f"TERM={said}", remedy)
    if client is not None:
        yield client_finding(client)


def client_finding(client: TmuxClient) -> Finding:
    """What the terminal round tmux has."""
    has = [
        "takes UTF-8" if client.takes_utf8 else "takes no UTF-8, so all is drawn in ASCII",
        *(["has fewer colours, into which tmux turns the true ones"] if client.lacks_colors else []),
    ]
    remedy = f'if it has true ones: tmux set -as terminal-features ",{client.terminal}:RGB"'
    if not client.takes_utf8:
        remedy = "tmux -u attach, or LANG=C.UTF-8 where you attach it; --glyphs overrides"
    elif not client.lacks_colors:
        remedy = ""
    return Finding("terminal of tmux", client.takes_utf8, f"{client.terminal}: {', '.join(has)}", remedy)


_REASONS = {
    Reason.ASKED: "the setting says so",
    Reason.NO_COLOR: "NO_COLOR is set",
    Reason.TERM: "TERM={term}",
    Reason.SCREEN: "GNU screen stands between; true colours come out wrong in it",
    Reason.TMUX: "tmux takes them, and turns them into what the terminal has",
    Reason.COLORTERM: "COLORTERM={colorterm}",
    Reason.XTERM: "XTERM_VERSION={version}",
    Reason.TERMINFO: "by terminfo for TERM={term}",
    Reason.UNKNOWN: "terminfo does not know TERM={term}; most have so many",
    Reason.ANSWER: "asked for a true colour, the terminal keeps it",
}


def colors_finding(
    settings: ClientSettings, environ: Mapping[str, str], told: int | None, graphics: Graphics | None = None
) -> Finding:
    """How many colours are drawn with, and why; ``told`` as for `chosen_depth`, ``graphics`` by the terminal itself."""
    depth, reason = chosen_depth(environ, settings.colors, told)
    lacks = lacks_chosen(environ, settings.colors, told)
    if lacks is not None and graphics is not None:
        words, lacking = wrong_colors_words(settings.colors, lacks, environ.get("TERM", "")), True
        if lacks is Reason.SCREEN:  # else it is a later one, or has not told
            lacking = graphics.depth is not depth
        if lacking:
            return Finding("colours", False, f"{graphics.depth}: {words.sentence.rstrip('.')}", words.action)
    elif graphics is not None and graphics.depth is not depth:
        depth, reason = graphics.depth, Reason.ANSWER
    why = _REASONS[reason].format(
        term=environ.get("TERM") or "(not set)",
        colorterm=environ.get("COLORTERM"),
        version=environ.get("XTERM_VERSION"),
    )
    remedy = ""
    if reason is Reason.SCREEN:
        remedy = "--colors truecolor, where screen 5 is told: truecolor on"
        if "256color" not in environ.get("TERM", ""):
            remedy = f"if they look wrong: start screen with TERM=xterm-256color; {remedy}"
    elif depth in (ColorDepth.ANSI, ColorDepth.NONE) and reason in (Reason.TERM, Reason.TERMINFO):
        remedy = "if the terminal has more: export TERM=xterm-256color"
    if graphics is not None and graphics.lacks_colors:
        why += "; asked for true colours, the terminal does not tell of any"
        remedy = "if it has them: --colors truecolor, or export COLORTERM=truecolor"
        if over_ssh(environ):
            remedy += (
                " (SendEnv COLORTERM in ~/.ssh/config where you sit, AcceptEnv COLORTERM in sshd_config here)"
            )
    return Finding("colours", True, f"{depth}, {why}" if why.startswith("by ") else f"{depth}: {why}", remedy)


_DRAWN_BY: Final[Mapping[How, str]] = {
    "asked": "the setting says so",
    "plain": "TERM={term} names a terminal that has nothing else",
    "console": "the console's fonts have no more",
    "between": "{between} stands between, and does not tell what the terminal draws",
    "term": "TERM={term} names a terminal that draws them",
    "version": "a variable of the terminal tells its version, which draws them",
    "unknown": "right in every terminal tried; that {terminal} draws sharper ones is not known",
    "answer": "{terminal} draws them",
}


def glyphs_finding(
    settings: ClientSettings,
    environ: Mapping[str, str],
    graphics: Graphics | None = None,
    *,
    signs: Drawn | None = None,
    width: int | None = None,
) -> Finding:
    """What the picture is drawn with, and why. Arguments as for `terminal_findings`."""
    glyphs, how = chosen_glyphs(environ, settings.glyphs)
    said = graphics.known_as if graphics is not None else ""
    if how == "asked":
        if graphics is not None and (
            lack := lack_of(glyphs, glyphs_for(environ, None), *named(said), width=width)
        ):
            drawn = (
                instead_of(glyphs, graphics.sharpest(glyphs_for(environ, None)))
                if lack == "width"
                else glyphs
            )
            words = no_glyphs_words(lack, glyphs.value, drawn.value, said)
            return Finding("glyphs", False, f"{drawn}: {words.sentence.rstrip('.')}", "--glyphs auto")
    elif glyphs is not GlyphSet.ASCII and signs is not None and signs in _NOT_SIGNS:
        return Finding("glyphs", True, f"ascii: {_NOT_SIGNS[signs]}")
    elif graphics is not None and (sharper := graphics.sharpest(glyphs)) is not glyphs:
        glyphs, how = sharper, "answer"
    between = next(
        (name for name, variable in _BETWEEN.items() if environ.get(variable)),
        "tmux or screen",
    )
    why = _DRAWN_BY[how].format(
        term=environ.get("TERM") or "(not set)", terminal=said or "this one", between=between
    )
    return Finding("glyphs", True, f"{glyphs}: {why}")


_NOT_SIGNS: Final[Mapping[Drawn, str]] = {
    "wide": "signs are two cells wide",
    "bytes": "the terminal takes no UTF-8",
}
_BETWEEN: Final = {"tmux": "TMUX", "GNU screen": "STY", "Zellij": "ZELLIJ"}


def way_finding(took_s: float) -> Finding:
    """How far the terminal is: that is what a key waits for, beside what the server takes."""
    return Finding("way to the terminal", True, f"{took_s * 1000:.0f} ms there and back")


def width_finding(signs: Drawn | None) -> Finding:
    """How wide characters of ambiguous width are; ``signs`` as for `how_drawn`."""
    if signs is None:
        return Finding("width of signs", True, "the terminal does not answer: taken for one cell")
    if signs == "narrow":
        return Finding("width of signs", True, "one cell")
    if signs == "bytes":
        return Finding(
            "width of signs",
            False,
            "each of their bytes is a character, for the terminal takes no UTF-8: all is drawn in ASCII",
            "start the terminal in a UTF-8 locale: LANG=C.UTF-8 xterm, or xterm -u8; --glyphs overrides",
        )
    return Finding(
        "width of signs",
        True,
        "two cells, so all is drawn in ASCII",
        "set the terminal's ambiguous width to narrow; --glyphs overrides",
    )


def graphics_finding(graphics: Graphics) -> Finding:
    """Whether the picture is drawn in pixels or in cells, what the terminal was asked for that, and what it said."""
    asked = [f"it says of itself {graphics.terminal}"] if graphics.terminal else []
    if graphics.stage == "pixels":
        width, height = graphics.cell
        told = [*asked, "takes a picture", f"and has {width} × {height} pixels a cell"]
        return Finding("graphics", True, f"pixels: {', '.join(told)}")
    assert graphics.fault is not None
    words = no_pixels_words(graphics.fault, graphics.terminal)
    found = f"cells: {words.sentence.rstrip('.')}"
    not_asked = graphics.fault in ("off", "between", "plain")
    not_asked |= graphics.fault == "colors" and not (graphics.terminal or graphics.lacks_colors)
    wrong = graphics.choice == "kitty"
    return Finding(
        "graphics",
        not wrong,
        f"{found} ({'it was not asked' if not_asked else 'asked for its name'})",
        words.action if wrong or graphics.fault in ("colors", "unknown", "doubled") else "",
    )


def project_findings(settings: ClientSettings, folders: Folders) -> Iterator[Finding]:
    """What a project's file asks for and does not get; only what was never answered is wrong."""
    for wish in settings.refused:
        no = answered(folders, wish) is False
        said = "you did not allow it" if no else "nobody allowed it"
        found = f"{wish.file} asks for {wish.key} = {wish.value}: {said}"
        yield Finding("project", no, found, "" if no else "imagechat config trust, or distrust")


def folder_findings(folders: Folders) -> Iterator[Finding]:
    """Whether data and drafts can be written."""
    for name, variable in (("data", "XDG_DATA_HOME"), ("state", "XDG_STATE_HOME")):
        folder, subject = folders.known(name), f"{name} folder"
        if folder is None:
            yield Finding(
                subject, False, "there is no home for it", f"export HOME=FOLDER, or {variable}=FOLDER"
            )
            continue
        there = next(place for place in (folder, *folder.parents) if os.path.exists(place))  # noqa: PTH110
        ok = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
        if ok and shutil.disk_usage(there).free < LITTLE_BYTES:
            yield Finding(subject, False, f"{folder}: its disk is full", "make room on it")
            continue
        yield Finding(subject, ok, str(folder), "" if ok else f"export {variable}=SOME_WRITABLE_FOLDER")


def kept_findings(settings: ClientSettings, folders: Folders) -> Iterator[Finding]:
    """How much is kept of pictures as they were."""
    subject, kept = "kept pictures", kept_pictures(settings, folders)
    if kept is None:
        yield Finding(
            subject, True, "none: there is no home for them", "export HOME=FOLDER, or XDG_CACHE_HOME=FOLDER"
        )
    elif not kept.most_bytes:
        yield Finding(subject, True, "none, as keep_pictures says: markers on changed pictures are guesses")
    elif os.path.lexists(kept.folder) and not is_private(kept.folder):
        found = f"none: {kept.folder} is no folder of yours alone"
        yield Finding(subject, False, found, _private_remedy(kept.folder))
    else:
        used, most = kept.used_bytes / 1e6, kept.most_bytes / 1e6
        yield Finding(subject, True, f"{used:.1f} of {most:g} MB in {kept.folder}")


def _private_remedy(folder: Path) -> str:
    """What makes a folder one of ours alone."""
    if folder.is_symlink():
        return "put a folder where that link is: links are not followed here"
    if not folder.is_dir():
        return f"move {folder} away"
    if folder.stat().st_uid != os.geteuid():
        return "it is somebody else's: export XDG_CACHE_HOME=FOLDER"
    return f"chmod 700 {typed(str(folder))}"


async def server_findings(settings: ClientSettings, folders: Folders) -> list[Finding]:
    """Ask the server for an empty room, twice: the second answer is timed. None is started: this only looks."""
    from imagechat_tui.net.failures import ApiError

    subject, where = ("local server", "") if settings.is_local else ("server", f"{settings.server}: ")
    tenant = LOCAL_TENANT if settings.is_local else TenantId(settings.tenant)
    room = Room(tenant_id=tenant, url_id=UrlId("imagechat-doctor"), src="doctor")
    try:
        local = local_server(settings, folders)
        if local is not None:
            from imagechat_tui.net.local_server import runs

            where = f"{local.socket_path}: "
            if not runs(local):
                return [
                    *shared_findings(local),
                    Finding(subject, True, "not running; it is started on demand"),
                ]
        from imagechat_tui.net.api import Api

        api = Api(server_endpoint(settings, local))
        try:
            await api.conversations(room)
            started = time.monotonic()
            peer, listing = await api.conversations(room)
            took_ms = (time.monotonic() - started) * 1000
        finally:
            await api.close()
    except Exception as error:  # whatever is wrong with the server is a finding, not the end
        known = explained(error)
        if known is None:
            raise
        words, code = known
        if code == SIGN_IN:
            return [
                Finding(subject, True, f"{where}it answers, and asks who you are"),
                sign_in_finding(settings, refused=words.sentence),
            ]
        nobody = isinstance(error, ApiError) and error.problem.code == "nobody-listens"
        remedy = "check the address, or start one with imagechat serve" if nobody else words.action
        return [Finding(subject, False, f"{where}{words.title}. {words.sentence}", remedy)]
    found = [Finding(subject, True, f"{where}{peer.value}, answers in {took_ms:.0f} ms")]
    if local is not None:
        return [*shared_findings(local), *found]
    return [
        *found,
        sign_in_finding(settings, read_only=listing.read_only, banned_until_ms=listing.banned_until_ms),
    ]


def shared_findings(local: LocalServer) -> Iterator[Finding]:
    """Who keeps the shared folder, if the server has one."""
    if local.shared is not None:
        keeper, group = local.keeper_and_group()
        kept = f"open to the group {group}; {keeper} keeps it, and nobody else but root can write its data"
        yield Finding("shared folder", True, f"{local.shared}: {kept}")


def sign_in_finding(
    settings: ClientSettings,
    *,
    refused: str = "",
    read_only: bool = False,
    banned_until_ms: int | None = None,
) -> Finding:
    """Whether the chosen server knows who this is.

    Args:
        settings: what was chosen.
        refused: what the server said if it did not even let us read.
        read_only: whether it lets us only read.
        banned_until_ms: until when, if that is for a ban.
    """
    subject = "sign-in"
    if banned_until_ms is not None:
        from imagechat_tui.problems import Problem, ProblemKind
        from imagechat_tui.protocol import codes
        from imagechat_tui.words import problem_words

        words = problem_words(Problem(ProblemKind.READ_ONLY, codes.BANNED, until_ms=banned_until_ms))
        return Finding(subject, False, words.sentence.removesuffix("."), "ask whoever runs the server")
    if not settings.sso:
        get_one = "ask whoever runs the server for a token, and put it in IMAGECHAT_SSO"
        if refused:
            return Finding(subject, False, "you have no token, and may not even read without", get_one)
        if read_only:
            return Finding(subject, False, "you have no token: you may only read", get_one)
        return Finding(subject, True, "no token is needed: you write as a guest")
    token = f"your token ({settings.sources.get('sso', '')})"
    if refused:
        return Finding(subject, False, f"{token} is refused: {refused}", "get a new one")
    return Finding(subject, True, f"{token} lets you {'only read' if read_only else 'read and write'}")
