"""All pictures that can be gone through: what is open on each, what is unread, and what is unsent."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from imagechat_tui.commands import Context
from imagechat_tui.protocol.models import Summary
from imagechat_tui.safetext import SafeText
from imagechat_tui.tui import symbols
from imagechat_tui.tui.commands import bindings, key_hint
from imagechat_tui.tui.dialogs.dialog import Dialog
from imagechat_tui.tui.dialogs.list_box import ListBox
from imagechat_tui.tui.widgets.bars import count
from imagechat_tui.tui.widgets.rows import Rows, spread


class ListedPicture(Struct, frozen=True):
    """A picture in the list."""

    at: int
    number: int
    """Which of those that are listed, counted from 1."""
    name: SafeText
    summary: Summary | None
    """None while nothing is known of it."""
    gone: bool = False
    """Its file is."""
    unsent: int = 0
    """How many drafts and writes are not known to be saved there."""


class PictureRows(Rows[ListedPicture]):
    """A line for each picture: its place, its name, what is open and unread."""

    def key_of(self, item: ListedPicture) -> str:
        """Its place."""
        return str(item.at)

    def height_of(self, item: ListedPicture, width: int) -> int:
        """One line."""
        return 1

    def lines_of(self, item: ListedPicture, width: int) -> list[Text]:
        """Place and name; at the right end what is unsent, unread and open, where anything is."""
        summary = item.summary or Summary()
        line = Text(no_wrap=True)
        line.append(f"{item.number:>{len(str(len(self.items)))}} ", self.ink("dim"))
        line.append(f"{symbols.UNREAD if summary.unread else ' '} ", self.ink("accent"))
        line.append(item.name, self.ink("plain"))
        parts = [(item.unsent, "unsent", "error")]
        if not item.gone:
            parts += [(summary.unread or 0, "unread", "accent"), (summary.open, "open", "dim")]
        said = [Text(f"{number} {word}", self.ink(ink)) for number, word, ink in parts if number]
        if item.gone:
            said.append(Text("gone", self.ink("dim")))
        told = Text(f" {symbols.DOT} ", self.ink("dim"), no_wrap=True).join(said)
        told.no_wrap = True
        told.append(" ")
        return [spread(line, told, width)]


class PicturesScreen(Dialog[int | None]):
    """The list of pictures; the answer is the place of the one to show."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.PICTURES)

    def __init__(self, pictures: tuple[ListedPicture, ...], shown: int) -> None:
        super().__init__()
        hints = key_hint("list.open"), key_hint("pictures.close")
        self._box = ListBox(count(len(pictures), "picture"), PictureRows(id="pictures"), *hints)
        self._pictures = pictures
        self._shown = shown

    def compose(self) -> ComposeResult:
        """The list."""
        yield self._box

    def on_mount(self) -> None:
        """Show them, the one that is on the screen selected."""
        self.show_pictures(self._pictures)
        self._box.begin(str(self._shown))

    def show_pictures(self, pictures: tuple[ListedPicture, ...]) -> None:
        """Show what is known of them now."""
        self._box.rows.items = pictures

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.dismiss(int(event.key))

    def action_close(self) -> None:
        """Stay with the one that is shown."""
        self.dismiss(None)
