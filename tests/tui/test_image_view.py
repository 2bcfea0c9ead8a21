"""The picture widget: keys, zoom, markers, and how little is drawn anew."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest
from rich.console import Console
from textual.app import App, ComposeResult
from textual.message import Message

from imagechat_tui.protocol.ids import ConversationId, UrlId
from imagechat_tui.protocol.models import Conversation, Point
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.image import Picture
from imagechat_tui.sync.state import Thread
from imagechat_tui.tui import compositor
from imagechat_tui.tui.strips import CellStrip
from imagechat_tui.tui.widgets.image_view import ImageView


class Room(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield ImageView(id="picture")

    def on_image_view_point_chosen(self, event: ImageView.PointChosen) -> None:
        self.heard.append(event)

    def on_image_view_markers_opened(self, event: ImageView.MarkersOpened) -> None:
        self.heard.append(event)


def thread(key: str, x: float, y: float, number: int) -> Thread:
    return Thread(key, Conversation(ConversationId(key), UrlId(key), Point(x, y), number=number))


@pytest.fixture
async def view() -> AsyncIterator[ImageView]:
    app = Room()
    async with app.run_test(size=(80, 24)) as pilot:
        found = app.query_one(ImageView)
        pixels = np.random.default_rng(1).integers(0, 256, (480, 800, 3), dtype=np.uint8)
        found.picture = Picture("p", 800, 480, "0" * 64, pixels)
        found.focus()
        await pilot.pause()
        yield found


async def press(view: ImageView, *keys: str) -> None:
    from textual.pilot import Pilot

    await Pilot(view.app).press(*keys)


async def test_keys_move_by_a_cell_and_by_a_tenth(view: ImageView) -> None:
    view.move_to(Point(50.1, 50.1))
    await press(view, "l")
    assert 50.6 <= view.crosshair.x <= 52.5
    await press(view, "L", "K")
    assert view.crosshair.x > 60
    assert view.crosshair.y < 46


async def test_zoom_keeps_the_crosshair_and_fit_shows_all(view: ImageView) -> None:
    before = view.crosshair
    await press(view, "plus", "plus")
    assert view.zoom == pytest.approx(2.25)
    assert view.crosshair == before
    await press(view, "0")
    assert view.zoom == 1.0


async def test_enter_opens_a_marker_or_wants_one(view: ImageView) -> None:
    view.threads = (thread("a", 20, 20, 7),)
    await press(view, "enter")
    view.move_to(Point(20, 20))
    await press(view, "enter")
    assert isinstance(view.app, Room)
    chosen, opened = view.app.heard
    assert isinstance(chosen, ImageView.PointChosen)
    assert isinstance(opened, ImageView.MarkersOpened)
    assert opened.keys == ("a",)


async def test_a_marker_is_seen_with_its_number_and_goes_when_hidden(view: ImageView) -> None:
    def shown() -> str:
        return "".join(line.text for line in view.render_lines(view.size.region))

    view.threads = (thread("a", 20, 20, 47),)
    assert "47" in shown()
    view.markers_shown = "none"
    assert "47" not in shown()


async def test_a_crosshair_step_sends_two_cells_in_few_bytes(view: ImageView) -> None:
    view.app.screen._compositor._dirty_regions.clear()
    view._repaint_regions.clear()
    view.action_step(1, 0)
    regions = set(view._repaint_regions)
    assert sum(region.area for region in regions) == 2
    console = Console()
    sent = [view.render_lines(region)[0].render(console) for region in regions]
    assert sum(len(text.encode()) for text in sent) <= 130


def test_a_strip_of_cells_cuts_and_joins_like_any_other() -> None:
    strip = CellStrip("abcd", [1, 1, 2, 2], [3, 3, 3, 4], ColorDepth.TRUECOLOR)
    assert [piece.text for piece in strip.divide([1, 3, 4])] == ["a", "bc", "d"]
    assert strip.crop(1, 3).text == "bc"
    assert [segment.text for segment in strip] == ["ab", "c", "d"]


def test_tight_updates_fit_this_textual() -> None:
    assert compositor.install()
