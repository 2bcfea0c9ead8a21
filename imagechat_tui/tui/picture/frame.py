"""What was drawn of a scene: the cells of view, lens and minimap, put together into one grid.

`draw` does the slow part and runs in a thread; nothing here touches a widget.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from imagechat_tui.raster.chips import GREY, ascii_only, one_of
from imagechat_tui.raster.colors import ColorDepth, luma, quantised
from imagechat_tui.raster.markers import Chip, Placement, place
from imagechat_tui.raster.render import Grid, RenderOptions, render
from imagechat_tui.tui.picture.scene import Scene

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imagechat_tui.raster.compare import Box
    from imagechat_tui.raster.comparison import Laid
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.viewport import Viewport

MINIMAP_FROM: Final = (40, 14)
"""Columns and rows from which there is room for a minimap."""
MINIMAP_SHARE: Final = 6
"""It takes at most one in so many columns and rows, within the limits below."""
MINIMAP_COLUMNS: Final = 18
MINIMAP_ROWS: Final = 6
APART: Final = 64
"""How much brighter or darker than the ground, of 255, a picture must be: else a fog of its colour is not seen."""

FRAME: Final = "\u250c\u2500\u2510\u2502\u2514\u2518"  # ┌─┐│└┘
ASCII_FRAME: Final = "+-+|++"


class Outlines(Struct, frozen=True):
    """Parts of a picture that are outlined, in its pixels."""

    boxes: tuple[Box, ...] = ()
    chosen: Box | None = None
    """The one that is looked at."""


class Wish(NamedTuple):
    """Everything that the look of a frame depends on."""

    picture: Picture
    """What the scene is of."""
    scene: Scene
    options: RenderOptions
    ground: int
    """``0xRRGGBB`` beside the picture."""
    laid: Laid | None = None
    """What is drawn in the picture's place."""
    outlines: Outlines = Outlines()
    """Drawn round parts of it."""
    minimap: bool = True
    """Whether one is drawn where there is more than is seen."""

    def seen(self, view: Viewport) -> tuple[Picture, Viewport]:
        """What is drawn in a view of the picture, and in which view of its own."""
        return (self.picture, view) if self.laid is None else (self.laid.picture, self.laid.view(view))

    def drawn(self, view: Viewport) -> Grid:
        """The cells of a view."""
        return render(*self.seen(view), self.options, ground=self.ground)


class Corner(NamedTuple):
    """Where the minimap is."""

    right: bool = True
    low: bool = True


class Frame(Struct, frozen=True, eq=False):
    """A drawn wish. The placements are this frame's own and change with the markers."""

    wish: Wish
    view: Grid
    lens: Grid | None
    minimap: Grid | None
    small: Grid | None
    """The whole picture in the cells of the minimap, in true colours."""
    places: Placement
    lens_places: Placement | None
    lined: NDArray[np.bool_] | None = None
    """The cells of the view in which an outline is; None if none is drawn."""

    @property
    def scene(self) -> Scene:
        """What it shows."""
        return self.wish.scene

    def minimap_at(self, corner: Corner) -> tuple[int, int, int, int] | None:
        """First column, first row, end column and end row of the minimap; None if there is none."""
        if self.minimap is None:
            return None
        (columns, rows), (wide, high) = self.view.size, self.minimap.size
        column, row = (columns - wide) * corner.right, (rows - high) * corner.low
        return column, row, column + wide, row + high

    def grid(self, corner: Corner) -> Grid:
        """All of it, without what lies over it."""
        where = self.minimap_at(corner)
        if where is None and self.lens is None:
            return self.view
        view = self.view
        whole = Grid(view.glyphs.copy(), view.fg.copy(), view.bg.copy(), view.depth)
        if where is not None and self.minimap is not None:
            _put(whole, self.minimap, where[0], where[1])
        if self.lens is not None and self.scene.lens is not None:
            _put(whole, self.lens, self.scene.lens.column - 1, self.scene.lens.row - 1)
        return whole


def draw(wish: Wish, chips: Iterable[Chip], before: Frame | None) -> Frame:
    """Draw a wish; what an earlier frame has already is taken from it."""
    scene, options = wish.scene, wish.options
    plain = ascii_only(options)
    chips = tuple(chips)
    lens, lens_places = None, None
    if scene.lens is not None:
        lens_places = place(chips, scene.lens.view, ascii_only=plain)
        lens = _framed(wish.drawn(scene.lens.view), wish)
    if before is not None and _shows_view_of(before.wish, wish):
        return replace(before, wish=wish, lens=lens, lens_places=lens_places)
    view = wish.drawn(scene.view)
    lined = None
    if wish.outlines != Outlines():
        from imagechat_tui.raster.outlines import outline

        lined = outline(view, scene.view, wish.outlines.boxes, wish.outlines.chosen, ascii_only=plain)
    places = place(chips, scene.view, ascii_only=plain)
    small = _small(wish, before)
    minimap = _minimap(wish, small) if small is not None else None
    return Frame(wish, view, lens, minimap, small, places, lens_places, lined)


def _shows_view_of(one: Wish, other: Wish) -> bool:
    """Whether two wishes differ in nothing but the lens."""
    return one._replace(scene=Scene(one.scene.view)) == other._replace(scene=Scene(other.scene.view))


def _small(wish: Wish, before: Frame | None) -> Grid | None:
    """The whole picture in the cells of a minimap, from an earlier frame if it has it; None without one."""
    view, options = wish.scene.view, wish.options
    if not wish.minimap or view.zoom <= 1 or view.columns < MINIMAP_FROM[0] or view.rows < MINIMAP_FROM[1]:
        return None
    whole = _whole(
        view,
        min(MINIMAP_COLUMNS, view.columns // MINIMAP_SHARE),
        min(MINIMAP_ROWS, view.rows // MINIMAP_SHARE),
    )
    if before is not None and before.small is not None:
        alike = before.wish._replace(scene=wish.scene) == wish
        if alike and before.small.size == (whole.columns, whole.rows):
            return before.small
    true_colors = replace(options, colors=ColorDepth.TRUECOLOR)
    return wish._replace(options=true_colors).drawn(whole)


def _minimap(wish: Wish, small: Grid) -> Grid:
    """The whole picture in a few cells, with a fog on what is not seen: of the ground's colour, if it is another."""
    import numpy as np

    columns, rows = small.size
    left, top, right, bottom = wish.scene.view.seen
    x1, x2 = _seen(left, right, columns)
    y1, y2 = _seen(top, bottom, rows)
    unseen = np.ones(small.glyphs.shape, dtype=bool)
    unseen[y1:y2, x1:x2] = False
    colors = [*small.fg.flat, *small.bg.flat]
    bright = sum(map(luma, colors)) / len(colors)
    fog = wish.ground if abs(bright - luma(wish.ground)) >= APART else GREY
    depth = wish.options.colors
    glyphs = small.glyphs
    if depth is ColorDepth.NONE:
        glyphs = np.where(unseen, ord("."), ord("#")).astype(np.uint32)
    fg = np.where(unseen, _fogged(small.fg, fog), small.fg)
    bg = np.where(unseen, _fogged(small.bg, fog), small.bg)
    return _framed(Grid(glyphs, quantised(fg, depth), quantised(bg, depth), depth), wish)


def _whole(view: Viewport, columns: int, rows: int) -> Viewport:
    """The whole picture in the cells that it needs of those offered."""
    small = view.resized(columns, rows).fit()
    x1, y1, x2, y2 = small.area
    return small.resized(max(1, x2 - x1), max(1, y2 - y1))


def _seen(start: float, end: float, cells: int) -> tuple[int, int]:
    """First and end cell of a share of a length: at least one cell."""
    first = min(cells - 1, int(start * cells + 0.5))
    return first, max(first + 1, int(end * cells + 0.5))


def _fogged(rgb: NDArray[np.int32], fog: int) -> NDArray[np.int32]:
    """Colours moved two thirds of the way to that of the fog."""
    red, green, blue = (
        ((rgb >> shift & 255) + 2 * (fog >> shift & 255)) // 3 << shift for shift in (16, 8, 0)
    )
    return red | green | blue


def _framed(grid: Grid, wish: Wish) -> Grid:
    """A grid with a thin frame."""
    import numpy as np

    depth, signs = grid.depth, ASCII_FRAME if ascii_only(wish.options) else FRAME
    glyphs = np.pad(grid.glyphs, 1, constant_values=ord(signs[1]))
    glyphs[:, 0] = glyphs[:, -1] = ord(signs[3])
    glyphs[0, 0], glyphs[0, -1], glyphs[-1, 0], glyphs[-1, -1] = (ord(signs[n]) for n in (0, 2, 4, 5))
    fg = np.pad(grid.fg, 1, constant_values=one_of(GREY, depth))
    bg = np.pad(grid.bg, 1, constant_values=one_of(wish.ground, depth))
    return Grid(glyphs, fg, bg, depth)


def _put(whole: Grid, part: Grid, column: int, row: int) -> None:
    columns, rows = part.size
    there = (slice(row, row + rows), slice(column, column + columns))
    whole.glyphs[there], whole.fg[there], whole.bg[there] = part.glyphs, part.fg, part.bg
