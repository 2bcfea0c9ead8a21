"""When the picture is read again: on a key, or by itself when its file has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.message import Message

from imagechat_tui.problems import PictureError, PictureMissing
from imagechat_tui.raster.image import Loss, Picture
from imagechat_tui.tui import picture_loading
from imagechat_tui.tui.app import ImageChatApp, ScreenOptions
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.messages import PictureChanged, PictureFailed, PictureLoaded
from imagechat_tui.tui.picture_loading import PictureLoader
from imagechat_tui.tui.visits import OnePicture, ShownPicture
from imagechat_tui.words import Words
from tests.tui.conftest import Desk, grey_picture
from tests.tui.scripted_session import NOW_MS, NOW_S, ScriptedSession, two_threads

WHOLE = grey_picture()
CUT = replace(WHOLE, sha256="1" * 64, loss=Loss("rows", "lower", 0.4, cut=True))
OTHER = replace(WHOLE, sha256="2" * 64)
BROKEN = ValueError("no picture")


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_loading, "EVERY_S", 0.005)


@dataclass
class File:
    """A file on a disk, and what comes of reading it."""

    content: Picture | Exception
    state: object = 1
    reads: int = 0
    looks: int = 0
    told: list[Message] = field(default_factory=list)
    held: bool = False

    async def load(self, progress: Callable[[float], None]) -> Picture:
        self.reads += 1
        if isinstance(self.content, Exception):
            raise self.content
        return self.content

    def stamp(self) -> object:
        self.looks += 1
        return self.state

    def become(self, content: Picture | Exception, state: object) -> None:
        self.content, self.state = content, state

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():  # noqa: ASYNC110 (a thread of the loader looks at the file)
                await asyncio.sleep(0)

    async def looked_at(self, times: int) -> None:
        """Until it has been looked at so many more times."""
        due = self.looks + times
        await self.until(lambda: self.looks >= due)


@asynccontextmanager
async def loading(file: File, *, stamped: bool = True) -> AsyncIterator[PictureLoader]:
    stamp = file.stamp if stamped else None
    loader = PictureLoader(file.load, stamp, file.told.append, held=lambda: file.held)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(loader.run())
        await file.until(lambda: bool(file.told))
        yield loader
        task.cancel()


@pytest.mark.parametrize("first", [WHOLE, BROKEN, CUT])
async def test_a_picture_is_read_again_once_its_file_has_changed(first: Picture | Exception) -> None:
    file = File(first)
    async with loading(file):
        await file.looked_at(5)
        assert file.reads == 1
        file.become(OTHER, 2)
        await file.until(lambda: file.reads == 2)
        await file.looked_at(5)
    assert file.reads == 2
    assert isinstance(file.told[-1], PictureLoaded)


@pytest.mark.parametrize("first", [WHOLE, CUT])
async def test_a_file_that_is_still_being_written_is_left_alone(
    first: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = File(first)
    async with loading(file):
        monkeypatch.setattr(File, "state", property(lambda file: file.looks, lambda file, value: None))
        await file.looked_at(20)
        assert file.reads == 1


async def test_a_file_that_appears_is_read() -> None:
    file = File(BROKEN, state=None)
    async with loading(file):
        await file.looked_at(3)
        file.become(WHOLE, 1)
        await file.until(lambda: file.reads == 2)


async def test_of_a_picture_that_is_held_it_is_told_once_that_it_has_changed() -> None:
    file = File(WHOLE, held=True)
    async with loading(file) as loader:
        file.become(OTHER, 2)
        await file.looked_at(10)
        assert [type(message) for message in file.told] == [PictureLoaded, PictureChanged]
        file.become(OTHER, 3)
        await file.looked_at(10)
        assert [type(message) for message in file.told] == [PictureLoaded, PictureChanged, PictureChanged]
        assert file.reads == 1
        loader.again()
        await file.until(lambda: file.reads == 2)


async def test_a_picture_that_was_held_is_read_again_when_it_is_let_go() -> None:
    file = File(WHOLE, held=True)
    async with loading(file):
        file.become(OTHER, 2)
        await file.until(lambda: len(file.told) == 2)
        file.held = False
        await file.until(lambda: file.reads == 2)


async def test_of_a_file_that_went_it_is_told_once_and_it_is_read_when_it_is_back() -> None:
    file = File(WHOLE)
    async with loading(file):
        file.become(BROKEN, None)
        await file.until(lambda: file.reads == 2)
        await file.looked_at(5)
        assert [type(message) for message in file.told] == [PictureLoaded, PictureFailed]
        file.become(WHOLE, 1)
        await file.until(lambda: file.reads == 3)
        assert isinstance(file.told[-1], PictureLoaded)


async def test_a_file_that_is_away_for_a_moment_is_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    file = File(WHOLE)
    async with loading(file):
        monkeypatch.setattr(
            File, "state", property(lambda file: None if file.looks % 3 == 0 else 1, lambda file, value: None)
        )
        await file.looked_at(12)
    assert len(file.told) == 1


async def test_asking_reads_again_what_may_be_another() -> None:
    file = File(BROKEN)
    async with loading(file) as loader:
        loader.again()
        await file.until(lambda: file.reads == 2)
        file.content = WHOLE
        loader.again()
        await file.until(lambda: file.reads == 3)
        loader.again()
        await file.looked_at(5)
        assert file.reads == 3  # nothing has changed
    assert isinstance(file.told[0], PictureFailed)


async def test_where_nothing_tells_a_change_asking_reads_again() -> None:
    file = File(WHOLE)
    async with loading(file, stamped=False) as loader:
        loader.again()
        await file.until(lambda: file.reads == 2)
        assert file.looks == 0


# On the screen


@asynccontextmanager
async def sitting(file: File, folder: Path) -> AsyncIterator[Desk]:
    session = ScriptedSession(two_threads())
    app = ImageChatApp(
        OnePicture(ShownPicture("shot.png", session, file.load, file.stamp)),
        options=ScreenOptions(render=_render(), crash_folder=folder),
        clock=Clock(wall_ms=lambda: NOW_MS, engine_s=lambda: NOW_S),
        picture_problem=lambda error: Words("Damaged", f"{error}.") if error is BROKEN else None,
    )
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        desk = Desk(app, pilot, session)
        await desk.until(lambda: file.reads > 0)
        await pilot.pause()
        yield desk


def _render() -> Any:
    from imagechat_tui.raster.render import RenderOptions

    return RenderOptions()


async def test_a_picture_that_comes_late_takes_the_place_of_the_words(tmp_path: Path) -> None:
    file = File(BROKEN)
    async with sitting(file, tmp_path) as desk:
        await desk.until(lambda: "no picture." in desk.text)
        assert "marker.new" in desk.chat.availability.disabled_commands
        file.become(WHOLE, 2)
        await desk.until(lambda: desk.chat.picture.picture is WHOLE)
        await desk.until(lambda: "no picture." not in desk.text)
        assert "marker.new" not in desk.chat.availability.disabled_commands


async def test_what_is_missing_is_told_and_stays_in_the_header(tmp_path: Path) -> None:
    file = File(CUT)
    async with sitting(file, tmp_path) as desk:
        await desk.until(lambda: "The lower 40 % of shot.png is missing: the file is cut off." in desk.toasts)
        assert "60×40, lower 40 % missing" in desk.lines[0]
        file.become(WHOLE, 2)
        await desk.until(lambda: desk.chat.picture.picture is WHOLE)
        await desk.until(lambda: "missing" not in desk.lines[0])


async def test_a_file_that_changed_is_read_into_the_same_view(tmp_path: Path) -> None:
    file = File(WHOLE)
    async with sitting(file, tmp_path) as desk:
        await desk.until(lambda: desk.chat.picture.is_drawn)
        await desk.press("plus", "l", "l", "right_square_bracket")
        view, crosshair = desk.chat.picture.zoom, desk.chat.picture.crosshair
        selected = desk.chat.selection.selected_key
        file.become(OTHER, 2)
        await desk.until(lambda: desk.chat.picture.picture is OTHER)
        await desk.until(lambda: desk.chat.picture.is_drawn)
        assert (desk.chat.picture.zoom, desk.chat.picture.crosshair) == (view, crosshair)
        assert desk.chat.selection.selected_key == selected is not None


async def test_a_file_of_another_size_is_read_with_the_crosshair_on_the_same_percent(tmp_path: Path) -> None:
    file = File(WHOLE)
    larger = replace(OTHER, width=120, height=80, pixels=OTHER.pixels.repeat(2, axis=0).repeat(2, axis=1))
    async with sitting(file, tmp_path) as desk:
        await desk.until(lambda: desk.chat.picture.is_drawn)
        await desk.press("plus", "l", "l")
        zoom, crosshair = desk.chat.picture.zoom, desk.chat.picture.crosshair
        file.become(larger, 2)
        await desk.until(lambda: desk.chat.picture.picture is larger)
        await desk.until(lambda: desk.chat.picture.is_drawn)
        assert desk.chat.picture.crosshair == crosshair
        assert desk.chat.picture.zoom == pytest.approx(zoom)


WITH_A_MARKER = {
    "written": ("c", *"too low"),
    "moved": ("right_square_bracket", "right_square_bracket", "g", "m", "l"),
}


@pytest.mark.parametrize("how", WITH_A_MARKER)
async def test_the_picture_waits_while_a_marker_is_written_or_moved_on_it(tmp_path: Path, how: str) -> None:
    file = File(WHOLE)
    async with sitting(file, tmp_path) as desk:
        await desk.until(lambda: desk.chat.picture.is_drawn)
        await desk.press(*WITH_A_MARKER[how])
        file.become(OTHER, 2)
        await desk.until(lambda: "It is read again when you are done with your marker." in desk.toasts)
        await desk.until(lambda: "changed on disk" in desk.lines[0])
        assert desk.chat.picture.picture is WHOLE
        await desk.press("escape")
        await desk.until(lambda: desk.chat.picture.picture is OTHER)
        await desk.until(lambda: "changed on disk" not in desk.lines[0])


async def test_a_picture_on_the_screen_is_not_taken_away_by_a_file_that_broke(tmp_path: Path) -> None:
    file = File(WHOLE)
    async with sitting(file, tmp_path) as desk:
        file.become(BROKEN, 2)
        await desk.until(lambda: "Not read again" in desk.toasts)
        assert desk.chat.picture.picture is WHOLE
        assert "marker.new" not in desk.chat.availability.disabled_commands


async def test_a_file_that_is_gone_is_told_as_such(tmp_path: Path) -> None:
    file = File(WHOLE)
    async with sitting(file, tmp_path) as desk:
        file.become(PictureError(PictureMissing("/somewhere/shot.png")), 2)
        await desk.until(lambda: "Not read again Gone: shot.png. You see it as it was." in desk.toasts)


async def test_a_defect_is_no_fault_of_the_picture(tmp_path: Path) -> None:
    file = File(AttributeError("module 'os' has no attribute 'memfd_create'"))
    async with sitting(file, tmp_path / "crash") as desk:
        await desk.until(lambda: "A defect of imagechat keeps it from being shown." in desk.text)
        assert "memfd_create" not in desk.text
        (crash,) = (tmp_path / "crash").iterdir()
        assert "memfd_create" in crash.read_text()
        assert "Logo is cut off" in desk.text  # its threads
