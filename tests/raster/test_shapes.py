"""What glyphs cover."""

from __future__ import annotations

import unicodedata

import pytest
from rich.cells import cell_len

from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.shapes import ACROSS, DOWN, SAMPLES, octants, sextant, shapes

FITTED = [glyphs for glyphs in GlyphSet if glyphs is not GlyphSet.HALF]


@pytest.mark.parametrize("glyphs", FITTED)
def test_every_glyph_of_a_set_is_one_cell_wide(glyphs: GlyphSet) -> None:
    known = shapes(glyphs)
    codes = {*known.codes.tolist(), *known.opposites.tolist()} - {0}
    assert all(cell_len(chr(code)) == 1 for code in codes)


def test_quadrants_use_nothing_but_what_every_terminal_draws() -> None:
    known = shapes(GlyphSet.QUADRANT)
    for code in {*known.codes.tolist(), *known.opposites.tolist()} - {0}:
        name = unicodedata.name(chr(code))
        assert 0x2580 <= code <= 0x259F or name.startswith("BOX DRAWINGS HEAVY"), name
        assert "SHADE" not in name


def test_octants_outside_of_their_block_are_drawn_by_their_opposites() -> None:
    # Seen as boxes in kitty 0.41 (U+1CEA0-1CEAB) and foot 1.21 (these and U+1FBE6-1FBE7).
    known = shapes(GlyphSet.OCTANT)
    used = {*known.codes.tolist(), *known.opposites.tolist()} - {0}
    rare = {code for code in octants() if 0x1CE00 <= code <= 0x1CEFF or 0x1FB90 <= code <= 0x1FBFF}
    assert len(rare) == 6
    assert not used & rare
    everything = 255
    assert {octants()[everything - octants().index(code)] for code in rare} <= used


def test_a_shape_and_its_opposite_cover_the_cell() -> None:
    known = shapes(GlyphSet.OCTANT)
    by_code = dict(zip(known.codes.tolist(), known.share.tolist(), strict=True))
    assert by_code[0x2598] == 0.25
    pairs = dict(zip(known.codes.tolist(), known.opposites.tolist(), strict=True))
    assert pairs[0x2598] == 0x259F
    assert pairs[0x2580] == 0x2584
    assert pairs[0x258C] == 0x2590
    assert pairs[0x2581] == 0


def test_sextants_have_the_numbers_of_unicode_13() -> None:
    # U+1FB00 BLOCK SEXTANT-1, U+1FB13 -35 and U+1FB14 -235 lie about U+258C (-135), U+1FB3B is -23456.
    assert [sextant(pattern) for pattern in (1, 0b010100, 0b010101, 0b010110, 0b111110)] == [
        0x1FB00, 0x1FB13, 0x258C, 0x1FB14, 0x1FB3B,
    ]  # fmt: skip


def test_octants_have_the_numbers_of_unicode_16() -> None:
    codes = octants()
    # U+1CD00 BLOCK OCTANT-3, U+1CD01 -23, U+1CD02 -123, U+1CD03 -4, U+1CDE5 -2345678.
    assert [codes[pattern] for pattern in (0b100, 0b110, 0b111, 0b1000, 0b11111110)] == [
        0x1CD00, 0x1CD01, 0x1CD02, 0x1CD03, 0x1CDE5,
    ]  # fmt: skip
    assert len(set(codes)) == 256
    assert sorted(code for code in codes if 0x1CD00 <= code <= 0x1CDE5) == list(range(0x1CD00, 0x1CDE6))


def test_a_heavy_line_goes_through_the_middle() -> None:
    known = shapes(GlyphSet.QUADRANT)
    place = known.codes.tolist().index(ord("\u2503"))
    mask = known.pattern[:, place].reshape(DOWN, ACROSS)
    assert (mask[:, 1:3] > 0).all()
    assert (mask[:, (0, 3)] < 0).all()
    assert known.share[place] == 0.25
    assert known.pattern.shape == (SAMPLES, len(known.codes))
