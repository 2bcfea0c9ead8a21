"""What a dialog's keys do is read at any width: a key stands beside its word."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from imagechat_tui.safetext import SafeText
from imagechat_tui.tui.dialogs.confirm import ConfirmScreen
from imagechat_tui.tui.widgets.key_line import KeyLine
from tests.tui.conftest import Sit


class Keys(App[None]):
    CSS = "KeyLine { height: auto; }"

    def compose(self) -> ComposeResult:
        yield KeyLine(("Enter", "drops it"), ("d", "drops"), ("Esc", "closes"))


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (80, ["Enter drops it   d drops   Esc closes"]),
        (37, ["Enter drops it   d drops   Esc closes"]),
        (36, ["Enter drops it   d drops", "Esc closes"]),
        (20, ["Enter drops it", "d drops   Esc closes"]),
        (16, ["Enter drops it", "d drops", "Esc closes"]),
    ],
)
async def test_a_key_stays_with_its_word_where_the_line_wraps(width: int, lines: list[str]) -> None:
    app = Keys()
    async with app.run_test(size=(width, 10)):
        line = app.query_one(KeyLine)
        assert line.size.height == len(lines)
        strips = app.screen._compositor.render_strips()[: len(lines)]
        assert ["".join(segment.text for segment in strip).rstrip() for strip in strips] == lines


async def test_a_question_in_a_narrow_dialog_says_what_its_keys_do(sit: Sit) -> None:
    async with sit(size=(26, 10)) as desk:
        await desk.app.push_screen(ConfirmScreen("Delete it?", SafeText("text"), yes="deletes it"))
        await desk.until(lambda: {"y deletes it", "Esc keep"} <= {line.strip("│ ") for line in desk.lines})


async def test_the_line_wraps_anew_when_the_terminal_changes() -> None:
    app = Keys()
    async with app.run_test(size=(80, 10)) as pilot:
        line = app.query_one(KeyLine)
        for width, rows in ((16, 3), (20, 2), (80, 1)):
            await pilot.resize_terminal(width, 10)
            await pilot.pause()
            assert line.size.height == rows
            strips = app.screen._compositor.render_strips()
            shown = [row for strip in strips if (row := "".join(s.text for s in strip).strip())]
            assert len(shown) == rows
            assert shown[-1].endswith("Esc closes")
