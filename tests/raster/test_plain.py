"""The plain renderer: rich-pixels itself, behind the same seam."""

from __future__ import annotations

import numpy as np
from PIL import Image
from rich.segment import Segment
from rich_pixels import Pixels, Renderer

from imagechat_tui.raster.colors import ColorDepth
from imagechat_tui.raster.glyphs import GlyphSet
from imagechat_tui.raster.plain import BoxRenderer, half_cells
from imagechat_tui.raster.render import RenderOptions, render
from imagechat_tui.raster.viewport import Viewport
from tests.raster.pictures import noise


def test_its_cells_are_the_samples() -> None:
    samples = noise(12, 8).pixels
    glyphs, fg, bg = half_cells(samples)
    assert glyphs.shape == (4, 12)
    assert {chr(code) for code in glyphs.reshape(-1).tolist()} == {"▄"}
    wide = samples.astype(np.int32)
    packed = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    assert (bg == packed[0::2]).all()
    assert (fg == packed[1::2]).all()


def test_it_is_a_renderer_of_rich_pixels_that_averages() -> None:
    assert issubclass(BoxRenderer, Renderer)
    checks = Image.fromarray(np.indices((40, 40)).sum(axis=0).astype(np.uint8) % 2 * 255).convert("RGB")
    segments: list[Segment] = BoxRenderer().render(checks, (4, 4))
    colors = {segment.style.color.triplet for segment in segments if segment.style and segment.style.color}
    assert len(colors) == 1
    triplet = colors.pop()
    assert triplet is not None
    assert 126 <= triplet.red <= 129
    assert Pixels.from_image(checks, (4, 4), BoxRenderer()) is not None


def test_the_picture_is_drawn_by_it_when_chosen() -> None:
    shown, view = noise(64, 64), Viewport(64, 64, 32, 16)
    plain = render(shown, view, RenderOptions(GlyphSet.OCTANT, ColorDepth.PALETTE, renderer="rich-pixels"))
    assert (plain.glyphs == ord("▄")).all()
    assert plain.fg.min() >= 16
    true = render(shown, view, RenderOptions(GlyphSet.HALF, renderer="rich-pixels"))
    assert len(np.unique(true.fg)) > 400
