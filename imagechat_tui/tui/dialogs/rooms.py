"""The rooms where a picture is discussed, too."""

from __future__ import annotations

from rich.text import Text

from imagechat_tui.protocol.models import OtherImage
from imagechat_tui.tui.widgets.rows import Rows
from imagechat_tui.words import other_image_words


class RoomRows(Rows[OtherImage]):
    """A line for each image."""

    def key_of(self, item: OtherImage) -> str:
        """The key of its room."""
        return item.url_id

    def height_of(self, item: OtherImage, width: int) -> int:
        """One line."""
        return 1

    def lines_of(self, item: OtherImage, width: int) -> list[Text]:
        """What it is called, where, and how much is said there."""
        line = Text(other_image_words(item), self.ink("plain"), no_wrap=True)
        line.truncate(width, overflow="ellipsis")
        return [line]
