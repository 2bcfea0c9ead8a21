"""What the first paint waits for is on the list; everything else is imported when it is needed."""

from __future__ import annotations

import gc
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import click
import pytest

from imagechat_tui.cli import COLLECT_LATER, cli, open_verb
from imagechat_tui.cli.lazy_session import LazySession
from imagechat_tui.cli.target import target
from imagechat_tui.cli.trust import Purpose
from imagechat_tui.commands import VERBS
from imagechat_tui.net import local_server
from imagechat_tui.net.local_server import LocalServer
from imagechat_tui.sync.intents import TryNow
from imagechat_tui.sync.session import Session
from imagechat_tui.tui import app
from imagechat_tui.tui.visits import Album
from tests import examples as eg
from tests.tui.scripted_session import ScriptedSession, two_threads

LATE = (
    "numpy", "PIL", "rich_pixels", "httpx", "websockets", "aiohttp", "sqlite3", "cryptography", "pydantic",
    "hashlib", "html", "json", "shlex", "tomllib",
    "imagechat_tui.net.driver", "imagechat_tui.net.api", "imagechat_tui.protocol.codec", "imagechat_tui.sync.engine",
    "imagechat_tui.tui.widgets.editor", "textual.widgets._text_area", "imagechat_tui.sync.reducer",
    "imagechat_tui.sync.effects", "imagechat_tui.server", "imagechat_tui.protocol.routes",
    "imagechat_tui.raster.fit", "imagechat_tui.raster.shapes", "imagechat_tui.raster.outlines",
    "imagechat_tui.tui.widgets.find_input",
)  # fmt: skip

MOST = 158
"""Modules of ours at the start: each costs a sixth of a millisecond, and more with what it makes."""


@pytest.mark.parametrize("late", LATE)
def test_the_first_paint_does_not_wait_for(late: str) -> None:
    assert late not in imported_at_start()


def test_the_first_paint_does_not_wait_for_more_and_more() -> None:
    ours = {name for name in imported_at_start() if name.startswith("imagechat_tui")}
    assert len(ours) <= MOST, "what the first frame does without is imported where it is first used"


def imported_at_start() -> frozenset[str]:
    """The modules that are there when the screen is about to be painted."""
    global _imported
    if _imported is None:
        there = "cli.open_verb", "net.local_server", "cli.failures", "clock", "tui.app"
        code = f"import sys{''.join(f', imagechat_tui.{name}' for name in there)}; print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        _imported = frozenset(done.stdout.split())
    return _imported


_imported: frozenset[str] | None = None


def test_a_session_is_made_by_the_first_wish_and_only_once() -> None:
    made: list[ScriptedSession] = []

    def make() -> Session:
        made.append(ScriptedSession(two_threads()))
        return made[-1]

    session = LazySession(eg.room(), make)
    assert session.state.confirmed.conversations == {}
    assert made == []
    session.dispatch(TryNow())
    session.dispatch(TryNow())
    assert len(made) == 1
    assert made[0].intents == [TryNow(), TryNow()]
    assert session.state is made[0].state


async def test_the_local_server_is_started_with_the_session_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    started: list[LocalServer] = []
    monkeypatch.setattr(local_server, "spawn_early", started.append)
    albums: list[Album] = []

    class Shown:
        return_code = 0

        def __init__(self, album: Album, **_: object) -> None:
            albums.append(album)

        def run(self) -> None:
            assert started == []

    monkeypatch.setattr(app, "ImageChatApp", Shown)
    monkeypatch.setattr(open_verb, "on_terminal", nullcontext)
    open_verb.run_screen(
        target(str(tmp_path / "shot.png"), Purpose.SCREEN, server=None, tenant=None, shared=None)
    )
    (album,) = albums
    for _ in range(2):
        album.open(0).session.dispatch(TryNow())
    assert len(started) == 1


def test_garbage_is_collected_from_the_session_on() -> None:
    gc.disable()  # as the command does for its start
    try:
        LazySession(eg.room(), lambda: ScriptedSession(two_threads())).dispatch(TryNow())
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.enable()


@pytest.mark.parametrize("verb", sorted(set(VERBS) - set(COLLECT_LATER)))
def test_garbage_is_collected_from_the_start_on_by(verb: str) -> None:
    gc.disable()
    try:
        cli.get_command(click.Context(cli), verb)
        assert gc.isenabled()
    finally:
        gc.enable()


async def test_a_session_is_made_when_it_runs() -> None:
    told = []
    session = LazySession(eg.room(), lambda: _Ended(two_threads()))
    await session.run(lambda state, news: told.append(state))
    assert [state.confirmed.conversations.keys() for state in told] == [
        two_threads().confirmed.conversations.keys()
    ]


class _Ended(ScriptedSession):
    async def run(self, on_change: object) -> None:
        assert callable(on_change)
        on_change(self.state, ())
