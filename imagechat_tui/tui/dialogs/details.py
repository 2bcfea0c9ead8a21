"""All facts about a marker, and about the selected comment."""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from imagechat_tui.commands import Context
from imagechat_tui.safetext import Kind, safe_text
from imagechat_tui.sync.state import ChatState, CommentView, Status, Thread
from imagechat_tui.tui.clock import date_and_time
from imagechat_tui.tui.commands import bindings, key_hint
from imagechat_tui.tui.dialogs.dialog import Dialog
from imagechat_tui.tui.thread_words import replies_of
from imagechat_tui.tui.widgets.people import People
from imagechat_tui.words import placement_words, problem_words

STATUS_WORDS = {
    Status.SAVED: "saved",
    Status.PENDING: "being saved",
    Status.CHECKING: "sent, waiting for confirmation",
    Status.FAILED: "not saved",
    Status.DRAFT: "draft, not sent",
}


Facts: TypeAlias = "list[tuple[str, str]]"
"""Names and values as they are shown."""


class FactsScreen(Dialog[None]):
    """A small table; any of the closing keys ends it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Context.DETAILS)

    def __init__(self, title: str, shown: Facts) -> None:
        super().__init__()
        self._title = title
        self._facts = table(shown)

    def compose(self) -> ComposeResult:
        """One line for each fact."""
        with VerticalScroll(classes="dialog"):
            yield Static(Content(self._title), classes="dialog--title")
            yield Static(self._facts, id="facts")
            key, words = key_hint("details.close")
            yield Static(Content.assemble((key, "bold"), f" {words}"), classes="dialog--keys")

    def action_read(self, lines: int) -> None:
        """Scroll, where not everything fits."""
        self.query_one(VerticalScroll).scroll_relative(y=lines)

    def action_close(self) -> None:
        """Back to the picture."""
        self.dismiss(None)


class DetailsScreen(FactsScreen):
    """What there is to know of a marker, and of a comment."""

    def __init__(self, state: ChatState, thread: Thread, comment: CommentView | None) -> None:
        super().__init__("Details", facts(state, thread, comment))


def table(shown: Facts) -> Content:
    """Names in a column, values beside them; a name that is the one above is not said again."""
    wide = max(len(name) for name, _ in shown)
    before = ["", *(name for name, _ in shown)]
    lines = (
        Content.assemble((f"{name if name != above else '':<{wide}}  ", "$dim"), value)
        for (name, value), above in zip(shown, before, strict=False)
    )
    return Content("\n").join(lines)


def facts(state: ChatState, thread: Thread, comment: CommentView | None) -> Facts:
    """All of a thread and a comment; text of others is made harmless."""
    conversation = thread.conversation
    people = People(state.confirmed.names, state.confirmed.me)
    rows = [
        ("marker", str(thread.number) if thread.number is not None else "no number yet"),
        ("by", people.starter_of(thread)),
        ("at", f"{thread.point.x:.2f} %, {thread.point.y:.2f} %"),
        *placement_facts(state, thread, people),
        ("state", ("resolved" if conversation.resolved else "open") + f", {STATUS_WORDS[thread.status]}"),
    ]
    if conversation.resolved and conversation.resolved_by is not None:
        rows.append(("resolved by", people.name_of(conversation.resolved_by)))
    if conversation.created_at_ms is not None:
        rows.append(("created", date_and_time(conversation.created_at_ms)))
    replies = replies_of(thread)
    rows.append(("comments", "not loaded" if replies is None else str(replies + 1)))
    if comment is not None:
        rows.append(("comment by", people.author_of(comment.comment)))
        if comment.comment.date_ms is not None:
            rows.append(("written", date_and_time(comment.comment.date_ms)))
        if comment.comment.edited_at_ms is not None:
            rows.append(("edited", date_and_time(comment.comment.edited_at_ms)))
        if comment.problem is not None:
            words = problem_words(comment.problem)
            rows.append(("not saved", f"{words.title}. {words.sentence}"))
    rows.append(("id", safe_text(thread.key, Kind.NAME)))
    return rows


def placement_facts(state: ChatState, thread: Thread, people: People) -> list[tuple[str, str]]:
    """Which version a marker was made on; on another one where it was, and what is known of it there."""
    placement, version = thread.placement, thread.conversation.version
    if version is None or version == state.placings.version:
        return []
    rows = [
        (
            "made on",
            f"version {version}, at {thread.conversation.point.x:.2f} %, {thread.conversation.point.y:.2f} %",
        )
    ]
    if placement is not None:
        shown = state.placings.version or 0
        rows.append((f"on v{shown}" if shown > 0 else "here", placement_words(placement)))
    if placement is not None and placement.by is not None:
        rows.append(("placed by", people.name_of(placement.by)))
    return rows
