"""Which characters may be two cells wide, and what the terminal's answer says."""

from __future__ import annotations

import pytest

from imagechat_tui.raster.ambiguous_width import SAMPLE, drawn_wide, is_ambiguous


@pytest.mark.parametrize(
    ("column", "wide"), [(2, False), (3, True), (4, True), (0, None), (1, None), (5, None)]
)
def test_the_column_behind_the_sample_tells(column: int, wide: bool | None) -> None:
    assert drawn_wide(column) is wide


@pytest.mark.parametrize("character", [*SAMPLE, *"·×●─│éЖα“°"])
def test_these_may_be_two_cells_wide(character: str) -> None:
    assert is_ambiguous(character)


@pytest.mark.parametrize("character", [*"az~ 大☃", "\u0301", "\ufe0f", "\u2596", "\U0001fb00"])
def test_these_are_as_wide_everywhere(character: str) -> None:
    assert not is_ambiguous(character)
