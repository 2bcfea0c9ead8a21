"""Which one of the markers that share a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from imagechat_tui.commands import Context
from imagechat_tui.sync.state import Thread
from imagechat_tui.tui.clock import Clock
from imagechat_tui.tui.commands import bindings, key_hint
from imagechat_tui.tui.dialogs.dialog import Dialog
from imagechat_tui.tui.widgets.key_line import KeyLine
from imagechat_tui.tui.widgets.people import People
from imagechat_tui.tui.widgets.rows import Rows
from imagechat_tui.tui.widgets.thread_list import ThreadList


class ClusterScreen(Dialog[str | None]):
    """A short list of threads; the answer is a thread's key."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.CLUSTER)

    def __init__(self, threads: Sequence[Thread], people: People, clock: Clock) -> None:
        super().__init__()
        self._threads = tuple(threads)
        self._people = people
        self._clock = clock

    def compose(self) -> ComposeResult:
        """Title, list, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(f"{len(self._threads)} markers at this spot"), classes="dialog--title")
            yield ThreadList(self._clock, id="cluster")
            yield KeyLine(key_hint("list.open"), key_hint("cluster.close"))

    def on_mount(self) -> None:
        """Show them, the first selected."""
        rows = self.query_one(ThreadList)
        rows.people = self._people
        rows.items = self._threads
        rows.action_first()
        rows.focus()

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.dismiss(event.key)

    def action_close(self) -> None:
        """None of them."""
        self.dismiss(None)
