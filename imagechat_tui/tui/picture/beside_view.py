"""The other version of a picture, beside it: the same part of it, with the same crosshair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from imagechat_tui.tui.picture.brush import Brush
from imagechat_tui.tui.picture.cell_painter import CellPainter
from imagechat_tui.tui.picture.frame import Outlines
from imagechat_tui.tui.picture.painter import Painter
from imagechat_tui.tui.picture.pixel_parts import PixelParts
from imagechat_tui.tui.picture.uploads import IDS_BESIDE
from imagechat_tui.tui.textual_internals.background import background_lines

if TYPE_CHECKING:
    from imagechat_tui.raster.comparison import Laid
    from imagechat_tui.tui.picture.image_view import ImageView


class Drawn(Struct, frozen=True):
    """What is drawn of two versions; by itself the picture alone."""

    laid: Laid | None = None
    """In the place of the picture."""
    beside: Laid | None = None
    """In the view beside it."""
    outlines: Outlines = Outlines()
    margin: tuple[int, int, int, int] = (0, 0, 0, 0)
    """How many pixels left, above, right and below of the picture there is something of the other version."""
    bare: bool = False
    """Without markers: where they are is known of the picture, and this is the other version."""


PLAIN = Drawn()


def half_of(columns: int) -> int:
    """Columns of each of two views that are as wide, with a line between them."""
    return max(0, columns - 1) // 2


class BesideView(Widget):
    """Shows what the picture's view draws for it. The pointer in it does what it does there, but for markers."""

    def __init__(self, view: ImageView, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._view = view
        self.painter: Painter = CellPainter(PixelParts(view.uploads, IDS_BESIDE))
        self.brush = Brush(self, self.painter)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """As wide as the picture."""
        return half_of(container.width)

    def on_resize(self) -> None:
        """The picture's view draws it."""
        self._view.draw()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of a region."""
        if self.painter.size != self.size:
            return background_lines(self, crop)
        self.brush.painted()
        return self.painter.strips(crop)

    def repair(self) -> None:
        """Send everything again."""
        self.painter.follow_pixels()
        self.brush.forget()
        self.refresh(Region(0, 0, *self.size))

    # -- pointer

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to drag, or to click."""
        self.screen.set_focus(self._view, scroll_visible=False)
        self._view.press(event)
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag both pictures."""
        self._view.drag(event)

    def on_mouse_up(self) -> None:
        """The drag ends."""
        self._view.release()
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Have the crosshair here; a second click writes."""
        self._view.click_beside(event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Closer, about the pointer."""
        self._view.on_mouse_scroll_up(event)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Farther, about the pointer."""
        self._view.on_mouse_scroll_down(event)
