"""What the doctor finds in the terminal, and says of it."""

from __future__ import annotations

import pytest

from imagechat_tui.cli.doctor import colors_finding
from imagechat_tui.settings import ClientSettings


@pytest.mark.parametrize(
    ("environ", "told", "setting", "found", "remedy"),
    [
        ({"TERM": "screen", "STY": "1", "COLORTERM": "truecolor"}, 8, "auto", "256: GNU screen", "screen 5"),
        ({"TERM": "screen", "STY": "1"}, 8, "truecolor", "truecolor: the setting", ""),
        ({"TERM": "vt220"}, 0, "auto", "none: terminfo says so of TERM=vt220", "export TERM="),
        ({}, None, "auto", "none: TERM=(not set)", "export TERM="),
        ({"TERM": "xterm"}, 8, "auto", "16: terminfo", "export TERM="),
        ({"TERM": "foot", "NO_COLOR": "1"}, None, "auto", "none: NO_COLOR is set", ""),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, 8, "auto", "truecolor: COLORTERM=truecolor", ""),
    ],
)
def test_the_colours_are_told_with_their_reason(
    environ: dict[str, str], told: int | None, setting: str, found: str, remedy: str
) -> None:
    finding = colors_finding(ClientSettings(colors=setting), environ, told)
    assert finding.ok
    assert found in finding.found
    assert remedy in finding.remedy if remedy else not finding.remedy
