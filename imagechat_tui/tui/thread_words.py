"""A thread in a word or a line: what it is called, how it begins, how many have answered."""

from __future__ import annotations

from typing import Final

from imagechat_tui.protocol.models import Comment
from imagechat_tui.safetext import SafeText, comment_text, spans
from imagechat_tui.sync.state import Thread, counts
from imagechat_tui.tui import symbols

BLOCKED: Final = "Hidden: you have blocked its author."
LONGEST: Final = 400
"""Characters of a comment that may matter for one line."""


def marker_name(item: Thread) -> str:
    """How people call a thread's marker."""
    return f"marker {item.number}" if item.number is not None else "the new marker"


def comments_of(item: Thread) -> int | None:
    """How many comments there are; None if that is not known."""
    if item.loaded:
        return sum(counts(comment.status) for comment in item.comments)
    return item.conversation.comment_count


def replies_of(item: Thread) -> int | None:
    """How many comments there are after the first; None if that is not known."""
    count = comments_of(item)
    return None if count is None else max(0, count - 1)


def first_line(item: Thread) -> str:
    """How a thread begins, as one line."""
    if not item.comments:
        return symbols.ELLIPSIS if not item.loaded else ""
    return BLOCKED if item.comments[0].blocked else one_line(item.comments[0].comment)


def one_line(comment: Comment) -> str:
    """A comment's words in a row, without their markup."""
    text = SafeText(comment_text(comment)[:LONGEST])
    return " ".join("".join(span.text for span in spans(text)).split())
