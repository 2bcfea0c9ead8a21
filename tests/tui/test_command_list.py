"""Help and palette: what a key does is read in full, in dialogs of any width."""

from __future__ import annotations

import pytest

from imagechat_tui.tui.dialogs.command_list import CommandRows
from tests.tui.conftest import Sit


@pytest.mark.parametrize("size", [(20, 10), (26, 12), (80, 24)])
@pytest.mark.parametrize("key", ["question_mark", "colon"])
async def test_no_title_is_cut(sit: Sit, size: tuple[int, int], key: str) -> None:
    async with sit(size=size) as desk:
        await desk.press(key)
        rows = desk.app.screen.query_one(CommandRows)
        assert rows.items
        for command in rows.items:
            rows.selected = command.id
            await desk.pilot.pause()
            place = rows.region_of(command.id)
            assert place is not None
            shown = [rows.render_line(y).text.removeprefix("▌").strip() for y in place.line_range]
            shown[0] = shown[0].removesuffix(command.group).rstrip()
            assert command.title in " ".join(shown)
            assert command.keys.split()[0] in shown[0]


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 36), (200, 60)])
@pytest.mark.parametrize("key", ["question_mark", "colon"])
async def test_each_row_has_all_its_columns(sit: Sit, size: tuple[int, int], key: str) -> None:
    async with sit(size=size) as desk:
        await desk.press(key)
        rows = desk.app.screen.query_one(CommandRows)
        for command in rows.items:
            rows.selected = command.id
            await desk.pilot.pause()
            place = rows.region_of(command.id)
            assert place is not None
            first = rows.render_line(place.y).text.removeprefix("▌").strip()
            assert first.startswith(command.keys) and first.endswith(f" {command.group}"), first


async def test_a_title_in_a_narrow_dialog_does_not_look_like_its_key(sit: Sit) -> None:
    async with sit(size=(20, 10)) as desk:
        await desk.press("question_mark")
        rows = desk.app.screen.query_one(CommandRows)
        runs = [s.style for s in rows.render_line(0) if s.text.strip() and s.style is not None]
        assert len({style.color for style in runs}) == 2
        assert not runs[-1].bold
