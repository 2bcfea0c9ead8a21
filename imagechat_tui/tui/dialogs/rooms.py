"""Which of the rooms where a picture is discussed, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from imagechat_tui.commands import Context
from imagechat_tui.protocol.models import OtherImage
from imagechat_tui.tui.commands import bindings, key_hint
from imagechat_tui.tui.dialogs.dialog import Dialog
from imagechat_tui.tui.widgets.key_line import KeyLine
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


class RoomsScreen(Dialog[str | None]):
    """A short list of images; the answer is the key of a room."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.CLUSTER)

    def __init__(self, others: Sequence[OtherImage]) -> None:
        super().__init__()
        self._others = tuple(others)

    def compose(self) -> ComposeResult:
        """Title, list, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content("Also discussed in"), classes="dialog--title")
            yield RoomRows(id="rooms")
            yield KeyLine(key_hint("list.open"), key_hint("cluster.close"))

    def on_mount(self) -> None:
        """Show them, the first selected."""
        rows = self.query_one(RoomRows)
        rows.items = self._others
        rows.action_first()
        rows.focus()

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.dismiss(event.key)

    def action_close(self) -> None:
        """None of them."""
        self.dismiss(None)
