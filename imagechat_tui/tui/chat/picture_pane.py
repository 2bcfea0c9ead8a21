"""The pane of the picture: the picture itself, or words while there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from imagechat_tui.tui.chat.compare_bar import BEFORE, DIFFERENCE, NOW, CompareBar, CompareFacts
from imagechat_tui.tui.chat.comparing import Shown, Versions
from imagechat_tui.tui.picture.beside_view import PLAIN, Drawn, half_of
from imagechat_tui.tui.picture.frame import Outlines
from imagechat_tui.tui.picture.image_view import ImageView
from imagechat_tui.tui.textual_internals.background import Background

if TYPE_CHECKING:
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.render import RenderOptions

NARROWEST: Final = 30
"""Columns that each of two views has at least."""

CHIPS: Final = {
    Shown.BOTH: (BEFORE, NOW),
    Shown.BEFORE: (BEFORE,),
    Shown.NOW: (NOW,),
    Shown.DIFFERENCE: (DIFFERENCE,),
}


class PicturePane(Background):
    """Shows the picture once it has come, alone or with another version."""

    class Resized(Message):
        """There may be room for two views now, or no longer."""

    def __init__(self, options: RenderOptions, *, id: str | None = None) -> None:  # noqa: A002
        self.view = ImageView(id="picture")
        self.view.options = options
        self._words = Static("Loading picture", id="notice", markup=False)
        self._bar = CompareBar(id="compare-bar")
        self._views = Background(self.view, id="views")
        super().__init__(self._views, self._words, id=id)

    def set_up(self) -> None:
        """Put in what is not seen before two versions are compared."""
        self.mount(self._bar, before=self._views)
        self._views.mount(self.view.beside, Static(id="views-rule"), before=self.view)

    def on_resize(self) -> None:
        """See ``Resized``."""
        self.post_message(self.Resized())

    def show_loading(self, fraction: float) -> None:
        """Say how far the picture has come, 0 to 1, while there is none."""
        if self.view.picture is None:
            self._say(f"Loading picture {fraction:.0%}")

    def show_missing(self, why: str) -> None:
        """Say in its place why there is none."""
        self._say(why)

    def _say(self, words: str) -> None:
        self._words.update(Content(words))
        self._words.display = True

    def clear(self) -> None:
        """Another picture comes. This one goes when that is drawn, or when there is something to say of it."""
        self.view.forget()

    def show(self, picture: Picture) -> None:
        """Show it, unless it is the one that is shown."""
        self._words.display = False
        if self.view.picture is None or self.view.picture.sha256 != picture.sha256:
            self.view.picture = picture

    # -- two versions

    @property
    def has_room_for_two(self) -> bool:
        """Whether each of two views would be wide enough."""
        return half_of(self.size.width) >= NARROWEST

    def show_versions(self, versions: Versions | None) -> None:
        """Show them so; None: the picture alone, without a word."""
        self.set_class(versions is not None, "-comparing")
        self.view.halved = versions is not None and versions.shown is Shown.BOTH
        self.set_class(self.view.halved, "-beside")
        if versions is None:
            self.view.drawn = PLAIN
            return
        self._bar.facts = CompareFacts(CHIPS[versions.shown], versions.name, versions.note)
        self.view.drawn = _drawn(versions)

    def look_at(self, x: float, y: float) -> None:
        """Bring a place to the middle, in percent of the picture."""
        self.view.look_at(x, y)


def _drawn(versions: Versions) -> Drawn:
    """What is drawn of two versions."""
    comparison = versions.comparison
    margin = comparison.margin if comparison is not None else (0, 0, 0, 0)
    outlines = Outlines(chosen=versions.box)
    match versions.shown:
        case Shown.BOTH:
            return Drawn(None, versions.laid, outlines, margin)
        case Shown.BEFORE:
            return Drawn(versions.laid, None, outlines, margin, bare=True)
        case Shown.DIFFERENCE if comparison is not None:
            outlines = Outlines(comparison.places, versions.box)
            return Drawn(comparison.difference_laid, None, outlines, margin)
        case Shown.NOW | Shown.DIFFERENCE:
            return Drawn(None, None, outlines, margin)
        case _:
            assert_never(versions.shown)
