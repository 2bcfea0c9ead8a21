"""The comments of one thread, wrapped, one of them selected."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType

from imagechat_tui.commands import Context
from imagechat_tui.safetext import Span, comment_text, spans
from imagechat_tui.sync.state import CommentView, Status
from imagechat_tui.tui import symbols
from imagechat_tui.tui.clock import Clock, ago
from imagechat_tui.tui.commands import bindings
from imagechat_tui.tui.person_colors import author_key
from imagechat_tui.tui.thread_words import BLOCKED
from imagechat_tui.tui.widgets.people import People, initials
from imagechat_tui.tui.widgets.rows import Rows, spread
from imagechat_tui.words import is_settled, problem_words

LONGEST = 400
"""Lines of one comment that are shown."""


def facts_of(item: CommentView) -> list[str]:
    """What is told of a comment above its words."""
    comment = item.comment
    facts = (("pinned", comment.is_pinned), ("locked", comment.is_locked), ("flagged", item.flagged))
    return [word for word, holds in facts if holds]


def votes_words(item: CommentView) -> str:
    """How often it was voted for and against, the person's own vote in brackets: ``[+3] -1``; empty without votes."""
    counts = ((1, item.comment.votes_up, "+"), (-1, item.comment.votes_down, "-"))
    return " ".join(
        f"[{sign}{count}]" if item.voted == direction else f"{sign}{count}"
        for direction, count, sign in counts
        if count > 0
    )


class CommentList(Rows[CommentView]):
    """One thread, oldest comment first."""

    BINDING_GROUP_TITLE = "Thread"
    HELP = "One thread. e edits and d deletes the selected comment, r replies, Esc goes back to the list."

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.COMMENTS)

    gap = 1
    empty = "Loading comments."

    def __init__(self, clock: Clock, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self.people = People({})
        """What people are called."""
        self._wrapped: dict[str, tuple[CommentView, int, list[Text]]] = {}

    def key_of(self, item: CommentView) -> str:
        """The comment's id, or the one it travels under."""
        return item.key

    def height_of(self, item: CommentView, width: int) -> int:
        """Head, text, fate, and a blank line."""
        return 2 + len(self._body(item, width - 1))

    def lines_of(self, item: CommentView, width: int) -> list[Text]:
        """Who and when, what, and a blank line."""
        author = self.people.author_of(item.comment)
        ink = self.person(self.people.color_of(author_key(item.comment)))
        head = Text(no_wrap=True)
        head.append(f"{initials(author):<2} {author}", ink)
        if item.comment.edited_at_ms is not None:
            head.append(f" {symbols.DOT} edited", self.ink("dim"))
        return [spread(head, self._state(item), width), *self._body(item, width), Text()]

    def _state(self, item: CommentView) -> Text:
        match item.status:
            case Status.PENDING:
                return Text(f"{symbols.PENDING} saving ", self.ink("dim"))
            case Status.CHECKING:
                return Text(f"{symbols.CHECKING} checking ", self.ink("accent"))
            case Status.FAILED:
                return Text(f"{symbols.FAILED} not saved ", self.ink("error"))
            case Status.DRAFT:
                return Text(f"{symbols.DRAFT} not sent ", self.ink("accent"))
            case Status.SAVED:
                state = Text(style=self.ink("dim"))
                if votes := votes_words(item):
                    state.append(votes, self.ink("strong" if item.voted else "dim"))
                    state.append(f" {symbols.DOT} ")
                return state.append(f"{ago(item.comment.date_ms, self._clock.wall_ms())} ")

    def _body(self, item: CommentView, width: int) -> list[Text]:
        known = self._wrapped.get(item.key)
        if known is not None and known[1] == width and known[0] == item:
            return known[2]
        text = Text()
        if item.comment.is_deleted:
            text.append("deleted", self.ink("dim"))
        elif item.blocked:
            text.append(BLOCKED, self.ink("dim"))
        else:
            for span in spans(comment_text(item.comment)):
                text.append(span.text, self._ink_of(span))
        room = max(4, width - 4)
        lines = list(text.wrap(self.app.console, room, overflow="fold"))
        if len(lines) > LONGEST:
            lines = [*lines[:LONGEST], Text(f"{symbols.ELLIPSIS} cut here", self.ink("dim"))]
        if facts := facts_of(item):
            lines.insert(0, Text(f" {symbols.DOT} ".join(facts), self.ink("accent")))
        if item.problem is not None:
            words = problem_words(item.problem)
            keys = "e shows the text" if is_settled(item.problem) else "Enter retries, e edits"
            said = Text(f"{words.title}. {keys}, d discards.", self.ink("error"))
            lines += said.wrap(self.app.console, room, overflow="fold")
        body = []
        for line in lines:
            line.rstrip()
            body.append(Text("   ").append_text(line))
        self._wrapped[item.key] = (item, width, body)
        return body

    def _ink_of(self, span: Span) -> Style:
        if span.code:
            return self.ink("code")
        return Style(bold=span.bold or None, italic=span.italic or None, underline=bool(span.link) or None)

    def notify_style_update(self) -> None:
        """Forget what was wrapped in other colours."""
        super().notify_style_update()
        self._wrapped.clear()

    def keep_only_shown(self) -> None:
        """Forget the wrapped text of comments that are gone."""
        shown = {item.key for item in self.items}
        self._wrapped = {key: value for key, value in self._wrapped.items() if key in shown}
