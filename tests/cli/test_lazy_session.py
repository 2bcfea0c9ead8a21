"""What the first paint waits for is on the list; everything else is imported when it is needed."""

from __future__ import annotations

import gc
import subprocess
import sys

import click
import pytest

from imagechat_tui.cli import cli
from imagechat_tui.cli.lazy_session import LazySession
from imagechat_tui.commands import VERBS
from imagechat_tui.sync.intents import TryNow
from imagechat_tui.sync.session import Session
from imagechat_tui.typed_ahead import SCREENS
from tests import examples as eg
from tests.tui.scripted_session import ScriptedSession, two_threads

LATE = (
    "numpy", "PIL", "rich_pixels", "httpx", "websockets", "aiohttp", "sqlite3", "cryptography", "pydantic",
    "imagechat_tui.net.driver", "imagechat_tui.net.api", "imagechat_tui.protocol.codec", "imagechat_tui.sync.engine",
    "imagechat_tui.tui.widgets.editor", "textual.widgets._text_area", "imagechat_tui.sync.reducer",
    "imagechat_tui.sync.effects", "imagechat_tui.server",
)  # fmt: skip


@pytest.mark.parametrize("late", LATE)
def test_the_first_paint_does_not_wait_for(late: str) -> None:
    assert late not in imported_at_start()


def imported_at_start() -> frozenset[str]:
    """The modules that are there when the screen is about to be painted."""
    global _imported
    if _imported is None:
        code = "import imagechat_tui.cli.open_verb, imagechat_tui.tui.app, sys; print(*sys.modules)"
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


def test_garbage_is_collected_from_the_session_on() -> None:
    gc.disable()  # as the command does for its start
    try:
        LazySession(eg.room(), lambda: ScriptedSession(two_threads())).dispatch(TryNow())
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.enable()


@pytest.mark.parametrize("verb", sorted(set(VERBS) - set(SCREENS)))
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
