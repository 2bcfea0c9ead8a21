"""The app around the screen: the picture comes when it comes, the session belongs to it, defects end it in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual import events

from imagechat_tui.protocol.models import RoomSummary, Summary
from imagechat_tui.raster.graphics import Graphics
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.sync.session import OnChange
from imagechat_tui.sync.state import ChatState
from imagechat_tui.tui.app import ImageChatApp, ScreenOptions
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.counts import AlbumChange
from imagechat_tui.tui.flow import Flow
from imagechat_tui.tui.messages import (
    AlbumChanged,
    ComparisonFailed,
    ComparisonProgress,
    CountsTold,
    NewsArrived,
    PeopleTold,
    PictureChanged,
    PictureFailed,
    PictureLoaded,
    PictureLoading,
    StateChanged,
)
from imagechat_tui.tui.textual_internals.terminal_events import Answer
from imagechat_tui.tui.visits import OnePicture, ShownPicture
from imagechat_tui.words import Words
from tests import examples as eg
from tests.tui.conftest import Desk, Sit, grey_picture
from tests.tui.scripted_session import (
    NOW_MS,
    NOW_S,
    ScriptedSession,
    chat_state,
    comment,
    conversation,
    two_threads,
)


def app_with(load: Callable[..., Any], session: ScriptedSession, folder: Path | None = None) -> ImageChatApp:
    return ImageChatApp(
        OnePicture(ShownPicture("shot.png", session, load)),
        options=ScreenOptions(render=RenderOptions(), theme="light", crash_folder=folder),
        clock=Clock(wall_ms=lambda: NOW_MS, engine_s=lambda: NOW_S),
        picture_problem=lambda error: Words("Damaged picture", f"{error} [/x] is cut off.", "Fetch it anew."),
    )


def crash_texts(folder: Path) -> list[str]:
    return [file.read_text() for file in folder.iterdir()]


async def test_threads_are_there_before_the_picture(sit: Sit) -> None:
    arrives = asyncio.Event()

    async def load(progress: Callable[[float], None]) -> Picture:
        progress(0.4)
        await arrives.wait()
        return grey_picture()

    session = ScriptedSession(two_threads())
    app = app_with(load, session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = Desk(app, pilot, session)
        await desk.until(lambda: "Loading picture 40%" in desk.text)
        assert "Logo is cut off" in desk.text
        arrives.set()
        await desk.until(lambda: app.chat.picture.picture is not None)
        await pilot.pause()
        assert "Loading" not in desk.text
        assert "60×40" in desk.lines[0]


async def test_a_picture_decoded_smaller_than_it_is_says_so(sit: Sit) -> None:
    async with sit(size=(140, 36)) as desk:
        small = grey_picture()
        desk.chat.show_picture(replace(small, width=480, height=320, reduced=8))
        await desk.pilot.pause()
        assert "480×320, reduced to 60×40" in desk.lines[0]


async def test_a_picture_that_cannot_be_shown_is_explained_and_the_threads_stay(sit: Sit) -> None:
    async def load(progress: Callable[[float], None]) -> Picture:
        raise ValueError("bad.png")

    session = ScriptedSession(two_threads())
    app = app_with(load, session)
    async with app.run_test(size=(120, 36)) as pilot:
        desk = Desk(app, pilot, session)
        await pilot.pause()
        assert "Damaged picture" in desk.text
        assert "bad.png [/x] is cut off." in desk.text
        await desk.press("tab", "enter", "enter")
        assert "Since Monday" in desk.text


async def test_a_defect_in_the_session_ends_the_app_and_leaves_a_file(tmp_path: Path) -> None:
    class Broken(ScriptedSession):
        async def run(self, on_change: OnChange) -> None:
            raise KeyError("defect")

    async def load(progress: Callable[[float], None]) -> Picture:
        return grey_picture()

    app = app_with(load, Broken(two_threads()), tmp_path)
    with pytest.raises(Exception, match="defect"):
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
    assert app.return_code == 1
    (text,) = crash_texts(tmp_path)
    assert "KeyError" in text


async def test_quitting_stops_the_session_and_answers_zero(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("q")
        await desk.until(desk.session.stopped.is_set)
        await desk.until(lambda: desk.app.return_code is not None)
        assert desk.app.return_code == 0
        assert desk.app.return_value == 0


async def test_control_c_does_not_quit(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("ctrl+c")
        assert "Ctrl+Q quits" in desk.toasts
        assert desk.app.is_running


async def test_the_repair_key_draws_everything_anew(sit: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    async with sit() as desk:
        repaired: list[int] = []
        monkeypatch.setattr(desk.chat.picture, "repair", lambda: repaired.append(1))
        await desk.press("ctrl+l")
        assert repaired


async def test_the_wheel_scrolls_the_list_and_selects_nothing(sit: Sit) -> None:
    threads = [(conversation(n), [comment(f"c_{n}", f"thread number {n}")]) for n in range(1, 60)]
    async with sit(chat_state(*threads)) as desk:
        rows = desk.chat.threads
        before = desk.lines[2]
        rows.post_message(
            events.MouseScrollDown(
                rows, 1, 1, 0, 1, 0, False, False, False, rows.region.x + 1, rows.region.y + 1
            )
        )
        await desk.pilot.pause()
        await desk.pilot.pause()
        assert rows.scroll_y > 0
        assert desk.lines[2] != before
        assert desk.chat.selection.selected_key is None


def test_a_newer_state_replaces_one_that_waits_but_no_news_are_lost() -> None:
    old, new = StateChanged(two_threads()), StateChanged(eg.changed(two_threads(), sockets=9))
    assert new.can_replace(old)
    assert not new.can_replace(NewsArrived(()))
    assert not NewsArrived(()).can_replace(NewsArrived(()))
    assert PictureLoading(0.5).can_replace(PictureLoading(0.4))


async def test_a_burst_of_states_is_drawn_once(sit: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    async with sit() as desk:
        shown: list[int] = []
        original = desk.chat.show_state

        def counted(state: ChatState) -> None:
            shown.append(state.here.sockets)
            original(state)

        monkeypatch.setattr(desk.chat, "show_state", counted)
        for sockets in range(50):
            desk.session.publish(eg.changed(two_threads(), sockets=sockets))
        await desk.pilot.pause()
        assert shown[-1] == 49
        assert len(shown) <= 2


async def test_what_is_told_while_the_screens_are_taken_down_does_nothing(
    sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sit() as desk:
        app = desk.app
        take_down = app._close_all

        async def told_afterwards() -> None:
            await take_down()
            of_this_picture = (
                StateChanged(two_threads()), NewsArrived(()), PictureLoading(0.5), PictureLoaded(grey_picture()),
                PictureChanged(), PictureFailed(OSError("gone")), ComparisonProgress(0.5), ComparisonFailed(OSError()),
            )  # fmt: skip
            for message in of_this_picture:
                message.visit = app._visits.current
            others = (
                CountsTold({0: RoomSummary(eg.IMAGE, Summary(1, 1))}),
                AlbumChanged(AlbumChange(gone=(0,))),
            )
            for told in (*of_this_picture, *others, PeopleTold(None)):
                await app._on_message(told)

        monkeypatch.setattr(app, "_close_all", told_afterwards)


@pytest.mark.parametrize(("rate", "pixels"), [(31_000.0, False), (33_000.0, True), (None, True)])
async def test_below_256_kbit_the_picture_stays_in_cells_and_that_is_said(
    sit: Sit, monkeypatch: pytest.MonkeyPatch, rate: float | None, pixels: bool
) -> None:
    line = Flow()
    line.rate = rate
    monkeypatch.setattr("imagechat_tui.tui.app.flow_of", lambda app: line)
    async with sit(options={"graphics": Graphics("auto", "tried", (9, 18))}, notes=True) as desk:
        desk.app.post_message(Answer("\x1b_Gi=6881281;OK\x1b\\"))
        await desk.until(lambda: desk.app._graphics.stage == ("pixels" if pixels else "cells"))
        assert (desk.chat.picture.options.pixels is not None) == pixels
        said = [note.message for note in desk.app._notifications]
        assert [text for text in said if "line to the terminal is slow" in text] == said
        assert bool(said) != pixels
