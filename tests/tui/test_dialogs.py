"""Dialogs: what lies below them goes on, and costs no more than without them."""

from __future__ import annotations

from typing import Any

import pytest
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Region

from imagechat_tui.protocol.ids import UserId
from imagechat_tui.protocol.models import Point
from imagechat_tui.tui.screens.dialog import Dialog
from imagechat_tui.tui.strips import CellStrip
from tests.tui.conftest import Desk, Sit

EVE = UserId("eve")
STEP_BYTES = 120
"""Two cells of the picture, with moves and colours."""


class Recorder(HeadlessDriver):
    """A terminal that counts what it is sent."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sent = 0

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.sent += len(data.encode())


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


@pytest.mark.parametrize("keys", ["?", "]i", "]d"])
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


async def test_cells_of_the_picture_stay_cells_below_a_dialog(sit: Sit) -> None:
    # As plain segments they would cost more, and a picture in pixels would come back as blocks.
    async with sit() as desk:
        await desk.until(lambda: desk.chat.picture.is_drawn)
        await desk.press("]", "i")
        assert isinstance(desk.app.screen, Dialog)
        (row,) = desk.app.screen.render_lines(Region(10, 18, 10, 1))
        assert isinstance(row, CellStrip)
        assert row.text == desk.lines[18][10:20]


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
