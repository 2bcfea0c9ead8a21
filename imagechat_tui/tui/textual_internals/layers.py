"""Screens that lie over one another: when one comes or goes, only its own place is painted.

Textual paints the whole screen when a dialog comes, twice when it goes, and from then on with every change below it,
25 to 60 kB each time. Where a name is missing, it does so again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

from textual.geometry import Region
from textual.screen import ModalScreen, Screen, ScreenResultCallbackType, ScreenResultType
from textual.strip import Strip

from imagechat_tui.tui.textual_internals.probe import Feature, supported
from imagechat_tui.tui.textual_internals.strips import side_by_side

IN_PART: Final = supported(Feature.PLACES_OF_DIALOGS)
NOTHING: Final[tuple[Region, ...]] = ()
AnswerType = TypeVar("AnswerType")


class Layer(Screen[ScreenResultType]):
    """A screen that a dialog may cover."""

    _only: tuple[Region, ...] | None = None
    """While a dialog comes or goes: what is still to be painted of the places that look different."""

    def push_dialog(
        self, dialog: TopLayer[AnswerType], answered: ScreenResultCallbackType[AnswerType] | None = None
    ) -> None:
        """Show a dialog over this screen; corner notes, which would lie on its keys, go."""
        self.app.clear_notifications()
        self.paint_only(NOTHING)
        self.app.push_screen(dialog, answered)
        self.paint_only(None)

    def paint_only(self, regions: tuple[Region, ...] | None) -> None:
        """Take wishes to paint the whole screen for one to paint these regions; None: as they are meant again."""
        self._only = regions if IN_PART else None

    def refresh(
        self: Layer[ScreenResultType],
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Layer[ScreenResultType]:
        """As any screen's, but for what `paint_only` says."""
        if repaint and not regions and self._only is not None:
            # Not a wish of the screen's own: what its parts want painted at the same time would be forgotten for it.
            places, self._only, repaint = self._only, NOTHING, False
            if places:
                self.paint(*places)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def paint(self, *regions: Region) -> None:
        """Paint these regions now, as far as they are on it: the screen below may have another size yet."""
        # With them what waits for its turn to be painted: Textual takes all of it for painted afterwards.
        self._compositor.update_widgets(self._dirty_widgets)
        seen = (region.intersection(self.size.region) for region in regions)
        self._compositor._dirty_regions.update(region for region in seen if region)
        self._compositor_refresh()

    def _compositor_refresh(self) -> None:
        if not IN_PART or self not in self.app._background_screens:
            super()._compositor_refresh()
            return
        # As Textual does for a screen below, but that it marks itself as changed too, and so does it for ever.
        if regions := self._compositor._dirty_regions:
            top = self.app.screen
            if isinstance(top, Layer):
                top.paint(*regions)
            else:
                top.refresh(*regions)
            regions.clear()
            self._dirty_widgets.clear()


class TopLayer(ModalScreen[ScreenResultType], Layer[ScreenResultType]):
    """A screen of which one box covers something of the layer below: what is in class ``dialog``."""

    def __init__(self) -> None:
        super().__init__()
        self._changed_below: set[Region] | None = set()
        """What came to look different below before the dialog was first painted; None since then."""

    @property
    def place(self) -> Region:
        """Where its box is, in cells."""
        return self.query_one(".dialog").region

    @property
    def places(self) -> tuple[Region, ...]:
        """Where something of it is on the screen: its box, notes beside that, and notes that are just going."""
        if not IN_PART:
            return ()
        seen = self._compositor.visible_widgets
        places = (seen[note] for note in self.query("Toast") if note in seen)
        notes = (region.intersection(clip) for region, clip in places)
        return (self.place, *notes, *self._compositor._dirty_regions)

    def render_lines(self, crop: Region) -> list[Strip]:
        """What lies below, as it is there: cells stay cells, and a picture in pixels stays one.

        While the terminal changes its size, the screen below may have another one than this, and this another one
        than the app: the region says what is wanted.
        """
        if not IN_PART:
            return super().render_lines(crop)
        stack = self.app.screen_stack
        below = stack[stack.index(self) - 1]
        lines = Region(0, crop.y, crop.right, crop.height)
        parts = below._compositor._render_chops(lines, lambda _: True)
        return [
            self._row(parts[y].values() if y < len(parts) else (), crop.right).crop(crop.x, crop.right)
            for y in crop.line_range
        ]

    def _row(self, parts: Iterable[Strip | None], width: int) -> Strip:
        """A row of what lies below; blank where the screen below has not grown as far yet."""
        there = [part for part in parts if part is not None]
        missing = width - sum(part.cell_length for part in there)
        return side_by_side([*there, *([Strip.blank(missing, self.rich_style)] if missing > 0 else [])])

    def paint(self, *regions: Region) -> None:
        """Paint these regions now, or with everything else when it is painted for the first time."""
        if self._changed_below is None:
            super().paint(*regions)
        else:
            self._changed_below.update(regions)

    def _compositor_refresh(self) -> None:
        if IN_PART and self._changed_below is not None and self.app.screen is self:
            self._exchange_repaint_regions()
            self._compositor._dirty_regions.clear()
            self._compositor._dirty_regions |= {self.place} | self._changed_below
            self._changed_below = None
            self.paint_only(NOTHING)
            # The app has it painted once more when it hears that it is mounted: on a busy machine that comes last.
            self.call_after_refresh(self.app.call_next, self.paint_only, None)
        super()._compositor_refresh()
