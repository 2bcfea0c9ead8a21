"""The list of threads: two rows each, number, state, who, when, and how it begins."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType

from imagechat_tui.commands import Context
from imagechat_tui.sync.state import Status, Thread
from imagechat_tui.tui import symbols
from imagechat_tui.tui.clock import Clock, ago
from imagechat_tui.tui.commands import bindings
from imagechat_tui.tui.thread_words import first_line, replies_of
from imagechat_tui.tui.widgets.people import People, starter_key
from imagechat_tui.tui.widgets.rows import Rows, spread
from imagechat_tui.words import numbered


class ThreadList(Rows[Thread]):
    """All threads of the picture, or some of them."""

    BINDING_GROUP_TITLE = "Threads"
    HELP = "The threads of this picture. Enter opens one and centres the picture on its marker."

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.THREADS)

    def __init__(self, clock: Clock, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self.people = People({})
        """What people are called."""

    def key_of(self, item: Thread) -> str:
        """The thread's key."""
        return item.key

    def height_of(self, item: Thread, width: int) -> int:
        """Two lines, whatever the width."""
        return 2

    def lines_of(self, item: Thread, width: int) -> list[Text]:
        """Who and when; then how it begins, and how many replies."""
        number = item.number
        sign, ink = state_sign(item)
        head = Text(no_wrap=True)
        head.append(
            f"{'+' if number is None else numbered(number, to_check=item.to_check):>3}",
            self.ink("accent" if item.unread else "strong"),
        )
        head.append(f" {sign} ", self.ink(ink))
        head.append(self.people.starter_of(item), self.person(self.people.color_of(starter_key(item))))
        if item.status is Status.SAVED and any(c.status is Status.FAILED for c in item.comments):
            head.append(f" {symbols.FAILED} not saved", self.ink("error"))
        if item.unread and any(map(self.people.mention_me, item.comments)):
            head.append(" @you", self.ink("accent"))
        if item.has_draft and item.status is not Status.DRAFT:
            head.append(f" {symbols.DRAFT} draft", self.ink("accent"))
        when = Text(f"{self._when(item)} ", self.ink("dim"))
        body = Text(" " * 6, no_wrap=True)
        done = item.conversation.resolved
        body.append(first_line(item), self.ink("dim" if done else "plain"))
        replies = replies_of(item)
        tail = Text("", self.ink("dim"))
        if replies:
            words = f"{replies} {'reply' if replies == 1 else 'replies'}" if width >= 34 else f"+{replies}"
            tail.append(f"{words} ")
        return [spread(head, when, width), spread(body, tail, width)]

    def _when(self, item: Thread) -> str:
        match item.status:
            case Status.PENDING:
                return "saving"
            case Status.CHECKING:
                return "checking"
            case Status.FAILED:
                return "not saved"
            case Status.DRAFT:
                return "not sent"
            case Status.SAVED:
                at_ms = item.conversation.last_comment_at_ms or item.conversation.created_at_ms
                return ago(at_ms, self._clock.wall_ms())


def state_sign(item: Thread) -> tuple[str, str]:
    """The sign of a thread's state, and the ink it is drawn in."""
    match item.status:
        case Status.PENDING:
            return symbols.PENDING, "dim"
        case Status.CHECKING:
            return symbols.CHECKING, "accent"
        case Status.FAILED:
            return symbols.FAILED, "error"
        case Status.DRAFT:
            return symbols.DRAFT, "accent"
        case Status.SAVED:
            if item.unread:
                resolved = symbols.RESOLVED if item.conversation.resolved else ""
                return f"{symbols.UNREAD}{resolved}", "accent"
            return (symbols.RESOLVED, "dim") if item.conversation.resolved else (" ", "dim")
