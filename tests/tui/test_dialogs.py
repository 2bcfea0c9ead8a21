"""Dialogs: what lies below them goes on, and costs no more than without them."""

from __future__ import annotations

import asyncio
from importlib import import_module
from itertools import product
from pkgutil import iter_modules
from typing import Any

import pyte
import pytest
from textual._compositor import LayoutUpdate
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Region, Size
from textual.widgets import Static

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Point
from imagechat_tui.tui import dialogs
from imagechat_tui.tui.dialogs.dialog import Dialog
from imagechat_tui.tui.textual_internals.strips import CellStrip
from tests.tui.conftest import Desk, Sit

EVE = UserId("eve")
STEP_BYTES = 120
"""Two cells of the picture, with moves and colours."""


class Recorder(HeadlessDriver):
    """A terminal that counts what it is sent, and shows it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sent = 0
        self.screen = pyte.Screen(*(self._size or (80, 24)))
        self._stream = pyte.Stream(self.screen)

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.sent += len(data.encode())
        self._stream.feed(data)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)


async def sent(desk: Desk, *crosshairs: Point) -> int:
    """What steps of somebody else's crosshair bring to the terminal, in bytes."""
    driver = desk.app._driver
    assert isinstance(driver, Recorder)
    before = driver.sent
    for point in crosshairs:
        desk.chat.picture.crosshairs = {EVE: point}
        await desk.settle()
        await desk.pilot.pause()
    return driver.sent - before


@pytest.mark.parametrize("keys", ["?", "]i", "[d"])
async def test_a_change_below_a_dialog_costs_its_own_cells_and_is_seen(sit: Sit, keys: str) -> None:
    async with sit(driver_class=Recorder) as desk:
        await sent(desk, Point(5.0, 5.0))
        await desk.press(*keys)
        assert isinstance(desk.app.screen, Dialog)
        await desk.until(lambda: desk.app.screen.is_current and not desk.app.screen._dirty_widgets)
        await sent(desk, Point(6.0, 5.0))  # and whatever the dialog itself still had to paint
        before = desk.lines
        steps = [Point(5.0, 10.0 * row) for row in range(1, 6)]
        assert 0 < await sent(desk, *steps) <= STEP_BYTES * len(steps)
        assert desk.lines != before


@pytest.mark.parametrize("turns", range(0, 40, 8))
async def test_a_change_below_in_the_moment_a_dialog_comes_is_seen(sit: Sit, turns: int) -> None:
    async with sit(driver_class=Recorder) as desk:
        driver = desk.app._driver
        assert isinstance(driver, Recorder)
        await desk.press("?")
        await desk.press("escape")
        await desk.until(lambda: driver.screen.display[-1].startswith(" PICTURE"))
        desk._send("c")
        for _ in range(turns):
            await asyncio.sleep(0)
        desk._send("escape")
        desk._send("at")
        await desk.press()
        assert isinstance(desk.app.screen, Dialog)
        await desk.until(lambda: not desk.app.screen._dirty_widgets)
        await desk.pilot.pause(0)
        assert [line.rstrip() for line in driver.screen.display] == desk.lines


async def test_cells_of_the_picture_stay_cells_below_a_dialog(sit: Sit) -> None:
    # As plain segments they would cost more, and a picture in pixels would come back as blocks.
    async with sit() as desk:
        await desk.until(lambda: desk.chat.picture.is_drawn)
        await desk.press("]", "i")
        assert isinstance(desk.app.screen, Dialog)
        (row,) = desk.app.screen.render_lines(Region(10, 18, 10, 1))
        assert isinstance(row, CellStrip)
        assert row.text == desk.lines[18][10:20]


@pytest.mark.parametrize("keys", ["?", ":", "@", "]i", "[d"])
async def test_a_dialog_is_drawn_whole_while_each_screen_has_another_size(sit: Sit, keys: str) -> None:
    # As when sizes follow each other faster than the screens are laid out for them.
    async with sit() as desk:
        await desk.press(*keys)
        dialog = desk.app.screen
        assert isinstance(dialog, Dialog)
        sizes = [Size(1, 2), Size(60, 15), Size(120, 40), Size(200, 60), Size(10, 200)]
        for below, above in product(sizes, sizes):
            desk.chat._compositor.reflow(desk.chat, below)
            dialog._compositor.reflow(dialog, above)
            update = dialog._compositor.render_full_update()
            assert isinstance(update, LayoutUpdate)
            lines = [[*line] for line in update.strips]
            widths = {sum(part.cell_length if part else -1 for part in line) for line in lines}
            assert (len(lines), widths) == (above.height, {above.width}), (below, above)


async def test_a_second_answer_on_its_way_does_not_take_the_screen_below_away(sit: Sit) -> None:
    async with sit() as desk:
        await desk.press("]", "i")
        dialog = desk.app.screen
        assert isinstance(dialog, Dialog)
        dialog.dismiss(None)
        dialog.dismiss(None)
        await desk.settle()
        await desk.pilot.pause()
        assert desk.app.screen is desk.chat
        assert desk.app.is_running


@pytest.mark.parametrize(
    ("keys", "leave"),
    [
        (keys, leave)
        for keys, other in (("]iz", "enter"), ("[dz", "y"), ("@z", "enter"))
        for leave in ("escape", other)
    ],
)
async def test_of_a_note_over_a_dialog_nothing_stays_when_that_goes(sit: Sit, keys: str, leave: str) -> None:
    async with sit(driver_class=Recorder, notes=True) as desk:
        driver = desk.app._driver
        assert isinstance(driver, Recorder)
        await desk.press(*keys)
        await desk.until(lambda: any("z does nothing here" in line for line in driver.screen.display))
        await desk.press(leave)
        await desk.until(lambda: desk.app.screen is desk.chat and not desk.chat._dirty_widgets)
        await desk.until(lambda: [line.rstrip() for line in driver.screen.display] == desk.lines)


async def test_details_are_read_to_their_end_where_they_do_not_fit(sit: Sit) -> None:
    async with sit(size=(50, 7)) as desk:
        await desk.press("]", "i")
        assert "marker" in desk.text
        assert "ic_1" not in desk.text
        await desk.type("jjj")
        await desk.until(lambda: "ic_1" in desk.text)
        await desk.type("kkk")
        await desk.until(lambda: "ic_1" not in desk.text)
        await desk.press("escape")
        assert desk.app.screen is desk.chat


@pytest.mark.parametrize(("keys", "shown"), [("?", "Esc close"), ("c", "Enter send")])
async def test_a_corner_note_does_not_lie_on_the_keys(sit: Sit, keys: str, shown: str) -> None:
    async with sit(size=(50, 16), notes=True) as desk:
        await desk.press("c")
        await desk.type("words")
        await desk.press("escape")
        await desk.until(lambda: "Draft kept" in desk.text)
        await desk.press(*keys)
        assert shown in desk.text
        assert "Draft kept" not in desk.text
        desk.chat.notices.notice("Bob", "added marker 3 " * 8)
        await desk.until(lambda: "added marker 3" in desk.text)
        assert shown in desk.text


async def test_what_waits_to_be_painted_is_not_forgotten_for_a_change_below(sit: Sit) -> None:
    async with sit(driver_class=Recorder) as desk:
        await desk.press("?")
        dialog, driver = desk.app.screen, desk.app._driver
        assert isinstance(dialog, Dialog)
        assert isinstance(driver, Recorder)
        title = dialog.query(Static).first()
        title.update("Hint", layout=False)
        dialog._dirty_widgets.add(title)  # as Textual does when it hears of it
        dialog.paint(Region(0, 0, 1, 1))
        assert "Hint" in driver.text


def test_a_dialog_is_no_parent_of_a_dialog() -> None:
    for module in iter_modules(dialogs.__path__, f"{dialogs.__name__}."):
        import_module(module.name)
    kinds = Dialog.__subclasses__()
    assert len(kinds) > 5
    assert [kind for kind in kinds if kind.__subclasses__()] == []
