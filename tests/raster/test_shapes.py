"""What glyphs cover."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from rich.cells import cell_len

from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.shapes import ACROSS, DOWN, SAMPLES, octants, sextant, shapes
from tests.benchmarks.fidelity import glyph_mask

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
    assert pairs[0x2581] == 0x1FB86
    quadrants = shapes(GlyphSet.QUADRANT)
    assert quadrants.opposites[quadrants.codes.tolist().index(0x2581)] == 0


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


@pytest.mark.parametrize("glyphs", [GlyphSet.QUADRANT, GlyphSet.SEXTANT, GlyphSet.OCTANT])
def test_a_glyph_covers_what_a_model_of_a_terminal_draws(glyphs: GlyphSet) -> None:
    known = shapes(glyphs)
    codes = zip(known.codes.tolist(), known.opposites.tolist(), known.cover, strict=True)
    for code, opposite, cover in codes:
        drawn = glyph_mask(chr(code)).reshape(DOWN, 2, ACROSS, 2).mean(axis=(1, 3)).reshape(-1)
        # Lines lie a pixel beside the middle, thirds and slopes are rounded to pixels.
        assert abs(drawn - cover).mean() < 0.05, hex(code)
        if opposite:
            assert abs(glyph_mask(chr(opposite)) + glyph_mask(chr(code)) - 1).max() < 0.01, hex(code)


def test_every_shape_of_unicode_13_that_samples_can_tell_is_used_and_paired() -> None:
    known = shapes(GlyphSet.SEXTANT)
    pairs = dict(zip(known.codes.tolist(), known.opposites.tolist(), strict=True))
    twins = {
        0x1FB70,
        0x1FB72,
        0x1FB74,
        0x1FB75,
    }  # in the same half of the same sample as their left neighbour
    wanted = {*range(0x1FB00, 0x1FB7C), *range(0x1FB82, 0x1FB8C)} - twins
    assert {*pairs, *pairs.values()} >= wanted
    assert all(pairs.get(code, code + 22) == code + 22 for code in range(0x1FB3C, 0x1FB52))
    assert all(pairs.get(code) == code - 4 for code in range(0x1FB6C, 0x1FB70))
    assert pairs[0x1FB71] == pairs[0x1FB76] == 0


def test_a_cell_that_looks_like_a_shape_gets_its_colours_exactly() -> None:
    known = shapes(GlyphSet.OCTANT)
    whole = ((known.cover == 0) | (known.cover == 1)).all(axis=1)
    assert whole.sum() > 60
    assert (known.slope * known.cover).sum(axis=1)[whole] == pytest.approx(1, abs=1e-4)
    sharp = shapes(GlyphSet.OCTANT, sharpened=True)
    assert ((sharp.slope * sharp.cover).sum(axis=1)[whole] > 1.05).all()


def test_every_shape_is_found_by_its_own_mask_and_none_by_one_colour() -> None:
    known = shapes(GlyphSet.OCTANT)
    assert np.abs(np.ones(SAMPLES, dtype=np.float32) @ known.pattern).max() < 1e-4
    whole = np.flatnonzero(((known.cover == 0) | (known.cover == 1)).all(axis=1))
    assert (np.abs(known.cover[whole] @ known.pattern).argmax(axis=1) == whole).all()
