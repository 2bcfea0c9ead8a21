"""What is not on the server: writes that failed, and drafts. Enter retries or keeps writing, d discards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from imagechat_tui.commands import Context
from imagechat_tui.protocol.ids import ConversationId
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.sync.intents import StartConversation
from imagechat_tui.sync.outbox import conversation_of
from imagechat_tui.sync.state import ChatState, Draft
from imagechat_tui.sync.views import number_of
from imagechat_tui.tui import symbols
from imagechat_tui.tui.clock import Clock, ago
from imagechat_tui.tui.commands import bindings, key_hint
from imagechat_tui.tui.dialogs.dialog import Dialog
from imagechat_tui.tui.dialogs.list_box import ListBox
from imagechat_tui.tui.widgets.rows import Rows, spread
from imagechat_tui.words import problem_words, write_words

KEYS = (
    key_hint("list.open", "retry or keep writing"),
    key_hint("unsent.edit"),
    key_hint("unsent.discard"),
    key_hint("unsent.close"),
)
"""What the keys do with a draft."""


class DraftRows(Rows[Draft]):
    """Drafts, two lines each."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.DRAFTS)

    def __init__(self, clock: Clock, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self.numbers: Mapping[ConversationId, int | None] = {}
        """Numbers of the markers that drafts belong to."""

    def key_of(self, item: Draft) -> str:
        """The draft's id."""
        return item.id

    def height_of(self, item: Draft, width: int) -> int:
        """Two lines: what it is and why, and its text."""
        return 2

    def lines_of(self, item: Draft, width: int) -> list[Text]:
        """What it is, why it was not saved, its text."""
        head = Text(no_wrap=True)
        if item.problem is not None:
            head.append(f"{symbols.FAILED} not saved", self.ink("error"))
            said = problem_words(item.problem).title
            cause = "" if said == "Not saved" else f" {symbols.DOT} {said}"
            why = f" {symbols.DOT} {write_words(item.write)}{cause}"
        else:
            head.append(f"{symbols.DRAFT} draft", self.ink("accent"))
            why = f" {symbols.DOT} {write_words(item.write)}"
        head.append(why, self.ink("plain"))
        if isinstance(item.write, StartConversation):
            head.append(f" at {item.write.point.x:.1f} %, {item.write.point.y:.1f} %", self.ink("dim"))
        else:
            number = self.numbers.get(item.write.conversation_id)
            if number is not None:
                head.append(f" {symbols.DOT} marker {number}", self.ink("dim"))
        when = Text(f"{ago(item.updated_at_ms or None, self._clock.wall_ms())} ", self.ink("dim"))
        text = " ".join(safe_text(getattr(item.write, "text", ""), Kind.BLOCK)[:400].split())
        body = Text(f"  {text}", self.ink("dim"), no_wrap=True)
        body.truncate(width, overflow="ellipsis")
        return [spread(head, when, width), body]


class UnsentScreen(Dialog[Draft | None]):
    """The list of what is not saved; it follows the state while it is open. The answer is what to write on."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.UNSENT)

    def __init__(
        self,
        state: ChatState,
        clock: Clock,
        beside: str,
        *,
        retry: Callable[[Draft], None],
        discard: Callable[[Draft], None],
    ) -> None:
        super().__init__()
        self._state = state
        self._retry = retry
        self._discard = discard
        self._rows = DraftRows(clock, id="drafts")
        said = f"Nothing here is on the server, and nothing is sent by itself.\n{beside}".rstrip()
        self._box = ListBox(
            "Not sent", self._rows, *KEYS, above=[Static(Content(said), classes="dialog--text")]
        )

    def compose(self) -> ComposeResult:
        """The list, and above it what it is."""
        yield self._box

    def on_mount(self) -> None:
        """Show what there is."""
        self.show_state(self._state)
        self._box.begin()

    def show_state(self, state: ChatState) -> None:
        """Show the drafts of another state; with none left, close."""
        failed = [draft for draft in state.mine.drafts if draft.failed]
        typed = [draft for draft in state.mine.drafts if not draft.failed]
        homes = {conversation_of(draft.write) for draft in state.mine.drafts} - {None}
        self._rows.numbers = {home: number_of(state, home) for home in homes if home is not None}
        self._rows.items = (*failed, *typed)
        if not self._rows.items:
            self.dismiss(None)  # nothing is left to do here

    @on(Rows.Chosen)
    def _act(self) -> None:
        item = self._rows.item
        if item is not None and item.failed:
            self._retry(item)
        elif item is not None:
            self.dismiss(item)

    def action_write_on(self) -> None:
        """Leave, and go on with the text of the selected draft."""
        item = self._rows.item
        if item is not None:
            self.dismiss(item)

    def action_discard(self) -> None:
        """Forget the selected draft, after asking."""
        item = self._rows.item
        if item is not None:
            self._discard(item)

    def action_close(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
