"""The picture widget: keys, zoom, loupe, pointer, markers, and how little is drawn anew."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from rich.console import Console
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot

from imagechat_tui.protocol.ids import ConversationId, UrlId, UserId
from imagechat_tui.protocol.models import Conversation, Point
from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.image import Picture
from imagechat_tui.raster.kitty import PLACEHOLDER
from imagechat_tui.raster.render import RenderOptions
from imagechat_tui.raster.viewport import Viewport
from imagechat_tui.sync.state import Thread
from imagechat_tui.tui.flow import PLENTY, Flow
from imagechat_tui.tui.picture import cell_painter
from imagechat_tui.tui.picture.frame import Frame, draw
from imagechat_tui.tui.picture.image_view import ImageView
from imagechat_tui.tui.textual_internals import compositor
from imagechat_tui.tui.textual_internals.strips import CellStrip
from tests.tui.conftest import Sit


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

    def on_image_view_marker_chosen(self, event: ImageView.MarkerChosen) -> None:
        self.heard.append(event)


class Desk:
    """One picture in a terminal of 80 × 24."""

    def __init__(self, app: Room, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.view = app.query_one(ImageView)

    @property
    def heard(self) -> list[Message]:
        return self.app.heard

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await self.pilot.pause()

    async def drawn(self) -> None:
        await self.until(lambda: self.view.is_drawn)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.drawn()

    @property
    def lines(self) -> list[str]:
        return [line.text for line in self.view.render_lines(self.view.size.region)]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def sent(self, act: Callable[[], object]) -> list[tuple[Region, str]]:
        """What acting sends to the terminal, by region."""
        self.view._repaint_regions.clear()
        act()
        console = Console()
        return [
            (region, "".join(line.render(console) for line in self.view.render_lines(region)))
            for region in sorted(self.view._repaint_regions)
        ]


def picture(width: int = 800, height: int = 480, *, seed: int = 1) -> Picture:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Picture("p", width, height, "0" * 64, pixels)


def thread(key: str, x: float, y: float, number: int, **told: Any) -> Thread:
    return Thread(
        key, Conversation(ConversationId(key), UrlId(key), Point(x, y)), **{"number": number, **told}
    )


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    app = Room()
    async with app.run_test(size=(80, 24)) as pilot:
        desk = Desk(app, pilot)
        desk.view.picture = picture()
        desk.view.focus()
        await desk.drawn()
        await pilot.pause()
        yield desk


async def test_keys_move_by_a_cell_and_by_a_tenth(desk: Desk) -> None:
    view = desk.view
    view.move_to(Point(50.1, 50.1))
    await desk.press("l")
    assert 50.6 <= view.crosshair.x <= 52.5
    await desk.press("L", "K")
    assert view.crosshair.x > 60
    assert view.crosshair.y < 46


async def test_zoom_keeps_the_crosshair_and_fit_shows_all(desk: Desk) -> None:
    before = desk.view.crosshair
    await desk.press("plus", "equals_sign")
    assert desk.view.zoom == pytest.approx(2.25)
    assert desk.view.crosshair == before
    await desk.press("minus")
    assert desk.view.zoom == pytest.approx(1.5)
    await desk.press("0")
    assert desk.view.zoom == 1.0


async def test_a_tall_picture_begins_at_its_top_as_wide_as_the_view(desk: Desk) -> None:
    desk.view._finder.crosshair = Point(50, 50)
    desk.view.picture = picture(200, 4000)
    await desk.drawn()
    scene = desk.view._finder.scene
    assert scene is not None
    assert scene.view.area == (0, 0, 80, 24)
    assert scene.view.top == 0
    assert scene.view.holds(scene.view.cell_of(desk.view.crosshair))
    filled = desk.view.zoom
    await desk.press("0")
    assert desk.view.zoom == 1.0
    await desk.press("0")
    assert desk.view.zoom == filled
    await desk.pilot.resize_terminal(60, 20)
    await desk.until(lambda: desk.view.size.width == 60)
    await desk.drawn()
    assert desk.view._finder.scene is not None
    assert desk.view._finder.scene.view.fills


async def test_a_crosshair_that_was_moved_is_seen_first(desk: Desk) -> None:
    desk.view.move_to(Point(50, 90))
    desk.view.picture = picture(200, 4000)
    await desk.drawn()
    assert desk.view.crosshair == Point(50, 90)
    assert desk.view._painter.cell_of(Point(50, 90)) is not None


async def test_another_picture_of_the_same_size_is_seen_in_the_same_view(desk: Desk) -> None:
    await desk.press("plus", "L")
    scene, before = desk.view._finder.scene, desk.text
    other = picture()
    desk.view.picture = replace(other, pixels=255 - other.pixels)
    await desk.drawn()
    assert desk.view._finder.scene == scene
    assert desk.text != before


async def test_another_picture_of_another_size_is_seen_as_closely_about_the_same_place(desk: Desk) -> None:
    await desk.press("plus", "plus", "L")
    assert desk.view._finder.scene is not None
    before = desk.view._finder.scene.view
    crosshair = desk.view.crosshair
    desk.view.picture = picture(before.width * 2, before.height * 3)
    await desk.drawn()
    assert desk.view._finder.scene is not None
    after = desk.view._finder.scene.view
    assert after.scale / after.width == pytest.approx(before.scale / before.width)
    assert desk.view.crosshair == crosshair
    assert after.holds(after.cell_of(crosshair))


async def test_body_text_is_read_by_one_key_and_left_by_it(desk: Desk) -> None:
    desk.view.picture = picture(1440, 900)
    await desk.drawn()
    scales = []
    for pixels in (None, None, (9, 18), (9, 18)):  # where there are real ones, one is one of the picture's
        desk.view.options = replace(desk.view.options, pixels=pixels)
        await desk.press("b")
        assert desk.view._finder.scene is not None
        scales.append(desk.view._finder.scene.view.scale)
    assert scales == pytest.approx([2.0, 18.75, 9.0, 18.9], rel=0.01)


async def test_actual_size_is_a_pixel_a_cell(desk: Desk) -> None:
    await desk.press("Z")
    scene = desk.view._finder.scene
    assert scene is not None
    assert scene.view.scale == pytest.approx(1.0)


async def test_the_crosshair_pans_the_view_past_its_edge(desk: Desk) -> None:
    await desk.press("plus", "plus", "plus")
    for _ in range(45):
        desk.view.action_step(1, 0)
    await desk.drawn()
    cell = desk.view._painter.cell_of(desk.view.crosshair)
    assert cell is not None
    assert cell.column == 79
    assert desk.view.crosshair.x > 60


# -- drawing


async def test_a_view_is_drawn_off_the_event_loop_and_only_the_newest_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[float] = []
    gate = threading.Event()
    loop_thread = threading.get_ident()
    real = draw

    def slow(wish: Any, *others: Any) -> Any:
        assert threading.get_ident() != loop_thread
        drawn.append(round(wish.scene.view.zoom, 2))
        assert gate.wait(60)
        return real(wish, *others)

    monkeypatch.setattr(cell_painter, "draw", slow)
    await desk.pilot.press("plus")
    await desk.until(lambda: len(drawn) == 1)
    await desk.pilot.press("plus", "plus", "plus")
    assert desk.view._painter.frame is not None
    assert desk.view._painter.frame.scene.view.zoom == 1.0  # what is seen does not go before it is replaced
    gate.set()
    await desk.drawn()
    assert drawn == [1.5, 5.06]  # those in between were never drawn


async def test_a_new_size_is_painted_once_with_the_crosshair_on_its_point(desk: Desk) -> None:
    desk.view.move_to(Point(90, 90))
    painted: list[str] = []
    real = desk.view.render_lines

    def watched(crop: Region) -> list[Any]:
        lines = real(crop)
        painted.append("\n".join(line.text for line in lines))
        return lines

    desk.view.render_lines = watched  # type: ignore[method-assign]
    await desk.pilot.resize_terminal(60, 20)
    await desk.drawn()
    await desk.pilot.pause()
    assert len({text for text in painted if len(text.splitlines()) == 20}) == 1
    assert desk.view.crosshair == Point(90, 90)
    assert len(desk.lines[0]) == 60


async def test_other_glyphs_and_colours_are_drawn_at_once(desk: Desk) -> None:
    desk.view.options = RenderOptions(colors=ColorDepth.NONE)
    await desk.drawn()
    assert desk.text.isascii()
    desk.view.options = replace(desk.view.options, renderer="rich-pixels", colors=ColorDepth.TRUECOLOR)
    await desk.drawn()
    assert set(desk.text) <= {"▄", "▀", " ", "\n", "┼"}


async def test_the_focus_and_styles_send_no_cell_of_the_picture(desk: Desk) -> None:
    def act() -> None:
        desk.view.has_focus = False
        desk.view.refresh()
        desk.view.add_class("some")

    assert desk.sent(act) == []


async def test_a_repair_sends_every_cell(desk: Desk) -> None:
    regions = [region for region, _ in desk.sent(desk.view.repair)]
    assert regions == [desk.view.size.region]


async def test_a_crosshair_step_sends_two_cells_in_few_bytes(desk: Desk) -> None:
    sent = desk.sent(lambda: desk.view.action_step(1, 0))
    assert [region.area for region, _ in sent] == [2]
    assert len(sent[0][1].encode()) <= 100
    sent = desk.sent(lambda: desk.view.action_step(0, 1))
    assert [region.area for region, _ in sent] == [1, 1]


# -- what lies over the picture


async def test_a_marker_is_seen_with_its_number_and_goes_when_hidden(desk: Desk) -> None:
    desk.view.threads = (thread("a", 20, 20, 47),)
    assert "▐47▌" in desk.text
    desk.view.markers_shown = "none"
    assert "47" not in desk.text


async def test_only_the_cells_of_a_marker_that_changed_are_sent(desk: Desk) -> None:
    first, second = thread("a", 20, 20, 4), thread("b", 70, 60, 5)

    def threads(*now: Thread) -> Callable[[], object]:
        return lambda: setattr(desk.view, "threads", now)

    assert [region.area for region, _ in desk.sent(threads(first, second))] == [3, 3]
    assert desk.sent(threads(first, replace(second, comments=()))) == []
    resolved = replace(second, conversation=replace(second.conversation, resolved=True))
    assert sum(region.area for region, _ in desk.sent(threads(first, resolved))) <= 4
    selected = desk.sent(lambda: setattr(desk.view, "selected", "a"))
    assert sum(region.area for region, _ in selected) == 5  # one more on either side
    assert "[4]" in desk.text


async def test_a_chip_shows_its_sign_under_the_crosshair(desk: Desk) -> None:
    desk.view.threads = (thread("a", 20, 20, 4),)
    desk.view.move_to(Point(20, 20))
    assert "▐4▌" in desk.text
    assert "┼" not in desk.text


async def test_a_chip_in_ascii_keeps_its_number_under_the_crosshair_where_colours_tell_of_it(
    desk: Desk,
) -> None:
    desk.view.threads = (thread("a", 20, 20, 4),)
    desk.view.move_to(Point(20, 20))
    for colors in (ColorDepth.ANSI, ColorDepth.TRUECOLOR, ColorDepth.NONE):
        desk.view.options = RenderOptions(glyphs=GlyphSet.ASCII, colors=colors)
        await desk.drawn()
        assert ("4" in desk.text) is (colors is not ColorDepth.NONE)


async def test_others_are_shown_faintly_until_they_are_not_wanted(desk: Desk) -> None:
    desk.view.crosshairs = {UserId("bob"): Point(10, 10), UserId("eve"): Point(80, 80)}
    assert desk.text.count("┼") == 3
    await desk.press("a")
    assert desk.text.count("┼") == 1


async def test_the_minimap_goes_out_of_the_crosshairs_way(desk: Desk) -> None:
    await desk.press("plus", "plus")
    assert desk.lines[-1].endswith("─┘")
    assert desk.view._finder.scene is not None
    low_right = desk.view._finder.scene.view.point_of((78, 22))
    desk.view.move_to(low_right)
    assert desk.lines[-1].startswith("└─")
    # It stays where it is until that is in the way, too: nothing jumps.
    desk.view.move_to(desk.view._finder.scene.view.point_of((40, 4)))
    assert desk.lines[-1].startswith("└─")
    await desk.press("0")
    assert "└" not in desk.text


# -- opening


async def test_enter_opens_a_marker_or_wants_one(desk: Desk) -> None:
    desk.view.threads = (thread("a", 20, 20, 7),)
    await desk.press("enter")
    desk.view.move_to(Point(20, 20))
    await desk.press("enter")
    chosen, opened = desk.heard
    assert isinstance(chosen, ImageView.PointChosen)
    assert isinstance(opened, ImageView.MarkersOpened)
    assert opened.keys == ("a",)


async def test_enter_typed_ahead_of_the_drawing_opens_the_marker_all_the_same(desk: Desk) -> None:
    desk.view.threads = (thread("a", 20, 20, 7), thread("b", 80, 80, 8))
    for _ in range(3):
        desk.view.action_zoom(1)
    desk.view.move_to(Point(80, 80))  # beyond what is on screen now
    assert not desk.view.is_drawn
    desk.view.action_open()
    await desk.press("a")
    (opened,) = desk.heard
    assert isinstance(opened, ImageView.MarkersOpened)
    assert opened.keys == ("b",)


async def test_enter_without_a_picture_opens_the_marker_at_that_point(desk: Desk) -> None:
    desk.view.threads = (thread("a", 20, 20, 7),)
    desk.view.picture = None
    desk.view.move_to(Point(20, 20))
    await desk.press("enter")
    (opened,) = desk.heard
    assert isinstance(opened, ImageView.MarkersOpened)
    assert opened.keys == ("a",)


async def test_two_letters_open_the_marker_that_they_stand_on(desk: Desk) -> None:
    desk.view.threads = (thread("a", 20, 20, 7), thread("b", 70, 60, 8))
    desk.view.show_hints()
    assert "aa" in desk.text
    assert "▐7▌" not in desk.text
    await desk.press("a", "s")
    (opened,) = desk.heard
    assert isinstance(opened, ImageView.MarkersOpened)
    assert opened.keys == ("b",)
    assert "▐7▌" in desk.text


async def test_letters_are_there_from_every_pane_and_by_physical_key(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("tab")
        await desk.until(lambda: desk.chat.picture.is_drawn)
        await desk.press("а", "ф", "ы")  # f, a, s on ЙЦУКЕН
        await desk.until(lambda: desk.chat.selection.open_key == "ic_2")


async def test_any_other_key_takes_the_letters_away_and_does_nothing_else(desk: Desk) -> None:
    desk.view.threads = (thread("a", 20, 20, 7),)
    for key in ("escape", "enter", "l", "1"):
        before = desk.view.crosshair
        desk.view.show_hints()
        assert "aa" in desk.text
        await desk.press(key)
        assert "▐7▌" in desk.text
        assert desk.view.crosshair == before
    assert desk.heard == []
    await desk.press("l")
    assert desk.view.crosshair != before


async def test_letters_without_markers_are_not_shown(desk: Desk) -> None:
    desk.view.show_hints()
    await desk.press("l")
    assert desk.view.crosshair.x > 50.5


# -- loupe


async def test_the_loupe_opens_round_the_crosshair_and_closes(desk: Desk) -> None:
    plain = desk.text
    for close in ("z", "escape"):
        cell = desk.view._painter.cell_of(desk.view.crosshair)
        await desk.press("z")
        assert "┌" in desk.text
        assert desk.view._painter.cell_of(desk.view.crosshair) == cell
        assert desk.view.zoom == 1.0
        await desk.press(close)
        assert desk.text == plain


async def test_steps_in_the_loupe_are_finer_and_cost_as_little(desk: Desk) -> None:
    await desk.press("z")
    before = desk.view.crosshair.x
    sent = desk.sent(lambda: desk.view.action_step(1, 0))
    assert sum(region.area for region, _ in sent) == 2
    assert 0 < desk.view.crosshair.x - before < 100 / 80 / 2


async def test_a_loupe_goes_along_with_the_crosshair_and_with_the_view(desk: Desk) -> None:
    await desk.press("z", "H", "H", "H", "H", "H", "H", "H", "H")
    assert desk.view._finder.scene is not None
    assert desk.view._finder.scene.lens is not None
    assert desk.view._finder.scene.lens.holds(desk.view.crosshair)
    await desk.press("plus")
    assert desk.view._finder.scene.lens is not None
    assert desk.view.zoom > 1


# -- pointer


def pointer(kind: type[events.MouseEvent], desk: Desk, x: float, y: float) -> events.MouseEvent:
    return kind(desk.view, x, y, 0, 0, 1, False, False, False, x, y)


async def test_a_click_selects_and_a_second_one_opens_or_writes(desk: Desk) -> None:
    desk.view.threads = (thread("a", 20, 20, 7),)
    cell = desk.view._painter.cell_of(Point(20, 20))
    assert cell is not None
    await desk.pilot.click(desk.view, offset=(cell.column, cell.row))
    await desk.pilot.click(desk.view, offset=(cell.column, cell.row), times=2)
    await desk.pilot.click(desk.view, offset=(60, 15), times=2)
    kinds = [type(message).__name__ for message in desk.heard]
    assert kinds == ["MarkerChosen", "MarkerChosen", "MarkersOpened", "PointChosen"]


async def test_a_click_means_the_middle_of_its_cell_or_the_very_pixel(desk: Desk) -> None:
    scene = desk.view._finder.scene
    assert scene is not None
    whole = desk.view._point_under(pointer(events.MouseDown, desk, 40, 12))
    assert whole == scene.view.point_of((40, 12))
    fine = desk.view._point_under(pointer(events.MouseDown, desk, 40.75, 12.25))
    assert fine is not None
    assert whole is not None
    assert (fine.x - whole.x) * 8 == pytest.approx(0.25 * scene.view.scale)
    assert fine.y < whole.y


async def test_the_wheel_zooms_about_the_pointer(desk: Desk) -> None:
    about = desk.view._point_under(pointer(events.MouseScrollUp, desk, 60, 6))
    desk.view.post_message(pointer(events.MouseScrollUp, desk, 60, 6))
    await desk.until(lambda: desk.view.zoom > 1)
    await desk.drawn()
    assert about is not None
    assert desk.view._painter.cell_of(about) == (60, 6)
    desk.view.post_message(pointer(events.MouseScrollDown, desk, 60, 6))
    await desk.until(lambda: desk.view.zoom == 1)


async def test_a_drag_pans_and_chooses_nothing(desk: Desk) -> None:
    await desk.press("plus", "plus")
    assert desk.view._finder.scene is not None
    before = desk.view._finder.scene.view.left
    view = desk.view
    view.on_mouse_down(pointer(events.MouseDown, desk, 40, 12))  # type: ignore[arg-type]
    view.on_mouse_move(pointer(events.MouseMove, desk, 35, 12))  # type: ignore[arg-type]
    view.on_mouse_up()
    await desk.drawn()
    assert desk.view._finder.scene.view.left - before == pytest.approx(5 * desk.view._finder.scene.view.scale)
    assert desk.heard == []


async def test_the_chip_under_the_pointer_lights_up_and_costs_its_cells(desk: Desk) -> None:
    desk.view.threads = (thread("a", 20, 20, 7), thread("b", 70, 60, 8))
    cell = desk.view._painter.cell_of(Point(20, 20))
    assert cell is not None
    over = pointer(events.MouseMove, desk, cell.column, cell.row)
    away = pointer(events.MouseMove, desk, 0, 23)

    def move(event: Any) -> int:
        return sum(region.area for region, _ in desk.sent(lambda: desk.view.on_mouse_move(event)))

    assert [move(over), move(over), move(away), move(away)] == [3, 0, 3, 0]


def test_tight_updates_fit_this_textual() -> None:
    assert compositor.install()


async def test_rows_are_strips_of_cells(desk: Desk) -> None:
    assert all(type(line) is CellStrip for line in desk.view.render_lines(desk.view.size.region))


def view_of(desk: Desk) -> Viewport:
    scene = desk.view._finder.scene
    assert scene is not None
    return scene.view


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes that there is room for on the way to the terminal, always; the last one counts."""
    space = [PLENTY]
    for module in ("image_view", "brush"):
        monkeypatch.setattr(f"imagechat_tui.tui.picture.{module}.room", lambda app: space[-1])
    return space


async def test_without_room_no_frame_is_shown_and_then_the_newest_alone(
    desk: Desk, space: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[float] = []
    show = desk.view._painter.show

    def note(frame: Frame, *over: Any) -> Sequence[Region]:
        shown.append(frame.scene.view.zoom)
        return show(frame, *over)

    monkeypatch.setattr(desk.view._painter, "show", note)
    space.append(0)
    await desk.pilot.press("plus", "plus", "plus")
    await desk.pilot.pause()
    desk.view.go_on()
    await desk.pilot.pause()
    assert not desk.view.is_drawn
    assert shown == []
    crosshair = desk.sent(lambda: desk.view.action_step(8, 0))  # overtakes it
    assert 0 < sum(region.area for region, _ in crosshair) <= 6
    space.append(PLENTY)
    desk.view.go_on()
    await desk.drawn()
    assert shown == [pytest.approx(1.5**3)]


async def test_with_little_room_rows_are_painted_as_it_lets_and_all_in_the_end(
    desk: Desk, space: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[Region] = []
    refresh = desk.view.refresh

    def note(*regions: Region, **how: Any) -> ImageView:
        painted.extend(regions)
        return refresh(*regions, **how)

    monkeypatch.setattr(desk.view, "refresh", note)
    space.append(1)
    await desk.press("plus")
    assert {row for region in painted for row in region.line_range} == set(range(24))
    assert sum(region.area for region in painted) <= 80 * 24
    painted.clear()
    space.append(0)
    desk.view.picture = picture(seed=2)
    await desk.pilot.pause()
    assert not desk.view.is_drawn
    desk.view.repair()  # paints everything: nothing waits for that
    space.append(PLENTY)
    desk.view.go_on()
    await desk.drawn()


async def test_at_the_edge_a_part_of_the_view_comes_where_the_line_is_slow(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def columns_panned() -> int:
        desk.view.move_to(Point(50, 50))
        await desk.press("0", *["plus"] * 4)
        while True:
            before = view_of(desk)
            desk.view.action_step(1, 0)
            now = view_of(desk)
            if now != before:
                await desk.drawn()
                return round((now.left - before.left) / now.scale)

    assert await columns_panned() == 1
    slow = Flow()
    slow.rate = 8000
    monkeypatch.setattr("imagechat_tui.tui.picture.image_view.flow_of", lambda app: slow)
    assert await columns_panned() == 1 + 80 * 2 // 3
    assert view_of(desk).cell_of(desk.view.crosshair).column == 80 - 1 - 80 * 2 // 3


async def test_on_a_slow_line_one_moves_also_before_there_is_a_frame_of_this_size(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, space: list[int]
) -> None:
    slow = Flow()
    slow.rate = 8000
    monkeypatch.setattr("imagechat_tui.tui.picture.image_view.flow_of", lambda app: slow)
    await desk.press("plus")
    space.append(0)
    desk.view.picture = picture(400, 400, seed=3)
    desk.view.move_to(Point(99, 99))
    await desk.pilot.resize_terminal(100, 40)
    desk.view.move_to(Point(1, 1))
    await desk.pilot.resize_terminal(60, 12)
    desk.view.move_to(Point(99, 1))
    space.append(PLENTY)
    desk.view.go_on()
    await desk.drawn()


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to the terminal of pictures, which the test says has arrived."""
    sent: list[str] = []
    module = "imagechat_tui.tui.picture.image_view"
    monkeypatch.setattr(f"{module}.write", lambda app, text: None)
    monkeypatch.setattr(f"{module}.send", lambda app, text, told: sent.append(text))
    monkeypatch.setattr(f"{module}.HOLD_S", 60)
    return sent


def in_pixels(desk: Desk) -> bool:
    console = Console()
    return any(PLACEHOLDER in line.render(console) for line in desk.view.render_lines(desk.view.size.region))


async def test_where_there_are_pixels_a_view_waits_for_its_own_unless_another_one_is_wanted(
    desk: Desk, pieces: list[str]
) -> None:
    async def all_arrived() -> None:
        while desk.view._uploads_run:
            desk.view.uploads.arrived()
            await desk.pilot.pause()

    desk.view.options = RenderOptions(pixels=(6, 12))
    await desk.drawn()
    assert not in_pixels(desk)
    await desk.until(lambda: bool(pieces))
    await all_arrived()
    assert in_pixels(desk)
    await desk.press("plus")  # of the whole picture, which is there
    assert in_pixels(desk)
    pieces.clear()
    for _ in range(5):
        await desk.pilot.press("plus")
        await desk.pilot.pause()
    await desk.until(lambda: bool(pieces))
    assert not desk.view.is_drawn
    assert in_pixels(desk)
    await all_arrived()
    await desk.drawn()
    assert in_pixels(desk)
    pieces.clear()
    await desk.pilot.press("plus")
    await desk.until(lambda: bool(pieces))
    assert not desk.view.is_drawn
    await desk.pilot.press("0")  # is there, and does not wait for all of what was wanted before
    await all_arrived()
    await desk.drawn()
    assert in_pixels(desk)
