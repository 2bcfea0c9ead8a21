"""The box of a dialog that is a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from imagechat_tui.tui.widgets.key_line import KeyLine
from imagechat_tui.tui.widgets.rows import Rows

Item = TypeVar("Item")


class ListBox(Vertical, Generic[Item]):
    """Title, list, keys; keys go to the list.

    Args:
        title: what is listed.
        rows: the list.
        hints: the keys of the dialog and what they do.
        above: what stands between title and list.
        below: what stands between list and keys.
    """

    def __init__(
        self,
        title: str,
        rows: Rows[Item],
        *hints: tuple[str, str],
        above: Sequence[Widget] = (),
        below: Sequence[Widget] = (),
    ) -> None:
        heading = Static(Content(title), classes="dialog--title")
        super().__init__(heading, *above, rows, *below, KeyLine(*hints), classes="dialog")
        self.rows = rows

    def begin(self, selected: str | None = None) -> None:
        """Have keys go to the list, and one selected: that of this key, else the first."""
        if selected is None:
            self.rows.action_first()
        else:
            self.rows.selected = selected
        self.rows.focus()
