"""Which characters may be two cells wide, and what the terminal's answer says."""

from __future__ import annotations

import pytest

from imagechat_tui.raster.ambiguous_width import SAMPLE, drawn_as, is_ambiguous


@pytest.mark.parametrize(
    ("column", "drawn"),
    [
        (4, "narrow"),
        (5, "wide"),
        (6, "wide"),
        (7, "bytes"),  # LANG=C xterm: Latin 1, where 0x80 and 0x96 are controls
        (10, "bytes"),  # KOI8-R
        (0, None),
        (3, None),
        (11, None),
    ],
)
def test_the_column_behind_the_sample_tells(column: int, drawn: str | None) -> None:
    assert drawn_as(column) == drawn


@pytest.mark.parametrize("character", [*SAMPLE[2:], *"·×●─│éЖα“°"])
def test_these_may_be_two_cells_wide(character: str) -> None:
    assert is_ambiguous(character)


@pytest.mark.parametrize("character", [*SAMPLE[:2], *"az~ 大☃", "\u0301", "\ufe0f", "\u2596", "\U0001fb00"])
def test_these_are_as_wide_everywhere(character: str) -> None:
    assert not is_ambiguous(character)
