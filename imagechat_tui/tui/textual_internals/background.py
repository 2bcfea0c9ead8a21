"""The background that lies below other widgets and shows nothing but its colour."""

from __future__ import annotations

from textual.containers import Container
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


def background_lines(widget: Widget, region: Region) -> list[Strip]:
    """The rows of a region of a widget that has no border: one strip of its colour, as often as there are rows.

    Textual paints also what is covered, line by line; at the first paint that is half of all lines.
    """
    strip = Strip.blank(region.width, widget.rich_style)
    for line_filter in widget.get_line_filters():
        strip = strip.apply_filter(line_filter, widget.background_colors[1])
    return [strip] * region.height


class Background(Container):
    """A container without border or text of its own."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows of its colour."""
        return background_lines(self, crop)
