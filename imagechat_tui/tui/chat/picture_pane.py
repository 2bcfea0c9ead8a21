"""The pane of the picture: the picture itself, or words while there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from imagechat_tui.tui.picture.image_view import ImageView
from imagechat_tui.tui.textual_internals.background import Background

if TYPE_CHECKING:
    from imagechat_tui.raster.image import Picture
    from imagechat_tui.raster.render import RenderOptions


class PicturePane(Background):
    """Shows the picture once it has come."""

    def __init__(self, options: RenderOptions, *, id: str | None = None) -> None:  # noqa: A002
        self.view = ImageView(id="picture")
        self.view.options = options
        self._words = Static("Loading picture", id="notice", markup=False)
        super().__init__(self.view, self._words, id=id)

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
