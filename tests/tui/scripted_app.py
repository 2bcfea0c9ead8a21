"""The app on a scripted session as a program of its own, for tests that need a real terminal.

python -m tests.tui.scripted_app DRAFTS [crash | ignore-hangups | stuck | colorless | deaf | told-again]
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message
from textual.worker import WorkerError

from imagechat_tui.cli import flush_or_discard
from imagechat_tui.protocol.ids import BroadcastId
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.sync.intents import Intent, KeepDraft, TryNow
from imagechat_tui.tui.app import ImageChatApp, ScreenOptions
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.visits import OnePicture, ShownPicture
from imagechat_tui.words import Words
from tests.tui.conftest import grey_picture
from tests.tui.scripted_session import NOW_MS, NOW_S, ScriptedSession, two_threads

if TYPE_CHECKING:
    from imagechat_tui.tui.textual_internals.terminal_input import TerminalInput


class StoringSession(ScriptedSession):
    """Writes drafts to a file as they are kept; the key ``R`` can bring a defect."""

    def __init__(self, drafts: Path, mode: str) -> None:
        super().__init__(two_threads())
        self._drafts = drafts
        self._mode = mode

    def dispatch(self, intent: Intent) -> BroadcastId:
        if isinstance(intent, KeepDraft):
            self._drafts.write_text(intent.write.text)
        if isinstance(intent, TryNow) and self._mode == "crash":
            secret_of_a_local_variable = "hunter2-in-a-local"
            raise RuntimeError(f"defect at https://host/x?sso=verysecret {len(secret_of_a_local_variable)}")
        if isinstance(intent, TryNow) and self._mode == "stuck":
            self._drafts.write_text("stuck")
            while True:  # the event loop hangs
                threading.Event().wait(60)
        return super().dispatch(intent)


async def told_again(app: ImageChatApp) -> None:
    """The terminal is found to be gone once more when the screen is taken down already."""
    app.terminal_gone()
    with suppress(WorkerError):
        await app.workers.wait_for_complete()


async def load(progress: Callable[[float], None]) -> Picture:
    return grey_picture()


def cannot_read(typed: TerminalInput, data: str, now: float) -> list[Message]:
    """A defect in the reading of keys."""
    raise ValueError("a sequence that nobody thought of")


def main() -> None:
    drafts, mode = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    if mode == "ignore-hangups":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if mode == "deaf":
        from imagechat_tui.tui.textual_internals.terminal_input import TerminalInput

        TerminalInput.feed = cannot_read  # type: ignore[method-assign, assignment]
    look = RenderOptions(colors=ColorDepth.NONE) if mode == "colorless" else RenderOptions()
    if mode == "told-again":
        ImageChatApp.on_unmount = told_again  # type: ignore[method-assign, assignment]
    app = ImageChatApp(
        OnePicture(ShownPicture("shot.png", StoringSession(drafts, mode), load)),
        options=ScreenOptions(render=look, crash_folder=drafts.parent / "crash"),
        clock=Clock(wall_ms=lambda: NOW_MS, engine_s=lambda: NOW_S),
        picture_problem=lambda error: Words("No picture", str(error)),
    )
    code = app.run()
    for stream in (sys.stdout, sys.stderr):  # as the command line does
        with suppress(OSError):
            flush_or_discard(stream)
    sys.exit(code if code is not None else app.return_code)


if __name__ == "__main__":
    main()
