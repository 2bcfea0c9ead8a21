"""Which one of a few: of the markers that share a place, of the rooms where a picture is discussed, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from imagechat_tui.commands import Context
from imagechat_tui.tui.commands import bindings, key_hint
from imagechat_tui.tui.dialogs.dialog import Dialog
from imagechat_tui.tui.dialogs.list_box import ListBox
from imagechat_tui.tui.widgets.rows import Rows

Item = TypeVar("Item")


class ChoiceScreen(Dialog[str | None], Generic[Item]):
    """A short list; the answer is the key of the one that is chosen.

    Args:
        title: what is listed.
        rows: how it is drawn.
        items: the few.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.CLUSTER)

    def __init__(self, title: str, rows: Rows[Item], items: Sequence[Item]) -> None:
        super().__init__()
        self._box = ListBox(title, rows, key_hint("list.open"), key_hint("cluster.close"))
        self._items = tuple(items)

    def compose(self) -> ComposeResult:
        """The list."""
        yield self._box

    def on_mount(self) -> None:
        """Show them, the first selected."""
        self._box.rows.items = self._items
        self._box.begin()

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.dismiss(event.key)

    def action_close(self) -> None:
        """None of them."""
        self.dismiss(None)
